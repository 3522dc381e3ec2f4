import { UpgradeError } from '../errors.ts';
import { DISCOVERY } from '../host/programs.ts';
import { DiscoveryProblem } from '../hub/answers.ts';
import { parseFacts, readFacts } from '../hub/discovery.ts';
import type { Facts } from '../hub/facts.ts';
import { type FoundJob, parseJobs } from '../hub/jobs.ts';
import { type Known, knownParameters } from '../hub/known.ts';
import { CommandFailed } from '../ssh/connection.ts';
import { maySudo } from '../ssh/phase.ts';
import { finish, jobOf, sayUnfinished, unfinishedJobs } from './earlier-jobs.ts';
import type { Run } from './run.ts';

/** Connects to the host and finds out which rights the SSH user has there. */
export async function connectToHost(run: Run): Promise<void> {
  const { inputs, link, log } = run;
  await log.step('connect', `Connect to ${inputs.connection.host}`, async () => {
    const host = await link.host();
    log.info(`The host presented the key that was expected: ${host.hostKey}`);
    const { become, clockAhead } = await askHost(run);
    link.become = become;
    run.clockAhead = clockAhead;
    log.info(link.become === 'sudo' ? `Working as root through sudo.` : `Working as ${inputs.connection.username}.`);
  });
}

/** Which rights there are, by sudo or without, and by how many seconds the clock of the host is ahead of the runner's. */
async function askHost({ inputs, link }: Run): Promise<{ become: 'sudo' | 'none'; clockAhead: number | undefined }> {
  const { become } = inputs.hub;
  const host = await link.host();
  const asked = Date.now();
  const { stdout } = await host.run('exec /bin/sh -c \'echo "uid $(id -u)"; date "+time %s"\'');
  const now = Number(/^time (\d+)$/m.exec(stdout)?.[1]);
  // Between asking and hearing is the moment at which the host looked; its clock was cut to whole seconds.
  const clockAhead = Number.isNaN(now) ? undefined : now + 0.5 - (asked + Date.now()) / 2000;
  if (become !== 'auto') return { become, clockAhead };
  const isRoot = inputs.connection.username === 'root' || /^uid 0$/m.test(stdout);
  return { become: !isRoot && (await maySudo(host)) ? 'sudo' : 'none', clockAhead };
}

/** The hub as it is, and the job on the host of the run that made its backup, if it had one there. */
export interface Discovery {
  facts: Facts;
  own: FoundJob | undefined;
}

/**
 * Finds out everything about the hub without touching it. What an earlier run left unfinished is finished first, where
 * this run may change the hub. `known`: what its backup says of a hub that is to be restored.
 */
export async function discover(run: Run, known?: Known): Promise<Discovery> {
  for (;;) {
    const { found, left } = await run.log.step('discover', 'Look at the hub', async () => {
      const raw = await look(run, known);
      // A hub that is down is still known by its directory where its backup tells it.
      const directory = raw.get('pid') ? raw.get('directory') : known?.directory;
      const jobs = parseJobs(raw);
      const mayChange = run.inputs.mode === 'upgrade' || run.inputs.mode === 'restore';
      const unfinished = mayChange ? unfinishedJobs(run, jobs, directory, known?.run) : [];
      if (!mayChange) sayUnfinished(run, jobs, directory);
      if (unfinished.length > 0) return { left: unfinished };
      const facts = await withNewest(run, understand(run, raw, known));
      return { found: { facts, own: known && jobOf(run, jobs, known.run, directory) } };
    });
    if (found !== undefined) return found;
    for (const job of left ?? []) await finish(run, job);
  }
}

/** The facts with the newest release that there is, where it is the runner that has the packages. */
async function withNewest({ inputs, context, log }: Run, facts: Facts): Promise<Facts> {
  if (inputs.packages.from === 'host' || inputs.targetVersion !== 'latest') return facts;
  const { newestOnRunner } = await import('../wheels/index.ts');
  return { ...facts, versions: await newestOnRunner(facts, { context, log }) };
}

