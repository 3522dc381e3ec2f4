import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shellAssignments } from '../../src/ssh/quote.ts';
import { type JournalEntry, parseJournal } from '../../src/transaction/journal.ts';
import { copyPrograms, type HostPrograms, type Shell } from './programs.ts';
import { temporaryDirectory } from './support.ts';

/** Shell statements by `do_<step>` or `undo_<step>`; what is not given succeeds at once. `half` is a point in time. */
export type Behaviours = Record<string, string>;

/** When and what to kill: at the journal's nth write of this start, before or after it is on disk. */
export interface Fault {
  write: number;
  when: 'before' | 'after';
  /** The executor's process, its session, or every process of the job, as a power cut would. Or nothing dies: it is aborted. */
  kill: 'executor' | 'session' | 'all' | 'none, aborts';
  /** The write is delayed until the file `release` is there: it comes when another executor is at work. */
  late?: boolean;
}

export interface JobOptions {
  behaviours?: Behaviours;
  parameters?: Record<string, string>;
  /** The hub's directory, which is what runs lock; one of its own unless given. */
  hub?: string;
  /** Parent of the job's directory. */
  parent?: string;
  /** Steps of which the real program runs. */
  real?: string[];
}

// Stands before dd in PATH: the journal's writes are counted, and at one of them the power fails.
const DD = `#!/bin/dash
for argument do case $argument in of=*/journal) journal=\${argument#of=} ;; esac; done
real() { PATH=\${PATH#*:} dd "$@"; }
if [ -z "\${journal:-}" ] || [ ! -e "\${journal%/*}/fault" ]; then real "$@"; exit; fi
job=\${journal%/*}
read -r at when what late <"$job/fault"
printf x >>"$job/writes"
if [ "$(wc -c <"$job/writes")" -ne "$at" ]; then real "$@"; exit; fi
line=$(cat)
if [ "$what" = none, ]; then
  rm "$job/fault"
  [ "$when" = before ] || printf '%s\\n' "$line" | real "$@"
  sh "\${0%/*}/../programs/executor.sh" decide "$job" abort 'somebody said no' >/dev/null
  [ "$when" = after ] || printf '%s\\n' "$line" | real "$@"
  exit
fi
[ "$when" = before ] || printf '%s\\n' "$line" | real "$@"
rm "$job/fault"
read -r executor _ <"$job/executor"
case $what in
  executor) kill -9 "$executor" ;;
  session) kill -9 "-$executor" ;;
  all)
    for session in $(sed -n 's/^[0-9]* [0-9]* session [a-z]* \\([0-9]*\\) .*/\\1/p' "$journal"); do
      [ "$session" = "$PPID" ] || kill -9 "-$session" 2>/dev/null
    done
    kill -9 "-$executor"
    kill -9 "$PPID" ;;
esac
while [ "$late" = true ] && [ ! -e "$job/release" ]; do sleep 0.02; done
[ "$late" != true ] || printf '%s\\n' "$line" | real "$@"
[ "$when" != before ] || [ "$late" = true ] || exit 1
`;

/** Programs of that shell with steps that a test describes. */
export function programsForJobs(shell: Shell, directory = temporaryDirectory()): HostPrograms {
  const programs = copyPrograms(directory, shell);
  const steps = readFileSync(join(programs.directory, 'steps.sh'), 'utf8');
  writeFileSync(join(programs.directory, 'real-steps.sh'), steps);
  writeFileSync(join(programs.directory, 'steps.sh'), '. "$PROGRAMS/real-steps.sh"\n. "$JOB/steps.sh"\n');
  programs.addTool('dd', DD);
  return programs;
}

/**
 * A job on this machine with steps that only leave marks: `<step>.half` and `<step>.whole` in the directory `model`, and
 * a line `do|undo <step>` in its `trace`.
 */
export class JobOnDisk {
  readonly programs: HostPrograms;
  readonly directory: string;
  readonly hub: string;
  readonly model: string;
  readonly steps: string[];
  #child: ChildProcess | undefined;

  private constructor(programs: HostPrograms, directory: string, hub: string, steps: string[]) {
    this.programs = programs;
    this.directory = directory;
    this.hub = hub;
    this.model = join(hub, 'model');
    this.steps = steps;
  }

