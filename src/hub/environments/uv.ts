import { changesTo } from '../packages.ts';
import type { EnvironmentFacts } from './facts.ts';
import type { Manager } from './manager.ts';

/** uv, for environments that may have no pip. Host side: src/host/environments/uv.sh. */
export const uv: Manager = {
  blockers({ kind, path, place, tool, uid }) {
    if (kind === 'conda') {
      return [`package-manager: uv, but ${path} is a conda environment. Leave package-manager out.`];
    }
    if (place !== 'environment') {
      return [`package-manager: uv, but JupyterHub is outside of any environment, where pip put it. Leave it out.`];
    }
    if (tool !== '') return [];
    return [
      `${path} has no pip, so it is uv that installs into it, but no uv was found that its owner (uid ${uid}) may trust: in ` +
        `${path}/bin, in the PATH, in .local/bin and .cargo/bin of its owner; the file must belong to that owner or root, and ` +
        'nobody else may write to it. Install uv in one of these places.',
    ];
  },
  changes(resolved, { installed }) {
    const lines = [...resolved.matchAll(/^ ([-+~]) (\S+?)==(\S+)/gm)];
    const added = new Set(lines.flatMap(([, sign, name = '']) => (sign === '-' ? [] : [name])));
    const removed = lines.flatMap(([, sign, name = '', from = '']) =>
      sign === '-' && !added.has(name) ? [{ name, from }] : [],
    );
    const chosen = lines.flatMap(([, sign, name = '', version = '']) => (sign === '-' ? [] : [{ name, version }]));
    return [...changesTo(chosen, installed), ...removed];
  },
  refusal(resolved, log, wanted) {
    const text = `${resolved}\n${log}`;
    const causes = /(?:^|\n)error: ([\s\S]*?)(?:\n\n|\nhint:|$)/.exec(text)?.[1] ?? text;
    const said = causes
      .replaceAll(/^\s*(cause: )?/gm, '')
      .trim()
      .replaceAll('\n', ' ');
    return `uv refuses to install ${wanted.join(', ')}: ${said}`;
  },
  exact: ({ name, to }) => `${name}==${to}`,
  exactly: '--no-deps',
  install: (environment, wanted) => installing(environment, wanted),
  fetch: (environment, wanted) => installing(environment, ['--target', '$JOB/wheels/unused', ...wanted]),
  installFetched: (environment, wanted, from) => {
    const sent = from === 'runner' ? ['--no-config', '--no-index', '--find-links', '$JOB/wheels'] : [];
    return installing(environment, ['--offline', ...sent, ...wanted]);
  },
};

function installing({ python, tool }: EnvironmentFacts, words: string[]): string[] {
  return [tool, 'pip', 'install', ...words, '--python', python];
}
