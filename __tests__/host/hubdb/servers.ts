import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, constants } from 'node:fs';
import { access, chmod, mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import type { Account, DatabaseServer } from '../../../bench/databases/server.ts';
import { run, until } from '../../../bench/hub/run.ts';
import { hostProgram, runProgram, temporaryDirectory } from '../support.ts';
import type { Digest } from './support.ts';

const seedProgram = fileURLToPath(new URL('../../support/seed-database.py', import.meta.url));

export interface ServerFacts {
  server: string;
  name: string;
  size: number;
  rows: Record<string, number>;
  revision: string | null;
  problems: string[];
  warnings: string[];
  backup: { format: string; tool: string };
  proof: string;
}

export interface Backup {
  format: string;
  tool: string;
  digest: Digest;
}

export interface Proof {
  where: string;
  digest: Digest;
}

/** A hub's database on a server, as the host programs get it: by the hub's own interpreter, and a file that leads there. */
export class Hub {
  readonly directory = temporaryDirectory();
  /** Where programs put what they need for a while; a server of their own may enter it. */
  readonly temporary = enterable();
  readonly database = join(this.directory, 'database.json');
  private readonly python: string;
  private readonly programs: string[];
  private url = '';
  private number = 0;
  /** Before all others in PATH. */
  tools: string | undefined;
  /** As the input database-tools-path names them. */
  namedTools: string | undefined;

  constructor(python: string, { bin }: Pick<DatabaseServer, 'bin'> = {}) {
    this.python = python;
    this.programs = bin === undefined ? [] : [bin];
  }

  async at(url: string, kwargs: unknown = {}): Promise<this> {
    this.url = url;
    await writeFile(this.database, JSON.stringify({ url, kwargs }), { mode: 0o600 });
    return this;
  }

  /** As introspection tells which tables the hub's own code declares beside JupyterHub's. */
  async declaring(tables: string[]): Promise<this> {
    const given = JSON.parse(await readFile(this.database, 'utf8')) as object;
    await writeFile(this.database, JSON.stringify({ ...given, tables }));
    return this;
  }

  /** Something of everything, by the hub's own code. */
  async seed(): Promise<this> {
    await run(this.python, [seedProgram, this.url], { env: this.environment() });
    return this;
  }

  environment(): NodeJS.ProcessEnv {
    const PATH = [...(this.tools ? [this.tools] : []), ...this.programs, '/usr/local/bin:/usr/bin:/bin'].join(':');
    return { PATH, PYTHONDONTWRITEBYTECODE: '1', HOME: this.directory, TMPDIR: this.temporary };
  }

  command(verb: string, ...args: string[]): string[] {
    const named = this.namedTools === undefined ? [] : ['--tools', this.namedTools];
    return [this.python, hostProgram('hubdb'), ...named, verb, `@${this.database}`, ...args];
  }

  /** hubdb with its answer; an error when it fails. */
  async hubdb<T>(verb: string, ...args: string[]): Promise<T> {
    const { status, stdout, stderr } = await runProgram(this.command(verb, ...args), { env: this.environment() });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as T;
  }

  /** hubdb that fails, with its sentence. */
  refusal(verb: string, ...args: string[]): Promise<string> {
    return this.failure(1, verb, ...args);
  }

  /** hubdb that fails for a reason that may pass, with its sentence. */
  passing(verb: string, ...args: string[]): Promise<string> {
    return this.failure(3, verb, ...args);
  }

  private async failure(code: number, verb: string, ...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await runProgram(this.command(verb, ...args), { env: this.environment() });
    expect({ status, stdout }).toEqual({ status: code, stdout: '' });
    expect(stderr).toMatch(/^hubdb: [^\n]+\.\n$/);
    return stderr;
  }

  /** Statements through the hub's own SQLAlchemy, each committed. */
  async sql(...statements: string[]): Promise<void> {
    const program = `import json, sys, sqlalchemy
with open(sys.argv[1]) as file: given = json.load(file)
with sqlalchemy.create_engine(given["url"], isolation_level="AUTOCOMMIT", **given["kwargs"]).connect() as connection:
    for statement in json.load(sys.stdin): connection.execute(sqlalchemy.text(statement))`;
    const options = { env: this.environment(), stdin: JSON.stringify(statements) };
    const { status, stderr } = await runProgram([this.python, '-c', program, this.database], options);
    if (status !== 0) throw new Error(stderr);
  }

  /** A path that nothing has yet. */
  fresh(name = 'backup'): string {
    return join(this.directory, `${++this.number} ${name}`);
  }

  async backup(): Promise<Backup & { file: string }> {
    const file = this.fresh();
    return { file, ...(await this.hubdb<Backup>('backup', file)) };
  }

  /** A session that runs statements and stays open, in a transaction, until it is ended, or the test has. */
  async holding(...statements: string[]): Promise<() => Promise<void>> {
    const program = `import json, sys, sqlalchemy
with open(sys.argv[1]) as file: given = json.load(file)
with sqlalchemy.create_engine(given["url"], **given["kwargs"]).connect() as connection:
    for statement in sys.argv[2:]: connection.execute(sqlalchemy.text(statement))
    print("ready", flush=True)
    sys.stdin.read()`;
    const args = ['-c', program, this.database, ...statements];
    const child = spawn(this.python, args, { env: this.environment(), stdio: ['pipe', 'pipe', 'inherit'] });
    const end = async () => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    };
    onTestFinished(end);
    await once(child.stdout, 'data');
    return end;
  }

  /**
   * Puts scripts before the server's own programs of these names. In a script $REAL is the program itself, and
   * `halt` lets the test go on at `reached()`, and itself waits for the end of the test, or for `go()`.
   */
  async replacing(real: string, scripts: Record<string, string>) {
    const tools = this.fresh('tools');
    const [reached, gate] = [join(tools, 'reached'), join(tools, 'gate')];
    await mkdir(tools);
    await run('mkfifo', [gate]);
    const halt = `halt() { : >'${reached}'; cat '${gate}'; }`;
    for (const [name, script] of Object.entries(scripts)) {
      const path = join(tools, name);
      await writeFile(path, `#!/bin/sh\nREAL='${join(real, name)}'\n${halt}\n${script}\n`);
      await chmod(path, 0o755);
    }
    this.tools = tools;
    const handle = await open(gate, constants.O_RDWR);
    let open_ = true;
    const go = async () => {
      if (open_) await handle.close();
      open_ = false;
    };
    onTestFinished(async () => {
      this.tools = undefined;
      await go();
    });
    const isReached = () =>
      access(reached).then(
        () => true,
        () => false,
      );
    return { directory: tools, go, reached: () => until('the program was not run', 60, isReached) };
  }

  /** hubdb, which is still running. */
  start(verb: string, ...args: string[]) {
    const [program = '', ...rest] = this.command(verb, ...args);
    const child = spawn(program, rest, { env: this.environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdout.resume();
    const ended = once(child, 'close').then(([status, signal]) => ({ status, signal, stderr }));
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    return { kill: (signal: NodeJS.Signals) => child.kill(signal), ended };
  }
}

/** Nothing is left of what ran for the hub: no file, and no process. */
export async function nothingIsLeft(hub: Hub): Promise<void> {
  expect(await readdir(hub.temporary)).toEqual([]);
  expect((await readdir(hub.directory)).filter((name) => name.startsWith('hubdb-'))).toEqual([]);
  const { stdout } = await runProgram(['ps', '-eo', 'args=']);
  expect(stdout).not.toContain(hub.temporary);
}

function enterable(): string {
  const directory = temporaryDirectory();
  chmodSync(directory, 0o755);
  return directory;
}

/**
 * A table of an authenticator's, which refers to none of JupyterHub's: it is backed up, proven and put back like those, and
 * by a hub that does not know it, too, as far as the backup has it.
 */
export async function tryDeclaredTable(hub: Hub): Promise<void> {
  await hub.sql(
    'CREATE TABLE users_info (id INTEGER PRIMARY KEY, username VARCHAR(128) NOT NULL, password VARCHAR(99) NOT NULL)',
    "INSERT INTO users_info VALUES (1, 'ada', 'hashed')",
  );
  const undeclared = await hub.backup();
  expect(Object.keys(undeclared.digest.tables)).not.toContain('users_info');
  await hub.declaring(['users', 'users_info']);
  const facts = await hub.hubdb<ServerFacts>('facts');
  expect(facts.rows).toMatchObject({ users_info: 1 });
  expect(facts.warnings.join()).not.toContain('users_info');
  const { file, digest } = await hub.backup();
  expect(digest.tables.users_info?.rows).toBe(1);
  expect((await hub.hubdb<Proof>('prove', file)).digest).toEqual(digest);
  for (const declared of [['users_info'], []]) {
    await hub.declaring(declared);
    await hub.sql("UPDATE users_info SET password = 'lost'");
    expect(await hub.hubdb('put-back', file)).toEqual({ digest });
    expect((await hub.hubdb<Proof>('prove', file)).digest).toEqual(digest);
  }
  // What the hub does not know and the backup does not have is somebody else's.
  await hub.hubdb('put-back', undeclared.file);
  await hub.declaring(['users_info']);
  expect((await hub.hubdb<ServerFacts>('facts')).rows).toMatchObject({ users_info: 1 });
  await hub.declaring([]);
  await hub.sql('DROP TABLE users_info');
}

/** A backup by a program that is broken: what facts say of it comes true. */
export async function tryBrokenDump(hub: Hub): Promise<void> {
  const facts = await hub.hubdb<ServerFacts>('facts');
  expect(facts).toMatchObject({ problems: [], backup: { format: 'lines' }, proof: 'scratch file' });
  expect(facts.warnings).toContainEqual(expect.stringMatching(/made in lines: .*it is broken/));
  const { file, format, digest } = await hub.backup();
  expect(format).toBe('lines');
  expect(await hub.hubdb('prove', file)).toEqual({ where: 'a scratch file', digest });
}

/** A seeded hub's database of an account. */
export async function seededHub(python: string, { url }: Account, server?: Pick<DatabaseServer, 'bin'>): Promise<Hub> {
  return (await new Hub(python, server).at(url)).seed();
}
