import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { judge } from '../../bench/check/judge.ts';
import { recordState, type State } from '../../bench/check/state.ts';
import { fileOf } from '../../bench/hub/database.ts';
import { copyEnvironment } from '../../bench/hub/environments.ts';
import { type LightHub, startLightHub } from '../../bench/hub/light.ts';
import { until } from '../../bench/hub/run.ts';
import { serverPid } from '../../bench/hub/seed.ts';
import { startWriter } from '../../bench/hub/writer.ts';
import { startProbe } from '../../bench/probe.ts';

vi.setConfig({ testTimeout: 180_000 }); // real hubs, on a machine that may be busy

const execute = promisify(execFile);
let hub: LightHub;
let keys: string;

beforeAll(async () => {
  hub = await startLightHub({ release: '4.1.6' });
  keys = await mkdtemp(join(tmpdir(), 'keys-'));
  await writeFile(join(keys, 'key'), hub.ssh.privateKey, { mode: 0o600 });
  await writeFile(join(keys, 'known_hosts'), hub.ssh.knownHosts);
});

afterAll(async () => {
  await hub?.stop();
  if (keys) await rm(keys, { recursive: true });
});

/** Runs a command on the hub's host as OpenSSH does. */
async function ssh(command: string): Promise<string> {
  const options = ['-F', 'none', '-i', join(keys, 'key'), '-o', `UserKnownHostsFile=${join(keys, 'known_hosts')}`];
  const where = ['-p', String(hub.ssh.port), `${hub.ssh.username}@${hub.ssh.host}`];
  return (await execute('ssh', [...options, ...where, command])).stdout;
}

const answers = () =>
  until('no answer', 60, async () => (await hub.api('GET', '/').catch(() => undefined))?.status === 200);

/** Runs a statement in the hub's database. */
const sql = (statement: string) => execute('sqlite3', ['-cmd', '.timeout 5000', fileOf(hub), statement]);

test('it has the users, groups, tokens and the running server it says it has', async () => {
  expect(hub.directory).toContain(' ');
  expect((await hub.api('GET', '/')).body).toEqual({ version: '4.1.6' });
  const users = await hub.api<{ name: string }[]>('GET', '/users?limit=200');
  expect(users.body.map((user) => user.name).sort()).toEqual(['admin', ...hub.seeded.users].sort());
  const group = await hub.api<{ users: string[] }>('GET', '/groups/students');
  expect(group.body.users.sort()).toEqual(hub.seeded.groups.students);
  for (const [name, token] of Object.entries(hub.seeded.tokens)) {
    expect((await hub.api('GET', '/user', undefined, token)).body).toMatchObject({ name });
  }
  expect((await hub.api('GET', '/user', undefined, 'wrong')).status).toBe(403);
  expect(await serverPid(hub.url, hub.server.user)).toBe(hub.server.pid);
  expect(await hub.processes()).toContain(await hub.pid());
});

test('its environment is its own: nothing in it names another one, and its scripts run', async () => {
  const names = await execute('grep', ['-rlF', '/.cache/', join(hub.environmentPath, 'bin')]).catch((error) => error);
  expect(names.code).toBe(1); // grep found nothing
  const { stdout } = await execute(join(hub.environmentPath, 'bin/pip'), ['--version']);
  expect(stdout).toContain(`from ${hub.environmentPath}/lib/`);
});

test('rows that it acknowledged are in its WAL and not yet in the main file', async () => {
  const file = `file:${encodeURI(fileOf(hub))}`;
  const count = 'select count(*) from users';
  const withoutWal = await execute('sqlite3', [`${file}?immutable=1`, count]);
  const whole = await execute('sqlite3', [`${file}?mode=ro`, count]);
  expect(Number(whole.stdout)).toBe(hub.seeded.users.length + 1);
  expect(Number(withoutWal.stdout)).toBeLessThan(Number(whole.stdout));
});

