// The day's rankings as the broker told them after the close: one of three lists at a time.
import { Issue, make, Mark, Text } from "./dom.js";
import { arrow, direction, rate, whole } from "./format.js";

// 538,700 is 54만: the order of places matters here, not the last share.
const round = new Intl.NumberFormat(document.documentElement.lang || "ko", { notation: "compact", maximumFractionDigits: 1 });

class Line {
  constructor() {
    this.node = make("li");
    this.place = new Text(make("span", "place", this.node));
    this.name = new Issue(this.node, "name");
    this.price = new Text(make("span", "price", this.node));
    this.rate = new Text(make("span", "rate", this.node));
    this.volume = new Text(make("span", "volume", this.node));
    this.direction = new Mark(this.node, "direction");
  }

  show(row) {
    const dir = direction(row.sign, row.change);
    this.direction.set(dir);
    this.place.say(`${row.place}`);
    if (this.name.say(row.name, row.symbol)) this.name.node.title = `${row.name} ${row.symbol}`;
    this.price.say(whole(row.price));
    this.rate.say(`${arrow(dir)} ${rate(row.change_rate, dir)}`.trim());
    this.volume.say(typeof row.volume === "number" ? round.format(row.volume) : "");
  }
}

export class Rankings {
  constructor(section, store) {
    this.store = store;
    this.section = section;
    this.list = section.querySelector("ol");
    this.on = new Text(section.querySelector("#rankings-day"));
    this.tabs = [...section.querySelectorAll("button[data-by]")];
    this.lines = [];
    for (const tab of this.tabs) tab.addEventListener("click", () => this.choose(tab.dataset.by));
    this.choose("volume");
  }

  choose(by) {
    this.by = by;
    for (const tab of this.tabs) tab.setAttribute("aria-pressed", `${tab.dataset.by === by}`);
    this.arrange();
  }

  update({ rankings }) {
    if (rankings?.size) this.arrange();
  }

  arrange() {
    const all = [...this.store.rows("rankings").values()];
    const rows = all.filter((row) => row.by === this.by).sort((a, b) => a.place - b.place);
    while (this.lines.length < rows.length) {
      this.lines.push(new Line());
      this.list.append(this.lines.at(-1).node);
    }
    for (const line of this.lines.splice(rows.length)) line.node.remove();
    rows.forEach((row, index) => this.lines[index].show(row));
    this.on.say(rows[0]?.on ?? "");
    this.section.hidden = all.length === 0;
  }
}
