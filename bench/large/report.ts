import type { Circumstances } from '../ratios/report.ts';
import { table } from '../ratios/table.ts';
import type { Figures } from './measure.ts';

/** What is promised of memory, in MiB; scrypt, which makes a key of a passphrase, has 256 of its own. */
const LIMITS = { runner: 200, host: 300, scrypt: 256 };

/** Sentences for what is over its limit: none when all is as promised. */
export function overLimit({ subject, backup, restore }: Figures): string[] {
  const runner = LIMITS.runner + (subject.seal === 'passphrase' ? LIMITS.scrypt : 0);
  return Object.entries({ backup, restore }).flatMap(([mode, { memory }]) => [
    ...(memory.runner < runner ? [] : [`${subject.database}, ${mode}: the runner's node had ${memory.runner} MiB`]),
    ...(memory.host < LIMITS.host
      ? []
      : [`${subject.database}, ${mode}: the host's programs had ${memory.host} MiB (${memory.largest})`]),
  ]);
}

/** The figures for people, in Markdown. */
export function render(all: Figures[], { commit, date, command, machine }: Circumstances): string {
  const memory = all.flatMap(({ subject, backup, restore }) => [
    [`${nameOf(subject)}: backup, proof`, `${backup.memory.runner}`, `${backup.memory.host}`],
    [`${nameOf(subject)}: restore`, `${restore.memory.runner}`, `${restore.memory.host}`],
  ]);
  const time = all.map(({ subject, size, backup, restore, plain }) => [
    nameOf(subject),
    subject.users.toLocaleString('en'),
    mebibytes(size),
    mebibytes(backup.artifact),
    ...[plain.seconds, backup.steps.backup ?? 0, backup.seconds].map((seconds) => seconds.toFixed(1)),
    `${((backup.steps.backup ?? 0) / plain.seconds).toFixed(1)} ×`,
    `${(backup.seconds / plain.seconds).toFixed(1)} ×`,
    restore.seconds.toFixed(1),
  ]);
  return `# Large databases

Written by \`${command}\` at commit ${commit} on ${date}, on ${machine}. The machine was shared with other work: only what
was taken in the same run can be compared. Runner and host are this one machine; the plain way is \`sqlite3 .backup\` or
\`pg_dump -Fc\` by \`ssh\`, then \`scp\`: unsealed, not proven, and with the copy on the host's disk.

Memory, the most that was in use at a moment, in MiB. Runner: the action's node, at most ${LIMITS.runner} (and ${LIMITS.scrypt} for
scrypt with a passphrase). Host: all programs of the job together, at most ${LIMITS.host}.

${table(['', 'runner', 'host'], memory)}

Time, in seconds. Backup: read on the host, sealed, and stored by the runner; proof: the artifact listed, opened, and restored
into scratch, its rows compared.

${table(
  [
    '',
    'users',
    'MiB',
    'artifact MiB',
    'plain',
    'backup',
    'with upload and proof',
    'backup / plain',
    'all / plain',
    'restore, whole run',
  ],
  time,
)}
`;
}

function nameOf({ database, seal }: Figures['subject']): string {
  const name = { sqlite: 'SQLite', postgresql: 'PostgreSQL' }[database];
  return `${name}${seal === 'passphrase' ? ', passphrase' : ''}`;
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
