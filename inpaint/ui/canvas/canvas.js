// The page's one component. Gradio runs this once, as a function of: element (the component),
// props.value and trigger (what Python gets), watch (called when Python answers).
// Bytes go over the app's own routes; the queue only carries {id, revision, method}.

const TEXT = {
  offline: "The app does not answer. Is it still running?",
  failed: (status) => `This did not work (${status}). The app's own window tells more.`,
  nothing: "Nothing is painted yet. Paint over what should go, then press Restore.",
  noImage: "There is no picture in what you pasted or dropped.",
  tooLarge: (name, limit) => `${name} is larger than ${limit} MB, the app's limit.`,
  opening: (name) => `Opening ${name} …`,
  noShow: "The preview could not be loaded. Please open the photo again.",
  sending: "Sending the mask …",
  waiting: "Waiting for the photo before yours …",
  loading: "Starting …",
  working: (done, total) => (total > 1 ? `Area ${Math.min(done + 1, total)} of ${total}` : "Restoring"),
  done: (seconds, notices) => [`Done in ${seconds} s.`, ...(notices ?? [])].join("\n"),
  stopped: "Stopped.",
  restore: "Restore",
  again: "Restore again",
};
const MASK_COLOUR = "#e5006d";

const root = element.querySelector('[data-pm="root"]');
const parts = {};
for (const part of root.querySelectorAll("[data-pm]")) parts[part.dataset.pm] = part;
const canvas = parts.canvas;
const ink = canvas.getContext("2d", { willReadFrequently: true });

let limits = { max_bytes: Infinity };
let methods = [];
let photo = null; // what the server says about the open photo
let source = null; // the File or sample name it came from, to open it again
let strokes = []; // {erase, width, points: [[x, y], ...]} or {clear: true}, in canvas pixels
let undone = [];
let erasing = false;
let job = null; // {revision, began} while a mask is being worked on
let opening = 0; // counts openings, so that only the last one counts

// ---------------------------------------------------------------- server

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(`api/${path}`, { credentials: "same-origin", ...options });
  } catch {
    throw new Error(TEXT.offline);
  }
  if (answer.ok) return answer.json();
  const detail = (await answer.json().catch(() => ({}))).detail;
  throw Object.assign(new Error(detail?.message || TEXT.failed(answer.status)), { code: detail?.code });
}
const post = (path, body) => ask(path, { method: "POST", body });
const picture = (kind, mark = "") => `api/photos/${photo.id}/${kind}?r=${mark}`;

function show(image, address) {
  image.src = address;
  return image.decode().catch(() => {
    throw new Error(TEXT.noShow);
  });
}

function say(message) {
  parts["notice-text"].textContent = message || "";
  parts.notice.hidden = !message;
}

// ---------------------------------------------------------------- opening a photo

const send = (from) =>
  typeof from === "string"
    ? post(`samples/${from}`)
    : post(`photos?name=${encodeURIComponent(from.name || "pasted.png")}`, from);

async function open(from) {
  if (!from || job) return;
  const name = typeof from === "string" ? from : from.name || "the photo";
  say("");
  if (from.size > limits.max_bytes) return say(TEXT.tooLarge(name, limits.max_bytes >> 20));
  const turn = ++opening;
  parts.opening.textContent = parts.status.textContent = TEXT.opening(name);
  try {
    const opened = await send(from);
    if (turn !== opening) return;
    forget();
    photo = opened;
    source = from;
    await show(parts.before, picture("original"));
    startPainting();
    describe();
    canvas.focus({ preventScroll: true });
  } catch (error) {
    if (turn === opening) say(error.message);
  } finally {
    if (turn === opening) parts.opening.textContent = parts.status.textContent = "";
  }
}

function startPainting() {
  canvas.width = photo.view_width;
  canvas.height = photo.view_height;
  parts.frame.style.setProperty("--pm-ratio", photo.view_width / photo.view_height);
  strokes = [];
  undone = [];
  view("edit");
  painted();
}

function describe() {
  const megapixels = ((photo.width * photo.height) / 1e6).toFixed(1);
  const size = `${photo.width} × ${photo.height} pixels (${megapixels} MP)`;
  parts.facts.textContent = [photo.name, size, ...photo.notices].join(" · ");
}

function forget() {
  if (photo) navigator.sendBeacon(`api/photos/${photo.id}/close`);
  photo = null;
}

function view(name) {
  root.dataset.view = name;
  parts.restore.textContent = name === "result" ? TEXT.again : TEXT.restore;
  parts.status.textContent = "";
}

// ---------------------------------------------------------------- painting

