import type { ServerDatabase } from '../check/server.ts';
import { createAccount, startDatabase } from '../databases/index.ts';
import { addNeighbour } from '../databases/neighbour.ts';
import { type Account, type DatabaseAccess, everyPrintableCharacter } from '../databases/server.ts';
import type { Blueprint } from './blueprint.ts';

/** Where a hub's data is; the path is the host's, absolute. */
export type HubDatabase = { dialect: 'sqlite'; path: string } | HubServerDatabase;

/** A database of a server, with the hub's account there. */
export interface HubServerDatabase extends ServerDatabase {
  account: Account;
  server: DatabaseAccess;
}

/** The path of a hub's database that is a file. */
export function fileOf({ database }: { database: HubDatabase }): string {
  if (database.dialect === 'sqlite') return database.path;
  throw new Error(`a database of ${database.dialect} is no file`);
}

/** SQLAlchemy's URL, the password included. */
export function urlOf(database: HubDatabase): string {
  return database.dialect === 'sqlite' ? `sqlite:///${database.path}` : database.account.url;
}

/** Gives a hub of that blueprint a database: the file, or a server of its own. `remove` ends that. */
export async function makeDatabase(
  blueprint: Blueprint,
  file: string,
): Promise<{ database: HubDatabase; remove: () => Promise<void> }> {
  const { database: dialect, databaseServer } = blueprint;
  if (dialect === 'sqlite') return { database: { dialect, path: file }, remove: async () => {} };
  const server = await startDatabase[dialect](databaseServer);
  try {
    return { database: await makeServerDatabase(server, blueprint), remove: server.stop };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Gives a hub of that blueprint an account on the server, in a database that another application uses, too. */
export async function makeServerDatabase(server: DatabaseAccess, blueprint: Blueprint): Promise<HubServerDatabase> {
  const { databaseSecret, createDatabases } = blueprint;
  const { dialect } = server;
  const password = everyPrintableCharacter + databaseSecret;
  const account = await createAccount[dialect](server, {
    ...{ name: 'hub', password, createDatabases },
    ...(dialect === 'postgresql' ? { schema: 'hub_data' } : {}),
  });
  const neighbours = await addNeighbour(server, account);
  const schema = dialect === 'postgresql' ? account.schema : account.name;
  const query = (statements: string) => server.admin(statements, account.name);
  return { dialect, schema, neighbours, query, server, account };
}
