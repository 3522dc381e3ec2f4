import { RULES } from './hub/advice/rules/index.ts';
import { readConnection } from './inputs/connection.ts';
import { Form } from './inputs/form.ts';
import {
  absolutePath,
  anything,
  artifactName,
  environmentDirectory,
  hubAddress,
  hubUser,
  hubVersion,
  oneOf,
  sentence,
  serviceUnit,
  token,
  truth,
  webhook,
  wholeNumber,
} from './inputs/grammar.ts';
import { type PackageInputs, readPackages } from './inputs/packages.ts';
import { type RestoreInputs, readRestore, readSeal, type Seal } from './inputs/sealing.ts';
import { addMask } from './report/workflow-commands.ts';
import type { Connection } from './ssh/connection.ts';
import { type Approved, readApproval } from './transaction/decisive.ts';

export { InputError } from './inputs/form.ts';

/** What the workflow asks for, checked as far as that is possible without a connection. */
export interface Inputs {
  mode: 'upgrade' | 'plan' | 'backup' | 'restore';
  connection: Connection;
  /** Normalised (PEP 440), or `latest`. Empty in the modes that change no version. */
  targetVersion: string;
  /** The plan that was approved: an upgrade goes on only if it is this one. */
  approvedPlan?: Approved | undefined;
  /** Rules of the advice whose blockers do not stop the upgrade. */
  acceptAdvice: string[];
  /** Whether the upgrade is rehearsed: in this run, or (mode `plan`) in the upgrade that is planned alone. */
  rehearse: 'now' | 'later' | 'never';
  hub: {
    configPath?: string | undefined;
    environmentPath?: string | undefined;
    packageManager: 'auto' | 'pip' | 'uv' | 'conda';
    /** Unit name, ending in `.service`. */
    service: string;
    serviceManager: 'auto' | 'systemd' | 'commands';
    /** Both commands are there when `serviceManager` is `commands`. */
    stopCommand?: string | undefined;
    startCommand?: string | undefined;
    become: 'auto' | 'sudo' | 'none';
  };
  packages: PackageInputs;
  database: {
    strategy: 'migrate' | 'fresh';
    /** What a fresh database would lose may be lost. */
    acceptLoss: boolean;
    /** A directory on the host with the programs of the database's server. */
    toolsPath?: string | undefined;
    /** The API tokens of 1.x, which a newer release drops, may be lost. */
    allowTokenLoss: boolean;
  };
  backup: {
    seal: Seal;
    /** Whether a backup will do that the host cannot restore to prove it. */
    allowUnproven: boolean;
    artifactName?: string | undefined;
    retentionDays?: number | undefined;
    extraPaths: string[];
  };
  notify: {
    hub: boolean;
    command?: string | undefined;
    webhookUrl?: string | undefined;
    message: string;
    /** Seconds between telling users and stopping the hub. */
    leadTime: number;
    required: boolean;
  };
  /** Seconds. */
  maxDowntime: number;
  /** Seconds. */
  confirmTimeout: number;
  /** How many environments and databases of before an upgrade stay on the host. */
  keepHostBackups: number;
  verify: {
    /** Public address of the hub, ending where `hub/login` begins or one `/` before. */
    healthUrl?: string | undefined;
    healthToken?: string | undefined;
    canaryUser?: string | undefined;
  };
  /** In mode `restore` only. */
  restore?: RestoreInputs;
}

/**
 * Reads the action's inputs from the environment the runner made. Hands every secret to `mask` first; then throws one
 * InputError with everything that is wrong, or returns what is right.
 */
export async function readInputs(
  environment: NodeJS.ProcessEnv,
  mask: (secret: string) => void = addMask,
): Promise<Inputs> {
  const form = new Form(environment, mask);
  const mode = form.value('mode', oneOf('upgrade', 'plan', 'backup', 'restore'));
  const unsealed = form.value('allow-unsealed-backup', truth);
  const inputs: Inputs = {
    mode,
    targetVersion: readTargetVersion(form, mode),
    acceptAdvice: readAcceptAdvice(form, mode),
    approvedPlan: readApprovedPlan(form, mode),
    rehearse: readRehearse(form, mode),
    connection: await readConnection(form),
    hub: readHub(form),
    packages: readPackages(form, mode === 'upgrade' || mode === 'plan'),
    database: readDatabase(form, mode),
    backup: {
      seal: readSeal(form, mode, unsealed),
      allowUnproven: form.value('allow-unproven-backup', truth),
      artifactName: form.optional('artifact-name', artifactName),
      retentionDays: form.optional('retention-days', wholeNumber(1, 90, 'of days')),
      extraPaths: form.list('extra-backup-paths', /\n/, absolutePath),
    },
    notify: {
      hub: form.value('notify-hub', truth),
      command: form.optional('notify-command', anything),
      webhookUrl: form.optional('notify-webhook-url', webhook),
      message: form.value('notify-message', sentence),
      leadTime: form.value('notify-lead-time', wholeNumber(0, 86_400, 'of seconds')),
      required: form.value('notify-required', truth),
    },
    maxDowntime: form.value('max-downtime', wholeNumber(1, 86_400, 'of seconds')),
    confirmTimeout: form.value('confirm-timeout', wholeNumber(1, 3_600, 'of seconds')),
    keepHostBackups: form.value('keep-host-backups', wholeNumber(1, 20)),
    verify: {
      healthUrl: form.optional('health-url', hubAddress),
      healthToken: form.secret('health-token', token),
      canaryUser: form.optional('canary-user', hubUser),
    },
  };
  const restore = readRestore(form, mode, unsealed);
  if (restore !== undefined) inputs.restore = restore;
  if (mode === 'restore' && form.given('canary-user') && !form.given('health-token')) {
    form.refuse('canary-user', 'needs a health-token in mode restore, where no token is made for the checks');
  }
  form.finish();
  return inputs;
}

