import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { LightHub } from './light.ts';

/** Where the product keeps what it knows of a light hub: in a place of root's, or in the home of the user who logs in. */
export async function stateDirectoryOf(hub: LightHub): Promise<string> {
  const directory = await realpath(join(hub.directory, 'state'));
  const id = createHash('sha256').update(directory).digest('hex').slice(0, 8);
  const { uid, homedir } = userInfo();
  return join(uid === 0 ? '/var/lib' : join(homedir, '.local/state'), 'jupyterhub-upgrade', `state-${id}`);
}
