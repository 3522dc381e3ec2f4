import { access, mkdtemp, readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A temporary directory for a box, `<kind><pid of this process>-XXXXXX`. A process that is killed cannot remove its boxes:
 * those are given to `remove` first.
 */
export async function makeBoxDirectory(kind: string, remove: (directory: string) => Promise<void>): Promise<string> {
  for (const name of await readdir(tmpdir())) {
    const owner = name.startsWith(kind) ? /^(\d+)-\w{6}$/.exec(name.slice(kind.length))?.[1] : undefined;
    if (owner === undefined || (await isAlive(owner))) continue;
    const { uid } = await stat(join(tmpdir(), name));
    if (uid === process.getuid?.()) await remove(join(tmpdir(), name));
  }
  return mkdtemp(join(tmpdir(), `${kind}${process.pid}-`));
}

function isAlive(pid: string): Promise<boolean> {
  return access(`/proc/${pid}`).then(
    () => true,
    () => false,
  );
}
