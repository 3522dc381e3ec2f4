import { cp, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemPython } from '../../../bench/hub/environments.ts';
import { hostProgram, runProgram } from '../support.ts';

const isRoot = process.getuid?.() === 0;

test.runIf(isRoot)(
  'scratch lies beside a backup, or where a plan looked for room if only root may write there',
  async () => {
    const site = join('/var/tmp', `jupyterhub-upgrade-test-${process.pid}`);
    await mkdir(site, { mode: 0o755 });
    onTestFinished(() => runProgram(['rm', '-rf', site]).then(() => {}));
    await cp(hostProgram('hubdb'), join(site, 'hubdb'), { recursive: true });
    // A phase's payload is root's, and what proves it is the hub's user.
    const program = `import sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from hubdb.programs import private_directory
with private_directory(sys.argv[1]) as directory:
    print(directory)`;
    const place = async (...as: string[]) => {
      const { stdout, stderr } = await runProgram([...as, systemPython, '-I', '-c', program, site], { env: {} });
      expect(stderr).toBe('');
      return dirname(stdout.trim());
    };
    expect(await place()).toBe(site);
    expect(await place('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups')).toBe('/var/tmp');
  },
);
