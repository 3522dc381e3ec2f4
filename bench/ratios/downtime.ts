import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { run, until } from '../hub/run.ts';
import { startProbe } from '../probe.ts';
import { interleave } from './statistics.ts';
import { isUpgraded, TO, withSubject } from './subject.ts';
import { byAction, byFloor, byGuide, forbidMounts, prepareFloor } from './ways.ts';

export const WAYS = ['action', 'in-place', 'guide', 'floor'] as const;

export type Way = (typeof WAYS)[number];

/** One upgrade, seen from outside. */
export interface Outage {
  /** Seconds for which the probe got no good answer. */
  seconds: number;
  /** The machine's load when it began. */
  load: number;
  /** Of the action, staged or in place: its output `downtime-seconds`, what its rehearsal expected, and the seconds of its steps. */
  told?: { seconds: number; expected?: number; steps: Record<string, number> };
}

/** Upgrades a hub of its own by each way in turn, `rounds` times, watched by a probe at its public address. */
export function measureDowntime(
  rounds: number,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Record<Way, Outage[]>> {
  return interleave(WAYS, rounds, async (way, round) => {
    const outage = await measureOnce(way, signal);
    const told = outage.told
      ? `, downtime-seconds ${outage.told.seconds}, expected ${outage.told.expected ?? 'nothing'}`
      : '';
    say(`downtime ${round}/${rounds} ${way}: ${outage.seconds.toFixed(1)} s${told} (load ${outage.load.toFixed(1)})`);
    return outage;
  });
}

function measureOnce(way: Way, signal: AbortSignal): Promise<Outage> {
  const options = { ownTools: way === 'in-place' };
  return withSubject(async (hub) => {
    if (way === 'floor') await prepareFloor(hub);
    if (way === 'in-place') await forbidMounts(hub);
    signal.throwIfAborted();
    await run('sync', []); // else the disk is still busy with the environment that was copied last
    const [load = 0] = loadavg();
    const probe = startProbe(hub.url);
    let told: Outage['told'];
    try {
      if (way === 'action' || way === 'in-place') {
        const { downtimeSeconds, expectedSeconds, steps } = await byAction(hub, signal);
        told = {
          seconds: downtimeSeconds,
          steps,
          ...(expectedSeconds === undefined ? {} : { expected: expectedSeconds }),
        };
      } else if (way === 'guide') await byGuide(hub, signal);
      else await byFloor(hub, signal);
      await until(`the hub does not answer as JupyterHub ${TO}`, 120, async () => {
        signal.throwIfAborted();
        return (await isUpgraded(hub)) || delay(300, false);
      });
    } finally {
      await probe.stop();
    }
    const { seconds, down } = await probe.stop();
    if (down.length === 0) throw new Error(`the probe saw no downtime at all in an upgrade by the ${way}`);
    return { seconds, load, ...(told ? { told } : {}) };
  }, options);
}
