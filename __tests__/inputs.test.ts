import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { INPUT_DEFAULTS, SECRET_INPUTS } from '../src/inputs/definitions.ts';
import { InputError, type Inputs, readInputs } from '../src/inputs.ts';
import * as given from './inputs/environments.ts';
import { RESTORE, UPGRADE, variables } from './inputs/environments.ts';

const silent = () => {};

async function read(inputs: Record<string, string>): Promise<Inputs> {
  return readInputs(variables(inputs), silent);
}

/** `input: problem` for everything that is wrong. */
async function problems(inputs: Record<string, string>, environment: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const error = await readInputs({ ...variables(inputs), ...environment }, silent).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return [];
  expect(error).toBeInstanceOf(InputError);
  return (error as InputError).problems.map(({ input, problem }) => `${input}: ${problem}`);
}

describe('readInputs', () => {
  it('has a default for all that an upgrade does not need to say', async () => {
    expect(await read(UPGRADE)).toEqual({
      mode: 'upgrade',
      targetVersion: '6.1.1',
      acceptAdvice: [],
      rehearse: 'now',
      connection: {
        host: 'hub.example.org',
        port: 22,
        username: 'admin',
        privateKey: given.KEY,
        trust: { knownHosts: given.KNOWN_HOSTS },
        connectTimeout: 20,
      },
      hub: { packageManager: 'auto', service: 'jupyterhub.service', serviceManager: 'auto', become: 'auto' },
      packages: { from: 'host', extra: [], requireHashes: false, channels: [], upgradeProxy: false },
      database: { strategy: 'migrate', acceptLoss: false, allowTokenLoss: false },
      backup: { seal: { kind: 'recipients', recipients: [given.RECIPIENT] }, allowUnproven: false, extraPaths: [] },
      notify: { hub: true, message: INPUT_DEFAULTS['notify-message'], leadTime: 60, required: true },
      maxDowntime: 600,
      confirmTimeout: 120,
      keepHostBackups: 2,
      verify: {},
    });
  });

  it('takes every input', async () => {
    const all = {
      ...UPGRADE,
      mode: 'plan',
      'target-version': 'v6.2.0-RC.1',
      'accept-advice': 'allow-config, xsrf-forms\nallow-config',
      rehearse: 'true',
      host: 'Hub.Example.org',
      port: '2222',
      'ssh-private-key': given.PEM_KEY,
      'known-hosts': '',
      'host-fingerprint': `${given.FINGERPRINT}=\n${given.FINGERPRINT}`,
      'connect-timeout': '5',
      'config-path': '/etc/jupyter hub/jupyterhub_config.py',
      'environment-path': '/opt/jupyterhub',
      'package-manager': 'conda',
      'extra-packages': 'oauthenticator >= 16, < 18\nSQLAlchemy[asyncio]',
      channels: 'conda-forge, https://conda.example.org/hub',
      'upgrade-proxy': 'true',
      'service-manager': 'commands',
      'stop-command': 'hubctl stop "$HUB"',
      'start-command': "hubctl start 'the hub'",
      become: 'none',
      'database-strategy': 'fresh',
      'accept-data-loss': 'true',
      'allow-token-loss': 'true',
      'age-recipients': '',
      'backup-passphrase': ` ${given.PASSPHRASE}\n`,
      'allow-unsealed-backup': 'true',
      'allow-unproven-backup': 'true',
      'artifact-name': 'nightly hub',
      'retention-days': '90',
      'extra-backup-paths': '/etc/hosts\n\n  /srv/more files  \n/etc/hosts\n',
      'notify-hub': 'false',
      'notify-command': 'wall -n',
      'notify-webhook-url': 'https://Hooks.example.org/services/T1/B2',
      'notify-message': 'Gleich geht’s los',
      'notify-lead-time': '0',
      'notify-required': 'false',
      'max-downtime': '120',
      'confirm-timeout': '30',
      'keep-host-backups': '5',
      'health-url': 'http://hub.example.org:8000/base',
      'health-token': 'abc123',
      'canary-user': 'canary',
    };
    expect(await read(all)).toEqual({
      mode: 'plan',
      targetVersion: '6.2.0rc1',
      acceptAdvice: ['allow-config', 'xsrf-forms'],
      rehearse: 'now',
      connection: {
        host: 'hub.example.org',
        port: 2222,
        username: 'admin',
        privateKey: given.KEY,
        trust: { fingerprints: [given.FINGERPRINT] },
        connectTimeout: 5,
      },
      hub: {
        configPath: '/etc/jupyter hub/jupyterhub_config.py',
        environmentPath: '/opt/jupyterhub',
        packageManager: 'conda',
        service: 'jupyterhub.service',
        serviceManager: 'commands',
        stopCommand: 'hubctl stop "$HUB"',
        startCommand: "hubctl start 'the hub'",
        become: 'none',
      },
      packages: {
        from: 'host',
        extra: ['oauthenticator>=16,<18', 'SQLAlchemy[asyncio]'],
        requireHashes: false,
        channels: ['conda-forge', 'https://conda.example.org/hub'],
        upgradeProxy: true,
      },
      database: { strategy: 'fresh', acceptLoss: true, allowTokenLoss: true },
      backup: {
        seal: { kind: 'passphrase', passphrase: ` ${given.PASSPHRASE}` },
        allowUnproven: true,
        artifactName: 'nightly hub',
        retentionDays: 90,
        extraPaths: ['/etc/hosts', '/srv/more files'],
      },
      notify: {
        hub: false,
        command: 'wall -n',
        webhookUrl: 'https://hooks.example.org/services/T1/B2',
        message: 'Gleich geht’s los',
        leadTime: 0,
        required: false,
      },
      maxDowntime: 120,
      confirmTimeout: 30,
      keepHostBackups: 5,
      verify: { healthUrl: 'http://hub.example.org:8000/base', healthToken: 'abc123', canaryUser: 'canary' },
    });
  });

  it('takes constraints as a text or as a path on the host', async () => {
    const lines = 'sqlalchemy<2.1\nalembic==1.14.0 \\\n    --hash=sha256:00\n';
    const text = await read({ ...UPGRADE, constraints: lines, 'require-hashes': 'true' });
    expect(text.packages).toMatchObject({ constraints: { text: lines }, requireHashes: true });
    const path = await read({ ...UPGRADE, constraints: ' /etc/hub/constraints.txt\n' });
    expect(path.packages).toMatchObject({ constraints: { path: '/etc/hub/constraints.txt' }, requireHashes: false });
  });

  it('takes every input of a restore', async () => {
    const identity = `# created: 2026-01-01\r\n# public key: age1…\r\n${given.IDENTITY}\r\n`;
    const inputs = await read({ ...RESTORE, 'run-id': '77', 'github-token': 'ghs_x', 'age-identity': identity });
    expect(inputs.restore).toEqual({ artifactId: 4242, runId: 77, githubToken: 'ghs_x', identity: given.IDENTITY });
    expect(inputs.targetVersion).toBe('');
    expect(inputs.backup.seal).toEqual({ kind: 'none' });
  });

  it('opens a backup with any passphrase, or an unsealed one when allowed', async () => {
    const withPassphrase = await read({ ...RESTORE, 'age-identity': '', 'backup-passphrase': 'short' });
    expect(withPassphrase.backup.seal).toEqual({ kind: 'passphrase', passphrase: 'short' });
    const unsealed = await read({ ...RESTORE, 'age-identity': '', 'allow-unsealed-backup': 'true' });
    expect(unsealed.restore).toEqual({ artifactId: 4242 });
  });

  it('uploads unsealed only when told so', async () => {
    const inputs = await read({ ...UPGRADE, 'age-recipients': '', 'allow-unsealed-backup': 'true' });
    expect(inputs.backup.seal).toEqual({ kind: 'none' });
  });

  it('seals nothing in a mode that makes no backup', async () => {
    expect((await read({ ...UPGRADE, mode: 'plan', 'age-recipients': '' })).backup.seal).toEqual({ kind: 'none' });
  });

  it('takes several recipients, one a line or separated by commas, and leaves comments out', async () => {
    const other = 'age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj';
    const inputs = await read({ ...UPGRADE, 'age-recipients': `# ops\n${given.RECIPIENT}, ${other}\n${other}\n` });
    expect(inputs.backup.seal).toEqual({ kind: 'recipients', recipients: [given.RECIPIENT, other] });
  });

  it('repairs a key that lost its last newline or was saved on Windows', async () => {
    for (const text of [given.KEY.trimEnd(), given.KEY.replaceAll('\n', '\r\n')]) {
      expect((await read({ ...UPGRADE, 'ssh-private-key': text })).connection.privateKey).toBe(given.KEY);
    }
  });

  it('hands over the passphrase of an encrypted key', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'key-'));
    try {
      const file = join(directory, 'key');
      await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'the words', '-f', file]);
      const key = await readFile(file, 'utf8');
      const inputs = { ...UPGRADE, 'ssh-private-key': key };
      expect((await read({ ...inputs, 'ssh-passphrase': 'the words\n' })).connection.passphrase).toBe('the words');
      expect(await problems({ ...inputs, 'ssh-passphrase': 'other words' })).toEqual([
        'ssh-private-key: The passphrase does not fit the private key.',
      ]);
      expect(await problems({ ...inputs, 'ssh-passphrase': 'the\nwords' })).toEqual([
        'ssh-passphrase: spans several lines; write it in one line',
      ]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

/** Inputs that replace those of a sound upgrade, and what is said of them, in part. Nothing else is said. */
const WRONG: [inputs: Record<string, string>, ...said: string[]][] = [
  // Needed.
  [{ host: '' }, 'host: is empty; write the name or address'],
  [{ username: '  ' }, 'username: is empty; write the login name'],
  [{ 'ssh-private-key': '' }, 'ssh-private-key: is empty; write the private key, by the name of its secret'],
  [{ 'target-version': '' }, 'target-version: is empty; write the version to upgrade to'],
  [{ mode: 'plan', 'target-version': '' }, 'target-version: is empty'],

  // Words.
  [{ mode: 'Upgrade' }, 'mode: "Upgrade" is not known here; write upgrade, plan, backup or restore'],
  [{ mode: 'rollback' }, 'mode: "rollback" is not known here'],
  [{ 'package-manager': 'poetry' }, 'package-manager: "poetry" is not known here; write auto, pip, uv or conda'],
  [{ 'extra-packages': 'git+https://example.org/x' }, 'extra-packages: is an address; write a name'],
  [{ 'extra-packages': 'a b' }, 'extra-packages: "a b" is not a requirement of one package'],
  [{ 'extra-packages': '--index-url=x' }, 'extra-packages: "--index-url=x" begins with "-"'],
  [{ 'extra-packages': 'x; python_version>"3"' }, 'extra-packages: "x; python_version>"3"" has a condition'],
  [{ 'extra-packages': 'JupyterHub==6' }, 'extra-packages: "JupyterHub==6" is JupyterHub itself; write its version in'],
  [{ constraints: 'x<1\n-r /etc/shadow' }, 'constraints: has a line with an option of pip'],
  [{ constraints: '/etc/../x' }, 'constraints: "/etc/../x" is not in its shortest form'],
  [{ 'require-hashes': 'true' }, 'require-hashes: needs the list with all digests in constraints; write it there'],
  [{ channels: 'a;reboot' }, 'channels: "a;reboot" is not a channel of conda; write for example conda-forge'],
  [{ channels: 'x', 'package-manager': 'uv' }, 'channels: are for conda, but package-manager is uv; remove one'],
  [{ constraints: 'x<1', 'package-manager': 'conda' }, 'constraints: is for pip and uv, but package-manager is conda'],
  [{ mode: 'backup', 'target-version': '', channels: 'x' }, 'channels: has no meaning in this mode'],
  [{ 'packages-from': 'pypi' }, 'packages-from: "pypi" is not known here; write host or runner'],
  [
    { 'packages-from': 'runner', 'package-manager': 'conda' },
    'packages-from: is for pip and uv, but package-manager is',
  ],
  [{ 'packages-from': 'runner', 'upgrade-proxy': 'true' }, 'upgrade-proxy: has npm on the host ask its registry'],
  [{ 'packages-from': 'runner', constraints: '/etc/c.txt' }, 'constraints: is a path on the host, but'],
  [{ mode: 'backup', 'target-version': '', 'packages-from': 'runner' }, 'packages-from: has no meaning in this mode'],
  [{ 'service-manager': 'upstart' }, 'service-manager: "upstart" is not known here; write auto, systemd or commands'],
  [{ become: 'root' }, 'become: "root" is not known here; write auto, sudo or none'],
  [{ 'notify-hub': 'yes' }, 'notify-hub: "yes" is neither true nor false'],
  [{ 'notify-required': 'True' }, 'notify-required: "True" is neither true nor false; write true or false, in small'],
  [{ 'allow-unsealed-backup': '1' }, 'allow-unsealed-backup: "1" is neither true nor false'],

  // Versions.
  ...(['>=6', '==6.1.1', '~=6.0', '6.*', '^6.1', '>5,<7', '6.1 6.2'] as const).map(
    (version) =>
      [{ 'target-version': version }, `target-version: "${version}" is a range of versions; write one`] as [
        Record<string, string>,
        string,
      ],
  ),
  [{ 'target-version': 'Latest' }, 'target-version: "Latest" is not a version; write latest, in small letters'],
  [{ 'target-version': 'newest' }, 'target-version: "newest" is not a version (PEP 440); write one version, for'],
  [{ 'target-version': '6.x' }, 'target-version: "6.x" is not a version (PEP 440)'],
  [{ 'target-version': '6' }, 'target-version: "6" would be 6.0.0 exactly, not the newest 6.x; write all of the'],
  [{ 'target-version': '6.1.1+local' }, 'target-version: "6.1.1+local" is a local version'],
  [{ 'target-version': '1!6.1.1' }, 'target-version: "1!6.1.1" names an epoch'],
  [{ 'target-version': '6.99999999999999999999' }, 'is not a version of JupyterHub'],
  [{ 'target-version': '-r req.txt' }, 'target-version: "-r req.txt" begins with "-"; write it without'],
  [{ mode: 'backup' }, 'target-version: has no meaning in mode backup, which changes no version; remove it'],

  // The advice.
  [
    { 'accept-advice': 'allow-config allow_all' },
    'accept-advice: "allow_all" is not known here; write auth-state-key, sqlite-url-options, ',
  ],
  [
    { 'approved-plan': 'a'.repeat(63) },
    'approved-plan: "' +
      'a'.repeat(63) +
      '" is not a plan-digest, or not all of it; write the output plan-digest of the plan that was approved',
  ],
  [
    { mode: 'plan', 'approved-plan': 'a'.repeat(64) },
    'approved-plan: has no meaning in mode plan, which upgrades nothing; remove it',
  ],
  [
    { mode: 'backup', 'target-version': '', 'accept-advice': 'blacklist' },
    'accept-advice: has no meaning in mode backup, which changes no version; remove it',
  ],

  // The host.
  [{ host: 'https://hub.example.org/' }, 'host: is a web address; write only the name of the machine'],
  [{ host: 'root@hub.example.org' }, 'host: "root@hub.example.org" names a user too; write only the machine here'],
  [{ host: 'hub.example.org:22' }, 'host: "hub.example.org:22" ends in a port; write only the machine here, and the'],
  [{ host: '[2001:db8::1]' }, 'host: "[2001:db8::1]" stands in brackets'],
  [{ host: '[2001:db8::1]:22' }, 'host: "[2001:db8::1]:22" stands in brackets'],
  [{ host: 'fe80::1%eth0' }, 'host: "fe80::1%eth0" is not the name or address of a machine'],
  [{ host: 'hub.example.org/hub' }, 'host: "hub.example.org/hub" contains a "/"'],
  [{ host: 'hub.example.org.' }, 'host: "hub.example.org." ends in a dot'],
  [{ host: '192.0.2.256' }, 'host: "192.0.2.256" is not an IPv4 address'],
  [{ host: '127.1' }, 'host: "127.1" is not an IPv4 address'],
  [{ host: 'hüb.example.org' }, 'host: "hüb.example.org" is not plain ASCII'],
  [{ host: 'hub example' }, 'host: "hub example" is not the name or address of a machine'],
  [{ host: 'hub..org' }, 'host: "hub..org" is not the name or address of a machine'],
  [{ host: `${'a'.repeat(64)}.org` }, 'is not the name or address of a machine'],
  [{ host: '-oProxyCommand=x' }, 'host: "-oProxyCommand=x" begins with "-"'],
  [{ host: 'hub\nhost' }, 'host: spans several lines'],
  [{ host: '$(reboot)' }, 'host: "$(reboot)" is not the name'],
  [{ username: 'my user' }, 'username: "my user" is not a login name'],
  [{ username: 'admin@hub.example.org' }, 'username: names the machine too'],
  [{ username: 'a;b' }, 'username: "a;b" is not a login name'],

  // Numbers.
  ...(['0', '65536', '22.0', '+22', '0x16', '022', '2 2', '1e3', '٢٢', '99999999999999999999999'] as const).map(
    (port) => [{ port }, `port: "${port}" is not a whole number from 1 to 65535`] as [Record<string, string>, string],
  ),
  [{ port: '-1' }, 'port: "-1" begins with "-"'],
  [{ 'connect-timeout': '0' }, 'connect-timeout: "0" is not a whole number of seconds from 1 to 600'],
  [{ 'connect-timeout': '20s' }, 'connect-timeout: "20s" is not a whole number of seconds'],
  [{ 'notify-lead-time': '86401' }, 'notify-lead-time: "86401" is not a whole number of seconds from 0 to 86400'],
  [{ 'max-downtime': '0' }, 'max-downtime: "0" is not a whole number of seconds from 1 to 86400'],
  [{ 'keep-host-backups': '0' }, 'keep-host-backups: "0" is not a whole number from 1 to 20'],
  [{ 'confirm-timeout': '0' }, 'confirm-timeout: "0" is not a whole number of seconds from 1 to 3600'],
  [{ 'retention-days': '91' }, 'retention-days: "91" is not a whole number of days from 1 to 90'],

  // Trust.
  [{ 'known-hosts': '' }, 'known-hosts: is empty, and so is host-fingerprint; write the line'],
  [{ 'host-fingerprint': given.FINGERPRINT }, 'known-hosts: is given together with host-fingerprint; remove one'],
  [{ 'known-hosts': given.PUBLIC_KEY }, 'known-hosts: known-hosts line 1 is malformed'],
  [{ 'known-hosts': given.KNOWN_HOSTS.slice(0, -9) }, 'known-hosts: known-hosts line 1 is malformed'],
  [
    { host: 'other.example.org' },
    'known-hosts: known-hosts has no entry for other.example.org. To repair it, write the',
  ],
  [{ 'known-hosts': `${given.KNOWN_HOSTS}\0` }, 'known-hosts: contains a NUL character'],
  [
    { 'known-hosts': '', 'host-fingerprint': 'MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48' },
    'is an MD5 fingerprint; write SHA256: and 43 characters, as "ssh-keygen -l',
  ],
  [{ 'known-hosts': '', 'host-fingerprint': 'SHA256:abc' }, 'host-fingerprint: "SHA256:abc" is not a fingerprint'],
  [
    // Two bits too many: no digest of 32 bytes is spelled so.
    { 'known-hosts': '', 'host-fingerprint': `SHA256:${'A'.repeat(42)}B` },
    'is not a fingerprint of a host key',
  ],

  // Keys; the sentences are tested with checkPrivateKey.
  [{ 'ssh-private-key': given.PUBLIC_KEY }, 'ssh-private-key: This is a public key'],
  [
    { 'ssh-private-key': 'PuTTY-User-Key-File-3: ssh-ed25519' },
    "ssh-private-key: The private key is in PuTTY's format",
  ],
  [{ 'ssh-private-key': `${given.KEY}\0` }, 'ssh-private-key: contains a NUL character'],

  // Paths.
  [{ 'config-path': 'jupyterhub_config.py' }, 'config-path: "jupyterhub_config.py" is not an absolute path'],
  [{ 'config-path': '~/jupyterhub_config.py' }, 'config-path: "~/jupyterhub_config.py" begins with "~"'],
  [{ 'config-path': '/etc/../root/x' }, 'config-path: "/etc/../root/x" is not in its shortest form'],
  [{ 'config-path': '/etc//x' }, 'config-path: "/etc//x" is not in its shortest form'],
  [{ 'config-path': '/etc/./x' }, 'config-path: "/etc/./x" is not in its shortest form'],
  [{ 'config-path': '/etc/x\0.py' }, 'config-path: contains a NUL character'],
  [{ 'config-path': '/etc/\u0085x' }, 'config-path: spans several lines'],
  [{ 'config-path': '/etc/\u001b[2Jx' }, 'config-path: contains a control character'],
  [{ 'config-path': `/${'x'.repeat(4096)}` }, 'config-path: is longer than a path can be'],
  [{ 'environment-path': '/opt/hub/' }, 'environment-path: "/opt/hub/" is not in its shortest form'],
  [{ 'environment-path': '/' }, 'environment-path: "/" is the root directory'],
  [{ 'environment-path': '/opt/hub/bin/python3.11' }, 'lies inside an environment; write the directory that holds'],
  [
    { 'extra-backup-paths': '/etc/hosts\netc/passwd\n/etc/../shadow\n-x' },
    'extra-backup-paths: "etc/passwd" is not an absolute path',
    'extra-backup-paths: "/etc/../shadow" is not in its shortest form',
    'extra-backup-paths: "-x" begins with "-"',
  ],

  // The service.
  [{ service: '/etc/systemd/system/hub.service' }, 'is a path; write the name of the unit'],
  [{ service: 'hub.socket' }, 'service: "hub.socket" is a systemd unit but not a service'],
  [{ service: 'hub@.service' }, 'service: "hub@.service" is a template; write the instance too'],
  [{ service: 'hub;reboot' }, 'service: "hub;reboot" is not the name of a systemd service'],
  [{ service: '--now' }, 'service: "--now" begins with "-"'],
  [{ service: 'h'.repeat(249) }, 'is not the name of a systemd service'],
  [{ 'service-manager': 'commands', 'stop-command': 'x' }, 'start-command: is empty; service-manager: commands needs'],
  [
    { 'service-manager': 'commands' },
    'stop-command: is empty; service-manager: commands needs',
    'start-command: is empty; service-manager: commands needs',
  ],
  [{ 'start-command': 'x' }, 'start-command: would not be used; write service-manager: commands, or remove it'],
  [{ 'service-manager': 'systemd', 'stop-command': 'x' }, 'stop-command: would not be used'],
  [
    { 'service-manager': 'commands', 'stop-command': 'x', 'start-command': 'y', service: 'hub' },
    'service: names a systemd unit, but service-manager is commands',
  ],
  [
    { 'service-manager': 'commands', 'stop-command': 'x\ny', 'start-command': '-y' },
    'stop-command: spans several lines',
    'start-command: begins with "-"',
  ],

  // The seal.
  [{ 'age-recipients': '' }, 'age-recipients: is empty, and so is backup-passphrase: the backup holds passwords'],
  [{ mode: 'backup', 'target-version': '', 'age-recipients': '' }, 'age-recipients: is empty, and so is'],

  // The database.
  [{ 'database-strategy': 'new' }, 'database-strategy: "new" is not known here; write migrate or fresh'],
  [{ 'accept-data-loss': 'true' }, 'accept-data-loss: would not be used, as nothing is lost; write database-strategy'],
  [
    { mode: 'backup', 'target-version': '', 'database-strategy': 'fresh' },
    'database-strategy: has no meaning in mode backup',
  ],
  [{ 'allow-unproven-backup': 'maybe' }, 'allow-unproven-backup: "maybe" is neither true nor false'],
  [{ 'backup-passphrase': given.PASSPHRASE }, 'backup-passphrase: is given together with age-recipients; remove one'],
  [
    { 'age-recipients': '', 'backup-passphrase': 'elevenchars' },
    'backup-passphrase: is too short for a file that others',
  ],
  [{ 'age-recipients': '', 'backup-passphrase': `${given.PASSPHRASE}\nx` }, 'backup-passphrase: spans several lines'],
  [{ 'age-recipients': given.RECIPIENT.slice(0, -1) }, 'is not a recipient of age, or was cut or mistyped'],
  [{ 'age-recipients': given.RECIPIENT.replace('ql', 'qp') }, 'is not a recipient of age, or was cut or mistyped'],
  [{ 'age-recipients': given.PUBLIC_KEY }, 'is an SSH key; write the public key that age-keygen prints (age1…)'],
  [{ 'age-recipients': given.IDENTITY }, 'age-recipients: is the private key of age, which must stay away from the'],
  [
    { 'age-recipients': 'age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t' },
    'is a recipient for a plugin of age, and plugins are not supported',
  ],

  // The artifact.
  [{ 'artifact-name': 'a/b' }, 'artifact-name: "a/b" has a character GitHub forbids'],
  [{ 'artifact-name': 'hub: 1' }, 'artifact-name: "hub: 1" has a character GitHub forbids'],
  [{ 'artifact-name': '..' }, 'artifact-name: ".." is made of dots'],
  [{ 'artifact-name': 'ü'.repeat(76) }, 'artifact-name: "ü'],

  // Users.
  [{ 'notify-message': 'a\nb' }, 'notify-message: spans several lines'],
  [{ 'notify-message': 'x'.repeat(1001) }, 'notify-message: is too long; write at most 1000 characters'],
  [{ 'notify-command': 'wall\0' }, 'notify-command: contains a NUL character'],
  [{ 'notify-webhook-url': 'http://hooks.example.org/x' }, 'notify-webhook-url: is not encrypted'],
  [{ 'notify-webhook-url': 'hooks.example.org/x' }, 'notify-webhook-url: is not a web address'],
  [{ 'notify-webhook-url': 'https://u:p@hooks.example.org/' }, 'notify-webhook-url: holds a user name or password'],
  [{ 'notify-webhook-url': 'http://localhost.example.org/' }, 'notify-webhook-url: is not encrypted'],

  // Checks.
  [{ 'health-url': 'hub.example.org' }, 'health-url: "hub.example.org" is not a web address'],
  [{ 'health-url': '/hub/health' }, 'health-url: "/hub/health" is not a web address'],
  [{ 'health-url': 'ftp://hub.example.org' }, 'health-url: is not a web address'],
  [{ 'health-url': 'https://me:pw@hub.example.org' }, 'health-url: holds a user name or password'],
  [{ 'health-url': 'https://hub.example.org/hub/health' }, 'health-url: names a page of the hub'],
  [{ 'health-url': 'https://hub.example.org/?a' }, 'health-url: has a "?" or "#" part'],
  [{ 'health-token': 'token abc' }, 'health-token: is not a token; write only the token itself'],
  [{ 'health-token': 'a\r\nX-Evil: 1' }, 'health-token: spans several lines'],
  [{ 'canary-user': 'a/b' }, 'canary-user: "a/b" is not the name of a user of the hub'],

  // Inputs of another mode.
  [{ 'artifact-id': '1' }, 'artifact-id: is for mode restore only; remove it in mode upgrade'],
  [{ 'run-id': '1' }, 'run-id: is for mode restore only'],
  [{ 'github-token': 'x' }, 'github-token: is for mode restore only'],
  [{ 'age-identity': given.IDENTITY }, 'age-identity: is for mode restore only'],
];

const WRONG_RESTORE: typeof WRONG = [
  [{ 'artifact-id': '0' }, 'artifact-id: "0" is not an id of GitHub'],
  [{ 'artifact-id': 'sha256:00' }, 'artifact-id: "sha256:00" is not an id of GitHub'],
  [{ 'artifact-id': '9007199254740993' }, 'artifact-id: "9007199254740993" is not an id of GitHub'],
  [{ 'run-id': 'https://github.com/a/b/actions/runs/1', 'github-token': 'x' }, 'run-id: is not an id of GitHub'],
  [{ 'run-id': '1' }, 'github-token: is empty; to fetch the artifact of another run'],
  [{ 'run-id': '1', 'github-token': 'a b' }, 'github-token: is not a token'],
  [{ 'canary-user': 'alice' }, 'canary-user: needs a health-token in mode restore'],
  [{ 'target-version': '6.1.1' }, 'target-version: has no meaning in mode restore'],
  [{ 'target-version': '>6' }, 'target-version: ">6" is a range of versions'],
  [{ 'age-identity': '' }, 'age-identity: is empty, and so is backup-passphrase; write the one that opens'],
  [{ 'backup-passphrase': 'x' }, 'age-identity: is given together with backup-passphrase'],
  [{ 'age-identity': given.RECIPIENT }, 'age-identity: is a public key, which cannot open a backup'],
  [{ 'age-identity': given.IDENTITY.slice(0, -1) }, 'age-identity: is not an identity of age, or was cut'],
  [{ 'age-identity': '# nothing\n' }, 'age-identity: is not an identity of age'],
  [{ 'age-identity': given.KEY }, 'age-identity: is an SSH key'],
  [
    { 'age-identity': '-----BEGIN AGE ENCRYPTED FILE-----\nYWdl' },
    'age-identity: is an encrypted file; decrypt it with',
  ],
  [{ 'age-identity': 'AGE-PLUGIN-YUBIKEY-1QQQ' }, 'age-identity: is an identity for a plugin of age'],
];

describe('what is wrong', () => {
  for (const [base, table] of [
    [UPGRADE, WRONG],
    [RESTORE, WRONG_RESTORE],
  ] as const) {
    for (const [inputs, ...said] of table) {
      it(JSON.stringify(inputs).slice(0, 100), async () => {
        const found = await problems({ ...base, ...inputs });
        expect(found).toEqual(said.map((text) => expect.stringContaining(text)));
        // Each says what to do about it.
        for (const problem of found) expect(problem).toMatch(/; |: |remove|spell|can be|needs/);
      });
    }
  }

  it('is said of a secret without repeating it', async () => {
    const canary = 'canary5ba1f0c7';
    const inputs: Record<string, string> = { ...RESTORE };
    for (const name of SECRET_INPUTS) inputs[name] = `${canary} ${name}\n${canary}`;
    for (const name of ['host', 'service', 'artifact-name', 'canary-user']) inputs[name] = `/${canary}`;
    inputs['start-command'] = `-${canary}`;
    inputs.port = given.IDENTITY;
    inputs.become = given.KEY;
    const found = await problems(inputs);
    expect(found.length).toBeGreaterThan(8);
    expect(found.join('\n')).not.toContain(canary);
    expect(found.join('\n')).toContain('"/***" contains a "/"');
    expect(found.join('\n')).not.toContain('AGE-SECRET-KEY-1GF');
    expect(found.join('\n')).not.toContain('PRIVATE KEY');
  });

  it('is an unknown input too, with the one that may be meant', async () => {
    const environment = {
      INPUT_HEALTH_URL: 'x',
      INPUT_PROT: '1',
      'INPUT_SSH-KEY': 'y',
      INPUT_ZZZ: '',
      'INPUT_A\n::B': '',
    };
    expect(await problems(UPGRADE, environment)).toEqual([
      'health_url: is not an input of this action; health-url may be meant',
      'prot: is not an input of this action; port may be meant',
      'ssh-key: is not an input of this action; remove it',
      'zzz: is not an input of this action; remove it',
      'a ::b: is not an input of this action; remove it',
    ]);
  });

  it('is said all at once, in the order of action.yml, before anything is done', async () => {
    const error = await read({ port: 'x', mode: 'restore', become: 'y' }).catch((thrown: unknown) => thrown);
    expect((error as InputError).problems.map(({ input }) => input)).toEqual([
      ...['host', 'port', 'username', 'ssh-private-key', 'known-hosts', 'become'],
    ]);
    expect((error as InputError).message).toMatch(
      /^6 things in the inputs need your attention\. Nothing was connected to and nothing was changed\.\n- host: is empty/,
    );
    const one = await read({ ...UPGRADE, port: 'x' }).catch((thrown: unknown) => thrown);
    expect((one as InputError).message).toMatch(/^One input needs your attention\..*\n- port: "x" is not .*$/);
  });
});

describe('masks', () => {
  async function masked(environment: NodeJS.ProcessEnv): Promise<string[]> {
    const said: string[] = [];
    await readInputs(environment, (secret) => said.push(secret)).catch(() => said.push('(error)'));
    return said;
  }

  it('come before any check, for every secret, and not for the host', async () => {
    const inputs = Object.fromEntries(SECRET_INPUTS.map((name) => [name, `the ${name}`]));
    const said = await masked(variables({ ...inputs, host: 'hub.example.org', 'known-hosts': given.KNOWN_HOSTS }));
    expect(said).toEqual([...SECRET_INPUTS.map((name) => `the ${name}`), '(error)']);
  });

  it('cover private keys wherever they were put', async () => {
    const environment = {
      ...variables({ port: given.KEY, 'age-recipients': given.IDENTITY }),
      INPUT_KEY: given.PEM_KEY,
    };
    expect(await masked(environment)).toEqual([given.KEY, given.IDENTITY, given.PEM_KEY, '(error)']);
  });

  it('cover a secret in the spelling in which it is used', async () => {
    const webhook = { 'notify-webhook-url': 'HTTPS://hooks.example.org/a b' };
    expect(await masked(variables({ ...UPGRADE, ...webhook, 'ssh-private-key': given.PEM_KEY }))).toEqual([
      ...[given.PEM_KEY, webhook['notify-webhook-url'], given.KEY, 'https://hooks.example.org/a%20b'],
    ]);
  });
});
