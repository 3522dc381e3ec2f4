import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, copyFile, mkdir, mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type ServerDialect, startDatabase } from '../../bench/databases/index.ts';
import type { DatabaseServer } from '../../bench/databases/server.ts';
import { cachedEnvironment } from '../../bench/hub/environments.ts';
import { run, until } from '../../bench/hub/run.ts';
import { shellAssignments } from '../../src/ssh/quote.ts';
import { parseJournal } from '../../src/transaction/journal.ts';
import { copyPrograms, type Shell } from './programs.ts';
import { inEnvironment, temporaryDirectory } from './support.ts';

const seed = fileURLToPath(new URL('../support/seed-database.py', import.meta.url));
const root = temporaryDirectory();

/** A job on a hub whose database is on that server: seeded, and with a neighbour's table. */
async function startJob(server: DatabaseServer, dialect: ServerDialect, shell: Shell, patience = 600) {
  const directory = await mkdtemp(join(root, 'job '));
  const environment = await cachedEnvironment('4.1.6', dialect);
  const account = await server.createAccount({ name: `hub${Math.random().toString(36).slice(2)}` });
  await run(join(environment, 'bin/python'), [seed, account.url]);
  const asRole = dialect === 'postgresql' ? `SET ROLE ${account.name}; ` : '';
  const admin = (sql: string) => server.admin(asRole + sql, account.name);
  await admin('CREATE TABLE neighbours (name VARCHAR(9) PRIMARY KEY)');

  const [job, hub] = [join(directory, 'job'), join(directory, 'hub')];
  for (const path of [join(job, 'database'), join(job, 'payload'), hub]) await mkdir(path, { recursive: true });
  const config = join(hub, 'jupyterhub_config.py');
  await writeFile(config, `c.JupyterHub.db_url = ${JSON.stringify(account.url)}\n`);
  await writeFile(join(job, 'hub.env'), `export PATH='${environment}/bin':"$PATH"\n`);
  for (const name of ['journal', 'log']) await writeFile(join(job, name), '');
  const [uid, gid] = [String(process.getuid?.()), String(process.getgid?.())];
  const parameters = {
    ...{ JOB_ID: 'this-job', STATE: directory, HUB_UID: uid, HUB_GID: gid, HUB_DIRECTORY: hub, HUB_PID: '' },
    ...{
      ...inEnvironment(environment),
      CONFIG_PATH: config,
      HUB_ENV: join(job, 'hub.env'),
      SERVICE_MANAGER: 'commands',
    },
    ...{
      DATABASE_DIALECT: 'server',
      DATABASE_PATH: '',
      DATABASE_PATIENCE: String(patience),
      DATABASE_STRATEGY: 'migrate',
    },
  };
  const programs = copyPrograms(directory, shell);
  const [command = '', ...args] = programs.command('').slice(0, -1);
  const script = (statements: string) =>
    `set -u; PROGRAMS=$1 JOB=$2 STEP=-; . "$JOB/parameters"; COPIES=$JOB/database
    for part in common journal databases/server; do . "$PROGRAMS/$part.sh"; done
    ${statements}`;
  const write = (more: Record<string, string> = {}) =>
    writeFile(join(job, 'parameters'), shellAssignments({ ...parameters, ...more }));
  await write();

  /** Runs statements as a step of the job would, and says how that goes. */
  const start = (statements: string) => {
    const child = spawn(command, [...args, '-c', script(statements), 'sh', programs.directory, job]);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
    onTestFinished(() => void child.kill('SIGKILL'));
    return { said: () => said, ended: once(child, 'close').then(([status]) => ({ status, said })) };
  };
  const does = (statements: string) => start(statements).ended;
  const done = async (statements: string) => {
    const { status, said } = await does(statements);
    if (status !== 0) throw new Error(said);
    return said;
  };
  expect(await does('reach_database "$JOB"')).toEqual({ status: 0, said: '' });
  const digest = async () => (await done('hubdb digest "$DATABASE"')).trim();
  const notes = async (name: string) =>
    parseJournal(await readFile(join(job, 'journal'), 'utf8')).entries.flatMap(({ event, rest }) =>
      event === 'note' && rest.startsWith(`${name} `) ? [rest.slice(name.length + 1)] : [],
    );
  return { job, account, start, does, done, digest, notes, admin, write, copy: join(job, 'database/snapshot') };
}

/** What a new release and its users do. */
const SPOIL = [
  "INSERT INTO neighbours VALUES ('ours')",
  "UPDATE users SET name = 'new' WHERE name = 'user05'",
  'ALTER TABLE users ADD COLUMN user_info TEXT',
  'CREATE TABLE share_codes (id INTEGER PRIMARY KEY, owner_id INTEGER, FOREIGN KEY (owner_id) REFERENCES users (id))',
];

