export interface Answer<T = unknown> {
  status: number;
  /** The release that answered; undefined when it was no JupyterHub. */
  release: string | undefined;
  body: T;
}

/** Calls the hub's REST API; `path` is what comes after `/hub/api`. Throws only when there is no HTTP answer. */
export type Api = <T>(method: string, path: string, body?: unknown, token?: string) => Promise<Answer<T>>;

/** The REST API of the hub at that public URL, called with `token` unless a call brings its own. */
export function createApi(url: string, token: string): Api {
  return async <T>(method: string, path: string, body?: unknown, own = token) => {
    const response = await fetch(new URL(`/hub/api${path}`, url), {
      method,
      headers: { authorization: `token ${own}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    const release = response.headers.get('x-jupyterhub-version') ?? undefined;
    return { status: response.status, release, body: (text === '' ? null : parse(text)) as T };
  };
}

/** JSON from the hub; from a proxy without a hub behind it a page, given as it is. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
