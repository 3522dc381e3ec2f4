import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, globSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startProxy } from '../../bench/network.ts';
import { UpgradeError } from '../../src/errors.ts';
import { CommandFailed, CommandTimedOut, ConnectionLost, connect, type Host } from '../../src/ssh/connection.ts';
import { type PayloadFile, type Phase, runPhase } from '../../src/ssh/phase.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';

let directory: string;
let sshd: Sshd;
let host: Host;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'phase-'));
  await chmod(directory, 0o777);
  sshd = await startSshd([`ForceCommand . ${join(directory, 'shell')}`]);
  host = await connect(sshd.connection());
});
afterAll(async () => {
  await host.close();
  await sshd.stop();
  await rm(directory, { recursive: true, force: true });
});

const PLAIN = 'eval "$SSH_ORIGINAL_COMMAND"';
/** The login shell does this for every command, and finds what it is asked to run in SSH_ORIGINAL_COMMAND. */
const setShell = (command: string) => writeFile(join(directory, 'shell'), command);
beforeEach(() => setShell(PLAIN));

/** Undone after each test, the last first. */
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function phase(script: string, more: Partial<Phase> = {}): Phase {
  return { become: 'none', script: 'run.sh', programs: { 'run.sh': script }, parameters: {}, ...more };
}

async function failure(work: Promise<unknown>): Promise<Error> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  if (!(error instanceof Error)) throw new Error('it did not fail');
  return error;
}

async function* files(...list: PayloadFile[]): AsyncGenerator<PayloadFile> {
  yield* list;
}

async function gone(pattern: string): Promise<void> {
  for (let tries = 0; globSync(pattern).length > 0; tries++) {
    if (tries === 100) throw new Error(`${pattern} is still there`);
    await delay(50);
  }
}

const isRoot = process.getuid?.() === 0;

/** Root's tar keeps modes unasked. */
const UNPRIVILEGED = 'exec setpriv --reuid=65534 --regid=65534 --clear-groups -- /bin/sh -c "$SSH_ORIGINAL_COMMAND"';

/** Busybox is everything: /bin/sh, tar, mktemp, rm. */
const BUSYBOX = `
applets=$(mktemp -d) && busybox --install -s "$applets"
export applets
unshare -m${isRoot ? '' : 'r'} sh -c '
  mount --bind "$(command -v busybox)" "$(readlink -f /bin/sh)" && PATH=$applets exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"'
status=$?
rm -rf "$applets"
exit $status`;

const flavours: [string, string, string][] = [
  ['the tools of this machine', PLAIN, 'GNU tar'],
  ['busybox', BUSYBOX, 'BusyBox'],
];
if (isRoot) flavours.push(['an ordinary user', UNPRIVILEGED, 'GNU tar']);

