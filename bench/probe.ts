/** One look at the hub: when it was asked and when that was settled, in ms since the epoch. */
export interface Sample {
  asked: number;
  settled: number;
  /** The hub's version when it answered well. */
  version?: string;
}

export interface ProbeResult {
  samples: Sample[];
  /** From the first question without a good answer to the first good answer after it, in ms since the epoch. */
  down: { from: number; to: number }[];
  /** Seconds down in all. */
  seconds: number;
}

export interface Probe {
  /** Asks once more, stops and gives what was seen. */
  stop(): Promise<ProbeResult>;
}

/** Looks at a hub from outside, ten times a second, at its public URL as any user would; starts at once. */
export function startProbe(url: string, intervalMs = 100): Probe {
  const samples: Sample[] = [];
  let stopped = false;
  const loop = (async () => {
    do {
      const sample = await ask(url);
      samples.push(sample);
      const rest = intervalMs - (sample.settled - sample.asked);
      if (rest > 0 && !stopped) await new Promise((resolve) => setTimeout(resolve, rest));
    } while (!stopped);
    samples.push(await ask(url));
  })();
  return {
    async stop() {
      stopped = true;
      await loop;
      return summarise(samples);
    },
  };
}

/** Adds up samples, given in the order of asking. A hub that never comes back is down until the last one settled. */
export function summarise(samples: Sample[]): ProbeResult {
  const down: { from: number; to: number }[] = [];
  let from: number | undefined;
  for (const sample of samples) {
    if (sample.version === undefined) {
      from ??= sample.asked;
    } else if (from !== undefined) {
      down.push({ from, to: sample.settled });
      from = undefined;
    }
  }
  const last = samples.at(-1);
  if (from !== undefined && last) down.push({ from, to: last.settled });
  return { samples, down, seconds: down.reduce((sum, { from, to }) => sum + (to - from) / 1000, 0) };
}

async function ask(url: string): Promise<Sample> {
  const asked = performance.timeOrigin + performance.now(); // a clock that does not jump
  const version = await readVersion(url);
  return { asked, settled: performance.timeOrigin + performance.now(), version };
}

/** The version a hub answers at `/hub/api/`; undefined when it does not answer well within 2 s. */
async function readVersion(url: string): Promise<string | undefined> {
  try {
    // A connection of its own, as that of a new visitor: a kept one could outlive the proxy.
    const headers = { connection: 'close' };
    const response = await fetch(new URL('/hub/api/', url), { headers, signal: AbortSignal.timeout(2000) });
    if (response.status !== 200) return undefined;
    const { version } = (await response.json()) as { version?: unknown };
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}
