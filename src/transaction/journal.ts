/** One line of a job's journal (src/host/journal.sh): what happened to a step, and when. */
export interface JournalEntry {
  /** Centiseconds on the job's own clock: the host's uptime, which goes on through a reboot. */
  time: number;
  /** Size of the job's log when the line was written, in bytes: where among the log's lines it belongs. */
  logSize: number;
  event: JournalEvent;
  /** A step's name, or `-`. */
  step: string;
  rest: string;
}

const EVENTS = [
  'open',
  'begin',
  'session',
  'done',
  'fail',
  'undo',
  'undone',
  'undo-failed',
  'note',
  'decision',
  'verdict',
] as const;

export type JournalEvent = (typeof EVENTS)[number];

export type Verdict = 'committed' | 'rolled-back' | 'rollback-failed' | 'not-begun';

const VERDICTS: readonly string[] = ['committed', 'rolled-back', 'rollback-failed', 'not-begun'] satisfies Verdict[];

/**
 * The whole lines of a piece of journal and what is left after the last newline. A line that is none (torn by a crash
 * and closed later) is left out, as every reader on the host does.
 */
export function parseJournal(text: string): { entries: JournalEntry[]; rest: string } {
  const end = text.lastIndexOf('\n') + 1;
  const entries = text
    .slice(0, end)
    .split('\n')
    .map(parseLine)
    .filter((entry) => entry !== undefined);
  return { entries, rest: text.slice(end) };
}

function parseLine(line: string): JournalEntry | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a whole line has none; a torn one that was closed ends with one
  const match = /^(\d{1,15}) (\d{1,15}) ([a-z-]+) (-|[a-z][a-z-]*)(?: ([^\0-\x1f\x7f]*))?$/.exec(line);
  if (!match) return undefined;
  const [, time = '', logSize = '', event = '', step = '', rest = ''] = match;
  if (!isEvent(event)) return undefined;
  return { time: Number(time), logSize: Number(logSize), event, step, rest };
}

function isEvent(word: string): word is JournalEvent {
  return (EVENTS as readonly string[]).includes(word);
}

/** What a journal says about its job so far. */
export class JournalView {
  readonly entries: JournalEntry[] = [];

  add(entries: JournalEntry[]): void {
    this.entries.push(...entries);
  }

  /** The newest note of this name. */
  note(name: string): string | undefined {
    return this.notes(name).at(-1);
  }

  /** All notes of this name, oldest first. */
  notes(name: string): string[] {
    return this.entries
      .filter((entry) => entry.event === 'note' && entry.rest.startsWith(`${name} `))
      .map((entry) => entry.rest.slice(name.length + 1));
  }

  has(event: JournalEvent, step?: string): boolean {
    return this.entries.some((entry) => entry.event === event && (step === undefined || entry.step === step));
  }

  get verdict(): Verdict | undefined {
    const entry = this.entries.find(({ event }) => event === 'verdict');
    return entry && VERDICTS.includes(entry.rest) ? (entry.rest as Verdict) : undefined;
  }

  /** The first step that failed, with the reason the host gave. */
  get failure(): { step: string; reason: string } | undefined {
    const entry = this.entries.find(({ event }) => event === 'fail');
    return entry && { step: entry.step, reason: entry.rest };
  }

  /** Whether the migration failed by itself: of the database, or in the rehearsal of a copy of it. */
  get migrationFailed(): boolean {
    const { step, reason = '' } = this.failure ?? {};
    const wasEnded = /^(asked to abort|max-downtime)/.test(reason);
    return (step === 'migrate' && !wasEnded) || this.note('copy-not-migrated') !== undefined;
  }

  get decision(): string | undefined {
    return this.entries.find(({ event }) => event === 'decision')?.rest;
  }

  /**
   * From the stop's begin to the moment a hub answered again, the new one or, after a rollback, the old one.
   * `from` is in centiseconds of that clock. Undefined when nothing was stopped or nothing answered.
   */
  get downtime(): { from: number; seconds: number } | undefined {
    const stop = this.entries.find(({ event, step }) => event === 'begin' && step === 'stop');
    const up = this.verdict === 'rolled-back' ? this.note('restarted') : this.note('up');
    if (!stop || up === undefined || !/^\d+$/.test(up)) return undefined;
    return { from: stop.time, seconds: (Number(up) - stop.time) / 100 };
  }
}
