import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants, lstat, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ArtifactClient, FindOptions } from '@actions/artifact';
import type { RunContext } from '../run-context.ts';
import { ArtifactError, shown } from './errors.ts';
import type { SealedFile } from './seal-to-file.ts';

/** A backup as the artifact service lists it. */
export interface StoredArtifact {
  id: number;
  name: string;
  /** 'sha256:' and 64 hexadecimal digits. */
  digest: string;
  /** Bytes. */
  size: number;
  /** Where a person finds it. */
  url: string;
}

type Run = Pick<RunContext, 'serverUrl' | 'repository' | 'runId'>;

/**
 * The toolkit notices a stalled upload after 5 to 10 minutes and a stalled download after 5 attempts; it can't be told to
 * stop. So every call has a limit of its own: this, and time for the bytes at a very slow rate.
 */
const PATIENCE_MS = 5 * 60_000;
const SLOW_BYTES_PER_MS = 256;

/**
 * Uploads the file as it is (no zip around it), as an artifact called like the file, then lists it again and compares id,
 * size and digest with what was sealed. `limitMs` bounds the whole call. Rejects with ArtifactError, whatever happened.
 *
 * The toolkit writes its progress to the log by itself: call this inside a log group. A call that ran into its limit is
 * still running somewhere, so the process has to be ended, not left to end.
 */
export async function uploadBackup(
  sealed: Pick<SealedFile, 'path' | 'size' | 'sha256'>,
  run: Run,
  { retentionDays, limitMs = limitFor(sealed.size) }: { retentionDays?: number | undefined; limitMs?: number } = {},
): Promise<StoredArtifact> {
  const name = basename(sealed.path);
  const client = await artifactClient();
  return await within(limitMs, 'upload the backup', async () => {
    await checkReadable(sealed);
    const options = { skipArchive: true, ...(retentionDays === undefined ? {} : { retentionDays }) };
    const { id } = await client.uploadArtifact(name, [sealed.path], dirname(sealed.path), options);
    const { artifact } = await client.getArtifact(name);
    if (artifact.id !== id || artifact.size !== sealed.size || artifact.digest !== `sha256:${sealed.sha256}`) {
      throw new ArtifactError(
        `The artifact service did not store what was uploaded: it lists artifact ${artifact.id} with ${artifact.size} bytes and ${artifact.digest ?? 'no digest'}; sent was artifact ${id} with ${sealed.size} bytes and sha256:${sealed.sha256}.`,
      );
    }
    return { id, name, digest: artifact.digest, size: artifact.size, url: urlOf(run, run.runId, id) };
  });
}

/**
 * Stores a small file as an artifact of this run and deletes it again: whether the service is there, takes this job's
 * token, and has room. Rejects with ArtifactError, whatever is not so.
 */
export async function tryArtifactStore(directory: string, { limitMs = PATIENCE_MS } = {}): Promise<void> {
  const client = await artifactClient();
  await within(limitMs, 'store a file as an artifact', async () => {
    const parent = await mkdtemp(join(directory, 'jupyterhub-upgrade-'));
    // Of its own name: jobs of one run may try at the same time.
    const name = `${basename(parent)}.txt`;
    try {
      await writeFile(join(parent, name), 'Whether artifacts can be stored. This one is deleted at once.\n');
      await client.uploadArtifact(name, [join(parent, name)], parent, { skipArchive: true, retentionDays: 1 });
      await client.deleteArtifact(name);
    } finally {
      await rm(parent, { recursive: true, force: true });
    }
  });
}

/**
 * Downloads the artifact of this run, or of the run `runId` with a token that may read it, into a fresh directory (0700)
 * below `directory`, and compares size and digest with the listing. Rejects with ArtifactError, whatever happened.
 */
export async function downloadBackup(
  wanted: { artifactId: number; runId?: number | undefined; githubToken?: string | undefined },
  run: Run,
  directory: string,
  { limitMs }: { limitMs?: number } = {},
): Promise<{ file: string; artifact: StoredArtifact }> {
  const { artifactId } = wanted;
  const runId = String(wanted.runId ?? run.runId);
  const find = findOptions(wanted, run);
  const client = await artifactClient();

  const artifact = await within(limitMs ?? PATIENCE_MS, `list the artifacts of run ${runId}`, async () => {
    const { artifacts } = await client.listArtifacts(find);
    const found = artifacts.find(({ id }) => id === artifactId);
    if (!found) {
      throw new ArtifactError(
        `Run ${runId} has no artifact with the id ${artifactId}. It may have expired or been deleted.`,
      );
    }
    if (!/^sha256:[0-9a-f]{64}$/.test(found.digest ?? '')) {
      throw new ArtifactError(
        `Artifact ${artifactId} of run ${runId} is listed without a digest, so it can't be checked.`,
      );
    }
    const { name, size, digest = '' } = found;
    return { id: artifactId, name, digest, size, url: urlOf(run, runId, artifactId) };
  });

  return await within(limitMs ?? limitFor(artifact.size), 'download the backup', async () => {
    // Fresh, because the name of the file is the service's choice.
    const path = await mkdtemp(join(directory, 'jupyterhub-backup-'));
    await client.downloadArtifact(artifactId, { ...find, path, skipDecompress: true, expectedHash: artifact.digest });
    const [name, ...others] = await readdir(path);
    if (name === undefined || others.length > 0) {
      throw new ArtifactError(
        `The download of artifact ${artifactId} left ${others.length + (name ? 1 : 0)} files, not one.`,
      );
    }
    const file = join(path, name);
    // The toolkit only mentions a digest that differs.
    const { size, digest } = await measure(file);
    if (size !== artifact.size || digest !== artifact.digest) {
      throw new ArtifactError(
        `Artifact ${artifactId} of run ${runId} is damaged: the download has ${size} bytes and ${digest}, the listing says ${artifact.size} bytes and ${artifact.digest}.`,
      );
    }
    return { file, artifact };
  });
}

