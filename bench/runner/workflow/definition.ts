import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Events, parseEvents } from './events.ts';
import type { Allowed } from './expressions.ts';
import { type Condition, parseCondition, parseTemplate, type Template } from './templates.ts';

// What GitHub lets expressions use at each place of a workflow. `secrets` in an `if` is not among it.
const RUN: Allowed = { contexts: ['github', 'inputs', 'vars'], status: false };
const JOB: Allowed = { contexts: [...RUN.contexts, 'needs'], status: false };
const JOB_ENV: Allowed = { contexts: [...JOB.contexts, 'secrets'], status: false };
const STEP_IF: Allowed = { contexts: [...JOB.contexts, 'steps', 'job', 'runner', 'env'], status: true };
const STEP: Allowed = { contexts: [...STEP_IF.contexts, 'secrets'], status: false };
const WORKFLOW_ENV: Allowed = { contexts: [...RUN.contexts, 'secrets'], status: false };

const id = z.string().regex(/^[A-Za-z_][\w-]*$/, 'ids are letters, digits, - and _');
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]).transform((value) => String(value ?? ''));
const texts = z.record(z.string(), scalar);
const strings = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const access = z.enum(['read', 'write', 'none']);
const permissions = z.union([z.enum(['read-all', 'write-all']), z.record(z.string(), access)]).optional();
const concurrency = z
  .union([
    z.string().transform((group) => ({ group, 'cancel-in-progress': 'false' })),
    z.strictObject({ group: z.string(), 'cancel-in-progress': scalar.default('false') }),
  ])
  .optional();

const step = z
  .strictObject({
    id: id.optional(),
    name: z.string().optional(),
    if: scalar.default(''),
    env: texts.default({}),
    'continue-on-error': scalar.default('false'),
    'timeout-minutes': z.number().positive().optional(),
    uses: z.string().optional(),
    with: texts.optional(),
    run: z.string().optional(),
    shell: z.enum(['bash', 'sh']).optional(),
    'working-directory': z.string().optional(),
  })
  .refine(({ uses, run }) => Boolean(uses) !== Boolean(run), 'a step has either uses or run')
  .refine(({ uses, with: inputs }) => uses || !inputs, 'with is for uses')
  .refine(({ run, shell, 'working-directory': directory }) => run || !(shell || directory), 'shell is for run');

const job = z.strictObject({
  name: z.string().optional(),
  needs: strings.default([]),
  if: scalar.default(''),
  'runs-on': strings,
  environment: z
    .union([
      z.string().transform((name) => ({ name, url: '' })),
      z.strictObject({ name: z.string(), url: z.string().default('') }),
    ])
    .optional(),
  concurrency,
  permissions,
  'timeout-minutes': z.number().positive().optional(),
  env: texts.default({}),
  outputs: texts.default({}),
  steps: z.array(step).min(1),
});

const workflow = z.strictObject({
  name: z.string().optional(),
  on: z.unknown(),
  'run-name': z.string().optional(),
  env: texts.default({}),
  permissions,
  concurrency,
  jobs: z.record(id, job),
});

export type Permissions = z.infer<typeof permissions>;

export interface Concurrency {
  readonly group: Template;
  readonly cancelInProgress: Template;
}

/** Accepted and recorded, but of no effect here: jobs run one after the other on this machine. */
export interface JobSettings {
  readonly runsOn: readonly Template[];
  readonly environment: { readonly name: Template; readonly url: Template } | undefined;
  readonly concurrency: Concurrency | undefined;
  readonly permissions: Permissions;
  readonly timeoutMinutes: number | undefined;
}

export interface StepDefinition {
  readonly id: string | undefined;
  readonly name: Template;
  readonly condition: Condition;
  readonly env: ReadonlyMap<string, Template>;
  readonly continueOnError: Template;
  readonly timeoutMinutes: number | undefined;
  readonly work:
    | { readonly kind: 'action'; readonly uses: string; readonly with: ReadonlyMap<string, Template> }
    | {
        readonly kind: 'script';
        readonly text: Template;
        readonly shell: 'bash' | 'sh' | undefined;
        readonly directory: Template;
      };
}

export interface JobDefinition {
  readonly id: string;
  readonly needs: readonly string[];
  readonly condition: Condition;
  readonly env: ReadonlyMap<string, Template>;
  readonly outputs: ReadonlyMap<string, Template>;
  readonly steps: readonly StepDefinition[];
  readonly settings: JobSettings;
}

