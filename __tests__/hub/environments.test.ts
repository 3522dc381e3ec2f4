import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { environmentOf } from '../../src/hub/environments/index.ts';
import { readResolution, resolvedTo } from '../../src/hub/environments/resolution.ts';
import { wheelTarget } from '../../src/hub/environments/target.ts';
import { planUpgrade } from '../../src/transaction/plan.ts';
import { PACKAGES, places, sampleInputs, sqliteFacts } from './samples.ts';

const inputs = await sampleInputs();

/** What stands in the way of upgrading an environment of which discovery says this. */
function blockers(raw: Record<string, string>, given: Record<string, string> = {}) {
  return sampleInputs(given).then((some) => environmentOf(sqliteFacts({ raw }), some, '6.1.1').blockers.join('\n'));
}

const CONDA = {
  'environment-kind': 'conda',
  'package-manager': 'conda',
  'package-tool': '/opt/conda/bin/conda',
  'conda-packages': 'jupyterhub-4.1.6-py_0.json',
};

const OUTSIDE = {
  'environment-kind': 'none',
  'environment-place': 'user',
  'environment-path': '/home/hub/.local/lib/python3.11/site-packages',
  'environment-python': '/usr/bin/python3.11',
  'environment-bin': '/home/hub/.local/bin',
};

/** The raw facts of a hub's Python on its host that differ from the sample's. */
function platform(said: Record<string, unknown>): Record<string, string> {
  return { packages: JSON.stringify({ ...PACKAGES, platform: { ...PACKAGES.platform, ...said } }) };
}

describe('what was found and what was asked for', () => {
  it.each<[string, Record<string, string>, Record<string, string>, RegExp]>([
    ['pip in a virtual environment', {}, {}, /^$/],
    ['uv', { 'environment-kind': 'uv', 'package-manager': 'uv', 'package-tool': '/usr/local/bin/uv' }, {}, /^$/],
    [
      'no pip, and no uv either',
      { 'package-manager': 'uv', 'package-tool': '' },
      {},
      /\/opt\/hub has no pip.*no uv was found/,
    ],
    ['pip, which is not there', { 'package-tool': '' }, { 'package-manager': 'pip' }, /There is no pip in \/opt\/hub/],
    ['conda, as found', CONDA, {}, /^$/],
    ['conda for a virtual environment', { 'package-manager': 'conda' }, {}, /\/opt\/hub is no conda environment/],
    ['uv for one of conda', { ...CONDA, 'package-manager': 'uv' }, {}, /but \/opt\/hub is a conda environment/],
    [
      'pip for what conda installed',
      { ...CONDA, 'package-manager': 'pip' },
      {},
      /pip would leave conda's records wrong/,
    ],
    ['pip for what pip installed there', { ...CONDA, 'package-manager': 'pip', 'conda-packages': '' }, {}, /^$/],
    [
      'conda for what pip installed there',
      { ...CONDA, 'conda-packages': '' },
      {},
      /was not installed into \/opt\/hub by conda/,
    ],
    [
      'micromamba alone',
      { ...CONDA, 'package-tool': '', 'tool-micromamba': '/usr/bin/micromamba' },
      {},
      /\/usr\/bin\/micromamba is there, but has not been tried/,
    ],
    ['a frozen environment', { ...CONDA, 'conda-frozen': 'yes' }, {}, /marked as frozen/],
    [
      'an interrupted transaction',
      { ...CONDA, 'conda-interrupted': '/opt/hub/x.c~' },
      {},
      /was interrupted \(it left \/opt\/hub\/x\.c~\)/,
    ],
    [
      'a pin of JupyterHub',
      { ...CONDA, 'conda-pinned': 'python 3.12.*\njupyterhub <5\n' },
      {},
      /pinned: jupyterhub <5/,
    ],
    ['a pin of something else', { ...CONDA, 'conda-pinned': 'jupyterhub-idle-culler <2' }, {}, /^$/],
    ['constraints for conda', CONDA, { constraints: 'x<1' }, /constraints are for pip and uv/],
    ['channels for pip', {}, { channels: 'conda-forge' }, /channels are for conda, but pip installs into \/opt\/hub/],
    [
      'no environment at all, and nothing that pip put there',
      { 'environment-kind': 'none' },
      {},
      /\/opt\/hub is neither a virtual environment nor one of conda, and JupyterHub lies in no single directory of root's or of /,
    ],
    ['what pip put outside of any', OUTSIDE, {}, /^$/],
    ['uv for that', { ...OUTSIDE, 'package-manager': 'uv' }, {}, /outside of any environment, where pip put it/],
    ['a disk that cannot be written to', { 'environment-read-only': 'yes' }, {}, /mounted read-only/],
  ])('%s', async (_, raw, given, said) => {
    expect(await blockers(raw, given)).toMatch(said);
  });

  it('an editable JupyterHub is refused, another editable package named', async () => {
    const [hub, oauth, ...rest] = PACKAGES.installed;
    const from = 'file:///srv/code';
    const packages = (...installed: object[]) => ({ packages: JSON.stringify({ ...PACKAGES, installed }) });
    expect(await blockers(packages({ ...hub, editable: true, from }, ...rest))).toMatch(
      /editable mode from file:\/\/\/srv\/code: it is changed there/,
    );
    const facts = sqliteFacts({ raw: packages(hub ?? {}, { ...oauth, editable: true, from }) });
    expect(environmentOf(facts, inputs, '6.1.1')).toMatchObject({
      warnings: [expect.stringContaining('oauthenticator is installed in editable mode from file:///srv/code')],
      blockers: [],
    });
  });

  it('a JupyterHub from elsewhere is refused: the one in the environment would not run', async () => {
    const installed = PACKAGES.installed.filter(({ name }) => name !== 'jupyterhub');
    expect(await blockers({ packages: JSON.stringify({ ...PACKAGES, installed }) })).toMatch(
      /^JupyterHub is not installed in \/opt\/hub but elsewhere.*--user/,
    );
  });

  it('packages of another form than expected end the run', () => {
    expect(() => sqliteFacts({ raw: { packages: '{"installed": [{"name": 1}]}' } })).toThrow(
      /another form than expected/,
    );
    expect(() => sqliteFacts({ raw: { packages: 'no JSON' } })).toThrow(/another form than expected/);
  });
});

