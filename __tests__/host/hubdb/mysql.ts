// What the host programs do on MySQL or MariaDB: a file of tests for each calls this.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startDatabase } from '../../../bench/databases/index.ts';
import { addNeighbour } from '../../../bench/databases/neighbour.ts';
import { type Account, type DatabaseServer, everyPrintableCharacter } from '../../../bench/databases/server.ts';
import { cachedEnvironment } from '../../../bench/hub/environments.ts';
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

/** What the two call otherwise. */
const names = {
  mariadb: { title: 'MariaDB', dump: 'mariadb-dump', client: 'mariadb', byDefault: 'FOR', unseen: [] },
  mysql: {
    title: 'MySQL',
    dump: 'mysqldump',
    client: 'mysql',
    byDefault: 'TO',
    unseen: [expect.stringMatching(/^Whether tables in .* have triggers cannot be seen .* GRANT TRIGGER ON `poor`/)],
  },
};

export function tryHostPrograms(dialect: keyof typeof names): void {
  const { title, dump, client, byDefault, unseen } = names[dialect];
  let server: DatabaseServer;
  let python: string;
  let account: Account;
  let hub: Hub;
  /** What the seed wrote. */
  let seeded: Backup & { file: string };

  beforeAll(async () => {
    server = await startDatabase[dialect]();
    python = join(await cachedEnvironment('4.1.6', dialect), 'bin/python');
    account = await server.createAccount({ name: 'hub', createDatabases: true });
    hub = await seededHub(python, account, server);
    await addNeighbour(server, account);
    await hub.sql(
      `CREATE TABLE badges (id INTEGER PRIMARY KEY AUTO_INCREMENT, holder INTEGER NOT NULL, name VARCHAR(99), seen TIMESTAMP,
      FOREIGN KEY (holder) REFERENCES users (id)) CHARACTER SET latin1 COLLATE latin1_german2_ci`,
      "INSERT INTO badges (holder, name, seen) SELECT id, 'Ärger', '2026-03-04 05:06:07' FROM users",
    );
    seeded = await hub.backup();
  });

  afterAll(() => server?.stop());

  const admin = (statements: string) => server.admin(statements, account.name);
  const databases = () => server.admin("SHOW DATABASES LIKE 'jupyterhub%'");
  const rest = async () => admin('SELECT * FROM wiki_pages ORDER BY 1; SELECT * FROM wiki_links ORDER BY 1');
  const digest = (of = hub) => of.hubdb<Digest>('digest');
  const rows = async () => (await hub.hubdb<ServerFacts>('facts')).rows;
  /** With some of its programs replaced by scripts. */
  const replacing = (scripts: Record<string, string>) => hub.replacing(server.bin ?? '/usr/bin', scripts);
  const plain = 'exec "$REAL" "$@"';
  const half = 'case "$*" in *--version*) exec "$REAL" "$@"; esac\n{ head -c 30000; halt; } | "$REAL" "$@"';

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
        dialect: 'mysql',
        server: `${title} ${server.version}`,
        name: 'hub',
        problems: [],
        backup: { format: 'mysqldump', tool: `${dump} ${server.version}` },
        proof: 'scratch database',
        revision: '0eee8c825d24',
      });
      expect(facts.rows).toMatchObject({ users: 30, badges: 30 });
      expect(Object.keys(facts.rows)).not.toContain('wiki_pages');
      expect(facts.warnings).toEqual([
        expect.stringMatching(/neither backed up nor touched: wiki_links, wiki_pages\.$/),
      ]);
      expect(facts.size).toBeGreaterThan(100_000);
    });

    test('a backup is for its owner alone, and restores to what its digest says', async () => {
      expect((await stat(seeded.file)).mode & 0o777).toBe(0o600);
      expect(seeded).toMatchObject({ format: 'mysqldump', tool: `${dump} ${server.version}` });
      expect(seeded.digest).toEqual(await digest());
      const proof = await hub.hubdb<Proof>('prove', seeded.file);
      expect(proof).toEqual({ where: 'a scratch database', digest: seeded.digest });
      expect(await databases()).toEqual([]);
      await nothingIsLeft(hub);
    });

    test('whatever a migration did is undone, tables of newer releases and unknown ones included', async () => {
      const created = async () => {
        const told = await admin('SHOW CREATE TABLE badges; SHOW CREATE TABLE users');
        // MySQL names a character set beside its collation where a statement did.
        return told.map((line) => line.replaceAll(/ CHARACTER SET \w+(?= COLLATE )/g, ''));
      };
      const before = await created();
      await hub.sql(
        'ALTER TABLE users ADD COLUMN user_info TEXT',
        'ALTER TABLE badges CONVERT TO CHARACTER SET utf8mb4',
        'DROP TABLE user_group_map',
        "UPDATE users SET name = 'lost' WHERE name = 'user03'",
        'CREATE TABLE shares (id INTEGER PRIMARY KEY, user_id INTEGER, FOREIGN KEY (user_id) REFERENCES users (id))',
        'CREATE TABLE new_in_7 (id INTEGER PRIMARY KEY, share INTEGER, FOREIGN KEY (share) REFERENCES shares (id))',
        'DELETE FROM badges',
      );
      const { digest } = await hub.hubdb<{ digest: Digest }>('put-back', seeded.file);
      expect(digest).toEqual(seeded.digest);
      expect(await created()).toEqual(before);
      expect(Object.keys(await rows())).toEqual(expect.not.arrayContaining(['shares', 'new_in_7']));
      expect(await admin('SELECT DISTINCT name, hex(name) FROM badges')).toEqual(['Ärger\tC472676572']);
      await hub.sql("INSERT INTO users (name, admin, cookie_id) VALUES ('new', false, 'c')");
    });

    test('it can be put back into an empty database', async () => {
      const { dropped } = await hub.hubdb<{ dropped: string[] }>('empty');
      expect(dropped).toEqual(Object.keys(seeded.digest.tables));
      expect(await rows()).toEqual({});
      expect(await hub.hubdb('put-back', seeded.file)).toEqual({ digest: seeded.digest });
    });

    test('a table that its authenticator declares is the hub’s', () => tryDeclaredTable(hub));

    test.each([
      ['SIGKILL', null],
      ['SIGTERM', 143],
    ] as const)('a put-back that %s ends half-way is done by the next', async (signal, status) => {
      const { reached, go } = await replacing({ [dump]: plain, [client]: half });
      const running = hub.start('put-back', seeded.file);
      await reached();
      running.kill(signal);
      expect((await running.ended).status).toBe(status);
      await go();
      hub.tools = undefined;
      expect(await hub.hubdb('put-back', seeded.file)).toEqual({ digest: seeded.digest });
    });

    test('a server that vanishes half-way is said, and the next put-back does it', async () => {
      const { reached, go } = await replacing({ [dump]: plain, [client]: half });
      const running = hub.start('put-back', seeded.file);
      await reached();
      await server.kill();
      await go();
      const ended = await running.ended;
      hub.tools = undefined;
      const refused = await hub.passing('put-back', seeded.file).finally(() => server.start());
      expect(ended.status).toBe(3);
      for (const said of [ended.stderr, refused]) {
        expect(said).toMatch(/^hubdb: The database mysql\+pymysql:\/\/hub@\S+\/hub could not be used: .+\.\n$/);
      }
      expect(await hub.hubdb('put-back', seeded.file)).toEqual({ digest: seeded.digest });
    });

    test('a session that uses a table is named, and nothing is changed', async () => {
      const end = await hub.holding('SELECT 1 FROM users');
      const [session] = await hub.hubdb<Record<string, unknown>[]>('sessions');
      expect(session).toMatchObject({ user: 'hub', own: true, from: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
      const before = await digest();
      expect(await hub.passing('put-back', seeded.file)).toContain(` ${session?.id} of hub (from 127.0.0.1:`);
      expect(await digest()).toEqual(before);
      await end();
    });

    test('a proof that is ended leaves nothing; one that is killed leaves it to the next', async () => {
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        const { reached, go } = await replacing({ [dump]: plain, [client]: half });
        const running = hub.start('prove', seeded.file);
        await reached();
        const [name] = await databases();
        expect(name).toMatch(/^jupyterhub_upgrade_[0-9a-f]{8}_[0-9a-f]{16}$/);
        running.kill(signal);
        await running.ended;
        await go();
        hub.tools = undefined;
        expect(await databases()).toEqual(signal === 'SIGTERM' ? [] : [name]);
      }
      await server.admin('CREATE DATABASE jupyterhub_upgrade_00000000_0123456789abcdef');
      await hub.hubdb('prove', seeded.file);
      expect(await databases()).toEqual(['jupyterhub_upgrade_00000000_0123456789abcdef']);
      await server.admin('DROP DATABASE jupyterhub_upgrade_00000000_0123456789abcdef');
    });

    test('a flipped byte in the rows is found, and a file without its end', async () => {
      const whole = await readFile(seeded.file);
      const at = whole.indexOf('user03');
      const bytes = Buffer.from(whole);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      const flipped = hub.fresh('flipped');
      await writeFile(flipped, bytes);
      expect((await hub.hubdb<Proof>('prove', flipped)).digest).not.toEqual(seeded.digest);
      const cut = hub.fresh('cut');
      await writeFile(cut, whole.subarray(0, whole.length - 200));
      const before = await digest();
      expect(await hub.refusal('put-back', cut)).toContain('is not a whole backup');
      expect(await hub.refusal('prove', cut)).toContain('is not a whole backup');
      expect(await digest()).toEqual(before);
      expect(await databases()).toEqual([]);
      await nothingIsLeft(hub);
    });

    test('a hub that writes all the time is backed up in lines, and copied to be tried all the same', async () => {
      const row = 'INSERT INTO users (name, admin, cookie_id) VALUES (uuid(), false, uuid())';
      const write = `"\${REAL%/*}/${client}" "$1" hub -e "${row}"`;
      const script = `"$REAL" "$@" || exit\ncase "$*" in *--result-file*) ${write} ;; esac`;
      await replacing({ [dump]: script, [client]: plain });
      expect(await hub.backup()).toMatchObject({ format: 'lines' });
      const file = hub.fresh();
      expect(await hub.hubdb('copy', file)).toEqual({ format: 'mysqldump', tool: `${dump} ${server.version}` });
      expect(await hub.hubdb<Proof>('prove', file)).toMatchObject({ where: 'a scratch database' });
    });

    test('a dump program that does not work falls to lines, of which the plan knows', async () => {
      const broken = 'case "$*" in *--version*) exec "$REAL" "$@"; esac\necho "error: it is broken" >&2; exit 1';
      await replacing({ [dump]: broken, [client]: plain });
      await tryBrokenDump(hub);
    });

    test('what is written during the first try is in the backup of the second', async () => {
      const once = `if ! [ -e '${hub.directory}/tried' ]; then : >'${hub.directory}/tried'; "$REAL" "$@" && halt; exit; fi`;
      const script = `case "$*" in *--version*) exec "$REAL" "$@"; esac\n${once}\n${plain}`;
      const { reached, go } = await replacing({ [dump]: script, [client]: plain });
      const file = hub.fresh();
      const running = hub.start('backup', file);
      await reached();
      await hub.sql("INSERT INTO users (name, admin, cookie_id) VALUES ('later', false, 'later')");
      await go();
      expect((await running.ended).status).toBe(0);
      hub.tools = undefined;
      const proof = await hub.hubdb<Proof>('prove', file);
      expect(proof.digest).toEqual(await digest());
      expect(proof.digest.tables.users?.rows).toBe(31);
    });

    test('the password is in no command line, environment or file that others read, and in no message', async () => {
      const record = `{ printf '%s\\n' "$@"; env; ls -lL "\${1#--defaults-file=}"; } >>'${hub.directory}/seen'; ${plain}`;
      await replacing({ [dump]: record, [client]: record });
      await hub.hubdb('put-back', (await hub.backup()).file);
      const seen = await readFile(join(hub.directory, 'seen'), 'utf8');
      expect(seen).toMatch(/^-rw------- .*proc.self.fd/m);
      for (const form of [
        everyPrintableCharacter,
        encodeURIComponent(everyPrintableCharacter),
        "'()*+,-./0123456789",
      ]) {
        expect(seen).not.toContain(form);
      }
      const wrong = await new Hub(python, server).at(account.url.replace('%20!', '%20secret!'));
      const said = await wrong.passing('facts');
      expect(said).toContain('Access denied');
      expect(said).not.toContain('secret!');
    });
  });

  describe('other ways to a database', { timeout: 240_000 }, () => {
    test('a socket, strict and odd modes, no right to make databases: proven in a server of its own', async () => {
      const other = await server.createAccount({ name: 'apart' });
      const apart = await seededHub(python, { ...other, url: other.socketUrl }, server);
      await server.admin("SET GLOBAL sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES', GLOBAL time_zone = '+07:00'");
      try {
        expect(await apart.hubdb<ServerFacts>('facts')).toMatchObject({ problems: [], proof: 'server of its own' });
        const { file, digest } = await apart.backup();
        expect(await apart.hubdb('prove', file)).toEqual({ where: 'a server of its own', digest });
        await apart.sql('DROP TABLE user_group_map', "UPDATE users SET name = 'x' WHERE name = 'user03'");
        expect(await apart.hubdb('put-back', file)).toEqual({ digest });
      } finally {
        await server.admin("SET GLOBAL sql_mode = DEFAULT, GLOBAL time_zone = 'SYSTEM'");
      }
      expect(await databases()).toEqual([]);
      await nothingIsLeft(apart);
    });

    test('rights, engines and triggers that a rollback could not do without are problems', async () => {
      const other = await server.createAccount({ name: 'poor' });
      const poor = await seededHub(python, other, server);
      await server.admin(
        `CREATE TRIGGER stamped BEFORE UPDATE ON users FOR EACH ROW SET NEW.name = NEW.name;
      ALTER TABLE alembic_version ENGINE=MyISAM; REVOKE DROP, ALTER, TRIGGER ON poor.* FROM poor@'%';`,
        'poor',
      );
      const { problems, warnings } = await poor.hubdb<ServerFacts>('facts');
      expect(warnings).toEqual(unseen);
      expect(problems).toEqual([
        expect.stringMatching(/lacks rights .* GRANT DROP, ALTER(, TRIGGER)? ON `poor`\.\* TO 'poor'@'%'\.$/),
        expect.stringMatching(/alembic_version \(MyISAM\)\. Say ALTER TABLE `alembic_version` ENGINE=InnoDB\.$/),
      ]);
      await server.admin(
        "GRANT DROP, ALTER, TRIGGER ON poor.* TO poor@'%'; ALTER TABLE poor.alembic_version ENGINE=InnoDB",
      );
      const { problems: then } = await poor.hubdb<ServerFacts>('facts');
      expect(then).toEqual([expect.stringMatching(/^The trigger stamped on the table users .* defined by root@/)]);
      await server.admin('DROP TRIGGER stamped', 'poor');
      // A role's rights are rights.
      await server.admin(`REVOKE ALL PRIVILEGES ON poor.* FROM poor@'%'; CREATE ROLE hubs; GRANT ALL ON \`po_r\`.* TO hubs;
      GRANT hubs TO poor@'%'; SET DEFAULT ROLE hubs ${byDefault} poor@'%'`);
      expect((await poor.hubdb<ServerFacts>('facts')).problems).toEqual([]);
    });
  });
}
