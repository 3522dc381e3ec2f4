// conda cannot be installed from a package registry. This stands in for its command: see conda.py.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached } from '../../../bench/hub/cache.ts';
import { systemPython } from '../../../bench/hub/environments.ts';
import { run } from '../../../bench/hub/run.ts';
import { cachedWheels } from '../../../bench/hub/wheels.ts';

const PACKAGES = ['py-rattler==0.28.0', 'zstandard', 'packaging'];

/** A Python with what the stand-in needs, made once. */
async function cachedPython(): Promise<string> {
  const directory = await cached('conda/py-rattler-0.28.0', async (_, path) => {
    // Its commands are not used, so it may be moved to its place.
    await run(systemPython, ['-m', 'venv', `${path}.part`]);
    await run(join(`${path}.part`, 'bin/python'), ['-m', 'pip', 'install', '--quiet', ...PACKAGES]);
  });
  return join(directory, 'bin/python');
}

const program = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Fills a directory with a channel that has these wheels, and the Python of the machine. */
export async function makeChannel(channel: string, wheels: string): Promise<void> {
  await run(await cachedPython(), [program('channel.py'), channel, wheels]);
}

/** A channel with these releases of JupyterHub and all they need, made once. */
export async function cachedChannel(releases: string[]): Promise<string> {
  return cached(`conda/channel-${releases.join('-')}`, async (directory) =>
    makeChannel(directory, await cachedWheels(releases)),
  );
}

/** Puts the command `conda` there: it takes packages from `channel`, and keeps them in `root`, which exists, for any user. */
export async function makeConda(command: string, channel: string, root: string): Promise<void> {
  await mkdir(dirname(command), { recursive: true });
  await writeFile(
    command,
    `#!/bin/sh
cache='${root}'/$(id -u)
mkdir -p "$cache"
# Root by name only is not the one who made it.
[ -w "$cache" ] || cache=$cache-by-name
mkdir -p "$cache"
export CONDA_ROOT="$cache" CONDA_CHANNELS='file://${channel}' CONDA_EXE="$0"
exec '${await cachedPython()}' '${program('conda.py')}' "$@"
`,
    { mode: 0o755 },
  );
}
