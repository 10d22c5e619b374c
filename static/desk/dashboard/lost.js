// Orders of which nobody knows whether they stand, each beside the broker's orders that may be the one.
import { make, Mark, Text } from "./dom.js";
import { age, moment, whole } from "./format.js";
import { origin } from "./orders.js";
import { said, word } from "./words.js";

const LOOKED_FOR = new Set(["unknown", "needs_human"]);
const priced = (price) => (price === null ? word("orders.market") : whole(price));

class Item {
  constructor(id, settle) {
    this.node = make("li");
    this.node.dataset.lost = id;
    this.state = new Mark(this.node, "state");
    this.side = new Mark(this.node, "side");
    const head = make("p", "lost-head", this.node);
    this.texts = {};
    for (const part of ["title", "code", "side", "asked", "word"]) this.texts[part] = new Text(make("span", part, head));
    for (const part of ["sent", "looked", "alarm"]) this.texts[part] = new Text(make("p", part, this.node));
    this.list = make("ul", "candidates", this.node);
    this.said = "";
    if (settle) {
      this.link = make("a", "settle", head);
      this.link.href = settle.replace("/0/", `/${id}/`);
      this.link.textContent = word("lost.settle");
    }
  }

  show(row, candidates, now) {
    this.state.set(row.state);
    this.side.set(row.side);
    const wait = typeof row.look_up_at === "number" ? Math.ceil((row.look_up_at - now) / 1000) : null;
    const next = row.state === "needs_human" ? word("lost.person")
      : wait !== null && wait > 0 ? word("lost.next", { n: wait }) : word("lost.now");
    this.texts.title.say(row.name);
    this.texts.code.say(row.symbol);
    this.texts.side.say(word(`side.${row.side}`) ?? row.side);
    this.texts.asked.say(`${whole(row.quantity)} × ${priced(row.price)}`);
    this.texts.word.say(word(`order.${row.state}`) ?? row.state);
    const sent = typeof row.sent_at === "number" ? word("lost.sent", { time: moment(row.sent_at, now) }) : word("lost.unsent");
    this.texts.sent.say([sent, origin(row)].filter(Boolean).join(" · "));
    this.texts.looked.say([word("lost.looked", { n: row.look_ups, clean: row.clean_look_ups }), next].join(" · "));
    this.texts.alarm.say(row.alarm ? said(row.alarm) : "");
    if (this.link) this.link.hidden = row.state !== "needs_human";
    this.candidates(candidates, now);
  }

  candidates(rows, now) {
    const lines = rows.map((row) => [
      word("lost.candidate", {
        no: row.order_no, quantity: whole(row.quantity), price: priced(row.price), time: moment(row.ordered_at, now),
        filled: whole(row.filled_quantity),
      }),
      row.cancelled ? word("lost.cancelled") : "",
      row.fits ? word("lost.fits") : "",
      word("lost.seen", { age: age(now - row.seen_at) }),
    ].filter(Boolean).join(" · "));
    if (!lines.length) lines.push(word("lost.nobody"));
    const text = lines.join("\n");
    if (text === this.said) return;
    this.said = text;
    this.list.replaceChildren(...lines.map((line) => {
      const node = make("li");
      node.textContent = line;
      return node;
    }));
  }
}

export class Lost {
  constructor(section, store) {
    this.section = section;
    this.store = store;
    this.list = section.querySelector("ul");
    this.count = new Text(section.querySelector("#lost-sum"));
    this.items = new Map();
  }

  show(now) {
    const lost = [...this.store.rows("orders").values()].filter((row) => LOOKED_FOR.has(row.state));
    const keys = new Set(lost.map((row) => row.key));
    for (const [key, item] of this.items) {
      if (keys.has(key)) continue;
      item.node.remove();
      this.items.delete(key);
    }
    const candidates = [...this.store.rows("candidates").values()];
    for (const row of lost) {
      let item = this.items.get(row.key);
      if (!item) {
        this.items.set(row.key, (item = new Item(row.key, this.section.dataset.settle)));
        this.list.append(item.node);
      }
      item.show(row, candidates.filter((found) => `${found.order_id}` === row.key), now);
    }
    this.count.say(`${lost.length || ""}`);
    this.section.hidden = lost.length === 0;
  }
}
