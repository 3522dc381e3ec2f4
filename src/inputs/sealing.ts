import type { Inputs } from '../inputs.ts';
import { ageIdentities, ageRecipient, isPostQuantum } from './age.ts';
import { type InputName, RESTORE_INPUTS } from './definitions.ts';
import type { Form } from './form.ts';
import { anything, githubId, sealingPassphrase, token } from './grammar.ts';

/** How the backup is sealed before it leaves for the artifact store; in mode `restore`, how it is opened. */
export type Seal =
  | { kind: 'recipients'; recipients: string[] }
  | { kind: 'passphrase'; passphrase: string }
  | { kind: 'none' };

/** Which backup is put back, and what opens it. */
export interface RestoreInputs {
  /** Without it, what the host keeps is listed and nothing is restored. */
  artifactId?: number | undefined;
  /** The earlier run the artifact is of; `githubToken` is there then. */
  runId?: number | undefined;
  githubToken?: string | undefined;
  /** Lines `AGE-SECRET-KEY-…`. A passphrase to open with is in `backup.seal`. */
  identity?: string | undefined;
}

/** What a backup is sealed with. `unsealed`: it need not be. */
export function readSeal(form: Form, mode: Inputs['mode'], unsealed: boolean): Seal {
  const recipients = form.list('age-recipients', /[\n,]/, ageRecipient);
  // A backup that is there already is opened with the passphrase it was made with.
  const passphrase = form.secret('backup-passphrase', mode === 'restore' ? anything : sealingPassphrase);

  if (form.sound('age-recipients') && recipients.some(isPostQuantum) && !recipients.every(isPostQuantum)) {
    form.refuse('age-recipients', 'mixes post-quantum recipients with others, which age refuses to; write one kind');
  }
  if (form.given('age-recipients') && form.given('backup-passphrase')) {
    form.refuse('backup-passphrase', 'is given together with age-recipients; remove one of them');
  }
  if (passphrase !== undefined) return { kind: 'passphrase', passphrase };
  if (recipients.length > 0) return { kind: 'recipients', recipients };
  const seals = mode === 'upgrade' || mode === 'backup';
  if (form.sound('mode', 'backup-passphrase') && seals && unsealed === false) {
    form.refuse(
      'age-recipients',
      'is empty, and so is backup-passphrase: the backup holds passwords and tokens, and whoever reads the repository can ' +
        'download it; write one of the two, or allow-unsealed-backup: true',
    );
  }
  return { kind: 'none' };
}

/** In the modes that restore nothing, refuses what is for a restore. */
export function readRestore(form: Form, mode: Inputs['mode'], unsealed: boolean): RestoreInputs | undefined {
  const runId = form.optional('run-id', githubId);
  const githubToken = form.secret('github-token', token);
  const identity = form.given('age-identity') ? form.block('age-identity', ageIdentities) : undefined;
  if (mode !== 'restore') {
    form.optional('artifact-id', githubId);
    for (const name of RESTORE_INPUTS) {
      if (form.given(name) && form.sound('mode'))
        form.refuse(name, `is for mode restore only; remove it in mode ${mode}`);
    }
    return undefined;
  }
  const artifactId = form.optional('artifact-id', githubId);
  if (form.given('run-id') && githubToken === undefined && form.sound('github-token')) {
    form.refuse(
      'github-token',
      'is empty; to fetch the artifact of another run write github.token, in a job with the permission actions: read',
    );
  }
  const openers: InputName[] = ['age-identity', 'backup-passphrase'];
  if (openers.every((name) => form.given(name))) {
    form.refuse('age-identity', 'is given together with backup-passphrase; write the one that opens this backup');
  }
  if (form.given('artifact-id') && !openers.some((name) => form.given(name)) && unsealed === false) {
    form.refuse(
      'age-identity',
      'is empty, and so is backup-passphrase; write the one that opens this backup, or allow-unsealed-backup: true',
    );
  }
  return { artifactId, runId, githubToken, identity };
}
