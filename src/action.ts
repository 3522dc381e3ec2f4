import { appendFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { InputError, type Inputs, readInputs } from './inputs.ts';
import { workflowCommand } from './report/workflow-commands.ts';
import { readRunContext } from './run-context.ts';
import { readState } from './state.ts';

/** The main step. Everything but the inputs is loaded only when they are right: a typing error is told at once. */
export async function main(environment: NodeJS.ProcessEnv): Promise<void> {
  // An event loop that runs dry must not be green.
  process.exitCode = 1;
  let inputs: Inputs;
  try {
    inputs = await readInputs(environment);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stdout.write(`${workflowCommand('error', error.message, { title: 'Inputs' })}\n`);
    const { outputFile } = readRunContext(environment);
    if (outputFile) appendFileSync(outputFile, 'outcome=failed-before-change\nfailed-step=inputs\n');
    return;
  }
  // A backup passes in buffers that live for a moment. V8 lets dead ones of twice this size pile up (MiB; 128 of them, if
  // nobody says otherwise) before it looks for them: small, the same memory is used again, which is faster, too.
  setFlagsFromString('--scavenger-max-new-space-capacity-mb=4');
  const { carryOut } = await import('./modes/index.ts');
  await end(await carryOut(inputs, readRunContext(environment)));
}

/** The post step: when the main step could not wait for the host, this one does. */
export async function post(environment: NodeJS.ProcessEnv): Promise<void> {
  process.exitCode = 1;
  const state = readState(environment);
  if (state.phase !== 'host-job') {
    process.exitCode = 0;
    return;
  }
  const { finishJob } = await import('./modes/post.ts');
  const { job, backup } = state;
  await end(await finishJob(await readInputs(environment), readRunContext(environment), job, backup));
}

/** Ends the process: calls of the toolkit that ran into their limit would keep it alive. */
async function end(code: number): Promise<never> {
  await new Promise((resolve) => process.stdout.write('', resolve));
  process.exit(code);
}
