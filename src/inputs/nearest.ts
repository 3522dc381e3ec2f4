/** The word most like `text`, by letters to add, drop, change or swap with a neighbour, if that is a third of it or less. */
export function nearest<Word extends string>(text: string, words: readonly Word[]): Word | undefined {
  let best: Word | undefined;
  let least = Math.floor(text.length / 3) + 1;
  for (const word of words) {
    const distance = editDistance(text, word);
    if (distance < least) [best, least] = [word, distance];
  }
  return best;
}

function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const at = (line: number[], index: number) => line[index] ?? Number.POSITIVE_INFINITY;
      let cost = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
      );
      if (from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        cost = Math.min(cost, at(beforePrevious, column - 2) + 1);
      }
      current.push(cost);
    }
    [beforePrevious, previous] = [previous, current];
  }
  return previous[to.length] ?? 0;
}
