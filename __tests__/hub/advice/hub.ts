import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Browser, formOf } from '../../../bench/hub/browser.ts';
import { cachedEnvironment } from '../../../bench/hub/environments.ts';
import { freePorts } from '../../../bench/hub/ports.ts';
import { cachedProxy } from '../../../bench/hub/proxy.ts';
import { type Ended, runProgram, temporaryDirectory } from '../../host/support.ts';

/** A real hub of some release, which is to show what a rule says. */
export interface Hub {
  release: string;
  base: string;
  /** It did not come up, or has ended: its exit status. */
  status(): number | null;
  log(): Promise<string>;
  /** As a browser does it, with the fields that the page's form has. The status of the answer: 302 is let in. */
  login(user: string): Promise<number>;
  /** Asks the API with a token. */
  get(path: string, token: string): Promise<Response>;
  stop(): Promise<void>;
}

/** A directory for the hubs of one test, with their configuration and what else they need. */
export class HubDirectory {
  readonly path = temporaryDirectory();

  /** Starts a hub on its database, and waits until it answers or has ended. */
  async start(release: string, config: string, files: Record<string, string> = {}): Promise<Hub> {
    const [port = 0, hubPort = 0, proxyPort = 0] = await freePorts(3);
    const base = `http://127.0.0.1:${port}`;
    const places = `c.JupyterHub.bind_url = '${base}'
c.JupyterHub.hub_port = ${hubPort}
c.ConfigurableHTTPProxy.api_url = 'http://127.0.0.1:${proxyPort}'
`;
    const all = { 'jupyterhub_config.py': places + config, ...files };
    for (const [name, text] of Object.entries(all)) {
      await mkdir(dirname(join(this.path, name)), { recursive: true });
      await writeFile(join(this.path, name), text);
    }
    const bin = join(await cachedEnvironment(release), 'bin');
    const log = join(this.path, `${release}-${port}.log`);
    const output = openSync(log, 'w');
    const child = spawn(join(bin, 'python'), ['-m', 'jupyterhub', '-f', 'jupyterhub_config.py'], {
      cwd: this.path,
      env: { ...(await this.#variables(release)), CONFIGPROXY_AUTH_TOKEN: 'proxy-token' },
      stdio: ['ignore', output, output],
    });
    const ended = once(child, 'exit');
    const stop = async () => {
      // On a newer Python than there was then, those before 1.3 do not end when they are asked, nor does their proxy.
      if (child.exitCode === null) child.kill(Number.parseFloat(release) < 1.3 ? 'SIGKILL' : 'SIGTERM');
      await ended;
      await endProxy(join(this.path, 'jupyterhub-proxy.pid'), proxyPort);
    };
    onTestFinished(stop);
    const answers = () =>
      fetch(`${base}/hub/login`, { redirect: 'manual' }).then(
        ({ status }) => status === 200,
        () => false,
      );
    // A hub answers some moments before its start is over.
    const runs = async () => (await readFile(log, 'utf8')).includes('JupyterHub is now running') && (await answers());
    while (child.exitCode === null && !(await runs())) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return {
      ...{ release, base, stop },
      status: () => child.exitCode,
      log: () => readFile(log, 'utf8'),
      login: (user) => login(base, user),
      get: (path, token) => fetch(`${base}/hub/api${path}`, { headers: { Authorization: `token ${token}` } }),
    };
  }

  /** `jupyterhub upgrade-db` of a release. */
  async migrate(release: string): Promise<Ended> {
    const bin = join(await cachedEnvironment(release), 'bin');
    const command = [join(bin, 'python'), '-m', 'jupyterhub', 'upgrade-db', '-f', 'jupyterhub_config.py'];
    return runProgram(command, { cwd: this.path, env: await this.#variables(release) });
  }

  async #variables(release: string): Promise<NodeJS.ProcessEnv> {
    const bin = join(await cachedEnvironment(release), 'bin');
    const path = [bin, await cachedProxy(), dirname(process.execPath), '/usr/local/bin:/usr/bin:/bin'];
    return { PATH: path.join(delimiter), HOME: this.path, USER: 'root', PYTHONDONTWRITEBYTECODE: '1' };
  }
}

/** Ends the proxy that a killed hub has left. */
async function endProxy(pidFile: string, port: number): Promise<void> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => 0));
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (pid > 0 && command.includes(`--api-port\0${port}\0`)) process.kill(pid);
}

async function login(base: string, user: string): Promise<number> {
  const browser = new Browser(base);
  const { text: page } = await browser.get('/hub/login');
  const { status } = await browser.submit('/hub/login', { ...formOf(page), username: user, password: 'x' });
  return status;
}
