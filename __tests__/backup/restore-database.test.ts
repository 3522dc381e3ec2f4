import { copyFile, mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerDialect, startDatabase } from '../../bench/databases/index.ts';
import type { Account, DatabaseServer } from '../../bench/databases/server.ts';
import { cachedEnvironment } from '../../bench/hub/environments.ts';
import { run } from '../../bench/hub/run.ts';
import type { DatabaseDigest, Manifest } from '../../src/backup/manifest.ts';
import { DATABASE_FILES, type DatabaseFormat } from '../../src/backup/restore-database.ts';
import { restoreText } from '../../src/backup/restore-text.ts';
import { hostProgram, runProgram, temporaryDirectory } from '../host/support.ts';
import { sampleManifest, sha256 } from './samples.ts';

const seed = fileURLToPath(new URL('../support/seed-database.py', import.meta.url));
const root = temporaryDirectory();

/** The commands of the text, as somebody who follows it would run them. */
function commandsOf(text: string): string {
  const lines = text.split('\n').filter((line) => line.startsWith('    '));
  return lines.map((line) => line.slice(4)).join('\n');
}

/** A hub's database on that server, with a neighbour's table in it. */
async function scene(server: DatabaseServer, dialect: ServerDialect) {
  const python = join(await cachedEnvironment('4.1.6', dialect), 'bin/python');
  const account: Account = await server.createAccount({ name: `hub${Math.random().toString(36).slice(2)}` });
  const directory = await mkdtemp(join(root, 'restore '));
  const reach = join(directory, 'database.json');
  await writeFile(reach, JSON.stringify({ url: account.url, kwargs: {} }), { mode: 0o600 });
  await run(python, [seed, account.url]);
  await server.admin('CREATE TABLE neighbours (name VARCHAR(9) PRIMARY KEY)', account.name);
  const hubdb = async <T>(verb: string, ...args: string[]): Promise<T> => {
    const ended = await runProgram([python, hostProgram('hubdb'), verb, `@${reach}`, ...args]);
    if (ended.status !== 0) throw new Error(ended.stderr);
    return JSON.parse(ended.stdout) as T;
  };
  return { python, account, directory, hubdb, admin: (sql: string) => server.admin(sql, account.name) };
}

/** hubdb on a host that has no pg_dump. */
const WITHOUT_TOOLS = `import sys, types
sys.modules["hubdb"] = types.ModuleType("hubdb")
sys.modules["hubdb"].__path__ = [sys.argv.pop(1)]
from hubdb import command, pgprograms
pgprograms.fitting = lambda version: None
command.main()`;

type Scene = Awaited<ReturnType<typeof scene>>;

interface Made {
  format: string;
  digest: DatabaseDigest;
}

/** An unpacked backup, as far as its database goes. */
async function unpacked({ account, directory, hubdb, python }: Scene, format: DatabaseFormat): Promise<DatabaseDigest> {
  await mkdir(join(directory, 'database'));
  const file = join(directory, DATABASE_FILES[format]);
  const made =
    format === 'lines'
      ? (JSON.parse(
          await run(python, ['-c', WITHOUT_TOOLS, hostProgram('hubdb'), 'backup', `@${directory}/database.json`, file]),
        ) as Made)
      : await hubdb<Made>('backup', file);
  expect(made.format).toBe(format);
  const files: [string, string][] = [[DATABASE_FILES[format], 'database']];
  if (format === 'lines') {
    await mkdir(join(directory, 'program/hubdb'), { recursive: true });
    for (const name of (await readdir(hostProgram('hubdb'))).filter((one) => one.endsWith('.py'))) {
      await copyFile(join(hostProgram('hubdb'), name), join(directory, 'program/hubdb', name));
      files.push([`program/hubdb/${name}`, 'program']);
    }
  }
  const manifest = sampleManifest();
  const shown = account.url.replace(/:[^:@/]*@/, ':***@').replace(/\?.*/, '');
  manifest.service = { ...manifest.service, manager: 'commands', unit: undefined };
  manifest.environment.path = join(python, '../..');
  manifest.database = {
    dialect: 'any',
    url: shown,
    format,
    file: DATABASE_FILES[format],
    mode: '0600',
    digest: made.digest,
  };
  manifest.files = await Promise.all(
    files.map(async ([name, kind]) => {
      const content = await readFile(join(directory, name));
      const { size } = await stat(join(directory, name));
      const listed = { file: name, kind, mode: '0600', owner: 'root', size, sha256: sha256(content) };
      return listed as Manifest['files'][number];
    }),
  );
  await writeFile(join(directory, 'manifest.json'), JSON.stringify(manifest));
  await writeFile(join(directory, 'RESTORE.txt'), restoreText(manifest, format));
  return made.digest;
}

/** What a failed upgrade, and time, do to the tables. */
async function spoil({ admin }: Scene): Promise<void> {
  await admin("INSERT INTO neighbours VALUES ('ours')");
  await admin("UPDATE users SET name = 'somebody' WHERE name = 'user05'");
  await admin('ALTER TABLE users ADD COLUMN user_info TEXT');
  await admin(
    'CREATE TABLE shares (id INTEGER PRIMARY KEY, owner_id INTEGER, FOREIGN KEY (owner_id) REFERENCES users (id))',
  );
  await admin('DROP TABLE api_tokens');
}

/** Follows RESTORE.txt to the letter. */
async function follow({ directory }: Scene, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const commands = commandsOf(await readFile(join(directory, 'RESTORE.txt'), 'utf8'));
  const ended = await runProgram(['sh', '-e', '-c', commands], { cwd: directory, env: { ...process.env, ...env } });
  expect(ended).toMatchObject({ status: 0 });
  expect(ended.stdout).toMatch(/^database\/\S+: OK$/m);
}

describe.each<[ServerDialect, DatabaseFormat]>([
  ['postgresql', 'pg_dump'],
  ['mariadb', 'mysqldump'],
  ['postgresql', 'lines'],
])('on %s, from %s', (dialect, format) => {
  let server: DatabaseServer;
  beforeAll(async () => {
    server = await startDatabase[dialect]();
  });
  afterAll(() => server?.stop());

  test('following the text puts the tables of the hub back, and touches no others', { timeout: 300_000 }, async () => {
    const hub = await scene(server, dialect);
    const before = await unpacked(hub, format);
    await spoil(hub);
    const { name, password } = hub.account;
    const quoted = `"${password.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
    await writeFile(
      join(hub.directory, 'my.cnf'),
      `[client]\nhost=${server.address}\nport=${server.port}\nuser=${name}\npassword=${quoted}\n`,
      { mode: 0o600 },
    );
    const login = {
      PGHOST: server.address,
      PGPORT: String(server.port),
      PGUSER: name,
      PGDATABASE: name,
      PGPASSWORD: password,
    };
    // Twice: it may have been cut.
    for (const _ of [1, 2]) {
      await follow(hub, login);
      expect(await hub.hubdb<DatabaseDigest>('digest')).toEqual(before);
    }
    expect(await hub.admin('SELECT name FROM neighbours')).toEqual(['ours']);
  });
});
