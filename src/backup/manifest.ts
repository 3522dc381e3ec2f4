import { z } from 'zod';
import { BundleRefused, shown } from './errors.ts';

/** Longest manifest that is read, in bytes: ten thousand files with long paths fit. */
export const MANIFEST_LIMIT = 4 * 1024 * 1024;

/** Name of the manifest in the bundle; it is always the first entry. */
export const MANIFEST_NAME = 'manifest.json';

/** Name of the text in the bundle that tells how to restore by hand. */
export const RESTORE_NAME = 'RESTORE.txt';

/** Text without control characters or lone surrogates: it can stand in a log, a shell word and a file name. */
const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((value) => !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(value), 'must be one line of text');

const isNormalised = (path: string) => path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

const hostPath = line(4096).refine(
  (value) => value.startsWith('/') && isNormalised(value.slice(1)),
  'must be an absolute path without "." or ".." parts, doubled or trailing slashes',
);

// sha256sum escapes names with a backslash, so a bundle has none.
const bundleName = line(512).refine(
  (value) => isNormalised(value) && !value.includes('\\') && value !== MANIFEST_NAME && value !== RESTORE_NAME,
  'must be a relative name without "." or ".." parts or backslashes, other than those every bundle has',
);

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits');

/** Permission bits only: a restore never sets set-user-ID, set-group-ID or sticky bits. */
const mode = z.string().regex(/^0[0-7]{3}$/, "must be four octal digits like '0600'");

// Directory services have names like `CORP\domain users`.
const account = String.raw`[^\p{C}\p{Zl}\p{Zp}:/-][^\p{C}\p{Zl}\p{Zp}:/]{0,127}`;
const user = z.string().regex(new RegExp(`^${account}$`, 'u'), 'must be a user name or id');
const owner = z.string().regex(new RegExp(`^${account}(:${account})?$`, 'u'), "must be 'user' or 'user:group'");

const size = z.int().nonnegative();

const version = z.string().regex(/^[0-9A-Za-z.+!_-]{1,64}$/, 'must be a version');

const databaseDigest = z.strictObject({
  schema: sha256,
  tables: z
    .record(line(128), z.strictObject({ rows: size, exact: sha256, durable: sha256.or(z.literal('')) }))
    .refine((tables) => Object.keys(tables).length <= 1000, 'must have at most 1000 tables'),
});

const bundleFile = z.strictObject({
  /** Name in the tar. */
  file: bundleName,
  /**
   * Where it belongs on the host; for what is not put back, what it was taken from. Tables of a server, and programs that
   * put them back, have none.
   */
  path: hostPath.optional(),
  kind: z.enum(['database', 'config', 'environment', 'service', 'extra', 'secret', 'program', 'report']),
  mode,
  owner,
  size,
  sha256,
});

