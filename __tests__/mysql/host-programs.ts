import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startMysql } from '../../bench/databases/mysql.ts';
import type { DatabaseServer } from '../../bench/databases/server.ts';
import { cachedEnvironment } from '../../bench/hub/environments.ts';
import { tryHostPrograms } from '../host/hubdb/mysql.ts';
import { type ServerFacts, seededHub } from '../host/hubdb/servers.ts';

describe('mysql', () => {
  tryHostPrograms('mysql');
});

// What Debian has: a host with it needs no other client.
describe('mysql, and a host that has the programs of MariaDB', () => {
  let server: DatabaseServer;
  beforeAll(async () => {
    server = await startMysql();
  });
  afterAll(() => server?.stop());

  test('a backup is proven and put back', { timeout: 240_000 }, async () => {
    const python = join(await cachedEnvironment('4.1.6', 'mysql'), 'bin/python');
    const hub = await seededHub(python, await server.createAccount({ name: 'hub', createDatabases: true }));
    const facts = await hub.hubdb<ServerFacts>('facts');
    expect(facts).toMatchObject({ server: `MySQL ${server.version}`, problems: [], backup: { format: 'mysqldump' } });
    expect(facts.backup.tool).toMatch(/^mariadb-dump /);
    const { file, digest } = await hub.backup();
    expect(await hub.hubdb('prove', file)).toEqual({ where: 'a scratch database', digest });
    await hub.sql('ALTER TABLE users ADD COLUMN user_info TEXT', 'DELETE FROM user_group_map');
    expect(await hub.hubdb('put-back', file)).toEqual({ digest });
  });
});
