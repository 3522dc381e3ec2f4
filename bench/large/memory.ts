import { readdir, readFile } from 'node:fs/promises';
import { boxProcesses } from '../hub/processes.ts';

/** The most memory that was in use at one moment, in MiB. */
export interface Peaks {
  /** The action's node. */
  runner: number;
  /** All processes on the hub's host together that were not there before. */
  host: number;
  /** The largest one of these, for people. */
  largest: string;
}

/**
 * Watches a run of the action on a hub in the box in `directory`. The kernel itself keeps each process's peak (VmHWM); those
 * of the host's programs are added up as if they had come together. `hub`: the process of a hub, with what it starts, is
 * not one of them.
 */
export async function watchMemory(directory: string, bundle: string): Promise<{ stop(): Promise<Peaks> }> {
  const before = new Set(await boxProcesses(directory));
  const peaks: Peaks = { runner: 0, host: 0, largest: '' };
  let largest = 0;
  let stopped = false;
  const look = async () => {
    const pids = (await boxProcesses(directory)).filter((pid) => !before.has(pid));
    const programs = (await Promise.all(pids.map(describe))).filter((one) => one !== undefined).filter(isProgram);
    peaks.host = Math.max(
      peaks.host,
      programs.reduce((sum, { rss }) => sum + rss, 0),
    );
    for (const { peak, command } of programs) {
      if (peak > largest) [largest, peaks.largest] = [peak, `${peak} MiB: ${command.slice(0, 160)}`];
    }
    peaks.host = Math.max(peaks.host, largest);
    for (const pid of await runners(bundle)) peaks.runner = Math.max(peaks.runner, (await describe(pid))?.peak ?? 0);
  };
  const loop = (async () => {
    while (!stopped) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await loop;
      return peaks;
    },
  };
}

interface Process {
  command: string;
  /** Now, and the most it ever had, in MiB. */
  rss: number;
  peak: number;
}

async function describe(pid: number): Promise<Process | undefined> {
  try {
    const [status, command] = await Promise.all([
      readFile(`/proc/${pid}/status`, 'utf8'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ]);
    const field = (name: string) =>
      Math.ceil(Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024);
    return { command: command.replaceAll('\0', ' ').trim(), rss: field('VmRSS'), peak: field('VmHWM') };
  } catch {
    return undefined; // it has ended
  }
}

/** Of the hub that was started again and of users' servers is not the question, nor of the sessions' sshd. */
function isProgram({ command }: Process): boolean {
  return !/\/bin\/jupyterhub -f |fake-server\.py|configurable-http-proxy|^sshd/.test(command);
}

/** Processes that run a bundle. */
async function runners(bundle: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return pids.filter((_, index) => lines[index]?.includes(bundle));
}