function readAcceptAdvice(form: Form, mode: Inputs['mode']): string[] {
  if (form.given('accept-advice') && (mode === 'backup' || mode === 'restore')) {
    form.refuse('accept-advice', `has no meaning in mode ${mode}, which changes no version; remove it`);
  }
  return form.list('accept-advice', /[\s,]+/, oneOf(...RULES.map(({ id }) => id)));
}

function readApprovedPlan(form: Form, mode: Inputs['mode']): Approved | undefined {
  if (form.given('approved-plan') && form.sound('mode') && mode !== 'upgrade') {
    form.refuse('approved-plan', `has no meaning in mode ${mode}, which upgrades nothing; remove it`);
  }
  return form.optional('approved-plan', (text) => {
    const approved = readApproval(text);
    return approved === undefined
      ? {
          problem: 'is not a plan-digest, or not all of it; write the output plan-digest of the plan that was approved',
        }
      : { value: approved };
  });
}

function readRehearse(form: Form, mode: Inputs['mode']): Inputs['rehearse'] {
  const rehearse = form.optional('rehearse', truth);
  if (mode === 'backup' || mode === 'restore') {
    if (form.given('rehearse'))
      form.refuse('rehearse', `has no meaning in mode ${mode}, which upgrades nothing; remove it`);
    return 'never';
  }
  if (rehearse === undefined) return mode === 'plan' ? 'later' : 'now';
  return rehearse ? 'now' : 'never';
}

function readTargetVersion(form: Form, mode: Inputs['mode']): string {
  if (mode === 'upgrade' || mode === 'plan') {
    return form.required('target-version', hubVersion, 'write the version to upgrade to, for example 6.1.1, or latest');
  }
  const version = form.optional('target-version', hubVersion);
  if (version !== undefined && form.sound('mode')) {
    form.refuse('target-version', `has no meaning in mode ${mode}, which changes no version; remove it`);
  }
  return '';
}

function readHub(form: Form): Inputs['hub'] {
  const serviceManager = form.value('service-manager', oneOf('auto', 'systemd', 'commands'));
  const commands = ['stop-command', 'start-command'] as const;
  if (serviceManager === 'commands') {
    for (const name of commands) {
      if (!form.given(name))
        form.refuse(name, 'is empty; service-manager: commands needs a command to stop and one to start');
    }
    if (form.given('service')) {
      form.refuse('service', 'names a systemd unit, but service-manager is commands; remove one of them');
    }
  } else if (form.sound('service-manager')) {
    for (const name of commands) {
      if (form.given(name)) form.refuse(name, 'would not be used; write service-manager: commands, or remove it');
    }
  }
  return {
    configPath: form.optional('config-path', absolutePath),
    environmentPath: form.optional('environment-path', environmentDirectory),
    packageManager: form.value('package-manager', oneOf('auto', 'pip', 'uv', 'conda')),
    service: form.value('service', serviceUnit),
    serviceManager,
    stopCommand: form.optional('stop-command', anything),
    startCommand: form.optional('start-command', anything),
    become: form.value('become', oneOf('auto', 'sudo', 'none')),
  };
}

function readDatabase(form: Form, mode: Inputs['mode']): Inputs['database'] {
  const strategy = form.value('database-strategy', oneOf('migrate', 'fresh'));
  const acceptLoss = form.value('accept-data-loss', truth);
  if (strategy === 'fresh' && (mode === 'backup' || mode === 'restore')) {
    form.refuse('database-strategy', `has no meaning in mode ${mode}, which migrates nothing; remove it`);
  }
  if (acceptLoss && strategy === 'migrate' && form.sound('database-strategy')) {
    form.refuse(
      'accept-data-loss',
      'would not be used, as nothing is lost; write database-strategy: fresh, or remove it',
    );
  }
  return {
    strategy,
    acceptLoss,
    allowTokenLoss: form.value('allow-token-loss', truth),
    toolsPath: form.optional('database-tools-path', absolutePath),
  };
}
