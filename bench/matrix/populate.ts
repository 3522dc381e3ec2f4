import { type Api, createApi } from '../hub/api.ts';
import { until } from '../hub/run.ts';
import { expectSuccess, serverPid, startServer } from '../hub/seed.ts';
import type { Assignments } from './configuration.ts';
import { majorOf } from './configuration.ts';
import { logIn } from './login.ts';
import type { Installation, Site } from './site.ts';

/** What was made in a hub, as far as a later hub can be asked about it. */
export interface Population {
  /** Tokens that were acknowledged, with the user they belong to. */
  tokens: { user: string; token: string }[];
  /** Running servers, `user` or `user/name`, with the pid that each answers with. */
  servers: Record<string, number>;
}

export const assignments: Assignments = { users: ['bob'], groups: ['students'], services: ['app'] };

/** Makes something of everything that this release has, through its own interfaces, and stops it. */
export async function populate(site: Site, installation: Installation, databaseUrl: string): Promise<Population> {
  const first = await site.start(installation, databaseUrl, {});
  try {
    await makeUsers(site.api);
  } finally {
    await first.stop();
  }
  // Once more: what the configuration gives to users and groups needs them to be there.
  const second = await site.start(installation, databaseUrl, assignments);
  try {
    return await makeTheRest(site, installation.release);
  } finally {
    await second.stop();
  }
}

async function makeUsers(api: Api): Promise<void> {
  await expectSuccess(api, 'POST', '/users', { usernames: ['alice', 'bob', 'carol', 'dave', 'zoë@example.org'] });
  await expectSuccess(api, 'POST', '/users', { usernames: ['second-admin'], admin: true });
  const groups = { students: ['alice', 'bob'], teachers: ['carol'], empty: [] };
  for (const [group, users] of Object.entries(groups)) {
    await expectSuccess(api, 'POST', `/groups/${group}`, {});
    await expectSuccess(api, 'POST', `/groups/${group}/users`, { users });
  }
}

async function makeTheRest(site: Site, release: string): Promise<Population> {
  const { api, url } = site;
  const major = majorOf(release);
  const tokens: Population['tokens'] = [];
  const makeToken = async (user: string, body: object) => {
    const { token } = await expectSuccess<{ token: string }>(api, 'POST', `/users/${user}/tokens`, body);
    tokens.push({ user, token });
    return token;
  };
  for (const user of ['admin', 'alice', 'bob', 'carol']) await makeToken(user, { note: `made by ${release}` });
  await makeToken('dave', { note: 'for a month', expires_in: 30 * 86_400 });
  if (major === 2) await makeToken('bob', { note: 'with a role', roles: ['reader'] });
  if (major >= 3) await makeToken('bob', { note: 'with scopes', scopes: ['read:users!user', 'access:servers!user'] });
  if (major >= 4) await expectSuccess(api, 'PUT', '/groups/teachers/properties', { room: '12' });

  const servers: Population['servers'] = { alice: await startServer(api, url, 'alice') };
  await expectSuccess(api, 'POST', '/users/bob/servers/lab', { profile: 'large' });
  servers['bob/lab'] = await until('the server bob/lab does not answer', 30, () => serverPid(url, 'bob/lab'));
  // One that ran, and whose name stays.
  await startServer(api, url, 'carol');
  await expectSuccess(api, 'POST', '/users/carol/servers/old', {});
  for (const path of ['/users/carol/server', '/users/carol/servers/old']) {
    await until(`${path} cannot be stopped`, 30, async () => (await api('DELETE', path)).status < 300);
  }
  tokens.push({ user: 'alice', token: await logIn(site, 'alice') });
  if (major >= 5) await share(createApi(url, tokens[0]?.token ?? ''));
  return { tokens, servers };
}

/** As the admin: a service has no servers of its own to share. */
async function share(api: Api): Promise<void> {
  await expectSuccess(api, 'POST', '/shares/alice/', { user: 'dave' });
  await expectSuccess(api, 'POST', '/shares/alice/', { group: 'teachers' });
  await expectSuccess(api, 'POST', '/shares/bob/lab', { user: 'alice' });
  await expectSuccess(api, 'POST', '/share-codes/bob/lab', { expires_in: 30 * 86_400 });
}
