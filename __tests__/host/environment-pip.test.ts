import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemPython } from '../../bench/hub/environments.ts';
import { pip as pipManager } from '../../src/hub/environments/pip.ts';
import { packagesSchema } from '../../src/hub/packages.ts';
import { sha256 } from '../backup/samples.ts';
import {
  canMount,
  fillIndex,
  isRoot,
  type Manager,
  NOBODY,
  OWN,
  SELF,
  Site,
  STAGED,
  startForbiddenIndex,
  type Who,
} from './environment-site.ts';
import { SHELLS, type Shell, shellCommand } from './programs.ts';
import { python, runProgram, temporaryDirectory } from './support.ts';

// In place of `python -m venv` with pip, most of whose time goes to compiling: the same wheel, unpacked.
const ENVIRONMENT = `
import ensurepip, glob, os, sys, venv, zipfile
bundled = os.path.join(os.path.dirname(ensurepip.__file__), "_bundled", "pip-*.whl")
wheels = glob.glob(bundled) + glob.glob("/usr/share/python-wheels/pip-*.whl")
venv.create(sys.argv[1], symlinks=True, with_pip=not wheels)
if wheels:
    zipfile.ZipFile(wheels[0]).extractall(glob.glob(sys.argv[1] + "/lib/python*/site-packages")[0])
`;

const root = temporaryDirectory();
/** pip splits a list of directories at blanks. */
const index = mkdtempSync('/tmp/index-');
const template = join(root, 'template');

beforeAll(async () => {
  chmodSync(root, 0o755);
  await fillIndex(index);
  await python(ENVIRONMENT, template);
  writeFileSync(join(template, 'pip.conf'), `[global]\nno-index = true\nfind-links = ${index}\n`);
  // Without the environment: it may say where pip has to look.
  const pip = [
    '/usr/bin/env',
    '-i',
    join(template, 'bin/python'),
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
  ];
  const { status, stderr } = await runProgram([...pip, '--root-user-action=ignore', 'jupyterhub==1.0.0']);
  expect([status, stderr]).toEqual([0, '']);
});

const pip: Manager = {
  name: 'pip',
  parameters: {},
  async install(path) {
    spawnSync('cp', ['-a', template, path]);
  },
};

afterAll(() => rmSync(index, { recursive: true, force: true }));

describe('staged', () => {
  it.each(STAGED)(
    'by %s (%s): the live environment is untouched until the exchange, and comes back as it was',
    async (_, shell, who) => {
      const site = await new Site(root, pip, shell, who).install();
      const before = site.picture();
      await site.does('environment_stage');
      expect(site.picture()).toEqual(before);
      expect([site.version(), site.version(site.stage())]).toEqual(['1.0.0', '2.0.0']);
      expect(site.noted('head')).toBe('head2');
      await site.does('environment_is_as_staged');

      await site.does('environment_switch');
      expect([site.version(), site.version(site.stage())]).toEqual(['2.0.0', '1.0.0']);
      // Every path in it is final.
      expect(site.command()).toBe('2.0.0');
      expect(site.picture(site.stage())).toEqual(before);

      await site.does('environment_switch_back');
      await site.does('environment_switch_back');
      expect(site.picture()).toEqual(before);
      await site.does('environment_discard_stage');
      await site.does('environment_discard_stage');
      expect(site.picture()).toEqual(before);
      expect(site.names).toEqual(['the hub']);
    },
  );

  it('a release that cannot be installed leaves nothing', async () => {
    const site = await new Site(root, pip, 'busybox', OWN).install();
    const before = site.picture();
    expect((await site.run('environment_stage', { TARGET_VERSION: '9.0.0' })).status).toBe(1);
    await site.does('environment_switch_back; environment_discard_stage');
    expect(site.picture()).toEqual(before);
    expect(site.names).toEqual(['the hub']);
  });

  it.each(['staged', 'in-place'])("keeps to the constraints in the host's pip.conf (%s)", async (install) => {
    const site = await new Site(root, pip, 'dash', OWN).install();
    const constraints = join(index, 'constraints.txt');
    writeFileSync(constraints, 'alembic<1.0\n');
    appendFileSync(join(site.path, 'pip.conf'), `constraint = ${constraints}\n`);
    const { status, stdout, stderr } = await site.run('environment_stage', { INSTALL: install });
    expect([status, stdout + stderr]).toEqual([1, expect.stringContaining('alembic<1.0')]);
  });

  it('installs the whole set that a backup recorded', async () => {
    const site = await new Site(root, pip, 'dash', OWN).install();
    const payload = 'mkdir "$JOB/payload"; printf "jupyterhub==3.0.0\\nalembic==1.0.0\\n" >"$JOB/payload/requirements"';
    await site.does(`${payload}; environment_stage`, { TARGET_VERSION: '3.0.0', REQUIREMENTS: 'not this' });
    expect(site.version(site.stage())).toBe('3.0.0');
    expect(
      (
        await site.run('environment_stage', {
          JOB_ID: 'two',
          TARGET_VERSION: '2.0.0',
          REQUIREMENTS: 'jupyterhub==3.0.0',
        })
      ).stderr,
    ).toContain('pip installed JupyterHub 3.0.0, not 2.0.0');
  });
});

