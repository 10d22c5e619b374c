// The quotes table. A cell is touched only when its text changes; rows off screen are skipped by the browser's
// layout (content-visibility), so two hundred of them a second stay cheap.
import { make, makeRow, Mark, Named, order, Text } from "./dom.js";
import { against, age, arrow, clockTime, direction, millions, rate, whole } from "./format.js";
import { word } from "./words.js";

const OLD = 10_000; // ms without a tick after which a row's time is dimmed
const FLASH = 350;
const INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";

class Line {
  constructor(symbol, columns, star) {
    this.symbol = symbol;
    Object.assign(this, makeRow(columns, "symbol", symbol));
    // Not a stop of the Tab key, or there would be two hundred more: f does the same on a row with the focus.
    this.star = make("button", "star", this.cells.name);
    this.star.type = "button";
    this.star.tabIndex = -1;
    this.star.addEventListener("click", () => star(symbol));
    this.starred = new Text(this.star);
    this.name = new Named(this.cells.name);
    this.flag = new Text(make("span", "flag", this.cells.name));
    this.arrow = new Text(make("span", "arrow", this.cells.change));
    this.spoken = new Text(make("span", "sr", this.cells.change));
    this.change = new Text(make("span", "", this.cells.change));
    this.range = make("span", "range", this.cells.range);
    this.texts = {};
    for (const column of columns) {
      if (!["name", "change", "range"].includes(column)) this.texts[column] = new Text(this.cells[column]);
    }
    this.direction = new Mark(this.node, "direction");
    this.old = new Mark(this.node, "old");
    this.halted = new Mark(this.node, "halted");
    this.favourite = new Mark(this.node, "favourite");
    this.against = {};
    for (const column of ["open_price", "high_price", "low_price"]) {
      this.against[column] = new Mark(this.cells[column], "direction");
    }
  }

  // Returns which way the price went since the line was last shown: 1, -1 or 0.
  show(row) {
    this.row = row;
    this.dir = direction(row.sign, row.change);
    this.direction.set(this.dir);
    this.name.say(row.name, this.symbol);
    this.halted.set(row.halted === "Y" ? "yes" : "");
    this.flag.say(row.halted === "Y" ? word("quote.halted") : LIMITS[this.dir] ? word(LIMITS[this.dir]) : "");
    this.arrow.say(arrow(this.dir));
    this.spoken.say(this.dir.endsWith("up") ? word("quote.up") : this.dir.endsWith("down") ? word("quote.down") : "");
    this.change.say(typeof row.change === "number" ? whole(Math.abs(row.change)) : "");
    this.texts.last_price.say(whole(row.last_price));
    this.texts.change_rate.say(rate(row.change_rate, this.dir));
    this.texts.day_volume.say(whole(row.day_volume));
    this.texts.day_amount.say(millions(row.day_amount));
    for (const column of ["open_price", "high_price", "low_price"]) {
      this.texts[column].say(whole(row[column]));
      this.against[column].set(against(row[column], row.base_price));
    }
    this.texts.strength.say(typeof row.strength === "number" ? row.strength.toFixed(1) : "");
    this.texts.traded_at.say(clockTime(row.traded_at));
    this.showRange(row);
    const before = this.price;
    this.price = row.last_price;
    return typeof before === "number" && typeof this.price === "number" ? Math.sign(this.price - before) : 0;
  }

  mark(on) {
    if (!this.starred.say(on ? "★" : "☆")) return;
    this.favourite.set(on ? "yes" : "");
    this.star.setAttribute("aria-pressed", `${on}`);
    this.star.setAttribute("aria-label", word("quote.star", { name: this.row.name || this.symbol }));
  }

