import { describe, expect, it } from 'vitest';
import { checkSurroundings } from '../../src/hub/checks.ts';
import { diskBlockers, diskUse, type Need, quotaWarnings, writeBlockers } from '../../src/hub/disk.ts';
import { places, type Said, sampleFacts, sqliteFacts } from '../hub/samples.ts';

const check = (raw: Record<string, string>, make: (said: Said) => ReturnType<typeof sampleFacts> = sqliteFacts) =>
  checkSurroundings(make({ raw }));

describe('the clock', () => {
  it('may be a few seconds off', () => {
    expect(check({ 'clock-ahead': '-12.3' })).toEqual({ blockers: [], warnings: [] });
    expect(check({})).toEqual({ blockers: [], warnings: [] });
  });

  it('is told when it is minutes off, and refused when it is days off', () => {
    expect(check({ 'clock-ahead': '-300' }).warnings).toEqual([expect.stringContaining('is 5 min behind the runner')]);
    const { blockers, warnings } = check({ 'clock-ahead': '172800.0' });
    expect(blockers).toEqual([expect.stringMatching(/48 h ahead of .*timedatectl set-ntp true/)]);
    expect(warnings).toEqual([]);
  });
});

describe('the ports of the configuration', () => {
  const ports = (...held: object[]) => ({ neighbours: JSON.stringify({ database: [], ports: held }) });

  it('must be held by the hub, or by nobody', () => {
    expect(check(ports({ port: 8081, pid: 0, command: '' })).warnings).toEqual([
      expect.stringContaining('port 8081, and nothing listens there'),
    ]);
    expect(check(ports({ port: 8081, pid: 77, command: 'node server.js' })).blockers).toEqual([
      expect.stringMatching(/Port 8081, .* held by the process 77 \(node server\.js\).*End it, or give/),
    ]);
    expect(check(ports({ port: 8081, pid: null, command: '' })).blockers.join()).toContain('a process of another user');
  });
});

describe('a database', () => {
  const open = { neighbours: JSON.stringify({ database: [{ pid: 77, command: 'x' }], ports: [] }) };

  it('must not be open in another hub; other programs are told', () => {
    expect(check({ ...open, 'other-hubs': '77 /srv/other' }).blockers).toEqual([
      expect.stringMatching(/Another JupyterHub, the process 77, .*Stop it/),
    ]);
    expect(check(open).blockers).toEqual([]);
    expect(check(open).warnings).toEqual([expect.stringContaining('The process 77 (x) has the database')]);
  });

  it('on a server is told to be shared, where sessions and processes say so', () => {
    const sessions = (...from: string[]) => ({
      'database-sessions': JSON.stringify(from.map((each) => ({ own: true, from: each }))),
    });
    expect(check(sessions('10.0.0.1:5001', '10.0.0.1:5002'), sampleFacts).warnings).toEqual([]);
    expect(check(sessions('10.0.0.1', '10.0.0.2'), sampleFacts).warnings.join()).toContain('(10.0.0.1, 10.0.0.2)');
    expect(check({ 'other-hubs': '77 /srv/other' }, sampleFacts).warnings.join()).toContain('process 77 in /srv/other');
  });
});

describe('disks', () => {
  const MIB = 1024 ** 2;
  const needs: Need[] = [
    { place: 'environment', what: 'a copy of the environment', bytes: 700 * MIB, files: 50 },
    { place: 'database', what: 'copies of the database', bytes: 700 * MIB, files: 50 },
  ];
  const facts = (less: Parameters<typeof places>[0] = {}) => sampleFacts({ raw: { places: places(less) } });
  const shared = facts({ environment: '1 1048576 80 yes no /opt', database: '1 1048576 80 yes no /srv/hub' });

  it('have room for everything that comes onto them, added up', () => {
    expect(diskBlockers(facts(), needs)).toEqual([]);
    expect(diskUse(facts(), needs)).toHaveLength(2);
    expect(diskUse(shared, needs)).toEqual([
      { path: '/opt', what: 'a copy of the environment, copies of the database', bytes: 1400 * MIB, free: 1024 * MIB },
    ]);
    expect(diskBlockers(shared, needs)).toEqual([
      'The disk of /opt has 1.0 GiB free, and 1.4 GiB are needed there: a copy of the environment (700.0 MiB), copies of the ' +
        'database (700.0 MiB). Make room for 376.0 MiB more.',
      expect.stringContaining('room for 80 more files (inodes), and 100 are needed there'),
    ]);
  });

  it('have quotas that are told, where something is written', () => {
    const quota = facts({ environment: '1 1048576 - yes yes /opt', units: '5 1048576 - yes yes /etc/systemd/system' });
    expect(quotaWarnings(quota, needs)).toEqual([expect.stringMatching(/disk of \/opt has quotas.* 700\.0 MiB more/)]);
  });

  it('must be writable where something is written', () => {
    const readOnly = facts({ environment: '1 1048576 - no no /opt', units: '5 1 - no no /etc/systemd/system' });
    expect(writeBlockers(readOnly, needs)).toEqual([
      expect.stringMatching(/^\/opt, where the copy of the environment/),
    ]);
  });
});
