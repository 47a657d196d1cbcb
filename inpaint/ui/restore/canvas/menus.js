// What can be chosen: models, devices, samples.

import { ask } from "./server.js";
import { language, t } from "./words.js";

const GROUPS = [
  ["network", "networks"],
  ["classical", "classical"],
  ["own", "own_models"],
];

// limits: what the server tells at the start. open(name) opens a sample.
export function fillMenus(parts, limits, open) {
  fillModels(parts, limits.methods);
  parts.method.onfocus = () => refreshModels(parts, limits);
  for (const device of limits.devices) parts.device.add(new Option(t(`device_${device}`), device));
  parts["device-field"].hidden = limits.devices.length < 3; // nothing but the processor
  parts["sample-list"].append(...limits.samples.map((sample) => makeSample(sample, open)));
  parts.samples.hidden = !limits.samples.length;
}

// What was trained meanwhile can be chosen too.
async function refreshModels(parts, limits) {
  const { methods } = await ask(`start?lang=${language()}`).catch(() => limits);
  const names = (all) => all.map(({ name }) => name).join();
  if (names(methods) === names(limits.methods)) return;
  limits.methods = methods;
  const chosen = parts.method.value;
  parts.method.replaceChildren();
  fillModels(parts, methods);
  if (methods.some(({ name }) => name === chosen)) parts.method.value = chosen;
  parts.method.onchange();
}

function fillModels(parts, models) {
  for (const [kind, label] of GROUPS) {
    const group = Object.assign(document.createElement("optgroup"), { label: t(label) });
    for (const { name, title } of models.filter((one) => one.kind === kind)) group.append(new Option(title, name));
    if (group.children.length) parts.method.append(group);
  }
  parts.method.onchange = () => {
    const chosen = models.find(({ name }) => name === parts.method.value);
    parts["method-text"].textContent = chosen?.description ?? "";
  };
  parts.method.onchange();
}

function makeSample({ name, caption, credit }, open) {
  const button = Object.assign(document.createElement("button"), { type: "button", onclick: () => open(name) });
  button.append(Object.assign(new Image(), { src: `api/samples/${name}`, alt: "" }), caption);
  const thanks = Object.assign(document.createElement("p"), { className: "pm-small", textContent: credit });
  const place = document.createElement("li");
  place.append(button, thanks);
  return place;
}
