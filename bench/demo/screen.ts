import { stripVTControlCharacters } from 'node:util';

const WIDTH = 116;
/** Of what the host prints in one step, the first and the last so many lines are shown. */
const [FIRST, LAST] = [5, 3];

/** Shows the log of a job as it comes: a line for each step, below it what the step says, and the host's words in short. */
export class Screen {
  readonly #write: (line: string) => void;
  #isHidden = false;
  #shown = 0;
  #last: string[] = [];
  #left = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  line(text: string): void {
    const group = /^##\[group\](.*)$/.exec(text)?.[1];
    // The runner's own group lists the inputs.
    if (group !== undefined) this.#isHidden = group.startsWith('Run ');
    if (this.#isHidden) {
      if (text === '##[endgroup]') this.#isHidden = false;
      return;
    }
    if (text.startsWith('│ ')) {
      this.#host(text);
      return;
    }
    this.#flush();
    if (text === '##[endgroup]' || text === '') return;
    if (group !== undefined) this.#print(1, group);
    else if (text.startsWith('##[')) this.#print(1, text.replace(/^##\[(\w+)\]/, '$1: '));
    else this.#print(5, text);
  }

  #host(text: string): void {
    this.#shown += 1;
    if (this.#shown <= FIRST) {
      this.#print(5, text);
      return;
    }
    this.#last.push(text);
    if (this.#last.length > LAST) {
      this.#last.shift();
      this.#left += 1;
    }
  }

  #flush(): void {
    if (this.#left > 0) this.#print(5, `│ … ${this.#left} more lines`);
    for (const text of this.#last) this.#print(5, text);
    this.#shown = 0;
    this.#left = 0;
    this.#last = [];
  }

  #print(indent: number, text: string): void {
    const line = ' '.repeat(indent) + stripVTControlCharacters(text);
    this.#write(line.length > WIDTH ? `${line.slice(0, WIDTH - 1)}…` : line);
  }
}
