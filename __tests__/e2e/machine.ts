import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type MachineHub, type MachineOptions, startMachineHub } from '../../bench/hub/machine.ts';
import { type ResultsService, startResultsService } from '../../bench/runner/results-service.ts';
import { type RunActionResult, runAction } from '../../bench/runner/run-action.ts';
import { sabotageNextJob } from '../../bench/sabotage.ts';

const action = fileURLToPath(new URL('../..', import.meta.url));

/** A hub on a machine of its own, a results service, and runs of the committed bundle between them. */
export interface MachineScene {
  hub: MachineHub;
  service: ResultsService;
  /** Runs the action as a job of a run of its own, through sudo. The inputs are those of an upgrade unless `mode` says otherwise. */
  run(inputs: Record<string, string>): Promise<RunActionResult>;
  /** Number of the newest run. */
  runId(): number;
  /** Breaks the next job; resolves to its directory. */
  sabotage(definitions: string): Promise<string>;
  /** The release the hub answers with; undefined when it does not answer well. */
  version(): Promise<string | undefined>;
  close(): Promise<void>;
}

export async function startMachineScene(options: MachineOptions): Promise<MachineScene> {
  const work = await mkdtemp(join(tmpdir(), 'e2e-machine-'));
  const service = await startResultsService({ directory: join(work, 'results') });
  const hub = await startMachineHub(options).catch(async (error) => {
    await service.close();
    await rm(work, { recursive: true, force: true });
    throw error;
  });
  let runId = 500;
  return {
    ...{ hub, service },
    run(inputs) {
      runId += 1;
      const { admin } = hub;
      return runAction({
        action,
        work: join(work, `run-${runId}`),
        service: { url: service.url, apiToken: service.apiToken, runtimeToken: service.token(runId, 'job') },
        run: { runId },
        inputs: {
          host: admin.host,
          port: String(admin.port),
          username: admin.username,
          'ssh-private-key': admin.privateKey,
          'host-fingerprint': admin.fingerprint,
          'backup-passphrase': 'correct horse battery staple',
          ...(inputs.mode === 'restore' ? {} : { 'target-version': 'latest', 'notify-lead-time': '0' }),
          ...inputs,
        },
      });
    },
    runId: () => runId,
    sabotage: (definitions) =>
      sabotageNextJob(join(hub.root, 'var/lib/jupyterhub-upgrade'), definitions, AbortSignal.timeout(300_000)),
    async version() {
      const answer = await fetch(`${hub.url}/hub/api/`).catch(() => undefined);
      return answer?.ok ? ((await answer.json()) as { version: string }).version : undefined;
    },
    async close() {
      await service.close();
      await hub.stop();
      await rm(work, { recursive: true, force: true });
    },
  };
}
