import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { until } from '../../bench/hub/run.ts';
import { ConnectionLost } from '../../src/ssh/connection.ts';
import type { Phase } from '../../src/ssh/phase.ts';
import { shellAssignments } from '../../src/ssh/quote.ts';
import { Job, type Watcher } from '../../src/transaction/job.ts';
import { parseJournal } from '../../src/transaction/journal.ts';
import { Link } from '../../src/transaction/link.ts';
import { copyPrograms, type HostPrograms, SHELLS, type Shell, shellCommand } from '../host/programs.ts';
import { inEnvironment, runProgram } from '../host/support.ts';

const directory = mkdtempSync(join(tmpdir(), 'job '));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const programsOf = { dash: copyPrograms(directory, 'dash'), busybox: copyPrograms(directory, 'busybox') };

const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

/** A way to a host that needs no host: `answer` writes what the phase prints, or throws as a connection does. */
class LocalLink extends Link {
  readonly #answer: (phase: Omit<Phase, 'become'>) => Promise<string>;

  constructor(answer: (phase: Omit<Phase, 'become'>) => Promise<string>) {
    super({ host: '', port: 0, username: '', privateKey: '', trust: { fingerprints: [] }, connectTimeout: 1 });
    this.#answer = answer;
  }

  override run(phase: Omit<Phase, 'become'>): Promise<string> {
    return this.#answer(phase);
  }

  /** Without the pauses of a real one. */
  override async again<T>(work: () => Promise<T>, onLost: (error: Error) => void = () => {}): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        onLost(error);
      }
    }
  }
}

/** What was shown, text that came in one go or in many alike. */
class Screen implements Watcher {
  shown: string[] = [];
  lost = 0;

  onEntry({ time, logSize, event, step, rest }: Parameters<Watcher['onEntry']>[0]): void {
    this.shown.push(`[${time} ${logSize} ${event} ${step} ${rest}]`, '');
  }

  onLog(text: string): void {
    this.shown.push((this.shown.pop() ?? '') + text);
  }

  onLost(): void {
    this.lost += 1;
  }

  get text(): string[] {
    return this.shown.filter((each) => each !== '');
  }
}

