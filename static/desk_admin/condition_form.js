/* Shows the fields that trigger, sizing and pricing ask for, and offers instruments while a symbol is typed.
   Without it every field is there, and the server says which one is too many. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const symbol = document.querySelector("[data-condition=symbol]");
  if (!symbol) return;

  const field = (name) => document.getElementById(`id_${name}`);
  const ASKED = {
    strike_price: () => ["at_or_below", "at_or_above"].includes(field("trigger").value),
    rate: () => ["take_profit", "stop_loss", "trailing"].includes(field("trigger").value),
    quantity: () => field("sizing").value === "quantity",
    amount: () => field("sizing").value === "amount",
    ticks: () => field("pricing").dataset.withTicks.split(" ").includes(field("pricing").value),
  };

  function arrange() {
    for (const [name, asked] of Object.entries(ASKED)) {
      const input = field(name);
      const box = input.closest(`.field-${name}`) || input.parentElement;
      // Disabled, it is not sent; what was typed stays in it for the case that the choice is taken back.
      input.disabled = !asked();
      box.hidden = !asked();
      box.classList.toggle("desk-unasked", !asked());
    }
  }
  for (const name of ["trigger", "sizing", "pricing"]) field(name).addEventListener("change", arrange);
  arrange();

  const list = document.createElement("datalist");
  list.id = "desk-symbols";
  document.body.append(list);
  symbol.setAttribute("list", list.id);
  const hint = document.createElement("span");
  hint.className = "desk-symbol-name";
  hint.setAttribute("aria-live", "polite");
  symbol.after(hint);
  let asked = 0;

  async function offer() {
    const mine = ++asked;
    const typed = symbol.value.trim();
    if (!typed) {
      hint.textContent = "";
      return;
    }
    const above = location.pathname.endsWith("/add/") ? "../symbols/" : "../../symbols/";
    const at = new URL(`${above}?q=${encodeURIComponent(typed)}`, location.href);
    const answer = await fetch(at, { headers: { Accept: "application/json" }, redirect: "error" }).catch(() => null);
    if (!answer || !answer.ok || mine !== asked) return;
    const found = (await answer.json()).found;
    list.replaceChildren(
      ...found.map((instrument) => {
        const option = document.createElement("option");
        option.value = instrument.symbol;
        option.textContent = instrument.name;
        return option;
      }),
    );
    const exact = found.find((instrument) => instrument.symbol === typed.toUpperCase() || instrument.name === typed);
    hint.textContent = exact ? `${exact.name} (${exact.symbol})` : "";
  }

  let pause = 0;
  symbol.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(offer, 250);
  });
  offer();
});
