import { allCells, type Cell, cellName, STEPS } from './cells.ts';

// Which cells find the same: the same files on the host, the same processes, the same one waiting for the same line. One
// of them stands for the others. Why it may, is said at each rule; what is not certain is a cell of its own.

const names = new Set(allCells().map(cellName));

/** The cell that is played for this one: itself, when there is no other like it. */
export function representative(cell: Cell): Cell {
  const rule = rules[cell.fault];
  let { point } = cell;
  if (cell.point.includes(' ') && !cell.point.startsWith('runner ')) point = rule?.(cell.point) ?? cell.point;
  const other = { ...cell, point };
  // While it is staged and held, nothing of the job comes near the database.
  const isBefore = /^(after open -|.* (stage|hold))$/.test(point) && !point.includes('undo');
  const onFile = isBefore ? { ...other, database: 'sqlite' as const } : other;
  return names.has(cellName(onFile)) ? onFile : names.has(cellName(other)) ? other : cell;
}

type Rule = (point: string) => string;

function parse(point: string) {
  const [when = '', event = '', step = ''] = point.split(' ');
  return { when, event, step, at: STEPS.indexOf(step) };
}

/** What has no way back of its own leaves the host as it was. */
const WITHOUT_UNDO = ['hold', 'verify', 'confirm'];

/**
 * The executor dies, with or without all else. Before the host's own verify it goes back whatever stands in the journal as
 * done; a line that was not written is as if it had not been come to.
 */
const killed: Rule = (point) => {
  const { when, event, step, at } = parse(point);
  if (event === 'begin' && when === 'before') return at === 0 ? 'after open -' : `after done ${STEPS[at - 1]}`;
  if (event === 'done' && when === 'before' && !['verify', 'confirm'].includes(step)) return `after done ${step}`;
  if (event === 'undo' && when === 'before' && step !== 'confirm') return `after undone ${STEPS[at + 1]}`;
  if (event === 'undone' && when === 'before' && WITHOUT_UNDO.includes(step)) return `after undo ${step}`;
  return point;
};

/** A step that has not gone past its own first line has done nothing: when all dies, it might as well not be there. */
const lost: Rule = (point) => {
  const { event, step } = parse(point);
  return event === 'session' ? `after begin ${step}` : killed(point);
};

/** An abort is heeded in a step, or after it when it may not be cut; once it is decided, another word changes nothing. */
const cancelled: Rule = (point) => {
  const { when, event, step, at } = parse(point);
  if (event.startsWith('undo')) return 'after undo switch';
  if (event === 'verdict' || step === 'confirm' || (when === 'after' && event === 'decision')) {
    return event === 'begin' && when === 'before' ? 'after done verify' : 'after decision -';
  }
  if (at < 0 || event === 'fail' || (event === 'done' && step === 'verify')) return point;
  if (event === 'done' || ['stop', 'start'].includes(step)) return `after done ${step}`;
  return `after begin ${step}`;
};

/** The host is not touched: what counts is what the runner does meanwhile. */
const runnerOnly: Rule = (point) => {
  const { when, event, step, at } = parse(point);
  if (event.startsWith('undo')) return 'after undo switch';
  if (event === 'decision' && when === 'before') return point;
  if (event === 'verdict' || event === 'decision' || (event === 'done' && step === 'confirm'))
    return 'after decision -';
  if (step === 'confirm') return when === 'before' ? 'after session migrate' : 'after begin confirm';
  if (at < STEPS.indexOf('hold')) return 'after session stage';
  if (step === 'hold' && event !== 'done') return 'after session hold';
  return 'after session migrate';
};

/** Another run sees a hub that is up and old, down, or up and new, and in each case a job that lives. */
const second: Rule = (point) => {
  const { event, step, at } = parse(point);
  if (at <= STEPS.indexOf('announce') || (step === 'stop' && event === 'begin')) return 'after done stage';
  if (at < STEPS.indexOf('start') || (step === 'start' && event === 'begin')) return 'after begin migrate';
  return step === 'confirm' ? point : 'after begin verify';
};

/** The fence is one file, from the stop to the start; without one each is a cell of its own. */
const started: Rule = (point) => (point.includes('undo') ? 'after undo snapshot' : 'after begin migrate');

const rules: Record<string, Rule> = {
  ...{ executor: killed, everything: lost, power: lost, outage: lost, shutdown: killed },
  ...{ cancel: cancelled, reset: runnerOnly, silence: runnerOnly, runner: runnerOnly, second, start: started },
  'silent cancel': (point) => point.replace('after session', 'after begin'),
};

/** The most telling first: what is lost while the data is between two states, on each kind of hub; then one of each fault. */
const waves = [
  /^light sqlite (after begin|after done|before done) (stop|snapshot|switch|migrate|start|verify):(executor|everything)$/,
  /^light sqlite after session migrate:(child|reset|runner|hang|silence)$/,
  /^light sqlite after begin (snapshot|migrate|verify|confirm):(cancel|silent cancel|reset|runner|second)$/,
  /^light sqlite .*:start$/,
  /^light sqlite -:/,
  /^light sqlite .* und(o|one) (stop|switch|snapshot|start):(executor|everything|runner|cancel|reset)$/,
  /^machine sqlite (after begin|after done|before done) (stop|snapshot|switch|migrate|start|verify):power$/,
  /^machine sqlite after begin (stage|snapshot|migrate|start):full /,
  /^machine sqlite after begin (migrate|verify):(executor|shutdown|outage|start|cancel|second)$/,
  /^light postgresql (after begin|after done) (snapshot|migrate|start):(executor|everything)$/,
  /^light postgresql .* undo snapshot:(executor|everything)$/,
  /^machine sqlite .* und(o|one) (stop|switch|snapshot|start):power$/,
  /^light sqlite /,
  /^machine sqlite /,
  /^light postgresql /,
];

/** One cell for all that are alike, the most telling first. */
export function inOrder(cells: Cell[]): Cell[] {
  const chosen = new Map(cells.map(representative).map((cell) => [cellName(cell), cell]));
  const wave = (cell: Cell) => {
    const at = waves.findIndex((one) => one.test(cellName(cell)));
    return at === -1 ? waves.length : at;
  };
  return [...chosen.values()].sort((one, other) => wave(one) - wave(other));
}
