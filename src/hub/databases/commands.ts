import { type Command, commandLine } from '../command.ts';
import type { Facts } from '../facts.ts';

/** What is run to copy the database for the backup, to prove that, and to compare what was in it before and after. */
export function hubdbCommands(facts: Facts, copies: string): Record<string, Command[]> {
  const live = (verb: string, ...words: string[]) => hubdb(facts, '$PHASE', verb, database(facts, '$PHASE'), ...words);
  return {
    hold: [
      live('backup', `${copies}/.jupyterhub-upgrade-backup.XXXXXX/database`),
      ...(facts.database.proof === 'none' ? [] : [live('prove', '$PHASE/payload/database')]),
    ],
    verify: [
      ofJob(facts, 'inventory', '$JOB/database/inventory.now'),
      hubdb(facts, '$PROGRAMS', 'compare', '$JOB/database/inventory', '$JOB/database/inventory.now'),
    ],
  };
}

/** One command for the database, of the job on the host. */
export function ofJob(facts: Facts, verb: string, ...words: string[]): Command {
  return hubdb(facts, '$PROGRAMS', verb, database(facts, '$JOB'), ...words);
}

/** Makes the ten-minute token for the check that tokens still work: by the hub's own code, in its environment. */
export function mintToken(facts: Facts, user: string | undefined): Command {
  const options = ['--expires', '600', '--wait', ...(user === undefined ? [] : ['--user', user])];
  const program = [facts.environment.python, '$PROGRAMS/hubdb', 'token', 'create'];
  return { as: facts.service.user, run: commandLine(...program, ...options, database(facts, '$JOB')) };
}

/** How the database is named to hubdb: a file by its path, any other by what tells how to reach it. */
function database({ database: { path } }: Facts, directory: string): string {
  return path === '' ? `@${directory}/database.json` : path;
}

/** One command for a database. */
export function hubdb({ database, environment, service }: Facts, programs: string, ...words: string[]): Command {
  // Drivers of servers depend on the hub's environment, from which a file is kept.
  const isolated = database.path === '' ? [] : ['-I'];
  const tools = database.tools === '' ? [] : ['--tools', database.tools];
  return {
    as: service.user,
    run: commandLine(environment.python, ...isolated, `${programs}/hubdb`, ...tools, ...words),
  };
}
