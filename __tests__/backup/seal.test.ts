import { createReadStream, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateHybridIdentity, identityToRecipient } from 'age-encryption';
import { beforeAll, describe, expect, test } from 'vitest';
import { createOpener, createSealer, type Opener } from '../../src/backup/seal.ts';
import { age, ageKeygen, ageOnTerminal } from './age.ts';
import { collect, pieces } from './samples.ts';
import { scratch } from './scratch.ts';

const CHUNK = 64 * 1024;
const PLAIN = Buffer.from(Array.from({ length: 3 * CHUNK + 1000 }, (_, n) => n % 251));

let key: { identity: string; recipient: string };
let sealed: Buffer; // PLAIN, to `key`

async function sealTo(recipients: string[], plain = PLAIN): Promise<Buffer> {
  const sealer = await createSealer({ kind: 'recipients', recipients });
  return await collect(await sealer.seal(pieces(plain)));
}

async function open(opener: Opener, bytes: Buffer): Promise<Buffer> {
  return await collect(await opener.open(pieces(bytes)));
}

const sealError = (message: RegExp) =>
  expect.objectContaining({ name: 'SealError', message: expect.stringMatching(message) });

beforeAll(async () => {
  key = await ageKeygen();
  sealed = await sealTo([key.recipient]);
});

describe('A backup sealed to recipients', () => {
  test.each([0, 1, CHUNK, 2 * CHUNK, PLAIN.length])('of %i bytes is opened by the age program', async (length) => {
    const directory = scratch();
    const plain = PLAIN.subarray(0, length);
    writeFileSync(join(directory, 'key.txt'), key.identity);
    writeFileSync(join(directory, 'backup.tar.age'), await sealTo([key.recipient], plain));
    await age('-d', '-i', join(directory, 'key.txt'), '-o', join(directory, 'out'), join(directory, 'backup.tar.age'));
    const out = join(directory, 'out');
    expect(existsSync(out) ? readFileSync(out) : Buffer.alloc(0)).toEqual(plain); // age makes no file of nothing
  });

  test('is opened by each of them, and by nobody else', async () => {
    const other = await ageKeygen();
    const bytes = await sealTo([key.recipient, other.recipient]);
    expect(await open(createOpener(key), bytes)).toEqual(PLAIN);
    expect(await open(createOpener(other), bytes)).toEqual(PLAIN);
    const stranger = await ageKeygen();
    await expect(open(createOpener(stranger), bytes)).rejects.toEqual(sealError(/no key that was given opens it/));
  });

  test('is opened by the sealer that made it, with a key that no other sealer has', async () => {
    const seal = { kind: 'recipients', recipients: [key.recipient] } as const;
    const [one, two] = await Promise.all([
      createSealer({ ...seal, recipients: [...seal.recipients] }),
      createSealer({ ...seal, recipients: [...seal.recipients] }),
    ]);
    const bytes = await collect(await one.seal(pieces(PLAIN)));
    expect(one.extension).toBe('.tar.age');
    expect(await open(one, bytes)).toEqual(PLAIN);
    await expect(open(two, bytes)).rejects.toEqual(sealError(/age recipients \(age-identity\), and no key/));
  });

  test('the age program made is opened here', async () => {
    const directory = scratch();
    writeFileSync(join(directory, 'plain'), PLAIN);
    await age('-r', key.recipient, '-o', join(directory, 'sealed'), join(directory, 'plain'));
    expect(await collect(await createOpener(key).open(createReadStream(join(directory, 'sealed'))))).toEqual(PLAIN);
  });

  test('has a post-quantum key of the run where all recipients are post-quantum', async () => {
    const identity = await generateHybridIdentity();
    const bytes = await sealTo([await identityToRecipient(identity)]);
    expect(bytes.toString('latin1').match(/^-> \w+/gm)).toEqual(['-> mlkem768x25519', '-> mlkem768x25519']);
    expect(await open(createOpener({ identity }), bytes)).toEqual(PLAIN);
  });

  test.each<[string, string[], RegExp]>([
    ['none', [], /at least one/],
    ['an SSH key', ['ssh-ed25519 AAAA'], /Age recipient 1 .*not an SSH key/],
    ['a mistyped one', ['age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq'], /recipient 1/],
    ['a secret key', ['AGE-SECRET-KEY-1CANARY'], /^((?!CANARY).)*$/],
  ])('needs usable recipients: %s', async (_, recipients, message) => {
    await expect(createSealer({ kind: 'recipients', recipients })).rejects.toEqual(sealError(message));
  });
});

