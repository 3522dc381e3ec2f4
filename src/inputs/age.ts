import { bech32 } from '@scure/base';
import type { Grammar } from './grammar.ts';

/** The public keys age-encryption can seal to, by bech32 prefix, with their length in bytes. */
const AGE_RECIPIENTS: Record<string, number> = { age: 32, age1pq: 1216, age1tag: 33, age1tagpq: 1249 };

/** Whether only a recipient of this kind withstands a quantum computer. age never mixes these with the others. */
export function isPostQuantum(recipient: string): boolean {
  return /^age1(tag)?pq1/.test(recipient);
}

/** A recipient (public key) of age. */
export const ageRecipient: Grammar<string> = (text) => {
  const write = 'write the public key that age-keygen prints (age1…)';
  if (/AGE-SECRET-KEY-/i.test(text)) {
    return {
      problem: `is the private key of age, which must stay away from the runner; ${write}, and consider this pair burnt`,
    };
  }
  if (/^(ssh|ecdsa|sk)-/.test(text)) return { problem: `is an SSH key; ${write}` };
  const [prefix, length] = bech32Shape(text);
  if (text.startsWith('age1') && length === AGE_RECIPIENTS[prefix]) return { value: text };
  if (/^age1[a-z0-9+._-]+1/.test(text) && !(prefix in AGE_RECIPIENTS) && prefix !== '') {
    return { problem: `is a recipient for a plugin of age, and plugins are not supported; ${write}` };
  }
  return { problem: `is not a recipient of age, or was cut or mistyped; ${write}` };
};

/** The identities (private keys) in a key file of age, one a line, without its comments. */
export const ageIdentities: Grammar<string> = (text) => {
  const write = 'write the line that begins with AGE-SECRET-KEY-';
  if (text.includes('BEGIN AGE ENCRYPTED FILE') || text.startsWith('age-encryption.org/')) {
    return { problem: `is an encrypted file; decrypt it with age -d, then ${write}` };
  }
  if (text.includes('PRIVATE KEY-----')) return { problem: `is an SSH key; ${write}` };
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const identities = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (identities.some((line) => line.startsWith('age1'))) {
    return { problem: `is a public key, which cannot open a backup; ${write}` };
  }
  if (identities.some((line) => /^AGE-PLUGIN-/i.test(line))) {
    return { problem: `is an identity for a plugin of age, and plugins are not supported; ${write}` };
  }
  const isIdentity = (line: string) => {
    const [prefix, length] = bech32Shape(line);
    return line.startsWith('AGE-SECRET-KEY-') && /^age-secret-key-(pq-)?$/.test(prefix) && length === 32;
  };
  if (identities.length === 0 || !identities.every(isIdentity)) {
    return { problem: `is not an identity of age, or was cut or mistyped; ${write}` };
  }
  return { value: identities.join('\n') };
};

/** The prefix, in small letters, and the number of bytes of a bech32 text; of any other text, an empty prefix. */
function bech32Shape(text: string): [prefix: string, bytes: number] {
  // Post-quantum keys are longer than the 90 characters that BIP 173 allows.
  const decoded = bech32.decodeUnsafe(text, false);
  const bytes = decoded && bech32.fromWordsUnsafe(decoded.words);
  return decoded && bytes ? [decoded.prefix.toLowerCase(), bytes.length] : ['', 0];
}
