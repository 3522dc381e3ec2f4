import { chmod, link, mkdir, readdir, readFile, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemPython } from '../../bench/hub/environments.ts';
import { hostProgram, runProgram, temporaryDirectory } from './support.ts';

const root = temporaryDirectory();
const when = new Date('2026-01-02T03:04:05.678Z');
let number = 0;

async function tree(): Promise<string> {
  const directory = join(root, String(++number));
  await mkdir(join(directory, 'lib/package/__pycache__'), { recursive: true });
  for (const name of [
    'bin',
    'lib/module.py',
    'lib/package/__init__.py',
    'lib/package/__pycache__/x.pyc',
    'lib/z\n"é',
  ]) {
    await writeFile(join(directory, name), `content of ${name}`, { mode: 0o644 });
    await utimes(join(directory, name), when, when);
  }
  await symlink('module.py', join(directory, 'lib/link'));
  await symlink('/nowhere', join(directory, 'lib/dangling'));
  return directory;
}

async function environment<T>(...args: string[]): Promise<T> {
  const { status, stdout, stderr } = await runProgram([systemPython, '-I', hostProgram('environment.py'), ...args]);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as T;
}

const fingerprint = (...args: string[]) =>
  environment<{ fingerprint: string; entries: number; bytes: number }>('fingerprint', ...args);
const digest = (...args: string[]) =>
  environment<{ digest: string; entries: number; bytes: number }>('digest', ...args);

/** What can be done to a tree, and which of the two see it. */
const changes: [string, (directory: string) => Promise<unknown>, { fingerprint: boolean; digest: boolean }][] = [
  ['a new file', (d) => writeFile(join(d, 'lib/new'), ''), { fingerprint: true, digest: true }],
  ['a new directory', (d) => mkdir(join(d, 'lib/new')), { fingerprint: true, digest: true }],
  ['a file less', (d) => unlink(join(d, 'lib/module.py')), { fingerprint: true, digest: true }],
  ['a mode', (d) => chmod(join(d, 'bin'), 0o755), { fingerprint: true, digest: true }],
  ['a mode of a directory', (d) => chmod(join(d, 'lib/package'), 0o700), { fingerprint: true, digest: true }],
  ['a time', (d) => utimes(join(d, 'bin'), when, new Date(0)), { fingerprint: true, digest: false }],
  [
    'other content of the same size and time',
    async (d) => {
      await writeFile(join(d, 'bin'), 'CONTENT of bin');
      await utimes(join(d, 'bin'), when, when);
    },
    { fingerprint: false, digest: true },
  ],
  [
    'a link that leads elsewhere',
    async (d) => {
      await unlink(join(d, 'lib/link'));
      await symlink('module.px', join(d, 'lib/link'));
    },
    { fingerprint: true, digest: true },
  ],
  [
    'a link in place of its file',
    async (d) => {
      await unlink(join(d, 'bin'));
      await symlink('lib/module.py', join(d, 'bin'));
    },
    { fingerprint: true, digest: true },
  ],
  [
    'bytecode',
    (d) => writeFile(join(d, 'lib/package/__pycache__/y.pyc'), 'new'),
    { fingerprint: false, digest: false },
  ],
  [
    'no bytecode',
    (d) => rm(join(d, 'lib/package/__pycache__'), { recursive: true }),
    { fingerprint: false, digest: false },
  ],
  [
    'a second name',
    (d) => link(join(d, 'bin'), join(root, `hard link ${number}`)),
    { fingerprint: false, digest: false },
  ],
];

describe('fingerprint and digest', () => {
  test.each(changes)('see %s as they should', async (_, change, seen) => {
    const directory = await tree();
    const before = { fingerprint: await fingerprint(directory), digest: await digest(directory) };
    await change(directory);
    expect((await fingerprint(directory)).fingerprint !== before.fingerprint.fingerprint).toBe(seen.fingerprint);
    expect((await digest(directory)).digest !== before.digest.digest).toBe(seen.digest);
  });

  test('are those of a copy that keeps modes and times', async () => {
    const directory = await tree();
    await runProgram(['cp', '-a', directory, `${directory} copy`]);
    expect(await fingerprint(`${directory} copy`)).toEqual(await fingerprint(directory));
    expect(await digest(`${directory} copy`)).toEqual(await digest(directory));
  });

  test('leave out given paths, by any way to them', async () => {
    const directory = await tree();
    const alias = join(root, `alias ${number}`);
    await symlink(directory, alias);
    const excepted = ['lib/module.py', join(alias, 'bin'), join(directory, 'not/there'), '/etc/passwd'];
    const options = excepted.flatMap((path) => ['--except', path]);
    const before = await fingerprint(directory, ...options);
    expect(await fingerprint(alias, ...options)).toEqual(before);
    await writeFile(join(directory, 'bin'), 'changed');
    await unlink(join(directory, 'lib/module.py'));
    expect(await fingerprint(directory, ...options)).toEqual(before);
    await writeFile(join(directory, 'lib/package/__init__.py'), 'changed');
    expect(await fingerprint(directory, ...options)).not.toEqual(before);
  });

  test('of a tree that is not there are an error', async () => {
    await expect(fingerprint(join(root, 'nowhere'))).rejects.toThrow('No such file or directory');
  });
});

describe('exchange', () => {
  test('swaps two directories', async () => {
    const [a, b] = [join(root, 'a'), join(root, 'b')];
    for (const each of [a, b]) await mkdir(each);
    await writeFile(join(a, 'from-a'), '');
    expect(await environment('exchange', a, b)).toEqual({ exchanged: true });
    expect(await readdir(a)).toEqual([]);
    expect(await readdir(b)).toEqual(['from-a']);
  });

  test('swaps nothing but two directories apart from each other', async () => {
    const directory = await tree();
    await symlink(directory, `${directory}-link`);
    for (const other of [`${directory}-link`, join(directory, 'bin'), join(root, 'nowhere')]) {
      await expect(environment('exchange', directory, other)).rejects.toThrow('is not a directory');
    }
    await expect(environment('exchange', directory, join(directory, 'lib'))).rejects.toThrow('within each other');
    await expect(environment('exchange', directory, directory)).rejects.toThrow('within each other');
    expect(await readFile(join(directory, 'bin'), 'utf8')).toBe('content of bin');
  });

  test.each(['ENOSYS', 'EINVAL'])('ends with status 3 where the kernel answers %s', async (name) => {
    const [a, b] = [join(root, `a ${name}`), join(root, `b ${name}`)];
    for (const each of [a, b]) await mkdir(each);
    const program = `import errno, importlib.util, sys
spec = importlib.util.spec_from_file_location('environment', sys.argv.pop(1))
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.renameat2 = lambda a, b: errno.${name}
module.main()`;
    const command = [systemPython, '-I', '-c', program, hostProgram('environment.py'), 'exchange', a, b];
    const { status, stderr } = await runProgram(command);
    expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringContaining('cannot exchange') });
  });
});

test('free says how much room there is', async () => {
  const room = await environment<{ bytes: number; inodes: number | null }>('free', root);
  expect(room.bytes).toBeGreaterThan(0);
  await expect(environment('free', join(root, 'nowhere'))).rejects.toThrow('No such file');
});
