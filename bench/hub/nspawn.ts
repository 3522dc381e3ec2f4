import { openSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import { cachedTree, overlay } from './machine-tree.ts';
import { mountPoints } from './processes.ts';
import { run, startDetached, until } from './run.ts';

/** Unmounts and removes the directory of a machine that is off. */
export async function removeMachine(directory: string): Promise<void> {
  await run('rm', ['-rf', join(directory, 'upper')]); // else umount first writes all of it to the disk
  const root = join(directory, 'root');
  await until('the machine stays mounted', 20, async () => {
    // A busy disk can make one umount take longer than that: what counts is what is mounted after it.
    if ((await mountPoints('self')).includes(root)) await run('umount', [root]).catch(() => {});
    return !(await mountPoints('self')).includes(root);
  });
  await run('rm', ['-rf', directory]);
}

/** A Debian tree in systemd-nspawn that can be booted, cut off and booted again. It shares this machine's network. */
export class Machine {
  readonly root: string;
  readonly #directory: string;
  readonly #sshPort: number;
  #supervisor: number | undefined;
  #leader: number | undefined;

  /** Everything of it is kept in `directory`, which exists; its sshd is expected at `sshPort`. */
  constructor(directory: string, sshPort: number) {
    this.#directory = directory;
    this.#sshPort = sshPort;
    this.root = join(directory, 'root');
  }

  /** Pid of its init, as this machine counts. */
  get leader(): number {
    if (this.#leader === undefined) throw new Error('the machine is switched off');
    return this.#leader;
  }

  /** Puts the tree together, with these layers on it; nothing runs yet. */
  async mount(layers: string[]): Promise<void> {
    const [upper, work] = [join(this.#directory, 'upper'), join(this.#directory, 'work')];
    for (const path of [upper, work, this.root]) await mkdir(path);
    await run('mount', overlay([...layers, await cachedTree()], upper, work, this.root));
  }

  /** Boots the tree, also again after `kill` or a shutdown from inside; resolves when SSH answers. */
  async boot(): Promise<void> {
    await this.kill();
    const log = join(this.#directory, 'console.log');
    const nspawn = ['systemd-nspawn', '--register=no', '--keep-unit', '--boot', '--resolv-conf=copy-host', '--quiet'];
    nspawn.push('-D', this.root, '-M', basename(this.#directory).toLowerCase());
    // It does not outlive this process, whatever happens to that.
    const supervisor = startDetached('setpriv', ['--pdeathsig', 'KILL', ...nspawn], openSync(log, 'a'), {
      env: { PATH: process.env.PATH, SYSTEMD_NSPAWN_TMPFS_TMP: '0' }, // /tmp is on the disk, as Debian has it
    });
    this.#supervisor = supervisor;
    this.#leader = await until(`the machine does not boot (see ${log})`, 20, () => initOf(supervisor));
    await until(`sshd does not answer in the machine (see ${log})`, 60, () => sshAnswers(this.#sshPort));
  }

  /** Cuts the power. The kernel ends everything in the init's pid namespace with it, and then the supervisor ends. */
  async kill(): Promise<void> {
    const supervisor = this.#supervisor;
    if (supervisor === undefined) return;
    await until('the machine does not go down', 20, async () => {
      const init = await initOf(supervisor);
      if (init !== undefined) process.kill(init, 'SIGKILL');
      return (await statusOf(supervisor)) === undefined;
    });
    this.#leader = this.#supervisor = undefined;
  }

  /** Runs a shell command as root in the booted machine and gives its stdout; throws when it fails. */
  exec(command: string, stdin = ''): Promise<string> {
    const inside = ['--target', String(this.leader), '--all', '--wdns=/', 'env', '-i', 'HOME=/root'];
    const shell = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin', 'sh', '-c', command];
    return run('nsenter', [...inside, ...shell], { stdin });
  }
}

/** The child of systemd-nspawn that is pid 1 of a namespace. */
async function initOf(supervisor: number): Promise<number | undefined> {
  const children = await readFile(`/proc/${supervisor}/task/${supervisor}/children`, 'utf8').catch(() => '');
  for (const child of children.trim().split(' ')) {
    if (/^NSpid:\t\d+\t1$/m.test((await statusOf(Number(child))) ?? '')) return Number(child);
  }
  return undefined;
}

function statusOf(pid: number): Promise<string | undefined> {
  return readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined);
}

/** Whether an SSH server says who it is at that port. */
function sshAnswers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(2000, () => socket.destroy());
    socket.once('data', (data) => {
      resolve(data.toString().startsWith('SSH-'));
      socket.destroy();
    });
    socket.on('error', () => {});
    socket.once('close', () => resolve(false));
  });
}
