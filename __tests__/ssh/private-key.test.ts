import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkPrivateKey, describePublicHalf } from '../../src/ssh/private-key.ts';
import { fingerprintOf, makeKey } from '../support/sshd.ts';

const PASSPHRASE = 'pass phrase $\'"';
const TYPES = ['ed25519', 'rsa', 'ecdsa'] as const;
let directory: string;
const path = (name: string) => join(directory, name);
const read = (name: string) => readFileSync(path(name), 'utf8');

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'private-key-'));
  for (const type of TYPES) await makeKey(path(type), type);
  // One round of key derivation: this is about the format.
  const locked = ['-N', PASSPHRASE, '-a', '1'];
  await makeKey(path('locked'), 'ed25519', ...locked);
  for (const type of ['rsa', 'ecdsa'] as const) await makeKey(path(`locked-${type}`), type, ...locked);
  await makeKey(path('locked-gcm'), 'ed25519', ...locked, '-Z', 'aes256-gcm@openssh.com');
  for (const format of ['PEM', 'PKCS8']) {
    for (const type of ['rsa', 'ecdsa'] as const) {
      await makeKey(path(`${type}-${format}`), type, '-m', format);
      await makeKey(path(`${type}-${format}-locked`), type, '-m', format, '-N', PASSPHRASE);
    }
  }
  await makeKey(path('ca'), 'ed25519');
  execFileSync('ssh-keygen', ['-q', '-s', path('ca'), '-I', 'id', path('ed25519.pub')], { stdio: 'ignore' });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function keyOf(text: string, passphrase?: string): Promise<string> {
  const checked = await checkPrivateKey(text, passphrase);
  if ('problem' in checked) throw new Error(checked.problem);
  return checked.key;
}

/** The public half that ssh-keygen finds in a key which needs no passphrase. */
function publicHalf(key: string): string {
  const file = path('checked');
  rmSync(file, { force: true });
  writeFileSync(file, key, { mode: 0o600 });
  const found = execFileSync('ssh-keygen', ['-y', '-P', '', '-f', file], { encoding: 'utf8' });
  return found.split(' ').slice(0, 2).join(' ').trim();
}

const publicKey = (name: string) => read(`${name}.pub`).split(' ').slice(0, 2).join(' ').trim();

describe('what copying does to a key is repaired', () => {
  const damages: [string, (key: string) => string][] = [
    ['nothing', (key) => key],
    ['Windows line ends', (key) => key.replaceAll('\n', '\r\n')],
    ['old Macintosh line ends', (key) => key.replaceAll('\n', '\r')],
    ['no last newline', (key) => key.trimEnd()],
    ['space around', (key) => `\n\n  ${key}  \n\n`],
    ['a byte order mark', (key) => `\uFEFF${key}`],
    ['indentation', (key) => key.replaceAll(/^/gm, '    ')],
    ['spaces at line ends', (key) => key.replaceAll('\n', '  \n')],
    ['spaces for newlines', (key) => key.trimEnd().replaceAll('\n', ' ')],
    ['\\n for newlines', (key) => key.replaceAll('\n', '\\n')],
    ['\\r\\n for newlines', (key) => key.replaceAll('\n', '\\r\\n')],
    ['quotes', (key) => JSON.stringify(key)],
    ['base64', (key) => Buffer.from(key).toString('base64')],
    [
      'base64 in lines',
      (key) =>
        (
          Buffer.from(key)
            .toString('base64')
            .match(/.{1,76}/g) ?? []
        ).join('\n'),
    ],
    ['text around', (key) => `# my key\n${key}# end\n`],
  ];
  it.each(damages)('%s', async (_what, damage) => {
    for (const name of [...TYPES, 'rsa-PEM-locked', 'locked']) {
      const key = await keyOf(read(name), PASSPHRASE);
      expect(await keyOf(damage(read(name)), PASSPHRASE)).toBe(key);
    }
  });

  it('lost newlines', async () => {
    for (const type of TYPES) expect(await keyOf(read(type).replaceAll('\n', ''))).toBe(read(type));
  });
});

