import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../hub/ports.ts';
import { findCommand } from '../hub/requirements.ts';
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

export async function startMariadb(options: ServerOptions = {}): Promise<DatabaseServer> {
  const { address = '127.0.0.1', inside = [] } = options;
  const server = await findCommand('mariadbd');
  if (server === undefined) throw new Error('MariaDB is missing: apt-get install mariadb-server-core mariadb-client');
  const version = /Ver ([\d.]+)/.exec(await run(server, ['--version']))?.[1] ?? '';
  const directory = await makeServerDirectory('mariadb-', await cluster(version));
  const [port = 0] = await freePorts(1);
  const socket = join(directory, 'socket/mariadb.sock');
  // The client reads statements from its stdin: a command line may have no password in it.
  const admin = async (statements: string, database = 'mysql') => {
    const who = ['--user', userInfo().username, '--socket', socket, database];
    return answered(await run('mariadb', [...clientOptions, ...who], { stdin: statements }));
  };
  const command = [
    ...[server, '--no-defaults', ...settings, `--datadir=${join(directory, 'data')}`, `--tmpdir=${directory}/socket`],
    ...[`--bind-address=${address}`, `--port=${port}`, `--socket=${socket}`, `--pid-file=${directory}/socket/pid`],
    ...['--skip-name-resolve', '--innodb-flush-log-at-trx-commit=0'],
  ];
  const answers = () => admin('SELECT 1');
  const running = await runServer(directory, command, { signal: 'KILL', inside, answers });
  return {
    ...{ dialect: 'mariadb', version, address, port, socket, directory, user: serverUser, admin, ...running },
    createAccount: (account) => createMysqlAccount({ admin, address, port, socket }, account),
  };
}

/** What Debian sets, and what makes the server small. */
const settings = [
  ...['--character-set-server=utf8mb4', '--collation-server=utf8mb4_general_ci'],
  ...['--innodb-log-file-size=16M', '--innodb-buffer-pool-size=64M', '--performance-schema=off'],
];

/** For output that is made to be read by a program. */
export const clientOptions = ['--no-defaults', '--batch', '--skip-column-names', '--default-character-set=utf8mb4'];

/** Makes a user and a database that belongs to it, on MySQL, too. */
export async function createMysqlAccount(
  { admin, address, port, socket }: Omit<DatabaseAccess, 'dialect'>,
  options: AccountOptions,
): Promise<Account> {
  const { name, password = everyPrintableCharacter, createDatabases = false, schema = 'public' } = options;
  if (schema !== 'public') throw new Error('MariaDB and MySQL have no schemas in their databases');
  const literal = `'${password.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  await admin(`
    CREATE DATABASE ${name};
    CREATE USER ${name}@'%' IDENTIFIED BY ${literal};
    GRANT ALL PRIVILEGES ON ${createDatabases ? '*' : name}.* TO ${name}@'%';`);
  const login = `mysql+pymysql://${name}:${inUrl(password)}@`;
  const url = `${login}${address}:${port}/${name}?charset=utf8mb4`;
  const socketUrl = `${login}/${name}?unix_socket=${inUrl(socket)}&charset=utf8mb4`;
  return { name, password, createDatabases, schema, url, socketUrl };
}

/** Without anonymous users; its superuser is whoever runs this, on the socket. */
function cluster(version: string): Promise<string> {
  const superuser = ['--auth-root-authentication-method=socket', `--auth-root-socket-user=${userInfo().username}`];
  const install = ['mariadb-install-db', '--no-defaults', ...superuser, '--skip-test-db', '--skip-name-resolve'];
  return cachedCluster(`mariadb-${version}`, (data) => [...install, `--datadir=${data}`, ...settings]);
}
