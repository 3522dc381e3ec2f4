import { z } from 'zod';
import { changesTo } from '../packages.ts';
import type { EnvironmentFacts } from './facts.ts';
import type { Manager } from './manager.ts';

const reportSchema = z.array(z.object({ name: z.string().max(1024), version: z.string().max(1024) })).max(5000);

/** pip, of the environment itself. Host side: src/host/environments/pip.sh. */
export const pip: Manager = {
  blockers({ conda, kind, path, tool }) {
    if (kind === 'conda' && conda.packages !== '') {
      return [
        `package-manager: pip, but conda installed JupyterHub into ${path} (${conda.packages.split('\n')[0]}): pip would leave ` +
          "conda's records wrong. Write package-manager: conda, or leave it out.",
      ];
    }
    if (tool === '') return [`There is no pip in ${path}. Write package-manager: uv if uv made it, or leave it out.`];
    return [];
  },
  changes: (resolved, { installed }) => changesTo(reportSchema.parse(JSON.parse(resolved)), installed),
  refusal(_, log, wanted) {
    const errors = [...log.matchAll(/^ERROR: (.*)$/gm)].map(([, text = '']) => text.trim());
    const offered = /\(from versions: (.*)\)/.exec(log)?.[1]?.split(', ').at(-1);
    const newest = offered === 'none' ? undefined : offered;
    const missing = /No matching distribution found for (.*)/.exec(log)?.[1];
    const python = missing === undefined ? undefined : wantedPython(log, missing);
    if (python !== undefined) {
      const other = newest === undefined ? '' : `; the newest that runs on this one is ${newest}`;
      return (
        `${missing} needs Python ${python}, and the hub's environment has another one. Give the hub an environment with such ` +
        `a Python first, or ask for another version${other}.`
      );
    }
    if (missing !== undefined && newest === undefined) {
      return (
        `The host's package index has no ${missing}, or it cannot be reached: ${lastTrouble(log)} See \`pip config list\` on ` +
        'the host for where pip looks, and that the package is there.'
      );
    }
    if (missing !== undefined) {
      return (
        `The host's package index has no ${missing} for this Python; the newest it offers is ${newest}. Ask for a version ` +
        'that it has, or have this one put there.'
      );
    }
    const conflict = /The conflict is caused by:\n((?: {4}.*\n)+)/.exec(log)?.[1];
    if (conflict !== undefined) {
      const causes = conflict
        .trim()
        .split('\n')
        .map((line) => line.trim());
      return (
        `${wanted.join(', ')} cannot be installed together: ${causes.join('; ')}. Ask for versions that go together ` +
        '(extra-packages, constraints).'
      );
    }
    return `pip refuses to install ${wanted.join(', ')}: ${errors.join(' ') || lastTrouble(log)}`;
  },
  exact: ({ name, to }) => `${name}==${to}`,
  exactly: '--no-deps',
  install: (environment, wanted) => [...pipOf(environment), 'install', '--progress-bar', 'off', '--upgrade', ...wanted],
  fetch: (environment, wanted) => [
    ...pipOf(environment),
    ...(environment.place === 'environment' ? ['download'] : ['wheel']),
    ...['--progress-bar', 'off', environment.place === 'environment' ? '--dest' : '--wheel-dir', '$JOB/wheels'],
    ...wanted,
  ],
  installFetched: (environment, wanted, from) => [
    ...(from === 'runner' ? ['env', 'PIP_CONFIG_FILE=/dev/null'] : []),
    ...[...pipOf(environment), 'install', '--no-index', '--find-links', '$JOB/wheels', '--upgrade'],
    ...wanted,
  ],
};

/** Outside of an environment pip is told by its own variables which place is meant. */
const PLACES: Record<EnvironmentFacts['place'], string[]> = {
  environment: [],
  user: ['PIP_USER=1', 'PIP_BREAK_SYSTEM_PACKAGES=1'],
  system: ['PYTHONNOUSERSITE=1', 'PIP_USER=0', 'PIP_BREAK_SYSTEM_PACKAGES=1'],
};

const pipOf = ({ place, python }: EnvironmentFacts) => [...PLACES[place], python, '-m', 'pip'];

/** The Python that a version needs which pip left out, as its index says: `9.0 Requires-Python >=3.12`. */
function wantedPython(log: string, missing: string): string | undefined {
  const ignored = /Ignored the following versions that require a different python version: (.*)/.exec(log)?.[1] ?? '';
  const version = /===?([^,\s]+)$/.exec(missing)?.[1];
  const left = ignored.split('; ').map((each) => each.trim().split(' Requires-Python '));
  return left.find(([each]) => each === version)?.[1];
}

/** The last line that says more than that pip is at work. */
function lastTrouble(log: string): string {
  return (
    log
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^(ERROR|WARNING): /, '') || 'it says nothing.'
  );
}
