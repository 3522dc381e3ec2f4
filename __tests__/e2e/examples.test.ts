// The workflows of examples/, run from their own YAML. What the box has other than a usual host (ports, no systemd) is in
// the defaults of a copy of action.yml, so that the examples need not speak of it.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { judge } from '../../bench/check/judge.ts';
import { recordState } from '../../bench/check/state.ts';
import type { HubInABox } from '../../bench/hub/hub.ts';
import { type LightHub, startLightHub } from '../../bench/hub/light.ts';
import { type MachineHub, startMachineHub } from '../../bench/hub/machine.ts';
import { missingRequirements } from '../../bench/hub/requirements.ts';
import { until } from '../../bench/hub/run.ts';
import { stateDirectoryOf } from '../../bench/hub/state.ts';
import { offerWheels } from '../../bench/hub/wheels.ts';
import { type ResultsService, startResultsService } from '../../bench/runner/results-service.ts';
import { type RunWorkflowOptions, runWorkflow, type WorkflowResult } from '../../bench/runner/run-workflow.ts';
import { sabotageNextJob } from '../../bench/sabotage.ts';
import { ageKeygen } from '../backup/age.ts';

const ROOT = join(import.meta.dirname, '../..');
const TARGET = '5.2.1';
const limit = 600_000;

/** A hub, and what runs the examples for it. */
interface Scene<Hub extends HubInABox> {
  hub: Hub;
  service: ResultsService;
  /** A directory of this scene, gone with it. */
  work: string;
  /** The number of the newest run. */
  runId(): number;
  run(example: string, options: Partial<RunWorkflowOptions>): Promise<WorkflowResult>;
  close(): Promise<void>;
}

/** `particular`: what the hub has other than a usual one, as inputs. */
async function startScene<Hub extends HubInABox>(hub: Hub, particular: Record<string, string>): Promise<Scene<Hub>> {
  const work = await mkdtemp(join(tmpdir(), 'examples-'));
  const service = await startResultsService({ directory: join(work, 'results') });
  const action = join(work, 'action');
  await writeAction(action, { port: String(hub.ssh.port), 'notify-lead-time': '0', ...particular });
  const { identity, recipient } = await ageKeygen();
  let runId = 500;
  return {
    ...{ hub, service, work },
    runId: () => runId,
    run(example, options) {
      runId += 1;
      return runWorkflow({
        vars: {
          HUB_HOST: hub.ssh.host,
          HUB_USER: hub.ssh.username,
          HUB_KNOWN_HOSTS: hub.ssh.knownHosts,
          BACKUP_AGE_RECIPIENTS: recipient,
        },
        secrets: { HUB_SSH_KEY: hub.ssh.privateKey, BACKUP_AGE_IDENTITY: identity },
        ...options,
        file: join(ROOT, 'examples', example),
        service,
        work: join(work, `run-${runId}`),
        actions: { 'OWNER/jupyterhub-upgrade': action },
        run: { runId, ...options.run },
      });
    },
    async close() {
      await service.close();
      await hub.stop();
      await rm(work, { recursive: true });
    },
  };
}

/** This repository's action in another directory, with other defaults. */
async function writeAction(directory: string, defaults: Record<string, string>): Promise<void> {
  const manifest = parse(await readFile(join(ROOT, 'action.yml'), 'utf8'));
  for (const [name, value] of Object.entries(defaults)) manifest.inputs[name].default = value;
  await mkdir(directory);
  await writeFile(join(directory, 'action.yml'), stringify(manifest));
  await symlink(join(ROOT, 'dist'), join(directory, 'dist'));
}

/** Runs upgrade-on-release with the next job on the host broken. */
async function runBroken(scene: Scene<HubInABox>, stateRoot: string, definitions: string): Promise<WorkflowResult> {
  const stop = new AbortController();
  const sabotage = sabotageNextJob(stateRoot, definitions, stop.signal);
  const result = await scene.run('upgrade-on-release.yml', { run: TAG }).finally(() => stop.abort());
  await sabotage;
  return result;
}

