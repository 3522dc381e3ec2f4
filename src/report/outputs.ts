import { appendFileSync } from 'node:fs';
import { approvalOf } from '../transaction/decisive.ts';
import type { RunResult } from './result.ts';
import { oneLine, tenths } from './text.ts';
import { fileCommand } from './workflow-commands.ts';

/** The outputs of the action, as `action.yml` lists them. */
export const OUTPUT_NAMES = [
  'outcome',
  'failed-step',
  'previous-version',
  'current-version',
  'previous-revision',
  'current-revision',
  'backup-artifact-id',
  'backup-artifact-digest',
  'downtime-seconds',
  'plan-digest',
  'result',
] as const;

export type Outputs = Record<(typeof OUTPUT_NAMES)[number], string>;

// All outputs of a job together may have 1 MB, in UTF-16.
const LONGEST_RESULT = 100_000;

/** The outputs of a run; what is not known is an empty string. */
export function outputsOf(result: RunResult): Outputs {
  return {
    outcome: result.outcome,
    'failed-step': oneLine(result.error?.step ?? ''),
    'previous-version': oneLine(result.versions.previous ?? ''),
    'current-version': oneLine(result.versions.current ?? ''),
    'previous-revision': oneLine(result.revisions.previous ?? ''),
    'current-revision': oneLine(result.revisions.current ?? ''),
    'backup-artifact-id': String(result.backup?.artifactId ?? ''),
    'backup-artifact-digest': oneLine(result.backup?.digest ?? ''),
    'downtime-seconds': result.downtime === undefined ? '' : tenths(result.downtime.seconds).toFixed(1),
    'plan-digest': planOf(result),
    result: boundedJson(result),
  };
}

/**
 * Appends the outputs of a run to the runner's file (`GITHUB_OUTPUT`). May be called again: the runner keeps the last
 * value, so a run that is killed leaves what it wrote before. Synchronous, for the moment before an exit.
 */
export function writeOutputs(result: RunResult, file: string): void {
  const outputs = outputsOf(result);
  appendFileSync(file, OUTPUT_NAMES.map((name) => fileCommand(name, outputs[name])).join(''));
}

/** What approves the plan: its digest, and where it has a document, what it rests on. */
function planOf({ plan }: RunResult): string {
  if (plan?.document === undefined) return oneLine(plan?.digest ?? '');
  return approvalOf(plan.document.decisive);
}

/** The result as one line of JSON; one that is too long loses the ends of its lists, and says so by `truncated`. */
function boundedJson(result: RunResult): string {
  for (let most = 500; ; most = Math.floor(most / 2)) {
    const { value, truncated } = shorten(result, most);
    const json = JSON.stringify(truncated ? { ...(value as object), truncated } : value);
    if (json.length <= LONGEST_RESULT || most === 0) return json;
  }
}

/** A copy whose texts have one line of at most 1,000 characters, and whose lists and row counts have `most` entries. */
function shorten(result: RunResult, most: number): { value: unknown; truncated: boolean } {
  let truncated = false;
  const keep = <T>(list: T[]): T[] => {
    truncated ||= list.length > most;
    return list.slice(0, most);
  };
  const short = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') {
      truncated ||= value.length > 1000;
      return oneLine(value);
    }
    if (Array.isArray(value)) return keep(value).map((item) => short(item, ''));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const isRows = key === 'before' || key === 'after';
    if (isRows) return Object.fromEntries(keep(entries).map(([table, rows]) => [oneLine(table, 100), rows]));
    return Object.fromEntries(entries.map(([name, item]) => [name, short(item, name)]));
  };
  return { value: short(result, ''), truncated };
}
