import { shellQuote } from '../ssh/quote.ts';

/** The command for a person that takes up a way back that failed, where it stopped. Its last line is the new verdict. */
export function walkBack(directory: string, become: 'sudo' | 'none'): string {
  const journal = shellQuote(`${directory}/journal`);
  const program = shellQuote(`${directory}/programs/executor.sh`);
  const commands = `sed -i '/ verdict - /d' ${journal} && sh ${program} run ${shellQuote(directory)} && tail -n 1 ${journal}`;
  return become === 'sudo' ? `sudo sh -c ${shellQuote(commands)}` : commands;
}
