// Restoring: the order goes through Gradio's queue, news come back by it and by asking.

import { ask, explained, post } from "./server.js";
import { t } from "./words.js";

const ASK_EVERY_MS = 1500;

export class Jobs {
  constructor({ props, trigger, watch }) {
    Object.assign(this, { props, trigger, current: null });
    watch("value", () => this.#hear(props.value));
  }

  get busy() {
    return Boolean(this.current);
  }

  // Restore a photo under a mask (a PNG Blob). options: {method, base, feather, context, device}.
  // news({state, ...}) is called as it goes; the promise is of the result, or null if stopped.
  run(photo, mask, options, news) {
    return new Promise((resolve, reject) => {
      const mine = (this.current = { photo, news, resolve, reject });
      const fail = (error) => this.current === mine && ((this.current = null), reject(error));
      post(`photos/${photo.id}/mask`, mask)
        .then(({ revision }) => {
          if (this.current !== mine) return;
          mine.revision = revision;
          this.props.value = { id: photo.id, revision, ...options };
          this.trigger("submit");
          this.#askOn(mine);
        })
        .catch(fail);
    });
  }

  async stop() {
    const { current } = this;
    if (!current) return;
    this.current = null;
    current.resolve(null);
    if (current.revision) await post(`photos/${current.photo.id}/stop`);
  }

  #hear(news) {
    const { current } = this;
    if (!current?.revision || news?.revision !== current.revision) return;
    if (!["done", "stopped", "failed"].includes(news.state)) return current.news(news);
    this.current = null;
    if (news.state === "failed") current.reject(explained(news));
    else current.resolve(news.result ?? null);
  }

  // Gradio's stream breaks when a phone sleeps or the app ends, and says nothing: ask as well.
  async #askOn(mine) {
    while (this.current === mine) {
      await new Promise((wake) => setTimeout(wake, ASK_EVERY_MS));
      if (this.current !== mine) return;
      try {
        this.#hear(await ask(`photos/${mine.photo.id}/news`));
      } catch (error) {
        if (this.current === mine) (this.current = null), mine.reject(error);
      }
    }
  }
}

// What a job is doing, in words.
export function describe(news) {
  if (news?.state === "waiting") return t("ahead", { ahead: news.ahead });
  if (news?.state !== "working") return t("sending");
  return news.done ? t("restored", { share: Math.floor((100 * news.done) / news.total) }) : t("restoring");
}
