import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { judge } from '../../bench/check/judge.ts';
import { readSqlite } from '../../bench/check/sqlite.ts';
import { recordState, type State } from '../../bench/check/state.ts';
import { fileOf } from '../../bench/hub/database.ts';
import { run as runProgram } from '../../bench/hub/run.ts';
import { serverPid } from '../../bench/hub/seed.ts';
import { startProbe } from '../../bench/probe.ts';
import type { RunActionResult } from '../../bench/runner/run-action.ts';
import { openBackup, type Scene, startScene, startWrites } from './light.ts';

const newest = '6.1.1';
let scene: Scene;
let chat: Server;
const messages: string[] = [];

beforeAll(async () => {
  scene = await startScene({ releases: ['4.1.6', newest] });
  chat = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    messages.push((JSON.parse(body) as { text: string }).text);
    response.end('ok');
  });
  await new Promise<void>((resolve) => chat.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  chat?.close();
  await scene?.close();
});

const limit = 900_000;

test('plan and backup leave the running hub and its database alone', { timeout: limit }, async () => {
  const { hub, service } = scene;
  const look = async () => [await hub.pid(), await sha256(fileOf(hub)), await sha256(`${fileOf(hub)}-wal`)];
  const before = await look();
  const plan = await scene.run({ mode: 'plan' });
  expect(plan).toMatchObject({ conclusion: 'success', outputs: { outcome: 'planned', 'previous-version': '4.1.6' } });
  expect(plan.outputs['plan-digest']).toMatch(/^[0-9a-f]{64}\.[\w-]+$/);
  expect(service.artifacts()).toEqual([]);
  expect(await look()).toEqual(before);

  const backup = await scene.run({ mode: 'backup', 'artifact-name': 'nightly' });
  expect(backup).toMatchObject({
    conclusion: 'success',
    outputs: { outcome: 'backed-up', 'current-version': '4.1.6' },
  });
  expect(service.artifacts()).toMatchObject([
    { id: Number(backup.outputs['backup-artifact-id']), name: `nightly-${scene.runId()}-1.tar.age` },
  ]);
  expect(await look()).toEqual(before);
  expect(await scene.jobs()).toEqual([]);
});

test('what the running hub would refuse after the upgrade is told by the plan', { timeout: limit }, async () => {
  const { user00002: token = '' } = scene.hub.seeded.tokens;
  const plan = (inputs: Record<string, string>) => scene.run({ mode: 'plan', ...inputs });
  const refused = async (inputs: Record<string, string>, sentence: RegExp) => {
    const run = await plan(inputs);
    expect(run).toMatchObject({ conclusion: 'failure', outputs: { 'failed-step': 'plan' } });
    expect(run.annotations[0]?.message).toMatch(sentence);
  };
  await refused({ 'health-token': 'f'.repeat(32) }, /does not take the health-token: .* answered 403/);
  await refused(
    { 'health-token': token, 'canary-user': 'user00005' },
    /may not see the canary-user user00005 \(answered 404\)/,
  );
  const nobody = /^The hub has no user nobody-there: write a canary-user.*\nNothing was touched\./;
  await refused({ 'canary-user': 'nobody-there' }, nobody);
  await refused({ 'health-token': token, 'canary-user': 'nobody-there' }, nobody);
  await refused({ 'health-url': 'http://127.0.0.1:1/' }, /did not answer: .*ECONNREFUSED/);
  const { outputs } = await plan({ 'health-token': token, 'canary-user': 'user00002' });
  expect(outputs.outcome).toBe('planned');
});

/** What the upgrade left for the tests after it. */
let upgraded: { run: RunActionResult; runId: number; backup: string; before: State };

