import { createHash } from 'node:crypto';
import { mkdtemp, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Writable } from 'node:stream';
import type { Bytes, Sealer } from './seal.ts';

/** A finished file in a private directory of its own. */
export interface SealedFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 in hex of the file as it stands there. */
  readonly sha256: string;
  /** Removes the file and its directory. */
  remove(): Promise<void>;
}

/**
 * Writes a plain tar into `sink` and resolves only when all of it was written: for a command on the host, when it
 * exited with status 0, not when its output ended. It stops when `signal` aborts.
 */
export type Producer = (sink: Writable, signal: AbortSignal) => Promise<unknown>;

/**
 * Seals what `produce` writes into the file `name` (mode 0600) in a fresh directory (0700) below `parent`, and brings it
 * to the disk. The file gets its name last, after everything succeeded; after any error nothing of it is left, and the
 * error is passed on.
 */
export async function sealToFile(
  produce: Producer,
  target: { sealer: Sealer; parent: string; name: string },
): Promise<SealedFile> {
  const directory = await mkdtemp(join(target.parent, 'jupyterhub-backup-'));
  const remove = () => rm(directory, { recursive: true, force: true });
  const sink = new PassThrough();
  sink.on('error', () => {}); // It reaches us through the sealed stream, which may not be read yet.
  const stop = new AbortController();
  let writing: Promise<Sums> | undefined;
  try {
    const path = join(directory, target.name);
    const partial = `${path}.partial`;
    writing = writeDurably(partial, await target.sealer.seal(sink));
    const [sums] = await Promise.all([writing, fill(sink, produce, stop.signal)]);
    await rename(partial, path);
    await syncDirectory(directory);
    return { path, ...sums, remove };
  } catch (error) {
    stop.abort(error);
    sink.destroy();
    await Promise.allSettled([writing]);
    await remove();
    throw error;
  }
}

type Sums = Pick<SealedFile, 'size' | 'sha256'>;

async function fill(sink: PassThrough, produce: Producer, signal: AbortSignal): Promise<void> {
  try {
    await produce(sink, signal);
    sink.end();
  } catch (error) {
    sink.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

async function writeDurably(path: string, bytes: Bytes): Promise<Sums> {
  const hash = createHash('sha256');
  let size = 0;
  await using file = await open(path, 'wx', 0o600);
  for await (const chunk of bytes) {
    hash.update(chunk);
    size += chunk.length;
    await file.appendFile(chunk);
  }
  await file.sync();
  return { size, sha256: hash.digest('hex') };
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path);
  await directory.sync();
}
