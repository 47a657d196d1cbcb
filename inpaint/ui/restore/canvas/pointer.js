// Mouse, pen, fingers and arrow keys on the canvas: they paint with the tool at hand, zoom and pan.

const MARK = "#e5006d";
const SMALL = 6; // screen pixels: a shorter drag of the rectangle or lasso was a slip

export class Pointer {
  // parts: {canvas, sketch, cursor}. on: begin() says whether one may paint now, done() that the mask
  // has changed, cancel() that it must be as before, select(points) that something was marked,
  // resize(factor) that the brush should change. size() is the brush's in screen pixels.
  constructor(parts, mask, viewport, size, on) {
    Object.assign(this, { ...parts, mask, viewport, size, on, tool: "brush" });
    this.ink = this.sketch.getContext("2d");
    this.fingers = new Map(); // pointers that are down: id -> event
    this.mark = null; // {points, erase}: what is being painted
    this.spot = null; // where arrow keys have moved the brush to
    this.panning = false; // while Space is down
    this.moving = false; // while a drag moves the photo
    const { canvas } = this;
    canvas.onpointerdown = (event) => this.#down(event);
    canvas.onpointermove = (event) => this.#move(event);
    canvas.onpointerup = canvas.onpointercancel = (event) => this.#up(event);
    canvas.onpointerleave = () => this.mark || this.#hideCursor();
    canvas.onkeydown = (event) => this.#keyDown(event);
    canvas.onkeyup = (event) => event.key === " " && this.#spaceUp();
    canvas.onblur = () => (this.#spaceUp(), (this.spot = null), this.#hideCursor());
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  get live() {
    return this.tool === "brush" || this.tool === "eraser";
  }

  // Canvas pixels a screen pixel.
  get scale() {
    return this.canvas.width / this.canvas.getBoundingClientRect().width;
  }

  #at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * this.canvas.width) / box.width,
      ((event.clientY - box.top) * this.canvas.height) / box.height,
    ];
  }

  // ------------------------------------------------------------ pointers