test('an upgrade keeps every user, group, token, running server and acknowledged row', { timeout: limit }, async () => {
  const { hub } = scene;
  const before = await recordState(hub.subject);
  const [pid, notified] = [await hub.pid(), join(scene.work, 'notified')];
  const login = watchLogin('Save your work: 5 s, then JupyterHub');
  const writer = startWrites(hub, 'writer');
  const run = await scene.run({
    'notify-lead-time': '5',
    'notify-message': 'Save your work: {lead-time}, then JupyterHub {version}.',
    'notify-command': `echo "$NOTIFY_MESSAGE" >>'${notified}'`,
    'notify-webhook-url': `http://127.0.0.1:${(chat.address() as AddressInfo).port}/hook`,
  });
  const writes = await writer.stop();
  const seen = await login.stop();
  upgraded = { run, runId: scene.runId(), backup: '', before };

  expect(run.rawLog.join('\n')).toContain('outcome: upgraded');
  expect(run).toMatchObject({ conclusion: 'success', main: { exitCode: 0 }, post: { exitCode: 0 }, annotations: [] });
  const after = await recordState(hub.subject);
  expect(writes.acknowledged.length).toBeGreaterThan(10);
  const { answer, notNew, leftovers } = judge(before, after, newest, writes);
  expect({ answer, notNew }).toEqual({ answer: 'new', notNew: [] });
  const [job = ''] = await scene.jobs();
  const id = basename(job);
  // The hub's own process has another name for its interpreter; what was before stays as the way back by hand.
  expect(leftovers.filter((one) => !one.includes('/bin/jupyterhub -f ')).sort()).toEqual([
    `watched: ${hub.directory}/environment.jupyterhub-upgrade-${id}`,
    `watched: ${hub.directory}/state/.jupyterhub-upgrade-${id}`,
  ]);
  expect(await hub.pid()).not.toBe(pid);

  // As users see it: through the proxy, with tokens of before.
  for (const [name, token] of Object.entries(hub.seeded.tokens)) {
    expect((await hub.api('GET', '/user', undefined, token)).body).toMatchObject({ name });
  }
  for (const [name, users] of Object.entries(hub.seeded.groups)) {
    const group = await hub.api<{ users: string[] }>('GET', `/groups/${name}`);
    expect(group.body.users.sort()).toEqual([...users].sort());
  }
  expect(await serverPid(hub.url, hub.server.user)).toBe(hub.server.pid);

  // On the login page, on the host, in the chat.
  expect(seen.before).toBe(true);
  expect(seen.after).toBe(false);
  const message = `Save your work: 5 s, then JupyterHub ${newest}.`;
  expect(await readFile(notified, 'utf8')).toBe(`${message}\n`);
  expect(messages).toEqual([message, expect.stringContaining(`runs JupyterHub ${newest} (was 4.1.6)`)]);
});

