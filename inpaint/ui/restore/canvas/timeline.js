// Undo and redo: every state is a picture to paint on and what is painted on it.

const MOST = 80;

export class Timeline {
  constructor() {
    this.reset(null);
  }

  // state: {base: a result's id or null for the original, bits: the mask, null if there is none}
  reset(state) {
    this.states = state ? [state] : [];
    this.at = 0;
  }

  get now() {
    return this.states[this.at];
  }

  push(base, pixels) {
    this.states.splice(this.at + 1);
    this.states.push({ base, bits: pack(pixels) });
    if (this.states.length > MOST) this.states.shift();
    this.at = this.states.length - 1;
  }

  get canUndo() {
    return this.at > 0;
  }

  get canRedo() {
    return this.at < this.states.length - 1;
  }

  // What a step would lead to, undefined if there is none.
  peek(by) {
    return this.states[this.at + by];
  }

  step(by) {
    this.at += by;
  }
}

export function pack(pixels) {
  if (!pixels) return null;
  const bits = new Uint8Array((pixels.length + 7) >> 3);
  for (let i = 0; i < pixels.length; i++) if (pixels[i]) bits[i >> 3] |= 1 << (i & 7);
  return bits;
}

export function unpack(bits, length) {
  return Uint8Array.from({ length }, (_, i) => (bits[i >> 3] >> (i & 7)) & 1);
}
