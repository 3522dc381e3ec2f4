import { aimsOf, type Figures, isMet, medianSeconds } from './aims.ts';
import { type Outage, WAYS, type Way } from './downtime.ts';
import { ADDED_MS, DISTANCES, type Distance } from './latency.ts';
import { PROGRAMS, type Program } from './start-up.ts';
import { median } from './statistics.ts';
import { FROM, SUBJECT, TO } from './subject.ts';
import { table } from './table.ts';

/** Under what the figures were taken. */
export interface Circumstances {
  /** What was measured: a commit, and whether the tree differed from it. */
  commit: string;
  /** ISO 8601, the day. */
  date: string;
  command: string;
  machine: string;
}

const WAY: Record<Way, string> = {
  action: 'this action',
  'in-place': 'this action, in place',
  guide: 'the guide, by a script over SSH',
  floor: 'the floor',
};
const PROGRAM: Record<Program, string> = { bundle: 'the bundle, refusing empty inputs', node: '`node -e 0`' };
const DISTANCE: Record<Distance, string> = { near: 'as it is', far: `with ${ADDED_MS} ms added` };

/** The figures for people, in Markdown. */
export function render(figures: Figures, circumstances: Circumstances): string {
  const { commit, date, command, machine } = circumstances;
  const { downtime, startUp, latency } = figures;
  const parts = [
    `# Benchmarks

Written by \`${command}\` at commit ${commit} on ${date}, on ${machine}. The machine was shared with other
work, its load (runnable processes, averaged over a minute) is given: times are only comparable within a run, where
all kinds took turns. Ratios are those of medians unless said otherwise.`,
    renderAims(figures),
    downtime && renderDowntime(downtime),
    startUp && renderStartUp(startUp),
    latency && renderLatency(latency),
  ];
  return `${parts.filter((part) => part !== undefined).join('\n\n')}\n`;
}

function renderAims(figures: Figures): string {
  const rows = aimsOf(figures).map((aim) => {
    const show = (value: number) => (aim.unit === 's' ? `${value.toFixed(1)} s` : `${value.toFixed(2)} ×`);
    return [aim.text, show(aim.measured), `≤ ${show(aim.atMost)}`, isMet(aim) ? 'yes' : '**no**'];
  });
  return table(['', 'measured', 'aim', 'reached'], rows);
}

function renderDowntime(downtime: Record<Way, Outage[]>): string {
  const rows = WAYS.map((way) => [
    WAY[way],
    ...downtime[way].map(({ seconds }) => seconds.toFixed(1)),
    Math.min(...downtime[way].map(({ seconds }) => seconds)).toFixed(1),
    medianSeconds(downtime[way]).toFixed(1),
    range(downtime[way].map(({ load }) => load)),
  ]);
  const told = downtime.action.map(({ told }) => told?.seconds.toFixed(1) ?? '');
  rows.splice(1, 0, ['its output `downtime-seconds`', ...told, '', '', '']);
  return `## Downtime

Seconds for which a probe (10 Hz, at the public \`/hub/api/\`) got no good answer during an upgrade ${FROM} → ${TO} of a
hub with ${SUBJECT}. The guide is stop, copy of the database,
\`pip install -U\`, \`upgrade-db\`, start, in one \`ssh host 'bash -s'\`. The floor is stop, \`upgrade-db\` and start alone:
the new environment is there already and is put in place by two renames. In place, on a host that allows no private mount,
the action installs during the downtime what it fetched before.

${table(['seconds', ...numbers(downtime.action), 'minimum', 'median', 'load'], rows)}

Where the downtime of the action goes, medians in seconds by its own journal:

${table(['step', 'staged', 'in place'], steps(downtime.action, downtime['in-place']))}`;
}

const STEPS = ['stop', 'snapshot', 'switch', 'install', 'migrate', 'start'];

/** The steps of the downtime; what is left of it is the new hub's way to its first answer. */
function steps(...kinds: Outage[][]): string[][] {
  const told = kinds.map((outages) => outages.flatMap(({ told }) => told ?? []));
  const shown = (values: (number | undefined)[]) => {
    const known = values.filter((value) => value !== undefined);
    return known.length === 0 ? '' : median(known).toFixed(2);
  };
  const rest = told.map((kind) =>
    shown(kind.map(({ seconds, steps }) => STEPS.reduce((left, step) => left - (steps[step] ?? 0), seconds))),
  );
  return [
    ...STEPS.map((step) => [step, ...told.map((kind) => shown(kind.map(({ steps }) => steps[step])))]),
    ['until it answers', ...rest],
  ];
}

function renderStartUp(startUp: Record<Program, number[]>): string {
  const rows = PROGRAMS.map((program) => {
    const values = startUp[program];
    return [PROGRAM[program], Math.min(...values).toFixed(0), median(values).toFixed(0)];
  });
  return `## Start-up

Milliseconds of a whole process, ${startUp.node.length} runs each.

${table(['', 'minimum', 'median'], rows)}`;
}

function renderLatency(latency: NonNullable<Figures['latency']>): string {
  const row = (title: string, values: number[], load: string) => [
    title,
    ...values.map((value) => value.toFixed(1)),
    Math.min(...values).toFixed(1),
    median(values).toFixed(1),
    load,
  ];
  const rows = DISTANCES.flatMap((distance) => {
    const runs = latency[distance];
    const load = range(runs.map((run) => run.load));
    return [
      row(
        `${DISTANCE[distance]}, in all`,
        runs.map(({ seconds }) => seconds),
        load,
      ),
      row(
        `${DISTANCE[distance]}, less the host's own steps`,
        runs.map(({ waiting }) => waiting),
        '',
      ),
    ];
  });
  return `## Latency

Seconds of a whole upgrade of such a hub over a network link whose packets take ${ADDED_MS / 2} ms longer each way: two
network devices and a network namespace, so TCP behaves as on a long line. Only the SSH connection goes over it. The
steps that the host does by itself (preparing the environment, stop to verify) take as long over any link; without them
other work on the machine and a package index do not hide what the link costs.

${table(['seconds', ...numbers(latency.near), 'minimum', 'median', 'load'], rows)}`;
}

/** Titles of the columns of single runs. */
function numbers(runs: unknown[]): string[] {
  return runs.map((_, index) => String(index + 1));
}

function range(values: number[]): string {
  return `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
}
