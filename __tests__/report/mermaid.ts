import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import vm from 'node:vm';

interface Diagram {
  type: string;
  db: { getTasks(): { task: string; section: string; startTime: Date; endTime: Date; crit?: boolean }[] };
}

interface Mermaid {
  parse(text: string): Promise<unknown>;
  mermaidAPI: { getDiagramFromText(text: string): Promise<Diagram> };
}

/** Mermaid itself, without a browser: enough to parse. It only wants a sanitizer to be there. */
export async function loadMermaid(): Promise<Mermaid['mermaidAPI']> {
  const source = readFileSync(createRequire(import.meta.url).resolve('@mermaid-js/tiny'), 'utf8');
  const context = vm.createContext({ console, setTimeout, clearTimeout, structuredClone, URL });
  vm.runInContext('Function.prototype.addHook = () => {}; Function.prototype.sanitize = (text) => text;', context);
  vm.runInContext(source, context);
  const mermaid: Mermaid = context.mermaid;
  // The first parse registers the kinds of charts.
  await mermaid.parse('gantt');
  return mermaid.mermaidAPI;
}

/** The charts in a summary. */
export function chartsIn(markdown: string): string[] {
  return [...markdown.matchAll(/^(`{3,})mermaid\n([\s\S]*?)\n\1$/gm)].map(([, , chart]) => chart ?? '');
}
