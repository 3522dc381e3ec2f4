import { describe, expect, it } from 'vitest';
import { costOfFresh, freshStart } from '../../src/hub/databases/fresh.ts';
import { databaseOf } from '../../src/hub/databases/index.ts';
import type { Facts } from '../../src/hub/facts.ts';
import { planUpgrade } from '../../src/transaction/plan.ts';
import { type Said, sampleFacts, sampleInputs, sqliteFacts } from './samples.ts';

const inputs = await sampleInputs();
const database = (said: Said = {}) => databaseOf(sampleFacts(said), inputs);
const text = (sentences: string[]) => sentences.join('\n');

describe('a database on a server', () => {
  it('has its own way back, and says how the backup is made and proven', () => {
    const postgresql = database();
    expect(postgresql.parameters).toMatchObject({ DATABASE_DIALECT: 'server', DATABASE_PATH: '' });
    expect(postgresql.blockers).toEqual([]);
    expect(text(postgresql.guarantees)).toMatch(/pg_dump \(PostgreSQL\) 15\.18/);
    expect(text(postgresql.guarantees)).toMatch(/one transaction/);
    expect(text(postgresql.guarantees)).toMatch(/restoring it into a scratch database on the same server/);
    const mysql = { format: 'mysqldump', tool: 'mariadb-dump 10.11' };
    expect(text(database({ place: { dialect: 'mysql' }, database: { backup: mysql } }).guarantees)).toMatch(
      /cannot take back a change of tables/,
    );
    const lines = { format: 'lines', tool: null };
    const other = database({ place: { dialect: 'cockroachdb' }, database: { backup: lines, proof: 'scratch file' } });
    expect(text(other.guarantees)).toMatch(/own SQLAlchemy copies[\s\S]*row by row[\s\S]*scratch file/);
    expect([postgresql.formats, other.formats]).toEqual([['pg_dump', 'lines'], ['lines']]);
  });

  it('has its programs where the admin says, and needs that to be a directory', async () => {
    const given = { 'database-tools-path': '/opt/pg 17/bin' };
    const named = databaseOf(sampleFacts({ raw: { 'database-tools': '/opt/pg 17/bin' } }), await sampleInputs(given));
    expect(named.blockers).toEqual([]);
    expect(named.parameters.DATABASE_TOOLS).toBe('/opt/pg 17/bin');
    expect(named.commands.snapshot?.[0]?.run).toContain('/hubdb --tools "/opt/pg 17/bin" backup ');
    const absent = databaseOf(sampleFacts(), await sampleInputs(given));
    const sentence =
      /^database-tools-path names \/opt\/pg 17\/bin, which is no directory that jupyterhub can look into/;
    for (const blockers of [absent.blockers, absent.backupBlockers, absent.restoreBlockers]) {
      expect(blockers).toEqual([expect.stringMatching(sentence)]);
    }
  });

  it('knows a dialect by its name alone', () => {
    expect(database({ place: { dialect: 'constructor' } }).parameters.DATABASE_DIALECT).toBe('server');
    expect(database({ place: { dialect: 'postgres' } }).guarantees).toEqual(database().guarantees);
  });

  it('may be used by others, and be on another host, which the plan says', () => {
    expect(text(database().warnings)).toMatch(/another hub or program/);
    expect(text(database().warnings)).not.toMatch(/on another host/);
    for (const host of ['', '/run/postgresql', '127.0.0.1', '::1', 'localhost']) {
      expect(text(database({ place: { host } }).warnings)).not.toMatch(/on another host/);
    }
    expect(text(database({ place: { host: 'db.example.org' } }).warnings)).toMatch(
      /another host \(db\.example\.org\)\. If it cannot be reached .* tried again for 30 minutes/,
    );
    expect(text(database({ place: { has_arguments: true } }).warnings)).toMatch(/db_kwargs is set/);
    expect(text(database({ database: { warnings: ['An extension.'] } }).warnings)).toContain('An extension.');
  });

  it.each<[string, Said, RegExp]>([
    ['problems of the host', { database: { problems: ['The role may not drop tables.'] } }, /may not drop tables/],
    ['a URL on the command line', { place: { on_command_line: true } }, /command line .* Write it into the config/],
    ['arguments that are objects', { place: { arguments_usable: false } }, /db_kwargs holds objects/],
  ])('stands in the way of everything with %s', (_, said, sentence) => {
    const { blockers, backupBlockers, restoreBlockers } = database(said);
    expect([blockers, backupBlockers, restoreBlockers].map(text)).toEqual(
      Array(3).fill(expect.stringMatching(sentence)),
    );
  });

  it('is no hindrance for a restore when it is half migrated, or has no tables any more', () => {
    const half = database({ database: { half_migrated: ['column users.x belongs to 6.0'], revision: null } });
    expect(text(half.blockers)).toMatch(/half migrated \(column users\.x belongs to 6\.0\)[\s\S]*no alembic_version/);
    expect([half.restoreBlockers, half.backupBlockers]).toEqual([[], []]);
  });

  it('that cannot prove a backup stands in its way, unless it is allowed', async () => {
    const said = { database: { proof: 'none' } };
    const refused = database(said);
    expect(text(refused.blockers)).toMatch(/cannot be proven by restoring it.*allow-unproven-backup: true/);
    expect(refused.backupBlockers).toEqual(refused.blockers);
    expect(refused.restoreBlockers).toEqual([]);
    const allowed = databaseOf(sampleFacts(said), await sampleInputs({ 'allow-unproven-backup': 'true' }));
    expect(allowed.blockers).toEqual([]);
    expect(text(allowed.warnings)).toMatch(/not proven by restoring it/);
    expect(text(allowed.guarantees)).not.toMatch(/proven/);
  });
});

