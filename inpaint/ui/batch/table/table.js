// Gradio runs this once, as a function of: element (the component), props.value (what Python says
// last), watch (called when it has said something). Names and messages are text, never markup.

const parts = {};
for (const part of element.querySelectorAll("[data-bt]")) parts[part.dataset.bt] = part;
const shown = []; // the rows as they are shown, as JSON
let running = false;

function make(tag, text = "", facts = {}) {
  return Object.assign(document.createElement(tag), { textContent: text }, facts);
}

function cell(...content) {
  const made = make("td");
  made.append(...content);
  return made;
}

function fold(title, content) {
  const made = make("details");
  made.append(make("summary", title), ...content);
  return made;
}

function makeRow(row, words) {
  const made = make("tr");
  made.dataset.state = row.state;
  const head = make("th", "", { scope: "row" });
  const notes = row.notes.map((note) => make("small", note));
  head.append(make("span", row.name));
  const state = cell(make("span", row.label, { className: "bt-state" }));
  if (row.state === "failed") {
    head.append(...notes);
    head.colSpan = 2; // the reason has the pictures' room too
    made.append(head, state, cell());
    return made;
  }
  if (notes.length) head.append(fold(words.notes, notes));
  const looks = make("div", "", { className: "bt-looks" });
  for (const kind of ["before", "after"]) {
    const id = row.ids[kind];
    if (id) looks.append(make("img", "", { src: `api/files/${id}`, alt: words[kind] }));
  }
  const link = row.ids.file
    ? make("a", words.download, {
        href: `api/files/${row.ids.file}?save`,
        download: "",
        ariaLabel: `${words.download} ${row.name}`,
      })
    : "";
  made.append(head, cell(looks), state, cell(link));
  return made;
}

function showRows(rows, words) {
  rows.forEach((row, at) => {
    const json = JSON.stringify(row);
    if (shown[at] === json) return;
    const made = makeRow(row, words);
    if (at < shown.length) parts.rows.children[at].replaceWith(made);
    else parts.rows.append(made);
    shown[at] = json;
  });
  while (shown.length > rows.length) {
    parts.rows.lastElementChild.remove();
    shown.pop();
  }
}

// A live region that is told the same again would be read out again.
function say(part, text) {
  if (part.textContent !== text) part.textContent = text;
}

function show() {
  const news = props.value;
  if (!news) return;
  if (news.limits) parts.limits.textContent = news.limits;
  say(parts.error, news.error ?? "");
  if (!news.rows) return; // an order that could not be taken; the table stays
  running = news.running;
  parts.work.hidden = Boolean(news.error);
  parts.limits.hidden = !parts.work.hidden;
  const { words, rows, zip } = news;
  for (const head of ["head_photo", "head_looks", "head_state", "head_file"]) {
    parts[head].textContent = words[head];
  }
  say(parts.status, news.status);
  parts.bar.max = Math.max(rows.length, 1);
  parts.bar.value = news.ended;
  parts.bar.ariaLabel = news.status;
  say(parts.hint, news.hint);
  parts.notices.replaceChildren(...news.notices.map((notice) => make("li", notice)));
  parts.all.hidden = !zip;
  if (zip) Object.assign(parts.all, { href: `api/files/${zip.id}?save`, textContent: zip.label });
  const failed = rows.some((row) => row.state === "failed");
  parts.filter.hidden = !failed || rows.length < 10;
  parts.filter.querySelector("span").textContent = words.only_failed;
  if (parts.filter.hidden) parts.only.checked = false;
  filter();
  parts.table.hidden = !rows.length;
  showRows(rows, words);
}

function filter() {
  parts.table.toggleAttribute("data-only", parts.only.checked);
}

parts.only.addEventListener("change", filter);
addEventListener("beforeunload", (event) => {
  if (running) event.preventDefault(); // the job would end
});
watch("value", show);
show(); // what was said before the tab was opened