describe('by way of another release', () => {
  const options = { TARGET_VERSION: '3.0.0', HOPS: '2.0.0' };
  const ask = `-c 'import jupyterhub, getpass; print(jupyterhub.__version__, getpass.getuser())'`;

  it.each(STAGED)(
    'by %s (%s): in a copy of its own, which the hub sees at the original path',
    async (_, shell, who) => {
      const site = await new Site(root, pip, shell, who).install();
      const before = site.picture();
      await site.does('environment_stage', options);
      expect(site.picture()).toEqual(before);
      expect([site.noted('head'), site.noted('hop')]).toEqual(['head3', '2.0.0 head2']);
      expect(site.names).toEqual([
        'the hub',
        'the hub.jupyterhub-upgrade-one',
        'the hub.jupyterhub-upgrade-one-by-way-of-2.0.0',
      ]);

      // Also when the new release is the live one, which nobody else stops seeing.
      await site.does('environment_switch', options);
      const seen = await site.run(`environment_in_hop 2.0.0 ${ask}; environment_python ${ask}`, options);
      const name = spawnSync('id', ['-un', String(who.owner)])
        .stdout.toString()
        .trim();
      expect([seen.status, seen.stdout]).toEqual([0, `2.0.0 ${name}\n3.0.0 ${name}\n`]);

      await site.does('environment_switch_back', options);
      await site.does('environment_discard_stage', options);
      await site.does('environment_discard_stage', options);
      expect(site.picture()).toEqual(before);
      expect(site.names).toEqual(['the hub']);
    },
  );

  it('a release that cannot be installed leaves nothing, and one that was needed goes with the commit', async () => {
    const site = await new Site(root, pip, 'dash', OWN).install();
    const before = site.picture();
    const failed = await site.run('environment_stage', { ...options, HOPS: '2.0.0 2.5.0' });
    expect([failed.status, failed.stdout + failed.stderr]).toEqual([1, expect.stringContaining('jupyterhub==2.5.0')]);
    await site.does('environment_switch_back; environment_discard_stage', { ...options, HOPS: '2.0.0 2.5.0' });
    expect([site.picture(), site.names]).toEqual([before, ['the hub']]);

    await site.does('environment_stage; environment_switch; tidy', options);
    expect(site.names).toEqual(['the hub', 'the hub.jupyterhub-upgrade-one']);
    expect([site.version(), site.version(site.stage())]).toEqual(['3.0.0', '1.0.0']);
  });
});

