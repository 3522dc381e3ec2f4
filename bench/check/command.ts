import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs a program of the machine and gives its stdout; throws when it fails. */
export async function command(program: string, args: string[], cwd?: string): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { cwd, maxBuffer: 2 ** 30 });
  return stdout;
}

/** The lines of a text, without the empty one at its end. */
export function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
