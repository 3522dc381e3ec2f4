import { readdirSync, readFileSync } from 'node:fs';

/** `pid` and all processes below it, parents first: killed in this order, none can replace a child. */
export function processTree(pid: number): number[] {
  const children = Map.groupBy(runningProcesses(), parentOf);
  const below = (parent: number): number[] => [parent, ...(children.get(parent) ?? []).flatMap(below)];
  return below(pid);
}

/** The processes that carry `NAME=value` in their environment. */
export function processesWith(name: string, value: string): number[] {
  const wanted = `${name}=${value}`;
  return runningProcesses().filter((pid) => read(pid, 'environ').split('\0').includes(wanted));
}

/** Sends a signal; a process that is already gone is none of our business. False when it was. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

function runningProcesses(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function parentOf(pid: number): number {
  const stat = read(pid, 'stat');
  // The command's name stands in parentheses and may contain any of them: fields start after the last one.
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // ended meanwhile, or not ours to read
  }
}