describe('A backup sealed with a passphrase', () => {
  const passphrase = 'Tr0ub4dor & Übung';

  test('is opened by the age program, by its sealer and by the passphrase alone', async () => {
    const directory = scratch();
    const sealer = await createSealer({ kind: 'passphrase', passphrase });
    const bytes = await collect(await sealer.seal(pieces(PLAIN)));
    writeFileSync(join(directory, 'backup.tar.age'), bytes);
    await ageOnTerminal(passphrase, '-d', '-o', join(directory, 'out'), join(directory, 'backup.tar.age'));
    expect(readFileSync(join(directory, 'out'))).toEqual(PLAIN);
    expect(sealer.extension).toBe('.tar.age');
    expect(await open(sealer, bytes)).toEqual(PLAIN);

    const keyForOther = expect.stringContaining('a passphrase (backup-passphrase), and no key');
    await expect(open(createOpener(key), bytes)).rejects.toMatchObject({ message: keyForOther });
    await expect(open(createOpener({}), bytes)).rejects.toMatchObject({ message: keyForOther });
    const wrong = createOpener({ passphrase: 'wrong' });
    await expect(open(wrong, bytes)).rejects.toMatchObject({ name: 'SealError', message: keyForOther });
  });

  test('the age program made is opened here', async () => {
    const directory = scratch();
    writeFileSync(join(directory, 'plain'), PLAIN);
    await ageOnTerminal(passphrase, '-p', '-o', join(directory, 'sealed'), join(directory, 'plain'));
    expect(await open(createOpener({ passphrase, ...key }), readFileSync(join(directory, 'sealed')))).toEqual(PLAIN);
  });

  test.each(['', 'two\nlines', 'NUL\0'])('needs one that can be typed (%j)', async (passphrase) => {
    await expect(createSealer({ kind: 'passphrase', passphrase })).rejects.toEqual(sealError(/can be typed/));
  });
});

describe('A sealed backup that was damaged', () => {
  const headerEnd = () => sealed.indexOf('\n', sealed.indexOf('\n--- ') + 1) + 1;
  const places: [string, () => number][] = [
    ['the version', () => 5],
    ['a recipient', () => 60],
    ['the header sum', () => headerEnd() - 5],
    ['the nonce', () => headerEnd() + 3],
    ['the first chunk', () => headerEnd() + 100],
    ['the last chunk', () => sealed.length - 20],
    ['the last byte', () => sealed.length - 1],
  ];

  test.each(places)('in %s is refused', async (_, place) => {
    const bytes = Buffer.from(sealed);
    bytes[place()] = bytes.readUInt8(place()) ^ 1;
    await expect(open(createOpener(key), bytes)).rejects.toMatchObject({ name: 'SealError' });
  });

  test.each<[string, () => number]>([
    ['before the header ends', () => headerEnd() - 20],
    ['behind the header', () => headerEnd()],
    ['in the nonce', () => headerEnd() + 10],
    ['in a chunk', () => headerEnd() + 16 + 1000],
    ['between two chunks', () => headerEnd() + 16 + CHUNK + 16],
    ['by one byte', () => sealed.length - 1],
  ])('by a cut %s is refused', async (_, length) => {
    await expect(open(createOpener(key), sealed.subarray(0, length()))).rejects.toEqual(sealError(/cut short/));
  });

  test.each([1, 16, 100_000])('by %i bytes more is refused', async (length) => {
    const bytes = Buffer.concat([sealed, Buffer.alloc(length)]);
    await expect(open(createOpener(key), bytes)).rejects.toEqual(sealError(/changed or cut short after it was made/));
  });

  test('hands out no chunk that is not authentic, and never ends', async () => {
    const bytes = Buffer.from(sealed);
    const second = headerEnd() + 16 + CHUNK + 16 + 100;
    bytes[second] = bytes.readUInt8(second) ^ 1;
    const seen: Buffer[] = [];
    const read = async () => {
      for await (const chunk of await createOpener(key).open(pieces(bytes))) seen.push(Buffer.from(chunk));
    };
    await expect(read()).rejects.toEqual(sealError(/changed or cut short/));
    expect(Buffer.concat(seen)).toEqual(PLAIN.subarray(0, CHUNK));
  });
});

