import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readRunContext } from '../src/run-context.ts';

const GITHUB = {
  GITHUB_RUN_ID: '1234567890',
  GITHUB_RUN_ATTEMPT: '2',
  GITHUB_REPOSITORY: 'acme/hub.config',
  GITHUB_SERVER_URL: 'https://github.example.org/',
  GITHUB_ACTOR: 'dependabot[bot]',
  RUNNER_TEMP: '/home/runner/work/_temp',
  GITHUB_OUTPUT: '/home/runner/work/_temp/output',
  GITHUB_STEP_SUMMARY: '/home/runner/work/_temp/summary',
  RUNNER_DEBUG: '1',
};

it('is what GitHub says', () => {
  const secrets = { 'INPUT_SSH-PRIVATE-KEY': 'x', STATE_job: 'x', ACTIONS_RUNTIME_TOKEN: 'x' };
  expect(readRunContext({ ...GITHUB, ...secrets })).toEqual({
    runId: '1234567890',
    runAttempt: '2',
    repository: 'acme/hub.config',
    serverUrl: 'https://github.example.org',
    runUrl: 'https://github.example.org/acme/hub.config/actions/runs/1234567890/attempts/2',
    tempDir: '/home/runner/work/_temp',
    outputFile: '/home/runner/work/_temp/output',
    summaryFile: '/home/runner/work/_temp/summary',
    actor: 'dependabot[bot]',
    debug: true,
    environment: GITHUB,
  });
});

it('is local where there is no workflow', () => {
  expect(readRunContext({})).toEqual({
    runId: 'local',
    runAttempt: '1',
    repository: 'local/local',
    serverUrl: 'https://github.com',
    runUrl: 'local',
    tempDir: tmpdir(),
    outputFile: '',
    summaryFile: '',
    actor: 'local',
    debug: false,
    environment: {},
  });
});

it('holds nothing but what GitHub could say', () => {
  const names = Object.keys(GITHUB);
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), fc.string({ unit: 'binary' })), (odd) => {
      const context = readRunContext({ ...GITHUB, ...odd });
      expect(context.runUrl).toMatch(
        /^(local|https?:\/\/[^/\s]+\/[\w.-]+\/[\w.-]+\/actions\/runs\/\d+\/attempts\/\d+)$/,
      );
      expect(`${context.runId}-${context.runAttempt}`).toMatch(/^(local|\d+)-\d+$/);
      expect(context.actor).toMatch(/^[\w.[\]-]+$/);
    }),
  );
});
