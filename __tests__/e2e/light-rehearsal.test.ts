import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { judge } from '../../bench/check/judge.ts';
import { recordState } from '../../bench/check/state.ts';
import { fileOf } from '../../bench/hub/database.ts';
import { run as runProgram } from '../../bench/hub/run.ts';
import { serverPid } from '../../bench/hub/seed.ts';
import type { RunActionResult } from '../../bench/runner/run-action.ts';
import type { RunResult } from '../../src/report/result.ts';
import { openBackup, type Scene, startScene, verdict } from './light.ts';

// One hub, watched from all sides while upgrades of it are rehearsed that would go wrong, each for another reason. At last one
// that goes well.

const limit = 600_000;
const target = '6.1.1';
let scene: Scene;

beforeAll(async () => {
  scene = await startScene({ releases: [target], users: 60 });
});

afterAll(() => scene?.close());

/** Looks at the live hub over and over: its process, its user's server, the routes of its proxy. */
function watchHub() {
  const { hub } = scene;
  const seen = { pids: new Set<unknown>(), servers: new Set<unknown>(), routes: new Set<string>() };
  let stopped = false;
  const watching = (async () => {
    const routes = await proxyRoutes();
    while (!stopped) {
      seen.pids.add(await hub.pid());
      seen.servers.add(await serverPid(hub.url, hub.server.user));
      seen.routes.add(await routes());
      await delay(150);
    }
  })();
  return async () => {
    stopped = true;
    await watching;
    return seen;
  };
}

/** The routes of the live proxy, as it tells them itself. */
async function proxyRoutes(): Promise<() => Promise<string>> {
  const { hub } = scene;
  const environment = await readFile(join(hub.directory, 'etc/hub.env'), 'utf8');
  const token = /^CONFIGPROXY_AUTH_TOKEN='?([^'\n]+)/m.exec(environment)?.[1];
  const api = /api_url = '(.*)'/.exec(await readFile(hub.configPath, 'utf8'))?.[1];
  return async () => {
    const answer = await fetch(`${api}/api/routes`, { headers: { Authorization: `token ${token}` } });
    const routes = (await answer.json()) as Record<string, { last_activity?: string }>;
    for (const route of Object.values(routes)) delete route.last_activity;
    return JSON.stringify(routes);
  };
}

/** Rehearses, and sees to it that nobody could notice. */
async function rehearse(inputs: Record<string, string>): Promise<RunActionResult> {
  const { hub } = scene;
  const before = await recordState(hub.subject);
  const pid = await hub.pid();
  const moments = (await scene.moments()).length;
  const artifacts = scene.service.artifacts().length;
  const stop = watchHub();
  const run = await scene.run({ 'target-version': target, rehearse: '', ...inputs });
  const seen = await stop();
  expect([...seen.pids]).toEqual([pid]);
  expect([...seen.servers]).toEqual([hub.server.pid]);
  expect([...seen.routes]).toHaveLength(1);
  expect(await scene.moments()).toHaveLength(moments);
  expect(scene.service.artifacts()).toHaveLength(artifacts);
  const { database, ...after } = await recordState(hub.subject);
  const { answer, leftovers } = judge(before, { database, ...after }, target);
  expect({ answer, leftovers }).toEqual({ answer: 'old', leftovers: [] });
  // Less what a hub that runs writes by itself: when somebody was last active.
  const quiet = ({ users: _users, spawners: _spawners, api_tokens: _tokens, ...tables }: Record<string, unknown>) =>
    tables;
  expect(quiet(database.exact)).toEqual(quiet(before.database.exact));
  const job = (await scene.jobs()).at(-1) ?? '';
  expect(await verdict(job)).toBe('not-begun');
  const left = (await readdir(job)).filter((name) => /^(secrets|hub\.env|access|rehearsal|token)/.test(name));
  expect([...left, ...(await readdir(join(job, 'database')))]).toEqual([]);
  return run;
}

function resultOf(run: RunActionResult): RunResult {
  return JSON.parse(run.outputs.result ?? '{}') as RunResult;
}

test('a plan that rehearses touches nothing, and says how long the hub will be away', { timeout: limit }, async () => {
  const run = await rehearse({ mode: 'plan', rehearse: 'true' });
  const log = run.rawLog.slice(-60).join('\n');
  expect(run, log).toMatchObject({
    conclusion: 'success',
    outputs: { outcome: 'planned', 'current-version': '4.1.6' },
  });
  const { rehearsal, notTried } = resultOf(run);
  expect(rehearsal).toMatchObject({
    trial: 'isolated',
    access: { lost: 0, gained: 0, strangers: 'same' },
    ignored: [],
  });
  expect(rehearsal?.access?.could).toBe(62);
  expect(rehearsal?.expectedDowntime).toBeGreaterThan(0);
  expect(notTried).toEqual([]);
});

interface Situation {
  name: string;
  /** More lines for jupyterhub_config.py, read by whoever loads it from now on. */
  config?: string;
  /** The module `site_auth` in the hub's environment. */
  module?: string;
  /** What is done to the database, and undone; the hub runs on. */
  sql?: [plant: string, remove: string];
  cause: RegExp;
}

