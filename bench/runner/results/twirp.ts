import { z } from 'zod';
import type { Exchange } from './exchange.ts';
import { type ArtifactRecord, type Backend, type CacheRecord, downloadUrl } from './records.ts';
import { type Identity, verifyToken } from './tokens.ts';

type Method = (backend: Backend, caller: Identity, request: unknown) => Promise<object> | object;

const STATUS = {
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  bad_route: 404,
  already_exists: 409,
  invalid_argument: 400,
} as const;

class TwirpError extends Error {
  readonly code: keyof typeof STATUS;

  constructor(code: keyof typeof STATUS, message: string) {
    super(message);
    this.code = code;
  }
}

// Requests come in proto3 JSON: snake_case, 64-bit integers as strings, fields with their default value left out.
const int64 = z.union([z.string().regex(/^\d+$/), z.int()]).transform(Number);
const backendIds = z.object({ workflow_run_backend_id: z.string(), workflow_job_run_backend_id: z.string() });
const createArtifact = backendIds.extend({
  name: z.string().min(1),
  version: z.int(),
  mime_type: z.string().default('application/zip'),
  expires_at: z.iso.datetime().optional(),
});
const finalizeArtifact = backendIds.extend({
  name: z.string().min(1),
  size: int64.default(0),
  hash: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .optional(),
});
const listArtifacts = backendIds.extend({ name_filter: z.string().optional(), id_filter: int64.optional() });
const namedArtifact = backendIds.extend({ name: z.string().min(1) });
const cacheEntry = z.object({ key: z.string().min(1), version: z.string().min(1) });
const finalizeCache = cacheEntry.extend({ size_bytes: int64.default(0) });
const findCache = cacheEntry.extend({ restore_keys: z.array(z.string()).default([]) });

const ARTIFACT_SERVICE: Record<string, Method> = {
  CreateArtifact(backend, caller, request) {
    const { name, mime_type, expires_at } = owned(createArtifact, caller, request);
    if (findArtifact(backend, caller, name)) {
      throw new TwirpError('already_exists', 'an artifact with this name already exists on the workflow run');
    }
    const id = backend.records.nextId();
    const artifact: ArtifactRecord = {
      id,
      runId: caller.runId,
      run: caller.run,
      job: caller.job,
      name,
      mimeType: mime_type,
      createdAt: new Date().toISOString(),
      expiresAt: expires_at,
      blob: `artifact-${id}`,
    };
    backend.records.artifacts.push(artifact);
    backend.records.save();
    return { ok: true, signed_upload_url: uploadUrl(backend, artifact) };
  },

  async FinalizeArtifact(backend, caller, request) {
    const { name, size, hash } = owned(finalizeArtifact, caller, request);
    const uploads = backend.records.artifacts.filter((a) => a.run === caller.run && a.name === name && !a.stored);
    const artifact = uploads.at(-1);
    const stored = artifact && (await backend.blobs.facts(artifact.blob));
    if (!stored) throw new TwirpError('not_found', 'nothing was uploaded under this name');
    if (stored.size !== size) throw new TwirpError('invalid_argument', `size mismatch: ${stored.size} stored`);
    if (hash && hash !== `sha256:${stored.sha256}`) throw new TwirpError('invalid_argument', 'sha256 mismatch');
    artifact.stored = stored;
    backend.records.save();
    return { ok: true, artifact_id: String(artifact.id) };
  },

  ListArtifacts(backend, caller, request) {
    const { name_filter, id_filter } = owned(listArtifacts, caller, request);
    const artifacts = backend.records.artifacts.flatMap(({ stored, ...artifact }) => {
      const wanted = (name_filter ?? artifact.name) === artifact.name && (id_filter ?? artifact.id) === artifact.id;
      if (!stored || artifact.run !== caller.run || !wanted) return [];
      return {
        workflow_run_backend_id: artifact.run,
        workflow_job_run_backend_id: artifact.job,
        database_id: String(artifact.id),
        name: artifact.name,
        size: String(stored.size),
        created_at: artifact.createdAt,
        digest: `sha256:${stored.sha256}`,
      };
    });
    return { artifacts };
  },

  GetSignedArtifactURL(backend, caller, request) {
    // The ids are those of the job that uploaded, which may be another job of the same run.
    const { name, workflow_run_backend_id } = parse(namedArtifact, request);
    if (workflow_run_backend_id !== caller.run) throw new TwirpError('permission_denied', 'artifact of another run');
    return { signed_url: downloadUrl(backend, existingArtifact(backend, caller, name)) };
  },

  async DeleteArtifact(backend, caller, request) {
    const { name } = owned(namedArtifact, caller, request);
    const artifact = existingArtifact(backend, caller, name);
    await backend.records.removeArtifact(artifact, backend.blobs);
    return { ok: true, artifact_id: String(artifact.id) };
  },
};

