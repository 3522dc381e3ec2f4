import { stripVTControlCharacters } from 'node:util';

// Characters without a picture: controls, formats (zero width, bidi), private, unassigned, lone surrogates, fillers.
const UNSEEN = /[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/gu;

/** At most `most` UTF-16 units of a text, cut at a space where there is one, and `…` in place of what was cut. */
export function clip(text: string, most: number): string {
  if (text.length <= most) return text;
  const space = text.lastIndexOf(' ', most - 1);
  const cut = text.slice(0, space > most / 2 ? space : most - 1);
  return `${cut.replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/**
 * Text from anywhere as one line of visible characters, inner spaces kept: no escape sequence, no control, no invisible
 * character; at most `most` UTF-16 units.
 */
export function visible(text: string, most = 1000): string {
  // Cutting first bounds the work; four units for each shown one leave room for escape sequences.
  const bounded = text.slice(0, most * 4);
  const shown = stripVTControlCharacters(bounded).replaceAll(/\s/g, ' ').replaceAll(UNSEEN, '').trimEnd();
  return clip(bounded.length < text.length ? `${shown}…` : shown, most);
}

/** The same with every run of white space as one space. */
export function oneLine(text: string, most = 1000): string {
  return visible(text.replaceAll(/\s+/g, ' '), most).replaceAll(/ {2,}/g, ' ').trim();
}

/** Seconds as people and outputs are told them, in whole tenths; rounded in one place, so that all say the same. */
export function tenths(seconds: number): number {
  return Math.round(Math.max(0, Number.isFinite(seconds) ? seconds : 0) * 10) / 10;
}

/** Seconds for people: `0.4 s`, `7.4 s`, `1 min 12 s`, `1 h 3 min`. */
export function duration(seconds: number): string {
  const rounded = tenths(seconds);
  if (rounded < 60) return `${rounded.toFixed(1)} s`;
  const whole = Math.round(rounded);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
  return rest > 0 ? `${minutes} min ${rest} s` : `${minutes} min`;
}

/** Bytes for people, in powers of 1024: `812 bytes`, `1.2 MiB`. */
export function size(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}

/** How many of what: `1 server`, `3 servers`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
