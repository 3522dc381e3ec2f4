/**
 * Builds `dist/`: what the runner executes, committed and byte-identical to a rebuild from any checkout.
 *
 *     node script/build.ts            write dist/
 *     node script/build.ts --check    say how the committed dist/ differs from a rebuild, exit 1 if it does
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { licenseNotices } from './licenses.ts';

const ROOT = dirname(import.meta.dirname);
const DIST = join(ROOT, 'dist');

/** Content by path relative to `dist/`, with `/` between folders. */
export type Files = Map<string, Uint8Array>;

/** ssh2 does without its native add-ons, and cpu-features does not even look for its own before it needs it. */
const withoutNativeAddons: Plugin = {
  name: 'without-native-addons',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^cpu-features$|\.node$/ }, ({ path }) => ({ path, namespace: 'native-addon' }));
    onLoad({ filter: /./, namespace: 'native-addon' }, () => ({
      contents: 'throw new Error("native add-ons are not bundled");',
    }));
  },
};

/**
 * The artifact client holds up to a dozen blocks in memory, of a size that it takes from no option. The store takes 50,000
 * of them, so these are enough for 97 GiB.
 */
const withSmallBlocks: Plugin = {
  name: 'with-small-blocks',
  setup({ onLoad }) {
    onLoad({ filter: /@actions\/artifact\/lib\/internal\/shared\/config\.js$/ }, async ({ path }) => {
      const [before, after, ...others] = (await readFile(path, 'utf8')).split('return 8 * 1024 * 1024;');
      if (after === undefined || others.length > 0)
        throw new Error(`${path} does not set the size of blocks as it did`);
      return { contents: `${before}return 2 * 1024 * 1024;${after}` };
    });
  },
};

/** Builds the bundle of the tree at `root` in memory. A warning of esbuild is an error. */
export async function bundle(root = ROOT): Promise<Files> {
  const outdir = join(root, 'dist');
  const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const packages = Object.fromEntries(Object.keys(dependencies).map((name) => [`packages/${name}`, name]));
  const { outputFiles, metafile, warnings } = await build({
    absWorkingDir: root,
    // What is an entry of its own shares no chunk with what is not: a change of ours leaves the packages' chunks alone.
    entryPoints: { main: 'src/main.ts', post: 'src/post.ts', ...packages },
    outdir,
    write: false,
    metafile: true,
    bundle: true,
    // Rooms are entered by `await import()`, so that bad input and an idle `post` do not pay for loading them all.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    target: 'node24',
    format: 'esm',
    loader: { '.sh': 'text', '.py': 'text' },
    plugins: [withoutNativeAddons, withSmallBlocks],
    // The toolkit compares `error.name` with the names of its classes.
    keepNames: true,
    legalComments: 'none',
    // CommonJS dependencies expect these three. The first cannot be a `define`, and the others must not stand in the
    // banner: a dependency may declare the same name at the top of the chunk.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
    },
    define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
    logLevel: 'warning',
  });
  if (warnings.length > 0) throw new Error(`esbuild warns ${warnings.length} times, see above`);

  const outputs = reached(metafile, ['dist/main.mjs', 'dist/post.mjs']);
  const files: Files = new Map();
  for (const { path, contents } of outputFiles) {
    if (outputs.has(toPosix(relative(root, path)))) files.set(toPosix(relative(outdir, path)), contents);
  }
  files.set('licenses.txt', Buffer.from(await licenseNotices(root, bundledFiles(metafile, outputs))));
  return files;
}

/** These outputs and all that they import: neither the entries that only split, nor what nobody asks for after all. */
function reached({ outputs }: Metafile, from: string[]): Set<string> {
  const found = new Set(from);
  for (const path of found) for (const { path: imported } of outputs[path]?.imports ?? []) found.add(imported);
  return found;
}

/** Paths, relative to the root, of every file that has at least one byte in these outputs. */
function bundledFiles(metafile: Metafile, outputs: Set<string>): string[] {
  return [...outputs].flatMap((output) =>
    Object.entries(metafile.outputs[output]?.inputs ?? {}).flatMap(([path, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [path] : [],
    ),
  );
}

/** One sentence for every file in `directory` that is missing, stale, or not part of the bundle. */
export async function differences(files: Files, directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const present = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => toPosix(relative(directory, join(entry.parentPath, entry.name))));
  const found: string[] = [];
  for (const path of new Set([...files.keys(), ...present].sort())) {
    const built = files.get(path);
    if (built === undefined) found.push(`${path} is not part of the bundle`);
    else if (!present.includes(path)) found.push(`${path} is missing`);
    else if (!(await readFile(join(directory, path))).equals(built)) found.push(`${path} is not what a rebuild gives`);
  }
  return found;
}

async function write(files: Files, directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  for (const [path, contents] of files) {
    const target = join(directory, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, contents);
  }
}

function toPosix(path: string): string {
  return path.split(sep).join('/');
}

if (import.meta.main) {
  const files = await bundle();
  if (process.argv[2] === '--check') {
    const found = await differences(files, DIST);
    for (const sentence of found) console.error(`dist/${sentence}`);
    if (found.length > 0) console.error('Run `npm run build` and commit dist/.');
    process.exitCode = found.length > 0 ? 1 : 0;
  } else {
    await write(files, DIST);
    const bytes = [...files.values()].reduce((sum, contents) => sum + contents.length, 0);
    console.log(`dist: ${files.size} files, ${(bytes / 1e6).toFixed(1)} MB`);
  }
}
