// A phase: one program with its parameters and files, shipped and run on the host in one exec.
import { randomUUID } from 'node:crypto';
import { Readable, Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Pack, pack } from 'tar-stream';
import { CommandFailed, type Host, type RunOptions } from './connection.ts';
import { connectTrouble } from './explain.ts';
import { shellAssignments } from './quote.ts';
import receive from './receive.sh';

export interface PayloadFile {
  /** File name, with at most one folder. */
  name: string;
  /** Bytes; `content` must have exactly as many. */
  size: number;
  content: AsyncIterable<Uint8Array> | Uint8Array;
  /** 0600 unless given. */
  mode?: number;
}

export interface Phase extends Pick<RunOptions, 'stdout' | 'timeoutMs' | 'signal'> {
  become: 'sudo' | 'none';
  /** Which of `programs` to run with sh. Its one argument is the phase's directory, its stdin is empty. */
  script: string;
  /** Programs by file name, with at most one folder: readable for every user of the host who knows the path. */
  programs: Record<string, string>;
  /** For the file `parameters`, which the script reads with `.`. */
  parameters: Record<string, string>;
  /** For the folder `payload`, read one after the other while they are sent. */
  payload?: AsyncIterable<PayloadFile>;
  /** Each line the script prints to stderr. */
  onLine?: (line: string) => void;
}

/**
 * Runs a phase in a fresh directory on the host, which is removed when it ends, and returns what the script printed to
 * stdout (empty when `stdout` takes it). Throws as `Host.run` does, and UpgradeError when the host does not even start
 * a shell, e.g. because of sudo.
 */
export async function runPhase(host: Host, phase: Phase): Promise<string> {
  const marker = randomUUID();
  const before: string[] = [];
  let started = false;
  const onStderr = (line: string) => {
    if (started) phase.onLine?.(line);
    else if (line.endsWith(marker)) started = true;
    else before.push(line);
  };
  const { timeoutMs, signal } = phase;
  const framed = phase.stdout && new AfterMarker(marker, (printed) => notStarted(phase.become, [...before, printed]));
  const piped = framed && phase.stdout && pipeline(framed, phase.stdout);
  piped?.catch(() => {});
  const stdin = Readable.from(parcel(marker, phase));
  try {
    const { stdout } = await host.run(command(phase.become), { stdin, stdout: framed, onStderr, timeoutMs, signal });
    if (!started) throw notStarted(phase.become, [...before, stdout]);
    await piped;
    return afterMarker(stdout, marker);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    if (!started) throw notStarted(phase.become, [...before, error.stdout], error);
    const { code, signal: killedBy } = error;
    const [stdout, stderr] = [afterMarker(error.stdout, marker), afterMarker(error.stderr, marker)];
    throw new CommandFailed({ code, signal: killedBy, stdout, stderr });
  }
}

/** The same for every phase, so that an admin can allow just this in sudoers. No value is ever part of it. */
function command(become: Phase['become']): string {
  const lines = receive.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return `exec ${become === 'sudo' ? 'sudo -n ' : ''}/bin/sh -c '${lines.join(' ')}'`;
}

/**
 * Whether sudo lets this user run a phase, without a password. It is asked for the very command of the phases, so that a
 * rule for that alone will do, and then given one without a program: a list of rights does not tell which need a password.
 */
export async function maySudo(host: Host): Promise<boolean> {
  const marker = randomUUID();
  const printed = (line: string, input = '') =>
    host.run(line, { stdin: Readable.from([input]) }).then(
      ({ stdout }) => stdout,
      (error) => {
        if (!(error instanceof CommandFailed)) throw error;
        return error.stdout.includes(marker) ? error.stdout : undefined;
      },
    );
  const asked = await printed(command('sudo').replace('sudo -n ', 'sudo -n -l '));
  if (asked === undefined) return false;
  return (await printed(command('sudo'), `${marker}\nnothing\n`))?.includes(marker) === true;
}

async function* parcel(marker: string, phase: Phase): AsyncGenerator<Uint8Array> {
  checkNames(Object.keys(phase.programs));
  if (!Object.hasOwn(phase.programs, phase.script)) throw new TypeError(`There is no program ${phase.script} to run.`);
  yield Buffer.from(`${marker}\n${phase.script}\n`);
  const tar = pack();
  fill(tar, phase).catch((error) => tar.destroy(error));
  // A far host costs a round trip for every few ten kilobytes at first. A payload is as small as it gets, or too large to wait.
  const zipped = createGzip({ level: phase.payload ? 0 : 9 });
  pipeline(tar, zipped).catch(() => {});
  try {
    yield* zipped as AsyncIterable<Uint8Array>;
  } finally {
    tar.destroy();
  }
}

