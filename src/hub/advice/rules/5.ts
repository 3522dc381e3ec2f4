import type { Condition, Rule } from '../rule.ts';
import { changelog, code, jupyterhub, upgrading5 } from '../sources.ts';

/** Whom the configuration itself allows. The names of before 1.2 still count. */
const ALLOWS: Condition = {
  on: ['Authenticator.allow*', 'Authenticator.whitelist', 'LocalAuthenticator.group_whitelist'],
};
/** The class decides by itself. */
const DECIDES: Condition = { overrides: ['Authenticator.check_allowed', 'Authenticator.check_whitelist'] };

export const rulesOf5: Rule[] = [
  {
    id: 'allow-config',
    since: '5.0',
    level: 'blocker',
    when: [{ not: ALLOWS }, { not: DECIDES }, { not: { is: ['DummyAuthenticator', 'NullAuthenticator'] } }],
    consequence:
      'Nobody is allowed to log in unless the configuration says so, admins neither. The hub starts, and /hub/health answers 200.',
    instead:
      '`c.Authenticator.allow_all = True` for the old behaviour (everybody who can authenticate), or `allowed_users`, or `allow_existing_users = True`. Set it now: a hub before 5.0 leaves the new ones alone.',
    sources: [upgrading5('authenticator-allow-all-and-allow-existing-users'), jupyterhub(4701), jupyterhub(4854)],
    measured:
      'A user and an admin log in to 4.1.6, and are refused by 5.0.0, 5.1.0 and 6.1.1 with the same configuration; with `allow_all` they log in.',
  },
  {
    id: 'allow-config-of-class',
    since: '5.0',
    level: 'warning',
    when: [{ not: ALLOWS }, DECIDES],
    consequence:
      'The configuration allows nobody by name, and from 5.0 on that means nobody; your authenticator has its own `check_allowed`, which decides.',
    instead: 'Find out whether it lets everybody in who should get in; else `c.Authenticator.allow_all = True`.',
    sources: [upgrading5('authenticator-allow-all-and-allow-existing-users'), jupyterhub(4701)],
  },
  {
    id: 'oauth-redirect-uri',
    since: '5.0',
    level: 'blocker',
    when: [{ count: 'services with OAuth and no oauth_redirect_uri' }],
    consequence:
      'A service with `oauth_client_id` or `oauth_no_confirm` but neither `url` nor `oauth_redirect_uri` ends the hub at its start.',
    instead: 'Give the service its `oauth_redirect_uri`, or take the other two out.',
    sources: [changelog('5.0.0'), jupyterhub(4555)],
    measured: '4.1.6 starts; 5.1.0 and 6.1.1 end with "is missing required oauth_redirect_uri".',
  },
  {
    id: 'managed-services',
    since: '5.0',
    level: 'warning',
    when: [{ count: 'services with a command and a url' }],
    consequence: 'A service that the hub starts and that ends, or does not answer at its `url`, ends the hub.',
    instead: 'Try the services under the new release, in particular those that are installed in the same environment.',
    sources: [jupyterhub(4930), code('5.0.0', 'app.py')],
    measured: 'With a service that ends at once 4.1.6 goes on; 5.5.4 and 6.1.1 answer for some seconds and end.',
  },
  {
    id: 'services-elsewhere',
    since: '5.0',
    until: '5.2.1',
    level: 'warning',
    when: [{ count: 'services with a url and no command' }],
    consequence: 'A service that runs elsewhere and is down while the hub starts ends the hub.',
    instead: 'Upgrade to 5.2.1 or newer, or start such services before the hub.',
    sources: [changelog('5.2.1'), jupyterhub(4930)],
    measured: 'With a service that is down 4.1.6 and 5.5.4 go on. That releases between end is read from their code.',
  },
  {
    id: 'subdomain-hook',
    since: '5.0',
    level: 'warning',
    when: [{ on: ['JupyterHub.subdomain_host'] }, { not: { set: ['JupyterHub.subdomain_hook'] } }],
    consequence:
      'Every service gets a host name of its own (name--service.…) and users with unusual names get another one: DNS, certificates, links and OAuth redirects change.',
    instead:
      '`c.JupyterHub.subdomain_hook = "legacy"` for the old names. Set it now: a hub before 5.0 leaves it alone.',
    sources: [upgrading5('user-subdomains'), jupyterhub(4471)],
  },
  {
    id: 'bootstrap-5',
    since: '5.0',
    level: 'warning',
    when: [{ any: [{ count: 'own page templates' }, { on: ['Spawner.options_form'] }] }],
    consequence:
      'Pages are made with Bootstrap 5 and no longer 3: templates and option forms of your own may look wrong.',
    instead: "Compare your templates with those of the new release, and adapt their classes by Bootstrap's guide.",
    sources: [upgrading5('bootstrap-5'), jupyterhub(4774)],
  },
  {
    id: 'manage-groups',
    since: '5.0',
    level: 'warning',
    when: [{ on: ['Authenticator.manage_groups'] }],
    consequence: 'With `manage_groups` an authenticator that returns no `groups` ends every login with an error.',
    instead: 'An authenticator that returns `groups` (None to leave them as they are), or `manage_groups = False`.',
    sources: [upgrading5('groups-required-with-authenticator-manage-groups'), jupyterhub(4645)],
    measured: 'An authenticator that returns a bare name lets a user in to 4.1.6, and ends in an error (500) on 6.1.1.',
  },
  {
    id: 'token-in-url',
    since: '5.0',
    level: 'info',
    when: [{ not: { count: 'token in URL allowed' } }],
    consequence: 'Links with `?token=…` no longer open user servers.',
    instead:
      '`c.Spawner.environment.update({"JUPYTERHUB_ALLOW_TOKEN_IN_URL": "1"})` where users need no protection from each other.',
    sources: [upgrading5('tokens-in-urls'), changelog('5.0.0')],
  },
  {
    id: 'event-log',
    since: '5.0',
    level: 'warning',
    when: [{ set: ['EventLog.handlers', 'EventLog.allowed_schemas'] }],
    consequence: 'Events are recorded by jupyter-events: `c.EventLog` is not read any more, and nothing is recorded.',
    instead:
      '`c.EventLogger.handlers`; the schema is called https://schema.jupyter.org/jupyterhub/events/server-action.',
    sources: [changelog('5.0.0'), jupyterhub(4807)],
  },
  {
    id: 'blocked-users',
    since: '5.2',
    level: 'warning',
    when: [{ on: ['Authenticator.blocked_users'] }],
    consequence:
      'At its start the hub takes admin rights, roles and groups from blocked users, and stops their servers.',
    instead: 'See that nobody is on the list who should only not log in for a while.',
    sources: [changelog('5.2.0'), jupyterhub(4865)],
  },
  {
    id: 'env-keep',
    since: '5.2',
    level: 'warning',
    when: [{ foreign: 'Spawner' }, { not: { is: ['LocalProcessSpawner'] } }, { not: { set: ['Spawner.env_keep'] } }],
    consequence:
      'Spawners that start no local processes no longer hand on PATH, LANG, PYTHONPATH and the like from the hub to user servers.',
    instead: '`c.Spawner.env_keep = [...]` with what your user servers need of it.',
    sources: [changelog('5.2.0'), jupyterhub(4904)],
  },
  {
    id: 'internal-ssl-names',
    since: '5.4',
    level: 'warning',
    when: [{ on: ['JupyterHub.internal_ssl'] }],
    consequence:
      "The host names in certificates are verified: a server that is reached by a name its certificate lacks can't be.",
    instead: '`c.Spawner.ssl_alt_names` with the names of user servers.',
    sources: [changelog('5.4.0'), changelog('5.4.1'), jupyterhub(5076)],
  },
  {
    id: 'long-tokens',
    since: '5.5.3',
    until: '6.0',
    again: '6.1',
    level: 'blocker',
    when: [{ count: 'tokens of more than 64 characters' }],
    consequence: 'Tokens have at most 64 characters. A longer one in the configuration ends the hub at its start.',
    instead: 'A token of 32 or 64 hexadecimal digits (`openssl rand -hex 16`), given to the service, too.',
    sources: [code('5.5.3', 'orm.py'), code('6.1.0', 'orm.py')],
  },
  {
    id: 'tokens-of-64',
    since: '5.5.3',
    until: '5.5.4',
    level: 'blocker',
    when: [{ count: 'tokens of 64 characters' }],
    consequence:
      'This one release refuses tokens of 64 characters (`openssl rand -hex 32`): the services that have them get 403.',
    instead: 'Upgrade to 5.5.4 or newer.',
    sources: [code('5.5.3', 'utils.py')],
  },
  {
    id: 'service-names',
    since: '5.5.3',
    until: '6.0',
    again: '6.1',
    level: 'blocker',
    when: [{ count: 'services with a name that is no path component' }],
    consequence:
      'A service whose name has a slash, an escape (%20), a space at its end, or nothing but dots ends the hub at its start.',
    instead: 'Another name, for the service itself and in its roles.',
    sources: [code('5.5.3', 'services/service.py'), code('6.1.0', 'services/service.py')],
  },
];
