// The strip of overseas indices and rates: a figure every few minutes while an exchange trades, else its last close.
import { make, Mark, Text } from "./dom.js";
import { arrow, direction, moment, rate } from "./format.js";
import { word } from "./words.js";

const OLD = 15 * 60_000; // ms; an open exchange is asked every five minutes

const figure = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

class Cell {
  constructor(symbol) {
    this.node = make("li");
    this.node.dataset.index = symbol;
    this.name = new Text(make("span", "name", this.node));
    this.price = new Text(make("span", "price", this.node));
    this.change = new Text(make("span", "change", this.node));
    this.direction = new Mark(this.node, "direction");
    this.state = new Mark(this.node, "state");
  }

  show(row) {
    this.row = row;
    const dir = direction(null, row.change);
    this.direction.set(dir);
    this.name.say(row.name ?? "");
    this.price.say(typeof row.price === "number" ? figure.format(row.price) : "");
    this.change.say(`${arrow(dir)} ${rate(row.change_rate, dir)}`.trim());
  }

  grow(now) {
    const { is_open: open, read_at: read, on } = this.row;
    const old = open && typeof read === "number" && now - read > OLD;
    this.state.set(old ? "old" : open ? "open" : "closed");
    const said = word(old ? "overseas.old" : open ? "overseas.open" : "overseas.closed", { day: on ?? "", time: moment(read, now) });
    if (this.node.title !== said) this.node.title = said;
  }
}

export class Overseas {
  constructor(section, store) {
    this.store = store;
    this.section = section;
    this.list = section.querySelector("ul");
    this.cells = new Map();
  }

  update({ overseas }) {
    if (!overseas?.size) return;
    const rows = this.store.rows("overseas");
    let members = false;
    for (const symbol of overseas) {
      const row = rows.get(symbol);
      let cell = this.cells.get(symbol);
      if (!row) {
        cell?.node.remove();
        this.cells.delete(symbol);
        continue;
      }
      if (!cell) {
        this.cells.set(symbol, (cell = new Cell(symbol)));
        members = true;
      }
      cell.show(row);
    }
    if (members) {
      const cells = [...this.cells.values()].sort((a, b) => a.row.place - b.row.place);
      this.list.append(...cells.map((cell) => cell.node));
    }
    this.section.hidden = this.cells.size === 0;
  }

  grow(now) {
    for (const cell of this.cells.values()) cell.grow(now);
  }
}
