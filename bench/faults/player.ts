import { judge, type Writes } from '../check/judge.ts';
import { recordState, type State } from '../check/state.ts';
import { type Cell, cellName } from './cells.ts';
import { breakableConfiguration } from './faults.ts';
import { HostPart, playHostPart } from './host-part.ts';
import { type Played, play } from './play.ts';
import { NEW, type Scene, startScene } from './scene.ts';

/** Plays cells one after the other, on the same hub as long as it is wholly old and as it was. */
export class Player {
  #scene: Scene | undefined;
  #kind = '';
  #hostPart: HostPart | undefined;
  #before: State | undefined;

  /** `part`: whether all of an upgrade is played, or what the host does of it. */
  async play(cell: Cell, part: 'whole' | 'host' = 'whole'): Promise<Omit<Played, 'after' | 'writes' | 'lastWords'>> {
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
      const { after, writes, lastWords, ...played } = await this.#playPart(this.#scene, this.#before, cell, part);
      const known = this.#before;
      this.#before = after;
      if (played.answer === 'new' && played.problems.length === 0) {
        played.problems.push(...(await this.#putBack(known, writes)));
      }
      if (played.problems.length > 0) await this.#tell(cell, lastWords);
      // The hub of "no stop" cannot be stopped politely any more, and one that has grown takes longer and longer.
      const isWorn = cell.fault === 'no stop' || (after.database.durable.users?.length ?? 0) > 3000;
      if (played.problems.length > 0 || isWorn) await this.close();
      return played;
    } catch (error) {
      await this.#tell(cell);
      await this.close();
      throw error;
    }
  }

  async #playPart(scene: Scene, before: State, cell: Cell, part: 'whole' | 'host'): Promise<Played> {
    if (part === 'whole') return play(scene, before, cell);
    this.#hostPart ??= await HostPart.make(scene);
    return playHostPart(scene, this.#hostPart, before, cell);
  }

  /** Makes a new hub the old one again, from what the host kept; says what it is when it is not that one. */
  async #putBack(known: State, writes: Writes): Promise<string[]> {
    const scene = this.#scene;
    const job = (await scene?.jobs())?.at(-1);
    if (!scene || job === undefined || !(await scene.putBack(job))) {
      await this.close();
      return [];
    }
    this.#before = await recordState(scene.hub.subject);
    const { answer, notOld } = judge(known, this.#before, NEW, writes);
    return answer === 'old' ? [] : [`what the host kept is not the old hub: ${notOld.join('; ')}`];
  }

  async close(): Promise<void> {
    const [scene, hostPart] = [this.#scene, this.#hostPart];
    this.#scene = this.#before = this.#hostPart = undefined;
    await hostPart?.close();
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
