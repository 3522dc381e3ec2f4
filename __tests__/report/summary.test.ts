import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { marked } from 'marked';
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/report/result.ts';
import { renderSummary } from '../../src/report/summary.ts';
import { oneLine } from '../../src/report/text.ts';
import { readApproval } from '../../src/transaction/decisive.ts';
import { hostile } from './hostile.ts';
import { chartsIn, loadMermaid } from './mermaid.ts';
import { samples } from './samples.ts';

const html = (markdown: string): string => marked.parse(markdown, { gfm: true, async: false });

describe('summary', () => {
  it.each([
    ['upgraded', '✅ Upgraded: hub.example.edu runs JupyterHub 6.1.1 (was 4.1.6). Users were without it for 7.4 s.'],
    ['unchanged', '✅ Unchanged: hub.example.edu already runs JupyterHub 6.1.1; nothing was stopped or changed.'],
    ['planned', '📋 Planned: nothing was changed. hub.example.edu has JupyterHub 4.1.6, and this plan leads to 6.1.1.'],
    [
      'backed-up',
      '✅ Backed up: the hub on hub.example.edu (JupyterHub 4.1.6) was not stopped; its backup is stored as an artifact.',
    ],
    [
      'restored',
      '✅ Restored: hub.example.edu runs JupyterHub 4.1.6 (was 6.1.1), with the data of the backup. Users were without it for 6.2 s.',
    ],
    [
      'rolled-back',
      '❌ Rolled back: hub.example.edu runs JupyterHub 4.1.6 as before, with its data. Users were without it for 9.1 s.',
    ],
    [
      'rollback-failed',
      '🚨 Rollback failed: hub.example.edu needs a person now: its hub may be down, and its data half way between two versions.',
    ],
    [
      'failed-before-change',
      '❌ Failed before any change: the hub on hub.example.edu was neither stopped nor changed.',
    ],
    [
      'unknown',
      '❓ Unknown: the run lost sight of hub.example.edu before the end; the host ends or undoes the work by itself.',
    ],
  ] as const)('of %s begins with the verdict', (outcome, verdict) => {
    expect(renderSummary(samples[outcome]).split('\n')[0]).toBe(`## ${verdict}`);
  });

  it('does not call a hub running that did not run before, nor one upgraded that was left alone', () => {
    const first = (result: RunResult) => renderSummary(result).split('\n')[0];
    expect(first({ ...samples['rolled-back'], mode: 'restore', downtime: undefined })).toBe(
      '## ❌ Rolled back: hub.example.edu is as it was before; its hub did not run then, and does not run now.',
    );
    expect(first({ ...samples.unchanged, mode: 'restore' })).toBe(
      "## ✅ Unchanged: hub.example.edu runs JupyterHub 6.1.1: this run's own upgrade had left it whole, and the older backup was not put over it.",
    );
  });

  it('says of a failure what failed, how the hub is now, and what to do next', () => {
    for (const outcome of ['rolled-back', 'rollback-failed', 'failed-before-change', 'unknown'] as const) {
      const { error } = samples[outcome];
      const page = html(renderSummary(samples[outcome]))
        .replaceAll(/<[^>]*>/g, '')
        .replaceAll('\u200b', '');
      for (const part of [error?.cause, error?.hub, error?.next]) expect(page).toContain(part);
    }
    expect(renderSummary(samples['rolled-back'])).toContain('**What failed:** step `migrate`, after 3.7 s: ');
  });

  it('shows rows before and after, and what changed', () => {
    const lines = renderSummary(samples.upgraded).split('\n');
    expect(lines).toContain('| `users` | 14 | 14 |');
    expect(lines).toContain('| `api_tokens` | 9 | **10 (+1)** |');
    expect(lines).toContain('| `shares` | – | 0 |');
    expect(renderSummary(samples.restored)).toContain('| `users` | 15 | **14 (−1)** |');
    expect(renderSummary(samples.unchanged)).toContain('| table | rows |');
  });

  it('says what became of the servers that ran', () => {
    expect(renderSummary(samples['rolled-back'])).toContain('1 of 2 went on with their process.');
    expect(renderSummary(samples['rolled-back'])).toContain('| `grace` | `gpu` | 4877 | **ended** |');
    expect(renderSummary(samples.planned)).not.toContain('went on');
  });

  it('links the backup and says how to restore from it, with this action and by hand', () => {
    const summary = renderSummary(samples['rollback-failed']);
    expect(summary).toContain('(<https://github.com/example/hub/actions/runs/7700123/artifacts/4021337>)');
    expect(summary).toContain('<details open><summary>How to restore from it</summary>');
    expect(summary).toContain('    mode: restore\n    run-id: 7700123\n    artifact-id: 4021337\n');
    // The names of secrets are those that the README tells to make.
    const [secret = ''] = /age-identity: \$\{\{ secrets\.(\w+) \}\}/.exec(summary)?.slice(1) ?? [];
    expect(readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')).toContain(`| secret | \`${secret}\` |`);
    expect(summary).toContain(
      "age --decrypt --identity key.txt --output backup.tar 'jupyterhub-backup-hub.example.edu-7700123-1.tar.age'",
    );
    expect(renderSummary(samples['backed-up'])).toMatch(/backup-passphrase: \$\{\{ secrets\.BACKUP_PASSPHRASE }}/);
    expect(renderSummary(samples.restored)).toContain('**not sealed**');
    expect(renderSummary({ ...samples.restored, backup: undefined })).not.toContain('### Backup');
  });

  it('says when nobody was told, and only when the hub was stopped', () => {
    expect(renderSummary(samples['rollback-failed'])).toContain('**Users were not told before the stop.**');
    expect(renderSummary(samples.unchanged)).not.toContain('told');
    expect(renderSummary(samples.upgraded)).toContain('Users were told by: announcement on the hub, webhook.');
  });

  it('holds all of what approves a plan, however long that is', () => {
    const { plan } = samples.planned;
    if (plan?.document === undefined) throw new Error('no plan in the sample');
    const packages = Array.from({ length: 500 }, (_, index) => [
      `package-${index}`,
      `${index * 7919}.${index * 104_729}`,
    ]);
    const decisive = { 'the packages that are installed': Object.fromEntries(packages) };
    const summary = renderSummary({ ...samples.planned, plan: { ...plan, document: { ...plan.document, decisive } } });
    const approved = readApproval(/^approved-plan: (\S+)$/m.exec(summary)?.[1] ?? '');
    expect(approved?.decisive).toEqual(decisive);
  });

  it('draws steps and downtime as a chart that Mermaid reads', async () => {
    const [chart = ''] = chartsIn(renderSummary(samples['rolled-back']));
    const diagram = await (await loadMermaid()).getDiagramFromText(chart);
    const tasks = diagram.db.getTasks();
    expect(diagram.type).toBe('gantt');
    expect(tasks).toHaveLength(samples['rolled-back'].steps.length + 1);
    expect(tasks[0]).toMatchObject({ section: 'Users', crit: true, task: 'Without the hub 9.1 s ' });
    expect([tasks[0]?.startTime.getTime(), tasks[0]?.endTime.getTime()]).toEqual([33_700, 42_800]);
    const migrate = tasks.find(({ task }) => task.startsWith('11. Migrate the database, failed'));
    expect(migrate).toMatchObject({ section: 'Host', crit: true });
    expect([migrate?.startTime.getTime(), migrate?.endTime.getTime()]).toEqual([34_500, 38_200]);
  });

  it('draws no chart of a single step', () => {
    expect(chartsIn(renderSummary(samples['failed-before-change']))).toEqual([]);
  });

  it('is at most 1 MiB, and whole, with endless lists of the worst characters', () => {
    const long = '&<|`@数'.repeat(1000);
    const many = <T>(item: (index: number) => T, length = 500) => Array.from({ length }, (_, index) => item(index));
    const summary = renderSummary({
      ...samples['rollback-failed'],
      ...{ host: long, service: long, versions: { previous: long, current: long, target: long } },
      error: { step: long, cause: long, hub: long, next: long },
      rows: { before: Object.fromEntries(many((index) => [`${index}${long}`, index])) },
      servers: many(() => ({ user: long, name: long, pid: 1, survived: true })),
      steps: many((index) => ({
        name: long,
        title: long,
        side: 'host',
        startedAt: index,
        seconds: 1,
        outcome: 'failed',
        note: long,
      })),
      ...{
        notified: many(() => long),
        notTried: many(() => long),
        guarantees: many(() => long),
        warnings: many(() => long),
      },
    });
    expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(1024 * 1024);
    expect(summary).toMatch(/… and \d+ more\./);
    const page = html(summary);
    expect(page.match(/<details/g)?.length).toBe(page.match(/<\/details>/g)?.length);
    expect(page).toContain('What this host guarantees');
  });

  it('gives each of several causes a line', () => {
    const { error } = samples['failed-before-change'];
    if (error === undefined) throw new Error('no error in the sample');
    const summary = renderSummary({ ...samples['failed-before-change'], error: { ...error, cause: 'One.\n\n# Two.' } });
    expect(summary).toContain('\n\n- One.\n- \\# Two.\n\n');
  });

  it('shows values from anywhere as text: no tag, no link, no other structure, and a chart Mermaid reads', async () => {
    const mermaid = await loadMermaid();
    // The twelfth value is the cause of the failure too, which has a line for each of its own.
    const plain = (cause = '') => {
      const lines = cause.split(/[\r\n]+/).filter((line) => oneLine(line) !== '');
      const values = [...Array.from({ length: 11 }, () => 'x'), lines.map(() => 'x').join('\n')];
      return tagsOf(html(renderSummary(resultOf(values))));
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          hostile.filter((value) => oneLine(value) !== ''),
          { minLength: 12, maxLength: 12 },
        ),
        async (values) => {
          const summary = renderSummary(resultOf(values));
          expect(tagsOf(html(summary))).toEqual(plain(values[11]));
          const [chart = ''] = chartsIn(summary);
          const { db } = await mermaid.getDiagramFromText(chart);
          const tasks = db.getTasks().map(({ section, startTime, endTime }) => [section, +startTime, +endTime]);
          expect(tasks).toEqual([
            ['Users', 0, 1000],
            ['Runner', 1000, 2000],
            ['Host', 2000, 2001],
          ]);
        },
      ),
      { numRuns: 200 },
    );
  });
});

