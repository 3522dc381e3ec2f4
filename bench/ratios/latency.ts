import { loadavg } from 'node:os';
import { startLink } from './link.ts';
import { interleave } from './statistics.ts';
import { withSubject } from './subject.ts';
import { byAction } from './ways.ts';

/** Milliseconds of round trip that are added. */
export const ADDED_MS = 100;

export const DISTANCES = ['near', 'far'] as const;

export type Distance = (typeof DISTANCES)[number];

/** A whole upgrade. */
export interface Journey {
  /** Of the action's main step. */
  seconds: number;
  /** Of these, outside of what the host does by itself: all that a link can lengthen. */
  waiting: number;
  load: number;
}

/** Steps that the host does without the runner, as fast over any link. The runner works beside `stage`, too. */
const ALONE = ['stage', 'rehearse', 'announce', 'stop', 'snapshot', 'switch', 'migrate', 'start', 'verify'];

/** Upgrades a hub of its own over a link without and with an added round trip in turn, `rounds` times. For root. */
export function measureLatency(
  rounds: number,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Record<Distance, Journey[]>> {
  return interleave(DISTANCES, rounds, async (distance, round) => {
    const journey = await measureOnce(distance === 'far' ? ADDED_MS : 0, signal);
    const [seconds, waiting] = [journey.seconds.toFixed(1), journey.waiting.toFixed(1)];
    say(
      `latency ${round}/${rounds} ${distance}: ${seconds} s, of it ${waiting} s waiting (load ${journey.load.toFixed(1)})`,
    );
    return journey;
  });
}

/** Only the SSH connection goes over the link: the runner stands at its near end, sshd listens at its far end. */
async function measureOnce(roundTripMs: number, signal: AbortSignal): Promise<Journey> {
  const link = await startLink(roundTripMs);
  try {
    return await withSubject(
      async (hub) => {
        signal.throwIfAborted();
        const [load = 0] = loadavg();
        const { seconds, steps } = await byAction(hub, signal, link.near);
        return { seconds, waiting: ALONE.reduce((left, step) => left - (steps[step] ?? 0), seconds), load };
      },
      { sshAddress: link.address },
    );
  } finally {
    await link.close();
  }
}