const resolved = (...names: string[]) =>
  new Map([
    ['status', '0'],
    ['resolved', JSON.stringify(names.map((name) => ({ name: name.split('==')[0], version: name.split('==')[1] })))],
  ]);

describe('what would be installed', () => {
  const facts = sqliteFacts();

  it('is in the plan, from and to, and exactly that is installed', () => {
    const answer = readResolution(
      resolved('jupyterhub==5.4.0', 'alembic==1.14.0', 'sqlalchemy==1.4.46'),
      facts,
      inputs,
      '5.4.0',
    );
    const plan = planUpgrade({ ...inputs, targetVersion: '5.4.0' }, facts, answer);
    expect(plan.document?.packages).toEqual([
      { name: 'alembic', to: '1.14.0' },
      { name: 'jupyterhub', from: '4.1.6', to: '5.4.0' },
    ]);
    expect(plan.parameters).toMatchObject({ REQUIREMENTS: 'alembic==1.14.0 jupyterhub==5.4.0', EXACTLY: '--no-deps' });
    const other = readResolution(resolved('jupyterhub==5.4.0', 'alembic==1.15.0'), facts, inputs, '5.4.0');
    expect(planUpgrade({ ...inputs, targetVersion: '5.4.0' }, facts, other).digest).not.toBe(plan.digest);
  });

  it('is a conflict where it breaks what is left as it is, and none where that was broken before', () => {
    const { blockers: said } = readResolution(resolved('jupyterhub==6.1.1'), facts, inputs, '6.1.1');
    expect(said).toEqual([
      'oauthenticator 16.0.0, which is installed beside JupyterHub, needs jupyterhub<6,>=2.2, and jupyterhub would become ' +
        '6.1.1. Have it upgraded together (extra-packages: oauthenticator), or remove it from the environment.',
    ]);
    expect(
      readResolution(resolved('jupyterhub==6.1.1', 'oauthenticator==17.3.0'), facts, inputs, '6.1.1').blockers,
    ).toEqual([]);
    const broken = { ...PACKAGES, requirements: [{ by: 'oauthenticator', name: 'jupyterhub', specifier: '<4' }] };
    const before = sqliteFacts({ raw: { packages: JSON.stringify(broken) } });
    expect(readResolution(resolved('jupyterhub==6.1.1'), before, inputs, '6.1.1').blockers).toEqual([]);
  });

  it('is outside of what The Littlest JupyterHub allows, which is named, and what to do', () => {
    const tljh = { name: 'the-littlest-jupyterhub', version: '1.0.0', editable: false, installer: 'pip', from: null };
    const packages = JSON.stringify({
      ...PACKAGES,
      installed: [...PACKAGES.installed, tljh],
      requirements: [{ by: tljh.name, name: 'jupyterhub', specifier: '<5,>=4.0.2' }],
    });
    const raw = { packages, 'environment-path': '/opt/tljh/hub', directory: '/opt/tljh/state' };
    const configFile = '/opt/tljh/hub/lib/python3.11/site-packages/tljh/jupyterhub_config.py';
    const known = sqliteFacts({ raw, introspect: { config_file: configFile } });
    expect(readResolution(resolved('jupyterhub==6.1.1'), known, inputs, '6.1.1').blockers).toEqual([
      'The Littlest JupyterHub 1.0.0 allows jupyterhub <5,>=4.0.2, and jupyterhub would become 6.1.1. Choose a version in ' +
        'that range, or upgrade The Littlest JupyterHub itself first, with its own installer, to a release that allows it.',
    ]);
    const said = (facts_: typeof known) => environmentOf(facts_, inputs, '6.1.1').guarantees.join('\n');
    expect(said(known)).toContain('This is The Littlest JupyterHub 1.0.0 in /opt/tljh. Only /opt/tljh/hub is upgraded');
    // Its package alone is not its layout.
    for (const other of [{ directory: '/srv/hub' }, { 'environment-path': '/opt/tljh/env' }]) {
      expect(said(sqliteFacts({ raw: { ...raw, ...other }, introspect: { config_file: configFile } }))).not.toContain(
        'Littlest',
      );
    }
    expect(said(sqliteFacts({ raw }))).not.toContain('Littlest');
  });

  it('must be the target', () => {
    expect(readResolution(resolved('jupyterhub==5.0.0'), facts, inputs, '6.1.1').blockers).toEqual([
      'What would be installed is JupyterHub 5.0.0, but target-version is 6.1.1.',
    ]);
  });

  it('is not known where pip is too old and Python, too, which is said, and JupyterHub itself is looked at', () => {
    const answer = readResolution(new Map([['status', '3']]), facts, inputs, '6.1.1');
    expect(answer.warnings).toEqual([expect.stringContaining('cannot be told in advance: pip 23.0 is too old')]);
    expect(answer.blockers).toEqual([expect.stringContaining('oauthenticator 16.0.0')]);
    expect(planUpgrade(inputs, facts, answer).document?.packages).toEqual([
      { name: 'jupyterhub', from: '4.1.6', to: '6.1.1' },
    ]);
    // Where others share the packages, it has to be known.
    const shared = readResolution(new Map([['status', '3']]), sqliteFacts({ raw: OUTSIDE }), inputs, '6.1.1');
    expect(shared.blockers).toEqual([
      expect.stringMatching(/too old for that.*upgrade pip first, or give the hub an env/),
    ]);
  });

  it('a full disk is called so', () => {
    const answer = readResolution(
      new Map([
        ['status', '1'],
        ['log', 'ERROR: [Errno 28] No space left on device'],
      ]),
      facts,
      inputs,
      '6.1.1',
    );
    expect(answer.blockers).toEqual([expect.stringMatching(/^A disk of the host is full: pip refuses/)]);
  });
});

