// Before and after: a slider over the photo, the original while a key or button is held, and the
// wipe that uncovers a fresh result.

const WIPE_MS = 700;

export class Compare {
  // viewport: where in the frame the photo lies.
  constructor({ root, frame, plane, compare, slide, hold }, viewport) {
    Object.assign(this, { root, frame, plane, range: compare, slide, hold, viewport });
    compare.oninput = () => this.#split(Number(compare.value));
    slide.onclick = () => this.toggle();
    hold.onpointerdown = () => this.peek(true);
    hold.onpointerup = hold.onpointerleave = hold.onpointercancel = () => this.peek(false);
    hold.onkeydown = (event) => [" ", "Enter"].includes(event.key) && (event.preventDefault(), this.peek(true));
    hold.onkeyup = hold.onblur = () => this.peek(false);
    hold.oncontextmenu = (event) => event.preventDefault();
  }

  // Whether there is a result to compare with the original.
  enable(on) {
    this.slide.disabled = this.hold.disabled = !on;
    if (!on) this.toggle(false);
  }

  get on() {
    return this.root.hasAttribute("data-comparing");
  }

  toggle(on = !this.on) {
    if (on && this.slide.disabled) return;
    this.root.toggleAttribute("data-comparing", on);
    this.slide.setAttribute("aria-pressed", String(on));
    this.#split(on ? 50 : 0);
    if (on) this.range.focus({ preventScroll: true });
  }

  peek(on) {
    if (on && this.hold.disabled) return;
    this.root.toggleAttribute("data-peeking", on);
    this.hold.setAttribute("aria-pressed", String(on));
  }

  // Whatever is done next ends a wipe.
  end() {
    this.toggle(false);
    this.root.removeAttribute("data-wiping");
  }

  // The photo has moved in its frame: the line stays.
  moved() {
    this.#split(Number(this.range.value));
  }

  // From the original to the result.
  uncover() {
    if (this.on || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const began = performance.now();
    this.root.setAttribute("data-wiping", "");
    const step = (now) => {
      const time = Math.min((now - began) / WIPE_MS, 1);
      if (this.on || !this.root.hasAttribute("data-wiping")) return;
      this.#split(100 * (1 - time) ** 2);
      if (time === 1) return this.root.removeAttribute("data-wiping");
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  #split(percent) {
    this.range.value = percent;
    this.frame.style.setProperty("--pm-split", `${percent}%`);
    this.plane.style.setProperty("--pm-cut", `${this.viewport.toPlane(percent)}%`);
    this.frame.dataset.only = percent < 12 ? "after" : percent > 88 ? "before" : "";
  }
}
