import { createReadStream } from 'node:fs';
import { uploadBackup } from '../backup/artifacts.ts';
import { readBundle } from '../backup/bundle.ts';
import type { DatabaseDigest, Manifest } from '../backup/manifest.ts';
import { differences } from '../backup/prove.ts';
import { DATABASE_FILES } from '../backup/restore-database.ts';
import { restoreText } from '../backup/restore-text.ts';
import { createSealer, type Sealer } from '../backup/seal.ts';
import { type SealedFile, sealToFile } from '../backup/seal-to-file.ts';
import { UpgradeError } from '../errors.ts';
import { BACKUP, PROOF } from '../host/programs.ts';
import { databaseOf } from '../hub/databases/index.ts';
import { parametersOf, placeParameters } from '../hub/environments/managers.ts';
import type { Facts } from '../hub/facts.ts';
import { localBase } from '../hub/health.ts';
import { serviceOf } from '../hub/services/index.ts';
import type { Job } from '../transaction/job.ts';
import { hubParameters } from '../transaction/plan.ts';
import { asTrouble } from './discover.ts';
import type { Run } from './run.ts';

/**
 * Copies the live hub into a sealed artifact and proves it by opening it again and restoring its database into scratch.
 * `hasJob`: the executor of this run holds the hub's lock already.
 */
export async function backUp(run: Run, facts: Facts, hasJob: boolean): Promise<void> {
  const sealer = await createSealer(run.inputs.backup.seal);
  const file = await log(run, 'backup', 'Back up the live hub', () => collect(run, facts, sealer, hasJob));
  try {
    await log(run, 'upload', 'Upload the sealed backup', () => upload(run, file, sealer));
    if (facts.database.proof === 'none') {
      await log(run, 'open', 'Open the backup again', () => open(run, file, sealer));
    } else {
      await log(run, 'prove', 'Prove the backup by restoring it', () => prove(run, facts, file, sealer));
    }
  } finally {
    await file.remove();
  }
}

async function log<T>(run: Run, name: string, title: string, work: () => Promise<T>): Promise<T> {
  return run.log.step(name, title, async () => {
    run.signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      throw asTrouble(error, name, 'Mend the cause and run the job again; without a proven backup nothing is stopped.');
    }
  });
}

async function collect(run: Run, facts: Facts, sealer: Sealer, hasJob: boolean): Promise<SealedFile> {
  const { inputs, context, link } = run;
  const environmentFiles = (facts.service.properties.EnvironmentFiles ?? '')
    .split('\n')
    .map((line) => line.replace(/ \(ignore_errors=.*\)$/, ''))
    .filter((path) => path.startsWith('/'));
  const manifest = draftManifest(run, facts);
  const order = {
    manifest,
    restore: Object.fromEntries(
      databaseOf(facts, inputs).formats.map((format) => [format, restoreText(manifest, format)]),
    ),
    names: DATABASE_FILES,
    collect: [
      ...[facts.configFile, ...facts.configFiles].map((path) => ({ path, kind: 'config' })),
      ...(facts.cookieSecretFile ? [{ path: facts.cookieSecretFile, kind: 'secret' }] : []),
      ...inputs.backup.extraPaths.map((path) => ({ path, kind: 'extra' })),
    ],
    handed: [
      { name: 'requirements.txt', path: facts.environment.path, kind: 'environment' },
      ...(facts.service.properties.FragmentPath
        ? [{ name: 'unit.txt', path: facts.service.properties.FragmentPath, kind: 'service' }]
        : []),
      ...(run.job ? [{ name: 'access.json', path: accessReport(run.job), kind: 'report' }] : []),
      ...environmentFiles.map((path, index) => ({ name: `environment-${index + 1}`, path, kind: 'secret' })),
    ],
  };
  const name = `${inputs.backup.artifactName ?? `jupyterhub-backup-${inputs.connection.host.replaceAll(':', '-')}`}-${context.runId}-${context.runAttempt}${sealer.extension}`;
  const file = await sealToFile(
    (sink, signal) =>
      link.run({
        script: 'backup.sh',
        programs: BACKUP,
        parameters: {
          ...databaseParameters(run, facts),
          HAS_JOB: hasJob ? 'yes' : 'no',
          ...parametersOf(facts, inputs, facts.version),
          ACCESS_REPORT: run.job ? accessReport(run.job) : '',
          ENVIRONMENT_FILES: environmentFiles.join('\n'),
          ORDER: JSON.stringify(order),
        },
        stdout: sink,
        onLine: (line) => run.log.remote(line),
        signal: AbortSignal.any([signal, run.signal]),
      }),
    { sealer, parent: context.tempDir, name },
  );
  run.log.info(`${name}: ${file.size} bytes, sha256:${file.sha256}`);
  return file;
}

/** Where the rehearsal of a job names who would lose or gain access. */
function accessReport(job: Job): string {
  return `${job.directory}/access.json`;
}

