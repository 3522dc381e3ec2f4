import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readBundle } from '../../src/backup/bundle.ts';
import type { Manifest } from '../../src/backup/manifest.ts';
import {
  bundleHead,
  CONTENTS,
  collect,
  paxEntry,
  pieces,
  sampleEntries,
  sampleManifest,
  TAR_END,
  tarEntry,
} from './samples.ts';
import { scratch } from './scratch.ts';

const DATABASE = 'database/jupyterhub.sqlite';
const CONFIG = 'config/1-jupyterhub_config.py';

const tarOf = (...parts: Buffer[]) => Buffer.concat([...parts, TAR_END]);

/** Everything the bundle hands out, by name. */
async function readAll(tar: AsyncIterable<Uint8Array>): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  for await (const { file, content } of readBundle(tar)) files[file.file] = await collect(content);
  return files;
}

/** How a bundle is refused, and the contents that a consumer who trusts ended streams would have by then. */
async function refusal(tar: Buffer, pieceSize?: number): Promise<{ message: string; taken: string[] }> {
  const taken: string[] = [];
  try {
    for await (const { file, content } of readBundle(pieces(tar, pieceSize))) {
      await collect(content);
      taken.push(file.file);
    }
  } catch (error) {
    expect(error).toMatchObject({ name: 'BundleRefused' });
    return { message: (error as Error).message, taken };
  }
  throw new Error('the bundle was accepted');
}

describe('A bundle as backups have it', () => {
  const tar = tarOf(...bundleHead(), ...sampleEntries());

  test.each([1, 511, 512, 4096, 1_000_000])('is read from pieces of %i bytes', async (size) => {
    expect(await readAll(pieces(tar, size))).toEqual(CONTENTS);
  });

  test('carries its manifest with every entry', async () => {
    for await (const { manifest, file } of readBundle(pieces(tar))) {
      expect(manifest).toEqual(sampleManifest());
      expect(manifest.files).toContainEqual(file);
    }
  });

  test('is verified to the end when its contents are left alone', async () => {
    const names = [];
    for await (const { file } of readBundle(pieces(tar))) names.push(file.file);
    expect(names).toEqual(Object.keys(CONTENTS));
  });

  test('may have its files and RESTORE.txt in any order behind the manifest', async () => {
    const [manifest = TAR_END, restore = TAR_END] = bundleHead();
    expect(await readAll(pieces(tarOf(manifest, ...sampleEntries().reverse(), restore)))).toEqual(CONTENTS);
  });

  test('lets go of its source when the consumer has seen enough', async () => {
    let closed = false;
    const source = async function* () {
      try {
        yield* pieces(tar, 100);
      } finally {
        closed = true;
      }
    };
    for await (const _ of readBundle(source())) break;
    await expect.poll(() => closed).toBe(true);
  });

  test('passes an error of its source on as it is', async () => {
    const broken = new Error('connection lost');
    const source = async function* () {
      yield* pieces(tar.subarray(0, 6000));
      throw broken;
    };
    await expect(readAll(source())).rejects.toBe(broken);
  });

  test('passes it on between entries, too', async () => {
    const broken = new Error('connection lost');
    const source = async function* () {
      yield Buffer.concat([...bundleHead(), ...sampleEntries()].slice(0, 3));
      throw broken;
    };
    await expect(readAll(source())).rejects.toBe(broken);
  });

  test.each(['ustar', 'gnu', 'pax'])('is read when GNU tar wrote it (%s)', async (format) => {
    const directory = scratch();
    const long = `config/5-${'long'.repeat(40)}.py`;
    const contents =
      format === 'ustar' ? CONTENTS : { ...CONTENTS, [long]: Buffer.from('long'), 'extra/6-Übung': Buffer.from('ü') };
    const files = { 'manifest.json': JSON.stringify(sampleManifest(contents)), 'RESTORE.txt': 'text', ...contents };
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), content);
    }
    const tar = execFileSync('tar', ['-C', directory, `--format=${format}`, '-cf', '-', ...Object.keys(files)]);
    expect(await readAll(pieces(tar))).toEqual(contents);
  });
});

