// The Restore tab. Gradio mounts the component and calls start once; everything else is wired here.

import { Compare } from "./compare.js";
import { Download } from "./download.js";
import { describe, Jobs } from "./jobs.js";
import { fillSheet, isElsewhere, makeKeys, pressed } from "./keys.js";
import { isEmpty, Mask } from "./mask.js";
import { fillMenus } from "./menus.js";
import { ModelsSheet } from "./models.js";
import { decodeBits, encodeBits } from "./png.js";
import { Pointer } from "./pointer.js";
import { Results } from "./results.js";
import { receiveFiles } from "./receive.js";
import { ask, close, post, save } from "./server.js";
import { Timeline, unpack } from "./timeline.js";
import { Viewport } from "./viewport.js";
import { language, setWords, t, translate } from "./words.js";

const GROW_STEP = 3; // screen pixels
const STOP_AFTER_MS = 400; // Stop comes where Restore was: a double click means Restore
const PIXELS_FROM = 4; // screen pixels of a photo's pixel from which on one sees it as a square

// gradio: {element, props, trigger, watch} of the component.
export async function start(gradio) {
  const root = gradio.element.querySelector('[data-pm="root"]');
  const parts = {};
  for (const part of root.querySelectorAll("[data-pm]")) parts[part.dataset.pm] = part;
  let limits;
  try {
    limits = await ask(`start?lang=${language()}`);
  } catch (error) {
    root.textContent = error.message;
    return;
  }
  setWords(limits.words);
  translate(root);
  new Studio(root, parts, gradio, limits).listen();
  root.dataset.ready = "";
}

class Studio {
  constructor(root, parts, gradio, limits) {
    Object.assign(this, { root, parts, element: gradio.element, limits, photo: null, source: null, opening: 0 });
    this.mask = new Mask(parts.canvas);
    this.timeline = new Timeline();
    this.jobs = new Jobs(gradio);
    this.viewport = new Viewport(parts.frame, parts.plane, (zoom) => this.#moved(zoom));
    this.compare = new Compare({ root, ...parts }, this.viewport);
    this.pointer = new Pointer(parts, this.mask, this.viewport, () => Number(parts.size.value), {
      // With "restore as I let go" on, strokes may come quicker than results.
      begin: () => (!this.busy || (parts.auto.checked && !this.comparing)) && this.#begin(),
      done: () => this.busy || this.#changed(),
      cancel: () => this.#show(this.timeline.now),
      select: (points, width) => this.#smart(points, width),
      resize: (factor) => this.#resize(Number(parts.size.value) * factor + (factor > 1 ? 1 : -1)),
    });
    const titles = (name) => limits.methods.find((method) => method.name === name)?.title ?? name;
    this.results = new Results(parts.history, titles, (id) => this.#goTo(id), limits.most_results);
    this.download = new Download(
      {
        button: parts.download,
        format: parts.format,
        quality: parts.quality,
        qualityText: parts["quality-text"],
        qualityField: parts["quality-field"],
        strip: parts.strip,
        saved: parts.saved,
      },
      (message) => this.#say(message),
    );
    this.sheet = new ModelsSheet(
      {
        sheet: parts["models-sheet"],
        list: parts["models-list"],
        tiles: parts["models-tiles"],
        run: parts["models-run"],
        close: parts["models-close"],
      },
      {
        restore: (method, say) => this.#restoreBy(method, say),
        use: (result) => this.#goTo(result.id),
        picture: (id) => this.results.picture(id),
        stop: () => this.#stop(),
      },
    );
  }

  // ------------------------------------------------------------ opening

  get busy() {
    return this.jobs.busy || Boolean(this.ordering);
  }

  async open(from) {
    if (!from || this.busy) return;
    const { parts, limits } = this;
    const name = typeof from === "string" ? t(`opening_sample`) : from.name || t("the_photo");
    this.#say("");
    if (from.size > limits.max_bytes) return this.#say(t("error_bytes", { name, limit: limits.max_bytes >> 20 }));
    const turn = ++this.opening;
    parts.opening.textContent = parts.status.textContent = t("opening", { name });
    try {
      const photo = await this.#send(from);
      if (turn !== this.opening) return close(photo);
      if (this.busy) await this.#stop();
      this.pointer.abandon();
      await this.results.open(photo);
      if (this.photo) close(this.photo);
      Object.assign(this, { photo, source: from });
      await this.#startPainting(photo.mask);
      parts.canvas.focus({ preventScroll: true });
    } catch (error) {
      if (turn === this.opening) this.#say(error.message);
    } finally {
      if (turn === this.opening) parts.opening.textContent = parts.status.textContent = "";
    }
  }

  #send(from) {
    if (typeof from === "string") return post(`samples/${from}`);
    return post(`photos?name=${encodeURIComponent(from.name || "pasted.png")}`, from);
  }

  // mask: the address of a mask that comes with the photo, if one does.
  async #startPainting(mask) {
    const { parts, photo } = this;
    const [width, height] = [photo.view_width, photo.view_height];
    parts.original.src = this.results.picture(null);
    this.mask.resize(width, height);
    Object.assign(parts.sketch, { width, height });
    const megapixels = ((photo.width * photo.height) / 1e6).toFixed(1);
    const size = t(megapixels > 0 ? "size_of_photo" : "size_of_small_photo", { ...photo, megapixels });
    parts.facts.textContent = [photo.name, size, ...photo.notices].join(" · ");
    this.download.offer(photo);
    this.root.dataset.view = "edit";
    this.viewport.shape(width / height);
    this.compare.end();
    this.timeline.reset({ base: null, bits: null });
    await this.#show(this.timeline.now);
    if (!mask) return;
    this.mask.write(await decodeBits(mask, width, height));
    this.#changed();
  }