test('the outputs say what happened', async () => {
  const { stepOutputs: outputs, summaries } = upgraded.run;
  const { before } = upgraded;
  const { database } = await recordState(scene.hub.subject);
  expect(outputs).toEqual({
    outcome: 'upgraded',
    'failed-step': '',
    'previous-version': '4.1.6',
    'current-version': newest,
    'previous-revision': before.database.revision,
    'current-revision': database.revision,
    'backup-artifact-id': String(scene.service.artifacts().at(-1)?.id),
    'backup-artifact-digest': scene.service.artifacts().at(-1)?.digest,
    'downtime-seconds': expect.stringMatching(/^\d+\.\d$/),
    'plan-digest': expect.stringMatching(/^[0-9a-f]{64}\.[\w-]+$/),
    result: expect.any(String),
  });
  const result = JSON.parse(outputs.result ?? '');
  const count = (rows: string[] = []) => rows.length;
  expect(result).toMatchObject({
    version: 1,
    outcome: 'upgraded',
    notTried: [expect.stringContaining('that takes a canary-user')],
    notified: ['notify-webhook-url', 'the hub pages', 'notify-command'],
    backup: { proven: true, sealedFor: 'recipients' },
    servers: [{ user: scene.hub.server.user, pid: scene.hub.server.pid, survived: true }],
  });
  const names =
    'connect discover resolve plan begin backup upload prove notify stage hold announce stop snapshot switch migrate start verify confirm';
  expect(result.steps.map(({ name }: { name: string }) => name).sort()).toEqual(names.split(' ').sort());
  expect(result.steps.every(({ outcome }: { outcome: string }) => outcome === 'done')).toBe(true);
  expect(result.rows.before.users).toBeGreaterThanOrEqual(count(before.database.keys.users));
  expect(result.rows.after.users).toBeGreaterThanOrEqual(result.rows.before.users);
  expect(summaries).toMatchObject([{ text: expect.stringMatching(/^## ✅ Upgraded/) }]);
  expect(summaries[0]?.text).toContain(`Without the hub ${outputs['downtime-seconds']} s`);
});

test('the backup opens by hand and has what its manifest lists', async () => {
  const { hub, service } = scene;
  const artifact = service.artifacts().at(-1);
  expect(`sha256:${await sha256(artifact?.file ?? '')}`).toBe(upgraded.run.outputs['backup-artifact-digest']);
  upgraded.backup = await openBackup(scene);

  const manifest = JSON.parse(await readFile(join(upgraded.backup, 'manifest.json'), 'utf8'));
  const listed = manifest.files as { file: string; kind: string; path: string; sha256: string; size: number }[];
  const inside = await readdir(upgraded.backup, { recursive: true, withFileTypes: true });
  const files = inside.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const expected = ['manifest.json', 'RESTORE.txt', ...listed.map((entry) => entry.file)];
  expect(files.sort()).toEqual(expected.map((name) => join(upgraded.backup, name)).sort());
  for (const entry of listed) expect(await sha256(join(upgraded.backup, entry.file)), entry.file).toBe(entry.sha256);
  expect(manifest).toMatchObject({ jupyterhub: { version: '4.1.6', revision: upgraded.before.database.revision } });

  const config = listed.find((entry) => entry.path === hub.configPath)?.file ?? '';
  expect(await readFile(join(upgraded.backup, config), 'utf8')).toBe(await readFile(hub.configPath, 'utf8'));
  expect(listed.filter(({ kind }) => kind === 'config').length).toBe(2);
  const requirements = listed.find(({ kind }) => kind === 'environment')?.file ?? '';
  expect(await readFile(join(upgraded.backup, requirements), 'utf8')).toContain('jupyterhub==4.1.6\n');
  expect(await readFile(join(upgraded.backup, 'RESTORE.txt'), 'utf8')).toContain(fileOf(hub));

  // Taken from the live hub, and whole: the rows of its log are in it, too.
  const saved = await readSqlite(join(upgraded.backup, manifest.database.file));
  expect(saved).toMatchObject({ integrity: 'ok', schema: upgraded.before.database.schema });
  for (const [name, rows] of Object.entries(upgraded.before.database.keys)) {
    expect(saved.keys[name], name).toEqual(expect.arrayContaining(rows));
  }
});

test('a second run finds nothing to do and stops nothing', { timeout: limit }, async () => {
  const { hub } = scene;
  const pid = await hub.pid();
  const artifacts = scene.service.artifacts().length;
  const writer = startWrites(hub, 'second');
  const run = await scene.run({});
  const writes = await writer.stop();
  expect(run).toMatchObject({
    conclusion: 'success',
    stepOutputs: { outcome: 'unchanged', 'current-version': newest, 'downtime-seconds': '' },
  });
  expect(await hub.pid()).toBe(pid);
  expect(writes.acknowledged.toSorted()).toEqual(writes.attempted);
  expect(await scene.jobs()).toHaveLength(1);
  expect(scene.service.artifacts()).toHaveLength(artifacts);
});

test('a restore that names no artifact lists what the host keeps, and touches nothing', {
  timeout: limit,
}, async () => {
  const { hub } = scene;
  const pid = await hub.pid();
  const run = await scene.run({ mode: 'restore', 'target-version': '', 'notify-lead-time': '' });
  expect(run).toMatchObject({ conclusion: 'failure', stepOutputs: { outcome: 'failed-before-change' } });
  const log = run.log.join('\n');
  const [job = ''] = await scene.jobs();
  expect(log).toContain('- JupyterHub 4.1.6 of before the job of https://github.com/acme/hub/actions/runs/');
  expect(log).toContain(`/.jupyterhub-upgrade-${basename(job)}/snapshot`);
  expect(log).toMatch(/Write artifact-id: .*run-id too \(of the newest above: \d+\)/);
  expect(await hub.pid()).toBe(pid);
  expect(await scene.jobs()).toHaveLength(1);
});

test('a restore brings back what the backup of the earlier run holds', { timeout: limit }, async () => {
  const { hub } = scene;
  const probe = startProbe(hub.url);
  const run = await scene.run({
    mode: 'restore',
    'run-id': String(upgraded.runId),
    'artifact-id': upgraded.run.outputs['backup-artifact-id'] ?? '',
    'github-token': scene.service.apiToken,
    'age-identity': scene.identity,
  });
  const seen = await probe.stop();
  expect(run.rawLog.join('\n')).toContain('outcome: restored');
  expect(run).toMatchObject({
    conclusion: 'success',
    outputs: { outcome: 'restored', 'previous-version': newest, 'current-version': '4.1.6' },
  });
  expect(run.outputs['current-revision']).toBe(upgraded.before.database.revision);
  expect(new Set(seen.samples.map(({ version }) => version))).toEqual(new Set([newest, undefined, '4.1.6']));

  // What the hub was started with is the very file of the backup.
  const manifest = JSON.parse(await readFile(join(upgraded.backup, 'manifest.json'), 'utf8'));
  const saved = join(upgraded.backup, manifest.database.file);
  const put = (await scene.moments()).at(-1);
  expect(put?.verb).toBe('start');
  expect(await sha256(put?.database ?? '')).toBe(await sha256(saved));
  const python = join(hub.environmentPath, 'bin/python');
  const hubdb = join(import.meta.dirname, '../../src/host/hubdb');
  const digest = await runProgram(python, ['-I', hubdb, 'digest', put?.database ?? '']);
  expect(JSON.parse(digest)).toEqual(manifest.database.digest);

  // The environment is made anew, from what the backup says was in it.
  const after = await recordState(hub.subject);
  const writes = { acknowledged: [], attempted: await backedUpUsers(saved) };
  const { notOld } = judge(upgraded.before, after, newest, writes);
  expect(notOld.filter((reason) => !reason.startsWith('environment differs'))).toEqual([]);
  const freeze = await runProgram(python, ['-m', 'pip', 'freeze']);
  const requirements = await readFile(join(upgraded.backup, 'environment/requirements.txt'), 'utf8');
  expect(freeze.split('\n')).toEqual(expect.arrayContaining(requirements.split('\n')));
  const [, job = ''] = await scene.jobs();
  const kept = join(hub.directory, 'state', `.jupyterhub-upgrade-${basename(job)}`, 'snapshot');
  expect((await readSqlite(kept)).keys.users).toEqual(
    expect.arrayContaining([expect.stringContaining("'second00001'")]),
  );
  expect(await serverPid(hub.url, hub.server.user)).toBe(hub.server.pid);
  const left = await runProgram('sh', ['-c', 'grep -rlF -f - "$1" || true', 'sh', scene.state], {
    stdin: `${hub.secrets.join('\n')}\n`,
  });
  expect(left).toBe('');
});

/** Names of the users in a backup. */
async function backedUpUsers(database: string): Promise<string[]> {
  return (await runProgram('sqlite3', [database, 'SELECT name FROM users'])).trim().split('\n');
}

/** Reads the login page again and again: whether `text` was on it before the hub went away, and at the end. */
function watchLogin(text: string) {
  let [before, went, stopped] = [false, false, false];
  const read = async () => {
    const response = await fetch(new URL('/hub/login', scene.hub.url), { signal: AbortSignal.timeout(5000) });
    return response.status === 200 ? response.text() : undefined;
  };
  const loop = (async () => {
    while (!stopped) {
      const page = await read().catch(() => undefined);
      if (page === undefined) went = true;
      else if (!went && page.includes(text)) before = true;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await loop;
      return { before, after: (await read())?.includes(text) };
    },
  };
}

async function sha256(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}
