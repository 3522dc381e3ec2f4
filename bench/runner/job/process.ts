import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { readLines } from './lines.ts';
import { processTree, signalProcess } from './process-tree.ts';

/** How patient the runner is, in ms. */
export interface Grace {
  /** From SIGINT to SIGTERM. */
  readonly interrupt: number;
  /** From SIGTERM to SIGKILL of the whole tree. */
  readonly terminate: number;
  /** From the exit of a process until its open stdout and stderr are given up. */
  readonly streams: number;
  /** From the cancellation of a job until its runner is stopped, whatever it is doing (`post` included). */
  readonly job: number;
}

/** GitHub's own figures: 7.5 s and 2.5 s, and of the 5 minutes a cancelled job gets, 15 s belong to the runner. */
export const RUNNER_GRACE: Grace = { interrupt: 7_500, terminate: 2_500, streams: 5_000, job: 285_000 };

interface SentSignal {
  readonly signal: NodeJS.Signals;
  /** Since the process was started. */
  readonly atMs: number;
}

export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly sent: readonly SentSignal[];
  readonly durationMs: number;
}

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Record<string, string>;
  readonly grace: Grace;
  /** Asks the process to stop: SIGINT, then SIGTERM (both to its pid only), then SIGKILL to its tree. */
  readonly interrupt: AbortSignal;
  /** Ends the process and its tree at once. */
  readonly kill: AbortSignal;
  readonly onLine: (line: string) => void;
}

/** Runs a process to its end. Throws when it cannot be started. */
export async function runProcess(options: ProcessOptions): Promise<ProcessEnd> {
  const { command, args, cwd, env, grace, interrupt, kill, onLine } = options;
  const started = performance.now();
  const sent: SentSignal[] = [];
  const timers: NodeJS.Timeout[] = [];

  // Detached, so that Ctrl-C in a terminal reaches this program only and becomes a cancellation.
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const streams = Promise.all([readLines(child.stdout, onLine), readLines(child.stderr, onLine)]);
  streams.catch(() => {}); // they are destroyed below when the process leaves them open

  const send = (signal: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    sent.push({ signal, atMs: Math.round(performance.now() - started) });
    const targets = signal === 'SIGKILL' ? processTree(child.pid) : [child.pid];
    for (const pid of targets) signalProcess(pid, signal);
  };
  const escalate = () => {
    send('SIGINT');
    timers.push(setTimeout(send, grace.interrupt, 'SIGTERM'));
    timers.push(setTimeout(send, grace.interrupt + grace.terminate, 'SIGKILL'));
  };
  const killTree = () => send('SIGKILL');
  interrupt.addEventListener('abort', escalate, { once: true });
  kill.addEventListener('abort', killTree, { once: true });
  if (interrupt.aborted) escalate();
  if (kill.aborted) killTree();
  try {
    const [exitCode, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    timers.splice(0).forEach(clearTimeout);
    await Promise.race([streams, delay(grace.streams, undefined, { ref: false })]);
    return { exitCode, signal, sent, durationMs: Math.round(performance.now() - started) };
  } finally {
    timers.forEach(clearTimeout);
    interrupt.removeEventListener('abort', escalate);
    kill.removeEventListener('abort', killTree);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}
