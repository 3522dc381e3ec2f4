import { openSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { findCommand } from './requirements.ts';
import { run, startDetached } from './run.ts';

/** How to log in to a box. Keys are texts, not files. */
export interface SshAccess {
  host: string;
  port: number;
  username: string;
  privateKey: string;
  /** One line as in ~/.ssh/known_hosts. */
  knownHosts: string;
  /** `SHA256:…` of the host key. */
  fingerprint: string;
}

/** Makes an ed25519 key pair without a passphrase: `file` and `file.pub`. */
export async function makeKey(file: string): Promise<void> {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'bench', '-f', file]);
}

/** Describes the access that a client key and a host key (paths of the private files) give. */
export async function describeAccess(clientKey: string, hostKey: string, host: string, port: number, username: string) {
  const [type, key] = (await readFile(`${hostKey}.pub`, 'utf8')).split(' ');
  const [, fingerprint = ''] = (await run('ssh-keygen', ['-l', '-f', `${hostKey}.pub`])).split(' ');
  const knownHosts = `[${host}]:${port} ${type} ${key}\n`;
  return { host, port, username, privateKey: await readFile(clientKey, 'utf8'), knownHosts, fingerprint };
}

const MOUNT_TOOLS = 'mount --bind "$0" /usr/local/sbin';

/** Writes keys and an sshd_config into `directory` for an sshd that anybody may run, and that logs in as himself. */
export async function prepareSshd(
  directory: string,
  address: string,
  port: number,
  environment: Record<string, string>,
): Promise<{ access: SshAccess; config: string }> {
  await mkdir(directory, { mode: 0o700 });
  const hostKey = join(directory, 'host_key');
  const clientKey = join(directory, 'client_key');
  await makeKey(hostKey);
  await makeKey(clientKey);
  const variables = Object.entries(environment).map(([name, value]) => `"${name}=${value}"`);
  const config = join(directory, 'sshd_config');
  await writeFile(
    config,
    `Port ${port}
ListenAddress ${address}
HostKey "${hostKey}"
PidFile none
AuthorizedKeysFile "${clientKey}.pub"
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
SetEnv ${variables.join(' ')}
`,
  );
  await chmod(config, 0o600);
  return { access: await describeAccess(clientKey, hostKey, address, port, userInfo().username), config };
}

/**
 * Starts sshd in the foreground of a session of its own; gives its pid. For whoever logs in, `tools` stands at
 * /usr/local/sbin, in a mount namespace of their own. `inside`: what a command line begins with on another host.
 */
export async function startSshd(
  config: string,
  log: string,
  env: NodeJS.ProcessEnv,
  { tools, inside = [] }: { tools?: string | undefined; inside?: string[] | undefined },
): Promise<number> {
  const sshd = await findCommand('sshd');
  if (sshd === undefined) throw new Error('sshd is not installed');
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 }); // where it locks itself up
  const command = [sshd, '-D', '-e', '-f', config]; // needs its absolute path
  const places = tools === undefined ? [] : ['unshare', '--mount', 'sh', '-c', `${MOUNT_TOOLS} && exec "$@"`, tools];
  const [program = '', ...args] = [...inside, ...places, ...command];
  return startDetached(program, args, openSync(log, 'a'), { env });
}
