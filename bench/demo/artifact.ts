import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Decrypter } from 'age-encryption';
import { findCommand } from '../hub/requirements.ts';
import { run } from '../hub/run.ts';

export interface OpenedBackup {
  /** What opened it. */
  with: 'age' | 'age-encryption';
  /** The files in it, sizes in bytes. */
  files: { name: string; size: number }[];
  /** Where it was unpacked. */
  directory: string;
  /** Path of the database in it. */
  database: string;
  /** Files whose sum is not the one that the manifest gives. */
  damaged: string[];
}

/** Opens a sealed backup as an admin would, with age and tar and without the product; `work` must be private. */
export async function openBackup(file: string, identity: string, work: string): Promise<OpenedBackup> {
  const [key, tar, directory] = ['key.txt', 'backup.tar', 'backup'].map((name) => join(work, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(key, `${identity}\n`, { mode: 0o600 });
  const isThere = (await findCommand('age')) !== undefined;
  if (isThere) await run('age', ['--decrypt', '--identity', key, '--output', tar, file]);
  else await writeFile(tar, await decrypt(await readFile(file), identity));
  await mkdir(directory, { mode: 0o700 });
  await run('tar', ['-xf', tar, '-C', directory]);
  const names = (await run('tar', ['-tf', tar])).trimEnd().split('\n');
  const files = await Promise.all(
    names.map(async (name) => ({ name, size: (await stat(join(directory, name))).size })),
  );
  const manifest = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')) as {
    database: { file: string };
    files: { file: string; sha256: string }[];
  };
  const damaged: string[] = [];
  for (const { file: name, sha256 } of manifest.files) {
    if (
      createHash('sha256')
        .update(await readFile(join(directory, name)))
        .digest('hex') !== sha256
    )
      damaged.push(name);
  }
  const database = join(directory, manifest.database.file);
  return { with: isThere ? 'age' : 'age-encryption', files, directory, database, damaged };
}

async function decrypt(sealed: Uint8Array, identity: string): Promise<Uint8Array> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return decrypter.decrypt(sealed);
}
