import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const start = promisify(execFile);

export interface ExecuteOptions {
  stdin: string;
  /** Ends the program with SIGTERM; what then comes is an error. */
  signal: AbortSignal;
}

/** Runs a program to its end and gives its stdout; throws with the last it said when the exit status is not 0. */
export async function execute(program: string, args: string[], { stdin, signal }: ExecuteOptions): Promise<string> {
  const running = start(program, args, { signal, maxBuffer: 64 << 20 });
  running.child.stdin?.on('error', () => {}); // a program that does not read it
  running.child.stdin?.end(stdin);
  try {
    return (await running).stdout;
  } catch (error) {
    signal.throwIfAborted();
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    throw new Error(`${program} ended with ${code}:\n${`${stdout}${stderr}`.trim().slice(-3000)}`, { cause: error });
  }
}
