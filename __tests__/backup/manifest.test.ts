import { describe, expect, test } from 'vitest';
import { type BundleFile, type Manifest, parseManifest } from '../../src/backup/manifest.ts';
import { sampleManifest } from './samples.ts';

/** The sample as text, with the property at the dotted path set to another value, or removed. */
function changed(path: string, value: unknown): string {
  const manifest: unknown = sampleManifest();
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const owner = keys.reduce((object, key) => (object as Record<string, unknown>)[key], manifest);
  (owner as Record<string, unknown>)[last] = value;
  return JSON.stringify(manifest);
}

const [, config, secret] = sampleManifest().files as [unknown, Manifest['files'][number], unknown];

test('A valid manifest comes back as it is', () => {
  expect(parseManifest(JSON.stringify(sampleManifest()))).toEqual(sampleManifest());
});

test.each<[string, string, unknown]>([
  ['Accounts of a directory service', 'files.1.owner', 'CORP\\hub admin:CORP\\domain users'],
  ['Numeric owners', 'files.1.owner', '1001:1001'],
  ['An owner without a group', 'files.1.owner', 'root'],
  ['A service run by commands', 'service', { manager: 'commands', user: 'hub', workingDirectory: '/srv' }],
  ['A run outside of a workflow', 'runUrl', 'local'],
  ['A working directory /', 'service.workingDirectory', '/'],
  ['A database without a revision', 'jupyterhub.revision', ''],
  ['A database without tables', 'database.digest.tables', {}],
  ['Names in other scripts', 'files.1.path', '/srv/Übung/設定.py'],
  ['A service definition beside the file it is from', 'files.4', { ...config, file: 'service/unit', kind: 'service' }],
])('%s: accepted', (_, path, value) => {
  expect(() => parseManifest(changed(path, value))).not.toThrow();
});

test.each<[string, string, unknown, RegExp]>([
  ['A relative path', 'files.1.path', 'etc/passwd', /"files.1.path" must be an absolute path/],
  ['A path with ..', 'files.1.path', '/srv/../etc/passwd', /absolute path/],
  ['A path with .', 'files.1.path', '/srv/./x', /absolute path/],
  ['A path with //', 'files.1.path', '//srv/x', /absolute path/],
  ['A path that ends in /', 'files.1.path', '/srv/x/', /absolute path/],
  ['The path /', 'files.1.path', '/', /absolute path/],
  ['A newline in a path', 'files.1.path', '/srv/x\n::error::owned', /"files.1.path" must be one line/],
  ['A NUL in a path', 'files.1.path', '/srv/x\0', /one line/],
  ['Half a surrogate pair', 'files.1.path', '/srv/\ud800', /one line/],
  ['A path of 5000 characters', 'files.1.path', `/${'x'.repeat(5000)}`, /"files.1.path"/],
  ['An absolute name', 'files.1.file', '/etc/passwd', /"files.1.file" must be a relative name/],
  ['A name with ..', 'files.1.file', 'config/../../x', /relative name/],
  ['A name with a backslash', 'files.1.file', 'config\\x', /relative name/],
  ['The name of the manifest', 'files.1.file', 'manifest.json', /relative name/],
  ['The name of RESTORE.txt', 'files.1.file', 'RESTORE.txt', /relative name/],
  ['A name listed twice', 'files.2', { ...config, path: '/srv/other' }, /"files.2.file" is listed twice/],
  ['A path listed twice', 'files.2', { ...config, file: 'config/other' }, /"files.2.path" is listed twice/],
  ['A set-user-ID mode', 'files.1.mode', '4755', /"files.1.mode" must be four octal digits/],
  ['A mode in another notation', 'files.1.mode', '0o644', /octal/],
  ['An owner that looks like an option', 'files.1.owner', '-R:root', /"files.1.owner"/],
  ['An owner with two groups', 'files.1.owner', 'a:b:c', /"files.1.owner"/],
  ['A negative size', 'files.1.size', -1, /"files.1.size"/],
  ['A size beyond what a number holds', 'files.1.size', 2 ** 60, /"files.1.size"/],
  ['Half a byte', 'files.1.size', 0.5, /"files.1.size"/],
  ['A short sum', 'files.1.sha256', 'abc', /"files.1.sha256" must be 64/],
  ['An upper-case sum', 'files.1.sha256', config.sha256.toUpperCase(), /64 lower-case/],
  ['A database that is not among the files', 'files', [config, secret], /"database" must be the one file/],
  ['Another path for the database', 'database.path', '/srv/other.sqlite', /"database" must be/],
  ['Another mode for the database', 'database.mode', '0666', /"database" must be/],
  ['Two databases', 'files.1.kind', 'database', /"database" must be/],
  ['A systemd service without a unit', 'service.unit', undefined, /"service.unit" is missing/],
  ['A unit that is a path', 'service.unit', '../evil.service', /"service.unit"/],
  ['A script as run URL', 'runUrl', 'javascript:alert(1)', /"runUrl"/],
  ['A time that is none', 'createdAt', 'yesterday', /"createdAt"/],
  ['No files', 'files', [], /"files"/],
  ['A missing part', 'environment', undefined, /"environment"/],
])('%s: refused', (_, path, value, message) => {
  expect(() => parseManifest(changed(path, value))).toThrow(
    expect.objectContaining({ name: 'BundleRefused', message: expect.stringMatching(message) }),
  );
});

