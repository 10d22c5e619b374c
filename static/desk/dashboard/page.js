// A page of the desk without the prices: the same feed keeps its switches and its clock.
import { clockTime } from "./format.js";
import { Link } from "./socket.js";
import { Store } from "./store.js";
import { Switches } from "./switches.js";

const byId = (id) => document.getElementById(id);
const STALE = 5_000; // ms without a message after which the switches are dimmed
const store = new Store();
const switches = new Switches(byId("switches"), store);
let offset = 0;

function tick() {
  link.check();
  const silence = link.silence();
  document.body.dataset.link = silence === null ? "connecting" : silence > STALE ? "lost" : "open";
  byId("clock").textContent = clockTime(Date.now() + offset);
  if (store.rows("desk").size) switches.show(Date.now() + offset);
}

const link = new Link("/ws/quotes/", {
  onMessage: (message) => {
    store.apply(message);
    const now = store.rows("desk").get("desk")?.now;
    if (typeof now === "number" && message.desk) offset = now - Date.now();
    if (message.switches || message.columns) tick();
  },
  onChange: () => {},
});

// A button that asks before its form is sent. The form itself is checked by the browser first.
const sure = byId("sure");
let asking = null;
document.addEventListener("submit", (event) => {
  const text = event.submitter?.dataset.sure;
  if (!text || asking === event.submitter) return;
  event.preventDefault();
  asking = event.submitter;
  byId("sure-text").textContent = text;
  sure.returnValue = "";
  sure.showModal();
});
sure.addEventListener("close", () => {
  if (sure.returnValue === "yes") asking.form.requestSubmit(asking);
  asking = null;
});

link.open();
tick();
setInterval(tick, 1_000);
