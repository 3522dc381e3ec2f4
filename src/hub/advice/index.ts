import type { Facts } from '../facts.ts';
import { type Advice, advise } from './evaluate.ts';
import type { Condition } from './rule.ts';
import { RULES } from './rules/index.ts';

/** The advice for an upgrade of this hub; `accepted` are the rules whose blockers do not stop it. */
export function adviceFor(facts: Facts, to: string, accepted: string[]): Advice[] {
  const { configuration, database } = facts;
  const counts = {
    ...configuration.counts,
    users: database.rows.users ?? 0,
    groups: database.rows.groups ?? 0,
    'API tokens': database.rows.api_tokens ?? 0,
    'running user servers': database.servers.length,
    'named servers whose name 6.0 would not take': database.unsafe_server_names,
  };
  return advise(RULES, { from: facts.version, to, configuration: { ...configuration, counts }, accepted });
}

/** Names of the traits that any rule is about. */
export function traitsOfRules(): Set<string> {
  return new Set(RULES.flatMap(({ when }) => when.flatMap(traitsOf)).map((trait) => trait.split('.').at(-1) ?? ''));
}

function traitsOf(condition: Condition): string[] {
  if ('set' in condition) return condition.set;
  if ('on' in condition) return condition.on;
  if ('any' in condition) return condition.any.flatMap(traitsOf);
  return 'not' in condition ? traitsOf(condition.not) : [];
}
