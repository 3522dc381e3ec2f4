import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

/** A program that runs in the foreground, and does not outlive this process, however that ends. */
export interface Supervised {
  pid: number;
  /** Throws with the end of its log when it has ended by itself. */
  assertAlive(): Promise<void>;
  /** Ends it at once. Its directory stays, which the end of this process would have removed. */
  kill(): Promise<void>;
}

/** Waits for a word from the process that started it, or for the end of that process. */
const supervision = `
signal=$1 directory=$2 log=$3
shift 3
"$@" </dev/null >>"$log" 2>&1 &
server=$!
echo "$server"
word=''
read -r word
kill -s "$signal" "$server" 2>/dev/null
wait "$server" 2>/dev/null
[ "$word" = keep ] || rm -rf "$directory"
`;

/** `signal` makes the program end at once; everything of it is in `directory`, its output is appended to `log`. */
export async function supervise(
  [program = '', ...args]: string[],
  { signal, directory, log }: { signal: string; directory: string; log: string },
): Promise<Supervised> {
  const supervisor = spawn('sh', ['-c', supervision, 'sh', signal, directory, log, program, ...args], {
    cwd: '/',
    detached: true, // an interrupt from the terminal is for whoever started it
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [first] = await once(supervisor.stdout, 'data');
  const pid = Number(first);
  supervisor.unref();
  for (const pipe of [supervisor.stdin, supervisor.stdout]) (pipe as unknown as { unref(): void }).unref();
  return {
    pid,
    async assertAlive() {
      const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'ended');
      if (/^ended|\) Z /.test(status)) throw new Error(`${program} has ended:\n${await endOf(log)}`);
    },
    async kill() {
      if (supervisor.exitCode !== null) return;
      supervisor.ref();
      supervisor.stdin.end('keep\n');
      await once(supervisor, 'exit');
    },
  };
}

async function endOf(log: string): Promise<string> {
  return (await readFile(log, 'utf8').catch(() => '')).slice(-3000);
}
