import { join } from 'node:path';
import type { ValueObject } from '../workflow/expressions.ts';

/** What started the run, and which run it is. */
export interface RunIdentity {
  readonly runId?: number;
  readonly runAttempt?: number;
  readonly repository?: string;
  readonly actor?: string;
  readonly workflow?: string;
  readonly job?: string;
  /** Name of the event, `push` by default. */
  readonly event?: string;
  /** The webhook's payload. */
  readonly payload?: ValueObject;
  readonly ref?: string;
  readonly sha?: string;
}

/**
 * The `github` context. GITHUB_SERVER_URL is github.com whatever the API's address: the toolkit takes any other for
 * GitHub Enterprise and then refuses to handle artifacts.
 */
export function githubContext(
  run: RunIdentity,
  service: { readonly url: string; readonly apiToken: string },
  workspace: string,
): ValueObject {
  const {
    runId = 1,
    runAttempt = 1,
    repository = 'acme/hub',
    actor = 'octocat',
    workflow = 'workflow',
    job = 'job',
    event = 'push',
    payload = {},
    ref = 'refs/heads/main',
    sha = 'd6a4a3f2c1b0e9d8c7b6a5f4e3d2c1b0a9f8e7d6',
  } = run;
  const [, refKind = '', refName = ref] = /^refs\/(heads|tags)\/(.*)$/.exec(ref) ?? [];
  return {
    actor,
    api_url: service.url,
    event_name: event,
    event_path: join(workspace, '..', 'temp', '_github_workflow', 'event.json'),
    graphql_url: `${service.url}/graphql`,
    job,
    ref,
    ref_name: refName,
    ref_protected: 'false',
    ref_type: refKind === 'tags' ? 'tag' : 'branch',
    repository,
    repository_owner: repository.split('/')[0] ?? '',
    retention_days: '90',
    run_attempt: String(runAttempt),
    run_id: String(runId),
    run_number: String(runId),
    server_url: 'https://github.com',
    sha,
    token: service.apiToken,
    triggering_actor: actor,
    workflow,
    workflow_ref: `${repository}/.github/workflows/${workflow}.yml@${ref}`,
    workflow_sha: sha,
    workspace,
    event: payload,
  };
}
