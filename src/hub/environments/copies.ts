import type { Need } from '../disk.ts';
import type { Facts } from '../facts.ts';
import type { Wheel } from './resolution.ts';

const MIB = 1024 * 1024;

/** Why the environment cannot be copied beside itself, a sentence each. */
export function copyBlockers({ environment, uid }: Facts): string[] {
  const blockers: string[] = [];
  const mayActAs = (owner: number) => uid === 0 || uid === owner;
  if (!mayActAs(environment.uid)) {
    blockers.push(
      `${environment.path} belongs to another user (uid ${environment.uid}): log in as that user, or use sudo.`,
    );
  } else if (environment.readOnly) {
    blockers.push(
      `${environment.path} cannot be written to by its owner (uid ${environment.uid}): its disk is mounted read-only, or its ` +
        'mode forbids it. Make it writable first.',
    );
  }
  if (environment.parentUid !== 0 && environment.parentUid !== environment.uid) {
    blockers.push(
      `The directory that holds ${environment.path} belongs to a third user (uid ${environment.parentUid}): ` +
        'it must be the owner of the environment or root.',
    );
  } else if (!mayActAs(environment.parentUid)) {
    blockers.push(
      `A copy of ${environment.path} cannot be made beside it: its directory belongs to root. Use sudo (become: sudo).`,
    );
  }
  return blockers;
}

/** What wheels from the runner take: they pass through the directory of a phase into that of the job. */
export function sentNeeds(wheels: Wheel[] = []): Need[] {
  const bytes = wheels.reduce((sum, { size }) => sum + size, 0);
  return (['phases', 'state'] as const).map((place) => ({ place, what: 'packages from the runner', bytes }));
}

/** What the copies take: each, and what the release that goes into it brings. */
export function copyNeeds({ environment }: Facts, copies: number, install: 'staged' | 'in-place'): Need[] {
  return [
    {
      place: 'environment',
      what: copies === 1 ? 'a copy of the environment' : `${copies} copies of the environment`,
      bytes: copies * (Math.ceil(environment.size * 1.2) + 256 * MIB),
      files: copies * (environment.files + 10_000),
    },
    // Packages, and what is unpacked of them.
    ...(install === 'in-place' ? [{ place: 'state' as const, what: 'packages', bytes: 256 * MIB }] : []),
  ];
}