describe('in place', () => {
  it.skipIf(isRoot && !canMount(NOBODY)).each([
    ['busybox', OWN],
    ['dash', { user: isRoot ? 0 : SELF, owner: isRoot ? NOBODY : SELF, parent: SELF }],
  ] satisfies [Shell, Who][])('with %s, from what was fetched before; the way back is the copy', async (shell, who) => {
    const site = await new Site(root, pip, shell, who).install();
    const options = { INSTALL: 'in-place' };
    const before = site.picture();
    await site.does('environment_stage', options);
    expect(site.picture()).toEqual(before);
    // Nothing is looked for while the hub is down.
    rmSync(join(site.path, 'pip.conf'));
    await site.does('environment_install', options);
    expect([site.version(), site.version(site.stage())]).toEqual(['2.0.0', '1.0.0']);
    expect(site.noted('head')).toBe('head2');
    await site.does('environment_switch_back', options);
    await site.does('environment_switch_back', options);
    expect([site.version(), site.version(site.stage())]).toEqual(['1.0.0', '2.0.0']);
    await site.does('environment_discard_stage', options);
    expect(site.picture()).toEqual(before);
    expect(site.names).toEqual(['the hub']);
  });
});

describe('from wheels that the runner sent', () => {
  const options = { PACKAGES_FROM: 'runner', REQUIREMENTS: 'jupyterhub==2.0.0', EXACTLY: '--no-deps' };
  /** Puts a wheel where begin.sh does, for an environment whose own pip would ask an index. */
  async function send(site: Site) {
    const forbidden = await startForbiddenIndex();
    onTestFinished(forbidden.close);
    const settings = `[global]\nindex-url = ${forbidden.url}\nfind-links = ${forbidden.url}files\n`;
    writeFileSync(join(site.path, 'pip.conf'), settings);
    const wheel = join(index, 'jupyterhub-2.0.0-py3-none-any.whl');
    await site.does(`mkdir "$JOB/wheels" && chmod 755 "$JOB/wheels" && install -m 644 '${wheel}' "$JOB/wheels/"`);
    return forbidden;
  }

  it.each(STAGED)('by %s (%s): no index is asked', async (_, shell, who) => {
    const site = await new Site(root, pip, shell, who).install();
    const { asked } = await send(site);
    const before = site.picture();
    await site.does('environment_stage', options);
    expect([site.picture(), site.version(), site.version(site.stage())]).toEqual([before, '1.0.0', '2.0.0']);
    expect(asked).toEqual([]);
  });

  it('in place, and nothing that was not sent', async () => {
    const site = await new Site(root, pip, 'busybox', OWN).install();
    const { asked } = await send(site);
    await site.does('environment_stage', { ...options, INSTALL: 'in-place' });
    expect(site.version()).toBe('1.0.0');
    await site.does('environment_install', { ...options, INSTALL: 'in-place' });
    expect([site.version(), site.version(site.stage())]).toEqual(['2.0.0', '1.0.0']);
    const other = { ...options, TARGET_VERSION: '3.0.0', REQUIREMENTS: 'jupyterhub==3.0.0' };
    expect((await site.run('environment_stage', other)).status).toBe(1);
    expect(asked).toEqual([]);
  });
});

