// Why nothing was ordered today: one line for a condition and a reason, the latest first.
import { Issue, make, Mark, order, Text } from "./dom.js";
import { moment, whole } from "./format.js";
import { origin } from "./orders.js";
import { word } from "./words.js";

export const whyNot = (row) => word(`reason.${row.code}`) ?? row.text;

class Item {
  constructor() {
    this.node = make("li");
    this.texts = { time: new Text(make("span", "time", this.node)) };
    this.name = new Issue(this.node, "title");
    for (const part of ["code", "side", "origin", "reason", "times"]) {
      this.texts[part] = new Text(make("span", part, this.node));
    }
    this.side = new Mark(this.node, "side");
  }

  show(row, now) {
    this.side.set(row.side);
    this.texts.time.say(moment(row.last_at, now));
    this.name.say(row.name, row.symbol);
    this.texts.code.say(row.name ? row.symbol : "");
    this.texts.side.say(word(`side.${row.side}`) ?? row.side);
    this.texts.origin.say(origin(row));
    this.texts.reason.say(whyNot(row));
    this.texts.times.say(word("orders.times", { n: whole(row.count) }));
  }
}

export class Reasons {
  constructor(section, store) {
    this.store = store;
    this.list = section.querySelector("#why-list");
    this.empty = section.querySelector("#no-why");
    this.count = new Text(section.querySelector("#why-sum"));
    this.items = new Map();
  }

  show(now) {
    const rows = this.store.rows("refusals");
    for (const [id, item] of this.items) {
      if (rows.has(id)) continue;
      item.node.remove();
      this.items.delete(id);
    }
    const keys = [...rows.keys()].sort((a, b) => rows.get(b).last_at - rows.get(a).last_at);
    for (const key of keys) {
      if (!this.items.has(key)) this.items.set(key, new Item());
      this.items.get(key).show(rows.get(key), now);
    }
    order(this.list, keys.map((key) => this.items.get(key).node));
    this.count.say(`${rows.size || ""}`);
    this.empty.hidden = rows.size > 0;
  }
}