export interface WorkflowDefinition {
  readonly name: string;
  readonly events: Events;
  readonly env: ReadonlyMap<string, Template>;
  readonly permissions: Permissions;
  readonly concurrency: Concurrency | undefined;
  /** In an order in which each job comes after those it needs. */
  readonly jobs: readonly JobDefinition[];
}

/** Reads a workflow. Throws, with its path, for anything in it that this interpreter does not do. */
export async function loadWorkflow(file: string): Promise<WorkflowDefinition> {
  try {
    return toWorkflow(file, workflow.parse(parse(await readFile(file, 'utf8'))));
  } catch (error) {
    const problem = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new Error(`${file}: ${problem}`, { cause: error });
  }
}

function toWorkflow(file: string, source: z.infer<typeof workflow>): WorkflowDefinition {
  if (source['run-name']) parseTemplate(source['run-name'], RUN);
  return {
    name: source.name ?? file,
    events: parseEvents(source.on),
    env: templates(source.env, WORKFLOW_ENV),
    permissions: source.permissions,
    concurrency: toConcurrency(source.concurrency, RUN),
    jobs: inOrder(Object.entries(source.jobs).map(([jobId, definition]) => toJob(jobId, definition))),
  };
}

function toJob(jobId: string, source: z.infer<typeof job>): JobDefinition {
  if (source.name) parseTemplate(source.name, JOB);
  const steps = source.steps.map(toStep);
  const ids = steps.flatMap((definition) => definition.id ?? []);
  const twice = ids.find((stepId, index) => ids.indexOf(stepId) !== index);
  if (twice) throw new Error(`two steps of job '${jobId}' have the id '${twice}'`);
  const { environment } = source;
  return {
    id: jobId,
    needs: source.needs,
    condition: parseCondition(source.if, JOB),
    env: templates(source.env, JOB_ENV),
    outputs: templates(source.outputs, STEP),
    steps,
    settings: {
      runsOn: source['runs-on'].map((label) => parseTemplate(label, JOB)),
      environment: environment && {
        name: parseTemplate(environment.name, JOB),
        url: parseTemplate(environment.url, { ...STEP_IF, status: false }),
      },
      concurrency: toConcurrency(source.concurrency, JOB),
      permissions: source.permissions,
      timeoutMinutes: source['timeout-minutes'],
    },
  };
}

function toStep(source: z.infer<typeof step>): StepDefinition {
  const { uses, run = '' } = source;
  const script = {
    kind: 'script',
    text: parseTemplate(run, STEP),
    shell: source.shell,
    directory: parseTemplate(source['working-directory'] ?? '.', STEP),
  } as const;
  return {
    id: source.id,
    name: parseTemplate(source.name ?? `Run ${uses ?? run.trim().split('\n')[0]}`, STEP),
    condition: parseCondition(source.if, STEP_IF),
    env: templates(source.env, STEP),
    continueOnError: parseTemplate(source['continue-on-error'], STEP),
    timeoutMinutes: source['timeout-minutes'],
    work: uses ? { kind: 'action', uses, with: templates(source.with ?? {}, STEP) } : script,
  };
}

function toConcurrency(source: z.infer<typeof concurrency>, allowed: Allowed): Concurrency | undefined {
  if (!source) return undefined;
  return {
    group: parseTemplate(source.group, allowed),
    cancelInProgress: parseTemplate(source['cancel-in-progress'], allowed),
  };
}

function templates(source: Record<string, string>, allowed: Allowed): Map<string, Template> {
  return new Map(Object.entries(source).map(([name, text]) => [name, parseTemplate(text, allowed)]));
}

function inOrder(jobs: readonly JobDefinition[]): JobDefinition[] {
  const ordered: JobDefinition[] = [];
  let waiting = [...jobs];
  while (waiting.length > 0) {
    const ready = waiting.filter(({ needs }) => needs.every((need) => ordered.some((other) => other.id === need)));
    if (ready.length === 0) {
      const problems = waiting.map((waiter) => `${waiter.id} needs ${waiter.needs.join(', ')}`);
      throw new Error(`jobs that cannot start: ${problems.join('; ')}`);
    }
    ordered.push(...ready);
    waiting = waiting.filter((waiter) => !ready.includes(waiter));
  }
  return ordered;
}
