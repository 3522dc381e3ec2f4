import type { Database, Flavour } from './scene.ts';

/** One cell of the matrix: at this point of an upgrade, that fault. Written as `<point>:<fault>`. */
export interface Cell {
  flavour: Flavour;
  database: Database;
  /** `<before|after> <event> <step>` of the journal; `runner <step>` for a step of the runner; `-` for the whole run. */
  point: string;
  fault: string;
}

const KINDS: { flavour: Flavour; database: Database }[] = [
  { flavour: 'light', database: 'sqlite' },
  { flavour: 'light', database: 'postgresql' },
  { flavour: 'machine', database: 'sqlite' },
  { flavour: 'machine', database: 'postgresql' },
];

export const STEPS = [
  'stage',
  'hold',
  'announce',
  'stop',
  'snapshot',
  'switch',
  'migrate',
  'start',
  'verify',
  'confirm',
];

/** Every place of a whole upgrade. */
const forward = [
  'after open -',
  ...STEPS.flatMap((step) => [
    ...[`before begin ${step}`, `after begin ${step}`, `after session ${step}`],
    ...[`before done ${step}`, `after done ${step}`],
  ]),
  ...['before decision -', 'after decision -', 'before verdict -', 'after verdict -'],
];

/** Every place of a way back that the runner asks for, once the host has verified the new hub. */
const back = STEPS.toReversed().flatMap((step) => [
  ...[`before undo ${step}`, `after undo ${step}`, `before undone ${step}`, `after undone ${step}`],
]);

const runner = [
  'connect',
  'discover',
  'plan',
  'begin',
  'backup',
  'upload',
  'prove',
  'stop',
  'migrate',
  'verify',
  'confirm',
];

/** Faults that come at a point of the host: where each is possible. */
const atPoint: Record<string, (point: string, flavour: Flavour) => boolean> = {
  // The executor is killed; a line it was about to write is not written.
  executor: () => true,
  // What the step itself does is killed.
  child: (point) => /session/.test(point),
  // The executor, its watchdog, the step and the runner are killed: the next run finishes.
  everything: (point, flavour) => flavour === 'light' && !/open|verdict/.test(point),
  power: (point, flavour) => flavour === 'machine' && !/open/.test(point),
  // The host is shut down in order, and booted again.
  shutdown: (point, flavour) => flavour === 'machine' && !/open/.test(point),
  // The power goes and the runner with it.
  outage: (point, flavour) => flavour === 'machine' && !/open/.test(point),
  // A job whose runner went before it said go waits for an hour, and then goes back.
  runner: (point) => !/open|stage|(begin|session|before done) hold$/.test(point) || /undo/.test(point),
  cancel: () => true,
  reset: () => true,
  silence: (point) => /^after (begin|session) (hold|stop|migrate|verify|confirm)$/.test(point),
  // Nothing gets through, not even that it is cancelled: the runner is killed in the end, and its post comes later.
  'silent cancel': (point) => /^after (begin|session) (hold|migrate|verify|confirm)$/.test(point),
  hang: (point) => /^after session (stop|snapshot|switch|migrate|start|verify)$/.test(point),
  // Not a byte is left on one of the host's file systems.
  'full state': isAtWork,
  'full database': isAtWork,
  'full environment': isAtWork,
  // An admin starts the hub in the middle.
  start: (point, flavour) =>
    flavour === 'machine'
      ? /(begin|session|done) (snapshot|switch|migrate)$|done stop$|undo (migrate|switch|snapshot)$/.test(point)
      : /^after done (stop|migrate)$/.test(point),
  second: (point) => /^after (begin|done) /.test(point),
};

/** Faults that are not of a point. */
const ofRun = [
  ...['crash at start', 'crash after 5 s', 'crash after login', 'no stop', 'foreign lock'],
  ...['artifact create', 'artifact upload', 'artifact finalize', 'artifact list'],
];

function isAtWork(point: string, flavour: Flavour): boolean {
  return (
    flavour === 'machine' &&
    /^after (begin (stage|stop|snapshot|switch|migrate|start|verify)|undo (start|snapshot))$/.test(point)
  );
}

/** Whether the runner has to say no for an upgrade to come to that point. */
export function isOnWayBack(point: string): boolean {
  return back.includes(point);
}

/** Whether a cell can be played without a runner: see host-part.ts. */
export function hasHostPart({ flavour, point, fault }: Cell): boolean {
  const isLater = isOnWayBack(point) || !/^-|runner|open| (stage|hold)$/.test(point);
  return flavour === 'light' && isLater && ['executor', 'everything', 'child'].includes(fault);
}

export function allCells(): Cell[] {
  return KINDS.flatMap((kind) => [
    ...Object.entries(atPoint).flatMap(([fault, applies]) =>
      [...forward, ...back]
        // A server's files are not the hub's.
        .filter((point) => applies(point, kind.flavour) && !(fault === 'full database' && kind.database !== 'sqlite'))
        .map((point) => ({ ...kind, point, fault })),
    ),
    ...['runner', 'cancel', 'reset'].flatMap((fault) =>
      runner
        .filter((step) => fault !== 'runner' || !/begin|backup|upload|prove/.test(step))
        .map((step) => ({ ...kind, point: `runner ${step}`, fault })),
    ),
    ...ofRun.map((fault) => ({ ...kind, point: '-', fault })),
  ]);
}

/**
 * Kills of the executor, or of all there is, at a random moment: that many ten thousandths of a downtime, until the host has
 * verified the new hub. `kind` is a part of the kinds' names.
 */
export function randomCells(count: number, seed: number, kind = ''): Cell[] {
  const next = generator(seed);
  const kinds = KINDS.filter(({ flavour, database }) => `${flavour} ${database}`.includes(kind));
  return Array.from({ length: count }, () => {
    const one = kinds[Math.floor(next() * kinds.length)];
    if (!one) throw new Error(`there is no kind ${kind}`);
    const faults = ['executor', one.flavour === 'light' ? 'everything' : 'power'];
    return { ...one, point: `random:${Math.floor(next() * 10_000)}`, fault: faults[Math.floor(next() * 2)] ?? '' };
  });
}

/** So many different cells, drawn; the same ones for the same seed. */
export function sample(cells: Cell[], count: number, seed: number): Cell[] {
  const next = generator(seed);
  const drawn = cells.map((cell) => ({ cell, order: next() })).sort((one, other) => one.order - other.order);
  const chosen = drawn.slice(0, count).map(({ cell }) => cell);
  // Those of one kind of hub follow each other: a hub is used as long as it is old.
  const kind = ({ flavour, database, fault }: Cell) => `${flavour} ${database} ${fault.startsWith('full ')}`;
  return chosen.sort((one, other) => kind(one).localeCompare(kind(other)));
}

/** Numbers from 0 to 1: mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function cellName({ flavour, database, point, fault }: Cell): string {
  return `${flavour} ${database} ${point}:${fault}`;
}

const byName = new Map(allCells().map((cell) => [cellName(cell), cell]));

/** The cell of that name; throws when the matrix has none. */
export function cellOf(name: string): Cell {
  const cell = byName.get(name);
  if (!cell) throw new Error(`there is no cell ${name}`);
  return cell;
}
