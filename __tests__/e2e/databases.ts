// The main job and its ways back on one kind of database: a file of tests for each calls this.
import { readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { judge, type Writes } from '../../bench/check/judge.ts';
import { recordState, type State } from '../../bench/check/state.ts';
import type { HubOptions } from '../../bench/hub/blueprint.ts';
import type { HubDatabase } from '../../bench/hub/database.ts';
import { commandLines } from '../../bench/hub/processes.ts';
import { run as runProgram, shellQuote } from '../../bench/hub/run.ts';
import { serverPid } from '../../bench/hub/seed.ts';
import type { RunActionOptions, RunActionResult } from '../../bench/runner/run-action.ts';
import type { RunResult } from '../../src/report/result.ts';
import { type Scene, startScene, startWrites } from './light.ts';

const target = '6.1.1';
const limit = { timeout: 600_000 };

/** A hub that is upgraded again and again, and what is known of it. */
export interface Stage {
  scene: Scene;
  /** The hub before the first run, of the old release. */
  before: State;
  /** What the writer did in all runs so far, less what went away with a new hub. */
  writes: Writes;
}

export async function startStage(options: HubOptions): Promise<Stage> {
  const scene = await startScene({ releases: ['4.1.6', target], ...options });
  return { scene, before: await recordState(scene.hub.subject), writes: { acknowledged: [], attempted: [] } };
}

/** Runs the action while a writer adds users; gives what it was told, and what of that is not in the database any more. */
export async function runWithWriter(
  { scene, writes }: Stage,
  prefix: string,
  inputs: Record<string, string> = {},
  options: Partial<Pick<RunActionOptions, 'onLine'>> = {},
): Promise<{ run: RunActionResult; acknowledged: string[]; away: string[] }> {
  const writer = startWrites(scene.hub, prefix);
  const watch = watchCommandLines(scene.hub.secrets);
  const run = await scene.run({ 'target-version': target, ...inputs }, options).catch(async (error) => {
    await Promise.all([writer.stop(), watch.stop()]);
    throw error;
  });
  const { acknowledged, attempted } = await writer.stop();
  expect(await watch.stop()).toEqual([]);
  const { users = [] } = (await recordState(scene.hub.subject)).database.keys;
  const present = acknowledged.filter((name) => users.some((row) => row.startsWith(`'${name}',`)));
  writes.acknowledged.push(...present);
  writes.attempted.push(...attempted);
  return { run, acknowledged, away: acknowledged.filter((name) => !present.includes(name)) };
}

/** Looks again and again for secrets on the command lines of all processes; gives those that had one. */
function watchCommandLines(secrets: string[]): { stop(): Promise<string[]> } {
  const seen = new Set<string>();
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
      for (const line of await commandLines(pids)) {
        if (secrets.some((secret) => line.includes(secret))) seen.add(line);
      }
      await delay(200);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await loop;
      return [...seen];
    },
  };
}

/** Neither what the run said nor what it left in the product's own directory has a secret of the hub in it. */
export async function expectNoSecret({ hub, state }: Scene, run: RunActionResult): Promise<void> {
  const said = [...run.rawLog, ...run.summaries.map(({ text }) => text), ...Object.values(run.stepOutputs)].join('\n');
  expect(hub.secrets.filter((secret) => said.includes(secret))).toEqual([]);
  const left = await runProgram('sh', ['-c', 'grep -rlF -f - "$1" || true', 'sh', state], {
    stdin: `${hub.secrets.join('\n')}\n`,
  });
  expect(left).toBe('');
}

/** Code, data, configuration, processes and mounts are those of before the first run. */
export async function expectOldHub({ scene, before, writes }: Stage): Promise<void> {
  const after = await recordState(scene.hub.subject);
  const { answer, notOld } = judge(before, after, target, writes);
  expect({ answer, notOld }).toEqual({ answer: 'old', notOld: [] });
  expect(after.database.keys.tokens).toEqual(before.database.keys.tokens);
  expect(await serverPid(scene.hub.url, scene.hub.server.user)).toBe(scene.hub.server.pid);
}

