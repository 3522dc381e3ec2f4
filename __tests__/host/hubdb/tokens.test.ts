import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { systemPython } from '../../../bench/hub/environments.ts';
import { type HubEnvironment, hubEnvironment, startHub } from '../../support/hub-environment.ts';
import { hostProgram, photograph, python, runProgram } from '../support.ts';
import { database, type Facts, fresh, hubdb, old, root, seed, sql } from './support.ts';

const token = 'abcdefghijklmnopqrstuvwxyz0123456789';
let target: HubEnvironment;

beforeAll(async () => {
  target = await hubEnvironment('6.1.1');
});

describe('token', () => {
  const withToken = (environment: HubEnvironment, stdin: string, ...args: string[]) =>
    runProgram([environment.python, hostProgram('hubdb'), 'token', ...args], { stdin, env: environment.variables });

  test('survives the upgrade, works on the new hub, and is gone when it was deleted', {
    timeout: 120_000,
  }, async () => {
    const directory = join(root, 'hub');
    await mkdir(directory);
    const path = join(directory, 'jupyterhub.sqlite');
    await copyFile(seed, path);
    await sql(path, "UPDATE spawners SET server_id = NULL, state = '{}'; DELETE FROM servers"); // nothing to look for
    const made = await withToken(old, `${token}\n`, 'create', path);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(made.stdout)).toEqual({ user: 'user01', id: 'a9', prefix: 'abcd' });
    const before = join(root, 'before.sqlite');
    await copyFile(path, before);

    await writeFile(join(directory, 'jupyterhub_config.py'), '');
    const upgrade = [target.python, '-m', 'jupyterhub', 'upgrade-db', '-f', 'jupyterhub_config.py'];
    expect((await runProgram(upgrade, { cwd: directory, env: target.variables })).status).toBe(0);
    // Between migration and start some tables of the ORM are not there yet.
    const copy = join(root, 'migrated.sqlite');
    await copyFile(path, copy);
    expect(await withToken(target, `${token}\n`, 'delete', copy)).toMatchObject({
      status: 0,
      stdout: '{"deleted": 1}\n',
    });

    const hub = await startHub(target, directory);
    try {
      const health = (...args: string[]) =>
        runProgram([systemPython, '-I', hostProgram('health.py'), ...args], { stdin: `${token}\n` });
      expect(await health('wait', hub.base, '--version', '6.1.1', '--timeout', '60')).toMatchObject({ stderr: '' });
      const check = await health('check', hub.base, '--version', '6.1.1');
      expect(check.stderr).toBe('');
      expect(JSON.parse(check.stdout)).toMatchObject({ user: 'user01' });
      const inventories = [fresh(), fresh()] as const;
      await hubdb('inventory', before, inventories[0]);
      await hubdb('inventory', path, inventories[1]);
      expect(await hubdb('compare', ...inventories)).toMatchObject({ complete: true });
      expect(await withToken(target, `${token}\n`, 'delete', path)).toMatchObject({ stdout: '{"deleted": 1}\n' });
      expect(await withToken(target, `${token}\n`, 'delete', path)).toMatchObject({
        status: 0,
        stdout: '{"deleted": 0}\n',
      });
      expect((await health('check', hub.base, '--version', '6.1.1')).stderr).toContain('hub/api/user) answered 403');
    } finally {
      await hub.stop();
    }
  });

  test('may do no more than its owner’s own server', async () => {
    const path = await database();
    await withToken(old, `${token}\n`, 'create', '--user', 'zoë@example.org', '--expires', '60', path);
    const row = await python(
      `import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute('''SELECT u.name, t.scopes, t.expires_at < datetime('now', '61 seconds')
FROM api_tokens t JOIN users u ON u.id = t.user_id ORDER BY t.id DESC''').fetchone())`,
      path,
    );
    expect(row).toBe(`('zoë@example.org', '["read:users!user", "servers!user", "access:servers!user"]', 1)\n`);
  });

  test('waits for go, and touches nothing without', async () => {
    const path = await database();
    const before = await photograph(join(path, '..'));
    const cancelled = await withToken(old, `${token}\n`, 'create', '--wait', path);
    expect(cancelled).toMatchObject({ status: 1, stdout: 'ready\n' });
    expect(cancelled.stderr).toContain('Nobody said go');
    expect(await photograph(join(path, '..'))).toEqual(before);
    const made = await withToken(old, `${token}\ngo\n`, 'create', '--wait', path);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toMatch(/^ready\n{"id": "a9"/);
  });

  test('is ready before its database is there to be opened', async () => {
    const path = join(root, 'later.sqlite');
    const command = [hostProgram('hubdb'), 'token', 'create', '--wait', path];
    const child = spawn(old.python, command, { env: old.variables, stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.write(`${token}\n`);
    expect(String((await once(child.stdout, 'data'))[0])).toBe('ready\n');
    await copyFile(seed, path);
    child.stdin.end('go\n');
    expect((await once(child, 'exit'))[0]).toBe(0);
    expect((await hubdb<Facts>('facts', path)).rows.api_tokens).toBe(9);
  });

  test('is refused for a database of another release, an unknown user, or one that is none', async () => {
    const path = await database();
    const before = await photograph(join(path, '..'));
    const refused = async (environment: HubEnvironment, stdin: string, ...args: string[]) => {
      const { status, stderr } = await withToken(environment, stdin, 'create', ...args, path);
      expect(status).toBe(1);
      expect(stderr).not.toContain(token);
      return stderr;
    };
    expect(await refused(target, `${token}\n`)).toContain(
      'at revision 0eee8c825d24, the hub of this environment needs',
    );
    expect(await refused(old, `${token}\n`, '--user', 'nobody')).toContain('no user nobody');
    expect(await refused(old, 'short\n')).toContain('32 to 255');
    expect(await refused(old, '\n')).toContain('32 to 255');
    expect(await photograph(join(path, '..'))).toEqual(before);
    await withToken(old, `${token}\n`, 'create', path);
    expect(await refused(old, `${token}\n`)).toContain('does not take the token');
  });

  test('imports nothing that lies beside the program', async () => {
    const program = join(root, 'programs', 'hubdb');
    await cp(hostProgram('hubdb'), program, { recursive: true });
    for (const directory of [program, join(root, 'programs')]) {
      await writeFile(join(directory, 'alembic.py'), 'raise SystemExit("imported from beside the program")');
    }
    const command = [old.python, program, 'token', 'create', await database()];
    const { status, stderr } = await runProgram(command, { stdin: `${token}\n`, env: old.variables });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
