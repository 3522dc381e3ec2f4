import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
  /** Puts a script of that name before the host's own tool. */
  addTool(name: string, script: string): void;
}

/** A copy of the host programs below `directory` whose `sh` is that shell, and whose PATH begins with `tools`. */
export function copyPrograms(directory: string, shell: Shell): HostPrograms {
  const root = mkdtempSync(join(directory, `${shell}-`));
  const [programs, tools] = [join(root, 'programs'), join(root, 'tools')];
  cpSync(HOST, programs, { recursive: true, filter: (path) => !path.endsWith('.ts') });
  mkdirSync(tools);
  const addTool = (name: string, script: string) => {
    rmSync(join(tools, name), { force: true });
    writeFileSync(join(tools, name), script, { mode: 0o755 });
  };
  addTool('sh', `#!/bin/sh\nexec ${shellCommand(shell).join(' ')} "$@"\n`);
  if (shell === 'busybox') {
    const busybox = execFileSync('/bin/sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim();
    const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n');
    // A copy: nothing that is written here may reach the machine's own.
    cpSync(busybox, join(tools, 'busybox'));
    for (const tool of TOOLS.split(' ').filter((name) => applets.includes(name))) {
      symlinkSync('busybox', join(tools, tool));
    }
  }
  const common = readFileSync(join(programs, 'common.sh'), 'utf8');
  const changed = common.replace(/^PATH=/m, () => `PATH=${shellQuote(tools)}:`);
  if (changed === common) throw new Error('common.sh sets no PATH any more.');
  writeFileSync(join(programs, 'common.sh'), changed);
  const command = (program: string, ...args: string[]) => [...shellCommand(shell), join(programs, program), ...args];
  return { shell, directory: programs, tools, command, addTool };
}
