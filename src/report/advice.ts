import type { Advice } from '../hub/advice/evaluate.ts';
import { code, folded, text } from './markdown.ts';
import { count } from './text.ts';

/** The advice for the log: a heading for each piece, and what to do about it below. */
export function adviceLines(advice: Advice[]): string[] {
  return advice.flatMap(({ id, level, accepted, release, consequence, instead, seen, sources }) => [
    `${accepted ? 'accepted' : level} ${id} (JupyterHub ${release}${seen.length > 0 ? `; here: ${seen.join(', ')}` : ''})`,
    `    ${consequence}`,
    `    Instead: ${instead}`,
    `    See: ${sources.join(' ')}`,
  ]);
}

/** The advice for the job summary: what needs a decision in the open, the rest folded. */
export function adviceSection(advice: Advice[], most: number): string {
  if (advice.length === 0) return '';
  const grave = advice.filter(({ level }) => level !== 'info');
  const notes = advice.filter(({ level }) => level === 'info');
  return [
    '### What changed on the way',
    ...(grave.length === 0 ? [] : [items(grave, most)]),
    ...(notes.length === 0 ? [] : [folded(count(notes.length, 'note'), items(notes, most))]),
  ].join('\n\n');
}

function items(advice: Advice[], most: number): string {
  const shown = advice.slice(0, most).map(({ id, level, accepted, release, consequence, instead, seen }) => {
    const word = accepted ? 'accepted' : level === 'blocker' ? '**blocker**' : level;
    const here = seen.length > 0 ? ` Here: ${text(seen.join(', '))}.` : '';
    return `- ${word} ${code(id)} (${code(release)}): ${prose(consequence)}${here}<br>Instead: ${prose(instead)}`;
  });
  const rest = advice.length - shown.length;
  return `${shown.join('\n')}${rest > 0 ? `\n\n… and ${rest} more.` : ''}`;
}

/** Text in which only code is marked. */
function prose(value: string): string {
  return value
    .split('`')
    .map((part, index) => {
      if (index % 2 === 1) return code(part);
      const [, before = '', inner = '', after = ''] = /^(\s*)(.*?)(\s*)$/s.exec(part) ?? [];
      return `${before && ' '}${text(inner)}${after && ' '}`;
    })
    .join('');
}
