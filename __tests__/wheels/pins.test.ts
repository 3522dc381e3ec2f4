import { describe, expect, it } from 'vitest';
import type { Target } from '../../src/hub/environments/target.ts';
import { cacheKey } from '../../src/wheels/index.ts';
import { changing, preferences, readPins, writePins } from '../../src/wheels/pins.ts';

const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];
const installed = (name: string, version: string) => ({ name, version, editable: false, installer: 'pip', from: null });

describe('a list with digests', () => {
  it('is read as uv writes it, and written as pip reads it', () => {
    const list = `--index-url http://127.0.0.1/simple/\n\nAlembic==1.0 \\\n    --hash=sha256:${A} \\\n    --hash=sha256:${B}\n# a comment\nzope.interface[test]==6.0+cpu ; python_version > "3"\n    # via x\n`;
    const { pins, options } = readPins(list);
    expect(pins).toEqual([
      { name: 'alembic', version: '1.0', digests: [A, B] },
      { name: 'zope-interface', version: '6.0+cpu', digests: [] },
    ]);
    expect(readPins(writePins(pins, options))).toEqual({ pins, options });
  });

  it.each(['alembic>=1', 'alembic @ https://example.org/a.whl', './a.whl', 'alembic==1.*', 'a==1::error::b'])(
    'has exact versions of an index: not %s',
    (line) => {
      expect(() => readPins(line)).toThrow(/names no exact version of a package in an index/);
    },
  );
});

describe('what is installed', () => {
  it('is kept where it can be, unless it is no plain version', () => {
    const host = [
      installed('alembic', '1.0'),
      installed('evil', '1.0\n--index-url http://example.org'),
      installed('-r /etc/shadow', '1.0'),
      installed('forked', '2.0+own.1'),
      installed('', ''),
    ];
    expect(preferences(host)).toBe('alembic==1.0\nforked==2.0+own.1\n');
  });

  it('changes where it is another version, however that is spelled', () => {
    const pins = ['1.0', '2.1', 'odd'].map((version, at) => ({ name: `p${at}`, version, digests: [] }));
    const there = [installed('p0', '1.0.0'), installed('p1', '2.0'), installed('p2', 'odder')];
    expect(changing(pins, there).map(({ name }) => name)).toEqual(['p1', 'p2']);
  });
});

it('The key of the cache is that of the packages, whatever their order, and of where they fit', () => {
  const target: Target = { python: '3.11.2', abi: 'cp311', platform: 'x86_64-manylinux_2_36', tags: [] };
  const pins = [
    { name: 'alembic', version: '1.0', digests: [A, B] },
    { name: 'jupyterhub', version: '6.1.1', digests: [B] },
  ];
  const key = cacheKey('6.1.1', target, pins);
  expect(key).toMatch(/^jupyterhub-upgrade-wheels-6\.1\.1-cp311-x86_64-manylinux_2_36-[0-9a-f]{32}$/);
  const turned = pins.toReversed().map((pin) => ({ ...pin, digests: pin.digests.toReversed() }));
  expect(cacheKey('6.1.1', { ...target, python: '3.11.7' }, turned)).toBe(key);
  const others = [
    cacheKey('6.1.0', target, pins),
    cacheKey('6.1.1', { ...target, abi: 'cp312' }, pins),
    cacheKey('6.1.1', { ...target, platform: 'aarch64-manylinux_2_36' }, pins),
    cacheKey('6.1.1', target, pins.slice(1)),
    cacheKey('6.1.1', target, [{ name: 'alembic', version: '1.0', digests: [A] }, ...pins.slice(1)]),
  ];
  expect(new Set([key, ...others]).size).toBe(6);
});
