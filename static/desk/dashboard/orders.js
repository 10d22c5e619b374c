// The day's orders and fills, the open ones with a button that cancels, and why nothing was ordered.
import { ask } from "./asks.js";
import { Issue, make, Mark, Text } from "./dom.js";
import { moment, whole } from "./format.js";
import { said, word } from "./words.js";

const OPEN = new Set(["created", "sending", "unknown", "accepted", "partial", "cancelling", "needs_human"]);
const CANCELLABLE = new Set(["accepted", "partial"]);

export const isOpen = (row) => OPEN.has(row.state);

// "Condition 3 · 70,000 or below", or who else made it.
export function origin(row) {
  if (row.source === "manual" || row.source === "external") return word(`orders.${row.source}`);
  if (row.condition_id === null) return "";
  const values = { price: whole(row.strike_price), rate: row.rate };
  const says = row.trigger ? word(`trigger.${row.trigger}`, values) : "";
  return [word("orders.condition", { n: row.condition_id }), says].filter(Boolean).join(" · ");
}

function reason(row) {
  if (row.alarm) return said(row.alarm);
  // Our own codes have words; the broker's code is what its support asks for.
  if (row.code) return word(`reason.${row.code}`) ?? [said(row.reason), `(${row.code})`].filter(Boolean).join(" ");
  // While it works, the reason is why it was ordered, which the condition beside it tells better.
  const told = row.source === "external" || / last \d/.test(row.reason) || (isOpen(row) && row.state !== "unknown");
  return told ? "" : said(row.reason);
}

const price = (row) => (row.price === null ? word("orders.market") : whole(row.price));

// What is known of the fills: the inquiry's total, and beside it what notices say beyond that.
function fills(row) {
  const quantity = Math.max(row.filled_quantity, 0);
  const ahead = row.noticed_quantity > quantity;
  const [shares, amount] = ahead ? [row.noticed_quantity, row.noticed_amount] : [quantity, row.filled_amount];
  return { shares, ahead, average: shares && amount ? amount / shares : null };
}

class Line {
  constructor(id, columns, cancel) {
    this.node = make("tr");
    this.node.setAttribute("role", "row");
    this.node.dataset.order = id;
    this.texts = {};
    this.cells = {};
    for (const column of columns) {
      const cell = (this.cells[column] = make(column === "name" ? "th" : "td", "", this.node));
      cell.setAttribute("role", column === "name" ? "rowheader" : "cell");
      cell.dataset.cell = column;
      if (column === "name") {
        this.name = new Issue(cell, "title");
        this.code = new Text(make("span", "code", cell));
      } else if (column !== "act") this.texts[column] = new Text(cell);
    }
    this.marks = ["side", "state", "alarm", "practice"].map((name) => [name, new Mark(this.node, name)]);
    this.ahead = new Mark(this.cells.filled, "ahead");
    if (cancel) {
      this.button = make("button", "cancel", this.cells.act);
      this.button.type = "button";
      this.button.textContent = word("orders.cancel");
      this.button.addEventListener("click", () => cancel(this.row));
    }
  }

  show(row, now) {
    this.row = row;
    const { shares, ahead, average } = fills(row);
    const practice = row.mode === "dry-run";
    const values = { side: row.side, state: row.state, alarm: row.alarm ? "yes" : "", practice: practice ? "yes" : "" };
    for (const [name, mark] of this.marks) mark.set(values[name]);
    this.name.say(row.name, row.symbol);
    this.code.say(row.name ? row.symbol : "");
    this.texts.time.say(moment(row.created_at, now));
    this.texts.side.say(word(`side.${row.side}`) ?? row.side);
    this.texts.quantity.say(whole(row.quantity));
    this.texts.price.say(price(row));
    this.texts.filled.say(shares ? whole(shares) : "");
    this.ahead.set(ahead ? "yes" : "");
    this.cells.filled.title = ahead ? word("orders.provisional", { n: whole(shares) }) : "";
    this.texts.average.say(whole(average));
    const state = practice && row.code === "dry_run" ? word("orders.practice") : word(`order.${row.state}`) ?? row.state;
    const asked = CANCELLABLE.has(row.state) && typeof row.cancel_at === "number" && row.cancel_at <= now;
    this.texts.state.say(asked ? word("orders.cancel_asked") : state);
    this.texts.origin.say(origin(row));
    if (this.texts.reason.say(reason(row))) this.cells.reason.title = this.texts.reason.said;
    if (this.button) this.button.hidden = !CANCELLABLE.has(row.state) || asked;
  }
}

