import type { Api } from './api.ts';
import { until } from './run.ts';

export interface Seeded {
  /** Every user of the hub, less the admin that the configuration names. */
  users: string[];
  groups: Record<string, string[]>;
  /** API tokens by the user they belong to. */
  tokens: Record<string, string>;
}

/** Name of the n-th user, from 1, as populate.py makes them before the hub's first start. */
export function userName(number: number): string {
  return `user${String(number).padStart(5, '0')}`;
}

/** Fills a running hub through its REST API: two groups, four tokens, and one user more than were there. */
export async function seed(api: Api, users: number): Promise<Seeded> {
  const names = Array.from({ length: users }, (_, index) => userName(index + 1));
  const groups = { students: names.slice(0, 10), teachers: names.slice(0, 1) };
  for (const [group, members] of Object.entries(groups)) {
    await expectSuccess(api, 'POST', `/groups/${group}`, {});
    await expectSuccess(api, 'POST', `/groups/${group}/users`, { users: members });
  }
  const tokens: Record<string, string> = {};
  for (const name of ['admin', ...names.slice(0, 3)]) {
    const made = await expectSuccess<{ token: string }>(api, 'POST', `/users/${name}/tokens`, { note: 'seeded' });
    tokens[name] = made.token;
  }
  // Last, so that a database in WAL mode has a row that a copy of its main file alone does not have.
  await expectSuccess(api, 'POST', '/users', { usernames: ['zoë@example.org'] });
  return { users: [...names, 'zoë@example.org'], groups, tokens };
}

/** Starts a user's server and gives its pid, which the fake server itself answers at the public URL. */
export async function startServer(api: Api, url: string, user: string): Promise<number> {
  await expectSuccess(api, 'POST', `/users/${user}/server`);
  return until(`the server of ${user} does not answer`, 30, () => serverPid(url, user));
}

/** Pid of a running server, `user` or `user/name`, as it answers at the hub's public URL; undefined when it does not. */
export async function serverPid(url: string, server: string): Promise<number | undefined> {
  const response = await fetch(new URL(`/user/${server}/api/`, url), { redirect: 'manual' }).catch(() => undefined);
  const text = response?.status === 200 ? (await response.text()).trim() : '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Asks, and gives the answer; throws when it is not one of success. */
export async function expectSuccess<T>(api: Api, method: string, path: string, body?: unknown): Promise<T> {
  const answer = await api<T>(method, path, body);
  if (answer.status >= 300) {
    throw new Error(`${method} ${path} was answered ${answer.status}: ${JSON.stringify(answer.body).slice(0, 500)}`);
  }
  return answer.body;
}
