import { eq } from '@renovatebot/pep440';
import { shown } from '../backup/errors.ts';
import { canonicalName, type Installed } from '../hub/packages.ts';

/** One package of a resolution: exactly this version, and the SHA-256 sums that its index says its files have. */
export interface Pin {
  name: string;
  version: string;
  digests: string[];
}

/**
 * The packages in a list as `uv pip compile --generate-hashes` writes it, and what it says of the index. Conditions are left
 * out: in a list for one platform all hold.
 */
export function readPins(list: string): { pins: Pin[]; options: string[] } {
  const lines = list
    .replaceAll(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
  const pins = lines.filter((line) => !line.startsWith('-')).map(readPin);
  return { pins, options: lines.filter((line) => line.startsWith('-')) };
}

function readPin(line: string): Pin {
  const [, name, version] = /^([A-Za-z0-9][\w.-]*)(?:\[[\w.,\s-]*\])?\s*==\s*([\w.!+-]+)(?=$|[\s;])/.exec(line) ?? [];
  if (name === undefined || version === undefined) {
    throw new Error(`${shown(line)} names no exact version of a package in an index.`);
  }
  const digests = [...line.matchAll(/--hash=sha256:([0-9a-f]{64})(?=\s|$)/g)].map(([, digest = '']) => digest);
  return { name: canonicalName(name), version, digests };
}

/** A list for pip. */
export function writePins(pins: Pin[], options: string[]): string {
  const lines = pins.map(({ name, version, digests }) =>
    [`${name}==${version}`, ...digests.map((digest) => `--hash=sha256:${digest}`)].join(' '),
  );
  return [...options, ...lines, ''].join('\n');
}

/** The pins that change something. */
export function changing(pins: Pin[], installed: Installed[]): Pin[] {
  const versions = new Map(installed.map(({ name, version }) => [canonicalName(name), version]));
  return pins.filter(({ name, version }) => !isVersion(versions.get(name) ?? '', version));
}

/** Whether two texts are the same version, however they spell it. */
export function isVersion(one: string, other: string): boolean {
  if (one === other) return true;
  try {
    return eq(one, other);
  } catch {
    return false;
  }
}

/** What is installed, as versions to keep where they do. A host may say anything: what is no plain version is left out. */
export function preferences(installed: Installed[]): string {
  const plain = installed.filter(
    ({ name, version }) => /^[a-z0-9][a-z0-9-]*$/.test(name) && /^\d[\w.!+]*$/.test(version),
  );
  return plain.map(({ name, version }) => `${name}==${version}\n`).join('');
}
