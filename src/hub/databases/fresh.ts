import type { Inputs } from '../../inputs.ts';
import type { Loss } from '../answers.ts';
import type { Facts } from '../facts.ts';

/**
 * What stands in the way of a fresh database and what is to be said of it. JupyterHub's guide has the conditions: users
 * are in the configuration (or may all log in), their servers are stopped, and logging in again is fine.
 */
export function freshStart({ database }: Facts, inputs: Inputs): { blockers: string[]; warnings: string[] } {
  const { loss } = database;
  if (loss === undefined) {
    return { blockers: ['What a fresh database would lose could not be found out (database-strategy).'], warnings: [] };
  }
  const warnings = [
    'The hub begins with a fresh database (database-strategy: fresh): everybody has to log in again. The old one is kept on ' +
      'the host, and put back if anything fails.',
  ];
  const lost = Object.entries(loss).map(sentence);
  if (lost.length === 0) return { blockers: [], warnings };
  if (inputs.database.acceptLoss) {
    return {
      blockers: [],
      warnings: [...warnings, `Lost with the old database (accept-data-loss): ${lost.join('; ')}.`],
    };
  }
  return {
    blockers: [
      `A fresh database would lose what the configuration does not bring back: ${lost.join('; ')}. Use database-strategy: ` +
        'migrate, name users, admins and groups in the configuration and stop the servers, or set accept-data-loss: true.',
    ],
    warnings,
  };
}

/** What `database-strategy: fresh` would cost this hub, for who has seen a migration fail. */
export function costOfFresh(loss: Loss): string {
  const lost = Object.entries(loss).map(sentence);
  return lost.length === 0
    ? 'nothing but logins: users, admins and groups are in the configuration'
    : `beside logins: ${lost.join('; ')}`;
}

function sentence([kind, { count, first }]: [string, Loss[string]]): string {
  const names = first.length === 0 ? '' : ` (${first.join(', ')}${count > first.length ? ', …' : ''})`;
  return `${count} ${kind}${names}`;
}
