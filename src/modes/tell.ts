import { messageOf, UpgradeError } from '../errors.ts';
import { verdictMessage } from '../notify/message.ts';
import { postWebhook } from '../notify/webhook.ts';
import type { Plan } from '../transaction/plan.ts';
import type { Run } from './run.ts';

/** Tells the users by webhook. The notice on the hub's pages and notify-command are the host's: it owns the lead time. */
export async function tellUsers(run: Run, plan: Plan): Promise<void> {
  const { webhookUrl, required } = run.inputs.notify;
  if (webhookUrl === undefined) return;
  await run.log.step('notify', 'Tell the users by webhook', async () => {
    try {
      await postWebhook(webhookUrl, plan.parameters.NOTIFY_MESSAGE ?? '');
      run.result.notified.push('notify-webhook-url');
    } catch (error) {
      if (required) {
        throw new UpgradeError(messageOf(error), {
          step: 'notify',
          hub: `The hub was not touched; it runs JupyterHub ${plan.from}.`,
          next: 'Mend notify-webhook-url, or set notify-required: false.',
        });
      }
      run.result.warnings.push(`The users were not told by webhook: ${messageOf(error)}`);
    }
  });
}

/** Tells the same webhook how it ended. That this fails changes nothing any more. */
export async function tellOutcome({ inputs, result }: Run): Promise<void> {
  const { webhookUrl } = inputs.notify;
  if (webhookUrl === undefined || !result.notified.includes('notify-webhook-url')) return;
  await postWebhook(webhookUrl, verdictMessage(result)).catch((error) => {
    result.warnings.push(`The end of the upgrade was not told by webhook: ${messageOf(error)}`);
  });
}
