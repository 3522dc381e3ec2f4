import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  CommandFailed,
  Job,
  Link,
  createLog,
  followJob,
  freshResult,
  renderSummary
} from "./chunk-CGPKQK2I.mjs";
import "./chunk-W6CWFFAB.mjs";
import "./chunk-V3Z33ZCZ.mjs";
import {
  UpgradeError,
  messageOf
} from "./chunk-FDCGE4G5.mjs";
import "./chunk-ESDG7GNZ.mjs";
import {
  addMask
} from "./chunk-OWL5H37P.mjs";
import "./chunk-GMAGFIF4.mjs";
import "./chunk-52FPJKEB.mjs";
import "./chunk-G2GB7FWX.mjs";
import "./chunk-CU3ASNB5.mjs";
import {
  __name
} from "./chunk-MY7DWCCO.mjs";

// src/modes/post.ts
import { appendFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
async function finishJob(inputs, context, left, backup) {
  const result = freshResult(inputs, context);
  result.outcome = "unknown";
  if (backup) result.backup = { ...backup, files: [] };
  const log = createLog({ write: /* @__PURE__ */ __name((text) => process.stdout.write(text), "write") });
  const link = new Link(inputs.connection);
  const job = new Job(link, left.directory);
  const run = {
    ...{ inputs, context, log, link, result, job, signal: new AbortController().signal },
    ...{ token: void 0, mask: addMask, jobStartedAt: 0, checkpoint: /* @__PURE__ */ __name(() => {
    }, "checkpoint") }
  };
  try {
    link.become = left.become;
    await patiently(
      () => log.step("connect", `Connect to ${inputs.connection.host}`, async () => void await link.host()),
      link
    );
    await job.tell("cancel", "the runner is gone");
    const done = inputs.mode === "restore" ? "restored" : "upgraded";
    result.outcome = await followJob(run, job, [], async () => {
    }, done);
  } catch (error) {
    if (error instanceof CommandFailed && error.code === NO_JOB) {
      log.info("The main step ended before its job began on the host: nothing was touched.");
      result.outcome = "failed-before-change";
      await link.drop();
      return 0;
    }
    const trouble = error instanceof UpgradeError && error.trouble.step !== "connect" ? error.trouble : {
      step: "post",
      hub: "The host finishes or goes back by itself.",
      next: `Look at ${left.directory} on the host.`
    };
    result.error = { cause: messageOf(error), ...trouble };
    log.error(`${result.outcome}: ${trouble.step}`, `${result.error.cause}
${trouble.hub}
${trouble.next}`);
  }
  result.steps = log.steps;
  log.info(`outcome: ${result.outcome}`);
  if (context.summaryFile) appendFileSync(context.summaryFile, renderSummary(result));
  await link.drop();
  return result.outcome === "unknown" || result.outcome === "rollback-failed" ? 1 : 0;
}
__name(finishJob, "finishJob");
var NO_JOB = 4;
var PATIENCE_MS = 3 * 6e4;
async function patiently(connect, link) {
  const end = performance.now() + PATIENCE_MS;
  for (; ; ) {
    try {
      return await connect();
    } catch (error) {
      if (performance.now() > end) throw error;
      await link.drop();
      await delay(5e3);
    }
  }
}
__name(patiently, "patiently");
export {
  finishJob
};
