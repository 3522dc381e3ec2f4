import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileOf } from '../../bench/hub/database.ts';
import { run } from '../../bench/hub/run.ts';
import type { Scene } from './light.ts';

// What is found out before anything is tried. What shows only in a rehearsal is in light-rehearsal.test.ts.

interface Place {
  scene: Scene;
  /** The mount point of the file system that the hub is on, which nobody else uses. */
  disk: string;
}

/** Breaks something; resolves to what mends it. */
type Breaks = (place: Place) => Promise<() => unknown>;

interface Situation {
  name: string;
  /** The sentence that names it. */
  cure: RegExp;
  breaks?: Breaks;
  inputs?: Record<string, string>;
  /** Where it is found, if not by the plan. */
  step?: string;
}

/** Writes a file of the hub's anew; one that was not there goes again. */
function changed(path: (place: Place) => string, change: (text: string) => string): Breaks {
  return async (place) => {
    const file = path(place);
    const text = await readFile(file, 'utf8').catch(() => undefined);
    await writeFile(file, change(text ?? ''));
    return () => (text === undefined ? rm(file) : writeFile(file, text));
  };
}

function configured(line: string): Breaks {
  return changed(
    ({ scene }) => scene.hub.configPath,
    (text) => `${text}\n${line}\n`,
  );
}

function altered(plant: string, remove: string): Breaks {
  return async ({ scene }) => {
    const sql = (statement: string) => run('sqlite3', ['-cmd', '.timeout 10000', fileOf(scene.hub), statement]);
    await sql(plant);
    return () => sql(remove);
  };
}

/** The first of the hub's packages, or their files, that this names. */
function installed({ scene }: Place, pattern: string): string {
  return globSync(join(scene.hub.environmentPath, 'lib/python*/site-packages', pattern))[0] ?? '';
}

/** What `df` says is left on the disk. */
async function left({ disk }: Place, what: 'avail' | 'iavail'): Promise<number> {
  return Number((await run('df', [`--output=${what}`, '-B1', disk])).split('\n')[1]);
}

