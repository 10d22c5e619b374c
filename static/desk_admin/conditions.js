/* The condition list refreshes its own cells and switches conditions without leaving the page. Text only, never HTML. */
"use strict";

(() => {
  const EVERY = 1500; // ms between two looks; a hidden tab does not look
  const SLOWEST = 30000;
  let wait = EVERY;

  const switches = () => Array.from(document.querySelectorAll("#result_list .desk-switch"));

  function put(node, text) {
    if (node && node.textContent !== text) {
      node.textContent = text;
      return true;
    }
    return false;
  }

  function showEnabled(button, enabled) {
    button.setAttribute("aria-checked", enabled ? "true" : "false");
    button.value = enabled ? "off" : "on";
  }

  function show(button, cells) {
    const row = button.closest("tr");
    if (button.getAttribute("aria-busy") !== "true") showEnabled(button, cells.enabled);
    const price = row.querySelector(".desk-price");
    for (const name of ["up", "down", "flat"]) price.classList.toggle(`desk-${name}`, name === cells.direction);
    price.classList.toggle("desk-old", cells.old);
    if (put(price, cells.price)) {
      price.classList.remove("desk-tick");
      void price.offsetWidth; // lets the same animation start anew
      price.classList.add("desk-tick");
    }
    put(row.querySelector(".desk-distance"), cells.distance);
    put(row.querySelector(".desk-strike"), cells.strike);
    const state = row.querySelector(".desk-state");
    state.className = `desk-state desk-is-${cells.kind}`;
    put(state, cells.state);
    const why = row.querySelector(".desk-why");
    why.classList.toggle("desk-old", cells.old_why);
    put(why.querySelector("span"), cells.why);
    put(why.querySelector("time"), cells.why_at);
  }

  async function look() {
    const buttons = switches();
    if (!document.hidden && buttons.length) {
      try {
        const rows = buttons.map((button) => button.dataset.row).join(",");
        const answer = await fetch(`live/?rows=${rows}`, { headers: { Accept: "application/json" }, redirect: "error" });
        if (!answer.ok) throw new Error(String(answer.status));
        const news = (await answer.json()).rows;
        for (const button of buttons) if (news[button.dataset.row]) show(button, news[button.dataset.row]);
        document.getElementById("result_list").classList.remove("desk-old");
        wait = EVERY;
      } catch {
        // What is on the screen is old now, and looks it; ask less and less often, and not all tabs at once.
        document.getElementById("result_list").classList.add("desk-old");
        wait = Math.min(wait * 2, SLOWEST);
      }
    }
    setTimeout(look, wait * (0.9 + Math.random() * 0.2));
  }

  async function flip(button) {
    button.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(button.getAttribute("formaction"), {
        method: "POST",
        headers: { Accept: "application/json", "X-CSRFToken": button.form.elements.csrfmiddlewaretoken.value },
        body: new URLSearchParams({ enabled: button.value }),
        redirect: "error",
      });
      const body = await answer.json().catch(() => ({}));
      if (!answer.ok) throw new Error(body.error || String(answer.status));
      showEnabled(button, body.enabled);
      say(body.warning || "");
    } catch (error) {
      say(error.message);
    } finally {
      button.removeAttribute("aria-busy");
    }
  }

  function say(text) {
    let box = document.getElementById("desk-notice");
    if (!box) {
      box = document.createElement("p");
      box.id = "desk-notice";
      box.className = "desk-notice";
      box.setAttribute("role", "alert");
      document.getElementById("changelist-form").prepend(box);
    }
    box.textContent = text;
    box.hidden = !text;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest(".desk-switch");
    if (!button) return;
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") say(button.title);
    else if (button.getAttribute("aria-busy") !== "true") flip(button);
  });

  document.addEventListener("DOMContentLoaded", () => {
    if (document.getElementById("result_list")) setTimeout(look, EVERY);
  });
})();