const SITE = "c.JupyterHub.authenticator_class = 'site_auth.SiteAuthenticator'\n";

const situations: Situation[] = [
  {
    name: 'a migration that fails on the data',
    sql: [
      "CREATE TRIGGER kept BEFORE UPDATE ON services BEGIN SELECT RAISE(ABORT, 'services are kept elsewhere'); END",
      'DROP TRIGGER kept',
    ],
    cause:
      /a copy of the database cannot be migrated: .*services are kept elsewhere[\s\S]*If it cannot be mended: database-strategy: fresh .* It would cost /,
  },
  {
    name: 'an authenticator that the new environment cannot import',
    config: SITE,
    module: `
from jupyterhub.auth import DummyAuthenticator
from jupyterhub.emptyclass import EmptyClass
class SiteAuthenticator(DummyAuthenticator):
    pass
`,
    cause:
      /site_auth\.SiteAuthenticator, the authenticator_class .* \(ModuleNotFoundError: No module named 'jupyterhub\.emptyclass'\)\. Install a release of its package/,
  },
  {
    name: 'a lockout that no rule can see',
    config: SITE,
    module: `
from jupyterhub.auth import Authenticator
from traitlets import Bool
class SiteAuthenticator(Authenticator):
    allow_staff = Bool(True, config=True)
    async def authenticate(self, handler, data):
        return data['username']
`,
    cause: /Nobody could log in to JupyterHub 6\.1\.1: it refuses all 62 users .* Say who may log in .*allow_all/,
  },
  {
    name: 'a trait that the new release does not have any more',
    config: `${SITE}c.SiteAuthenticator.staff_domain = 'example.org'\n`,
    module: `
import jupyterhub
from jupyterhub.auth import DummyAuthenticator
from traitlets import Unicode
class SiteAuthenticator(DummyAuthenticator):
    if jupyterhub.version_info < (5,):
        staff_domain = Unicode(config=True)
`,
    cause: /would ignore c\.SiteAuthenticator\.staff_domain, .*: the trait was removed\. Write what took its place/,
  },
  {
    name: 'a configuration that does not load in the new release',
    config: 'from jupyterhub.emptyclass import EmptyClass\n',
    cause: /No module named 'jupyterhub\.emptyclass'\. Change it so that both releases load it/,
  },
];

test.each(situations)('$name ends the run before the stop', { timeout: limit }, async (situation) => {
  const { hub } = scene;
  const config = await readFile(hub.configPath);
  const [packages = ''] = (
    await runProgram('sh', ['-c', 'echo "$0"/lib/python*/site-packages', hub.environmentPath])
  ).split('\n');
  const module = join(packages, 'site_auth.py');
  const sql = (statement: string) => runProgram('sqlite3', ['-cmd', '.timeout 10000', fileOf(hub), statement]);
  await appendFile(hub.configPath, situation.config ?? '');
  if (situation.module) await writeFile(module, situation.module);
  if (situation.sql) await sql(situation.sql[0]);
  try {
    const run = await rehearse({});
    expect(run, run.rawLog.slice(-60).join('\n')).toMatchObject({
      conclusion: 'failure',
      outputs: { outcome: 'failed-before-change', 'failed-step': 'rehearse', 'current-version': '4.1.6' },
    });
    const said = run.annotations[0]?.message ?? '';
    expect(said).toMatch(situation.cause);
    expect(said.includes('database-strategy: fresh')).toBe(situation.sql !== undefined);
  } finally {
    await writeFile(hub.configPath, config);
    await rm(module, { force: true });
    if (situation.sql) await sql(situation.sql[1]);
  }
});

test('an upgrade says by count who loses access, and by name in the sealed backup alone', {
  timeout: limit,
}, async () => {
  const { hub } = scene;
  // 4.x lets in whoever was let in before, also with a list; 5.0 can be told not to.
  await appendFile(
    hub.configPath,
    "c.Authenticator.allowed_users = {'user00001', 'user00002'}\nc.Authenticator.allow_existing_users = False\n",
  );
  const run = await scene.run({ 'target-version': target, rehearse: '' });
  expect(run, run.rawLog.slice(-60).join('\n')).toMatchObject({
    conclusion: 'success',
    outputs: { outcome: 'upgraded' },
  });
  const { rehearsal, warnings, downtime, steps } = resultOf(run);
  expect(steps.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
  expect(rehearsal).toMatchObject({ trial: 'isolated', access: { could: 62, lost: 59, gained: 0, strangers: 'same' } });
  expect(warnings.join('\n')).toContain('59 of 62 users who can log in now could not to JupyterHub 6.1.1');
  expect(downtime?.seconds).toBeGreaterThan(0);

  // Names of users are in no text of the run.
  const [lost = ''] = hub.seeded.users.slice(-2);
  expect([...run.rawLog, run.outputs.result, ...run.summaries.map(({ text }) => text)].join('\n')).not.toContain(lost);
  const opened = await openBackup(scene);
  const report = JSON.parse(await readFile(join(opened, 'report/access.json'), 'utf8')) as { lost: string[] };
  expect(report.lost).toHaveLength(59);
  expect(report.lost).toContain(lost);
  expect(report.lost).not.toContain('user00001');
});
