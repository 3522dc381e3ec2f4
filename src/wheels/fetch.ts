import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { shown } from '../backup/errors.ts';
import type { Wheel } from '../hub/environments/resolution.ts';
import type { Target } from '../hub/environments/target.ts';
import { canonicalName } from '../hub/packages.ts';
import { isVersion, type Pin, writePins } from './pins.ts';
import { runTool, said } from './tools.ts';

/**
 * Has pip on the runner fetch a wheel for each of these, by digest, into a fresh `directory`. Returns its refusal, in a
 * sentence, as text.
 */
export async function download(
  pins: Pin[],
  target: Target,
  directory: string,
  { options, environment }: { options: string[]; environment: Record<string, string> },
): Promise<Wheel[] | string> {
  const list = `${directory}.txt`;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory);
  await writeFile(list, writePins(pins, options));
  const ended = await runTool(
    [
      ...['python3', '-m', 'pip', 'download', '--no-deps', '--only-binary', ':all:', '--require-hashes'],
      ...['--dest', directory, '--progress-bar', 'off', '--no-input', '--disable-pip-version-check'],
      // All that decides about a wheel is said: left to itself, pip would ask the runner's Python.
      ...['--implementation', 'cp', '--python-version', target.python, '--abi', target.abi],
      ...target.tags.flatMap((tag) => ['--platform', tag]),
      ...['--requirement', list],
    ],
    environment,
    'Add actions/setup-python to the job, before this action.',
    // Python looks for pip, and for all that it imports, where it stands first: not among the files of a repository.
    directory,
  );
  if (ended.code === 0) return wheelsIn(directory, pins);
  const missing = /No matching distribution found for (\S+)/.exec(ended.stderr)?.[1];
  if (missing === undefined) return `pip on the runner could not fetch the packages: ${said(ended)}`;
  return `There is no wheel of ${missing} for Python ${target.python} (${target.abi}) on ${target.platform}, and nothing is built.`;
}

/** The wheels in a directory: one for each pin, with one of its digests, and nothing else. Throws an Error that says why not. */
export async function wheelsIn(directory: string, pins: Pin[]): Promise<Wheel[]> {
  const missing = new Map(pins.map((pin) => [pin.name, pin]));
  const wheels: Wheel[] = [];
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const [distribution = '', version = ''] = /^\w[\w.+-]{0,195}\.whl$/.test(name) ? name.split('-') : [];
    const pin = missing.get(canonicalName(distribution));
    const status = await lstat(path);
    if (pin === undefined || !status.isFile() || !isVersion(version, pin.version)) {
      throw new Error(`${shown(name)} is none of the wheels that are wanted.`);
    }
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    if (!pin.digests.includes(hash.digest('hex')))
      throw new Error(`${shown(name)} has not the digest that its index says.`);
    missing.delete(pin.name);
    wheels.push({ name, path, size: status.size });
  }
  if (missing.size > 0) throw new Error(`There is no wheel of ${[...missing.keys()].join(', ')}.`);
  return wheels;
}
