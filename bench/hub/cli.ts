import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { accessOf } from './access.ts';
import type { HubOptions } from './blueprint.ts';
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
    process.stdout.write(`${await accessOf(hub, keys)}\nCtrl-C removes it.\n`);
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
