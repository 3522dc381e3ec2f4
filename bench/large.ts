import { parseArgs } from 'node:util';
import { type Figures, measure, type Subject } from './large/measure.ts';
import { overLimit, render } from './large/report.ts';
import { circumstances, writeSection } from './ratios/document.ts';

const usage = `usage: script/bench-databases [--only sqlite|postgresql]... [--users 100000] [--mebibytes 1024] [--write]

Backs up, proves and restores a SQLite database of that size and a PostgreSQL database with so many users by the bundle in
dist/, and measures its memory, and its time beside the plain way. Takes about ten minutes.
  --write  writes docs/benchmarks.md, too
`;

const DATABASES = ['sqlite', 'postgresql'];

try {
  const { only, users, mebibytes, write } = parse(process.argv.slice(2));
  const subjects: Subject[] = [
    { database: 'sqlite', seal: 'recipients', users, bytesEach: Math.floor((mebibytes * 2 ** 20) / users) },
    { database: 'postgresql', seal: 'passphrase', users, bytesEach: 512 },
  ];
  const under = await circumstances('script/bench-databases');
  const figures: Figures[] = [];
  for (const subject of subjects.filter(({ database }) => only.includes(database))) {
    figures.push(await measure(subject, (line) => process.stderr.write(`${line}\n`)));
  }
  const text = render(figures, under);
  process.stdout.write(text);
  if (write) await writeSection('script/bench-databases', text);
  const over = figures.flatMap(overLimit);
  for (const sentence of over) process.stderr.write(`OVER ITS LIMIT: ${sentence}\n`);
  process.exitCode = over.length === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 2;
}
process.exit();

function parse(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', multiple: true, default: DATABASES },
      users: { type: 'string', default: '100000' },
      mebibytes: { type: 'string', default: '1024' },
      write: { type: 'boolean', default: false },
    },
  });
  const [users, mebibytes] = [Number(values.users), Number(values.mebibytes)];
  const isSound = users > 0 && mebibytes > 0 && values.only.every((one) => DATABASES.includes(one));
  // Half a report would take the place of a whole one.
  if (!isSound || (values.write && values.only !== DATABASES)) throw new Error(usage);
  return { only: values.only, users, mebibytes, write: values.write };
}
