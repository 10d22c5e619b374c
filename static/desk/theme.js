// Classic script in the head: the remembered theme is set before the first paint.
(() => {
  const root = document.documentElement;
  const dark = () => matchMedia("(prefers-color-scheme: dark)").matches;
  const remembered = () => {
    try { return localStorage.getItem("desk-theme"); } catch { return null; }
  };
  const theme = remembered();
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const next = (root.dataset.theme || (dark() ? "dark" : "light")) === "dark" ? "light" : "dark";
    root.dataset.theme = next;
    try { localStorage.setItem("desk-theme", next); } catch { /* a private window forgets */ }
  });
})();
