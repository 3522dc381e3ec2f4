import { spawnSync } from 'node:child_process';
import { chmodSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemPython } from '../../bench/hub/environments.ts';
import { run } from '../../bench/hub/run.ts';
import { canMount, fillIndex, isRoot, type Manager, NOBODY, OWN, Site, type Who } from './environment-site.ts';
import type { Shell } from './programs.ts';
import { python, temporaryDirectory } from './support.ts';

const root = temporaryDirectory();
const index = mkdtempSync('/tmp/index-');

beforeAll(async () => {
  chmodSync(root, 0o755);
  await fillIndex(index);
});

afterAll(() => rmSync(index, { recursive: true, force: true }));

/** An installation of a real pip's, of a hub and of pip itself, by the machine's own Python and outside of any environment. */
interface Outside {
  site: Site;
  /** Where all of it lies. */
  base: string;
  options: Record<string, string>;
  /** A command in whose sight it lies where Python looks for it. */
  within: string[];
}

/** Stands for a manager: nothing is installed but by `put`. */
const pip: Manager = { name: 'pip', parameters: {}, install: async () => {} };

async function put(place: 'user' | 'system', shell: Shell, who: Who): Promise<Outside> {
  const site = new Site(root, pip, shell, who);
  const home = join(site.directory, 'home');
  const settings = join(home, '.config/pip/pip.conf');
  mkdirSync(dirname(settings), { recursive: true });
  writeFileSync(settings, `[global]\nno-index = true\nfind-links = ${index}\n`);
  const local = join(site.directory, 'local');
  mkdirSync(local);
  if (isRoot) for (const path of [home, local]) spawnSync('chown', ['-R', `${who.owner}:${who.owner}`, path]);
  const base = place === 'user' ? join(home, '.local') : '/usr/local';
  const within = place === 'user' ? [] : seeing(local);
  const commands = join(base, 'bin');
  const first = { PLACE: place, OWNER_HOME: home, HUB_PYTHON: systemPython, HUB_BIN: commands, INSTALL: 'in-place' };
  const [wheel = ''] = [
    ...globSync('/usr/share/python-wheels/pip-*.whl'),
    ...globSync('/usr/lib/python3*/ensurepip/_bundled/pip-*.whl'),
  ];
  const installed = await site.run(
    `as_owner $PIP_MANNERS "$HUB_PYTHON" '${wheel}/pip' install --quiet '${wheel}' jupyterhub==1.0.0`,
    { ...first, ENVIRONMENT_PATH: '/nowhere' },
    within,
  );
  expect(installed).toMatchObject({ status: 0 });
  const told = await site.run('as_owner "$HUB_PYTHON" "$PROGRAMS/packages.py" place', first, within);
  const [kind = '', path = '', bin = ''] = told.stdout.trim().split('\n');
  expect([kind, bin]).toEqual([place, commands]);
  return { site, base: place === 'user' ? base : local, within, options: { ...first, ENVIRONMENT_PATH: path } };
}

/** A command that sees that directory in the place of /usr/local. */
function seeing(local: string): string[] {
  return [
    'unshare',
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    'mount --bind "$0" /usr/local && exec "$@"',
    local,
  ];
}

const PLACES: ['user' | 'system', Shell, Who][] = [
  ['user', 'dash', OWN],
  ...(isRoot
    ? ([
        ['user', 'busybox', { user: 0, owner: NOBODY, parent: NOBODY }],
        ['system', 'dash', OWN],
      ] as ['user' | 'system', Shell, Who][])
    : []),
];

describe.each(PLACES)('for the %s, with %s', (place, shell, who) => {
  it.skipIf(place === 'system' && !canMount(0))(
    'in place, and exactly back, also when it was cut',
    async () => {
      const { site, base, options, within } = await put(place, shell, who);
      const does = async (functions: string) => {
        const { status, stderr } = await site.run(functions, options, within);
        expect({ functions, status, stderr: status === 0 ? '' : stderr }).toEqual({ functions, status: 0, stderr: '' });
      };
      const version = async () => (await site.run('as_owner "$HUB_BIN/jupyterhub"', options, within)).stdout.trim();
      // Bytecode is nobody's; pip leaves a cache in the home.
      const picture = () => site.picture(base).replaceAll(/^.*\.jupyterhub-upgrade-one\b.*\n/gm, '');
      const before = picture();
      expect([await version(), before.includes('share/hub/of-1/page.html')]).toEqual(['1.0.0', true]);

      // Less what a distribution has elsewhere.
      expect((await site.run('packages_frozen', options, within)).stdout.trim()).toBe(
        'alembic==1.0.0\njupyterhub==1.0.0',
      );

      await does('environment_stage');
      expect(picture()).toBe(before);
      await does('environment_is_as_staged');
      await does('environment_install');
      expect(await version()).toBe('2.0.0');
      expect(picture()).toContain('share/hub/of-2/page.html');
      expect(picture()).not.toContain('share/hub/of-1/page.html');
      expect(site.noted('head')).toBe('head2');

      await does('environment_switch_back');
      expect([await version(), picture()]).toEqual(['1.0.0', before]);

      // Cut in the middle: what pip says that it installed is not there yet, and what it removed is gone.
      await does('environment_discard_stage; rm -rf "$JOB/wheels"; environment_stage; environment_install');
      const remains = 'share/hub/page.html lib/python*/*-packages/jupyterhub-2.0.0.dist-info bin/jupyterhub';
      spawnSync('sh', ['-c', `cd '${base}' && rm -r ${remains}`]);
      await does('environment_switch_back; environment_switch_back');
      expect([await version(), picture()]).toEqual(['1.0.0', before]);
      await does('environment_discard_stage');
      expect(site.picture(base)).toBe(before);
    },
    120_000,
  );
});

