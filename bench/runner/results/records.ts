import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BlobFacts, BlobStore } from './blobs.ts';
import type { BlobGrant } from './tokens.ts';

/** An artifact as the service keeps it. Without `stored` it is still being uploaded and nobody sees it. */
export interface ArtifactRecord {
  readonly id: number;
  readonly runId: number;
  readonly run: string;
  readonly job: string;
  readonly name: string;
  readonly mimeType: string;
  readonly createdAt: string;
  readonly expiresAt: string | undefined;
  readonly blob: string;
  stored?: BlobFacts;
}

/** A cache entry, reserved first and visible once its `size` is known. */
export interface CacheRecord {
  readonly id: number;
  readonly key: string;
  readonly version: string;
  readonly blob: string;
  size?: number;
}

interface State {
  secret: string;
  apiToken: string;
  lastId: number;
  artifacts: ArtifactRecord[];
  caches: CacheRecord[];
}

/** Everything the service remembers, in `records.json` of its directory: a later run finds it there. */
export class Records {
  readonly #file: string;
  readonly #state: State;

  constructor(directory: string) {
    this.#file = join(directory, 'records.json');
    this.#state = existsSync(this.#file)
      ? (JSON.parse(readFileSync(this.#file, 'utf8')) as State)
      : { secret: secret(), apiToken: `ghs_${secret()}`, lastId: 1000, artifacts: [], caches: [] };
    this.save();
  }

  get secret(): string {
    return this.#state.secret;
  }

  get apiToken(): string {
    return this.#state.apiToken;
  }

  get artifacts(): ArtifactRecord[] {
    return this.#state.artifacts;
  }

  get caches(): CacheRecord[] {
    return this.#state.caches;
  }

  nextId(): number {
    this.#state.lastId += 1;
    return this.#state.lastId;
  }

  /** A whole file or the one before it, never half of one. */
  save(): void {
    writeFileSync(`${this.#file}.new`, JSON.stringify(this.#state, null, 2));
    renameSync(`${this.#file}.new`, this.#file);
  }

  async removeArtifact(artifact: ArtifactRecord, blobs: BlobStore): Promise<void> {
    this.#state.artifacts = this.#state.artifacts.filter((other) => other !== artifact);
    this.save();
    await blobs.remove(artifact.blob);
  }
}

/** What the parts of the service share. `blobUrl` signs a URL for one blob, good for an hour. */
export interface Backend {
  readonly records: Records;
  readonly blobs: BlobStore;
  readonly blobUrl: (grant: Omit<BlobGrant, 'expires'>) => string;
}

/** A signed URL to read an artifact, under the file name GitHub gives it (a zip archive gets its extension). */
export function downloadUrl(backend: Backend, { blob, name, mimeType }: ArtifactRecord): string {
  const file = mimeType === 'application/zip' && !name.endsWith('.zip') ? `${name}.zip` : name;
  const disposition = `attachment; filename="${file}"; filename*=UTF-8''${encodeURIComponent(file)}`;
  return backend.blobUrl({ blob, permission: 'r', disposition });
}

function secret(): string {
  return randomBytes(24).toString('hex');
}
