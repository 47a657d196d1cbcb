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

  // For a photo that was opened: what it can be saved as.
  offer(photo) {
    const own = SHOWN[photo.format] ?? photo.format ?? "PNG";
    const options = FORMATS.map((format) => new Option(SHOWN[format] ?? format, format));
    this.format.replaceChildren(new Option(t("own_format", { format: own }), ""), ...options);
    this.saved.textContent = "";
    this.#change();
  }

  forget() {
    this.saved.textContent = "";
  }

  async take(photo, result) {
    this.saved.textContent = t("preparing");
    this.button.disabled = true;
    try {
      const format = this.format.value || null;
      const quality = WITH_QUALITY.includes(format) ? Number(this.quality.value) : null;
      const wish = { format, quality, strip: this.strip.checked };
      const made = await postJson(`photos/${photo.id}/results/${result}/file`, wish);
      save(made);
      this.saved.textContent = [`${made.filename} · ${size(made.bytes)}`, ...made.notices].join("\n");
    } catch (error) {
      this.saved.textContent = "";
      this.say(error.message);
    } finally {
      this.button.disabled = false;
    }
  }

  #change() {
    this.qualityField.hidden = !WITH_QUALITY.includes(this.format.value);
  }
}

function size(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
