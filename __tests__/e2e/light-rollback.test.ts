import { readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDatabase } from '../../bench/check/database.ts';
import { judge, type Writes } from '../../bench/check/judge.ts';
import { readSqlite } from '../../bench/check/sqlite.ts';
import { recordState, type State } from '../../bench/check/state.ts';
import { run as runProgram, until } from '../../bench/hub/run.ts';
import { serverPid } from '../../bench/hub/seed.ts';
import { type EvilProxy, startProxy } from '../../bench/network.ts';
import type { RunActionResult } from '../../bench/runner/run-action.ts';
import { isStopping, journal, release, type Scene, startScene, startWrites, verdict } from './light.ts';

// One hub, and at each step of the transaction a failure: those that come back first, those that never stop the hub last.

const limit = 600_000;
const target = '6.1.1';
let scene: Scene;
let before: State;
/** What the writer did in all runs so far. */
const writes: Writes = { acknowledged: [], attempted: [] };
/** Directories in which a rollback kept what the new hub had written. */
const kept: string[] = [];
/** When the last rollback was over, and the pid of the hub that it started. */
let last: { at: number; pid: number | undefined };
/** Runs so far: users have names of their own in each, also where two fail in the same step. */
let runs = 0;

/** The way of the runner to the hub. */
let proxy: EvilProxy;

beforeAll(async () => {
  scene = await startScene({ releases: ['6.1.1'] });
  proxy = await startProxy(Number(new URL(scene.hub.url).port));
  before = await recordState(scene.hub.subject);
});

afterAll(async () => {
  await proxy?.close();
  await scene?.close();
});

interface Failure {
  step: string;
  /** POSIX sh that comes after the shipped steps. */
  sabotage?: string;
  inputs?: () => Record<string, string>;
  onLine?: (line: string) => void;
  /** What somebody does to the hub meanwhile. */
  meanwhile?: () => Promise<void>;
  /** Whether the start of a new hub was begun, so that its database is kept. */
  newHub?: boolean;
  /** What the log has to say about the cause. */
  cause: RegExp;
}

/** A migration that left a mess, as that from 2.x to 6.x does where it is known to: SQLite does not undo DDL of before. */
const halfMigration = `
database_revision() {
  [ ! -e "$JOB/own-copies" ] || as_hub sqlite3 "$DATABASE_PATH" "
    ALTER TABLE users ADD COLUMN planted VARCHAR(50);
    UPDATE users SET admin = 1 - admin;
    DELETE FROM user_group_map;
    CREATE TABLE _alembic_tmp_api_tokens AS SELECT * FROM api_tokens;
    DROP TABLE api_tokens;
    UPDATE alembic_version SET version_num = '4621fec11365';"
  hubdb revision "$DATABASE_PATH"
}`;

const afterTheStop: Failure[] = [
  { step: 'stop', sabotage: 'do_stop() { service_stop; say planted; false; }', cause: /planted/ },
  {
    step: 'snapshot',
    sabotage: 'do_snapshot() { database_snapshot; say planted; false; }',
    cause: /planted/,
  },
  { step: 'switch', sabotage: 'do_switch() { environment_switch; say planted; false; }', cause: /planted/ },
  { step: 'migrate', sabotage: halfMigration, cause: /ended well, but the database is at revision 4621fec11365/ },
  {
    step: 'start',
    meanwhile: () => scene.refuseNewReleases(true),
    newHub: true,
    cause: /this start was planted to fail/,
  },
  {
    step: 'verify',
    // It answers, and then it dies: at this moment on every machine, however busy.
    sabotage: 'verify_token() { kill -9 "$(hub_pid)"; }',
    newHub: true,
    cause: /answered 503|process changed/,
  },
  {
    step: 'confirm',
    inputs: () => ({ 'health-url': `http://127.0.0.1:${proxy.port}/`, 'confirm-timeout': '15' }),
    onLine: (line) => void (isStopping(line) && proxy.close()),
    newHub: true,
    cause: /from outside: .* ECONNREFUSED/,
  },
];

