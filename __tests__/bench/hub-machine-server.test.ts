import { expect, test, vi } from 'vitest';
import { judge } from '../../bench/check/judge.ts';
import { recordState } from '../../bench/check/state.ts';
import { startMachineHub } from '../../bench/hub/machine.ts';
import { databaseUnit } from '../../bench/hub/machine-database.ts';
import { missingRequirements } from '../../bench/hub/requirements.ts';
import { until } from '../../bench/hub/run.ts';

vi.setConfig({ testTimeout: 600_000 }); // a real machine, on one that may be busy

const missing = await missingRequirements('machine');

test.skipIf(missing.length > 0).each(['postgresql', 'mariadb'] as const)(
  `a machine with %s as a unit of its own has after a power cut what it had ${missing.join('; ')}`,
  async (database) => {
    const hub = await startMachineHub({ database });
    try {
      expect(await hub.exec(`systemctl is-active ${databaseUnit[database]} jupyterhub.service`)).toBe(
        'active\nactive\n',
      );
      expect(await hub.exec('stat -c "%U %G %a" /etc/jupyterhub/jupyterhub_config.py')).toBe('root hub 640\n');
      const before = await recordState(hub.subject);
      expect(before.database.keys.users).toHaveLength(hub.seeded.users.length + 1);
      await hub.kill();
      await hub.boot();
      await until('no answer', 120, async () => (await hub.api('GET', '/').catch(() => undefined))?.status === 200);
      expect(judge(before, await recordState(hub.subject), '6.1.1')).toMatchObject({ answer: 'old', notOld: [] });
    } finally {
      await hub.stop();
    }
  },
);
