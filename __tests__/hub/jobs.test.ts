import { expect, it } from 'vitest';
import { parseJobs } from '../../src/hub/jobs.ts';

const raw = (...lines: string[]) => new Map([['jobs', lines.join('\n')]]);
const hub = ['jupyterhub.service', '/etc/jupyterhub/config.py', '/srv/hub'];

it('jobs on the host: at work, left by a dead executor, or ended', () => {
  const states = ['alive', 'dead', 'committed', 'rolled-back', 'rollback-failed', 'not-begun'];
  const lines = states.flatMap((state, index) => [
    `${state} /var/lib/x/hub/jobs/${index} https://run/${index}`,
    ...hub,
  ]);
  const jobs = parseJobs(raw(...lines));
  expect(jobs.map(({ state }) => state)).toEqual(states);
  expect(jobs[1]).toEqual({
    ...{ state: 'dead', directory: '/var/lib/x/hub/jobs/1', owner: 'https://run/1' },
    ...{ unit: hub[0], configFile: hub[1], hubDirectory: hub[2] },
  });
});

it('a job whose state is no word of ours, or whose directory is none, is left out', () => {
  const lines = ['healthy /x/jobs/1 run', ...hub, 'alive jobs/2 run', ...hub, 'committed /x/jobs/3 run', ...hub];
  expect(parseJobs(raw(...lines)).map(({ directory }) => directory)).toEqual(['/x/jobs/3']);
  expect(parseJobs(raw('alive /x/jobs/4 run', 'only.service'))).toEqual([]);
  expect(parseJobs(new Map())).toEqual([]);
});
