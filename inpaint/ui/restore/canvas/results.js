// Results of the open photo: their previews, and the strip of thumbnails that leads back to each.

import { fetchPicture } from "./server.js";
import { t } from "./words.js";

export class Results {
  // titles(method) is a model's name. choose(id) is called when somebody clicks a thumbnail; null is
  // the original. Beyond `most` the oldest leave.
  constructor(list, titles, choose, most) {
    Object.assign(this, { list, titles, choose, most, items: new Map() });
  }

  async open(photo) {
    this.close();
    this.photo = photo;
    await this.#add({ id: null }, t("original"));
  }

  close() {
    for (const { picture } of this.items.values()) URL.revokeObjectURL(picture);
    this.items.clear();
    this.list.replaceChildren();
  }

  async add(result) {
    await this.#add(result, this.titles(result.method));
    const [oldest] = [...this.items.keys()].filter((id) => id !== null);
    if (this.items.size - 1 > this.most) this.#drop(oldest);
  }

  has(id) {
    return this.items.has(id);
  }

  picture(id) {
    return this.items.get(id).picture;
  }

  get(id) {
    return this.items.get(id);
  }

  mark(id) {
    for (const [own, { button }] of this.items) {
      if (own === id) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    this.items.get(id)?.button.scrollIntoView?.({ block: "nearest", inline: "nearest" });
  }

  async #add(item, title) {
    const { photo } = this;
    const path = item.id === null ? `photos/${photo.id}/view` : `photos/${photo.id}/results/${item.id}`;
    const picture = await fetchPicture(path);
    if (photo !== this.photo) return URL.revokeObjectURL(picture);
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.append(Object.assign(new Image(), { src: picture, alt: "" }), title);
    button.onclick = () => this.choose(item.id);
    const place = document.createElement("li");
    place.append(button);
    this.list.append(place);
    this.items.set(item.id, { ...item, picture, button });
  }

  #drop(id) {
    const { picture, button } = this.items.get(id);
    URL.revokeObjectURL(picture);
    button.parentElement.remove();
    this.items.delete(id);
  }
}