/** Any date but one that a host's tar finds worth a warning: not in its future, and not 1970. */
const MTIME = new Date('2020-01-01T00:00:00Z');

async function fill(tar: Pack, { programs, parameters, payload }: Phase): Promise<void> {
  const add = (name: string, mode: number, text: string) => tar.entry({ name, mode, mtime: MTIME }, text);
  const folders = new Set<string>();
  // tar would make folders with the umask: without a word in the tar, nobody else could enter them.
  const addFolder = (name: string, mode: number) => {
    if (!folders.has(name)) tar.entry({ name, mode, mtime: MTIME, type: 'directory' });
    folders.add(name);
  };
  add('parameters', 0o600, shellAssignments(parameters));
  for (const [name, text] of Object.entries(programs)) {
    const folder = name.includes('/') && name.slice(0, name.indexOf('/'));
    if (folder) addFolder(folder, 0o755);
    add(name, 0o644, text);
  }
  for await (const { name, size, content, mode = 0o600 } of payload ?? []) {
    checkNames([name]);
    addFolder('payload', 0o700);
    const entry = tar.entry({ name: `payload/${name}`, size, mode, mtime: MTIME });
    await pipeline(content instanceof Uint8Array ? [content] : content, entry);
  }
  add('complete', 0o600, '');
  tar.finalize();
}

function checkNames(names: string[]): void {
  for (const name of names) {
    if (!/^(\w[\w.+-]{0,99}\/)?\w[\w.+-]{0,199}$/.test(name) || /^(parameters|complete|payload)(\/|$)/.test(name)) {
      throw new TypeError(`${JSON.stringify(name)} is no name for a file of a phase.`);
    }
  }
}

function afterMarker(text: string, marker: string): string {
  const at = text.indexOf(`${marker}\n`);
  return at < 0 ? text : text.slice(at + marker.length + 1);
}

/** Lets through what follows the marker's line. `missing` makes the error for a text without it, of which it gets the end. */
class AfterMarker extends Transform {
  readonly #marker: Buffer;
  readonly #missing: (printed: string) => Error;
  #before: Buffer | undefined = Buffer.alloc(0);

  constructor(marker: string, missing: (printed: string) => Error) {
    super();
    this.#marker = Buffer.from(`${marker}\n`);
    this.#missing = missing;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    done(null, this.#before ? this.#seek(Buffer.concat([this.#before, chunk])) : chunk);
  }

  override _flush(done: TransformCallback): void {
    done(this.#before && this.#missing(this.#before.toString()));
  }

  /** What of `seen` is to be passed on. */
  #seek(seen: Buffer): Buffer {
    const at = seen.indexOf(this.#marker);
    this.#before = at < 0 ? seen.subarray(-EXCERPT) : undefined;
    return at < 0 ? Buffer.alloc(0) : seen.subarray(at + this.#marker.length);
  }
}

/** How much of what a host prints stands in an error message; more than a marker. */
const EXCERPT = 300;

function notStarted(become: Phase['become'], printed: string[], cause?: Error): Error {
  // What the host says is shown, so it is made plain: one line, no control characters.
  const text = printed
    .join(' ')
    .replace(/[^\p{L}\p{N}\p{P}\p{S}]+/gu, ' ')
    .trim()
    .slice(0, EXCERPT);
  if (become === 'sudo' && /sudo|sorry, user/i.test(text)) return connectTrouble(...explainSudo(text), cause);
  return connectTrouble(
    `The host did not start /bin/sh for this user${text ? `: ${text}` : '.'}`,
    'The account needs a login shell (not nologin, not sftp alone), and no ForceCommand in sshd_config or command= in authorized_keys.',
    cause,
  );
}

function explainSudo(text: string): [message: string, next: string] {
  const rule = 'a rule like `USER ALL=(root) NOPASSWD: ALL` in /etc/sudoers.d';
  if (/not found|unknown command/i.test(text)) {
    return ['There is no sudo on the host.', 'Connect as root, or set become to none if this user owns the hub.'];
  }
  if (/must have a tty/.test(text)) {
    return ['sudo on the host demands a terminal.', 'Add `Defaults:USER !requiretty` for this user in /etc/sudoers.d.'];
  }
  if (/password is required|terminal is required/.test(text)) {
    return ['sudo on the host asks this user for a password.', `Give the user ${rule}, or connect as root.`];
  }
  if (/not in the sudoers|not allowed|may not run/.test(text)) {
    return ['sudo on the host does not allow this user to become root.', `Give the user ${rule}, or connect as root.`];
  }
  return [`sudo on the host did not start a shell: ${text}`, `Give the user ${rule}, or connect as root.`];
}