describe('outside of any environment', () => {
  it.each([
    ['user', /installed with pip install --user, in .*Better give the hub an environment/, 'PIP_USER=1'],
    ['system', /installed system-wide, in .*servers of users among it, gets the new ones/, 'PIP_USER=0'],
  ])('is installed in place, %s, which is said to be weaker', (place, said, words) => {
    const facts = sqliteFacts({ raw: { ...OUTSIDE, 'environment-place': place } });
    const plan = planUpgrade(inputs, facts, readResolution(resolved('jupyterhub==6.1.1'), facts, inputs, '6.1.1'));
    expect(plan.steps.map(({ name }) => name)).toEqual(expect.arrayContaining(['install']));
    expect(plan.steps.map(({ name }) => name)).not.toContain('rehearse');
    expect(plan.parameters).toMatchObject({
      ...{ INSTALL: 'in-place', PLACE: place, HUB_PYTHON: '/usr/bin/python3.11', HUB_BIN: '/home/hub/.local/bin' },
    });
    expect(plan.warnings.join('\n')).toMatch(said);
    const commands = plan.document?.steps.flatMap((step) => step.commands.map(({ run }) => run)) ?? [];
    expect(commands.filter((run) => run.includes('-m pip'))).toEqual([
      expect.stringMatching(
        new RegExp(`${words} PIP_BREAK_SYSTEM_PACKAGES=1 /usr/bin/python3\\.11 -m pip wheel .*--no-deps`),
      ),
      expect.stringMatching(
        new RegExp(`${words} PIP_BREAK_SYSTEM_PACKAGES=1 .* install --no-index .*jupyterhub==6\\.1\\.1`),
      ),
    ]);
  });

  it('what a distribution put elsewhere is not changed', () => {
    const foreign = { ...PACKAGES.installed[2], elsewhere: '/usr/lib/python3/dist-packages' };
    const packages = JSON.stringify({ ...PACKAGES, installed: [PACKAGES.installed[0], foreign] });
    const answer = resolved('jupyterhub==6.1.1', 'sqlalchemy==2.0.0');
    const blockersOf = (raw: Record<string, string>) =>
      readResolution(answer, sqliteFacts({ raw: { ...raw, packages } }), inputs, '6.1.1').blockers;
    expect(blockersOf(OUTSIDE)).toEqual([
      expect.stringMatching(
        /^sqlalchemy 1\.4\.46 would become 2\.0\.0, but lies in \/usr\/lib\/python3\/dist-packages, where the distr/,
      ),
    ]);
    // An environment that sees them has its own before them.
    expect(blockersOf({})).toEqual([]);
  });
});

