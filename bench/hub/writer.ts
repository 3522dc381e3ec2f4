import type { Api } from './api.ts';

export interface Written {
  name: string;
  /** When the hub acknowledged it, in ms since the epoch. */
  at: number;
  /** The release that acknowledged it. */
  release: string | undefined;
}

export interface WriterResult {
  /** Users the hub said are made (2xx): a row lost from these is a broken promise. */
  acknowledged: Written[];
  /** Every user that was asked for, acknowledged or not. */
  attempted: string[];
}

export interface Writer {
  /** Waits for the answers that are under way and gives what was written. */
  stop(): Promise<WriterResult>;
}

/** Adds users through the REST API, so many a second, whether the hub is up or not; starts at once. */
export function startWriter(api: Api, perSecond: number, prefix = 'writer'): Writer {
  const acknowledged: Written[] = [];
  const attempted: string[] = [];
  const underWay = new Set<Promise<void>>();
  const write = async (name: string) => {
    const answer = await api('POST', `/users/${name}`).catch(() => undefined);
    if (answer && answer.status >= 200 && answer.status < 300) {
      acknowledged.push({ name, at: Date.now(), release: answer.release });
    }
  };
  const timer = setInterval(() => {
    const name = `${prefix}${String(attempted.length + 1).padStart(5, '0')}`;
    attempted.push(name);
    const one: Promise<void> = write(name).finally(() => underWay.delete(one));
    underWay.add(one);
  }, 1000 / perSecond);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      return { acknowledged, attempted };
    },
  };
}