/** The tags of a page in their order, with their attributes. */
function tagsOf(page: string): string[] {
  return page.match(/<[^>]*>/g) ?? [];
}

/** A result that holds twelve values in every place where one from elsewhere can stand. */
function resultOf(values: string[]): RunResult {
  const [a = '', b = '', c = '', d = '', e = '', f = '', g = '', h = '', i = '', j = '', k = '', l = ''] = values;
  return {
    ...samples['rollback-failed'],
    ...{ host: a, service: b, run: { id: c, url: d } },
    versions: { previous: e, current: f, target: g },
    revisions: { previous: h, current: i },
    plan: { digest: `sha256:${j}` },
    error: { step: k, cause: l, hub: a, next: b },
    backup: {
      ...{
        artifactId: 1,
        name: c,
        digest: d,
        size: 1,
        url: `https://github.com/${encodeURIComponent('x')}`,
        proven: true,
      },
      ...{ sealedFor: 'recipients', files: [{ file: e, size: 1 }] },
    },
    downtime: { startedAt: 0, seconds: 1 },
    steps: [
      { name: 'x', title: f, side: 'runner', startedAt: 1, seconds: 1, outcome: 'undone', note: g },
      { name: 'y', title: h, side: 'host', startedAt: 2, seconds: Number.NaN, outcome: 'failed', note: i },
    ],
    rows: { before: { [`1${j}`]: 1 }, after: { [`1${j}`]: 2 } },
    servers: [{ user: k, name: l, pid: 1, survived: false }],
    ...{ notified: [a, b], notTried: [c, d], guarantees: [e, f], warnings: [g, h] },
  };
}
