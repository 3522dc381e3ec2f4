import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDatabase } from '../../bench/databases/index.ts';
import { addNeighbour } from '../../bench/databases/neighbour.ts';
import { startOtherHost } from '../../bench/databases/other-host.ts';
import { startPostgres } from '../../bench/databases/postgresql.ts';
import type { Account, DatabaseServer } from '../../bench/databases/server.ts';
import { cachedEnvironment } from '../../bench/hub/environments.ts';
import { until } from '../../bench/hub/run.ts';

const execute = promisify(execFile);

describe.each(['postgresql', 'mariadb'] as const)('%s', (dialect) => {
  let server: DatabaseServer;
  let python: string;

  beforeAll(async () => {
    server = await startDatabase[dialect]();
    python = join(await cachedEnvironment('4.1.6', dialect), 'bin/python');
  });

  afterAll(() => server?.stop());

  /** Runs a statement as a hub would: by SQLAlchemy, with a URL. */
  async function query(url: string, statement: string): Promise<string> {
    const program = `import os, sqlalchemy
with sqlalchemy.create_engine(os.environ['URL'], isolation_level='AUTOCOMMIT').connect() as connection:
    result = connection.execute(sqlalchemy.text(os.environ['STATEMENT']))
    print([list(row) for row in result] if result.returns_rows else None)`;
    const { stdout } = await execute(python, ['-c', program], { env: { URL: url, STATEMENT: statement } });
    return stdout.trim();
  }

  test('it runs as somebody who may nothing, and speaks on loopback alone', async () => {
    const { stdout } = await execute('ps', ['-eo', 'user=,args=']);
    const isServer = (line: string) => line.includes(`${server.directory}/data`) && !line.includes('sh -c');
    const users = stdout
      .split('\n')
      .filter(isServer)
      .map((line) => line.split(' ')[0]);
    expect(users).toEqual([server.user]);
    expect(server.user).not.toBe('root');
    const listening = await execute('ss', ['-Hltn', `sport = :${server.port}`]);
    expect(listening.stdout).toContain(`127.0.0.1:${server.port} `);
    expect(listening.stdout.trim().split('\n')).toHaveLength(1);
  });

  test('an account logs in by every printable character, over TCP and the socket, and by no other password', async () => {
    const account = await server.createAccount({ name: 'hub1' });
    expect(account.password).toMatch(/^ !.*\\.*~$/);
    for (const url of [account.url, account.socketUrl]) {
      await query(url, 'CREATE TABLE IF NOT EXISTS t (word VARCHAR(20))');
      await query(url, "INSERT INTO t VALUES ('zoë')");
    }
    expect(await query(account.url, 'SELECT word FROM t')).toBe("[['zoë'], ['zoë']]");
    await expect(query(account.url.replace('%20', ''), 'SELECT 1')).rejects.toThrow(/password|Access denied/);
    const { stdout } = await execute('ps', ['-eo', 'args=']);
    const own = stdout.split('\n').filter((line) => line.includes(String(server.port)));
    expect(own.join('\n')).not.toMatch(/%2B%2C-\.|\+,-\./);
  });

  test('only an account that may makes databases', async () => {
    const may = await server.createAccount({ name: 'hub2', createDatabases: true });
    const mayNot = await server.createAccount({ name: 'hub3' });
    const create = ({ url, name }: Account) => query(url, `CREATE DATABASE scratch_${name}`).catch(String);
    expect(await create(may)).toBe('None');
    expect(await create(mayNot)).toMatch(/permission denied|Access denied/);
  });

  test('a second application has tables in the same database', async () => {
    const account = await server.createAccount({
      name: 'hub4',
      ...(dialect === 'postgresql' ? { schema: 'hub_data' } : {}),
    });
    await addNeighbour(server, account);
    await query(account.url, 'CREATE TABLE users (id INTEGER PRIMARY KEY)');
    const schema = dialect === 'postgresql' ? 'hub_data' : 'hub4';
    const tables = await server.admin(
      `SELECT table_name FROM information_schema.tables WHERE table_schema = '${schema}' ORDER BY 1`,
      'hub4',
    );
    expect(tables).toEqual(['users', 'wiki_links', 'wiki_pages']);
    const [page] = await server.admin(`SELECT body FROM ${schema}.wiki_pages WHERE title = 'Zoë''s page'`, 'hub4');
    expect(page).toMatch(/^a(\t|\\t)b$/);
  });

  test('after a power cut it has what it had', async () => {
    const account = await server.createAccount({ name: 'hub5' });
    await query(account.url, 'CREATE TABLE kept (id INTEGER)');
    await server.kill();
    await expect(query(account.url, 'SELECT * FROM kept')).rejects.toThrow(/refused/);
    await server.start();
    expect(await query(account.url, 'SELECT * FROM kept')).toBe('[]');
  });

  test('whoever is killed leaves no server and no directory', async () => {
    const module = join(import.meta.dirname, '../../bench/databases/index.ts');
    const program = `import { startDatabase } from ${JSON.stringify(module)};
      const server = await startDatabase.${dialect}();
      console.log(JSON.stringify([server.directory, server.port]));
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [first] = await once(child.stdout, 'data');
    const [directory, port] = JSON.parse(String(first));
    child.kill('SIGKILL');
    const gone = () =>
      access(directory).then(
        () => false,
        () => true,
      );
    await until('the directory is still there', 20, gone);
    expect((await execute('ss', ['-Hltn', `sport = :${port}`])).stdout).toBe('');
  });
});

test.each([13, 18] as const)('PostgreSQL %i', async (release) => {
  const server = await startPostgres({ release });
  const [version] = await server.admin('SHOW server_version').finally(server.stop);
  expect(version).toMatch(new RegExp(`^${release}\\.`));
});

test('a server that cannot start says why, and leaves nothing', async () => {
  const error = await startPostgres({ address: '192.0.2.1' }).then(
    () => expect.unreachable(),
    (reason: Error) => reason,
  );
  expect(error.message).toMatch(/could not bind|no answer/);
  const [, directory = ''] = /(\/tmp\/postgresql-[\w-]+)/.exec(error.message) ?? [];
  await expect(access(directory)).rejects.toThrow('ENOENT');
});

test('a server on another host is gone when its cable is pulled, and there again', async () => {
  const host = await startOtherHost();
  const run = ([program = '', ...args]: string[]) => execute(program, args);
  try {
    const server = await startPostgres(host);
    try {
      const connects = () => run(['timeout', '20', 'bash', '-c', `exec 3<>/dev/tcp/${host.address}/${server.port}`]);
      await connects();
      await expect(execute('bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${server.port}`])).rejects.toThrow('refused');
      await run(host.cut);
      await expect(connects()).rejects.toThrow();
      await run(host.mend);
      await until('it does not come back', 20, () =>
        connects().then(
          () => true,
          () => false,
        ),
      );
    } finally {
      await server.stop();
    }
  } finally {
    await host.remove();
  }
  expect((await execute('ip', ['-br', 'link'])).stdout).not.toContain(`cable${host.inside[1]?.match(/\d+/)?.[0]}@`);
});
