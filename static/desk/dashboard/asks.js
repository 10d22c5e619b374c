// Dialogs that ask before anything is changed. Each holds a real form; its answer is a sentence.
import { word } from "./words.js";

const byId = (id) => document.getElementById(id);

function say(dialog, text) {
  const node = dialog.querySelector(".ask-error");
  node.textContent = text;
  node.hidden = !text;
}

const SHOWN = 5_000; // ms
let hiding;

// A sentence at the foot of the page for a moment, and read out by a screen reader.
export function announce(text) {
  const node = byId("announce");
  if (!node) return;
  node.textContent = text;
  node.dataset.shown = "yes";
  clearTimeout(hiding);
  hiding = setTimeout(() => (node.dataset.shown = ""), SHOWN);
}

// Open the dialog of this name; ``says`` fills its texts, ``values`` its hidden fields, ``id`` the order it is about.
export function ask(name, { says = {}, values = {}, id } = {}) {
  const dialog = byId(`ask-${name}`);
  if (!dialog) return;
  const form = dialog.querySelector("form");
  for (const node of dialog.querySelectorAll("[data-say]")) node.textContent = says[node.dataset.say] ?? "";
  for (const [field, value] of Object.entries(values)) form.elements[field].value = value;
  if (id !== undefined) form.action = form.dataset.action.replace("/0/", `/${id}/`);
  say(dialog, "");
  dialog.showModal();
}

async function send(dialog, form) {
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  try {
    const answer = await fetch(form.action, {
      method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, redirect: "error",
    });
    const { done, text } = await answer.json();
    if (!done) return say(dialog, text);
    dialog.close();
    announce(text);
  } catch {
    // The answer was lost, or the login has ended: whether it was done, only the feed can tell.
    say(dialog, word("desk.failed"));
  } finally {
    button.disabled = false;
    if (form.elements.code) form.elements.code.value = "";
  }
}

for (const dialog of document.querySelectorAll('dialog[id^="ask-"]')) {
  const form = dialog.querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(dialog, form);
  });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
}