it.skipIf(!isRoot)(
  'root works where an interpreter of root says that packages are, and nowhere that the hub alone names',
  async () => {
    const site = new Site(root, pip, 'dash', OWN);
    const own = join(site.directory, 'python');
    writeFileSync(own, `#!/bin/sh\nprintf 'system\\n/etc\\n/etc\\n'\n`, { mode: 0o755 });
    /** What is found when the hub says that this runs it, and that its packages are there. */
    const found = async (executable: string, told: string) => {
      const functions = `. "$PROGRAMS/environments/detect.sh"; PLACE=environment HUB_UID=${NOBODY} interpreter=python
      value() { echo '${executable}'; }; as_hub() { printf '${told}'; }; find_place; echo "$PLACE $ENVIRONMENT_PATH $HUB_BIN"`;
      return (await site.run(functions, { ENVIRONMENT_PATH: '/usr', HUB_BIN: '/usr/bin' })).stdout.trim();
    };
    const nothing = 'environment /usr /usr/bin';
    // Anybody may write to the directory that it is in.
    expect(await found(own, 'system\\n/etc\\n/etc\\n')).toBe(nothing);
    // The interpreter of root's knows no JupyterHub, or of another place.
    expect(await found(systemPython, 'system\\n/etc\\n/etc\\n')).not.toContain('/etc');
    // What is called the user's is root's.
    expect(await found(systemPython, 'user\\n/etc\\n/etc\\n')).toBe(nothing);
    const theirs = join(site.directory, 'theirs');
    mkdirSync(theirs);
    spawnSync('chown', [String(NOBODY), theirs]);
    expect(await found(systemPython, `user\\n${theirs}\\n/bin\\n`)).toBe(`user ${theirs} /bin`);
    // Root imports nothing that the hub's user can put there.
    const packagesIn = async (directory: string) => {
      writeFileSync(own, `#!/bin/sh\necho /nowhere\necho '${directory}'\n`);
      return (await site.run(`. "$PROGRAMS/environments/detect.sh"; are_roots_packages '${own}'`, {})).status;
    };
    expect([await packagesIn('/etc'), await packagesIn(theirs), await packagesIn('/tmp')]).toEqual([0, 1, 1]);
  },
);

it('what nobody can say beforehand is not begun: a package without a wheel', async () => {
  const directory = mkdtempSync(join(root, 'wheels-'));
  writeFileSync(join(directory, 'odd-1.0.tar.gz'), '');
  const programs = new Site(root, pip, 'dash', OWN).programs.directory;
  const save = run(systemPython, [join(programs, 'outside.py'), 'save', root, root, directory]);
  await expect(save).rejects.toThrow('odd-1.0.tar.gz is no wheel');
});

it('what a distribution installed is in no place of pip', async () => {
  const directory = mkdtempSync(join(root, 'distribution-'));
  const packages = join(directory, 'lib/python3/dist-packages');
  mkdirSync(join(packages, 'jupyterhub-1.0.0.dist-info'), { recursive: true });
  writeFileSync(join(packages, 'jupyterhub-1.0.0.dist-info/METADATA'), 'Name: jupyterhub\nVersion: 1.0.0\n');
  const program = join(new Site(root, pip, 'dash', OWN).programs.directory, 'packages.py');
  const asked = `import runpy, sys; sys.path.insert(0, sys.argv[2]); sys.argv = [sys.argv[1], "place"]; runpy.run_path(sys.argv[0], run_name="__main__")`;
  await expect(python(asked, program, packages)).rejects.toThrow();
  writeFileSync(join(packages, 'jupyterhub-1.0.0.dist-info/INSTALLER'), 'pip\n');
  writeFileSync(join(packages, 'jupyterhub-1.0.0.dist-info/RECORD'), '../../../bin/jupyterhub,,\n');
  expect(await python(asked, program, packages)).toBe(`system\n${packages}\n${join(directory, 'bin')}\n`);
});
