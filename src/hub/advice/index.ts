import type { Facts } from '../facts.ts';
import { type Advice, advise } from './evaluate.ts';
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
