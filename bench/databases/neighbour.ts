import type { Account, DatabaseAccess } from './server.ts';

/**
 * Puts a second application into an account's database, as thrifty admins do: tables that refer to each other, with rows,
 * and in PostgreSQL a schema of its own, where its table of users is called like the hub's. They belong to a role of its
 * own where the server knows owners. Gives the tables' names, with their schema or database.
 */
export async function addNeighbour({ dialect, admin }: DatabaseAccess, { name, schema }: Account): Promise<string[]> {
  const tables = (prefix: string) => `
    CREATE TABLE ${prefix}wiki_pages (id INTEGER PRIMARY KEY, title VARCHAR(100) NOT NULL UNIQUE, body TEXT);
    CREATE TABLE ${prefix}wiki_links (
      source INTEGER NOT NULL REFERENCES ${prefix}wiki_pages (id), target INTEGER NOT NULL REFERENCES ${prefix}wiki_pages (id)
    );
    INSERT INTO ${prefix}wiki_pages VALUES (1, 'Start', 'Hello'), (2, 'Zoë''s page', 'a\tb'), (3, 'Empty', NULL);
    INSERT INTO ${prefix}wiki_links VALUES (1, 2), (2, 3), (3, 1);`;
  if (dialect !== 'postgresql') {
    await admin(tables(''), name);
    return [`${name}.wiki_pages`, `${name}.wiki_links`];
  }
  await admin(
    `CREATE ROLE ${name}_wiki; GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${name}_wiki;
    CREATE SCHEMA wiki AUTHORIZATION ${name}_wiki; SET ROLE ${name}_wiki; ${tables(`${schema}.`)}
    CREATE TABLE wiki.users (id INTEGER PRIMARY KEY, name VARCHAR(255)); INSERT INTO wiki.users VALUES (1, 'ada');`,
    name,
  );
  return [`${schema}.wiki_pages`, `${schema}.wiki_links`, 'wiki.users'];
}
