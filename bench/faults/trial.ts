import { recordState } from '../check/state.ts';
import { cellOf } from './cells.ts';
import { breakableConfiguration } from './faults.ts';
import { play } from './play.ts';
import { startScene } from './scene.ts';

const cells = process.argv.slice(2).map(cellOf);
let scene: Awaited<ReturnType<typeof startScene>> | undefined;
let before: Awaited<ReturnType<typeof recordState>> | undefined;
try {
  for (const cell of cells) {
    scene ??= await startScene(cell.flavour, breakableConfiguration);
    before ??= await recordState(scene.hub.subject);
    const { after, ...played } = await play(scene, before, cell);
    console.log(JSON.stringify({ ...cell, ...played }));
    before = after;
    if (played.answer !== 'old' || played.problems.length > 0) {
      if (played.problems.length > 0)
        for (const job of await scene.jobs())
          console.log(await scene.read(job, 'journal'), (await scene.read(job, 'log')).slice(-3000));
      await scene.close();
      scene = before = undefined;
    }
  }
} finally {
  await scene?.close();
}
process.exit();
