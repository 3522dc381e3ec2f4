import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { compare } from '@renovatebot/pep440';
import type { Advice } from '../hub/advice/evaluate.ts';
import { adviceFor } from '../hub/advice/index.ts';
import { checkSurroundings } from '../hub/checks.ts';
import { databaseOf } from '../hub/databases/index.ts';
import { diskBlockers, quotaWarnings, writeBlockers } from '../hub/disk.ts';
import { environmentOf } from '../hub/environments/index.ts';
import { NOT_RESOLVED, type Resolution, type Wheel } from '../hub/environments/resolution.ts';
import type { Facts } from '../hub/facts.ts';
import { localBase } from '../hub/health.ts';
import { proxyOf } from '../hub/proxy.ts';
import { missingPython, newest } from '../hub/releases.ts';
import { serviceOf } from '../hub/services/index.ts';
import { type Survival, survivalOf } from '../hub/survival.ts';
import type { Inputs } from '../inputs.ts';
import { announcementHtml, userMessage } from '../notify/message.ts';
import { digestOf } from './decisive.ts';
import { type PlanDocument, writeDocument } from './document.ts';
import { type Step, stepParameters, stepsOf } from './job-steps.ts';
import { migrationOf } from './migration.ts';
import { verificationOf } from './verification.ts';

/** What will be done to this hub, for these inputs and these facts: pure data. */
export interface Plan {
  from: string;
  to: string;
  /** Nothing has to be done: the hub runs the target already. */
  unchanged: boolean;
  steps: Step[];
  /** For the host programs; without secrets. */
  parameters: Record<string, string>;
  /** Whether the host makes a ten-minute token for the check with an old token. */
  mintsToken: boolean;
  /** Whether a token that is given for that check is good afterwards. */
  keepsTokens: boolean;
  guarantees: string[];
  warnings: string[];
  /** What the releases on the way changed for this hub, gravest first. */
  advice: Advice[];
  /** Who will be told before the stop. */
  told: string[];
  /** What the runner sends the host to install. */
  wheels: Wheel[];
  blockers: string[];
  /** SHA-256 over what a decision rests on, not over what changes by the minute. */
  digest: string;
  /** Of an upgrade: the plan as a person approves it and a machine compares it. */
  document?: PlanDocument;
}

/** The release that a hub is upgraded to. */
export function targetOf(inputs: Inputs, facts: Facts): string {
  const to = inputs.targetVersion === 'latest' ? newest(facts.versions) : inputs.targetVersion;
  if (to !== undefined) return to;
  throw new Error(
    `The newest JupyterHub for the hub's Python could not be found out (${facts.environment.manager} answered no versions): ` +
      'give target-version.',
  );
}

/**
 * The plan of an upgrade. Blockers are collected, not thrown: `plan` mode shows them all. `resolution`: what its package
 * manager says that it would change.
 */
