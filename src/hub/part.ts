/**
 * One part of a hub (its service, environment or database) as an upgrade sees it: what the host programs are told, and
 * what the admin is.
 */
export interface Part {
  /** Parameters for the host programs. */
  parameters: Record<string, string>;
  /** What this part makes possible on this host, a sentence each. */
  guarantees: string[];
  /** What the admin should know, a sentence each. */
  warnings: string[];
  /** Why nothing can be done with it, a sentence each, with what to do. */
  blockers: string[];
}
