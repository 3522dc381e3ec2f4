// What rules say happens, seen on real hubs of the releases before and after.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { until } from '../../../bench/hub/run.ts';
import { type Hub, HubDirectory } from './hub.ts';

const DUMMY = `
c.JupyterHub.authenticator_class = 'dummy'
c.JupyterHub.spawner_class = 'simple'
`;
const TOKEN = 'token-of-an-admin';
const ADMIN = `
c.JupyterHub.api_tokens = {'${TOKEN}': 'admin'}
c.Authenticator.admin_users = {'admin'}
`;

const service = (text: string) => `c.JupyterHub.services = [{'name': 'one', 'api_token': 'a-token-of-one', ${text}}]\n`;
const long = (length: number) => `
c.JupyterHub.services = [{'name': 'one', 'api_token': 'x' * ${length}}]
c.JupyterHub.load_roles = [{'name': 'reader', 'scopes': ['list:users'], 'services': ['one']}]
`;

describe.each<[rule: string, config: string, starts: string[], ends: string[], why: RegExp]>([
  [
    'auth-state-key',
    'c.Authenticator.enable_auth_state = True\n',
    [],
    ['5.5.4', '6.1.1'],
    /auth_state is enabled, but encryption is not available/,
  ],
  [
    'oauth-redirect-uri',
    service("'oauth_client_id': 'service-one'"),
    ['4.1.6'],
    ['5.5.4', '6.1.1'],
    /missing required oauth_redirect_uri/,
  ],
  [
    'oauth-redirect-uri',
    service("'oauth_no_confirm': True"),
    ['4.1.6'],
    ['5.5.4', '6.1.1'],
    /missing required oauth_redirect_uri/,
  ],
  ['service-names', service("'name': 'a/b'"), ['4.1.6', '6.0.1'], ['5.5.4', '6.1.1'], /must not contain '\/'/],
  ['long-tokens', long(65), ['4.1.6', '6.0.1'], ['5.5.4', '6.1.1'], /Cannot create tokens larger than 64 characters/],
])('%s: %s', (_rule, config, starts, ends, why) => {
  test.each(starts)('%s starts', async (release) => {
    const hub = await new HubDirectory().start(release, DUMMY + config);
    expect(hub.status(), await hub.log()).toBeNull();
    await hub.stop();
  });

  test.each(ends)('%s ends', async (release) => {
    const hub = await new HubDirectory().start(release, DUMMY + config);
    expect(hub.status()).toBe(1);
    expect(await hub.log()).toMatch(why);
  });
});

test.each([
  ['5.5.3', 403],
  ['5.5.4', 200],
])('tokens-of-64: asked with one %s answers %d', async (release, status) => {
  const hub = await new HubDirectory().start(release, DUMMY + long(64));
  expect((await hub.get('/users', 'x'.repeat(64))).status).toBe(status);
});

test.each([
  ['4.1.6', null],
  ['5.1.0', 1],
  ['5.5.4', 1],
  ['6.1.1', 1],
])('managed-services: %s with a service that never answers', async (release, status) => {
  const command = service("'url': 'http://127.0.0.1:9', 'command': ['sleep', '600']");
  const hub = await new HubDirectory().start(release, DUMMY + command);
  if (status === null) {
    await until('the hub runs', 60, async () => (await hub.log()).includes('JupyterHub is now running'));
    expect(hub.status(), await hub.log()).toBeNull();
  } else {
    await until('the hub ends', 60, () => hub.status() !== null);
    expect(hub.status()).toBe(status);
  }
});

test.each([
  ['4.1.6', null],
  ['5.1.0', 1],
  ['5.5.4', null],
])('services-elsewhere: %s with a service that is down', async (release, status) => {
  const hub = await new HubDirectory().start(release, DUMMY + service("'url': 'http://127.0.0.1:9'"));
  const runs = async () => (await hub.log()).includes('JupyterHub is now running');
  await until('the hub runs or ends', 60, async () => (await runs()) || hub.status() !== null);
  expect(hub.status(), await hub.log()).toBe(status);
});

const EVERYBODY = `
from jupyterhub.auth import Authenticator
class Everybody(Authenticator):
    async def authenticate(self, handler, data): return data['username']
c.JupyterHub.authenticator_class = Everybody
`;

