import { isIPv4, isIPv6 } from 'node:net';
import { explain } from '@renovatebot/pep440';

/** What a grammar makes of a text: its value, or what is wrong, said of the text (`is not a port; write …`). */
export type Checked<T> = { readonly value: T } | { readonly problem: string };

/** Reads one trimmed, non-empty text. Never throws, and never repeats the text in a problem: it may hold a secret. */
export type Grammar<T> = (text: string) => Checked<T>;

/** Why `text` is not fit to be one line of anything, or undefined. */
export function lineTrouble(text: string): string | undefined {
  if (text.includes('\0')) return 'contains a NUL character; remove it';
  if (/[\n\r\u0085\u2028\u2029]/.test(text)) return 'spans several lines; write it in one line';
  if (/\p{Cc}/u.test(text)) return 'contains a control character; remove it';
  return undefined;
}

/** Any text. */
export const anything: Grammar<string> = (text) => ({ value: text });

/** One of some words. */
export function oneOf<const Word extends string>(...words: Word[]): Grammar<Word> {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    return word === undefined ? { problem: `is not known here; write ${either(words)}` } : { value: word };
  };
}

/** `true` or `false`, so spelled. */
export const truth: Grammar<boolean> = (text) => {
  if (text === 'true' || text === 'false') return { value: text === 'true' };
  return { problem: 'is neither true nor false; write true or false, in small letters' };
};

/** A whole number in plain decimal. `unit` completes "a whole number …", e.g. `of seconds`. */
export function wholeNumber(least: number, most: number, unit = ''): Grammar<number> {
  return (text) => {
    const value = Number(text);
    if (/^(0|[1-9]\d*)$/.test(text) && value >= least && value <= most) return { value };
    return {
      problem: `is not a whole number ${unit === '' ? '' : `${unit} `}from ${least} to ${most}; write digits only`,
    };
  };
}

/** An id that GitHub gave: a positive number. */
export const githubId: Grammar<number> = (text) => {
  const value = Number(text);
  if (/^[1-9]\d*$/.test(text) && Number.isSafeInteger(value)) return { value };
  return { problem: 'is not an id of GitHub; write only its digits, as they stand at the end of its web address' };
};

/** One JupyterHub version as pip takes it after `==`, normalised (PEP 440), or `latest`. */
export const hubVersion: Grammar<string> = (text) => {
  const write = 'write one version, for example 6.1.1, or latest';
  if (text === 'latest') return { value: text };
  if (text.toLowerCase() === 'latest') return { problem: 'is not a version; write latest, in small letters' };
  if (/[<>=~^*,;\s]/.test(text)) return { problem: `is a range of versions; ${write}` };
  if (text.length > 64 || /\d{10}/.test(text)) return { problem: `is not a version of JupyterHub; ${write}` };
  const version = explain(text);
  if (version === null) return { problem: `is not a version (PEP 440); ${write}` };
  if (version.epoch !== 0) return { problem: `names an epoch, and JupyterHub has none; ${write}` };
  if (version.local !== null) {
    return { problem: `is a local version (it has a "+"), and package indexes do not serve those; ${write}` };
  }
  if (version.release.length < 2) {
    const major = version.release[0];
    return {
      problem: `would be ${major}.0.0 exactly, not the newest ${major}.x; write all of the version, in quotes, or latest`,
    };
  }
  return { value: version.public };
};

/** A machine's name or address as ssh takes it: a DNS name (in small letters), an IPv4 or an IPv6 address. */
export const hostName: Grammar<string> = (text) => {
  if (text.includes('://')) {
    return { problem: 'is a web address; write only the name of the machine, for example hub.example.org' };
  }
  if (text.includes('@')) return { problem: 'names a user too; write only the machine here, and the user in username' };
  if (text.includes('/')) return { problem: 'contains a "/"; write only the name of the machine' };
  if (isIPv4(text)) return { value: text };
  if (text.startsWith('[')) {
    return { problem: 'stands in brackets; write an IPv6 address without them, and the port, if any, in port' };
  }
  // A zone (fe80::1%eth0) has meaning on one machine only.
  if (isIPv6(text) && !text.includes('%')) return { value: text.toLowerCase() };
  if (/^[^:]+:\d*$/.test(text)) return { problem: 'ends in a port; write only the machine here, and the port in port' };
  if (text.endsWith('.')) return { problem: 'ends in a dot; leave it out' };
  if (/^[\d.]+$/.test(text)) return { problem: 'is not an IPv4 address; write four numbers from 0 to 255' };
  if (/[^\p{ASCII}]/u.test(text)) return { problem: 'is not plain ASCII; write the name in its xn-- form' };
  const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;
  if (text.length > 253 || !text.split('.').every((part) => label.test(part))) {
    return { problem: 'is not the name or address of a machine; write for example hub.example.org or 192.0.2.10' };
  }
  return { value: text.toLowerCase() };
};

/** A login name. Domain accounts (`user@realm`, `DOMAIN\user`) are login names too. */
export const userName: Grammar<string> = (text) => {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.@\\+$-]{0,255}$/.test(text)) return { value: text };
  return { problem: 'is not a login name; write the name you would give to ssh -l' };
};

