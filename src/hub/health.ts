import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect as tlsConnect } from 'node:tls';

/**
 * The hub's public address as its own host reaches it, with a slash at its end: `http://:8000` binds every address, and
 * the loopback is one of them. Throws on an address that is none (a Unix socket).
 */
export function localBase(bindUrl: string, baseUrl: string): string {
  const match = /^(https?):\/\/(\[[^\]]*\]|[^:/]*)(?::(\d+))?/.exec(bindUrl);
  if (!match) throw new Error(`The hub's bind_url ${bindUrl} is no http address: give health-url.`);
  const [, scheme = 'http', name = '', port] = match;
  const isAny = name === '' || name === '*' || name === '0.0.0.0';
  const host = isAny ? '127.0.0.1' : name === '[::]' ? '[::1]' : name;
  const prefix = `/${baseUrl}/`.replaceAll(/\/+/g, '/');
  return `${scheme}://${host}${port === undefined ? '' : `:${port}`}${prefix}`;
}

/** Makes a TCP connection for a request: through the SSH connection, so that no port has to be open to the runner. */
export type Dial = (host: string, port: number) => Promise<Duplex>;

interface Answer {
  status: number;
  body: string;
}

const ANSWER_LIMIT = 2 * 1024 * 1024;

/**
 * Looks at the hub from outside, once: the version at `/hub/api/`, the login page, and a call with `token` when there is
 * one. Returns sentences for what is not right; an empty list means it is well.
 */
export async function lookFromOutside(
  base: string,
  expected: { version: string; token?: string | undefined },
  dial?: Dial,
): Promise<string[]> {
  const problems: string[] = [];
  const get = (path: string, headers: Record<string, string> = {}) => fetchOnce(new URL(path, base), headers, dial);
  try {
    const api = await get('hub/api/');
    const version = api.status === 200 ? versionIn(api.body) : undefined;
    if (version !== expected.version) {
      problems.push(
        version === undefined
          ? `${base}hub/api/ answered ${api.status} and no version.`
          : `${base}hub/api/ answered as JupyterHub ${version}, not ${expected.version}.`,
      );
    }
    const login = await get('hub/login');
    // An OAuth hub sends the browser on to its provider.
    if (login.status !== 200 && (login.status < 300 || login.status > 399)) {
      problems.push(`${base}hub/login answered ${login.status}.`);
    }
    if (expected.token !== undefined) {
      const user = await get('hub/api/user', { Authorization: `token ${expected.token}` });
      if (user.status !== 200)
        problems.push(`An API call with a token made before the upgrade answered ${user.status}.`);
    }
  } catch (error) {
    problems.push(`${base} did not answer: ${error instanceof Error ? error.message : String(error)}.`);
  }
  return problems;
}

/**
 * Asks the running hub whether a token will do for the checks after the upgrade: an API call, and starting and stopping
 * the server of `canaryUser`. Returns sentences for what it is refused.
 */
export async function lookAtToken(
  base: string,
  token: string,
  canaryUser: string | undefined,
  dial?: Dial,
): Promise<string[]> {
  const get = (path: string) => fetchOnce(new URL(path, base), { Authorization: `token ${token}` }, dial);
  try {
    const own = await get('hub/api/user');
    if (own.status !== 200) {
      return [
        `The hub does not take the health-token: ${base}hub/api/user answered ${own.status}. Give one that works, or none.`,
      ];
    }
    if (canaryUser === undefined) return [];
    const user = await get(`hub/api/users/${encodeURIComponent(canaryUser)}`);
    const isSeen = user.status === 200 && 'servers' in objectIn(user.body);
    // Before 2.0 tokens had no scopes: they might do what their owner might.
    const { scopes } = objectIn(own.body);
    const mayStart = !Array.isArray(scopes) || scopes.some((scope) => /^servers(!|$)/.test(String(scope)));
    if (isSeen && mayStart) return [];
    return [
      isSeen
        ? `The health-token may not start the server of the canary-user ${canaryUser}: give it the scope servers, or leave canary-user out.`
        : `The health-token may not see the canary-user ${canaryUser} (answered ${user.status}): ` +
          "give a token of that user's, or one with the scopes read:users and servers.",
    ];
  } catch (error) {
    return [`${base} did not answer: ${error instanceof Error ? error.message : String(error)}.`];
  }
}

function versionIn(body: string): string | undefined {
  const { version } = objectIn(body);
  return typeof version === 'string' ? version.slice(0, 64) : undefined;
}

function objectIn(body: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(body)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** One request, redirects not followed: the token must not travel on to another address. */
async function fetchOnce(url: URL, headers: Record<string, string>, dial?: Dial): Promise<Answer> {
  const isTls = url.protocol === 'https:';
  const options = { method: 'GET', headers: { ...headers, connection: 'close' }, timeout: 15_000 };
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
  const stream = dial && (await dial(url.hostname.replaceAll(/^\[|\]$/g, ''), port));
  return new Promise((resolve, reject) => {
    const connection = stream && {
      // Through the SSH connection the certificate proves nothing more, and its name is not that of the loopback.
      createConnection: () => (isTls ? tlsConnect({ socket: stream, rejectUnauthorized: false }) : stream),
    };
    const send = isTls && stream === undefined ? httpsRequest : httpRequest;
    const request = send(
      url,
      { ...options, ...connection, ...(stream ? { protocol: url.protocol } : {}) } as never,
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size <= ANSWER_LIMIT) chunks.push(chunk);
          else response.destroy();
        });
        response.on('close', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        );
        response.on('error', reject);
      },
    );
    request.on('timeout', () => request.destroy(new Error('no answer within 15 s')));
    request.on('error', reject);
    request.end();
  });
}
