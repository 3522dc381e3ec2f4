import type { Inputs } from '../../inputs.ts';
import type { Facts } from '../facts.ts';
import type { Part } from '../part.ts';
import type { Fate } from '../survival.ts';
import { commands } from './commands.ts';
import { systemd } from './systemd.ts';

/** How the hub is stopped, fenced and started. */
export interface Service extends Part {
  /** Whether the hub runs now, as far as its manager can say, and if not: in which state it is. */
  state: { running: true } | { running: false; reason: string };
  /** What a stop does to the processes that the hub has started, unless it leaves them alone. */
  endsProcesses?: Fate;
}

const MANAGERS: Record<Facts['service']['manager'], (facts: Facts, inputs: Inputs) => Service> = { systemd, commands };

export function serviceOf(facts: Facts, inputs: Inputs): Service {
  return MANAGERS[facts.service.manager](facts, inputs);
}
