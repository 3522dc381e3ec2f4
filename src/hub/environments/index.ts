import type { Facts } from '../facts.ts';
import type { Part } from '../part.ts';
import { pip } from './pip.ts';

/** How the hub's environment is upgraded. */
export interface Environment extends Part {
  /** `staged`: beside the live one, exchanged in the downtime; `in-place`: installed in the downtime. */
  install: 'staged' | 'in-place';
}

/**
 * The environment of this hub, to be brought to `version`; `hops` are releases by way of which its database is migrated.
 * pip in a virtual environment is the one manager so far.
 */
export function environmentOf(facts: Facts, version: string, hops: string[] = []): Environment {
  return pip(facts, version, hops);
}