  static async make(programs: HostPrograms, steps: string[], options: JobOptions = {}): Promise<JobOnDisk> {
    const root = join(programs.directory, '..');
    const directory = await mkdtemp(join(options.parent ?? root, 'job '));
    const hub = options.hub ?? (await mkdtemp(join(root, 'hub ')));
    await mkdir(join(hub, 'model'), { recursive: true });
    const job = new JobOnDisk(programs, directory, hub, steps);
    const parameters = {
      JOB_ID: 'this-job',
      STATE: root,
      STEPS: steps.join(' '),
      OWNER: 'https://example.org/run/1',
      HUB_DIRECTORY: hub,
      HUB_UID: String(process.getuid?.()),
      HUB_GID: String(process.getgid?.()),
      SERVICE_MANAGER: 'commands',
      PACKAGE_MANAGER: 'pip',
      PLACE: 'environment',
      HOPS: '',
      DATABASE_DIALECT: 'sqlite',
      DATABASE_PATH: join(hub, 'jupyterhub.sqlite'),
      DATABASE_STRATEGY: 'migrate',
      DATABASE_URL_HAS_QUERY: 'no',
      CONFIG_PATH: join(hub, 'jupyterhub_config.py'),
      PREVIOUS_VERSION: '4.1.6',
      TARGET_VERSION: '5.2.1',
      WAS_RUNNING: 'yes',
      MAX_DOWNTIME: '600',
      CONFIRM_TIMEOUT: '0',
      COMMAND_LIMIT: '120',
      MODEL: job.model,
      ...options.parameters,
    };
    const faked = steps.filter((step) => !options.real?.includes(step));
    await Promise.all([
      writeFile(join(directory, 'parameters'), shellAssignments(parameters)),
      writeFile(join(directory, 'secrets'), "HEALTH_TOKEN='0123456789'\n"),
      writeFile(join(directory, 'hub.env'), ''),
      writeFile(join(directory, 'journal'), ''),
      writeFile(join(directory, 'log'), ''),
      writeFile(join(directory, 'steps.sh'), stepsProgram(faked, options.behaviours ?? {})),
    ]);
    return job;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Starts the executor in a session of its own; its end is what `ended` gives. */
  start(fault?: Fault, environment: NodeJS.ProcessEnv = {}): void {
    rmSync(this.path('writes'), { force: true });
    rmSync(this.path('fault'), { force: true });
    if (fault) writeFileSync(this.path('fault'), `${fault.write} ${fault.when} ${fault.kill} ${fault.late ?? false}\n`);
    const [command = '', ...args] = this.programs.command('executor.sh', 'run', this.directory);
    this.#child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...environment },
    });
    started.add(this);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async ended(): Promise<number | null> {
    const child = this.#child;
    if (!child) return null;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    return new Promise((resolve) => child.once('close', (code) => resolve(code)));
  }

  async run(fault?: Fault): Promise<number | null> {
    this.start(fault);
    return this.ended();
  }

  get journal(): JournalEntry[] {
    return parseJournal(this.read('journal')).entries;
  }

  /** Events of the journal with their step, `session` and `note` left out. */
  get events(): string[] {
    return this.journal
      .filter(({ event }) => event !== 'session' && event !== 'note')
      .map(({ event, step, rest }) => (step === '-' ? `${event} ${rest}` : `${event} ${step}`));
  }

  get verdict(): string | undefined {
    const verdicts = this.journal.filter(({ event }) => event === 'verdict');
    if (verdicts.length > 1) throw new Error('More than one verdict was given.');
    return verdicts[0]?.rest;
  }

  read(name: string): string {
    return existsSync(this.path(name)) ? readFileSync(this.path(name), 'utf8') : '';
  }

  /** What the steps did, in order: `do <step>` and `undo <step>`. */
  get trace(): string[] {
    const path = join(this.model, 'trace');
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  }

  /** What is there of the steps' work: `<step>.half`, `<step>.whole`. */
  get effects(): string[] {
    return readdirSync(this.model)
      .filter((name) => /\.(half|whole)$/.test(name))
      .sort();
  }

  get allDone(): string[] {
    return this.steps.map((step) => `${step}.whole`).sort();
  }

  /** Pids of living processes that have this job's directory in their command line. */
  processes(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && this.#isOurs(name))
      .map(Number);
  }

  #isOurs(pid: string): boolean {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(this.directory);
    } catch {
      return false;
    }
  }

  /** Ends what a failed test left at work. */
  killAll(): void {
    const ended = this.#child?.exitCode !== null || this.#child.signalCode !== null;
    for (const pid of [...(ended ? [] : [this.pid]), ...this.processes()]) kill(pid);
  }

  /** Makes the journal end in the middle of a line. */
  tear(bytes: number): void {
    const text = this.read('journal');
    unlinkSync(this.path('journal'));
    writeFileSync(this.path('journal'), text.slice(0, -bytes));
  }
}

const started = new Set<JobOnDisk>();

/** For afterEach. */
export function killJobs(): void {
  for (const job of started) job.killAll();
  started.clear();
}

/** A zombie, which its parent has still to reap, is not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended by itself
  }
}

function stepsProgram(steps: string[], behaviours: Behaviours): string {
  const of = (name: string) => behaviours[name] ?? ':';
  const functions = steps.map(
    (step) => `
do_${step}() {
  printf 'do ${step}\\n' >>"$MODEL/trace"
  : >"$MODEL/${step}.half"
  { ${of(`do_${step}`)}
  } || return 1
  mv "$MODEL/${step}.half" "$MODEL/${step}.whole"
}
undo_${step}() {
  printf 'undo ${step}\\n' >>"$MODEL/trace"
  rm -f "$MODEL/${step}.whole"
  { ${of(`undo_${step}`)}
  } || return 1
  rm -f "$MODEL/${step}.half"
}`,
  );
  return `${functions.join('\n')}\ntidy() { printf 'tidy\\n' >>"$MODEL/trace"; }\n`;
}
