import type { Rule } from '../rule.ts';
import { changelog, jupyterhub } from '../sources.ts';

export const rulesOf3: Rule[] = [
  {
    id: 'admin-ui',
    since: '3.0',
    level: 'warning',
    when: [{ count: 'roles for the admin page without admin-ui' }],
    consequence:
      'The admin page is shown to whom has the scope `admin-ui`; `admin:users` with `admin:servers` is no longer enough.',
    instead: 'Add `admin-ui` to the scopes of such roles, at the latest after the upgrade (2.x does not know it).',
    sources: [changelog('3.0.0'), jupyterhub(3878)],
  },
  {
    id: 'oauth-roles',
    since: '3.0',
    level: 'warning',
    when: [{ any: [{ set: ['Spawner.oauth_roles'] }, { count: 'services with oauth_roles' }] }],
    consequence:
      '`oauth_roles` is deprecated: the scopes of a role are looked up when a token is made, and a later change of the role does not reach it.',
    instead: '`oauth_client_allowed_scopes`, of the spawner and of services.',
    sources: [changelog('3.0.0'), jupyterhub(3833)],
  },
  {
    id: 'db-of-plugins',
    since: '3.0',
    level: 'info',
    when: [{ any: [{ foreign: 'Authenticator' }, { foreign: 'Spawner' }] }],
    consequence: '`Authenticator.db` and `Spawner.db` are deprecated; using them logs a warning.',
    instead: 'Have plugins and classes of your own use what they are handed, or the API.',
    sources: [changelog('3.0.0'), jupyterhub(3885)],
  },
  {
    id: 'extra-handlers',
    since: '3.1',
    level: 'info',
    when: [{ set: ['JupyterHub.extra_handlers'] }],
    consequence: '`extra_handlers` is deprecated; it still works.',
    instead: 'A service.',
    sources: [changelog('3.1.0'), jupyterhub(4236)],
  },
];
