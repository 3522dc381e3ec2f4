import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { readDatabase } from '../../bench/check/database.ts';
import { run } from '../../bench/hub/run.ts';
import { type Scene, startScene } from './light.ts';

let scene: Scene | undefined;
afterEach(() => scene?.close());

test.each(['3.1.1', '5.2.1'])(
  'JupyterHub %s → the newest: every user, group and token is there, a token still works, a server can be started',
  async (release) => {
    scene = await startScene({ release, users: 300 });
    const { hub } = scene;
    const newest = await newestRelease(hub.environmentPath);
    const before = await readDatabase(hub.database);
    const result = await scene.run({ 'canary-user': 'user00005' });
    expect(result.stepOutputs).toMatchObject({
      outcome: 'upgraded',
      'previous-version': release,
      'current-version': newest,
    });

    const after = await readDatabase(hub.database);
    for (const table of ['users', 'groups', 'members', 'tokens']) {
      expect(after.keys[table], table).toEqual(expect.arrayContaining(before.keys[table] ?? ['none']));
    }
    for (const [user, token] of Object.entries(hub.seeded.tokens)) {
      const answer = await hub.api('GET', '/user', undefined, token);
      expect([answer.status, (answer.body as { name?: string }).name], user).toEqual([200, user]);
    }
  },
  600_000,
);

/** What pip says is the newest release in the index for the hub's Python. */
async function newestRelease(environmentPath: string): Promise<string> {
  const python = join(environmentPath, 'bin/python');
  const text = await run(python, ['-m', 'pip', 'index', 'versions', 'jupyterhub']);
  return /^jupyterhub \(([\d.]+)\)/m.exec(text)?.[1] ?? '';
}
