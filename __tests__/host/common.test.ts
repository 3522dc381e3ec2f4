import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { systemPython } from '../../bench/hub/environments.ts';
import { until } from '../../bench/hub/run.ts';
import { kill } from './job-on-disk.ts';
import { copyPrograms, SHELLS, type Shell, shellCommand } from './programs.ts';
import { python, runProgram, temporaryDirectory } from './support.ts';

const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

/** Starts a program with just these words as its command line, the first one included. */
function start(program: string, words: string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(program, words.slice(1), { argv0: words[0] ?? '', env, stdio: 'ignore', detached: true });
  children.add(child);
  return child;
}

const directory = temporaryDirectory();
const programsOf = { dash: copyPrograms(directory, 'dash'), busybox: copyPrograms(directory, 'busybox') };

/** Runs statements with common.sh, its arguments from $2 on. */
async function sh(shell: Shell, script: string, ...args: string[]): Promise<string> {
  const common = [programsOf[shell].directory, ...args];
  const { status, stdout, stderr } = await runProgram([
    ...shellCommand(shell),
    '-c',
    `set -u; . "$1/common.sh"; ${script}`,
    'sh',
    ...common,
  ]);
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout;
}

/** The variables that a shell has which starts with none and reads this file. */
function sourced(shell: string[], file: string): Map<string, string> {
  const script = '. "$1"; exec /usr/bin/env -0';
  const { stdout, stderr, status } = spawnSync(
    '/usr/bin/env',
    ['-i', `PATH=${process.env.PATH}`, ...shell, '-c', script, 'sh', file],
    // bash takes a socket for a remote shell and reads its start-up files.
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  expect([stderr.toString(), status]).toEqual(['', 0]);
  const lines = stdout.toString('latin1').split('\0').slice(0, -1);
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

const bytes = fc.oneof(
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString('latin1')) },
  fc
    .array(
      fc.constantFrom(
        "'",
        "''",
        '"',
        '\\',
        '\n',
        '\n\n',
        '$(id)',
        '`id`',
        '\u0001',
        '=',
        ' ',
        '\u0081\u0088',
        '*',
        '#',
        '\t',
      ),
      { maxLength: 6 },
    )
    .map((parts) => parts.join('')),
);
const value = bytes.map((text) => text.replaceAll('\0', ''));

