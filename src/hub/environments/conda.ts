import { z } from 'zod';
import type { Change } from '../packages.ts';
import type { EnvironmentFacts } from './facts.ts';
import type { Manager } from './manager.ts';

const record = z.object({ name: z.string().max(256), version: z.string().max(256), build_string: z.string().max(256) });

const answerSchema = z.object({
  success: z.boolean().optional(),
  exception_name: z.string().max(256).optional(),
  message: z.string().max(100_000).optional(),
  error: z.string().max(100_000).optional(),
  packages: z.array(z.unknown()).optional(),
  actions: z.object({ LINK: z.array(record).default([]), UNLINK: z.array(record).default([]) }).optional(),
});

/** conda. Host side: src/host/environments/conda.sh. */
export const conda: Manager = {
  blockers({ conda: found, kind, path, tool, uid }, packages) {
    if (kind !== 'conda') {
      return [
        `package-manager: conda, but ${path} is no conda environment (it has no conda-meta/history). Leave it out.`,
      ];
    }
    if (found.packages === '') {
      return [
        `package-manager: conda, but JupyterHub was not installed into ${path} by conda: it would be there twice. Write ` +
          'package-manager: pip, or leave it out.',
      ];
    }
    const blockers: string[] = [];
    if (tool === '') {
      const others =
        found.others.length === 0 ? '' : ` ${found.others.join(' and ')} is there, but has not been tried.`;
      blockers.push(
        `${path} is a conda environment, but no conda was found that its owner (uid ${uid}) may trust: not the one that made ` +
          `it, none beside it, in /opt/conda, /opt/miniforge3, /opt/miniconda3 or the PATH; the file must belong to that owner or ` +
          `root, and nobody else may write to it.${others} Install conda in one of these places.`,
      );
    }
    if (found.frozen) {
      blockers.push(
        `${path} is marked as frozen (conda-meta/frozen). Remove that file first, if it is meant to be upgraded.`,
      );
    }
    if (found.interrupted !== '') {
      blockers.push(
        `An earlier conda transaction in ${path} was interrupted (it left ${found.interrupted}): conda no longer knows what is ` +
          'in the environment. Put a copy of it back, or make it anew, first.',
      );
    }
    const pin = found.pinned.split('\n').find((line) => /^jupyterhub(-base)?(?![\w.-])/.test(line.trim()));
    if (pin !== undefined) {
      blockers.push(`${path} pins JupyterHub (conda-meta/pinned: ${pin.trim()}). Take that line out first.`);
    }
    if (packages.constraints !== undefined) {
      blockers.push('constraints are for pip and uv, but this environment is conda’s: use conda-meta/pinned there.');
    }
    return blockers;
  },
  changes(resolved) {
    const { actions } = answerSchema.parse(JSON.parse(resolved));
    const before = new Map((actions?.UNLINK ?? []).map(({ name, version }) => [name, version]));
    const linked = (actions?.LINK ?? []).map(({ name, version, build_string }): Change => {
      const from = before.get(name);
      before.delete(name);
      return { name, ...(from === undefined ? {} : { from }), to: version, build: build_string };
    });
    const gone = [...before].map(([name, from]): Change => ({ name, from }));
    return [...linked, ...gone].sort((one, other) => (one.name < other.name ? -1 : 1));
  },
  refusal(resolved, log, wanted) {
    const asked = wanted.join(', ');
    const answer = answerSchema.safeParse(tryJson(resolved)).data;
    const name = answer?.exception_name ?? '';
    const said = (answer?.message ?? answer?.error ?? log).trim().replaceAll(/\s+/g, ' ').slice(0, 2000);
    if (name === 'PackagesNotFoundInChannelsError') return `conda's channels do not have what is asked for: ${said}`;
    if (/Unsatisfiable|Conflict/.test(name)) return `${asked} cannot be installed together with what is there: ${said}`;
    if (name === 'EnvironmentNotWritableError') return `The environment cannot be written to: ${said}`;
    if (/CondaHTTPError|UnavailableInvalidChannel|Offline/.test(name)) {
      return `conda's channels cannot be reached from the host: ${said}`;
    }
    return `conda refuses to install ${asked}: ${said || 'it says nothing.'}`;
  },
  exact: (change: Change) => `${change.name}=${change.to}${change.build === undefined ? '' : `=${change.build}`}`,
  exactly: '',
  install: (environment, wanted) => installing(environment, wanted),
  fetch: (environment, wanted) => installing(environment, ['--download-only', ...wanted]),
  installFetched: (environment, wanted) => installing(environment, ['--offline', ...wanted]),
};

function installing({ path, tool }: EnvironmentFacts, words: string[]): string[] {
  return [tool, 'install', '-y', '-q', '-p', path, ...words];
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
