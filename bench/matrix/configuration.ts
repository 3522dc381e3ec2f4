import { boxVariable } from '../hub/processes.ts';

/** The roles that the configuration gives away; users and groups have to be there before. */
export interface Assignments {
  users?: string[];
  groups?: string[];
  services?: string[];
}

interface Settings {
  release: string;
  databaseUrl: string;
  apiToken: string;
  appToken: string;
  directory: string;
  servers: { python: string; program: string; homes: string };
  addresses: { url: string; hub: number; proxyApi: number; appUrl: string; callback: string };
  assignments: Assignments;
}

/** A jupyterhub_config.py that uses what a hub of that release has. */
export function configuration(settings: Settings): string {
  const { release, databaseUrl, apiToken, appToken, directory, servers, addresses, assignments } = settings;
  const roles = [
    { name: 'reader', description: 'Reads users', scopes: ['read:users', 'access:services'], ...assignments },
  ];
  return `c = get_config()  # noqa
c.JupyterHub.db_url = ${literal(databaseUrl)}
c.JupyterHub.bind_url = ${literal(addresses.url)}
c.JupyterHub.hub_ip = '127.0.0.1'
c.JupyterHub.hub_port = ${addresses.hub}
c.ConfigurableHTTPProxy.api_url = 'http://127.0.0.1:${addresses.proxyApi}'
c.ConfigurableHTTPProxy.should_start = False
c.JupyterHub.cleanup_servers = False
c.JupyterHub.authenticator_class = 'dummy'
c.Authenticator.admin_users = {'admin'}
c.JupyterHub.spawner_class = 'simple'
c.JupyterHub.allow_named_servers = True
c.SimpleLocalProcessSpawner.home_dir_template = ${literal(`${servers.homes}/{username}`)}
c.Spawner.cmd = [${literal(servers.python)}, ${literal(servers.program)}]
c.Spawner.environment = {${literal(boxVariable)}: ${literal(directory)}}
c.JupyterHub.services = [
    {'name': 'bench', 'api_token': ${literal(apiToken)}, 'admin': True},
    {
        'name': 'app',
        'url': ${literal(addresses.appUrl)},
        'api_token': ${literal(appToken)},
        'oauth_redirect_uri': ${literal(addresses.callback)},
    },
]
${majorOf(release) < 2 ? '' : `c.JupyterHub.load_roles = ${JSON.stringify(roles)}\n`}`;
}

export function majorOf(release: string): number {
  return Number.parseInt(release, 10);
}

/** A string as Python writes it, too. */
function literal(text: string): string {
  return JSON.stringify(text);
}
