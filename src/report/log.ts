import { messageOf } from '../errors.ts';
import type { StepReport } from './result.ts';
import { clip, duration, oneLine, visible } from './text.ts';
import { type WorkflowCommand, workflowCommand } from './workflow-commands.ts';

// The runner shows ten annotations a type and step, and of each 4,096 characters.
const MOST_ANNOTATIONS = 10;
const LONGEST_ANNOTATION = 4096;
const LONGEST_LINE = 2000;
const LAST_LINES = 20;

export interface LogOptions {
  /** Takes whole lines, newline included. */
  write: (text: string) => void;
  /** A step that prints nothing for so many seconds gets a line that says it still works. */
  quietSeconds?: number;
  /** Seconds on a clock that does not jump. */
  now?: () => number;
}

/** One step that has begun. */
export interface OpenStep {
  /** Ends it. `seconds` where the host's clock measured it better than this one; `note` is the cause of a failure. */
  end(outcome: StepReport['outcome'], details?: { seconds?: number; note?: string }): void;
}

interface Group {
  title: string;
  startedAt: number;
  lastLines: string[];
}

export function createLog(options: LogOptions): Log {
  return new Log(options);
}

/**
 * The job's log: steps as numbered groups with their durations, the host's lines as they come, annotations for what
 * matters. Nothing that is printed here can be a workflow command but the log's own ones, whatever the host says.
 */
export class Log {
  /** The steps so far, in the order they began; the open ones are not among them. */
  readonly steps: StepReport[] = [];
  readonly #write: (text: string) => void;
  readonly #quiet: number;
  readonly #now: () => number;
  readonly #start: number;
  readonly #annotations = new Map<WorkflowCommand, number>();
  #begun = 0;
  /** The step whose group is open: the runner knows no group within a group. */
  #group: Group | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LogOptions) {
    this.#write = options.write;
    this.#quiet = options.quietSeconds ?? 30;
    this.#now = options.now ?? (() => performance.now() / 1000);
    this.#start = this.#now();
  }

  /** Seconds since the log was made, which is the start of the run. */
  get elapsed(): number {
    return this.#now() - this.#start;
  }

  /** Runs one step in a group of its own. What `run` throws ends the step as failed and is thrown on. */
  async step<T>(name: string, title: string, run: () => Promise<T>): Promise<T> {
    const step = this.begin(name, title, 'runner');
    try {
      const value = await run();
      step.end('done');
      return value;
    } catch (error) {
      step.end('failed', { note: messageOf(error) });
      throw error;
    }
  }

  /**
   * Opens a step's group and closes the one that was open, whose step goes on. `startedAt`, in seconds of the run, is for
   * a step that began before it is shown.
   */
  begin(name: string, title: string, side: StepReport['side'], startedAt = this.elapsed): OpenStep {
    this.#close();
    this.#begun += 1;
    const numbered = `${this.#begun} ${oneLine(title, 200)}`;
    const group: Group = { title: numbered, startedAt, lastLines: [] };
    this.#group = group;
    this.#command('group', numbered);
    let ended = false;
    return {
      end: (outcome, details = {}) => {
        if (ended) return;
        ended = true;
        const seconds = details.seconds ?? this.elapsed - group.startedAt;
        const report: StepReport = { name, title, side, startedAt: group.startedAt, seconds, outcome };
        if (details.note !== undefined) report.note = details.note;
        this.steps.push(report);
        this.steps.sort((one, other) => one.startedAt - other.startedAt);
        this.#end(group, outcome, seconds, details.note);
      },
    };
  }

  /** Text of this action, one line or more. */
  info(message: string): void {
    for (const line of harmlessLines(message)) this.#line(line);
  }

  /** A line that the host printed. The mark before it also keeps problem matchers of other steps away from it. */
  remote(text: string): void {
    for (const line of harmlessLines(text)) {
      this.#group?.lastLines.push(line);
      if (this.#group !== undefined && this.#group.lastLines.length > LAST_LINES) this.#group.lastLines.shift();
      this.#line(`│ ${line}`);
    }
  }

  /** Something to know that is no problem; shown on the run's page. */
  notice(title: string, message: string): void {
    this.#annotate('notice', title, message);
  }

  /** Something to look after; shown on the run's page. */
  warning(title: string, message: string): void {
    this.#annotate('warning', title, message);
  }

  /** What failed; shown on the run's page. */
  error(title: string, message: string): void {
    this.#annotate('error', title, message);
  }

  #end(group: Group, outcome: StepReport['outcome'], seconds: number, note = ''): void {
    const failed = outcome === 'failed' || outcome === 'undo-failed';
    const time = outcome === 'skipped' ? '' : ` ${failed ? 'after' : 'in'} ${duration(seconds)}`;
    const verdict = `${outcome.replace('-', ' ')}${time}`;
    if (this.#group === group) {
      if (note !== '' && !failed) this.info(note);
      this.info(verdict);
      this.#close();
      if (!failed) return;
    }
    // A failure is told outside of its group, which the run's page folds.
    this.info(`${group.title}: ${verdict}${note === '' ? '' : `: ${note}`}`);
    if (!failed || group.lastLines.length === 0) return;
    this.info('The last lines from the host:');
    for (const line of group.lastLines) this.info(`│ ${line}`);
  }

  #close(): void {
    if (this.#group === undefined) return;
    this.#group = undefined;
    this.#command('endgroup');
  }

  #annotate(type: 'error' | 'warning' | 'notice', title: string, message: string): void {
    const issued = this.#annotations.get(type) ?? 0;
    this.#annotations.set(type, issued + 1);
    const text = harmlessLines(message).join('\n');
    if (issued < MOST_ANNOTATIONS) {
      this.#command(type, clip(text, LONGEST_ANNOTATION), { title: oneLine(title, 200) });
    } else {
      this.info(`${type}: ${oneLine(title, 200)}: ${text}`);
    }
  }

  #command(command: WorkflowCommand, message?: string, properties?: Record<string, string>): void {
    this.#line(workflowCommand(command, message, properties));
  }

  #line(line: string): void {
    this.#write(`${line}\n`);
    this.#listen();
  }

  /** Waits for the step to be quiet for a while. */
  #listen(): void {
    clearTimeout(this.#timer);
    const group = this.#group;
    if (group === undefined) return;
    this.#timer = setTimeout(() => {
      this.#line(`still at work after ${duration(this.elapsed - group.startedAt)}`);
    }, this.#quiet * 1000).unref();
  }
}

/**
 * The lines of a text, such that the runner takes none for a workflow command. It takes a line that begins with `::`
 * after white space, and one that has `##[` anywhere, and compares as .NET does: characters without a picture do not
 * count, so those go first (and a prefix of such a character would help nothing). A carriage return ends a line there.
 * `::stop-commands::` is not used: until it ends, the runner would not mask what other code asks it to mask.
 */
function harmlessLines(text: string): string[] {
  return text
    .split(/[\r\n]+/)
    .map((line) => visible(line, LONGEST_LINE))
    .filter((line) => line !== '')
    .map((line) => line.replace(/^([\s\p{M}]*:\p{M}*)(?=:)/u, '$1 ').replaceAll(/(#\p{M}*)(?=#\p{M}*\[)/gu, '$1 '));
}