/** The raw facts. */
export async function look(
  { inputs, link, log, signal, clockAhead }: Run,
  known?: Known,
): Promise<Map<string, string>> {
  const { hub } = inputs;
  const output = await link.again(() =>
    link.run({
      script: 'discover.sh',
      programs: DISCOVERY,
      parameters: {
        UNIT: hub.service,
        SERVICE_MANAGER: hub.serviceManager,
        CONFIG_PATH: hub.configPath ?? '',
        ENVIRONMENT_PATH: hub.environmentPath ?? '',
        UPGRADE_PROXY: inputs.packages.upgradeProxy ? 'yes' : 'no',
        PACKAGE_MANAGER: hub.packageManager,
        CHANNELS: inputs.packages.channels.join(' '),
        // Where the runner has the packages the host asks no index for the newest release.
        TARGET_VERSION: inputs.packages.from === 'host' ? inputs.targetVersion : '',
        DATABASE_STRATEGY: inputs.database.strategy,
        DATABASE_TOOLS: inputs.database.toolsPath ?? '',
        CANARY_USER: inputs.verify.canaryUser ?? '',
        ...knownParameters(known),
      },
      onLine: (line) => log.remote(line),
      timeoutMs: 5 * 60_000,
      signal,
    }),
  );
  const raw = readFacts(output);
  if (clockAhead !== undefined) raw.set('clock-ahead', clockAhead.toFixed(1));
  return raw;
}

function understand({ inputs, log, result }: Run, raw: Map<string, string>, known?: Known): Facts {
  const facts = factsOf(raw, inputs.hub.service, known);
  const { database, environment, service } = facts;
  if (facts.version !== '') {
    result.versions.previous = facts.version;
    result.versions.current = facts.version;
  }
  if (database.revision !== null) {
    result.revisions.previous = database.revision;
    result.revisions.current = database.revision;
  }
  result.rows.before = database.rows;
  result.servers = database.servers.map(({ user, name, pid }) => ({ user, name, ...(pid ? { pid } : {}) }));
  log.info(
    facts.version === ''
      ? `The environment ${environment.path} is broken: JupyterHub cannot be loaded from it.`
      : `JupyterHub ${facts.version} on Python ${facts.python} in ${environment.path} (${environment.toolVersion || `no ${environment.manager}`})`,
  );
  log.info(`configuration ${facts.configFile}, run by ${service.user} in ${service.directory}`);
  const kind = database.path === '' ? (database.server ?? database.dialect) : `${database.journal_mode} mode`;
  log.info(
    `database ${database.path || database.url} at revision ${database.revision}, ${kind}, ${size(database.size)}`,
  );
  log.info(
    `${database.rows.users ?? 0} users, ${database.rows.groups ?? 0} groups, ${database.rows.api_tokens ?? 0} API tokens, ${database.servers.length} running user servers`,
  );
  return facts;
}

function factsOf(raw: Map<string, string>, unit: string, known?: Known): Facts {
  try {
    return parseFacts(raw, unit, known);
  } catch (error) {
    if (!(error instanceof DiscoveryProblem)) throw error;
    throw new UpgradeError(error.problems.join('\n'), {
      step: 'discover',
      hub: 'Nothing was touched.',
      next: 'Mend what is said above and run the job again.',
    });
  }
}

/** A phase's failure on the host as an error for people: its last lines are the cause. */
export function asTrouble(error: unknown, step: string, next: string): unknown {
  if (!(error instanceof CommandFailed)) return error;
  const cause = error.stderr.trim().split('\n').slice(-3).join(' ') || error.message;
  return new UpgradeError(cause, { step, hub: 'The hub was not touched.', next }, { cause: error });
}

function size(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${Math.ceil(bytes / (1024 * 1024))} MiB`;
}
