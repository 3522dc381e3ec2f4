import type { Blueprint } from './blueprint.ts';
import { environmentPath } from './machine-tree.ts';
import { tljh } from './tljh.ts';

/** How somebody has laid a hub out on its machine. */
export interface Layout {
  /** The hub's environment. */
  environmentPath: string;
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
  /** What there is besides, in the machine's tree `root`, when its environment is there. */
  finish(root: string): Promise<void>;
}

/** By the option `layout` of a machine. */
export const layouts = {
  /** As JupyterHub's own documentation has it: the settings in /etc. */
  plain: ({ space }: Blueprint): Layout => {
    const configPath = '/etc/jupyterhub/jupyterhub_config.py';
    return {
      ...{ environmentPath, configPath, settingsPath: configPath, configuration: '/etc/jupyterhub' },
      state: space ? '/srv/hub state' : '/srv/hub-state',
      proxyCommand: '/usr/local/bin/configurable-http-proxy',
      proxyUnit: 'configurable-http-proxy.service',
      service: [
        `Environment=PATH=${environmentPath}/bin:/usr/local/bin:/usr/bin:/bin`,
        `ExecStart=${environmentPath}/bin/jupyterhub -f ${configPath}`,
      ],
      finish: async () => {},
    };
  },
  tljh,
};
