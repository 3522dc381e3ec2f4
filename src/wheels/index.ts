import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UpgradeError } from '../errors.ts';
import { nameIn, type Resolution, resolvedTo, type Wheel } from '../hub/environments/resolution.ts';
import { type Target, wheelTarget } from '../hub/environments/target.ts';
import type { Facts } from '../hub/facts.ts';
import { changesTo } from '../hub/packages.ts';
import type { Inputs } from '../inputs.ts';
import type { Log } from '../report/log.ts';
import { count, size } from '../report/text.ts';
import type { RunContext } from '../run-context.ts';
import { readArchive, writeArchive } from './archive.ts';
import { fromCache, intoCache } from './cache.ts';
import { download, wheelsIn } from './fetch.ts';
import { changing, isVersion, type Pin, readPins } from './pins.ts';
import { resolveFor } from './resolve.ts';

/** What the runner works with. */
export interface Runner {
  context: RunContext;
  log: Log;
}

/**
 * What the upgrade to `version` changes, resolved on the runner for the hub's Python and platform, and the wheels that have
 * it. The digests are of the index, asked now: a cache only saves the download.
 */
export async function resolveOnRunner(
  facts: Facts,
  inputs: Inputs,
  version: string,
  runner: Runner,
): Promise<Resolution> {
  const { constraints, extra, requireHashes } = inputs.packages;
  const { installed } = facts.environment;
  const refused = (sentence: string): Resolution => ({ warnings: [], blockers: [sentence] });
  const target = wheelTarget(facts.environment);
  if (typeof target === 'string') return refused(target);
  const directory = await mkdtemp(join(runner.context.tempDir, 'jupyterhub-upgrade-packages-'));
  const asked = await resolveFor(
    target,
    {
      wanted: requireHashes ? (constraints?.text ?? '') : [`jupyterhub==${version}`, ...extra, ''].join('\n'),
      constraints: requireHashes ? undefined : constraints?.text,
      installed,
      upgraded: extra.map((each) => nameIn(each)),
      isWhole: requireHashes,
    },
    { directory, environment: environmentOf(runner.context) },
  );
  if (typeof asked === 'string') return refused(asked);
  const pins = requireHashes ? withDigestsOf(constraints?.text ?? '', asked.pins) : asked.pins;
  const changed = changing(pins, installed);
  const resolution = resolvedTo(changesTo(changed, installed), facts, inputs, version);
  if (resolution.blockers.length > 0) return resolution;
  const wheels = await wheelsFor(changed, version, target, { ...runner, directory, options: asked.options });
  return typeof wheels === 'string' ? refused(wheels) : { ...resolution, wheels };
}

/** The newest release that the runner's index has for the hub's Python. Throws UpgradeError that says why none. */
export async function newestOnRunner(facts: Facts, { context }: Runner): Promise<string[]> {
  const refused = (sentence: string) =>
    new UpgradeError(sentence, {
      ...{ step: 'discover', hub: 'Nothing was touched.' },
      next: 'Mend what is said above and run the job again, or give target-version.',
    });
  const target = wheelTarget(facts.environment);
  if (typeof target === 'string') throw refused(target);
  const directory = await mkdtemp(join(context.tempDir, 'jupyterhub-upgrade-packages-'));
  const question = { wanted: 'jupyterhub\n', installed: [], upgraded: [], isWhole: true };
  const asked = await resolveFor(target, question, { directory, environment: environmentOf(context) });
  await rm(directory, { recursive: true });
  if (typeof asked === 'string') throw refused(asked);
  return asked.pins.flatMap(({ name, version }) => (name === 'jupyterhub' ? [version] : []));
}

function environmentOf({ environment }: RunContext): Record<string, string> {
  return { ...environment, UV_NO_PROGRESS: '1' };
}

/** The pins with the digests of a list that somebody wrote, which count, not those of the index. */
function withDigestsOf(list: string, pins: Pin[]): Pin[] {
  const listed = readPins(list).pins;
  const digestsOf = ({ name, version }: Pin) =>
    listed.flatMap((each) => (each.name === name && isVersion(each.version, version) ? each.digests : []));
  return pins.map((pin) => ({ ...pin, digests: digestsOf(pin) }));
}

/** What the same packages for the same Python and platform have in common, whichever hub they are for. */
export function cacheKey(version: string, { abi, platform }: Target, pins: Pin[]): string {
  const list = pins.map(({ name, version: its, digests }) => [name, its, [...digests].sort()]);
  const digest = createHash('sha256').update(JSON.stringify(list.sort())).digest('hex').slice(0, 32);
  return `jupyterhub-upgrade-wheels-${version}-${abi}-${platform}-${digest}`;
}

/** The wheels of these packages, of the cache or else of the index; or why there are none, in a sentence. */
async function wheelsFor(
  pins: Pin[],
  version: string,
  target: Target,
  { context, log, directory, options }: Runner & { directory: string; options: string[] },
): Promise<Wheel[] | string> {
  const key = cacheKey(version, target, pins);
  const place = { workspace: context.environment.GITHUB_WORKSPACE ?? process.cwd(), directory };
  const kept = join(directory, 'kept');
  const archive = await fromCache(key, place, log);
  if (archive !== undefined) {
    try {
      await readArchive(archive, kept);
      const wheels = await wheelsIn(kept, pins);
      log.info(`${what(wheels)} in GitHub's cache (${key}), with the digests of the index: nothing is downloaded.`);
      return wheels;
    } catch (error) {
      log.warning(
        'Packages',
        `What GitHub's cache has as ${key} is thrown away: ${messageOf(error)} It is fetched again.`,
      );
    } finally {
      await rm(archive, { force: true });
    }
  }
  const wheels = await download(pins, target, join(directory, 'wheels'), {
    options,
    environment: environmentOf(context),
  });
  if (typeof wheels === 'string') return wheels;
  log.info(`${what(wheels)} fetched, with the digests of the index.`);
  if (archive === undefined) {
    await writeArchive(wheels, join(directory, 'wheels.tar'));
    await intoCache(key, join(directory, 'wheels.tar'), place, log);
  }
  return wheels;
}

function what(wheels: Wheel[]): string {
  return `${count(wheels.length, 'wheel')}, ${size(wheels.reduce((sum, each) => sum + each.size, 0))},`;
}
