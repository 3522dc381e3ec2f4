import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** The hidden fields of a page's form, as its button would send them. */
export function formOf(page: string): Record<string, string> {
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
export class Browser {
  readonly #url: string;
  readonly #cookies = new Map<string, string>();
  #page = '';

  constructor(url: string) {
    this.#url = url;
  }

  get(path: string): Promise<Page> {
    return this.#send('GET', path, '');
  }

  /** Sends a form with these fields alone. */
  submit(path: string, fields: Record<string, string>): Promise<Page> {
    return this.#send('POST', path, `${new URLSearchParams(fields)}`);
  }

  /** Sends a form, with the token against forged requests as well. */
  post(path: string, fields: Record<string, string>): Promise<Page> {
    const xsrf = this.#cookies.get('_xsrf');
    return this.submit(path, { ...(xsrf === undefined ? {} : { _xsrf: xsrf }), ...fields });
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
