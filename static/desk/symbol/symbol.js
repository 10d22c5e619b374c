// Keeps the head of the symbol page live: once a second the server's texts are put where they belong.
import { Mark, Text } from "../dashboard/dom.js";

const EVERY = 1_000; // ms
const PATIENCE = 5_000; // ms; an answer that takes longer is none

const head = document.getElementById("issue");
const holding = document.getElementById("holding");
const lost = document.getElementById("lost-link");
const lostAt = document.getElementById("lost-at");
const noPrice = head.querySelector("[data-no-price]");
const old = new Mark(head, "old");
old.value = head.dataset.old;

const places = [...head.querySelectorAll("[data-text]")].map((node) => {
  const place = { name: node.dataset.text, text: null, way: new Mark(node, "way") };
  place.way.value = node.dataset.way ?? "";
  const said = node.textContent;
  node.textContent = "";
  place.text = new Text(node);
  place.text.say(said);
  return place;
});

function show({ texts, ways, old: isOld, held, at, bars }) {
  for (const { name, text, way } of places) {
    text.say(texts[name] ?? "");
    way.set(ways[name] ?? "");
  }
  old.set(isOld ? "yes" : "");
  holding.hidden = !held;
  if (noPrice) noPrice.hidden = Boolean(texts.price);
  lostAt.textContent = at;
  // The chart is another module's, and may not be there.
  document.dispatchEvent(new CustomEvent("desk:bars", { detail: bars }));
}

function linked(is) {
  lost.hidden = is;
  document.body.dataset.link = is ? "open" : "lost";
}

async function ask() {
  const options = { headers: { Accept: "application/json" }, redirect: "error", signal: AbortSignal.timeout(PATIENCE) };
  try {
    const answer = await fetch(head.dataset.live, options);
    // Nobody is logged in here any more: the page itself leads to the login form.
    if (answer.status === 403) return location.reload();
    if (answer.ok) show(await answer.json());
    linked(answer.ok);
  } catch {
    linked(false);
  }
  timer = setTimeout(ask, EVERY);
}

// Nobody looks at a hidden page; it asks again the moment it is seen.
let timer = setTimeout(ask, EVERY);
document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (!document.hidden) ask();
});
