import type { Facts } from '../hub/facts.ts';
import type { Inputs } from '../inputs.ts';
import type { Migration } from './migration.ts';

/** What an upgraded hub is checked with, beside what it answers to everybody. */
export interface Verification {
  /** Whether the host makes a ten-minute token for the check with an old token. */
  mintsToken: boolean;
  /** Whether a token that is given for that check is good afterwards. */
  keepsTokens: boolean;
  /** Whose server is started; empty for nobody's. */
  canaryUser: string;
  warnings: string[];
  blockers: string[];
}

export function verificationOf({ verify }: Inputs, { database }: Facts, { endsTokens }: Migration): Verification {
  const { healthToken, canaryUser } = verify;
  if (endsTokens) {
    const untried = [
      ...(healthToken === undefined ? [] : ['health-token']),
      ...(canaryUser === undefined ? [] : ['canary-user']),
    ];
    const why = `No token of before the upgrade works after it, so ${untried.join(' and ')} will not be tried.`;
    return {
      ...{ mintsToken: false, keepsTokens: false, canaryUser: '', blockers: [] },
      warnings: untried.length === 0 ? [] : [why],
    };
  }
  const isMissing = canaryUser !== undefined && database.has_user === false;
  const cure =
    `The hub has no user ${canaryUser}: write a canary-user as the admin page shows them (who has never logged in is no ` +
    'user yet), or leave canary-user out.';
  return {
    mintsToken: healthToken === undefined,
    keepsTokens: true,
    canaryUser: isMissing ? '' : (canaryUser ?? ''),
    warnings: [],
    blockers: isMissing ? [cure] : [],
  };
}
