import type { Measurement } from './matrix/measure.ts';

/** What the product says about a jump. */
export interface Table {
  hopsBetween(from: string, to: string): string[];
  dropsTokens(from: string, to: string): boolean;
}

/** A measurement, and what it was made with. docs/compatibility.jsonl has a line for each way, the newest. */
export interface Recorded extends Measurement {
  commit: string;
  /** What of this repository measured, see version-matrix.ts. */
  code: string;
  /** The server's, or SQLite's, own release. */
  server: string;
  /** The Python of each release on the way. */
  pythons: Record<string, string>;
}

/** Where the product's table and what was measured differ, a sentence each. */
export function disagreements(measurements: Measurement[], table: Table): string[] {
  return measurements.flatMap(({ dialect, from, through, to, result, detail }) => {
    const hops = table.hopsBetween(from, to);
    const isOurWay = hops.join() === through.join();
    const expected = table.dropsTokens(from, to) ? 'tokens dropped' : 'kept';
    if (!isOurWay || result === expected || result === 'not measured') return [];
    const way = [from, ...through, to].join(' → ');
    return [`${dialect}, ${way}: ${result} and not ${expected}${detail === '' ? '' : ` (${detail})`}`];
  });
}

const names: Record<string, string> = { sqlite: 'SQLite', postgresql: 'PostgreSQL', mariadb: 'MariaDB' };

/** docs/compatibility.md. */
export function render(records: Recorded[], table: Table): string {
  const differences = disagreements(records, table);
  const releases = releasesOf(records);
  const pythons = (release: string) => unique(records.map((one) => one.pythons[release])).join(' and ');
  return `<!-- Written by script/version-matrix from compatibility.jsonl: change that, not this. -->
# From release to release

What becomes of a database that a real hub of one release filled, when a newer one migrates it. Each hub was started on
this machine and filled through its own pages and API: users and administrators, groups, running, stopped and named
servers, a service with an OAuth client and a login through it, and, as far as the release has them, roles of users,
groups and services, tokens with roles or scopes and with an end, properties of groups, shares and share codes. It was
stopped while the users' servers went on. Then \`jupyterhub upgrade-db\` of the newer release ran on a copy, everything
was compared by name, the newer hub was started, asked with the old tokens and for the running servers, and everything
was compared again.

Measured by \`script/version-matrix\` with
${releases.map((release) => `${release} (Python ${pythons(release)})`).join(', ')}.

| cell | means |
| --- | --- |
| kept | everything is there, the tokens work, the servers go on |
| tokens end | the same, but for the API tokens of 1.x, which 2.0 drops by design (\`allow-token-loss\`) |
| by way of 4.1.6: … | straight on, \`upgrade-db\` fails; what is said after the colon is the way that jupyterhub-upgrade takes |
| **bold** | not what jupyterhub-upgrade's own table (\`src/hub/releases.ts\`) says |
| at commit | of this repository, at which the row was measured |
${Object.keys(names)
  .map((dialect) => section(dialect, releases, records, table))
  .join('')}
${unmeasured(records)}## What breaks straight on

${breaks(records, table)}

## Where the table of jupyterhub-upgrade and these measurements differ

${differences.length === 0 ? 'Nowhere.' : differences.map((one) => `- ${one}`).join('\n')}
`;
}

/** All releases that a measurement goes from or to, oldest first. */
function releasesOf(records: Measurement[]): string[] {
  return unique(records.flatMap(({ from, to }) => [from, to])).sort(order);
}

/** Releases by their numbers. */
export function order(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}

function unique(texts: (string | undefined)[]): string[] {
  return [...new Set(texts.filter((text) => text !== undefined))].sort();
}

function section(dialect: string, releases: string[], records: Recorded[], table: Table): string {
  const own = records.filter((one) => one.dialect === dialect);
  if (own.length === 0) return `\n## ${names[dialect]}\n\nNot measured.\n`;
  const targets = releases.slice(1);
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const cell = (from: string, to: string) => {
    const hops = table.hopsBetween(from, to);
    const found = own.find((one) => one.from === from && one.to === to && one.through.join() === hops.join());
    if (found === undefined) return releases.indexOf(from) < releases.indexOf(to) ? 'not measured' : '';
    const words = found.result === 'tokens dropped' ? 'tokens end' : found.result;
    const whole = hops.length === 0 ? words : `by way of ${hops.join(', ')}: ${words}`;
    return disagreements([found], table).length === 0 ? whole : `**${whole}**`;
  };
  const commits = (from: string) =>
    unique(own.filter((one) => one.from === from).map(({ commit }) => commit)).join(', ');
  const rows = releases
    .slice(0, -1)
    .map((from) => line([`**${from}**`, ...targets.map((to) => cell(from, to)), commits(from)]));
  return `
## ${names[dialect]} ${unique(own.map(({ server }) => server)).join(' and ')}

${[line(['from ↓ to →', ...targets, 'at commit']), line(['---', ...targets.map(() => '---'), '---']), ...rows].join('\n')}
`;
}

/** The words of every straight way that failed, and whether the table knows of it. */
function breaks(measurements: Measurement[], table: Table): string {
  const failed = measurements.filter(
    ({ through, result }) => through.length === 0 && !/^(kept|tokens|not)/.test(result),
  );
  if (failed.length === 0) return 'Nothing.';
  return failed
    .map(({ dialect, from, to, result, detail }) => {
      const hops = table.hopsBetween(from, to);
      const known = hops.length > 0 ? `known, goes by way of ${hops.join(', ')}` : '**not known to the table**';
      return `- ${names[dialect] ?? dialect}, ${from} → ${to}: ${result}, \`${detail.replaceAll('`', "'")}\` (${known})`;
    })
    .join('\n');
}

/** Hubs that could not be had, with the reason. */
function unmeasured(measurements: Measurement[]): string {
  const reasons = measurements
    .filter(({ result }) => result === 'not measured')
    .map(
      ({ dialect, from, detail }) => `- ${names[dialect] ?? dialect}, from ${from}: \`${detail.replaceAll('`', "'")}\``,
    );
  if (reasons.length === 0) return '';
  return `## What could not be measured\n\nThe old hub does not run there today.\n\n${[...new Set(reasons)].join('\n')}\n\n`;
}
