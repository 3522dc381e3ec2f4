import type { RunResult, StepReport } from './result.ts';
import { clip, duration, oneLine } from './text.ts';

const LONGEST_LABEL = 60;
// Seconds between two marks of the axis. Each divides a minute or an hour, so the marks are even in every time zone.
const TICKS: [seconds: number, interval: string][] = [
  [1, '1second'],
  [2, '2second'],
  [5, '5second'],
  [10, '10second'],
  [15, '15second'],
  [30, '30second'],
  [60, '1minute'],
  [300, '5minute'],
  [900, '15minute'],
  [3600, '1hour'],
];

/**
 * The steps as the lines of a Mermaid gantt chart: what users noticed, the runner's steps, the host's steps. Grey is done,
 * red failed (and the time without the hub), the strong colour undone.
 */
export function timeline(result: RunResult, most: number): string[] {
  const bars = result.steps.slice(0, most).map((step, index) => ({ step, number: index + 1 }));
  const ends = bars.map(({ step }) => time(step.startedAt) + time(step.seconds));
  const side = (name: StepReport['side']) => bars.filter(({ step }) => step.side === name);
  const section = (name: string, lines: string[]) => (lines.length === 0 ? [] : [`  section ${name}`, ...lines]);
  const { downtime } = result;
  return [
    'gantt',
    '  title Seconds since the start of the run',
    // Milliseconds since the start of the run, shown in seconds: a time of day would depend on the reader's time zone.
    '  dateFormat x',
    '  axisFormat %s s',
    `  tickInterval ${tick(Math.max(...ends) / 1000)}`,
    '  todayMarker off',
    ...section('Users', downtime === undefined ? [] : [bar('Without the hub', 'crit', downtime)]),
    ...section('Runner', side('runner').map(stepBar)),
    ...section('Host', side('host').map(stepBar)),
  ];
}

function stepBar({ step, number }: { step: StepReport; number: number }): string {
  const tags = { done: 'done', skipped: 'done', failed: 'crit', undone: 'active', 'undo-failed': 'crit' } as const;
  const suffix = step.outcome === 'done' || step.outcome === 'undone' ? '' : `, ${step.outcome.replace('-', ' ')}`;
  // The number in front keeps a title that begins with a word of Mermaid's from being read as one.
  return bar(`${number}. ${step.title}${suffix}`, tags[step.outcome], step);
}

function bar(label: string, tag: string, span: { startedAt: number; seconds: number }): string {
  const plain = oneLine(label, LONGEST_LABEL * 2).replaceAll(/[^\p{L}\p{N} .,()/-]/gu, ' ');
  const shown = `${clip(plain.replaceAll(/ +/g, ' ').trim(), LONGEST_LABEL)} ${duration(span.seconds)}`;
  return `    ${shown.replaceAll('…', '..')} :${tag}, ${time(span.startedAt)}, ${Math.max(1, time(span.seconds))}ms`;
}

/** Seconds as whole milliseconds, within a year: the chart must be drawn whatever a clock said. */
function time(seconds: number): number {
  return Number.isFinite(seconds) ? Math.round(Math.min(Math.max(seconds, 0), 31_536_000) * 1000) : 0;
}

function tick(seconds: number): string {
  const fitting = TICKS.find(([every]) => seconds / every <= 12) ?? TICKS.at(-1);
  return fitting?.[1] ?? '1hour';
}
