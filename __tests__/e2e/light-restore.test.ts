import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { judge } from '../../bench/check/judge.ts';
import { recordState, type State } from '../../bench/check/state.ts';
import { fileOf } from '../../bench/hub/database.ts';
import { run as runProgram } from '../../bench/hub/run.ts';
import type { RunActionResult } from '../../bench/runner/run-action.ts';
import { walkBack } from '../../src/transaction/walk-back.ts';
import { release, type Scene, startScene, startWrites } from './light.ts';

// One hub, broken in one way after another; each time the same backup brings it back.

const limit = 600_000;
let scene: Scene;
let before: State;
/** The backup that is put back, and the run that made it. */
let backup: Record<string, string>;

beforeAll(async () => {
  scene = await startScene({ releases: ['4.1.6', '6.1.1'] });
  before = await recordState(scene.hub.subject);
  const run = await scene.run({ mode: 'backup' });
  expect(run.outputs.outcome, run.rawLog.slice(-40).join('\n')).toBe('backed-up');
  backup = {
    'run-id': String(scene.runId()),
    'artifact-id': run.outputs['backup-artifact-id'] ?? '',
    'github-token': scene.service.apiToken,
  };
});

afterAll(() => scene?.close());

const restore = (inputs: Record<string, string>, options?: Parameters<Scene['run']>[1]) =>
  scene.run({ mode: 'restore', 'age-identity': scene.identity, ...inputs }, options);

const stopHub = () => runProgram('sh', ['-c', scene.hub.stopCommand]);

async function expectRestored(run: RunActionResult, warning?: RegExp): Promise<void> {
  expect(run.outputs.outcome, run.rawLog.slice(-40).join('\n')).toBe('restored');
  if (warning) {
    const { warnings } = JSON.parse(run.outputs.result ?? '') as { warnings: string[] };
    expect(warnings.join('\n')).toMatch(warning);
  }
  const { notOld } = judge(before, await recordState(scene.hub.subject), '6.1.1', {
    acknowledged: [],
    attempted: Object.keys(scene.hub.seeded.tokens),
  });
  expect(notOld.filter((reason) => !reason.startsWith('environment differs'))).toEqual([]);
}

test('a stopped hub is known from its backup, and found without config-path', { timeout: limit }, async () => {
  await stopHub();
  expect(await release(scene.hub)).toBeUndefined();
  await runProgram('sqlite3', [fileOf(scene.hub), 'DELETE FROM users WHERE id > 10']);
  const run = await restore({ ...backup, 'config-path': '' });
  await expectRestored(run, /The hub does not run now: no process of it was found/);
  // Its environment is that of the backup, and was left as it is.
  expect((await recordState(scene.hub.subject)).environment).toEqual(before.environment);
});

test('a running hub whose configuration was broken meanwhile', { timeout: limit }, async () => {
  const pid = await scene.hub.pid();
  await writeFile(scene.hub.configPath, 'c.JupyterHub.port = = 8000\n');
  const run = await restore(backup);
  // What was there stays beside it.
  const directory = dirname(scene.hub.configPath);
  const [aside = ''] = (await readdir(directory)).filter((name) => name.startsWith('jupyterhub_config.py.before-'));
  expect(await readFile(join(directory, aside), 'utf8')).toContain('port = =');
  await rm(join(directory, aside));
  await expectRestored(run, /could not be loaded with its own interpreter: .*SyntaxError/);
  expect(await scene.hub.pid()).not.toBe(pid);
});

test('a stopped hub whose environment a failed pip has broken', { timeout: limit }, async () => {
  const { environmentPath } = scene.hub;
  await stopHub();
  const packages = join(
    environmentPath,
    'lib',
    (await readdir(join(environmentPath, 'lib')))[0] ?? '',
    'site-packages',
  );
  for (const gone of ['jupyterhub/app.py', 'sqlalchemy', 'pip/_internal'])
    await rm(join(packages, gone), { recursive: true });
  await writeFile(fileOf(scene.hub), 'no database');
  const run = await restore(backup);
  await expectRestored(run, /JupyterHub could not be imported/);
  expect(run.outputs['previous-version']).toBeUndefined();
  expect((await recordState(scene.hub.subject)).installation).toEqual(before.installation);
});

test('a restore of a stopped hub that fails leaves it as it was: stopped', { timeout: limit }, async () => {
  await stopHub();
  const database = await readFile(fileOf(scene.hub));
  const broken = scene.sabotage('do_start() { false; }');
  const run = await restore(backup);
  await broken;
  expect(run.outputs.outcome, run.rawLog.slice(-40).join('\n')).toBe('rolled-back');
  expect(run.summaries.at(-1)?.text).toContain('its hub did not run then, and does not run now');
  expect(await scene.hub.pid()).toBeUndefined();
  expect(await readFile(fileOf(scene.hub))).toEqual(database);
  await expectRestored(await restore(backup));
});

test("the restore job of a run leaves a hub alone that the run's own job left whole", { timeout: limit }, async () => {
  const broken = scene.sabotage('do_migrate() { false; }');
  const upgrade = await scene.run({ 'target-version': '5.2.1' });
  await broken;
  expect(upgrade.outputs.outcome).toBe('rolled-back');
  const pid = await scene.hub.pid();
  const inputs = { 'artifact-id': upgrade.outputs['backup-artifact-id'] ?? '' };
  const own = await restore(inputs, { run: { runId: scene.runId() } });
  expect(own, own.rawLog.slice(-40).join('\n')).toMatchObject({
    conclusion: 'success',
    outputs: { outcome: 'unchanged', 'current-version': '4.1.6' },
  });
  expect(own.rawLog.join('\n')).toContain('the upgrade was taken back: the hub is JupyterHub 4.1.6 again');
  expect(await scene.hub.pid()).toBe(pid);

  // A hub that went down since is for a person, who may want the backup all the same.
  await stopHub();
  const down = await restore(inputs, { run: { runId: scene.runId() } });
  expect(down).toMatchObject({ conclusion: 'failure', outputs: { outcome: 'failed-before-change' } });
  expect(await scene.hub.pid()).toBeUndefined();
  const asked = { ...inputs, 'run-id': String(scene.runId()), 'github-token': scene.service.apiToken };
  await expectRestored(await restore(asked));
});

test('the restore job of a run whose way back failed tries that again, which has all rows', {
  timeout: limit,
}, async () => {
  const stuck = scene.sabotage(`
do_migrate() { false; }
start_hub() { [ -e "$JOB/mended" ] && service_start; }`);
  const writer = startWrites(scene.hub, 'kept-');
  const upgrade = await scene.run({ 'target-version': '5.2.1' });
  const { acknowledged } = await writer.stop();
  const job = await stuck;
  expect(upgrade.outputs.outcome, upgrade.rawLog.slice(-40).join('\n')).toBe('rollback-failed');
  expect(upgrade.annotations.at(-1)?.message).toContain(walkBack(job, 'none'));

  await writeFile(join(job, 'mended'), '');
  const inputs = { 'artifact-id': upgrade.outputs['backup-artifact-id'] ?? '' };
  const walked = await restore(inputs, { run: { runId: scene.runId() } });
  expect(walked.outputs.outcome, walked.rawLog.slice(-40).join('\n')).toBe('unchanged');
  expect(await release(scene.hub)).toBe('4.1.6');
  expect(acknowledged.length).toBeGreaterThan(0);
  const users = await runProgram('sqlite3', [fileOf(scene.hub), 'SELECT name FROM users']);
  expect(users.split('\n')).toEqual(expect.arrayContaining(acknowledged));
});
