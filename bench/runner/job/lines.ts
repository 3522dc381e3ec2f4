import type { Readable } from 'node:stream';

/** Calls `onLine` for each line of a UTF-8 stream. As for the runner, a lone carriage return ends a line too. */
export async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  let rest = '';
  for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) {
    const text = rest + chunk;
    // A carriage return at the very end may be the first half of CR LF: it waits for what follows.
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  }
  if (rest) onLine(rest.replace(/\r$/, ''));
}
