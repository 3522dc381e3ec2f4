import type { Rule } from '../rule.ts';
import { code, jupyterhub, upgrading6 } from '../sources.ts';

export const rulesOf6: Rule[] = [
  {
    id: 'named-servers',
    since: '6.0',
    level: 'warning',
    when: [{ count: 'named servers whose name 6.0 would not take' }],
    consequence:
      'Names of servers are lowercase letters, digits and single hyphens, at most 30. Older ones can still be started; 7.0 will not start them.',
    instead:
      'Leave `allow_existing_invalid_named_servers` at its default. `autorename` is only for spawners that keep nothing by the name of a server, no volume and no directory.',
    sources: [upgrading6('named-server-restrictions'), jupyterhub(5192)],
    measured: 'A server named `Named_One` is kept by 6.1.1.',
  },
  {
    id: 'named-server-api',
    since: '6.0',
    level: 'info',
    when: [{ on: ['JupyterHub.allow_named_servers'] }],
    consequence:
      'Scripts can make named servers only with such a name: lowercase letters, digits and single hyphens, at most 30.',
    instead: 'What users type on the page becomes `display_name`; scripts may send one, too.',
    sources: [upgrading6('named-server-restrictions'), jupyterhub(5192)],
  },
  {
    id: 'spawn-options',
    since: '6.0',
    level: 'info',
    when: [{ any: [{ on: ['Spawner.options_form'] }, { set: ['Spawner.options_from_form'] }] }],
    consequence: 'Options in links to the spawn page (`/hub/spawn?…`) and `display_name` in the API have other names.',
    instead:
      'Begin their names with `opt-` in links; send them as `user_options` in the API. Without, most still work.',
    sources: [upgrading6('passing-parameters-to-spawners-spawner-user-options'), jupyterhub(5470)],
  },
  {
    id: 'statsd',
    since: '6.0',
    level: 'info',
    when: [{ set: ['JupyterHub.statsd_host', 'JupyterHub.statsd_port', 'JupyterHub.statsd_prefix'] }],
    consequence: 'The hub sends nothing to statsd any more; the traits are not recognized.',
    instead: 'Prometheus metrics, at /hub/metrics.',
    sources: [upgrading6('statsd-metrics-removed'), jupyterhub(5407)],
    measured: '6.1.1 starts, and logs "Config option `statsd_host` not recognized".',
  },
  {
    id: 'internal-requests',
    since: '6.0',
    level: 'info',
    when: [],
    consequence: "The hub's own requests go through aiohttp and no longer through Tornado's client or pycurl.",
    instead: '`c.JupyterHubHTTPClient` if servers time out under load; nothing otherwise.',
    sources: [upgrading6('aiohttp-used-for-internal-communication'), jupyterhub(5447)],
  },
  {
    id: 'external-services',
    since: '6.0',
    level: 'info',
    when: [{ count: 'services with a url and no command' }],
    consequence:
      'While a service that runs elsewhere is down at the start of the hub, the public address answers 404 for half a minute.',
    instead: 'Start such services before the hub, or allow for it in your monitoring.',
    sources: [code('6.1.1', 'app.py')],
    measured: 'The public address answers after 2 to 3 s with 2.3.1, 4.1.6 and 5.5.4, and after 33 s with 6.1.1.',
  },
  {
    id: 'stop-timeouts',
    since: '6.0',
    level: 'info',
    when: [
      { is: ['LocalProcessSpawner'] },
      { not: { set: ['LocalProcessSpawner.interrupt_timeout', 'LocalProcessSpawner.term_timeout'] } },
    ],
    consequence:
      'A user server that does not end when it is asked is waited for 30 s and another 30 s, no longer 10 s and 5 s.',
    instead:
      '`TimeoutStopSec=` of the unit of at least 120 s; or the old values of `interrupt_timeout` and `term_timeout`.',
    sources: [code('6.0.0', 'spawner.py')],
    measured: 'With servers that ignore both signals 5.5.4 stops after 16 s; 6.1.1 has not after 30 s.',
  },
  {
    id: 'auth-refresh',
    since: '6.1',
    level: 'info',
    when: [{ overrides: ['Authenticator.refresh_user'] }],
    consequence:
      'When a login has to be refreshed and cannot be, requests with tokens and an admin’s start of a server go on; only requests of the user himself ask for a login.',
    instead: '`c.Authenticator.auth_refresh_strict = True` for the old behaviour.',
    sources: [code('6.1.0', 'auth.py')],
  },
  {
    id: 'require-pkce',
    since: '6.1',
    level: 'warning',
    when: [{ on: ['JupyterHub.oauth_require_pkce'] }],
    consequence:
      'It takes effect from 6.1 on: user servers with jupyterhub 5 or older, and services that know no PKCE, cannot log users in (400).',
    instead: 'Bring all user environments to jupyterhub 6 first.',
    sources: [upgrading6('pkce'), jupyterhub(4936)],
    measured: 'With user servers older than 6 a login in the browser ends with 400 (invalid_request); API tokens work.',
  },
];
