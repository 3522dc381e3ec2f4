import { appendFile, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createAccount, startDatabase } from '../../bench/databases/index.ts';
import type { DatabaseServer } from '../../bench/databases/server.ts';
import { copyEnvironment } from '../../bench/hub/environments.ts';
import { hubEnvironment, seedDatabase } from '../support/hub-environment.ts';
import { JobOnDisk, killJobs, programsForJobs } from './job-on-disk.ts';
import { inEnvironment, temporaryDirectory } from './support.ts';

// The whole step with two real releases and no hub but the trial's: a hub that was staged, and its database in a file or on a
// server.

const isRoot = process.getuid?.() === 0;
const root = temporaryDirectory();
const environment = join(root, 'the environment');
const programs = programsForJobs('dash');
let server: DatabaseServer | undefined;

beforeAll(async () => {
  // Each names the place where it will stand.
  await copyEnvironment('6.1.1', environment, 'postgresql');
  await rename(environment, `${environment}.jupyterhub-upgrade-this-job`);
  await copyEnvironment('4.1.6', environment, 'postgresql');
}, 600_000);

afterEach(killJobs);
afterAll(() => server?.stop());

interface Given {
  /** Of a server; else a file is made. */
  url?: string;
  config?: string;
  parameters?: Record<string, string>;
}

async function rehearse({ url, config = "c.JupyterHub.authenticator_class = 'dummy'", parameters = {} }: Given) {
  const job = await JobOnDisk.make(programs, ['stage', 'rehearse'], {
    real: ['rehearse'],
    behaviours: { do_stage: 'note head f460b0348206' },
    parameters: {
      ...{ ...inEnvironment(environment), ENVIRONMENT_UID: '0', ENVIRONMENT_GID: '0', INSTALL: 'staged' },
      ...{ HUB_ENV: '', MINT_TOKEN: 'yes', TOKEN_USER: '', CANARY_USER: '', TARGET_VERSION: '6.1.1' },
      ...{ PREVIOUS_REVISION: '0eee8c825d24', LIMIT_START: '120', LIMIT_REHEARSE: '600' },
      ...(url === undefined ? {} : { DATABASE_DIALECT: 'server', DATABASE_PATH: '', DATABASE_PATIENCE: '5' }),
      ...parameters,
    },
  });
  await writeFile(
    job.path('hub.env'),
    `export PATH='${environment}/bin':"$PATH"\nexport CONFIGPROXY_AUTH_TOKEN=proxy\n`,
  );
  await appendFile(job.path('parameters'), `HUB_ENV='${job.path('hub.env')}'\n`);
  await writeFile(job.path('secrets'), `HEALTH_TOKEN='${'f'.repeat(32)}'\n`);
  await mkdir(job.path('database'), { mode: 0o700 });
  await writeFile(
    join(job.hub, 'jupyterhub_config.py'),
    `${config}\n${url ? `c.JupyterHub.db_url = ${JSON.stringify(url)}\n` : ''}`,
  );
  const old = { ...(await hubEnvironment('4.1.6')), python: join(environment, 'bin/python') };
  if (url === undefined) await seedDatabase(old, join(job.hub, 'jupyterhub.sqlite'));
  else await writeFile(job.path('database.json'), JSON.stringify({ url, kwargs: {} }), { mode: 0o600 });
  await job.run();
  const notes = job.journal.flatMap(({ event, step, rest }) => (event === 'note' && step === 'rehearse' ? [rest] : []));
  const left = [...(await readdir(job.hub)), ...(await readdir(job.path('database')))];
  expect(left.filter((name) => name.includes('rehearsal') || name.includes('upgrade'))).toEqual([]);
  expect(job.processes()).toEqual([]);
  expect(job.verdict, job.read('log')).toBe('not-begun');
  return { job, notes, log: job.read('log') };
}

const rehearsed =
  'rehearsed {"could": 30, "gained": 0, "ignored": [], "known": true, "lost": 0, "strangers": "same", "undetermined": 0}';

describe.runIf(isRoot)('a rehearsal', { timeout: 600_000 }, () => {
  it('of a file is isolated from everything', async () => {
    const { job, notes, log } = await rehearse({});
    expect(job.events, log).toContain('done rehearse');
    expect(notes).toContain('trial isolated');
    expect(notes).toContain(rehearsed);
    expect(notes.filter((note) => note.startsWith('seconds ')).map((note) => note.split(' ')[1])).toEqual([
      'copy',
      'migrate',
      'start',
      'stop',
    ]);
    expect(notes.filter((note) => /^no/.test(note))).toEqual([]);
  });

  it('of a server needs a scratch database there, which is gone afterwards', async () => {
    server = await startDatabase.postgresql({});
    const account = await createAccount.postgresql(server, { name: 'hub', createDatabases: true, schema: 'hub_data' });
    await seedDatabase({ ...(await hubEnvironment('4.1.6')), python: join(environment, 'bin/python') }, account.url);
    const databases = () => server?.admin('SELECT datname FROM pg_database ORDER BY 1');
    const before = await databases();
    const near = await rehearse({ url: account.socketUrl });
    expect(near.job.events, near.log).toContain('done rehearse');
    expect(near.notes, near.log).toContain('trial isolated');
    expect(near.notes).toContain(rehearsed);
    expect(await databases()).toEqual(before);
    // Over the network there is no isolation, and who knows what such a class does.
    const config = `import sys
sys.path.insert(0, ${JSON.stringify(root)})
c.JupyterHub.authenticator_class = 'site_auth.Site'`;
    await writeFile(
      join(root, 'site_auth.py'),
      'from jupyterhub.auth import DummyAuthenticator as D\nclass Site(D): pass\n',
    );
    const foreign = await rehearse({ url: account.url, config });
    expect(foreign.job.events, foreign.log).toContain('done rehearse');
    expect(foreign.notes.join('\n')).toMatch(
      /no-trial it could not be kept from the world here, and what site_auth\.Site does/,
    );
    expect(await databases()).toEqual(before);
  });

  it('that fails says why in its last line', async () => {
    const config = "c.JupyterHub.authenticator_class = 'dummy'\nfrom jupyterhub.emptyclass import EmptyClass";
    const { log } = await rehearse({ config });
    expect(log.trim().split('\n').at(-1)).toMatch(
      /does not work with JupyterHub 6\.1\.1: .*jupyterhub\.emptyclass.*Change it/,
    );
  });
});
