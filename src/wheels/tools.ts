import { getExecOutput } from '@actions/exec';
import { UpgradeError } from '../errors.ts';

/** What a program of the runner ended with. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program of the runner, without a shell, in an environment that has none of the run's secrets. Throws UpgradeError
 * where it is not there; `cure`: what to do then.
 */
export async function runTool(
  [program = '', ...words]: string[],
  environment: Record<string, string>,
  cure: string,
  cwd?: string,
): Promise<Ended> {
  const options = { env: environment, silent: true, ignoreReturnCode: true, ...(cwd === undefined ? {} : { cwd }) };
  const missing = (said: string, cause?: unknown) =>
    new UpgradeError(
      `packages-from is runner, and ${program} cannot be run there: ${said}`,
      { step: 'resolve', hub: 'The hub was not touched.', next: cure },
      { cause },
    );
  const { exitCode, stdout, stderr } = await getExecOutput(program, words, options).catch((error) => {
    throw missing(error instanceof Error ? (error.message.split('. ', 1)[0] ?? '') : String(error), error);
  });
  if (/No module named pip\b/.test(stderr)) throw missing('it has no pip.');
  return { code: exitCode, stdout, stderr };
}

/** What a program said last, as one sentence without its frames. */
export function said({ stdout, stderr }: Ended): string {
  const text = `${stdout}\n${stderr}`.replaceAll(/[\p{C}\p{Zl}\p{Zp}×╰─▶│╭├]+/gu, ' ').replaceAll(/\s+/g, ' ');
  return text.trim().slice(-2000) || 'it says nothing.';
}