describe('A hostile bundle is refused:', () => {
  const whole = [...bundleHead(), ...sampleEntries()];
  const withEvil = (...evil: Buffer[]) => tarOf(...whole, ...evil);

  test.each<[string, Buffer, RegExp]>([
    [
      'absolute name',
      withEvil(tarEntry('/etc/cron.d/evil', 'x')),
      /contains "\/etc\/cron.d\/evil" but its manifest does not/,
    ],
    ['name with ..', withEvil(tarEntry('../../evil', 'x')), /contains "..\/..\/evil" but/],
    ['listed name spelled otherwise', tarOf(...bundleHead(), tarEntry(`./${DATABASE}`, 'x')), /but its manifest/],
    ['name with a newline', withEvil(tarEntry('a\n::error::b', 'x')), /^[^\n]*"a\ufffd::error::b"[^\n]*$/],
    [
      'symbolic link',
      withEvil(tarEntry('config/link', '', { type: '2', link: '/etc/shadow' })),
      /not a regular file \(symlink\)/,
    ],
    [
      'hard link',
      withEvil(tarEntry('config/link', '', { type: '1', link: '/etc/shadow' })),
      /not a regular file \(link\)/,
    ],
    ['character device', withEvil(tarEntry('config/tty', '', { type: '3' })), /regular file \(character-device\)/],
    ['block device', withEvil(tarEntry('config/sda', '', { type: '4' })), /regular file \(block-device\)/],
    ['directory', withEvil(tarEntry('config/', '', { type: '5' })), /regular file \(directory\)/],
    ['fifo', withEvil(tarEntry('config/fifo', '', { type: '6' })), /regular file \(fifo\)/],
    ['unknown type', withEvil(tarEntry('config/x', '', { type: 'V' })), /regular file/],
    ['GNU sparse file', withEvil(tarEntry('config/x', '', { type: 'S' })), /regular file/],
    [
      'PAX sparse file',
      tarOf(...bundleHead(), paxEntry({ 'GNU.sparse.major': '1' }), ...sampleEntries()),
      /regular file \(sparse\)/,
    ],
    [
      'symbolic link under a listed name',
      tarOf(...bundleHead(), tarEntry(CONFIG, '', { type: '2', link: '/etc/shadow' })),
      /regular file \(symlink\)/,
    ],
    ['PAX name', withEvil(paxEntry({ path: '/etc/cron.d/evil' }), tarEntry('x', 'x')), /"\/etc\/cron.d\/evil" but/],
    [
      'PAX name for all',
      tarOf(...bundleHead(), paxEntry({ path: '../evil' }, 'g'), paxEntry({ mtime: '1' }), ...sampleEntries()),
      /"..\/evil" but/,
    ],
    [
      'GNU long name',
      withEvil(tarEntry('././@LongLink', '../evil\0', { type: 'L' }), tarEntry('x', 'x')),
      /"..\/evil" but/,
    ],
    [
      'PAX size',
      tarOf(...bundleHead(), paxEntry({ size: '99999999999' }), ...sampleEntries()),
      /has 99999999999 bytes/,
    ],
    ['PAX size that is none', tarOf(...bundleHead(), paxEntry({ size: '-1' }), ...sampleEntries()), /damaged/],
    ['huge PAX header', withEvil(tarEntry('x', Buffer.alloc(5 << 20, 'x'), { type: 'x' })), /damaged/],
    ['file twice', withEvil(tarEntry(CONFIG, CONTENTS[CONFIG])), /contains "config\/1-jupyterhub_config.py" twice/],
    ['RESTORE.txt twice', withEvil(tarEntry('RESTORE.txt', 'x')), /contains "RESTORE.txt" twice/],
    ['two manifests', withEvil(tarEntry('manifest.json', '{}')), /contains "manifest.json" twice/],
    ['file that is not listed', withEvil(tarEntry('config/9-evil.py', 'x')), /"config\/9-evil.py" but its manifest/],
    ['file missing', tarOf(...bundleHead(), ...sampleEntries([CONFIG])), /"config\/1-jupyterhub_config.py" is missing/],
    ['RESTORE.txt missing', tarOf(...bundleHead().slice(0, 1), ...sampleEntries()), /"RESTORE.txt" is missing/],
    ['only a manifest', tarOf(...bundleHead()), /"database\/jupyterhub.sqlite" is missing/],
    [
      'manifest not first',
      tarOf(...sampleEntries(), ...bundleHead()),
      /does not begin with its manifest but with "database/,
    ],
    ['manifest that is a link', tarOf(tarEntry('manifest.json', '', { type: '2', link: '/x' })), /regular file/],
    [
      'manifest too long',
      tarOf(tarEntry('manifest.json', Buffer.alloc(5 << 20, ' '))),
      /manifest of this backup is too long/,
    ],
    ['manifest that claims to be too long', tarOf(tarEntry('manifest.json', '', { size: 2 ** 32 })), /too long/],
    ['manifest of another kind', tarOf(...bundleHead({ format: 'other' })), /not a backup made by/],
    ['RESTORE.txt too long', tarOf(whole[0] as Buffer, tarEntry('RESTORE.txt', '', { size: 2 ** 32 })), /too long/],
    ['empty file', Buffer.alloc(0), /is empty/],
    ['nothing but an end', TAR_END, /is empty/],
    ['no tar', Buffer.from('hello'.repeat(1000)), /not a tar/],
    ['trailing garbage', Buffer.concat([tarOf(...whole), Buffer.alloc(512, 'garbage')]), /damaged/],
    ['a little trailing garbage', Buffer.concat([tarOf(...whole), Buffer.from('x')]), /damaged/],
    ['second tar behind the end', Buffer.concat([tarOf(...whole), tarEntry('evil', 'x'), TAR_END]), /"evil" but/],
    ['PAX header without an entry', tarOf(...whole.slice(0, 3), paxEntry({ path: CONFIG })), /missing/],
  ])('%s', async (_, tar, message) => {
    for (const pieceSize of [512, 1_000_000]) expect((await refusal(tar, pieceSize)).message).toMatch(message);
  });

  test.each<[string, (content: Buffer) => Buffer, { size?: number }, RegExp]>([
    ['another content', (content) => Buffer.alloc(content.length, 'x'), {}, /SHA-256 sum differs/],
    ['one bit', (content) => Buffer.from(content).fill(content.readUInt8(9) ^ 1, 9, 10), {}, /SHA-256 sum differs/],
    ['too short', (content) => content.subarray(1), {}, /has 15999 bytes; its manifest says 16000/],
    ['too long', (content) => Buffer.concat([content, content]), {}, /has 32000 bytes; its manifest says 16000/],
    ['nothing', () => Buffer.alloc(0), {}, /has 0 bytes/],
    ['a header that says less', (content) => content, { size: 100 }, /has 100 bytes/],
    ['a body that is shorter than its header', (content) => content.subarray(600), { size: 16_000 }, /SHA-256|damaged/],
  ])('a database with %s, which is never taken for good', async (_, change, options, message) => {
    const database = tarEntry(DATABASE, change(CONTENTS[DATABASE] as Buffer), options);
    const { message: said, taken } = await refusal(tarOf(...bundleHead(), database, ...sampleEntries([DATABASE])));
    expect(said).toMatch(message);
    expect(taken).toEqual([]);
  });

  test('other bytes than listed, also when the consumer leaves them alone', async () => {
    const tar = tarOf(...bundleHead(), tarEntry(DATABASE, Buffer.alloc(16_000)), ...sampleEntries([DATABASE]));
    const skip = async () => {
      for await (const _ of readBundle(pieces(tar)));
    };
    await expect(skip()).rejects.toThrow(/SHA-256 sum differs/);
  });

  test('a file whose listed size is a lie', async () => {
    const manifest = sampleManifest();
    (manifest.files[0] as Manifest['files'][number]).size = 1;
    expect((await refusal(tarOf(...bundleHead(manifest), ...sampleEntries()))).message).toMatch(/manifest says 1\./);
  });
});

