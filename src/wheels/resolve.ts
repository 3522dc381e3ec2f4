import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Target } from '../hub/environments/target.ts';
import type { Installed } from '../hub/packages.ts';
import { type Pin, preferences, readPins } from './pins.ts';
import { runTool, said } from './tools.ts';

/** What is asked: which packages go with these. */
export interface Question {
  /** Requirements, a line each. */
  wanted: string;
  constraints?: string | undefined;
  /** What is there stays as it is where it can. */
  installed: Installed[];
  /** Names of those that do not: their newest is wanted. */
  upgraded: string[];
  /** Whether `wanted` is all of it. */
  isWhole: boolean;
}

const CURE =
  'Add astral-sh/setup-uv to the job, before this action; where the runner finds packages is configured as for uv.';

/**
 * Has uv on the runner resolve for a Python and a platform that are not its own. Nothing is built and nothing of a package is
 * run: only wheels count. Returns its refusal, in a sentence, as text.
 */
export async function resolveFor(
  target: Target,
  question: Question,
  { directory, environment }: { directory: string; environment: Record<string, string> },
): Promise<{ pins: Pin[]; options: string[] } | string> {
  const file = (name: string) => join(directory, name);
  await writeFile(file('wanted.in'), question.wanted);
  await writeFile(file('constraints.txt'), question.constraints ?? '');
  await writeFile(file('resolved.txt'), preferences(question.installed));
  const ended = await runTool(
    [
      ...['uv', 'pip', 'compile', file('wanted.in'), '--output-file', file('resolved.txt')],
      ...['--constraints', file('constraints.txt'), '--no-header', '--no-annotate', '--generate-hashes'],
      ...['--emit-index-url', '--only-binary', ':all:', '--no-python-downloads', '--quiet'],
      // Which one reads the answers does not matter, only that uv need not look for others.
      ...['--python', 'python3', '--python-version', target.python, '--python-platform', target.platform],
      ...question.upgraded.flatMap((name) => ['--upgrade-package', name]),
      ...(question.isWhole ? ['--no-deps'] : []),
    ],
    environment,
    CURE,
  );
  if (ended.code !== 0) {
    const asked = question.isWhole ? 'what constraints lists' : question.wanted.trim().replaceAll('\n', ', ');
    return `uv on the runner finds no packages for ${asked} on Python ${target.python} (${target.platform}), all of them wheels: ${said(ended)}`;
  }
  return readPins(await readFile(file('resolved.txt'), 'utf8'));
}