test('its commands stop and start it over SSH; the probe sees it, the server lives on, the checker says old', async () => {
  const before = await recordState(hub.subject);
  const pid = await hub.pid();
  const probe = startProbe(hub.url);
  const writer = startWriter(hub.api, 5);
  await ssh(hub.stopCommand);
  expect(await hub.pid()).toBeUndefined();
  expect(await serverPid(hub.url, hub.server.user)).toBe(hub.server.pid);
  await ssh(hub.startCommand);
  await answers();
  await until(
    'nothing was written',
    20,
    async () => (await hub.api('GET', '/users/writer00001')).status === 200 || true,
  );
  const written = await writer.stop();
  const seen = await probe.stop();
  expect(await hub.pid()).not.toBe(pid);
  expect(await serverPid(hub.url, hub.server.user)).toBe(hub.server.pid);
  expect(seen.down.length).toBe(1);
  expect(new Set(seen.samples.map((sample) => sample.version))).toEqual(new Set(['4.1.6', undefined]));
  expect(written.attempted.length).toBeGreaterThan(written.acknowledged.length);

  const writes = { acknowledged: written.acknowledged.map(({ name }) => name), attempted: written.attempted };
  const after = await recordState(hub.subject);
  expect(judge(before, after, '6.1.1', writes)).toMatchObject({ answer: 'old', notOld: [], leftovers: [] });
  const lost = { ...writes, acknowledged: [...writes.acknowledged, 'nobody'] };
  expect(judge(before, after, '6.1.1', lost)).toMatchObject({
    answer: 'MIXED',
    notOld: [expect.stringContaining('nobody')],
  });
});

describe('on planted differences', () => {
  let before: State;
  beforeAll(async () => {
    before = await recordState(hub.subject);
  });

  test.each<[string, () => Promise<unknown>, () => Promise<unknown>, RegExp]>([
    [
      'a lost row',
      () => sql(`create table aside as select * from user_group_map; delete from user_group_map`),
      () => sql(`insert into user_group_map select * from aside; drop table aside`),
      /user_group_map: lost/,
    ],
    [
      'a changed row',
      () => sql(`update users set admin = 1 where id = 3`),
      () => sql(`update users set admin = 0 where id = 3`),
      /users: lost .*user00003/,
    ],
    [
      'a row from nowhere',
      () => sql(`insert into users (id, name, admin, cookie_id) values (9999, 'intruder', 0, 'x')`),
      () => sql(`delete from users where id = 9999`),
      /users from nowhere: intruder/,
    ],
    [
      'a token that is another',
      () => sql(`update api_tokens set hashed = 'x' || hashed where note = 'seeded' and user_id = 2`),
      () => sql(`update api_tokens set hashed = substr(hashed, 2) where hashed like 'x%'`),
      /api_tokens: lost/,
    ],
    [
      'a table that half a migration left',
      () => sql(`create table _alembic_tmp_users as select * from users`),
      () => sql(`drop table _alembic_tmp_users`),
      /schema is another/,
    ],
    [
      'a migrated schema',
      () => sql(`alter table users add column user_info text`),
      () => sql(`alter table users drop column user_info`),
      /schema is another/,
    ],
    [
      'a revision the code does not know',
      () => sql(`update alembic_version set version_num = 'f460b0348206'`),
      () => sql(`update alembic_version set version_num = '0eee8c825d24'`),
      /revision is f460b0348206/,
    ],
    [
      'a file of the environment',
      () => rename(join(hub.environmentPath, 'bin/alembic'), join(hub.environmentPath, 'bin/alembic.old')),
      () => rename(join(hub.environmentPath, 'bin/alembic.old'), join(hub.environmentPath, 'bin/alembic')),
      /environment differs: bin\/alembic/,
    ],
    [
      'half of another release',
      () => mkdir(join(hub.environmentPath, 'lib/python3.11/site-packages/jupyterhub-6.1.1.dist-info')),
      () =>
        rm(join(hub.environmentPath, 'lib/python3.11/site-packages/jupyterhub-6.1.1.dist-info'), { recursive: true }),
      /installed releases: /,
    ],
    [
      'a hub that does not run',
      () => ssh(hub.stopCommand),
      async () => {
        await ssh(hub.startCommand);
        await answers();
      },
      /the hub does not answer/,
    ],
    [
      'the configuration',
      () => rename(join(hub.directory, 'etc/conf.d'), join(hub.directory, 'etc/conf.old')),
      () => rename(join(hub.directory, 'etc/conf.old'), join(hub.directory, 'etc/conf.d')),
      /configuration differs: conf.d; conf.d\/services.py/,
    ],
  ])('the checker says MIXED on %s', async (_, plant, undo, reason) => {
    await plant();
    const verdict = judge(before, await recordState(hub.subject), '6.1.1');
    await undo();
    expect(verdict.answer).toBe('MIXED');
    expect(verdict.notOld.join('\n')).toMatch(reason);
  });

  test('the checker names what is left over', async () => {
    await mkdir(join(hub.directory, 'environment.new/bin'), { recursive: true });
    const sleeping = execFile('sleep', ['60'], { cwd: hub.directory });
    const { answer, leftovers } = judge(before, await recordState(hub.subject), '6.1.1');
    sleeping.kill();
    await rm(join(hub.directory, 'environment.new'), { recursive: true });
    expect(answer).toBe('old');
    expect(leftovers).toEqual([`watched: ${hub.directory}/environment.new`, 'processes: sleep 60']);
  });
});

