import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprint, type HostKeyPins, hostKeyPins, matchesHost, parseKnownHosts } from '../../src/ssh/known-hosts.ts';
import { fingerprintOf, makeKey } from '../support/sshd.ts';

let directory: string;
let ed25519: string;
let other: string;
let ecdsa: string;
let rsa: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'known-hosts-'));
  ed25519 = await makeKey(join(directory, 'ed25519'), 'ed25519');
  other = await makeKey(join(directory, 'other'), 'ed25519');
  ecdsa = await makeKey(join(directory, 'ecdsa'), 'ecdsa');
  rsa = await makeKey(join(directory, 'rsa'), 'rsa');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const blob = (key: string) => Buffer.from(key.split(' ')[1] ?? '', 'base64');

function pins(knownHosts: string, host = 'hub.example.org', port = 22): HostKeyPins {
  const found = hostKeyPins({ knownHosts }, host, port);
  if ('problems' in found) throw new Error(found.problems.join(' '));
  return found.pins;
}

function problems(knownHosts: string, host = 'hub.example.org', port = 22): string[] {
  const found = hostKeyPins({ knownHosts }, host, port);
  return 'problems' in found ? found.problems : [];
}

/** The file as `ssh-keygen -H` leaves it. */
function hashed(text: string): string {
  const file = join(directory, 'hashed');
  writeFileSync(file, text);
  execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
  return execFileSync('cat', [file], { encoding: 'utf8' });
}

describe('which key is trusted', () => {
  const trusted: [string, () => string, string?, number?][] = [
    ['a plain entry', () => `hub.example.org ${ed25519}`],
    ['another case of the name', () => `Hub.Example.ORG ${ed25519}`, 'HUB.example.org'],
    ['a list of names and a comment', () => `a.example,hub.example.org ${ed25519} admin@hub`],
    ['tabs and spaces', () => `  hub.example.org\t ${ed25519}  `],
    [
      'Windows line ends, a byte order mark, comments, empty lines',
      () => `\uFEFF# c\r\n\r\nhub.example.org ${ed25519}\r\n`,
    ],
    ['a wildcard', () => `*.example.org ${ed25519}`],
    ['single character wildcards', () => `hu?.example.??? ${ed25519}`],
    ['a hashed name', () => hashed(`hub.example.org ${ed25519}\n`)],
    ['a hashed name with a port', () => hashed(`[hub.example.org]:2222 ${ed25519}\n`), 'hub.example.org', 2222],
    ['a port', () => `[hub.example.org]:2222 ${ed25519}`, 'hub.example.org', 2222],
    ['an entry without a port for another port', () => `hub.example.org ${ed25519}`, 'hub.example.org', 2222],
    ['an IPv6 address with a port', () => `[2001:db8::1]:2222 ${ed25519}`, '2001:db8::1', 2222],
    ['an IPv6 address', () => `2001:db8::1 ${ed25519}`, '2001:DB8::1'],
    ['the second entry of a type', () => `hub.example.org ${other}\nhub.example.org ${ed25519}`],
  ];
  it.each(trusted)('%s', (_what, text, host, port) => {
    const found = pins(text(), host, port);
    expect(found.refusal(blob(ed25519))).toBeUndefined();
    expect(found.refusal(blob(rsa))).toBe('not-pinned');
  });

  it('a name with its port beats the one without', () => {
    const found = pins(`hub.example.org ${ed25519}\n[hub.example.org]:2222 ${other}`, undefined, 2222);
    expect(found.refusal(blob(ed25519))).toBe('not-pinned');
    expect(found.refusal(blob(other))).toBeUndefined();
  });

  it('a revoked key is refused, also one revoked for all hosts', () => {
    const found = pins(`@revoked * ${ed25519}\nhub.example.org ${ed25519}\nhub.example.org ${rsa}`);
    expect(found.refusal(blob(ed25519))).toBe('revoked');
    expect(found.refusal(blob(rsa))).toBeUndefined();
  });

  it('types that are pinned are offered first, SHA-1 never', () => {
    const { algorithms } = pins(`hub.example.org ${rsa}\nhub.example.org ${ecdsa}`);
    expect(algorithms.slice(0, 3)).toEqual(['ecdsa-sha2-nistp256', 'rsa-sha2-512', 'rsa-sha2-256']);
    expect(algorithms).toContain('ssh-ed25519');
    expect(algorithms).not.toContain('ssh-rsa');
  });

  it('pinned keys are named by fingerprint and line', () => {
    const print = fingerprintOf(join(directory, 'ed25519.pub'));
    expect(pins(`\nhub.example.org ${ed25519}`).pinned).toEqual([`ssh-ed25519 ${print} (known-hosts line 2)`]);
  });

  it('fingerprints, as ssh-keygen prints them', () => {
    const found = hostKeyPins({ fingerprints: [fingerprintOf(join(directory, 'rsa.pub'))] }, 'hub.example.org', 22);
    if ('problems' in found) throw new Error('refused');
    expect(found.pins.refusal(blob(rsa))).toBeUndefined();
    expect(found.pins.refusal(blob(ed25519))).toBe('not-pinned');
    expect(found.pins.typesAreKnown).toBe(false);
    expect(fingerprint(blob(ecdsa))).toBe(fingerprintOf(join(directory, 'ecdsa.pub')));
  });
});

