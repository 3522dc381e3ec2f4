import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from './command.ts';
import { type DatabaseState, describe, type Reader, separated } from './database-state.ts';

/** Reads a database file from a copy, with `sqlite3`, whether somebody writes to it or not. */
export async function readSqlite(path: string): Promise<DatabaseState> {
  const directory = await mkdtemp(join(tmpdir(), 'check-'));
  try {
    for (let attempt = 1; ; attempt++) {
      const copy = join(directory, String(attempt));
      const still = await copyDatabase(path, copy);
      const integrity = await query(copy, ['PRAGMA integrity_check']).then(([rows = []]) => rows.join(' '), String);
      if ((still && integrity === 'ok') || attempt === 20) return await state(copy, integrity);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Copies the file with its WAL or journal; false when one of them changed meanwhile. */
async function copyDatabase(path: string, copy: string): Promise<boolean> {
  const suffixes = ['', '-wal', '-journal'];
  const stamp = () => Promise.all(suffixes.map((suffix) => stat(path + suffix, { bigint: true }).catch(() => null)));
  const before = await stamp();
  for (const [index, suffix] of suffixes.entries()) {
    if (before[index]) await copyFile(path + suffix, copy + suffix).catch(() => {});
  }
  const after = await stamp();
  return before.every((one, index) => one?.mtimeNs === after[index]?.mtimeNs && one?.size === after[index]?.size);
}

async function state(path: string, integrity: string): Promise<DatabaseState> {
  if (integrity === 'ok') return describe(sqliteReader(path));
  return { integrity, revision: undefined, schema: '', exact: {}, durable: {}, keys: {}, neighbours: {} };
}

/** The whole file is the hub's. */
function sqliteReader(path: string): Reader {
  return {
    tables: `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`,
    columns: (table) => `SELECT name FROM pragma_table_info('${table}')`,
    definition: (table) =>
      `SELECT quote(type) || quote(name) || quote(replace(sql, char(10), ' ')) FROM sqlite_master WHERE tbl_name = '${table}'`,
    neighbours: [],
    literal: (column) => `replace(quote(${column}), char(10), char(92) || 'n')`,
    run: (statements) => query(path, statements),
  };
}

async function query(path: string, statements: string[]): Promise<string[][]> {
  const { script, split } = separated(statements);
  return split(await command('sqlite3', ['-batch', '-noheader', path, script]));
}
