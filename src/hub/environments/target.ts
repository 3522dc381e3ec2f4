import { compare } from '@renovatebot/pep440';
import type { EnvironmentFacts } from './facts.ts';

/** What a package must have a wheel for, where the runner gets the packages: the hub's Python on its host. */
export interface Target {
  /** `3.11.7`. */
  python: string;
  /** `cp311`. */
  abi: string;
  /** The platform as uv names it. */
  platform: string;
  /** The platforms that a wheel for it may be tagged with. */
  tags: string[];
}

/** The versions of glibc for which uv can resolve, as the minor of 2.x. */
const GLIBC = [17, 28, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40];
/** The oldest that wheels were ever built for. */
const OLDEST_GLIBC: Record<string, number> = { x86_64: 5, aarch64: 17 };
const ALIASES: Record<string, string[]> = {
  x86_64: ['manylinux2014', 'manylinux2010', 'manylinux1'],
  aarch64: ['manylinux2014'],
};

/** The target, or why the runner cannot get packages for it, in a sentence. */
export function wheelTarget({ path, place, manager, platform, toolVersion }: EnvironmentFacts): Target | string {
  if (place !== 'environment') {
    return 'packages-from: runner needs a hub in an environment of its own. Give it one, or the host a package index that it can reach.';
  }
  if (manager === 'conda') {
    return `packages-from: runner is for pip and uv, but ${path} is conda’s. Leave it out, or give the host a channel that it can reach.`;
  }
  if (platform === undefined) return `packages-from: runner, but the Python in ${path} does not say what it is.`;
  const { implementation, python, abi, machine, bits } = platform;
  const oldest = bits === 64 ? OLDEST_GLIBC[machine] : undefined;
  const isKnown = /^3\.\d{1,2}\.\d{1,3}$/.test(python) && /^cp3\d{1,2}[a-z]{0,3}$/.test(abi);
  if (implementation !== 'cpython' || !isKnown || oldest === undefined) {
    return (
      `packages-from: runner knows CPython on x86_64 and aarch64, and ${path} has ${implementation} ${python} on ${machine} ` +
      `(${bits} bits). Give the host a package index that it can reach (packages-from: host).`
    );
  }
  const [, name, major, minor] = /^(glibc|musl) (\d+)\.(\d+)/.exec(platform.libc ?? '') ?? [];
  const common = { python, abi };
  if (name === 'musl' && major === '1' && takesMusl(manager, toolVersion)) {
    const tags = descending(Math.min(Number(minor), 2), 0).map((each) => `musllinux_1_${each}_${machine}`);
    return { ...common, platform: `${machine}-unknown-linux-musl`, tags: [...tags, `linux_${machine}`] };
  }
  const most = name === 'glibc' && major === '2' ? Math.min(Number(minor), newestFor(manager, toolVersion)) : 0;
  const level = GLIBC.findLast((each) => each <= most);
  if (level === undefined) {
    return (
      `packages-from: runner needs a host with glibc 2.17 or newer and pip 19.3 or newer, or musl and pip 21.2 or newer; ${path} has ` +
      `${platform.libc ?? 'another C library'} and ${toolVersion}. Upgrade pip in the environment, or use packages-from: host.`
    );
  }
  const tags = descending(level, oldest).map((each) => `manylinux_2_${each}_${machine}`);
  const older = (ALIASES[machine] ?? []).map((alias) => `${alias}_${machine}`);
  return {
    ...common,
    platform: `${machine}-manylinux_2_${level}`,
    tags: [...tags, ...older, `linux_${machine}`],
  };
}

/** Whether the host's installer knows the tags of wheels for musl. */
function takesMusl(manager: EnvironmentFacts['manager'], toolVersion: string): boolean {
  const pip = pipIn(toolVersion);
  return manager === 'uv' || pip === undefined || compare(pip, '21.2') >= 0;
}

function pipIn(toolVersion: string): string | undefined {
  return /^pip (\d[\w.]*)/.exec(toolVersion)?.[1];
}

/** The newest glibc (2.x) whose wheels the host's installer takes: an old pip does not know their tags. */
function newestFor(manager: EnvironmentFacts['manager'], toolVersion: string): number {
  const pip = pipIn(toolVersion);
  if (manager === 'uv' || pip === undefined || compare(pip, '20.3') >= 0) return Number.POSITIVE_INFINITY;
  return compare(pip, '19.3') >= 0 ? 17 : 0;
}

function descending(from: number, to: number): number[] {
  return Array.from({ length: Math.max(from - to + 1, 0) }, (_, index) => from - index);
}