describe('before anything changes', () => {
  it('says what would be installed, why it cannot be, and what is there', async () => {
    const site = await new Site(root, pip, 'busybox', OWN).install();
    const before = site.picture();
    const own =
      'mkdir -p "$JOB/own"; chown "$ENVIRONMENT_UID:$ENVIRONMENT_GID" "$JOB/own"; packages_resolve "$JOB/own"';
    const chosen = await site.run(`${own} jupyterhub==2.0.0`);
    expect([chosen.status, JSON.parse(chosen.stdout)]).toEqual([0, [{ name: 'jupyterhub', version: '2.0.0' }]]);

    const refused = async (...wanted: string[]) => {
      const { status, stdout, stderr } = await site.run(`${own} ${wanted.join(' ')}`);
      expect(status).toBe(1);
      return pipManager.refusal(stdout, stderr, wanted);
    };
    expect(await refused('jupyterhub==9.0.0')).toBe(
      "The host's package index has no jupyterhub==9.0.0 for this Python; the newest it offers is 3.0.0. Ask for a version " +
        'that it has, or have this one put there.',
    );
    // As an index says it of a release that is for other Pythons.
    const page = join(index, 'newer.html');
    const links = ['8.0.0', '9.0.0'].map(
      (version) =>
        `<a href="jupyterhub-${version}-py3-none-any.whl" data-requires-python="&gt;=3.9${version[0]}">it</a>`,
    );
    writeFileSync(page, `<!DOCTYPE html><html><body>${links.join('')}</body></html>`);
    const newer = await refused('jupyterhub==9.0.0').finally(() => rmSync(page));
    expect(newer).toBe(
      "jupyterhub==9.0.0 needs Python >=3.99, and the hub's environment has another one. Give the hub an environment with " +
        'such a Python first, or ask for another version; the newest that runs on this one is 3.0.0.',
    );
    expect(await refused('nothing==1.0')).toMatch(
      /^The host's package index has no nothing==1\.0, or it cannot be reached/,
    );
    expect(await refused('jupyterhub==2.0.0', "'alembic<1'")).toMatch(/alembic<1/);
    expect(await refused('oldplugin', 'jupyterhub==2.0.0')).toBe(
      'oldplugin, jupyterhub==2.0.0 cannot be installed together: The user requested ' +
        'jupyterhub==2.0.0; oldplugin 1.0.0 depends on jupyterhub<2. Ask for versions that go together (extra-packages, ' +
        'constraints).',
    );

    const known = await site.run('as_owner "$ENVIRONMENT_PATH/bin/python" -I "$PROGRAMS/packages.py" installed');
    const { installed, requirements } = packagesSchema.parse(JSON.parse(known.stdout));
    expect(installed).toContainEqual({
      name: 'jupyterhub',
      version: '1.0.0',
      editable: false,
      installer: 'pip',
      from: null,
    });
    expect(requirements).toContainEqual({ by: 'jupyterhub', name: 'alembic', specifier: '>=1' });
    expect(site.picture()).toEqual(before);
  });

  it.each<[string, Record<string, string>, string[]]>([
    [
      'since 1.0',
      { 'code/tljh/requirements-hub-env.txt': '# why\njupyterhub>=4.0.2,<5 # so\npycurl>=7,<8 --no-binary=pycurl\n' },
      ['jupyterhub <5,>=4.0.2', 'pycurl <8,>=7'],
    ],
    [
      'before',
      { 'code/tljh/installer.py': 'x = [\n  "jupyterhub==1.*",\n  "jupyterhub-plugin==2.*",\n]\n' },
      ['jupyterhub ==1.*'],
    ],
    ['without either', {}, []],
  ])('says which versions The Littlest JupyterHub allows, %s, also where it is edited', async (_, files, wanted) => {
    const site = await new Site(root, pip, 'dash', OWN).install();
    const [packages = ''] = globSync(join(site.path, 'lib/python*/site-packages'));
    const asked = async () => {
      const known = await site.run('as_owner "$ENVIRONMENT_PATH/bin/python" -I "$PROGRAMS/packages.py" installed');
      return packagesSchema
        .parse(JSON.parse(known.stdout))
        .requirements?.filter(({ by }) => by === 'the-littlest-jupyterhub')
        .map(({ name, specifier }) => `${name} ${specifier}`);
    };
    const info = join(packages, 'the_littlest_jupyterhub-1.0.0.dist-info');
    const code = join(site.directory, 'code of it');
    mkdirSync(info);
    writeFileSync(join(info, 'METADATA'), 'Name: the-littlest-jupyterhub\nVersion: 1.0.0\n');
    for (const [path, text] of Object.entries(files)) {
      for (const place of [packages, code]) {
        const file = join(place, path.replace(/^code/, ''));
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text);
      }
    }
    expect(await asked()).toEqual(wanted);
    rmSync(join(packages, 'tljh'), { recursive: true, force: true });
    expect(await asked()).toEqual([]);
    writeFileSync(
      join(info, 'direct_url.json'),
      JSON.stringify({ url: pathToFileURL(code).href, dir_info: { editable: true } }),
    );
    expect(await asked()).toEqual(wanted);
  });

  it('is asked of a newer pip where that of the environment cannot tell', async () => {
    const site = await new Site(root, pip, 'dash', OWN).install();
    const [directory = ''] = globSync(join(site.path, 'lib/python*/site-packages/pip'));
    renameSync(directory, `${directory}-newer`);
    mkdirSync(directory);
    // The old one knows no --report, and downloads well.
    const script = `import os, sys
if "--help" not in sys.argv:
    newer = [os.path.join(os.path.dirname(__file__), "..", "pip-newer")]
    assert "download" in sys.argv and sys.argv[-1] == "pip>=22.2"
    import shutil, glob
    for wheel in glob.glob("/usr/share/python-wheels/pip-*.whl") or glob.glob(${JSON.stringify(index)} + "/pip-*.whl"):
        shutil.copy(wheel, sys.argv[sys.argv.index("--dest") + 1])
`;
    writeFileSync(join(directory, '__main__.py'), script);
    writeFileSync(join(directory, '__init__.py'), '');
    const own = 'mkdir -p "$JOB/own"; packages_resolve "$JOB/own"';
    const chosen = await site.run(`${own} jupyterhub==2.0.0`);
    expect([chosen.status, chosen.stdout.trim()]).toEqual([0, '[{"name": "jupyterhub", "version": "2.0.0"}]']);
    writeFileSync(join(directory, '__main__.py'), 'import sys\nsys.exit("--help" not in sys.argv)\n');
    expect((await site.run(`${own} jupyterhub==2.0.0`)).status).toBe(3);
  });
});

