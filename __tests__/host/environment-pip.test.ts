import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemPython } from '../../bench/hub/environments.ts';
import { shellAssignments } from '../../src/ssh/quote.ts';
import { copyPrograms, SHELLS, type Shell, shellCommand } from './programs.ts';
import { type Ended, python, runProgram, temporaryDirectory } from './support.ts';

// --- a small index: three releases of a hub, and as much of alembic as heads.py asks for -------------------------------

const WHEELS = `
import sys, zipfile
def wheel(name, version, files, requires=""):
    info = "%s-%s.dist-info" % (name, version)
    files = dict(files)
    files[info + "/METADATA"] = "Metadata-Version: 2.1\\nName: %s\\nVersion: %s\\n%s" % (name, version, requires)
    files[info + "/WHEEL"] = "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    if name == "jupyterhub":
        files[info + "/entry_points.txt"] = "[console_scripts]\\njupyterhub = jupyterhub:main\\n"
    record = info + "/RECORD"
    files[record] = "".join("%s,,\\n" % each for each in [*files, record])
    with zipfile.ZipFile("%s/%s-%s-py3-none-any.whl" % (sys.argv[1], name, version), "w") as archive:
        for each, content in files.items():
            archive.writestr(each, content)
script = '''import os
class ScriptDirectory:
    def __init__(self, directory): self.directory = directory
    def get_heads(self): return open(os.path.join(self.directory, "head")).read().split()
'''
wheel("alembic", "1.0.0", {"alembic/__init__.py": "", "alembic/script.py": script})
for major in ("1", "2", "3"):
    hub = "__version__ = '%s.0.0'\\ndef main(): print(__version__)\\n" % major
    files = {"jupyterhub/__init__.py": hub, "jupyterhub/app.py": "", "jupyterhub/alembic/head": "head" + major}
    wheel("jupyterhub", major + ".0.0", files, "Requires-Dist: alembic\\n")
`;

// In place of `python -m venv` with pip, most of whose time goes to compiling: the same wheel, unpacked.
const ENVIRONMENT = `
import ensurepip, glob, os, sys, venv, zipfile
bundled = os.path.join(os.path.dirname(ensurepip.__file__), "_bundled", "pip-*.whl")
wheels = glob.glob(bundled) + glob.glob("/usr/share/python-wheels/pip-*.whl")
venv.create(sys.argv[1], symlinks=True, with_pip=not wheels)
if wheels:
    zipfile.ZipFile(wheels[0]).extractall(glob.glob(sys.argv[1] + "/lib/python*/site-packages")[0])
`;

const isRoot = process.getuid?.() === 0;
const root = temporaryDirectory();
/** pip splits a list of directories at blanks. */
const index = mkdtempSync('/tmp/index-');
const template = join(root, 'template');

