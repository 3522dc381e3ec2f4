import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { judge, type Writes } from '../../bench/check/judge.ts';
import { recordState, type State } from '../../bench/check/state.ts';
import { until } from '../../bench/hub/run.ts';
import { serverPid } from '../../bench/hub/seed.ts';
import { startProxy } from '../../bench/network.ts';
import type { RunActionResult } from '../../bench/runner/run-action.ts';
import { isStopping, journal, journaled, release, type Scene, startScene, startWrites, verdict } from './light.ts';

// One hub; the runs that come back to the old release first.

const limit = 600_000;
let scene: Scene;
let before: State;
const writes: Writes = { acknowledged: [], attempted: [] };

beforeAll(async () => {
  scene = await startScene({ releases: ['5.2.1', '6.0.1', '6.1.1'] });
  before = await recordState(scene.hub.subject);
});

afterAll(() => scene?.close());

/** Breaks the data half-way, says `planted` in the log, and goes on for `seconds`. */
const slowMigration = (seconds: number) => `
do_migrate() {
  as_hub sqlite3 "$DATABASE_PATH" "ALTER TABLE users ADD COLUMN planted VARCHAR(50); DELETE FROM user_group_map;"
  say planted
  sleep ${seconds}
  return 1
}`;

test('a run cancelled while it backs up leaves the hub as it was', { timeout: limit }, async () => {
  const pid = await scene.hub.pid();
  const { run, job } = await runWithWriter('backup', {
    cancel: { line: (line) => line.includes('Back up the live hub') },
  });
  expectCancelled(run, /Failed before any change/);
  expect(await verdict(job)).toBe('not-begun');
  expect(scene.service.artifacts()).toEqual([]);
  expect(await scene.hub.pid()).toBe(pid);
  await expectOldHub();
});

test('a run cancelled while it stages leaves the hub as it was', { timeout: limit }, async () => {
  const pid = await scene.hub.pid();
  const slow = scene.sabotage('').then(async (job) => {
    const program = join(job, 'programs/environments/in-copy.sh');
    const text = await readFile(program, 'utf8');
    await writeFile(program, text.replace('\n', '\nsleep 300\n'));
  });
  const { run, job } = await runWithWriter('stage', {
    cancel: { line: (line) => line.includes('into a scratch file') },
  });
  await slow;
  expectCancelled(run, /Failed before any change/);
  expect(await verdict(job)).toBe('not-begun');
  expect(await journal(job)).toMatch(/ fail stage asked to abort: the workflow run was cancelled\n/);
  expect(await scene.hub.pid()).toBe(pid);
  await expectOldHub();
});

test('a run cancelled while it migrates is rolled back, and its post says so', { timeout: limit }, async () => {
  const slow = scene.sabotage(slowMigration(300));
  const { run, job } = await runWithWriter('migrate', { cancel: { line: (line) => line.includes('│ planted') } });
  await slow;
  expectCancelled(run, /Rolled back: 127\\?\.0\.0\.1 runs JupyterHub 4\.1\.6/);
  expect(await verdict(job)).toBe('rolled-back');
  expect(await journal(job)).toMatch(/ fail migrate asked to abort: the workflow run was cancelled\n/);
  const artifact = scene.service.artifacts().at(-1);
  expect(run.summaries.at(-1)?.text).toContain(`artifact \`${artifact?.id}\``);
  expect(run.annotations.at(-1)?.message).toContain(
    `The backup is the artifact ${artifact?.name} (id ${artifact?.id}).`,
  );
  await expectOldHub();
});

test('a host that lost its runner rolls a failing migration back by itself', { timeout: limit }, async () => {
  const slow = scene.sabotage(slowMigration(8));
  const { run, job } = await runWithWriter('lost', { lose: { line: (line) => line.includes('│ planted') } });
  await slow;
  expect(run).toMatchObject({ lost: true, post: undefined });
  expect(await verdict(job)).toBeUndefined();
  await ended(job, 'rolled-back');
  await until('the hub does not answer', 60, async () => (await release(scene.hub)) === '4.1.6');
  await expectOldHub();
});

