// The conditions that are on: how far the price is from each strike, and why nothing was ordered yet.
import { make, makeRow, Mark, Named, order, Text } from "./dom.js";
import { age, direction, moment, signed, whole } from "./format.js";
import { isOpen } from "./orders.js";
import { whyNot } from "./reasons.js";
import { word } from "./words.js";

const OLD = 10_000; // ms; a price that is older fires nothing
const FAR = 10; // percent at which the bar of nearness is empty

const isNumber = (value) => typeof value === "number";

// Whether it fires when the price falls to the strike, rather than when it rises to it.
const waitsBelow = ({ trigger, side }) =>
  trigger === "at_or_below" || trigger === "stop_loss" || (trigger === "trailing" && side === "sell");

// Won and percent from the price to the strike; null where either is not known.
function distance(row, price) {
  if (!isNumber(row.strike) || !isNumber(price) || price <= 0) return null;
  const won = row.strike - price;
  const reached = waitsBelow(row) ? price <= row.strike : price >= row.strike;
  return { won, percent: (won / price) * 100, reached };
}

function size(row) {
  if (row.sizing === "quantity") return isNumber(row.quantity) ? word("conditions.shares", { n: whole(row.quantity) }) : "";
  if (row.sizing === "amount") return isNumber(row.amount) ? word("conditions.amount", { n: whole(row.amount) }) : "";
  return word("conditions.all");
}

class Line {
  constructor(id, columns) {
    Object.assign(this, makeRow(columns, "condition", id));
    this.name = new Named(this.cells.name);
    this.texts = {};
    for (const column of columns) {
      if (!["name", "near"].includes(column)) this.texts[column] = new Text(this.cells[column]);
    }
    this.bar = make("i", "near", this.cells.near);
    this.bar.setAttribute("aria-hidden", "true");
    this.side = new Mark(this.node, "side");
    this.moved = new Mark(this.cells.last_price, "direction");
    this.reached = new Mark(this.node, "reached");
    this.old = new Mark(this.node, "old");
  }

  show(row, { quote, refusal, working }, now) {
    const live = quote && quote.received_at >= (row.received_at ?? 0) ? quote : row;
    const far = distance(row, live.last_price);
    this.side.set(row.side);
    this.name.say(row.name, row.symbol);
    this.texts.side.say(word(`side.${row.side}`) ?? row.side);
    this.texts.says.say(word(`trigger.${row.trigger}`, { price: whole(row.strike_price), rate: row.rate }) ?? row.trigger);
    this.texts.strike.say(isNumber(row.strike) ? whole(row.strike) : "");
    this.texts.last_price.say(whole(live.last_price));
    this.moved.set(direction(live.sign, live.change));
    this.reached.set(far?.reached ? "yes" : "");
    this.texts.won.say(!far ? "" : far.reached ? word("conditions.reached") : signed(far.won));
    this.texts.percent.say(!far || far.reached ? "" : `${far.percent > 0 ? "+" : ""}${far.percent.toFixed(2)}%`);
    const near = !far ? 0 : far.reached ? 100 : Math.max(0, Math.round(100 - (Math.abs(far.percent) / FAR) * 100));
    if (near !== this.near) this.bar.style.setProperty("--near", `${(this.near = near)}%`);
    this.texts.size.say(size(row));
    this.texts.why.say(why(row, refusal, working));
    this.texts.why_at.say(refusal && !working && !row.problem ? moment(refusal.last_at, now) : "");
    const old = isNumber(live.received_at) ? now - live.received_at : null;
    this.texts.age.say(old === null ? "" : old < 2000 ? word("age.now") : age(old));
    this.old.set(old === null || old > OLD ? "yes" : "");
  }
}

function why(row, refusal, working) {
  if (row.problem) return row.problem;
  if (working) return word("conditions.working");
  return refusal ? whyNot(refusal) : isNumber(row.strike) ? "" : word("conditions.unpriced");
}

export class Conditions {
  constructor(section, store) {
    this.store = store;
    this.table = section.querySelector("#condition-table");
    this.body = this.table.querySelector("tbody");
    this.empty = section.querySelector("#no-conditions");
    this.count = new Text(section.querySelector("#conditions-sum"));
    this.columns = [...this.table.querySelectorAll("th[data-column]")].map((head) => head.dataset.column);
    this.lines = new Map();
  }

  show(now) {
    const rows = this.store.rows("conditions");
    for (const [id, line] of this.lines) {
      if (rows.has(id)) continue;
      line.node.remove();
      this.lines.delete(id);
    }
    const refusals = this.latest();
    const working = new Set([...this.store.rows("orders").values()].filter(isOpen).map((each) => `${each.condition_id}`));
    for (const [id, row] of rows) {
      if (!this.lines.has(id)) this.lines.set(id, new Line(id, this.columns));
      const beside = { quote: this.store.rows("quotes").get(row.symbol), refusal: refusals.get(id), working: working.has(id) };
      this.lines.get(id).show(row, beside, now);
    }
    order(this.body, [...rows.keys()].sort((a, b) => a - b).map((id) => this.lines.get(id).node));
    this.count.say(`${rows.size || ""}`);
    this.table.hidden = rows.size === 0;
    this.empty.hidden = rows.size > 0;
  }

  // The newest refusal of each condition today.
  latest() {
    const found = new Map();
    for (const row of this.store.rows("refusals").values()) {
      const id = `${row.condition_id}`;
      if (!found.has(id) || found.get(id).last_at < row.last_at) found.set(id, row);
    }
    return found;
  }
}
