// The guide: what is typed stays in this form until it is sent, and is sent to this desk alone.
const form = document.getElementById("guide-form");
const found = document.getElementById("found");
const told = document.getElementById("told");
const write = document.getElementById("write");
const names = JSON.parse(found.dataset.names);
const MARKS = { ok: "✓", bad: "✗", later: "·" };
let receipt = "";

function say(text, level) {
  told.textContent = text;
  told.dataset.level = level;
  told.hidden = !text;
}

function line({ name, state, text }) {
  const row = document.createElement("li");
  row.dataset.state = state;
  const mark = document.createElement("b");
  mark.textContent = `${MARKS[state]} ${names[name] ?? name}`;
  const says = document.createElement("span");
  says.textContent = text;
  row.append(mark, says);
  return row;
}

async function post(address, body) {
  const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" }, redirect: "error" });
  return answer.json();
}

async function check() {
  say(`${form.dataset.busy} …`, "info");
  const answer = await post(form.dataset.check, new FormData(form));
  found.replaceChildren(...answer.checks.map(line));
  receipt = answer.receipt;
  write.hidden = !receipt;
  say("", "info");
}

async function store() {
  const body = new FormData(form);
  body.set("receipt", receipt);
  const { done, text } = await post(form.dataset.write, body);
  say(text, done ? "info" : "error");
  if (done) {
    form.reset();
    write.hidden = true;
  }
}

// What was found right is right for these values alone.
form.addEventListener("input", (event) => {
  if (event.target.name === "code") return;
  receipt = "";
  write.hidden = true;
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.submitter;
  button.disabled = true;
  try {
    await (button.value === "write" ? store() : check());
  } catch {
    say(form.dataset.lost, "error");
  } finally {
    button.disabled = false;
    if (form.elements.code) form.elements.code.value = "";
  }
});
