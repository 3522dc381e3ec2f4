import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect as connectSocket, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../../src/ssh/connection.ts';

export type KeyType = 'ed25519' | 'rsa' | 'ecdsa';

export interface Sshd {
  readonly port: number;
  /** Everybody who starts it is logged in as themselves, root or not. */
  readonly username: string;
  /** Home of the login shells, empty at first. */
  readonly home: string;
  /** A key that may log in, in OpenSSH's format. */
  readonly privateKey: string;
  /** Public host keys, `type base64`. */
  readonly hostKeys: Record<KeyType, string>;
  /** Fingerprint (`SHA256:…`) of a host key. */
  fingerprint(type: KeyType): string;
  /** How to connect to it, trusting its ed25519 key. */
  connection(changes?: Partial<Connection>): Connection;
  /** What sshd logged (LogLevel DEBUG1). */
  log(): Promise<string>;
  /** Lets another public key (a line) log in too. */
  authorize(publicKey: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a real sshd on a free loopback port with host keys of its own. `config` are lines of sshd_config. */
export async function startSshd(config: string[] = []): Promise<Sshd> {
  const directory = await mkdtemp(join(tmpdir(), 'sshd-'));
  const home = join(directory, 'home');
  await mkdir(home);
  const hostKeys = {} as Record<KeyType, string>;
  for (const type of ['ed25519', 'rsa', 'ecdsa'] as const) hostKeys[type] = await makeKey(join(directory, type), type);
  await makeKey(join(directory, 'user'), 'ed25519');
  const authorizedKeys = join(directory, 'user.pub');
  // Without privilege separation's directory sshd does not start as root.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });

  const port = await freePort();
  const file = join(directory, 'sshd_config');
  await writeFile(
    file,
    [
      ...config,
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      ...Object.keys(hostKeys).map((type) => `HostKey ${join(directory, type)}`),
      `AuthorizedKeysFile ${authorizedKeys}`,
      `PidFile none`,
      'StrictModes no',
      'UsePAM no',
      'PermitRootLogin prohibit-password',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'MaxStartups 100',
      // Login shells read no dotfiles of this machine.
      `SetEnv HOME=${home}`,
      'LogLevel DEBUG1',
    ].join('\n'),
  );
  const logFile = join(directory, 'log');
  const sshd = execFileSync('sh', ['-c', 'PATH=$PATH:/usr/sbin:/sbin; command -v sshd'], { encoding: 'utf8' }).trim();
  const child = spawn(sshd, ['-D', '-f', file, '-E', logFile], { stdio: 'inherit' });
  const stop = async () => {
    await end(child);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await answering(port, child);
  } catch (error) {
    const log = await readFile(logFile, 'utf8').catch(() => '');
    await stop();
    throw new Error(`sshd did not start: ${log}`, { cause: error });
  }
  const privateKey = await readFile(join(directory, 'user'), 'utf8');
  return {
    port,
    username: userInfo().username,
    home,
    privateKey,
    hostKeys,
    fingerprint: (type) => fingerprintOf(join(directory, `${type}.pub`)),
    connection: (changes) => ({
      host: '127.0.0.1',
      port,
      username: userInfo().username,
      privateKey,
      trust: { knownHosts: `[127.0.0.1]:${changes?.port ?? port} ${hostKeys.ed25519}\n` },
      connectTimeout: 10,
      ...changes,
    }),
    log: () => readFile(logFile, 'utf8'),
    authorize: (publicKey) => writeFile(authorizedKeys, `${publicKey}\n`, { flag: 'a' }),
    stop,
  };
}

/** Makes a key pair, without a passphrase unless the options of ssh-keygen give one. Returns the public half, `type base64`. */
export async function makeKey(file: string, type: KeyType, ...options: string[]): Promise<string> {
  // Small RSA keys are made fast.
  const size = type === 'rsa' ? ['-b', '1024'] : [];
  execFileSync('ssh-keygen', ['-q', '-t', type, ...size, '-N', '', '-C', '', '-f', file, ...options]);
  return (await readFile(`${file}.pub`, 'utf8')).trim();
}

export function fingerprintOf(file: string): string {
  return execFileSync('ssh-keygen', ['-l', '-f', file], { encoding: 'utf8' }).split(' ')[1] ?? '';
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`it ended with status ${child.exitCode}`);
    const socket = connectSocket({ port, host: '127.0.0.1' });
    const answered = await once(socket, 'data').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (answered) return;
    await delay(25);
  }
  throw new Error('it does not answer');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}
