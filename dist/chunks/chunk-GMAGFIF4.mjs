import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  __name
} from "./chunk-MY7DWCCO.mjs";

// src/report/text.ts
import { stripVTControlCharacters } from "node:util";
var UNSEEN = /[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/gu;
function clip(text, most) {
  if (text.length <= most) return text;
  const space = text.lastIndexOf(" ", most - 1);
  const cut = text.slice(0, space > most / 2 ? space : most - 1);
  return `${cut.replace(/[\uD800-\uDBFF]$/, "")}\u2026`;
}
__name(clip, "clip");
function visible(text, most = 1e3) {
  const bounded = text.slice(0, most * 4);
  const shown = stripVTControlCharacters(bounded).replaceAll(/\s/g, " ").replaceAll(UNSEEN, "").trimEnd();
  return clip(bounded.length < text.length ? `${shown}\u2026` : shown, most);
}
__name(visible, "visible");
function oneLine(text, most = 1e3) {
  return visible(text.replaceAll(/\s+/g, " "), most).replaceAll(/ {2,}/g, " ").trim();
}
__name(oneLine, "oneLine");
function tenths(seconds) {
  return Math.round(Math.max(0, Number.isFinite(seconds) ? seconds : 0) * 10) / 10;
}
__name(tenths, "tenths");
function duration(seconds) {
  const rounded = tenths(seconds);
  if (rounded < 60) return `${rounded.toFixed(1)} s`;
  const whole = Math.round(rounded);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
  return rest > 0 ? `${minutes} min ${rest} s` : `${minutes} min`;
}
__name(duration, "duration");
function size(bytes) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}
__name(size, "size");
function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
__name(count, "count");

export {
  clip,
  visible,
  oneLine,
  tenths,
  duration,
  size,
  count
};
