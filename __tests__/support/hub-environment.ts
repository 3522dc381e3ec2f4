import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedEnvironment, systemPython } from '../../bench/hub/environments.ts';
import { freePorts } from '../../bench/hub/ports.ts';
import { cachedProxy } from '../../bench/hub/proxy.ts';
import { run } from '../../bench/hub/run.ts';

/** The two ends of the upgrade that tests go through. */
export type Release = '4.1.6' | '6.1.1';

/** A virtual environment with a real JupyterHub, made once. Tests read it, and leave nothing in it. */
export interface HubEnvironment {
  release: Release;
  path: string;
  python: string;
  /** What a process of that environment needs, PATH among it. */
  variables: NodeJS.ProcessEnv;
}

export async function hubEnvironment(release: Release): Promise<HubEnvironment> {
  const path = await cachedEnvironment(release);
  const bin = join(path, 'bin');
  const PATH = [bin, await cachedProxy(), dirname(process.execPath), '/usr/local/bin:/usr/bin:/bin'].join(delimiter);
  return { release, path, python: join(bin, 'python'), variables: { PATH, PYTHONDONTWRITEBYTECODE: '1' } };
}

const seedProgram = fileURLToPath(new URL('seed-database.py', import.meta.url));
const userServer = fileURLToPath(new URL('../../bench/hub/fake-server.py', import.meta.url));

/** Writes a database with something of everything that compare looks at, by the hub's own code. */
export async function seedDatabase(environment: HubEnvironment, database: string): Promise<void> {
  await run(environment.python, [seedProgram, database], { env: environment.variables });
}

export interface RunningHub {
  /** Public address, with the prefix and a slash at its end. */
  base: string;
  stop(): Promise<void>;
}

/** Starts a hub in `directory`, on its `jupyterhub.sqlite`; it may not answer yet. Users: admin, alice, bob. */
export async function startHub(environment: HubEnvironment, directory: string): Promise<RunningHub> {
  const [port = 0, hubPort = 0, proxyPort = 0] = await freePorts(3);
  const base = `http://127.0.0.1:${port}/prefix/`;
  await mkdir(directory, { recursive: true });
  await writeFile(
    join(directory, 'jupyterhub_config.py'),
    `c.JupyterHub.bind_url = '${base}'
c.JupyterHub.hub_port = ${hubPort}
c.ConfigurableHTTPProxy.api_url = 'http://127.0.0.1:${proxyPort}'
c.JupyterHub.authenticator_class = 'dummy'
c.JupyterHub.spawner_class = 'simple'
c.Authenticator.admin_users = {'admin'}
c.Authenticator.allowed_users = {'alice', 'bob'}
c.Spawner.cmd = ['${systemPython}', '${userServer}']
`,
  );
  const log = join(directory, 'hub.log');
  const child = spawn(environment.python, ['-m', 'jupyterhub', '-f', 'jupyterhub_config.py'], {
    cwd: directory,
    env: { ...environment.variables, HOME: directory, USER: 'root', CONFIGPROXY_AUTH_TOKEN: 'proxy-token' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const sink = createWriteStream(log, { flags: 'a' });
  child.stdout.pipe(sink);
  child.stderr.pipe(sink);
  const ended = once(child, 'exit');
  return {
    base,
    stop: async () => {
      if (child.exitCode === null) child.kill('SIGTERM');
      await ended;
      if (child.exitCode !== 0) throw new Error(`the hub ended badly:\n${(await readFile(log, 'utf8')).slice(-3000)}`);
    },
  };
}
