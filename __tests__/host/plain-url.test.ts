import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { hubEnvironment, seedDatabase } from '../support/hub-environment.ts';
import { runProgram, temporaryDirectory } from './support.ts';

const program = fileURLToPath(new URL('../../src/host/plain-url.py', import.meta.url));

test('upgrade-db migrates a file whose URL has a query, which it does not by itself', {
  timeout: 200_000,
}, async () => {
  const [old, target] = [await hubEnvironment('4.1.6'), await hubEnvironment('6.1.1')];
  const directory = temporaryDirectory();
  const [database, config] = [join(directory, 'hub.sqlite'), join(directory, 'jupyterhub_config.py')];
  await seedDatabase(old, database);
  await writeFile(config, "c.JupyterHub.db_url = 'sqlite:///hub.sqlite?timeout=30'\n");
  const migrate = (path: string) =>
    runProgram([target.python, '-m', 'jupyterhub', 'upgrade-db', '-f', path], {
      cwd: directory,
      env: { ...target.variables, JUPYTERHUB_UPGRADE_CONFIG: config, JUPYTERHUB_UPGRADE_DATABASE: database },
    });
  const revision = () =>
    execFileSync('sqlite3', [database, 'SELECT version_num FROM alembic_version'], { encoding: 'utf8' }).trim();
  expect((await migrate(config)).status).toBe(1);
  expect(revision()).toBe('0eee8c825d24');
  expect((await migrate(program)).status).toBe(0);
  expect(revision()).toBe('f460b0348206');
});