test('upgraded by hand it is new; half-way there, or with a token lost, it is MIXED', async () => {
  const before = await recordState(hub.subject);
  const state = join(hub.directory, 'state');
  await rename(hub.environmentPath, `${hub.environmentPath}.old`);
  await copyEnvironment('6.1.1', hub.environmentPath);
  const running = judge(before, await recordState(hub.subject), '6.1.1');
  await ssh(hub.stopCommand);
  const halfway = judge(before, await recordState(hub.subject), '6.1.1');
  const migrate = `set -a; cd '${state}'; . ../etc/hub.env; jupyterhub upgrade-db -f '${hub.configPath}'`;
  await ssh(migrate);
  await ssh(hub.startCommand);
  await answers();
  const whole = judge(before, await recordState(hub.subject), '6.1.1');
  await sql(`delete from api_tokens where note = 'seeded' and user_id = 2`);
  const lost = judge(before, await recordState(hub.subject), '6.1.1');

  expect(running).toMatchObject({
    answer: 'MIXED',
    notNew: expect.arrayContaining(['the hub answers as 4.1.6, installed is 6.1.1']),
  });
  expect(halfway).toMatchObject({ answer: 'MIXED', notNew: expect.arrayContaining(['the hub does not answer']) });
  expect(halfway.notNew).toContain('database revision is 0eee8c825d24, the code wants f460b0348206');
  expect(whole).toMatchObject({ answer: 'new', notNew: [] });
  expect(whole.notOld).toContain('version is 6.1.1, not 4.1.6');
  const copy = expect.stringMatching(/^watched: .*jupyterhub\.sqlite\.\d{4}-/); // upgrade-db's own
  expect(whole.leftovers.sort()).toEqual([`watched: ${hub.environmentPath}.old`, copy]);
  expect(lost).toMatchObject({
    answer: 'MIXED',
    notNew: [expect.stringMatching(/^tokens: lost .*'user00002','seeded'$/)],
  });
});

test('a set-up that fails leaves nothing', async () => {
  const broken = startLightHub({ extraConfig: 'raise RuntimeError("planted")' });
  const error: Error = await broken.then(
    () => expect.unreachable(),
    (reason) => reason,
  );
  expect(error.message).toContain('RuntimeError: planted');
  expect(error.message).toMatch(/^the hub has ended:/);
  const [, directory = ''] = /File "(.*?)\/etc\/jupyterhub_config.py"/.exec(error.message) ?? [];
  expect(directory).toContain('hub in a box');
  await expect(access(directory)).rejects.toThrow('ENOENT');
});
