// What is painted: the mask canvas, and all that changes it.

const COLOUR = "#e5006d";
const INK = 0xff6d00e5; // the same as a little-endian pixel
const FAR = 30000;

export class Mask {
  constructor(canvas) {
    this.canvas = canvas;
    this.ink = canvas.getContext("2d", { willReadFrequently: true });
  }

  resize(width, height) {
    Object.assign(this.canvas, { width, height });
  }

  get size() {
    return [this.canvas.width, this.canvas.height];
  }

  clear() {
    this.ink.clearRect(0, 0, ...this.size);
  }

  // One byte a pixel, 1 = painted.
  read() {
    const { data } = this.ink.getImageData(0, 0, ...this.size);
    const pixels = new Uint8Array(data.length / 4);
    for (let i = 0, at = 3; i < pixels.length; i++, at += 4) pixels[i] = data[at] > 127 ? 1 : 0;
    return pixels;
  }

  write(pixels) {
    const picture = this.ink.createImageData(...this.size);
    const out = new Uint32Array(picture.data.buffer);
    for (let i = 0; i < out.length; i++) if (pixels[i]) out[i] = INK;
    this.ink.putImageData(picture, 0, 0);
  }

  // Paint, or erase, along a line of [x, y]s; `from` is where what is new begins.
  stroke(points, width, erase, from = 0) {
    const { ink } = this;
    Object.assign(ink, { strokeStyle: COLOUR, lineWidth: width, lineCap: "round", lineJoin: "round" });
    this.#with(erase, () => {
      trace(ink, points.slice(from));
      ink.stroke();
    });
  }

  // Paint, or erase, what a closed line surrounds.
  fill(points, erase) {
    this.ink.fillStyle = COLOUR;
    this.#with(erase, () => {
      trace(this.ink, points);
      this.ink.fill();
    });
  }

  add(pixels) {
    const own = this.read();
    for (let i = 0; i < own.length; i++) own[i] |= pixels[i];
    this.write(own);
  }

  invert() {
    this.write(this.read().map((painted) => 1 - painted));
  }

  // By so many pixels; fewer than 0 shrinks.
  grow(pixels) {
    const shrinking = pixels < 0;
    const own = this.read();
    if (shrinking) own.forEach((painted, i) => (own[i] = 1 - painted));
    const near = distances(own, ...this.size);
    for (let i = 0; i < own.length; i++) own[i] = near[i] <= 3 * Math.abs(pixels) ? 1 : 0;
    if (shrinking) own.forEach((painted, i) => (own[i] = 1 - painted));
    this.write(own);
  }

  #with(erase, act) {
    this.ink.globalCompositeOperation = erase ? "destination-out" : "source-over";
    act();
    this.ink.globalCompositeOperation = "source-over";
  }
}

export const isEmpty = (pixels) => !pixels.includes(1);

// The rectangle around what is painted: {left, top, width, height}.
export function boundingBox(pixels, width, height) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++)
      if (pixels[i]) {
        left = Math.min(left, x);
        right = Math.max(right, x);
        top = Math.min(top, y);
        bottom = y;
      }
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

function trace(ink, points) {
  ink.beginPath();
  ink.moveTo(...points[0]);
  for (const point of points) ink.lineTo(...point);
}

// To the nearest painted pixel, three a pixel: chamfer distances (Borgefors, 1986).
function distances(pixels, width, height) {
  const far = new Uint16Array(pixels.length);
  for (let i = 0; i < far.length; i++) far[i] = pixels[i] ? 0 : FAR;
  const reach = (x, y, steps) => {
    const i = y * width + x;
    let least = far[i];
    for (const [dx, dy, cost] of steps) {
      if (x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height) continue;
      least = Math.min(least, far[i + dy * width + dx] + cost);
    }
    far[i] = least;
  };
  const before = [[-1, 0, 3], [-1, -1, 4], [0, -1, 3], [1, -1, 4]];
  const after = before.map(([dx, dy, cost]) => [-dx, -dy, cost]);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) reach(x, y, before);
  for (let y = height; y--; ) for (let x = width; x--; ) reach(x, y, after);
  return far;
}
