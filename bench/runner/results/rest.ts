import type { Exchange } from './exchange.ts';
import { type ArtifactRecord, type Backend, downloadUrl } from './records.ts';

/** Answers `/repos/<repository>/actions/…`, which is how one run reads the artifacts of another. */
export async function serveRest(exchange: Exchange, backend: Backend, repository: string): Promise<void> {
  const { url, request } = exchange;
  if (exchange.credentials !== backend.records.apiToken) return message(exchange, 401, 'Bad credentials');
  const path = url.pathname.slice(`/repos/${repository}/actions/`.length);
  if (!url.pathname.startsWith(`/repos/${repository}/actions/`)) return message(exchange, 404, 'Not Found');

  const run = /^runs\/(\d+)\/artifacts$/.exec(path);
  if (run && request.method === 'GET') return list(exchange, backend, Number(run[1]));

  const [, id, zip] = /^artifacts\/(\d+)(\/zip)?$/.exec(path) ?? [];
  const artifact = backend.records.artifacts.find((a) => a.stored && a.id === Number(id));
  if (!artifact) return message(exchange, 404, 'Not Found');
  if (request.method === 'DELETE' && !zip) {
    await backend.records.removeArtifact(artifact, backend.blobs);
    return exchange.empty(204);
  }
  if (request.method !== 'GET') return message(exchange, 404, 'Not Found');
  if (!zip) return exchange.json(200, describe(artifact));
  if (expired(artifact)) return message(exchange, 410, 'Artifact has expired');
  return exchange.empty(302, { location: downloadUrl(backend, artifact) });
}

async function list(exchange: Exchange, backend: Backend, runId: number): Promise<void> {
  const query = exchange.url.searchParams;
  const name = query.get('name');
  const size = Number(query.get('per_page') ?? 30);
  const start = (Number(query.get('page') ?? 1) - 1) * size;
  const artifacts = backend.records.artifacts
    .filter((artifact) => artifact.stored && artifact.runId === runId && (name ?? artifact.name) === artifact.name)
    .reverse();
  await exchange.json(200, {
    total_count: artifacts.length,
    artifacts: artifacts.slice(start, start + size).map(describe),
  });
}

function describe(artifact: ArtifactRecord): object {
  const { id, name, stored, createdAt, expiresAt, runId } = artifact;
  return {
    id,
    name,
    size_in_bytes: stored?.size,
    digest: `sha256:${stored?.sha256}`,
    created_at: createdAt,
    expires_at: expiresAt,
    expired: expired(artifact),
    workflow_run: { id: runId },
  };
}

function expired({ expiresAt }: ArtifactRecord): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) < Date.now();
}

async function message(exchange: Exchange, status: number, text: string): Promise<void> {
  await exchange.json(status, { message: text });
}
