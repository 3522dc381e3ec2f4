import { mkdtemp, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, until } from '../hub/run.ts';
import { supervise } from './supervisor.ts';

/** Another host, at the end of a cable: a network namespace. Whatever ends this process ends it, too. */
export interface OtherHost {
  address: string;
  /** What a command line begins with to run there. */
  inside: string[];
  /** Command lines that pull the cable, and put it in again. Who is connected then only sees that no answer comes. */
  cut: string[];
  mend: string[];
  /** Ends it; its programs have ended before. */
  remove(): Promise<void>;
}

let cables = 0;

/** For root. */
export async function startOtherHost(): Promise<OtherHost> {
  const directory = await mkdtemp(join(tmpdir(), 'other-host-'));
  const options = { signal: 'KILL', directory, log: join(directory, 'log') };
  const holder = await supervise(['unshare', '--net', 'sleep', 'infinity'], options);
  const inside = ['nsenter', `--net=/proc/${holder.pid}/ns/net`];
  const remove = async () => {
    await holder.kill();
    await run('rm', ['-rf', directory]);
  };
  try {
    await until('there is no namespace', 20, async () => {
      const [own, its] = await Promise.all(['self', holder.pid].map((pid) => readlink(`/proc/${pid}/ns/net`)));
      return its !== own;
    });
    // Of the range that is set apart for such measurements (RFC 2544): this process's own, four for each cable.
    cables += 1;
    const network = `198.18.${process.pid % 256}`;
    const [here, there] = [`${network}.${4 * (cables % 64) + 1}`, `${network}.${4 * (cables % 64) + 2}`];
    const cable = `cable${holder.pid}`;
    await run('ip', ['link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(holder.pid)]);
    await run('ip', ['address', 'add', `${here}/30`, 'dev', cable]);
    await run('ip', ['link', 'set', cable, 'up']);
    const script = `ip address add ${there}/30 dev eth0; ip link set lo up; ip link set eth0 up`;
    await run('nsenter', [...inside.slice(1), 'sh', '-ec', script]);
    const link = [...inside, 'ip', 'link', 'set', 'eth0'];
    return { address: there, inside, cut: [...link, 'down'], mend: [...link, 'up'], remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