/** What was put back is what the stopped hub had left, to the last column of the last row. `earlier`: moments before that. */
export async function expectPutBack({ scene }: Stage, earlier: number): Promise<void> {
  const [stopped, ...more] = (await scene.moments()).slice(earlier);
  const putBack = more.at(-1);
  expect([stopped?.verb, putBack?.verb]).toEqual(['stop', 'start']);
  const [old, back] = [await stopped?.state(), await putBack?.state()];
  expect(old?.integrity).toBe('ok');
  expect(back).toEqual(old);
}

/**
 * {fails half-way, new version crashes at its start, succeeds, is taken back by a restore}, in this order on one hub. Gives
 * that hub to tests which come after these: it is of the old release again.
 */
export function tryMainJob(options: HubOptions): () => Stage {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(options);
  });
  afterAll(() => stage?.scene.close());

  test('a migration that fails half-way: the old hub is put back, with every row of it', limit, async () => {
    const { scene } = stage;
    const moments = (await scene.moments()).length;
    const planted = scene.sabotage(halfMigration(scene.hub.database));
    const { run, acknowledged, away } = await runWithWriter(stage, 'half-way-');
    await planted;
    expectRollback(run, 'migrate', /planted/);
    // The guide's other way, and its price, where there is one.
    const fresh = /database-strategy: fresh begins with an empty database instead\. It would cost beside logins: /;
    const said = run.annotations.map(({ message }) => message).join('\n');
    expect(fresh.test(said), said).toBe(scene.hub.database.dialect === 'sqlite');
    await expectPutBack(stage, moments);
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(away).toEqual([]);
    await expectNoSecret(scene, run);
    await expectOldHub(stage);
  });

  test('a new version that ends at its start: the old hub is put back, with every row of it', limit, async () => {
    const { scene } = stage;
    const moments = (await scene.moments()).length;
    await scene.refuseNewReleases(true);
    const { run, acknowledged, away } = await runWithWriter(stage, 'crash-');
    await scene.refuseNewReleases(false);
    expectRollback(run, 'start', /this start was planted to fail/);
    await expectPutBack(stage, moments);
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(away).toEqual([]);
    await expectNoSecret(scene, run);
    await expectOldHub(stage);
  });

  test('an upgrade: every user, group, role, token and acknowledged row is there', limit, async () => {
    const { scene, before, writes } = stage;
    const { hub } = scene;
    const { run, acknowledged, away } = await runWithWriter(stage, 'upgrade-', { rehearse: 'true' });
    expect(run.stepOutputs.outcome, run.rawLog.join('\n')).toBe('upgraded');
    const { rehearsal, notTried } = JSON.parse(run.stepOutputs.result ?? '{}') as RunResult;
    // MariaDB that is written to at every moment may end up copied in lines, of which no scratch database is made: then it is said.
    const isInLines = notTried.some((one) => one.includes('Lines cannot be restored into another database'));
    expect(isInLines && hub.database.dialect !== 'mariadb').toBe(false);
    if (!isInLines) {
      expect(notTried).toEqual([expect.stringContaining('that takes a canary-user')]);
      // A server that is reached over the network leaves a trial hub its network; the authenticator is one of JupyterHub's own.
      expect(rehearsal).toMatchObject({
        trial: hub.database.dialect === 'sqlite' ? 'isolated' : 'replaced',
        access: { lost: 0, gained: 0 },
        seconds: { migrate: expect.any(Number), start: expect.any(Number) },
      });
    }
    expect(run).toMatchObject({ conclusion: 'success', main: { exitCode: 0 }, post: { exitCode: 0 } });
    const { answer, notNew } = judge(before, await recordState(hub.subject), target, writes);
    expect({ answer, notNew }).toEqual({ answer: 'new', notNew: [] });
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(away).toEqual([]);
    await expectNoSecret(scene, run);
    for (const [name, token] of Object.entries(hub.seeded.tokens)) {
      expect((await hub.api('GET', '/user', undefined, token)).body).toMatchObject({ name });
    }
    expect(await serverPid(hub.url, hub.server.user)).toBe(hub.server.pid);
  });

  test('a restore brings back what the backup of that upgrade holds', limit, async () => {
    const { scene, before, writes } = stage;
    const { hub, service } = scene;
    const artifact = service.artifacts().at(-1);
    const run = await scene.run({
      mode: 'restore',
      'run-id': String(scene.runId()),
      'artifact-id': String(artifact?.id),
      'github-token': service.apiToken,
      'age-identity': scene.identity,
    });
    expect(run.stepOutputs.outcome, run.rawLog.join('\n')).toBe('restored');
    await expectNoSecret(scene, run);
    // Users of after the backup are away, as it was said; the environment is made anew.
    const acknowledged = writes.acknowledged.filter((name) => !name.startsWith('upgrade-'));
    const { notOld } = judge(before, await recordState(hub.subject), target, { ...writes, acknowledged });
    expect(notOld.filter((reason) => !reason.startsWith('environment differs'))).toEqual([]);
    expect(await serverPid(hub.url, hub.server.user)).toBe(hub.server.pid);
  });

  return () => stage;
}