beforeAll(async () => {
  chmodSync(root, 0o755);
  chmodSync(index, 0o755);
  await python(WHEELS, index);
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
afterAll(() => rmSync(index, { recursive: true, force: true }));

// --- an environment on a host ------------------------------------------------------------------------------------------

interface Who {
  /** Who runs the job, owns the environment, and owns the directory around it. */
  user: number;
  owner: number;
  parent: number;
}
const SELF = process.getuid?.() ?? 0;
const NOBODY = 65534;

class Site {
  readonly directory: string;
  readonly path: string;
  readonly #who: Who;
  readonly programs: ReturnType<typeof copyPrograms>;

  constructor(shell: Shell, who: Who) {
    this.#who = who;
    this.programs = copyPrograms(root, shell);
    chmodSync(join(this.programs.directory, '..'), 0o755);
    this.directory = mkdtempSync(join(root, 'site with spaces '));
    this.path = join(this.directory, 'the hub');
    chmodSync(this.directory, 0o755);
    if (isRoot) chownSync(this.directory, who.parent, who.parent);
  }

  /** Puts a real environment with the first release there. */
  install(): this {
    spawnSync('cp', ['-a', template, this.path]);
    if (isRoot) spawnSync('chown', ['-R', `${this.#who.owner}:${this.#who.owner}`, this.path]);
    return this;
  }

  /** The path of the copy of a job. */
  stage(job = 'one'): string {
    return `${this.path}.jupyterhub-upgrade-${job}`;
  }

  /** Runs functions of the host programs as a job's executor would have them. */
  async run(functions: string, options: Record<string, string> = {}): Promise<Ended> {
    const id = options.JOB_ID ?? 'one';
    const job = join(this.programs.directory, '..', `job ${id}`);
    const { user, owner, parent } = this.#who;
    if (!existsSync(job)) {
      mkdirSync(job);
      chmodSync(job, 0o711);
      for (const file of ['journal', 'log', 'parameters']) writeFileSync(join(job, file), '');
      if (isRoot)
        for (const path of [job, join(job, '..'), ...['journal', 'log', 'parameters'].map((file) => join(job, file))])
          chownSync(path, user, user);
    }
    const version = options.TARGET_VERSION ?? '2.0.0';
    const parameters = {
      JOB_ID: id,
      STATE: join(job, '..'),
      INSTALL: 'staged',
      HOPS: '',
      KEEP_HOST_BACKUPS: '1',
      TARGET_VERSION: version,
      REQUIREMENT: `jupyterhub==${version}`,
      ENVIRONMENT_PATH: this.path,
      ENVIRONMENT_UID: String(owner),
      ENVIRONMENT_GID: String(owner),
      ENVIRONMENT_PARENT_UID: String(parent),
      ENVIRONMENT_PARENT_GID: String(parent),
      HUB_UID: String(owner),
      HUB_GID: String(owner),
      HUB_DIRECTORY: '/',
      HUB_ENV: '',
      DATABASE_PATH: '/nonexistent/jupyterhub.sqlite',
      DATABASE_URL_HAS_QUERY: 'no',
      CONFIG_PATH: '/nonexistent/jupyterhub_config.py',
      TEMPLATE_PATH: '',
      HEALTH_TOKEN: '',
      ...options,
    };
    writeFileSync(join(job, 'parameters'), shellAssignments(parameters));
    const script = `set -u; PROGRAMS=$1 JOB=$2 STEP=stage; . "$2/parameters"
      for each in common journal generations environments/pip databases/sqlite steps; do . "$1/$each.sh"; done
      database_is_kept() { :; }; ${functions}`;
    const drop = user === SELF ? [] : ['setpriv', '--reuid', String(user), '--regid', String(user), '--clear-groups'];
    return runProgram(
      [...drop, ...shellCommand(this.programs.shell), '-c', script, 'sh', this.programs.directory, job],
      { cwd: '/' },
    );
  }

  async does(functions: string, options: Record<string, string> = {}): Promise<void> {
    const { status, stderr } = await this.run(functions, options);
    expect({ functions, status, stderr: status === 0 ? '' : stderr }).toEqual({ functions, status: 0, stderr: '' });
  }

  noted(name: string, job = 'one'): string | undefined {
    const journal = readFileSync(join(this.programs.directory, '..', `job ${job}`, 'journal'), 'utf8');
    return [...journal.matchAll(new RegExp(`note stage ${name} (.*)`, 'g'))].at(-1)?.[1];
  }

  version(path = this.path): string {
    const { error, stdout, stderr } = spawnSync(join(path, 'bin/python'), [
      '-B',
      '-I',
      '-c',
      'import jupyterhub; jupyterhub.main()',
    ]);
    return error?.message ?? (stdout.toString().trim() || stderr.toString());
  }

  /** The command as its shebang has it. */
  command(): string {
    return spawnSync(join(this.path, 'bin/jupyterhub')).stdout.toString().trim();
  }

  /** One line for every file, by what it is and holds. */
  picture(path = this.path): string {
    const names = String.raw`find . -name __pycache__ -prune -o -printf '%p %y %m %l\n' | sort`;
    const contents = 'find . -name __pycache__ -prune -o -type f -exec sha256sum {} + | sort';
    return spawnSync('/bin/sh', ['-c', `${names}; ${contents}`], { cwd: path }).stdout.toString();
  }

  get names(): string[] {
    return readdirSync(this.directory).sort();
  }
}

const canMount = (user: number) => {
  const drop = user === SELF ? [] : ['setpriv', '--reuid', String(user), '--regid', String(user), '--clear-groups'];
  const namespace = user === 0 ? [] : ['--user', '--map-root-user'];
  const [command = '', ...args] = [...drop, 'unshare', ...namespace, '--mount', '--propagation', 'private', 'true'];
  return spawnSync(command, args, { cwd: '/' }).status === 0;
};

/** Shell and people of the staged way; those that this machine does not allow are left out. */
const STAGED: [string, Shell, Who][] = (
  [
    ['root, for an environment of root', 'dash', { user: 0, owner: 0, parent: 0 }],
    ["root, for somebody else's environment", 'busybox', { user: 0, owner: NOBODY, parent: 0 }],
    [
      'the owner without any privilege',
      'dash',
      { user: isRoot ? NOBODY : SELF, owner: isRoot ? NOBODY : SELF, parent: isRoot ? NOBODY : SELF },
    ],
  ] satisfies [string, Shell, Who][]
).filter(([, , { user }]) => (isRoot || user === SELF) && canMount(user));

const OWN: Who = { user: SELF, owner: SELF, parent: SELF };

describe('staged', () => {
  it.each(STAGED)(
    'by %s (%s): the live environment is untouched until the exchange, and comes back as it was',
    async (_, shell, who) => {
      const site = new Site(shell, who).install();
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
    const site = new Site('busybox', OWN).install();
    const before = site.picture();
    expect((await site.run('environment_stage', { TARGET_VERSION: '9.0.0' })).status).toBe(1);
    await site.does('environment_switch_back; environment_discard_stage');
    expect(site.picture()).toEqual(before);
    expect(site.names).toEqual(['the hub']);
  });

  it.each(['staged', 'in-place'])("keeps to the constraints in the host's pip.conf (%s)", async (install) => {
    const site = new Site('dash', OWN).install();
    const constraints = join(index, 'constraints.txt');
    writeFileSync(constraints, 'alembic<1.0\n');
    appendFileSync(join(site.path, 'pip.conf'), `constraint = ${constraints}\n`);
    const { status, stdout, stderr } = await site.run('environment_stage', { INSTALL: install });
    expect([status, stdout + stderr]).toEqual([1, expect.stringContaining('alembic<1.0')]);
  });

  it('installs the whole set that a backup recorded', async () => {
    const site = new Site('dash', OWN).install();
    const payload = 'mkdir "$JOB/payload"; printf "jupyterhub==3.0.0\\nalembic==1.0.0\\n" >"$JOB/payload/requirements"';
    await site.does(`${payload}; environment_stage`, { TARGET_VERSION: '3.0.0', REQUIREMENT: 'not this' });
    expect(site.version(site.stage())).toBe('3.0.0');
    expect(
      (
        await site.run('environment_stage', {
          JOB_ID: 'two',
          TARGET_VERSION: '2.0.0',
          REQUIREMENT: 'jupyterhub==3.0.0',
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
      const site = new Site(shell, who).install();
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
    const site = new Site('dash', OWN).install();
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
    const site = new Site(shell, who).install();
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

describe('the next run', () => {
  it('begins from what the last one committed, and removes the generation before', async () => {
    const site = new Site('dash', OWN).install();
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
    const site = new Site(shell, OWN);
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
    const site = new Site(shell, OWN);
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