/** One host key fingerprint as OpenSSH prints it, without padding. */
export const fingerprint: Grammar<string> = (text) => {
  const write = 'write SHA256: and 43 characters, as "ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub" prints them';
  if (/^(MD5:)?([0-9a-f]{2}:){15}[0-9a-f]{2}$/i.test(text)) return { problem: `is an MD5 fingerprint; ${write}` };
  const digest = /^SHA256:([A-Za-z0-9+/]{43})=?$/.exec(text)?.[1];
  // 32 bytes fill 43 characters but for two bits: only one spelling is what ssh prints.
  if (digest === undefined || Buffer.from(digest, 'base64').toString('base64') !== `${digest}=`) {
    return { problem: `is not a fingerprint of a host key; ${write}` };
  }
  return { value: `SHA256:${digest}` };
};

/** An absolute path in its shortest spelling. */
export const absolutePath: Grammar<string> = (text) => {
  if (text.startsWith('~')) return { problem: 'begins with "~", which means nothing here; write the path from /' };
  if (!text.startsWith('/')) return { problem: 'is not an absolute path; write it from the root, beginning with /' };
  if (text === '/') return { problem: 'is the root directory; write the path of what is meant' };
  if (Buffer.byteLength(text) > 4095) return { problem: 'is longer than a path can be' };
  if (
    text
      .slice(1)
      .split('/')
      .some((part) => part === '' || part === '.' || part === '..')
  ) {
    return {
      problem: 'is not in its shortest form; write it without "//", "/./" and "/../", and with no "/" at the end',
    };
  }
  return { value: text };
};

/** The directory of a Python environment. */
export const environmentDirectory: Grammar<string> = (text) => {
  const path = absolutePath(text);
  if ('value' in path && /\/bin(\/(python|pip|jupyterhub|activate)[^/]*)?$/.test(text)) {
    return {
      problem: 'lies inside an environment; write the directory that holds its bin, for example /opt/jupyterhub',
    };
  }
  return path;
};

/** A systemd service by its unit name, with `.service` added where it was left out. See systemd.unit(5). */
export const serviceUnit: Grammar<string> = (text) => {
  if (text.includes('/')) return { problem: 'is a path; write the name of the unit, for example jupyterhub.service' };
  if (/\.(socket|device|mount|automount|swap|target|path|timer|slice|scope)$/.test(text)) {
    return { problem: 'is a systemd unit but not a service; write the unit that starts JupyterHub' };
  }
  const unit = text.endsWith('.service') ? text : `${text}.service`;
  if (/^[^@]+@\.service$/.test(unit)) {
    return { problem: 'is a template; write the instance too, for example jupyterhub@main.service' };
  }
  if (unit.length > 255 || !/^[A-Za-z0-9:_.\\-]+(@[A-Za-z0-9:_.\\@-]+)?\.service$/.test(unit)) {
    return { problem: 'is not the name of a systemd service; write for example jupyterhub.service' };
  }
  return { value: unit };
};

/** A passphrase to seal with: whoever can read the repository can download the artifact and try passphrases at leisure. */
export const sealingPassphrase: Grammar<string> = (text) => {
  if ([...text].length >= 12) return { value: text };
  return { problem: 'is too short for a file that others can download; write at least 12 characters' };
};

/** A token as it goes into an HTTP header. */
export const token: Grammar<string> = (text) => {
  if (/^[\x21-\x7e]+$/.test(text)) return { value: text };
  return {
    problem: 'is not a token; write only the token itself, without spaces and without "token" or "Bearer" before it',
  };
};

/** The beginning of an artifact's name, within what GitHub allows. The run's number and the file's ending are added. */
export const artifactName: Grammar<string> = (text) => {
  if (/[":<>|*?\\/]/.test(text))
    return { problem: 'has a character GitHub forbids in artifact names: " : < > | * ? \\ /' };
  if (/^\.+$/.test(text)) return { problem: 'is made of dots; write a name' };
  if (Buffer.byteLength(text) > 150) return { problem: 'is too long; write at most 150 bytes' };
  return { value: text };
};

/** A user of the hub by name. */
export const hubUser: Grammar<string> = (text) => {
  if (!/[\s/\\]/u.test(text) && Buffer.byteLength(text) <= 255) return { value: text };
  return { problem: 'is not the name of a user of the hub; write it as the admin page shows it' };
};

/** Text for people: one line, not a novel. */
export const sentence: Grammar<string> = (text) => {
  if (text.length <= 1000) return { value: text };
  return { problem: 'is too long; write at most 1000 characters' };
};

/** The hub's public address, to which `hub/login` and the like are appended: an http(s) URL. */
export const hubAddress: Grammar<string> = (text) => {
  const url = webAddress(text);
  if ('problem' in url) return url;
  if (url.value.search !== '' || url.value.hash !== '') {
    return { problem: 'has a "?" or "#" part; write the address without it' };
  }
  if (/\/hub\/./.test(url.value.pathname)) {
    return { problem: 'names a page of the hub; write the address without /hub and what follows' };
  }
  return { value: url.value.href };
};

/** The URL that takes a notice. It is a secret, so it travels encrypted, except to this very machine. */
export const webhook: Grammar<string> = (text) => {
  const url = webAddress(text);
  if ('problem' in url) return url;
  const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.value.hostname);
  if (url.value.protocol !== 'https:' && !loopback)
    return { problem: 'is not encrypted; write an address with https://' };
  return { value: url.value.href };
};

/** An http(s) URL without a password. */
export function webAddress(text: string): Checked<URL> {
  const url = URL.parse(text);
  if (url === null || !/^https?:\/\//i.test(text)) {
    return { problem: 'is not a web address; write it from its beginning, https://' };
  }
  if (url.username !== '' || url.password !== '') {
    return { problem: 'holds a user name or password; write the address without what stands before "@"' };
  }
  return { value: url };
}

function either(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
