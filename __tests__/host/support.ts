import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, onTestFinished } from 'vitest';
import { systemPython } from '../../bench/hub/environments.ts';

/** Path of a host program. */
export function hostProgram(name: 'hubdb' | 'introspect.py' | 'health.py' | 'environment.py'): string {
  return fileURLToPath(new URL(`../../src/host/${name}`, import.meta.url));
}

/** A directory that is gone when the test, or outside of one the file's tests, have ended; its name is no easy one. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'host program '));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  if (expect.getState().currentTestName === undefined) afterAll(remove);
  else onTestFinished(remove); // within a test afterAll would never be called
  return directory;
}

/** Parameters of the host programs for a hub in that environment. */
export function inEnvironment(path: string): Record<string, string> {
  return {
    ...{ ENVIRONMENT_PATH: path, PLACE: 'environment' },
    ...{ HUB_PYTHON: join(path, 'bin/python'), HUB_BIN: join(path, 'bin') },
  };
}

export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  stdin?: string;
}

/** Runs a program to its end, whatever that is. */
export async function runProgram(command: string[], options: RunOptions = {}): Promise<Ended> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { cwd: options.cwd, env: options.env, stdio: ['pipe', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8');
    child[name].on('data', (text: string) => {
      output[name] += text;
    });
  }
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { status, ...output };
}

/** Runs Python statements with the machine's own interpreter; throws when they fail. */
export async function python(statements: string, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await runProgram([systemPython, '-I', '-c', statements, ...args]);
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** Everything below a directory that a program could change: names, modes, times, contents. */
export async function photograph(directory: string): Promise<Record<string, string>> {
  const picture: Record<string, string> = {};
  for (const name of (await readdir(directory, { recursive: true })).sort()) {
    const path = join(directory, name);
    const status = await lstat(path, { bigint: true });
    const content = status.isSymbolicLink()
      ? await readlink(path)
      : status.isFile()
        ? (await readFile(path)).toString('base64')
        : '';
    picture[name] = `${status.mode} ${status.mtimeNs} ${content}`;
  }
  return picture;
}
