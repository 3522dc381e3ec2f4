import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemPython } from '../../../bench/hub/environments.ts';
import { hostProgram, python, runProgram } from '../support.ts';
import { type Digest, database, fresh, holding, hubdb, names, refusal, sql, walRow } from './support.ts';

describe('backup', () => {
  test.each(names)('has what is in %s and still in its WAL, and nothing beside it', async (name) => {
    const path = await database('', name);
    await holding(path, walRow);
    const out = join(fresh(), `copy of ${name}`);
    await mkdir(join(out, '..'));
    const printed = await hubdb<{ format: string; digest: Digest }>('backup', path, out);
    expect(printed).toMatchObject({ format: 'sqlite', digest: await hubdb<Digest>('digest', path) });
    expect(printed.digest.tables.users?.rows).toBe(31);
    expect(await readdir(join(out, '..'))).toEqual([`copy of ${name}`]);
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    const users =
      'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("SELECT count(*) FROM users").fetchone())';
    expect(await python(users, out)).toBe('(31,)\n');
  });

  test('is nobody else’s to read under any umask', async () => {
    const path = await database();
    const command = [systemPython, '-I', hostProgram('hubdb'), 'backup', path, `${path}.out`];
    await runProgram(['sh', '-c', 'umask 0; exec "$@"', 'sh', ...command]);
    expect((await stat(`${path}.out`)).mode & 0o777).toBe(0o600);
  });

  test('overwrites nothing, and takes no file for its own that lies beside it', async () => {
    const path = await database();
    await writeFile(`${path}.out`, 'precious');
    expect(await refusal('backup', path, `${path}.out`)).toContain('File exists');
    expect(await readFile(`${path}.out`, 'utf8')).toBe('precious');
    await writeFile(`${path}.other-wal`, 'stale');
    expect(await refusal('backup', path, `${path}.other`)).toContain(`${path}.other-wal exists`);
    expect(await readFile(`${path}.other-wal`, 'utf8')).toBe('stale');
    await symlink('/dev/null', `${path}.link`);
    expect(await refusal('backup', path, `${path}.link`)).toContain('File exists');
  });

  test('that cannot be written to its end is removed', async () => {
    const path = await database();
    const command = [systemPython, '-I', hostProgram('hubdb'), 'backup', path, `${path}.out`];
    const { status, stderr } = await runProgram(['sh', '-c', 'ulimit -f 8; exec "$@"', 'sh', ...command]);
    expect(status).toBe(1);
    expect(stderr).toContain('could not be written');
    expect(await readdir(join(path, '..'))).toEqual(['jupyterhub.sqlite']);
  });

  test('without the backup API is a copy of every row, proven by its digest', async () => {
    // As Python 3.6 does it, which has none: the same functions, on a connection that hides it.
    const path = await database('PRAGMA user_version = 7; CREATE TABLE extra (a, b INTEGER PRIMARY KEY AUTOINCREMENT)');
    await sql(path, "INSERT INTO extra (a) VALUES (x'00ff'), (1.5), ('1'), (1), (NULL); DELETE FROM extra WHERE b = 5");
    await holding(path, walRow);
    const program = `import runpy, sqlite3, sys
class Old(sqlite3.Connection):
    @property
    def backup(self):
        raise AttributeError
connect = sqlite3.connect
sqlite3.connect = lambda *a, **k: connect(*a, factory=Old, **k)
sys.argv = sys.argv[1:2] + ['backup'] + sys.argv[2:]
runpy.run_path(sys.argv[0], run_name='__main__')`;
    const printed = JSON.parse(await python(program, hostProgram('hubdb'), path, `${path}.out`));
    expect(printed.digest).toEqual(await hubdb<Digest>('digest', path));
    const sequence = `import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
print(c.execute('PRAGMA user_version').fetchone(), c.execute('SELECT * FROM sqlite_sequence').fetchall())`;
    expect(await python(sequence, `${path}.out`)).toBe("(7,) [('extra', 5)]\n");
  });
});
