// When the page is not to be believed it says what is wrong, since when, and what to do, across its whole width.
import { Mark, Text } from "./dom.js";
import { age, moment } from "./format.js";
import { word } from "./words.js";

export class Trouble {
  constructor(node, { retry }) {
    this.node = node;
    this.kind = new Mark(node, "kind");
    this.what = new Text(node.querySelector("#trouble-what"));
    this.since = new Text(node.querySelector("#trouble-since"));
    this.todo = new Text(node.querySelector("#trouble-todo"));
    this.retry = node.querySelector("#trouble-retry");
    this.retry.addEventListener("click", retry);
  }

  // ``kind`` is lost, database, fault, prices, or empty when all is well; ``since`` in the server's ms.
  show(kind, since, now) {
    this.kind.set(kind);
    this.what.say(kind ? word(`trouble.${kind}`) : "");
    this.todo.say(kind ? word(`trouble.${kind}.todo`) : "");
    const known = kind && typeof since === "number";
    this.since.say(known ? word("trouble.since", { time: moment(since, now), age: age(now - since) }) : "");
    this.node.hidden = !kind;
    this.retry.hidden = kind !== "lost";
  }
}
