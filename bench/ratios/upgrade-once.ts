/**
 * One upgrade by the committed bundle in the runner in a box, as a process of its own, which can stand at the end of a
 * delayed link. The order as JSON on stdin, the record as JSON on stdout. SIGTERM takes the runner away.
 */
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { startResultsService } from '../runner/results-service.ts';
import { runAction } from '../runner/run-action.ts';

export interface Order {
  inputs: Record<string, string>;
  /** An empty directory. */
  work: string;
}

export interface UpgradeRecord {
  /** The action's output `outcome`. */
  outcome: string;
  /** Seconds of the main step. */
  seconds: number;
  /** The action's output `downtime-seconds`. */
  downtimeSeconds: number;
  /** Seconds that the rehearsal expected of it; absent where it could not tell. */
  expectedSeconds?: number;
  /** Seconds of each step, runner's and host's. */
  steps: Record<string, number>;
  log: readonly string[];
}

async function upgradeOnce({ inputs, work }: Order): Promise<UpgradeRecord> {
  const lose = new AbortController();
  process.once('SIGTERM', () => lose.abort());
  const service = await startResultsService({ directory: join(work, 'results') });
  try {
    const end = await runAction({
      action: fileURLToPath(new URL('../..', import.meta.url)),
      inputs,
      work: join(work, 'job'),
      service: { url: service.url, apiToken: service.apiToken, runtimeToken: service.token(1, 'job') },
      lose: { signal: lose.signal },
    });
    const { outcome = '', result = '{}', 'downtime-seconds': downtime } = end.stepOutputs;
    const { steps = [], rehearsal } = JSON.parse(result) as {
      steps?: { name: string; seconds: number }[];
      rehearsal?: { expectedDowntime?: number };
    };
    return {
      outcome,
      seconds: end.main.durationMs / 1000,
      downtimeSeconds: Number(downtime),
      ...(rehearsal?.expectedDowntime === undefined ? {} : { expectedSeconds: rehearsal.expectedDowntime }),
      steps: Object.fromEntries(steps.map(({ name, seconds }) => [name, seconds])),
      log: end.log,
    };
  } finally {
    await service.close();
  }
}

const record = await upgradeOnce(JSON.parse(await text(process.stdin)) as Order);
process.stdout.write(JSON.stringify(record), () => process.exit());