test.each([
  ['4.1.6', 302],
  ['5.5.4', 500],
  ['6.1.1', 500],
])('manage-groups: %s answers %d to a login without groups', async (release, status) => {
  const config = `${EVERYBODY}c.Authenticator.manage_groups = True\nc.Authenticator.allow_all = True\n`;
  expect(await (await new HubDirectory().start(release, config)).login('alice')).toBe(status);
});

test.each(['1.5.1', '6.1.1'])('whitelist: %s still reads it', async (release) => {
  const config = `${EVERYBODY}c.Authenticator.whitelist = {'alice'}\n`;
  const hub = await new HubDirectory().start(release, config);
  expect([await hub.login('alice'), await hub.login('bob')].map((status) => status === 302)).toEqual([true, false]);
  expect(await hub.log()).toContain('whitelist is deprecated');
});

test.each([
  ['1.5.1', 60],
  ['2.3.1', 50],
])('api-pages: of 60 users %s lists %d', async (release, listed) => {
  const users = "c.Authenticator.allowed_users = {f'user{i}' for i in range(59)}\n";
  const hub = await new HubDirectory().start(release, DUMMY + ADMIN + users);
  expect(await (await hub.get('/users', TOKEN)).json()).toHaveLength(listed);
});

test('admin-access: from 2.0 on an admin may open the servers of all', async () => {
  const hub = await new HubDirectory().start('2.3.1', DUMMY + ADMIN);
  expect(((await (await hub.get('/user', TOKEN)).json()) as { scopes: string[] }).scopes).toContain('access:servers');
});

test.each([
  ['services-admin', '2.3.1', service("'admin': True"), 'sets `admin: True`, which is deprecated'],
  ['statsd', '6.1.1', "c.JupyterHub.statsd_host = 'localhost'\n", 'Config option `statsd_host` not recognized'],
  ['blacklist', '1.5.1', "c.Authenticator.blacklist = {'eve'}\n", 'Config option `blacklist` not recognized'],
])('%s: %s says so', async (_rule, release, config, text) => {
  const hub = await new HubDirectory().start(release, DUMMY + config);
  expect(hub.status(), await hub.log()).toBeNull();
  expect(await hub.log()).toContain(text);
});

test('sqlite-url-options: upgrade-db fails on its own copy', async () => {
  const directory = new HubDirectory();
  const config = `${DUMMY}c.JupyterHub.db_url = 'sqlite:///jupyterhub.sqlite?timeout=30'\n`;
  await (await directory.start('4.1.6', config)).stop();
  const { status, stderr } = await directory.migrate('6.1.1');
  expect(status).not.toBe(0);
  expect(stderr).toContain("'jupyterhub.sqlite?timeout=30'");
});

test.each([
  ['1.5.1', true],
  ['2.3.1', false],
])('singleuser-command-line: %s gives options: %s', async (release, gives) => {
  const directory = new HubDirectory();
  const command = `c.Spawner.cmd = ['sh', '-c', 'echo "$@" >arguments; exec sleep 600', 'server']
c.SimpleLocalProcessSpawner.home_dir_template = '${directory.path}/homes/{username}'
`;
  const hub = await directory.start(release, DUMMY + ADMIN + command);
  await startServer(hub);
  const given = await until('the server has started', 30, () =>
    readFile(join(directory.path, 'homes/admin/arguments'), 'utf8').catch(() => undefined),
  );
  expect(given.includes('--port=')).toBe(gives);
});

test.each([
  ['4.1.6', true],
  ['5.5.4', false],
])('event-log: %s records events: %s', async (release, records) => {
  const directory = new HubDirectory();
  const command = `import logging
c.EventLog.handlers = [logging.FileHandler('events.log')]
c.EventLog.allowed_schemas = ['hub.jupyter.org/server-action']
c.Spawner.cmd = ['sleep', '600']
c.Spawner.http_timeout = 3
`;
  const hub = await directory.start(release, DUMMY + ADMIN + command);
  await startServer(hub);
  await until('the server has been stopped', 60, async () =>
    /failed to start|Failed to start|did not respond|never showed up/.test(await hub.log()),
  );
  await hub.stop();
  const recorded = await readFile(join(directory.path, 'events.log'), 'utf8').catch(() => '');
  expect(recorded.includes('server-action')).toBe(records);
});

async function startServer(hub: Hub): Promise<void> {
  await fetch(`${hub.base}/hub/api/users/admin/server`, {
    method: 'POST',
    headers: { Authorization: `token ${TOKEN}`, 'Content-Type': 'application/json' },
  });
}
