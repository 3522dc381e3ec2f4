import type { Command } from './command.ts';
import type { Need } from './disk.ts';

/**
 * One part of a hub (its service, environment or database) as an upgrade sees it: what the host programs are told, and
 * what the admin is.
 */
export interface Part {
  /** Parameters for the host programs. */
  parameters: Record<string, string>;
  /** What the host runs for this part, by the name of the step, in its order. */
  commands: Record<string, Command[]>;
  /** What it takes of disks. */
  needs: Need[];
  /** What this part makes possible on this host, a sentence each. */
  guarantees: string[];
  /** What the admin should know, a sentence each. */
  warnings: string[];
  /** Why nothing can be done with it, a sentence each, with what to do. */
  blockers: string[];
}

/** By the name of the step, the commands of these parts, one part after the other. */
export function commandsOf(parts: Pick<Part, 'commands'>[], step: string): Command[] {
  return parts.flatMap(({ commands }) => commands[step] ?? []);
}
