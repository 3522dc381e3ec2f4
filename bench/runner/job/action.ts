import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Condition, holds, parseBareCondition, parseTemplate, render } from '../workflow/templates.ts';
import { type Job, newStep, type Step } from './job.ts';
import { runStep, type StepEnd } from './step.ts';

/** Node 24 as the runner bundles it, not the one this program happens to run under. */
const NODE = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));

const CONTEXTS = { contexts: ['github', 'runner', 'env', 'job', 'steps', 'inputs'], status: false };

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]).transform((value) => String(value ?? ''));

// Whatever this runner does not do (`pre`, composite and container actions) must not pass unseen.
const manifest = z.strictObject({
  name: z.string(),
  description: z.string().optional(),
  author: z.string().optional(),
  branding: z.unknown().optional(),
  inputs: z
    .record(
      z.string(),
      z.strictObject({
        description: z.string().optional(),
        required: z.boolean().optional(),
        default: scalar.optional(),
        deprecationMessage: z.string().optional(),
      }),
    )
    .default({}),
  outputs: z.record(z.string(), z.strictObject({ description: z.string().optional() })).default({}),
  runs: z.strictObject({
    using: z.literal('node24'),
    main: z.string(),
    post: z.string().optional(),
    'post-if': z.string().default('always()'),
  }),
});

/** A JavaScript action, read from its action.yml. */
export interface Action {
  readonly directory: string;
  readonly inputs: z.infer<typeof manifest>['inputs'];
  readonly outputs: readonly string[];
  readonly main: string;
  readonly post: string | undefined;
  readonly postIf: Condition;
}

/** Where and how an action is run: one object for its main and its post. */
export interface ActionUse {
  readonly action: Action;
  /** As in the workflow: `owner/repo@ref` or `./path`. */
  readonly uses: string;
  /** Input values by input name, defaults included. */
  readonly inputs: ReadonlyMap<string, string>;
  /** `id` of the step, if it has one. */
  readonly id?: string;
}

/** Reads `action.yml` (or `.yaml`). Throws when there is none, or when it needs what this runner cannot do. */
export async function loadAction(directory: string): Promise<Action> {
  const file = ['action.yml', 'action.yaml'].map((name) => join(directory, name)).find(existsSync);
  if (!file) throw new Error(`no action.yml in ${directory}`);
  const result = manifest.safeParse(parse(await readFile(file, 'utf8')));
  if (!result.success) throw new Error(`${file}: ${z.prettifyError(result.error)}`);
  const { inputs, outputs, runs } = result.data;
  for (const script of [runs.main, runs.post]) {
    if (script && !existsSync(join(directory, script))) throw new Error(`${file}: ${script} does not exist`);
  }
  return {
    directory,
    inputs,
    outputs: Object.keys(outputs),
    main: runs.main,
    post: runs.post,
    postIf: parseBareCondition(runs['post-if'], CONTEXTS),
  };
}

/** The inputs an action gets: those given, in any spelling of their names, and the defaults of the others. */
export function actionInputs(
  job: Job,
  step: Step,
  action: Action,
  given: ReadonlyMap<string, string>,
): Map<string, string> {
  const names = new Map(Object.keys(action.inputs).map((name) => [name.toLowerCase(), name]));
  const inputs = new Map<string, string>();
  for (const [name, value] of given) inputs.set(names.get(name.toLowerCase()) ?? name, value);

  const unknown = [...inputs.keys()].filter((name) => !(name in action.inputs));
  for (const [name, { default: value = '', deprecationMessage }] of Object.entries(action.inputs)) {
    if (inputs.has(name) && deprecationMessage) {
      const warning = `Input '${name}' has been deprecated with message: ${deprecationMessage}`;
      job.log.issue(step.name, 'warning', warning);
    }
    const contexts = { github: job.github, runner: job.runner, env: job.environment };
    if (!inputs.has(name)) inputs.set(name, render(parseTemplate(value, CONTEXTS), { contexts }));
  }
  if (unknown.length > 0) {
    const valid = Object.keys(action.inputs).join("', '");
    job.log.issue(step.name, 'warning', `Unexpected input(s) '${unknown.join("', '")}', valid inputs are ['${valid}']`);
  }
  return inputs;
}

/** Runs an action's `main`. `env` is the env context of the step. */
export async function runMain(
  job: Job,
  step: Step,
  use: ActionUse,
  env: ReadonlyMap<string, string>,
  limits: { readonly condition: () => boolean; readonly timeoutMs?: number },
): Promise<StepEnd> {
  job.log.write(`##[group]Run ${use.uses}`);
  writeSettings(
    job,
    'with',
    [...use.inputs].filter(([, value]) => value !== ''),
  );
  writeSettings(job, 'env', [...env]);
  job.log.write('##[endgroup]');
  return runScript(job, step, use, use.action.main, env, limits);
}

/**
 * Runs an action's `post`, with the state its main saved and where `post-if` allows. What it sets as outputs goes
 * nowhere, as with the real runner.
 */
export async function runPost(
  job: Job,
  main: Step,
  use: ActionUse,
  env: ReadonlyMap<string, string>,
): Promise<StepEnd | undefined> {
  const { action } = use;
  const contexts = { github: job.github, runner: job.runner, env, job: { status: job.status } };
  const condition = () => holds(action.postIf, { contexts, status: job.statusFunctions });
  if (!action.post || !condition()) return undefined;
  job.log.write('Post job cleanup.');
  return runScript(job, newStep(`Post ${main.name}`, main.state), use, action.post, env, { condition });
}

async function runScript(
  job: Job,
  step: Step,
  { action, inputs, uses, id }: ActionUse,
  script: string,
  env: ReadonlyMap<string, string>,
  limits: { readonly condition: () => boolean; readonly timeoutMs?: number },
): Promise<StepEnd> {
  const variables: Record<string, string> = {};
  for (const [name, value] of step.state) variables[`STATE_${name}`] = value;
  for (const [name, value] of inputs) variables[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`] = value;
  return runStep(job, step, {
    command: NODE,
    args: [join(action.directory, script)],
    cwd: job.workspace,
    env: {
      ...job.processEnvironment(env, variables),
      ...sourceVariables(uses),
      GITHUB_ACTION: id ?? `__${basename(action.directory)}`,
      ...job.serviceEnvironment,
    },
    ...limits,
  });
}

/** Only an action from a repository is told where it came from. */
function sourceVariables(uses: string): Record<string, string> {
  const [, repository, ref] = /^([^./][^@]*)@(.+)$/.exec(uses) ?? [];
  return repository && ref ? { GITHUB_ACTION_REPOSITORY: repository, GITHUB_ACTION_REF: ref } : {};
}

function writeSettings(job: Job, title: string, settings: readonly [string, string][]): void {
  if (settings.length > 0) job.log.write(`${title}:`);
  for (const [name, value] of settings) job.log.write(`  ${name}: ${value}`);
}
