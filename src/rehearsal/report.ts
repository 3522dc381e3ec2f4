import { z } from 'zod';
import type { JournalView } from '../transaction/journal.ts';

/** Whom the hub lets in now and would after the upgrade, by count. Names are in the sealed backup only. */
export interface AccessReport {
  /** Users that can log in now. */
  could: number;
  lost: number;
  gained: number;
  /** Of whom only the authenticator itself can say, with what the identity provider tells it. */
  undetermined: number;
  /** What becomes of users that the hub does not know yet. */
  strangers: 'same' | 'lost' | 'gained';
}

/** What a rehearsal found. */
export interface RehearsalReport {
  /** Seconds that each part took on the copy, as far as it was tried. */
  seconds: Partial<Record<Part, number>>;
  /** How the trial hub was kept from the world: by the kernel, or by its own parts being replaced; absent if none was started. */
  trial?: 'isolated' | 'replaced';
  access?: AccessReport;
  /** Settings that the old release knows and the new one ignores, as `c.Class.name`. */
  ignored: string[];
  /** Seconds the hub will be away, from what was measured. Absent where no trial hub was started. */
  expectedDowntime?: number;
}

const PARTS = ['copy', 'migrate', 'start', 'stop'] as const;

type Part = (typeof PARTS)[number];

const count = z.number().int().nonnegative();

// A host's word: it has a shape and a bound.
const foundSchema = z.union([
  z.object({ known: z.literal(false) }),
  z.object({
    known: z.literal(true),
    could: count,
    lost: count,
    gained: count,
    undetermined: count,
    strangers: z.enum(['same', 'lost', 'gained']),
    ignored: z.array(z.string().regex(/^c\.\w{1,100}\.\w{1,100}$/)).max(50),
  }),
]);

/** What the journal of a job says of its rehearsal, and what was not tried in it. */
export function readRehearsal(view: JournalView): { report: RehearsalReport; notTried: string[] } {
  const seconds = Object.fromEntries(
    view.notes('seconds').flatMap((note) => {
      const [, part, value] = /^(\w+) (\d+)$/.exec(note) ?? [];
      return PARTS.includes(part as Part) ? [[part, Number(value) / 100]] : [];
    }),
  ) as RehearsalReport['seconds'];
  const trial = view.note('trial');
  const found = parse(view.note('rehearsed'));
  const report: RehearsalReport = { seconds, ignored: found?.known ? found.ignored : [] };
  if (trial === 'isolated' || trial === 'replaced') report.trial = trial;
  if (found?.known) {
    const { could, lost, gained, undetermined, strangers } = found;
    report.access = { could, lost, gained, undetermined, strangers };
  }
  const expected = expectedDowntime(seconds);
  if (expected !== undefined) report.expectedDowntime = expected;
  const notTried = [
    ...view
      .notes('no-migration')
      .map((why) => `the migration of a copy of the database, and a trial hub on it: ${why}`),
    ...view.notes('no-trial').map((why) => `a trial start of the new hub: ${why}`),
    ...view.notes('not-rehearsed').map((what) => `in the rehearsal: ${what}`),
  ];
  if (!report.access) notTried.push('whether everybody who can log in now still can');
  return { report, notTried };
}

function parse(note: string | undefined): z.infer<typeof foundSchema> | undefined {
  try {
    return foundSchema.parse(JSON.parse(note ?? ''));
  } catch {
    return undefined;
  }
}

/**
 * Seconds from the stop to the first answer of the new hub. What only the real hub has (its service manager, its proxy and
 * services, the database set aside, the exchange) comes to about this much; see docs/adrs/0015.
 */
const BESIDE = 2;

function expectedDowntime({ migrate = 0, start, stop = 0 }: RehearsalReport['seconds']): number | undefined {
  return start === undefined ? undefined : Math.round((stop + migrate + start + BESIDE) * 10) / 10;
}
