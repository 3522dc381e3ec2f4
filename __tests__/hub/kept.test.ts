import { expect, it } from 'vitest';
import { parseKept } from '../../src/hub/kept.ts';

const hub = ['jupyterhub.service', '/etc/jupyterhub/jupyterhub_config.py', '/srv/hub state'];

it('reads what a host keeps of earlier releases', () => {
  const lines = [
    ...['before /var/lib/jupyterhub-upgrade/hub-1/jobs/7-1-abc https://example.org/runs/7', ...hub],
    ...['4.1.6', '2026-11-27 06:00 UTC', 'the environment of before in /opt/a;the database of before in /srv/b'],
    ...['taken-back /var/lib/jupyterhub-upgrade/hub-1/jobs/8-1-abc https://example.org/runs/8', ...hub],
    ...['6.1.1', '2026-11-28 06:00 UTC', ''],
  ];
  const [unit, configFile, hubDirectory] = hub;
  // The host's program ends with the last line that is not empty.
  expect(parseKept(new Map([['kept', lines.join('\n').trimEnd()]]))).toEqual([
    {
      ...{ kind: 'before', owner: 'https://example.org/runs/7', unit, configFile, hubDirectory },
      ...{ version: '4.1.6', date: '2026-11-27 06:00 UTC' },
      what: ['the environment of before in /opt/a', 'the database of before in /srv/b'],
    },
    {
      ...{ kind: 'taken-back', owner: 'https://example.org/runs/8', unit, configFile, hubDirectory },
      ...{ version: '6.1.1', date: '2026-11-28 06:00 UTC', what: [] },
    },
  ]);
  expect(parseKept(new Map())).toEqual([]);
  expect(parseKept(new Map([['kept', 'anything\nelse']]))).toEqual([]);
});
