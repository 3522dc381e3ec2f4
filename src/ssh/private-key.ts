// Makes sense of what people put into a secret as a private key. Only node's own modules are loaded at the start.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { describeKey } from './known-hosts.ts';

/** Either the key, unencrypted and in OpenSSH's format, or one sentence that says what is wrong with it. */
export type CheckedKey = { key: string } | { problem: string };

const CUT = 'The private key is cut or damaged: copy the whole file, from its BEGIN line to its END line.';
const NEEDS_PASSPHRASE = 'The private key is encrypted and no passphrase is given.';
const WRONG_PASSPHRASE = 'The passphrase does not fit the private key.';
const UNSUPPORTED = 'The private key is of a type that is not supported: use an ed25519, ECDSA or RSA key.';

const MAGIC = 'openssh-key-v1\0';

/** How many length-prefixed fields follow the type in the private part, the comment included. */
const PRIVATE_FIELDS = new Map([
  ['ssh-ed25519', 3],
  ['ssh-rsa', 7],
  ['ecdsa-sha2-nistp256', 4],
  ['ecdsa-sha2-nistp384', 4],
  ['ecdsa-sha2-nistp521', 4],
]);

/**
 * Repairs what copying does to a key (CRLF, lost last newline, indentation, newlines turned into spaces or `\n`,
 * base64 of the file), converts PEM keys, and decrypts: the passphrase is not needed any more.
 */
export async function checkPrivateKey(text: string, passphrase?: string): Promise<CheckedKey> {
  const plain = repair(text);
  const [, label = '', body = ''] = /-----BEGIN ((?:[A-Z]+ )*PRIVATE KEY)-----(.*?)-----END \1-----/s.exec(plain) ?? [];
  if (label === '') return { problem: whatElse(plain) };
  if (label === 'OPENSSH PRIVATE KEY') return checkOpenSsh(body, passphrase);
  return checkPem(label, body, passphrase);
}

/** Type and fingerprint of the public half, as an admin finds it with `ssh-keygen -lf authorized_keys`. */
export function describePublicHalf(key: string): string {
  const data = Buffer.from(key.replace(/-----.*-----/g, ''), 'base64');
  return describeKey(readContainer(data)?.publicKey ?? Buffer.alloc(0));
}

