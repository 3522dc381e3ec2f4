import { readdir, readFile, readlink } from 'node:fs/promises';
import { until } from './run.ts';

/** The variable that marks every process of a box, set by its sshd and its hub: `BOX=<directory>`. */
export const boxVariable = 'HUB_IN_A_BOX';

/** Pids of the processes that belong to the box in `directory`: marked by it, run from it, or standing in it. */
export async function boxProcesses(directory: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const mine = await Promise.all(
    pids.map(async (pid) => {
      const [environment, command, standing] = await Promise.all([
        readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''),
        readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
        readlink(`/proc/${pid}/cwd`).catch(() => ''),
      ]);
      return (
        environment.split('\0').includes(`${boxVariable}=${directory}`) ||
        command.includes(`${directory}/`) ||
        `${standing}/`.startsWith(`${directory}/`)
      );
    }),
  );
  return pids.filter((_, index) => mine[index]).map(Number);
}

/** Pids of all processes in the pid namespace of that one. */
export async function namespaceProcesses(leader: number): Promise<number[]> {
  const namespace = await readlink(`/proc/${leader}/ns/pid`);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const theirs = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/ns/pid`).catch(() => '')));
  return pids.filter((_, index) => theirs[index] === namespace).map(Number);
}

/** The command lines of processes, those that have ended left out. */
export async function commandLines(pids: number[]): Promise<string[]> {
  const all = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return all.filter((line) => line !== '').map((line) => line.replaceAll('\0', ' ').trim());
}

/** The mount points that a process sees. */
export async function mountPoints(pid: number | 'self'): Promise<string[]> {
  const lines = (await readFile(`/proc/${pid}/mountinfo`, 'utf8')).trimEnd().split('\n');
  const unescapeOctal = (_: string, octal: string) => String.fromCharCode(Number.parseInt(octal, 8));
  return lines.map((line) => (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, unescapeOctal));
}

/** Kills all processes of a box. */
export async function killBoxProcesses(directory: string): Promise<void> {
  await until(`processes of ${directory} are still there`, 20, async () => {
    const pids = await boxProcesses(directory);
    for (const pid of pids) kill(pid);
    return pids.length === 0;
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}