const scale = () => canvas.width / canvas.getBoundingClientRect().width;
const at = (event) => {
  const box = canvas.getBoundingClientRect();
  return [
    ((event.clientX - box.left) * canvas.width) / box.width,
    ((event.clientY - box.top) * canvas.height) / box.height,
  ];
};

function draw(stroke, from = 0) {
  if (stroke.clear) return ink.clearRect(0, 0, canvas.width, canvas.height);
  ink.globalCompositeOperation = stroke.erase ? "destination-out" : "source-over";
  ink.strokeStyle = MASK_COLOUR;
  ink.lineWidth = stroke.width;
  ink.lineCap = ink.lineJoin = "round";
  ink.beginPath();
  ink.moveTo(...stroke.points[from]);
  for (const point of stroke.points.slice(from)) ink.lineTo(...point);
  ink.stroke();
  ink.globalCompositeOperation = "source-over";
}

function redraw() {
  ink.clearRect(0, 0, canvas.width, canvas.height);
  strokes.forEach((stroke) => draw(stroke));
  painted();
}

function painted() {
  parts.undo.disabled = !strokes.length;
  parts.redo.disabled = !undone.length;
  parts.clear.disabled = !strokes.length || Boolean(strokes.at(-1).clear);
}

function begin(point) {
  say("");
  const stroke = { erase: erasing, width: parts.size.value * scale(), points: [point] };
  strokes.push(stroke);
  undone = [];
  draw(stroke);
  painted();
  return stroke;
}

function extend(stroke, point) {
  stroke.points.push(point);
  draw(stroke, stroke.points.length - 2);
}

const undo = () => strokes.length && (undone.push(strokes.pop()), redraw());
const redo = () => undone.length && (strokes.push(undone.pop()), redraw());
const clear = () => parts.clear.disabled || (strokes.push({ clear: true }), (undone = []), redraw());

function take(tool) {
  erasing = tool === "eraser";
  parts.brush.setAttribute("aria-pressed", String(!erasing));
  parts.eraser.setAttribute("aria-pressed", String(erasing));
}

function resize(size) {
  parts.size.value = size;
  parts["size-text"].textContent = parts.size.value;
  const { value, min, max } = parts.size;
  parts.size.style.setProperty("--pm-filled", `${((value - min) / (max - min)) * 100}%`);
  parts.cursor.style.width = parts.cursor.style.height = `${parts.size.value}px`;
}

function point(x, y) {
  // In frame pixels: the ring that shows where and how wide the brush paints.
  parts.cursor.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
  parts.cursor.dataset.shown = "";
}

let pen = null; // {id, stroke} while a pointer paints
canvas.onpointerdown = (event) => {
  if (event.button || pen || job) return;
  event.preventDefault();
  canvas.focus({ preventScroll: true });
  canvas.setPointerCapture(event.pointerId);
  pen = { id: event.pointerId, stroke: begin(at(event)) };
};
canvas.onpointermove = (event) => {
  const box = canvas.getBoundingClientRect();
  point(event.clientX - box.left, event.clientY - box.top);
  if (event.pointerId !== pen?.id) return;
  const moves = event.getCoalescedEvents?.() ?? [];
  for (const move of moves.length ? moves : [event]) extend(pen.stroke, at(move));
};
canvas.onpointerup = canvas.onpointercancel = (event) => {
  if (event.pointerId === pen?.id) pen = null;
  if (event.pointerType !== "mouse") delete parts.cursor.dataset.shown;
};
canvas.onpointerleave = () => pen || delete parts.cursor.dataset.shown;

