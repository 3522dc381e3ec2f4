import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HubOptions } from '../hub/blueprint.ts';
import { type LightHub, startLightHub } from '../hub/light.ts';
import { startServer, userName } from '../hub/seed.ts';
import { stateDirectoryOf } from '../hub/state.ts';
import { execute } from './execute.ts';

/** The releases between which everything here is measured. */
export const FROM = '4.1.6';
export const TO = '6.1.1';

/** What the hubs are, for people. */
export const SUBJECT = '71 users, three running user servers, SQLite, the proxy a service of its own';

/** Makes a hub to be upgraded, alike for every run, and removes all of it after `use`. */
export async function withSubject<T>(use: (hub: LightHub) => Promise<T>, options: HubOptions = {}): Promise<T> {
  // One user more is made through the hub's API, and one server started.
  const hub = await startLightHub({ release: FROM, users: 70, space: false, ...options });
  const state = await stateDirectoryOf(hub);
  try {
    for (const number of [2, 3]) await startServer(hub.api, hub.url, userName(number));
    return await use(hub);
  } finally {
    await hub.stop();
    await rm(state, { recursive: true, force: true });
  }
}

/** Whether the hub answers as the release it is upgraded to. */
export async function isUpgraded(hub: LightHub): Promise<boolean> {
  const answer = await hub.api<{ version?: string }>('GET', '/').catch(() => undefined);
  return answer?.body.version === TO;
}

/** Runs a script on the hub's host as a step with an SSH client does it: one connection, one shell. */
export async function runScript(hub: LightHub, script: string, signal: AbortSignal): Promise<void> {
  const directory = join(hub.directory, 'client');
  const [key, knownHosts] = [join(directory, 'key'), join(directory, 'known_hosts')];
  await mkdir(directory);
  await writeFile(key, hub.ssh.privateKey, { mode: 0o600 });
  await writeFile(knownHosts, hub.ssh.knownHosts);
  const { username, host, port } = hub.ssh;
  const options = ['-F', 'none', '-i', key, '-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'BatchMode=yes'];
  await execute('ssh', [...options, '-p', String(port), `${username}@${host}`, 'bash -s'], { stdin: script, signal });
}