describe('A cut bundle', () => {
  const tar = tarOf(...bundleHead(), ...sampleEntries());
  const needed = tar.length - TAR_END.length;

  test('is refused wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: needed - 512 - 1 }),
        fc.integer({ min: 1, max: 20_000 }),
        async (end, piece) => {
          const { message } = await refusal(tar.subarray(0, end), piece);
          expect(message).toMatch(/cut short|is missing|is empty/);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('is read when only the empty end is missing: all that was listed is there', async () => {
    expect(await readAll(pieces(tar.subarray(0, needed)))).toEqual(CONTENTS);
  });
});

test('A bundle with any bytes changed ends, and hands out nothing but what the manifest says', async () => {
  const tar = tarOf(...bundleHead(), ...sampleEntries());
  const change = fc.record({ at: fc.nat(tar.length - 1), byte: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
      const bytes = Buffer.from(tar);
      for (const { at, byte } of changes) bytes[at] = byte;
      const taken = await readAll(pieces(bytes, 4096)).catch((error: Error) => error);
      if (taken instanceof Error) expect(taken.name).toBe('BundleRefused');
      else expect(Object.values(taken)).toEqual(Object.values(CONTENTS));
    }),
    { numRuns: 300 },
  );
});

test('A tar header of any kind ends in a sentence', async () => {
  const name = fc.oneof(fc.constantFrom('manifest.json', 'RESTORE.txt', DATABASE, ''), fc.string({ maxLength: 99 }));
  const type = fc.constantFrom(...'01234567LKxgSVDMN', '\0', 'A');
  const size = fc.oneof(fc.nat(5000), fc.constantFrom(2 ** 33 - 1, 0));
  const entry = fc.tuple(name, type, size, fc.uint8Array({ maxLength: 2000 }));
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 6 }), fc.nat(7), async (entries, at) => {
      const hostile = entries.map(([name, type, size, body]) => tarEntry(name, body, { type, size }));
      const parts = [...bundleHead(), ...sampleEntries()];
      parts.splice(at, 0, ...hostile);
      const taken = await readAll(pieces(tarOf(...parts), 5000)).catch((error: Error) => error);
      if (taken instanceof Error) expect(taken.name).toBe('BundleRefused');
      else expect(taken).toEqual(CONTENTS);
    }),
    { numRuns: 300 },
  );
});

test('Nothing is written while a hostile bundle is read', async () => {
  const directory = scratch();
  writeFileSync(join(directory, 'passwd'), 'as it was');
  const link = tarEntry(CONFIG, '', { type: '2', link: join(directory, 'passwd') });
  const evil = [tarEntry(join(directory, 'evil'), 'x'), tarEntry('../evil', 'x'), link, tarEntry(CONFIG, 'owned')];
  for (const entry of evil) await refusal(tarOf(...bundleHead(), entry, ...sampleEntries([CONFIG])));
  expect(readdirSync(directory)).toEqual(['passwd']);
  expect(readFileSync(join(directory, 'passwd'), 'utf8')).toBe('as it was');
});
