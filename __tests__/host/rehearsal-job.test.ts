import { appendFileSync, chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemPython } from '../../bench/hub/environments.ts';
import { until } from '../../bench/hub/run.ts';
import { JobOnDisk, kill, killJobs, programsForJobs } from './job-on-disk.ts';
import { SHELLS } from './programs.ts';
import { inEnvironment, python, runProgram } from './support.ts';

// The real rehearsal of a real job, with a migration that takes as long as a test needs: whatever ends it, nothing of the copy
// and no process is left.

afterEach(killJobs);

const programsOf = { dash: programsForJobs('dash'), busybox: programsForJobs('busybox') };

const DATABASE = `
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.executescript("""
PRAGMA journal_mode = WAL;
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);
INSERT INTO alembic_version VALUES ('0eee8c825d24');
CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(255), admin BOOLEAN);
INSERT INTO users (name, admin) VALUES ('alice', 1), ('bob', 0);
""")
`;

/** What a real environment would have to be there for. */
const WITHOUT_ENVIRONMENT = `
rehearse_configuration() { rehearsal_authenticator=own; }
rehearse_access_before() { rehearse_copy before; }
rehearse_token() { :; }
rehearse_upgrade_db() { $MIGRATION; }
rehearse_hub() { :; }
`;

async function rehearsing(shell: 'dash' | 'busybox', migration: string, parameters: Record<string, string> = {}) {
  const job = await JobOnDisk.make(programsOf[shell], ['stage', 'rehearse'], {
    real: ['rehearse'],
    parameters: {
      ...{ MIGRATION: migration, MINT_TOKEN: '', PREVIOUS_REVISION: '0eee8c825d24', LIMIT_REHEARSE: '60' },
      ...inEnvironment(join(programsOf[shell].directory, '../environment')),
      ...parameters,
    },
  });
  const bin = join(programsOf[shell].directory, '../environment/bin');
  mkdirSync(bin, { recursive: true });
  if (!existsSync(join(bin, 'python'))) symlinkSync(systemPython, join(bin, 'python'));
  appendFileSync(job.path('steps.sh'), WITHOUT_ENVIRONMENT);
  mkdirSync(job.path('database'), { mode: 0o700 });
  await python(DATABASE, join(job.hub, 'jupyterhub.sqlite'));
  chmodSync(job.hub, 0o755);
  return job;
}

const copies = (job: JobOnDisk) => readdirSync(job.hub).filter((name) => name.startsWith('.jupyterhub-upgrade-'));

const migrating = (job: JobOnDisk) =>
  until(`no migration: ${job.read('log')}`, 30, () => job.read('log').includes('migrating the copy'));

describe.each(SHELLS)('with %s', (shell) => {
  it('ends a job that only rehearses with nothing left', async () => {
    const job = await rehearsing(shell, ':');
    expect(await job.run()).toBe(0);
    expect([job.verdict, job.read('log')]).toEqual(['not-begun', expect.not.stringContaining('Error')]);
    expect(job.events).toContain('done rehearse');
    expect(copies(job)).toEqual([]);
    expect(readdirSync(job.directory)).not.toContain('access.json');
    expect(await revision(job)).toBe('0eee8c825d24');
  });

  it('keeps the copy private while it is there', async () => {
    const job = await rehearsing(shell, 'sleep 60');
    job.start();
    await migrating(job);
    const [name = ''] = copies(job);
    const directory = join(job.hub, name);
    expect((statSync(directory).mode & 0o777).toString(8)).toBe('700');
    expect((statSync(join(directory, 'copy/jupyterhub.sqlite')).mode & 0o777).toString(8)).toBe('600');
  });

  it.each(['the executor is killed', 'everything is killed', 'it is aborted', 'it takes too long', 'it fails'])(
    'leaves nothing when %s',
    async (end) => {
      const limit: Record<string, string> = end === 'it takes too long' ? { LIMIT_REHEARSE: '3' } : {};
      const job = await rehearsing(shell, end === 'it fails' ? 'false' : 'sleep 300', limit);
      job.start();
      await migrating(job);
      if (end === 'it is aborted')
        await runProgram(job.programs.command('executor.sh', 'decide', job.directory, 'abort', 'said no'));
      if (end === 'the executor is killed') kill(job.pid);
      if (end === 'everything is killed') job.killAll();
      await job.ended();
      if (end.endsWith('killed')) {
        expect(copies(job)).toHaveLength(1);
        await job.run();
      }
      expect(job.verdict, job.read('log')).toBe('not-begun');
      // Only of a migration that came to its end is anything known.
      const said = job.journal.filter(({ rest }) => rest === 'copy-not-migrated yes');
      expect(said).toHaveLength(end === 'it fails' ? 1 : 0);
      expect(copies(job)).toEqual([]);
      expect(job.processes()).toEqual([]);
      expect(await revision(job)).toBe('0eee8c825d24');
    },
  );
});

function revision(job: JobOnDisk): Promise<string> {
  const path = join(job.hub, 'jupyterhub.sqlite');
  return python(
    'import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute("SELECT * FROM alembic_version").fetchone(), end="")',
    path,
  );
}
