import { shellQuote } from '../ssh/quote.ts';
import { adviceSection } from './advice.ts';
import { block, code, folded, link, table, text } from './markdown.ts';
import { planDetails, planTable } from './plan.ts';
import type { BackupReport, RunResult } from './result.ts';
import { count, duration, size } from './text.ts';
import { timeline } from './timeline.ts';
import { currentVersion, isAsBefore, verdictOf } from './verdict.ts';

// The runner drops a summary that is longer; it counts bytes.
const LONGEST_SUMMARY = 1024 * 1024;

/** The job summary: Markdown, at most 1 MiB, in which every value from elsewhere is text. */
export function renderSummary(result: RunResult): string {
  for (let most = 200; ; most = Math.floor(most / 2)) {
    const summary = render(result, most);
    if (Buffer.byteLength(summary) <= LONGEST_SUMMARY || most === 0) return summary;
  }
}

/** The summary with at most `most` entries of each list. */
function render(result: RunResult, most: number): string {
  const isPlan = result.outcome === 'planned' && result.plan?.document !== undefined;
  const parts = isPlan ? thePlan(result, most) : whatHappened(result, most);
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** Of a plan that can be carried out: what somebody decides on, and nothing of the run that made it. */
function thePlan(result: RunResult, most: number): string[] {
  return [
    verdict(result),
    about(result),
    planTable(result),
    list('⚠️ Warnings', result.warnings, most),
    adviceSection(result.advice, most),
    list('Not tried', result.notTried, most),
    list('If something fails', result.guarantees, most),
    planDetails(result, most),
  ];
}

function whatHappened(result: RunResult, most: number): string[] {
  const refused = result.outcome === 'failed-before-change';
  const plan = [planTable(result), planDetails(result, most)].filter(Boolean).join('\n\n');
  return [
    verdict(result),
    failure(result),
    versions(result, most),
    result.outcome === 'rollback-failed' ? backup(result, most) : '',
    list('⚠️ Warnings', result.warnings, most),
    adviceSection(result.advice, most),
    refused ? plan : '',
    steps(result, most),
    rows(result, most),
    servers(result, most),
    result.outcome === 'rollback-failed' ? '' : backup(result, most),
    list('Not tried', result.notTried, most),
    list('What this host guarantees', result.guarantees, most),
    refused || plan === '' ? '' : folded('The plan', plan),
  ];
}

function verdict(result: RunResult): string {
  const { icon, word, sentence } = verdictOf(result);
  return `## ${icon} ${word}: ${text(sentence)}`;
}

function failure({ error, steps }: RunResult): string {
  if (error === undefined) return '';
  const step = steps.find(({ name, outcome }) => name === error.step && outcome === 'failed');
  const when = step === undefined ? '' : `, after ${duration(step.seconds)}`;
  // Several reasons, or a reason and the last words of the host, are a line each.
  const causes = error.cause
    .split(/[\r\n]+/)
    .map((line) => text(line, 4000))
    .filter(Boolean);
  const cause =
    causes.length > 1
      ? `\n\n${causes.map((line) => `- ${line}`).join('\n')}`
      : ` ${causes[0] ?? 'no cause was given.'}`;
  return [
    `**What failed:** step ${code(error.step)}${when}:${cause}`,
    ...(error.hub === '' ? [] : [`**The hub now:** ${text(error.hub)}`]),
    ...(error.next === '' ? [] : [`**What to do next:** ${text(error.next)}`]),
  ].join('\n\n');
}

function versions(result: RunResult, most: number): string {
  const { versions, revisions, notified, downtime } = result;
  const told =
    notified.length > 0
      ? `Users were told by: ${notified
          .slice(0, most)
          .map((name) => text(name, 200))
          .join(', ')}.`
      : '';
  const nobody = notified.length === 0 && downtime !== undefined ? '**Users were not told before the stop.**' : '';
  const known = [versions.previous, versions.current, revisions.previous, revisions.current].some((value) => value);
  return [known ? table(...versionColumns(result)) : '', about(result), told + nobody].filter(Boolean).join('\n\n');
}

/** Which hub it was, and which plan. */
function about({ host, plan, service, versions }: RunResult): string {
  return [
    `Host ${code(host)}`,
    ...(service === '' ? [] : [`service ${code(service)}`]),
    ...(versions.target === undefined ? [] : [`asked for JupyterHub ${code(versions.target)}`]),
    ...(plan === undefined ? [] : [`plan ${code(plan.digest.slice(0, 12))}`]),
  ].join(' · ');
}

/** Before and now; of a hub that was left alone only now, and what the plan leads to. */
function versionColumns(result: RunResult): [head: string[], rows: string[][]] {
  const { outcome, versions, revisions } = result;
  const revision = revisions.current || (isAsBefore(outcome) ? revisions.previous : undefined);
  const cell = (value: string | undefined) => (value ? code(value) : 'not known');
  const version = { name: 'JupyterHub', before: cell(versions.previous), now: cell(currentVersion(result)) };
  const schema = { name: 'Database revision', before: cell(revisions.previous), now: cell(revision) };
  if (outcome === 'planned') {
    const rows = [
      [version.name, version.now, cell(versions.target)],
      [schema.name, schema.now, ''],
    ];
    return [['', 'now', 'planned'], rows];
  }
  const both = [version, schema];
  if (isAsBefore(outcome) && outcome !== 'rolled-back') return [['', 'now'], both.map(({ name, now }) => [name, now])];
  return [['', 'before', 'now'], both.map(({ name, before, now }) => [name, before, now])];
}

function steps(result: RunResult, most: number): string {
  if (result.steps.length < 2) return '';
  const shown = result.steps.slice(0, most);
  const cells = shown.map((step, index) => [
    `${index + 1}`,
    text(step.title, 200),
    step.side,
    step.outcome === 'done' ? 'done' : `**${step.outcome.replace('-', ' ')}**`,
    duration(step.seconds),
    text(step.note ?? '', 300),
  ]);
  const head = ['#:', 'step', 'where', 'end', 'time:', 'note'];
  return [
    '### Timeline',
    block('mermaid', timeline(result, most)),
    folded(count(result.steps.length, 'step'), `${table(head, cells)}${more(result.steps.length - shown.length)}`),
  ].join('\n\n');
}

function rows({ rows }: RunResult, most: number): string {
  const { before, after } = rows;
  const tables = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  if (tables.length === 0) return '';
  const shown = tables.slice(0, most).map((name) => {
    const [old, now] = [before?.[name], after?.[name]];
    const change =
      old !== undefined && now !== undefined && old !== now ? ` (${now > old ? '+' : '−'}${Math.abs(now - old)})` : '';
    const cells = [
      ...(before === undefined ? [] : [`${old ?? '–'}`]),
      ...(after === undefined ? [] : [`${now ?? '–'}`]),
    ];
    return change === ''
      ? [code(name, 100), ...cells]
      : [code(name, 100), ...cells.slice(0, -1), `**${cells.at(-1)}${change}**`];
  });
  const head = before !== undefined && after !== undefined ? ['table', 'before:', 'after:'] : ['table', 'rows:'];
  return `### Rows in the database\n\n${table(head, shown)}${more(tables.length - shown.length)}`;
}

function servers({ servers }: RunResult, most: number): string {
  if (servers.length === 0) return '';
  const looked = servers.filter(({ survived, reached }) => survived !== undefined || reached !== undefined);
  const counted = (key: 'survived' | 'reached', what: string) => {
    const asked = servers.filter((server) => server[key] !== undefined);
    return asked.length === 0 ? '' : ` ${asked.filter((server) => server[key]).length} of ${asked.length} ${what}.`;
  };
  const survival = `${counted('survived', 'went on with their process')}${counted('reached', 'are reached through the proxy')}`;
  const head = ['user', 'server', 'pid:', ...(looked.length === 0 ? [] : ['now'])];
  const shown = servers
    .slice(0, most)
    .map(({ user, name, pid, survived, reached }) => [
      code(user, 100),
      name === '' ? 'default' : code(name, 100),
      pid === undefined ? '–' : `${pid}`,
      ...(looked.length === 0 ? [] : [state(survived, reached)]),
    ]);
  const cells = `${table(head, shown)}${more(servers.length - shown.length)}`;
  return [
    '### User servers',
    `${count(servers.length, 'server')} ran when the run began.${survival}`,
    servers.length <= 5 ? cells : folded(count(servers.length, 'server'), cells),
  ].join('\n\n');
}

function state(survived: boolean | undefined, reached: boolean | undefined): string {
  if (survived === false) return '**ended**';
  if (reached === false) return '**not reached**';
  return survived === undefined && reached === undefined ? 'not looked at' : reached ? 'running, reached' : 'running';
}

function backup({ backup, run, outcome }: RunResult, most: number): string {
  if (backup === undefined) return '';
  const seal = {
    recipients: 'sealed for the age recipients',
    passphrase: 'sealed with the passphrase',
    nobody: '**not sealed**',
  };
  const proof = backup.proven
    ? `Proven: it was opened again, and its database restored${backup.provenIn === undefined ? '' : ` into ${text(backup.provenIn, 100)}`} and compared.`
    : '**Not proven by restoring it.**';
  const files = backup.files.slice(0, most).map(({ file, size: bytes }) => [code(file), size(bytes)]);
  const rest = more(backup.files.length - files.length);
  return [
    '### Backup',
    `${link(backup.name, backup.url)} · artifact ${code(String(backup.artifactId))} · ${size(backup.size)} · ${seal[backup.sealedFor]}. ${proof}`,
    code(backup.digest),
    ...(files.length === 0
      ? []
      : [folded(`${count(backup.files.length, 'file')} in it`, `${table(['file', 'size:'], files)}${rest}`)]),
    folded('How to restore from it', restoring(backup, run.id), outcome === 'rollback-failed'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** The two ways back from a backup: a run of this action, and without it. */
function restoring(backup: BackupReport, runId: string): string {
  const expression = (what: string) => `\${{ ${what} }}`;
  const key = {
    recipients: [`    age-identity: ${expression('secrets.BACKUP_AGE_IDENTITY')}`],
    passphrase: [`    backup-passphrase: ${expression('secrets.BACKUP_PASSPHRASE')}`],
    nobody: ['    allow-unsealed-backup: true'],
  };
  const file = shellQuote(backup.name.replaceAll('\0', ''));
  const open = {
    recipients: [`age --decrypt --identity key.txt --output backup.tar ${file}`],
    passphrase: [`age --decrypt --output backup.tar ${file}   # asks for the passphrase`],
    nobody: [`cp ${file} backup.tar`],
  };
  return [
    '**Restore with this action:** the same step of the workflow, with these inputs instead of `target-version` (the job needs `actions: read`):',
    block('yaml', [
      '  with:',
      '    # host, username, ssh-private-key and known-hosts as before',
      '    mode: restore',
      `    run-id: ${/^\d+$/.test(runId) ? runId : JSON.stringify(runId)}`,
      `    artifact-id: ${backup.artifactId}`,
      `    github-token: ${expression('github.token')}`,
      ...key[backup.sealedFor],
    ]),
    '**Restore by hand:** download the artifact (it is one file), then',
    block('sh', [
      `sha256sum ${file}   # must say`,
      `# ${backup.digest.replace(/^sha256:/, '')}`,
      ...open[backup.sealedFor],
      'tar -xf backup.tar RESTORE.txt && cat RESTORE.txt   # and follow it',
    ]),
  ].join('\n\n');
}

function list(title: string, items: readonly string[], most: number): string {
  if (items.length === 0) return '';
  const shown = items.slice(0, most).map((item) => `- ${text(item)}`);
  return `### ${title}\n\n${shown.join('\n')}${more(items.length - shown.length)}`;
}

function more(number: number): string {
  return number > 0 ? `\n\n… and ${number} more.` : '';
}
