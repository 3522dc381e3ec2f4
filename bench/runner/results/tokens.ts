import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Who calls: the backend ids of the run and the job a runtime token was made for, and the run's public number. */
export interface Identity {
  readonly runId: number;
  readonly run: string;
  readonly job: string;
}

/** What a signed blob URL allows: one blob, one way, until `expires` (ms since 1970), under one file name. */
export interface BlobGrant {
  readonly blob: string;
  readonly permission: 'r' | 'w';
  readonly expires: number;
  readonly disposition: string;
}

const TOKEN_LIFETIME = 6 * 3600; // seconds, as long as a hosted job may run

/** The opaque id the backend uses for a run or a job: a UUID that says nothing about the public number. */
function backendId(kind: 'run' | 'job', name: string): string {
  const hex = createHash('sha256').update(`${kind}:${name}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

/** ACTIONS_RUNTIME_TOKEN: a JWT whose `scp` claim carries `Actions.Results:<run>:<job>`. */
export function mintToken(secret: string, runId: number, jobId: string): string {
  const run = backendId('run', String(runId));
  const job = backendId('job', `${runId}:${jobId}`);
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    scp: `Actions.GenericRead:${run} Actions.Results:${run}:${job} Actions.UploadArtifacts:${run}`,
    run_id: runId,
    iss: 'results-service',
    iat: now,
    nbf: now - 60,
    exp: now + TOKEN_LIFETIME,
  };
  const body = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${body}.${hmac(secret, body, 'base64url')}`;
}

/** The caller behind a runtime token, or nothing when it is forged, malformed or expired. */
export function verifyToken(secret: string, token: string): Identity | undefined {
  const [header, claims, signature, ...rest] = token.split('.');
  if (!header || !claims || !signature || rest.length > 0) return undefined;
  if (!equal(signature, hmac(secret, `${header}.${claims}`, 'base64url'))) return undefined;
  const { scp, exp, run_id } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as {
    scp: string;
    exp: number;
    run_id: number;
  };
  if (exp * 1000 < Date.now()) return undefined;
  const [, run, job] = scp.split(' ').find(isResultsScope)?.split(':') ?? [];
  return run && job ? { runId: run_id, run, job } : undefined;
}

/** The query string of a blob URL, in the names Azure uses (`se` expiry, `sp` permission, `rscd` file name, `sig`). */
export function signGrant(secret: string, grant: BlobGrant): string {
  const query = new URLSearchParams({ se: String(grant.expires), sp: grant.permission });
  if (grant.disposition) query.set('rscd', grant.disposition);
  query.set('sig', hmac(secret, grantText(grant), 'base64'));
  return query.toString();
}

/** The grant of a signed blob URL, or nothing when the signature is wrong or its time is over. */
export function verifyGrant(secret: string, blob: string, query: URLSearchParams): BlobGrant | undefined {
  const permission = query.get('sp');
  if (permission !== 'r' && permission !== 'w') return undefined;
  const grant = { blob, permission, expires: Number(query.get('se')), disposition: query.get('rscd') ?? '' } as const;
  if (!equal(query.get('sig') ?? '', hmac(secret, grantText(grant), 'base64'))) return undefined;
  return grant.expires >= Date.now() ? grant : undefined;
}

function grantText({ blob, permission, expires, disposition }: BlobGrant): string {
  return [blob, permission, expires, disposition].join('\n');
}

function isResultsScope(scope: string): boolean {
  return scope.startsWith('Actions.Results:');
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function hmac(secret: string, text: string, encoding: 'base64' | 'base64url'): string {
  return createHmac('sha256', secret).update(text).digest(encoding);
}

function equal(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}
