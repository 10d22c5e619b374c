// The account's totals and holdings. The broker is asked every ten seconds; between its answers the prices that
// tick for the watch list move evaluation and profit, of a holding and of the whole.
import { makeRow, Mark, Named, order, Text } from "./dom.js";
import { age, clockTime, direction, rate, sameDay, signed, whole } from "./format.js";
import { isOpen } from "./orders.js";
import { said, word } from "./words.js";

const OLD = 30_000; // ms after which no order uses the assets any more
const OLD_PRICE = 15_000; // ms; a round of the broker's own prices and half of the next

const isNumber = (value) => typeof value === "number";
const percent = (part, whole) => (isNumber(part) && whole > 0 ? (part / whole) * 100 : null);

// What a holding is worth at the newest price there is: the quote's, or the broker's where that was asked later.
function valued(row, quote) {
  const ticking = isNumber(quote?.last_price) && quote.received_at > row.updated_at;
  if (!ticking) {
    const price = { price: row.last_price, at: row.updated_at, live: false };
    return { ...price, worth: row.evaluation_amount, gain: row.profit_loss, rate: row.profit_rate };
  }
  const worth = quote.last_price * row.quantity;
  const gain = isNumber(row.purchase_amount) ? worth - row.purchase_amount : null;
  const price = { price: quote.last_price, at: quote.received_at, live: true };
  return { ...price, worth, gain, rate: percent(gain, row.purchase_amount) };
}

class Line {
  constructor(symbol, columns) {
    this.symbol = symbol;
    Object.assign(this, makeRow(columns, "holding", symbol));
    this.name = new Named(this.cells.name);
    this.texts = {};
    for (const column of columns) if (column !== "name") this.texts[column] = new Text(this.cells[column]);
    this.gain = new Mark(this.node, "gain");
    this.ticking = new Mark(this.cells.last_price, "direction");
    this.old = new Mark(this.node, "old");
    this.computed = new Mark(this.cells.profit_loss, "computed");
  }

  show(row, quote) {
    const now = (this.now = valued(row, quote));
    this.row = row;
    const dir = direction(null, now.gain);
    this.gain.set(dir);
    this.computed.set(now.live ? word("assets.computed") : "");
    this.ticking.set(now.live ? direction(quote.sign, quote.change) : "");
    this.name.say(row.name || quote?.name || "", this.symbol);
    this.texts.quantity.say(whole(row.quantity));
    this.texts.orderable_quantity.say(whole(row.orderable_quantity));
    this.texts.average_price.say(whole(row.average_price));
    this.texts.last_price.say(whole(now.price));
    this.texts.evaluation_amount.say(whole(now.worth));
    this.texts.profit_loss.say(signed(now.gain));
    this.texts.profit_rate.say(rate(now.rate, dir));
  }

  grow(now, working) {
    const old = now - this.now.at;
    this.texts.working.say(working);
    this.texts.age.say(isNumber(this.now.at) ? (old < 2000 ? word("age.now") : age(old)) : "");
    this.old.set(old > OLD_PRICE ? "yes" : "");
  }
}

export class Assets {
  constructor(section, store) {
    this.store = store;
    this.body = section.querySelector("tbody");
    this.columns = [...section.querySelectorAll("th[data-column]")].map((head) => head.dataset.column);
    this.lines = new Map();
    this.totals = {};
    for (const node of section.querySelectorAll("[data-total]")) {
      this.totals[node.dataset.total] = {
        text: new Text(node), direction: new Mark(node, "direction"), computed: new Mark(node, "computed"),
        absent: "absent" in node.dataset,
      };
    }
    const part = (name) => section.querySelector(`#${name}`);
    this.parts = { table: section.querySelector("table"), empty: part("no-holdings"), note: part("assets-note") };
    this.number = new Text(part("account-number"));
    this.count = new Text(part("holdings-count"));
    this.renewed = new Text(part("assets-age"));
    this.note = new Text(part("assets-note"));
    this.state = new Mark(section, "state");
  }

  get account() {
    return [...this.store.rows("account").values()][0];
  }

