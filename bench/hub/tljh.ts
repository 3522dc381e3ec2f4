import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { relocate } from './environments.ts';
import type { Layout } from './machine-layout.ts';
import { environmentPath as madeAt } from './machine-tree.ts';
import { run } from './run.ts';

const prefix = '/opt/tljh';
const environmentPath = `${prefix}/hub`;
const packages = `${environmentPath}/lib/python3.11/site-packages`;
/** The file of its package, in the hub's environment, that says which versions its installer puts there. */
export const tljhRequirements = `${packages}/tljh/requirements-hub-env.txt`;

/**
 * A machine as The Littlest JupyterHub lays it out: its directories, units, arguments, configuration inside the environment
 * and rules of sudo. Its package, which is on no index, and traefik, which is not to be had everywhere, are stand-ins of
 * those names.
 */
export const tljh = (): Layout => ({
  environmentPath,
  python: `${environmentPath}/bin/python`,
  settingsPath: `${prefix}/config/jupyterhub_config.d/bench.py`,
  configPath: `${packages}/tljh/jupyterhub_config.py`,
  configuration: `${prefix}/config`,
  state: `${prefix}/state`,
  proxyCommand: `${environmentPath}/bin/traefik`,
  proxyUnit: 'traefik.service',
  service: [
    `Environment=TLJH_INSTALL_PREFIX=${prefix}`,
    `Environment=PATH=${environmentPath}/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    'PrivateTmp=yes',
    'PrivateDevices=yes',
    'ProtectKernelTunables=yes',
    'ProtectKernelModules=yes',
    `ExecStart=${environmentPath}/bin/python3 -m jupyterhub -f ${packages}/tljh/jupyterhub_config.py --upgrade-db`,
  ],
  async finish(root) {
    await relocate(join(root, environmentPath), madeAt, environmentPath);
    const [found = ''] = await readdir(join(root, environmentPath, 'lib'));
    if (!packages.includes(`/${found}/`)) throw new Error(`the machine has ${found}, and not what ${packages} says`);
    const put = async (path: string, text: string, mode = 0o644) => writeFile(join(root, path), text, { mode });
    const info = `${packages}/the_littlest_jupyterhub-2.0.0.dist-info`;
    for (const path of [`${packages}/tljh`, info, `${prefix}/config/jupyterhub_config.d`, `${prefix}/user`]) {
      await mkdir(join(root, path), { recursive: true });
    }
    await put(`${info}/METADATA`, 'Metadata-Version: 2.1\nName: the-littlest-jupyterhub\nVersion: 2.0.0\n');
    await put(`${info}/INSTALLER`, 'pip\n');
    await put(`${info}/RECORD`, 'tljh/jupyterhub_config.py,,\n');
    await put(
      `${info}/direct_url.json`,
      '{"url": "https://example.org/tljh.git", "vcs_info": {"vcs": "git", "commit_id": "0"}}',
    );
    await put(tljhRequirements, '# A stand-in.\njupyterhub>=4.0.2,<5\npycurl>=7,<8 --no-binary=pycurl\n');
    await put(`${packages}/tljh/__init__.py`, '');
    await put(`${packages}/tljh/jupyterhub_config.py`, configuration);
    await put(`${prefix}/config/config.yaml`, '{"users": {"admin": ["admin"]}}\n');
    await put(`${environmentPath}/bin/traefik`, '#!/bin/sh\nexec configurable-http-proxy "$@"\n', 0o755);
    await rm(join(root, 'etc/sudoers.d/admin'));
    const rules = '%jupyterhub-admins ALL = (ALL) NOPASSWD: ALL\nDefaults exempt_group = jupyterhub-admins\n';
    await put('/etc/sudoers.d/jupyterhub-admins', rules, 0o440);
    await run('chroot', [root, 'sh', '-ec', 'groupadd jupyterhub-admins; usermod -aG jupyterhub-admins admin']);
  },
});

const configuration = `# A stand-in for the configuration of The Littlest JupyterHub
import json
import os
from glob import glob

c = get_config()  # noqa
directory = os.path.join(os.environ["TLJH_INSTALL_PREFIX"], "config")
with open(os.path.join(directory, "config.yaml")) as file:
    users = json.load(file)["users"]
c.Authenticator.admin_users = set(users["admin"])
for path in sorted(glob(os.path.join(directory, "jupyterhub_config.d", "*.py"))):
    load_subconfig(path)  # noqa
`;
