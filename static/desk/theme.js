// Classic script in the head: the theme, chosen or the system's, is set before the first paint.
(() => {
  const root = document.documentElement;
  const light = matchMedia("(prefers-color-scheme: light)");
  const remembered = () => {
    let theme = null;
    try { theme = localStorage.getItem("desk-theme"); } catch { /* a private window remembers nothing */ }
    return ["dark", "light"].includes(theme) ? theme : null;
  };
  let chosen = remembered();
  const show = () => { root.dataset.theme = chosen || (light.matches ? "light" : "dark"); };
  show();
  light.addEventListener("change", show);

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    chosen = root.dataset.theme === "dark" ? "light" : "dark";
    show();
    try { localStorage.setItem("desk-theme", chosen); } catch { /* a private window forgets */ }
  });
})();
