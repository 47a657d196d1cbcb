// Shortcuts, and the sheet that lists them: both come from one table.

import { t } from "./words.js";

// key: as KeyboardEvent.key in lower case, "mod+" for Ctrl or Cmd. shown: how the sheet writes it.
// what: the word for it. act may be missing: the canvas does it. repeats: while the key is held.
export function makeKeys(acts) {
  return [
    { key: "b", shown: "B", what: "brush", act: acts.tool("brush") },
    { key: "e", shown: "E", what: "eraser", act: acts.tool("eraser") },
    { key: "r", shown: "R", what: "rectangle", act: acts.tool("rectangle") },
    { key: "l", shown: "L", what: "lasso", act: acts.tool("lasso") },
    { key: "s", shown: "S", what: "smart_name", act: acts.tool("smart") },
    { key: "[", shown: "[ · Alt + ↕", what: "key_smaller", act: () => acts.resize(1 / 1.15), repeats: true },
    { key: "]", shown: "] · Alt + ↕", what: "key_larger", act: () => acts.resize(1.15), repeats: true },
    { shown: "Alt", what: "key_alt" },
    { key: "mod+z", shown: "Ctrl Z", what: "undo", act: acts.undo, repeats: true },
    { key: "mod+shift+z", shown: "Ctrl Shift Z", what: "redo", act: acts.redo, repeats: true },
    { key: "mod+y", what: null, act: acts.redo, repeats: true },
    { key: "delete", shown: "Delete", what: "clear", act: acts.clear },
    { key: "i", shown: "I", what: "invert", act: acts.invert },
    { key: "+", shown: "+ · ↕", what: "zoom_in", act: acts.zoomIn, repeats: true },
    { key: "=", what: null, act: acts.zoomIn, repeats: true },
    { key: "-", shown: "− · ↕", what: "zoom_out", act: acts.zoomOut, repeats: true },
    { key: "0", shown: "0", what: "zoom_fit", act: acts.fit },
    { shown: "Space", what: "key_pan" },
    { key: "v", shown: "V", what: "compare_slider", act: acts.slide },
    { key: "c", shown: "C", what: "hold_original", act: () => acts.peek(true), end: () => acts.peek(false) },
    { key: "enter", shown: "Enter", what: "restore", act: acts.restore },
    { key: "escape", shown: "Esc", what: "stop", act: acts.stop },
    { shown: "← ↑ ↓ →, Space", what: "key_arrows" },
    { key: "?", shown: "?", what: "shortcuts", act: acts.help },
  ];
}

export function pressed(event) {
  const key = event.key.toLowerCase();
  const mod = event.ctrlKey || event.metaKey ? "mod+" : "";
  return mod + (mod && event.shiftKey ? "shift+" : "") + key;
}

// What Enter does on a button is the button's business, and letters in a field are the field's.
export function isElsewhere(event) {
  const target = event.target;
  if (!target.closest) return false;
  if (target.closest("dialog, textarea, select, [contenteditable], input:not([type=range], [type=checkbox], [type=file])")) return true;
  return event.key === "Enter" && Boolean(target.closest("button, a, summary"));
}

export function fillSheet(table, keys) {
  const rows = keys.filter(({ what }) => what).map(({ shown, what }) => {
    const row = document.createElement("tr");
    const head = Object.assign(document.createElement("th"), { scope: "row", textContent: t(what) });
    const cell = document.createElement("td");
    const key = Object.assign(document.createElement("kbd"), { textContent: shown.replace("↕", t("wheel")) });
    cell.append(key);
    row.append(head, cell);
    return row;
  });
  table.replaceChildren(...rows);
}
