// Writes the tables of inputs and outputs in README.md from action.yml:  node script/readme-tables.ts
import { readFile, writeFile } from 'node:fs/promises';
import { parse } from 'yaml';

/** The interface of the action, as action.yml has it. */
export interface ActionManifest {
  inputs: Record<string, { description: string; required: boolean; default?: string }>;
  outputs: Record<string, { description: string }>;
}

/** action.yml of this repository. */
export async function readManifest(): Promise<ActionManifest> {
  return parse(await readFile(new URL('../action.yml', import.meta.url), 'utf8'));
}

/** `readme` with the text between its markers replaced by the tables. Throws when a marker is missing. */
export function withTables(readme: string, { inputs, outputs }: ActionManifest): string {
  const inputRows = Object.entries(inputs).map(([name, { description, required, default: text }]) => {
    return [`\`${name}\``, required ? '*needed*' : text === undefined ? '' : `\`${text}\``, description];
  });
  const outputRows = Object.entries(outputs).map(([name, { description }]) => [`\`${name}\``, description]);
  const withInputs = replaceBetween(readme, 'inputs', table(['input', 'default', 'meaning'], inputRows));
  return replaceBetween(withInputs, 'outputs', table(['output', 'meaning'], outputRows));
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.trim().replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function replaceBetween(text: string, marker: string, content: string): string {
  const [begin, end] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`];
  const [start, stop] = [text.indexOf(begin), text.indexOf(end)];
  if (start < 0 || stop < start) throw new Error(`README.md needs the lines ${begin} and ${end}, in this order.`);
  return `${text.slice(0, start + begin.length)}\n${content}\n${text.slice(stop)}`;
}

if (import.meta.main) {
  const file = new URL('../README.md', import.meta.url);
  await writeFile(file, withTables(await readFile(file, 'utf8'), await readManifest()));
}
