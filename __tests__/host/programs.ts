import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shellQuote } from '../../src/ssh/quote.ts';

/** What a host's /bin/sh may be; with busybox also the tools around it that busybox has. */
export const SHELLS = ['dash', 'busybox'] as const;
export type Shell = (typeof SHELLS)[number];

/** The command that runs a program with that shell. */
export function shellCommand(shell: Shell): string[] {
  return shell === 'dash' ? ['dash'] : ['busybox', 'sh'];
}

const HOST = fileURLToPath(new URL('../../src/host', import.meta.url));

const TOOLS =
  'awk base64 cat chmod chown cmp cp cut dd find flock grep head ln mkdir mktemp mv od readlink rm rmdir sed setsid ' +
  'sha256sum sleep sort stat sync tail touch tr wc';

export interface HostPrograms {
  shell: Shell;
  /** Where the programs lie. */
  directory: string;
  /** A directory before all others in the programs' PATH. */
  tools: string;
  /** The command that runs one of them. */
  command(program: string, ...args: string[]): string[];
}

/** A copy of the host programs below `directory` whose `sh` is that shell, and whose PATH begins with `tools`. */
export function copyPrograms(directory: string, shell: Shell): HostPrograms {
  const root = mkdtempSync(join(directory, `${shell}-`));
  const [programs, tools] = [join(root, 'programs'), join(root, 'tools')];
  cpSync(HOST, programs, { recursive: true, filter: (path) => !path.endsWith('.ts') });
  mkdirSync(tools);
  writeFileSync(join(tools, 'sh'), `#!/bin/sh\nexec ${shellCommand(shell).join(' ')} "$@"\n`, { mode: 0o755 });
  if (shell === 'busybox') {
    const busybox = execFileSync('/bin/sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim();
    const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n');
    for (const tool of TOOLS.split(' ').filter((name) => applets.includes(name))) {
      symlinkSync(busybox, join(tools, tool));
    }
  }
  const common = readFileSync(join(programs, 'common.sh'), 'utf8');
  const changed = common.replace(/^PATH=/m, () => `PATH=${shellQuote(tools)}:`);
  if (changed === common) throw new Error('common.sh sets no PATH any more.');
  writeFileSync(join(programs, 'common.sh'), changed);
  const command = (program: string, ...args: string[]) => [...shellCommand(shell), join(programs, program), ...args];
  return { shell, directory: programs, tools, command };
}