test.each(afterTheStop)('a failure in $step puts the old hub back', { timeout: limit }, async (failure) => {
  const { hub } = scene;
  const pid = await hub.pid();
  const jobs = await scene.jobs();
  const moments = (await scene.moments()).length;
  const { run, acknowledged, away } = await runToFailure(failure);
  expectFailure(run, 'rolled-back', failure);
  expect(run.outputs['downtime-seconds']).toMatch(/^\d+\.\d$/);

  // The hub was another process meanwhile, and is the old release again; the users' servers noticed nothing.
  last = { at: performance.now(), pid: await hub.pid() };
  expect(last.pid).not.toBe(pid);
  expect(await serverPid(hub.url, hub.server.user)).toBe(hub.server.pid);

  // What was put back is what the stopped hub had left, to the last column of the last row.
  const [stopped, ...more] = (await scene.moments()).slice(moments);
  const putBack = more.at(-1);
  expect([stopped?.verb, putBack?.verb]).toEqual(['stop', 'start']);
  const [old, back] = [await stopped?.state(), await putBack?.state()];
  expect(old?.integrity).toBe('ok');
  expect(back).toEqual(old);

  // What the new hub acknowledged is not lost: it is kept beside, and the run says where.
  const [job = ''] = (await scene.jobs()).filter((one) => !jobs.includes(one));
  const aside = join(hub.directory, 'state', `.jupyterhub-upgrade-${basename(job)}`);
  if (failure.newHub) {
    kept.push(aside);
    expect(userNames((await readSqlite(join(aside, 'new'))).keys.users)).toEqual(expect.arrayContaining(away));
    const { warnings } = JSON.parse(run.outputs.result ?? '') as { warnings: string[] };
    expect(warnings.join('\n')).toContain(`${aside}/new`);
  } else {
    expect(away).toEqual([]);
  }
  expect(acknowledged.length).toBeGreaterThan(away.length);
  await expectOldHub(job);
});

test('a way back that fails leaves everything in place, and what is printed walks it to its end', {
  timeout: limit,
}, async () => {
  const { hub } = scene;
  const jobs = await scene.jobs();
  const mended = join(hub.directory, 'homes/mended');
  const { run } = await runToFailure({
    step: 'start',
    // Between the two states: the new environment stands where the old one stood, and the database is migrated.
    sabotage: `undo_switch() { if [ -e '${mended}' ]; then environment_switch_back; else say 'planted on the way back'; false; fi; }`,
    meanwhile: () => scene.refuseNewReleases(true),
    cause: /this start was planted to fail/,
  });
  expect(run.conclusion).toBe('failure');
  expect(run.stepOutputs.outcome, run.rawLog.slice(-40).join('\n')).toBe('rollback-failed');
  const said = run.annotations.map(({ message }) => message).join('\n');
  expect(said).toContain('planted on the way back');
  const [command = 'exit 1'] = /^sed -i .* && tail -n 1 .*$/m.exec(said) ?? [];
  const [job = ''] = (await scene.jobs()).filter((one) => !jobs.includes(one));
  const aside = join(hub.directory, 'state', `.jupyterhub-upgrade-${basename(job)}`);
  kept.push(aside);

  // Nothing goes on by itself, and as long as the cause is not mended the command changes nothing.
  for (const word of ['', command]) {
    if (word !== '') expect(await runProgram('sh', ['-c', word])).toMatch(/ verdict - rollback-failed\n$/);
    expect(await hub.pid()).toBeUndefined();
    const { installation, database } = await recordState(hub.subject);
    expect([installation.releases, database.revision]).toEqual([[target], 'f460b0348206']);
    expect((await readSqlite(join(aside, 'snapshot'))).revision).toBe('0eee8c825d24');
  }

  await writeFile(mended, '');
  expect(await runProgram('sh', ['-c', command])).toMatch(/ verdict - rolled-back\n$/);
  await rm(mended);
  expect(await release(hub)).toBe('4.1.6');
  last = { at: performance.now(), pid: await hub.pid() };
  await expectOldHub(job);
});

const beforeTheStop: Failure[] = [
  { step: 'stage', sabotage: 'copy_is() { say planted; false; }', cause: /planted/ },
  {
    step: 'backup',
    inputs: () => ({ 'extra-backup-paths': '/nowhere/to/be/found' }),
    cause: /\/nowhere\/to\/be\/found/,
  },
  {
    step: 'announce',
    inputs: () => ({ 'notify-command': 'echo planted >&2; exit 3' }),
    cause: /notify-command failed/,
  },
];

