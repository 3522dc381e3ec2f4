import { RESOLUTION } from '../host/programs.ts';
import { readFacts } from '../hub/discovery.ts';
import { cannotInstall } from '../hub/environments/index.ts';
import { NOT_RESOLVED, type Resolution, readResolution, resolutionParameters } from '../hub/environments/resolution.ts';
import type { Facts } from '../hub/facts.ts';
import { missingPython } from '../hub/releases.ts';
import { targetOf } from '../transaction/plan.ts';
import { asTrouble } from './discover.ts';
import type { Run } from './run.ts';

/** Asks the package manager of the hub's environment, or the runner, what the upgrade would change there. Nothing is changed. */
export async function resolve(run: Run, facts: Facts): Promise<Resolution> {
  const { inputs, link, log, signal } = run;
  const to = targetOf(inputs, facts);
  const isOwner = facts.uid === 0 || facts.uid === facts.environment.uid;
  // What stands in the way already is said without an answer.
  if (to === facts.version || !isOwner || missingPython(to, facts.python) !== undefined) return NOT_RESOLVED;
  if (cannotInstall(facts, inputs).length > 0) return NOT_RESOLVED;
  return log.step('resolve', 'Ask what would be installed', async () => {
    if (inputs.packages.from === 'runner') {
      const { resolveOnRunner } = await import('../wheels/index.ts');
      return resolveOnRunner(facts, inputs, to, run);
    }
    const output = await link
      .again(() =>
        link.run({
          script: 'resolve.sh',
          programs: RESOLUTION,
          parameters: resolutionParameters(facts, inputs, to),
          onLine: (line) => log.remote(line),
          timeoutMs: 10 * 60_000,
          signal,
        }),
      )
      .catch((error) => {
        throw asTrouble(error, 'resolve', 'Look at the lines above, and run the job again.');
      });
    return readResolution(readFacts(output), facts, inputs, to);
  });
}
