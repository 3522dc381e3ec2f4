import { z } from 'zod';
import { configurationSchema } from './advice/configuration.ts';
import type { Place } from './disk.ts';

// What discover.sh prints comes from a host that may be hostile: every field has a shape and a bound, and one that has
// another shape than expected ends the run before anything is touched.

const text = z.string().max(4096);
export const id = z.coerce.number().int().nonnegative();

export const introspectSchema = z.object({
  version: text,
  python: z.object({ version: text, executable: text, prefix: text }),
  code_revision: text,
  config_file: text,
  config_files: z.array(text).max(2000),
  cookie_secret_file: text.nullish(),
  bind_url: text,
  base_url: text,
  cleanup_servers: z.boolean(),
  cleanup_proxy: z.boolean(),
  /** Of each file that the configuration reads: a digest that only this hub can make. */
  config_digests: z.record(text, z.string().regex(/^[0-9a-f]{16}$/)),
  proxy: z.object({ should_start: z.boolean().nullish() }),
  database: z.object({
    dialect: z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, 'is no dialect'),
    path: text.nullish(),
    url: text,
    host: text,
    has_query: z.boolean(),
    has_arguments: z.boolean(),
    arguments_usable: z.boolean(),
    on_command_line: z.boolean(),
  }),
  page_template: text.nullish(),
  configuration: configurationSchema,
});

const sentences = z.array(text).max(100);

export const databaseFactsSchema = z.object({
  revision: text.nullable(),
  /** Of SQLite. */
  journal_mode: text.nullish(),
  /** Of the server; for people. */
  server: text.nullish(),
  size: z.number().nonnegative().nullish(),
  rows: z.record(text, z.number().int().nonnegative()),
  servers: z.array(z.object({ user: text, name: text, pid: z.number().int().positive().nullish() })).max(100_000),
  /** API tokens of users, less those of their servers: how many, and the first ones by name. */
  tokens: z.object({ count: z.number().int().nonnegative(), first: z.array(text).max(20) }),
  /** Named servers whose names JupyterHub 6.0 would not take. */
  unsafe_server_names: z.number().int().nonnegative(),
  /** User servers with an OAuth client. */
  server_clients: z.number().int().nonnegative(),
  /** Whether the hub knows the canary-user; null without one. */
  has_user: z.boolean().nullish(),
  half_migrated: sentences,
  problems: sentences,
  warnings: sentences,
  backup: z.object({ format: z.enum(['sqlite', 'pg_dump', 'mysqldump', 'lines']), tool: text.nullish() }),
  proof: z.enum(['scratch file', 'scratch database', 'server of its own', 'none']),
});

export type DatabaseFacts = z.infer<typeof databaseFactsSchema>;

export const lossSchema = z.object({
  lost: z.record(text, z.object({ count: z.number().int().nonnegative(), first: z.array(text).max(20) })),
});

const holder = z.object({ pid: z.number().int().nonnegative().nullable(), command: text });

export const neighboursSchema = z.object({
  database: z.array(holder.extend({ pid: z.number().int().positive() })).max(1000),
  ports: z.array(holder.extend({ port: z.number().int().positive() })).max(10),
});

export const sessionsSchema = z.array(z.object({ own: z.boolean(), from: text })).max(10_000);

export type Neighbours = z.infer<typeof neighboursSchema>;

export type Sessions = z.infer<typeof sessionsSchema>;

/** What only the database knows, and a fresh one would not: how much of each kind, and the first ones by name. */
export type Loss = z.infer<typeof lossSchema>['lost'];

/** What the host answered cannot be used. `problems` are sentences for the admin, with what to do. */
export class DiscoveryProblem extends Error {
  readonly problems: string[];

  constructor(problems: string[]) {
    super(problems.join(' '));
    this.name = 'DiscoveryProblem';
    this.problems = problems;
  }
}

/** JSON of this shape, `what` it is about in words. */
export function parseJson<T>(what: string, json: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new DiscoveryProblem([`What the host said about ${what} is not JSON.`]);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new DiscoveryProblem([
    `What the host said about ${what} has another form than expected: ${issue?.path.join('.')}: ${issue?.message}`,
  ]);
}

/** Lines `<pid> <directory>`. */
export function readOtherHubs(text: string): { pid: number; directory: string }[] {
  return text.split('\n').flatMap((line) => {
    const [, pid, directory = ''] = /^(\d+) (.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), directory }];
  });
}

/** Lines `<name> <device> <free KiB> <free inodes> <writable> <quota> <path>`; `-` for inodes that are not counted. */
export function readPlaces(text: string): Place[] {
  const line = /^(environment|database|state|phases|units) (\d+) (\d+) (\d+|-) (yes|no) (yes|no) (\/.*)$/;
  return text.split('\n').flatMap((each) => {
    const [, name, device = '', free, files, writable, quota, path = ''] = line.exec(each) ?? [];
    if (name === undefined) return [];
    const freeFiles = files === '-' ? undefined : Number(files);
    return [
      {
        ...{ name: name as Place['name'], device, path, free: Number(free) * 1024, freeFiles },
        ...{ writable: writable === 'yes', quota: quota === 'yes' },
      },
    ];
  });
}

/** The output of `systemctl show`; a property that stands there several times (EnvironmentFiles) has a line each. */
export function readProperties(text: string): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    properties[name] = properties[name] === undefined ? value : `${properties[name]}\n${value}`;
  }
  return properties;
}