describe('exactly what was planned', () => {
  it('is installed, and with digests nothing that has another', async () => {
    const site = await new Site(root, pip, 'dash', OWN).install();
    await site.does('environment_stage', { REQUIREMENTS: 'jupyterhub==2.0.0', EXACTLY: '--no-deps' });
    expect(site.version(site.stage())).toBe('2.0.0');
    const digestOf = (wheel: string) => sha256(readFileSync(join(index, `${wheel}-py3-none-any.whl`)));
    const [digest, alembic] = [digestOf('jupyterhub-3.0.0'), digestOf('alembic-1.0.0')];
    const list = (sum: string) => `alembic==1.0.0 --hash=sha256:${alembic}\njupyterhub==3.0.0 --hash=sha256:${sum}`;
    const options = { REQUIRE_HASHES: 'yes', TARGET_VERSION: '3.0.0' };
    await site.does('environment_stage', { ...options, JOB_ID: 'two', CONSTRAINTS: list(digest) });
    expect(site.version(site.stage('two'))).toBe('3.0.0');
    const wrong = await site.run('environment_stage', {
      ...options,
      JOB_ID: 'three',
      CONSTRAINTS: list('0'.repeat(64)),
    });
    expect([wrong.status, wrong.stdout + wrong.stderr]).toEqual([
      1,
      expect.stringContaining('DO NOT MATCH THE HASHES'),
    ]);
  });
});

describe('the next run', () => {
  it('begins from what the last one committed, and removes the generation before', async () => {
    const site = await new Site(root, pip, 'dash', OWN).install();
    await site.does('environment_stage; environment_switch; tidy');
    expect(site.names).toEqual(['the hub', 'the hub.jupyterhub-upgrade-one']);
    const committed = site.picture();
    expect(committed).not.toContain('.jupyterhub-upgrade');

    const two = { JOB_ID: 'two', TARGET_VERSION: '3.0.0' };
    await site.does('environment_stage; environment_switch', two);
    expect([site.version(), site.version(site.stage('two'))]).toEqual(['3.0.0', '2.0.0']);
    await site.does('environment_switch_back; environment_discard_stage', two);
    expect(site.picture()).toEqual(committed);
    expect(site.names).toEqual(['the hub', 'the hub.jupyterhub-upgrade-one']);

    const three = { ...two, JOB_ID: 'three' };
    await site.does('environment_stage; environment_switch; tidy', three);
    // Again, as after a crash before the verdict.
    await site.does('tidy', three);
    expect(site.names).toEqual(['the hub', 'the hub.jupyterhub-upgrade-three']);
    expect([site.version(), site.version(site.stage('three'))]).toEqual(['3.0.0', '2.0.0']);
  });
});

// --- without pip: directories that only have to be told apart -----------------------------------------------------------

/** Stands before mv in PATH: at the nth call of a run the power fails, before it or after. */
const MV = `#!/bin/sh
here=\${0%/*/*}
PATH=\${PATH#*:}
printf x >>"$here/calls"
read -r at when <"$here/cut" || exec mv "$@"
[ "$(wc -c <"$here/calls")" -eq "$at" ] || exec mv "$@"
[ "$when" = before ] || mv "$@"
kill -9 "$PPID"
`;

