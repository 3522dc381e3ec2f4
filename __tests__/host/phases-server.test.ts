import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { type ServerDialect, startDatabase } from '../../bench/databases/index.ts';
import { cachedEnvironment } from '../../bench/hub/environments.ts';
import { run } from '../../bench/hub/run.ts';
import { readBundle } from '../../src/backup/bundle.ts';
import type { DatabaseDigest, Manifest } from '../../src/backup/manifest.ts';
import { differences } from '../../src/backup/prove.ts';
import { DATABASE_FILES } from '../../src/backup/restore-database.ts';
import { BACKUP, DISCOVERY, PROOF, type Programs } from '../../src/host/programs.ts';
import { databaseOf } from '../../src/hub/databases/index.ts';
import { parseFacts, readFacts } from '../../src/hub/discovery.ts';
import { knownParameters } from '../../src/hub/known.ts';
import { shellAssignments } from '../../src/ssh/quote.ts';
import { sampleInputs } from '../hub/samples.ts';
import { inEnvironment, runProgram, temporaryDirectory } from './support.ts';

const seed = fileURLToPath(new URL('../support/seed-database.py', import.meta.url));

/** Runs a phase on this machine, as ssh/phase.ts has it done on a host; stdout goes to a file when one is given. */
async function phase(
  script: string,
  programs: Programs,
  parameters: Record<string, string>,
  payload?: Buffer,
  out?: string,
) {
  const directory = await mkdtemp(join(temporaryDirectory(), 'phase '));
  await chmod(dirname(directory), 0o711);
  await chmod(directory, 0o711);
  for (const [name, text] of Object.entries(programs)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  await writeFile(join(directory, 'parameters'), shellAssignments(parameters), { mode: 0o600 });
  if (payload) {
    await mkdir(join(directory, 'payload'));
    await writeFile(join(directory, 'payload/database'), payload, { mode: 0o600 });
  }
  const redirect = out === undefined ? '' : ' >"$3"';
  const ended = await runProgram([
    'sh',
    '-c',
    `sh "$1" "$2"${redirect}`,
    'sh',
    join(directory, script),
    directory,
    out ?? '',
  ]);
  expect(ended.status, ended.stderr).toBe(0);
  return ended.stdout;
}

/** A process that looks like a hub of that environment, in that directory. */
async function standIn(environment: string, directory: string): Promise<number> {
  const script = join(directory, 'jupyterhub');
  await writeFile(script, 'import sys\nprint("there", flush=True)\nsys.stdin.read()\n');
  const args = [script, '-f', join(directory, 'jupyterhub_config.py')];
  const child = spawn(join(environment, 'bin/python'), args, { cwd: directory, stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    child.stdin.end();
    if (child.exitCode === null) await once(child, 'exit');
  });
  await once(child.stdout, 'data');
  return child.pid ?? 0;
}

test.each<[ServerDialect, string, boolean]>([
  ['postgresql', 'pg_dump', true],
  ['mariadb', 'mysqldump', false],
])(
  'on %s a hub is looked at, backed up and the backup proven',
  { timeout: 400_000 },
  async (dialect, format, mayCreate) => {
    const server = await startDatabase[dialect]();
    onTestFinished(() => server.stop());
    const account = await server.createAccount({ name: 'hub', createDatabases: mayCreate });
    const environment = await cachedEnvironment('4.1.6', dialect);
    await run(join(environment, 'bin/python'), [seed, account.url]);
    const directory = await mkdtemp(join(temporaryDirectory(), 'hub '));
    const config = join(directory, 'jupyterhub_config.py');
    await writeFile(config, `c.JupyterHub.db_url = ${JSON.stringify(account.url)}\n`);
    await standIn(environment, directory);

    const look = { UNIT: 'none.service', SERVICE_MANAGER: 'commands', CONFIG_PATH: config, ENVIRONMENT_PATH: '' };
    const output = await phase('discover.sh', DISCOVERY, {
      ...look,
      ...{ TARGET_VERSION: '6.1.1', DATABASE_STRATEGY: 'fresh', CANARY_USER: 'user00' },
      ...{ PACKAGE_MANAGER: 'auto', CHANNELS: '', DATABASE_TOOLS: '/usr/bin', UPGRADE_PROXY: 'yes' },
      ...knownParameters(),
    });
    const raw = readFacts(output);
    expect(raw.get('database-log')).toBe('');
    const facts = parseFacts(raw, 'none.service');
    expect(facts.database).toMatchObject({
      dialect: dialect === 'mariadb' ? 'mysql' : dialect,
      tools: '/usr/bin',
      backup: { format },
      problems: [],
      has_user: true,
    });
    expect(facts.database.rows.users).toBe(30);
    expect(Object.keys(facts.database.loss ?? {})).toContain('API tokens');
    expect(Buffer.from(output).includes(account.password)).toBe(false);

    const state = join(directory, 'state');
    const inputs = await sampleInputs();
    const parameters = {
      ...databaseOf(facts, inputs).parameters,
      ...{ HUB_UID: String(facts.service.uid), HUB_GID: String(facts.service.gid), HUB_DIRECTORY: directory },
      ...{ HUB_PID: String(facts.service.pid), CONFIG_PATH: config, SERVICE_MANAGER: 'commands', UNIT: '' },
      ...{ ...inEnvironment(environment), STATE_ROOT: state, HAS_JOB: 'no', ENVIRONMENT_FILES: '', ACCESS_REPORT: '' },
      ...{ PACKAGE_MANAGER: facts.environment.manager, PACKAGE_TOOL: facts.environment.tool },
      ...{ ENVIRONMENT_UID: String(facts.environment.uid), ENVIRONMENT_GID: String(facts.environment.gid) },
    };
    const manifest = {
      ...{ format: 'jupyterhub-upgrade-backup', version: 1, createdAt: new Date().toISOString(), runUrl: 'local' },
      ...{
        host: 'here',
        jupyterhub: { version: '4.1.6', revision: facts.database.revision, address: 'http://127.0.0.1:8000/' },
        python: facts.python,
      },
      service: { manager: 'commands', user: facts.service.user, workingDirectory: directory },
      environment: { path: environment, manager: 'pip' },
      database: { dialect: facts.database.dialect, url: facts.database.url },
    };
    const order = {
      manifest,
      restore: { [format]: 'text', lines: 'text' },
      names: DATABASE_FILES,
      collect: [],
      handed: [],
    };
    const tar = join(directory, 'backup.tar');
    await phase('backup.sh', BACKUP, { ...parameters, ORDER: JSON.stringify(order) }, undefined, tar);
    expect(await readdir(join(state, `copies-${parameters.HUB_UID}`))).toEqual([]);
    let read: Manifest | undefined;
    const copy: Buffer[] = [];
    for await (const entry of readBundle(createReadStream(tar))) {
      read = entry.manifest;
      if (entry.file.kind === 'database') for await (const chunk of entry.content) copy.push(chunk);
    }
    if (!read) throw new Error('no manifest');
    expect(read.database).toMatchObject({
      format,
      file: DATABASE_FILES[read.database.format],
      url: facts.database.url,
    });

    const proof = JSON.parse(await phase('prove.sh', PROOF, parameters, Buffer.concat(copy))) as {
      where: string;
      digest: DatabaseDigest;
    };
    expect(proof.where).toMatch(mayCreate ? /scratch database/ : /server of its own/);
    expect(differences(read.database.digest, proof.digest, 'exact')).toEqual([]);
  },
);
