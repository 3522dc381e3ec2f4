// Environments as the runner makes them for a run of this action.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { environmentName } from '../../src/inputs/definitions.ts';
import { checkPrivateKey } from '../../src/ssh/private-key.ts';

const pair = generateKeyPairSync('ed25519');
const checked = await checkPrivateKey(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
if ('problem' in checked) throw new Error(checked.problem);

/** An OpenSSH private key. */
export const KEY = checked.key;

/** The same key in another format. */
export const PEM_KEY = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const name = Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0\x20', 'latin1');
const hostKey = Buffer.concat([name, Buffer.from(pair.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')]);

export const PUBLIC_KEY = `ssh-ed25519 ${hostKey.toString('base64')}`;
export const KNOWN_HOSTS = `hub.example.org ${PUBLIC_KEY}`;
export const FINGERPRINT = `SHA256:${createHash('sha256').update(hostKey).digest('base64').slice(0, 43)}`;

export const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
export const IDENTITY = 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX';
export const PASSPHRASE = 'correct horse battery staple';

/** The variables for these inputs. */
export function variables(inputs: Record<string, string>): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(inputs).map(([input, value]) => [environmentName(input), value]));
}

/** The least a run in mode `upgrade` needs. */
export const UPGRADE = {
  host: 'hub.example.org',
  username: 'admin',
  'ssh-private-key': KEY,
  'known-hosts': KNOWN_HOSTS,
  'target-version': '6.1.1',
  'age-recipients': RECIPIENT,
};

/** The least a run in mode `restore` needs. */
export const RESTORE = {
  mode: 'restore',
  host: 'hub.example.org',
  username: 'admin',
  'ssh-private-key': KEY,
  'known-hosts': KNOWN_HOSTS,
  'artifact-id': '4242',
  'age-identity': IDENTITY,
};
