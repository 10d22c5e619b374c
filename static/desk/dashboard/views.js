// On a phone one subject has the screen, chosen in the bar at its foot; wider screens show all and hide the bar.
import { Text } from "./dom.js";

const KEPT = "desk-view";

export class Views {
  constructor(nav) {
    this.buttons = [...nav.querySelectorAll("[data-go]")];
    this.badges = Object.fromEntries(
      [...nav.querySelectorAll("[data-badge]")].map((node) => [node.dataset.badge, new Text(node)]),
    );
    for (const button of this.buttons) button.addEventListener("click", () => this.choose(button.dataset.go));
    let kept = null;
    try { kept = sessionStorage.getItem(KEPT); } catch { /* a private window forgets */ }
    this.choose(this.buttons.some((button) => button.dataset.go === kept) ? kept : "quotes");
  }

  choose(name) {
    if (document.body.dataset.view === name) return;
    document.body.dataset.view = name;
    for (const button of this.buttons) button.setAttribute("aria-pressed", `${button.dataset.go === name}`);
    try { sessionStorage.setItem(KEPT, name); } catch { /* as above */ }
    scrollTo(0, 0);
  }

  badge(name, count) {
    this.badges[name].say(count ? `${count}` : "");
  }
}