const CACHE_SERVICE: Record<string, Method> = {
  CreateCacheEntry(backend, _caller, request) {
    const { key, version } = parse(cacheEntry, request);
    if (backend.records.caches.some((cache) => cache.key === key && cache.version === version)) {
      return { ok: false, message: 'cache entry with the same key, version, and scope already exists' };
    }
    const id = backend.records.nextId();
    const cache: CacheRecord = { id, key, version, blob: `cache-${id}` };
    backend.records.caches.push(cache);
    backend.records.save();
    return { ok: true, signed_upload_url: uploadUrl(backend, cache) };
  },

  async FinalizeCacheEntryUpload(backend, _caller, request) {
    const { key, version, size_bytes } = parse(finalizeCache, request);
    const cache = backend.records.caches.find((c) => c.key === key && c.version === version && c.size === undefined);
    const stored = cache && (await backend.blobs.facts(cache.blob));
    if (!stored) return { ok: false, message: 'nothing was uploaded under this key' };
    if (stored.size !== size_bytes) return { ok: false, message: `size mismatch: ${stored.size} stored` };
    cache.size = stored.size;
    backend.records.save();
    return { ok: true, entry_id: String(cache.id) };
  },

  GetCacheEntryDownloadURL(backend, _caller, request) {
    const { key, version, restore_keys } = parse(findCache, request);
    const newestFirst = backend.records.caches.filter((c) => c.version === version && c.size !== undefined).reverse();
    const exact = newestFirst.find((cache) => cache.key === key);
    const prefixes = [key, ...restore_keys];
    const hit = exact ?? prefixes.map((prefix) => newestFirst.find((c) => c.key.startsWith(prefix))).find(Boolean);
    if (!hit) return { ok: false };
    const signed_download_url = backend.blobUrl({ blob: hit.blob, permission: 'r', disposition: '' });
    return { ok: true, matched_key: hit.key, signed_download_url };
  },
};

const SERVICES: Record<string, Record<string, Method>> = {
  'github.actions.results.api.v1.ArtifactService': ARTIFACT_SERVICE,
  'github.actions.results.api.v1.CacheService': CACHE_SERVICE,
};

/** Answers `POST /twirp/<service>/<method>`; `body` is the request's JSON. */
export async function serveTwirp(exchange: Exchange, backend: Backend, body: string): Promise<void> {
  const [, , service = '', method = ''] = exchange.url.pathname.split('/');
  try {
    const caller = verifyToken(backend.records.secret, exchange.credentials);
    if (!caller) throw new TwirpError('unauthenticated', 'invalid token');
    const implementation = SERVICES[service]?.[method];
    if (!implementation) throw new TwirpError('bad_route', `no handler for ${exchange.url.pathname}`);
    await exchange.json(200, await implementation(backend, caller, JSON.parse(body)));
  } catch (error) {
    if (!(error instanceof TwirpError)) throw error;
    await exchange.json(STATUS[error.code], { code: error.code, msg: error.message });
  }
}

function parse<T>(schema: z.ZodType<T>, request: unknown): T {
  const result = schema.safeParse(request);
  if (!result.success) throw new TwirpError('invalid_argument', z.prettifyError(result.error));
  return result.data;
}

/** Parses a request that must carry the backend ids of the caller's own token. */
function owned<T extends z.infer<typeof backendIds>>(schema: z.ZodType<T>, caller: Identity, request: unknown): T {
  const data = parse(schema, request);
  if (data.workflow_run_backend_id !== caller.run || data.workflow_job_run_backend_id !== caller.job) {
    throw new TwirpError('permission_denied', 'backend ids do not match the token');
  }
  return data;
}

function findArtifact(backend: Backend, caller: Identity, name: string): ArtifactRecord | undefined {
  return backend.records.artifacts.find((a) => a.stored && a.run === caller.run && a.name === name);
}

function existingArtifact(backend: Backend, caller: Identity, name: string): ArtifactRecord {
  const artifact = findArtifact(backend, caller, name);
  if (!artifact) throw new TwirpError('not_found', 'artifact not found');
  return artifact;
}

function uploadUrl(backend: Backend, { blob }: { blob: string }): string {
  return backend.blobUrl({ blob, permission: 'w', disposition: '' });
}
