import { z } from 'zod';
import type { RunIdentity } from '../job/github.ts';
import type { Value, ValueObject } from './expressions.ts';

const patterns = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const dispatchInput = z.strictObject({
  description: z.string().optional(),
  required: z.boolean().default(false),
  default: scalar.optional(),
  type: z.enum(['string', 'boolean', 'number', 'choice', 'environment']).default('string'),
  options: z.array(z.string()).optional(),
});

/** What may stand under an event. An event or a filter that is not here cannot be run, so it is an error. */
const EVENTS = z.strictObject({
  push: z.strictObject({ branches: patterns.optional(), tags: patterns.optional() }).nullish(),
  pull_request: z.strictObject({ types: patterns.optional(), branches: patterns.optional() }).nullish(),
  release: z.strictObject({ types: z.union([z.string(), z.array(z.string())]).optional() }).nullish(),
  schedule: z.array(z.strictObject({ cron: z.string() })).optional(),
  workflow_dispatch: z.strictObject({ inputs: z.record(z.string(), dispatchInput).nullish() }).nullish(),
});

export type Events = z.infer<typeof EVENTS>;

/** Reads `on`. */
export function parseEvents(on: unknown): Events {
  const events =
    typeof on === 'string' || Array.isArray(on) ? Object.fromEntries([on].flat().map((e) => [e, null])) : on;
  return EVENTS.parse(events);
}

/**
 * The `inputs` context of a run. Throws when the event would not start the workflow, and when inputs are missing,
 * unknown or of the wrong type.
 */
export function startInputs(events: Events, run: RunIdentity, given: Readonly<Record<string, string>>): ValueObject {
  const name = run.event ?? 'push';
  if (!(name in events)) throw new Error(`the workflow does not run on ${name}`);
  if (name === 'push' && events.push) checkRef(events.push, run.ref ?? 'refs/heads/main');
  if (name === 'pull_request') checkPullRequest(events.pull_request ?? {}, run.payload ?? {});
  if (name === 'release' && events.release?.types) checkActivity([events.release.types].flat(), run.payload?.action);

  const declared = name === 'workflow_dispatch' ? (events.workflow_dispatch?.inputs ?? {}) : {};
  const unknown = Object.keys(given).find((input) => !(input in declared));
  if (unknown) throw new Error(`the workflow has no input '${unknown}'`);
  return Object.fromEntries(
    Object.entries(declared).map(([input, rule]) => [input, inputValue(input, rule, given[input])]),
  );
}

function checkRef({ branches, tags }: NonNullable<Events['push']>, ref: string): void {
  if (!branches && !tags) return;
  const [, kind, name = ''] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? [];
  const filters = (kind === 'tags' ? tags : branches) ?? []; // with only one of them, the other kind starts nothing
  if (!filters.some((filter) => toRegExp(filter).test(name))) throw new Error(`the workflow does not run on ${ref}`);
}

function checkPullRequest({ types, branches }: NonNullable<Events['pull_request']>, payload: ValueObject): void {
  checkActivity(types ?? ['opened', 'synchronize', 'reopened'], payload.action, 'pull request');
  const base = (payload.pull_request as { base?: { ref?: string } } | undefined)?.base?.ref ?? '';
  if (branches && !branches.some((filter) => toRegExp(filter).test(base))) {
    throw new Error(`the workflow does not run on a pull request to '${base}'`);
  }
}

function checkActivity(types: readonly string[], action: Value | undefined, of = 'release'): void {
  if (!types.includes(String(action))) throw new Error(`the workflow does not run on ${of} activity '${action}'`);
}

/** A filter pattern: `*` stops at a slash, `**` does not, `?` and `+` belong to what is before them. */
function toRegExp(filter: string): RegExp {
  if (!/^[\w./*?+[\]-]+$/.test(filter)) throw new Error(`filter pattern '${filter}' is not supported`);
  const source = filter.replaceAll('.', '\\.').replace(/\*\*?/g, (stars) => (stars === '**' ? '.*' : '[^/]*'));
  return new RegExp(`^${source}$`);
}

function inputValue(name: string, rule: z.infer<typeof dispatchInput>, given: string | undefined): Value {
  const value = given ?? rule.default;
  if (value === undefined && rule.required) throw new Error(`input '${name}' is required`);
  if (rule.type === 'boolean') {
    if (value !== undefined && value !== 'true' && value !== 'false') throw new Error(`input '${name}' is no boolean`);
    return value === 'true';
  }
  if (rule.type === 'choice' && value !== undefined && !rule.options?.includes(value)) {
    throw new Error(`input '${name}' is none of ${rule.options?.join(', ')}`);
  }
  if (rule.type === 'number' && value !== undefined) {
    if (Number.isNaN(Number(value))) throw new Error(`input '${name}' is no number`);
    return Number(value);
  }
  return value ?? '';
}
