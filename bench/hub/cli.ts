import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { HubOptions } from './blueprint.ts';
import type { HubInABox } from './hub.ts';
import { startLightHub } from './light.ts';
import { startMachineHub } from './machine.ts';

const usage = `usage: node bench/hub/cli.ts start [--flavour light|machine] [--release 4.1.6] [--users 20]
                                    [--proxy external|managed] [--journal-mode wal|delete]

Starts a JupyterHub of its own, with users, groups, tokens and a running server, tells how to reach it, and removes it at
the end (Ctrl-C). light: run by plain commands; machine: run by systemd in a container, for root only.
`;

// From here on: a hub that is being set up when the signal comes is set up first, and then removed as a whole.
const asked = new Promise<void>((resolve) => {
  const waiting = setInterval(() => {}, 60_000); // a signal's listener alone does not keep a process alive
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      clearInterval(waiting);
      resolve();
    });
  }
});

try {
  const { flavour, options } = parse(process.argv.slice(2));
  const hub = flavour === 'machine' ? await startMachineHub(options) : await startLightHub(options);
  const keys = await mkdtemp(join(tmpdir(), 'hub-keys-'));
  try {
    await describe(hub, keys);
    await asked;
    process.stdout.write('\nRemoving it …\n');
  } finally {
    await rm(keys, { recursive: true });
    await hub.stop();
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
process.exit();

function parse(args: string[]): { flavour: string; options: HubOptions } {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      flavour: { type: 'string', default: 'light' },
      release: { type: 'string', default: '4.1.6' },
      users: { type: 'string', default: '20' },
      proxy: { type: 'string', default: 'external' },
      'journal-mode': { type: 'string', default: 'wal' },
    },
  });
  const { flavour, release, proxy, 'journal-mode': journalMode } = values;
  const users = Number(values.users);
  const known =
    positionals.join() === 'start' &&
    (flavour === 'light' || flavour === 'machine') &&
    (proxy === 'external' || proxy === 'managed') &&
    (journalMode === 'wal' || journalMode === 'delete') &&
    /^\d+\.\d+\.\d+$/.test(release) &&
    Number.isInteger(users) &&
    users >= 10;
  if (!known) throw new Error(usage);
  return { flavour, options: { release, users, proxy, journalMode } };
}

/** Prints how to reach the hub; the keys for it are written to `directory`. */
async function describe(hub: HubInABox, directory: string): Promise<void> {
  await writeFile(join(directory, 'key'), hub.ssh.privateKey, { mode: 0o600 });
  await writeFile(join(directory, 'known_hosts'), hub.ssh.knownHosts);
  const { username, host, port, fingerprint } = hub.ssh;
  const ssh = `ssh -F none -i ${directory}/key -o UserKnownHostsFile=${directory}/known_hosts -p ${port} ${username}@${host}`;
  const run =
    'stopCommand' in hub && 'startCommand' in hub
      ? `stop      ${hub.stopCommand}\nstart     ${hub.startCommand}`
      : 'service   jupyterhub.service';
  process.stdout.write(`JupyterHub is at ${hub.url} (any user, any password; admin is an administrator)

ssh       ${ssh}
host key  ${fingerprint}
${run}
config    ${hub.configPath}
database  ${hub.databasePath}
code      ${hub.environmentPath}
users     ${hub.seeded.users.length}, groups ${Object.keys(hub.seeded.groups).join(' ')}
server    of ${hub.server.user}, pid ${hub.server.pid}
token     ${hub.seeded.tokens.admin} (of admin)

Ctrl-C removes it.
`);
}