  update({ holdings, quotes }) {
    const rows = this.store.rows("holdings");
    let members = false;
    for (const symbol of new Set([...(holdings ?? []), ...(quotes ?? [])])) {
      const row = rows.get(symbol);
      let line = this.lines.get(symbol);
      if (!row) {
        line?.node.remove();
        members = this.lines.delete(symbol) || members;
        continue;
      }
      if (!line) {
        this.lines.set(symbol, (line = new Line(symbol, this.columns)));
        members = true;
      }
      line.show(row, this.store.rows("quotes").get(symbol));
    }
    if (members) this.arrange();
    this.total();
  }

  // The largest first, as they stand when one comes or goes; they do not change places while they are read.
  arrange() {
    const lines = [...this.lines.values()];
    lines.sort((a, b) => (b.row.evaluation_amount ?? 0) - (a.row.evaluation_amount ?? 0) || (a.symbol < b.symbol ? -1 : 1));
    order(this.body, lines.map((line) => line.node));
    this.fold();
  }

  fold() {
    this.parts.table.hidden = this.lines.size === 0;
    this.parts.empty.hidden = this.lines.size > 0 || !isNumber(this.account?.updated_at);
  }

  // The broker's totals, moved by what the prices did since: they stay the sum of the lines below them.
  total() {
    const account = this.account ?? {};
    let moved = 0;
    for (const { row, now } of this.lines.values()) {
      if (now.live && isNumber(now.worth) && isNumber(row.evaluation_amount)) moved += now.worth - row.evaluation_amount;
    }
    const shifted = (value) => (isNumber(value) ? value + moved : null);
    const gain = shifted(account.profit_loss);
    const day = isNumber(account.previous_total) && isNumber(account.total_value)
      ? shifted(account.total_value) - account.previous_total : null;
    const dir = direction(null, gain);
    this.say("deposit_d2", whole(account.deposit_d2));
    this.say("total_value", whole(shifted(account.total_value)));
    this.say("purchase_amount", whole(account.purchase_amount));
    this.say("profit_loss", signed(gain), dir);
    this.say("profit_rate", rate(percent(gain, account.purchase_amount), dir), dir);
    this.say("change", signed(day), direction(null, day));
    this.realised(account);
    this.totals.profit_loss.computed.set(moved ? word("assets.computed") : "");
  }

  // What the broker says of today's sales. One that lacks the latest says as of when; one of another day is none.
  realised({ realised_profit: amount, realised_at: at, updated_at: read }) {
    const place = this.totals.realised_profit;
    if (place.absent) return;
    const known = isNumber(amount) && sameDay(at, read);
    this.say("realised_profit", known ? signed(amount) : "", known ? direction(null, amount) : "");
    place.computed.set(known && at < read ? word("assets.as_of", { time: clockTime(at) }) : "");
  }

  say(name, text, dir = "") {
    this.totals[name].text.say(text);
    this.totals[name].direction.set(dir);
  }

  grow(now) {
    const account = this.account;
    const old = account && isNumber(account.updated_at) ? now - account.updated_at : null;
    const reason = account?.stale ? said(account.last_error) : "";
    this.total();
    this.number.say(account?.number ?? "");
    this.count.say(this.lines.size ? `${this.lines.size}` : "");
    this.renewed.say(old === null ? "" : word("assets.renewed", { age: age(old) }));
    this.state.set(old === null ? "unknown" : old > OLD ? "old" : account.stale ? "failing" : "fresh");
    this.note.say(this.noteText(old, reason));
    this.parts.note.hidden = this.note.said === "";
    this.fold();
    const open = this.openOrders();
    for (const line of this.lines.values()) line.grow(now, this.working(line.symbol, open));
  }

  openOrders() {
    const counts = new Map();
    for (const row of this.store.rows("orders").values()) {
      if (isOpen(row)) counts.set(row.symbol, (counts.get(row.symbol) ?? 0) + 1);
    }
    return counts;
  }

  // What may still change this holding: its open orders, and the conditions that are on.
  working(symbol, open) {
    const armed = this.store.rows("armed").get(symbol)?.conditions;
    const orders = open.get(symbol);
    return [orders ? word("orders.open", { n: orders }) : "", armed ? word("orders.armed", { n: armed }) : ""].filter(Boolean).join(" · ");
  }

  noteText(old, reason) {
    if (old === null) return reason ? word("assets.never", { reason }) : word("assets.waiting");
    if (old > OLD) return word("assets.old", { age: age(old), reason });
    return reason ? word("assets.failing", { reason }) : "";
  }
}
