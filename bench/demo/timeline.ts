import { duration } from '../../src/report/text.ts';

/** A step as the output `result` has it; seconds since the start of the run. */
export interface TimedStep {
  title: string;
  side: 'runner' | 'host';
  startedAt: number;
  seconds: number;
  outcome: string;
}

const BARS = 40;

/** The steps of a run as lines with bars, the time without the hub first. */
export function timelineLines(steps: TimedStep[], downtime?: { startedAt: number; seconds: number }): string[] {
  const all = [
    ...(downtime ? [{ ...downtime, side: 'users', title: 'without the hub', outcome: 'down' }] : []),
    ...steps,
  ];
  const total = Math.max(1, ...all.map(({ startedAt, seconds }) => startedAt + seconds));
  return all.map(({ side, title, outcome, startedAt, seconds }) => {
    const from = Math.min(BARS - 1, Math.floor((startedAt / total) * BARS));
    const to = Math.max(from + 1, Math.round(((startedAt + seconds) / total) * BARS));
    const bar = ' '.repeat(from) + (outcome === 'down' ? '▓' : '━').repeat(to - from);
    const end = outcome === 'done' || outcome === 'down' ? '' : ` ${outcome}`;
    return `${side.padEnd(7)} ${title.slice(0, 46).padEnd(47)}${duration(seconds).padStart(11)}  ${bar}${end}`;
  });
}
