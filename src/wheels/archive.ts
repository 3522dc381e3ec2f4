import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract, type Header, pack } from 'tar-stream';
import { shown } from '../backup/errors.ts';
import type { Wheel } from '../hub/environments/resolution.ts';

/** Writes the wheels into one file, a tar. */
export async function writeArchive(wheels: Wheel[], file: string): Promise<void> {
  const tar = pack();
  const fill = async () => {
    for (const { name, path, size } of wheels) await pipeline(createReadStream(path), tar.entry({ name, size }));
    tar.finalize();
  };
  await Promise.all([fill(), pipeline(tar, createWriteStream(file))]);
}

/** Reads such a file into a fresh `directory`. It may hold anything: all it can do there is to make files of that directory. */
export async function readArchive(file: string, directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory);
  const tar = extract();
  const read = async () => {
    for await (const entry of tar as AsyncIterable<unknown> as AsyncIterable<
      AsyncIterable<Buffer> & { header: Header }
    >) {
      const { name, type } = entry.header;
      if (type !== 'file' || !/^\w[\w.+-]{0,199}$/.test(name)) throw new Error(`${shown(name)} is no wheel.`);
      await pipeline(entry, createWriteStream(join(directory, name), { flags: 'wx' }));
    }
  };
  await Promise.all([read(), pipeline(createReadStream(file), tar)]);
}
