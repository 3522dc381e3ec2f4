import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { type Api, createApi } from '../hub/api.ts';
import { makeBoxDirectory } from '../hub/directories.ts';
import { systemPython } from '../hub/environments.ts';
import { program } from '../hub/hub.ts';
import { freePorts } from '../hub/ports.ts';
import { boxVariable, killBoxProcesses } from '../hub/processes.ts';
import { cachedProxy } from '../hub/proxy.ts';
import { run, startDetached, until } from '../hub/run.ts';
import { type Assignments, configuration } from './configuration.ts';

export interface Installation {
  release: string;
  /** Path of its environment. */
  environment: string;
}

/**
 * A place where hubs of different releases take turns: one directory, one address, one proxy and one external service, all
 * of which stay, and so do users' servers, when a hub stops.
 */
export interface Site {
  directory: string;
  url: string;
  /** Where the external service `app` has its logins sent. */
  callback: string;
  /** Token of the service `app`, which is its secret as an OAuth client, too. */
  appToken: string;
  api: Api;
  /** Starts a hub on that database and waits until it answers as its release. */
  start(installation: Installation, databaseUrl: string, assignments: Assignments): Promise<Hub>;
  /** Runs `jupyterhub upgrade-db`; throws with all it printed. */
  upgrade(installation: Installation, databaseUrl: string): Promise<void>;
  close(): Promise<void>;
}

export interface Hub {
  /** Ends the hub; the servers of its users go on. */
  stop(): Promise<void>;
}

export async function openSite(): Promise<Site> {
  const directory = await makeBoxDirectory('version-matrix-', remove);
  try {
    return await furnish(directory);
  } catch (error) {
    await remove(directory);
    throw error;
  }
}

async function remove(directory: string): Promise<void> {
  await killBoxProcesses(directory);
  await run('rm', ['-rf', directory]);
}

async function furnish(directory: string): Promise<Site> {
  const [port = 0, hub = 0, proxyApi = 0, app = 0] = await freePorts(4);
  const url = `http://127.0.0.1:${port}`;
  const apiToken = randomHex();
  const appToken = randomHex();
  const callback = `${url}/services/app/oauth_callback`;
  const proxyBin = await cachedProxy();
  const place = (name: string) => join(directory, name);
  const variables = {
    ...{ [boxVariable]: directory, CONFIGPROXY_AUTH_TOKEN: randomHex(), HOME: directory },
    JUPYTERHUB_CRYPT_KEY: randomHex() + randomHex(),
  };
  const environmentFor = ({ environment }: Installation) => ({
    ...variables,
    PATH: [join(environment, 'bin'), proxyBin, dirname(process.execPath), '/usr/local/bin:/usr/bin:/bin'].join(
      delimiter,
    ),
  });
  await mkdir(place('homes'));
  const log = openSync(place('others.log'), 'a');
  const proxyArguments = [
    ...['--ip', '127.0.0.1', '--port', `${port}`, '--api-ip', '127.0.0.1', '--api-port', `${proxyApi}`],
    ...['--default-target', `http://127.0.0.1:${hub}`, '--error-target', `http://127.0.0.1:${hub}/hub/error`],
  ];
  const env = { ...variables, PATH: `${dirname(process.execPath)}:/usr/bin:/bin` };
  startDetached(join(proxyBin, 'configurable-http-proxy'), proxyArguments, log, { env });
  const appUrl = `http://127.0.0.1:${app}`;
  startDetached(systemPython, [program('fake-server.py')], log, { env: { ...env, JUPYTERHUB_SERVICE_URL: appUrl } });
  closeSync(log);
  const api = createApi(url, apiToken);

  const configure = async ({ release }: Installation, databaseUrl: string, assignments: Assignments) => {
    const servers = { python: systemPython, program: program('fake-server.py'), homes: place('homes') };
    const addresses = { url, hub, proxyApi, appUrl, callback };
    const text = configuration({
      release,
      databaseUrl,
      apiToken,
      appToken,
      directory,
      servers,
      addresses,
      assignments,
    });
    await writeFile(place('jupyterhub_config.py'), text, { mode: 0o600 });
  };
  return {
    ...{ directory, url, callback, appToken, api },
    async start(installation, databaseUrl, assignments) {
      await configure(installation, databaseUrl, assignments);
      const output = openSync(place('hub.log'), 'w');
      const child = spawn(python(installation), ['-m', 'jupyterhub', '-f', 'jupyterhub_config.py'], {
        ...{ cwd: directory, env: environmentFor(installation), stdio: ['ignore', output, output] },
      });
      closeSync(output);
      const ended = once(child, 'close');
      await answering(api, installation.release, child, () => readFile(place('hub.log'), 'utf8'));
      return {
        async stop() {
          child.kill('SIGTERM');
          await ended;
        },
      };
    },
    async upgrade(installation, databaseUrl) {
      await configure(installation, databaseUrl, {});
      const output = openSync(place('upgrade.log'), 'w');
      const command = ['-m', 'jupyterhub', 'upgrade-db', '-f', 'jupyterhub_config.py'];
      const child = spawn(python(installation), command, {
        ...{ cwd: directory, env: environmentFor(installation), stdio: ['ignore', output, output] },
      });
      closeSync(output);
      const [code] = await once(child, 'close');
      if (code !== 0) throw new Error(await readFile(place('upgrade.log'), 'utf8'));
    },
    close: () => remove(directory),
  };
}

function python({ environment }: Installation): string {
  return join(environment, 'bin/python');
}

/** Waits for a hub to answer at its public address; one that does not is ended. */
async function answering(api: Api, release: string, child: ChildProcess, log: () => Promise<string>): Promise<void> {
  try {
    await until(`JupyterHub ${release} does not answer`, 600, async () => {
      if (child.exitCode !== null)
        throw new Error(`JupyterHub ${release} ended when it was started:\n${lastOf(await log())}`);
      const answer = await api<{ version?: string }>('GET', '/').catch(() => undefined);
      return answer?.status === 200 && answer.body.version === release;
    });
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

function lastOf(log: string): string {
  return log.trim().split('\n').slice(-12).join('\n');
}

function randomHex(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('hex');
}
