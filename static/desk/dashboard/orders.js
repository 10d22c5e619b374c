// The day's orders and fills, the open ones with a button that cancels; and the tabs of the panel they are in.
import { ask } from "./asks.js";
import { make, makeRow, Mark, Named, order, Text } from "./dom.js";
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
    Object.assign(this, makeRow(columns, "order", id));
    this.name = new Named(this.cells.name);
    this.texts = {};
    for (const column of columns) {
      if (!["name", "act"].includes(column)) this.texts[column] = new Text(this.cells[column]);
    }
    this.marks = ["side", "state", "alarm", "practice", "filled"].map((name) => [name, new Mark(this.node, name)]);
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
    const yes = (is) => (is ? "yes" : "");
    const values = { side: row.side, state: row.state, alarm: yes(row.alarm), practice: yes(practice), filled: yes(shares) };
    for (const [name, mark] of this.marks) mark.set(values[name]);
    this.name.say(row.name, row.symbol);
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
    this.may = section.dataset.may === "yes";
    this.tabs = [...section.querySelectorAll("[role=tab]")];
    const part = (name) => section.querySelector(`#${name}`);
    this.table = part("order-table");
    this.body = this.table.querySelector("tbody");
    this.columns = [...this.table.querySelectorAll("th[data-column]")].map((head) => head.dataset.column);
    this.panel = part("orders-panel");
    this.panels = [...section.querySelectorAll("[role=tabpanel]")];
    this.none = { all: part("no-orders"), open: part("no-open"), fills: part("no-fills") };
    this.counts = { all: new Text(part("orders-all")), open: new Text(part("orders-open")), fills: new Text(part("orders-fills")) };
    this.sums = { all: 0, open: 0, fills: 0 };
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
    const panel = chosen.getAttribute("aria-controls");
    for (const each of this.panels) each.hidden = each.id !== panel;
    // All, open and filled orders are one table that shows more or less of itself.
    if (panel === this.panel.id) {
      this.panel.dataset.tab = this.tab;
      this.panel.setAttribute("aria-labelledby", chosen.id);
    }
    this.showEmpty();
  }

  show(now) {
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
        this.lines.set(id, (line = new Line(id, this.columns, this.may && ((asked) => this.askCancel(asked)))));
        members = true;
      }
      line.show(row, now);
    }
    if (members) order(this.body, [...this.lines].sort(([a], [b]) => b - a).map(([, line]) => line.node));
    const all = [...rows.values()];
    this.sums = { all: all.length, open: all.filter(isOpen).length, fills: all.filter((row) => fills(row).shares).length };
    for (const [tab, count] of Object.entries(this.counts)) count.say(`${this.sums[tab] || ""}`);
    this.showEmpty();
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

  showEmpty() {
    this.table.hidden = !this.sums[this.tab];
    for (const [tab, node] of Object.entries(this.none)) node.hidden = this.tab !== tab || this.sums[tab] > 0;
  }
}
