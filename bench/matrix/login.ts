import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Site } from './site.ts';

/** Logs a user in with a browser's means, and in the service `app`, too: gives the token that `app` gets for it. */
export async function logIn({ url, callback, appToken }: Site, user: string): Promise<string> {
  const browser = new Browser(url);
  await browser.get('/hub/login');
  const entry = await browser.post('/hub/login', { username: user, password: 'any' });
  if (entry.status !== 302) throw new Error(`the hub did not let ${user} in: ${wordsOf(entry.text)}`);
  const query = new URLSearchParams({
    ...{ client_id: 'service-app', redirect_uri: callback, response_type: 'code', state: 'of-the-app' },
  });
  const authorize = `/hub/api/oauth2/authorize?${query}`;
  let page = await browser.get(authorize);
  // One that asks the user, and whose button sends the form to the same address.
  if (page.status === 200) page = await browser.post(authorize, formOf(page.text));
  const code = new URL(page.location ?? '/', url).searchParams.get('code');
  if (code === null) throw new Error(`the hub did not let the service in: ${page.status} ${wordsOf(page.text)}`);
  const tokens = await fetch(new URL('/hub/api/oauth2/token', url), {
    method: 'POST',
    body: new URLSearchParams({
      ...{ client_id: 'service-app', client_secret: appToken, grant_type: 'authorization_code', code },
      redirect_uri: callback,
    }),
  });
  const { access_token } = (await tokens.json()) as { access_token?: string };
  if (access_token === undefined) throw new Error(`the hub gave no token to the service: ${tokens.status}`);
  return access_token;
}

/** The hidden fields of a page's form, as its button would send them. */
function formOf(page: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [input] of page.matchAll(/<input[^>]*>/gs)) {
    const name = /name="([^"]*)"/.exec(input)?.[1];
    if (name !== undefined) fields[name] = /value="([^"]*)"/.exec(input)?.[1] ?? '';
  }
  return fields;
}

interface Page {
  status: number;
  location: string | undefined;
  text: string;
}

/** As much of a browser as a login needs: cookies, and where the last page came from. fetch() cannot pose as one. */
class Browser {
  readonly #url: string;
  readonly #cookies = new Map<string, string>();
  #page = '';

  constructor(url: string) {
    this.#url = url;
  }

  get(path: string): Promise<Page> {
    return this.#send('GET', path, '');
  }

  post(path: string, fields: Record<string, string>): Promise<Page> {
    const xsrf = this.#cookies.get('_xsrf');
    const form = new URLSearchParams({ ...(xsrf === undefined ? {} : { _xsrf: xsrf }), ...fields });
    return this.#send('POST', path, `${form}`);
  }

  async #send(method: string, path: string, body: string): Promise<Page> {
    const address = new URL(path, this.#url);
    const headers = {
      cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      referer: this.#page,
      'sec-fetch-mode': 'navigate',
      ...(body === '' ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    };
    const sent = request(address, { method, headers });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    for (const line of response.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    this.#page = address.href;
    return { status: response.statusCode ?? 0, location: response.headers.location, text: await text(response) };
  }
}

/** What an error page of the hub says. */
function wordsOf(page: string): string {
  return (
    /class="error">(.*?)<\/div>/s
      .exec(page)?.[1]
      ?.replaceAll(/<[^>]*>|\s+/g, ' ')
      .trim() ?? page.slice(0, 300)
  );
}
