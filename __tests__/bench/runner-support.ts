import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { type ResultsService, startResultsService } from '../../bench/runner/results-service.ts';
import { type RunActionOptions, type RunActionResult, runAction } from '../../bench/runner/run-action.ts';

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

const cleanups: (() => Promise<void>)[] = [];

afterAll(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A directory that is gone when the tests of the file are over. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'runner-'));
  cleanups.push(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A results service that is stopped when the tests of the file are over. */
export async function startService(directory?: string): Promise<ResultsService> {
  const service = await startResultsService({ directory: directory ?? (await temporaryDirectory()) });
  cleanups.push(() => service.close());
  return service;
}

/** What most throw-away actions need of a toolkit; the real one takes a second to import. */
const KIT = `
import { appendFileSync } from 'node:fs';
const entry = (kind) => (name, value) => appendFileSync(process.env['GITHUB_' + kind], name + '<<END\\n' + value + '\\nEND\\n');
export const setOutput = entry('OUTPUT');
export const saveState = entry('STATE');
export const getState = (name) => process.env['STATE_' + name];
export const getInput = (name) => process.env['INPUT_' + name.toUpperCase()];
export const setSecret = (value) => console.log('::add-mask::' + value.replaceAll('%', '%25').replaceAll('\\n', '%0A'));
`;

export interface ActionSource {
  /** Below the name, in action.yml. */
  readonly manifest?: string;
  readonly main: string;
  readonly post?: string;
}

/** Writes an action that can import `./kit.mjs` and this repository's packages. */
export async function writeAction({ manifest = '', main, post }: ActionSource): Promise<string> {
  const directory = join(await temporaryDirectory(), 'action');
  await mkdir(directory);
  await symlink(MODULES, join(directory, 'node_modules'));
  const runs = `runs: {using: node24, main: main.mjs${post === undefined ? '' : ', post: post.mjs'}}`;
  await writeFile(
    join(directory, 'action.yml'),
    `name: throw-away\n${manifest}\n${manifest.includes('runs:') ? '' : runs}\n`,
  );
  await writeFile(join(directory, 'kit.mjs'), KIT);
  await writeFile(join(directory, 'main.mjs'), main);
  if (post !== undefined) await writeFile(join(directory, 'post.mjs'), post);
  return directory;
}

/** Runs a throw-away action as job `job` of run 77, with a service of its own unless one is given. */
export async function run(
  source: ActionSource,
  options: Partial<Omit<RunActionOptions, 'service'>> & { readonly service?: ResultsService } = {},
): Promise<RunActionResult> {
  const service = options.service ?? (await startService());
  const runId = options.run?.runId ?? 77;
  return runAction({
    ...options,
    action: await writeAction(source),
    work: await temporaryDirectory(),
    service: { url: service.url, apiToken: service.apiToken, runtimeToken: service.token(runId, 'job') },
    run: { runId, ...options.run },
  });
}
