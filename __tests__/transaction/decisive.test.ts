import { describe, expect, it } from 'vitest';
import { approvalOf, type Decisive, differencesFrom, digestOf, readApproval } from '../../src/transaction/decisive.ts';

const plan: Decisive = {
  'the release': { now: '4.1.6', target: '6.1.1' },
  'the packages that are installed': { oauthenticator: '16.0.4', jupyterhub: '4.1.6' },
};
const other = (part: string, content: Record<string, string>): Decisive => ({ ...plan, [part]: content });

describe('an approval', () => {
  it('is one word that holds the digest and what it was made of', () => {
    const approval = approvalOf(plan);
    expect(approval).toMatch(/^[0-9a-f]{64}\.[\w-]+$/);
    expect(approval.startsWith(digestOf(plan))).toBe(true);
    expect(differencesFrom(readApproval(approval) ?? { digest: '' }, plan)).toEqual([]);
  });

  it('does not depend on the order in which things were written', () => {
    const turned = Object.fromEntries(
      Object.entries(plan)
        .reverse()
        .map(([part, content]) => [part, Object.fromEntries(Object.entries(content).reverse())]),
    );
    expect(approvalOf(turned)).toBe(approvalOf(plan));
  });

  it('is refused when it is not whole, was changed, or is none', () => {
    const approval = approvalOf(plan);
    const [digest = '', packed = ''] = approval.split('.');
    const foreign = approvalOf(other('the release', { now: '4.1.6', target: '9.9.9' })).split('.')[1];
    for (const text of [approval.slice(0, -3), digest.slice(1), `${digest}.`, `${digest}.${foreign}`, packed, 'abc']) {
      expect(readApproval(text)).toBeUndefined();
    }
  });

  it('tells each thing that is different, what it was and what it is', () => {
    const approved = readApproval(approvalOf(plan)) ?? { digest: '' };
    expect(differencesFrom(approved, other('the release', { now: '4.1.6', target: '6.2.0' }))).toEqual([
      'Since the plan was approved, the release changed: target was 6.1.1 and is 6.2.0.',
    ]);
    const packages = { jupyterhub: '4.1.6', nbgrader: '0.9.1' };
    expect(differencesFrom(approved, other('the packages that are installed', packages))).toEqual([
      'Since the plan was approved, the packages that are installed changed: oauthenticator is gone (it was 16.0.4).',
      'Since the plan was approved, the packages that are installed changed: nbgrader is new (0.9.1).',
    ]);
  });

  it('may be the digest alone, which cannot tell a difference, and says so', () => {
    const approved = readApproval(digestOf(plan));
    expect(approved).toEqual({ digest: digestOf(plan) });
    expect(differencesFrom({ digest: digestOf(plan) }, plan)).toEqual([]);
    expect(differencesFrom({ digest: digestOf(plan) }, other('the release', { now: '4' }))).toEqual([
      expect.stringContaining('all of the output plan-digest'),
    ]);
  });
});
