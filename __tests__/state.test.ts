import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunState, readState, saveState } from '../src/state.ts';
import { entriesIn } from './report/runner.ts';

const job = { directory: '/var/lib/jupyterhub-upgrade/a b/job', become: 'sudo' } as const;
const backup = {
  artifactId: 7,
  name: 'backup.tar.age',
  digest: `sha256:${'0'.repeat(64)}`,
  url: 'https://github.com/a',
  size: 4711,
  sealedFor: 'recipients',
  proven: true,
  provenIn: 'a scratch file',
} as const;

const STATES: RunState[] = [
  { version: 1, phase: 'idle' },
  { version: 1, phase: 'host-job', job },
  { version: 1, phase: 'host-job', job, backup },
  { version: 1, phase: 'finished', outcome: 'failed-before-change' },
];

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'state-'));
  file = join(directory, 'save_state');
  await writeFile(file, '');
});
afterEach(() => rm(directory, { recursive: true }));

/** The environment of `post`, as the runner makes it from what `main` wrote. */
async function environmentOfPost(): Promise<NodeJS.ProcessEnv> {
  const entries = entriesIn(await readFile(file, 'utf8'));
  return Object.fromEntries(entries.map(([name, value]) => [`STATE_${name}`, value]));
}

describe('state', () => {
  it.each(STATES)('reaches post: $phase', async (state) => {
    saveState(state, { GITHUB_STATE: file });
    expect(readState(await environmentOfPost())).toEqual(state);
  });

  it('is the one saved last', async () => {
    for (const state of STATES) saveState(state, { GITHUB_STATE: file });
    expect(readState(await environmentOfPost())).toEqual(STATES.at(-1));
  });

  it('is idle when main saved none', () => {
    expect(readState({})).toEqual({ version: 1, phase: 'idle' });
    expect(readState({ STATE_run: '' })).toEqual({ version: 1, phase: 'idle' });
  });

  it('needs no runner', () => {
    expect(() => saveState({ version: 1, phase: 'idle' }, {})).not.toThrow();
  });

  it('is not lost in silence', () => {
    const state: RunState = { version: 1, phase: 'host-job', job };
    expect(() => saveState(state, { GITHUB_STATE: join(directory, 'none', 'file') })).toThrow('ENOENT');
  });

  it.each([
    '{"version":1,"phase":"host-job"',
    'null',
    '[]',
    '{"version":2,"phase":"idle"}',
    '{"version":1,"phase":"busy"}',
    '{"version":1,"phase":"host-job"}',
    '{"version":1,"phase":"host-job","job":{"directory":"relative","become":"none"}}',
    '{"version":1,"phase":"host-job","job":{"directory":"/d","become":"auto"}}',
    '{"version":1,"phase":"host-job","job":{"directory":"/d"}}',
    '{"version":1,"phase":"finished","outcome":"fine"}',
    '{"version":1,"phase":"host-job","job":{"directory":"/d","become":"none"},"backup":{"artifactId":7}}',
  ])('is not guessed at: %s', (text) => {
    expect(() => readState({ STATE_run: text })).toThrow('cannot be read');
  });
});
