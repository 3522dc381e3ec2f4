import {
  Decrypter,
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from 'age-encryption';
import { isPostQuantum } from '../inputs/age.ts';
import type { Seal } from '../inputs/sealing.ts';
import { SealError } from './errors.ts';

/** Bytes on their way: a Node stream, a web stream or a generator. */
export type Bytes = AsyncIterable<Uint8Array>;

/** Opens what was sealed. */
export interface Opener {
  /**
   * The plaintext, as it is read: each 64 KiB chunk is authentic, but only a stream that *ends* was complete; a cut or
   * changed file makes it fail instead. Rejects with SealError when no key fits. Errors of the source pass unchanged.
   */
  open(sealed: Bytes): Promise<ReadableStream<Uint8Array>>;
}

/** Seals a backup, and opens it again to prove it. */
export interface Sealer extends Opener {
  /** The sealed file, as it is made, in memory that does not grow with it. */
  seal(plain: Bytes): Promise<ReadableStream<Uint8Array>>;
  /** How the name of the file ends. */
  readonly extension: '.tar.age' | '.tar';
}

/** Longest age header that is read, in bytes: over a hundred recipients, fewer of the large post-quantum ones. */
const HEADER_LIMIT = 256 * 1024;

const AGE_MAGIC = 'age-encryption.org/v1\n';
const HEADER_END = '\n--- ';

const DAMAGED_HEADER = 'The header of this sealed backup is damaged or cut short.';

/**
 * A sealer for age recipients or a passphrase; the file is a standard age file. The runner holds only public keys, so
 * with recipients the file is sealed also to a key pair made here, which lives in this sealer alone.
 * Rejects with SealError when a recipient or the passphrase can't be used.
 */
export async function createSealer(seal: Seal): Promise<Sealer> {
  if (seal.kind === 'none') {
    return { extension: '.tar', seal: async (plain) => ReadableStream.from(plain), ...createOpener({}) };
  }
  const encrypter = new Encrypter();
  const opener =
    seal.kind === 'passphrase'
      ? setPassphrase(encrypter, seal.passphrase)
      : await addRecipients(encrypter, seal.recipients);
  return { extension: '.tar.age', seal: (plain) => encrypter.encrypt(ReadableStream.from(plain)), ...opener };
}

/**
 * An opener for backups made elsewhere: `identity` is the text of an age key file, `passphrase` is what was typed.
 * With neither it opens only a backup that is not sealed, and with one of them never such a one: a sealed backup
 * can't be replaced by one that anybody could have written.
 */
export function createOpener(keys: { passphrase?: string | undefined; identity?: string | undefined }): Opener {
  const decrypter = new Decrypter();
  if (keys.passphrase !== undefined) decrypter.addPassphrase(keys.passphrase);
  if (keys.identity !== undefined) addIdentities(decrypter, keys.identity);
  const hasKey = keys.passphrase !== undefined || keys.identity !== undefined;

  return {
    async open(sealed) {
      const source = new Source(sealed);
      try {
        const head = await source.peek();
        const isSealed = head.startsWith(AGE_MAGIC);
        if (!isSealed && !hasKey) return ReadableStream.from(source.bytes());
        if (!isSealed) throw new SealError('This backup is not an age file, although a key to open one was given.');
        if (!hasKey) throw new SealError(`This backup is sealed with ${sealOf(head)}, and no key was given.`);
        if (!head.includes(HEADER_END)) throw new SealError(DAMAGED_HEADER);
        return ReadableStream.from(await decrypt(decrypter, source, head));
      } catch (error) {
        await source.close();
        throw error;
      }
    },
  };
}

function setPassphrase(encrypter: Encrypter, passphrase: string): Opener {
  // The age program reads one line from the terminal, so nothing else could ever be typed there.
  if (passphrase === '' || /\p{Cc}/u.test(passphrase)) {
    throw new SealError('The backup passphrase must be one line of text that can be typed.');
  }
  encrypter.setPassphrase(passphrase);
  return createOpener({ passphrase });
}

async function addRecipients(encrypter: Encrypter, recipients: string[]): Promise<Opener> {
  // Sealed only to the key of this run, a backup could never be opened again.
  if (recipients.length === 0) throw new SealError('A backup needs at least one age recipient.');
  for (const [index, recipient] of recipients.entries()) {
    try {
      encrypter.addRecipient(recipient);
    } catch {
      // Not shown: somebody may have pasted the secret half.
      throw new SealError(
        `Age recipient ${index + 1} is not one this action can seal to: it must be an age public key (age1…, age1pq1…, age1tag1… or age1tagpq1…), not an SSH key or a plugin's.`,
      );
    }
  }
  // The key of this run must not be the weakest: age never mixes classic recipients with post-quantum ones.
  const identity = await (recipients.every(isPostQuantum) ? generateHybridIdentity() : generateX25519Identity());
  encrypter.addRecipient(await identityToRecipient(identity));
  return createOpener({ identity });
}

function addIdentities(decrypter: Decrypter, text: string): void {
  const identities = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
  try {
    for (const identity of identities) decrypter.addIdentity(identity.trim());
  } catch {
    throw new SealError('The age identity is not one: it must begin with AGE-SECRET-KEY-1 or AGE-SECRET-KEY-PQ-1.');
  }
  if (identities.length === 0) throw new SealError('The age identity is empty.');
}

async function decrypt(decrypter: Decrypter, source: Source, head: string): Promise<Bytes> {
  let plain: Bytes;
  try {
    plain = await decrypter.decrypt(ReadableStream.from(source.bytes()));
  } catch (error) {
    if (source.failed) throw error;
    if (error instanceof Error && error.message.startsWith('no identity matched')) {
      throw new SealError(`This backup is sealed with ${sealOf(head)}, and no key that was given opens it.`);
    }
    throw new SealError(DAMAGED_HEADER);
  }
  return (async function* () {
    try {
      yield* plain;
    } catch (error) {
      if (source.failed) throw error;
      throw new SealError('This sealed backup was changed or cut short after it was made.');
    }
  })();
}

function sealOf(head: string): string {
  return head.includes('\n-> scrypt ') ? 'a passphrase (backup-passphrase)' : 'age recipients (age-identity)';
}

/** Bytes whose beginning can be seen first, and whose own errors can be told from those of their reader. */
class Source {
  failed = false;
  readonly #iterator: AsyncIterator<Uint8Array>;
  #head = Buffer.alloc(0);

  constructor(bytes: Bytes) {
    this.#iterator = bytes[Symbol.asyncIterator]();
  }

  /** The header of an age file, or the beginning of another: age-encryption would look for it in the whole file. */
  async peek(): Promise<string> {
    const text = () => this.#head.toString('latin1', 0, HEADER_LIMIT);
    const mayBeAge = () => AGE_MAGIC.startsWith(text().slice(0, AGE_MAGIC.length));
    while (mayBeAge() && !text().includes(HEADER_END) && this.#head.length < HEADER_LIMIT) {
      const next = await this.#next();
      if (next.done) break;
      this.#head = Buffer.concat([this.#head, next.value]);
    }
    return text();
  }

  /** All of them, the beginning included. */
  async *bytes(): AsyncGenerator<Uint8Array> {
    try {
      yield this.#head;
      for (let next = await this.#next(); !next.done; next = await this.#next()) yield next.value;
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    try {
      return await this.#iterator.next();
    } catch (error) {
      this.failed = true;
      throw error;
    }
  }
}
