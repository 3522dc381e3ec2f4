/** The middle of the values, or the mean of the two in the middle. Throws when there are none. */
export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (low === undefined || high === undefined) throw new Error('a median of nothing');
  return (low + high) / 2;
}

/** `1, 2, …, n` times in turn, so that what slows the machine down for a while slows every kind alike. */
export async function interleave<Kind extends string, Value>(
  kinds: readonly Kind[],
  rounds: number,
  measure: (kind: Kind, round: number) => Promise<Value>,
): Promise<Record<Kind, Value[]>> {
  const found = Object.fromEntries(kinds.map((kind) => [kind, []])) as unknown as Record<Kind, Value[]>;
  for (let round = 1; round <= rounds; round += 1) {
    for (const kind of kinds) found[kind].push(await measure(kind, round));
  }
  return found;
}
