import { Browser, formOf } from '../hub/browser.ts';
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

/** What an error page of the hub says. */
function wordsOf(page: string): string {
  return (
    /class="error">(.*?)<\/div>/s
      .exec(page)?.[1]
      ?.replaceAll(/<[^>]*>|\s+/g, ' ')
      .trim() ?? page.slice(0, 300)
  );
}
