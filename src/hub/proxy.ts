import { satisfies } from '@renovatebot/pep440';
import type { Inputs } from '../inputs.ts';
import { type Command, commandLine } from './command.ts';
import { copyOf } from './environments/commands.ts';
import { type Facts, nameOf } from './facts.ts';
import type { Part } from './part.ts';
import type { ProxyPackage } from './proxy-package.ts';

const NAME = 'configurable-http-proxy';

/** Older ones were not tried with new releases; newest first, with the node that each needs. */
const TRIED = [
  { version: '5.3.0', node: 20 },
  { version: '4.6.2', node: 10 },
];
const OLDEST_TRIED = '4.6.2';

/** The proxy of this hub, if it is to be upgraded (`upgrade-proxy`). Host side: src/host/proxy.sh. */
export function proxyOf(facts: Facts, inputs: Inputs, install: 'staged' | 'in-place'): Part {
  const part: Part = { parameters: {}, commands: {}, needs: [], guarantees: [], warnings: [], blockers: [] };
  if (!inputs.packages.upgradeProxy) return part;
  const { proxy, environment } = facts;
  const from = facts.configuration.packages[NAME];
  const why = whyNot(facts, install);
  if (why !== undefined || proxy === undefined || from === undefined) {
    return { ...part, blockers: [`upgrade-proxy: ${why}`] };
  }
  if (satisfies(from, `>=${OLDEST_TRIED}`)) {
    return { ...part, guarantees: [`${NAME} ${from}, which the hub starts, is new enough and stays as it is.`] };
  }
  const major = Number(/^v(\d+)\./.exec(proxy.node)?.[1] ?? 0);
  const to = TRIED.find(({ node }) => major >= node)?.version;
  if (to === undefined) {
    return {
      ...part,
      blockers: [
        `upgrade-proxy: ${NAME} ${OLDEST_TRIED} needs Node 10 or newer, and there is ${proxy.node || 'none'} beside ${proxy.npm}. ` +
          'Upgrade that first.',
      ],
    };
  }
  return {
    ...part,
    parameters: {
      ...{ PROXY_PACKAGE: proxy.path, PROXY_NPM: proxy.npm, PROXY_VERSION: to },
      ...{ PROXY_UID: String(proxy.uid), PROXY_GID: String(proxy.gid) },
    },
    commands: commandsFor(facts, proxy, to, install),
    needs: [],
    guarantees: [
      `${NAME} ${from} → ${to}: ${
        isInside(proxy, environment.path)
          ? 'it is installed into the copy of the environment'
          : 'it is installed beside the one that runs, and exchanged with it'
      }, and goes back with the hub.`,
    ],
  };
}

function isInside({ path }: ProxyPackage, environment: string): boolean {
  return path.startsWith(`${environment}/`);
}

/** Why it cannot be upgraded, and what to do. */
function whyNot({ environment, proxy, service, startsProxy, cleanupProxy }: Facts, install: string) {
  if (!startsProxy || !cleanupProxy) {
    return (
      'the proxy is no process that begins and ends with the hub, so a new one would run, and be tried, only when somebody starts ' +
      `it again. Upgrade it apart from the hub (npm install --global ${NAME}), and leave upgrade-proxy out.`
    );
  }
  if (proxy === undefined) {
    return `no ${NAME} that was installed by npm was found where the hub looks for its proxy. Leave upgrade-proxy out.`;
  }
  if (proxy.ofConda) {
    return `conda installed ${NAME}. Write it into extra-packages, and leave upgrade-proxy out.`;
  }
  if ((proxy.uid !== 0 && proxy.uid !== service.uid) || proxy.parentUid !== proxy.uid) {
    return (
      `${proxy.path} and the directory around it must belong to root, or both to the user of the hub; they belong to uid ` +
      `${proxy.uid} and uid ${proxy.parentUid}.`
    );
  }
  const ofEnvironment = `${environment.path}/lib/node_modules/${NAME}`;
  if (isInside(proxy, environment.path) && (proxy.path !== ofEnvironment || proxy.uid !== environment.uid)) {
    return (
      `${proxy.path} lies in the environment, but not where and as npm puts it there for its owner (${ofEnvironment}, of uid ` +
      `${environment.uid}): upgrade it apart from the hub, and leave upgrade-proxy out.`
    );
  }
  if (proxy.npm === '') {
    return (
      `no npm was found that the owner of ${proxy.path} (uid ${proxy.uid}) may trust (beside its node, or in the PATH; of that owner ` +
      "or root, and for nobody else to write to), or, as npm would work as root, one of the two lies where others may write: npm's " +
      'own place is /usr/lib/node_modules.'
    );
  }
  if (install === 'in-place' && isInside(proxy, environment.path)) {
    return `${proxy.path} lies in an environment that is upgraded in place: upgrade it apart from the hub, and leave upgrade-proxy out.`;
  }
  return undefined;
}

function commandsFor(facts: Facts, proxy: ProxyPackage, version: string, install: string): Record<string, Command[]> {
  const { environment } = facts;
  const stage = `${proxy.path.slice(0, -NAME.length)}.jupyterhub-upgrade-$JOB_ID`;
  const inside = isInside(proxy, environment.path);
  const prefix = inside ? proxy.path.replace(/\/lib\/node_modules\/.*/, '') : stage;
  const npm = commandLine(
    ...[proxy.npm, 'install', '--global', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', prefix],
    `${NAME}@${version}`,
  );
  const as = nameOf(facts, inside ? environment.uid : proxy.uid);
  if (inside) return { stage: [{ as, run: npm, mount: { of: copyOf(environment), at: environment.path } }] };
  const staged = `${stage}/lib/node_modules/${NAME}`;
  const exchange = ['/usr/bin/python3', '-I', '$PROGRAMS/environment.py', 'exchange', proxy.path, staged];
  return {
    stage: [
      { as, run: commandLine('mkdir', '-p', stage) },
      { as, run: npm },
    ],
    [install === 'staged' ? 'switch' : 'install']: [{ as, run: commandLine(...exchange) }],
  };
}
