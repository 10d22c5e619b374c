// The order book beside the chart: asked for once a second while somebody looks, for every question costs a call.
import { make, Mark, Text } from "../dashboard/dom.js";

const EVERY = 1_000; // ms
const AFTER_HOURS = 30_000; // ms; nobody asks the broker then, the page only looks whether it opens
const PATIENCE = 5_000; // ms

const panel = document.getElementById("book");
const part = (name) => panel.querySelector(`[data-book="${name}"]`);
const texts = Object.fromEntries(["note", "seen", "asked", "bid"].map((name) => [name, new Text(part(name))]));
const table = part("levels");
const old = new Mark(panel, "old");

// A side's rows; a book seldom changes its depth, so they are made once and filled again and again.
class Side {
  constructor(body, side) {
    this.body = body;
    this.side = side;
    this.rows = [];
  }

  show(levels) {
    while (this.rows.length > levels.length) this.rows.pop().node.remove();
    while (this.rows.length < levels.length) this.rows.push(this.add());
    levels.forEach((level, place) => this.fill(this.rows[place], level));
  }

  add() {
    const node = make("tr", "", this.body);
    const cells = {};
    const places = this.side === "ask" ? ["shares", "price", "rate", "none"] : ["none", "price", "rate", "shares"];
    for (const name of places) {
      const cell = make(name === "price" ? "th" : "td", name, node);
      if (name === "price") cell.scope = "row";
      cells[name] = cell;
    }
    const bar = make("i", "", cells.shares);
    bar.setAttribute("aria-hidden", "true");
    const shown = ["shares", "price", "rate"].map((name) => [name, new Text(cells[name])]);
    return { node, bar, part: null, way: new Mark(node, "way"), ...Object.fromEntries(shown) };
  }

  fill(row, level) {
    for (const name of ["shares", "price", "rate"]) row[name].say(level[name]);
    row.way.set(level.way);
    if (row.part !== level.part) row.bar.style.setProperty("--part", `${(row.part = level.part)}%`);
  }
}

const sides = { asks: new Side(part("asks"), "ask"), bids: new Side(part("bids"), "bid") };

function show({ asks, bids, note = "", seen = "", asked = "", bid = "", old: isOld }) {
  sides.asks.show(asks ?? []);
  sides.bids.show(bids ?? []);
  table.hidden = !asks?.length && !bids?.length;
  const words = { note, seen, asked, bid };
  for (const [name, text] of Object.entries(texts)) text.say(words[name]);
  part("note").hidden = !note;
  old.set(isOld ? "yes" : "");
}

async function ask() {
  const options = { headers: { Accept: "application/json" }, redirect: "error", signal: AbortSignal.timeout(PATIENCE) };
  let wait = EVERY;
  try {
    const answer = await fetch(panel.dataset.url, options);
    if (answer.ok) {
      const facts = await answer.json();
      show(facts);
      if (!facts.open) wait = AFTER_HOURS;
    } else old.set("yes");
  } catch {
    old.set("yes"); // the head of the page says that the connection is lost
  }
  if (!document.hidden) timer = setTimeout(ask, wait);
}

let timer = null;
document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (!document.hidden) ask();
});
if (!document.hidden) ask();
