import { parseArgs } from 'node:util';
import { aimsOf, type Figures, isMet } from './ratios/aims.ts';
import { circumstances, writeSection } from './ratios/document.ts';
import { measureDowntime } from './ratios/downtime.ts';
import { measureLatency } from './ratios/latency.ts';
import { missingForLink } from './ratios/link.ts';
import { render } from './ratios/report.ts';
import { measureStartUp } from './ratios/start-up.ts';

const usage = `usage: script/bench [--rounds 3] [--only downtime|start-up|latency]... [--write] [--no-fail]

Measures what is promised of speed, and prints it. Takes about four minutes a round, and root for the latency.
  --rounds   how often each kind of upgrade is measured, in turn with the others
  --only     one part; can be given more than once
  --write    writes docs/benchmarks.md, too
  --no-fail  exit status 0 even when an aim is missed
`;

const PARTS = ['downtime', 'start-up', 'latency'];
/** A process starts in a moment, so it is measured more often. */
const START_UP_RUNS = 15;

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort(new Error(signal)));
const say = (line: string) => process.stderr.write(`${line}\n`);

try {
  const { rounds, parts, write, mayFail } = parse(process.argv.slice(2));
  if (parts.includes('latency')) await assertLink();
  const under = await circumstances('script/bench');
  const figures = await measure(rounds, parts);
  const text = render(figures, under);
  process.stdout.write(text);
  if (write) await writeSection('script/bench', text);
  process.exitCode = mayFail || aimsOf(figures).every(isMet) ? 0 : 1;
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
process.exit();

function parse(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', multiple: true, default: PARTS },
      write: { type: 'boolean', default: false },
      'no-fail': { type: 'boolean', default: false },
    },
  });
  const { only: parts, write, 'no-fail': mayFail } = values;
  const rounds = Number(values.rounds);
  const isSound = Number.isInteger(rounds) && rounds > 0 && parts.every((part) => PARTS.includes(part));
  // Half a report would take the place of a whole one.
  if (!isSound || (write && parts !== PARTS)) throw new Error(usage);
  return { rounds, parts, write, mayFail };
}

async function measure(rounds: number, parts: string[]): Promise<Figures> {
  const { signal } = interrupted;
  const figures: Figures = {};
  if (parts.includes('start-up')) figures.startUp = await measureStartUp(START_UP_RUNS);
  if (parts.includes('downtime')) figures.downtime = await measureDowntime(rounds, signal, say);
  if (parts.includes('latency')) figures.latency = await measureLatency(rounds, signal, say);
  return figures;
}

async function assertLink(): Promise<void> {
  const missing = await missingForLink();
  if (missing.length > 0) {
    const advice = 'The other parts: script/bench --only downtime --only start-up';
    throw new Error(`This machine lacks for a delayed link:\n${missing.join('\n')}\n${advice}`);
  }
}
