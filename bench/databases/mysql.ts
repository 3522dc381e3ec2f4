import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from '../hub/cache.ts';
import { freePorts } from '../hub/ports.ts';
import { run, shellQuote } from '../hub/run.ts';
import { clientOptions, createMysqlAccount } from './mariadb.ts';
import {
  answered,
  cachedCluster,
  type DatabaseServer,
  makeServerDirectory,
  runServer,
  type ServerOptions,
  serverUser,
} from './server.ts';

/** MySQL itself, which only Debian's unstable release has: taken from there once, in some minutes, by root. */
export async function startMysql(options: ServerOptions = {}): Promise<DatabaseServer> {
  const { address = '127.0.0.1', inside = [] } = options;
  const bin = await cachedPrograms();
  const version = /Ver ([\d.]+)/.exec(await run(join(bin, 'mysqld'), ['--version']))?.[1] ?? '';
  const directory = await makeServerDirectory('mysql-', await cluster(bin, version));
  const [port = 0] = await freePorts(1);
  const socket = join(directory, 'socket/mysql.sock');
  // Whoever reaches the socket is its superuser. The client reads statements from its stdin.
  const admin = async (statements: string, database = 'mysql') => {
    const who = ['--user', 'root', '--socket', socket, database];
    return answered(await run(join(bin, 'mysql'), [...clientOptions, ...who], { stdin: statements }));
  };
  const command = [
    ...[join(bin, 'mysqld'), '--no-defaults', `--datadir=${join(directory, 'data')}`, `--tmpdir=${directory}/socket`],
    ...[`--bind-address=${address}`, `--port=${port}`, `--socket=${socket}`, `--pid-file=${directory}/socket/pid`],
    ...[
      '--skip-name-resolve',
      '--innodb-flush-log-at-trx-commit=0',
      '--skip-log-bin',
      '--mysqlx=OFF',
      '--secure-file-priv=NULL',
    ],
    ...['--innodb-buffer-pool-size=64M', '--performance-schema=OFF'],
  ];
  const answers = () => admin('SELECT 1');
  const running = await runServer(directory, command, { signal: 'KILL', inside, answers });
  return {
    ...{ dialect: 'mysql', version, address, port, socket, bin, directory, user: serverUser, admin, ...running },
    createAccount: (account) => createMysqlAccount({ admin, address, port, socket }, account),
  };
}

/** A directory with the server's programs, which run by the loader and the libraries that they were built for. */
async function cachedPrograms(): Promise<string> {
  const directory = await cached('databases/mysql', async (directory, finalPath) => {
    const root = join(directory, 'tree');
    // The machine's clock may be ahead of what the archive's index is good for.
    const options = ['--aptopt=Acquire::Check-Valid-Until "false"', '--variant=minbase'];
    await run('mmdebstrap', [...options, '--include=mysql-server-core,mysql-client-core', 'sid', root]);
    await mkdir(join(directory, 'bin'));
    const tree = join(finalPath, 'tree');
    const libraries = `${tree}/usr/lib/x86_64-linux-gnu:${tree}/usr/lib/mysql/private`;
    const loader = [join(tree, 'lib64/ld-linux-x86-64.so.2'), '--library-path', libraries];
    const places = { mysqld: `--basedir=${tree}/usr`, mysql: '', mysqldump: '' };
    for (const [name, more] of Object.entries(places)) {
      const program = join(tree, name === 'mysqld' ? 'usr/sbin' : 'usr/bin', name);
      const command = [...loader, program].map(shellQuote).join(' ');
      await writeFile(join(directory, 'bin', name), `#!/bin/sh\nexec ${command} "$@" ${more}\n`);
      await chmod(join(directory, 'bin', name), 0o755);
    }
    await run('chmod', ['755', directory, root]); // the server's user runs them
  });
  return join(directory, 'bin');
}

/** Its superuser has no password, and comes through the socket alone. */
function cluster(bin: string, version: string): Promise<string> {
  const install = [join(bin, 'mysqld'), '--no-defaults', '--initialize-insecure'];
  return cachedCluster(`mysql-${version}`, (data) => [...install, `--datadir=${data}`]);
}
