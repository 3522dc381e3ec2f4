import { satisfies } from '@renovatebot/pep440';
import { z } from 'zod';

const text = z.string().max(1024);

const installedSchema = z.object({
  name: text,
  version: text,
  editable: z.boolean(),
  installer: text.nullable(),
  from: text.nullable(),
  /** Its directory, if that is not the one in which JupyterHub lies. */
  elsewhere: text.optional(),
});

const requirementSchema = z.object({ by: text, name: text, specifier: text });

const platformSchema = z.object({
  implementation: text,
  /** `3.11.7`. */
  python: text,
  /** `cp311`. */
  abi: text,
  machine: text,
  bits: z.number().int(),
  /** `glibc 2.36`, `musl 1.2`. */
  libc: text.nullable(),
});

/** What packages.py says is installed. */
export const packagesSchema = z.object({
  installed: z.array(installedSchema).max(5000),
  requirements: z.array(requirementSchema).max(50_000).nullable(),
  platform: platformSchema,
});

/** A package of the hub's environment. */
export type Installed = z.infer<typeof installedSchema>;

/** What one package requires of the version of another. */
export type Requirement = z.infer<typeof requirementSchema>;

/** What a wheel has to fit: the interpreter of the hub's environment, and its host. */
export type Platform = z.infer<typeof platformSchema>;

/** A package that an upgrade changes; no `from` for one that is new, no `to` for one that goes. */
export interface Change {
  name: string;
  from?: string;
  to?: string;
  /** Of conda. */
  build?: string;
}

/** A package as all spell it the same. */
export function canonicalName(name: string): string {
  return name.replaceAll(/[-_.]+/g, '-').toLowerCase();
}

/** Changes from what is installed to these packages. */
export function changesTo(chosen: { name: string; version: string }[], installed: Installed[]): Change[] {
  const versions = new Map(installed.map(({ name, version }) => [name, version]));
  return chosen
    .map(({ name, version }) => {
      const from = versions.get(canonicalName(name));
      return { name: canonicalName(name), ...(from === undefined ? {} : { from }), to: version };
    })
    .filter(({ from, to }) => from !== to)
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** A package that is left as it is and does not go together with one that is changed. */
export interface Conflict extends Requirement {
  /** Its version. */
  version: string;
  to: string;
}

/**
 * What would break of what works now. pip and uv look only at what they are asked to install: a plugin that needs an older
 * JupyterHub is no reason for them to stop.
 */
export function conflictsOf(changes: Change[], installed: Installed[], requirements: Requirement[]): Conflict[] {
  const changed = new Map(changes.map((change) => [change.name, change]));
  const versions = new Map(installed.map(({ name, version }) => [name, version]));
  return requirements.flatMap((requirement) => {
    const change = changed.get(requirement.name);
    const version = versions.get(requirement.by);
    if (change?.to === undefined || version === undefined || changed.has(requirement.by)) return [];
    if (fits(change.to, requirement.specifier)) return [];
    const wasBroken = change.from !== undefined && !fits(change.from, requirement.specifier);
    return wasBroken ? [] : [{ ...requirement, version, to: change.to }];
  });
}

function fits(version: string, specifier: string): boolean {
  try {
    return satisfies(version, specifier, { prereleases: true });
  } catch {
    // Older than the standard, or wrong: the package manager would not know either.
    return true;
  }
}

/** `alembic 1.8.0 → 1.14.0`. */
export function changeText({ name, from, to }: Change): string {
  if (from === undefined) return `${name} ${to} (new)`;
  return to === undefined ? `${name} ${from} (removed)` : `${name} ${from} → ${to}`;
}
