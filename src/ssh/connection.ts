import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { NodeSSH } from 'node-ssh';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import { type Attempt, connectTrouble, explainConnect, type RefusedKey } from './explain.ts';
import { ConnectionLost, type Host, SshHost } from './host.ts';
import { algorithmsOf, describeKey, type HostKeyPins, type HostTrust, hostKeyPins, keyType } from './known-hosts.ts';

export { CommandFailed, CommandTimedOut, ConnectionLost, ForwardRefused, type Host, type RunOptions } from './host.ts';

/** How to reach the host. */
export interface Connection {
  host: string;
  port: number;
  username: string;
  /** In OpenSSH's format, as `checkPrivateKey` returns it. */
  privateKey: string;
  passphrase?: string;
  trust: HostTrust;
  /** Seconds for the TCP connection, and again for key exchange and login. */
  connectTimeout: number;
}

/** Four missed keepalives end a connection. ssh2 does not take other traffic as a sign of life, so this is generous. */
const KEEPALIVE = { intervalMs: 15_000, count: 4 };
/** When to try again after the host closed the connection at once: sshd does so at random when many come (MaxStartups). */
const RECONNECT_AFTER_MS = [500, 2_000];

/** Connects. Authentication does not begin unless the host key is a pinned one. Throws an UpgradeError with the cause. */
export async function connect(connection: Connection, keepalive = KEEPALIVE): Promise<Host> {
  const known = hostKeyPins(connection.trust, connection.host, connection.port);
  if ('problems' in known) throw connectTrouble(known.problems.join(' '), 'Correct known-hosts or host-fingerprint.');
  const { pins } = known;
  let { algorithms } = pins;
  const refused: RefusedKey[] = [];
  const patience = [...RECONNECT_AFTER_MS];
  for (;;) {
    const attempt: Attempt = { reached: false, said: '', trusted: false, methods: [], partial: false };
    try {
      return await dial(connection, { ...pins, algorithms }, keepalive, attempt);
    } catch (error) {
      const cause = error instanceof ConnectionLost && error.cause instanceof Error ? error.cause : (error as Error);
      if (attempt.refused) {
        refused.push(attempt.refused);
        const sameType = algorithmsOf(attempt.refused.type);
        algorithms = pins.typesAreKnown ? [] : algorithms.filter((name) => !sameType.includes(name));
        if (algorithms.length > 0) continue;
      }
      const wait = closedAtOnce(attempt, cause) ? patience.shift() : undefined;
      if (wait === undefined) throw explainConnect(connection, pins, attempt, refused, cause);
      await delay(wait);
    }
  }
}

async function dial(
  { host, port, username, privateKey, passphrase, connectTimeout }: Connection,
  pins: HostKeyPins,
  keepalive: typeof KEEPALIVE,
  attempt: Attempt,
): Promise<Host> {
  const timeoutMs = connectTimeout * 1000;
  const socket = await openSocket(host, port, timeoutMs);
  attempt.reached = true;
  let hostKey = '';
  const ssh = new NodeSSH();
  const ready = ssh.connect({
    sock: socket,
    username,
    privateKey,
    passphrase,
    readyTimeout: timeoutMs,
    keepaliveInterval: keepalive.intervalMs,
    keepaliveCountMax: keepalive.count,
    algorithms: { serverHostKey: [...pins.algorithms] as ServerHostKeyAlgorithm[] },
    // Called again whenever the keys are exchanged anew.
    hostVerifier: (key: Buffer) => {
      hostKey = describeKey(key);
      const why = pins.refusal(key);
      if (why) attempt.refused = { type: keyType(key), key: hostKey, why };
      return why === undefined;
    },
    // The key alone; what the host would rather have is only noted.
    authHandler: (methods: string[] | null, partial: boolean | null) => {
      attempt.methods = methods ?? [];
      attempt.partial = partial ?? false;
      return methods ? false : 'publickey';
    },
  });
  try {
    const client = ssh.connection;
    if (!client) throw await ready;
    client.on('handshake', () => {
      attempt.trusted = true;
    });
    socket.once('data', (data: Buffer) => {
      attempt.said = /^[ -~]{0,100}/.exec(data.toString('latin1'))?.[0] ?? '';
    });
    const connected = new SshHost(client, socket, () => hostKey);
    await connected.until(ready);
    return connected;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** A socket with TCP_NODELAY: without it each of ssh2's small writes waits for the other side's acknowledgement. */
async function openSocket(host: string, port: number, timeoutMs: number): Promise<Socket> {
  // 250 ms, node's own limit for each address but the last, is less than some round trips.
  const socket = connectSocket({ host, port, noDelay: true, autoSelectFamilyAttemptTimeout: 2_500 });
  const late = Object.assign(new Error('No answer'), { code: 'ETIMEDOUT' });
  const timer = setTimeout(() => socket.destroy(late), timeoutMs);
  try {
    await once(socket, 'connect');
    return socket;
  } finally {
    clearTimeout(timer);
  }
}

function closedAtOnce(attempt: Attempt, cause: Error & { code?: string }): boolean {
  if (!attempt.reached || attempt.trusted) return false;
  return cause.message === 'Connection lost before handshake' || cause.code === 'ECONNRESET';
}
