import {
  Decrypter,
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from 'age-encryption';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ageIdentities, ageRecipient } from '../src/inputs/age.ts';
import { environmentName, INPUT_NAMES, SECRET_INPUTS } from '../src/inputs/definitions.ts';
import { InputError, readInputs } from '../src/inputs.ts';
import * as given from './inputs/environments.ts';
import { RESTORE, UPGRADE, variables } from './inputs/environments.ts';

const silent = () => {};

/** Texts of the kinds that trip parsers: anything, pieces of sound values, and their mixtures. */
const pieces = [
  ...Object.values({ ...UPGRADE, ...RESTORE }),
  ...[given.PASSPHRASE, given.FINGERPRINT, given.PEM_KEY, given.PUBLIC_KEY],
  ...[
    'https://',
    '://',
    '/',
    '..',
    '-',
    '\n',
    '\r',
    '\0',
    '::',
    '%0A',
    '@',
    '[',
    ']',
    '::1',
    'age1',
    '|1|',
    '6.1',
    'latest',
  ],
  ...['true', 'false', 'commands', 'systemd', 'plan', 'restore', 'backup', '\u2028', '\ud800', '😀', '-----BEGIN '],
];
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(fc.constantFrom(...pieces), { maxLength: 4 }).map((parts) => parts.join('')),
  fc.string({ unit: fc.constantFrom(...pieces, ...'abc019.:/@-_ ='), maxLength: 8 }),
);
const inputs = fc.dictionary(fc.constantFrom<string>(...INPUT_NAMES), text, { maxKeys: 12 });
const base = fc.constantFrom<Record<string, string>>(UPGRADE, RESTORE, {});

it('answers any text with Inputs or one InputError', async () => {
  await fc.assert(
    fc.asyncProperty(base, inputs, fc.dictionary(fc.string(), text, { maxKeys: 2 }), async (sound, other, unknown) => {
      const extra = Object.fromEntries(Object.entries(unknown).map(([name, value]) => [environmentName(name), value]));
      try {
        await readInputs({ ...extra, ...variables({ ...sound, ...other }) }, silent);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        expect(error.problems.length).toBeGreaterThan(0);
        for (const { problem } of error.problems) expect(problem).not.toContain('undefined');
        // A line for each, and no control character to play tricks with.
        expect(error.message.split('\n')).toHaveLength(error.problems.length + 1);
        expect(error.message.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
      }
    }),
    { numRuns: 1500 },
  );
});

it('never repeats a secret, even where it was put into another input', async () => {
  const secret = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 16, maxLength: 32 });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...SECRET_INPUTS),
      secret,
      fc.array(fc.constantFrom(...INPUT_NAMES), { maxLength: 12 }),
      fc.tuple(text, text),
      async (name, value, others, [before, after]) => {
        const around = Object.fromEntries(others.map((other) => [other, `${before}${value}${after}`]));
        const error = await readInputs(variables({ ...UPGRADE, ...around, [name]: value }), silent).catch((e) => e);
        if (error instanceof Error) expect(error.message).not.toContain(value);
      },
    ),
    { numRuns: 500 },
  );
});

it('masks every secret before it throws', async () => {
  await fc.assert(
    fc.asyncProperty(inputs, async (other) => {
      const masked: string[] = [];
      await readInputs(variables(other), (secret) => masked.push(secret)).catch(() => {});
      for (const name of SECRET_INPUTS) {
        const value = other[name] ?? '';
        if (value.trim() !== '') expect(masked).toContain(value);
      }
    }),
  );
});

it('gives the same inputs for what it gave', async () => {
  const paths = fc.array(fc.stringMatching(/^[a-z ]{1,8}$/), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 20 }), fc.nat({ max: 20 })),
      fc.constantFrom('', 'a1', 'b2', 'rc3', '.post4', '.dev5'),
      paths,
      async (release, suffix, path) => {
        const sound = { 'target-version': `${release.join('.')}${suffix}`, 'config-path': `/${path.join('/')}` };
        fc.pre(path.every((part) => part.trim() === part));
        const { targetVersion, hub } = await readInputs(variables({ ...UPGRADE, ...sound }), silent);
        expect(targetVersion).toBe(sound['target-version']);
        expect(hub.configPath).toBe(sound['config-path']);
      },
    ),
  );
});

/** Keys of age, sound ones and ones with a letter or the case changed. */
async function ageKeys(): Promise<{ recipients: string[]; identities: string[] }> {
  const identities = await Promise.all([generateX25519Identity(), generateHybridIdentity(), generateX25519Identity()]);
  return { identities, recipients: await Promise.all(identities.map((identity) => identityToRecipient(identity))) };
}

function mutations(key: string) {
  return fc.oneof(
    fc.constantFrom(key, key.toUpperCase(), key.toLowerCase(), `${key}q`, key.slice(0, -1)),
    fc
      .tuple(fc.nat({ max: key.length - 1 }), fc.constantFrom(...'qpzry9x8gf2tvdw0s3jn54khce6mua7l1bio'))
      .map(([at, letter]) => key.slice(0, at) + letter + key.slice(at + 1)),
  );
}

it('agrees with age on what is a recipient and what is an identity', async () => {
  const { recipients, identities } = await ageKeys();
  const accepts = (add: () => void) => {
    try {
      add();
      return true;
    } catch {
      return false;
    }
  };
  let sound = 0;
  fc.assert(
    fc.property(fc.constantFrom(...recipients).chain(mutations), (key) => {
      const accepted = 'value' in ageRecipient(key);
      expect(accepted).toBe(accepts(() => new Encrypter().addRecipient(key)));
      sound += accepted ? 1 : 0;
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.constantFrom(...identities).chain(mutations), (key) => {
      const accepted = 'value' in ageIdentities(key);
      expect(accepted).toBe(accepts(() => new Decrypter().addIdentity(key)));
      sound += accepted ? 1 : 0;
    }),
    { numRuns: 300 },
  );
  expect(sound).toBeGreaterThan(20);
});

it('refuses to mix post-quantum recipients with others', async () => {
  const { recipients } = await ageKeys();
  const reading = readInputs(variables({ ...UPGRADE, 'age-recipients': recipients.join('\n') }), silent);
  await expect(reading).rejects.toThrow('age-recipients: mixes post-quantum recipients with others');
  const alone = await readInputs(variables({ ...UPGRADE, 'age-recipients': recipients[1] ?? '' }), silent);
  expect(alone.backup.seal).toEqual({ kind: 'recipients', recipients: [recipients[1]] });
});
