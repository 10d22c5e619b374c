/* The watch list refreshes its own cells and switches rows without leaving the page. Text only, never HTML. */
"use strict";

(() => {
  const EVERY = 1500; // ms between two looks; a hidden tab does not look
  const SLOWEST = 30000;
  let wait = EVERY;

  const switches = () => Array.from(document.querySelectorAll("#result_list .desk-switch"));
  const line = (button) => button.closest("tr");

  function put(node, text) {
    if (node && node.textContent !== text) {
      node.textContent = text;
      return true;
    }
    return false;
  }

  function direct(node, way) {
    for (const name of ["up", "down", "flat"]) node.classList.toggle(`desk-${name}`, name === way);
  }

  function showRunning(button, running) {
    button.setAttribute("aria-checked", running ? "true" : "false");
    button.value = running ? "off" : "on";
  }

  function show(button, cells) {
    const row = line(button);
    if (button.getAttribute("aria-busy") !== "true") showRunning(button, cells.running);
    const price = row.querySelector(".desk-price");
    const change = row.querySelector(".desk-change");
    direct(price, cells.direction);
    direct(change, cells.direction);
    if (put(price, cells.price)) {
      price.classList.remove("desk-tick");
      void price.offsetWidth; // lets the same animation start anew
      price.classList.add("desk-tick");
    }
    put(change, cells.change);
    const time = row.querySelector(".desk-time");
    time.classList.toggle("desk-old", cells.old);
    put(time.querySelector("time"), cells.time);
    put(time.querySelector("small"), cells.age);
    put(row.querySelector(".desk-session"), cells.session);
    const state = row.querySelector(".desk-state");
    state.className = `desk-state desk-is-${cells.kind}`;
    put(state, cells.state);
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
    const to = button.value;
    const form = button.form;
    button.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(button.getAttribute("formaction"), {
        method: "POST",
        headers: { Accept: "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
        body: new URLSearchParams({ run: to }),
        redirect: "error",
      });
      const body = await answer.json().catch(() => ({}));
      if (!answer.ok) throw new Error(body.error || String(answer.status));
      showRunning(button, body.running);
      complain("");
    } catch (error) {
      complain(error.message);
    } finally {
      button.removeAttribute("aria-busy");
    }
  }

  function complain(text) {
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
    if (button.getAttribute("aria-busy") !== "true") flip(button);
  });

  document.addEventListener("DOMContentLoaded", () => setTimeout(look, EVERY));
})();
