// The sheet in which several models restore the same mask, side by side.

import { boundingBox } from "./mask.js";
import { t } from "./words.js";

const CHOSEN = ["default", "telea", "navier-stokes", "vgg11"]; // at first
const TILE = 320; // pixels

export class ModelsSheet {
  // restore(method, news) gives a result or null; use(result) makes it the picture to go on with;
  // picture(id) is a result's preview; stop() ends what runs.
  constructor(parts, acts) {
    Object.assign(this, { ...parts, acts, running: false });
    this.run.onclick = () => (this.running ? this.#stop() : this.#compare());
    this.close.onclick = () => this.sheet.close();
    this.sheet.onclose = () => this.#stop();
  }

  // methods: as the server lists them. pixels: the mask.
  open(methods, pixels, width, height) {
    this.box = around(boundingBox(pixels, width, height), width, height);
    if (this.methods !== methods) this.#fill(methods);
    this.tiles.replaceChildren();
    this.#busy(false);
    this.sheet.showModal();
  }

  #fill(methods) {
    this.methods = methods;
    const labels = methods.map(({ name, title }) => {
      const label = document.createElement("label");
      const box = Object.assign(document.createElement("input"), { type: "checkbox", value: name });
      box.checked = CHOSEN.includes(name);
      label.className = "pm-check";
      label.append(box, " ", title);
      return label;
    });
    this.list.replaceChildren(this.list.querySelector("legend"), ...labels);
  }

  async #compare() {
    const chosen = this.methods.filter(({ name }) => this.list.querySelector(`input[value="${CSS.escape(name)}"]`).checked);
    if (!chosen.length) return;
    this.#busy(true);
    const tiles = chosen.map(({ title }) => this.#tile(title));
    this.tiles.replaceChildren(...tiles.map((tile) => tile.place));
    for (const [i, { name }] of chosen.entries()) {
      if (!this.running) break;
      const { said } = tiles[i];
      try {
        const result = await this.acts.restore(name, (text) => (said.textContent = text));
        if (!result) break;
        await this.#show(tiles[i], result);
      } catch (error) {
        said.textContent = error.message;
      }
      tiles[i].told = true;
    }
    for (const { told, said } of tiles) if (!told) said.textContent = t("stopped");
    this.#busy(false);
  }

  #tile(title) {
    const place = document.createElement("li");
    const head = Object.assign(document.createElement("h3"), { textContent: title });
    const [width, height] = this.#tileSize();
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    canvas.setAttribute("aria-hidden", "true");
    const said = Object.assign(document.createElement("p"), { className: "pm-small", textContent: t("waiting_turn") });
    const use = Object.assign(document.createElement("button"), { type: "button", className: "pm-button", disabled: true });
    use.textContent = t("use_this");
    place.append(head, canvas, said, use);
    return { place, canvas, said, use };
  }

  async #show({ canvas, said, use }, result) {
    const picture = new Image();
    picture.src = this.acts.picture(result.id);
    await picture.decode();
    const { left, top, width, height } = this.box;
    const ink = canvas.getContext("2d");
    ink.imageSmoothingQuality = "high";
    ink.drawImage(picture, left, top, width, height, 0, 0, canvas.width, canvas.height);
    said.textContent = t("took", { seconds: result.seconds });
    use.disabled = false;
    use.onclick = async () => {
      if (this.running) await this.#stop();
      this.sheet.close();
      this.acts.use(result);
    };
  }

  #tileSize() {
    const most = Math.max(this.box.width, this.box.height);
    return [(this.box.width / most) * TILE, (this.box.height / most) * TILE].map((side) => Math.max(1, Math.round(side)));
  }

  async #stop() {
    if (!this.running) return;
    this.#busy(false);
    await this.acts.stop();
  }

  #busy(on) {
    this.running = on;
    this.run.textContent = t(on ? "stop" : "compare_run");
  }
}

// The mask's rectangle with surroundings as wide as itself, inside the picture.
function around({ left, top, width, height }, most, highest) {
  const margin = Math.max(24, Math.round(Math.max(width, height) * 0.5));
  const [x, y] = [Math.max(0, left - margin), Math.max(0, top - margin)];
  return {
    left: x,
    top: y,
    width: Math.min(most, left + width + margin) - x,
    height: Math.min(highest, top + height + margin) - y,
  };
}