  // A candle lying on its side: from the day's low to its high, filled from the open to the price.
  showRange({ open_price: open, high_price: high, low_price: low, last_price: price }) {
    const known = [open, high, low, price].every((value) => typeof value === "number") && high > low;
    const place = (value) => Math.round(Math.min(1, Math.max(0, (value - low) / (high - low))) * 100);
    const shape = known ? `${place(open)} ${place(price)} ${Math.sign(price - open)}` : "";
    if (shape === this.shape) return;
    this.shape = shape;
    this.cells.range.dataset.known = known ? "yes" : "";
    if (!known) return;
    this.cells.range.dataset.direction = price > open ? "up" : price < open ? "down" : "flat";
    const from = Math.min(place(open), place(price));
    const width = Math.max(2, Math.abs(place(price) - place(open)));
    // A percentage places a background by the room that is left, not by the width of the box.
    this.range.style.setProperty("--body", `${width < 100 ? (100 * Math.min(from, 100 - width)) / (100 - width) : 0}%`);
    this.range.style.setProperty("--width", `${width}%`);
    this.range.style.setProperty("--tip", `${place(price)}%`);
  }

  grow(now) {
    const old = now - this.row.received_at;
    const known = typeof this.row.received_at === "number";
    this.texts.age.say(!known ? "" : old < 2000 ? word("age.now") : age(old));
    this.old.set(known && old > OLD ? "yes" : "");
  }
}

const LIMITS = { "limit-up": "quote.limit_up", "limit-down": "quote.limit_down" };

export class Quotes {
  // ``favourites`` has(symbol) and toggle(symbol).
  constructor(section, favourites) {
    this.section = section;
    this.favourites = favourites;
    this.body = section.querySelector("tbody");
    this.heads = [...section.querySelectorAll("th[data-column]")];
    this.columns = this.heads.map((head) => head.dataset.column);
    this.lines = new Map();
    this.order = [];
    this.sorting = { column: null, down: false };
    this.query = "";
    this.shown = new Text(section.querySelector("#shown"));
    this.counts = Object.fromEntries(
      [...section.querySelectorAll("[data-count]")].map((node) => [node.dataset.count, node]),
    );
    for (const head of this.heads) head.querySelector("button")?.addEventListener("click", () => this.sortBy(head));
    this.filter = section.querySelector("#filter");
    this.filter.addEventListener("input", () => this.find(this.filter.value));
    this.only = section.querySelector("#only-favourites");
    this.only.addEventListener("click", () => {
      this.only.setAttribute("aria-pressed", `${this.only.getAttribute("aria-pressed") !== "true"}`);
      this.find(this.query);
    });
    this.choice = section.querySelector("#sort");
    this.choice.addEventListener("change", () => this.sortAs(this.choice.value));
  }

  update(rows, keys, { flash }) {
    const flashed = [];
    let members = false;
    for (const key of keys) {
      const row = rows.get(key);
      let line = this.lines.get(key);
      if (!row) {
        line?.node.remove();
        members = this.lines.delete(key) || members;
        continue;
      }
      if (!line) {
        this.lines.set(key, (line = new Line(key, this.columns, (symbol) => this.favourites.toggle(symbol))));
        members = true;
      }
      const went = line.show(row);
      line.mark(this.favourites.has(key));
      if (went && flash) flashed.push([line.cells.last_price, went > 0 ? "flash-up" : "flash-down"]);
    }
    if (members) {
      this.arrange();
      this.find(this.query);
    }
    if (flashed.length) blink(flashed);
  }

  grow(now) {
    const tally = { up: 0, down: 0, flat: 0, "limit-up": 0, "limit-down": 0 };
    for (const line of this.lines.values()) {
      line.grow(now);
      if (line.dir in tally) tally[line.dir] += 1;
    }
    tally.up += tally["limit-up"];
    tally.down += tally["limit-down"];
    for (const [name, node] of Object.entries(this.counts)) {
      if (node.textContent !== String(tally[name])) node.textContent = tally[name];
    }
  }

  newest() {
    let newest = null;
    for (const { row } of this.lines.values()) if (row.received_at > newest) newest = row.received_at;
    return newest;
  }

  sortBy(head) {
    const column = head.dataset.column;
    const firstDown = head.dataset.kind === "number";
    if (this.sorting.column !== column) this.sortAs(column, firstDown);
    else if (this.sorting.down === firstDown) this.sortAs(column, !firstDown);
    else this.sortAs(""); // the third click: as the watch list has it
  }

