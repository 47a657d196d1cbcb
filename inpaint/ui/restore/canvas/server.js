// The app's own routes. Addresses are relative to the page, so that a proxy may show it anywhere.

import { t } from "./words.js";

const address = (path) => new URL(`api/${path}`, document.baseURI);

// The answer as JSON. What went wrong is thrown as an Error in the visitor's words, with its code.
export async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(address(path), { credentials: "same-origin", ...options });
  } catch {
    throw new Error(t("error_offline"));
  }
  if (answer.ok) return answer.json();
  const detail = (await answer.json().catch(() => ({}))).detail ?? {};
  throw explained(detail, answer.status);
}

export const post = (path, body) => ask(path, { method: "POST", body });

export const postJson = (path, value) =>
  ask(path, { method: "POST", body: JSON.stringify(value), headers: { "Content-Type": "application/json" } });

// A picture as a blob: address that stays valid until it is revoked.
export async function fetchPicture(path) {
  const answer = await fetch(address(path), { credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok) throw new Error(t("error_picture"));
  return URL.createObjectURL(await answer.blob());
}

// Hand a kept file to the browser's downloads.
export function save({ file, filename }) {
  const link = Object.assign(document.createElement("a"), { href: address(`files/${file}?save=1`), download: filename });
  document.body.append(link);
  link.click();
  link.remove();
}

export const close = (photo) => navigator.sendBeacon(address(`photos/${photo.id}/close`));

// Codes that the app words itself; whatever else the server says comes as it is.
export function explained({ code, message }, status = "") {
  const known = ["expired", "nothing", "memory", "broken"].includes(code);
  const text = known ? t(`error_${code}`) : message || t("error_failed", { status });
  return Object.assign(new Error(text), { code });
}