describe('packages from the runner', () => {
  const wheels = [{ name: 'jupyterhub-5.4.0-py3-none-any.whl', path: '/tmp/x', size: 4 * 1024 * 1024 }];
  const given = { 'packages-from': 'runner', 'target-version': '5.4.0', 'accept-advice': 'allow-config' };

  it('are sent, and installed from there and nowhere else', async () => {
    const some = await sampleInputs(given);
    const facts = sqliteFacts();
    const answer = resolvedTo([{ name: 'jupyterhub', from: '4.1.6', to: '5.4.0' }], facts, some, '5.4.0');
    const plan = planUpgrade(some, facts, { ...answer, wheels });
    expect([plan.blockers, plan.wheels]).toEqual([[], wheels]);
    expect(plan.parameters).toMatchObject({ PACKAGES_FROM: 'runner', REQUIREMENTS: 'jupyterhub==5.4.0' });
    expect(plan.guarantees.join()).toContain('the host asks no package index');
    expect(plan.warnings.join()).toContain('takes a package index that the host can reach');
    const install = plan.document?.steps.flatMap(({ commands }) => commands.map(({ run }) => run)) ?? [];
    expect(install.join('\n')).toMatch(/PIP_CONFIG_FILE=\/dev\/null .* --no-index --find-links/);
    const room = planUpgrade(
      some,
      sqliteFacts({ raw: { places: places({ state: '3 100 100000 yes no /var/lib' }) } }),
      {
        ...answer,
        wheels,
      },
    );
    expect(room.blockers.join()).toMatch(/packages from the runner \(4/);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['conda', CONDA, /packages-from: runner is for pip and uv/],
    ['a hub outside of any environment', OUTSIDE, /needs a hub in an environment of its own/],
    ['another Python', platform({ implementation: 'pypy' }), /has pypy 3\.11\.2 on x86_64/],
    ['another machine', platform({ machine: 's390x' }), /on s390x/],
    ['a Python of 32 bits', platform({ bits: 32 }), /\(32 bits\)/],
    ['words where a version belongs', platform({ python: '3.11 --index-url=x' }), /packages-from: host/],
    ['an old C library', platform({ libc: 'glibc 2.12' }), /glibc 2\.17 or newer and pip 19\.3/],
    [
      'musl and a pip that knows no wheels for it',
      { ...platform({ libc: 'musl 1.2' }), 'package-tool-version': 'pip 21.1.3 from /opt/hub' },
      /musl and pip 21\.2 or newer; .* has musl 1\.2 and pip 21\.1\.3/,
    ],
    ['no known C library', platform({ libc: null }), /another C library/],
    [
      'an old pip',
      { 'package-tool-version': 'pip 19.2.3 from /opt/hub' },
      /has glibc 2\.36 and pip 19\.2\.3\. Upgrade pip/,
    ],
  ])('are not sent to %s', async (_, raw, sentence) => {
    expect(await blockers(raw, { 'packages-from': 'runner' })).toMatch(sentence);
    expect(await blockers(raw)).not.toMatch(sentence);
  });

  it('are not sent for a release by way of which the database goes', async () => {
    const some = await sampleInputs({ 'packages-from': 'runner' });
    const { blockers: said } = environmentOf(sqliteFacts(), some, '6.1.1', { hops: ['4.1.6'] });
    expect(said.join()).toMatch(
      /by way of JupyterHub 4\.1\.6, whose packages the runner does not send.*target-version: 4\.1\.6/,
    );
  });

  it.each<[string, Record<string, string>, string, string[]]>([
    ['a new glibc', { libc: 'glibc 2.41' }, 'x86_64-manylinux_2_40', ['manylinux_2_40_x86_64', 'manylinux_2_5_x86_64']],
    [
      'one between two',
      { libc: 'glibc 2.30' },
      'x86_64-manylinux_2_28',
      ['manylinux_2_28_x86_64', 'manylinux1_x86_64'],
    ],
    ['aarch64', { machine: 'aarch64' }, 'aarch64-manylinux_2_36', ['manylinux_2_17_aarch64', 'manylinux2014_aarch64']],
    ['musl', { libc: 'musl 1.2' }, 'x86_64-unknown-linux-musl', ['musllinux_1_2_x86_64', 'musllinux_1_0_x86_64']],
  ])('must fit %s', (_, said, name, some) => {
    const target = wheelTarget(sqliteFacts({ raw: platform(said) }).environment);
    expect(target).toMatchObject({
      python: '3.11.2',
      abi: 'cp311',
      platform: name,
      tags: expect.arrayContaining(some),
    });
  });

  it('must have tags that an old pip knows', () => {
    const old = { 'package-tool-version': 'pip 20.0.2 from /opt/hub' };
    expect(wheelTarget(sqliteFacts({ raw: old }).environment)).toMatchObject({ platform: 'x86_64-manylinux_2_17' });
    const uv = { ...old, 'package-manager': 'uv' };
    expect(wheelTarget(sqliteFacts({ raw: uv }).environment)).toMatchObject({ platform: 'x86_64-manylinux_2_36' });
  });
});

describe('what conda 26.7.1 answered', () => {
  const recorded = (name: string) => readFileSync(join(import.meta.dirname, 'conda-26.7.1', `${name}.json`), 'utf8');
  const facts = sqliteFacts({ raw: CONDA });
  const answer = (name: string, status = '1') =>
    readResolution(new Map(Object.entries({ status, resolved: recorded(name) })), facts, inputs, '6.1.1');

  it('is read as the packages that change', () => {
    const { changes, blockers: none } = answer('dry-run', '0');
    expect(none).toEqual([]);
    expect(changes).toHaveLength(19);
    expect(changes).toContainEqual({ name: 'jupyterhub', from: '4.1.6', to: '6.1.1', build: 'py_0' });
    expect(changes).toContainEqual(expect.objectContaining({ name: 'pydantic', to: expect.any(String) }));
    const plan = planUpgrade(inputs, facts, answer('dry-run', '0'));
    expect(plan.parameters.REQUIREMENTS?.split(' ')).toContain('jupyterhub=6.1.1=py_0');
  });

  it('is no upgrade where it says that all is there', () => {
    expect(answer('already', '0').blockers).toEqual([
      'What would be installed is JupyterHub 4.1.6, but target-version is 6.1.1.',
    ]);
  });

  it.each<[string, RegExp]>([
    ['not-found', /^conda's channels do not have what is asked for: .*jupyterhub==99/],
    [
      'unsat-rattler',
      /^jupyterhub==6\.1\.1 cannot be installed together with what is there: .*hubplugin 1\.0 would require/,
    ],
    ['unsat-classic', /^jupyterhub==6\.1\.1 cannot be installed together with what is there: /],
    ['pinned-rattler', /^jupyterhub==6\.1\.1 cannot be installed together with what is there: /],
    ['frozen', /^conda refuses to install jupyterhub==6\.1\.1: .*frozen/],
    ['not-writable', /^The environment cannot be written to: /],
    ['no-channel-http', /^conda's channels cannot be reached from the host: /],
    ['no-channel-file', /^conda's channels cannot be reached from the host: /],
    ['disk-full-cache', /^A disk of the host is full: /],
  ])('%s', (name, said) => {
    expect(answer(name).blockers).toEqual([expect.stringMatching(said)]);
  });
});
