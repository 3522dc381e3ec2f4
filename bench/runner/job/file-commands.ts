import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job, Step } from './job.ts';

const SUMMARY_LIMIT = 1024 * 1024; // bytes of one step

type Kind = 'path' | 'env' | 'step_summary' | 'state' | 'output';

// In the order in which the runner reads them when a step has ended.
const PREFIXES: Record<Kind, string> = {
  path: 'add_path_',
  env: 'set_env_',
  step_summary: 'step_summary_',
  state: 'save_state_',
  output: 'set_output_',
};

/** The files a step writes to (GITHUB_OUTPUT and its kin): made empty before it, read and deleted after it. */
export class FileCommands {
  readonly #files: Record<Kind, string>;

  private constructor(files: Record<Kind, string>) {
    this.#files = files;
  }

  static async create(temp: string): Promise<FileCommands> {
    const directory = join(temp, '_runner_file_commands');
    await mkdir(directory, { recursive: true });
    const suffix = randomUUID();
    const files = Object.fromEntries(
      Object.entries(PREFIXES).map(([kind, prefix]) => [kind, join(directory, prefix + suffix)]),
    ) as Record<Kind, string>;
    for (const file of Object.values(files)) await writeFile(file, '');
    return new FileCommands(files);
  }

  /** `GITHUB_OUTPUT` and so on, for the step's process. */
  get environment(): Record<string, string> {
    return Object.fromEntries(
      Object.entries(this.#files).map(([kind, file]) => [`GITHUB_${kind.toUpperCase()}`, file]),
    );
  }

  /** Carries out what the step wrote. A file that cannot be read as one fails the step; what stands before counts. */
  async process(job: Job, step: Step): Promise<void> {
    for (const [kind, file] of Object.entries(this.#files) as [Kind, string][]) {
      if (!existsSync(file)) continue; // the step may delete them
      try {
        await this.#processFile(kind, file, job, step);
      } catch (error) {
        job.log.issue(step.name, 'error', `Unable to process file command '${kind}' successfully.`);
        job.log.issue(step.name, 'error', (error as Error).message);
        step.failed = true;
      }
      await rm(file, { force: true });
    }
  }

  async #processFile(kind: Kind, file: string, job: Job, step: Step): Promise<void> {
    if (kind === 'step_summary') {
      await addSummary(file, job, step);
      return;
    }
    const text = await readFile(file, 'utf8');
    if (kind === 'path') {
      for (const line of text.split(/\r\n|\n|\r/)) if (line) job.prependPath(line);
      return;
    }
    for (const [name, value] of pairs(text)) {
      if (kind === 'env') setEnvironment(name, value, job, step);
      else if (kind === 'state') step.state.set(name, value);
      else step.outputs.set(name, value);
    }
  }
}

/**
 * The `NAME=value` and `NAME<<DELIMITER` entries of a file, in order. Throws, as the runner does, at the first thing
 * that is neither; entries before it have been yielded.
 */
function* pairs(text: string): Generator<[name: string, value: string]> {
  const lines = text.split('\n');
  const unterminated = lines.length - 1; // the index of a last line without a line feed (or of nothing)
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (line === '') continue;
    const [, name = '', separator, value = ''] = /^(.*?)(=|<<)(.*)$/s.exec(line) ?? [];
    if (separator === '=' && name) {
      yield [name, value];
    } else if (separator === '<<') {
      if (!name || !value)
        throw new Error(`Invalid format '${line}'. Name must not be empty and delimiter must not be empty`);
      const end = lines.indexOf(value, index + 1);
      if (end < 0) {
        const noLineFeed = index < unterminated && lines[unterminated] !== '';
        throw new Error(
          noLineFeed
            ? 'Invalid value. EOF marker missing new line.'
            : `Invalid value. Matching delimiter not found '${value}'`,
        );
      }
      yield [name, lines.slice(index + 1, end).join('\n')];
      index = end;
    } else {
      throw new Error(`Invalid format '${line}'`);
    }
  }
}

function setEnvironment(name: string, value: string, job: Job, step: Step): void {
  if (name.toUpperCase() === 'NODE_OPTIONS') {
    job.log.issue(step.name, 'error', "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.");
  } else {
    job.environment.set(name, value);
  }
}

async function addSummary(file: string, job: Job, step: Step): Promise<void> {
  const { size } = await stat(file);
  if (size === 0) return;
  if (size > SUMMARY_LIMIT) {
    const [limit, got] = [SUMMARY_LIMIT / 1024, Math.floor(size / 1024)];
    const problem = `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of ${limit}k, got ${got}k.`;
    job.log.issue(step.name, 'error', problem);
    return;
  }
  const lines = (await readFile(file, 'utf8')).split(/\r\n|\n|\r/);
  job.summaries.push({ step: step.name, text: lines.map((line) => job.masker.mask(line)).join('\n') });
}
