/** A bundle that is not what its manifest says, or tries something a backup never does. Nothing of it may be kept. */
export class BundleRefused extends Error {
  override readonly name = 'BundleRefused';
}

/** A backup that can't be sealed or opened: wrong key, damaged, cut short. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

/** The artifact service could not store, list or hand back a backup. */
export class ArtifactError extends Error {
  override readonly name = 'ArtifactError';
}

/**
 * Text from outside, fit for a sentence in a log: one line, quoted, at most 120 characters. A name in a hostile bundle
 * must not be able to start a workflow command.
 */
export function shown(text: string): string {
  const line = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
  return `"${line.length > 120 ? `${line.slice(0, 119)}…` : line}"`;
}
