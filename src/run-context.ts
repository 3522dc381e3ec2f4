import { tmpdir } from 'node:os';

/** The workflow run this is, as GitHub tells it. */
export interface RunContext {
  /** Digits; `local` outside of a workflow. */
  runId: string;
  /** Digits; counts from 1. */
  runAttempt: string;
  /** `owner/name`; `local/local` outside of a workflow. */
  repository: string;
  /** Where GitHub is, without a `/` at the end. */
  serverUrl: string;
  /** The page of this attempt of the run; `local` outside of a workflow. */
  runUrl: string;
  /** A directory the runner empties before and after each job. */
  tempDir: string;
  /** Where the runner takes outputs and the job summary from; empty outside of a workflow. */
  outputFile: string;
  summaryFile: string;
  /** Who started the run; `local` outside of a workflow. */
  actor: string;
  /** Whether somebody turned on debug logging for the run. */
  debug: boolean;
  /** For programs on the runner: the environment less inputs, state and the tokens of the services. */
  environment: Record<string, string>;
}

/**
 * The context from the environment the runner made. Whatever is missing or is not what GitHub would say has its local
 * value: these texts go into manifests, file names and pages.
 */
export function readRunContext(environment: NodeJS.ProcessEnv): RunContext {
  const pick = (name: string, shape: RegExp, local: string) => {
    const text = environment[name] ?? '';
    return shape.test(text) ? text : local;
  };
  const runId = pick('GITHUB_RUN_ID', /^\d{1,20}$/, 'local');
  const runAttempt = pick('GITHUB_RUN_ATTEMPT', /^\d{1,10}$/, '1');
  const repository = pick('GITHUB_REPOSITORY', /^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+$/, 'local/local');
  const server = pick('GITHUB_SERVER_URL', /^https?:\/\/[A-Za-z0-9.:[\]-]+\/?$/, 'https://github.com');
  const serverUrl = server.replace(/\/$/, '');
  const isRun = runId !== 'local' && repository !== 'local/local';
  return {
    runId,
    runAttempt,
    repository,
    serverUrl,
    runUrl: isRun ? `${serverUrl}/${repository}/actions/runs/${runId}/attempts/${runAttempt}` : 'local',
    tempDir: pick('RUNNER_TEMP', /^\/|^[A-Za-z]:\\/, tmpdir()),
    outputFile: environment.GITHUB_OUTPUT ?? '',
    summaryFile: environment.GITHUB_STEP_SUMMARY ?? '',
    actor: pick('GITHUB_ACTOR', /^[A-Za-z0-9_.[\]-]+$/, 'local'),
    debug: environment.RUNNER_DEBUG === '1',
    environment: Object.fromEntries(
      Object.entries(environment).flatMap(([name, value]) =>
        value === undefined || /^(INPUT|STATE|ACTIONS)_/.test(name) ? [] : [[name, value]],
      ),
    ),
  };
}
