// The desk's switches: stop state, kill switch, mode and its frame, arming, and whether the trading program is there.
import { ask } from "./asks.js";
import { Mark, Text } from "./dom.js";
import { age, clockTime, moment } from "./format.js";
import { word } from "./words.js";

const SILENT = 10_000; // ms; the length of a lease

export class Switches {
  constructor(section, store) {
    this.store = store;
    this.env = section.dataset.env;
    const part = (name) => section.querySelector(`#${name}`);
    this.stops = [...section.querySelectorAll("[data-stop]")];
    this.parts = { killed: part("killed"), kill: part("kill"), lift: part("lift"), differ: part("differ"), armed: part("armed") };
    this.texts = {
      since: new Text(part("stop-since")), killed: new Text(part("killed")), differ: new Text(part("differ")),
      armed: new Text(part("armed")), trader: new Text(part("trader-text")),
    };
    this.marks = {
      stop: new Mark(section, "stop"), killed: new Mark(section, "killed"), trader: new Mark(part("trader"), "state"),
      armed: new Mark(part("armed"), "armed"), mode: new Mark(document.body, "mode"),
    };
    for (const button of this.stops) button.addEventListener("click", () => this.askStop(button));
    for (const button of section.querySelectorAll("[data-ask]")) button.addEventListener("click", () => ask(button.dataset.ask));
  }

  askStop(button) {
    const stop = button.dataset.stop;
    if (button.getAttribute("aria-pressed") === "true") return;
    ask("stop", { says: { title: button.textContent, text: word(`stop.${stop}.text`) }, values: { stop } });
  }

  show(now) {
    const row = this.store.rows("switches").get("1") ?? { mode: "dry-run", stop: "normal" };
    this.showStop(row, now);
    this.showMode(row, now);
    this.showTrader(now);
  }

  showStop(row, now) {
    for (const button of this.stops) {
      const pressed = `${button.dataset.stop === row.stop}`;
      if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
    }
    const since = (at, who) => (typeof at === "number" ? word("desk.since", { time: moment(at, now), who }) : "");
    const killed = typeof row.killed_at === "number";
    this.marks.stop.set(row.stop);
    this.marks.killed.set(killed ? "yes" : "");
    this.texts.since.say(since(row.stop_at, row.stop_by));
    this.texts.killed.say(killed ? word("desk.killed", { time: moment(row.killed_at, now), who: row.killed_by }) : "");
    this.parts.killed.hidden = !killed;
    // Who may press need not be who may lift.
    if (this.parts.kill) this.parts.kill.hidden = killed;
    if (this.parts.lift) this.parts.lift.hidden = !killed;
  }

  // Either of the two alone makes it practice; where they name different brokers, nothing leaves.
  showMode(row, now) {
    const practice = this.env === "dry-run" || row.mode === "dry-run";
    const differ = row.mode !== this.env;
    const mode = practice ? "dry-run" : this.env;
    const named = { desk: word(`mode.${row.mode}`), env: word(`mode.${this.env}`) };
    this.marks.mode.set(mode);
    const badge = document.querySelector(".badge.mode");
    if (badge.textContent !== word(`mode.${mode}`)) badge.textContent = word(`mode.${mode}`);
    this.texts.differ.say(!differ ? "" : practice ? word("desk.env", named) : word("desk.differ", named));
    this.parts.differ.hidden = !differ;
    this.parts.differ.dataset.level = practice ? "" : "error";
    const armed = typeof row.live_armed_until === "number" && row.live_armed_until > now;
    this.parts.armed.hidden = row.mode !== "live";
    this.marks.armed.set(armed ? "yes" : "");
    this.texts.armed.say(armed ? word("desk.armed", { time: clockTime(row.live_armed_until).slice(0, 5) }) : word("desk.not_armed"));
  }

  showTrader(now) {
    const row = this.store.rows("daemons").get("trading");
    const quiet = row && row.state !== "stopped" && now - (row.heartbeat_at ?? 0) > SILENT;
    const state = !row ? "stopped" : quiet ? "silent" : row.state;
    this.marks.trader.set(state);
    if (!row || state === "stopped") this.texts.trader.say(word("desk.trading_absent"));
    else if (quiet) this.texts.trader.say(word("desk.trading_quiet", { age: age(now - row.heartbeat_at) }));
    else this.texts.trader.say(word("desk.trading", { state: word(`daemon.${state}`) ?? state }));
  }
}
