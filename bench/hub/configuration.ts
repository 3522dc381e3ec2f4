import type { Blueprint } from './blueprint.ts';
import { type HubDatabase, urlOf } from './database.ts';
import { boxVariable } from './processes.ts';

/** Where things are on the hub's host; all absolute. */
export interface Places {
  /** What marks the hub's processes as belonging to this box. */
  box: string;
  python: string;
  fakeServer: string;
  homes: string;
  database: HubDatabase;
}

/** The main file, jupyterhub_config.py. */
export function mainConfiguration(blueprint: Blueprint, places: Places): string {
  const { release, ports, proxy, extraConfig } = blueprint;
  const { database } = places;
  const external = `
# The proxy is a service of its own: users keep working while the hub is restarted.
c.ConfigurableHTTPProxy.should_start = False
c.JupyterHub.cleanup_servers = False
`;
  return `# Configuration of JupyterHub ${release}
import os

c = get_config()  # noqa

c.JupyterHub.bind_url = 'http://127.0.0.1:${ports.public}'
c.JupyterHub.hub_ip = '127.0.0.1'
c.JupyterHub.hub_port = ${ports.hub}
c.ConfigurableHTTPProxy.api_url = 'http://127.0.0.1:${ports.proxyApi}'
${proxy === 'external' ? external : ''}${database.dialect === 'sqlite' ? '' : `\nc.JupyterHub.db_url = ${literal(urlOf(database))}\n`}
c.JupyterHub.authenticator_class = 'dummy'
c.Authenticator.admin_users = {'admin'}

c.JupyterHub.spawner_class = 'simple'
c.SimpleLocalProcessSpawner.home_dir_template = ${literal(`${places.homes}/{username}`)}
c.Spawner.cmd = [${literal(places.python)}, ${literal(places.fakeServer)}]
c.Spawner.environment = {${literal(boxVariable)}: ${literal(places.box)}}

load_subconfig(os.path.join(os.path.dirname(__file__), 'conf.d', 'services.py'))  # noqa
${extraConfig}`;
}

/** conf.d/services.py, which the main file loads: without it nobody's API calls are let in. */
export function servicesConfiguration({ release, apiToken, clientSecret }: Blueprint): string {
  const roles = `
c.JupyterHub.load_roles = [
    {
        'name': 'bench',
        'services': ['bench'],
        'scopes': ['admin:users', 'admin:groups', 'admin:servers', 'list:users', 'tokens', 'read:hub', 'access:servers'],
    }
]
`;
  const before2 = Number.parseInt(release, 10) < 2;
  return `c = get_config()  # noqa

c.JupyterHub.services = [
    {'name': 'bench', 'api_token': ${literal(apiToken)}${before2 ? ", 'admin': True" : ''}}
]
${before2 ? '' : roles}
c.GenericOAuthenticator.client_secret = ${literal(clientSecret)}
`;
}

/** A string as Python writes it, too. */
function literal(text: string): string {
  return JSON.stringify(text);
}
