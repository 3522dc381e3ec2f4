import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { FOLLOW, JOB, SIGNAL } from '../host/programs.ts';
import type { PayloadFile } from '../ssh/phase.ts';
import { type JournalEntry, JournalView, parseJournal } from './journal.ts';
import type { Link } from './link.ts';

/** Where following stopped: a verdict was given, the entry waited for was written, or nobody is at work on the job. */
export type FollowEnd = 'verdict' | 'until' | 'dead';

/** What is seen of a job as it goes on. */
export interface Watcher {
  onEntry(entry: JournalEntry): void;
  /** Text the steps printed, as it comes. */
  onLog(text: string): void;
  onLost?(error: Error): void;
}

/** A job on the host, which owns it: the runner starts it, follows it and tells it things, and may come and go. */
export class Job {
  readonly directory: string;
  readonly view = new JournalView();
  readonly #link: Link;
  /** Bytes of journal and log seen so far: a new connection goes on from there. */
  readonly #seen = { journal: 0, log: 0 };
  #torn = '';
  /** A character may come in two pieces, and on two connections. */
  readonly #decoders = { journal: new StringDecoder('utf8'), log: new StringDecoder('utf8') };
  /** What came and is not shown yet: an entry waits for the log of before it. */
  #entries: JournalEntry[] = [];
  #log = Buffer.alloc(0);
  #shown = 0;
  /** The entry that the watcher of now is shown as its last: what follows is for the next one. */
  #last = '';
  #isOver = false;

  constructor(link: Link, directory: string) {
    this.#link = link;
    this.directory = directory;
  }

  /**
   * Ships the programs and starts the executor. Starting it again attaches to the same job, so a connection lost in the
   * middle does no harm. `parameters` may hold the secret HEALTH_TOKEN, which the host keeps apart and removes at the end.
   */
  async begin(parameters: Record<string, string>, payload?: () => AsyncIterable<PayloadFile>): Promise<void> {
    // begin.sh takes the secret from the first line.
    const all = { HEALTH_TOKEN: '', ...parameters, JOB: this.directory, HUB_ENV: `${this.directory}/hub.env` };
    await this.#link.again(() =>
      this.#link.run({
        script: 'begin.sh',
        programs: JOB,
        parameters: all,
        ...(payload ? { payload: payload() } : {}),
      }),
    );
  }

  /**
   * Follows the job until its verdict, or until `until` (`<event> <step>`) stands in its journal; what comes after that is
   * shown to whoever follows it next. A lost connection is made again and nothing is shown twice or left out. An executor
   * that died is started again once it was missed.
   */
  async follow(watcher: Watcher, until?: `${string} ${string}`, signal?: AbortSignal): Promise<FollowEnd> {
    this.#last = until ?? '';
    this.#isOver = false;
    for (let restarts = 0; ; restarts += 1) {
      const end = await this.#link.again(
        () => this.#followOnce(watcher, until ?? '', signal),
        (error) => watcher.onLost?.(error),
      );
      if (end !== 'dead' || restarts === 3) return end;
      await this.tell('launch', '');
    }
  }

  /**
   * Tells the job something: `go` ends its hold, `commit` and `abort` decide it, `cancel` is an abort that a hub verified
   * already does not heed, `launch` starts a dead executor again, `walk-back` lets a way back that failed go on. Returns the
   * decision as it stands then, which may be somebody else's.
   */
  async tell(what: 'go' | 'commit' | 'abort' | 'cancel' | 'launch' | 'walk-back', reason: string): Promise<string> {
    const parameters = { JOB: this.directory, SIGNAL: what, REASON: reason };
    const answer = await this.#link.again(() => this.#link.run({ script: 'signal.sh', programs: SIGNAL, parameters }));
    return answer.trim();
  }

  async #followOnce(watcher: Watcher, until: string, signal?: AbortSignal): Promise<FollowEnd> {
    let end: FollowEnd | undefined;
    const frames = new Frames({
      log: (bytes) => {
        this.#seen.log += bytes.length;
        this.#log = Buffer.concat([this.#log, bytes]);
        this.#show(watcher);
      },
      journal: (bytes) => {
        this.#seen.journal += bytes.length;
        const { entries, rest } = parseJournal(this.#torn + this.#decoders.journal.write(bytes));
        this.#torn = rest;
        this.view.add(entries);
        this.#entries.push(...entries);
        this.#show(watcher);
      },
      end: (word) => {
        end = word;
      },
    });
    await this.#link.run({
      script: 'follow.sh',
      programs: FOLLOW,
      parameters: {
        JOB: this.directory,
        UNTIL: until,
        JOURNAL_OFFSET: String(this.#seen.journal),
        LOG_OFFSET: String(this.#seen.log),
      },
      stdout: frames,
      ...(signal ? { signal } : {}),
    });
    if (end !== 'until') {
      // Nobody follows it any further: what came in one look with the awaited entry is shown, too.
      this.#last = '';
      this.#isOver = false;
    }
    this.#show(watcher);
    return end ?? 'dead';
  }

  /** Hands on what came, each entry where it stands among the log's lines. */
  #show(watcher: Watcher): void {
    while (!this.#isOver && (this.#entries[0] || this.#log.length > 0)) {
      const [entry] = this.#entries;
      const before = entry ? entry.logSize - this.#shown : this.#log.length;
      if (entry && before <= 0) {
        this.#entries.shift();
        watcher.onEntry(entry);
        this.#isOver = `${entry.event} ${entry.step}` === this.#last;
        continue;
      }
      if (this.#log.length === 0) return;
      const part = this.#log.subarray(0, before);
      this.#log = this.#log.subarray(part.length);
      this.#shown += part.length;
      watcher.onLog(this.#decoders.log.write(part));
    }
  }
}

interface FrameHandlers {
  log(bytes: Buffer): void;
  journal(bytes: Buffer): void;
  end(word: FollowEnd): void;
}

/**
 * The output of follow.sh: `journal <length>\n` or `log <length>\n` and that many bytes, at last `end <word>\n`. Bytes
 * are handed on as they come, so a cut connection loses only what was not received.
 */
class Frames extends Writable {
  readonly #handlers: FrameHandlers;
  #header = '';
  #open: { name: 'journal' | 'log'; left: number } | undefined;

  constructor(handlers: FrameHandlers) {
    super();
    this.#handlers = handlers;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    try {
      this.#take(chunk);
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  #take(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#open) {
        const part = chunk.subarray(at, at + this.#open.left);
        at += part.length;
        this.#open.left -= part.length;
        this.#handlers[this.#open.name](part);
        if (this.#open.left === 0) this.#open = undefined;
        continue;
      }
      const newline = chunk.indexOf(10, at);
      const stop = newline === -1 ? chunk.length : newline;
      this.#header += chunk.toString('latin1', at, stop);
      at = stop + 1;
      if (newline === -1 && this.#header.length <= 64) return;
      this.#header = this.#read(this.#header);
    }
  }

  #read(header: string): '' {
    const frame = /^(journal|log) (\d{1,15})$/.exec(header);
    const end = /^end (verdict|until|dead)$/.exec(header);
    if (frame) this.#open = { name: frame[1] as 'journal' | 'log', left: Number(frame[2]) };
    else if (end) this.#handlers.end(end[1] as FollowEnd);
    else throw new Error('The host did not follow its own protocol.');
    return '';
  }
}
