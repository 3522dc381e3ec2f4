export type Level = 'blocker' | 'warning' | 'info';

/**
 * What a rule looks for in a hub. Traits and methods are named by the class that has them, and looked for in whatever
 * class derives from it, as traitlets does.
 */
export type Condition =
  /** One of these traits is set, to whatever. */
  | { set: string[] }
  /** One of these traits is set, and neither false nor empty. `*` at the end stands for any rest. */
  | { on: string[] }
  /** The hub uses one of these classes, or one that derives from it. */
  | { is: string[] }
  /** The class that the hub uses for this one is not JupyterHub's own. */
  | { foreign: string }
  /** That class has one of these methods in a form of its own. */
  | { overrides: string[] }
  /** There are at least so many (by default one). */
  | { count: Count; from?: number }
  /** The hub's environment has this package, in a version in this range. */
  | { package: string; versions: string }
  | { any: Condition[] }
  | { not: Condition };

/** Counts of introspect_traits.py, then those of the database. */
export type Count =
  | 'services'
  | 'services that are admin'
  | 'services with oauth_roles'
  | 'services with a command and a url'
  | 'services with a url and no command'
  | 'services with OAuth and no oauth_redirect_uri'
  | 'services with a name that is no path component'
  | 'tokens of 64 characters'
  | 'tokens of more than 64 characters'
  | 'roles for the admin page without admin-ui'
  | 'groups given as lists'
  | 'own page templates'
  | 'own forms without an XSRF token'
  | 'token in URL allowed'
  | 'keys for auth_state'
  | 'options in the URL of an SQLite database'
  | 'PostgreSQL URLs without a driver'
  | 'users'
  | 'groups'
  | 'API tokens'
  | 'running user servers'
  | 'named servers whose name 6.0 would not take';

/** What a release changed for some hubs. Pure data: docs/advice.md is made of it. */
export interface Rule {
  /** By which `accept-advice` names it. */
  id: string;
  /** The release with the change: the rule is for upgrades from before it. Or every change of the `major` version, or `any`. */
  since: string;
  /** The release without it again, and the one that has it again. */
  until?: string;
  again?: string;
  /** A blocker stops an upgrade that does not accept it. */
  level: Level;
  /** All of these hold. None: every hub. */
  when: Condition[];
  consequence: string;
  instead: string;
  sources: string[];
  /** What was seen on real hubs of these releases. */
  measured?: string;
}
