import type { Facts } from '../hub/facts.ts';
import type { Inputs } from '../inputs.ts';

/** A step of the job on the host. Its verb is in src/host/steps.sh. */
export interface Step {
  name: string;
  title: string;
  /** Seconds after which the host ends it and goes back. */
  limit: number;
  /** Seconds that its way back has; what takes longer has failed. */
  undoLimit: number;
}

/** How long a hub is given to answer after its start, in seconds. A stop can take a minute, an old unit waits 90 s. */
const START_LIMIT = 120;

/** A way back is not given up easily: that of `stop` waits half an hour for a database, starts the hub and looks at it. */
const UNDO_LIMIT = 3600;
/** A large database is put back, several times if need be. */
const UNDO_SNAPSHOT_LIMIT = 4 * 3600;

/** These steps of a job, in this order. */
export function stepsOf(inputs: Inputs, facts: Facts, names: string[]): Step[] {
  const all = allSteps(inputs, facts);
  return names.flatMap((name) => all[name] ?? []);
}

/** All steps a job can have, with the seconds after which the host ends one and goes back. */
function allSteps(inputs: Inputs, facts: Facts): Record<string, Step> {
  const stop = Math.max(150, seconds(facts.service.properties.TimeoutStopUSec ?? '') + 60);
  const undo: Record<string, number> = { snapshot: UNDO_SNAPSHOT_LIMIT, start: UNDO_LIMIT + stop };
  const titles: [name: string, limit: number, title: string][] = [
    ['stage', 3600, 'Prepare the environment beside the running hub'],
    ['rehearse', 3600, 'Rehearse the upgrade on a copy'],
    ['hold', 3600, 'Wait for the backup to be proven'],
    ['inspect', 600, 'Look into the backup'],
    ['announce', inputs.notify.leadTime + 120, 'Tell the users'],
    ['stop', stop, 'Stop the hub'],
    ['snapshot', 1800, 'Set the database aside'],
    ['switch', 120, 'Switch the environment'],
    ['install', 1800, 'Install the packages'],
    ['migrate', 3600, 'Migrate the database'],
    ['load', 1800, 'Put the backup in place'],
    ['start', START_LIMIT + 30, 'Start the hub'],
    ['verify', START_LIMIT + 120 + (inputs.verify.canaryUser === undefined ? 0 : 300), 'Verify the hub from its host'],
    ['confirm', inputs.confirmTimeout + 30, 'Verify the hub from outside'],
  ];
  const steps = titles.map(([name, limit, title]) => ({ name, title, limit, undoLimit: undo[name] ?? UNDO_LIMIT }));
  return Object.fromEntries(steps.map((step) => [step.name, step]));
}

/** A time span as `systemctl show` prints it, `1h 2min 30s`, in seconds; an hour for one without an end, 90 s for none. */
function seconds(span: string): number {
  if (span === 'infinity') return 3600;
  const parts = [...span.matchAll(/(\d+)(h|min|s)\b/g)];
  const factors: Record<string, number> = { h: 3600, min: 60, s: 1 };
  return parts.length === 0
    ? 90
    : parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (factors[unit] ?? 0), 0);
}

/** The steps, for the host programs. */
export function stepParameters(steps: Step[]): Record<string, string> {
  return {
    STEPS: steps.map(({ name }) => name).join(' '),
    ...Object.fromEntries(
      steps.flatMap(({ name, limit, undoLimit }) => [
        [`LIMIT_${name.toUpperCase()}`, String(limit)],
        [`LIMIT_UNDO_${name.toUpperCase()}`, String(undoLimit)],
      ]),
    ),
  };
}
