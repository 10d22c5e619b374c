/* A list of the admin that refreshes its own cells and switches rows without leaving the page. Text only, never HTML.
   watch.js and conditions.js say what their rows show. */
"use strict";

const liveList = (() => {
  const EVERY = 1500; // ms between two looks; a hidden tab does not look
  const SLOWEST = 30000;

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

  function showPrice(node, text, way) {
    direct(node, way);
    if (put(node, text)) {
      node.classList.remove("desk-tick");
      void node.offsetWidth; // lets the same animation start anew
      node.classList.add("desk-tick");
    }
  }

  function showState(node, kind, text) {
    node.className = `desk-state desk-is-${kind}`;
    put(node, text);
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

  /* `posts` is the field a switch sends, `tells` the one in which answers say how it stands; `show` fills a row. */
  function start({ posts, tells, show }) {
    const switches = () => Array.from(document.querySelectorAll("#result_list .desk-switch"));
    let wait = EVERY;

    function turn(button, on) {
      button.setAttribute("aria-checked", on ? "true" : "false");
      button.value = on ? "off" : "on";
    }

    function fill(button, cells) {
      if (button.getAttribute("aria-busy") !== "true") turn(button, cells[tells]);
      show(button.closest("tr"), cells);
    }

    async function look() {
      const buttons = switches();
      if (!document.hidden && buttons.length) {
        const list = document.getElementById("result_list");
        try {
          const rows = buttons.map((button) => button.dataset.row).join(",");
          const answer = await fetch(`live/?rows=${rows}`, { headers: { Accept: "application/json" }, redirect: "error" });
          if (!answer.ok) throw new Error(String(answer.status));
          const news = (await answer.json()).rows;
          for (const button of buttons) if (news[button.dataset.row]) fill(button, news[button.dataset.row]);
          list.classList.remove("desk-old");
          wait = EVERY;
        } catch {
          // What is on the screen is old now, and looks it; ask less and less often, and not all tabs at once.
          list.classList.add("desk-old");
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
          body: new URLSearchParams({ [posts]: button.value }),
          redirect: "error",
        });
        const body = await answer.json().catch(() => ({}));
        if (!answer.ok) throw new Error(body.error || String(answer.status));
        turn(button, body[tells]);
        say(body.warning || "");
      } catch (error) {
        say(error.message);
      } finally {
        button.removeAttribute("aria-busy");
      }
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
  }

  return { start, put, direct, showPrice, showState };
})();
