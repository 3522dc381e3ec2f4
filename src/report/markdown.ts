import { oneLine, visible } from './text.ts';

// GitHub's Markdown, written so that values from anywhere stay text: no tag, no link, no image, no mention, no heading.

/** A value as running text. */
export function text(value: string, most = 1000): string {
  return (
    oneLine(value, most)
      // What GitHub makes a link of without any mark (addresses, www., mail, @people, #issues) gets a zero width space.
      .replaceAll('://', ':\u200b//')
      .replaceAll(/(www)(?=\.)/gi, '$1\u200b')
      .replaceAll('@', '@\u200b')
      .replaceAll(/#(?=\d)/g, '#\u200b')
      .replaceAll(/[\\`*_~$]/g, '\\$&')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('|', '&#124;')
      // Within the label of a link some readers take a bracket for one although it is escaped.
      .replaceAll('[', '&#91;')
      .replaceAll(']', '&#93;')
      // What would begin a heading, a list or an underline.
      .replace(/^([#+=-])|^(\d+)(?=[.)])/, '$2\\$1')
  );
}

/** A value as code: names, versions, digests. */
export function code(value: string, most = 200): string {
  const line = oneLine(value, most);
  if (line === '') return '';
  // Within a table no code span can hold every `|`.
  if (line.includes('|')) return `<code>${text(line, most)}</code>`;
  const fence = '`'.repeat(longestRun(line) + 1);
  const pad = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** A link, when the address is a web address; else its label alone. */
export function link(label: string, address: string): string {
  const url = URL.parse(address);
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  return isWeb ? `[${text(label)}](<${url.href.replaceAll('>', '%3E').replaceAll('<', '%3C')}>)` : text(label);
}

/** Lines of code in a block, each of at most `most` UTF-16 units. The lines may hold anything. */
export function block(language: string, lines: readonly string[], most = 2000): string {
  const shown = lines.map((line) => visible(line, most));
  const fence = '`'.repeat(Math.max(3, longestRun(shown.join('\n')) + 1));
  return [`${fence}${language}`, ...shown, fence].join('\n');
}

/** A table; the cells are Markdown already. Columns whose head ends in a colon are aligned right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = head.map((name) => (name.endsWith(':') ? '---:' : '---'));
  return [line(head.map((name) => name.replace(/:$/, ''))), line(rule), ...rows.map(line)].join('\n');
}

/** A part that is folded until somebody opens it. The title is Markdown's raw HTML: only for fixed words and numbers. */
export function folded(title: string, body: string, open = false): string {
  return `<details${open ? ' open' : ''}><summary>${title}</summary>\n\n${body}\n\n</details>`;
}

function longestRun(line: string): number {
  return Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length));
}
