import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { postWebhook } from '../../src/notify/webhook.ts';

const SECRET = 'T024BE7LD-s3cr3t-p4th';

describe('postWebhook', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    await Promise.all(
      servers.splice(0).map((server) => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
      }),
    );
  });

  /** A webhook that answers its n-th request by the n-th answer; the last one stays. */
  async function serve(
    ...answers: ((request: IncomingMessage, response: ServerResponse) => void)[]
  ): Promise<{ url: string; origin: string; requests: { method?: string; type?: string; body: string }[] }> {
    const requests: { method?: string; type?: string; body: string }[] = [];
    const server = createServer(async (request, response) => {
      const answer = answers[Math.min(requests.length, answers.length - 1)];
      requests.push({ method: request.method, type: request.headers['content-type'], body: await text(request) });
      answer?.(request, response);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { url: `${origin}/services/${SECRET}?token=${SECRET}`, origin, requests };
  }

  const answer =
    (status: number, headers = {}) =>
    (_: IncomingMessage, response: ServerResponse) =>
      void response.writeHead(status, headers).end(`not ok: /services/${SECRET}`);

  const failureOf = (posting: Promise<void>) =>
    posting.then(
      () => 'no failure',
      (error: Error) => error,
    );

  it('posts the text as JSON', async () => {
    const { url, requests } = await serve(answer(200));
    await postWebhook(url, 'Upgraded "hub" – <!channel> & done\n✅');
    expect(requests).toEqual([
      {
        method: 'POST',
        type: 'application/json',
        body: JSON.stringify({ text: 'Upgraded "hub" – &lt;!channel&gt; &amp; done\n✅' }),
      },
    ]);
  });

  it('tries once more after 500, 429 or a broken connection', async () => {
    const broken = (request: IncomingMessage) => void request.socket.destroy();
    for (const first of [answer(500), answer(429), broken]) {
      const { url, requests } = await serve(first, answer(200));
      await postWebhook(url, 'text');
      expect(requests).toHaveLength(2);
    }
  });

  it('gives up after the second try, and says why without the address', async () => {
    const { url, origin, requests } = await serve(answer(503));
    const error = await failureOf(postWebhook(url, 'text'));
    expect(error).toEqual(new Error(`The webhook at ${origin} answered 503. (tried twice)`));
    expect(requests).toHaveLength(2);
  });

  it('does not try again when the webhook refuses', async () => {
    const { url, origin, requests } = await serve(answer(404));
    expect(await failureOf(postWebhook(url, 'text'))).toEqual(new Error(`The webhook at ${origin} answered 404.`));
    expect(requests).toHaveLength(1);
  });

  it('follows no redirect', async () => {
    const elsewhere = await serve(answer(200));
    const { url } = await serve(answer(307, { location: elsewhere.url }));
    expect(String(await failureOf(postWebhook(url, 'text')))).toContain(
      'answered 307, a redirect, which is not followed',
    );
    expect(elsewhere.requests).toEqual([]);
  });

  it('waits for an answer only so long', async () => {
    const { url, requests } = await serve(() => {});
    const error = await failureOf(postWebhook(url, 'text', 0.1));
    expect(String(error)).toContain('gave no answer: none within 0.1 s.');
    expect(requests).toHaveLength(2);
  });

  it('never says the address, which is a password, in whatever way it fails', async () => {
    const { url, origin } = await serve(answer(200));
    const closed = servers.splice(0);
    await Promise.all(closed.map((server) => new Promise((resolve) => server.close(resolve))));
    const withUser = url.replace('http://', `http://user:${SECRET}@`);
    for (const address of [url, withUser, `not a URL ${SECRET}`, `http://127.0.0.1:1/${SECRET}`]) {
      const error = await failureOf(postWebhook(address, 'text'));
      expect(error).toBeInstanceOf(Error);
      const { message, stack, cause } = error as Error;
      expect(`${message} ${stack} ${JSON.stringify(cause)}`).not.toContain(SECRET);
    }
    expect(String(await failureOf(postWebhook(url, 'text')))).toContain(
      `${origin} gave no answer: ECONNREFUSED. (tried twice)`,
    );
  });
});
