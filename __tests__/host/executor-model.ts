import { existsSync } from 'node:fs';
import { expect } from 'vitest';
import type { Fault, JobOnDisk } from './job-on-disk.ts';

// The rules of a job, as a model that knows nothing of the executor's code.

/** What a job without kills comes to, by the rules. */
export function expected(steps: string[], failing?: string): { verdict: string; trace: string[] } {
  if (failing === undefined) return { verdict: 'committed', trace: [...steps.map((step) => `do ${step}`), 'tidy'] };
  const begun = steps.slice(0, steps.indexOf(failing) + 1);
  // Once the new hub is verified only a word takes it back.
  if (begun.slice(0, -1).includes('verify')) {
    return { verdict: 'committed', trace: [...steps.map((step) => `do ${step}`), 'tidy'] };
  }
  return {
    verdict: begun.includes('stop') ? 'rolled-back' : 'not-begun',
    trace: [...begun.map((step) => `do ${step}`), ...begun.toReversed().map((step) => `undo ${step}`)],
  };
}

/** The verdict that a killed job must come to, by what is on disk when it is taken up again. */
export function expectedAfterKill(job: JobOnDisk, failing?: string): string | undefined {
  const { events, verdict } = job;
  if (verdict !== undefined) return verdict;
  if (!events.some((event) => event.startsWith('open '))) return expected(job.steps, failing).verdict;
  const decision = job.read('decision');
  if (/^(commit|timeout) /.test(decision)) return 'committed';
  if (!decision.startsWith('abort ') && events.includes('done verify')) return 'committed';
  return events.includes('begin stop') ? 'rolled-back' : 'not-begun';
}

/** Wholly done or wholly undone, in the right order, and nothing left at work. */
export function expectWhole(job: JobOnDisk): void {
  const { trace, verdict } = job;
  if (verdict === 'committed') {
    // A step after the verification that failed changed nothing.
    const failed = job.steps.filter((step) => !job.events.includes(`done ${step}`));
    expect(failed.filter((step) => !job.events.includes('done verify') || step === 'verify')).toEqual([]);
    expect(job.effects).toEqual(
      job.allDone
        .map((name) => (failed.some((step) => name === `${step}.whole`) ? name.replace('.whole', '.half') : name))
        .sort(),
    );
    expect(trace.filter((line) => line.startsWith('undo '))).toEqual([]);
  } else {
    expect(job.effects).toEqual([]);
    expect(['rolled-back', 'not-begun']).toContain(verdict);
    const firstUndo = trace.findIndex((line) => line.startsWith('undo '));
    const back = firstUndo === -1 ? [] : trace.slice(firstUndo);
    expect(back.filter((line) => !line.startsWith('undo '))).toEqual([]);
    // In reverse order; one that was cut is done again.
    const order = back.map((line) => job.steps.indexOf(line.slice('undo '.length)));
    expect(order).toEqual(order.toSorted((one, other) => other - one));
    const begun = job.steps.filter((step) => job.events.includes(`begin ${step}`));
    expect([...new Set(order)].sort()).toEqual(begun.map((step) => job.steps.indexOf(step)).sort());
  }
  // What was decided is what was done, and what all sides read.
  const decision = job.read('decision').trim();
  expect(decision).toMatch(verdict === 'committed' ? /^(commit|timeout) / : /^abort /);
  const said = job.journal.filter(({ event, rest }) => event === 'decision' && rest !== decision);
  expect(said).toEqual([]);
  expect(job.processes()).toEqual([]);
  for (const secret of ['secrets', 'hub.env', 'ballast']) expect(existsSync(job.path(secret)), secret).toBe(false);
}

/** Lets the job run to its verdict, taken up again after each kill. */
export async function runWithKills(job: JobOnDisk, faults: Fault[], failing?: string): Promise<void> {
  let verdict: string | undefined;
  for (const fault of faults) {
    await job.run(fault);
    verdict = expectedAfterKill(job, failing);
  }
  await job.run();
  expect(job.verdict).toBe(verdict ?? expected(job.steps, failing).verdict);
  expectWhole(job);
}

/** `work` for each of the list, some at a time: an executor waits most of its time. */
export async function each<T>(list: T[], work: (item: T) => Promise<void>, workers = 3): Promise<void> {
  const waiting = [...list];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}
