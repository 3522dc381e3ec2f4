import { existsSync } from 'node:fs';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { until } from '../hub/run.ts';
import type { Scene } from './scene.ts';

/** One line of a job's journal at which its host stops: see dd.sh. */
export class Breakpoint {
  readonly #scene: Scene;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  #path(name: string): string {
    return join(this.#scene.hub.tools, name);
  }

  /** `<before|after> <event> <step>` */
  async set(point: string): Promise<void> {
    await this.clear();
    await writeFile(this.#path('point.new'), `${point}\n`);
    await rename(this.#path('point.new'), this.#path('point'));
  }

  /** The job that stands at the point, as this machine sees its directory; undefined when `ended` comes first. */
  async reached(ended: () => boolean): Promise<string | undefined> {
    const job = await until('the point is not reached', 900, async () => {
      const path = await readFile(this.#path('reached/job'), 'utf8').catch(() => '');
      return path !== '' ? path : ended() && 'ended';
    });
    if (job === 'ended') return undefined;
    return (await this.#scene.jobs()).find((one) => basename(one) === basename(job.trim()));
  }

  /** Lets what stopped go on: with its line, or ended before it is written. Once, and not when it was cleared. */
  async release(word: 'write' | 'drop'): Promise<void> {
    if (!existsSync(this.#path('reached')) || existsSync(this.#path('go'))) return;
    await writeFile(this.#path('go.new'), `${word}\n`);
    await rename(this.#path('go.new'), this.#path('go'));
    // One that was killed reads nothing any more.
    await until('nothing passed', 3, () =>
      stat(this.#path('passed')).then(
        () => true,
        () => false,
      ),
    ).catch(() => {});
  }

  async clear(): Promise<void> {
    for (const name of ['point', 'reached', 'go', 'passed'])
      await rm(this.#path(name), { recursive: true, force: true });
  }
}