const manifestSchema = z
  .strictObject({
    format: z.literal('jupyterhub-upgrade-backup'),
    version: z.literal(1),
    createdAt: z.iso.datetime({ offset: true }),
    /** Page of the run that made it; `local` outside of a workflow. */
    runUrl: z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .or(z.literal('local')),
    host: line(255),
    jupyterhub: z.strictObject({
      version,
      /** Alembic revision of the database; empty where it has none. */
      revision: z.string().regex(/^\w{0,64}$/, 'must be an Alembic revision'),
      /** Where the hub is reached on its own host. */
      address: z.url({ protocol: /^https?$/ }).max(2048),
    }),
    python: version,
    service: z.strictObject({
      manager: z.enum(['systemd', 'commands']),
      unit: z
        .string()
        .regex(/^[A-Za-z0-9_.:@\\-]{1,247}\.service$/, 'must be the name of a service unit')
        .optional(),
      user,
      workingDirectory: hostPath.or(z.literal('/')),
    }),
    environment: z.strictObject({
      path: hostPath,
      manager: z.enum(['pip', 'uv', 'conda']),
      /** Of a hub outside of any environment: where pip put it, and what runs it. */
      place: z.enum(['system', 'user']).optional(),
      python: hostPath.optional(),
    }),
    database: z.strictObject({
      /** SQLAlchemy's name of it. */
      dialect: z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, 'must be a dialect of SQLAlchemy'),
      /** Where an SQLite file lives on the host. */
      path: hostPath.optional(),
      /** Where any other is reached, less the password. */
      url: line(4096).optional(),
      format: z.enum(['sqlite', 'pg_dump', 'mysqldump', 'lines']).default('sqlite'),
      /** What made it, for people. */
      tool: line(200).optional(),
      /** Name in the tar. */
      file: bundleName,
      mode,
      digest: databaseDigest,
    }),
    files: z.array(bundleFile).min(1).max(10_000),
  })
  .superRefine((manifest, context) => {
    const refuse = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });

    for (const key of ['file', 'path'] as const) {
      const seen = new Set<string>();
      for (const [index, file] of manifest.files.entries()) {
        const value = file[key];
        if (value === undefined || (key === 'path' && !isPutBack(file))) continue;
        if (seen.has(value)) refuse(['files', index, key], `is listed twice (${shown(value)})`);
        seen.add(value);
      }
    }

    const databases = manifest.files.filter((file) => file.kind === 'database');
    const [listed] = databases;
    const { dialect, file, format, path, url, mode } = manifest.database;
    const isFile = dialect === 'sqlite';
    if (isFile !== (path !== undefined) || isFile !== (url === undefined) || isFile !== (format === 'sqlite')) {
      refuse(
        ['database'],
        'must have a path when it is an SQLite file, and a url and a format of its own when it is none',
      );
    }
    for (const [index, file] of manifest.files.entries()) {
      const hasNone = file.kind === 'program' || (file.kind === 'database' && !isFile);
      if (file.path === undefined && !hasNone) refuse(['files', index, 'path'], 'is missing');
    }
    if (databases.length !== 1 || listed?.file !== file || listed.path !== path || listed.mode !== mode) {
      refuse(['database'], 'must be the one file of kind "database", with the same file, path and mode');
    }
    if (manifest.service.manager === 'systemd' && manifest.service.unit === undefined) {
      refuse(['service', 'unit'], 'is missing');
    }
  });

/**
 * What a bundle contains and where each part belongs on the host. Strings are single lines, paths absolute and
 * normalised, sizes in bytes, sums SHA-256 in hex, modes octal text.
 */
export type Manifest = z.infer<typeof manifestSchema>;

/** A file of the bundle, as the manifest lists it. */
export type BundleFile = Manifest['files'][number];

/**
 * What a database contains, in sums: `exact` over all columns, `durable` less what a running hub rewrites, and empty for
 * a table that it fills by itself.
 */
export type DatabaseDigest = Manifest['database']['digest'];

/**
 * Whether a restore puts the file back: the environment lock, the service definition and programs are for people who
 * restore by hand.
 */
export function isPutBack(file: Pick<BundleFile, 'kind'>): boolean {
  return !['environment', 'service', 'program', 'report'].includes(file.kind);
}

/** The manifest in this JSON text. Throws BundleRefused, which says what is wrong with it. */
export function parseManifest(text: string): Manifest {
  const json = parseJson(text);
  const { format, version } = Object(json) as Partial<Record<string, unknown>>;
  if (format !== 'jupyterhub-upgrade-backup') {
    throw new BundleRefused('This is not a backup made by jupyterhub-upgrade: its manifest has another format.');
  }
  if (version !== 1) {
    const other = typeof version === 'number' ? version : 'unknown';
    throw new BundleRefused(
      `The manifest of this backup has version ${other}, and this release reads version 1. Restore it with the release that made it.`,
    );
  }

  const parsed = manifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [first, ...others] = parsed.error.issues;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  throw new BundleRefused(`The manifest of this backup is not valid: ${first ? sentence(first) : 'unknown'}${more}.`);
}

function parseJson(text: string): unknown {
  if (Buffer.byteLength(text) > MANIFEST_LIMIT) {
    throw new BundleRefused(`The manifest of this backup is longer than ${MANIFEST_LIMIT} bytes.`);
  }
  try {
    return JSON.parse(text, (key, value) => {
      if (key === '__proto__') throw new SyntaxError('zod would leave it out without a word');
      return value;
    });
  } catch {
    throw new BundleRefused('The manifest of this backup is not JSON, or has a key "__proto__".');
  }
}

function sentence(issue: z.core.$ZodIssue): string {
  const where = issue.path.length === 0 ? '' : `${shown(issue.path.map(String).join('.'))} `;
  const what = issue.code === 'unrecognized_keys' ? `has unknown keys ${shown(issue.keys.join(', '))}` : issue.message;
  return where + what;
}
