// How the runner reads what an action says, after actions/runner: src/Runner.Common/ActionCommand.cs (commands on
// standard output), src/Runner.Worker/FileCommandManager.cs (files). Written here from those rules, sharing nothing with src.

/** The workflow commands in an output, by either syntax, as `name` and the raw text after it. */
export function commandsIn(output: Uint8Array): { name: string; line: string }[] {
  const names = 'error|warning|notice|debug|group|endgroup|add-mask|add-matcher|remove-matcher|set-output|save-state';
  const known = new RegExp(`^(${names}|set-env|add-path|echo|stop-commands|command|section)$`, 'i');
  return new TextDecoder()
    .decode(output)
    .split(/\r\n|\r|\n/)
    .flatMap((line) => {
      // .NET compares by culture there: characters that weigh nothing in a comparison are as good as not there.
      const weighed = line.replaceAll(/[\p{C}\p{DI}\p{Zl}\p{Zp}\u0488\u0489]/gu, '').trimStart();
      const second = /^::([^: ]*)[\s\S]*?::/.exec(weighed) ?? /##\[([^\] ]*)[^\]]*\]/.exec(weighed);
      return second && known.test(second[1] ?? '') ? [{ name: second[1] ?? '', line }] : [];
    });
}

/** Name and value of each entry of a file such as `GITHUB_OUTPUT`; throws where the runner fails the step. */
export function entriesIn(file: string): [name: string, value: string][] {
  const lines = file.split('\n');
  const entries: [string, string][] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line === '') continue;
    const [equals, heredoc] = [line.indexOf('='), line.indexOf('<<')];
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      entries.push([line.slice(0, equals), line.slice(equals + 1)]);
    } else if (heredoc > 0) {
      const end = lines.indexOf(line.slice(heredoc + 2), at + 1);
      if (end < 0) throw new Error('Matching delimiter not found');
      entries.push([line.slice(0, heredoc), lines.slice(at + 1, end).join('\n')]);
      at = end;
    } else throw new Error(`Invalid format '${line}'`);
  }
  return entries;
}