describe('What is no manifest', () => {
  test('is refused when it is not JSON', () => {
    expect(() => parseManifest('{"format":')).toThrow(/is not JSON/);
  });

  test.each(['null', '[]', '"text"', '{}', '{"format":"tar","version":1}'])('is refused: %s', (text) => {
    expect(() => parseManifest(text)).toThrow(/not a backup made by jupyterhub-upgrade/);
  });

  test('of a later version is refused with the reason', () => {
    expect(() => parseManifest(changed('version', 2))).toThrow(/has version 2, and this release reads version 1/);
  });

  test('is refused before it is parsed when it is huge', () => {
    expect(() => parseManifest(' '.repeat(5 * 1024 * 1024))).toThrow(/longer than 4194304 bytes/);
  });

  test('is refused when it has more files than any backup', () => {
    const files = Array.from({ length: 10_001 }, (_, n) => ({ ...config, file: `extra/${n}`, path: `/x/${n}` }));
    expect(() => parseManifest(changed('files', files))).toThrow(/"files" .*10000/);
  });

  test('is refused with unknown keys, whose names cannot start a workflow command', () => {
    const text = changed('database.\n::error::owned', 1);
    expect(() => parseManifest(text)).toThrow(/^[^\n]*"database" has unknown keys "\ufffd::error::owned"[^\n]*$/);
  });
});

test('A table named __proto__ is refused, not dropped', () => {
  const text = JSON.stringify(sampleManifest()).replace('"users":', '"__proto__":');
  expect(() => parseManifest(text)).toThrow(/__proto__/);
});

test('a backup in lines brings the programs that put it back, which belong nowhere on the host', () => {
  const manifest = sampleManifest();
  const [database, ...others] = manifest.files;
  const { path: _, ...tables } = manifest.database;
  const { path: __, ...listed } = { ...database, file: 'database/lines.jsonl' } as BundleFile;
  const program = { ...listed, file: 'program/hubdb/lines.py', kind: 'program' } as BundleFile;
  const inLines = {
    ...manifest,
    database: {
      ...tables,
      dialect: 'mysql',
      format: 'lines',
      url: 'mysql+pymysql://hub@db/hub',
      file: listed.file,
      mode: listed.mode,
    },
    files: [listed, ...others, program],
  };
  expect(parseManifest(JSON.stringify(inLines)).files).toContainEqual(program);
  const { path: ___, ...config } = others[0] as BundleFile;
  const withoutPlace = { ...inLines, files: [listed, config, ...others.slice(1), program] };
  expect(() => parseManifest(JSON.stringify(withoutPlace))).toThrow('"files.1.path" is missing');
});
