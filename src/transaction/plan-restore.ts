import { createHash } from 'node:crypto';
import { isPutBack, type Manifest } from '../backup/manifest.ts';
import { databaseOf } from '../hub/databases/index.ts';
import { diskBlockers, type Need, writeBlockers } from '../hub/disk.ts';
import { environmentOf } from '../hub/environments/index.ts';
import type { Facts } from '../hub/facts.ts';
import { serviceOf } from '../hub/services/index.ts';
import type { Inputs } from '../inputs.ts';
import { stepParameters, stepsOf } from './job-steps.ts';
import { hubParameters, type Plan } from './plan.ts';

/**
 * The plan that puts a backup back, on a hub in whatever state: running, stopped, crash-looping or half migrated. The
 * environment is exchanged only when it is not the one of the backup.
 */
export function planRestore(inputs: Inputs, facts: Facts, manifest: Manifest, requirements: string): Plan {
  const to = manifest.jupyterhub.version;
  const service = serviceOf(facts, inputs);
  const database = databaseOf(facts, inputs);
  const environment = environmentOf(facts, inputs, to);
  const isSame = facts.version === to && sameRequirements(facts.environment.requirements, requirements);
  const listed = manifest.files.find(({ kind }) => kind === 'database');
  const needs: Need[] = [
    {
      place: 'database',
      what: 'the database of the backup, and a copy of the present one',
      bytes: facts.database.size + (listed?.size ?? 0) * 2,
    },
    ...(isSame ? [] : environment.needs),
  ];
  const blockers = [
    ...service.blockers,
    ...database.restoreBlockers,
    ...(isSame ? [] : environment.blockers),
    ...diskBlockers(facts, needs),
    ...writeBlockers(facts, needs),
  ];
  const warnings = [...service.warnings, ...database.warnings, ...(isSame ? [] : environment.warnings)];
  const [then, now] = [placeOf(manifest.database), placeOf(facts.database)];
  if (then !== now) {
    blockers.push(
      `The backup's database was ${then}; the configuration on the host now says ${now}. Put the old db_url back first.`,
    );
  }
  if (manifest.environment.path !== facts.environment.path) {
    blockers.push(
      `The backup was made with the environment ${manifest.environment.path}; the hub now uses ${facts.environment.path}.`,
    );
  }
  if (manifest.environment.manager !== facts.environment.manager) {
    blockers.push(
      `The packages of the backup were listed by ${manifest.environment.manager}; what installs into ` +
        `${facts.environment.path} now is ${facts.environment.manager}. Put back the environment of before first.`,
    );
  } else if (facts.environment.manager === 'conda' && !isSame) {
    warnings.push(
      'What the backup lists is put back by conda; packages that came to the environment later stay in it.',
    );
  }
  if (!isSame && facts.environment.place !== 'environment') {
    blockers.push(
      `The packages in ${facts.environment.path} are not those of the backup, and outside of an environment they are not exchanged ` +
        'for a restore: install what it had by hand first, as RESTORE.txt in the backup says.',
    );
  }
  if (facts.broken !== undefined) warnings.push(`${facts.broken} What the backup says of the hub is used instead.`);
  const isFresh = facts.version === '';
  if (isFresh && environment.install === 'in-place') {
    blockers.push(
      `The environment ${facts.environment.path} is broken, and this host allows no private mount in which to make it anew: ` +
        'do so by hand, as RESTORE.txt in the backup says, or use sudo (become: sudo).',
    );
  }
  if (isFresh && facts.environment.manager === 'conda') {
    blockers.push(
      `The environment ${facts.environment.path} is broken, and conda makes one anew only by removing what it does not know: do so ` +
        'by hand, as RESTORE.txt in the backup says.',
    );
  }
  if (isFresh && facts.python === '') {
    blockers.push(
      `The Python in ${facts.environment.path} does not run: make the environment anew with \`python3 -m venv\`.`,
    );
  }
  const isRunning = service.state.running;
  if (!service.state.running) warnings.push(`The hub does not run now: ${service.state.reason}.`);
  warnings.push(
    'What was written to the hub after this backup was made is replaced. The present database is kept on the host.',
  );
  const install = environment.install === 'staged' ? 'switch' : 'install';
  const steps = stepsOf(inputs, facts, [
    ...(isSame ? [] : ['stage']),
    ...(inputs.verify.canaryUser !== undefined && facts.database.path !== '' ? ['inspect'] : []),
    ...(isRunning ? ['announce'] : []),
    'stop',
    'snapshot',
    ...(isSame ? [] : [install]),
    'load',
    'start',
    'verify',
    'confirm',
  ]);
  const files = manifest.files.flatMap(({ kind, mode, owner, path }, index) =>
    kind !== 'database' && isPutBack({ kind }) ? [`file-${index} ${mode} ${owner} ${path}`] : [],
  );
  const parameters: Record<string, string> = {
    ...Object.assign({}, service.parameters, environment.parameters, database.parameters),
    ...hubParameters(inputs, facts, to),
    TARGET_VERSION: to,
    PREVIOUS_VERSION: facts.version,
    PREVIOUS_REVISION: facts.database.revision ?? '',
    WAS_RUNNING: isRunning ? 'yes' : 'no',
    FRESH_ENVIRONMENT: isFresh ? 'yes' : '',
    MINT_TOKEN: '',
    CANARY_USER: inputs.verify.canaryUser ?? '',
    DATABASE_STRATEGY: 'migrate',
    HEALTH_TOKEN: inputs.verify.healthToken ?? '',
    FILES: files.join('\n'),
    DATABASE_SIZE: String(listed?.size ?? ''),
    DATABASE_SHA256: listed?.sha256 ?? '',
    DATABASE_DIGEST: JSON.stringify(manifest.database.digest),
    ...stepParameters(steps),
  };
  const digest = createHash('sha256')
    .update(JSON.stringify({ from: facts.version, to, manifest, steps: steps.map(({ name }) => name), blockers }))
    .digest('hex');
  return {
    from: isFresh ? 'of a broken environment' : facts.version,
    to,
    unchanged: false,
    steps,
    parameters,
    mintsToken: false,
    keepsTokens: true,
    guarantees: [...service.guarantees, ...(isSame ? [] : environment.guarantees), ...database.guarantees],
    warnings,
    advice: [],
    told: isRunning && parameters.NOTICE_HTML !== '' ? ["notice on the hub's login and home pages"] : [],
    wheels: [],
    blockers,
    digest,
  };
}

/** Where a database is: its path, or its URL; the driver that it is reached with is no part of that. */
function placeOf({ path, url }: { path?: string | undefined; url?: string | undefined }): string {
  return path || (url ?? '').replace(/^(\w+)\+\w+:/, '$1:');
}

/** Whether two lists of a package manager name the same packages. */
function sameRequirements(one: string, other: string): boolean {
  const sorted = (text: string) =>
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'))
      .sort()
      .join('\n');
  return sorted(one) === sorted(other);
}