// Keys paint too: arrows move the ring, Space held down paints.
let spot = null;
let held = null;
canvas.onkeydown = (event) => {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if ((!way && event.key !== " ") || job || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  spot ??= [canvas.width / 2, canvas.height / 2];
  const step = (event.shiftKey ? 40 : 8) * scale();
  if (way) {
    spot = [
      Math.min(Math.max(spot[0] + way[0] * step, 0), canvas.width),
      Math.min(Math.max(spot[1] + way[1] * step, 0), canvas.height),
    ];
    if (held) extend(held, spot);
  } else if (!event.repeat) held = begin(spot);
  point(spot[0] / scale(), spot[1] / scale());
};
canvas.onkeyup = (event) => event.key === " " && (held = null);
canvas.onblur = () => ((held = spot = null), delete parts.cursor.dataset.shown);

// ---------------------------------------------------------------- restoring

function busy(on) {
  root.toggleAttribute("data-busy", on);
  root.setAttribute("aria-busy", String(on));
  for (const control of [parts.restore, parts.method, parts.another, parts.tools]) control.disabled = on;
  for (const name of ["continue", "back", "hold"]) parts[name].disabled = on;
  parts.restore.hidden = on;
  parts.stop.hidden = parts.bar.hidden = !on;
  parts.bar.removeAttribute("value");
}

async function restore() {
  if (!photo || job) return;
  say("");
  const mine = (job = { began: performance.now() });
  try {
    const mask = await packMask(ink.getImageData(0, 0, canvas.width, canvas.height));
    if (!mask) throw new Error(TEXT.nothing);
    busy(true);
    parts.status.textContent = TEXT.sending;
    const sent = await post(`photos/${photo.id}/mask`, mask.png).catch(async (error) => {
      // Forgotten meanwhile: open the same file again, the painting still fits.
      if (error.code !== "expired" || photo.continued) throw error;
      photo = await send(source);
      return post(`photos/${photo.id}/mask`, mask.png);
    });
    if (job !== mine) return;
    mine.revision = sent.revision;
    mine.left = mask.left;
    parts.status.textContent = TEXT.waiting;
    props.value = { id: photo.id, revision: sent.revision, method: parts.method.value };
    trigger("submit");
    askOn(mine);
  } catch (error) {
    if (job === mine) finish(error.message);
  }
}

function finish(message, status = "") {
  job = null;
  busy(false);
  parts.status.textContent = status;
  if (message) say(message);
}

async function stop() {
  const stopped = job;
  finish("", TEXT.stopped);
  if (stopped?.revision) await post(`photos/${photo.id}/stop`).catch((error) => say(error.message));
}

async function hear(news) {
  if (!job?.revision || news?.revision !== job.revision) return;
  if (news.state === "loading") parts.status.textContent = TEXT.loading;
  if (news.state === "working") {
    const seconds = Math.round((performance.now() - job.began) / 1000);
    parts.status.textContent = `${TEXT.working(news.done, news.total)} … ${seconds} s`;
    if (news.total > 1) parts.bar.value = news.done / news.total;
  }
  if (news.state === "failed") finish(news.message);
  if (news.state === "stopped") finish("", TEXT.stopped);
  if (news.state === "done") await finished(news);
}
watch("value", () => hear(props.value));

// Gradio's stream breaks when a phone sleeps or the app ends, and says nothing: ask as well.
async function askOn(mine) {
  while (job === mine) {
    await new Promise((wake) => setTimeout(wake, 3000));
    if (job !== mine) return;
    try {
      await hear(await ask(`photos/${photo.id}/news`));
    } catch (error) {
      if (job === mine) finish(error.message);
    }
  }
}

async function finished(news) {
  const mine = job;
  if (mine.showing) return;
  mine.showing = true;
  try {
    await Promise.all([
      show(parts.after, picture("result", news.revision)),
      show(parts.before, picture("original")),
    ]);
    if (job !== mine) return;
    finish("");
    view("result");
    parts.status.textContent = TEXT.done(news.seconds, news.notices);
    parts.download.href = picture("download", news.revision);
    parts.download.download = parts.filename.textContent = news.filename;
    photo.revision = news.revision;
    parts.frame.scrollIntoView({ block: "nearest" });
    uncover(Math.max(0, mine.left - 0.03) * 100);
    parts.download.focus({ preventScroll: true });
  } catch (error) {
    if (job === mine) finish(error.message);
  }
}

// ---------------------------------------------------------------- before and after

function split(percent) {
  parts.compare.value = percent;
  parts.frame.style.setProperty("--pm-split", `${percent}%`);
  parts.frame.dataset.only = percent < 12 ? "after" : percent > 88 ? "before" : "";
}

// Wipe the result in, and leave the divider just left of what was painted.
function uncover(target) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return split(target);
  const began = performance.now();
  const step = (now) => {
    const time = Math.min((now - began) / 700, 1);
    if (root.dataset.view !== "result" || parts.compare.dataset.touched) return;
    split(100 + (target - 100) * (1 - (1 - time) ** 3));
    if (time < 1) requestAnimationFrame(step);
  };
  delete parts.compare.dataset.touched;
  split(100);
  requestAnimationFrame(step);
}
parts.compare.oninput = () => {
  parts.compare.dataset.touched = "";
  split(Number(parts.compare.value));
};

