// Words translated by the server, carried in the page as data.
const words = JSON.parse(document.getElementById("words").textContent);

export function word(key, values = {}) {
  const text = words[key];
  return text === undefined ? undefined : text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