/** Each of them ends an upgrade of a hub that runs 4.1.6. */
export const situations: Situation[] = [
  {
    name: 'a configuration that is not there',
    inputs: { 'config-path': '/nowhere/jupyterhub_config.py' },
    step: 'discover',
    cure: /No running JupyterHub was found on the host\. Start it, or give `config-path`/,
  },
  {
    name: 'a configuration that is no Python',
    breaks: configured('this is no Python'),
    step: 'discover',
    cure: /The configuration could not be loaded: SyntaxError \(.*jupyterhub_config\.py, line \d+\).* Mend that first/,
  },
  {
    name: 'an older release',
    inputs: { 'target-version': '4.0.2' },
    cure: /restore its backup \(mode: restore\)/,
  },
  {
    name: 'a release that nobody has',
    inputs: { 'target-version': '5.99.0' },
    cure: /no jupyterhub==5\.99\.0 for this Python; the newest it offers is \S+\. Ask for a version that it has/,
  },
  {
    name: 'a release for a newer Python',
    inputs: { 'target-version': '9.0.0' },
    async breaks(place) {
      const page = join(place.disk, 'newer.html');
      const link = '<a href="jupyterhub-9.0.0-py3-none-any.whl" data-requires-python="&gt;=3.99">it</a>';
      await writeFile(page, `<!DOCTYPE html><html><body>${link}</body></html>`);
      return changed(
        ({ scene }) => join(scene.hub.environmentPath, 'pip.conf'),
        // One more line of find-links.
        (text) => `${text.trimEnd()}\n  file://${page}\n`,
      )(place);
    },
    cure: /jupyterhub==9\.0\.0 needs Python >=3\.99, .* Give the hub an environment with such a Python first/,
  },
  {
    name: 'a plugin for the old release alone',
    async breaks(place) {
      const directory = join(dirname(installed(place, 'jupyterhub')), 'oldplugin-1.0.dist-info');
      await mkdir(directory);
      const metadata = ['Metadata-Version: 2.1', 'Name: oldplugin', 'Version: 1.0', 'Requires-Dist: jupyterhub<5'];
      await writeFile(join(directory, 'METADATA'), `${metadata.join('\n')}\n`);
      return () => rm(directory, { recursive: true });
    },
    cure: /oldplugin 1\.0, which is installed beside JupyterHub, needs jupyterhub<5, .*extra-packages: oldplugin\), or remove it/,
  },
  {
    name: 'a JupyterHub in editable mode',
    breaks: changed(
      (place) => join(installed(place, 'jupyterhub-*.dist-info'), 'direct_url.json'),
      () => '{"url": "file:///srv/code", "dir_info": {"editable": true}}',
    ),
    cure: /installed in editable mode from file:\/\/\/srv\/code: .*Install a release in its place first/,
  },
  {
    name: 'an environment that is mounted read-only',
    async breaks({ scene }) {
      const { environmentPath } = scene.hub;
      await run('mount', ['--bind', environmentPath, environmentPath]);
      await run('mount', ['-o', 'remount,bind,ro', environmentPath]);
      return () => run('umount', ['--lazy', environmentPath]);
    },
    cure: /cannot be written to by its owner \(uid 0\): .*Make it writable first/,
  },
  {
    name: 'a directory in which nothing can be made',
    async breaks({ scene }) {
      await run('chattr', ['+i', scene.hub.directory]);
      return () => run('chattr', ['-i', scene.hub.directory]);
    },
    cure: /where the copy of the environment is made, cannot be written to by root.*set its owner and mode/,
  },
  {
    name: 'a disk that is full',
    async breaks(place) {
      const ballast = join(place.disk, 'ballast');
      await run('fallocate', ['--length', String((await left(place, 'avail')) - 100 * 1024 * 1024), ballast]);
      return () => rm(ballast);
    },
    cure: /The disk of .* has [\d.]+ MiB free, and .* needed there: a copy of the environment \(.*Make room for .* more/,
  },
  {
    name: 'a disk that takes no more files',
    async breaks(place) {
      const ballast = join(place.disk, 'ballast');
      await mkdir(ballast);
      await run('sh', ['-c', `cd '${ballast}' && seq ${(await left(place, 'iavail')) - 5000} | xargs touch`]);
      return () => rm(ballast, { recursive: true });
    },
    cure: /has room for \d+ more files? \(inodes\), and \d+ are needed there\. Remove files/,
  },
  {
    name: 'a database that is half migrated',
    breaks: altered('CREATE TABLE _alembic_tmp_users (id INTEGER)', 'DROP TABLE _alembic_tmp_users'),
    cure: /half migrated \(table _alembic_tmp_users .*Restore it from a backup first/,
  },
  {
    name: 'a database of another release than the code',
    breaks: altered(
      "UPDATE alembic_version SET version_num = '651f5419b74d'",
      "UPDATE alembic_version SET version_num = '0eee8c825d24'",
    ),
    cure: /an earlier upgrade was not finished\. Run `jupyterhub upgrade-db` or restore a backup first/,
  },
  {
    name: 'another hub on the same database',
    async breaks({ scene }) {
      // As far as can be seen from outside.
      const other = join(await mkdtemp(join(scene.work, 'other-')), 'jupyterhub');
      const program = `
import sqlite3, time
c = sqlite3.connect(${JSON.stringify(fileOf(scene.hub))})
c.execute("SELECT 1 FROM users").fetchall()
print("open", flush=True)
time.sleep(600)
`;
      await writeFile(other, program, { mode: 0o755 });
      const second = spawn('/usr/bin/python3', [other], { cwd: dirname(other) });
      await once(second.stdout, 'data');
      return () => second.kill();
    },
    cure: /Another JupyterHub, the process \d+, has the database .* open, too\. Stop it/,
  },
  {
    name: 'a port that another program has',
    async breaks(place) {
      const holder = createServer().listen(0, '127.0.0.1');
      await once(holder, 'listening');
      const undo = await configured(`c.JupyterHub.hub_port = ${(holder.address() as AddressInfo).port}`)(place);
      return () => {
        holder.close();
        return undo();
      };
    },
    cure: /Port \d+, .* is held by the process \d+ \(node.*End it, or give/,
  },
  {
    name: 'a job that may store no artifact',
    async breaks({ scene }) {
      scene.service.fault({ match: 'CreateArtifact', status: 403 });
      return () => {};
    },
    cure: /The artifact service refused the token of this job\. Run the job again/,
  },
];
