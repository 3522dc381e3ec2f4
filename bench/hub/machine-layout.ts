import { join } from 'node:path';
import type { Blueprint } from './blueprint.ts';
import { relocate } from './environments.ts';
import { environmentPath } from './machine-tree.ts';
import { run } from './run.ts';
import { tljh } from './tljh.ts';

/** How somebody has laid a hub out on its machine. */
export interface Layout {
  /** The directory of the hub's environment, and the Python that runs it. */
  environmentPath: string;
  python: string;
  /** The file that the hub is started with. */
  configPath: string;
  /** The file with the settings of the bench; `conf.d` is beside it. */
  settingsPath: string;
  /** The directory with all of that which is an administrator's, and with `hub.env`. */
  configuration: string;
  /** The hub's working directory. */
  state: string;
  /** The command of a proxy that is a service of its own, and that service. */
  proxyCommand: string;
  proxyUnit: string;
  /** Lines of the hub's unit, its section [Service]. */
  service: string[];
  /** Makes a copy of the environment what this layout has of it, and puts there what there is besides; in the tree `root`. */
  finish(root: string): Promise<void>;
}

/** Settings in /etc, as JupyterHub's own documentation has it, and a hub whose commands are in `bin`. */
function inEtc({ space }: Blueprint, bin: string) {
  const configPath = '/etc/jupyterhub/jupyterhub_config.py';
  return {
    ...{ configPath, settingsPath: configPath, configuration: '/etc/jupyterhub' },
    state: space ? '/srv/hub state' : '/srv/hub-state',
    proxyCommand: '/usr/local/bin/configurable-http-proxy',
    proxyUnit: 'configurable-http-proxy.service',
    service: [`Environment=PATH=${bin}:/usr/local/bin:/usr/bin:/bin`, `ExecStart=${bin}/jupyterhub -f ${configPath}`],
  };
}

/** By the option `layout` of a machine. */
export const layouts = {
  plain: (blueprint: Blueprint): Layout => ({
    ...inEtc(blueprint, `${environmentPath}/bin`),
    ...{ environmentPath, python: `${environmentPath}/bin/python` },
    finish: async () => {},
  }),
  /** `pip install --user` of the user `hub`, by the machine's own Python. */
  user: (blueprint: Blueprint): Layout => {
    const base = '/home/hub/.local';
    return {
      ...inEtc(blueprint, `${base}/bin`),
      ...{ environmentPath: base, python: '/usr/bin/python3' },
      async finish(root) {
        const directory = join(root, base);
        await relocate(directory, environmentPath, '/usr');
        await run('sh', ['-c', 'cd "$0" && rm -r bin/python* bin/*ctivate* pyvenv.cfg include lib64', directory]);
      },
    };
  },
  tljh,
};
