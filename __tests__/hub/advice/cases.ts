/** A configuration on a real old release, and what is said about it on the way to another. */
export interface Case {
  from: string;
  to: string;
  title: string;
  /** jupyterhub_config.py. */
  config: string;
  files?: Record<string, string>;
  environment?: Record<string, string>;
  /** Packages that appear to be installed. */
  packages?: Record<string, string>;
  /** Rows and servers of its database. */
  database?: { rows?: Record<string, number>; servers?: number; unsafe_server_names?: number };
  /** Ids of all rules that hold, each with the places where it was seen. */
  says: Record<string, string[]>;
}

const FOREIGN = `
from jupyterhub.auth import Authenticator
from jupyterhub.spawner import Spawner
class Ours(Authenticator):
    async def authenticate(self, handler, data): return data['username']
    async def refresh_user(self, user, handler=None): return True
class Container(Spawner):
    async def start(self): pass
    async def stop(self, now=False): pass
    async def poll(self): pass
c.JupyterHub.authenticator_class = Ours
c.JupyterHub.spawner_class = Container
`;

export const CASES: Case[] = [
  {
    from: '1.1.0',
    to: '1.5.1',
    title: 'nothing set',
    config: '',
    says: { 'metrics-prefix': [], 'oauth-token-lifetime': [] },
  },
  {
    from: '1.1.0',
    to: '1.5.1',
    title: 'all set',
    config: `
c.Authenticator.blacklist = {'eve'}
c.Authenticator.whitelist = {'alice', 'bob'}
c.LocalAuthenticator.group_whitelist = {'staff'}
c.Spawner.environment = {'A': 'secret'}
c.JupyterHub.oauth_token_expires_in = 3600
`,
    says: {
      blacklist: ['c.Authenticator.blacklist'],
      whitelist: ['c.Authenticator.whitelist', 'c.LocalAuthenticator.group_whitelist'],
      'spawner-environment': ['c.Spawner.environment'],
      'metrics-prefix': [],
    },
  },
  {
    from: '1.1.0',
    to: '1.5.1',
    title: 'set already for the new release, or for a class that is not used',
    config: `
c.Authenticator.blacklist = {'eve'}
c.Authenticator.blocked_users = {'eve'}
c.OAuthenticator.client_id = 'x'
c.Authenticator.whitelist = set()
c.Spawner.environment
`,
    packages: { oauthenticator: '0.12.1' },
    says: { whitelist: ['c.Authenticator.whitelist'], 'metrics-prefix': [], 'oauth-token-lifetime': [] },
  },
  {
    from: '1.1.0',
    to: '1.5.1',
    title: 'an authenticator from elsewhere',
    config: `
from jupyterhub.auth import PAMAuthenticator
class OAuthenticator(PAMAuthenticator):
    def check_whitelist(self, username, authentication=None): return True
c.JupyterHub.authenticator_class = OAuthenticator
c.JupyterHub.Authenticator.whitelist = {'alice'}
c.JupyterHub.Authenticator.blacklist = set()
`,
    packages: { oauthenticator: '0.12.1' },
    says: {
      'oauthenticator-whitelist': ['c.JupyterHub.Authenticator.whitelist'],
      whitelist: ['c.JupyterHub.Authenticator.whitelist'],
      'check-whitelist': [],
      'metrics-prefix': [],
      'oauth-token-lifetime': [],
    },
  },

  {
    from: '1.5.1',
    to: '2.3.1',
    title: 'nothing set',
    config: '',
    says: {
      'admin-access': [],
      'pam-sessions': [],
      'stopped-server-status': [],
      'jupyterlab-by-default': [],
      'links-to-servers': [],
    },
  },
  {
    from: '1.5.1',
    to: '2.3.1',
    title: 'all set',
    config: `
c.JupyterHub.admin_access = True
c.PAMAuthenticator.open_sessions = False
c.JupyterHub.use_legacy_stopped_server_status_code = True
c.Spawner.default_url = '/lab'
c.Spawner.cmd = ['start']
c.JupyterHub.services = [{'name': 'one', 'admin': True, 'api_token': 'secret'}, {'name': 'two', 'api_token': 'secret'}]
c.Pagination.max_per_page = 10
c.JupyterHub.upgrade_db = True
c.JupyterHub.db_url = 'sqlite:///jupyterhub.sqlite?timeout=30'
`,
    database: { rows: { users: 201 }, servers: 3 },
    says: {
      'sqlite-url-options': ['1 options in the URL of an SQLite database'],
      'singleuser-version': ['c.Spawner.cmd'],
      'running-servers': ['3 running user servers'],
      'services-admin': ['1 services that are admin'],
      'singleuser-command-line': ['c.Spawner.cmd'],
      'api-pages': ['201 users'],
      'upgrade-db-at-start': ['c.JupyterHub.upgrade_db'],
      'api-clients': ['2 services'],
      pagination: ['c.Pagination.max_per_page'],
      'links-to-servers': [],
    },
  },
  {
    from: '1.5.1',
    to: '2.3.1',
    title: 'authenticator and spawner from elsewhere',
    config: `${FOREIGN}
c.JupyterHub.admin_access = True
c.JupyterHub.use_legacy_stopped_server_status_code = False
c.JupyterHub.api_page_max_limit = 1000
c.Container.default_url = '/lab'
`,
    database: { rows: { groups: 300, api_tokens: 2 } },
    says: {
      'singleuser-version': [],
      'singleuser-command-line': [],
      'spawner-ip': [],
      'api-clients': ['2 API tokens'],
      'links-to-servers': [],
    },
  },
  {
    from: '1.5.1',
    to: '2.3.1',
    title: 'a spawner from elsewhere that has an address of its own',
    config: `${FOREIGN}
from traitlets import default
class Remote(Container):
    @default('ip')
    def _ip(self): return '0.0.0.0'
c.JupyterHub.spawner_class = Remote
c.JupyterHub.admin_access = True
c.JupyterHub.use_legacy_stopped_server_status_code = False
c.Spawner.default_url = '/lab'
`,
    says: { 'singleuser-version': [], 'singleuser-command-line': [], 'links-to-servers': [] },
  },

  {
    from: '2.3.1',
    to: '4.1.6',
    title: 'nothing set',
    config: '',
    says: { 'singleuser-extension': [] },
  },
  {
    from: '2.3.1',
    to: '4.1.6',
    title: 'all set',
    config: `${FOREIGN}
c.Spawner.oauth_roles = ['user']
c.JupyterHub.extra_handlers = [('/x', object)]
c.JupyterHub.load_groups = {'staff': ['alice'], 'others': []}
c.JupyterHub.services = [{'name': 'one', 'oauth_roles': ['user'], 'url': 'http://127.0.0.1:9'}]
c.JupyterHub.load_roles = [
    {'name': 'support', 'scopes': ['admin:users!group=staff', 'admin:servers', 'tokens']},
    {'name': 'operator', 'scopes': ['admin:users', 'admin:servers', 'admin-ui']},
    {'name': 'half', 'scopes': ['admin:users']},
]
c.JupyterHub.template_paths = ['pages', 'nowhere']
`,
    files: {
      'pages/login.html': '<form action="{{ login_url }}" METHOD="post"></form>',
      'pages/home.html': '<form method=post><input name="_xsrf" value="{{ xsrf }}"></form>',
      'pages/error.html': '<form action="/search"></form>',
      'pages/notes.txt': '<form method="post">',
    },
    packages: { 'jupyterhub-announcement': '0.9.1', sqlalchemy: '1.3.24' },
    says: {
      'xsrf-forms': ['1 own forms without an XSRF token'],
      'singleuser-version': [],
      'admin-ui': ['1 roles for the admin page without admin-ui'],
      'oauth-roles': ['c.Spawner.oauth_roles', '1 services with oauth_roles'],
      sqlalchemy: [],
      'xsrf-services': ['1 services'],
      'announcement-service': [],
      'db-of-plugins': [],
      'extra-handlers': ['c.JupyterHub.extra_handlers'],
      'singleuser-extension': [],
      'groups-as-lists': ['2 groups given as lists'],
    },
  },
  {
    from: '2.3.1',
    to: '4.1.6',
    title: 'a database of PostgreSQL, and an old SQLAlchemy',
    config: "c.JupyterHub.db_url = 'postgresql://hub:secret@hub.example/hub'",
    packages: { sqlalchemy: '1.3.24' },
    says: {
      sqlalchemy: [],
      'postgresql-driver': ['1 PostgreSQL URLs without a driver'],
      'singleuser-extension': [],
    },
  },
  ...(
    [
      ['postgresql:', { psycopg: '3.2.3' }],
      ['postgresql+psycopg2:', {}],
    ] as [string, Record<string, string>][]
  ).map(
    ([scheme, driver]): Case => ({
      ...{ from: '2.3.1', to: '4.1.6', title: `with a driver: ${scheme}` },
      config: `c.JupyterHub.db_url = '${scheme}//hub:secret@hub.example/hub'`,
      packages: { sqlalchemy: '1.3.24', ...driver },
      says: { sqlalchemy: [], 'singleuser-extension': [] },
    }),
  ),
  {
    from: '2.3.1',
    to: '4.1.6',
    title: 'a form in the class of an authenticator',
    config: `
from jupyterhub.auth import PAMAuthenticator
class Ours(PAMAuthenticator):
    custom_html = '<form method="post">'
c.JupyterHub.authenticator_class = Ours
`,
    packages: { 'jupyterhub-announcement': '0.9.3', sqlalchemy: '1.4.54' },
    says: {
      'xsrf-forms': ['1 own forms without an XSRF token'],
      'db-of-plugins': [],
      'singleuser-extension': [],
    },
  },

  {
    from: '4.1.6',
    to: '5.5.4',
    title: 'nothing set',
    config: '',
    says: { 'allow-config': [], 'token-in-url': [] },
  },
  ...['allow_all = True', "allowed_users = {'alice'}", 'allow_existing_users = True', "whitelist = {'alice'}"].map(
    (text): Case => ({
      ...{ from: '4.1.6', to: '5.5.4', title: `who is allowed: ${text}` },
      config: `c.Authenticator.${text}`,
      says: { 'token-in-url': [] },
    }),
  ),
  {
    from: '4.1.6',
    to: '5.5.4',
    title: 'nobody is allowed',
    config: `
c.Authenticator.allowed_users = set()
c.Authenticator.admin_users = {'admin'}
c.LocalAuthenticator.allowed_groups
c.Authenticator.allow_all = False
`,
    says: { 'allow-config': [], 'token-in-url': [] },
  },
  {
    from: '4.1.6',
    to: '5.5.4',
    title: 'everybody by the class',
    config: "c.JupyterHub.authenticator_class = 'dummy'",
    says: { 'token-in-url': [] },
  },
  {
    from: '4.1.6',
    to: '5.5.4',
    title: 'everybody by a class from elsewhere',
    config: `
from traitlets import Bool, default
from jupyterhub.auth import PAMAuthenticator
class Open(PAMAuthenticator):
    allow_all = Bool(True, config=True)
c.JupyterHub.authenticator_class = Open
`,
    says: { 'token-in-url': [] },
  },
  {
    from: '4.1.6',
    to: '5.5.4',
    title: 'some by an attribute of a class from elsewhere',
    config: `
from jupyterhub.auth import PAMAuthenticator
class Plainly(PAMAuthenticator):
    allowed_users = {'alice'}
c.JupyterHub.authenticator_class = Plainly
`,
    says: { 'token-in-url': [] },
  },
  {
    from: '4.1.6',
    to: '5.5.4',
    title: 'all set',
    config: `
from jupyterhub.auth import PAMAuthenticator
class Ours(PAMAuthenticator):
    def check_allowed(self, username, authentication=None): return True
from jupyterhub.spawner import Spawner
class Container(Spawner):
    async def start(self): pass
    async def stop(self, now=False): pass
    async def poll(self): pass
c.JupyterHub.spawner_class = Container
c.JupyterHub.authenticator_class = Ours
c.JupyterHub.subdomain_host = 'https://hub.example.org'
c.Spawner.options_form = 'Which image?'
c.Authenticator.manage_groups = True
c.Authenticator.blocked_users = {'eve'}
c.Spawner.environment.update({'JUPYTERHUB_ALLOW_TOKEN_IN_URL': '1'})
c.EventLog.handlers = [object()]
c.JupyterHub.internal_ssl = True
c.JupyterHub.services = [
    {'name': 'one', 'oauth_client_id': 'service-one', 'api_token': 'x' * 65},
    {'name': 'two', 'oauth_client_id': 'service-two', 'url': 'http://127.0.0.1:9', 'command': ['true'], 'api_token': 'y' * 64},
    {'name': 'a/b', 'oauth_no_confirm': True, 'oauth_redirect_uri': 'https://elsewhere'},
]
`,
    says: {
      'oauth-redirect-uri': ['1 services with OAuth and no oauth_redirect_uri'],
      'long-tokens': ['1 tokens of more than 64 characters'],
      'service-names': ['1 services with a name that is no path component'],
      'singleuser-version': [],
      'allow-config-of-class': [],
      'subdomain-hook': ['c.JupyterHub.subdomain_host'],
      'bootstrap-5': ['c.Spawner.options_form'],
      'manage-groups': ['c.Authenticator.manage_groups'],
      'event-log': ['c.EventLog.handlers'],
      'blocked-users': ['c.Authenticator.blocked_users'],
      'env-keep': [],
      'managed-services': ['1 services with a command and a url'],
      'internal-ssl-names': ['c.JupyterHub.internal_ssl'],
    },
  },
  {
    from: '4.1.6',
    to: '5.2.0',
    title: 'a service that runs elsewhere',
    config: `
c.Authenticator.allow_all = True
c.JupyterHub.services = [{'name': 'one', 'url': 'http://127.0.0.1:9'}]
`,
    says: { 'services-elsewhere': ['1 services with a url and no command'], 'token-in-url': [] },
  },
  {
    from: '4.1.6',
    to: '5.5.3',
    title: 'a token of 64 characters',
    config: `
c.Authenticator.allow_all = True
c.JupyterHub.subdomain_host = 'https://hub.example.org'
c.JupyterHub.subdomain_hook = 'legacy'
c.JupyterHub.service_tokens = {'x' * 64: 'one'}
`,
    says: { 'tokens-of-64': ['1 tokens of 64 characters'], 'token-in-url': [] },
  },

  {
    from: '5.5.4',
    to: '6.1.1',
    title: 'nothing set',
    config: '',
    says: { 'internal-requests': [], 'stop-timeouts': [] },
  },
  {
    from: '5.5.4',
    to: '6.1.1',
    title: 'all set',
    config: `${FOREIGN}
c.JupyterHub.allow_named_servers = True
c.JupyterHub.statsd_host = 'localhost'
c.Spawner.options_form = 'Which image?'
c.JupyterHub.oauth_require_pkce = True
c.Authenticator.enable_auth_state = True
c.JupyterHub.services = [{'name': 'a b ', 'url': 'http://127.0.0.1:9', 'api_token': 'x' * 65}]
`,
    database: { unsafe_server_names: 2 },
    says: {
      'auth-state-key': ['c.Authenticator.enable_auth_state'],
      'long-tokens': ['1 tokens of more than 64 characters'],
      'service-names': ['1 services with a name that is no path component'],
      'singleuser-version': [],
      'named-servers': ['2 named servers whose name 6.0 would not take'],
      'require-pkce': ['c.JupyterHub.oauth_require_pkce'],
      'named-server-api': ['c.JupyterHub.allow_named_servers'],
      'spawn-options': ['c.Spawner.options_form'],
      statsd: ['c.JupyterHub.statsd_host'],
      'internal-requests': [],
      'external-services': ['1 services with a url and no command'],
      'auth-refresh': [],
    },
  },
  {
    from: '5.5.4',
    to: '6.1.1',
    title: 'with a key for auth_state, timeouts, and an old proxy',
    config: `
c.ConfigurableHTTPProxy.command = ['proxy/bin/configurable-http-proxy', '--log-level=error']
c.Authenticator.enable_auth_state = True
c.LocalProcessSpawner.interrupt_timeout = 10
`,
    files: {
      'proxy/bin/configurable-http-proxy': '#!/usr/bin/env node\n',
      'proxy/package.json': '{"name": "configurable-http-proxy", "version": "4.5.6"}',
    },
    environment: { JUPYTERHUB_CRYPT_KEY: 'ab'.repeat(32) },
    says: { 'proxy-version': [], 'internal-requests': [] },
  },
];
