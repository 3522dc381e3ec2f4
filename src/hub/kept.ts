import type { HubOfJob } from './jobs.ts';

/** What a job left on the host: environment and database of before it, or the database of a new hub that was taken back. */
export interface Kept extends HubOfJob {
  kind: 'before' | 'taken-back';
  /** The workflow run whose job it was. */
  owner: string;
  /** The JupyterHub it belongs to. */
  version: string;
  /** When the job ended. */
  date: string;
  /** Where it is, in words. */
  what: string[];
}

/** What is kept, in the raw facts: seven lines each. */
export function parseKept(raw: Map<string, string>): Kept[] {
  const lines = (raw.get('kept') ?? '').split('\n');
  const kept: Kept[] = [];
  for (let at = 0; at + 5 < lines.length; at += 7) {
    const [first = '', unit = '', configFile = '', hubDirectory = '', version = '', date = '', what = ''] =
      lines.slice(at);
    const [, kind, owner] = /^(before|taken-back) \/\S.*\/jobs\/\S+ (.*)$/.exec(first) ?? [];
    if (owner === undefined) continue;
    const isBefore = kind === 'before';
    kept.push({
      kind: isBefore ? 'before' : 'taken-back',
      ...{ owner, unit, configFile, hubDirectory, version, date, what: what.split(';').filter(Boolean) },
    });
  }
  return kept;
}
