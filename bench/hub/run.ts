import { spawn } from 'node:child_process';

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  stdin?: string;
}

/** Runs a program to its end and gives its stdout; throws with its stderr when the exit status is not 0. */
export async function run(program: string, args: string[], options: RunOptions = {}): Promise<string> {
  const child = spawn(program, args, { cwd: options.cwd, env: options.env, stdio: ['pipe', 'pipe', 'pipe'] });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => {}); // a program that does not read its stdin
  child.stdin.end(options.stdin ?? '');
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...end) => resolve(end));
  });
  if (code !== 0) {
    const last = Buffer.concat([...stdout, ...stderr])
      .toString()
      .trim()
      .slice(-2000);
    throw new Error(`${program} ${args.join(' ')} ended with ${signal ?? code}:\n${last}`);
  }
  return Buffer.concat(stdout).toString();
}

/** Starts a program in a session of its own, its output appended to a file, and gives its pid at once. */
export function startDetached(program: string, args: string[], log: number, options: RunOptions = {}): number {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', log, log],
    detached: true,
  });
  child.on('error', () => {}); // seen as a program that does not answer; without a pid just below
  if (child.pid === undefined) throw new Error(`${program} cannot be started`);
  child.unref();
  return child.pid;
}

/** Waits until `condition` gives something other than undefined or false; throws `what` after `seconds`. */
export async function until<T>(
  what: string,
  seconds: number,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error(`${what} after ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A text as one word for sh. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