function hold(on) {
  parts.frame.toggleAttribute("data-held", on);
  parts.frame.dataset.only = on ? "before" : "";
  parts.hold.setAttribute("aria-pressed", String(on));
  if (!on) split(Number(parts.compare.value));
}
parts.hold.onpointerdown = () => hold(true);
parts.hold.onpointerup = parts.hold.onpointerleave = parts.hold.onpointercancel = () => hold(false);
parts.hold.onkeydown = (event) => [" ", "Enter"].includes(event.key) && (event.preventDefault(), hold(true));
parts.hold.onkeyup = parts.hold.onblur = () => hold(false);
parts.hold.oncontextmenu = (event) => event.preventDefault();

// To the painting: of the same photo as before, or of the result.
async function paintOn(fromResult) {
  try {
    if (fromResult) {
      photo = { ...(await post(`photos/${photo.id}/continue`)), continued: true };
      await show(parts.before, picture("base", Date.now()));
      startPainting();
    } else {
      await show(parts.before, picture("base", photo.continued ? Date.now() : ""));
      view("edit");
    }
    canvas.focus({ preventScroll: true });
  } catch (error) {
    say(error.message);
  }
}

// ---------------------------------------------------------------- controls

parts.choose.onclick = parts.another.onclick = (event) => (event.stopPropagation(), parts.file.click());
parts.drop.onclick = () => parts.file.click();
parts.file.onchange = () => (open(parts.file.files[0]), (parts.file.value = ""));
parts["notice-close"].onclick = () => say("");
parts.brush.onclick = () => take("brush");
parts.eraser.onclick = () => take("eraser");
parts.size.oninput = () => resize(parts.size.value);
parts.undo.onclick = undo;
parts.redo.onclick = redo;
parts.clear.onclick = clear;
parts.restore.onclick = restore;
parts.stop.onclick = stop;
parts.continue.onclick = () => paintOn(true);
parts.back.onclick = () => paintOn(false);
parts.method.onchange = () => {
  const chosen = methods.find((method) => method.name === parts.method.value);
  parts["method-text"].textContent = chosen?.description ?? "";
};

const listen = (target, names, act) => {
  // Listeners beyond the component end with it: Gradio may mount it anew.
  const heard = (event) => (element.isConnected ? act(event) : names.forEach((name) => target.removeEventListener(name, heard)));
  names.forEach((name) => target.addEventListener(name, heard));
};

function receive(event, files) {
  const file = [...files].find((one) => one.type.startsWith("image/")) ?? files[0];
  event.preventDefault();
  if (file) open(file);
  else say(TEXT.noImage);
}
listen(document, ["paste"], (event) => {
  if (event.clipboardData?.files.length) receive(event, event.clipboardData.files);
});
listen(document, ["dragover"], (event) => {
  event.preventDefault();
  root.dataset.dragging = "";
});
listen(document, ["dragleave"], (event) => event.relatedTarget || delete root.dataset.dragging);
listen(document, ["drop"], (event) => {
  delete root.dataset.dragging;
  receive(event, event.dataTransfer.files);
});
listen(window, ["pagehide"], (event) => event.persisted || forget());

listen(document, ["keydown"], (event) => {
  if (!photo || job || event.altKey || event.target.closest?.("select, textarea, [type=text]")) return;
  const key = event.key.toLowerCase();
  const command = event.ctrlKey || event.metaKey;
  const editing = root.dataset.view === "edit";
  let act;
  if (command && editing) act = { z: event.shiftKey ? redo : undo, y: redo }[key];
  else if (!command && editing) {
    const size = Number(parts.size.value);
    act = {
      "[": () => resize(Math.round(size / 1.15) - 1),
      "]": () => resize(Math.round(size * 1.15) + 1),
      b: () => take("brush"),
      e: () => take("eraser"),
    }[key];
  }
  if (key === "enter" && !command && !event.target.closest?.("button, a")) act = restore;
  if (!act) return;
  event.preventDefault();
  act();
});

function title(name) {
  return name.replace(/(^|[-_])(\w)/g, (_, gap, letter) => gap.replace("_", " ") + letter.toUpperCase());
}

function make(tag, attributes, ...children) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children); // text stays text: names come from files
  return made;
}

async function start() {
  resize(parts.size.value);
  try {
    limits = await ask("start");
  } catch (error) {
    return say(error.message);
  }
  methods = limits.methods;
  for (const { name } of methods) parts.method.add(new Option(title(name), name));
  parts.method.onchange();
  for (const sample of limits.samples) {
    const thumbnail = make("img", { src: `api/samples/${sample.name}`, alt: "" });
    const button = make("button", { type: "button", onclick: () => open(sample.name) }, thumbnail, sample.caption);
    const credit = make("p", { className: "pm-small" }, sample.credit);
    parts["sample-list"].append(make("li", {}, button, credit));
  }
  parts.samples.hidden = !limits.samples.length;
}
start();