/** Loaded late: the client is most of the bundle, and a run that ends with its plan needs none. */
async function artifactClient(): Promise<ArtifactClient> {
  const { DefaultArtifactClient } = await import('@actions/artifact');
  return new DefaultArtifactClient();
}

function findOptions(
  { runId, githubToken }: { runId?: number | undefined; githubToken?: string | undefined },
  run: Run,
): FindOptions {
  if (runId === undefined) return {};
  if (githubToken === undefined) {
    if (String(runId) === run.runId) return {};
    throw new ArtifactError(
      `The backup of run ${runId} can only be read with github-token (permission actions: read).`,
    );
  }
  const [repositoryOwner = '', repositoryName = ''] = run.repository.split('/');
  return { findBy: { token: githubToken, workflowRunId: runId, repositoryOwner, repositoryName } };
}

function urlOf(run: Run, runId: string, artifactId: number): string {
  return `${run.serverUrl}/${run.repository}/actions/runs/${runId}/artifacts/${artifactId}`;
}

function limitFor(bytes: number): number {
  return PATIENCE_MS + bytes / SLOW_BYTES_PER_MS;
}

/** The toolkit's raw upload meets a file it can't read with an exception that nobody can catch. */
async function checkReadable({ path, size }: Pick<SealedFile, 'path' | 'size'>): Promise<void> {
  try {
    await access(path, constants.R_OK);
    const status = await lstat(path);
    if (status.isFile() && status.size === size) return;
  } catch {}
  throw new ArtifactError(
    `${shown(basename(path))} on the runner can't be read, or is not the backup that was sealed.`,
  );
}

async function measure(file: string): Promise<{ size: number; digest: string }> {
  const hash = createHash('sha256');
  const status = await lstat(file);
  if (!status.isFile()) throw new ArtifactError('The download is not a regular file.');
  await pipeline(createReadStream(file), hash);
  return { size: status.size, digest: `sha256:${hash.digest('hex')}` };
}

/** The result of `call` in time, or an ArtifactError; also for what the toolkit throws outside of its promises. */
async function within<T>(limitMs: number, doing: string, call: () => Promise<T>): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(
      new ArtifactError(
        `It took longer than ${Math.round(limitMs / 1000)} s to ${doing}; the run does not wait longer.`,
      ),
    );
  }, limitMs);
  process.on('uncaughtException', reject);
  try {
    return await Promise.race([call(), ended]);
  } catch (error) {
    throw error instanceof ArtifactError ? error : new ArtifactError(explain(error, doing));
  } finally {
    clearTimeout(timer);
    process.off('uncaughtException', reject);
  }
}

/** The toolkit's messages, which lose their class on the way, in sentences. */
function explain(error: unknown, doing: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const known: [RegExp, string][] = [
    [
      /ACTIONS_RUNTIME_TOKEN|ACTIONS_RESULTS_URL/,
      'The artifact service is not reachable from this step: run this as a JavaScript action on a GitHub-hosted or self-hosted runner, not in a container or a shell step of your own.',
    ],
    [
      /not currently supported on GHES/,
      'This GitHub Enterprise Server has no artifact service that this action can use.',
    ],
    [
      /quota has been hit|insufficient usage/,
      'The artifact storage of this account is full: delete old artifacts, or keep them for fewer days (retention-days).',
    ],
    [
      /\(409\)/,
      'This run has an artifact of this name already: give each job that backs up a hub its own artifact-name.',
    ],
    [
      /\(40[13]\)|Bad credentials|Resource not accessible/,
      'The artifact service refused the token of this job. Run the job again; to read an artifact of another run, give github-token the permission actions: read.',
    ],
    [/Not Found/, 'There is no such run or artifact, or github-token may not read it (permission actions: read).'],
    [/Unable to make request: E|ECONN|ENOTFOUND|ETIMEDOUT/, 'The artifact service could not be reached.'],
  ];
  const sentence = known.find(([pattern]) => pattern.test(message))?.[1] ?? 'The artifact service failed.';
  return `It was not possible to ${doing}. ${sentence} It said: ${shown(message.split('\n', 1)[0] ?? '')}`;
}
