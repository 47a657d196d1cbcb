// Zoom and pan: the plane with photo and mask, moved and scaled inside its frame.

const MOST = 16;
const SLENDEREST = 0.4; // width over height: a taller photo, or a wider one, leaves margins
const WIDEST = 3.2;

export class Viewport {
  // changed(zoom) is called whenever it moves.
  constructor(frame, plane, changed) {
    Object.assign(this, { frame, plane, changed, zoom: 1, x: 0, y: 0, width: 0 });
    new ResizeObserver(() => this.#resized()).observe(frame);
  }

  // Lay the frame out for a photo of width over height.
  shape(ratio) {
    const held = Math.min(Math.max(ratio, SLENDEREST), WIDEST);
    const [width, height] = [Math.min(1, ratio / held), Math.min(1, held / ratio)];
    this.frame.style.setProperty("--pm-ratio", held);
    const percent = (share) => `${100 * share}%`;
    Object.assign(this.plane.style, {
      width: percent(width),
      height: percent(height),
      left: percent((1 - width) / 2),
      top: percent((1 - height) / 2),
    });
    this.fit();
  }

  fit() {
    Object.assign(this, { zoom: 1, x: 0, y: 0 });
    this.#apply();
  }

  // Zoom by a factor, with the place at (clientX, clientY) staying where it is; the middle without.
  zoomBy(factor, clientX, clientY) {
    const box = this.frame.getBoundingClientRect();
    const zoom = Math.min(Math.max(this.zoom * factor, 1), MOST);
    const x = (clientX ?? box.left + box.width / 2) - box.left - this.plane.offsetLeft;
    const y = (clientY ?? box.top + box.height / 2) - box.top - this.plane.offsetTop;
    this.x = x - ((x - this.x) * zoom) / this.zoom;
    this.y = y - ((y - this.y) * zoom) / this.zoom;
    this.zoom = zoom;
    this.#apply();
  }

  moveBy(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.#apply();
  }

  // How far across the photo, in percent, lies what is so far across the frame.
  toPlane(percent) {
    const at = (this.frame.clientWidth * percent) / 100 - this.plane.offsetLeft - this.x;
    return Math.min(Math.max((100 * at) / (this.plane.offsetWidth * this.zoom || 1), 0), 100);
  }

  #resized() {
    const { clientWidth: width } = this.frame;
    if (!width || width === this.width) return; // not on the screen
    const scale = this.width ? width / this.width : 1;
    Object.assign(this, { width, x: this.x * scale, y: this.y * scale });
    this.#apply();
  }

  #apply() {
    const { frame, plane } = this;
    this.x = held(this.x, plane.offsetLeft, plane.offsetWidth * this.zoom, frame.clientWidth);
    this.y = held(this.y, plane.offsetTop, plane.offsetHeight * this.zoom, frame.clientHeight);
    plane.style.transform = this.zoom === 1 ? "" : `translate(${this.x}px, ${this.y}px) scale(${this.zoom})`;
    this.changed(this.zoom);
  }
}

// A shift of what starts at `offset`, so that the frame stays full, or all of it in the frame.
function held(shift, offset, size, frame) {
  const slack = frame - size;
  return Math.min(Math.max(offset + shift, Math.min(0, slack)), Math.max(0, slack)) - offset;
}
