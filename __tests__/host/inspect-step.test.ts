import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemPython } from '../../bench/hub/environments.ts';
import { JobOnDisk, killJobs, programsForJobs } from './job-on-disk.ts';
import { SHELLS } from './programs.ts';
import { inEnvironment, python } from './support.ts';

afterEach(killJobs);

const programsOf = { dash: programsForJobs('dash'), busybox: programsForJobs('busybox') };

const DATABASE = `
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.executescript("""
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);
INSERT INTO alembic_version VALUES ('0eee8c825d24');
CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(255), admin BOOLEAN);
INSERT INTO users (name, admin) VALUES ('zoë', 1);
""")
`;

describe.each(SHELLS)('a restore whose canary-user is in the backup or not, with %s', (shell) => {
  const programs = programsOf[shell];
  const environment = join(programs.directory, '../environment');

  async function restoring(user: string, database?: string) {
    const job = await JobOnDisk.make(programs, ['inspect', 'stop', 'load'], {
      real: ['inspect'],
      parameters: { CANARY_USER: user, ...inEnvironment(environment) },
    });
    const bin = join(environment, 'bin');
    mkdirSync(bin, { recursive: true });
    try {
      symlinkSync(systemPython, join(bin, 'python'));
    } catch {}
    mkdirSync(job.path('payload'));
    const path = job.path('payload/database');
    if (database === undefined) await python(DATABASE, path);
    else writeFileSync(path, database);
    await job.run();
    return job;
  }

  it('goes on with one that it has, and where nothing can be known', async () => {
    expect((await restoring('zoë')).verdict).toBe('committed');
    expect((await restoring('zoë', 'no database')).verdict).toBe('committed');
  });

  it('ends before the stop with one that it does not have, and says what to write', async () => {
    const job = await restoring('zoe');
    expect(job.verdict).toBe('not-begun');
    expect(job.events).not.toContain('begin stop');
    expect(job.read('log').trim()).toBe(
      'The backup has no user zoe: write a canary-user that it has, or leave canary-user out.',
    );
  });
});
