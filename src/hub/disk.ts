import { count, size } from '../report/text.ts';
import type { Facts } from './facts.ts';

/** Where an upgrade writes. */
export type PlaceName = 'environment' | 'database' | 'state' | 'phases' | 'units';

/** A directory that an upgrade writes to. */
export interface Place {
  name: PlaceName;
  path: string;
  /** Of the file system: places of the same one share their room. */
  device: string;
  /** Bytes, and files where the file system counts them. */
  free: number;
  freeFiles: number | undefined;
  /** Whether who writes there may. */
  writable: boolean;
  /** Whether its file system limits users or groups. By how much is not known. */
  quota: boolean;
}

/** What something takes of a disk. */
export interface Need {
  place: PlaceName;
  /** What it is, for people. */
  what: string;
  bytes: number;
  files?: number;
}

/** What an upgrade takes of one file system. */
export interface DiskUse {
  path: string;
  what: string;
  bytes: number;
  free: number;
}

/** The needs by file system, with what is free there. */
export function diskUse({ places }: Pick<Facts, 'places'>, needs: Need[]): DiskUse[] {
  return byDevice(places, needs).map(({ place, here, bytes }) => ({
    ...{ path: place.path, bytes, free: place.free },
    what: here.map(({ what }) => what).join(', '),
  }));
}

/** Why these needs cannot be met, a sentence each, with what to do. */
export function diskBlockers({ places }: Pick<Facts, 'places'>, needs: Need[]): string[] {
  return byDevice(places, needs).flatMap(({ place, here, bytes, files }) => {
    const parts = here.map(({ what, bytes: each }) => `${what} (${size(each)})`).join(', ');
    const noRoom =
      place.free < bytes
        ? [
            `The disk of ${place.path} has ${size(place.free)} free, and ${size(bytes)} are needed there: ${parts}. ` +
              `Make room for ${size(bytes - place.free)} more.`,
          ]
        : [];
    const noFiles =
      place.freeFiles !== undefined && place.freeFiles < files
        ? [
            `The disk of ${place.path} has room for ${count(place.freeFiles, 'more file')} (inodes), and ${files} are needed ` +
              'there. Remove files that nobody needs, old environments for example.',
          ]
        : [];
    return [...noRoom, ...noFiles];
  });
}

/** Places that cannot be written to, a sentence each, with what to do. */
export function writeBlockers({ places, user }: Pick<Facts, 'places' | 'user'>, needs: Need[]): string[] {
  const needed = new Set(needs.map(({ place }) => place));
  return places
    .filter(({ name, writable }) => needed.has(name) && !writable)
    .map(
      ({ path, name }) =>
        `${path}, ${WHY[name]}, cannot be written to by ${user} or who owns it: mount it read-write, or set its owner and mode right.`,
    );
}

/** What is not known of these disks, a sentence each. */
export function quotaWarnings({ places }: Pick<Facts, 'places'>, needs: Need[]): string[] {
  return byDevice(places, needs)
    .filter(({ place }) => place.quota)
    .map(
      ({ place, bytes }) =>
        `The disk of ${place.path} has quotas, and what they leave is not known: see that who writes there may have ` +
        `${size(bytes)} more.`,
    );
}

const WHY: Record<PlaceName, string> = {
  environment: 'where the copy of the environment is made',
  database: 'where copies of the database are made',
  state: "the action's own directory",
  phases: 'where programs are put while they run',
  units: 'where a unit that goes on after a reboot is put',
};

function byDevice(places: Place[], needs: Need[]) {
  const devices = [...new Set(places.map(({ device }) => device))];
  return devices.flatMap((device) => {
    const there = places.filter((place) => place.device === device);
    const here = needs.filter(({ place, bytes }) => bytes > 0 && there.some(({ name }) => name === place));
    const place = there.find(({ name }) => here.some((need) => need.place === name));
    if (place === undefined) return [];
    const files = here.reduce((sum, each) => sum + (each.files ?? 0), 0);
    return [{ place, here, bytes: here.reduce((sum, each) => sum + each.bytes, 0), files }];
  });
}
