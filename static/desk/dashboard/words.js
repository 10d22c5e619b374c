// Words translated by the server, carried in the page as data.
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const words = read("words");

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

export function word(key, values = {}) {
  return words[key] === undefined ? undefined : fill(words[key], values);
}

// Templates of what daemons write, "no tick for {1} s", as patterns with what they become.
const sentences = Object.entries(read("sentences")).map(([english, translated]) => {
  const pattern = english.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{\d\}/g, "(.*)");
  return [new RegExp(`^${pattern}$`), translated];
});

// What a daemon wrote, in the reader's language where we know the sentence.
export function said(text) {
  for (const [pattern, translated] of sentences) {
    const found = pattern.exec(text);
    if (found) return fill(translated, found);
  }
  return text;
}
