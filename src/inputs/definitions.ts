/** Every input of action.yml with its default, in action.yml's order. An input left empty has its default too. */
export const INPUT_DEFAULTS = {
  mode: 'upgrade',
  'target-version': '',
  'accept-advice': '',
  'approved-plan': '',
  rehearse: '',

  host: '',
  port: '22',
  username: '',
  'ssh-private-key': '',
  'ssh-passphrase': '',
  'known-hosts': '',
  'host-fingerprint': '',
  'connect-timeout': '20',

  'config-path': '',
  'environment-path': '',
  'package-manager': 'auto',
  'packages-from': 'host',
  'extra-packages': '',
  constraints: '',
  'require-hashes': 'false',
  channels: '',
  'upgrade-proxy': 'false',
  service: 'jupyterhub',
  'service-manager': 'auto',
  'stop-command': '',
  'start-command': '',
  become: 'auto',

  'database-strategy': 'migrate',
  'accept-data-loss': 'false',
  'allow-token-loss': 'false',
  'database-tools-path': '',

  'age-recipients': '',
  'backup-passphrase': '',
  'allow-unsealed-backup': 'false',
  'allow-unproven-backup': 'false',
  'artifact-name': '',
  'retention-days': '',
  'extra-backup-paths': '',

  'notify-hub': 'true',
  'notify-command': '',
  'notify-webhook-url': '',
  'notify-message': 'JupyterHub is about to be upgraded and will be away for a short while. Please save your work now.',
  'notify-lead-time': '60',
  'notify-required': 'true',
  'max-downtime': '600',
  'confirm-timeout': '120',
  'keep-host-backups': '2',

  'health-url': '',
  'health-token': '',
  'canary-user': '',

  'artifact-id': '',
  'run-id': '',
  'github-token': '',
  'age-identity': '',
} as const satisfies Record<string, string>;

export type InputName = keyof typeof INPUT_DEFAULTS;

export const INPUT_NAMES = Object.keys(INPUT_DEFAULTS) as InputName[];

/** Inputs whose value must appear nowhere. A host name is none: outputs that hold a masked text are dropped. */
export const SECRET_INPUTS = [
  'ssh-private-key',
  'ssh-passphrase',
  'backup-passphrase',
  'notify-webhook-url',
  'health-token',
  'github-token',
  'age-identity',
] as const satisfies InputName[];

/** Inputs that only mode `restore` reads. */
export const RESTORE_INPUTS = ['artifact-id', 'run-id', 'github-token', 'age-identity'] as const satisfies InputName[];

/** The environment variable in which the runner hands over an input. */
export function environmentName(input: string): string {
  return `INPUT_${input.replaceAll(' ', '_').toUpperCase()}`;
}
