import { afterEach, expect, it } from 'vitest';
import { until } from '../../bench/hub/run.ts';
import { failureOf } from '../../src/modes/job-failure.ts';
import { JournalView } from '../../src/transaction/journal.ts';
import { type Behaviours, JobOnDisk, killJobs, programsForJobs } from '../host/job-on-disk.ts';

// The journals are those of jobs that the executor really ran.

afterEach(killJobs);

const programs = programsForJobs('dash');

async function failed(behaviours: Behaviours, parameters: Record<string, string> = {}, hub?: string) {
  const job = await JobOnDisk.make(programs, ['stage', 'stop', 'migrate'], {
    behaviours: { undo_stop: '[ "$WAS_RUNNING" != yes ] || note restarted "$(job_time)"', ...behaviours },
    parameters,
    ...(hub === undefined ? {} : { hub }),
  });
  await job.run();
  const view = new JournalView();
  view.add(job.journal);
  const { outcome, error } = failureOf(view, 'verdict', {
    ...{ directory: '/state/job', become: 'sudo', previous: '4.1.6', said: ['last words'], saidOfUndo: ['no socket'] },
    backup: { name: 'backup.tar.age', artifactId: 7 },
  });
  return { outcome, cause: error.message, ...error.trouble };
}

it.each([
  ['yes', 'Nothing was stopped: the hub runs JupyterHub 4.1.6 as before.'],
  ['no', 'Nothing was changed: the hub did not run before, and does not run now.'],
])('a job that failed before the stop, of a hub that ran: %s', async (running, hub) => {
  expect(await failed({ do_stage: 'return 1' }, { WAS_RUNNING: running })).toEqual({
    outcome: 'failed-before-change',
    cause: 'exit status 1\nlast words',
    step: 'stage',
    hub,
    next: 'Mend the cause and run the job again.',
  });
});

it('a job that did not get the hub', async () => {
  const blocking = { do_stage: 'until [ -e "$JOB/go" ]; do sleep 0.05; done' };
  const other = await JobOnDisk.make(programs, ['stage'], { behaviours: blocking });
  other.start();
  await until('the other job does not begin', 20, () => other.trace.length > 0);
  expect(await failed({}, {}, other.hub)).toMatchObject({
    outcome: 'failed-before-change',
    step: 'lock',
    cause: expect.stringMatching(/another run holds this hub/),
    hub: 'This run stopped nothing and changed nothing.',
  });
});

it.each([
  ['yes', /^The hub runs JupyterHub 4\.1\.6 again, with the environment and the database of before/],
  ['no', /It did not run then, and does not run now\.$/],
])('a job that was taken back, of a hub that ran: %s', async (running, hub) => {
  expect(await failed({ do_migrate: 'return 1' }, { WAS_RUNNING: running })).toMatchObject({
    outcome: 'rolled-back',
    step: 'migrate',
    hub: expect.stringMatching(hub),
    next: expect.stringMatching(/The backup is the artifact backup\.tar\.age \(id 7\)\.$/),
  });
});

it('a way back that failed: what it said, where everything is, and the command that goes on', async () => {
  const hang = { do_migrate: 'return 1', undo_migrate: 'sleep 600' };
  expect(await failed(hang, { LIMIT_UNDO_MIGRATE: '1' })).toMatchObject({
    outcome: 'rollback-failed',
    step: 'migrate',
    hub: expect.stringMatching(/did not succeed either.* no socket .*in \/state\/job\.$/),
    next: expect.stringMatching(/\nsudo sh -c .*executor\.sh.*\nIts last line ends with "rolled-back"/),
  });
});

it('a job that died says so, and who takes it up', () => {
  const { outcome, error } = failureOf(new JournalView(), 'dead', {
    ...{ directory: '/state/job', become: 'none', previous: undefined, backup: undefined, said: [], saidOfUndo: [] },
  });
  expect([outcome, error.trouble.hub, error.trouble.next]).toEqual([
    'unknown',
    expect.stringContaining('not known'),
    expect.stringContaining('The next run takes the job up'),
  ]);
});
