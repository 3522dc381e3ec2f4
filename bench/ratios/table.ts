/** A table in Markdown whose columns also stand one below the other in a terminal. The first column is text, the others are figures. */
export function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, column) =>
    Math.max(3, ...[title, ...rows.map((row) => row[column] ?? '')].map(width)),
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(' | ')} |`;
  const rule = widths.map((size, column) => (column === 0 ? '-'.repeat(size) : `${'-'.repeat(size - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

function pad(cell: string, size: number, column: number): string {
  const blank = ' '.repeat(Math.max(0, size - width(cell)));
  return column === 0 ? cell + blank : blank + cell;
}

function width(text: string): number {
  return [...text].length;
}
