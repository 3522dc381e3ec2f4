// Which host keys are trusted. Only node's own modules here: inputs are checked before anything else is loaded.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** The one way the host is trusted: the text of a known_hosts file, or fingerprints (`SHA256:…`, without padding). */
export type HostTrust = { knownHosts: string } | { fingerprints: string[] };

/** One entry of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownHost {
  readonly line: number;
  readonly marker: '' | '@revoked' | '@cert-authority';
  /** Comma separated patterns, or one hashed name. */
  readonly hosts: string;
  readonly type: string;
  readonly key: Buffer;
}

/** What decides, before authentication, whether a presented host key is the pinned one. */
export interface HostKeyPins {
  /** Signature algorithms in the order to offer them. Those of pinned keys come first, so that the host presents such a key. */
  readonly algorithms: readonly string[];
  /** False for fingerprints, which do not tell a type: then the host's keys of the other types must be looked at too. */
  readonly typesAreKnown: boolean;
  /** The pinned keys, for people. */
  readonly pinned: readonly string[];
  /** Undefined for a trusted key, else why it is not. */
  refusal(key: Buffer): 'revoked' | 'not-pinned' | undefined;
}

/** Signature algorithms of each host key type. SHA-1 signatures (`ssh-rsa`) are not accepted. */
const ALGORITHMS = new Map<string, readonly string[]>([
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
]);

/** `SHA256:…` of a public key, as OpenSSH prints it. */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type a public key states, e.g. `ssh-ed25519`. Empty when it is not a public key. */
export function keyType(key: Buffer): string {
  return strings(key)?.[0]?.toString('latin1') ?? '';
}

/** Type and fingerprint of a public key. */
export function describeKey(key: Buffer): string {
  return `${keyType(key)} ${fingerprint(key)}`;
}

/** The signature algorithms that make a host present a key of this type. */
export function algorithmsOf(type: string): readonly string[] {
  return ALGORITHMS.get(type) ?? [];
}

/**
 * Reads a known_hosts file strictly: a line OpenSSH would skip is a problem here, because the pin that the admin
 * believes in would silently not be there. Problems are sentences with the number of their line.
 */
export function parseKnownHosts(text: string): { entries: KnownHost[]; problems: string[] } {
  const entries: KnownHost[] = [];
  const problems: string[] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const fields = line.split(/[ \t]+/);
    const marker = fields[0]?.startsWith('@') ? fields.shift() : '';
    const [hosts = '', type = '', data = ''] = fields;
    const where = `known-hosts line ${index + 1}`;
    const key = Buffer.from(data, 'base64');
    if (marker !== '' && marker !== '@revoked' && marker !== '@cert-authority') {
      problems.push(`${where} begins with an unknown marker.`);
    } else if (type === '' || data === '') {
      problems.push(`${where} is malformed: it needs host, key type and key, separated by spaces.`);
    } else if (hosts.startsWith('|') && !hashedName(hosts)) {
      problems.push(`${where} is malformed: its hashed host name is incomplete.`);
    } else if (!/^[A-Za-z0-9+/]+={0,2}$/.test(data) || keyType(key) !== type) {
      problems.push(`${where} is malformed: its key is cut, damaged or not of the type it states.`);
    } else {
      entries.push({ line: index + 1, marker, hosts, type, key });
    }
  }
  return { entries, problems };
}

/** The pins for one host, or everything that is wrong with them, as sentences. */
export function hostKeyPins(
  trust: HostTrust,
  host: string,
  port: number,
): { pins: HostKeyPins } | { problems: string[] } {
  if ('fingerprints' in trust) return { pins: pinsOfFingerprints(trust.fingerprints) };
  return pinsOfKnownHosts(trust.knownHosts, host, port);
}

