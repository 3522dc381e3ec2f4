import { type DatabaseState, describe, type Reader, separated } from './database-state.ts';

/** A database of a server. */
export interface ServerDatabase {
  dialect: 'postgresql' | 'mariadb' | 'mysql';
  /** Of PostgreSQL the schema, of the others the database in which the hub's tables are. */
  schema: string;
  /** Other applications' tables, as `schema.table`. */
  neighbours: string[];
  /** Has the database's own client (psql, mariadb, mysql) run statements as the superuser, there; gives the lines of all answers. */
  query(statements: string): Promise<string[]>;
}

/** Reads a database of a server at one moment. */
export function readServer(database: ServerDatabase): Promise<DatabaseState> {
  return describe(database.dialect === 'postgresql' ? postgresReader(database) : mysqlReader(database));
}

function postgresReader({ schema, neighbours, query }: ServerDatabase): Reader {
  return {
    tables: tablesOf(schema, neighbours),
    columns: (table) => columnsOf(schema, table),
    definition: (table) => {
      const oid = `'${qualified(schema, table).join('.')}'::regclass`;
      return `SELECT format('column %s %s %s %s %s', row_number() OVER (ORDER BY attnum), attname,
          format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid))
        FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE attrelid = ${oid} AND attnum > 0 AND NOT attisdropped
      UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = ${oid}
      UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = ${oid}
      UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = ${oid} AND NOT tgisinternal
      UNION ALL SELECT format('owner %s rights %s', pg_get_userbyid(relowner),
          (SELECT string_agg(entry::text, ' ' ORDER BY entry::text) FROM unnest(relacl) AS entry))
        FROM pg_class WHERE oid = ${oid}`;
    },
    sequences: `SELECT format('%s %s', sequencename, last_value) FROM pg_sequences WHERE schemaname = '${schema}'`,
    neighbours,
    literal: (column) => `replace(quote_nullable((${column})::text), chr(10), '\\n')`,
    async run(statements) {
      const { script, split } = separated(statements);
      const rows = await query(`SET search_path = ${schema};
        BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n${script}COMMIT;\n`);
      return split(`${rows.join('\n')}\n`);
    },
  };
}

function mysqlReader({ schema, neighbours, query }: ServerDatabase): Reader {
  return {
    tables: tablesOf(schema, neighbours),
    columns: (table) => columnsOf(schema, table),
    definition: (table) => `SHOW CREATE TABLE ${qualified(schema, table).join('.')}`,
    neighbours,
    literal: (column) => `quote(${column})`,
    async run(statements) {
      const { script, split } = separated(statements);
      const rows = await query(`SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT';
        SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ;
        START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY;\n${script}COMMIT;\n`);
      // What a definition says of the next row's number changes with every row.
      return split(`${rows.map((row) => row.replace(/ AUTO_INCREMENT=\d+/, '')).join('\n')}\n`);
    },
  };
}

function tablesOf(schema: string, neighbours: string[]): string {
  const others = neighbours.map((table) => `'${table}'`).join(', ') || "''";
  return `SELECT table_name FROM information_schema.tables
    WHERE table_schema = '${schema}' AND table_type = 'BASE TABLE' AND table_schema || '.' || table_name NOT IN (${others})`;
}

function columnsOf(schema: string, table: string): string {
  const [own, name] = qualified(schema, table);
  return `SELECT column_name FROM information_schema.columns WHERE table_schema = '${own}' AND table_name = '${name}'
    ORDER BY ordinal_position`;
}

/** Schema and name of a table. */
function qualified(schema: string, table: string): [string, string] {
  const [first = '', second] = table.split('.');
  return second === undefined ? [schema, first] : [first, second];
}
