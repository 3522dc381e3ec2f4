/** The spellings of a secret that the runner masks besides the secret itself. */
const SPELLINGS: readonly ((value: string) => string)[] = [
  (value) => base64(value, 0),
  (value) => base64(value, 1), // base64 of something else in front of the secret: its bytes may start at any of three
  (value) => base64(value, 2),
  (value) => value.replaceAll('"', '\\"'),
  (value) => value.replaceAll("'", "''"),
  (value) => JSON.stringify(value).slice(1, -1),
  (value) => encodeURIComponent(value.toWellFormed()).replace(/[!'()*]/g, percent),
  (value) => value.replace(/[<>&"']/g, (character) => XML[character] ?? ''),
  (value) => (/^".{7,}"$/s.test(value) ? value.slice(1, -1) : ''),
];

const XML: Record<string, string> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;', "'": '&apos;' };

/** Puts `***` over everything that was declared secret, as the runner does before a line reaches the log. */
export class Masker {
  readonly #values = new Set<string>();

  /** A value of the `secrets` context: the runner trims it first. */
  addSecret(value: string): void {
    this.addMask(value.trim());
  }

  /** What `::add-mask::` declares: the whole value and each of its lines. */
  addMask(value: string): void {
    this.addValue(value);
    for (const line of value.split(/[\r\n]/)) this.addValue(line.trim());
  }

  addValue(value: string): void {
    if (value === '') return;
    this.#values.add(value);
    for (const spell of SPELLINGS) {
      const spelling = spell(value);
      if (spelling) this.#values.add(spelling);
    }
  }

  mask(text: string): string {
    let masked = '';
    let end = 0;
    for (const range of merge(this.#find(text))) {
      masked += `${text.slice(end, range.start)}***`;
      end = range.end;
    }
    return masked + text.slice(end);
  }

  #find(text: string): Range[] {
    const ranges: Range[] = [];
    for (const value of this.#values) {
      for (let start = text.indexOf(value); start >= 0; start = text.indexOf(value, start + 1)) {
        ranges.push({ start, end: start + value.length });
      }
    }
    return ranges.sort((left, right) => left.start - right.start);
  }
}

interface Range {
  readonly start: number;
  end: number;
}

/** Ranges that touch become one, so that two secrets side by side leave one `***`. */
function merge(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of ranges) {
    const last = merged.at(-1);
    if (last && range.start <= last.end) last.end = Math.max(last.end, range.end);
    else merged.push({ ...range });
  }
  return merged;
}

function base64(value: string, shift: number): string {
  const bytes = Buffer.from(value);
  return bytes.subarray(bytes.length > shift ? shift : 0).toString('base64');
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
