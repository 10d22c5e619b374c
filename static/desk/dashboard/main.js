// Wires the page: one socket fills the store, the store fills the panels, a slow clock lets things grow old.
import { announce } from "./asks.js";
import { Assets } from "./assets.js";
import { Conditions } from "./conditions.js";
import { Favourites } from "./favourites.js";
import { age, clockTime } from "./format.js";
import { Hours } from "./hours.js";
import { Keys } from "./keys.js";
import { Lanes } from "./lanes.js";
import { Lost } from "./lost.js";
import { isOpen, Orders } from "./orders.js";
import { Overseas } from "./overseas.js";
import { showDaemons, showEvents, showSessions } from "./panels.js";
import { Quotes } from "./quotes.js";
import { Rankings } from "./rankings.js";
import { Reasons } from "./reasons.js";
import { Link } from "./socket.js";
import { Store } from "./store.js";
import { Switches } from "./switches.js";
import { Trouble } from "./trouble.js";
import { Views } from "./views.js";
import { word } from "./words.js";

const STALE = 5_000; // ms without a message after which the rows are dimmed
const QUIET = 10_000; // ms without a new price after which the bar says so
const ALARMING = 30_000; // ms without a new price in regular hours after which the page says what to do
const RESORT = 3; // seconds between two sortings of a table whose numbers move
const BLIND = 4_000; // ms since the server last read its database

const byId = (id) => document.getElementById(id);
const store = new Store();
const favourites = new Favourites(byId("favourite-form"), JSON.parse(byId("favourites").textContent), (symbol) => quotes.marked(symbol));
const quotes = new Quotes(byId("quotes"), favourites);
const assets = byId("assets") && new Assets(byId("assets"), store);
const overseas = new Overseas(byId("overseas"), store);
const rankings = new Rankings(byId("rankings"), store);
const hours = new Hours(byId("hours"), store);
const orders = byId("orders");
// What has no price in it is brought up to date once a second.
const slow = [
  new Switches(byId("switches"), store), new Orders(orders, store), new Conditions(orders, store),
  new Reasons(orders, store), new Lost(byId("lost"), store), new Lanes(byId("lanes"), store), hours,
];
const views = new Views(byId("views"));
const help = byId("help");
new Keys({ quotes, favourites, views, help });
byId("help-open").addEventListener("click", () => help.showModal());

let offset = null; // the server's clock less ours, ms
let drawing = false;
let heard = 0;

const serverNow = () => Date.now() + (offset ?? 0);

function take(message) {
  store.apply(message);
  const now = store.rows("desk").get("desk")?.now;
  if (typeof now === "number" && message.desk) {
    // The message that travelled fastest tells best; a clock that was put right is believed at once.
    const seen = now - Date.now();
    offset = offset === null || Math.abs(seen - offset) > 2_000 ? seen : Math.max(offset - 5, seen);
  }
  heard += 1;
  // The panels' numbers wait for the next tick: every frame drawn costs as much as all the script of a second.
  const shown = ["quotes", "holdings", "overseas", "rankings"];
  if (store.snapshot || shown.some((name) => store.changed[name]?.size)) draw();
}

function draw() {
  if (drawing || document.hidden) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    const { changed, snapshot } = store.take();
    if (changed.quotes?.size) quotes.update(store.rows("quotes"), changed.quotes, { flash: !snapshot });
    else if (snapshot) quotes.find(quotes.query);
    assets?.update(changed);
    overseas.update(changed);
    rankings.update(changed);
    if (snapshot) tick();
  });
}

const link = new Link("/ws/quotes/", { onMessage: take, onChange: tell });
const trouble = new Trouble(byId("trouble"), { retry: () => link.retry() });

// Spoken once per change, for those who cannot see the dot; the age beside it changes too often to be read out.
let spoken = "";
let firstTold = null; // when a server that has not read its database yet was first heard of, by its clock
function tell(state) {
  const text = state === "open" && spoken ? word("link.restored") : state === "waiting" ? word("link.lost_now") : "";
  if (text && text !== spoken) announce((spoken = text));
}

// [state of the page, what the bar says, what is wrong, since when].
function linkState() {
  const silence = link.silence();
  const lost = (text) => ["lost", text, "lost", silence === null ? null : serverNow() - silence];
  if (link.state === "waiting") {
    const left = Math.ceil((link.retryAt - performance.now()) / 1000);
    return lost(left > 0 ? word("link.lost", { n: left }) : word("link.lost_now"));
  }
  if (link.state === "connecting") return link.everOpen ? lost(word("link.lost_now")) : ["connecting", word("link.connecting"), "", null];
  if (silence > STALE) return lost(word("link.stalled", { age: age(silence) }));
  const newest = quotes.newest();
  const old = newest === null ? null : serverNow() - newest;
  const desk = store.rows("desk").get("desk") ?? {};
  if (desk.trouble || desk.now - (desk.polled_at ?? (firstTold ??= desk.now)) > BLIND) {
    const since = desk.polled_at ?? desk.trouble_since ?? firstTold;
    return ["blind", word("link.database"), desk.trouble || "database", since];
  }
  if (old === null) return ["quiet", word("link.empty"), "", null];
  if (old > QUIET) return ["quiet", word("link.quiet", { age: age(old) }), old > ALARMING && hours.row?.phase === "regular" ? "prices" : "", newest];
  return ["open", word("link.receiving", { age: age(old, { fine: true }) }), "", null];
}

function say(id, text) {
  const node = byId(id);
  if (node.textContent !== text) node.textContent = text;
}

function showLink() {
  link.check();
  const [state, text, wrong, since] = linkState();
  if (document.body.dataset.link !== state) document.body.dataset.link = state;
  say("link-text", text);
  say("clock", clockTime(serverNow()));
  trouble.show(wrong, since, serverNow());
}

function tick() {
  const now = serverNow();
  quotes.grow(now);
  assets?.grow(now);
  overseas.grow(now);
  showSessions(store.rows("sessions"), now);
  showEvents(store.rows("events"), now);
  showDaemons(store.rows("daemons"), now);
  for (const part of slow) part.show(now);
  views.badge("orders", [...store.rows("orders").values()].filter(isOpen).length);
  views.badge("state", store.rows("events").size);
}

let beats = 0;
setInterval(() => {
  if (document.hidden) return link.check();
  showLink();
  beats += 1;
  if (heard) tick();
  if (beats % RESORT === 0 && quotes.sorting.column) quotes.arrange();
}, 1_000);

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    draw();
    showLink();
  }
});

link.open();
showLink();
