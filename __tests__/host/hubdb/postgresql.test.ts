import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { addNeighbour } from '../../../bench/databases/neighbour.ts';
import { startPooler } from '../../../bench/databases/pooler.ts';
import { startPostgres } from '../../../bench/databases/postgresql.ts';
import { type Account, type DatabaseServer, everyPrintableCharacter } from '../../../bench/databases/server.ts';
import { cachedEnvironment } from '../../../bench/hub/environments.ts';
import { until } from '../../../bench/hub/run.ts';
import { runProgram } from '../support.ts';
import {
  type Backup,
  Hub,
  nothingIsLeft,
  type Proof,
  type ServerFacts,
  seededHub,
  tryBrokenDump,
  tryDeclaredTable,
} from './servers.ts';
import type { Digest } from './support.ts';

let server: DatabaseServer;
let python: string;
let account: Account;
let hub: Hub;
/** What the seed wrote. */
let seeded: Backup & { file: string };

beforeAll(async () => {
  server = await startPostgres();
  python = join(await cachedEnvironment('4.1.6', 'postgresql'), 'bin/python');
  account = await server.createAccount({ name: 'hub', createDatabases: true });
  hub = await seededHub(python, account);
  await addNeighbour(server, account);
  await hub.sql(
    'CREATE TABLE badges (id SERIAL PRIMARY KEY, holder INTEGER NOT NULL REFERENCES users (id), name TEXT)',
  );
  await hub.sql("INSERT INTO badges (holder, name) SELECT id, 'badge of ' || name FROM users");
  seeded = await hub.backup();
});

afterAll(() => server?.stop());

const psql = (statements: string) => server.admin(statements, account.name);
const databases = () => server.admin("SELECT datname FROM pg_database WHERE datname LIKE 'jupyterhub%'");
const bin = async () => `/usr/lib/postgresql/${(await readdir('/usr/lib/postgresql')).sort().at(-1)}/bin`;
/** The put-back has dropped the tables in its transaction. */
const inside = () =>
  until('no lock', 30, async () => {
    const query =
      "SELECT count(*) > 0 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'users'::regclass";
    return (await psql(query))[0] === 't';
  });
const rest = async () =>
  psql('SELECT * FROM wiki_pages ORDER BY 1; SELECT * FROM wiki_links ORDER BY 1; SELECT * FROM wiki.users');
const digest = (of = hub) => of.hubdb<Digest>('digest');
const rows = async () => (await hub.hubdb<ServerFacts>('facts')).rows;

