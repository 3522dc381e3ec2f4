import type { Outcome } from '../../src/outcome.ts';
import type { BackupReport, RunResult, StepReport } from '../../src/report/result.ts';
import type { PlanDocument } from '../../src/transaction/document.ts';

const backup: BackupReport = {
  artifactId: 4021337,
  name: 'jupyterhub-backup-hub.example.edu-7700123-1.tar.age',
  digest: 'sha256:9f2c1d7be0a7c5f3f7f2d0b5a4d1c3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6',
  size: 1_284_551,
  url: 'https://github.com/example/hub/actions/runs/7700123/artifacts/4021337',
  sealedFor: 'recipients',
  proven: true,
  files: [
    { file: 'manifest.json', size: 6120 },
    { file: 'RESTORE.txt', size: 2048 },
    { file: 'database/jupyterhub.sqlite', size: 1_245_184 },
    { file: 'config/0-jupyterhub_config.py', size: 3911 },
    { file: 'environment/requirements.txt', size: 1402 },
    { file: 'service/jupyterhub.service', size: 611 },
  ],
};

const document: PlanDocument = {
  facts: [
    { name: 'host', value: 'Debian GNU/Linux 12 (bookworm)' },
    {
      name: 'service',
      value: '/etc/systemd/system/jupyterhub.service (active, KillMode=process), run by hub in /srv/hub',
    },
  ],
  notDetermined: ['Which other packages the installation brings along: pip decides that when it installs.'],
  packages: [{ name: 'jupyterhub', from: '4.1.6', to: '6.1.1' }],
  revision: { from: '0eee8c825d24', to: 'f460b0348206', hops: [] },
  steps: [
    {
      name: 'stage',
      title: 'Prepare the environment beside the running hub',
      commands: [
        {
          as: 'root',
          run: '/opt/hub/bin/python -m pip install --progress-bar off --upgrade jupyterhub==6.1.1',
          mount: { of: '/opt/hub.jupyterhub-upgrade-$JOB_ID', at: '/opt/hub' },
        },
      ],
    },
    { name: 'stop', title: 'Stop the hub', commands: [{ as: 'root', run: 'systemctl stop jupyterhub.service' }] },
  ],
  downtime: { seconds: 7.1, basis: 'a guess, not a rehearsal: loading the hub took 1.2 s on this host just now' },
  disk: [{ path: '/opt', what: 'a copy of the environment', bytes: 700 * 1024 ** 2, free: 40 * 1024 ** 3 }],
  survival: {
    proxy: { fate: 'goes on', reason: 'the proxy is a service of its own' },
    servers: { fate: 'ends', reason: 'KillMode=control-group ends all that jupyterhub.service started' },
  },
  told: ["notice on the hub's login and home pages"],
  accepted: ['accept-advice: allow-config'],
  blockers: [],
  jobs: '/var/lib/jupyterhub-upgrade/jupyterhub.service-1234abcd/jobs',
  decisive: { 'the release': { now: '4.1.6', target: '6.1.1' } },
};

const base: Omit<RunResult, 'outcome' | 'steps'> = {
  version: 1,
  mode: 'upgrade',
  host: 'hub.example.edu',
  service: 'jupyterhub.service',
  run: { id: '7700123', url: 'https://github.com/example/hub/actions/runs/7700123' },
  versions: { previous: '4.1.6', current: '6.1.1', target: '6.1.1' },
  revisions: { previous: '0eee8c825d24', current: 'f460b0348206' },
  plan: { digest: '79363bbe26dba2823fcd54e3402e1d0172c0aa9b6e6ed6a9aac804203c7b1e86', document },
  backup,
  rows: {},
  servers: [],
  notified: [],
  notTried: [],
  guarantees: [],
  warnings: [],
  advice: [],
};

type Short = [name: string, title: string, startedAt: number, seconds: number, outcome?: StepReport['outcome']];

const steps = (side: StepReport['side'], list: Short[]): StepReport[] =>
  list.map(([name, title, startedAt, seconds, outcome = 'done']) => ({
    ...{ name, title, side, startedAt, seconds, outcome },
  }));

