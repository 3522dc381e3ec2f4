import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { downloadBackup } from '../backup/artifacts.ts';
import { readBundle } from '../backup/bundle.ts';
import { type BundleFile, isPutBack, type Manifest } from '../backup/manifest.ts';
import { createOpener, type Opener } from '../backup/seal.ts';
import { UpgradeError } from '../errors.ts';
import type { Facts } from '../hub/facts.ts';
import { localBase } from '../hub/health.ts';
import type { FoundJob } from '../hub/jobs.ts';
import type { Known } from '../hub/known.ts';
import type { Outcome } from '../outcome.ts';
import type { PayloadFile } from '../ssh/phase.ts';
import { planRestore } from '../transaction/plan-restore.ts';
import { confirm, look } from './confirm.ts';
import { asTrouble, connectToHost, discover } from './discover.ts';
import { walkBackAgain } from './earlier-jobs.ts';
import { followJob } from './follow-job.ts';
import { listKept } from './list-kept.ts';
import { showPlan } from './plan.ts';
import type { Run } from './run.ts';
import { startJob } from './start-job.ts';

/** A backup, opened and checked from its first byte to its last. */
interface Checked {
  manifest: Manifest;
  /** `pip freeze` of the environment it was made in. */
  requirements: string;
}

/** Puts a backup back: fetched and checked whole before the host is touched, then a job like that of an upgrade. */
export async function restore(run: Run): Promise<Outcome> {
  const { inputs, context, log } = run;
  const wanted = inputs.restore;
  if (!wanted) throw new Error('Mode restore without its inputs.');
  const { artifactId } = wanted;
  if (artifactId === undefined) return listKept(run);
  const { file, artifact } = await log
    .step('download', 'Fetch the backup', async () => {
      const fetched = await downloadBackup({ ...wanted, artifactId }, context, context.tempDir);
      log.info(
        `Artifact ${fetched.artifact.name} (id ${fetched.artifact.id}), ${fetched.artifact.digest}: fetched, digest equal.`,
      );
      return fetched;
    })
    .catch((error) => {
      throw asTrouble(
        error,
        'download',
        'Check artifact-id and run-id, and that the token may read the artifacts of that run.',
      );
    });
  try {
    const { seal } = inputs.backup;
    const opener = createOpener({
      identity: wanted.identity,
      passphrase: seal.kind === 'passphrase' ? seal.passphrase : undefined,
    });
    const checked = await log.step('check', 'Open and check the backup', () => check(run, file, opener));
    const { seal: _, ...rest } = { seal, name: artifact.name };
    run.result.backup = {
      ...rest,
      artifactId: artifact.id,
      digest: artifact.digest,
      size: artifact.size,
      url: artifact.url,
      sealedFor: seal.kind === 'none' ? (wanted.identity ? 'recipients' : 'nobody') : seal.kind,
      proven: true,
      files: checked.manifest.files.map(({ file: name, size }) => ({ file: name, size })),
    };
    await connectToHost(run);
    const known = knownFrom(checked.manifest);
    let { facts, own } = await discover(run, known);
    // An earlier run is named by somebody who wants its backup back, whatever became of it.
    if (wanted.runId === undefined) {
      if (own?.state === 'rollback-failed') {
        await walkBackAgain(run, own);
        ({ facts, own } = await discover(run, known));
      }
      if (isWhole(own?.state)) return await leave(run, facts, own.state);
    }
    return await putBack(run, facts, checked, () => payloadOf(file, opener));
  } finally {
    await rm(dirname(file), { recursive: true, force: true });
  }
}

