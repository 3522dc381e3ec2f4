import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import { BundleRefused, shown } from './errors.ts';
import {
  type BundleFile,
  MANIFEST_LIMIT,
  MANIFEST_NAME,
  type Manifest,
  parseManifest,
  RESTORE_NAME,
} from './manifest.ts';
import type { Bytes } from './seal.ts';

interface Entry extends AsyncIterable<Buffer> {
  header: Header;
}

/** Longest RESTORE.txt that is read over, in bytes. */
const RESTORE_LIMIT = 4 * 1024 * 1024;

/** One file of a bundle. Where it goes, its mode and its owner are the manifest's: the tar's own are never looked at. */
export interface BundleEntry {
  readonly manifest: Manifest;
  readonly file: BundleFile;
  /**
   * What it contains. It ends only when size and sum are what the manifest says, and fails with BundleRefused otherwise,
   * when some of it was read already. Read it to its end before asking for the next entry, or leave it alone.
   */
  readonly content: Readable;
}

/**
 * The files of a bundle, each once, in the order of the tar: which begins with the manifest and has what that lists and
 * RESTORE.txt, regular files all, and nothing else. Nothing is written anywhere. Any other tar throws BundleRefused,
 * which says why.
 *
 * What was handed out is good only when the whole iteration has ended without an error: a later entry may be refused, or
 * the sealed stream under it turn out to be cut. Keep entries aside (a scratch file, a staging directory on the host) and
 * commit them after the loop. Errors of the source itself pass unchanged.
 */
export async function* readBundle(tar: Bytes): AsyncGenerator<BundleEntry, void, undefined> {
  const { entries, explain } = parseTar(tar);
  let manifest: Manifest | undefined;
  const missing = new Map<string, BundleFile | undefined>();

  try {
    for await (const entry of entries) {
      const { name, size } = checkHeader(entry);
      if (!manifest) {
        manifest = parseManifest(await readManifest(entry, name, size));
        missing.set(RESTORE_NAME, undefined);
        for (const file of manifest.files) missing.set(file.file, file);
        continue;
      }
      if (!missing.has(name)) throw new BundleRefused(strangeName(manifest, name));
      const file = missing.get(name);
      missing.delete(name);
      if (file) {
        if (size !== file.size) {
          throw new BundleRefused(`${shown(name)} in this backup has ${size} bytes; its manifest says ${file.size}.`);
        }
        const content = Readable.from(verified(entry, file, explain), { objectMode: false });
        content.on('error', () => {}); // It is thrown below, wherever it was met.
        yield { manifest, file, content };
        await finished(content.resume());
      } else {
        if (size > RESTORE_LIMIT)
          throw new BundleRefused(`${RESTORE_NAME} in this backup is too long (${size} bytes).`);
        for await (const _ of entry);
      }
    }
  } catch (error) {
    throw explain(error);
  }

  if (!manifest) throw new BundleRefused('This backup is empty.');
  for (const name of missing.keys()) throw new BundleRefused(`${shown(name)} is missing in this backup.`);
}

/** The entries of a tar, and what an error met on the way means: damage, unless the source itself failed. */
function parseTar(tar: Bytes): { entries: AsyncIterable<Entry>; explain: (error: unknown) => unknown } {
  const parser = extract();
  let failure: { error: unknown } | undefined;
  const source = async function* () {
    try {
      yield* tar;
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  pipeline(source, parser).catch(() => {}); // The iteration over the entries ends with it too.

  const explain = (error: unknown) => {
    if (failure) return failure.error;
    if (error instanceof BundleRefused) return error;
    return new BundleRefused('This backup is not a tar, or it is damaged or cut short.');
  };
  return { entries: parser as AsyncIterable<unknown> as AsyncIterable<Entry>, explain };
}

function checkHeader({ header }: Entry): { name: string; size: number } {
  const { name, type, size = Number.NaN, pax } = header;
  const isSparse = Object.keys(pax ?? {}).some((key) => key.startsWith('GNU.sparse'));
  if (type !== 'file' || isSparse) {
    throw new BundleRefused(`${shown(name)} in this backup is not a regular file (${isSparse ? 'sparse' : type}).`);
  }
  return { name, size };
}

async function readManifest(entry: Entry, name: string, size: number): Promise<string> {
  if (name !== MANIFEST_NAME) {
    throw new BundleRefused(`This backup does not begin with its manifest but with ${shown(name)}.`);
  }
  if (size > MANIFEST_LIMIT) throw new BundleRefused(`The manifest of this backup is too long (${size} bytes).`);
  const chunks: Buffer[] = [];
  for await (const chunk of entry) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function strangeName(manifest: Manifest, name: string): string {
  const known = [MANIFEST_NAME, RESTORE_NAME, ...manifest.files.map(({ file }) => file)];
  return `This backup contains ${shown(name)} ${known.includes(name) ? 'twice' : 'but its manifest does not list it'}.`;
}

async function* verified(entry: Entry, file: BundleFile, explain: (error: unknown) => unknown): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of entry) {
      hash.update(chunk);
      yield chunk;
    }
  } catch (error) {
    throw explain(error);
  }
  if (hash.digest('hex') !== file.sha256) {
    throw new BundleRefused(
      `${shown(file.file)} in this backup is not what its manifest says: its SHA-256 sum differs.`,
    );
  }
}
