// What rules say happens, seen on real hubs of the releases before and after. One hub shows several where it can.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { until } from '../../../bench/hub/run.ts';
import { HubDirectory } from './hub.ts';

vi.setConfig({ testTimeout: 300_000 });

const DUMMY = `
c.JupyterHub.authenticator_class = 'dummy'
c.JupyterHub.spawner_class = 'simple'
`;
/** Services by the rule that each of them is about. */
const SERVICES = {
  'oauth-redirect-uri': "{'name': 'one', 'oauth_client_id': 'service-one'}",
  'service-names': "{'name': 'a/b'}",
  'long-tokens': "{'name': 'two', 'api_token': 'x' * 65}",
  'managed-services': "{'name': 'three', 'url': 'http://127.0.0.1:9', 'command': ['false']}",
};
const services = (...texts: string[]) => `c.JupyterHub.services = [${texts.join(', ')}]\n`;

describe('a hub does not start', () => {
  test.each<[rule: string, config: string, why: RegExp]>([
    ['auth-state-key', 'c.Authenticator.enable_auth_state = True\n', /auth_state is enabled, but encryption is not/],
    ['oauth-redirect-uri', services(SERVICES['oauth-redirect-uri']), /missing required oauth_redirect_uri/],
    ['service-names', services(SERVICES['service-names']), /must not contain '\/'/],
    ['long-tokens', services(SERVICES['long-tokens']), /Cannot create tokens larger than 64 characters/],
  ])('%s', async (_rule, config, why) => {
    const hub = await new HubDirectory().start('6.1.1', DUMMY + config);
    expect(hub.status()).toBe(1);
    expect(await hub.log()).toMatch(why);
  });

  test('managed-services', async () => {
    const hub = await new HubDirectory().start('6.1.1', DUMMY + services(SERVICES['managed-services']));
    await until('the hub ends', 100, () => hub.status() !== null);
    expect(hub.status()).toBe(1);
  });
});

test('before 5.0 a hub starts with all of them', async () => {
  const hub = await new HubDirectory().start('4.1.6', DUMMY + services(...Object.values(SERVICES)));
  await until('the hub runs', 100, async () => (await hub.log()).includes('JupyterHub is now running'));
  expect(hub.status(), await hub.log()).toBeNull();
});

const EVERYBODY = `
from jupyterhub.auth import Authenticator
class Everybody(Authenticator):
    async def authenticate(self, handler, data): return data['username']
c.JupyterHub.authenticator_class = Everybody
`;

test.each([
  ['4.1.6', 302],
  ['6.1.1', 500],
])('manage-groups: %s answers %d to a login without groups', async (release, status) => {
  const config = `${EVERYBODY}c.Authenticator.manage_groups = True\nc.Authenticator.allow_all = True\n`;
  expect(await (await new HubDirectory().start(release, config)).login('alice')).toBe(status);
});

test('whitelist, statsd: 6.1.1 still reads the one, and not the other', async () => {
  const config = `${EVERYBODY}c.Authenticator.whitelist = {'alice'}\nc.JupyterHub.statsd_host = 'localhost'\n`;
  const hub = await new HubDirectory().start('6.1.1', config);
  expect([await hub.login('alice'), await hub.login('bob')].map((status) => status === 302)).toEqual([true, false]);
  expect(await hub.log()).toMatch(/whitelist is deprecated/);
  expect(await hub.log()).toMatch(/`statsd_host` not recognized/);
});

test.each([
  ['1.5.1', { listed: 210, opens: undefined, options: true }],
  ['2.3.1', { listed: 200, opens: true, options: false }],
])('api-pages, admin-access, singleuser-command-line: %s', async (release, { listed, opens, options }) => {
  const directory = new HubDirectory();
  const token = 'token-of-an-admin';
  const hub = await directory.start(
    release,
    `${DUMMY}
c.JupyterHub.api_tokens = {'${token}': 'admin'}
c.Authenticator.admin_users = {'admin'}
c.Authenticator.allowed_users = {f'user{i}' for i in range(209)}
c.Spawner.cmd = ['sh', '-c', 'echo "$@" >arguments; exec sleep 600', 'server']
c.SimpleLocalProcessSpawner.home_dir_template = '${directory.path}/homes/{username}'
`,
  );
  expect(await (await hub.get('/users', token)).json()).toHaveLength(listed);
  const { scopes } = (await (await hub.get('/user', token)).json()) as { scopes?: string[] };
  expect(scopes?.includes('access:servers')).toBe(opens);

  const headers = { Authorization: `token ${token}`, 'Content-Type': 'application/json' };
  await fetch(`${hub.base}/hub/api/users/admin/server`, { method: 'POST', headers });
  const given = await until('the server has started', 60, () =>
    readFile(join(directory.path, 'homes/admin/arguments'), 'utf8').catch(() => undefined),
  );
  expect(given.includes('--port=')).toBe(options);
});

test('sqlite-url-options: upgrade-db fails on its own copy', async () => {
  const directory = new HubDirectory();
  const config = `${DUMMY}c.JupyterHub.db_url = 'sqlite:///jupyterhub.sqlite?timeout=30'\n`;
  await (await directory.start('4.1.6', config)).stop();
  const { status, stderr } = await directory.migrate('6.1.1');
  expect(status).not.toBe(0);
  expect(stderr).toContain("'jupyterhub.sqlite?timeout=30'");
});
