import { readDatabase } from '../check/database.ts';
import type { DatabaseState } from '../check/database-state.ts';
import type { HubServerDatabase } from './database.ts';

let loaded = 0;

/** What the checker says of a dump in SQL of a hub's database, once it is loaded into one of its own on the same server. */
export async function readLoaded(dump: string, hub: HubServerDatabase, neighbours: string[]): Promise<DatabaseState> {
  const { server, dialect } = hub;
  loaded += 1;
  const name = `loaded_${process.pid}_${loaded}`;
  await server.admin(`CREATE DATABASE ${name}`);
  try {
    await server.admin(dump, name);
    const query = (statements: string) => server.admin(statements, name);
    if (dialect === 'postgresql') return await readDatabase({ dialect, schema: hub.schema, neighbours, query });
    // Tables are in the database of their own now; what is said of them is said by the names they had.
    const moved = neighbours.map((table) => table.replace(/^\w+/, name));
    const state = await readDatabase({ dialect, schema: name, neighbours: moved, query });
    const named = neighbours.map((table, index) => [table, state.neighbours[moved[index] ?? ''] ?? '']);
    return { ...state, neighbours: Object.fromEntries(named) };
  } finally {
    await server.admin(`DROP DATABASE ${name}`);
  }
}