  // By a column, the largest first unless told otherwise; without one as the watch list has it.
  sortAs(column, down = this.heads.find((head) => head.dataset.column === column)?.dataset.kind === "number") {
    this.sorting = { column: column || null, down };
    this.choice.value = column;
    for (const each of this.heads) {
      if (each.hasAttribute("aria-sort")) {
        const here = each.dataset.column === column;
        each.setAttribute("aria-sort", here ? (down ? "descending" : "ascending") : "none");
      }
    }
    this.arrange();
  }

  arrange() {
    const { column, down } = this.sorting;
    const turn = down ? -1 : 1;
    const place = (a, b) => a.row.place - b.row.place;
    const compare = (a, b) => {
      const [x, y] = [sortValue(a.row, column), sortValue(b.row, column)];
      if (x === null || y === null) return x === y ? place(a, b) : x === null ? 1 : -1; // blanks last, both ways
      return turn * (typeof x === "string" ? x.localeCompare(y, "ko") : x - y) || place(a, b);
    };
    this.order = [...this.lines.values()].sort(column ? compare : place);
    order(this.body, this.order.map((line) => line.node));
  }

  find(query) {
    this.query = query;
    const wanted = query.trim().toLowerCase();
    const only = this.only.getAttribute("aria-pressed") === "true";
    const initials = wanted !== "" && [...wanted].every((letter) => INITIALS.includes(letter));
    let shown = 0;
    for (const line of this.lines.values()) {
      const name = (line.row.name ?? "").toLowerCase();
      const hit = (!only || this.favourites.has(line.symbol)) && (name.includes(wanted) || line.symbol.toLowerCase().includes(wanted) ||
        (initials && initialsOf(name).includes(wanted)));
      line.node.hidden = !hit;
      shown += hit;
    }
    const all = this.lines.size;
    this.shown.say(shown === all ? `${all}` : word("quote.shown", { shown, all }));
    this.section.querySelector("#no-rows").hidden = all > 0;
    const unstarred = only && ![...this.lines.keys()].some((symbol) => this.favourites.has(symbol));
    this.section.querySelector("#no-match").hidden = all === 0 || shown > 0 || unstarred;
    this.section.querySelector("#no-favourites").hidden = all === 0 || !unstarred;
  }

  marked(symbol) {
    this.lines.get(symbol)?.mark(this.favourites.has(symbol));
    if (this.only.getAttribute("aria-pressed") === "true") this.find(this.query);
  }

  // The line that has the focus, or had it last.
  focused() {
    const node = document.activeElement?.closest("tr[data-symbol]");
    return node ? this.lines.get(node.dataset.symbol) : undefined;
  }

  // Moves the focus that many rows down among those shown; from nowhere, to the row where it was last, or the first.
  step(by) {
    const shown = this.order.filter((line) => !line.node.hidden);
    if (!shown.length) return false;
    const here = shown.indexOf(this.focused());
    const last = Math.max(0, shown.indexOf(this.last));
    const line = by === 0 ? shown[0] : here < 0 ? shown[last] : shown[Math.min(shown.length - 1, Math.max(0, here + by))];
    this.last = line;
    line.name.issue.node.focus();
    return true;
  }
}

function sortValue(row, column) {
  const value = column === "age" ? row.received_at && -row.received_at : row[column];
  return value ?? null;
}

// 삼성전자 -> ㅅㅅㅈㅈ, the way Korean screens are searched.
function initialsOf(name) {
  return [...name].map((letter) => {
    const place = letter.charCodeAt(0) - 0xac00;
    return place >= 0 && place < 11_172 ? INITIALS[Math.floor(place / 588)] : letter;
  }).join("");
}

// Switched on and off, not animated: an animation would repaint at sixty frames a second.
function blink(cells) {
  for (const [cell, name] of cells) cell.classList.add(name);
  setTimeout(() => {
    for (const [cell, name] of cells) cell.classList.remove(name);
  }, FLASH);
}