describe('What is not sealed', () => {
  test('passes through the seal "none" in both directions', async () => {
    const sealer = await createSealer({ kind: 'none' });
    expect(sealer.extension).toBe('.tar');
    expect(await collect(await sealer.seal(pieces(PLAIN)))).toEqual(PLAIN);
    expect(await open(sealer, PLAIN)).toEqual(PLAIN);
  });

  test('is opened without a key only', async () => {
    expect(await open(createOpener({}), PLAIN)).toEqual(PLAIN);
    await expect(open(createOpener(key), PLAIN)).rejects.toEqual(sealError(/not an age file, although a key/));
    await expect(open(createOpener(key), Buffer.alloc(0))).rejects.toEqual(sealError(/not an age file/));
  });

  test('is not what an opener without a key takes a sealed backup for', async () => {
    await expect(open(createOpener({}), sealed)).rejects.toEqual(sealError(/age recipients .*no key was given/));
  });
});

test('A header without an end is not looked for in the whole file', async () => {
  let read = 0;
  const long = async function* () {
    yield Buffer.from('age-encryption.org/v1\n');
    for (; read < 8 * 1024 * 1024; read += CHUNK) yield Buffer.alloc(CHUNK, 'x');
  };
  await expect(createOpener(key).open(long())).rejects.toEqual(sealError(/header/));
  expect(read).toBeLessThan(1024 * 1024);
});

test.each<[string, () => number]>([
  ['in the header', () => 10],
  ['behind the header', () => sealed.indexOf('\n', sealed.indexOf('\n--- ') + 1) + 1],
  ['in a chunk', () => 60_000],
])('An error of the source %s passes through unchanged', async (_, length) => {
  const broken = new Error('connection lost');
  let closed = false;
  const source = async function* (bytes: Buffer) {
    try {
      yield* pieces(bytes.subarray(0, length()));
      throw broken;
    } finally {
      closed = true;
    }
  };
  const sealer = await createSealer({ kind: 'recipients', recipients: [key.recipient] });
  await expect((async () => collect(await sealer.seal(source(PLAIN))))()).rejects.toBe(broken);
  await expect((async () => collect(await createOpener(key).open(source(sealed))))()).rejects.toBe(broken);
  expect(closed).toBe(true);
});

test('A source is let go when its backup is refused', async () => {
  const file = join(scratch(), 'sealed');
  writeFileSync(file, await sealTo([(await ageKeygen()).recipient]));
  const stream = createReadStream(file, { highWaterMark: 1000 });
  await expect(createOpener(key).open(stream)).rejects.toEqual(sealError(/no key that was given/));
  await expect.poll(() => stream.destroyed).toBe(true);
});

test.each([
  '',
  '# only a comment\n',
  'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
  'AGE-SECRET-KEY-1CANARY',
])('Text that is no identity is refused and not shown (%j)', (identity) => {
  expect(() => createOpener({ identity })).toThrow(sealError(/^The age identity (?!.*CANARY)/));
});
