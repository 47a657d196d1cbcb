// Zoom and pan: the plane with photo and mask, moved and scaled inside its frame.

const MOST = 16;

export class Viewport {
  // changed(zoom) is called whenever it moves.
  constructor(frame, plane, changed) {
    Object.assign(this, { frame, plane, changed, zoom: 1, x: 0, y: 0 });
  }

  fit() {
    Object.assign(this, { zoom: 1, x: 0, y: 0 });
    this.#apply();
  }

  // Zoom by a factor, with the place at (clientX, clientY) staying where it is; the middle without.
  zoomBy(factor, clientX, clientY) {
    const box = this.frame.getBoundingClientRect();
    const zoom = Math.min(Math.max(this.zoom * factor, 1), MOST);
    const x = (clientX ?? box.left + box.width / 2) - box.left;
    const y = (clientY ?? box.top + box.height / 2) - box.top;
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

  #apply() {
    const { clientWidth: width, clientHeight: height } = this.frame;
    this.x = Math.min(0, Math.max(this.x, width * (1 - this.zoom)));
    this.y = Math.min(0, Math.max(this.y, height * (1 - this.zoom)));
    this.plane.style.transform = this.zoom === 1 ? "" : `translate(${this.x}px, ${this.y}px) scale(${this.zoom})`;
    this.changed(this.zoom);
  }
}
