import { rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../hub/run.ts';
import type { Breakpoint } from './breakpoint.ts';
import { answers, type Scene, SMALL_DISKS } from './scene.ts';

/** What a fault is done to: a job that stands at its point, and the run that began it. */
export interface Victim {
  scene: Scene;
  breakpoint: Breakpoint;
  /** The job's directory, as this machine sees it. */
  job: string;
  point: string;
  /** Takes the runner away for ever. */
  lose(): void;
  /** Cancels the workflow's job. */
  cancel(): void;
  /** Something that must not be was seen. */
  wrong(what: string): void;
}

/** Faults at a point of the host. Each lets what stands there go on, or ends it. */
export const faultsAtPoint: Record<string, (victim: Victim) => Promise<void>> = {
  async executor(victim) {
    // At a random moment it may have ended. What it was about to write is let go when it is gone.
    const pid = await executorOf(victim);
    await victim.scene.onHost(
      `while kill -9 ${pid} 2>/dev/null && grep -q '^State:.[^Z]' /proc/${pid}/status; do sleep 0.05; done; :`,
    );
    await goOn(victim);
  },
  async child(victim) {
    const sessions = (await victim.scene.read(victim.job, 'journal')).matchAll(/^\d+ \d+ session [a-z-]+ (\d+) /gm);
    await victim.scene.onHost(`pkill -9 -s ${[...sessions].at(-1)?.[1]}`);
    await goOn(victim);
  },
  async everything(victim) {
    victim.lose();
    // Brackets, so that what looks does not find itself.
    const name = basename(victim.job).replace(/^(.)/, '[$1]');
    const pids = `grep -l '${name}' /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3`;
    await until('processes of the job live on', 30, async () => {
      const found = (await victim.scene.onHost(`${pids} || :`)).trim();
      if (found !== '') await victim.scene.onHost(`kill -9 ${found.replaceAll('\n', ' ')} 2>/dev/null || :`);
      return found === '';
    });
    await victim.breakpoint.clear();
  },
  async power({ scene, breakpoint }) {
    await scene.power?.(() => breakpoint.clear());
  },
  async shutdown(victim) {
    const { scene, breakpoint } = victim;
    await scene.onHost('systemctl --no-block poweroff');
    await breakpoint.release('write');
    const isOff = () =>
      scene.onHost('true').then(
        () => false,
        () => true,
      );
    await until('the host does not go down', 150, isOff);
    await scene.power?.();
  },
  async outage({ scene, breakpoint, lose }) {
    lose();
    await scene.power?.(() => breakpoint.clear());
  },
  async runner(victim) {
    victim.lose();
    await goOn(victim);
  },
  async cancel(victim) {
    victim.cancel();
    // What it asks of the host comes first.
    await delay(3_000);
    await goOn(victim);
  },
  async reset(victim) {
    victim.scene.network.reset();
    await goOn(victim);
  },
  async silence(victim) {
    victim.scene.network.blackHole();
    await goOn(victim);
    // Longer than four missed keepalives.
    await delay(80_000);
    victim.scene.network.heal();
  },
  async 'silent cancel'(victim) {
    victim.scene.network.blackHole();
    victim.cancel();
    await goOn(victim);
    // Past SIGINT, SIGTERM and SIGKILL.
    await delay(15_000);
    victim.scene.network.heal();
  },
  async hang() {},
  async start(victim) {
    const { flavour, commands, onHost } = victim.scene;
    await onHost(`${commands.start} || :`);
    if (flavour === 'machine') {
      const state = await onHost(`systemctl show -p ActiveState --value jupyterhub.service`);
      if (state.trim() === 'active') victim.wrong('somebody could start the hub in the middle');
    } else {
      // Nothing keeps it down. It is to be seen that it runs.
      await until('the hub does not answer', 90, () => answers(victim.scene));
    }
    await goOn(victim);
  },
  async second(victim) {
    const { outputs, log } = await victim.scene.run();
    const said = log.join('\n').includes('Another run is at work on this hub');
    if (outputs.outcome !== 'failed-before-change' || !said) victim.wrong(`the second run ended ${outputs.outcome}`);
    await goOn(victim);
  },
  'full state': (victim) => fill(victim, '/var/lib/jupyterhub-upgrade'),
  'full database': (victim) => fill(victim, '/srv/hub state'),
  'full environment': (victim) => fill(victim, '/opt/jupyterhub'),
};

/** Settings of the action under which a fault shows itself in a time that a test has. */
export const inputsOf: Record<string, Record<string, string>> = {
  hang: { 'max-downtime': '45' },
  // Nobody will say anything.
  runner: { 'confirm-timeout': '8' },
  outage: { 'confirm-timeout': '8' },
};

export async function emptyDisks(scene: Scene): Promise<void> {
  for (const { directory } of SMALL_DISKS) await scene.onHost(`rm -f '${directory}/filler'`);
}

async function fill(victim: Victim, directory: string): Promise<void> {
  await victim.scene.onHost(`/usr/bin/dd if=/dev/zero of='${directory}/filler' bs=4096 2>/dev/null || :`);
  await goOn(victim);
}

async function executorOf({ scene, job }: Pick<Victim, 'scene' | 'job'>): Promise<string> {
  return (await scene.read(job, 'executor')).split(' ')[0] ?? '';
}

/** A writer that is to have died before its line does not write it later. */
async function goOn({ breakpoint, point, scene, job }: Victim): Promise<void> {
  const pid = await executorOf({ scene, job });
  const lives = await scene.onHost(`grep -s '^State:.[^Z]' /proc/${pid}/status || :`);
  await breakpoint.release(point.startsWith('before') && lives === '' ? 'drop' : 'write');
}

/**
 * Faults of a new release, or of the whole run: what they prepare, as lines of the hub's configuration that are heeded
 * when `broken` beside it says so.
 */
export const breakableConfiguration = `
import os as _os, sys as _sys
import jupyterhub as _jupyterhub
_broken = _os.path.join(_os.path.dirname(__file__), 'broken')
if _os.path.exists(_broken) and _os.path.basename(_sys.argv[0]) == 'jupyterhub' and 'upgrade-db' not in _sys.argv:
    with open(_broken) as _file:
        _kind = _file.read().strip()
    if _kind == 'no stop':
        import signal as _signal
        _signal.pthread_sigmask(_signal.SIG_BLOCK, {_signal.SIGTERM, _signal.SIGINT})
    elif _jupyterhub.__version__ != '4.1.6':
        if _kind == 'crash at start':
            raise RuntimeError('planted')
        if _kind == 'crash after 5 s':
            import threading as _threading
            _threading.Timer(5, lambda: _os._exit(7)).start()
        if _kind == 'crash after login':
            c.Authenticator.post_auth_hook = lambda *_: _os._exit(7)  # noqa
`;

/** Breaks the hub's configuration so, as this machine sees it; gives what mends it. */
export async function breakHub(configuration: string, kind: string): Promise<() => Promise<void>> {
  const file = join(dirname(configuration), 'broken');
  await writeFile(file, `${kind}\n`);
  return () => rm(file, { force: true });
}