/** Kills the main step that runs now. */
async function killMain({ work }: Scene<HubInABox>): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.split('\0').includes(join(work, 'action/dist/main.mjs'))) process.kill(Number(pid), 'SIGKILL');
  }
}

/** What became of each job, and the outcome of its last step that has one. */
function ends({ jobs }: WorkflowResult): Record<string, string> {
  return Object.fromEntries(
    Object.entries(jobs).map(([id, { result, steps }]) => {
      const outcome = steps.map(({ outputs }) => outputs.outcome).findLast((one) => one !== undefined);
      return [id, [result, outcome].filter(Boolean).join(', ')];
    }),
  );
}

const pullRequest = (from: string) => ({
  event: 'pull_request',
  ref: 'refs/pull/7/merge',
  payload: { action: 'opened', pull_request: { base: { ref: 'main' }, head: { repo: { full_name: from } } } },
});

const TAG = { event: 'push', ref: `refs/tags/${TARGET}` };

describe('on a hub run by commands', () => {
  let scene: Scene<LightHub>;
  let state: string;

  beforeAll(async () => {
    const hub = await startLightHub({ release: '4.1.6', users: 50 });
    await offerWheels(hub, ['4.1.6', TARGET, '6.1.1']);
    state = await stateDirectoryOf(hub);
    const { stopCommand, startCommand, configPath } = hub;
    scene = await startScene(hub, {
      'service-manager': 'commands',
      'stop-command': stopCommand,
      'start-command': startCommand,
      'config-path': configPath,
    });
  });

  afterAll(async () => {
    await scene?.close();
    if (state) await rm(state, { recursive: true, force: true });
  });

  test('plan-on-pull-request plans, and leaves pull requests from forks alone', { timeout: limit }, async () => {
    const { hub, service } = scene;
    const before = await recordState(hub.subject);
    const fork = await scene.run('plan-on-pull-request.yml', { run: pullRequest('mallory/hub') });
    expect(ends(fork)).toEqual({ plan: 'skipped' });
    const own = await scene.run('plan-on-pull-request.yml', { run: pullRequest('acme/hub') });
    expect(ends(own)).toEqual({ plan: 'success, planned' });
    expect(own.permissions).toEqual({});
    expect(service.artifacts()).toEqual([]);
    expect(judge(before, await recordState(hub.subject), '')).toMatchObject({ notOld: [], leftovers: [] });
  });

  test('backup-on-schedule stores a backup', { timeout: limit }, async () => {
    const { hub, service } = scene;
    const pid = await hub.pid();
    const result = await scene.run('backup-on-schedule.yml', { run: { event: 'schedule' } });
    expect(ends(result)).toEqual({ backup: 'success, backed-up' });
    expect(result.jobs.backup?.settings).toMatchObject({ environment: { name: 'jupyterhub-unattended' } });
    const [artifact] = service.artifacts();
    const days = (Date.parse(artifact?.expiresAt ?? '') - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(14);
    expect(await hub.pid()).toBe(pid);
  });

  test('upgrade-on-release upgrades, and its restore job is skipped', { timeout: limit }, async () => {
    const { hub, service } = scene;
    const before = await recordState(hub.subject);
    const result = await scene.run('upgrade-on-release.yml', { run: TAG });
    expect(ends(result)).toEqual({ upgrade: 'success, upgraded', restore: 'skipped' });
    expect(result).toMatchObject({ permissions: {}, concurrency: { group: 'jupyterhub', cancelInProgress: false } });
    const artifact = String(service.artifacts().at(-1)?.id);
    expect(result.jobs.upgrade?.outputs).toEqual({ outcome: 'upgraded', 'artifact-id': artifact });
    expect(judge(before, await recordState(hub.subject), TARGET)).toMatchObject({ notNew: [] });
  });

  test('restore puts the backup of that run back', { timeout: limit }, async () => {
    const inputs = { 'run-id': String(scene.runId()), 'artifact-id': String(scene.service.artifacts().at(-1)?.id) };
    const result = await scene.run('restore.yml', { run: { event: 'workflow_dispatch' }, inputs });
    expect(ends(result)).toEqual({ restore: 'success, restored' });
    expect(result.jobs.restore?.settings?.permissions).toEqual({ actions: 'read' });
    expect((await recordState(scene.hub.subject)).version).toBe('4.1.6');
  });

  test('upgrade-on-release does not restore a hub that went back by itself', { timeout: limit }, async () => {
    const before = await recordState(scene.hub.subject);
    const result = await runBroken(scene, state, 'do_migrate() { return 1; }');
    expect(ends(result)).toEqual({ upgrade: 'failure, rolled-back', restore: 'skipped' });
    expect(judge(before, await recordState(scene.hub.subject), TARGET)).toMatchObject({ notOld: [] });
  });

  test('upgrade-on-release asks the host when the run lost sight of it, and leaves a whole hub alone', {
    timeout: limit,
  }, async () => {
    const before = await recordState(scene.hub.subject);
    const begun = join(scene.work, 'begun');
    const running = runBroken(scene, state, `do_migrate() { : >'${begun}'; sleep 600; }`);
    await Promise.race([running, until('the migration does not begin', 300, () => stat(begun).catch(() => undefined))]);
    await killMain(scene);
    expect(ends(await running)).toEqual({ upgrade: 'failure, unknown', restore: 'success, unchanged' });
    expect(judge(before, await recordState(scene.hub.subject), TARGET)).toMatchObject({ notOld: [] });
  });

  test('upgrade-as-approved plans on a pull request, and carries that out after the merge', {
    timeout: limit,
  }, async () => {
    const onPull = await scene.run('upgrade-as-approved.yml', { run: pullRequest('acme/hub') });
    expect(ends(onPull)).toEqual({ plan: 'success, planned', upgrade: 'skipped' });
    const merged = { run: { event: 'push', ref: 'refs/heads/main' } };
    const result = await scene.run('upgrade-as-approved.yml', merged);
    expect(ends(result)).toEqual({ plan: 'success, planned', upgrade: 'success, upgraded' });
    expect(result.jobs.upgrade?.settings).toMatchObject({ environment: { name: 'jupyterhub' } });
    const again = await scene.run('upgrade-as-approved.yml', merged);
    expect(ends(again)).toEqual({ plan: 'success, unchanged', upgrade: 'skipped' });
  });

  test('upgrade-on-release starts for no other tag', async () => {
    const other = scene.run('upgrade-on-release.yml', { run: { ...TAG, ref: 'refs/tags/v2026-11' } });
    await expect(other).rejects.toThrow('does not run on');
  });
});

const missing = await missingRequirements('machine');

describe.skipIf(missing.length > 0)(`on a hub run by systemd ${missing.join('; ')}`, () => {
  let scene: Scene<MachineHub>;

  beforeAll(async () => {
    const hub = await startMachineHub({ release: '4.1.6', users: 50 });
    await offerWheels(hub, ['4.1.6', TARGET, '6.1.1']);
    scene = await startScene(hub, {});
  });

  afterAll(() => scene?.close());

  test('upgrade-on-release restores when the way back failed, too', { timeout: limit }, async () => {
    const { hub } = scene;
    const before = await recordState(hub.subject);
    const broken = 'do_migrate() { return 1; }\nundo_switch() { return 1; }\nundo_install() { return 1; }';
    const result = await runBroken(scene, join(hub.root, 'var/lib/jupyterhub-upgrade'), broken);
    expect(ends(result)).toEqual({ upgrade: 'failure, rollback-failed', restore: 'success, restored' });
    // What runs after that was not known.
    expect(result.jobs.upgrade?.steps.find(({ outputs }) => outputs.outcome)?.outputs).toMatchObject({
      'previous-version': '4.1.6',
      'current-version': '',
      'current-revision': '',
    });
    const after = await recordState(hub.subject);
    expect(after).toMatchObject({ version: '4.1.6', installation: before.installation });
    // The environment is not the old directory but an installation of what it had.
    const { notOld } = judge(before, after, TARGET);
    expect(notOld.filter((reason) => !reason.startsWith('environment differs'))).toEqual([]);
  });
});
