import { recordState, type State } from '../check/state.ts';
import { type Cell, cellName } from './cells.ts';
import { breakableConfiguration } from './faults.ts';
import { type Played, play } from './play.ts';
import { type Scene, startScene } from './scene.ts';

/** Plays cells one after the other, on the same hub as long as it is wholly old and as it was. */
export class Player {
  #scene: Scene | undefined;
  #kind = '';
  #before: State | undefined;

  async play(cell: Cell): Promise<Omit<Played, 'after' | 'lastWords'>> {
    const needsDisks = cell.fault.startsWith('full ');
    const kind = `${cell.flavour} ${cell.database} ${needsDisks}`;
    if (kind !== this.#kind) await this.close();
    this.#kind = kind;
    if (!this.#scene) {
      this.#scene = await startScene(cell.flavour, cell.database, breakableConfiguration);
      if (needsDisks) await this.#scene.giveSmallDisks?.();
    }
    this.#before ??= await recordState(this.#scene.hub.subject);
    try {
      const { after, lastWords, ...played } = await play(this.#scene, this.#before, cell);
      if (played.problems.length > 0) await this.#tell(cell, lastWords);
      this.#before = after;
      // The hub of "no stop" cannot be stopped politely any more.
      if (played.answer !== 'old' || played.problems.length > 0 || cell.fault === 'no stop') await this.close();
      return played;
    } catch (error) {
      await this.#tell(cell);
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const scene = this.#scene;
    this.#scene = this.#before = undefined;
    await scene?.close();
  }

  /** What the host wrote down of a cell that does not hold. */
  async #tell(cell: Cell, lastWords: string[] = []): Promise<void> {
    const scene = this.#scene;
    const job = (await scene?.jobs())?.at(-1);
    const host = scene && job ? (await scene.read(job, 'journal')) + (await scene.read(job, 'log')).slice(-3000) : '';
    process.stderr.write(`--- ${cellName(cell)}\n${lastWords.join('\n')}\n${host}---\n`);
  }
}
