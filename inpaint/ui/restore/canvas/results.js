// Results of the open photo: their previews, and the strip of thumbnails that leads back to each.

import { fetchPicture } from "./server.js";
import { t } from "./words.js";

export class Results {
  // titles(method) is a model's name. choose(id) is called when somebody clicks a thumbnail; null is
  // the original. Beyond `most` the oldest leave.
  constructor(list, titles, choose, most) {
    Object.assign(this, { list, titles, choose, most, items: new Map() });
  }

  // Begin with a photo. What went before stays if its preview cannot be had.
  async open(photo) {
    const picture = await fetchPicture(`photos/${photo.id}/view`);
    for (const item of this.items.values()) URL.revokeObjectURL(item.picture);
    this.items.clear();
    this.list.replaceChildren();
    this.photo = photo;
    this.#put({ id: null }, t("original"), picture);
  }

  async add(result) {
    const { photo } = this;
    const picture = await fetchPicture(`photos/${photo.id}/results/${result.id}`);
    if (photo !== this.photo) return URL.revokeObjectURL(picture);
    this.#put(result, this.titles(result.method), picture);
    const [oldest] = [...this.items.keys()].filter((id) => id !== null);
    if (this.items.size - 1 > this.most) this.#drop(oldest);
  }

  has(id) {
    return this.items.has(id);
  }

  picture(id) {
    return this.items.get(id).picture;
  }

  mark(id) {
    for (const [own, { button }] of this.items) {
      if (own === id) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    this.items.get(id)?.button.scrollIntoView?.({ block: "nearest", inline: "nearest" });
  }

  #put(item, title, picture) {
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