const prepared = [
  ...steps('runner', [
    ['connect', 'Connect to the host', 0.1, 0.6],
    ['discover', 'Look at the hub', 0.7, 1.8],
    ['plan', 'Make the plan', 2.5, 0.2],
  ]),
  ...steps('host', [['stage', 'Stage the new environment', 2.8, 16.2]]),
  ...steps('runner', [
    ['backup', 'Back up and store', 19.1, 3.3],
    ['prove', 'Prove the backup', 22.4, 1.1],
  ]),
  ...steps('host', [['announce', 'Tell the users', 23.6, 10]]),
];

const rowsBefore = { users: 14, groups: 3, roles: 4, api_tokens: 9, services: 1, spawners: 16, oauth_clients: 2 };
const servers = [
  { user: 'ada', name: '', pid: 4821, survived: true },
  { user: 'grace', name: 'gpu', pid: 4877, survived: true },
];
const guarantees = [
  'The executor runs as a unit of systemd of its own and goes on when the connection is lost.',
  'The old environment is put back by one exchange of two directories.',
];

export const samples: Record<Outcome, RunResult> = {
  upgraded: {
    ...base,
    outcome: 'upgraded',
    downtime: { startedAt: 33.7, seconds: 7.4 },
    steps: [
      ...prepared,
      ...steps('host', [
        ['stop', 'Stop the hub', 33.6, 0.6],
        ['snapshot', 'Copy the database', 34.2, 0.2],
        ['switch', 'Switch the environment', 34.4, 0.1],
        ['migrate', 'Migrate the database', 34.5, 3.7],
        ['start', 'Start the hub', 38.2, 2.9],
        ['verify', 'Verify on the host', 41.1, 10.4],
      ]),
      ...steps('runner', [['confirm', 'Verify from outside', 51.5, 1.2]]),
    ],
    rows: { before: rowsBefore, after: { ...rowsBefore, api_tokens: 10, shares: 0, share_codes: 0 } },
    servers,
    notified: ['announcement on the hub', 'webhook'],
    notTried: ['A user was not spawned: no canary-user is given.'],
    guarantees,
    warnings: ['JupyterHub 5.0 lets nobody in without an allow rule; the configuration has `allow_all = True`.'],
  },
  'rolled-back': {
    ...base,
    outcome: 'rolled-back',
    versions: { previous: '4.1.6', current: '4.1.6', target: '6.1.1' },
    revisions: { previous: '0eee8c825d24', current: '0eee8c825d24' },
    error: {
      step: 'migrate',
      cause: 'jupyterhub upgrade-db ended with status 1: (sqlite3.OperationalError) no such column: users.admin',
      hub: 'JupyterHub 4.1.6 is running on its own database; its rows are the ones it had when it stopped.',
      next: 'Read the last lines of the step in the log. Nothing needs to be repaired; run the plan mode before the next try.',
    },
    downtime: { startedAt: 33.7, seconds: 9.1 },
    steps: [
      ...prepared,
      ...steps('host', [
        ['stop', 'Stop the hub', 33.6, 0.6],
        ['snapshot', 'Copy the database', 34.2, 0.2],
        ['switch', 'Switch the environment', 34.4, 0.1],
        ['migrate', 'Migrate the database', 34.5, 3.7, 'failed'],
        ['switch', 'Switch the environment back', 38.3, 0.1, 'undone'],
        ['snapshot', 'Put the database back', 38.4, 0.3, 'undone'],
        ['stop', 'Start the old hub', 38.7, 4.0, 'undone'],
      ]),
    ],
    rows: { before: rowsBefore, after: rowsBefore },
    servers: [
      { user: 'ada', name: '', pid: 4821, survived: true },
      { user: 'grace', name: 'gpu', pid: 4877, survived: false },
    ],
    notified: ['announcement on the hub'],
    guarantees,
  },
  'rollback-failed': {
    ...base,
    outcome: 'rollback-failed',
    versions: { previous: '4.1.6', target: '6.1.1' },
    revisions: { previous: '0eee8c825d24' },
    error: {
      step: 'start',
      cause: 'The hub ended with status 1 five seconds after its start: the disk is full.',
      hub: 'JupyterHub is not running. The old database is at /var/lib/jupyterhub-upgrade/hub-1/snapshot-1, complete and not touched.',
      next: 'Free space on /srv, then run this workflow in restore mode, or follow the steps by hand below.',
    },
    downtime: { startedAt: 33.7, seconds: 96 },
    steps: [
      ...prepared,
      ...steps('host', [
        ['stop', 'Stop the hub', 33.6, 0.6],
        ['snapshot', 'Copy the database', 34.2, 0.2],
        ['switch', 'Switch the environment', 34.4, 0.1],
        ['migrate', 'Migrate the database', 34.5, 3.7],
        ['start', 'Start the hub', 38.2, 60, 'failed'],
        ['switch', 'Switch the environment back', 98.2, 0.1, 'undone'],
        ['snapshot', 'Put the database back', 98.3, 31.4, 'undo-failed'],
      ]),
    ],
    rows: { before: rowsBefore },
    warnings: ['The disk of the host is full.'],
  },
  'failed-before-change': {
    ...base,
    outcome: 'failed-before-change',
    versions: { target: '6.1.1' },
    revisions: {},
    plan: undefined,
    backup: undefined,
    error: {
      step: 'connect',
      cause:
        'The host key of hub.example.edu is not the one in known-hosts. It presented ssh-ed25519 SHA256:2uVxJbQ1yJq0m1Zr0cYp0l0f0aQ.',
      hub: 'Nothing was done on the host.',
      next: 'If the host was installed anew, ask its admin for the new key and put it into known-hosts. If not, do not go on.',
    },
    steps: steps('runner', [['connect', 'Connect to the host', 0.1, 0.3, 'failed']]),
  },
  unknown: {
    ...base,
    outcome: 'unknown',
    versions: { previous: '4.1.6', target: '6.1.1' },
    revisions: { previous: '0eee8c825d24' },
    error: {
      step: 'migrate',
      cause: 'The connection was lost and could not be made again in five minutes.',
      hub: 'Not known. The executor on the host goes on by itself: it ends the upgrade, or undoes it when a step fails.',
      next: 'Look at the hub. Then run this workflow in plan mode: it says what the host decided. Do not restore before that.',
    },
    steps: [...prepared, ...steps('host', [['stop', 'Stop the hub', 33.6, 0.6]])],
    rows: { before: rowsBefore },
    notified: ['announcement on the hub'],
  },
  planned: {
    ...base,
    outcome: 'planned',
    mode: 'plan',
    versions: { previous: '4.1.6', current: '4.1.6', target: '6.1.1' },
    revisions: { previous: '0eee8c825d24', current: '0eee8c825d24' },
    backup: undefined,
    steps: prepared.slice(0, 3),
    rows: { before: rowsBefore },
    servers: [{ user: 'ada', name: '', pid: 4821 }],
    notTried: ['The migration was not rehearsed.'],
    guarantees,
    warnings: ['Nobody will be told: notify-hub is off and there is no notify-command.'],
  },
  unchanged: {
    ...base,
    outcome: 'unchanged',
    versions: { previous: '6.1.1', current: '6.1.1', target: '6.1.1' },
    revisions: { previous: 'f460b0348206', current: 'f460b0348206' },
    backup: undefined,
    steps: prepared.slice(0, 3),
    rows: { before: rowsBefore },
  },
  'backed-up': {
    ...base,
    outcome: 'backed-up',
    mode: 'backup',
    versions: { previous: '4.1.6', current: '4.1.6' },
    revisions: { previous: '0eee8c825d24', current: '0eee8c825d24' },
    backup: { ...backup, sealedFor: 'passphrase' },
    steps: [
      ...prepared.slice(0, 3),
      ...steps('runner', [
        ['backup', 'Back up and store', 2.8, 3.3],
        ['prove', 'Prove the backup', 6.1, 1.1],
      ]),
    ],
    rows: { before: rowsBefore },
  },
  restored: {
    ...base,
    outcome: 'restored',
    mode: 'restore',
    versions: { previous: '6.1.1', current: '4.1.6' },
    revisions: { previous: 'f460b0348206', current: '0eee8c825d24' },
    backup: { ...backup, sealedFor: 'nobody' },
    downtime: { startedAt: 12, seconds: 6.2 },
    steps: [
      ...prepared.slice(0, 2),
      ...steps('runner', [['download', 'Fetch and check the backup', 2.5, 4.1]]),
      ...steps('host', [
        ['stop', 'Stop the hub', 12, 0.6],
        ['load', 'Load the backup', 12.6, 1.4],
        ['start', 'Start the hub', 14, 4.2],
        ['verify', 'Verify on the host', 18.2, 10.4],
      ]),
    ],
    rows: { before: { ...rowsBefore, users: 15, shares: 0 }, after: rowsBefore },
    servers,
    notified: ['announcement on the hub'],
  },
};