describe('a hub with a database for itself and a wiki', { timeout: 240_000 }, () => {
  let neighbours: string[];

  beforeEach(async () => {
    neighbours = await rest();
  });

  afterEach(async () => {
    await hub.hubdb('put-back', seeded.file);
    expect(await rest()).toEqual(neighbours);
  });

  test('facts', async () => {
    const facts = await hub.hubdb<ServerFacts>('facts');
    expect(facts).toMatchObject({
      dialect: 'postgresql',
      server: `PostgreSQL ${server.version}`,
      name: 'hub, schema public',
      problems: [],
      backup: { format: 'pg_dump', tool: `pg_dump ${server.version}` },
      proof: 'scratch database',
      revision: '0eee8c825d24',
    });
    expect(facts.rows).toMatchObject({ users: 30, badges: 30 });
    expect(Object.keys(facts.rows)).not.toContain('wiki_pages');
    expect(facts.warnings).toEqual([expect.stringMatching(/neither backed up nor touched: wiki_links, wiki_pages\.$/)]);
    expect(facts.size).toBeGreaterThan(100_000);
  });

  test('a backup is for its owner alone, and restores to what its digest says', async () => {
    expect((await stat(seeded.file)).mode & 0o777).toBe(0o600);
    expect(seeded).toMatchObject({ format: 'pg_dump', tool: `pg_dump ${server.version}` });
    expect(seeded.digest).toEqual(await digest());
    const proof = await hub.hubdb<Proof>('prove', seeded.file);
    expect(proof).toEqual({ where: 'a scratch database', digest: seeded.digest });
    expect(await databases()).toEqual([]);
    await nothingIsLeft(hub);
  });

  test('programs are also looked for where the admin says', async () => {
    const plain = 'exec "$REAL" "$@"';
    const newest = `[ "$*" = --version ] && echo "pg_dump (PostgreSQL) ${server.version.split('.')[0]}.999" && exit\n${plain}`;
    const { directory } = await hub.replacing(await bin(), { pg_dump: newest, psql: plain, pg_restore: plain });
    hub.tools = undefined;
    hub.namedTools = directory;
    onTestFinished(() => {
      hub.namedTools = undefined;
    });
    expect((await hub.backup()).tool).toMatch(/^pg_dump \d+\.999$/);
  });

  test('whatever a migration did is undone, tables of newer releases and unknown ones included', async () => {
    await hub.sql(
      'ALTER TABLE users ADD COLUMN user_info TEXT',
      'DROP TABLE user_group_map',
      "UPDATE users SET name = 'lost' WHERE name = 'user03'",
      'CREATE TABLE shares (id SERIAL PRIMARY KEY, user_id INTEGER REFERENCES users (id))',
      'CREATE TABLE new_in_7 (id SERIAL PRIMARY KEY, share INTEGER REFERENCES shares (id))',
      'DELETE FROM badges',
    );
    const { digest } = await hub.hubdb<{ digest: Digest }>('put-back', seeded.file);
    expect(digest).toEqual(seeded.digest);
    expect(Object.keys(await rows())).toEqual(expect.not.arrayContaining(['shares', 'new_in_7']));
    // Its sequences go on.
    await hub.sql("INSERT INTO users (name, admin, cookie_id) VALUES ('new', false, 'c')");
  });

  test('it can be put back into an empty database, and from each of its tables missing', async () => {
    const { dropped } = await hub.hubdb<{ dropped: string[] }>('empty');
    expect(dropped).toEqual(Object.keys(seeded.digest.tables));
    expect(await rows()).toEqual({});
    expect(await hub.hubdb('put-back', seeded.file)).toEqual({ digest: seeded.digest });
  });

  test('a table that its authenticator declares is the hub’s', () => tryDeclaredTable(hub));

  test('owners, grants, comments, types of extensions, triggers and policies are what they were', async () => {
    await psql(`CREATE ROLE reader; CREATE ROLE keeper; GRANT keeper TO hub; GRANT CREATE ON SCHEMA public TO keeper;
      CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      GRANT SELECT (id, name) ON users TO reader; GRANT SELECT ON groups TO reader; COMMENT ON TABLE users IS 'people';
      CREATE TRIGGER stamped BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION stamp();
      CREATE EXTENSION citext; ALTER TABLE badges ALTER name TYPE citext;
      CREATE POLICY everybody ON groups USING (true); ALTER TABLE groups ENABLE ROW LEVEL SECURITY;
      ALTER TABLE roles OWNER TO keeper`);
    const state = () =>
      psql(`SELECT relname, relowner::regrole, relacl, relrowsecurity, obj_description(oid) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace ORDER BY 1;
        SELECT attrelid::regclass, attname, attacl FROM pg_attribute WHERE attacl IS NOT NULL ORDER BY 1, 2;
        SELECT tgname, tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal; SELECT polname FROM pg_policy`);
    const before = await state();
    expect((await hub.hubdb<ServerFacts>('facts')).problems).toEqual([]);
    const { file, digest } = await hub.backup();
    // On the same server the proof has the roles too.
    expect(await hub.hubdb('prove', file)).toEqual({ where: 'a scratch database', digest });
    await hub.sql('ALTER TABLE users ADD COLUMN x TEXT', 'DROP TRIGGER stamped ON users');
    expect(await hub.hubdb('put-back', file)).toEqual({ digest });
    expect(await state()).toEqual(before);
    await hub.hubdb('put-back', seeded.file);
    await psql('DROP EXTENSION citext; DROP FUNCTION stamp; REVOKE CREATE ON SCHEMA public FROM keeper');
  });

  test('others that depend on its tables are found, and put-back says so before anything is changed', async () => {
    await psql(`CREATE VIEW admins AS SELECT name FROM users WHERE admin; CREATE SCHEMA other;
      CREATE TABLE other.mails (user_id INTEGER REFERENCES public.users (id))`);
    const [problem, ...more] = (await hub.hubdb<ServerFacts>('facts')).problems;
    expect(more).toEqual([]);
    expect(problem).toContain('constraint mails_user_id_fkey on table other.mails');
    expect(problem).toContain('view admins');
    await hub.sql("UPDATE users SET name = 'written' WHERE name = 'user03'");
    const before = await digest();
    expect(await hub.refusal('put-back', seeded.file)).toContain('view admins');
    expect(await hub.refusal('empty')).toContain('view admins');
    expect(await digest()).toEqual(before);
    await psql('DROP VIEW admins; DROP SCHEMA other CASCADE');
  });

  test('a session that locks a table is named, and nothing is changed', async () => {
    const end = await hub.holding("SET application_name = 'report of the dean'", 'SELECT 1 FROM users');
    const [session] = await hub.hubdb<Record<string, unknown>[]>('sessions');
    expect(session).toMatchObject({ user: 'hub', own: true, application: 'report of the dean', from: '127.0.0.1' });
    const before = await digest();
    expect(await hub.passing('put-back', seeded.file)).toMatch(/ of hub \(report of the dean, from 127\.0\.0\.1\)/);
    expect(await digest()).toEqual(before);
    await end();
  });

  test.each([
    ['SIGKILL', null],
    ['SIGTERM', 143],
  ] as const)('a put-back that %s ends half-way changes nothing, and is done by the next', async (signal, status) => {
    await hub.sql("UPDATE users SET name = 'written' WHERE name = 'user03'");
    const before = await digest();
    const script =
      'case "$*" in *schema-only*|*--version*) exec "$REAL" "$@"; esac\n"$REAL" "$@" | sed "/^COPY public.users /q"; halt';
    const plain = 'exec "$REAL" "$@"';
    const { reached, go } = await hub.replacing(await bin(), { pg_restore: script, psql: plain, pg_dump: plain });
    const running = hub.start('put-back', seeded.file);
    await Promise.all([reached(), inside()]);
    running.kill(signal);
    expect((await running.ended).status).toBe(status);
    await go();
    hub.tools = undefined;
    // An orphan would hold its locks until its transaction is rolled back.
    expect(await digest()).toEqual(before);
    expect(await hub.hubdb('put-back', seeded.file)).toEqual({ digest: seeded.digest });
    expect(before).not.toEqual(seeded.digest);
  });

  test('a server that vanishes half-way is said, and the next put-back does it', async () => {
    const script =
      'case "$*" in *schema-only*|*--version*) exec "$REAL" "$@"; esac\n"$REAL" "$@" | head -c 25000; halt';
    const plain = 'exec "$REAL" "$@"';
    const { reached, go } = await hub.replacing(await bin(), { pg_restore: script, psql: plain, pg_dump: plain });
    const running = hub.start('put-back', seeded.file);
    await Promise.all([reached(), inside()]);
    await server.kill();
    await go();
    const ended = await running.ended;
    hub.tools = undefined;
    const refused = await hub.passing('put-back', seeded.file).finally(() => server.start());
    expect(ended.status).toBe(3);
    for (const said of [ended.stderr, refused]) {
      expect(said).toMatch(/^hubdb: The database postgresql\+psycopg2:\/\/hub@\S+\/hub could not be used: .+\.\n$/);
    }
    expect(await digest()).toEqual(seeded.digest);
  });

  test('a proof that is ended leaves nothing; one that is killed leaves it to the next', async () => {
    const script =
      'case "$*" in *schema-only*|*--version*) exec "$REAL" "$@"; esac\n"$REAL" "$@" | head -c 25000; halt';
    const plain = 'exec "$REAL" "$@"';
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const { reached, go } = await hub.replacing(await bin(), { pg_restore: script, psql: plain, pg_dump: plain });
      const running = hub.start('prove', seeded.file);
      await reached();
      const [name] = await databases();
      expect(name).toMatch(/^jupyterhub_upgrade_[0-9a-f]{8}_[0-9a-f]{16}$/);
      // Nobody else may enter it.
      expect(await server.admin(`SELECT has_database_privilege('public', '${name}', 'CONNECT')`)).toEqual(['f']);
      running.kill(signal);
      await running.ended;
      await go();
      hub.tools = undefined;
      expect(await databases()).toEqual(signal === 'SIGTERM' ? [] : [name]);
    }
    // One of another database of the same role is somebody else's.
    await server.admin('CREATE DATABASE jupyterhub_upgrade_00000000_0123456789abcdef OWNER hub');
    await hub.hubdb('prove', seeded.file);
    expect(await databases()).toEqual(['jupyterhub_upgrade_00000000_0123456789abcdef']);
    await server.admin('DROP DATABASE jupyterhub_upgrade_00000000_0123456789abcdef');
  });

  test('a flipped byte in the rows is found', async () => {
    const whole = await readFile(seeded.file);
    // The rows come last.
    for (const from of [300, 1000, 2000]) {
      const bytes = Buffer.from(whole);
      const at = bytes.length - from;
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      const file = hub.fresh('flipped');
      await writeFile(file, bytes);
      const { status, stdout } = await runProgram(hub.command('prove', file), { env: hub.environment() });
      if (status === 0) expect((JSON.parse(stdout) as Proof).digest).not.toEqual(seeded.digest);
      else expect(status).toBe(1);
    }
    const cut = hub.fresh('cut');
    await writeFile(cut, whole.subarray(0, whole.length - 2000));
    const before = await digest();
    expect((await runProgram(hub.command('put-back', cut), { env: hub.environment() })).status).toBe(1);
    expect(await digest()).toEqual(before);
    expect(await databases()).toEqual([]);
    await nothingIsLeft(hub);
  });

  test('a pg_dump that does not work falls to lines, of which the plan knows', async () => {
    const broken = 'case "$*" in *--version*) exec "$REAL" "$@"; esac\necho "pg_dump: error: it is broken" >&2; exit 1';
    const plain = 'exec "$REAL" "$@"';
    await hub.replacing(await bin(), { pg_dump: broken, psql: plain, pg_restore: plain });
    await tryBrokenDump(hub);
  });

  test('what is written while it runs is in the backup as a whole or not at all', async () => {
    const plain = 'exec "$REAL" "$@"';
    // pg_dump has its snapshot from before the rows were written, and so has the digest.
    const script = 'case "$*" in *snapshot*) halt; esac\nexec "$REAL" "$@"';
    const { reached, go } = await hub.replacing(await bin(), { pg_dump: script, psql: plain, pg_restore: plain });
    const file = hub.fresh();
    const running = hub.start('backup', file);
    await reached();
    await hub.sql("INSERT INTO users (name, admin, cookie_id) VALUES ('later', false, 'later')");
    await go();
    expect((await running.ended).status).toBe(0);
    hub.tools = undefined;
    expect((await hub.hubdb<Proof>('prove', file)).digest).toEqual(seeded.digest);
  });

  test('the password is in no command line, environment or file that others read, and in no message', async () => {
    const record = `{ printf '%s\\n' "$@"; env; ls -lL "$PGPASSFILE"; } >>'${hub.directory}/seen'; exec "$REAL" "$@"`;
    await hub.replacing(await bin(), { pg_dump: record, psql: record, pg_restore: record });
    await hub.hubdb('put-back', (await hub.backup()).file);
    const seen = await readFile(join(hub.directory, 'seen'), 'utf8');
    expect(seen).toMatch(/^-rw------- .*proc.self.fd/m);
    for (const form of [everyPrintableCharacter, encodeURIComponent(everyPrintableCharacter), "'()*+,-./0123456789"]) {
      expect(seen).not.toContain(form);
    }
    const wrong = await new Hub(python).at(account.url.replace('%20!', '%20secret!'));
    const said = await wrong.passing('facts');
    expect(said).toContain('authentication failed');
    expect(said).not.toContain('secret!');
  });
});

