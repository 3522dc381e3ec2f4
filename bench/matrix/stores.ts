import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dialect, Query } from '../check/keys.ts';
import { startMariadb } from '../databases/mariadb.ts';
import { startPostgres } from '../databases/postgresql.ts';
import type { DatabaseServer } from '../databases/server.ts';
import { run } from '../hub/run.ts';

/** Where databases of one kind are made. */
export interface Store {
  dialect: Dialect;
  /** The server's, or SQLite's, own release. */
  version: string;
  create(): Promise<Database>;
  close(): Promise<void>;
}

export interface Database {
  /** For SQLAlchemy. */
  url: string;
  query: Query;
  /** Another database with the same content; nobody may be at work in this one. */
  copy(): Promise<Database>;
  drop(): Promise<void>;
}

export const stores: Record<Dialect, () => Promise<Store>> = {
  sqlite: openSqlite,
  postgresql: async () => ofServer('postgresql', await startPostgres(), copyInPostgres),
  mariadb: async () => ofServer('mariadb', await startMariadb(), copyInMariadb),
};

async function openSqlite(): Promise<Store> {
  const directory = await mkdtemp(join(tmpdir(), 'version-matrix-sqlite-'));
  let count = 0;
  const open = (): Database => {
    count += 1;
    const path = join(directory, `${count}.sqlite`);
    const options = ['-batch', '-noheader', '-separator', '\t'];
    return {
      url: `sqlite:///${path}`,
      query: async (sql) => lines(await run('sqlite3', [...options, path, sql])),
      async copy() {
        const copy = open();
        await copyFile(path, copy.url.slice('sqlite:///'.length));
        return copy;
      },
      drop: () => run('sh', ['-c', 'rm -f "$0"*', path]).then(() => {}),
    };
  };
  const version = (await run('sqlite3', ['--version'])).split(' ')[0] ?? '';
  return { dialect: 'sqlite', version, create: async () => open(), close: () => rm(directory, { recursive: true }) };
}

/** `copyInto` makes the database `to`, which belongs to the owner of `from`, with its content. */
async function ofServer(
  dialect: Dialect,
  server: DatabaseServer,
  copyInto: (server: DatabaseServer, from: string, to: string, owner: string) => Promise<void>,
): Promise<Store> {
  let count = 0;
  const open = (name: string, owner: string, url: string): Database => ({
    url,
    query: (sql) => server.admin(sql, name),
    async copy() {
      count += 1;
      const copy = `copy${count}`;
      await copyInto(server, name, copy, owner);
      return open(copy, owner, url.replace(new RegExp(`/${name}(?=$|\\?)`), `/${copy}`));
    },
    drop: () => server.admin(`DROP DATABASE ${name}`).then(() => {}),
  });
  return {
    dialect,
    version: server.version,
    async create() {
      count += 1;
      const { name, url } = await server.createAccount({ name: `hub${count}`, password: 'of the hub' });
      return open(name, name, url);
    },
    close: () => server.stop(),
  };
}

async function copyInPostgres(server: DatabaseServer, from: string, to: string, owner: string): Promise<void> {
  await server.admin(`CREATE DATABASE ${to} TEMPLATE ${from} OWNER ${owner}`);
}

async function copyInMariadb(server: DatabaseServer, from: string, to: string, owner: string): Promise<void> {
  await server.admin(`CREATE DATABASE ${to}; GRANT ALL PRIVILEGES ON ${to}.* TO ${owner}@'%'`);
  const dump = ['--no-defaults', `--socket=${server.socket}`, '--default-character-set=utf8mb4', from];
  await server.admin(await run('mariadb-dump', dump), to);
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
