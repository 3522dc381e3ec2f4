/** By what the hub of a job on the host is known. */
export interface HubOfJob {
  /** The unit it is about; empty for a hub that runs by the user's own commands. */
  unit: string;
  configFile: string;
  /** The hub's working directory. */
  hubDirectory: string;
}

/** A job on the host. */
export interface FoundJob extends HubOfJob {
  /** `alive`: at work now. `dead`: left without a verdict by a run whose host side died. Else the verdict. */
  state: 'alive' | 'dead' | 'committed' | 'rolled-back' | 'rollback-failed' | 'not-begun';
  directory: string;
  /** The workflow run that began it. */
  owner: string;
}

/** The jobs in the raw facts of discover.sh, four lines each. */
export function parseJobs(raw: Map<string, string>): FoundJob[] {
  const lines = (raw.get('jobs') ?? '').split('\n');
  const jobs: FoundJob[] = [];
  for (let at = 0; at + 3 < lines.length; at += 4) {
    const [, state, directory, owner] =
      /^(alive|dead|committed|rolled-back|rollback-failed|not-begun) (\/\S.*\/jobs\/\S+) (.*)$/.exec(lines[at] ?? '') ??
      [];
    if (state === undefined || directory === undefined || owner === undefined) continue;
    jobs.push({
      state: state as FoundJob['state'],
      directory,
      owner,
      unit: lines[at + 1] ?? '',
      configFile: lines[at + 2] ?? '',
      hubDirectory: lines[at + 3] ?? '',
    });
  }
  return jobs;
}
