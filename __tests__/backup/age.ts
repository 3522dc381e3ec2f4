import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A key pair of the age program: the text of its key file, and the public key. */
export async function ageKeygen(): Promise<{ identity: string; recipient: string }> {
  const { stdout } = await run('age-keygen');
  const recipient = /public key: (age1\w+)/.exec(stdout)?.[1];
  if (!recipient) throw new Error(`age-keygen printed no public key: ${stdout}`);
  return { identity: stdout, recipient };
}

/** Runs the age program; rejects with what it said. */
export async function age(...args: string[]): Promise<void> {
  await run('age', args);
}

/** Runs the age program on a terminal and types the passphrase each time it asks. */
export async function ageOnTerminal(passphrase: string, ...args: string[]): Promise<void> {
  const command = ['age', ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    for (const _ of text.matchAll(/passphrase[^\n]*: /gi)) child.stdin.write(`${passphrase}\n`);
  });
  const status = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (status !== 0) throw new Error(`age ended with status ${status}: ${said}`);
}
