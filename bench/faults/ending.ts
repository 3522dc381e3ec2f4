import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { judge, type Verdict } from '../check/judge.ts';
import { recordState, type State } from '../check/state.ts';
import { shellQuote, until } from '../hub/run.ts';
import type { WriterResult } from '../hub/writer.ts';
import { NEW, OLD, type Scene } from './scene.ts';

// What a hub is found to be after a fault.

export async function hubDirectory(scene: Scene): Promise<string> {
  return scene.flavour === 'light'
    ? join((scene.hub as { directory?: string }).directory ?? '', 'state')
    : '/srv/hub state';
}

/** The word that each job on the host came to; waits for it. */
export async function verdictsOf(scene: Scene, jobs: string[], wrong: (what: string) => void): Promise<string[]> {
  const words: string[] = [];
  for (const job of jobs) {
    const word = await until('no verdict', 300, async () => {
      return / verdict - (\S+)$/m.exec(await scene.read(job, 'journal'))?.[1];
    }).catch(() => undefined);
    if (word === undefined) wrong('the host came to no verdict');
    else words.push(word);
  }
  return words;
}

/** Judges the hub once nothing of a job runs any more, or half a minute later. */
export async function judgeNow(scene: Scene, before: State, written: WriterResult) {
  const end = performance.now() + 30_000;
  for (;;) {
    const after = await recordState(scene.hub.subject);
    // What a new hub acknowledged that was taken back is kept beside, by design.
    const acknowledged = acknowledgedBy(after.version === OLD ? OLD : undefined, written);
    const verdict = judge(before, after, NEW, { acknowledged, attempted: written.attempted });
    const isBusy = verdict.leftovers.some((one) => /^processes: .*jupyterhub-upgrade/.test(one));
    const isWhole = verdict.answer !== 'MIXED';
    if ((isWhole && !isBusy) || performance.now() > end) return { verdict, after };
  }
}

/** What that release acknowledged; of any, when none is given. */
export function acknowledgedBy(release: string | undefined, { acknowledged }: WriterResult): string[] {
  return acknowledged.filter((one) => release === undefined || one.release === release).map(({ name }) => name);
}

/** From the stop until the host has verified the new hub, as long as this machine takes for it now. */
export async function learnDowntime(scene: Scene, jobs: string[]): Promise<void> {
  for (const job of jobs) {
    const journal = await scene.read(job, 'journal');
    const at = (line: string) => Number(new RegExp(`^(\\d+) \\d+ ${line}$`, 'm').exec(journal)?.[1]);
    const taken = (at('done verify') - at('begin stop')) * 10;
    if (taken > 0) scene.downtimeMs = taken;
  }
}

/** What of a verdict is not as promised. */
export function complaints({ answer, notOld, notNew, leftovers: left }: Verdict): string[] {
  const mixed = answer === 'MIXED' ? [`not old: ${notOld.join('; ')}`, `not new: ${notNew.join('; ')}`] : [];
  // What is kept as the way back, or of a new hub that was taken back.
  const strange = left.filter((one) => !/\/[^/]*\.jupyterhub-upgrade-\d[^/]*$/.test(one) && isOurs(one));
  return [...mixed, ...strange.map((one) => `left over: ${one}`)];
}

function isOurs(leftover: string): boolean {
  // Debian's sudo leaves one at its first use.
  if (leftover.endsWith('/.sudo_as_admin_successful')) return false;
  return /jupyterhub-upgrade|alembic|pip |^mounts|^watched/.test(leftover);
}

/** Locks, secrets, units and directories that a job may not leave. */
export async function leftovers(scene: Scene, jobs: string[]): Promise<string[]> {
  const left: string[] = [];
  for (const job of jobs) {
    for (const name of ['secrets', 'hub.env', 'ballast', 'go', 'token', 'to-put-back']) {
      if (existsSync(join(job, name))) left.push(`left over: ${name} in the job's directory`);
    }
  }
  const lock = await scene.onHost(`flock -n ${shellQuote(await hubDirectory(scene))} true && echo free || :`);
  if (lock.trim() !== 'free') left.push('left over: the lock');
  if (scene.flavour === 'machine') {
    const find = 'find /etc/systemd/system /run/jupyterhub-upgrade -mindepth 1 2>/dev/null';
    const units = await scene.onHost(`${find} | grep jupyterhub-upgrade || :`);
    left.push(
      ...units
        .split('\n')
        .filter(Boolean)
        .map((unit) => `left over: ${unit}`),
    );
  }
  return left;
}