export function expectRollback(run: RunActionResult, step: string, cause: RegExp): void {
  expect(run.stepOutputs.outcome, run.rawLog.join('\n')).toBe('rolled-back');
  expect(run).toMatchObject({
    conclusion: 'failure',
    main: { exitCode: 1 },
    post: { exitCode: 0 },
    stepOutputs: { 'failed-step': step, 'previous-version': '4.1.6', 'current-version': '4.1.6' },
  });
  expect(run.annotations.map(({ message }) => message).join('\n')).toMatch(cause);
}

/**
 * A migration that breaks half-way, as a definition for `Scene.sabotage`; `then` is sh that comes after it. Newer releases' tables are there, and refer to
 * older ones; others are changed or gone. Everything is committed, as SQLite and MariaDB do with every statement.
 */
export function halfMigration(database: HubDatabase, then = ''): string {
  const statements = (not: string, references: string, cascade: string) => `
    CREATE TABLE shares (id INTEGER PRIMARY KEY, user_id INTEGER ${references});
    ALTER TABLE users ADD COLUMN planted VARCHAR(50);
    UPDATE users SET admin = ${not};
    DELETE FROM user_group_map;
    CREATE TABLE _alembic_tmp_api_tokens AS SELECT * FROM api_tokens;
    DROP TABLE api_tokens ${cascade};
    UPDATE alembic_version SET version_num = '4621fec11365';`;
  return `do_migrate() {
  ${client(database, statements)}
  ${then}
  echo 'OperationalError: planted' >&2
  return 1
}`;
}

function client(
  database: HubDatabase,
  statements: (not: string, references: string, cascade: string) => string,
): string {
  if (database.dialect === 'sqlite') return `as_hub sqlite3 "$DATABASE_PATH" "${statements('1 - admin', '', '')}"`;
  const { account, server, schema } = database;
  const references = 'REFERENCES users (id) ON DELETE CASCADE';
  if (database.dialect !== 'postgresql') {
    const sql = `SET FOREIGN_KEY_CHECKS = 0; ${statements('NOT admin', references, '')}`;
    const program =
      server.bin === undefined ? 'mariadb --no-defaults' : `${server.bin}/mysql --no-defaults --user root`;
    return `${program} --socket ${server.socket} ${account.name} -e ${shellQuote(sql)}`;
  }
  // As the hub's own role, which owns what it makes.
  const sql = `SET ROLE ${account.name}; SET search_path = ${schema}; ${statements('NOT admin', references, 'CASCADE')}`;
  const psql = `psql -X -q -v ON_ERROR_STOP=1 -h ${server.socket} -p ${server.port} -U postgres -d ${account.name}`;
  return `${psql} -c ${shellQuote(sql)}`;
}
