import type { Rule } from '../rule.ts';
import { changelog, jupyterhub } from '../sources.ts';

export const rulesOf2: Rule[] = [
  {
    id: 'running-servers',
    since: '2.0',
    level: 'warning',
    when: [{ count: 'running user servers' }],
    consequence:
      'All tokens are revoked, those of running user servers among them: a server that goes on through the upgrade cannot be reached until it was stopped and started again.',
    instead: 'Have all user servers stopped before the upgrade.',
    sources: [changelog('2.0.0'), 'https://jupyterhub.readthedocs.io/en/stable/rbac/upgrade.html'],
  },
  {
    id: 'services-admin',
    since: '2.0',
    level: 'warning',
    when: [{ count: 'services that are admin' }],
    consequence: '`admin: True` of a service still gives it every right, and is deprecated.',
    instead:
      'A role with only the scopes that the service needs: `c.JupyterHub.load_roles = [{"name": …, "scopes": […], "services": [name]}]`.',
    sources: [changelog('2.0.0'), 'https://jupyterhub.readthedocs.io/en/stable/rbac/index.html'],
    measured: 'It works, and the log says "sets `admin: True`, which is deprecated in JupyterHub 2.0".',
  },
  {
    id: 'admin-access',
    since: '2.0',
    level: 'warning',
    when: [{ not: { on: ['JupyterHub.admin_access'] } }],
    consequence:
      'The role of admins allows them to open the servers of all users (`access:servers`), though `admin_access` is off.',
    instead:
      'Make nobody an admin who may not see what users have, and give them a role of their own with `admin:users`, `admin:servers` and the like.',
    sources: [changelog('2.0.0'), 'https://jupyterhub.readthedocs.io/en/stable/rbac/roles.html'],
  },
  {
    id: 'singleuser-command-line',
    since: '2.0',
    level: 'warning',
    when: [{ any: [{ set: ['Spawner.cmd'] }, { foreign: 'Spawner' }] }],
    consequence:
      'User servers get no `--ip` and `--port` on their command line any more, only variables of the environment (JUPYTERHUB_SERVICE_URL).',
    instead: 'Let a command of your own read JUPYTERHUB_SERVICE_URL, or give the options in `c.Spawner.args`.',
    sources: [changelog('2.0.0'), jupyterhub(3381)],
    measured: 'The command of a server gets `--port=…` by 1.5.1 and no argument by 2.3.1.',
  },
  {
    id: 'spawner-ip',
    since: '2.0',
    level: 'warning',
    when: [{ foreign: 'Spawner' }, { not: { is: ['LocalProcessSpawner'] } }, { not: { set: ['Spawner.ip'] } }],
    consequence:
      'The default of `Spawner.ip` is 127.0.0.1 and no longer empty: servers on other machines or in containers may listen where the hub cannot reach them.',
    instead: '`c.Spawner.ip = "0.0.0.0"`, unless your spawner sets it itself.',
    sources: [changelog('2.0.0'), jupyterhub(3381)],
    measured: "The trait's default is '' in 1.5.1 and '127.0.0.1' in 2.0.2.",
  },
  {
    id: 'api-pages',
    since: '2.0',
    level: 'warning',
    when: [
      {
        any: [
          { count: 'users', from: 201 },
          { count: 'groups', from: 201 },
        ],
      },
      { not: { set: ['JupyterHub.api_page_max_limit'] } },
    ],
    consequence:
      'Lists of users and groups in the API end after 200 entries: scripts that do not ask for the next page miss the rest.',
    instead: 'Let scripts ask for pages (`offset`, `limit`), or set `c.JupyterHub.api_page_max_limit`.',
    sources: [changelog('2.0.0'), jupyterhub(3535)],
    measured: 'Of 210 users `GET /hub/api/users` lists 210 by 1.5.1, and 200 by 2.3.1.',
  },
  {
    id: 'api-clients',
    since: '2.0',
    level: 'info',
    when: [{ any: [{ count: 'services' }, { count: 'API tokens' }] }],
    consequence:
      'The API takes tokens only as such (no cookies with them), a POST only with a JSON content type, and `/hub/metrics` wants a token with the scope `read:metrics` (2.1).',
    instead: 'Look at the scripts and services that use the API.',
    sources: [changelog('2.0.0'), changelog('2.1.0'), jupyterhub(3575), jupyterhub(3686), jupyterhub(3770)],
  },
  {
    id: 'stopped-server-status',
    since: '2.0',
    level: 'info',
    when: [{ not: { set: ['JupyterHub.use_legacy_stopped_server_status_code'] } }],
    consequence:
      'A request to a server that does not run is answered by 424 and not 503, which JupyterLab understands from 3.1.16 on.',
    instead:
      '`c.JupyterHub.use_legacy_stopped_server_status_code = True` while user environments have an older JupyterLab.',
    sources: [changelog('2.0.0'), jupyterhub(3636)],
  },
  {
    id: 'jupyterlab-by-default',
    since: '2.0',
    level: 'info',
    when: [{ not: { set: ['Spawner.default_url'] } }],
    consequence: 'Users come to JupyterLab and not to the classic notebook where their environment has both.',
    instead: '`c.Spawner.default_url = "/tree"` for the old page.',
    sources: [changelog('2.0.0'), jupyterhub(3615)],
  },
  {
    id: 'pagination',
    since: '2.0',
    level: 'info',
    when: [{ set: ['Pagination.default_per_page', 'Pagination.max_per_page'] }],
    consequence: 'These traits are gone; setting them does nothing.',
    instead: '`c.JupyterHub.api_page_default_limit` and `c.JupyterHub.api_page_max_limit`.',
    sources: [changelog('2.0.0'), jupyterhub(3535)],
    measured: 'The traits are in 1.5.1 and not in 2.0.2.',
  },
  {
    id: 'links-to-servers',
    since: '2.1',
    level: 'info',
    when: [],
    consequence: "A link to another user's server no longer leads to one's own.",
    instead: 'Share links that begin with `/hub/user-redirect/`.',
    sources: [changelog('2.1.0'), jupyterhub(3763)],
  },
  {
    id: 'pam-sessions',
    since: '2.2',
    level: 'warning',
    when: [{ is: ['PAMAuthenticator'] }, { not: { set: ['PAMAuthenticator.open_sessions'] } }],
    consequence:
      'No PAM session is opened at a login: what its modules did (make a home directory, mount, set limits) is not done.',
    instead: '`c.PAMAuthenticator.open_sessions = True` for the old behaviour.',
    sources: [changelog('2.2.0'), jupyterhub(3787)],
    measured: "The trait's default is True in 2.1.1 and False in 2.2.2.",
  },
];