test('the next run finishes a job that lost its runner and was killed on the host, too', {
  timeout: limit,
}, async () => {
  const { hub } = scene;
  const slow = scene.sabotage(slowMigration(300));
  const { run, job } = await runWithWriter('killed', { lose: { line: (line) => line.includes('│ planted') } });
  await slow;
  expect(run.lost).toBe(true);
  await killProcesses(job);
  expect(await verdict(job)).toBeUndefined();
  expect(await release(hub)).toBeUndefined();

  // The connection of the next run is reset at the beginning of the downtime and in the middle of it.
  const proxy = await startProxy(hub.ssh.port);
  const reset = () => {
    proxy.turnAway(2);
    proxy.reset();
  };
  const { run: next, job: nextJob } = await runWithWriter(
    'reset',
    {
      onLine: (line) => void (/##\[group\]\d+ (Stop|Start|Verify) the hub/.test(line) && reset()),
    },
    { port: String(proxy.port), 'known-hosts': '', 'host-fingerprint': hub.ssh.fingerprint, 'target-version': '5.2.1' },
  ).finally(() => proxy.close());
  expect(await verdict(job)).toBe('rolled-back');
  expect(next.outputs.outcome, next.rawLog.slice(-40).join('\n')).toBe('upgraded');
  expect(next.conclusion).toBe('success');
  const { warnings, steps } = JSON.parse(next.outputs.result ?? '') as {
    warnings: string[];
    steps: { name: string; side: string }[];
  };
  expect(warnings.join('\n')).toContain(
    `/actions/runs/${scene.runId() - 1}/attempts/1 was brought to its end first: rolled-back`,
  );

  // Nothing of the host's was shown twice or left out.
  expect(next.rawLog.join('\n')).toContain('The connection to the host was lost');
  const names = steps.filter(({ side }) => side === 'host').map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const shown = next.rawLog.filter((line) => line.startsWith('│ ')).map((line) => line.slice(2));
  const printed = (await readFile(join(nextJob, 'log'), 'utf8')).trimEnd().split('\n');
  expect(shown.slice(-printed.length)).toEqual(printed);
  await expectNewHub('5.2.1');
});

test('a host that verified the new hub keeps it when the runner is lost', { timeout: limit }, async () => {
  const { inputs, blind } = await undecided();
  const { run, job } = await runWithWriter(
    'keep',
    { lose: { line: (line) => line.includes('Verify the hub from outside') && line.includes('##[group]') }, ...blind },
    { ...inputs, 'target-version': '6.0.1' },
  );
  expect(run).toMatchObject({ lost: true, post: undefined });
  expect(await verdict(job)).toBeUndefined();
  await ended(job, 'committed');
  expect(await journal(job)).toMatch(/ decision - timeout /);
  await expectNewHub('6.0.1');

  const pid = await scene.hub.pid();
  const { run: next } = await runWithWriter('unchanged', {}, { 'target-version': '6.0.1' }, 0);
  expect(next).toMatchObject({ conclusion: 'success', outputs: { outcome: 'unchanged', 'current-version': '6.0.1' } });
  expect(await scene.hub.pid()).toBe(pid);
});

test('a run cancelled after the host verified the new hub keeps it, and its post says so', {
  timeout: limit,
}, async () => {
  const { inputs, blind } = await undecided();
  const { run, job } = await runWithWriter(
    'confirm',
    {
      cancel: { line: (line) => line.includes('Verify the hub from outside') && line.includes('##[group]') },
      ...blind,
    },
    { ...inputs, 'target-version': '6.1.1' },
  );
  expectCancelled(run, /Upgraded: 127\\?\.0\.0\.1 runs JupyterHub 6\.1\.1/);
  expect(await verdict(job)).toBe('committed');
  await expectNewHub('6.1.1');
});

/** A runner that sees no hub any more once it was stopped, and therefore does not commit for ten seconds. */
async function undecided() {
  const way = await startProxy(Number(new URL(scene.hub.url).port));
  onTestFinished(() => way.close());
  const onLine = (line: string) => void (isStopping(line) && way.close());
  return { inputs: { 'health-url': `http://127.0.0.1:${way.port}/`, 'confirm-timeout': '20' }, blind: { onLine } };
}

async function runWithWriter(
  name: string,
  options: Parameters<Scene['run']>[1],
  inputs: Record<string, string> = {},
  newJobs = 1,
): Promise<{ run: RunActionResult; job: string }> {
  const jobs = await scene.jobs();
  const writer = startWrites(scene.hub, `${name}-`);
  const run = await scene.run({ 'target-version': '6.1.1', ...inputs }, options);
  const { acknowledged, attempted } = await writer.stop();
  writes.acknowledged.push(...acknowledged);
  writes.attempted.push(...attempted);
  const added = (await scene.jobs()).filter((one) => !jobs.includes(one));
  expect(added, run.rawLog.slice(-40).join('\n')).toHaveLength(newJobs);
  return { run, job: added[0] ?? '' };
}

/** Main was cut and could say nothing but `unknown`; post knows what became of it. */
function expectCancelled(run: RunActionResult, summary: RegExp): void {
  const log = run.rawLog.slice(-40).join('\n');
  expect(run, log).toMatchObject({ conclusion: 'cancelled', lost: false, outputs: { outcome: 'unknown' } });
  expect(run.main.sent.map(({ signal }) => signal)).toEqual(['SIGINT']);
  expect(run.post?.exitCode).toBe(0);
  expect(run.summaries.at(-1)?.text).toMatch(summary);
}

async function ended(job: string, word: string): Promise<void> {
  await journaled(job, / verdict - /);
  expect(await verdict(job)).toBe(word);
}

async function expectOldHub(): Promise<void> {
  const { answer, notOld, leftovers } = await judgeNow('6.1.1');
  expect({ answer, notOld, leftovers }).toEqual({ answer: 'old', notOld: [], leftovers: [] });
  expect(await serverPid(scene.hub.url, scene.hub.server.user)).toBe(scene.hub.server.pid);
}

async function expectNewHub(target: string): Promise<void> {
  const { answer, notNew, leftovers } = await judgeNow(target);
  expect({ answer, notNew }).toEqual({ answer: 'new', notNew: [] });
  expect(leftovers.filter((one) => !/\/(environment)?\.jupyterhub-upgrade-[^/]*$/.test(one))).toEqual([]);
  expect(await serverPid(scene.hub.url, scene.hub.server.user)).toBe(scene.hub.server.pid);
}

/** Judges the hub once nothing of the job runs any more, or half a minute later. */
async function judgeNow(target: string) {
  const end = performance.now() + 30_000;
  for (;;) {
    const judged = judge(before, await recordState(scene.hub.subject), target, writes);
    const leftovers = judged.leftovers.filter((one) => !one.includes('/bin/jupyterhub -f '));
    if (performance.now() > end || !leftovers.some((one) => one.startsWith('processes:')))
      return { ...judged, leftovers };
  }
}

/** Kills everything that runs for a job on the host, as nobody does on purpose. */
async function killProcesses(job: string): Promise<void> {
  await until('the processes of the job live on', 20, async () => {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
    const found = pids.filter((_, index) => lines[index]?.includes(job));
    for (const pid of found) process.kill(Number(pid), 'SIGKILL');
    return found.length === 0;
  });
}
