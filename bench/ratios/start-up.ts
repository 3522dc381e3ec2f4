import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { interleave } from './statistics.ts';

export const PROGRAMS = ['bundle', 'node'] as const;

export type Program = (typeof PROGRAMS)[number];

/** Milliseconds from the start to the end of the committed bundle without any input, and of node with nothing to do. */
export function measureStartUp(runs: number): Promise<Record<Program, number[]>> {
  return interleave(PROGRAMS, runs, async (program) => (program === 'bundle' ? refuse() : idle()));
}

const bundle = fileURLToPath(new URL('../../dist/main.mjs', import.meta.url));

function refuse(): number {
  const { ms, status, stdout } = timed([bundle]);
  if (status !== 1 || !stdout.includes('::error')) throw new Error(`the bundle did not refuse its inputs: ${stdout}`);
  return ms;
}

function idle(): number {
  return timed(['-e', '0']).ms;
}

function timed(args: string[]): { ms: number; status: number | null; stdout: string } {
  const env = { PATH: process.env.PATH };
  const began = performance.now();
  const { status, stdout } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  return { ms: performance.now() - began, status, stdout };
}
