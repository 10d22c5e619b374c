// The call budget: how many calls a second each lane uses of those it may.
import { make, Mark, Text } from "./dom.js";
import { whole } from "./format.js";
import { word } from "./words.js";

const FULL = 0.85; // of a lane's share; more than 0.96 cannot leave
const MARKET = "market"; // reads the whole market round after round: full is as it should be

class Gauge {
  constructor(lane) {
    this.lane = lane;
    this.node = make("li");
    this.node.dataset.lane = lane;
    this.name = new Text(make("span", "name", this.node));
    this.bar = make("i", "gauge", this.node);
    this.bar.setAttribute("aria-hidden", "true");
    this.used = new Text(make("span", "used", this.node));
    this.level = new Mark(this.node, "level");
  }

  show({ rate, allowed, today, slowed }) {
    const part = typeof rate === "number" && allowed > 0 ? Math.min(1, rate / allowed) : 0;
    this.name.say(word(`lane.${this.lane}`) ?? this.lane);
    this.used.say(`${typeof rate === "number" ? rate.toFixed(1) : ""}/${allowed}${slowed ? ` ${word("lane.slowed")}` : ""}`);
    this.level.set(slowed ? "slowed" : part > FULL && this.lane !== MARKET ? "full" : "");
    const width = `${Math.round(part * 100)}%`;
    if (width !== this.width) this.bar.style.setProperty("--used", (this.width = width));
    const said = word("lane.said", { rate: typeof rate === "number" ? rate.toFixed(1) : "?", allowed, today: whole(today) });
    if (this.node.title !== said) this.node.title = said;
  }
}

export class Lanes {
  constructor(list, store) {
    this.list = list;
    this.store = store;
    this.gauges = new Map();
  }

  show() {
    const rows = [...this.store.rows("lanes").entries()].sort(([, a], [, b]) => a.place - b.place);
    for (const [lane, gauge] of this.gauges) {
      if (this.store.rows("lanes").has(lane)) continue;
      gauge.node.remove();
      this.gauges.delete(lane);
    }
    for (const [lane, row] of rows) {
      let gauge = this.gauges.get(lane);
      if (!gauge) {
        this.gauges.set(lane, (gauge = new Gauge(lane)));
        this.list.append(gauge.node);
      }
      gauge.show(row);
    }
    this.list.hidden = rows.length === 0;
  }
}