describe('the key is what ssh-keygen made', () => {
  it.each([...TYPES, 'rsa-PEM', 'rsa-PKCS8', 'ecdsa-PEM', 'ecdsa-PKCS8'])('%s', async (name) => {
    expect(publicHalf(await keyOf(read(name)))).toBe(publicKey(name));
  });

  it.each([
    'locked',
    'locked-gcm',
    'locked-rsa',
    'locked-ecdsa',
    'rsa-PEM-locked',
    'rsa-PKCS8-locked',
    'ecdsa-PEM-locked',
  ])('%s', async (name) => {
    expect(publicHalf(await keyOf(read(name), PASSPHRASE))).toBe(publicKey(name));
  });

  const ec = (namedCurve: string, isWanted: (d: Buffer) => boolean) => {
    for (;;) {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve });
      if (isWanted(Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url'))) return privateKey;
    }
  };
  const keys: [string, () => KeyObject][] = [
    ['ed25519', () => generateKeyPairSync('ed25519').privateKey],
    ['P-256 with a leading zero', () => ec('P-256', (d) => d[0] === 0)],
    ['P-256 with its first bit set', () => ec('P-256', (d) => d.readUInt8() >= 0x80)],
    ['P-384', () => ec('P-384', () => true)],
    ['P-521', () => ec('P-521', () => true)],
  ];
  it.each(keys)('PKCS#8 %s', async (_what, make) => {
    const privateKey = make();
    const key = await keyOf(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    // ssh-keygen reads the public half from its own place: here the private half has to fit.
    const parsed = ssh2.utils.parseKey(key);
    if (parsed instanceof Error) throw parsed;
    const data = Buffer.from('data');
    expect(createPublicKey(privateKey).equals(createPublicKey(parsed.getPublicPEM()))).toBe(true);
    expect(parsed.verify(data, parsed.sign(data))).toBe(true);
    expect(publicHalf(key)).toMatch(/^(ssh|ecdsa)-/);
  });
});

describe('every wrong thing has its own sentence', () => {
  const cases: [string, () => string, string | undefined, RegExp][] = [
    ['empty', () => ' \n', undefined, /is empty/],
    ['a public key', () => read('ed25519.pub'), undefined, /^This is a public key/],
    [
      'a PEM public key',
      () => '-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----',
      undefined,
      /^This is a public key/,
    ],
    ['a certificate', () => read('ed25519-cert.pub'), undefined, /^This is an OpenSSH certificate/],
    ['a PuTTY key', () => 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n', undefined, /PuTTYgen/],
    ['a path', () => '~/.ssh/id_ed25519', undefined, /path of a private key/],
    ['some text', () => 'hunter2', undefined, /^This is not a private key/],
    ['no passphrase', () => read('locked'), undefined, /no passphrase is given/],
    ['no passphrase (PEM)', () => read('rsa-PEM-locked'), undefined, /no passphrase is given/],
    ['no passphrase (PKCS#8)', () => read('rsa-PKCS8-locked'), '', /no passphrase is given/],
    ['a wrong passphrase', () => read('locked'), 'wrong', /passphrase does not fit/],
    ['a wrong passphrase (GCM)', () => read('locked-gcm'), 'wrong', /passphrase does not fit/],
    ['a wrong passphrase (PEM)', () => read('ecdsa-PEM-locked'), 'wrong', /passphrase does not fit/],
    ['a wrong passphrase (PKCS#8)', () => read('rsa-PKCS8-locked'), 'wrong', /passphrase does not fit/],
    ['no last line', () => read('ed25519').replace(/-----END.*/s, ''), undefined, /cut or damaged/],
    ['no first line', () => read('ed25519').split('\n').slice(1).join('\n'), undefined, /cut or damaged/],
    ['a lost line', () => read('rsa').split('\n').toSpliced(5, 1).join('\n'), undefined, /cut or damaged/],
    ['a lost line (PEM)', () => read('rsa-PEM').split('\n').toSpliced(5, 1).join('\n'), undefined, /cut or damaged/],
    ['stars', () => read('ed25519').replace(/AAAA/g, '****'), undefined, /cut or damaged/],
    [
      'ed448',
      () => generateKeyPairSync('ed448').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      undefined,
      /type that is not supported/,
    ],
  ];
  it.each(cases)('%s', async (_what, text, passphrase, problem) => {
    const checked = await checkPrivateKey(text(), passphrase);
    expect(checked).toEqual({ problem: expect.stringMatching(problem) });
  });

  it('any part of a key that is missing is noticed', async () => {
    const lines = read('ed25519').trim().split('\n');
    for (let from = 1; from < lines.length - 1; from++) {
      const checked = await checkPrivateKey(lines.toSpliced(from, 1).join('\n'));
      expect(checked).toEqual({ problem: expect.stringMatching(/cut or damaged/) });
    }
    const body = lines.slice(1, -1).join('');
    for (let length = 1; length < body.length; length++) {
      const cut = [lines[0], body.slice(0, length), lines.at(-1)].join('\n');
      expect(await checkPrivateKey(cut)).toHaveProperty('problem');
    }
  });
});

it('the public half is described as ssh-keygen does', async () => {
  for (const type of TYPES) {
    expect(describePublicHalf(read(type))).toBe(
      `${publicKey(type).split(' ')[0]} ${fingerprintOf(path(`${type}.pub`))}`,
    );
  }
});

it('ssh2 is loaded only to decrypt what nothing else can', () => {
  const loaded = (...names: string[]) => {
    const program = `
      const { checkPrivateKey } = await import(${JSON.stringify(import.meta.resolve('../../src/ssh/private-key.ts'))});
      const { createRequire } = await import('node:module');
      for (const key of ${JSON.stringify(names.map(read))}) await checkPrivateKey(key, 'wrong');
      console.log(Object.keys(createRequire(import.meta.url).cache).length);`;
    return Number(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }));
  };
  expect(loaded('ed25519', 'rsa-PEM', 'rsa-PKCS8-locked', 'ecdsa-PEM-locked')).toBe(0);
  expect(loaded('locked')).toBeGreaterThan(0);
});
