import { freshStart } from '../hub/databases/fresh.ts';
import type { Facts } from '../hub/facts.ts';
import { brokenJump, dropsTokens, hopsBetween } from '../hub/releases.ts';
import type { Inputs } from '../inputs.ts';

/** The way that a database takes to a release, and what it costs. */
export interface Migration {
  /** Releases whose `upgrade-db` runs before that of the target. */
  hops: string[];
  /** Of the step, for people. */
  title: string;
  /** No API token of before works afterwards. */
  endsTokens: boolean;
  guarantees: string[];
  warnings: string[];
  blockers: string[];
}

export function migrationOf(inputs: Inputs, facts: Facts, to: string): Migration {
  return inputs.database.strategy === 'fresh' ? freshDatabase(inputs, facts) : migrated(inputs, facts, to);
}

function freshDatabase(inputs: Inputs, facts: Facts): Migration {
  const { blockers, warnings } = freshStart(facts, inputs);
  return { hops: [], title: 'Begin with a fresh database', endsTokens: true, guarantees: [], blockers, warnings };
}

function migrated(inputs: Inputs, facts: Facts, to: string): Migration {
  const from = facts.version;
  const hops = hopsBetween(from, to);
  const byWay = hops.length === 0 ? '' : `, by way of JupyterHub ${hops.join(' and ')}`;
  const jump = brokenJump(from, to);
  const lost = dropsTokens(from, to) ? lostTokens(facts) : [];
  const mayLose = inputs.database.allowTokenLoss;
  return {
    hops,
    title: `Migrate the database${byWay}`,
    endsTokens: dropsTokens(from, to),
    guarantees: jump
      ? [
          `The database goes from ${from} to ${to}${byWay}, in an environment of its own that is made beforehand and ` +
            `removed afterwards: straight on, the migration is known to break where ${jump.condition} ` +
            `(${jump.source}; here: ${facts.database.server_clients}).`,
        ]
      : [],
    warnings: mayLose ? lost : [],
    blockers: mayLose ? [] : lost.map((sentence) => `${sentence} If that may be, write allow-token-loss: true.`),
  };
}

/** What becomes of the API tokens of 1.x; nothing to say where there are none. */
function lostTokens({ database: { tokens } }: Facts): string[] {
  if (tokens.count === 0) return [];
  const count = tokens.count === 1 ? 'one token' : `${tokens.count} tokens`;
  const more = tokens.count > tokens.first.length ? ', …' : '';
  return [
    `JupyterHub 2.0 and newer drop the API tokens that 1.x made. Lost would be ${count} of users ` +
      `(${tokens.first.join(', ')}${more}), who make new ones then; services get theirs from the configuration.`,
  ];
}