export function planUpgrade(inputs: Inputs, facts: Facts, resolution: Resolution = NOT_RESOLVED): Plan {
  const to = targetOf(inputs, facts);
  const from = facts.version;
  const blockers: string[] = [];
  const warnings: string[] = [];
  const service = serviceOf(facts, inputs);
  const migration = migrationOf(inputs, facts, to);
  const database = databaseOf(facts, inputs, migration.hops);
  const environment = environmentOf(facts, inputs, to, { hops: migration.hops, resolution });
  const verification = verificationOf(inputs, facts, migration);
  const proxy = proxyOf(facts, inputs, environment.install);
  const parts = [service, environment, proxy, database];
  for (const part of [...parts, migration, verification]) {
    blockers.push(...part.blockers);
    warnings.push(...part.warnings);
  }
  const needs = parts.flatMap((part) => part.needs);
  blockers.push(...diskBlockers(facts, needs), ...writeBlockers(facts, needs));
  warnings.push(...quotaWarnings(facts, needs));
  const surroundings = checkSurroundings(facts);
  blockers.push(...surroundings.blockers);
  warnings.push(...surroundings.warnings);
  if (!service.state.running) {
    blockers.push(
      `The hub does not run: ${service.state.reason}. An upgrade starts from a hub that works; bring it back first, ` +
        'or restore a backup (mode: restore).',
    );
  }
  if (facts.database.revision !== facts.codeRevision) {
    blockers.push(
      `The database is at revision ${facts.database.revision}, but JupyterHub ${from} works with ${facts.codeRevision}: ` +
        'an earlier upgrade was not finished. Run `jupyterhub upgrade-db` or restore a backup first.',
    );
  }
  const order = compare(to, from);
  if (order < 0) {
    blockers.push(
      `The hub runs JupyterHub ${from}, which is newer than ${to}. A database cannot be migrated back: to return to an ` +
        'older release restore its backup (mode: restore).',
    );
  }
  const python = missingPython(to, facts.python);
  if (python !== undefined) {
    blockers.push(
      `JupyterHub ${to} needs Python ${python} or newer; the hub's environment has ${facts.python}. ` +
        'Give the hub an environment with a newer Python first.',
    );
  }
  const survival = survivalOf(facts, inputs, to, service);
  warnings.push(...serverWarnings(facts, survival));
  const advice = adviceFor(facts, to, inputs.acceptAdvice);
  blockers.push(...advice.filter(({ level, accepted }) => level === 'blocker' && !accepted).map(blockerOf));

  const told = toldOf(inputs, facts);
  if (inputs.notify.hub && !facts.template?.hasBlock) {
    const sentence = "The hub's page template has no announcement block, so notify-hub cannot show a notice.";
    if (inputs.notify.required) blockers.push(`${sentence} Set notify-hub: false, or notify-required: false.`);
    else warnings.push(sentence);
  }
  if (told.length === 0)
    warnings.push('Nobody is told before the stop: notify-hub, notify-command and notify-webhook-url are all off.');

  const install = environment.install === 'staged' ? 'switch' : 'install';
  const isRehearsed = inputs.rehearse !== 'never' && environment.install === 'staged';
  if (inputs.rehearse !== 'never' && !isRehearsed) {
    warnings.push(
      'The upgrade is not rehearsed: where packages are installed in place the new release has no place beside the old one.',
    );
  }
  const steps = stepsOf(inputs, facts, [
    'stage',
    ...(isRehearsed ? ['rehearse'] : []),
    'hold',
    'announce',
    'stop',
    'snapshot',
    install,
    'migrate',
    'start',
    'verify',
    'confirm',
  ]).map((step) => (step.name === 'migrate' ? { ...step, title: migration.title } : step));
  const parameters = {
    ...Object.assign({}, ...parts.map((part) => part.parameters)),
    ...hubParameters(inputs, facts, to, survival.servers.fate === 'ends' ? facts.database.servers.length : 0),
    TARGET_VERSION: to,
    PREVIOUS_VERSION: from,
    PREVIOUS_REVISION: facts.database.revision ?? '',
    WAS_RUNNING: service.state.running ? 'yes' : 'no',
    MINT_TOKEN: verification.mintsToken ? 'yes' : '',
    CANARY_USER: verification.canaryUser,
    DATABASE_STRATEGY: inputs.database.strategy,
    ...stepParameters(steps),
  };
  const document = writeDocument({
    ...{ inputs, facts, to, parts, migration, parameters, steps, survival, advice, told, blockers },
    install: environment.install,
    changes: resolution.changes,
    state: stateDirectory(facts, inputs),
  });
  return {
    from,
    to,
    unchanged: order === 0 && blockers.length === 0,
    steps,
    parameters,
    mintsToken: verification.mintsToken,
    keepsTokens: verification.keepsTokens,
    guarantees: [...parts, migration].flatMap((part) => part.guarantees),
    warnings,
    advice,
    told,
    wheels: resolution.wheels ?? [],
    blockers,
    digest: digestOf(document.decisive),
    document,
  };
}

