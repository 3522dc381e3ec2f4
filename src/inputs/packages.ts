import type { Form } from './form.ts';
import { channel, constraintsFile, requirement, truth } from './grammar.ts';

/** What is installed beside JupyterHub, and from where. */
export interface PackageInputs {
  /** Requirements of packages that are upgraded together with JupyterHub. */
  extra: string[];
  /** A constraints file of pip: its text, or where it is on the host. */
  constraints?: { text?: string; path?: string } | undefined;
  /** `constraints` is a whole list with digests, and nothing else is installed. */
  requireHashes: boolean;
  /** Of conda, before those that it is configured with. */
  channels: string[];
}

/** Reads and checks them. `changesVersion`: whether the mode is one that looks at packages at all. */
export function readPackages(form: Form, changesVersion: boolean): PackageInputs {
  const packages = {
    extra: form.list('extra-packages', /\n/, requirement),
    constraints: form.given('constraints') ? form.block('constraints', constraintsFile) : undefined,
    requireHashes: form.value('require-hashes', truth),
    channels: form.list('channels', /[\s,]+/, channel),
  };
  for (const name of ['extra-packages', 'constraints', 'require-hashes', 'channels'] as const) {
    if (form.given(name) && !changesVersion) {
      form.refuse(name, 'has no meaning in this mode, which upgrades no package; remove it');
    }
  }
  const manager = form.text('package-manager').trim();
  if (form.given('channels') && (manager === 'pip' || manager === 'uv')) {
    form.refuse('channels', `are for conda, but package-manager is ${manager}; remove one of them`);
  }
  for (const name of ['constraints', 'require-hashes'] as const) {
    if (form.given(name) && manager === 'conda') {
      form.refuse(name, 'is for pip and uv, but package-manager is conda; remove one of them');
    }
  }
  if (packages.requireHashes === true) {
    if (!form.given('constraints')) {
      form.refuse('require-hashes', 'needs the list with all digests in constraints; write it there');
    }
    if (form.given('extra-packages')) {
      form.refuse(
        'extra-packages',
        'would not be used: with require-hashes, what is in constraints is installed; remove it',
      );
    }
  }
  return packages;
}