function pinsOfKnownHosts(text: string, host: string, port: number): { pins: HostKeyPins } | { problems: string[] } {
  const { entries, problems } = parseKnownHosts(text);
  if (problems.length > 0) return { problems };

  // As OpenSSH: the name carries a port other than 22, and an entry without one is the second choice.
  const bare = host.toLowerCase();
  const names = port === 22 ? [bare] : [`[${bare}]:${port}`, bare];
  const byName = names.map((name) => entries.filter((entry) => matchesHost(entry.hosts, name)));
  const keys =
    byName.map((found) => found.filter((entry) => entry.marker === '')).find((found) => found.length > 0) ?? [];
  const revoked = byName.flat().filter((entry) => entry.marker === '@revoked');

  const usable = keys.filter((entry) => ALGORITHMS.has(entry.type));
  if (usable.length === 0) return { problems: [nothingPinned(names[0] ?? bare, keys, byName.flat())] };
  const types = [...ALGORITHMS.keys()];
  const isPinned = (type: string) => usable.some((entry) => entry.type === type);
  return {
    pins: {
      algorithms: [...types.filter(isPinned), ...types.filter((type) => !isPinned(type))].flatMap(algorithmsOf),
      typesAreKnown: true,
      pinned: usable.map((entry) => `${describeKey(entry.key)} (known-hosts line ${entry.line})`),
      refusal(key) {
        if (revoked.some((entry) => entry.key.equals(key))) return 'revoked';
        return usable.some((entry) => entry.key.equals(key)) ? undefined : 'not-pinned';
      },
    },
  };
}

function nothingPinned(name: string, keys: KnownHost[], all: KnownHost[]): string {
  if (keys.length > 0) {
    const types = [...new Set(keys.map((entry) => entry.type))].join(', ');
    return `known-hosts has only keys of types that are not supported for ${name}: ${types}.`;
  }
  return all.some((entry) => entry.marker === '@cert-authority')
    ? `known-hosts has only @cert-authority entries for ${name}: host certificates are not supported, give the host's own key.`
    : `known-hosts has no entry for ${name}.`;
}

function pinsOfFingerprints(pinned: string[]): HostKeyPins {
  return {
    algorithms: [...ALGORITHMS.values()].flat(),
    typesAreKnown: false,
    pinned,
    refusal: (key) => (pinned.includes(fingerprint(key)) ? undefined : 'not-pinned'),
  };
}

/** Whether the host field of an entry names this host (lower case, with `[…]:port` where the port is not 22). */
export function matchesHost(hosts: string, name: string): boolean {
  const hashed = hashedName(hosts);
  if (hashed) return timingSafeEqual(createHmac('sha1', hashed.salt).update(name).digest(), hashed.digest);
  let matched = false;
  for (const pattern of hosts.toLowerCase().split(',')) {
    if (!pattern.startsWith('!')) matched ||= matchesPattern(pattern, name);
    else if (matchesPattern(pattern.slice(1), name)) return false;
  }
  return matched;
}

/** `|1|salt|hmac-sha1`, both 20 bytes. */
function hashedName(hosts: string): { salt: Buffer; digest: Buffer } | undefined {
  const [, salt = '', digest = ''] = /^\|1\|([A-Za-z0-9+/]{27}=)\|([A-Za-z0-9+/]{27}=)$/.exec(hosts) ?? [];
  return salt ? { salt: Buffer.from(salt, 'base64'), digest: Buffer.from(digest, 'base64') } : undefined;
}

/** `*` is any text, `?` one character, everything else is itself. Linear in both lengths but for the last `*`. */
function matchesPattern(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = n;
    } else if (pattern[p] === '?' || pattern[p] === name[n]) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(p));
}

/** The length-prefixed strings a public key is made of; undefined unless they fill it exactly. */
function strings(key: Buffer): Buffer[] | undefined {
  const found: Buffer[] = [];
  let at = 0;
  while (at + 4 <= key.length) {
    const end = at + 4 + key.readUInt32BE(at);
    if (end > key.length) return undefined;
    found.push(key.subarray(at + 4, end));
    at = end;
  }
  return at === key.length && found.length > 1 ? found : undefined;
}
