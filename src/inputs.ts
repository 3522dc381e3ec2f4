import { RULES } from './hub/advice/rules/index.ts';
import { type InputName, RESTORE_INPUTS } from './inputs/definitions.ts';
import { Form } from './inputs/form.ts';
import {
  absolutePath,
  ageIdentities,
  ageRecipient,
  anything,
  artifactName,
  environmentDirectory,
  fingerprint,
  githubId,
  hostName,
  hubAddress,
  hubUser,
  hubVersion,
  isPostQuantum,
  oneOf,
  sealingPassphrase,
  sentence,
  serviceUnit,
  token,
  truth,
  userName,
  webhook,
  wholeNumber,
} from './inputs/grammar.ts';
import { type PackageInputs, readPackages } from './inputs/packages.ts';
import { addMask } from './report/workflow-commands.ts';
import type { Connection } from './ssh/connection.ts';
import { hostKeyPins, parseKnownHosts } from './ssh/known-hosts.ts';
import { checkPrivateKey } from './ssh/private-key.ts';
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
  restore?: {
    /** Without it, what the host keeps is listed and nothing is restored. */
    artifactId?: number | undefined;
    /** The earlier run the artifact is of; `githubToken` is there then. */
    runId?: number | undefined;
    githubToken?: string | undefined;
    /** Lines `AGE-SECRET-KEY-…`. A passphrase to open with is in `backup.seal`. */
    identity?: string | undefined;
  };
}

/** How the backup is sealed before it leaves for the artifact store; in mode `restore`, how it is opened. */
export type Seal =
  | { kind: 'recipients'; recipients: string[] }
  | { kind: 'passphrase'; passphrase: string }
  | { kind: 'none' };

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

async function readConnection(form: Form): Promise<Connection> {
  const host = form.required('host', hostName, 'write the name or address of the machine that JupyterHub runs on');
  const port = form.value('port', wholeNumber(1, 65_535));
  const username = form.required('username', userName, 'write the login name for the machine');
  if (form.sound('username') && username.toLowerCase().endsWith(`@${host}`)) {
    form.refuse('username', 'names the machine too; write only what stands before the "@"');
  }
  const passphrase = form.secret('ssh-passphrase', anything);
  const privateKey = await readPrivateKey(form, passphrase);
  const trust = readTrust(form, host, port);
  const connectTimeout = form.value('connect-timeout', wholeNumber(1, 600, 'of seconds'));
  return { host, port, username, privateKey, ...(passphrase !== undefined && { passphrase }), trust, connectTimeout };
}

async function readPrivateKey(form: Form, passphrase: string | undefined): Promise<string> {
  const text = form.block('ssh-private-key', anything);
  if (text === '') {
    return form.refuse(
      'ssh-private-key',
      'is empty; write the private key, by the name of its secret (a secret that does not exist here is empty too)',
    );
  }
  if (!form.sound('ssh-private-key', 'ssh-passphrase')) return text;
  const checked = await checkPrivateKey(text, passphrase);
  return form.take('ssh-private-key', text, 'key' in checked ? { value: checked.key } : checked);
}

function readTrust(form: Form, host: string, port: number): Connection['trust'] {
  const advice = 'write the line that "ssh-keyscan" prints for the host, after comparing it on the host itself';
  const fingerprints = form.list('host-fingerprint', /[\s,]+/, fingerprint);
  if (form.given('known-hosts') && form.given('host-fingerprint')) {
    return form.refuse('known-hosts', 'is given together with host-fingerprint; remove one of them');
  }
  if (form.given('host-fingerprint')) return { fingerprints };
  if (!form.given('known-hosts')) {
    return form.refuse('known-hosts', `is empty, and so is host-fingerprint; ${advice}, or its SHA256: fingerprint`);
  }
  const hostIsKnown = form.sound('host', 'port');
  const knownHosts = form.block<string>('known-hosts', (text) => {
    const found = hostIsKnown ? hostKeyPins({ knownHosts: text }, host, port) : parseKnownHosts(text);
    const problems = 'problems' in found ? found.problems : [];
    return problems.length === 0 ? { value: text } : { problem: `${problems.join(' ')} To repair it, ${advice}.` };
  });
  return { knownHosts };
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
  return { strategy, acceptLoss, allowTokenLoss: form.value('allow-token-loss', truth) };
}

function readSeal(form: Form, mode: Inputs['mode'], unsealed: boolean): Seal {
  const recipients = form.list('age-recipients', /[\n,]/, ageRecipient);
  // A backup that is there already is opened with the passphrase it was made with.
  const passphrase = form.secret('backup-passphrase', mode === 'restore' ? anything : sealingPassphrase);

  if (form.sound('age-recipients') && recipients.some(isPostQuantum) && !recipients.every(isPostQuantum)) {
    form.refuse('age-recipients', 'mixes post-quantum recipients with others, which age refuses to; write one kind');
  }
  if (form.given('age-recipients') && form.given('backup-passphrase')) {
    form.refuse('backup-passphrase', 'is given together with age-recipients; remove one of them');
  }
  if (passphrase !== undefined) return { kind: 'passphrase', passphrase };
  if (recipients.length > 0) return { kind: 'recipients', recipients };
  const seals = mode === 'upgrade' || mode === 'backup';
  if (form.sound('mode', 'backup-passphrase') && seals && unsealed === false) {
    form.refuse(
      'age-recipients',
      'is empty, and so is backup-passphrase: the backup holds passwords and tokens, and whoever reads the repository can ' +
        'download it; write one of the two, or allow-unsealed-backup: true',
    );
  }
  return { kind: 'none' };
}

function readRestore(form: Form, mode: Inputs['mode'], unsealed: boolean): Inputs['restore'] {
  const runId = form.optional('run-id', githubId);
  const githubToken = form.secret('github-token', token);
  const identity = form.given('age-identity') ? form.block('age-identity', ageIdentities) : undefined;
  if (mode !== 'restore') {
    form.optional('artifact-id', githubId);
    for (const name of RESTORE_INPUTS) {
      if (form.given(name) && form.sound('mode'))
        form.refuse(name, `is for mode restore only; remove it in mode ${mode}`);
    }
    return undefined;
  }
  const artifactId = form.optional('artifact-id', githubId);
  if (form.given('run-id') && githubToken === undefined && form.sound('github-token')) {
    form.refuse(
      'github-token',
      'is empty; to fetch the artifact of another run write github.token, in a job with the permission actions: read',
    );
  }
  const openers: InputName[] = ['age-identity', 'backup-passphrase'];
  if (openers.every((name) => form.given(name))) {
    form.refuse('age-identity', 'is given together with backup-passphrase; write the one that opens this backup');
  }
  if (form.given('artifact-id') && !openers.some((name) => form.given(name)) && unsealed === false) {
    form.refuse(
      'age-identity',
      'is empty, and so is backup-passphrase; write the one that opens this backup, or allow-unsealed-backup: true',
    );
  }
  return { artifactId, runId, githubToken, identity };
}
