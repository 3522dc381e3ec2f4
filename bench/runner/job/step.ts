import { CommandProcessor } from './commands.ts';
import { FileCommands } from './file-commands.ts';
import type { Conclusion, Job, Step } from './job.ts';
import { type ProcessEnd, runProcess } from './process.ts';

/** The process of a step. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Record<string, string>;
  /** The step's `if`, asked again when the job is cancelled: a step for which it still holds is left alone. */
  readonly condition: () => boolean;
  /** `timeout-minutes`, in ms. */
  readonly timeoutMs?: number;
}

/** How a step ended. `lost`: the runner went away during it, and nothing the step wrote counts. */
export interface StepEnd extends ProcessEnd {
  readonly conclusion: Conclusion;
  readonly lost: boolean;
}

/** Runs the process of a step: its commands, its file commands, and its end by cancellation or timeout. */
export async function runStep(job: Job, step: Step, program: Program): Promise<StepEnd> {
  const files = await FileCommands.create(job.temp);
  const commands = new CommandProcessor(job, step);
  const stop = stopSignal(job, program);
  const end = await runProcess({
    ...program,
    env: { ...program.env, ...files.environment },
    grace: job.grace,
    interrupt: stop.signal,
    kill: job.lost,
    onLine: (line) => commands.take(line),
  }).finally(() => stop.dispose());
  if (job.lost.aborted) return { ...end, conclusion: 'failure', lost: true };

  await files.process(job, step);
  return { ...end, conclusion: conclude(job, step, program, end, stop.reason), lost: false };
}

interface Stop {
  readonly signal: AbortSignal;
  readonly reason: 'cancelled' | 'timeout' | undefined;
  dispose(): void;
}

/** The signal that interrupts a step, by its timeout or by a cancellation after which its `if` no longer holds. */
function stopSignal(job: Job, { condition, timeoutMs }: Program): Stop {
  const controller = new AbortController();
  let reason: Stop['reason'];
  const stop = (why: Stop['reason']) => {
    reason ??= why;
    controller.abort();
  };
  const onCancel = () => void (condition() || stop('cancelled'));
  const timer = timeoutMs === undefined ? undefined : setTimeout(stop, timeoutMs, 'timeout');
  // A cancellation may have come since the `if` was asked first.
  if (job.cancelled.aborted) onCancel();
  else job.cancelled.addEventListener('abort', onCancel, { once: true });
  return {
    signal: controller.signal,
    get reason() {
      return reason;
    },
    dispose() {
      clearTimeout(timer);
      job.cancelled.removeEventListener('abort', onCancel);
    },
  };
}

function conclude(job: Job, step: Step, { timeoutMs }: Program, end: ProcessEnd, stopped: Stop['reason']): Conclusion {
  if (stopped === 'cancelled') {
    job.log.issue(step.name, 'error', 'The operation was canceled.');
    return 'cancelled'; // whatever its exit status
  }
  if (stopped === 'timeout') {
    const minutes = (timeoutMs ?? 0) / 60_000;
    job.log.issue(step.name, 'error', `The action '${step.name}' has timed out after ${minutes} minutes.`);
    return 'failure';
  }
  return end.exitCode === 0 && !step.failed ? 'success' : 'failure';
}