/** What a phase needs to reach the database as the hub does. */
function databaseParameters({ inputs }: Run, facts: Facts): Record<string, string> {
  return {
    ...hubParameters(inputs, facts),
    ...serviceOf(facts, inputs).parameters,
    ...databaseOf(facts, inputs).parameters,
    STATE_ROOT: facts.stateRoot,
    ...placeParameters(facts),
  };
}

function environmentOf({ environment: { path, manager, place, python } }: Facts): Manifest['environment'] {
  return { path, manager, ...(place === 'environment' ? {} : { place, python }) };
}

/** The manifest but for what the host adds: of the database its digest, format, name and mode, and the list of files. */
function draftManifest({ inputs, context }: Run, facts: Facts): Omit<Manifest, 'files'> {
  return {
    format: 'jupyterhub-upgrade-backup',
    version: 1,
    createdAt: new Date().toISOString(),
    runUrl: context.runUrl,
    host: inputs.connection.host,
    jupyterhub: {
      version: facts.version,
      revision: facts.database.revision ?? '',
      address: localBase(facts.bindUrl, facts.baseUrl),
    },
    python: facts.python,
    service: {
      manager: facts.service.manager,
      ...(facts.service.manager === 'systemd' ? { unit: inputs.hub.service } : {}),
      user: facts.service.user,
      workingDirectory: facts.service.directory,
    },
    environment: environmentOf(facts),
    database: {
      dialect: facts.database.dialect,
      ...(facts.database.path === '' ? { url: facts.database.url } : { path: facts.database.path }),
      format: facts.database.backup.format,
      file: '',
      mode: '',
      digest: { schema: '', tables: {} },
    },
  };
}

async function upload({ inputs, context, log, result }: Run, file: SealedFile, sealer: Sealer): Promise<void> {
  const artifact = await uploadBackup(file, context, { retentionDays: inputs.backup.retentionDays });
  const { seal } = inputs.backup;
  result.backup = {
    artifactId: artifact.id,
    name: artifact.name,
    digest: artifact.digest,
    size: artifact.size,
    url: artifact.url,
    sealedFor: seal.kind === 'none' ? 'nobody' : seal.kind,
    proven: false,
    files: [],
  };
  log.info(`Artifact ${artifact.name} (id ${artifact.id}), ${artifact.digest}: stored, listed again, digest equal.`);
  if (sealer.extension === '.tar')
    log.warning('Backup', 'The backup is not sealed: everybody who can read this repository can read it.');
}

/** Opens the file whose digest the artifact has, and restores its database into scratch on the host. */
async function prove(run: Run, facts: Facts, file: SealedFile, sealer: Sealer): Promise<void> {
  const { link, log, result } = run;
  let manifest: Manifest | undefined;
  const plain = await sealer.open(createReadStream(file.path));
  const database = async function* () {
    for await (const entry of readBundle(plain)) {
      manifest = entry.manifest;
      if (entry.file.kind === 'database') yield { name: 'database', size: entry.file.size, content: entry.content };
    }
  };
  const output = await link.run({
    script: 'prove.sh',
    programs: PROOF,
    parameters: databaseParameters(run, facts),
    payload: database(),
    onLine: (line) => log.remote(line),
    signal: run.signal,
  });
  if (!manifest) throw new Error('The backup has no manifest.');
  const { where, digest } = JSON.parse(output) as { where: string; digest: DatabaseDigest };
  const found = differences(manifest.database.digest, digest, 'exact');
  if (found.length > 0) {
    throw new UpgradeError(`The backup did not come back as it was: ${found.join(' ')}`, {
      step: 'prove',
      hub: 'The hub was not touched.',
      next: 'Run the job again; if this comes back, the disk of the host or the artifact store is damaged.',
    });
  }
  const rows = Object.values(manifest.database.digest.tables).reduce((sum, table) => sum + table.rows, 0);
  log.info(`Restored into ${where}: schema and all ${rows} rows are equal.`);
  if (result.backup) Object.assign(result.backup, { proven: true, provenIn: where, files: contentsOf(manifest) });
  // Whatever becomes of this process, the outputs name the backup from now on: the job that restores needs it.
  if (run.job) run.checkpoint(run.job);
}

/** Where nothing can be restored to: at least the file opens, and every part of it has the sum that it should have. */
async function open(run: Run, file: SealedFile, sealer: Sealer): Promise<void> {
  let manifest: Manifest | undefined;
  for await (const entry of readBundle(await sealer.open(createReadStream(file.path)))) manifest = entry.manifest;
  if (!manifest) throw new Error('The backup has no manifest.');
  run.log.warning('Backup', 'The backup opens and all its sums are right, but it was not proven by restoring it.');
  if (run.result.backup) run.result.backup.files = contentsOf(manifest);
}

function contentsOf(manifest: Manifest): { file: string; size: number }[] {
  return manifest.files.map(({ file, size }) => ({ file, size }));
}
