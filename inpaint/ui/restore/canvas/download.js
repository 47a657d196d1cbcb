// Taking the result home: in the photo's own format, or in another with a quality.

import { postJson, save } from "./server.js";
import { t } from "./words.js";

const FORMATS = ["PNG", "JPEG", "WEBP"];
const WITH_QUALITY = ["JPEG", "WEBP"];
const SHOWN = { WEBP: "WebP", TIFF: "TIFF", AVIF: "AVIF" };

export class Download {
  // say(message) shows what went wrong.
  constructor(parts, say) {
    Object.assign(this, { ...parts, say });
    this.format.onchange = () => this.#change();
    this.quality.oninput = () => (this.qualityText.textContent = this.quality.value);
  }

  // What can be taken home: a result, or nothing (null).
  set result(result) {
    this.current = result;
    this.button.disabled = this.format.disabled = result === null;
    this.saved.textContent = "";
  }

  // For a photo that was opened: what it can be saved as.
  offer(photo) {
    const own = SHOWN[photo.format] ?? photo.format ?? "PNG";
    const fitting = FORMATS.filter((format) => format !== "JPEG" || !photo.transparent);
    const options = fitting.map((format) => new Option(SHOWN[format] ?? format, format));
    this.format.replaceChildren(new Option(t("own_format", { format: own }), ""), ...options);
    this.#change();
  }

  async take(photo) {
    const result = this.current;
    this.saved.textContent = t("preparing");
    this.button.disabled = true;
    try {
      const format = this.format.value || null;
      const quality = WITH_QUALITY.includes(format) ? Number(this.quality.value) : null;
      const wish = { format, quality, strip: this.strip.checked };
      const made = await postJson(`photos/${photo.id}/results/${result}/file`, wish);
      save(made);
      if (result === this.current)
        this.saved.textContent = [`${made.filename} · ${size(made.bytes)}`, ...made.notices].join("\n");
    } catch (error) {
      if (result === this.current) this.saved.textContent = "";
      this.say(error.message);
    } finally {
      this.button.disabled = this.current === null;
    }
  }

  #change() {
    this.qualityField.hidden = !WITH_QUALITY.includes(this.format.value);
  }
}

function size(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