/** Hands a phase what the host prints. */
async function print(
  phase: Omit<Phase, 'become'>,
  output: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<string> {
  if (!phase.stdout) throw new Error('The phase does not stream.');
  await pipeline(Readable.from(output, { objectMode: false }), phase.stdout);
  return '';
}

/** Pieces of random sizes. */
function pieces(bytes: Buffer, places: number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((place, index) => bytes.subarray(at[index], place));
}

/** What a journal and its log look like on the screen: each entry after as much of the log as it names. */
function ideal(journal: string, log: Buffer): string[] {
  const screen = new Screen();
  let shown = 0;
  const decoder = new TextDecoder();
  for (const entry of parseJournal(journal).entries) {
    screen.onLog(decoder.decode(log.subarray(shown, entry.logSize), { stream: true }));
    shown = Math.max(shown, Math.min(entry.logSize, log.length));
    screen.onEntry(entry);
  }
  screen.onLog(decoder.decode(log.subarray(shown), { stream: true }));
  return screen.text;
}

const unicode = fc.string({ unit: 'binary', maxLength: 12 });

/** A job's life: lines of the log and entries of the journal, in turn. */
const life = fc.array(
  fc.oneof(
    unicode.map((text) => ({ log: `${text}\n` })),
    unicode.map((text) => ({ note: text.replaceAll(/\p{Cc}/gu, '') })),
  ),
  {
    minLength: 1,
    maxLength: 12,
  },
);

/** The frames that follow.sh sends when it looks after every so many events. */
function frames(
  events: { log?: string; note?: string }[],
  looks: boolean[],
): { output: Buffer; journal: string; log: Buffer } {
  let [journal, log] = ['', Buffer.alloc(0)];
  let [sentJournal, sentLog] = [0, 0];
  const output: Buffer[] = [];
  const look = () => {
    const bytes = Buffer.from(journal);
    if (bytes.length > sentJournal)
      output.push(Buffer.from(`journal ${bytes.length - sentJournal}\n`), bytes.subarray(sentJournal));
    if (log.length > sentLog) output.push(Buffer.from(`log ${log.length - sentLog}\n`), log.subarray(sentLog));
    [sentJournal, sentLog] = [bytes.length, log.length];
  };
  for (const [index, { log: text, note }] of events.entries()) {
    if (text !== undefined) log = Buffer.concat([log, Buffer.from(text)]);
    else journal += `${index} ${log.length} note stage ${note}\n`;
    if (looks[index]) look();
  }
  look();
  output.push(Buffer.from('end verdict\n'));
  return { output: Buffer.concat(output), journal, log };
}

describe('follow', () => {
  it('shows the same, in the order of the journal, wherever the stream is cut into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        life,
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        async (events, looks, places) => {
          const { output, journal, log } = frames(events, looks);
          const link = new LocalLink((phase) => print(phase, pieces(output, places)));
          const screen = new Screen();
          expect(await new Job(link, '/job').follow(screen)).toBe('verdict');
          expect(screen.text).toEqual(ideal(journal, log));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('shows an entry as soon as it is there, whether or not a line of the log follows', async () => {
    const screen = new Screen();
    async function* output() {
      yield Buffer.from('journal 16\n1 0 begin stage\n');
      await until('it is not shown', 5, () => screen.text.length > 0);
      expect(screen.text).toEqual(['[1 0 begin stage ]']);
      yield Buffer.from('end until\n');
    }
    const link = new LocalLink((phase) => print(phase, output()));
    expect(await new Job(link, '/job').follow(screen, 'begin stage')).toBe('until');
  });

  it('shows what comes after the awaited entry to whoever follows the job next', async () => {
    const [first, second] = [new Screen(), new Screen()];
    const job = new Job(new LocalLink((phase) => print(phase, [Buffer.from(answers.shift() ?? '')])), '/job');
    const answers = [
      'journal 49\n1 0 begin stage\n2 2 done stage\n3 2 begin migrate\nlog 4\na\nb\nend until\n',
      'journal 17\n4 4 done migrate\nend verdict\n',
    ];
    expect(await job.follow(first, 'done stage')).toBe('until');
    expect(first.text).toEqual(['[1 0 begin stage ]', 'a\n', '[2 2 done stage ]']);
    expect(await job.follow(second)).toBe('verdict');
    expect(second.text).toEqual(['[3 2 begin migrate ]', 'b\n', '[4 4 done migrate ]']);
  });

  it('shows all of a job that is over by the time that the awaited entry is seen', async () => {
    const screen = new Screen();
    const answer = 'journal 59\n1 0 begin confirm\n2 0 done confirm\n3 2 verdict - committed\nlog 2\na\nend verdict\n';
    const job = new Job(new LocalLink((phase) => print(phase, [Buffer.from(answer)])), '/job');
    expect(await job.follow(screen, 'begin confirm')).toBe('verdict');
    expect(screen.text).toEqual(['[1 0 begin confirm ]', '[2 0 done confirm ]', 'a\n', '[3 2 verdict - committed]']);
  });

  it.each([
    'jornal 3\nabc',
    'journal -1\n',
    'journal 9999999999999999\n',
    'journal 1 2\n',
    'end of it\n',
    `${'x'.repeat(100)}`,
    'LOG 1\na',
    '\n',
  ])('a host that answers %j is refused', async (answer) => {
    const link = new LocalLink((phase) => print(phase, [Buffer.from(answer)]));
    await expect(new Job(link, '/job').follow(new Screen())).rejects.toThrow('did not follow its own protocol');
  });

  it('starts a dead executor again, three times', async () => {
    const told: string[] = [];
    const link = new LocalLink(async (phase) => {
      if (phase.script !== 'signal.sh') return print(phase, [Buffer.from('end dead\n')]);
      told.push(String(phase.parameters.SIGNAL));
      return '';
    });
    expect(await new Job(link, '/job').follow(new Screen())).toBe('dead');
    expect(told).toEqual(['launch', 'launch', 'launch']);
  });
});

describe.each(SHELLS)('begin, with %s', (shell) => {
  it('keeps the secret apart, and any other value a value', async () => {
    const programs = programsOf[shell];
    const state = join(directory, `state-${shell}`);
    const job = join(state, 'jobs', 'one');
    const hostile = `soon\nHEALTH_TOKEN=$(touch '${join(directory, 'touched')}')\nJOB='x'\n`;
    const link = new LocalLink(async (phase) => {
      const here = mkdtempSync(join(directory, 'phase '));
      cpSync(programs.directory, here, { recursive: true });
      // The executor is another test's.
      writeFileSync(join(here, 'launch.sh'), 'exit 0\n');
      writeFileSync(join(here, 'parameters'), shellAssignments(phase.parameters));
      mkdirSync(join(here, 'payload/wheels'), { recursive: true, mode: 0o700 });
      for await (const { name, content } of phase.payload ?? [])
        writeFileSync(join(here, 'payload', name), content as Uint8Array, { mode: 0o600 });
      const ended = await runProgram(programs.command(phase.script, here));
      expect(ended).toEqual({ status: 0, stdout: '', stderr: '' });
      return '';
    });
    const own = {
      // Somebody else, where that can be.
      HUB_UID: String(process.getuid?.() || 65534),
      HUB_GID: String(process.getgid?.() || 65534),
      HUB_PID: String(process.pid),
      DATABASE_DIALECT: 'sqlite',
      DATABASE_PATH: '/srv/hub/jupyterhub.sqlite',
    };
    const parameters = {
      STATE: state,
      ...inEnvironment("/opt/it's"),
      ...own,
      NOTIFY_MESSAGE: hostile,
      HEALTH_TOKEN: 'canary4711',
    };
    async function* payload() {
      yield { name: 'database', size: 3, content: Buffer.from('abc') };
      yield { name: 'wheels/a-1-py3-none-any.whl', size: 1, content: Buffer.from('a') };
    }
    for (const message of [hostile, 'another']) {
      // The second time it is there already.
      await new Job(link, job).begin({ ...parameters, NOTIFY_MESSAGE: message }, payload);
      const script =
        'JOB=$1; . "$1/secrets"; printf "%s\\0" "$HEALTH_TOKEN"; HEALTH_TOKEN=; . "$1/parameters"; printf "%s\\0" "$HEALTH_TOKEN" "$NOTIFY_MESSAGE" "$JOB"';
      const { stdout, stderr } = await runProgram([...shellCommand(shell), '-c', script, 'sh', job]);
      expect([stderr, ...stdout.split('\0')]).toEqual(['', 'canary4711', '', hostile, job, '']);
    }
    expect(existsSync(join(directory, 'touched'))).toBe(false);
    expect(readFileSync(join(job, 'parameters'), 'utf8')).not.toContain('canary4711');
    expect(readFileSync(join(job, 'payload', 'database'), 'utf8')).toBe('abc');
    expect(readdirSync(join(state, 'jobs'))).toEqual(['one']);
    const modes = ['', 'secrets', 'hub.env', 'parameters', 'payload/database', 'programs/executor.sh'].map((name) =>
      (statSync(join(job, name)).mode & 0o777).toString(8),
    );
    expect(modes).toEqual(['711', '600', '600', '600', '600', '644']);
    // Who installs the packages reads them there, and nobody who might write them is somebody else.
    const sent = ['wheels', 'wheels/a-1-py3-none-any.whl'].map((name) => statSync(join(job, name)));
    expect(sent.map(({ mode, uid }) => [(mode & 0o777).toString(8), uid])).toEqual([
      ['755', process.getuid?.()],
      ['644', process.getuid?.()],
    ]);
  });
});

// --- the real follow.sh ----------------------------------------------------------------------------------------------

/** Runs phases on this machine; each connection is lost after so many bytes, the last one is not. */
function localLink(programs: HostPrograms, job: string, losses: number[]): LocalLink {
  return new LocalLink(async (phase) => {
    const here = mkdtempSync(join(directory, 'phase '));
    writeFileSync(join(here, 'parameters'), shellAssignments(phase.parameters));
    for (const name of ['common.sh', 'journal.sh']) {
      writeFileSync(join(here, name), readFileSync(join(programs.directory, name)));
    }
    const [command = '', ...args] = programs.command(phase.script, here);
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    children.add(child);
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    let stderr = '';
    child.stderr.on('data', (bytes) => {
      stderr += bytes;
    });
    async function* output() {
      let left = losses.shift() ?? Number.POSITIVE_INFINITY;
      for await (const bytes of child.stdout as AsyncIterable<Buffer>) {
        yield bytes.subarray(0, left);
        left -= bytes.length;
        if (left < 0) throw new ConnectionLost('cut');
      }
    }
    try {
      await print(phase, output());
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
    expect(stderr).toBe('');
    expect(job).toBe(phase.parameters.JOB);
    return '';
  });
}

/** A job at work: it prints lines and writes its journal in turn, and then gives its verdict. */
function startJob(shell: Shell, job: string, rounds: number): Promise<number | null> {
  const programs = programsOf[shell].directory;
  mkdirSync(job);
  for (const name of ['journal', 'log']) writeFileSync(join(job, name), '');
  const script = `
    PROGRAMS=$1 JOB=$2 STEP=stage; . "$1/common.sh"; . "$1/journal.sh"
    printf '%s %s\\n' $$ "$(start_time $$)" >"$JOB/executor"
    exec >>"$JOB/log"
    journal open - https://example.org/run/1
    round=0
    while [ "$round" -lt ${rounds} ]; do
      round=$((round + 1))
      echo "line $round ä€😀"
      [ $((round % 3)) -ne 0 ] || printf 'in '
      note round "$round ä€😀"
      [ $((round % 5)) -ne 0 ] || head -c 150 /dev/zero | tr '\\0' x
    done
    echo 'last words'
    journal verdict - committed
    exec sleep 600`;
  const [command = '', ...args] = programsOf[shell].command('', '');
  const child = spawn(command, [...args.slice(0, shell === 'dash' ? 0 : 1), '-c', script, 'sh', programs, job], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.add(child);
  return new Promise((resolve) => child.once('close', resolve));
}

describe.each(SHELLS)('follow.sh with %s', (shell) => {
  const programs = programsOf[shell];

  it('nothing is shown twice, left out or out of order, wherever the connection is lost', async () => {
    const losses = fc.sample(fc.integer({ min: 0, max: 3000 }), 12);
    const job = join(directory, `job-${shell}`);
    const ended = startJob(shell, job, 200);
    const screen = new Screen();
    expect(await new Job(localLink(programs, job, [...losses]), job).follow(screen)).toBe('verdict');
    expect(screen.text).toEqual(ideal(readFileSync(join(job, 'journal'), 'utf8'), readFileSync(join(job, 'log'))));
    expect(screen.text.length).toBeGreaterThan(120);
    expect(screen.lost).toBeGreaterThan(3);
    for (const child of children) child.kill('SIGKILL');
    await ended;
  });
});
