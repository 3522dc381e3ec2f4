// The committed bundle itself, as the runner gets it.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle, differences } from '../../script/build.ts';

const ROOT = join(import.meta.dirname, '../..');
const DIST = join(ROOT, 'dist');
const NODE = join(ROOT, 'node_modules/.bin/node');

/** Entered only when a run gets that far: see "start-up" in CONTRIBUTING.md. */
const HEAVY_PACKAGES = [
  'ssh2',
  'node-ssh',
  '@actions/artifact',
  '@actions/cache',
  '@actions/exec',
  '@azure/storage-blob',
  'age-encryption',
  'tar-stream',
];

/** What only tests and the bench may speak of. */
const BENCH_WORDS = [/\bbench\b/i, /\bvitest\b/i, /\bfault[-_ ]?(point|switch|injection)/i, /\b127\.0\.0\.1:\d{4,}/];

/** The pieces of a chunk by the file they come from, which esbuild names in a comment before each. */
function pieces(chunk: string): { file: string; text: string }[] {
  return chunk
    .split(/^\/\/ (?=(?:src|node_modules)\/\S+$)/m)
    .slice(1)
    .map((piece) => ({ file: piece.slice(0, piece.indexOf('\n')), text: piece }));
}

function packageOf(file: string): string | undefined {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
}

describe('the committed bundle', () => {
  const chunks = new Map<string, string>();
  /** A copy with nothing around it: no node_modules, no package.json. */
  let alone: string;

  beforeAll(async () => {
    alone = await mkdtemp(join(tmpdir(), 'dist-'));
    await cp(DIST, alone, { recursive: true });
    const files = await readdir(alone, { recursive: true });
    for (const file of files.filter((name) => name.endsWith('.mjs'))) {
      chunks.set(file, await readFile(join(alone, file), 'utf8'));
    }
  });

  afterAll(async () => {
    await rm(alone, { recursive: true, force: true });
  });

  async function run(...args: string[]): Promise<{ code: number; output: string }> {
    // The command files of the runner are absent too: whatever happens, it happens without them.
    return promisify(execFile)(NODE, args, { cwd: alone, env: {} }).then(
      ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
      (error) => ({ code: error.code, output: error.stdout + error.stderr }),
    );
  }

  /** The entry and every chunk it loads before its first line runs. */
  function loadedAtStart(entry: string, seen = new Set<string>()): Set<string> {
    seen.add(entry);
    const imports = chunks
      .get(entry)
      ?.matchAll(/^(?:import|export|\}) ?[^;]*?from "(\.[^"]+)";$|^import "(\.[^"]+)";$/gm);
    for (const [, from, bare] of imports ?? []) {
      const target = join(entry, '..', from ?? bare ?? '');
      if (!seen.has(target)) loadedAtStart(target, seen);
    }
    return seen;
  }

  it('is byte for byte what a rebuild gives, and nothing besides', async () => {
    expect(await differences(await bundle(), DIST)).toEqual([]);
  });

  it('holds modules and licences only', async () => {
    const files = await readdir(DIST, { recursive: true, withFileTypes: true });
    const others = files.filter((file) => !file.isDirectory()).map((file) => file.name);
    expect(others.filter((name) => !name.endsWith('.mjs'))).toEqual(['licenses.txt']);
  });

  it.each(['main.mjs', 'post.mjs'])('has %s, which runs alone', async (entry) => {
    const { output } = await run(entry);
    expect(output).not.toMatch(/SyntaxError|ReferenceError|ERR_MODULE_NOT_FOUND|Dynamic require/);
  });

  it('ends red without inputs, with an annotation', async () => {
    const { code, output } = await run('main.mjs');
    expect(code).toBe(1);
    expect(output).toContain('::error');
  });

  it('loads every chunk under the Node of the runner', async () => {
    const names = [...chunks.keys()].filter((name) => name.includes('/'));
    expect(names.length).toBeGreaterThan(0);
    const imported = [...chunks].flatMap(([name, text]) =>
      [...text.matchAll(/(?:from |import\()"(\.[^"]+)"/g)].map(([, target = '']) => join(name, '..', target)),
    );
    expect(names.filter((name) => !imported.includes(name))).toEqual([]);
    expect(imported.filter((name) => !names.includes(name))).toEqual([]);
    const loader = join(alone, 'load-all.mjs');
    await writeFile(
      loader,
      `const failed = [];
      for (const name of process.argv.slice(2)) await import('./' + name).catch((error) => failed.push(name + ': ' + error));
      console.log(failed.join('\\n') || 'all loaded on ' + process.version);
      process.exit();`,
    );
    expect((await run(loader, ...names)).output.trim()).toMatch(/^all loaded on v24\.\d+\.\d+$/);
    await rm(loader);
  });

  it.each(['main.mjs', 'post.mjs'])('loads little at the start of %s', (entry) => {
    const atStart = [...loadedAtStart(entry)].flatMap((chunk) => pieces(chunks.get(chunk) ?? ''));
    expect(atStart.map(({ file }) => file)).toContain(`src/${entry.replace('.mjs', '.ts')}`);
    const packages = new Set(atStart.map(({ file }) => packageOf(file)));
    expect(HEAVY_PACKAGES.filter((name) => packages.has(name))).toEqual([]);
  });

  it('keeps packages apart from what changes with every commit', () => {
    const own = new Set(
      [...chunks].filter(([, text]) => pieces(text).some(({ file }) => file.startsWith('src/'))).map(([name]) => name),
    );
    expect(own.size).toBeGreaterThan(0);
    const mixed = [...chunks.keys()].filter(
      (name) =>
        pieces(chunks.get(name) ?? '').some(({ file }) => packageOf(file) !== undefined) &&
        [...loadedAtStart(name)].some((loaded) => own.has(loaded)),
    );
    expect(mixed).toEqual([]);
  });

  it('names no path of the machine that built it', () => {
    const machine = [ROOT, '/home/runner', '/Users/', 'file:///'];
    const found = [...chunks].flatMap(([chunk, text]) =>
      machine.filter((path) => text.includes(path)).map((path) => `${chunk}: ${path}`),
    );
    expect(found).toEqual([]);
  });

  it('knows nothing of tests and bench', () => {
    const own = [...chunks.values()].flatMap(pieces).filter(({ file }) => file.startsWith('src/'));
    expect(own.length).toBeGreaterThan(0);
    const found = own.flatMap(({ file, text }) =>
      BENCH_WORDS.filter((word) => word.test(text)).map((word) => `${file}: ${word}`),
    );
    expect(found).toEqual([]);
  });

  it('names in licenses.txt exactly the packages it contains', async () => {
    const contained = new Set([...chunks.values()].flatMap(pieces).map(({ file }) => packageOf(file)));
    contained.delete(undefined);
    const notices = (await readFile(join(DIST, 'licenses.txt'), 'utf8')).split(/^={80}$/m).slice(1);
    const listed = notices.map((notice) => /^\n(.+)@[^@\n]+\nLicense: \S.*\n\n\S/.exec(notice)?.[1]);
    expect([...new Set(listed)].sort()).toEqual([...contained].sort());
  });
});