function repair(text: string): string {
  const lines = text
    .replace(/^\uFEFF/, '')
    .replaceAll('\\r', '')
    .replaceAll('\\n', '\n')
    .trim();
  const unquoted = lines.replace(/^(["'])(.*)\1$/s, '$2');
  if (unquoted.includes('-----')) return unquoted;
  const decoded = Buffer.from(unquoted, 'base64').toString('latin1');
  return decoded.includes('-----BEGIN ') ? decoded : unquoted;
}

function whatElse(text: string): string {
  if (text === '') return 'The private key is empty.';
  if (text.startsWith('PuTTY-User-Key-File-')) {
    return "The private key is in PuTTY's format: export it in PuTTYgen with Conversions, Export OpenSSH key.";
  }
  if (/^(ssh|ecdsa|sk)-[a-z0-9-]+-cert-v\d+@openssh\.com /.test(text)) {
    return 'This is an OpenSSH certificate, not a private key: certificates are not supported.';
  }
  if (/^(ssh|ecdsa|sk)-[a-z0-9@.-]+ AAAA|BEGIN (?:[A-Z0-9]+ )*PUBLIC KEY-----/.test(text)) {
    return 'This is a public key: the private key is in the file of the same name without .pub.';
  }
  if (/^[~./]\S*$/.test(text)) return 'This is the path of a private key: give the contents of the file.';
  if (text.includes('PRIVATE KEY-----')) return CUT;
  return 'This is not a private key: it has no line like -----BEGIN OPENSSH PRIVATE KEY-----.';
}

// OpenSSH's own format (openssh/PROTOCOL.key).

interface Container {
  cipher: string;
  publicKey: Buffer;
  /** Encrypted unless the cipher is `none`. */
  secret: Buffer;
}

async function checkOpenSsh(body: string, passphrase?: string): Promise<CheckedKey> {
  const base64 = body.replace(/\s/g, '');
  if (!/^[A-Za-z0-9+/]+=*$/.test(base64)) return { problem: CUT };
  const data = Buffer.from(base64, 'base64');
  const container = readContainer(data);
  if (!container) return { problem: CUT };
  const type = readStrings(container.publicKey, 0)[0]?.toString('latin1') ?? '';
  if (type.startsWith('sk-')) return { problem: 'The private key needs its hardware token: use a key without one.' };
  const fields = PRIVATE_FIELDS.get(type);
  if (fields === undefined) return { problem: UNSUPPORTED };

  const key = armour(data);
  if (container.cipher !== 'none') return passphrase ? decrypt(key, passphrase) : { problem: NEEDS_PASSPHRASE };
  const { secret } = container;
  const whole =
    secret.length >= 8 &&
    secret.readUInt32BE(0) === secret.readUInt32BE(4) &&
    readStrings(secret, 8, fields + 1).length === fields + 1;
  return whole ? { key } : { problem: CUT };
}

/** The key derivation is bcrypt's, which node does not have. It is slow: the key is kept decrypted for the connections. */
async function decrypt(key: string, passphrase: string): Promise<CheckedKey> {
  const { default: ssh2 } = await import('ssh2');
  const parsed = ssh2.utils.parseKey(key, passphrase);
  if (!(parsed instanceof Error)) return toOpenSsh(createPrivateKey(parsed.getPrivatePEM()));
  // An authenticated cipher notices a wrong key itself.
  const isWrong = /passphrase|unable to authenticate/i.test(parsed.message);
  return { problem: isWrong ? WRONG_PASSPHRASE : `The private key cannot be read: ${parsed.message}.` };
}

function readContainer(data: Buffer): Container | undefined {
  if (data.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  const [cipher, kdf, options] = readStrings(data, MAGIC.length, 3);
  if (!cipher || !kdf || !options) return undefined;
  const count = MAGIC.length + 12 + cipher.length + kdf.length + options.length;
  const [publicKey, secret] = readStrings(data, count + 4, 2);
  return publicKey && secret ? { cipher: cipher.toString('latin1'), publicKey, secret } : undefined;
}

/** Up to `limit` length-prefixed strings from `at` on; fewer when the data ends. */
function readStrings(data: Buffer, at: number, limit = 1): Buffer[] {
  const found: Buffer[] = [];
  for (let next = at; found.length < limit && next + 4 <= data.length; ) {
    const end = next + 4 + data.readUInt32BE(next);
    if (end > data.length) break;
    found.push(data.subarray(next + 4, end));
    next = end;
  }
  return found;
}

function armour(data: Buffer): string {
  const lines = data.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
}

// PEM: what `ssh-keygen -m PEM`, `openssl genpkey` and password managers write.

function checkPem(label: string, body: string, passphrase?: string): CheckedKey {
  const [headers = '', cipher = ''] =
    /^\s*Proc-Type:\s*4,ENCRYPTED\s+DEK-Info:\s*([A-Za-z0-9-]+,[0-9A-Fa-f]+)/.exec(body) ?? [];
  const isEncrypted = label === 'ENCRYPTED PRIVATE KEY' || cipher !== '';
  if (isEncrypted && !passphrase) return { problem: NEEDS_PASSPHRASE };
  const lines =
    body
      .slice(headers.length)
      .replace(/\s/g, '')
      .match(/.{1,64}/g) ?? [];
  if (!/^[A-Za-z0-9+/]+=*$/.test(lines.join(''))) return { problem: CUT };
  const head = cipher === '' ? [] : ['Proc-Type: 4,ENCRYPTED', `DEK-Info: ${cipher}`, ''];
  const pem = [`-----BEGIN ${label}-----`, ...head, ...lines, `-----END ${label}-----`, ''].join('\n');
  try {
    return toOpenSsh(createPrivateKey({ key: pem, format: 'pem', ...(isEncrypted && { passphrase }) }));
  } catch {
    return { problem: isEncrypted ? WRONG_PASSPHRASE : CUT };
  }
}

/** The key in OpenSSH's format, unencrypted: ssh2 reads no PKCS#8. */
function toOpenSsh(key: KeyObject): CheckedKey {
  if (!['rsa', 'ec', 'ed25519'].includes(key.asymmetricKeyType ?? '')) return { problem: UNSUPPORTED };
  const jwk = key.export({ format: 'jwk' });
  const part = (name: 'n' | 'e' | 'd' | 'p' | 'q' | 'qi' | 'x' | 'y') => Buffer.from(jwk[name] ?? '', 'base64url');
  let publicParts: Buffer[];
  let privateParts: Buffer[];
  if (jwk.kty === 'RSA') {
    const type = string('ssh-rsa');
    publicParts = [type, mpint(part('e')), mpint(part('n'))];
    privateParts = [type, ...(['n', 'e', 'd', 'qi', 'p', 'q'] as const).map((name) => mpint(part(name)))];
  } else if (jwk.kty === 'EC') {
    const curve = { 'P-256': 'nistp256', 'P-384': 'nistp384', 'P-521': 'nistp521' }[jwk.crv ?? ''];
    if (curve === undefined) return { problem: UNSUPPORTED };
    publicParts = [
      string(`ecdsa-sha2-${curve}`),
      string(curve),
      string(Buffer.concat([Buffer.of(4), part('x'), part('y')])),
    ];
    privateParts = [...publicParts, mpint(part('d'))];
  } else {
    publicParts = [string('ssh-ed25519'), string(part('x'))];
    privateParts = [...publicParts, string(Buffer.concat([part('d'), part('x')]))];
  }
  const check = Buffer.alloc(8);
  const secret = Buffer.concat([check, ...privateParts, string('')]);
  const padding = Buffer.from(Array.from({ length: -secret.length & 7 }, (_, index) => index + 1));
  const container = Buffer.concat([
    Buffer.from(MAGIC, 'latin1'),
    string('none'),
    string('none'),
    string(''),
    Buffer.of(0, 0, 0, 1),
    string(Buffer.concat(publicParts)),
    string(Buffer.concat([secret, padding])),
  ]);
  return { key: armour(container) };
}

function string(value: string | Buffer): Buffer {
  const data = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, data]);
}

/** A positive number: one with its first bit set gets a zero before it. */
function mpint(value: Buffer): Buffer {
  return string((value[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), value]) : value);
}
