import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'vitest';
import { shellAssignments } from '../../src/ssh/quote.ts';
import { copyPrograms, type Shell, shellCommand } from './programs.ts';
import { type Ended, inEnvironment, python, runProgram } from './support.ts';

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
    for page in ("page", "of-" + major + "/page"):
        files["jupyterhub-%s.0.0.data/data/share/hub/%s.html" % (major, page)] = "page of " + major
    wheel("jupyterhub", major + ".0.0", files, "Requires-Dist: alembic>=1\\n")
wheel("oldplugin", "1.0.0", {"oldplugin.py": ""}, "Requires-Dist: jupyterhub<2\\n")
`;

/** Fills a directory with wheels of `jupyterhub` 1.0.0, 2.0.0, 3.0.0 and what they need. */
export async function fillIndex(directory: string): Promise<void> {
  chmodSync(directory, 0o755);
  await python(WHEELS, directory);
}

/** An index that the host is configured with, and nobody must ask. */
export async function startForbiddenIndex(): Promise<{ url: string; asked: string[]; close(): void }> {
  const asked: string[] = [];
  const server = createServer(({ url }, response) => {
    asked.push(url ?? '');
    response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, asked, close: () => server.close() };
}

// --- an environment on a host ------------------------------------------------------------------------------------------

export interface Who {
  /** Who runs the job, owns the environment, and owns the directory around it. */
  user: number;
  owner: number;
  parent: number;
}
export const isRoot = process.getuid?.() === 0;
export const SELF = process.getuid?.() ?? 0;
export const NOBODY = 65534;

/** A package manager, and how it puts an environment with release 1.0.0 there. */
export interface Manager {
  name: 'pip' | 'uv' | 'conda';
  /** Parameters of the host programs. */
  parameters: Record<string, string>;
  install(path: string): Promise<void>;
}

export class Site {
  readonly directory: string;
  readonly path: string;
  readonly #who: Who;
  readonly #manager: Manager;
  readonly programs: ReturnType<typeof copyPrograms>;

  /** Its directory is made in `root`. */
  constructor(root: string, manager: Manager, shell: Shell, who: Who) {
    this.#who = who;
    this.#manager = manager;
    this.programs = copyPrograms(root, shell);
    chmodSync(join(this.programs.directory, '..'), 0o755);
    this.directory = mkdtempSync(join(root, 'site with spaces '));
    this.path = join(this.directory, 'the hub');
    chmodSync(this.directory, 0o755);
    if (isRoot) chownSync(this.directory, who.parent, who.parent);
  }

  /** Puts a real environment with the first release there. */
  async install(): Promise<this> {
    await this.#manager.install(this.path);
    if (isRoot) spawnSync('chown', ['-R', `${this.#who.owner}:${this.#who.owner}`, this.path]);
    return this;
  }

  /** The path of the copy of a job. */
  stage(job = 'one'): string {
    return `${this.path}.jupyterhub-upgrade-${job}`;
  }

  /** Runs functions of the host programs as a job's executor would have them; `within` is a command that runs the shell. */
  async run(functions: string, options: Record<string, string> = {}, within: string[] = []): Promise<Ended> {
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
      PACKAGE_MANAGER: this.#manager.name,
      PACKAGE_TOOL: '',
      PACKAGES_FROM: 'host',
      REQUIREMENTS: `jupyterhub==${version}`,
      EXACTLY: '',
      CHANNELS: '',
      UPGRADED: '',
      CONSTRAINTS: '',
      CONSTRAINTS_PATH: '',
      REQUIRE_HASHES: 'no',
      ...inEnvironment(this.path),
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
      ...this.#manager.parameters,
      ...options,
    };
    writeFileSync(join(job, 'parameters'), shellAssignments(parameters));
    const script = `set -u; PROGRAMS=$1 JOB=$2 STEP=stage; . "$2/parameters"
      for each in common journal generations environment "environments/$PACKAGE_MANAGER" proxy databases/sqlite steps; do . "$1/$each.sh"; done
      database_is_kept() { :; }; ${functions}`;
    return runProgram(
      [
        ...within,
        ...dropTo(user),
        ...shellCommand(this.programs.shell),
        '-c',
        script,
        'sh',
        this.programs.directory,
        job,
      ],
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

/** What makes a command that user's. */
function dropTo(user: number): string[] {
  return user === SELF ? [] : ['setpriv', '--reuid', String(user), '--regid', String(user), '--clear-groups'];
}

export const canMount = (user: number) => {
  const namespace = user === 0 ? [] : ['--user', '--map-root-user'];
  const [command = '', ...args] = [
    ...dropTo(user),
    'unshare',
    ...namespace,
    '--mount',
    '--propagation',
    'private',
    'true',
  ];
  return spawnSync(command, args, { cwd: '/' }).status === 0;
};

/** Shell and people of the staged way; those that this machine does not allow are left out. */
export const STAGED: [string, Shell, Who][] = (
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

export const OWN: Who = { user: SELF, owner: SELF, parent: SELF };