test.each(beforeTheStop)('a failure in $step stops nothing', { timeout: limit }, async (failure) => {
  const { hub } = scene;
  const pid = await hub.pid();
  const jobs = await scene.jobs();
  const moments = (await scene.moments()).length;
  const { run, acknowledged, attempted } = await runToFailure(failure);
  expectFailure(run, 'failed-before-change', failure);
  expect(run.outputs['downtime-seconds']).toBeUndefined();
  expect(await hub.pid()).toBe(pid);
  expect(await scene.moments()).toHaveLength(moments);
  expect(acknowledged.toSorted()).toEqual(attempted);
  const [job = ''] = (await scene.jobs()).filter((one) => !jobs.includes(one));
  await expectOldHub(job);
});

test('a minute after the last rollback the same old hub still runs', { timeout: limit }, async () => {
  await delay(Math.max(0, last.at + 60_000 - performance.now()));
  expect(await scene.hub.pid()).toBe(last.pid);
  expect(await release(scene.hub)).toBe('4.1.6');
});

/** What the writer was told meanwhile; `away`: users it was told were made and that are not in the database any more. */
async function runToFailure({ step, sabotage, inputs, onLine, meanwhile }: Failure) {
  runs += 1;
  const writer = startWrites(scene.hub, `${step}-${runs}-`);
  const planted = sabotage === undefined ? undefined : scene.sabotage(sabotage);
  const running = scene.run({ 'target-version': target, ...inputs?.() }, onLine && { onLine });
  const [run] = await Promise.all([running, meanwhile?.(), planted]);
  await scene.refuseNewReleases(false);
  const { acknowledged, attempted } = await writer.stop();
  const present = new Set(userNames((await readDatabase(scene.hub.database)).keys.users));
  writes.acknowledged.push(...acknowledged.filter((name) => present.has(name)));
  writes.attempted.push(...attempted);
  return { run, acknowledged, attempted, away: acknowledged.filter((name) => !present.has(name)) };
}

function expectFailure(run: RunActionResult, outcome: string, { step, cause }: Failure): void {
  expect(run.outputs.outcome, run.rawLog.slice(-40).join('\n')).toBe(outcome);
  expect(run).toMatchObject({
    conclusion: 'failure',
    main: { exitCode: 1 },
    post: { exitCode: 0 },
    outputs: { 'failed-step': step, 'previous-version': '4.1.6', 'current-version': '4.1.6' },
  });
  expect(run.outputs['current-revision']).toBe(run.outputs['previous-revision']);
  expect(run.annotations.map(({ level, message }) => ({ level, message }))).toContainEqual({
    level: 'error',
    message: expect.stringMatching(cause),
  });
  expect(run.summaries.map(({ text }) => text).join('\n')).toMatch(
    outcome === 'rolled-back' ? /Rolled back/ : /Failed/,
  );
}

/** Code, data, configuration, processes, mounts and files are those of the beginning, less what is meant to stay. */
async function expectOldHub(job: string): Promise<void> {
  const { hub } = scene;
  const after = await until('processes of the job are still there', 20, async () => {
    const state = await recordState(hub.subject);
    return judge(before, state, target).leftovers.some((one) => one.startsWith('processes:')) ? undefined : state;
  });
  const { answer, notOld, leftovers } = judge(before, after, target, writes);
  expect({ answer, notOld }).toEqual({ answer: 'old', notOld: [] });
  // Of new hubs that were taken back the databases of the last two stay: keep-host-backups.
  const asides = kept.slice(-2).map((directory) => `watched: ${directory}`);
  expect(leftovers.sort()).toEqual(asides.sort());
  expect(after.database.keys.tokens).toEqual(before.database.keys.tokens);

  // Locks, phases and secrets of the job are gone; its journal and log stay.
  await runProgram('flock', ['-n', join(hub.directory, 'state'), 'true']);
  const phases = (await readdir('/var/tmp')).filter((name) => name.startsWith('jupyterhub-upgrade.'));
  const ours = phases.map((name) => join('/var/tmp', name, 'parameters'));
  expect(await runProgram('sh', ['-c', 'grep -lsF -e "$0" "$@" || true', hub.directory, ...ours])).toBe('');
  expect(await verdict(job), await journal(job)).toMatch(/^(rolled-back|not-begun)$/);
  const files = await readdir(job);
  expect(files).toEqual(expect.arrayContaining(['journal', 'log', 'parameters', 'programs']));
  for (const name of ['secrets', 'hub.env', 'ballast', 'go', 'payload', 'token']) expect(files).not.toContain(name);
}

/** The names that rows of the users' keys begin with. */
function userNames(rows: string[] = []): string[] {
  return rows.map((row) => row.slice(1, row.indexOf("',")));
}
