import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shellAssignments } from '../../src/ssh/quote.ts';
import { copyPrograms, SHELLS, type Shell } from './programs.ts';
import { inEnvironment, runProgram, temporaryDirectory } from './support.ts';

/** A hub's state on a host, with an SQLite file and an environment, and jobs that leave their snapshots there. */
function host(shell: Shell) {
  const directory = temporaryDirectory();
  const programs = copyPrograms(directory, shell);
  const [state, hub] = [join(directory, 'state'), join(directory, 'hub')];
  for (const path of [join(state, 'jobs'), join(hub, 'environment')]) mkdirSync(path, { recursive: true });
  const database = join(hub, 'jupyterhub.sqlite');
  writeFileSync(database, 'rows');

  /** Runs shell statements as a step of that job would; throws what they say when they fail. */
  const inJob = async (id: string, statements: string) => {
    const job = join(state, 'jobs', id);
    mkdirSync(job, { recursive: true });
    const uid = String(process.getuid?.());
    const gid = String(process.getgid?.());
    const parameters = shellAssignments({
      ...{
        JOB_ID: id,
        STATE: state,
        KEEP_HOST_BACKUPS: '2',
        DATABASE_PATH: database,
        DATABASE_URL_HAS_QUERY: 'no',
        CONFIG_PATH: '',
        HUB_UID: uid,
        HUB_GID: gid,
      },
      ...{ ...inEnvironment(join(hub, 'environment')), ENVIRONMENT_UID: uid, ENVIRONMENT_GID: gid },
      ...{ ENVIRONMENT_PARENT_UID: uid, ENVIRONMENT_PARENT_GID: gid },
    });
    writeFileSync(join(job, 'parameters'), parameters);
    for (const name of ['journal', 'log']) writeFileSync(join(job, name), '', { flag: 'a' });
    const [command = '', ...args] = programs.command('').slice(0, -1);
    const parts = ['common', 'journal', 'environment', 'environments/pip', 'databases/sqlite', 'steps', 'generations'];
    const sources = parts.map((part) => `. "$PROGRAMS/${part}.sh"\n`).join('');
    // This database is a file alone: nobody looks into it.
    const fake = 'COPIES=$JOB; MINT_TOKEN=; hubdb() { :; }; service_stays_down() { :; }';
    const script = `set -u; PROGRAMS=$1 JOB=$2 STEP=-; . "$JOB/parameters"\n${sources}${fake}\n${statements}`;
    const ended = await runProgram([command, ...args, '-c', script, 'sh', programs.directory, job]);
    expect(ended).toEqual({ status: 0, stdout: '', stderr: '' });
  };
  const commit = (id: string, damage = '') =>
    inJob(id, `mkdir "$(environment_stage_path)"; database_snapshot; ${damage}\nkeep_generation before`);
  const takeBack = (id: string) =>
    inJob(id, 'database_snapshot; database_keep_new; keep_generation taken-back; database_discard_snapshot');
  /** The jobs of which something is there. */
  const left = (what: 'environment' | 'snapshot' | 'new') =>
    readdirSync(hub)
      .filter((name) => (what === 'environment' ? name.startsWith('environment.') : existsSync(join(hub, name, what))))
      .map((name) => name.replace(/^.*jupyterhub-upgrade-/, ''))
      .sort();
  return { state, hub, database, inJob, commit, takeBack, left, kept: () => readFileSync(join(state, 'kept'), 'utf8') };
}

describe.each(SHELLS)('with %s', (shell) => {
  it('two generations stay, and as many databases of new hubs that were taken back', async () => {
    const { inJob, commit, takeBack, left, kept } = host(shell);
    for (const id of ['1', '2', '3', '4']) {
      await commit(`up-${id}`);
      await takeBack(`back-${id}`);
    }
    expect(left('environment')).toEqual(['up-3', 'up-4']);
    expect(left('snapshot')).toEqual(['up-3', 'up-4']);
    expect(left('new')).toEqual(['back-3', 'back-4']);
    expect(kept()).toBe('before up-3\ntaken-back back-3\nbefore up-4\ntaken-back back-4\n');
    // Cut after its last line, and run again.
    await inJob('up-4', 'keep_generation before');
    expect(kept()).toBe('before up-3\ntaken-back back-3\ntaken-back back-4\nbefore up-4\n');
  });

  it('the way back of a snapshot can be gone again after its end, and keeps what the new hub wrote', async () => {
    const { hub, database, inJob, left, kept } = host(shell);
    const said = [database, 'rows of the new hub'].map((text) => `'${text}'`);
    await inJob(
      'back',
      `do_snapshot && journal begin migrate && journal begin start
      printf %s ${said[1]} >${said[0]}
      undo_snapshot && undo_snapshot`,
    );
    expect(readFileSync(database, 'utf8')).toBe('rows');
    expect([left('snapshot'), left('new'), kept()]).toEqual([[], ['back'], 'taken-back back\n']);
    expect(readFileSync(join(hub, '.jupyterhub-upgrade-back/new'), 'utf8')).toBe('rows of the new hub');
  });

  it('what the old hub wrote once it was put back stays, also where no line says that it was', async () => {
    const { database, inJob, left } = host(shell);
    const write = (text: string) => `printf %s '${text}' >'${database}.new' && mv '${database}.new' '${database}'`;
    await inJob(
      'full',
      `do_snapshot && journal begin migrate && ${write('half of it')}
      journal() { return 1; }
      undo_snapshot && ${write('rows, and one more')} && undo_snapshot`,
    );
    expect(readFileSync(database, 'utf8')).toBe('rows, and one more');
    expect(left('snapshot')).toEqual([]);
  });

  it('a copy that was cut while the database was set aside goes with its way back', async () => {
    const { hub, database, inJob } = host(shell);
    writeFileSync(`${database}.jupyterhub-upgrade`, 'half of the ro');
    await inJob('cut', 'undo_snapshot');
    expect(readdirSync(hub).sort()).toEqual(['environment', 'jupyterhub.sqlite']);
  });

  it('nothing older goes when the newest is not whole', async () => {
    const { commit, left } = host(shell);
    await commit('up-1');
    await commit('up-2');
    await commit('up-3', 'printf x >>"$(database_aside)/snapshot"');
    expect(left('snapshot')).toEqual(['up-1', 'up-2', 'up-3']);
    await commit('up-4');
    expect(left('snapshot')).toEqual(['up-3', 'up-4']);
  });

  it('journals and logs of thirty jobs stay, and those of jobs that left something or are not at their end', async () => {
    const { state, inJob, commit } = host(shell);
    await commit('kept');
    for (let number = 10; number < 50; number += 1) {
      const job = join(state, 'jobs', `job-${number}`);
      mkdirSync(job);
      const word = number === 10 ? 'rollback-failed' : 'rolled-back';
      writeFileSync(join(job, 'journal'), `1 0 begin stop\n${number === 11 ? '' : `2 0 verdict - ${word}\n`}`);
      utimesSync(job, number, number);
    }
    utimesSync(join(state, 'jobs/kept'), 1, 1);
    await inJob('last', 'prune_jobs');
    const numbers = Array.from({ length: 29 }, (_, index) => `job-${index + 21}`);
    expect(readdirSync(join(state, 'jobs')).sort()).toEqual(['job-10', 'job-11', ...numbers, 'kept', 'last']);
  });
});
