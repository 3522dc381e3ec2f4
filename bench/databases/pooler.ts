import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../hub/ports.ts';
import { findCommand } from '../hub/requirements.ts';
import { run, until } from '../hub/run.ts';
import { type Account, asServerUser, type DatabaseAccess, serverUser } from './server.ts';
import { supervise } from './supervisor.ts';

/** PgBouncer between a hub and its PostgreSQL, which knows that one database. */
export interface Pooler {
  /** The account's URL, by way of the pooler. */
  url: string;
  stop(): Promise<void>;
}

/** `transaction`: a connection to the server is a client's for one transaction; the next may be on another. */
export async function startPooler(
  { address, port }: DatabaseAccess,
  { name, password, url }: Account,
  mode: 'session' | 'transaction',
): Promise<Pooler> {
  const program = await findCommand('pgbouncer');
  if (program === undefined) throw new Error('PgBouncer is missing: apt-get install pgbouncer');
  const directory = await mkdtemp(join(tmpdir(), 'pooler-'));
  const [own = 0] = await freePorts(1);
  const place = (file: string) => join(directory, file);
  await writeFile(place('users'), `"${name}" "${password.replaceAll('"', '""')}"\n`);
  await writeFile(
    place('pgbouncer.ini'),
    `[databases]
${name} = host=${address} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${place('users')}
pool_mode = ${mode}
`,
  );
  await chmod(directory, 0o700);
  if (process.getuid?.() === 0) await run('chown', ['-R', serverUser, directory]);
  const options = { signal: 'KILL', directory, log: place('log') };
  const running = await supervise(await asServerUser([program, place('pgbouncer.ini')]), options);
  const stop = async () => {
    await running.kill();
    await rm(directory, { recursive: true });
  };
  try {
    await until('the pooler does not answer', 20, async () => {
      await running.assertAlive();
      return answers(own);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: url.replace(`@${address}:${port}/`, `@127.0.0.1:${own}/`), stop };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('connect', () => socket.destroy());
    socket.on('error', () => resolve(false));
  });
}