describe.each(flavours)('with %s', (_what, shell, tar) => {
  beforeEach(() => setShell(shell));

  it('is what it says', async () => {
    expect(await runPhase(host, phase('tar --help 2>&1; /bin/sh --help 2>&1; true'))).toContain(tar);
  });

  it('runs the program with its directory as the only argument and nothing on stdin', async () => {
    const lines: string[] = [];
    const script =
      'echo "$#"; cat; readlink /proc/$$/fd/0; pwd; umask; echo a >&2; echo "$0" >&2; [ "$0" = "$1/run.sh" ] && echo same';
    const stdout = await runPhase(host, phase(script, { onLine: (line) => lines.push(line) }));
    expect(stdout).toBe('1\n/dev/null\n/\n0077\nsame\n');
    expect(lines).toEqual(['a', expect.stringMatching(/^\/var\/tmp\/jupyterhub-upgrade\.\w+\/run\.sh$/)]);
    await gone(lines[1] ?? '');
  });

  it('programs are for everybody, parameters and payload for one', async () => {
    const programs = {
      'run.sh': 'cd "$1" && find . ! -name . -exec stat -c "%A %n %s" {} + | sort -k2; stat -c "%a" .; cat deep/b.py',
      'deep/a.sh': '',
      'deep/b.py': 'print()\n',
    };
    const payload = files(
      { name: 'bytes', size: 3, content: Buffer.from('abc') },
      {
        name: 'stream',
        size: 6,
        content: (async function* () {
          yield Buffer.from('abc');
          yield Buffer.from('def');
        })(),
      },
      { name: 'open', size: 0, content: Buffer.alloc(0), mode: 0o644 },
    );
    const stdout = await runPhase(host, { ...phase(''), programs, parameters: { A: 'a' }, payload });
    expect(stdout.replace(/(d\S+ \S+|owner) \d+$/gm, '$1').split('\n')).toEqual([
      '-rw------- ./complete 0',
      'drwxr-xr-x ./deep',
      '-rw-r--r-- ./deep/a.sh 0',
      '-rw-r--r-- ./deep/b.py 8',
      '-rw------- ./owner',
      '-rw------- ./parameters 6',
      'drwx------ ./payload',
      '-rw------- ./payload/bytes 3',
      '-rw-r--r-- ./payload/open 0',
      '-rw------- ./payload/stream 6',
      `-rw-r--r-- ./run.sh ${programs['run.sh'].length}`,
      '755',
      'print()',
      '',
    ]);
  });

  it('a Python program finds its modules, also as the user of a hub', async () => {
    const drop = '/usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups --';
    const programs = {
      'run.sh': `[ "$(id -u)" != 0 ] || as='${drop}'; $as /usr/bin/python3 "$1/one.py"`,
      'one.py': 'import other\n',
      'other.py': 'print("found")\n',
    };
    expect(await runPhase(host, { ...phase(''), programs })).toBe('found\n');
  });

  it('any parameter arrives as it is', async () => {
    const value = fc.string({ unit: 'binary', maxLength: 60 }).map((one) => one.replaceAll('\0', "'"));
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 8 }), async (values) => {
        const parameters = Object.fromEntries(values.map((one, index) => [`P${index}`, one]));
        const names = Object.keys(parameters).map((name) => `"$${name}"`);
        const script = `. "$1/parameters"; printf '%s\\0' end ${names.join(' ')}`;
        expect((await runPhase(host, phase(script, { parameters }))).split('\0')).toEqual(['end', ...values, '']);
      }),
      { numRuns: 10 },
    );
  });

  it('a failure is that of the program, with its words alone, and leaves nothing behind', async () => {
    const error = await failure(runPhase(host, phase('echo "$1"; echo why >&2; exit 9')));
    expect(error).toBeInstanceOf(CommandFailed);
    expect(error).toMatchObject({ code: 9, signal: null, stderr: 'why\n' });
    const { stdout } = error as CommandFailed;
    expect(stdout).toMatch(/^\/var\/tmp\/jupyterhub-upgrade\.\w+\n$/);
    await gone(stdout.trim());
  });

  it.each(['HUP', 'INT', 'TERM'])('the directory goes with SIG%s too', async (signal) => {
    const error = await failure(runPhase(host, phase(`echo "$1"; kill -${signal} "$PPID"; exit 0`)));
    expect(error).toMatchObject({ code: { HUP: 129, INT: 130, TERM: 143 }[signal] });
    await gone((error as CommandFailed).stdout.trim());
  });

  it('a large payload arrives as it is', async () => {
    const size = 24 * 1024 * 1024 + 1;
    const digest = createHash('sha256');
    const content = (async function* () {
      for (let left = size; left > 0; left -= 100_000) {
        const chunk = Buffer.alloc(Math.min(left, 100_000), `${left} `);
        digest.update(chunk);
        yield chunk;
      }
    })();
    const stdout = await runPhase(
      host,
      phase('sha256sum <"$1/payload/a"', { payload: files({ name: 'a', size, content }) }),
    );
    expect(stdout).toContain(digest.digest('hex'));
  });

  it('a connection lost while a payload goes up: nothing stays, nothing runs', async () => {
    const proxy = await startProxy(sshd.port);
    cleanups.push(() => proxy.close());
    const lost = await connect(sshd.connection({ port: proxy.port }));
    const name = randomUUID();
    const endless = (async function* () {
      for (;;) {
        yield Buffer.alloc(65_536);
        if (globSync(`/var/tmp/jupyterhub-upgrade.*/payload/${name}`).length > 0) proxy.reset();
      }
    })();
    const ran = join(directory, name);
    const running = runPhase(lost, phase(`echo >'${ran}'`, { payload: files({ name, size: 1e12, content: endless }) }));
    expect(await failure(running)).toBeInstanceOf(ConnectionLost);
    await gone(`/var/tmp/jupyterhub-upgrade.*/payload/${name}`);
    expect(existsSync(ran)).toBe(false);
  });

  it('a payload that fails', async () => {
    const reason = new Error('unreadable');
    const name = randomUUID();
    const ran = join(directory, name);
    const broken = (async function* () {
      yield Buffer.alloc(100_000);
      throw reason;
    })();
    for (const content of [broken, Buffer.alloc(5)]) {
      const payload = files({ name, size: 1_000_000, content });
      const error = await failure(runPhase(host, phase(`echo >'${ran}'`, { payload })));
      if (content === broken) expect(error).toBe(reason);
    }
    // Between two files the tar looks whole.
    const between = (async function* (): AsyncGenerator<PayloadFile> {
      yield { name, size: 3, content: Buffer.from('abc') };
      await delay(300);
      throw reason;
    })();
    expect(await failure(runPhase(host, phase(`echo >'${ran}'`, { payload: between })))).toBe(reason);
    await gone(`/var/tmp/jupyterhub-upgrade.*/payload/${name}`);
    expect(existsSync(ran)).toBe(false);
  });
});

