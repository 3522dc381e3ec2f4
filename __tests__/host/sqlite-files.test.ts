import { spawn } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { systemPython } from '../../bench/hub/environments.ts';
import { copyPrograms, SHELLS } from './programs.ts';
import { python, runProgram, temporaryDirectory } from './support.ts';

/** Makes a database as a hub leaves it that was killed: with a log that holds rows, or in the middle of a transaction. */
const KILLED = `
import os, sqlite3, sys
path, mode = sys.argv[1:]
con = sqlite3.connect(path, isolation_level=None)
con.execute("PRAGMA journal_mode=" + mode)
con.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)")
con.execute("BEGIN")
con.executemany("INSERT INTO users (name) VALUES (?)", [("user %d" % i,) for i in range(400)])
con.execute("COMMIT")
if mode == "wal":
    con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    con.execute("PRAGMA wal_autocheckpoint=0")
    con.execute("UPDATE users SET name = name || ' in the log'")
else:
    con.execute("PRAGMA cache_size=1")
    con.execute("BEGIN")
    con.execute("UPDATE users SET name = 'not committed ' || hex(randomblob(200))")
os.kill(os.getpid(), 9)
`;

const ROWS = `
import sqlite3, sys
con = sqlite3.connect(sys.argv[1])
print(con.execute("PRAGMA integrity_check").fetchone()[0], con.execute("SELECT count(*), max(name) FROM users").fetchone())
`;

/** What a new release's migration and hub do to it. */
const MIGRATE = `
import sqlite3, sys
con = sqlite3.connect(sys.argv[1])
con.execute("ALTER TABLE users ADD COLUMN migrated INTEGER DEFAULT 1")
con.execute("INSERT INTO users (name) VALUES ('new')")
con.commit()
con.execute("DELETE FROM users WHERE id < 200")
con.commit()
`;

const SUFFIXES = ['', '-wal', '-journal'];

const scratch = temporaryDirectory();

