import type { Command } from '../hub/command.ts';
import { changeText } from '../hub/packages.ts';
import type { Fate } from '../hub/survival.ts';
import { approvalOf } from '../transaction/decisive.ts';
import type { PlanDocument } from '../transaction/document.ts';
import { block, folded, table, text } from './markdown.ts';
import type { RunResult } from './result.ts';
import { count, duration, size } from './text.ts';

/** An approval that is cut would be none. */
const LONGEST_APPROVAL = 60_000;

/** The plan for the log: what a person decides on first, then all that will run, then what it rests on. */
export function planLines(document: PlanDocument, running: number): string[] {
  return [
    ...questions(document, running).map(([question, answer]) => `${question}: ${answer}`),
    '',
    'What will run on the host:',
    ...document.steps.flatMap(({ title, commands }, index) => [
      `${String(index + 1).padStart(3)}. ${title}`,
      ...commands.map((command) => `       ${commandLine(command)}`),
    ]),
    ...legend(document),
    '',
    'What was found out:',
    ...document.facts.map(({ name, value }) => `  ${name}: ${value}`),
    ...document.notDetermined.map((sentence) => `  not known: ${sentence}`),
  ];
}

/** What a person decides on, for the job summary. */
export function planTable({ plan, servers }: RunResult): string {
  if (plan?.document === undefined) return '';
  const [[first, change] = ['', ''], ...rest] = questions(plan.document, servers.length);
  const rows = rest.map(([question, answer]) => [`**${question}**`, text(answer)]);
  return `### The plan\n\n${table([text(first), text(change)], rows)}`;
}

/** All that the plan holds, folded. */
export function planDetails({ plan }: RunResult, most: number): string {
  const document = plan?.document;
  if (document === undefined) return '';
  const facts = document.facts.slice(0, most).map(({ name, value }) => [text(name, 100), text(value)]);
  const unknown = document.notDetermined.slice(0, most).map((sentence) => `- ${text(sentence)}`);
  const commands = document.steps.reduce((sum, step) => sum + step.commands.length, 0);
  return [
    folded(
      `What will run on the host: ${count(document.steps.length, 'step')}, ${count(commands, 'command')}`,
      stepList(document, most),
    ),
    folded(
      'What was found out, and what was not',
      [table(['', ''], facts), ...(unknown.length === 0 ? [] : [`Not known:\n\n${unknown.join('\n')}`])].join('\n\n'),
    ),
    folded('To approve exactly this plan', approval(document)),
  ].join('\n\n');
}

/** What somebody who approves it wants to know. */
function questions(document: PlanDocument, running: number): [question: string, answer: string][] {
  const { accepted, disk, downtime, packages, revision, survival, told } = document;
  const { from, to, hops } = revision;
  return [
    ['Packages', packages.map(changeText).join(', ')],
    [
      'Database',
      from === to
        ? `stays at revision ${from}`
        : `revision ${from} → ${to ?? 'that of the release'}${hops.length === 0 ? '' : `, by way of JupyterHub ${hops.join(' and ')}`}`,
    ],
    ['Without the hub', `about ${duration(Math.ceil(downtime.seconds)).replace('.0 s', ' s')} (${downtime.basis})`],
    [
      'Running servers',
      `${running === 0 ? 'none' : running} now; ${running === 1 ? fate('it', survival.servers) : fate('they', survival.servers)}`,
    ],
    ["Users' connections", fate('they', survival.proxy)],
    ['Told before', told.length === 0 ? 'nobody' : told.join(', ')],
    [
      'Disk',
      disk
        .map(({ path, bytes, free }) => `${size(bytes)} on the disk of ${path}, where ${size(free)} are free`)
        .join('; '),
    ],
    ...(accepted.length === 0 ? [] : [['Accepted', accepted.join(', ')] satisfies [string, string]]),
  ];
}

function fate(who: 'it' | 'they', { fate, reason }: Fate): string {
  const verb = who === 'it' ? fate : fate.replace('goes', 'go').replace('ends', 'end');
  return fate === 'not known'
    ? `whether ${who} ${who === 'it' ? 'goes' : 'go'} on is not known: ${reason}`
    : `${who} ${verb}: ${reason}`;
}

function stepList(document: PlanDocument, most: number): string {
  const lines = document.steps.slice(0, most).map(({ title, commands }, index) => {
    const runs = commands.length === 0 ? '' : `\n${indented(block('sh', commands.slice(0, most).map(commandLine)))}`;
    return `${index + 1}. ${text(title, 200)}${runs}`;
  });
  return [
    ...lines,
    legend(document)
      .map((line) => text(line))
      .join(' '),
  ].join('\n');
}

function indented(lines: string): string {
  return lines.replaceAll(/^/gm, '   ');
}

function commandLine({ as, mount, run }: Command): string {
  return `${as}: ${run}${mount === undefined ? '' : `   # sees ${mount.of} at ${mount.at}`}`;
}

function legend({ jobs }: PlanDocument): string[] {
  return [
    `$JOB_ID is made for each run, $JOB is ${jobs}/$JOB_ID, $PROGRAMS is $JOB/programs.`,
    '$COPY is a copy of the database, and $PRIVATE a directory of the hub’s user; both are gone after the rehearsal.',
    '$PHASE is a directory in /var/tmp that is gone when its command has ended.',
  ];
}

function approval(document: PlanDocument): string {
  return [
    'An upgrade with this input refuses, before anything is touched, if what the plan rests on has changed; it says what. ' +
      'It is the output `plan-digest`.',
    block('yaml', [`approved-plan: ${approvalOf(document.decisive)}`], LONGEST_APPROVAL),
  ].join('\n\n');
}
