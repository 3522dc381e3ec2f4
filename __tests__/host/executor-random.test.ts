import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { each, expectWhole, runWithKills } from './executor-model.ts';
import { type Behaviours, type Fault, JobOnDisk, killJobs, programsForJobs } from './job-on-disk.ts';
import { SHELLS } from './programs.ts';
import { runProgram } from './support.ts';

afterEach(killJobs);

/** `SCENARIOS=5000 script/test executor-random` plays more of them. */
const SCENARIOS = Number(process.env.SCENARIOS ?? 1000);
const AT_ONCE = 8;

const programsOf = { dash: programsForJobs('dash'), busybox: programsForJobs('busybox') };
const STEPS = ['stage', 'announce', 'stop', 'snapshot', 'migrate', 'start', 'verify', 'confirm'];

const fault = fc.record<Fault>({
  write: fc.integer({ min: 1, max: 20 }),
  when: fc.constantFrom('before', 'after'),
  kill: fc.constantFrom('executor', 'session', 'all', 'none, aborts'),
});

const scenario = fc.record({
  shell: fc.constantFrom(...SHELLS),
  steps: fc.subarray(STEPS, { minLength: 1, maxLength: 4 }),
  /** Which step fails, if one does, and whose way back does not succeed before it is mended. */
  failing: fc.option(fc.nat(), { nil: undefined, freq: 2 }),
  stuck: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat() }),
  /** In the middle of which step the executor is killed, if one is: left alone, it would go on behind its back. */
  cut: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat() }),
  faults: fc.array(fault, { maxLength: 2 }),
});

type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

/** A fault that never comes: a life more for a job whose executor one of its steps kills. */
const NEVER: Fault = { write: 1000, when: 'before', kill: 'executor' };

/** Kills its executor the first time, and says so when its own undo has come meanwhile. */
function cutIn(step: string): string {
  return `if mkdir "$MODEL/cut" 2>/dev/null; then
    kill -9 "$(cut -d' ' -f1 "$JOB/executor")"
    for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
      [ ! -e "$MODEL/${step}.half" ] || sleep 0.2
    done
    : >"$MODEL/late.half"
  fi`;
}

async function play({ shell, steps, failing: index, stuck, cut, faults }: Scenario): Promise<void> {
  const at = (number: number) => steps[number % steps.length] ?? '';
  const failing = index === undefined ? undefined : at(index);
  const behaviours: Behaviours = {
    ...(cut === undefined ? {} : { [`do_${at(cut)}`]: cutIn(at(cut)) }),
    ...(failing === undefined ? {} : { [`do_${failing}`]: 'return 1' }),
    ...(stuck === undefined ? {} : { [`undo_${at(stuck)}`]: '[ -e "$MODEL/mended" ]' }),
  };
  const job = await JobOnDisk.make(programsOf[shell], steps, { behaviours });
  const lives = cut === undefined ? faults : [...faults, NEVER];
  if (stuck === undefined) return runWithKills(job, lives, failing);

  for (const one of lives) await job.run(one);
  await job.run();
  if (job.verdict === 'rollback-failed') {
    // Nothing goes on by itself, and nothing was done behind the step that is stuck.
    const before = [job.read('journal'), job.trace];
    await job.run();
    expect([job.read('journal'), job.trace]).toEqual(before);
    const order = steps.toReversed();
    const behind = order.slice(order.indexOf(at(stuck)) + 1);
    expect(job.trace.filter((line) => behind.includes(line.replace(/^undo /, '')))).toEqual([]);
    expect(job.processes()).toEqual([]);
    // By hand, as the failed run says.
    writeFileSync(join(job.model, 'mended'), '');
    await runProgram(['sed', '-i', '/ verdict /d', job.path('journal')]);
    await job.run();
  }
  expectWhole(job);
}

it(`whatever steps fail and whenever it is killed, it is wholly done or wholly undone: ${SCENARIOS} times`, async () => {
  const scenarios = fc.array(scenario, { minLength: 50, maxLength: 50 });
  await fc.assert(
    fc.asyncProperty(scenarios, (list) => each(list, play, AT_ONCE)),
    { numRuns: Math.ceil(SCENARIOS / 50), endOnFailure: true },
  );
}, 3_600_000);