describe('what is not rehearsed with a database on a server', () => {
  const warnings = async (said: Said, given: Record<string, string> = {}) =>
    text(databaseOf(sampleFacts(said), await sampleInputs(given)).warnings);
  const lines = { database: { backup: { format: 'lines', tool: null }, proof: 'scratch file' } };

  it('is said where no copy of it can be migrated, and why', async () => {
    expect(await warnings(lines)).toMatch(/are not rehearsed: a copy in lines cannot be migrated\./);
    expect(await warnings({ database: { proof: 'none' } })).toMatch(/are not rehearsed: there is neither a scratch/);
    expect(await warnings({})).not.toContain('rehearsed');
    for (const given of [{ rehearse: 'false' }, { 'database-strategy': 'fresh' }] as Record<string, string>[]) {
      expect(await warnings(lines, given)).not.toContain('rehearsed');
    }
  });
});

describe('the room for copies', async () => {
  const GIB = 1024 ** 3;
  const needs = (facts: Facts, hops: string[] = []) =>
    Object.fromEntries(
      databaseOf(facts, inputs, hops).needs.map(({ place, bytes }) => [place, Math.floor(bytes / GIB)]),
    );
  const size = { size: GIB };

  it('is that of a rehearsal: of a file upgrade-db makes a copy for each release on the way', () => {
    expect(needs(sqliteFacts({ database: size }))).toMatchObject({ database: 4, phases: 1 });
    expect(needs(sqliteFacts({ database: size }), ['4.1.6'])).toMatchObject({ database: 5, phases: 1 });
    expect(needs(sampleFacts({ database: size }), ['4.1.6'])).toMatchObject({ database: 3, phases: 1 });
  });

  it('is more where a server of its own is filled with it, or a scratch file', () => {
    expect(needs(sampleFacts({ database: { ...size, proof: 'server of its own' } })).phases).toBe(3);
    expect(needs(sampleFacts({ database: { ...size, proof: 'scratch file' } })).phases).toBe(2);
  });
});

describe('an SQLite file', () => {
  it('is put back by a rename', () => {
    const { parameters, guarantees, blockers } = databaseOf(sqliteFacts(), inputs);
    expect(parameters).toMatchObject({ DATABASE_DIALECT: 'sqlite', DATABASE_PATH: '/srv/hub/jupyterhub.sqlite' });
    expect(text(guarantees)).toMatch(/a rename/);
    expect(blockers).toEqual([]);
  });

  it('that is damaged is what a restore is for, and one that only the command line names is not', () => {
    const damaged = databaseOf(sqliteFacts({ database: { problems: ['The database is damaged.'] } }), inputs);
    expect([damaged.blockers, damaged.restoreBlockers]).toEqual([['The database is damaged.'], []]);
    const elsewhere = databaseOf(sqliteFacts({ place: { on_command_line: true } }), inputs);
    expect(text(elsewhere.restoreBlockers)).toMatch(/command line/);
  });
});

describe('a fresh database', async () => {
  const loss = {
    users: { count: 30, first: ['ada', 'bob'] },
    'API tokens': { count: 1, first: ['ada (a1)'] },
  };
  const fresh = await sampleInputs({ 'database-strategy': 'fresh' });
  const accepted = await sampleInputs({ 'database-strategy': 'fresh', 'accept-data-loss': 'true' });

  it('is refused when it would lose something, with what and whose', () => {
    const { blockers } = freshStart(sqliteFacts({ loss }), fresh);
    expect(text(blockers)).toMatch(
      /would lose .*: 30 users \(ada, bob, …\); 1 API tokens \(ada \(a1\)\)\..*accept-data-loss/,
    );
  });

  it('is made when that is accepted, or when nothing but logins is lost', () => {
    const { blockers, warnings } = freshStart(sqliteFacts({ loss }), accepted);
    expect(blockers).toEqual([]);
    expect(text(warnings)).toMatch(
      /log in again[\s\S]*Lost with the old database \(accept-data-loss\): 30 users \(ada, bob, …\)/,
    );
    expect(freshStart(sqliteFacts({ loss: {} }), fresh).blockers).toEqual([]);
  });

  it('is refused when nobody knows what it would lose', () => {
    expect(text(freshStart(sqliteFacts(), accepted).blockers)).toMatch(/could not be found out/);
  });

  it('has a plan without a migration, without tokens, and without the traps of a migration', () => {
    const facts = sqliteFacts({ loss: {}, introspect: { version: '2.3.1' }, database: { server_clients: 2 } });
    const plan = planUpgrade(fresh, facts);
    expect(plan).toMatchObject({ mintsToken: false, keepsTokens: false });
    expect(text(plan.blockers)).not.toMatch(/5427/);
    expect(text(planUpgrade(inputs, facts).guarantees)).toMatch(/5427/);
    expect(plan.parameters).toMatchObject({ DATABASE_STRATEGY: 'fresh', MINT_TOKEN: '', CANARY_USER: '' });
    expect(plan.steps.find(({ name }) => name === 'migrate')?.title).toBe('Begin with a fresh database');
  });

  it('has a price that can be told', () => {
    expect(costOfFresh(loss)).toBe('beside logins: 30 users (ada, bob, …); 1 API tokens (ada (a1))');
    expect(costOfFresh({})).toMatch(/^nothing but logins/);
  });
});
