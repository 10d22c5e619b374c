// The keyboard: / filters, j k and the arrows move, Enter opens the issue (it is a link), f gives a star, ? helps.
const WRITING = "input, textarea, select";
// Arrow keys belong to these while they have the focus.
const OWN_ARROWS = '[role="tablist"], [tabindex="0"], dialog, summary';

export class Keys {
  constructor({ quotes, favourites, views, help }) {
    Object.assign(this, { quotes, favourites, views, help });
    document.addEventListener("keydown", (event) => this.press(event));
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
    const writing = event.target.closest(WRITING);
    const done = writing ? this.inFilter(event) : this.outside(event);
    if (done) event.preventDefault();
  }

  inFilter({ key, target }) {
    if (target !== this.quotes.filter) return false;
    if (key === "Escape") {
      target.value = "";
      this.quotes.find("");
      target.blur();
      return true;
    }
    return key === "Enter" || key === "ArrowDown" ? this.quotes.step(0) : false;
  }

  outside({ key, target }) {
    const arrows = !target.closest(OWN_ARROWS);
    switch (key) {
      case "/":
        this.views.choose("quotes");
        this.quotes.filter.focus();
        this.quotes.filter.select();
        return true;
      case "j": return this.quotes.step(1);
      case "k": return this.quotes.step(-1);
      case "ArrowDown": return arrows && this.quotes.step(1);
      case "ArrowUp": return arrows && this.quotes.step(-1);
      case "f": return this.star();
      case "?":
        this.help.showModal();
        return true;
      case "Escape":
        document.activeElement?.blur();
        return true;
      default: return false;
    }
  }

  star() {
    const symbol = this.quotes.focused()?.symbol;
    if (symbol) this.favourites.toggle(symbol);
    return Boolean(symbol);
  }
}
