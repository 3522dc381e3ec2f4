import type { Masker } from './masker.ts';

const ANNOTATIONS_PER_LEVEL = 10; // of one step; more are in the log only
const ANNOTATION_LENGTH = 4096; // characters

export type Level = 'error' | 'warning' | 'notice';

export interface Annotation {
  readonly step: string;
  readonly level: Level;
  readonly message: string;
  /** As the command gave them (`title`, `file`, `line`, …). The runner does not mask these, so neither is it done here. */
  readonly properties: Readonly<Record<string, string>>;
}

/** The log of a job as its readers see it, masked, and beside it what the steps themselves printed. */
export class JobLog {
  readonly lines: string[] = [];
  /** Unmasked output of the steps, without `::add-mask::` lines and without the runner's own lines. */
  readonly raw: string[] = [];
  readonly annotations: Annotation[] = [];
  readonly #masker: Masker;
  readonly #debug: boolean;
  readonly #listeners = new Set<(line: string) => void>();

  constructor(masker: Masker, debug: boolean) {
    this.#masker = masker;
    this.#debug = debug;
  }

  /** Calls `listener` with every line that is written from now on; returns how to stop that. */
  listen(listener: (line: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  write(text: string): void {
    for (const line of this.#masker.mask(text).split(/\r?\n/)) {
      this.lines.push(line);
      for (const listener of this.#listeners) listener(line);
    }
  }

  debug(text: string): void {
    if (!this.#debug) return;
    for (const line of text.split(/\r?\n/)) this.write(`##[debug]${line}`);
  }

  issue(step: string, level: Level, text: string, properties: Record<string, string> = {}): void {
    const message = this.#masker.mask(text).slice(0, ANNOTATION_LENGTH);
    const earlier = this.annotations.filter((other) => other.step === step && other.level === level);
    if (earlier.length < ANNOTATIONS_PER_LEVEL) this.annotations.push({ step, level, message, properties });
    if (message) this.write(`##[${level}]${message}`);
  }
}