  #down(event) {
    if (event.button > 1 || (event.button === 1 && event.pointerType !== "mouse")) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, event);
    this.spot = null;
    if (this.fingers.size > 1) return this.abandon(); // two fingers zoom and pan
    this.moving = event.button === 1 || this.panning;
    if (!this.moving && this.on.begin()) this.#begin(this.#at(event), event.altKey);
  }

  #move(event) {
    const before = this.fingers.get(event.pointerId);
    const box = this.viewport.frame.getBoundingClientRect();
    this.#showCursor(event.clientX - box.left, event.clientY - box.top);
    if (!before) return;
    if (this.fingers.size > 1) this.#pinch(before, event);
    else if (this.moving) this.viewport.moveBy(event.clientX - before.clientX, event.clientY - before.clientY);
    else if (this.mark) {
      const moves = event.getCoalescedEvents?.() ?? [];
      this.#extend((moves.length ? moves : [event]).map((one) => this.#at(one)));
    }
    this.fingers.set(event.pointerId, event);
  }

  #up(event) {
    if (!this.fingers.delete(event.pointerId)) return;
    if (event.pointerType !== "mouse") this.#hideCursor();
    if (event.type === "pointercancel") this.abandon();
    else if (this.mark) this.#finish();
  }

  #pinch(before, now) {
    const other = [...this.fingers.values()].find((one) => one.pointerId !== now.pointerId);
    const span = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
    this.viewport.moveBy((now.clientX - before.clientX) / 2, (now.clientY - before.clientY) / 2);
    const middle = [(now.clientX + other.clientX) / 2, (now.clientY + other.clientY) / 2];
    this.viewport.zoomBy(span(now) / span(before), ...middle);
  }

  #wheel(event) {
    event.preventDefault();
    const turn = Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016));
    if (event.altKey || event.shiftKey) this.on.resize(Math.exp(-Math.sign(event.deltaY || event.deltaX) * 0.12));
    else this.viewport.zoomBy(turn, event.clientX, event.clientY);
  }

  // ------------------------------------------------------------ painting

  #begin(point, alt = false) {
    this.mark = { points: [point], erase: alt || this.tool === "eraser", width: this.size() * this.scale };
    if (this.live) this.mask.stroke([point], this.mark.width, this.mark.erase);
  }

  #extend(points) {
    const { mark } = this;
    const from = mark.points.length - 1;
    mark.points.push(...points);
    if (this.live) this.mask.stroke(mark.points, mark.width, mark.erase, from);
    else this.#draft();
  }

  // What the rectangle, the lasso or smart select would take, as a line over the photo.
  #draft() {
    const { ink, sketch, mark } = this;
    ink.clearRect(0, 0, sketch.width, sketch.height);
    ink.lineJoin = ink.lineCap = "round";
    const draw = (colour, width, dashes) => {
      Object.assign(ink, { strokeStyle: colour, lineWidth: width });
      ink.setLineDash(dashes);
      ink.beginPath();
      for (const point of this.#outline()) ink.lineTo(...point);
      if (this.tool !== "smart") ink.closePath();
      ink.stroke();
    };
    if (this.tool === "smart") return draw(MARK, mark.width / 2, []);
    draw("#000", 3 * this.scale, []);
    draw("#fff", 1.5 * this.scale, [6 * this.scale, 5 * this.scale]);
  }

  #outline() {
    const { points } = this.mark;
    if (this.tool !== "rectangle") return points;
    const [[left, top], [right, bottom]] = [points[0], points.at(-1)];
    return [[left, top], [right, top], [right, bottom], [left, bottom]];
  }

  #finish() {
    const { mark } = this;
    const outline = this.#outline();
    this.#wipe();
    if (this.tool === "smart") return this.on.select(mark.points, mark.width / 2);
    if (!this.live) {
      const spread = (axis) => Math.max(...outline.map((p) => p[axis])) - Math.min(...outline.map((p) => p[axis]));
      if (Math.max(spread(0), spread(1)) < SMALL * this.scale) return;
      this.mask.fill(outline, mark.erase);
    }
    this.on.done();
  }

  // As if what is being painted had not been begun.
  abandon() {
    if (!this.mark) return;
    this.#wipe();
    this.on.cancel();
  }

  get painting() {
    return Boolean(this.mark);
  }

  #wipe() {
    this.mark = null;
    this.ink.clearRect(0, 0, this.sketch.width, this.sketch.height);
  }

  // ------------------------------------------------------------ keys

  // Arrows move the brush, Space held down paints there; beside the mouse, Space pans.
  #keyDown(event) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if ((!way && event.key !== " ") || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const { width, height } = this.canvas;
    if (way) {
      const step = (event.shiftKey ? 40 : 8) * this.scale;
      const [x, y] = this.spot ?? [width / 2, height / 2];
      const clamp = (value, most) => Math.min(Math.max(value, 0), most);
      this.spot = [clamp(x + way[0] * step, width), clamp(y + way[1] * step, height)];
      if (this.mark) this.#extend([this.spot]);
      this.#showSpot();
    } else if (!event.repeat) {
      if (this.spot && !this.mark && this.on.begin()) this.#begin(this.spot);
      else this.panning = !this.spot;
      this.canvas.toggleAttribute("data-panning", this.panning);
    }
  }

  #spaceUp() {
    this.panning = false;
    this.canvas.removeAttribute("data-panning");
    if (this.mark && this.spot) this.#finish();
  }

  #showSpot() {
    const canvas = this.canvas.getBoundingClientRect();
    const frame = this.viewport.frame.getBoundingClientRect();
    const [x, y] = this.spot.map((value) => value / this.scale);
    this.#showCursor(x + canvas.left - frame.left, y + canvas.top - frame.top);
  }

  // ------------------------------------------------------------ the ring that shows the brush

  #showCursor(x, y) {
    const { cursor } = this;
    const size = this.live || this.tool === "smart" ? this.size() : 9;
    cursor.style.width = cursor.style.height = `${size}px`;
    cursor.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
    cursor.dataset.shown = "";
  }

  #hideCursor() {
    delete this.cursor.dataset.shown;
  }
}