describe.each(SHELLS)('sqlite-files.sh with %s', (shell) => {
  const programs = copyPrograms(scratch, shell);
  let directory: string;
  let database: string;
  let aside: string;
  beforeEach(() => {
    directory = mkdtempSync(join(programs.directory, '..', 'hub '));
    database = join(directory, 'jupyter hub.sqlite');
    aside = join(directory, '.jupyterhub-upgrade-1');
  });
  const run = (verb: string, ...args: string[]) =>
    runProgram(programs.command('databases/sqlite-files.sh', verb, ...args));
  const done = async (verb: string, ...args: string[]) => {
    expect({ verb, ...(await run(verb, ...args)) }).toMatchObject({ verb, status: 0, stderr: '' });
  };
  const make = (mode: string) => runProgram([systemPython, '-I', '-c', KILLED, database, mode]);
  const rows = (path = database) => python(ROWS, path);
  /** The files of a database, their contents and who they are. */
  const files = (path = database) =>
    Object.fromEntries(
      SUFFIXES.filter((suffix) => existsSync(path + suffix)).map((suffix) => [
        suffix,
        readFileSync(path + suffix).toString('base64'),
      ]),
    );
  const status = () => {
    const { ino, mode, mtimeMs, uid, gid } = statSync(database);
    return { ino, mode, mtimeMs, uid, gid };
  };

  it.each([
    ['wal', ['', '-wal'], "ok (400, 'user 99 in the log')\n"],
    ['delete', ['', '-journal'], "ok (400, 'user 99')\n"],
  ])(
    'sets a database (%s) aside under which a copy goes on, and puts the very file back',
    async (mode, suffixes, content) => {
      await make(mode);
      const [before, identity] = [files(), status()];
      expect(Object.keys(before)).toEqual(suffixes);
      await done('set-aside', database, aside);
      expect(files()).toEqual(before);
      expect(files(join(aside, 'snapshot'))).toEqual(before);
      expect(status()).toEqual({ ...identity, ino: expect.not.toSatisfy((ino) => ino === identity.ino) });
      expect((await run('digest', database)).stdout).toBe((await run('digest', join(aside, 'snapshot'))).stdout);

      await python(MIGRATE, database);
      expect(files(join(aside, 'snapshot'))).toEqual(before);
      const after = await rows();
      await done('keep-new', database, aside);
      await done('put-back', database, aside);
      expect(files()).toEqual(before);
      expect(status()).toEqual(identity);
      // Again, as after a crash in between.
      await done('keep-new', database, aside);
      await done('put-back', database, aside);
      expect(files()).toEqual(before);
      await done('discard', database, aside);
      await done('discard', database, aside);
      expect(readdirSync(aside).filter((name) => name.startsWith('snapshot'))).toEqual([]);
      expect(await rows(join(aside, 'new'))).toBe(after);
      expect(status()).toEqual(identity);
      expect(await rows()).toBe(content);
      await done('remove', aside);
      expect(readdirSync(directory)).toEqual(['jupyter hub.sqlite']);
    },
  );

  it('a database that was not there is not there again', async () => {
    await done('set-aside', database, aside);
    writeFileSync(database, 'made by upgrade-db');
    writeFileSync(`${database}-wal`, 'its log');
    await done('put-back', database, aside);
    await done('put-back', database, aside);
    await done('discard', database, aside);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('a set-aside that is run again keeps the first file', async () => {
    await make('wal');
    const [before, identity] = [files(), status()];
    await done('set-aside', database, aside);
    await done('set-aside', database, aside);
    expect(statSync(join(aside, 'snapshot')).ino).toBe(identity.ino);
    expect(files(join(aside, 'snapshot'))).toEqual(before);
    await done('put-back', database, aside);
    expect(status()).toEqual(identity);
  });

  it('loads a backup in place, with the mode of what was there', async () => {
    await make('wal');
    const [before, identity] = [files(), status()];
    await done('set-aside', database, aside);
    const load = () =>
      runProgram(programs.command('databases/sqlite-files.sh', 'load', database), { stdin: 'the backup' });
    expect(await load()).toMatchObject({ status: 0, stderr: '' });
    expect(await load()).toMatchObject({ status: 0, stderr: '' });
    expect(files()).toEqual({ '': Buffer.from('the backup').toString('base64') });
    expect(status().mode).toBe(identity.mode);
    expect((await run('digest', database)).stdout).toMatch(/^10:[0-9a-f]{64} \n$/);
    await done('put-back', database, aside);
    expect(files()).toEqual(before);
  });

  it('removes the copies that upgrade-db made, and those only', async () => {
    const own = ['2024-05-01-101112', '2025-01-02-030405'].map((date) => `jupyter hub.sqlite.${date}`);
    const foreign = ['jupyter hub.sqlite.bak', 'jupyter hub.sqlite-old', 'other.sqlite.2024-05-01-101112'];
    for (const name of [...own, ...foreign, 'jupyter hub.sqlite']) writeFileSync(join(directory, name), '');
    const { stdout } = await run('own-copies', database);
    expect(stdout).toBe(own.map((name) => `${join(directory, name)}\n`).join(''));
    writeFileSync(join(directory, 'jupyter hub.sqlite.2026-01-01-000000'), '');
    await done('remove-own-copies', database, stdout.trimEnd());
    expect(readdirSync(directory).sort()).toEqual([...own, ...foreign, 'jupyter hub.sqlite'].sort());
  });

  it('writes through no link that stands in its way', async () => {
    await make('wal');
    const before = files();
    const victim = join(directory, 'victim');
    writeFileSync(victim, 'precious');
    const between = `${database}.jupyterhub-upgrade`;
    const plant = (kind: 'symlink' | 'hard link') => {
      rmSync(between, { force: true });
      if (kind === 'symlink') symlinkSync(victim, between);
      else linkSync(victim, between);
    };
    for (const kind of ['symlink', 'hard link'] as const) {
      plant(kind);
      await done('set-aside', database, aside);
      plant(kind);
      await done('put-back', database, aside);
      plant(kind);
      await runProgram(programs.command('databases/sqlite-files.sh', 'load', database), { stdin: 'the backup' });
      expect(readFileSync(victim, 'utf8')).toBe('precious');
      expect(statSync(database).isFile()).toBe(true);
      await done('put-back', database, aside);
      expect(files()).toEqual(before);
      await done('discard', database, aside);
    }
  });

  it('may be killed at any moment of any verb and run again', async () => {
    const killed = async (verb: string, ...args: string[]) => {
      const [command = '', ...rest] = programs.command('databases/sqlite-files.sh', verb, ...args);
      const child = spawn(command, rest, { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
      child.stdin.on('error', () => {});
      child.stdin.end('the backup');
      const closed = new Promise((resolve) => child.once('close', resolve));
      await delay(Math.random() * 40);
      try {
        process.kill(-(child.pid ?? 0), 'SIGKILL');
      } catch {
        // it has ended by itself
      }
      await closed;
    };
    for (let trial = 0; trial < 15; trial += 1) {
      rmSync(directory, { recursive: true });
      directory = mkdtempSync(join(programs.directory, '..', 'hub '));
      database = join(directory, 'jupyter hub.sqlite');
      aside = join(directory, '.jupyterhub-upgrade-1');
      for (const suffix of SUFFIXES) writeFileSync(database + suffix, `old${suffix}`.repeat(1000));
      const [before, identity] = [files(), status()];
      const content = (path: string) => readFileSync(path, 'utf8');
      await killed('set-aside', database, aside);
      expect(files()).toEqual(before);
      if (trial % 2) await done('set-aside', database, aside);
      if (existsSync(join(aside, 'snapshot-journal'))) {
        const isWhole = trial % 2 === 1;
        if (isWhole) {
          for (const suffix of SUFFIXES) writeFileSync(database + suffix, `new${suffix}`);
          await killed('keep-new', database, aside);
          await done('keep-new', database, aside);
          for (const suffix of SUFFIXES) expect(content(join(aside, `new${suffix}`))).toBe(`new${suffix}`);
          await killed('load', database);
          expect([`new`, 'the backup']).toContain(content(database));
        }
        await killed('put-back', database, aside);
        await killed('put-back', database, aside);
        await done('put-back', database, aside);
        expect(files()).toEqual(before);
        expect(status()).toEqual(identity);
      }
      await killed('discard', database, aside);
      await done('discard', database, aside);
      expect(files()).toEqual(before);
      expect(readdirSync(directory).filter((name) => !name.startsWith('jupyter hub.sqlite')).length).toBeLessThan(2);
    }
  });
});
