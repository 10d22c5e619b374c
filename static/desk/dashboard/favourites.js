// The reader's stars. They are stored by the server, one request each; a star that could not be stored goes back. What was
// stored is told to the other tabs of this browser; other machines see it when they load the page.
import { announce } from "./asks.js";
import { word } from "./words.js";

export class Favourites {
  constructor(form, given, onChange) {
    this.form = form;
    this.symbols = new Set(given);
    this.onChange = onChange;
    this.tabs = new BroadcastChannel("favourites");
    this.tabs.onmessage = ({ data }) => this.put(data.symbol, data.on);
  }

  has(symbol) {
    return this.symbols.has(symbol);
  }

  async toggle(symbol) {
    const on = !this.has(symbol);
    this.put(symbol, on);
    const body = new FormData(this.form);
    body.set("symbol", symbol);
    body.set("on", on ? "1" : "0");
    let text = word("quote.no_answer");
    try {
      const answer = await fetch(this.form.action, {
        method: "POST", body, headers: { Accept: "application/json" }, redirect: "error",
      });
      const said = await answer.json();
      if (said.done) {
        this.tabs.postMessage({ symbol, on });
        return;
      }
      text = said.text;
    } catch { /* no answer, or the login has ended */ }
    this.put(symbol, !on);
    announce(word("quote.star_failed", { text }));
  }

  put(symbol, on) {
    if (on) this.symbols.add(symbol);
    else this.symbols.delete(symbol);
    this.onChange(symbol);
  }
}
