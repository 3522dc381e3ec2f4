import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerDialect } from '../databases/index.ts';
import { clientOptions } from '../databases/mariadb.ts';
import { psqlOptions } from '../databases/postgresql.ts';
import { answered, type DatabaseAccess } from '../databases/server.ts';
import type { Machine } from './nspawn.ts';
import { freePorts } from './ports.ts';
import { shellQuote } from './run.ts';

/** The unit of a machine's own database server, as Debian's packages name it. */
export const databaseUnit = { postgresql: 'postgresql.service', mariadb: 'mariadb.service' };

/** What Debian has packages of. */
export type MachineServer = keyof typeof databaseUnit;

export function packaged(dialect: ServerDialect): MachineServer {
  if (dialect !== 'mysql') return dialect;
  throw new Error('Debian has no package of MySQL for a machine; the light flavour has it');
}

/** Sets the port of the server in a machine that has its layer and is not booted yet, and says how to come to it then. */
export async function prepareServer(machine: Machine, dialect: MachineServer): Promise<DatabaseAccess> {
  const { root } = machine;
  const [port = 0] = await freePorts(1);
  const address = '127.0.0.1';
  if (dialect === 'mariadb') {
    await writeFile(join(root, 'etc/mysql/mariadb.conf.d/99-box.cnf'), `[mariadbd]\nport = ${port}\n`);
    const client = ['mariadb', ...clientOptions];
    const admin = inMachine(machine, (database = 'mysql') => [...client, database]);
    return { dialect, address, port, socket: '/run/mysqld/mysqld.sock', admin };
  }
  const [release = ''] = await readdir(join(root, 'etc/postgresql'));
  const conf = join(root, 'etc/postgresql', release, 'main/conf.d');
  await mkdir(conf, { recursive: true });
  await writeFile(join(conf, 'box.conf'), `port = ${port}\nfsync = off\n`);
  const psql = ['runuser', '-u', 'postgres', '--', 'psql', ...psqlOptions, '-p', String(port)];
  const admin = inMachine(machine, (database = 'postgres') => [...psql, '-d', database]);
  return { dialect, address, port, socket: '/run/postgresql', admin };
}

/** Has a client in the machine run statements, which are on no command line. */
function inMachine(machine: Machine, client: (database?: string) => string[]): DatabaseAccess['admin'] {
  return async (statements, database) =>
    answered(await machine.exec(client(database).map(shellQuote).join(' '), statements));
}
