import { traitsOfRules } from '../hub/advice/index.ts';
import type { Inputs } from '../inputs.ts';
import type { RehearsalReport } from './report.ts';

/** What a rehearsal that came to its end says against the upgrade, and what it has to tell besides; sentences. */
export interface Judgement {
  problems: string[];
  warnings: string[];
}

export function judge({ access, ignored, expectedDowntime }: RehearsalReport, inputs: Inputs, to: string): Judgement {
  const problems: string[] = [];
  const warnings: string[] = [];
  const fresh = inputs.database.strategy === 'fresh';
  if (access && !fresh) {
    const { could, lost, gained, strangers, undetermined } = access;
    const where = 'their names are in the sealed backup, in access.json';
    if (lost > 0 && lost === could && !inputs.acceptAdvice.includes('allow-config')) {
      problems.push(
        `Nobody could log in to JupyterHub ${to}: it refuses all ${lost} users who can now. Say who may log in ` +
          '(c.Authenticator.allow_all, allowed_users or allow_existing_users); if it is meant, write accept-advice: allow-config.',
      );
    } else if (lost > 0) {
      warnings.push(`${lost} of ${could} users who can log in now could not to JupyterHub ${to}; ${where}.`);
    }
    if (gained > 0) warnings.push(`${gained} users who cannot log in now could to JupyterHub ${to}; ${where}.`);
    if (strangers === 'lost')
      warnings.push(`Users whom the hub does not know yet can log in now, and could not to JupyterHub ${to}.`);
    if (strangers === 'gained')
      warnings.push(`Users whom the hub does not know yet cannot log in now, and could to JupyterHub ${to}.`);
    if (undetermined > 0)
      warnings.push(`Whether ${undetermined} users can log in before and after only their authenticator can say.`);
  }
  // Where a rule of the advice is about a trait, that one decides.
  const said = traitsOfRules();
  const unsaid = ignored.filter((setting) => !said.has(setting.split('.').at(-1) ?? ''));
  if (unsaid.length > 0) {
    problems.push(
      `JupyterHub ${to} would ignore ${unsaid.join(', ')}, which the running release knows: the trait was removed. Write what ` +
        'took its place, or take it out of the configuration.',
    );
  }
  if (expectedDowntime !== undefined && expectedDowntime > inputs.maxDowntime) {
    problems.push(
      `The hub would be away for about ${Math.ceil(expectedDowntime)} s, as the rehearsal took, and max-downtime is ` +
        `${inputs.maxDowntime} s. Allow more.`,
    );
  }
  return { problems, warnings };
}
