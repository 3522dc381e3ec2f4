import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Advice } from '../../src/hub/advice/evaluate.ts';
import { type Scene, startScene } from './light.ts';

let scene: Scene;

beforeAll(async () => {
  // Everybody can authenticate, and nobody is allowed by name.
  const extraConfig = `
from jupyterhub.auth import Authenticator
class Everybody(Authenticator):
    async def authenticate(self, handler, data):
        return data['username']
c.JupyterHub.authenticator_class = Everybody
`;
  scene = await startScene({ users: 20, extraConfig, releases: ['6.1.1'] });
});

afterAll(() => scene?.close());

test('a hub that would lock everybody out is not stopped, unless that is accepted', { timeout: 300_000 }, async () => {
  const { hub } = scene;
  const pid = await hub.pid();
  const refused = await scene.run({ 'target-version': '6.1.1' });
  expect(refused).toMatchObject({
    conclusion: 'failure',
    outputs: { outcome: 'failed-before-change', 'failed-step': 'plan' },
  });
  expect(refused.annotations[0]?.message).toMatch(
    /JupyterHub 5\.0: Nobody is allowed to log in .* Instead: `c\.Authenticator\.allow_all = True` .*accept-advice: allow-config/,
  );
  expect(refused.summaries.map(({ text }) => text).join('')).toContain('**blocker** `allow-config`');
  expect(await hub.pid()).toBe(pid);
  expect(await scene.jobs()).toEqual([]);

  const accepted = await scene.run({ mode: 'plan', 'target-version': '6.1.1', 'accept-advice': 'allow-config' });
  expect(accepted).toMatchObject({ conclusion: 'success', outputs: { outcome: 'planned' } });
  const { advice } = JSON.parse(accepted.outputs.result ?? '') as { advice: Advice[] };
  expect(advice[0]).toMatchObject({ id: 'allow-config', level: 'blocker', release: '5.0', accepted: true });
  expect(advice.map(({ level }) => level)).toEqual(advice.map(({ level }) => level).sort(byGravity));
  expect(accepted.outputs['plan-digest']).not.toBe(refused.outputs['plan-digest']);
  expect(await hub.pid()).toBe(pid);
});

function byGravity(one: Advice['level'], other: Advice['level']): number {
  const order = ['blocker', 'warning', 'info'];
  return order.indexOf(one) - order.indexOf(other);
}