describe('the command', () => {
  it('is always the same, and any login shell can take it', async () => {
    const seen = join(directory, 'seen');
    await setShell(`printf '%s\\n' "$SSH_ORIGINAL_COMMAND" >>'${seen}'; ${PLAIN}`);
    await runPhase(host, phase(':'));
    const programs = { 'other.sh': 'exit' };
    await runPhase(host, { become: 'none', script: 'other.sh', programs, parameters: { SECRET: 'canary' } });
    const [first = '', second, ...more] = (await readFile(seen, 'utf8')).split('\n');
    expect(more).toEqual(['']);
    expect(second).toBe(first);
    const quoted = /^exec \/bin\/sh -c '([^'\\!\n]+)'$/.exec(first)?.[1];
    expect(quoted).toBeDefined();
    expect(spawnSync('shellcheck', ['-s', 'sh', '-e', 'SC2317', '-'], { input: quoted }).stdout.toString()).toBe('');
  });
});

describe('a noisy login shell', () => {
  const noise = 'echo noise; printf "more noise"; echo noise >&2; printf "more noise" >&2;';

  it('is not heard', async () => {
    await setShell(`${noise} ${PLAIN}`);
    const lines: string[] = [];
    const onLine = (line: string) => lines.push(line);
    expect(await runPhase(host, phase('echo out; echo err >&2', { onLine }))).toBe('out\n');
    expect(lines).toEqual(['err']);
    expect(await failure(runPhase(host, phase('exit 3')))).toMatchObject({ stdout: '', stderr: '' });

    const stdout = new PassThrough();
    const [collected, streamed] = await Promise.all([
      runPhase(host, phase('head -c 3000000 /dev/zero', { stdout })),
      buffer(stdout),
    ]);
    expect(collected).toBe('');
    expect(streamed.equals(Buffer.alloc(3_000_000))).toBe(true);
  });

  it('is not heard from a real .bashrc', async () => {
    const real = await startSshd();
    cleanups.push(() => real.stop());
    await writeFile(join(real.home, '.bashrc'), noise);
    const noisy = await connect(real.connection());
    cleanups.push(() => noisy.close());
    expect(await runPhase(noisy, phase('echo out'))).toBe('out\n');
  });
});

describe('stdout as a stream', () => {
  it('is destroyed when the program fails', async () => {
    const stdout = new PassThrough();
    const [ran, read] = await Promise.all([
      failure(runPhase(host, phase('echo half; exit 1', { stdout }))),
      failure(text(stdout)),
    ]);
    expect(ran).toMatchObject({ code: 1 });
    expect(read).toBeInstanceOf(CommandFailed);
  });

  it('that fails ends the phase', async () => {
    const reason = new Error('disk full');
    const stdout = new PassThrough();
    const running = failure(runPhase(host, phase('yes', { stdout })));
    setTimeout(() => stdout.destroy(reason), 200);
    expect(await running).toBe(reason);
  });

  it('never looks whole when no shell was started', async () => {
    await setShell('echo hello');
    const stdout = new PassThrough();
    const [ran, read] = await Promise.all([
      failure(runPhase(host, phase('echo out', { stdout }))),
      failure(text(stdout)),
    ]);
    expect(ran.message).toBe('The host did not start /bin/sh for this user: hello');
    expect(read).toBe(ran);
  });
});