describe.each<[ServerDialect, Shell]>([
  ['postgresql', 'busybox'],
  ['mariadb', 'dash'],
])('server.sh on %s with %s', (dialect, shell) => {
  let server: DatabaseServer;
  beforeAll(async () => {
    server = await startDatabase[dialect]();
  }, 60_000);
  afterAll(() => server?.stop());
  const timeout = 300_000;

  test('sets the tables aside, keeps what a new hub wrote, and puts them back, also twice', { timeout }, async () => {
    const { job, done, digest, notes, admin, copy } = await startJob(server, dialect, shell);
    const before = await digest();
    await done('database_snapshot');
    for (const path of [copy, join(job, 'database/inventory'), join(job, 'database.json')]) {
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
    for (const sql of SPOIL) await admin(sql);
    expect(await digest()).not.toBe(before);
    await done('database_keep_new; database_keep_new');
    expect(await notes('kept-new-database')).toEqual([join(job, 'database/new')]);
    expect(JSON.parse((await notes('written-to-new'))[0] ?? '').added.users).toEqual({ count: 1, first: ['new'] });
    for (const _ of [1, 2]) {
      await done('database_put_back');
      expect(await digest()).toBe(before);
    }
    expect(await admin('SELECT name FROM neighbours')).toEqual(['ours']);
    expect(await readFile(join(job, 'journal'), 'utf8')).not.toContain('hub:');
    await done('database_discard_snapshot; database_discard_snapshot');
  });

  test('a copy that was changed is not put back', { timeout }, async () => {
    const { does, done, digest, admin, copy } = await startJob(server, dialect, shell);
    await done('database_snapshot');
    await admin(SPOIL[1] ?? '');
    const spoilt = await digest();
    await appendFile(copy, 'x');
    expect(await does('database_put_back')).toMatchObject({
      status: 1,
      said: expect.stringMatching(/nothing was put back/),
    });
    expect(await digest()).toBe(spoilt);
  });

  test('loads a backup, and knows one that is not what its manifest says', { timeout }, async () => {
    const { job, does, done, digest, admin, write, copy } = await startJob(server, dialect, shell);
    const before = await digest();
    await done('database_snapshot');
    await copyFile(copy, join(job, 'payload/database'));
    for (const sql of SPOIL) await admin(sql);
    await write({ DATABASE_DIGEST: before });
    await done('database_load');
    expect(await digest()).toBe(before);
    await write({ DATABASE_DIGEST: before.replace(/[0-9a-f]{64}/, '0'.repeat(64)) });
    expect(await does('database_load')).toMatchObject({
      status: 1,
      said: expect.stringMatching(/not that of the backup/),
    });
  });

  test('a database whose tables are all gone gets those of a backup, and can be taken back', { timeout }, async () => {
    const { done, digest, admin, write } = await startJob(server, dialect, shell);
    const before = await digest();
    await done('hubdb backup "$DATABASE" "$JOB/payload/database"');
    const drop = Object.keys(JSON.parse(before).tables).map((table) => `DROP TABLE ${table}`);
    if (dialect === 'postgresql') await admin(drop.map((one) => `${one} CASCADE`).join('; '));
    else await admin(['SET FOREIGN_KEY_CHECKS = 0', ...drop].join('; '));
    const none = await digest();
    expect(JSON.parse(none).tables).toEqual({});
    expect(JSON.parse(await done('hubdb facts "$DATABASE"'))).toMatchObject({ revision: null, problems: [] });
    await write({ DATABASE_DIGEST: before });
    await done('database_snapshot');
    await done('database_load');
    expect(await digest()).toBe(before);
    await done('database_put_back');
    expect(await digest()).toBe(none);
    expect(await admin('SELECT count(*) FROM neighbours')).toEqual(['0']);
  });

  test('a fresh database has none of the hub tables, and those of others', { timeout }, async () => {
    const { done, digest, admin } = await startJob(server, dialect, shell);
    await done('database_snapshot; database_empty');
    expect(JSON.parse(await digest()).tables).toEqual({});
    expect(await admin('SELECT count(*) FROM neighbours')).toEqual(['0']);
    await done('database_put_back');
    expect(Object.keys(JSON.parse(await digest()).tables)).toContain('users');
  });

  test('waits for a server that is away, and names who else is on the database', { timeout }, async () => {
    const { account, start, done, digest, notes } = await startJob(server, dialect, shell);
    const before = await digest();
    await done('database_snapshot');
    await server.kill();
    const back = start('database_put_back');
    await until('nothing is tried again', 120, async () => back.said().includes('it is tried again in 2 s'));
    await server.start();
    expect(await back.ended).toMatchObject({ status: 0 });
    expect(await digest()).toBe(before);
    expect(back.said()).not.toContain(account.password);
    // Somebody who is on the database meanwhile.
    const other = start(`as_hub "$HUB_PYTHON" -c '
import json, sys, sqlalchemy
with sqlalchemy.create_engine(json.load(open(sys.argv[1]))["url"]).connect() as connection:
    connection.execute(sqlalchemy.text("SELECT 1"))
    print("there", flush=True)
    sys.stdin.read()' "$JOB/database.json"`);
    await until('nobody is there', 60, async () => other.said().includes('there'));
    await done('database_put_back');
    const sessions = JSON.parse((await notes('foreign-sessions'))[0] ?? '[]');
    expect(sessions).toEqual(expect.arrayContaining([expect.objectContaining({ user: account.name })]));
  });

  test('gives up when its time is over, and says where the copy is', { timeout }, async () => {
    const { does, done, copy } = await startJob(server, dialect, shell, 0);
    await done('database_snapshot');
    await server.kill();
    const { status, said } = await does('database_put_back');
    await server.start();
    expect({ status, said }).toMatchObject({
      status: 1,
      said: expect.stringContaining(`before the upgrade is ${copy}`),
    });
    await done('database_put_back');
  });
});
