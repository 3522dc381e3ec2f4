import type { Connection } from '../ssh/connection.ts';
import { hostKeyPins, parseKnownHosts } from '../ssh/known-hosts.ts';
import { checkPrivateKey } from '../ssh/private-key.ts';
import type { Form } from './form.ts';
import { anything, fingerprint, hostName, userName, wholeNumber } from './grammar.ts';

/** How the host is reached, and how it is known to be that host. */
export async function readConnection(form: Form): Promise<Connection> {
  const host = form.required('host', hostName, 'write the name or address of the machine that JupyterHub runs on');
  const port = form.value('port', wholeNumber(1, 65_535));
  const username = form.required('username', userName, 'write the login name for the machine');
  if (form.sound('username') && username.toLowerCase().endsWith(`@${host}`)) {
    form.refuse('username', 'names the machine too; write only what stands before the "@"');
  }
  const passphrase = form.secret('ssh-passphrase', anything);
  const privateKey = await readPrivateKey(form, passphrase);
  const trust = readTrust(form, host, port);
  const connectTimeout = form.value('connect-timeout', wholeNumber(1, 600, 'of seconds'));
  return { host, port, username, privateKey, ...(passphrase !== undefined && { passphrase }), trust, connectTimeout };
}

async function readPrivateKey(form: Form, passphrase: string | undefined): Promise<string> {
  const text = form.block('ssh-private-key', anything);
  if (text === '') {
    return form.refuse(
      'ssh-private-key',
      'is empty; write the private key, by the name of its secret (a secret that does not exist here is empty too)',
    );
  }
  if (!form.sound('ssh-private-key', 'ssh-passphrase')) return text;
  const checked = await checkPrivateKey(text, passphrase);
  return form.take('ssh-private-key', text, 'key' in checked ? { value: checked.key } : checked);
}

function readTrust(form: Form, host: string, port: number): Connection['trust'] {
  const advice = 'write the line that "ssh-keyscan" prints for the host, after comparing it on the host itself';
  const fingerprints = form.list('host-fingerprint', /[\s,]+/, fingerprint);
  if (form.given('known-hosts') && form.given('host-fingerprint')) {
    return form.refuse('known-hosts', 'is given together with host-fingerprint; remove one of them');
  }
  if (form.given('host-fingerprint')) return { fingerprints };
  if (!form.given('known-hosts')) {
    return form.refuse('known-hosts', `is empty, and so is host-fingerprint; ${advice}, or its SHA256: fingerprint`);
  }
  const hostIsKnown = form.sound('host', 'port');
  const knownHosts = form.block<string>('known-hosts', (text) => {
    const found = hostIsKnown ? hostKeyPins({ knownHosts: text }, host, port) : parseKnownHosts(text);
    const problems = 'problems' in found ? found.problems : [];
    return problems.length === 0 ? { value: text } : { problem: `${problems.join(' ')} To repair it, ${advice}.` };
  });
  return { knownHosts };
}