describe('other ways to a database', { timeout: 240_000 }, () => {
  test('a schema of its own, a socket, no right to make databases: proven in a server of its own', async () => {
    const other = await server.createAccount({ name: 'apart', schema: 'hub_tables' });
    const apart = await seededHub(python, { ...other, url: other.socketUrl });
    await addNeighbour(server, other);
    const facts = await apart.hubdb<ServerFacts>('facts');
    expect(facts).toMatchObject({ name: 'apart, schema hub_tables', problems: [], proof: 'server of its own' });
    const { file, digest } = await apart.backup();
    expect(await apart.hubdb('prove', file)).toEqual({ where: 'a server of its own', digest });
    expect(await databases()).toEqual([]);
    await nothingIsLeft(apart);
    await apart.sql('DROP TABLE user_group_map', "UPDATE users SET name = 'x' WHERE name = 'user03'");
    expect(await apart.hubdb('put-back', file)).toEqual({ digest });
  });

  test('a service file and a password file, as libpq reads them', async () => {
    const quoted = everyPrintableCharacter.replaceAll('\\', '\\\\').replaceAll(':', '\\:');
    const { address, port } = server;
    await writeFile(join(hub.directory, 'pass'), `*:*:*:hub:${quoted}\n`, { mode: 0o600 });
    await writeFile(
      join(hub.directory, 'services'),
      `[jupyterhub]\nhost=${address}\nport=${port}\ndbname=hub\nuser=hub\n`,
    );
    const served = await new Hub(python).at('postgresql+psycopg2://?service=jupyterhub');
    const plain = served.environment();
    served.environment = () => ({
      ...plain,
      PGSERVICEFILE: join(hub.directory, 'services'),
      PGPASSFILE: join(hub.directory, 'pass'),
    });
    expect(await served.hubdb<ServerFacts>('facts')).toMatchObject({
      problems: [],
      backup: { format: 'pg_dump' },
      proof: 'scratch database',
    });
    const { file, digest } = await served.backup();
    expect(digest).toEqual(seeded.digest);
    expect(await served.hubdb('prove', file)).toEqual({ where: 'a scratch database', digest });
    expect(await served.hubdb('put-back', file)).toEqual({ digest });
  });

  test.each(['session', 'transaction'] as const)('a pooler between them, for each %s', async (mode) => {
    const pooler = await startPooler(server, account, mode);
    onTestFinished(pooler.stop);
    const pooled = await new Hub(python).at(pooler.url);
    const facts = await pooled.hubdb<ServerFacts>('facts');
    expect(facts).toMatchObject({ problems: [], backup: { format: 'lines' }, proof: 'scratch file' });
    expect(facts.warnings).toContainEqual(expect.stringMatching(/^The hub reaches .* through a pooler\./));
    const { file, digest } = await pooled.backup();
    expect(digest).toEqual(seeded.digest);
    expect(await pooled.hubdb('prove', file)).toEqual({ where: 'a scratch file', digest });
    // A backup of before the pooler is one of pg_dump.
    for (const each of [file, seeded.file]) {
      await hub.sql("UPDATE users SET name = 'x' WHERE name = 'user03'");
      expect(await pooled.hubdb('put-back', each)).toEqual({ digest });
    }
    // The sessions that it keeps are named like any others, hold nothing up, and are to the hub what they were.
    const sessions = await hub.hubdb<Record<string, unknown>[]>('sessions');
    expect(sessions).toEqual(expect.arrayContaining([expect.objectContaining({ user: 'hub', own: true })]));
    await pooled.sql("UPDATE users SET name = 'user03' WHERE name = 'user03'");
  });

  test('rights that a rollback would lack are problems, each with what to say', async () => {
    const other = await server.createAccount({ name: 'poor' });
    const poor = await seededHub(python, other);
    await server.admin(
      `CREATE ROLE boss; CREATE ROLE granter; GRANT USAGE, CREATE ON SCHEMA public TO boss;
      ALTER TABLE groups OWNER TO boss; GRANT ALL ON groups TO poor; ALTER SCHEMA public OWNER TO postgres;
      GRANT SELECT ON users TO granter WITH GRANT OPTION; SET ROLE granter; GRANT SELECT ON users TO boss; RESET ROLE;
      REVOKE SELECT ON roles FROM poor;
      ALTER TABLE services ENABLE ROW LEVEL SECURITY; ALTER TABLE services FORCE ROW LEVEL SECURITY`,
      'poor',
    );
    const facts = await poor.hubdb<ServerFacts>('facts').catch((error: Error) => error.message);
    // The hub itself could not work without this one.
    expect(facts).toMatch(/permission denied for table roles/);
    await server.admin('GRANT SELECT ON roles TO poor', 'poor');
    const { problems } = await poor.hubdb<ServerFacts>('facts');
    expect(problems).toEqual([
      expect.stringMatching(/^The tables groups .* belong to the role boss, .* GRANT boss TO poor/),
      expect.stringMatching(/^The role poor may not make tables .* GRANT CREATE ON SCHEMA public TO poor\.$/),
      expect.stringMatching(/^Rights on the table users .* granted by the role granter/),
      expect.stringMatching(/^The policies of the table services .* NO FORCE ROW LEVEL SECURITY/),
    ]);
  });
});

test('programs older than the server fall to lines, with a word on what to install', async () => {
  const newer = await startPostgres({ release: 18 });
  try {
    const hub = await seededHub(python, await newer.createAccount({ name: 'hub' }));
    const facts = await hub.hubdb<ServerFacts>('facts');
    expect(facts).toMatchObject({ problems: [], backup: { format: 'lines' }, proof: 'scratch file' });
    expect(facts.warnings).toEqual([expect.stringMatching(/PostgreSQL 18: .* Install postgresql-client-18 /)]);
  } finally {
    await newer.stop();
  }
});
