import type { Outage, Way } from './downtime.ts';
import type { Distance, Journey } from './latency.ts';
import type { Program } from './start-up.ts';
import { median } from './statistics.ts';

/** What was measured; a part that was left out is absent. */
export interface Figures {
  downtime?: Record<Way, Outage[]>;
  /** Milliseconds. */
  startUp?: Record<Program, number[]>;
  latency?: Record<Distance, Journey[]>;
}

/** What is promised, and what was measured of it. */
export interface Aim {
  text: string;
  measured: number;
  atMost: number;
  unit: '×' | 's';
}

/** The aims that the figures say something about. */
export function aimsOf({ downtime, startUp, latency }: Figures): Aim[] {
  const aims: Aim[] = [];
  if (downtime) {
    const [action, guide, floor] = [downtime.action, downtime.guide, downtime.floor].map(medianSeconds) as Triple;
    const told = downtime.action.map(({ seconds, told }) => Math.abs(seconds - (told?.seconds ?? Number.NaN)));
    // Either may be the greater.
    const factors = downtime.action.map(({ told }) => {
      const factor = (told?.expected ?? Number.NaN) / (told?.seconds ?? Number.NaN);
      return Math.max(factor, 1 / factor);
    });
    aims.push(
      { text: 'downtime by the action / the floor', measured: action / floor, atMost: 1.3, unit: '×' },
      { text: 'downtime by the action / by the guide', measured: action / guide, atMost: 0.55, unit: '×' },
      { text: '`downtime-seconds` and the probe differ by', measured: Math.max(...told), atMost: 2, unit: 's' },
      {
        text: 'expected by the rehearsal / `downtime-seconds`',
        measured: Math.max(...factors),
        atMost: 1.5,
        unit: '×',
      },
    );
  }
  if (startUp) {
    const { bundle, node } = startUp;
    aims.push(
      {
        text: 'refusing bad input / bare node, medians',
        measured: median(bundle) / median(node),
        atMost: 3,
        unit: '×',
      },
      {
        text: 'refusing bad input / bare node, minima',
        measured: Math.min(...bundle) / Math.min(...node),
        atMost: 3,
        unit: '×',
      },
    );
  }
  if (latency) {
    // The difference of whole upgrades is the same, but a package index and a loaded machine shake it by more than that.
    const [near, far] = [latency.near, latency.far].map((runs) =>
      Math.min(...runs.map(({ waiting }) => waiting)),
    ) as Pair;
    aims.push({
      text: 'a whole upgrade with the added round trip takes longer by (minima)',
      measured: far - near,
      atMost: 5,
      unit: 's',
    });
  }
  return aims;
}

/** Whether the aim is reached; a figure that is missing reaches none. */
export function isMet({ measured, atMost }: Aim): boolean {
  return measured <= atMost;
}

export function medianSeconds(runs: { seconds: number }[]): number {
  return median(runs.map(({ seconds }) => seconds));
}

type Pair = [number, number];
type Triple = [number, number, number];