export class Orders {
  constructor(section, store) {
    this.store = store;
    this.tab = "all";
    this.lines = new Map();
    this.reasons = new Map();
    this.body = section.querySelector("tbody");
    this.columns = [...section.querySelectorAll("th[data-column]")].map((head) => head.dataset.column);
    this.may = section.dataset.may === "yes";
    this.tabs = [...section.querySelectorAll("[role=tab]")];
    const part = (name) => section.querySelector(`#${name}`);
    this.parts = {
      table: section.querySelector("table"), panel: part("orders-panel"), why: part("why-panel"), list: part("why-list"),
      none: part("no-orders"), noOpen: part("no-open"), noWhy: part("no-why"),
    };
    this.counts = { all: new Text(part("orders-all")), open: new Text(part("orders-open")), why: new Text(part("why-sum")) };
    for (const tab of this.tabs) tab.addEventListener("click", () => this.choose(tab));
    section.querySelector("[role=tablist]").addEventListener("keydown", (event) => this.move(event));
  }

  move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const place = this.tabs.findIndex((tab) => tab.dataset.tab === this.tab);
    const next = this.tabs[(place + step + this.tabs.length) % this.tabs.length];
    next.focus();
    this.choose(next);
  }

  choose(chosen) {
    this.tab = chosen.dataset.tab;
    for (const tab of this.tabs) {
      tab.setAttribute("aria-selected", `${tab === chosen}`);
      tab.tabIndex = tab === chosen ? 0 : -1;
    }
    this.parts.panel.hidden = this.tab === "why";
    this.parts.why.hidden = this.tab !== "why";
    this.parts.panel.dataset.tab = this.tab;
    if (this.tab !== "why") this.parts.panel.setAttribute("aria-labelledby", chosen.id);
    this.none();
  }

  show(now) {
    this.showOrders(now);
    this.showReasons(now);
    this.none();
  }

  showOrders(now) {
    const rows = this.store.rows("orders");
    let members = false;
    for (const [id, line] of this.lines) {
      if (rows.has(id)) continue;
      line.node.remove();
      this.lines.delete(id);
    }
    for (const [id, row] of rows) {
      let line = this.lines.get(id);
      if (!line) {
        this.lines.set(id, (line = new Line(id, this.columns, this.may && ((order) => this.askCancel(order)))));
        members = true;
      }
      line.show(row, now);
    }
    if (members) this.body.append(...[...this.lines].sort(([a], [b]) => b - a).map(([, line]) => line.node));
    this.open = [...rows.values()].filter(isOpen).length;
    this.counts.all.say(`${rows.size || ""}`);
    this.counts.open.say(`${this.open || ""}`);
  }

  askCancel(row) {
    const side = word(`side.${row.side}`);
    ask("cancel", {
      id: row.key,
      says: {
        title: word("orders.cancel_title", { side, name: row.name || row.symbol }),
        text: word("orders.cancel_text", { rest: whole(row.quantity - fills(row).shares), quantity: whole(row.quantity) }),
      },
    });
  }

  showReasons(now) {
    const rows = this.store.rows("refusals");
    for (const [id, item] of this.reasons) {
      if (rows.has(id)) continue;
      item.node.remove();
      this.reasons.delete(id);
    }
    const keys = [...rows.keys()].sort((a, b) => rows.get(b).last_at - rows.get(a).last_at);
    keys.forEach((key, place) => {
      const item = this.reasons.get(key) ?? this.addReason(key);
      const row = rows.get(key);
      const list = this.parts.list;
      if (list.children[place] !== item.node) list.insertBefore(item.node, list.children[place] ?? null);
      item.side.set(row.side);
      item.texts.time.say(moment(row.last_at, now));
      item.name.say(row.name, row.symbol);
      item.texts.code.say(row.name ? row.symbol : "");
      item.texts.side.say(word(`side.${row.side}`) ?? row.side);
      item.texts.origin.say(origin(row));
      item.texts.reason.say(word(`reason.${row.code}`) ?? row.text);
      item.texts.times.say(word("orders.times", { n: whole(row.count) }));
    });
    this.counts.why.say(`${rows.size || ""}`);
  }

  addReason(key) {
    const node = make("li");
    const texts = {};
    texts.time = new Text(make("span", "time", node));
    const name = new Issue(node, "title");
    for (const part of ["code", "side", "origin", "reason", "times"]) texts[part] = new Text(make("span", part, node));
    const item = { node, name, texts, side: new Mark(node, "side") };
    this.reasons.set(key, item);
    return item;
  }

  none() {
    const { table, none, noOpen, noWhy } = this.parts;
    const shown = this.tab === "open" ? this.open : this.lines.size;
    table.hidden = !shown;
    none.hidden = this.tab !== "all" || this.lines.size > 0;
    noOpen.hidden = this.tab !== "open" || this.open > 0;
    noWhy.hidden = this.reasons.size > 0;
  }
}
