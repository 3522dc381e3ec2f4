import { describe, expect, it } from 'vitest';
import { differencesFrom } from '../../src/transaction/decisive.ts';
import { planUpgrade } from '../../src/transaction/plan.ts';
import { DATABASE, places, type Said, sampleFacts, sampleInputs, sqliteFacts } from '../hub/samples.ts';

const inputs = await sampleInputs({ 'accept-advice': 'allow-config' });
const documentOf = (said: Said = {}, make = sqliteFacts, from = inputs) => {
  const { document } = planUpgrade(from, make(said));
  if (document === undefined) throw new Error('no document');
  return document;
};
/** The commands of a step, as `user: command`. */
const runs = (name: string, ...of: Parameters<typeof documentOf>) =>
  documentOf(...of)
    .steps.find((step) => step.name === name)
    ?.commands.map(({ as, run }) => `${as}: ${run}`);

describe('the digest of a plan', () => {
  const { decisive } = documentOf();
  const changes = (said: Said, from = inputs) => {
    const now = documentOf(said, sqliteFacts, from).decisive;
    return differencesFrom({ digest: '', decisive }, now);
  };

  it.each<[string, Said]>([
    [
      'users, tokens and running servers',
      { database: { rows: { users: 99, api_tokens: 5, groups: 1 }, tokens: { count: 9, first: ['x'] } } },
    ],
    ['a server that was started', { database: { servers: [{ user: 'alice', name: '', pid: 7 }], server_clients: 1 } }],
    [
      'free disk',
      {
        raw: {
          places: places({ database: '2 900000 777 yes no /srv/hub', environment: '1 2000000 90000 yes no /opt' }),
        },
      },
    ],
    ['the size of the database', { database: { size: 11 * 1024 * 1024 } }],
    ['pids', { raw: { pid: '4321' } }],
    ['how long loading took', { raw: { 'load-centiseconds': '310' } }],
  ])('is the same after a change of %s', (_, said) => {
    expect(changes(said)).toEqual([]);
  });

  it.each<[string, Said, RegExp]>([
    [
      'a package',
      { raw: { requirements: 'jupyterhub==4.1.6\nnbgrader==0.9' } },
      /installed changed: nbgrader is new \(0\.9\)/,
    ],
    [
      'the configuration',
      { introspect: { config_digests: { '/etc/hub/jupyterhub_config.py': 'fedcba9876543210' } } },
      /the configuration changed: \/etc\/hub\/jupyterhub_config\.py was 0123456789abcdef and is fedcba9876543210/,
    ],
    [
      'the revision',
      { database: { revision: '4621fec11365' } },
      /the database changed: revision was 0eee8c825d24 and is/,
    ],
    [
      'what a stop of the service ends',
      { raw: { 'unit-properties': 'ActiveState=active\nKillMode=mixed' } },
      /the service changed: KillMode was process and is mixed/,
    ],
    ['the way of the installation', { raw: { 'private-mount': 'none' } }, /installation was staged and is in-place/],
    [
      'a blocker',
      { raw: { places: places({ environment: '1 1 99999 yes no /opt' }) } },
      /what is in the way changed: The disk of .* is new/,
    ],
  ])('is another one after a change of %s, and says so', (_, said, expected) => {
    expect(changes(said).join('\n')).toMatch(expected);
  });

  it('covers the release, `latest` resolved, and what is accepted', async () => {
    const latest = await sampleInputs({ 'accept-advice': 'allow-config', 'target-version': 'latest' });
    expect(changes({ raw: { versions: '6.1.0, 6.1.1' } }, latest)).toEqual([]);
    expect(changes({ raw: { versions: '6.1.1, 6.2.0' } }, latest).join('\n')).toContain(
      'target was 6.1.1 and is 6.2.0',
    );
    const more = await sampleInputs({ 'accept-advice': 'allow-config', 'allow-token-loss': 'true' });
    expect(changes({}, more)).toEqual([
      'Since the plan was approved, what is accepted changed: allow-token-loss: true is new (accepted).',
    ]);
  });

  it('tells no password of a package that comes from an address', () => {
    const { decisive: secret } = documentOf({
      raw: { requirements: 'ours @ git+https://me:s3cret@git.example.org/x' },
    });
    expect(JSON.stringify(secret)).not.toContain('s3cret');
    expect(secret['the packages that are installed']).toEqual({ ours: expect.stringMatching(/^from elsewhere \(/) });
  });
});

describe('the commands of a plan', () => {
  it('are those of the parts of this hub', () => {
    expect(runs('stop')?.slice(1)).toEqual([
      'root: systemctl daemon-reload',
      'root: systemctl stop jupyterhub.service',
    ]);
    expect(runs('migrate')).toEqual([
      'jupyterhub: /opt/hub/bin/python -m jupyterhub upgrade-db -f /etc/hub/jupyterhub_config.py',
    ]);
    expect(runs('snapshot')?.[0]).toContain('sqlite-files.sh set-aside /srv/hub/jupyterhub.sqlite');
    expect(runs('snapshot', {}, sampleFacts)?.[0]).toContain('hubdb backup @$JOB/database.json $JOB/database/snapshot');
  });

  it('have no migration where the schema is that of the target', async () => {
    const near = await sampleInputs({ 'accept-advice': 'allow-config', 'target-version': '4.1.9' });
    expect(runs('migrate', {}, sqliteFacts, near)).toEqual([]);
  });

  it('quote what a shell would read as something else, and leave their own names alone', () => {
    const path = '/srv/a $HOME "hub"';
    const [set] = runs('snapshot', { place: { path: `${path}/jupyterhub.sqlite` } }) ?? [];
    expect(set).toContain(' "/srv/a \\$HOME \\"hub\\"/.jupyterhub-upgrade-$JOB_ID"');
  });
});

describe('what users keep', () => {
  const spawner = (...classes: string[]) => ({
    introspect: {
      configuration: {
        ...{ sections: {}, counts: {}, packages: {} },
        components: [{ classes: [...classes, 'Spawner'], foreign: false, overrides: [], traits: {} } as never],
      },
    },
  });
  const unit = (KillMode: string) => ({ raw: { 'unit-properties': `ActiveState=active\nKillMode=${KillMode}` } });
  const servers = { database: { servers: [{ user: 'alice', name: '', pid: 7 }] } };

  it.each<[string, Said, string, string]>([
    ['local processes', { ...spawner('LocalProcessSpawner'), ...unit('process') }, 'goes on', 'goes on'],
    ['local processes', { ...spawner('LocalProcessSpawner'), ...unit('control-group') }, 'ends', 'goes on'],
    ['containers', { ...spawner('DockerSpawner'), ...unit('control-group') }, 'goes on', 'goes on'],
    ['something else', { ...spawner('OurSpawner'), ...unit('process') }, 'not known', 'goes on'],
  ])('of servers that are %s', (_, said, expected, proxy) => {
    const { survival } = documentOf(said);
    expect([survival.servers.fate, survival.proxy.fate]).toEqual([expected, proxy]);
  });

  it('ends where the hub ends it itself', () => {
    const local = spawner('LocalProcessSpawner').introspect;
    expect(documentOf({ introspect: { ...local, cleanup_servers: true } }).survival.servers.fate).toBe('ends');
    const managed = documentOf({ introspect: { ...local, proxy: { should_start: true } } }).survival.proxy;
    expect(managed).toEqual({ fate: 'ends', reason: 'the hub starts its proxy and ends it (cleanup_proxy)' });
  });

  it('is a warning, with the number of servers, where it ends', () => {
    const { warnings } = planUpgrade(
      inputs,
      sqliteFacts({ ...spawner('LocalProcessSpawner'), ...unit('mixed'), ...servers }),
    );
    expect(warnings.join('\n')).toContain('One user server runs now, and ends with the hub: KillMode=mixed');
    expect(planUpgrade(inputs, sqliteFacts({ ...spawner('DockerSpawner'), ...servers })).warnings.join()).not.toContain(
      'runs now',
    );
  });
});

it('says what was found out, and what was not', () => {
  const { facts, notDetermined } = documentOf({ database: { servers: [{ user: 'a', name: '', pid: null }] } });
  expect(facts).toContainEqual({ name: 'in it', value: `${DATABASE.rows.users} users, 1 groups, 2 API tokens` });
  expect(notDetermined.join('\n')).toContain('whose spawner does not tell a pid');
});
