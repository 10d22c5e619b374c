// The badge of the trading hours, with what comes next and how long that is off.
import { Mark, Text } from "./dom.js";
import { countdown, moment } from "./format.js";
import { word } from "./words.js";

const COUNTED = 12 * 3600_000; // ms; what is further off is told as a day

export class Hours {
  constructor(node, store) {
    this.store = store;
    this.node = node;
    this.phase = new Text(node.querySelector("#hours-phase"));
    this.next = new Text(node.querySelector("#hours-next"));
    this.mark = new Mark(node, "phase");
    this.confirmed = new Mark(node, "confirmed");
  }

  get row() {
    return this.store.rows("hours").get("krx");
  }

  show(now) {
    const { phase = "unknown", until = null, next, confirmed = false } = this.row ?? {};
    this.mark.set(phase);
    this.phase.say(word(`hours.${phase}`) ?? phase);
    const left = until === null ? null : until - now;
    const coming = word(`hours.${next}`) ?? "";
    this.next.say(left === null ? ""
      : left < COUNTED ? word("hours.next", { phase: coming, left: countdown(left) })
        : word("hours.day", { phase: coming, day: moment(until, now) }));
    const doubtful = phase !== "unknown" && !confirmed;
    this.confirmed.set(doubtful ? "no" : "");
    const title = doubtful ? word("hours.unconfirmed") : "";
    if (this.node.title !== title) this.node.title = title;
  }
}
