import { UpgradeError } from '../errors.ts';
import type { Connection } from './connection.ts';
import type { HostKeyPins } from './known-hosts.ts';
import { describePublicHalf } from './private-key.ts';

/** How far connecting came, for the explanation of why it went no further. */
export interface Attempt {
  /** The TCP connection was made. */
  reached: boolean;
  /** The first line the other side sent. */
  said: string;
  /** Keys are exchanged and the host key is the pinned one. */
  trusted: boolean;
  /** Ways to authenticate that the host still names after it had the key. */
  methods: readonly string[];
  /** The host took the key and wants more. */
  partial: boolean;
  /** The presented host key, when it is not a pinned one. */
  refused?: RefusedKey;
}

export interface RefusedKey {
  /** e.g. `ssh-ed25519`. */
  readonly type: string;
  /** Type and fingerprint. */
  readonly key: string;
  readonly why: 'revoked' | 'not-pinned';
}

/** Turns the failure of an attempt into a cause and a thing to do. */
export function explainConnect(
  connection: Connection,
  pins: HostKeyPins,
  attempt: Attempt,
  refused: readonly RefusedKey[],
  cause: Error,
): UpgradeError {
  const address = `${connection.host} port ${connection.port}`;
  const explanation =
    refused.length > 0 ? hostKeyRefused(address, pins, refused) : explain(connection, address, attempt, cause);
  return connectTrouble(...explanation, cause);
}

/** An error of the step `connect`: nothing was done to the hub yet. */
export function connectTrouble(message: string, next: string, cause?: unknown): UpgradeError {
  return new UpgradeError(message, { step: 'connect', hub: 'The hub was not touched.', next }, { cause });
}

type Explanation = [message: string, next: string];

function explain(
  { host, port, username, privateKey, connectTimeout }: Connection,
  address: string,
  attempt: Attempt,
  error: Error & { code?: string; level?: string },
): Explanation {
  if (!attempt.reached) return unreachable(host, port, connectTimeout, error);
  if (error.message.startsWith('Cannot parse privateKey')) {
    return [
      `The private key cannot be used (${error.message}).`,
      'Give an ed25519, ECDSA or RSA key that ssh-keygen can read.',
    ];
  }
  if (error.level === 'client-authentication' || attempt.methods.length > 0) {
    return notLoggedIn(address, username, privateKey, attempt);
  }

  const missing = /no matching (.*)$/.exec(error.message)?.[1];
  if (missing === 'host key format') {
    return [
      `The SSH server at ${address} has no host key of a supported type.`,
      'Give the host an ed25519, ECDSA or RSA host key (ssh-keygen -A).',
    ];
  }
  if (missing) {
    return [
      `The SSH server at ${address} and this action have no ${missing} in common.`,
      'Allow curve25519-sha256, aes128-gcm@openssh.com and hmac-sha2-256 in sshd_config on the host.',
    ];
  }
  const said = attempt.said && ` It said: ${attempt.said}`;
  const slow = error.level === 'client-timeout' && error.message.startsWith('Timed out');
  if (attempt.trusted) {
    return [
      slow
        ? `The SSH server at ${address} did not finish the login of ${username} within ${connectTimeout} s.`
        : `The SSH server at ${address} closed the connection during the login of ${username}.`,
      `See the log of sshd on the host (journalctl -u ssh): the account of ${username} may be expired or locked, or a name service slow.`,
    ];
  }
  if (slow && attempt.said === '') {
    return [
      `${address} accepts connections, but sent no SSH banner within ${connectTimeout} s.`,
      'See whether host and port are those of the SSH server, and not of a proxy whose backend is down.',
    ];
  }
  if (slow) {
    return [
      `The SSH server at ${address} did not finish the key exchange within ${connectTimeout} s.`,
      'Raise connect-timeout, or see whether the network loses large packets (MTU).',
    ];
  }
  return [
    `${address} closed the connection before the key exchange was done.${said}`,
    'See whether this is an SSH server, and whether it turns this runner away: MaxStartups, PerSourcePenalties, fail2ban, a firewall.',
  ];
}

function hostKeyRefused(address: string, pins: HostKeyPins, refused: readonly RefusedKey[]): Explanation {
  const keys = refused.map(({ key }) => key).join(' and ');
  if (refused.some(({ why }) => why === 'revoked')) {
    return [`The host key of ${address} is marked @revoked in known-hosts: ${keys}.`, 'Do not connect to this host.'];
  }
  return [
    `The host key of ${address} is not the pinned one: it presented ${keys}, pinned is ${pins.pinned.join(' or ')}.`,
    'Compare with ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub on the console of the host. If it was set up anew, pin the new key; if not, someone may be in the middle.',
  ];
}

function unreachable(
  host: string,
  port: number,
  connectTimeout: number,
  error: { code?: string; message: string },
): Explanation {
  const network = 'See whether host and port are right and whether a firewall lets this runner in.';
  switch (error.code) {
    case 'ENOTFOUND':
      return [
        `The name ${host} is unknown.`,
        'Check the host input; a name inside a private network needs a runner in that network.',
      ];
    case 'EAI_AGAIN':
      return [`The name ${host} could not be looked up: the name server does not answer.`, 'Run the job again.'];
    case 'ECONNREFUSED':
      return [`${host} refuses connections on port ${port}.`, 'See whether sshd runs there and whether port is right.'];
    case 'ETIMEDOUT':
      return [`${host} port ${port} did not answer within ${connectTimeout} s.`, network];
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return [`There is no route to ${host}.`, network];
    default:
      return [`No connection to ${host} port ${port} could be made (${error.code ?? error.message}).`, network];
  }
}

function notLoggedIn(address: string, username: string, privateKey: string, attempt: Attempt): Explanation {
  const { methods, partial } = attempt;
  if (partial) {
    return [
      `${address} accepted the key of ${username}, but also asks for ${methods.join(', ')}.`,
      'Let this user log in with the key alone (AuthenticationMethods publickey in a Match block of sshd_config).',
    ];
  }
  if (methods.length > 0 && !methods.includes('publickey')) {
    return [
      `${address} does not let ${username} log in with a key: it offers only ${methods.join(', ')}.`,
      'Allow it on the host (PubkeyAuthentication yes in sshd_config).',
    ];
  }
  return [
    `${address} did not accept the key ${describePublicHalf(privateKey)} for the user ${username}.`,
    `See whether username is right, whether ssh-keygen -lf lists this key for the authorized_keys of ${username}, and whether the account is locked or expired; the log of sshd says why.`,
  ];
}
