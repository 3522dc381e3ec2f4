import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { cached } from '../hub/cache.ts';
import { makeBoxDirectory } from '../hub/directories.ts';
import { run, until } from '../hub/run.ts';
import { type Supervised, supervise } from './supervisor.ts';

/** How to come to a database server as its superuser. */
export interface DatabaseAccess {
  dialect: 'postgresql' | 'mariadb' | 'mysql';
  address: string;
  port: number;
  /** Of PostgreSQL the directory, of the others the file. */
  socket: string;
  /** Directory of the server's own programs, where the machine has none of its kind. */
  bin?: string;
  /** Runs statements as the server's superuser; gives the lines of all answers, columns separated by tabs. */
  admin(statements: string, database?: string): Promise<string[]>;
}

/** A database server of one's own, on loopback and on a unix socket. Whatever ends this process ends and removes it. */
export interface DatabaseServer extends DatabaseAccess {
  /** As the server names its release, e.g. `15.18`. */
  version: string;
  /** Everything of it, gone when it is stopped. */
  directory: string;
  /** What it runs as. */
  user: string;
  /** Makes a user and a database that belongs to it. Names are words. */
  createAccount(options: AccountOptions): Promise<Account>;
  log(): Promise<string>;
  /** Ends it at once, as a power cut does. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, with its data. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface AccountOptions {
  /** Name of the user and of the database. */
  name: string;
  /** Default: every printable character there is. */
  password?: string;
  /** Whether the user may create databases; default false. */
  createDatabases?: boolean;
  /** PostgreSQL's schema for the tables, made for the user and named in the URLs; default `public`. */
  schema?: string;
}

/** A user with a database. */
export interface Account extends Required<AccountOptions> {
  /** SQLAlchemy's URL, over TCP; the password is in it. */
  url: string;
  /** The same over the unix socket. */
  socketUrl: string;
}

/** Everything on a keyboard: the space, quotes, `%`, `@`, `:`, `/` and `\` among them. */
export const everyPrintableCharacter = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join(
  '',
);

export interface ServerOptions {
  /** Where it listens; default 127.0.0.1. */
  address?: string;
  /** What a command line begins with to run where that address is. */
  inside?: string[];
}

/** What a server runs as: never as root. */
export const serverUser = process.getuid?.() === 0 ? 'nobody' : userInfo().username;

/** A command line that runs another as the server's user. */
export async function asServerUser(command: string[]): Promise<string[]> {
  if (process.getuid?.() !== 0) return command;
  const group = (await run('id', ['-gn', serverUser])).trim();
  return ['setpriv', '--reuid', serverUser, '--regid', group, '--clear-groups', '--no-new-privs', ...command];
}

/**
 * The data of a new server, made once. `make`: the command that makes it in a directory that is not there; `finish`: what
 * is done to it then.
 */
export async function cachedCluster(
  name: string,
  make: (data: string) => string[],
  finish: (data: string) => Promise<void> = async () => {},
): Promise<string> {
  const directory = await cached(`databases/${name}-of-${serverUser}`, async (directory) => {
    const beside = await mkdtemp(join(tmpdir(), 'initdb-')); // the server's user need not be able to reach the cache
    try {
      if (process.getuid?.() === 0) await run('chown', [serverUser, beside]);
      const data = join(beside, 'data');
      const [program = '', ...args] = await asServerUser(make(data));
      await run(program, args, { cwd: beside });
      await finish(data);
      await run('cp', ['-a', '--sparse=always', data, join(directory, 'data')]);
    } finally {
      await rm(beside, { recursive: true });
    }
  });
  return join(directory, 'data');
}

/** A directory of its own for a server: its data, copied from `cluster`, and a place for its socket. */
export async function makeServerDirectory(kind: string, cluster: string): Promise<string> {
  const directory = await makeBoxDirectory(kind, (old) => run('rm', ['-rf', old]).then(() => {}));
  await chmod(directory, 0o755); // the socket is for everybody
  await run('cp', ['-a', '--reflink=auto', cluster, join(directory, 'data')]);
  await mkdir(join(directory, 'socket'));
  if (process.getuid?.() === 0) await run('chown', [serverUser, join(directory, 'socket')]);
  return directory;
}

/** What is the same of all servers: starting until it answers, ending, starting again. */
export async function runServer(
  directory: string,
  command: string[],
  { signal, inside, answers }: { signal: string; inside: string[]; answers: () => Promise<unknown> },
): Promise<Pick<DatabaseServer, 'kill' | 'start' | 'stop' | 'log'>> {
  const log = join(directory, 'server.log');
  const whole = [...inside, ...(await asServerUser(command))];
  let running: Supervised;
  const start = async () => {
    running = await supervise(whole, { signal, directory, log });
    await until(`no answer (see ${log})`, 60, async () => {
      await running.assertAlive();
      return answers().then(
        () => true,
        () => false,
      );
    });
  };
  const stop = async () => {
    await running.kill();
    await run('rm', ['-rf', directory]);
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { start, stop, kill: () => running.kill(), log: () => readFile(log, 'utf8') };
}

/** The lines that a client has printed, less empty ones. */
export function answered(output: string): string[] {
  return output.split('\n').filter((line) => line !== '');
}

/** A word or a password in a URL. */
export const inUrl = encodeURIComponent;