describe.each(SHELLS)('with %s', (shell) => {
  const bare = (install: string) => {
    const site = new Site(root, pip, shell, OWN);
    mkdirSync(site.path);
    mkdirSync(site.stage());
    writeFileSync(join(site.path, install === 'staged' ? 'old' : 'new'), '');
    writeFileSync(join(site.stage(), install === 'staged' ? 'new' : 'old'), '');
    writeFileSync(join(site.stage(), '.jupyterhub-upgrade-one'), '');
    return site;
  };

  it('an exchange by renames is undone wherever it, and its undoing, is cut', async () => {
    for (const install of ['staged', 'in-place']) {
      for (const [cut, cutBack] of cuts()) {
        const site = bare(install);
        // A kernel that cannot exchange.
        writeFileSync(join(site.programs.directory, 'environment.py'), 'raise SystemExit(3)\n');
        site.programs.addTool('mv', MV);
        const run = async (functions: string, at: string) => {
          const here = join(site.programs.directory, '..');
          writeFileSync(join(here, 'cut'), at === '' ? '' : `${at}\n`);
          rmSync(join(here, 'calls'), { force: true });
          return site.run(functions, { INSTALL: install });
        };
        const isSwitched = install === 'staged';
        const { status } = await run(isSwitched ? 'environment_switch' : ':', cut);
        if (isSwitched) expect(status === 0).toBe(cut === '');
        await run('environment_switch_back', cutBack);
        expect({ cut, cutBack, ...(await run('environment_switch_back', '')) }).toEqual({
          cut,
          cutBack,
          status: 0,
          stdout: '',
          stderr: '',
        });
        expect({ cut, cutBack, old: existsSync(join(site.path, 'old')), names: site.names }).toEqual({
          cut,
          cutBack,
          old: true,
          names: ['the hub', 'the hub.jupyterhub-upgrade-one'],
        });
        rmSync(site.directory, { recursive: true });
      }
    }
  });

  it('an exchange that is not possible at all changes nothing', async () => {
    const site = bare('staged');
    rmSync(site.stage(), { recursive: true });
    expect((await site.run('environment_switch')).status).not.toBe(0);
    await site.does('environment_switch_back');
    expect(site.names).toEqual(['the hub']);
    expect(readdirSync(site.path)).toEqual(['old']);
  });

  it('an environment that somebody changed meanwhile is refused, and a notice on its page is no change', async () => {
    const site = new Site(root, pip, shell, OWN);
    mkdirSync(join(site.path, 'bin'), { recursive: true });
    mkdirSync(join(site.path, 'templates'));
    spawnSync('ln', ['-s', systemPython, join(site.path, 'bin/python')]);
    const page = join(site.path, 'templates', 'page.html');
    writeFileSync(page, '{% block announcement %}\n');
    writeFileSync(join(site.path, 'notice'), 'soon\n');
    const options = { TEMPLATE_PATH: page };
    const changed = () => site.run('environment_is_as_staged', options);
    await site.does('environment_fingerprint >"$JOB/fingerprint"', options);
    expect((await changed()).status).toBe(0);
    const put = await runProgram([
      ...shellCommand(shell),
      join(site.programs.directory, 'notice.sh'),
      'put',
      page,
      join(site.path, 'notice'),
    ]);
    expect(put.status).toBe(0);
    mkdirSync(join(site.path, '__pycache__'));
    writeFileSync(join(site.path, '__pycache__', 'x.pyc'), '');
    expect((await changed()).status).toBe(0);
    utimesSync(join(site.path, 'notice'), 1, 1);
    expect(await changed()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('was changed while the upgrade was prepared'),
    });
  });
});

function cuts(): [string, string][] {
  const one = ['', '1 before', '1 after', '2 before', '2 after', '3 before', '3 after'];
  // All cuts of the first, some of the second.
  return one.flatMap((cut, index) => [
    [cut, ''] as [string, string],
    [cut, one[(index * 3 + 2) % one.length] ?? ''] as [string, string],
  ]);
}
