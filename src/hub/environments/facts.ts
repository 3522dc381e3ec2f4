import { z } from 'zod';
import { type Installed, type Platform, packagesSchema, type Requirement } from '../packages.ts';

/** What discovery found out about the hub's environment. Sizes in bytes. */
export interface EnvironmentFacts {
  path: string;
  uid: number;
  gid: number;
  parentUid: number;
  parentGid: number;
  /** What made it: `uv` is a virtual environment of uv's; `none` where there is none around the hub. */
  kind: 'venv' | 'uv' | 'conda' | 'none';
  /**
   * `environment`, or where pip put a hub that is outside of any: for all users (`system`), or for the hub's own (`user`). Then
   * `path` is the directory of its packages.
   */
  place: 'environment' | 'system' | 'user';
  /** What runs the hub, and the directory of its commands. */
  python: string;
  bin: string;
  /** What installs into it: the input `package-manager`, or what was found. */
  manager: 'pip' | 'uv' | 'conda';
  /** Path or command of that manager; empty where there is none that the owner may trust. */
  tool: string;
  /** What it says of itself. */
  toolVersion: string;
  conda: {
    /** conda's own records of JupyterHub; empty when something else installed it. */
    packages: string;
    /** A file that an interrupted transaction left. */
    interrupted: string;
    frozen: boolean;
    pinned: string;
    /** Tools like conda, where conda itself is not there. */
    others: string[];
  };
  installed: Installed[];
  /** Undefined where nothing can read them. */
  wanted?: Requirement[];
  /** Undefined where its Python does not run. */
  platform?: Platform;
  /** Its owner cannot write to it. */
  readOnly: boolean;
  /** The exact list from which the manager can make it again. */
  requirements: string;
  size: number;
  /** How many it has. */
  files: number;
}

const id = z.coerce.number().int().nonnegative();

/** The environment in the raw facts. Throws ZodError for another form than expected. */
export function environmentFacts(raw: Map<string, string>): EnvironmentFacts {
  const get = (name: string) => raw.get(name) ?? '';
  const [uid, gid] = get('environment-owner').split(' ');
  const [parentUid, parentGid] = get('environment-parent-owner').split(' ');
  const packages = get('packages') === '' ? undefined : packagesSchema.parse(JSON.parse(get('packages')));
  return {
    path: get('environment-path'),
    uid: id.parse(uid),
    gid: id.parse(gid),
    parentUid: id.parse(parentUid),
    parentGid: id.parse(parentGid),
    kind: z.enum(['venv', 'uv', 'conda', 'none']).parse(get('environment-kind')),
    place: z.enum(['environment', 'system', 'user']).parse(get('environment-place')),
    python: get('environment-python'),
    bin: get('environment-bin'),
    manager: z.enum(['pip', 'uv', 'conda']).catch('pip').parse(get('package-manager')),
    tool: get('package-tool'),
    toolVersion: get('package-tool-version').split(' from ')[0] ?? '',
    conda: {
      packages: get('conda-packages'),
      interrupted: get('conda-interrupted'),
      frozen: raw.has('conda-frozen'),
      pinned: get('conda-pinned'),
      others: [get('tool-mamba'), get('tool-micromamba')].filter(Boolean),
    },
    installed: packages?.installed ?? [],
    ...(packages?.requirements ? { wanted: packages.requirements } : {}),
    ...(packages ? { platform: packages.platform } : {}),
    readOnly: raw.has('environment-read-only'),
    requirements: get('requirements'),
    size: Number(get('environment-kib')) * 1024,
    files: Number(get('environment-files')),
  };
}
