import type { Rule } from '../rule.ts';
import { upgrading } from '../sources.ts';

/** What does not depend on one release. */
export const always: Rule[] = [
  {
    id: 'auth-state-key',
    since: 'any',
    level: 'warning',
    when: [{ on: ['Authenticator.enable_auth_state'] }, { not: { count: 'keys for auth_state' } }],
    consequence:
      'No key for auth_state is seen where the hub is started, though it is enabled: a hub without one ends at its start ' +
      '("auth_state is enabled, but encryption is not available").',
    instead: 'Give the service the environment variable JUPYTERHUB_CRYPT_KEY, or set `c.CryptKeeper.keys`.',
    sources: ['https://jupyterhub.readthedocs.io/en/stable/reference/authenticators.html#authentication-state'],
    measured: '5.1.0 and 6.1.1 end with status 1 when they are started.',
  },
  {
    id: 'sqlite-url-options',
    since: 'major',
    level: 'blocker',
    when: [{ count: 'options in the URL of an SQLite database' }],
    consequence:
      '`jupyterhub upgrade-db` takes the options in the URL (`?…`) for a part of the file name of its own copy, and fails.',
    instead: 'Write `db_url` without `?…`; options of the driver belong in `c.JupyterHub.db_kwargs`.',
    sources: ['https://jupyterhub.readthedocs.io/en/stable/reference/api/app.html#jupyterhub.app.JupyterHub.db_kwargs'],
    measured: '`upgrade-db` of 6.1.1 ends with "No such file or directory: jupyterhub.sqlite?timeout=30".',
  },
  {
    id: 'singleuser-version',
    since: 'major',
    level: 'warning',
    when: [{ any: [{ set: ['Spawner.cmd'] }, { foreign: 'Spawner' }, { not: { is: ['LocalProcessSpawner'] } }] }],
    consequence:
      "User servers may come from an environment or image of their own, which keeps its release of jupyterhub. From 2.x on both work together, with a warning in the hub's log for another major version; a server of 1.x has to be brought up to date.",
    instead:
      'Install the same major version of jupyterhub there, too. It needs the same Python: 3.8 for 5.x, 3.10 for 6.x.',
    sources: [upgrading('upgrade-jupyterhub-packages')],
    measured:
      'Hub 6.1.1 with servers of 6.1.1, 5.5.4, 4.1.6, 3.1.1, 2.3.1 and 1.5.1, and hubs 5.5.4, 4.1.6 and 2.3.1 with 6.1.1: all work; hub 1.5.1 with 6.1.1 does not.',
  },
  {
    id: 'proxy-version',
    since: 'major',
    level: 'info',
    when: [{ package: 'configurable-http-proxy', versions: '<4.6.2' }],
    consequence:
      'The proxy that the hub starts is not upgraded with it, and is older than those that were tried with new releases.',
    instead:
      'Install configurable-http-proxy 4.6.2 or newer, or have it done (`upgrade-proxy: true`). 5.3.0 needs Node 20.',
    sources: ['https://github.com/jupyterhub/configurable-http-proxy/blob/main/CHANGELOG.md'],
    measured: 'The hubs 1.5.1, 5.5.4 and 6.1.1 work with 4.6.2 and with 5.3.0.',
  },
  {
    id: 'upgrade-db-at-start',
    since: 'major',
    level: 'info',
    when: [{ on: ['JupyterHub.upgrade_db'] }],
    consequence:
      'The hub migrates its database at every start of a newer release. Here it is migrated before the start; but whoever starts the new release by hand before a backup, migrates, too.',
    instead: 'Take `c.JupyterHub.upgrade_db` or `--upgrade-db` out if you want migrations to happen here only.',
    sources: [
      'https://jupyterhub.readthedocs.io/en/stable/reference/api/app.html#jupyterhub.app.JupyterHub.upgrade_db',
    ],
  },
];
