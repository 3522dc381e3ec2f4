// What the gravest rules say, seen on real hubs: who can log in before and after the upgrade.
import { expect, test, vi } from 'vitest';
import { type Hub, HubDirectory } from './hub.ts';

vi.setConfig({ testTimeout: 600_000 });

const [LET_IN, REFUSED] = [true, false];

/** Everybody can authenticate; who may log in is JupyterHub's to decide. */
const EVERYBODY = `
from jupyterhub.auth import Authenticator
class Everybody(Authenticator):
    async def authenticate(self, handler, data): return data['username']
c.JupyterHub.authenticator_class = Everybody
c.Authenticator.admin_users = {'admin'}
`;

async function logins(hub: Hub, ...users: string[]): Promise<Record<string, boolean>> {
  expect(hub.status(), await hub.log()).toBeNull();
  const found: Record<string, boolean> = {};
  for (const user of users) {
    const status = await hub.login(user);
    // Let in or refused, and not in trouble.
    expect(status, await hub.log()).toBeLessThan(500);
    found[user] = status === 302;
  }
  await hub.stop();
  return found;
}

test('allow-config: from 5.0 on nobody can log in without one, admins neither, and what is advised lets them in', async () => {
  const directory = new HubDirectory();
  const old = await directory.start('4.1.6', EVERYBODY);
  expect(await logins(old, 'alice', 'admin')).toEqual({ alice: LET_IN, admin: LET_IN });
  expect((await directory.migrate('6.1.1')).status).toBe(0);
  const locked = await directory.start('6.1.1', EVERYBODY);
  expect((await fetch(`${locked.base}/hub/health`)).status).toBe(200);
  expect(await logins(locked, 'alice', 'admin')).toEqual({ alice: REFUSED, admin: REFUSED });
  const open = await directory.start('6.1.1', `${EVERYBODY}c.Authenticator.allow_all = True\n`);
  expect(await logins(open, 'alice', 'admin')).toEqual({ alice: LET_IN, admin: LET_IN });
});

test('blacklist: from 1.2 on the users on it can log in, and what is advised keeps them out', async () => {
  const directory = new HubDirectory();
  const config = `${EVERYBODY}c.Authenticator.blacklist = {'eve'}\n`;
  const advised = `${config}c.Authenticator.blocked_users = {'eve'}\n`;
  expect(await logins(await directory.start('1.1.0', advised), 'alice', 'eve')).toEqual({
    alice: LET_IN,
    eve: REFUSED,
  });
  expect(await logins(await directory.start('1.5.1', config), 'alice', 'eve')).toEqual({ alice: LET_IN, eve: LET_IN });
  expect(await logins(await directory.start('1.5.1', advised), 'alice', 'eve')).toEqual({
    alice: LET_IN,
    eve: REFUSED,
  });
});

test('xsrf-forms: from 4.0 on a login page of your own needs the field, which an older hub leaves empty', async () => {
  const directory = new HubDirectory();
  const config = `${EVERYBODY}c.JupyterHub.template_paths = ['pages']\n`;
  const page = (field: string) => ({
    'pages/login.html': `<form action="{{ login_url }}" method="post">${field}<input name="username"></form>`,
  });
  const field = '<input type="hidden" name="_xsrf" value="{{ xsrf }}"/>';
  expect(await logins(await directory.start('2.3.1', config, page('')), 'alice')).toEqual({ alice: LET_IN });
  expect(await logins(await directory.start('2.3.1', config, page(field)), 'alice')).toEqual({ alice: LET_IN });
  expect((await directory.migrate('4.1.6')).status).toBe(0);
  expect(await logins(await directory.start('4.1.6', config, page('')), 'alice')).toEqual({ alice: REFUSED });
  expect(await logins(await directory.start('4.1.6', config, page(field)), 'alice')).toEqual({ alice: LET_IN });
});