  // ------------------------------------------------------------ states

  get base() {
    return this.timeline.now.base;
  }

  // Show a state: its picture, and its mask.
  async #show({ base, bits }) {
    const { parts } = this;
    parts.picture.src = this.results.picture(base);
    const [width, height] = this.mask.size;
    if (bits) this.mask.write(unpack(bits, width * height));
    else this.mask.clear();
    this.results.mark(base);
    this.compare.enable(base !== null);
    parts.past.hidden = parts.saving.hidden = this.results.items.size < 2;
    this.download.result = base;
    this.#painted(Boolean(bits));
    await parts.picture.decode();
  }

  #begin() {
    this.#say("");
    this.compare.end();
    if (!this.busy) this.parts.status.textContent = "";
    return true;
  }

  // The mask has changed: a step that can be undone.
  #changed() {
    const pixels = this.mask.read();
    const empty = isEmpty(pixels);
    this.timeline.push(this.base, empty ? null : pixels);
    this.#painted(!empty);
    if (this.parts.auto.checked && !empty) this.restore();
  }

  #painted(some) {
    const { parts, timeline } = this;
    parts.undo.disabled = !timeline.canUndo;
    parts.redo.disabled = !timeline.canRedo;
    for (const name of ["clear", "grow", "shrink", "save-mask"]) parts[name].disabled = !some;
  }

  #step(by) {
    const state = this.timeline.peek(by);
    if (!this.photo || this.busy || !state) return;
    if (!this.results.has(state.base)) return this.#say(t("error_gone"));
    this.timeline.step(by);
    this.#show(state);
  }

  #goTo(id) {
    if (this.busy || id === this.base) return;
    this.timeline.push(id, null);
    this.#show(this.timeline.now);
  }

  // Change the mask by an act on it, unless nothing may change now.
  #edit(act) {
    if (!this.photo || this.busy) return;
    this.#begin();
    act();
    this.#changed();
  }

  // ------------------------------------------------------------ masks from the server

  async #ask(path, body, said) {
    const { parts, photo, base } = this;
    const isCurrent = () => photo === this.photo && base === this.base && !this.busy;
    parts.status.textContent = said;
    try {
      const answer = await post(`photos/${photo.id}/${path}`, body);
      return isCurrent() ? answer : null;
    } catch (error) {
      if (isCurrent()) this.#say(error.message);
      return null;
    } finally {
      if (isCurrent()) parts.status.textContent = "";
    }
  }

  get #fromBase() {
    return this.base === null ? "" : `?base=${encodeURIComponent(this.base)}`;
  }

  async #smart(points, width) {
    const [w, h] = this.mask.size;
    const drawn = new Mask(Object.assign(document.createElement("canvas"), { width: w, height: h }));
    drawn.stroke(points, width, false);
    const mark = await encodeBits(drawn.read(), w, h);
    const found = await this.#ask(`select${this.#fromBase}`, mark, t("selecting"));
    if (!found) return;
    const pixels = await decodeBits(found.mask, w, h);
    this.#edit(() => this.mask.add(pixels));
  }

  async #findScratches() {
    if (!this.photo || this.busy) return;
    this.#begin();
    const found = await this.#ask(`scratches${this.#fromBase}`, undefined, t("looking"));
    if (!found) return;
    if (!found.share) return this.#say(t("no_scratches"));
    const pixels = await decodeBits(found.mask, ...this.mask.size);
    this.#edit(() => this.mask.add(pixels));
    this.parts.status.textContent = t("found_scratches");
  }

  async #loadMask(file) {
    if (!file || !this.photo || this.busy) return;
    this.#say("");
    const found = await this.#ask("mask/load", file, t("opening", { name: file.name }));
    if (!found) return;
    const pixels = await decodeBits(found.mask, ...this.mask.size);
    this.#edit(() => this.mask.write(pixels));
    const notices = [found.inverted && "mask_may_be_inverted", found.turned && "mask_turned"];
    this.parts.status.textContent = notices.filter(Boolean).map((notice) => t(notice)).join("\n");
  }

  async #saveMask() {
    const [width, height] = this.mask.size;
    const png = await encodeBits(this.mask.read(), width, height);
    const made = await this.#ask("mask/file", png, t("preparing"));
    if (made) save(made);
  }

  // ------------------------------------------------------------ restoring

  async restore() {
    if (!this.photo || this.busy) return;
    const { parts } = this;
    this.#begin();
    const began = performance.now();
    const timer = setInterval(() => this.busy && this.#tell(began), 500);
    let later = null; // what was painted meanwhile
    try {
      const ordered = this.mask.read();
      const result = await this.#order(parts.method.value, (news) => {
        this.news = news;
        this.#tell(began);
      });
      if (!result) return (parts.status.textContent = t("stopped"));
      later = this.mask.read().map((painted, i) => painted & ~ordered[i]);
      if (isEmpty(later)) later = null;
      this.timeline.push(result.id, later);
      await this.#show(this.timeline.now);
      this.compare.uncover();
      parts.status.textContent = [t("took", { seconds: result.seconds }), ...result.notices].join("\n");
      parts.canvas.focus({ preventScroll: true });
    } catch (error) {
      parts.status.textContent = "";
      this.#say(error.message);
    } finally {
      clearInterval(timer);
      this.#busy(false);
    }
    if (later && parts.auto.checked && !this.pointer.painting) this.restore();
  }

  // For the sheet of models: the same mask by another one. Its result joins the others.
  async #restoreBy(method, say) {
    this.comparing = true;
    try {
      return await this.#order(method, (news) => say(describe(news)));
    } finally {
      this.comparing = false;
      this.parts.past.hidden = this.results.items.size < 2;
      this.#busy(false);
    }
  }

  async #order(method, news) {
    const { parts, photo, source } = this;
    const pixels = this.mask.read();
    if (isEmpty(pixels)) throw new Error(t("error_nothing"));
    this.news = null;
    const ordering = (this.ordering = {});
    this.#busy(true);
    const mask = await encodeBits(pixels, ...this.mask.size);
    const options = {
      method,
      base: this.base,
      feather: Number(parts.feather.value) || 0,
      context: Number(parts.context.value) || null,
      device: parts.device.value || null,
    };
    const run = (on) => (this.ordering === ordering ? this.jobs.run(on, mask, options, news) : null);
    try {
      let result;
      try {
        result = await run(photo);
      } catch (error) {
        if (error.code !== "expired" || options.base !== null || this.ordering !== ordering) throw error;
        // Forgotten meanwhile: open the same file again, the painting still fits.
        const again = await this.#send(source);
        if (this.ordering !== ordering) return close(again), null;
        this.photo = this.results.photo = again;
        result = await run(again);
      }
      if (result) await this.results.add(result);
      return result;
    } finally {
      if (this.ordering === ordering) this.ordering = null;
    }
  }

  // End what is being computed.
  async #stop() {
    this.ordering = null;
    await this.jobs.stop().catch((error) => this.#say(error.message));
  }

  #tell(began) {
    const seconds = Math.round((performance.now() - began) / 1000);
    const { parts, news } = this;
    parts.status.textContent = `${describe(news)} · ${seconds} s`;
    if (news?.done) parts.bar.value = news.done / news.total;
    else parts.bar.removeAttribute("value");
  }

  #busy(on) {
    const { root, parts } = this;
    root.toggleAttribute("data-busy", on);
    root.setAttribute("aria-busy", String(on));
    for (const name of ["method", "another", "compare-models", "invert", "scratches", "load-mask", "auto"]) parts[name].disabled = on;
    for (const button of parts.tools.querySelectorAll("button")) button.disabled = on;
    this.stoppable = performance.now() + STOP_AFTER_MS;
    parts.restore.hidden = on;
    parts.stop.hidden = parts.bar.hidden = !on;
    if (on) parts.bar.removeAttribute("value");
  }

  // ------------------------------------------------------------ controls

  #say(message) {
    this.parts["notice-text"].textContent = message || "";
    this.parts.notice.hidden = !message;
  }

  #take(tool) {
    this.pointer.tool = tool;
    for (const button of this.parts.tools.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
  }

  #moved(zoom) {
    this.parts["zoom-fit"].textContent = `${Math.round(zoom * 100)}%`;
    this.root.toggleAttribute("data-pixels", this.pointer?.scale < 1 / PIXELS_FROM);
    this.compare?.moved();
  }

  #resize(size) {
    const { size: range } = this.parts;
    range.value = size;
    this.parts["size-text"].textContent = range.value;
    const filled = ((range.value - range.min) / (range.max - range.min)) * 100;
    range.style.setProperty("--pm-filled", `${filled}%`);
  }

  #grow(way) {
    this.#edit(() => this.mask.grow(way * Math.max(1, Math.round(GROW_STEP * this.pointer.scale))));
  }

  #compareModels() {
    if (!this.photo || this.busy) return;
    const pixels = this.mask.read();
    if (isEmpty(pixels)) return this.#say(t("error_nothing"));
    this.sheet.open(this.limits.methods, pixels, ...this.mask.size);
  }

  listen() {
    const { parts, viewport } = this;
    fillMenus(parts, this.limits, (sample) => this.open(sample));
    this.#resize(parts.size.value);
    for (const button of parts.tools.querySelectorAll("button")) button.onclick = () => this.#take(button.dataset.tool);
    const clicks = {
      drop: () => parts.file.click(),
      choose: (event) => (event.stopPropagation(), parts.file.click()),
      another: () => parts.file.click(),
      "notice-close": () => this.#say(""),
      undo: () => this.#step(-1),
      redo: () => this.#step(1),
      clear: () => this.#edit(() => this.mask.clear()),
      "zoom-in": () => viewport.zoomBy(1.4),
      "zoom-out": () => viewport.zoomBy(1 / 1.4),
      "zoom-fit": () => viewport.fit(),
      help: () => parts["help-sheet"].showModal(),
      grow: () => this.#grow(1),
      shrink: () => this.#grow(-1),
      invert: () => this.#edit(() => this.mask.invert()),
      scratches: () => this.#findScratches(),
      "load-mask": () => parts["mask-file"].click(),
      "save-mask": () => this.#saveMask(),
      restore: () => this.restore(),
      stop: () => performance.now() > this.stoppable && this.#stop(),
      "compare-models": () => this.#compareModels(),
      download: () => this.download.take(this.photo),
    };
    for (const [name, act] of Object.entries(clicks)) parts[name].onclick = act;
    parts.size.oninput = () => this.#resize(parts.size.value);
    parts.file.onchange = () => (this.open(parts.file.files[0]), (parts.file.value = ""));
    parts["mask-file"].onchange = () => (this.#loadMask(parts["mask-file"].files[0]), (parts["mask-file"].value = ""));
    this.#listenToKeys(clicks);
    this.#listenToFiles();
  }

  #listenToKeys(clicks) {
    const keys = makeKeys({
      tool: (name) => () => this.#take(name),
      resize: (factor) => this.pointer.on.resize(factor),
      undo: clicks.undo,
      redo: clicks.redo,
      clear: clicks.clear,
      invert: clicks.invert,
      zoomIn: clicks["zoom-in"],
      zoomOut: clicks["zoom-out"],
      fit: clicks["zoom-fit"],
      slide: () => this.compare.toggle(),
      peek: (on) => this.compare.peek(on),
      restore: clicks.restore,
      stop: () => (this.busy ? this.#stop() : this.pointer.painting ? this.pointer.abandon() : this.compare.end()),
      help: clicks.help,
    });
    fillSheet(this.parts["help-table"], keys);
    const find = (event) => (isElsewhere(event) || event.altKey ? null : keys.find(({ key }) => key === pressed(event)));
    this.#hear(document, "keydown", (event) => {
      const found = find(event);
      if (!found?.act || !this.#visible || (!this.photo && found.key !== "?")) return;
      event.preventDefault();
      if (event.repeat && !found.repeats) return;
      if (!this.pointer.painting || found.key === "escape") found.act();
    });
    // Wherever the focus has gone meanwhile, a key that is let go is let go.
    this.#hear(document, "keyup", (event) => keys.find(({ key }) => key === event.key.toLowerCase())?.end?.());
    this.#hear(window, "blur", () => this.compare.peek(false));
  }

  // The tab is open: no other one is on the screen.
  get #visible() {
    return this.root.offsetParent !== null;
  }

  #listenToFiles() {
    const open = (file) => (file ? this.open(file) : this.#say(t("error_no_picture")));
    receiveFiles(this.root, (name, act) => this.#hear(document, name, act), () => this.#visible, open);
    this.#hear(window, "pagehide", (event) => event.persisted || (this.photo && close(this.photo)));
  }

  // Listeners beyond the component end with it: Gradio may mount it anew.
  #hear(target, name, act) {
    const heard = (event) => (this.element.isConnected ? act(event) : target.removeEventListener(name, heard));
    target.addEventListener(name, heard);
  }
}
