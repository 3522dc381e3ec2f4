import { setTimeout as pause } from 'node:timers/promises';

const PAUSE = 1000;

/**
 * Posts plain text to an incoming webhook, as Slack and Mattermost take it; tries a second time when the first got no
 * answer, or one that means "later". Follows no redirect. What it throws names the webhook's origin only, for the rest
 * of the address is its password.
 */
export async function postWebhook(url: string, text: string, timeoutSeconds = 10): Promise<void> {
  const first = await attempt(url, text, timeoutSeconds);
  if (first === undefined) return;
  if (first.final) throw new Error(first.problem);
  await pause(PAUSE);
  const second = await attempt(url, text, timeoutSeconds);
  if (second !== undefined) throw new Error(`${second.problem} (tried twice)`);
}

/** Nothing when the message was taken. */
async function attempt(
  url: string,
  text: string,
  timeoutSeconds: number,
): Promise<{ problem: string; final: boolean } | undefined> {
  const origin = URL.parse(url)?.origin;
  if (origin === undefined) return { problem: 'The address of the webhook is no address.', final: true };
  const webhook = `The webhook at ${origin}`;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: plain(text) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
    });
    await response.body?.cancel();
    if (response.ok) return undefined;
    const redirect = response.status >= 300 && response.status < 400;
    return {
      problem: `${webhook} answered ${response.status}${redirect ? ', a redirect, which is not followed' : ''}.`,
      final: response.status < 500 && response.status !== 429,
    };
  } catch (error) {
    return { problem: `${webhook} gave no answer: ${reason(error, timeoutSeconds)}.`, final: false };
  }
}

/** Why a request failed, by codes alone: messages may quote the address. */
function reason(error: unknown, timeoutSeconds: number): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return `none within ${timeoutSeconds} s`;
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : 'the connection failed';
}

/** Both chats read `<…>` as links and mentions, and `&` as the beginning of a character reference. */
function plain(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