describe('a host that starts no shell', () => {
  it.each([
    [
      'nologin',
      'exec /usr/sbin/nologin',
      /^The host did not start \/bin\/sh for this user: This account is currently not available\.$/,
    ],
    ['a menu', 'echo Welcome; echo to the menu >&2', /: to the menu Welcome$/],
    ['silence', 'exit 1', /^The host did not start \/bin\/sh for this user\.$/],
  ])('%s', async (_what, command, message) => {
    await setShell(command);
    for (const become of ['none', 'sudo'] as const) {
      const error = await failure(runPhase(host, phase(':', { become })));
      expect(error).toBeInstanceOf(UpgradeError);
      expect(error.message).toMatch(message);
    }
  });
});

describe('sudo', () => {
  /** The host's sudo is this program, or there is none. */
  async function setSudo(program?: string): Promise<void> {
    const bin = join(directory, randomUUID());
    await mkdir(bin);
    if (program !== undefined) {
      await writeFile(join(bin, 'sudo'), `#!/bin/sh\n${program}`);
      await chmod(join(bin, 'sudo'), 0o755);
    }
    await setShell(`export OLD="$PATH" PATH='${bin}'; ${PLAIN}`);
  }

  it('runs the same command', async () => {
    await setSudo('[ "$1" = -n ] || exit 1; shift; PATH=$OLD exec "$@"');
    expect(await runPhase(host, phase('echo as root', { become: 'sudo' }))).toBe('as root\n');
  });

  it.each([
    ['is not there', undefined, /^There is no sudo on the host\.$/],
    ['asks for a password', 'echo "sudo: a password is required" >&2; exit 1', /asks this user for a password\.$/],
    ['demands a terminal', 'echo "sudo: sorry, you must have a tty to run sudo" >&2; exit 1', /demands a terminal\.$/],
    ['forbids it', 'echo "hub is not in the sudoers file." >&2; exit 1', /does not allow this user to become root\.$/],
    [
      'forbids this',
      'echo "Sorry, user hub is not allowed to execute \'/bin/sh -c ...\' as root on hub." >&2; exit 1',
      /does not allow this user/,
    ],
    [
      'says something else',
      'echo "sudo: es wird ein Passwort benötigt" >&2; exit 1',
      /did not start a shell: sudo: es wird/,
    ],
  ])('%s', async (_what, program, message) => {
    await setSudo(program);
    const error = await failure(runPhase(host, phase(':', { become: 'sudo' })));
    expect(error).toBeInstanceOf(UpgradeError);
    expect(error.message).toMatch(message);
    expect((error as UpgradeError).trouble).toMatchObject({ step: 'connect', hub: 'The hub was not touched.' });
  });
});

it('limits and signals end a phase', async () => {
  expect(await failure(runPhase(host, phase('sleep 3', { timeoutMs: 500 })))).toBeInstanceOf(CommandTimedOut);
  const reason = new Error('cancelled');
  const signal = AbortSignal.abort(reason);
  expect(await failure(runPhase(host, phase('sleep 3', { signal })))).toBe(reason);
});

it.each(['../a', '/a', 'a/b/c', 'a b', '-a', '.a', 'a\nb', '', 'parameters', 'complete', 'payload/a', 'payload', "a'"])(
  'a file is not named %j',
  async (name) => {
    const error = await failure(runPhase(host, phase(':', { programs: { 'run.sh': '', [name]: '' } })));
    expect(error.message).toContain('is no name for a file of a phase');
  },
);

it('only a program that is there can be run', async () => {
  expect((await failure(runPhase(host, phase(':', { script: 'other.sh' })))).message).toBe(
    'There is no program other.sh to run.',
  );
});