describe('what is wrong with the file', () => {
  const cases: [string, () => string, string | RegExp][] = [
    ['nothing', () => '', 'known-hosts has no entry for hub.example.org.'],
    ['another host', () => `a.example ${ed25519}`, 'known-hosts has no entry for hub.example.org.'],
    [
      'a negated name',
      () => `*.example.org,!hub.example.org ${ed25519}`,
      'known-hosts has no entry for hub.example.org.',
    ],
    ['another port', () => `[hub.example.org]:2222 ${ed25519}`, 'known-hosts has no entry for hub.example.org.'],
    ['only revoked', () => `@revoked * ${ed25519}`, 'known-hosts has no entry for hub.example.org.'],
    [
      'only a certificate authority',
      () => `@cert-authority *.example.org ${ed25519}`,
      /host certificates are not supported/,
    ],
    ['an unknown marker', () => `@foo * ${ed25519}`, 'known-hosts line 1 begins with an unknown marker.'],
    ['no key', () => `\nhub.example.org ssh-ed25519`, /^known-hosts line 2 is malformed: it needs/],
    ['a cut key', () => `hub.example.org ${ed25519.slice(0, -8)}`, /^known-hosts line 1 is malformed: its key/],
    [
      'a key of another type',
      () => `hub.example.org ssh-rsa ${ed25519.split(' ')[1]}`,
      /^known-hosts line 1 is malformed: its key/,
    ],
    ['text instead of a key', () => `hub.example.org ssh-ed25519 !!!!`, /^known-hosts line 1 is malformed: its key/],
    ['an incomplete hash', () => `|1|AAAA|BBBB ${ed25519}`, /^known-hosts line 1 is malformed: its hashed/],
    ['a public key alone', () => ed25519, /^known-hosts line 1 is malformed/],
  ];
  it.each(cases)('%s', (_what, text, problem) => {
    const found = problems(text());
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(problem);
  });

  it('every line that is wrong is named', () => {
    const { problems: found, entries } = parseKnownHosts(`a\nhub.example.org ${ed25519}\nb c`);
    expect(found.map((problem) => problem.slice(0, 18))).toEqual(['known-hosts line 1', 'known-hosts line 3']);
    expect(entries.map(({ line }) => line)).toEqual([2]);
  });

  it('a type that cannot be used is named', () => {
    const type = 'sk-ssh-ed25519@openssh.com';
    const parts = [type, 'x'.repeat(32), 'ssh:'].map((text) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(text.length);
      return Buffer.concat([length, Buffer.from(text)]);
    });
    const key = `${type} ${Buffer.concat(parts).toString('base64')}`;
    expect(problems(`hub.example.org ${key}`)).toEqual([
      `known-hosts has only keys of types that are not supported for hub.example.org: ${type}.`,
    ]);
  });
});

describe('matching names agrees with OpenSSH', () => {
  const word = fc.stringMatching(/^[ab.]{1,4}$/);
  const name = fc.oneof(
    word,
    word.map((host) => `[${host}]:2222`),
  );
  const pattern = fc
    .tuple(fc.constantFrom('', '', '', '!'), fc.stringMatching(/^[abAB.*?]{1,5}$/), fc.constantFrom('', '', ']:2222'))
    .map(([not, text, port]) => `${not}${port && '['}${text}${port}`);
  const patterns = fc.array(pattern, { minLength: 1, maxLength: 3 }).map((list) => list.join(','));

  it('in lists, wildcards, negations and ports', () => {
    const file = join(directory, 'patterns');
    fc.assert(
      fc.property(fc.array(patterns, { minLength: 1, maxLength: 40 }), name, (lists, host) => {
        writeFileSync(file, lists.map((list) => `${list} ${ed25519}\n`).join(''));
        const { stdout } = spawnSync('ssh-keygen', ['-F', host, '-f', file], { encoding: 'utf8' });
        const expected = [...stdout.matchAll(/^# Host .* found: line (\d+)/gm)].map(([, line]) => Number(line));
        const found = lists.flatMap((list, index) => (matchesHost(list, host) ? [index + 1] : []));
        expect(found).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('in hashed names', () => {
    const file = join(directory, 'names');
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 10 }), name, (names, host) => {
        writeFileSync(file, hashed(names.map((one) => `${one} ${ed25519}\n`).join('')));
        const { stdout } = spawnSync('ssh-keygen', ['-F', host, '-f', file], { encoding: 'utf8' });
        const expected = [...stdout.matchAll(/^# Host .* found: line (\d+)/gm)].map(([, line]) => Number(line));
        const { entries } = parseKnownHosts(execFileSync('cat', [file], { encoding: 'utf8' }));
        const found = entries.filter(({ hosts }) => matchesHost(hosts, host)).map(({ line }) => line);
        expect(entries.every(({ hosts }) => hosts.startsWith('|1|'))).toBe(true);
        expect(found).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  it('long patterns are matched in reasonable time', () => {
    expect(matchesHost(`${'*a'.repeat(200)}b`, 'a'.repeat(2_000))).toBe(false);
  });
});
