import { basename } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDatabase } from '../../bench/check/database.ts';
import { judge } from '../../bench/check/judge.ts';
import { recordState, type State } from '../../bench/check/state.ts';
import { until } from '../../bench/hub/run.ts';
import { serverPid, startServer } from '../../bench/hub/seed.ts';
import { release, type Scene, startScene, verdict } from './light.ts';

// A hub of 2.3.1 with registered servers, whose database no `upgrade-db` of 5.0 or newer survives: it goes by way of 4.1.6.

const limit = 900_000;
let scene: Scene;
let before: State;
/** Servers of users with the pid that each answers with. */
let servers: Map<string, number>;

beforeAll(async () => {
  scene = await startScene({ release: '2.3.1', users: 50, releases: ['4.1.6', '6.1.1'] });
  const { hub } = scene;
  servers = new Map([
    [hub.server.user, hub.server.pid],
    ['user00002', await startServer(hub.api, hub.url, 'user00002')],
  ]);
  before = await recordState(hub.subject);
});

afterAll(() => scene?.close());

/** The second migration breaks half-way, as SQLite leaves it then; the first is the real one. */
const brokenSecond = `
do_migrate() {
  database_own_copies >"$JOB/own-copies"
  for migrate_hop in $HOPS; do
    upgrade_db "$(noted "hop $migrate_hop")" environment_in_hop "$migrate_hop" && database_compare || return 1
  done
  say "it is at $(database_revision)"
  as_hub sqlite3 "$DATABASE_PATH" "
    ALTER TABLE users ADD COLUMN user_info VARCHAR(50);
    DELETE FROM user_group_map;
    DROP TABLE api_tokens;"
  echo 'sqlite3.OperationalError: planted' >&2
  return 1
}`;

test('a failure in the second migration brings back all of before the first', { timeout: limit }, async () => {
  const { hub } = scene;
  const sabotaged = scene.sabotage(brokenSecond);
  const run = await scene.run({});
  const job = await sabotaged;
  expect(run.outputs, run.rawLog.slice(-40).join('\n')).toMatchObject({
    outcome: 'rolled-back',
    'failed-step': 'migrate',
    'current-version': '2.3.1',
    'current-revision': '833da8570507',
  });
  const log = run.rawLog.join('\n');
  expect(log).toContain('it is at 0eee8c825d24');
  expect(log).toContain('OperationalError: planted');
  expect(await verdict(job)).toBe('rolled-back');

  const [stopped, putBack] = await scene.moments();
  expect([stopped?.verb, putBack?.verb]).toEqual(['stop', 'start']);
  expect(await putBack?.state()).toEqual(await stopped?.state());
  const after = await until('processes of the job are still there', 20, async () => {
    const state = await recordState(hub.subject);
    return judge(before, state, '2.3.1').leftovers.some((one) => one.startsWith('processes:')) ? undefined : state;
  });
  const { answer, notOld, leftovers } = judge(before, after, '6.1.1', { acknowledged: [], attempted: [] });
  expect({ answer, notOld, leftovers }).toEqual({ answer: 'old', notOld: [], leftovers: [] });
  await expectServers();
});

test('2.3.1 with registered servers → the newest: everything is kept', { timeout: limit }, async () => {
  const { hub } = scene;
  const plan = await scene.run({ mode: 'plan' });
  expect(plan.outputs.outcome).toBe('planned');
  expect(plan.rawLog.join('\n')).toMatch(/Migrate the database, by way of JupyterHub 4\.1\.6.*jupyterhub#5427/s);

  const run = await scene.run({ rehearse: 'true' });
  expect(run.outputs, run.rawLog.slice(-40).join('\n')).toMatchObject({
    outcome: 'upgraded',
    'previous-version': '2.3.1',
    'previous-revision': '833da8570507',
  });
  expect(run.rawLog.join('\n')).toContain('migrating the copy by way of JupyterHub 4.1.6');
  expect(run.rawLog.join('\n')).toContain('migrating the database by way of JupyterHub 4.1.6');
  expect(run.summaries.map(({ text }) => text).join('\n')).toContain('by way of JupyterHub 4.1.6');
  const newest = run.outputs['current-version'] ?? '';
  expect(Number.parseInt(newest, 10)).toBeGreaterThanOrEqual(6);
  expect(await release(hub)).toBe(newest);

  const after = await recordState(hub.subject);
  const { answer, notNew, leftovers } = judge(before, after, newest);
  expect({ answer, notNew }).toEqual({ answer: 'new', notNew: [] });
  const id = basename((await scene.jobs()).at(-1) ?? '');
  // Of the environment in which 4.1.6 ran there is nothing left.
  expect(leftovers.filter((one) => one.startsWith('watched:')).sort()).toEqual([
    `watched: ${hub.directory}/environment.jupyterhub-upgrade-${id}`,
    `watched: ${hub.directory}/state/.jupyterhub-upgrade-${id}`,
  ]);
  expect(leftovers.filter((one) => one.startsWith('mounts:'))).toEqual([]);
  for (const [user, token] of Object.entries(hub.seeded.tokens)) {
    expect((await hub.api('GET', '/user', undefined, token)).body, user).toMatchObject({ name: user });
  }
  expect((await readDatabase(hub.database)).keys.tokens).toEqual(
    expect.arrayContaining(before.database.keys.tokens ?? []),
  );
  await expectServers();
});

/** The users' servers are the processes of before, through the proxy and in the hub's own eyes. */
async function expectServers(): Promise<void> {
  const { hub } = scene;
  for (const [user, pid] of servers) {
    expect(await serverPid(hub.url, user), user).toBe(pid);
    const { body } = await hub.api<{ servers: Record<string, { ready: boolean }> }>('GET', `/users/${user}`);
    expect(body.servers[''], user).toMatchObject({ ready: true });
  }
}
