import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { systemPython } from './environments.ts';
import { run } from './run.ts';

export type Flavour = 'light' | 'machine';

const commands: Record<Flavour, Record<string, string>> = {
  light: {
    sshd: 'apt-get install openssh-server',
    'ssh-keygen': 'apt-get install openssh-client',
    npm: 'apt-get install npm, or take node with npm from nodejs.org',
    flock: 'apt-get install util-linux',
    setsid: 'apt-get install util-linux',
    sqlite3: 'apt-get install sqlite3',
  },
  machine: {
    'ssh-keygen': 'apt-get install openssh-client',
    npm: 'apt-get install npm, or take node with npm from nodejs.org',
    flock: 'apt-get install util-linux',
    nsenter: 'apt-get install util-linux',
    mmdebstrap: 'apt-get install mmdebstrap',
    'systemd-nspawn': 'apt-get install systemd-container',
    sqlite3: 'apt-get install sqlite3',
  },
};

/** What this machine lacks for a hub of that flavour: a sentence each, with what to do; empty when all is there. */
export async function missingRequirements(flavour: Flavour): Promise<string[]> {
  const missing: string[] = [];
  for (const [command, remedy] of Object.entries(commands[flavour])) {
    if ((await findCommand(command)) === undefined) missing.push(`${command}: ${remedy}`);
  }
  if (flavour === 'light') missing.push(...(await missingOfPython()), ...(await missingOfAccount()));
  if (flavour === 'machine') missing.push(...(await missingOfMachine()));
  return missing;
}

/** Throws all that `missingRequirements` finds as one error. */
export async function assertRequirements(flavour: Flavour): Promise<void> {
  const missing = await missingRequirements(flavour);
  if (missing.length > 0) throw new Error(`This machine lacks for the ${flavour} flavour:\n${missing.join('\n')}`);
}

/** Path of a command, also where the PATH of an ordinary user does not look. */
export async function findCommand(name: string): Promise<string | undefined> {
  for (const directory of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin', '/sbin', '/bin']) {
    const path = join(directory, name);
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}

async function missingOfPython(): Promise<string[]> {
  const program = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))';
  return run(systemPython, ['-c', program]).then(
    () => [],
    () => ['python3 (3.10 or newer) with its venv module: apt-get install python3-venv'],
  );
}

/** An sshd that runs as root refuses a login to an account whose password field begins with `!`. */
async function missingOfAccount(): Promise<string[]> {
  if (process.getuid?.() !== 0) return [];
  const shadow = await readFile('/etc/shadow', 'utf8').catch(() => '');
  return /^root:!/m.test(shadow) ? ["an account of root that is not locked: usermod --password '*' root"] : [];
}

async function missingOfMachine(): Promise<string[]> {
  const missing: string[] = [];
  if (process.getuid?.() !== 0) missing.push('root: systemd-nspawn boots a machine only for root (use sudo)');
  if (!/\toverlay$/m.test(await readFile('/proc/filesystems', 'utf8'))) {
    missing.push('the overlay file system: modprobe overlay');
  }
  return missing;
}