async function check({ log }: Run, file: string, opener: Opener): Promise<Checked> {
  try {
    let manifest: Manifest | undefined;
    let requirements = '';
    for await (const entry of readBundle(await opener.open(createReadStream(file)))) {
      manifest = entry.manifest;
      if (entry.file.kind === 'environment') for await (const chunk of entry.content) requirements += String(chunk);
    }
    if (!manifest) throw new Error('The backup has no manifest.');
    log.info(
      `JupyterHub ${manifest.jupyterhub.version} on ${manifest.host}, made ${manifest.createdAt} by ${manifest.runUrl}`,
    );
    log.info(`${manifest.files.length} files, each with the sum that the manifest gives.`);
    return { manifest, requirements };
  } catch (error) {
    throw new UpgradeError(error instanceof Error ? error.message : String(error), {
      step: 'check',
      hub: 'The hub was not touched; the host was not even connected to.',
      next: 'Give the key or passphrase this backup was sealed with, or another artifact.',
    });
  }
}

function knownFrom({ runUrl, service, environment, database, files, jupyterhub }: Manifest): Known {
  return {
    run: runUrl,
    user: service.user,
    directory: service.workingDirectory,
    environment: environment.path,
    python: environment.python ?? `${environment.path}/bin/python`,
    manager: environment.manager,
    config: files.find(({ kind }) => kind === 'config')?.path ?? '',
    database: database.path ?? '',
    address: jupyterhub.address,
  };
}

/** Whether a job on the host left a whole hub, the new one or the old one. */
function isWhole(ended: FoundJob['state'] | undefined): ended is 'committed' | 'rolled-back' | 'not-begun' {
  return ended === 'committed' || ended === 'rolled-back' || ended === 'not-begun';
}

/**
 * This run's own upgrade ended well on its host after all, where the runner did not see it: an older database is not put
 * over a healthy hub. A hub that is not well is left to a person, because the host had seen it well.
 */
async function leave(run: Run, facts: Facts, ended: 'committed' | 'rolled-back' | 'not-begun'): Promise<Outcome> {
  const how = {
    committed: `the upgrade was finished: the hub is JupyterHub ${facts.version}`,
    'rolled-back': `the upgrade was taken back: the hub is JupyterHub ${facts.version} again, with its data`,
    'not-begun': 'the upgrade had not begun: the hub was never stopped',
  }[ended];
  run.log.info(`The host has brought this run's own job to its end, and ${how}.`);
  return run.log.step<Outcome>('verify', 'Look at the hub from outside', async () => {
    const base = localBase(facts.bindUrl, facts.baseUrl);
    const problems = await look(run, { base, version: facts.version, token: run.inputs.verify.healthToken });
    if (problems.length === 0) {
      run.log.info('The hub is whole, so the older backup is not put over it. To do that, give run-id.');
      return 'unchanged';
    }
    throw new UpgradeError(problems.join(' '), {
      step: 'verify',
      hub: `This run's job on the host had ended (${ended}), and the hub had answered then. Now it does not; it was left alone.`,
      next: 'Look at the log of the hub. To put the backup back all the same, run mode restore with run-id.',
    });
  });
}

async function putBack(
  run: Run,
  facts: Facts,
  checked: Checked,
  payload: () => AsyncIterable<PayloadFile>,
): Promise<Outcome> {
  const plan = planRestore(run.inputs, facts, checked.manifest, checked.requirements);
  await showPlan(run, plan);
  const job = await startJob(run, facts, plan.parameters, payload);
  const expected = { base: plan.parameters.HEALTH_BASE ?? '', version: plan.to, token: run.inputs.verify.healthToken };
  return followJob(run, job, plan.steps, () => confirm(run, job, expected), 'restored');
}

/** What the host needs of the bundle: names of ours, so that nothing in the backup says where a file goes on the way. */
async function* payloadOf(file: string, opener: Opener): AsyncGenerator<PayloadFile> {
  for await (const entry of readBundle(await opener.open(createReadStream(file)))) {
    const name = payloadName(entry.manifest, entry.file);
    if (name !== undefined) yield { name, size: entry.file.size, content: entry.content };
  }
}

/** The name under which a file of the bundle is sent, or undefined for one that is not. */
function payloadName(manifest: Manifest, { file, kind }: BundleFile): string | undefined {
  if (kind === 'database') return 'database';
  if (kind === 'environment') return 'requirements';
  const index = manifest.files.findIndex((listed) => listed.file === file);
  return isPutBack({ kind }) ? `file-${index}` : undefined;
}
