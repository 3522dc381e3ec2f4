import type { Form } from './form.ts';
import { absolutePath, type Grammar, oneOf, truth, webAddress } from './grammar.ts';

/** What is installed beside JupyterHub, and from where. */
export interface PackageInputs {
  /** Who asks a package index: the host, or the runner, which sends the host what it needs. */
  from: 'host' | 'runner';
  /** Requirements of packages that are upgraded together with JupyterHub. */
  extra: string[];
  /** A constraints file of pip: its text, or where it is on the host. */
  constraints?: { text?: string; path?: string } | undefined;
  /** `constraints` is a whole list with digests, and nothing else is installed. */
  requireHashes: boolean;
  /** Of conda, before those that it is configured with. */
  channels: string[];
  /** configurable-http-proxy is upgraded, too, if it is older than those that were tried. */
  upgradeProxy: boolean;
}

/** Reads and checks them. `changesVersion`: whether the mode is one that looks at packages at all. */
export function readPackages(form: Form, changesVersion: boolean): PackageInputs {
  const packages = {
    from: form.value('packages-from', oneOf('host', 'runner')),
    extra: form.list('extra-packages', /\n/, requirement),
    constraints: form.given('constraints') ? form.block('constraints', constraintsFile) : undefined,
    requireHashes: form.value('require-hashes', truth),
    channels: form.list('channels', /[\s,]+/, channel),
    upgradeProxy: form.value('upgrade-proxy', truth),
  };
  for (const name of [
    'packages-from',
    'extra-packages',
    'constraints',
    'require-hashes',
    'channels',
    'upgrade-proxy',
  ] as const) {
    if (form.given(name) && !changesVersion) {
      form.refuse(name, 'has no meaning in this mode, which upgrades no package; remove it');
    }
  }
  const manager = form.text('package-manager').trim();
  if (form.given('channels') && (manager === 'pip' || manager === 'uv')) {
    form.refuse('channels', `are for conda, but package-manager is ${manager}; remove one of them`);
  }
  for (const name of ['packages-from', 'constraints', 'require-hashes'] as const) {
    if (form.given(name) && manager === 'conda') {
      form.refuse(name, 'is for pip and uv, but package-manager is conda; remove one of them');
    }
  }
  if (packages.from === 'runner' && packages.upgradeProxy === true) {
    form.refuse(
      'upgrade-proxy',
      'has npm on the host ask its registry, but packages-from is runner; remove one of them',
    );
  }
  if (packages.from === 'runner' && packages.constraints && 'path' in packages.constraints) {
    form.refuse('constraints', 'is a path on the host, but packages-from is runner; write its lines instead');
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

/** One package, with the versions of it that will do, as pip takes it: no URL, no option, no marker. Without its blanks. */
const requirement: Grammar<string> = (text) => {
  const write = 'write a name, and versions if need be, for example oauthenticator>=16.1';
  if (/:\/\/|@/.test(text)) return { problem: `is an address; ${write}` };
  if (text.includes(';')) return { problem: `has a condition; ${write}` };
  const plain = text.replaceAll(/\s+/g, '');
  const name = `[A-Za-z0-9](?:[A-Za-z0-9._-]{0,100}[A-Za-z0-9])?`;
  const version = `(?:===?|~=|!=|<=?|>=?)[A-Za-z0-9.*+!_-]{1,64}`;
  if (
    !new RegExp(`^${name}(?:\\[${name}(?:,${name})*\\])?(?:${version}(?:,${version})*)?$`).test(plain) ||
    /\w\s+\w/.test(text)
  ) {
    return { problem: `is not a requirement of one package; ${write}` };
  }
  if (/^jupyterhub(?![A-Za-z0-9._-])/i.test(plain))
    return { problem: 'is JupyterHub itself; write its version in target-version' };
  return { value: plain };
};

/** A constraints file: its text, or its absolute path on the host. */
const constraintsFile: Grammar<{ text: string } | { path: string }> = (text) => {
  const trimmed = text.trim();
  if (trimmed.startsWith('/') && !trimmed.includes('\n')) {
    const path = absolutePath(trimmed);
    return 'value' in path ? { value: { path: path.value } } : path;
  }
  if (Buffer.byteLength(text) > 1024 * 1024) return { problem: 'is longer than 1 MiB' };
  const option = text.split('\n').find((line) => /^\s*-/.test(line) && !/^\s*--hash=/.test(line));
  if (option !== undefined) {
    return {
      problem: 'has a line with an option of pip; where packages come from is configured on the host. Remove the line',
    };
  }
  return { value: { text } };
};

/** A channel of conda: a name, an http(s) address without a password, or file:// and a path. */
const channel: Grammar<string> = (text) => {
  if (/^https?:\/\//i.test(text)) {
    const url = webAddress(text);
    return 'problem' in url ? url : { value: text };
  }
  if (/^(file:\/\/\/[\w./+-]+|[A-Za-z0-9_][\w./+-]{0,200})$/.test(text)) return { value: text };
  return { problem: 'is not a channel of conda; write for example conda-forge' };
};
