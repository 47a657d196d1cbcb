// The page's words in the visitor's language, as the server has them.

let words = {};

export const language = () => (navigator.languages ?? [navigator.language]).find((tag) => /^(en|zh)\b/i.test(tag)) ?? "en";

export function setWords(all) {
  words = all;
}

// A word, with {names} filled in.
export function t(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

// Put words where the page asks for them: data-word is text, data-label a name and its tooltip,
// which tells the key too.
export function translate(root) {
  for (const one of root.querySelectorAll("[data-word]")) one.textContent = t(one.dataset.word);
  for (const one of root.querySelectorAll("[data-label]")) one.setAttribute("aria-label", t(one.dataset.label));
  for (const one of root.querySelectorAll("[data-placeholder]")) one.placeholder = t(one.dataset.placeholder);
  for (const one of root.querySelectorAll("[data-key]")) {
    const name = t(one.dataset.label ?? one.dataset.word);
    one.title = `${name} (${one.dataset.key})`;
  }
  root.lang = language().slice(0, 2);
}