/** A blocker of the advice, as one of the plan's. */
function blockerOf({ id, consequence, instead, release }: Advice): string {
  return `JupyterHub ${release}: ${consequence} Instead: ${instead} (To upgrade nevertheless: accept-advice: ${id})`;
}

/** What every job is told about the hub, whatever it does. `ending`: how many servers of users end with it. */
export function hubParameters(
  inputs: Inputs,
  facts: Facts,
  version = facts.version,
  ending = 0,
): Record<string, string> {
  const message = userMessage(inputs.notify.message, { version, leadTime: inputs.notify.leadTime, ending });
  const noticed = inputs.notify.hub && facts.template?.hasBlock === true;
  return {
    HUB_UID: String(facts.service.uid),
    HUB_GID: String(facts.service.gid),
    HUB_DIRECTORY: facts.service.directory,
    HUB_PID: facts.service.pid === undefined ? '' : String(facts.service.pid),
    CONFIG_PATH: facts.configFile,
    TEMPLATE_PATH: noticed ? (facts.template?.path ?? '') : '',
    TEMPLATE_UID: String(facts.template?.uid ?? 0),
    TEMPLATE_GID: String(facts.template?.gid ?? 0),
    NOTICE_HTML: noticed ? announcementHtml(message) : '',
    NOTIFY_COMMAND: inputs.notify.command ?? '',
    NOTIFY_MESSAGE: message,
    NOTIFY_REQUIRED: inputs.notify.required ? 'yes' : 'no',
    NOTIFY_LEAD_TIME: String(inputs.notify.leadTime),
    MAX_DOWNTIME: String(inputs.maxDowntime),
    CONFIRM_TIMEOUT: String(inputs.confirmTimeout),
    KEEP_HOST_BACKUPS: String(inputs.keepHostBackups),
    HEALTH_BASE: localBase(facts.bindUrl, facts.baseUrl),
  };
}

/** Directory of this hub's state on its host, where jobs and what they kept live. */
export function stateDirectory(facts: Facts, inputs: Inputs): string {
  const name = facts.service.manager === 'systemd' ? inputs.hub.service : basename(facts.service.directory);
  const id = createHash('sha256').update(facts.service.directory).digest('hex').slice(0, 8);
  return `${facts.stateRoot}/${name.replaceAll(/[^A-Za-z0-9_.@-]/g, '_')}-${id}`;
}

function toldOf(inputs: Inputs, facts: Facts): string[] {
  return [
    ...(inputs.notify.hub && facts.template?.hasBlock ? ["notice on the hub's login and home pages"] : []),
    ...(inputs.notify.command === undefined ? [] : ['notify-command']),
    ...(inputs.notify.webhookUrl === undefined ? [] : ['notify-webhook-url']),
  ];
}

/** What users lose when the hub stops. What goes on is no warning; the plan says that, too. */
function serverWarnings(facts: Facts, { proxy, servers }: Survival): string[] {
  const running = facts.database.servers;
  if (running.length === 0) return [];
  const count = running.length === 1 ? 'One user server runs now' : `${running.length} user servers run now`;
  if (servers.fate === 'ends') {
    return [
      `${count}, and ${running.length === 1 ? 'ends' : 'end'} with the hub: ${servers.reason}. Users are told so.`,
    ];
  }
  const atRisk = running.filter(({ pid }) => pid && facts.serversFromEnvironment.includes(pid)).map(({ user }) => user);
  return [
    ...(proxy.fate === 'ends'
      ? [`${count}, and cannot be reached while the hub is down: its proxy ends with it (${proxy.reason}).`]
      : []),
    ...(atRisk.length > 0
      ? [
          `Servers of ${atRisk.slice(0, 20).join(', ')} run from the hub's own environment, which is exchanged under them: what they load later is of the new release.`,
        ]
      : []),
  ];
}
