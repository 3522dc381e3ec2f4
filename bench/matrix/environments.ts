import { join } from 'node:path';
import { cached } from '../hub/cache.ts';
import { installEnvironment, requirementsOf } from '../hub/environments.ts';
import { run } from '../hub/run.ts';

/** A virtual environment with that release and drivers for all databases, made once by that interpreter. */
export async function environmentOf(release: string, python: string): Promise<string> {
  const version = await run(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
  const packages = [...requirementsOf(release), 'psycopg2-binary', 'pymysql'];
  return cached(join('environments', `${release}-py${version.trim()}-drivers`), (directory, finalPath) =>
    installEnvironment(python, packages, directory, finalPath),
  );
}
