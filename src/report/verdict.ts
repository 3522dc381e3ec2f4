import type { Outcome } from '../outcome.ts';
import type { RunResult } from './result.ts';
import { duration } from './text.ts';

export interface Verdict {
  icon: string;
  /** The outcome for people, e.g. `Rolled back`. */
  word: string;
  /** What runs now, in plain text. Holds values as they came: escape it for where it goes. */
  sentence: string;
}

/** How a run ended, in one sentence or two: for the summary, the annotation, the log and the messages after the run. */
export function verdictOf(result: RunResult): Verdict {
  const { host, versions } = result;
  const current = currentVersion(result);
  const now = current === undefined ? 'JupyterHub' : `JupyterHub ${current}`;
  const was = versions.previous === undefined || versions.previous === current ? '' : ` (was ${versions.previous})`;
  const away = result.downtime === undefined ? '' : ` Users were without it for ${duration(result.downtime.seconds)}.`;
  switch (result.outcome) {
    case 'upgraded':
      return { icon: '✅', word: 'Upgraded', sentence: `${host} runs ${now}${was}.${away}` };
    case 'restored':
      return {
        icon: '✅',
        word: 'Restored',
        sentence: `${host} runs ${now}${was}, with the data of the backup.${away}`,
      };
    case 'unchanged':
      return {
        icon: '✅',
        word: 'Unchanged',
        sentence:
          result.mode === 'restore'
            ? `${host} runs ${now}: this run's own upgrade had left it whole, and the older backup was not put over it.`
            : `${host} already runs ${now}; nothing was stopped or changed.`,
      };
    case 'backed-up':
      return {
        icon: '✅',
        word: 'Backed up',
        sentence: `the hub on ${host} (${now}) was not stopped; its backup is stored as an artifact.`,
      };
    case 'planned': {
      const target = versions.target === undefined ? '' : `, and this plan leads to ${versions.target}`;
      return { icon: '📋', word: 'Planned', sentence: `nothing was changed. ${host} has ${now}${target}.` };
    }
    case 'rolled-back':
      return {
        icon: '❌',
        word: 'Rolled back',
        sentence:
          result.downtime === undefined
            ? `${host} is as it was before; its hub did not run then, and does not run now.`
            : `${host} runs ${now} as before, with its data.${away}`,
      };
    case 'failed-before-change':
      return {
        icon: '❌',
        word: 'Failed before any change',
        sentence: `the hub on ${host}${current === undefined ? '' : ` (${now})`} was neither stopped nor changed.`,
      };
    case 'rollback-failed':
      return {
        icon: '🚨',
        word: 'Rollback failed',
        sentence: `${host} needs a person now: its hub may be down, and its data half way between two versions.`,
      };
    case 'unknown':
      return {
        icon: '❓',
        word: 'Unknown',
        sentence: `the run lost sight of ${host} before the end; the host ends or undoes the work by itself.`,
      };
  }
}

/** The version that is there now, as far as the outcome lets it be known: a hub that was left or put back has its old one. */
export function currentVersion({ outcome, versions }: RunResult): string | undefined {
  if (outcome === 'upgraded') return versions.current ?? versions.target;
  return versions.current ?? (isAsBefore(outcome) ? versions.previous : undefined);
}

/** Whether the hub is what it was before the run. */
export function isAsBefore(outcome: Outcome): boolean {
  return ['planned', 'unchanged', 'backed-up', 'failed-before-change', 'rolled-back'].includes(outcome);
}
