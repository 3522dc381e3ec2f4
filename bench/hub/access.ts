import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { urlOf } from './database.ts';
import type { HubInABox } from './hub.ts';

/** Says how to reach a hub; the keys for it are written to `directory`. */
export async function accessOf(hub: HubInABox, directory: string): Promise<string> {
  await writeFile(join(directory, 'key'), hub.ssh.privateKey, { mode: 0o600 });
  await writeFile(join(directory, 'known_hosts'), hub.ssh.knownHosts);
  const { username, host, port, fingerprint } = hub.ssh;
  const ssh = `ssh -F none -i ${directory}/key -o UserKnownHostsFile=${directory}/known_hosts -p ${port} ${username}@${host}`;
  const run =
    'stopCommand' in hub && 'startCommand' in hub
      ? `stop      ${hub.stopCommand}\nstart     ${hub.startCommand}`
      : 'service   jupyterhub.service';
  return `JupyterHub is at ${hub.url} (any user, any password; admin is an administrator)

ssh       ${ssh}
host key  ${fingerprint}
${run}
config    ${hub.configPath}
database  ${urlOf(hub.database)}
code      ${hub.environmentPath}
users     ${hub.seeded.users.length}, groups ${Object.keys(hub.seeded.groups).join(' ')}
server    of ${hub.server.user}, pid ${hub.server.pid}
token     ${hub.seeded.tokens.admin} (of admin)
`;
}
