import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { bundle, differences } from '../../script/build.ts';
import { run } from '../hub/run.ts';
import type { Circumstances } from './report.ts';

const root = dirname(dirname(import.meta.dirname));

/** Writes the section of docs/benchmarks.md that belongs to a command, and leaves those of others. */
export async function writeSection(command: string, text: string): Promise<void> {
  const file = join(root, 'docs/benchmarks.md');
  const [begin, end] = [`<!-- begin ${command} -->\n`, `<!-- end ${command} -->\n`];
  const old = await readFile(file, 'utf8').catch(() => '');
  const [from, to] = [old.indexOf(begin), old.indexOf(end)];
  const section = `${begin}${text}${end}`;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(
    file,
    from < 0 ? `${old}${old && '\n'}${section}` : old.slice(0, from) + section + old.slice(to + end.length),
  );
}

/** Under what figures are taken here and now. */
export async function circumstances(command: string): Promise<Circumstances> {
  const git = async (...args: string[]) => (await run('git', args, { cwd: root })).trim();
  const changed = await git('status', '--porcelain', '--', 'src', 'script', 'bench', 'package-lock.json');
  const stale = await differences(await bundle(), join(root, 'dist'));
  if (stale.length > 0) throw new Error(`dist/ is not what this tree builds: ${stale[0]}`);
  const [{ model = 'unknown processor' } = {}, ...others] = cpus();
  return {
    commit: `${await git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : ' (and changes that were not committed)'}`,
    date: new Date().toISOString().slice(0, 10),
    command: [command, ...process.argv.slice(2)].join(' '),
    machine: `${others.length + 1} cores of ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, node ${process.version}`,
  };
}
