/** The licence notices of everything bundled, for `dist/licenses.txt`. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A licence text, or what a licence asks to be passed on beside it. */
const NOTICE_FILE = /^(licen[cs]e|copying|notice)/i;

const SEPARATOR = '='.repeat(80);

/**
 * Notices of the npm packages that the given files belong to, sorted by name and version. Each begins with a line
 * `name@version` and a line `License: <SPDX expression>`.
 *
 * @param files paths relative to `root`; those outside `node_modules` are the product's own and left out
 */
export async function licenseNotices(root: string, files: readonly string[]): Promise<string> {
  const directories = new Set(files.flatMap((file) => packageDirectory(file) ?? []));
  const notices = new Map<string, string>();
  for (const directory of directories) {
    const { name, version, license } = await describe(join(root, directory));
    const texts = await noticeTexts(join(root, directory));
    const text = texts.join('\n\n') || '(The package holds no licence file.)';
    notices.set(`${name}@${version}`, `${name}@${version}\nLicense: ${license}\n\n${text}\n`);
  }
  const sorted = [...notices].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, notice]) => notice);
  return [
    'The files beside this one contain the packages below, and no others, under their own licences.\n',
    ...sorted,
  ].join(`\n${SEPARATOR}\n`);
}

/** `node_modules/a/node_modules/@b/c/lib/d.js` → `node_modules/a/node_modules/@b/c`; undefined for the product's own. */
function packageDirectory(file: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0];
}

async function describe(directory: string): Promise<{ name: string; version: string; license: string }> {
  const { name, version, license, licenses } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  // Old packages say {type, url}, or a list of them, or nothing, for which SPDX has a word.
  const declared = [license ?? licenses ?? 'NOASSERTION'].flat().map((item) => item.type ?? item);
  return { name, version, license: declared.join(' OR ') };
}

async function noticeTexts(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile() && NOTICE_FILE.test(entry.name)).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => (await readFile(join(directory, name), 'utf8')).replaceAll('\r\n', '\n').trim()),
  );
}