describe.each(SHELLS)('common.sh with %s', (shell) => {
  it('quotes any value as one word, its last newlines too', async () => {
    const values = [...fc.sample(value, 60), "it's\n", "'\n\n\n", "\n'", '', "'", '-n', '\\'];
    const file = join(directory, `values-${shell}`);
    // Newlines travel as \002.
    writeFileSync(
      file,
      values.map((each) => `${each.replaceAll('\u0002', '').replaceAll('\n', '\u0002')}\n`).join(''),
      'latin1',
    );
    const words = join(directory, `words-${shell}`);
    const each = `value=$(printf '%s.' "$line" | tr '\\002' '\\n'); printf ' '; quoted "\${value%.}"`;
    await sh(shell, `{ printf 'set --'; while IFS= read -r line; do ${each}; done <"$2"; echo; } >"$3"`, file, words);
    for (const reader of SHELLS) {
      const { stdout } = spawnSync(shellCommand(reader)[0] ?? '', [
        ...shellCommand(reader).slice(1),
        '-c',
        '. "$1"; printf "%s\\0" "$@"',
        'sh',
        words,
      ]);
      expect(stdout.toString('latin1').split('\0').slice(0, -1)).toEqual(
        values.map((each) => each.replaceAll('\u0002', '')),
      );
    }
  });

  it('gives an environment back as it was, to every shell', async () => {
    const [file, out] = [join(directory, `environ-${shell}`), join(directory, `exports-${shell}`)];
    const names = fc
      .stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/)
      .filter((name) => !/^(PWD|OLDPWD|SHLVL|_|PATH|IFS)$/.test(name));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(names, value), { selector: ([name]) => name, maxLength: 12 }),
        async (variables) => {
          writeFileSync(file, variables.map(([name, text]) => `${name}=${text}\0`).join(''), 'latin1');
          await sh(shell, 'exports_of "$2" "$3"', file, out);
          for (const reader of SHELLS) {
            const seen = sourced(shellCommand(reader), out);
            for (const [name, text] of variables) expect([name, seen.get(name)]).toEqual([name, text]);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('leaves out what a shell cannot set, what no name is, and what speaks of that process only', async () => {
    const [file, out] = [join(directory, `environ-${shell}`), join(directory, `exports-${shell}`)];
    const kept = {
      A: '1',
      _a9: '2',
      HOME: '/home/hub',
      directory: 'x',
      environment: 'y',
      OPTARG: 'z',
      PS4: '$(id)',
      ENV: '/x',
      LD_PRELOAD: '',
    };
    const own = [
      'NOTIFY_SOCKET',
      'INVOCATION_ID',
      'JOURNAL_STREAM',
      'SYSTEMD_EXEC_PID',
      'WATCHDOG_USEC',
      'LISTEN_FDS',
      'MAINPID',
      'PWD',
      'OLDPWD',
      'SHLVL',
      '_',
    ];
    const readOnly = ['UID', 'EUID', 'PPID', 'OPTIND', 'SHELLOPTS', 'BASHOPTS', 'BASH_VERSINFO'];
    const none = ['1A', 'A-B', 'A B', 'A;id', 'BASH_FUNC_x%%', 'Ä', '$(id)', "A'", 'A\n', ''];
    const entries = [...Object.entries(kept), ...[...own, ...readOnly, ...none].map((name) => [name, 'bad'])];
    writeFileSync(file, `${entries.map((entry) => entry.join('=')).join('\0')}\0no equals sign\0`);
    await sh(shell, 'exports_of "$2" "$3"', file, out);
    const lines = Object.entries(kept).map(([name, text]) => `export ${name}='${text}'\n`);
    expect(readFileSync(out, 'utf8')).toBe(lines.join(''));
    for (const reader of [...SHELLS.map(shellCommand), ...(existsSync('/bin/bash') ? [['bash', '--posix']] : [])]) {
      expect([...sourced(reader, out)]).toEqual(expect.arrayContaining(Object.entries(kept)));
    }
  });

  it.skipIf(spawnSync('strace', ['true']).status !== 0)(
    'shows no value of an environment on a command line',
    async () => {
      const secret = 'canary4711';
      const child = start('/usr/bin/sleep', ['sleep', '600'], { TOKEN: `it's ${secret}\n`, [secret]: 'x' });
      const out = join(directory, `captured-${shell}`);
      const script = 'PROGRAMS=$1; . "$1/common.sh"; capture_environment "$2" "$3"';
      const trace = ['strace', '-f', '-v', '-s', '100000', '-e', 'trace=execve', '-o', `${out}.strace`];
      await runProgram([
        ...trace,
        ...shellCommand(shell),
        '-c',
        script,
        'sh',
        programsOf[shell].directory,
        String(child.pid),
        out,
      ]);
      expect(sourced(shellCommand(shell), out).get('TOKEN')).toBe(`it's ${secret}\n`);
      expect(await sh(shell, 'capture_environment 999999999 "$2" || echo gone', out)).toBe('gone\n');
      expect(readFileSync(`${out}.strace`, 'utf8')).toContain('execve(');
      expect(readFileSync(`${out}.strace`, 'utf8')).not.toContain(secret);
    },
  );

  it('makes an EnvironmentFile of what systemctl shows of Environment=', async () => {
    const shown = String.raw`PATH=/opt/bin:/bin "A=it's \"q\" \$x \`y\` \\ %h" B= "C=tab\there\nline" "D=\033[0m" bare E=a=b "F= é "`;
    const lines = [
      ...['PATH="/opt/bin:/bin"', String.raw`A="it's \"q\" \$x \`y\` \\ %h"`, 'B=""'],
      ...['C="tab\there', 'line"', 'D="\u001b[0m"', 'E="a=b"', 'F=" é "', ''],
    ];
    expect(await sh(shell, 'printf "%s\\n" "$2" | environment_file', shown)).toBe(lines.join('\n'));
    expect(await sh(shell, 'printf "\\n" | environment_file')).toBe('');
  });

  it('knows a hub by its command line', async () => {
    const bin = join(directory, `bin-${shell}`);
    mkdirSync(join(bin, 'jupyterhub'), { recursive: true });
    const sleeps = 'import time\ntime.sleep(600)\n';
    for (const name of ['__init__.py', '__main__.py', 'app.py', 'singleuser.py']) {
      writeFileSync(join(bin, 'jupyterhub', name), name === '__init__.py' ? '' : sleeps);
    }
    for (const name of ['hub', 'jupyterhub-singleuser', 'other']) writeFileSync(join(bin, name), sleeps);
    mkdirSync(join(bin, 'scripts'));
    writeFileSync(join(bin, 'scripts', 'jupyterhub'), sleeps);
    const script = join(bin, 'scripts', 'jupyterhub');
    const hubs = [
      ['python3', script],
      ['/opt/hub/bin/python3.11', script, '-f', '/etc/jupyterhub_config.py'],
      ['python', '-m', 'jupyterhub', '-f', 'x'],
      ['python3', '-I', '-s', script],
      ['python3', '-m', 'jupyterhub.app', '-f', 'x'],
      [script, join(bin, 'hub'), '--debug'],
    ];
    const others = [
      ['python3', script, 'token', 'rhea'],
      ['python3', '-m', 'jupyterhub', 'upgrade-db'],
      ['python3', script, 'shell'],
      ['python3', join(bin, 'jupyterhub-singleuser')],
      ['python3', '-m', 'jupyterhub.singleuser'],
      ['python3', join(bin, 'other'), 'jupyterhub'],
      ['node', join(bin, 'other'), '/usr/bin/configurable-http-proxy', '--pid=jupyterhub-proxy.pid'],
    ];
    const run = (words: string[]) => start(systemPython, words, { PYTHONPATH: bin }).pid ?? 0;
    const [expected, unexpected] = [hubs.map(run), others.map(run)];
    const ours = (found: string) =>
      found
        .trim()
        .split('\n')
        .map(Number)
        .filter((pid) => [...expected, ...unexpected].includes(pid));
    await until('not all are there', 20, () =>
      [...expected, ...unexpected].every(
        (pid) =>
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(bin) ||
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('-m'),
      ),
    );
    expect(ours(await sh(shell, 'hub_pids || :')).sort()).toEqual(expected.sort());
  });

  it('knows the processes of a session, whatever names they give themselves', async () => {
    // A process may be called as the kernel's line of another would go on.
    const names = ['plain', 'a) R 1 1 1 1 (', 'two words', `\n${process.pid} (x`, ')) ((', '\n', '\u00ff'];
    const program = `
import ctypes, os, sys, time
for name in sys.argv[1:]:
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(15, os.fsencode(name), 0, 0, 0)
        open(os.path.join(os.environ["READY"], str(os.getpid())), "w").close()
        time.sleep(600)
if os.fork() == 0:
    os._exit(0)
time.sleep(600)
`;
    const ready = join(directory, `ready-${shell}`);
    mkdirSync(ready);
    const leader = start(systemPython, ['python3', '-I', '-c', program, ...names], { READY: ready });
    await until(
      'not all are there',
      20,
      () => spawnSync('ls', [ready]).stdout.toString().trim().split('\n').length === names.length,
    );
    const pids = spawnSync('ls', [ready]).stdout.toString().trim().split('\n').map(Number);
    const sid = leader.pid ?? 0;
    const found = (await sh(shell, 'session_pids "$2"', String(sid))).trim().split('\n').map(Number);
    // The zombie is none of them, nor is the process that one of them is called after.
    expect(found.sort()).toEqual([sid, ...pids].sort());
    const starts = await sh(shell, 'shift; for pid; do start_time "$pid"; done', ...pids.map(String));
    expect(starts).toMatch(/^(\d+@[0-9a-f-]{36}\n)+$/);
    expect(starts.trim().split('\n')).toHaveLength(names.length);
    await sh(shell, 'kill_session "$2"', String(sid));
    await until('it lives on', 20, () => leader.exitCode !== null || leader.signalCode !== null);
    expect((await sh(shell, 'session_pids "$2"', String(sid))).trim()).toBe('');
  });

  it('ends a session politely, and then what does not heed', async () => {
    const ended = join(directory, `ended-${shell}`);
    const polite = start(
      '/bin/dash',
      ['dash', '-c', `trap 'echo bye >"$0"; exit' TERM; while :; do sleep 0.05; done`, ended],
      { PATH: '/usr/bin:/bin' },
    );
    await sh(shell, 'kill_session "$2"', String(polite.pid));
    expect(readFileSync(ended, 'utf8')).toBe('bye\n');
    const deaf = start('/bin/dash', ['dash', '-c', `trap '' TERM; sleep 600 & sleep 600; sleep 600`], {
      PATH: '/usr/bin:/bin',
    });
    await sh(shell, 'sleep 0.3; kill_session "$2"', String(deaf.pid));
    expect((await sh(shell, 'session_pids "$2"', String(deaf.pid))).trim()).toBe('');
    await sh(shell, 'kill_session "$2"', String(deaf.pid));
  });

  it('tells a process from a later one of the same number', async () => {
    const child = start('/usr/bin/sleep', ['sleep', '600']);
    const pid = String(child.pid);
    const since = (await sh(shell, 'start_time "$2"', pid)).trim();
    expect(since).toBe(
      (
        await python(
          `import sys; print(open("/proc/%s/stat" % sys.argv[1]).read().split(") ")[1].split()[19] + "@" + open("/proc/sys/kernel/random/boot_id").read())`,
          pid,
        )
      ).trim(),
    );
    const lives = (start: string) => sh(shell, 'if is_alive "$2" "$3"; then echo yes; else echo no; fi', pid, start);
    const otherBoot = since.replace(/@.*/, '@00000000-0000-0000-0000-000000000000');
    expect([await lives(since), await lives('1'), await lives(otherBoot), await lives('')]).toEqual([
      'yes\n',
      'no\n',
      'no\n',
      'no\n',
    ]);
    kill(child.pid ?? 0);
    await until('it lives on', 20, () => child.signalCode !== null);
    expect(await lives(since)).toBe('no\n');
  });

  it('removes what phases left that were killed or ended by a reboot, and leaves those at work', async () => {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const alive = start('/usr/bin/sleep', ['sleep', '600']);
    const uid = `${process.getuid?.()} ${process.getgid?.()}`;
    const scratch = mkdtempSync(join(directory, 'scratch of a phase '));
    const owners = {
      dead: `4194304 ${boot}\n`,
      'of-another-boot': `${alive.pid} 00000000-0000-4000-8000-000000000000\n`,
      'at-work': `${alive.pid} ${boot}\n`,
      'just-made': '',
    };
    const phases = Object.entries(owners).map(([name, owner]) => {
      const phase = mkdtempSync(`/var/tmp/jupyterhub-upgrade.${name}-`);
      if (owner !== '') writeFileSync(join(phase, 'owner'), owner);
      return phase;
    });
    const [dead = '', , ...others] = phases;
    try {
      writeFileSync(join(dead, 'scratch'), `${uid} ${scratch}\n`);
      await sh(shell, 'clean_phases');
      expect(phases.filter((phase) => existsSync(phase))).toEqual(others);
      expect(existsSync(scratch)).toBe(false);
    } finally {
      for (const phase of phases) rmSync(phase, { recursive: true, force: true });
    }
  });

  it('as-hub.sh runs with the variables of the hub, whatever their names are, where the hub stands', async () => {
    const env = join(directory, `hub-${shell}.env`);
    const variables = {
      directory: '/',
      environment: '/nowhere',
      PATH: '/opt/hub/bin:/usr/bin:/bin',
      CDPATH: '/usr',
      A: "it's",
    };
    writeFileSync(
      env,
      Object.entries(variables)
        .map(([name, text]) => `export ${name}='${text.replaceAll("'", "'\\''")}'\n`)
        .join(''),
    );
    const hub = join(directory, `hub-${shell}`);
    mkdirSync(hub);
    const { stdout, stderr } = await runProgram(programsOf[shell].command('as-hub.sh', env, hub, '/usr/bin/env', '-0'));
    expect(stderr).toBe('');
    expect(stdout.split('\0')).toEqual(expect.arrayContaining(Object.entries(variables).map((each) => each.join('='))));
    const where = await runProgram(programsOf[shell].command('as-hub.sh', env, hub, '/bin/pwd'));
    expect(where.stdout).toBe(`${hub}\n`);
    const none = await runProgram(programsOf[shell].command('as-hub.sh', '', hub, '/bin/pwd'));
    expect(none.stdout).toBe(`${hub}\n`);
  });
});
