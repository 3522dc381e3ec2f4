import { fileURLToPath } from 'node:url';
import type { Subject } from '../check/state.ts';
import { type Api, createApi } from './api.ts';
import type { Blueprint } from './blueprint.ts';
import type { HubDatabase } from './database.ts';
import { until } from './run.ts';
import { type Seeded, seed, startServer, userName } from './seed.ts';
import type { SshAccess } from './sshd.ts';

/** A real JupyterHub on a host that is reached by SSH; paths are the host's, absolute. */
export interface HubInABox {
  ssh: SshAccess;
  /** The public address: the proxy's. */
  url: string;
  hubPort: number;
  environmentPath: string;
  configPath: string;
  /** With `ownTools`: programs in it stand before the host's own, as this machine sees the directory. */
  tools: string;
  database: HubDatabase;
  /** Texts that must be seen nowhere but on the host. */
  secrets: string[];
  /** The token of the service `bench`, which may do everything that `api` is used for. */
  apiToken: string;
  seeded: Seeded;
  /** The user's server that runs, with its pid as the host counts. */
  server: { user: string; pid: number };
  api: Api;
  /** The hub's main process; undefined when it does not run. */
  pid(): Promise<number | undefined>;
  /** What the hub has printed until now. */
  log(): Promise<string>;
  /** Pids, as this machine counts, of all processes of the box: its sshd and proxy among them. */
  processes(): Promise<number[]>;
  /** What `recordState` of the checker looks at: paths as this machine sees them. */
  subject: Subject;
  /** Ends everything that belongs to the box and removes it. */
  stop(): Promise<void>;
}

/**
 * Waits until a hub that is starting answers at its public address, fills it, and starts a user's server.
 * `ended` gives the last words of a hub that has ended.
 */
export async function fill(
  { url, apiToken, users }: Blueprint,
  ended: () => Promise<string | undefined>,
): Promise<Pick<HubInABox, 'api' | 'seeded' | 'server'>> {
  const api = createApi(url, apiToken);
  await until('the hub does not answer', 90, async () => {
    const answer = await api('GET', '/').catch(() => undefined);
    if (answer?.status === 200) return true;
    const lastWords = await ended();
    if (lastWords !== undefined) throw new Error(`the hub has ended:\n${lastWords.slice(-3000)}`);
    return false;
  });
  const seeded = await seed(api, users);
  const user = userName(1);
  return { api, seeded, server: { user, pid: await startServer(api, url, user) } };
}

/** Every text that a hub made from that blueprint, and then filled, has to keep to itself. */
export function secretsOf(blueprint: Blueprint, { tokens }: Seeded): string[] {
  const { apiToken, clientSecret, proxyToken, cryptKey, databaseSecret } = blueprint;
  return [apiToken, clientSecret, proxyToken, cryptKey, databaseSecret, ...Object.values(tokens)];
}

/** Path of one of the programs that go into a box. */
export function program(name: 'fake-server.py' | 'hubctl.sh' | 'populate.py'): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
