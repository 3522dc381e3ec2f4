import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  NodeSSH
} from "./chunk-W6CWFFAB.mjs";
import {
  UpgradeError,
  changeText,
  messageOf
} from "./chunk-FDCGE4G5.mjs";
import {
  algorithmsOf,
  approvalOf,
  describeKey,
  describePublicHalf,
  hostKeyPins,
  keyType,
  workflowCommand
} from "./chunk-OWL5H37P.mjs";
import {
  clip,
  count,
  duration,
  oneLine,
  size,
  visible
} from "./chunk-GMAGFIF4.mjs";
import {
  require_tar_stream
} from "./chunk-G2GB7FWX.mjs";
import {
  __name,
  __toESM
} from "./chunk-MY7DWCCO.mjs";

// src/report/log.ts
var MOST_ANNOTATIONS = 10;
var LONGEST_ANNOTATION = 4096;
var LONGEST_LINE = 2e3;
var LAST_LINES = 20;
function createLog(options) {
  return new Log(options);
}
__name(createLog, "createLog");
var Log = class {
  static {
    __name(this, "Log");
  }
  /** The steps so far, in the order they began; the open ones are not among them. */
  steps = [];
  #write;
  #quiet;
  #now;
  #start;
  #annotations = /* @__PURE__ */ new Map();
  #begun = 0;
  /** The step whose group is open: the runner knows no group within a group. */
  #group;
  #timer;
  constructor(options) {
    this.#write = options.write;
    this.#quiet = options.quietSeconds ?? 30;
    this.#now = options.now ?? (() => performance.now() / 1e3);
    this.#start = this.#now();
  }
  /** Seconds since the log was made, which is the start of the run. */
  get elapsed() {
    return this.#now() - this.#start;
  }
  /** Runs one step in a group of its own. What `run` throws ends the step as failed and is thrown on. */
  async step(name, title, run) {
    const step = this.begin(name, title, "runner");
    try {
      const value = await run();
      step.end("done");
      return value;
    } catch (error) {
      step.end("failed", { note: messageOf(error) });
      throw error;
    }
  }
  /**
   * Opens a step's group and closes the one that was open, whose step goes on. `startedAt`, in seconds of the run, is for
   * a step that began before it is shown.
   */
  begin(name, title, side, startedAt = this.elapsed) {
    this.#close();
    this.#begun += 1;
    const numbered = `${this.#begun} ${oneLine(title, 200)}`;
    const group = { title: numbered, startedAt, lastLines: [] };
    this.#group = group;
    this.#command("group", numbered);
    let ended = false;
    return {
      end: /* @__PURE__ */ __name((outcome, details = {}) => {
        if (ended) return;
        ended = true;
        const seconds = details.seconds ?? this.elapsed - group.startedAt;
        const report2 = { name, title, side, startedAt: group.startedAt, seconds, outcome };
        if (details.note !== void 0) report2.note = details.note;
        this.steps.push(report2);
        this.steps.sort((one, other) => one.startedAt - other.startedAt);
        this.#end(group, outcome, seconds, details.note);
      }, "end")
    };
  }
  /** Text of this action, one line or more. */
  info(message) {
    for (const line of harmlessLines(message)) this.#line(line);
  }
  /** A line that the host printed. The mark before it also keeps problem matchers of other steps away from it. */
  remote(text2) {
    for (const line of harmlessLines(text2)) {
      this.#group?.lastLines.push(line);
      if (this.#group !== void 0 && this.#group.lastLines.length > LAST_LINES) this.#group.lastLines.shift();
      this.#line(`\u2502 ${line}`);
    }
  }
  /** Something to know that is no problem; shown on the run's page. */
  notice(title, message) {
    this.#annotate("notice", title, message);
  }
  /** Something to look after; shown on the run's page. */
  warning(title, message) {
    this.#annotate("warning", title, message);
  }
  /** What failed; shown on the run's page. */
  error(title, message) {
    this.#annotate("error", title, message);
  }
  #end(group, outcome, seconds, note = "") {
    const failed = outcome === "failed" || outcome === "undo-failed";
    const time2 = outcome === "skipped" ? "" : ` ${failed ? "after" : "in"} ${duration(seconds)}`;
    const verdict2 = `${outcome.replace("-", " ")}${time2}`;
    if (this.#group === group) {
      if (note !== "" && !failed) this.info(note);
      this.info(verdict2);
      this.#close();
      if (!failed) return;
    }
    this.info(`${group.title}: ${verdict2}${note === "" ? "" : `: ${note}`}`);
    if (!failed || group.lastLines.length === 0) return;
    this.info("The last lines from the host:");
    for (const line of group.lastLines) this.info(`\u2502 ${line}`);
  }
  #close() {
    if (this.#group === void 0) return;
    this.#group = void 0;
    this.#command("endgroup");
  }
  #annotate(type, title, message) {
    const issued = this.#annotations.get(type) ?? 0;
    this.#annotations.set(type, issued + 1);
    const text2 = harmlessLines(message).join("\n");
    if (issued < MOST_ANNOTATIONS) {
      this.#command(type, clip(text2, LONGEST_ANNOTATION), { title: oneLine(title, 200) });
    } else {
      this.info(`${type}: ${oneLine(title, 200)}: ${text2}`);
    }
  }
  #command(command2, message, properties) {
    this.#line(workflowCommand(command2, message, properties));
  }
  #line(line) {
    this.#write(`${line}
`);
    this.#listen();
  }
  /** Waits for the step to be quiet for a while. */
  #listen() {
    clearTimeout(this.#timer);
    const group = this.#group;
    if (group === void 0) return;
    this.#timer = setTimeout(() => {
      this.#line(`still at work after ${duration(this.elapsed - group.startedAt)}`);
    }, this.#quiet * 1e3).unref();
  }
};
function harmlessLines(text2) {
  return text2.split(/[\r\n]+/).map((line) => visible(line, LONGEST_LINE)).filter((line) => line !== "").map((line) => line.replace(new RegExp("^([\\s\\p{M}]*:\\p{M}*)(?=:)", "u"), "$1 ").replaceAll(new RegExp("(#\\p{M}*)(?=#\\p{M}*\\[)", "gu"), "$1 "));
}
__name(harmlessLines, "harmlessLines");

// src/ssh/quote.ts
function shellQuote(value) {
  if (value.includes("\0")) throw new TypeError("A value with a NUL byte cannot be handed to a shell.");
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
__name(shellQuote, "shellQuote");
function shellAssignments(values) {
  return Object.entries(values).map(([name, value]) => {
    if (!/^[A-Z][A-Z0-9_]*$/.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name for a parameter.`);
    return `${name}=${shellQuote(value)}
`;
  }).join("");
}
__name(shellAssignments, "shellAssignments");

// src/report/markdown.ts
function text(value, most = 1e3) {
  return oneLine(value, most).replaceAll("://", ":\u200B//").replaceAll(/(www)(?=\.)/gi, "$1\u200B").replaceAll("@", "@\u200B").replaceAll(/#(?=\d)/g, "#\u200B").replaceAll(/[\\`*_~$]/g, "\\$&").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("|", "&#124;").replaceAll("[", "&#91;").replaceAll("]", "&#93;").replace(/^([#+=-])|^(\d+)(?=[.)])/, "$2\\$1");
}
__name(text, "text");
function code(value, most = 200) {
  const line = oneLine(value, most);
  if (line === "") return "";
  if (line.includes("|")) return `<code>${text(line, most)}</code>`;
  const fence = "`".repeat(longestRun(line) + 1);
  const pad = line.startsWith("`") || line.endsWith("`") ? " " : "";
  return `${fence}${pad}${line}${pad}${fence}`;
}
__name(code, "code");
function link(label, address) {
  const url = URL.parse(address);
  const isWeb = url?.protocol === "https:" || url?.protocol === "http:";
  return isWeb ? `[${text(label)}](<${url.href.replaceAll(">", "%3E").replaceAll("<", "%3C")}>)` : text(label);
}
__name(link, "link");
function block(language, lines, most = 2e3) {
  const shown = lines.map((line) => visible(line, most));
  const fence = "`".repeat(Math.max(3, longestRun(shown.join("\n")) + 1));
  return [`${fence}${language}`, ...shown, fence].join("\n");
}
__name(block, "block");
function table(head, rows2) {
  const line = /* @__PURE__ */ __name((cells) => `| ${cells.join(" | ")} |`, "line");
  const rule = head.map((name) => name.endsWith(":") ? "---:" : "---");
  return [line(head.map((name) => name.replace(/:$/, ""))), line(rule), ...rows2.map(line)].join("\n");
}
__name(table, "table");
function folded(title, body, open = false) {
  return `<details${open ? " open" : ""}><summary>${title}</summary>

${body}

</details>`;
}
__name(folded, "folded");
function longestRun(line) {
  return Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length));
}
__name(longestRun, "longestRun");

// src/report/advice.ts
function adviceLines(advice) {
  return advice.flatMap(({ id, level, accepted, release, consequence, instead, seen, sources }) => [
    `${accepted ? "accepted" : level} ${id} (JupyterHub ${release}${seen.length > 0 ? `; here: ${seen.join(", ")}` : ""})`,
    `    ${consequence}`,
    `    Instead: ${instead}`,
    `    See: ${sources.join(" ")}`
  ]);
}
__name(adviceLines, "adviceLines");
function adviceSection(advice, most) {
  if (advice.length === 0) return "";
  const grave = advice.filter(({ level }) => level !== "info");
  const notes = advice.filter(({ level }) => level === "info");
  return [
    "### What changed on the way",
    ...grave.length === 0 ? [] : [items(grave, most)],
    ...notes.length === 0 ? [] : [folded(count(notes.length, "note"), items(notes, most))]
  ].join("\n\n");
}
__name(adviceSection, "adviceSection");
function items(advice, most) {
  const shown = advice.slice(0, most).map(({ id, level, accepted, release, consequence, instead, seen }) => {
    const word = accepted ? "accepted" : level === "blocker" ? "**blocker**" : level;
    const here = seen.length > 0 ? ` Here: ${text(seen.join(", "))}.` : "";
    return `- ${word} ${code(id)} (${code(release)}): ${prose(consequence)}${here}<br>Instead: ${prose(instead)}`;
  });
  const rest = advice.length - shown.length;
  return `${shown.join("\n")}${rest > 0 ? `

\u2026 and ${rest} more.` : ""}`;
}
__name(items, "items");
function prose(value) {
  return value.split("`").map((part, index) => {
    if (index % 2 === 1) return code(part);
    const [, before = "", inner = "", after = ""] = /^(\s*)(.*?)(\s*)$/s.exec(part) ?? [];
    return `${before && " "}${text(inner)}${after && " "}`;
  }).join("");
}
__name(prose, "prose");

// src/report/plan.ts
var LONGEST_APPROVAL = 6e4;
function planLines(document, running) {
  return [
    ...questions(document, running).map(([question, answer]) => `${question}: ${answer}`),
    "",
    "What will run on the host:",
    ...document.steps.flatMap(({ title, commands }, index) => [
      `${String(index + 1).padStart(3)}. ${title}`,
      ...commands.map((command2) => `       ${commandLine(command2)}`)
    ]),
    ...legend(document),
    "",
    "What was found out:",
    ...document.facts.map(({ name, value }) => `  ${name}: ${value}`),
    ...document.notDetermined.map((sentence) => `  not known: ${sentence}`)
  ];
}
__name(planLines, "planLines");
function planTable({ plan, servers: servers2 }) {
  if (plan?.document === void 0) return "";
  const [[first, change] = ["", ""], ...rest] = questions(plan.document, servers2.length);
  const rows2 = rest.map(([question, answer]) => [`**${question}**`, text(answer)]);
  return `### The plan

${table([text(first), text(change)], rows2)}`;
}
__name(planTable, "planTable");
function planDetails({ plan }, most) {
  const document = plan?.document;
  if (document === void 0) return "";
  const facts = document.facts.slice(0, most).map(({ name, value }) => [text(name, 100), text(value)]);
  const unknown = document.notDetermined.slice(0, most).map((sentence) => `- ${text(sentence)}`);
  const commands = document.steps.reduce((sum, step) => sum + step.commands.length, 0);
  return [
    folded(
      `What will run on the host: ${count(document.steps.length, "step")}, ${count(commands, "command")}`,
      stepList(document, most)
    ),
    folded(
      "What was found out, and what was not",
      [table(["", ""], facts), ...unknown.length === 0 ? [] : [`Not known:

${unknown.join("\n")}`]].join("\n\n")
    ),
    folded("To approve exactly this plan", approval(document))
  ].join("\n\n");
}
__name(planDetails, "planDetails");
function questions(document, running) {
  const { accepted, disk, downtime, packages, revision, survival, told } = document;
  const { from, to, hops } = revision;
  return [
    ["Packages", packages.map(changeText).join(", ")],
    [
      "Database",
      from === to ? `stays at revision ${from}` : `revision ${from} \u2192 ${to ?? "that of the release"}${hops.length === 0 ? "" : `, by way of JupyterHub ${hops.join(" and ")}`}`
    ],
    ["Without the hub", `about ${duration(Math.ceil(downtime.seconds)).replace(".0 s", " s")} (${downtime.basis})`],
    [
      "Running servers",
      `${running === 0 ? "none" : running} now; ${running === 1 ? fate("it", survival.servers) : fate("they", survival.servers)}`
    ],
    ["Users' connections", fate("they", survival.proxy)],
    ["Told before", told.length === 0 ? "nobody" : told.join(", ")],
    [
      "Disk",
      disk.map(({ path, bytes, free }) => `${size(bytes)} on the disk of ${path}, where ${size(free)} are free`).join("; ")
    ],
    ...accepted.length === 0 ? [] : [["Accepted", accepted.join(", ")]]
  ];
}
__name(questions, "questions");
function fate(who, { fate: fate2, reason }) {
  const verb = who === "it" ? fate2 : fate2.replace("goes", "go").replace("ends", "end");
  return fate2 === "not known" ? `whether ${who} ${who === "it" ? "goes" : "go"} on is not known: ${reason}` : `${who} ${verb}: ${reason}`;
}
__name(fate, "fate");
function stepList(document, most) {
  const lines = document.steps.slice(0, most).map(({ title, commands }, index) => {
    const runs = commands.length === 0 ? "" : `
${indented(block("sh", commands.slice(0, most).map(commandLine)))}`;
    return `${index + 1}. ${text(title, 200)}${runs}`;
  });
  return [
    ...lines,
    legend(document).map((line) => text(line)).join(" ")
  ].join("\n");
}
__name(stepList, "stepList");
function indented(lines) {
  return lines.replaceAll(/^/gm, "   ");
}
__name(indented, "indented");
function commandLine({ as, mount, run }) {
  return `${as}: ${run}${mount === void 0 ? "" : `   # sees ${mount.of} at ${mount.at}`}`;
}
__name(commandLine, "commandLine");
function legend({ jobs }) {
  return [
    `$JOB_ID is made for each run, $JOB is ${jobs}/$JOB_ID, $PROGRAMS is $JOB/programs.`,
    "$COPY is a copy of the database, and $PRIVATE a directory of the hub\u2019s user; both are gone after the rehearsal.",
    "$PHASE is a directory in /var/tmp that is gone when its command has ended."
  ];
}
__name(legend, "legend");
function approval(document) {
  return [
    "An upgrade with this input refuses, before anything is touched, if what the plan rests on has changed; it says what. It is the output `plan-digest`.",
    block("yaml", [`approved-plan: ${approvalOf(document.decisive)}`], LONGEST_APPROVAL)
  ].join("\n\n");
}
__name(approval, "approval");

// src/report/timeline.ts
var LONGEST_LABEL = 60;
var TICKS = [
  [1, "1second"],
  [2, "2second"],
  [5, "5second"],
  [10, "10second"],
  [15, "15second"],
  [30, "30second"],
  [60, "1minute"],
  [300, "5minute"],
  [900, "15minute"],
  [3600, "1hour"]
];
function timeline(result, most) {
  const bars = result.steps.slice(0, most).map((step, index) => ({ step, number: index + 1 }));
  const ends = bars.map(({ step }) => time(step.startedAt) + time(step.seconds));
  const side = /* @__PURE__ */ __name((name) => bars.filter(({ step }) => step.side === name), "side");
  const section = /* @__PURE__ */ __name((name, lines) => lines.length === 0 ? [] : [`  section ${name}`, ...lines], "section");
  const { downtime } = result;
  return [
    "gantt",
    "  title Seconds since the start of the run",
    // Milliseconds since the start of the run, shown in seconds: a time of day would depend on the reader's time zone.
    "  dateFormat x",
    "  axisFormat %s s",
    `  tickInterval ${tick(Math.max(...ends) / 1e3)}`,
    "  todayMarker off",
    ...section("Users", downtime === void 0 ? [] : [bar("Without the hub", "crit", downtime)]),
    ...section("Runner", side("runner").map(stepBar)),
    ...section("Host", side("host").map(stepBar))
  ];
}
__name(timeline, "timeline");
function stepBar({ step, number }) {
  const tags = { done: "done", skipped: "done", failed: "crit", undone: "active", "undo-failed": "crit" };
  const suffix = step.outcome === "done" || step.outcome === "undone" ? "" : `, ${step.outcome.replace("-", " ")}`;
  return bar(`${number}. ${step.title}${suffix}`, tags[step.outcome], step);
}
__name(stepBar, "stepBar");
function bar(label, tag, span) {
  const plain = oneLine(label, LONGEST_LABEL * 2).replaceAll(/[^\p{L}\p{N} .,()/-]/gu, " ");
  const shown = `${clip(plain.replaceAll(/ +/g, " ").trim(), LONGEST_LABEL)} ${duration(span.seconds)}`;
  return `    ${shown.replaceAll("\u2026", "..")} :${tag}, ${time(span.startedAt)}, ${Math.max(1, time(span.seconds))}ms`;
}
__name(bar, "bar");
function time(seconds) {
  return Number.isFinite(seconds) ? Math.round(Math.min(Math.max(seconds, 0), 31536e3) * 1e3) : 0;
}
__name(time, "time");
function tick(seconds) {
  const fitting = TICKS.find(([every]) => seconds / every <= 12) ?? TICKS.at(-1);
  return fitting?.[1] ?? "1hour";
}
__name(tick, "tick");

// src/report/verdict.ts
function verdictOf(result) {
  const { host, versions: versions2 } = result;
  const current = currentVersion(result);
  const now = current === void 0 ? "JupyterHub" : `JupyterHub ${current}`;
  const was = versions2.previous === void 0 || versions2.previous === current ? "" : ` (was ${versions2.previous})`;
  const away = result.downtime === void 0 ? "" : ` Users were without it for ${duration(result.downtime.seconds)}.`;
  switch (result.outcome) {
    case "upgraded":
      return { icon: "\u2705", word: "Upgraded", sentence: `${host} runs ${now}${was}.${away}` };
    case "restored":
      return {
        icon: "\u2705",
        word: "Restored",
        sentence: `${host} runs ${now}${was}, with the data of the backup.${away}`
      };
    case "unchanged":
      return {
        icon: "\u2705",
        word: "Unchanged",
        sentence: result.mode === "restore" ? `${host} runs ${now}: this run's own upgrade had left it whole, and the older backup was not put over it.` : `${host} already runs ${now}; nothing was stopped or changed.`
      };
    case "backed-up":
      return {
        icon: "\u2705",
        word: "Backed up",
        sentence: `the hub on ${host} (${now}) was not stopped; its backup is stored as an artifact.`
      };
    case "planned": {
      const target = versions2.target === void 0 ? "" : `, and this plan leads to ${versions2.target}`;
      return { icon: "\u{1F4CB}", word: "Planned", sentence: `nothing was changed. ${host} has ${now}${target}.` };
    }
    case "rolled-back":
      return {
        icon: "\u274C",
        word: "Rolled back",
        sentence: result.downtime === void 0 ? `${host} is as it was before; its hub did not run then, and does not run now.` : `${host} runs ${now} as before, with its data.${away}`
      };
    case "failed-before-change":
      return {
        icon: "\u274C",
        word: "Failed before any change",
        sentence: `the hub on ${host}${current === void 0 ? "" : ` (${now})`} was neither stopped nor changed.`
      };
    case "rollback-failed":
      return {
        icon: "\u{1F6A8}",
        word: "Rollback failed",
        sentence: `${host} needs a person now: its hub may be down, and its data half way between two versions.`
      };
    case "unknown":
      return {
        icon: "\u2753",
        word: "Unknown",
        sentence: `the run lost sight of ${host} before the end; the host ends or undoes the work by itself.`
      };
  }
}
__name(verdictOf, "verdictOf");
function currentVersion({ outcome, versions: versions2 }) {
  if (outcome === "upgraded") return versions2.current ?? versions2.target;
  return versions2.current ?? (isAsBefore(outcome) ? versions2.previous : void 0);
}
__name(currentVersion, "currentVersion");
function isAsBefore(outcome) {
  return ["planned", "unchanged", "backed-up", "failed-before-change", "rolled-back"].includes(outcome);
}
__name(isAsBefore, "isAsBefore");

// src/report/summary.ts
var LONGEST_SUMMARY = 1024 * 1024;
function renderSummary(result) {
  for (let most = 200; ; most = Math.floor(most / 2)) {
    const summary = render(result, most);
    if (Buffer.byteLength(summary) <= LONGEST_SUMMARY || most === 0) return summary;
  }
}
__name(renderSummary, "renderSummary");
function render(result, most) {
  const isPlan = result.outcome === "planned" && result.plan?.document !== void 0;
  const parts = isPlan ? thePlan(result, most) : whatHappened(result, most);
  return `${parts.filter((part) => part !== "").join("\n\n")}
`;
}
__name(render, "render");
function thePlan(result, most) {
  return [
    verdict(result),
    about(result),
    planTable(result),
    list("\u26A0\uFE0F Warnings", result.warnings, most),
    adviceSection(result.advice, most),
    list("Not tried", result.notTried, most),
    list("If something fails", result.guarantees, most),
    planDetails(result, most)
  ];
}
__name(thePlan, "thePlan");
function whatHappened(result, most) {
  const refused = result.outcome === "failed-before-change";
  const plan = [planTable(result), planDetails(result, most)].filter(Boolean).join("\n\n");
  return [
    verdict(result),
    failure(result),
    versions(result, most),
    result.outcome === "rollback-failed" ? backup(result, most) : "",
    list("\u26A0\uFE0F Warnings", result.warnings, most),
    adviceSection(result.advice, most),
    refused ? plan : "",
    steps(result, most),
    rows(result, most),
    servers(result, most),
    result.outcome === "rollback-failed" ? "" : backup(result, most),
    list("Not tried", result.notTried, most),
    list("What this host guarantees", result.guarantees, most),
    refused || plan === "" ? "" : folded("The plan", plan)
  ];
}
__name(whatHappened, "whatHappened");
function verdict(result) {
  const { icon, word, sentence } = verdictOf(result);
  return `## ${icon} ${word}: ${text(sentence)}`;
}
__name(verdict, "verdict");
function failure({ error, steps: steps2 }) {
  if (error === void 0) return "";
  const step = steps2.find(({ name, outcome }) => name === error.step && outcome === "failed");
  const when = step === void 0 ? "" : `, after ${duration(step.seconds)}`;
  const causes = error.cause.split(/[\r\n]+/).map((line) => text(line, 4e3)).filter(Boolean);
  const cause = causes.length > 1 ? `

${causes.map((line) => `- ${line}`).join("\n")}` : ` ${causes[0] ?? "no cause was given."}`;
  return [
    `**What failed:** step ${code(error.step)}${when}:${cause}`,
    ...error.hub === "" ? [] : [`**The hub now:** ${text(error.hub)}`],
    ...error.next === "" ? [] : [`**What to do next:** ${text(error.next)}`]
  ].join("\n\n");
}
__name(failure, "failure");
function versions(result, most) {
  const { versions: versions2, revisions, notified, downtime } = result;
  const told = notified.length > 0 ? `Users were told by: ${notified.slice(0, most).map((name) => text(name, 200)).join(", ")}.` : "";
  const nobody = notified.length === 0 && downtime !== void 0 ? "**Users were not told before the stop.**" : "";
  const known = [versions2.previous, versions2.current, revisions.previous, revisions.current].some((value) => value);
  return [known ? table(...versionColumns(result)) : "", about(result), told + nobody].filter(Boolean).join("\n\n");
}
__name(versions, "versions");
function about({ host, plan, service, versions: versions2 }) {
  return [
    `Host ${code(host)}`,
    ...service === "" ? [] : [`service ${code(service)}`],
    ...versions2.target === void 0 ? [] : [`asked for JupyterHub ${code(versions2.target)}`],
    ...plan === void 0 ? [] : [`plan ${code(plan.digest.slice(0, 12))}`]
  ].join(" \xB7 ");
}
__name(about, "about");
function versionColumns(result) {
  const { outcome, versions: versions2, revisions } = result;
  const revision = revisions.current || (isAsBefore(outcome) ? revisions.previous : void 0);
  const cell = /* @__PURE__ */ __name((value) => value ? code(value) : "not known", "cell");
  const version = { name: "JupyterHub", before: cell(versions2.previous), now: cell(currentVersion(result)) };
  const schema = { name: "Database revision", before: cell(revisions.previous), now: cell(revision) };
  if (outcome === "planned") {
    const rows2 = [
      [version.name, version.now, cell(versions2.target)],
      [schema.name, schema.now, ""]
    ];
    return [["", "now", "planned"], rows2];
  }
  const both = [version, schema];
  if (isAsBefore(outcome) && outcome !== "rolled-back") return [["", "now"], both.map(({ name, now }) => [name, now])];
  return [["", "before", "now"], both.map(({ name, before, now }) => [name, before, now])];
}
__name(versionColumns, "versionColumns");
function steps(result, most) {
  if (result.steps.length < 2) return "";
  const shown = result.steps.slice(0, most);
  const cells = shown.map((step, index) => [
    `${index + 1}`,
    text(step.title, 200),
    step.side,
    step.outcome === "done" ? "done" : `**${step.outcome.replace("-", " ")}**`,
    duration(step.seconds),
    text(step.note ?? "", 300)
  ]);
  const head = ["#:", "step", "where", "end", "time:", "note"];
  return [
    "### Timeline",
    block("mermaid", timeline(result, most)),
    folded(count(result.steps.length, "step"), `${table(head, cells)}${more(result.steps.length - shown.length)}`)
  ].join("\n\n");
}
__name(steps, "steps");
function rows({ rows: rows2 }, most) {
  const { before, after } = rows2;
  const tables = [.../* @__PURE__ */ new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  if (tables.length === 0) return "";
  const shown = tables.slice(0, most).map((name) => {
    const [old, now] = [before?.[name], after?.[name]];
    const change = old !== void 0 && now !== void 0 && old !== now ? ` (${now > old ? "+" : "\u2212"}${Math.abs(now - old)})` : "";
    const cells = [
      ...before === void 0 ? [] : [`${old ?? "\u2013"}`],
      ...after === void 0 ? [] : [`${now ?? "\u2013"}`]
    ];
    return change === "" ? [code(name, 100), ...cells] : [code(name, 100), ...cells.slice(0, -1), `**${cells.at(-1)}${change}**`];
  });
  const head = before !== void 0 && after !== void 0 ? ["table", "before:", "after:"] : ["table", "rows:"];
  return `### Rows in the database

${table(head, shown)}${more(tables.length - shown.length)}`;
}
__name(rows, "rows");
function servers({ servers: servers2 }, most) {
  if (servers2.length === 0) return "";
  const looked = servers2.filter(({ survived, reached }) => survived !== void 0 || reached !== void 0);
  const counted = /* @__PURE__ */ __name((key, what) => {
    const asked = servers2.filter((server) => server[key] !== void 0);
    return asked.length === 0 ? "" : ` ${asked.filter((server) => server[key]).length} of ${asked.length} ${what}.`;
  }, "counted");
  const survival = `${counted("survived", "went on with their process")}${counted("reached", "are reached through the proxy")}`;
  const head = ["user", "server", "pid:", ...looked.length === 0 ? [] : ["now"]];
  const shown = servers2.slice(0, most).map(({ user, name, pid, survived, reached }) => [
    code(user, 100),
    name === "" ? "default" : code(name, 100),
    pid === void 0 ? "\u2013" : `${pid}`,
    ...looked.length === 0 ? [] : [state(survived, reached)]
  ]);
  const cells = `${table(head, shown)}${more(servers2.length - shown.length)}`;
  return [
    "### User servers",
    `${count(servers2.length, "server")} ran when the run began.${survival}`,
    servers2.length <= 5 ? cells : folded(count(servers2.length, "server"), cells)
  ].join("\n\n");
}
__name(servers, "servers");
function state(survived, reached) {
  if (survived === false) return "**ended**";
  if (reached === false) return "**not reached**";
  return survived === void 0 && reached === void 0 ? "not looked at" : reached ? "running, reached" : "running";
}
__name(state, "state");
function backup({ backup: backup2, run, outcome }, most) {
  if (backup2 === void 0) return "";
  const seal = {
    recipients: "sealed for the age recipients",
    passphrase: "sealed with the passphrase",
    nobody: "**not sealed**"
  };
  const proof = backup2.proven ? `Proven: it was opened again, and its database restored${backup2.provenIn === void 0 ? "" : ` into ${text(backup2.provenIn, 100)}`} and compared.` : "**Not proven by restoring it.**";
  const files = backup2.files.slice(0, most).map(({ file, size: bytes }) => [code(file), size(bytes)]);
  const rest = more(backup2.files.length - files.length);
  return [
    "### Backup",
    `${link(backup2.name, backup2.url)} \xB7 artifact ${code(String(backup2.artifactId))} \xB7 ${size(backup2.size)} \xB7 ${seal[backup2.sealedFor]}. ${proof}`,
    code(backup2.digest),
    ...files.length === 0 ? [] : [folded(`${count(backup2.files.length, "file")} in it`, `${table(["file", "size:"], files)}${rest}`)],
    folded("How to restore from it", restoring(backup2, run.id), outcome === "rollback-failed")
  ].filter((part) => part !== "").join("\n\n");
}
__name(backup, "backup");
function restoring(backup2, runId) {
  const expression = /* @__PURE__ */ __name((what) => `\${{ ${what} }}`, "expression");
  const key = {
    recipients: [`    age-identity: ${expression("secrets.BACKUP_AGE_IDENTITY")}`],
    passphrase: [`    backup-passphrase: ${expression("secrets.BACKUP_PASSPHRASE")}`],
    nobody: ["    allow-unsealed-backup: true"]
  };
  const file = shellQuote(backup2.name.replaceAll("\0", ""));
  const open = {
    recipients: [`age --decrypt --identity key.txt --output backup.tar ${file}`],
    passphrase: [`age --decrypt --output backup.tar ${file}   # asks for the passphrase`],
    nobody: [`cp ${file} backup.tar`]
  };
  return [
    "**Restore with this action:** the same step of the workflow, with these inputs instead of `target-version` (the job needs `actions: read`):",
    block("yaml", [
      "  with:",
      "    # host, username, ssh-private-key and known-hosts as before",
      "    mode: restore",
      `    run-id: ${/^\d+$/.test(runId) ? runId : JSON.stringify(runId)}`,
      `    artifact-id: ${backup2.artifactId}`,
      `    github-token: ${expression("github.token")}`,
      ...key[backup2.sealedFor]
    ]),
    "**Restore by hand:** download the artifact (it is one file), then",
    block("sh", [
      `sha256sum ${file}   # must say`,
      `# ${backup2.digest.replace(/^sha256:/, "")}`,
      ...open[backup2.sealedFor],
      "tar -xf backup.tar RESTORE.txt && cat RESTORE.txt   # and follow it"
    ])
  ].join("\n\n");
}
__name(restoring, "restoring");
function list(title, items2, most) {
  if (items2.length === 0) return "";
  const shown = items2.slice(0, most).map((item) => `- ${text(item)}`);
  return `### ${title}

${shown.join("\n")}${more(items2.length - shown.length)}`;
}
__name(list, "list");
function more(number) {
  return number > 0 ? `

\u2026 and ${number} more.` : "";
}
__name(more, "more");

// src/ssh/host.ts
import { once } from "node:events";
import { Duplex, finished } from "node:stream";
import { finished as finishedWriting } from "node:stream/promises";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as delay } from "node:timers/promises";
var CommandFailed = class extends Error {
  static {
    __name(this, "CommandFailed");
  }
  /** Exit status; null when a signal ended the command. */
  code;
  /** e.g. `SIGKILL`; null when the command exited. */
  signal;
  stdout;
  stderr;
  constructor(end) {
    const how = end.code === null ? `was killed by ${end.signal}` : `ended with exit status ${end.code}`;
    const last = end.stderr.trimEnd().split("\n").at(-1);
    super(`The command on the host ${how}${last ? `: ${last}` : "."}`);
    this.name = "CommandFailed";
    this.code = end.code;
    this.signal = end.signal;
    this.stdout = end.stdout;
    this.stderr = end.stderr;
  }
};
var CommandTimedOut = class extends Error {
  static {
    __name(this, "CommandTimedOut");
  }
  constructor(timeoutMs) {
    super(`The command on the host did not end within ${timeoutMs / 1e3} s.`);
    this.name = "CommandTimedOut";
  }
};
var ConnectionLost = class extends Error {
  static {
    __name(this, "ConnectionLost");
  }
  constructor(cause) {
    super("The SSH connection to the host was lost", { cause });
    this.name = "ConnectionLost";
  }
};
var ForwardRefused = class extends Error {
  static {
    __name(this, "ForwardRefused");
  }
  /** True when sshd does not allow forwarding, false when the address does not answer. */
  prohibited;
  constructor(address, prohibited) {
    super(prohibited ? "The host does not allow TCP forwarding over SSH." : `The host cannot connect to ${address}.`);
    this.name = "ForwardRefused";
    this.prohibited = prohibited;
  }
};
var MAX_SESSIONS = 4;
var REOPEN_AFTER_MS = [100, 400, 1600];
var MAX_STDOUT = 16 * 1024 * 1024;
var MAX_STDERR = 64 * 1024;
var MAX_LINE = 16 * 1024;
var CLOSE_GRACE_MS = 2e3;
var SshHost = class {
  static {
    __name(this, "SshHost");
  }
  #hostKey;
  #client;
  #socket;
  #lost = Promise.withResolvers();
  #tunnels = /* @__PURE__ */ new Set();
  #sessions = 0;
  #waiting = [];
  /** `hostKey` tells the presented key once it is known. */
  constructor(client, socket, hostKey) {
    this.#client = client;
    this.#socket = socket;
    this.#hostKey = hostKey;
    this.#lost.promise.catch(() => {
    });
    client.on("error", (error) => this.#lose(error));
    client.on("end", () => this.#lose());
    client.on("close", () => this.#lose());
  }
  get hostKey() {
    return this.#hostKey();
  }
  /** The result of `work`, or ConnectionLost. */
  until(work) {
    return Promise.race([this.#lost.promise, work]);
  }
  async run(command2, options = {}) {
    const { stdin, stdout, timeoutMs, signal } = options;
    const giveUp = Promise.withResolvers();
    giveUp.promise.catch(() => {
    });
    const failed = /* @__PURE__ */ __name((error) => {
      if (error) giveUp.reject(error);
    }, "failed");
    if (isStream(stdin)) finished(stdin, { writable: false }, failed);
    if (stdout) finished(stdout, { readable: false }, failed);
    const timer = timeoutMs && setTimeout(() => giveUp.reject(new CommandTimedOut(timeoutMs)), timeoutMs);
    const aborted = /* @__PURE__ */ __name(() => giveUp.reject(signal?.reason), "aborted");
    signal?.addEventListener("abort", aborted);
    if (signal?.aborted) aborted();
    const until = /* @__PURE__ */ __name((work) => Promise.race([giveUp.promise, this.until(work)]), "until");
    const slot = this.#takeSlot();
    let opening;
    try {
      await until(slot);
      opening = this.#openSession(command2, (channel) => new Conversation(channel, options, failed));
      const conversation = await until(opening);
      return await until(conversation.result);
    } catch (error) {
      opening?.then(
        (conversation) => conversation.abandon(),
        () => {
        }
      );
      for (const stream of [stdin, stdout]) if (isStream(stream)) destroy(stream, error);
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
      void slot.then(() => this.#releaseSlot());
    }
  }
  async forward(host, port) {
    try {
      const start = /* @__PURE__ */ __name((done) => this.#client.forwardOut("127.0.0.1", 0, host, port, done), "start");
      return await this.until(this.#open(start, (channel) => this.#tunnel(channel)));
    } catch (error) {
      if (!isOpenFailure(error)) throw error;
      throw new ForwardRefused(`${host} port ${port}`, error.reason === 1);
    }
  }
  async close() {
    if (this.#socket.closed) return;
    const closed = once(this.#socket, "close").catch(() => {
    });
    this.#client.end();
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_GRACE_MS);
    await closed;
    clearTimeout(timer);
  }
  #lose(cause) {
    const error = new ConnectionLost(cause);
    this.#lost.reject(error);
    for (const tunnel of this.#tunnels) tunnel.destroy(error);
    this.#socket.destroy();
  }
  #tunnel(channel) {
    const tunnel = new Tunnel(channel);
    this.#tunnels.add(tunnel);
    return tunnel.on("close", () => this.#tunnels.delete(tunnel));
  }
  async #openSession(command2, use) {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#open((done) => this.#client.exec(command2, done), use);
      } catch (error) {
        if (!isOpenFailure(error)) throw error;
        const wait = REOPEN_AFTER_MS[tries];
        if (wait === void 0) throw sessionsRefused(error);
        await delay(wait);
      }
    }
  }
  /** `use` gets the channel at once: all that is ever heard on it may be in the same packet. */
  #open(start, use) {
    return new Promise((resolve, reject) => {
      const failed = /* @__PURE__ */ __name((error) => reject(LOST.has(error.message) ? new ConnectionLost(error) : error), "failed");
      try {
        start((error, channel) => error ? failed(error) : resolve(use(channel)));
      } catch (error) {
        failed(error);
      }
    });
  }
  #takeSlot() {
    if (this.#sessions === MAX_SESSIONS) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#sessions++;
    return Promise.resolve();
  }
  #releaseSlot() {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#sessions--;
  }
};
var LOST = /* @__PURE__ */ new Set(["Not connected", "No response from server"]);
function isOpenFailure(error) {
  return error instanceof Error && "reason" in error;
}
__name(isOpenFailure, "isOpenFailure");
function sessionsRefused(cause) {
  return new UpgradeError(
    "The host refuses to open a session for a command.",
    {
      step: "connect",
      hub: "The command was not run.",
      next: "See MaxSessions in sshd_config on the host (10 by default), and whether this user may run commands at all."
    },
    { cause }
  );
}
__name(sessionsRefused, "sessionsRefused");
var Conversation = class {
  static {
    __name(this, "Conversation");
  }
  result;
  #channel;
  constructor(channel, options, failed) {
    this.#channel = channel;
    this.result = converse(channel, options, failed);
    this.result.catch(() => {
    });
  }
  /** Closes the channel and throws away what still comes: the close is seen after the end. */
  abandon() {
    this.#channel.close();
    this.#channel.unpipe();
    this.#channel.resume();
  }
};
async function converse(channel, { stdin, stdout, onStderr }, failed) {
  let end;
  channel.on("exit", (code2, signal) => {
    end = { code: code2, signal: signal ?? null };
  });
  channel.on("error", () => {
  });
  const collected = [];
  let size2 = 0;
  if (stdout) channel.pipe(stdout, { end: false });
  else {
    channel.on("data", (chunk) => {
      size2 += chunk.length;
      if (size2 <= MAX_STDOUT) collected.push(chunk);
      else failed(new Error(`The command on the host printed more than ${MAX_STDOUT / 1024 / 1024} MiB.`));
    });
  }
  const lines = new StderrLines((line) => {
    try {
      onStderr?.(line);
    } catch (error) {
      failed(error);
    }
  });
  channel.stderr.on("data", (chunk) => lines.write(chunk));
  const ends = Promise.all([once(channel, "close"), once(channel.stderr, "end")]);
  if (isStream(stdin)) stdin.pipe(channel);
  else channel.end(stdin);
  await ends;
  const stderr = lines.end();
  if (end === void 0) throw new ConnectionLost(new Error("The command ended without an exit status."));
  if (end.code !== 0) throw new CommandFailed({ ...end, stdout: Buffer.concat(collected).toString(), stderr });
  if (stdout) {
    stdout.end();
    await finishedWriting(stdout, { readable: false });
  }
  return { stdout: Buffer.concat(collected).toString(), stderr };
}
__name(converse, "converse");
function isStream(value) {
  return typeof value === "object" && "on" in value;
}
__name(isStream, "isStream");
function destroy(stream, error) {
  stream.on("error", () => {
  });
  stream.destroy?.(error);
}
__name(destroy, "destroy");
var StderrLines = class {
  static {
    __name(this, "StderrLines");
  }
  #onLine;
  #decoder = new StringDecoder();
  #rest = "";
  #tail = "";
  constructor(onLine) {
    this.#onLine = onLine;
  }
  write(chunk) {
    this.#take(this.#decoder.write(chunk));
  }
  /** The last part of all that was written. */
  end() {
    this.#take(this.#decoder.end());
    if (this.#rest !== "") this.#onLine(this.#rest);
    return this.#tail;
  }
  #take(text2) {
    this.#tail = (this.#tail + text2).slice(-MAX_STDERR);
    const lines = (this.#rest + text2).split(/\r?\n/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#onLine(line);
    if (this.#rest.length > MAX_LINE) {
      this.#onLine(this.#rest);
      this.#rest = "";
    }
  }
};
var Tunnel = class extends Duplex {
  static {
    __name(this, "Tunnel");
  }
  #channel;
  constructor(channel) {
    super();
    this.#channel = channel;
    channel.on("data", (chunk) => {
      if (!this.push(chunk)) channel.pause();
    });
    channel.on("end", () => this.push(null));
    channel.on("error", (error) => this.destroy(error));
    channel.on("close", () => this.readableEnded ? this.destroy() : this.once("end", () => this.destroy()));
  }
  _read() {
    this.#channel.resume();
  }
  _write(chunk, _encoding, done) {
    this.#channel.write(chunk, done);
  }
  _final(done) {
    this.#channel.end(done);
  }
  _destroy(error, done) {
    this.#channel.close();
    this.#channel.resume();
    done(error);
  }
};

// src/ssh/connection.ts
import { once as once2 } from "node:events";
import { connect as connectSocket } from "node:net";
import { setTimeout as delay2 } from "node:timers/promises";

// src/ssh/explain.ts
function explainConnect(connection, pins, attempt, refused, cause) {
  const address = `${connection.host} port ${connection.port}`;
  const explanation = refused.length > 0 ? hostKeyRefused(address, pins, refused) : explain(connection, address, attempt, cause);
  return connectTrouble(...explanation, cause);
}
__name(explainConnect, "explainConnect");
function connectTrouble(message, next, cause) {
  return new UpgradeError(message, { step: "connect", hub: "The hub was not touched.", next }, { cause });
}
__name(connectTrouble, "connectTrouble");
function explain({ host, port, username, privateKey, connectTimeout }, address, attempt, error) {
  if (!attempt.reached) return unreachable(host, port, connectTimeout, error);
  if (error.message.startsWith("Cannot parse privateKey")) {
    return [
      `The private key cannot be used (${error.message}).`,
      "Give an ed25519, ECDSA or RSA key that ssh-keygen can read."
    ];
  }
  if (error.level === "client-authentication" || attempt.methods.length > 0) {
    return notLoggedIn(address, username, privateKey, attempt);
  }
  const missing = /no matching (.*)$/.exec(error.message)?.[1];
  if (missing === "host key format") {
    return [
      `The SSH server at ${address} has no host key of a supported type.`,
      "Give the host an ed25519, ECDSA or RSA host key (ssh-keygen -A)."
    ];
  }
  if (missing) {
    return [
      `The SSH server at ${address} and this action have no ${missing} in common.`,
      "Allow curve25519-sha256, aes128-gcm@openssh.com and hmac-sha2-256 in sshd_config on the host."
    ];
  }
  const said = attempt.said && ` It said: ${attempt.said}`;
  const slow = error.level === "client-timeout" && error.message.startsWith("Timed out");
  if (attempt.trusted) {
    return [
      slow ? `The SSH server at ${address} did not finish the login of ${username} within ${connectTimeout} s.` : `The SSH server at ${address} closed the connection during the login of ${username}.`,
      `See the log of sshd on the host (journalctl -u ssh): the account of ${username} may be expired or locked, or a name service slow.`
    ];
  }
  if (slow && attempt.said === "") {
    return [
      `${address} accepts connections, but sent no SSH banner within ${connectTimeout} s.`,
      "See whether host and port are those of the SSH server, and not of a proxy whose backend is down."
    ];
  }
  if (slow) {
    return [
      `The SSH server at ${address} did not finish the key exchange within ${connectTimeout} s.`,
      "Raise connect-timeout, or see whether the network loses large packets (MTU)."
    ];
  }
  return [
    `${address} closed the connection before the key exchange was done.${said}`,
    "See whether this is an SSH server, and whether it turns this runner away: MaxStartups, PerSourcePenalties, fail2ban, a firewall."
  ];
}
__name(explain, "explain");
function hostKeyRefused(address, pins, refused) {
  const keys = refused.map(({ key }) => key).join(" and ");
  if (refused.some(({ why }) => why === "revoked")) {
    return [`The host key of ${address} is marked @revoked in known-hosts: ${keys}.`, "Do not connect to this host."];
  }
  return [
    `The host key of ${address} is not the pinned one: it presented ${keys}, pinned is ${pins.pinned.join(" or ")}.`,
    "Compare with ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub on the console of the host. If it was set up anew, pin the new key; if not, someone may be in the middle."
  ];
}
__name(hostKeyRefused, "hostKeyRefused");
function unreachable(host, port, connectTimeout, error) {
  const network = "See whether host and port are right and whether a firewall lets this runner in.";
  switch (error.code) {
    case "ENOTFOUND":
      return [
        `The name ${host} is unknown.`,
        "Check the host input; a name inside a private network needs a runner in that network."
      ];
    case "EAI_AGAIN":
      return [`The name ${host} could not be looked up: the name server does not answer.`, "Run the job again."];
    case "ECONNREFUSED":
      return [`${host} refuses connections on port ${port}.`, "See whether sshd runs there and whether port is right."];
    case "ETIMEDOUT":
      return [`${host} port ${port} did not answer within ${connectTimeout} s.`, network];
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return [`There is no route to ${host}.`, network];
    default:
      return [`No connection to ${host} port ${port} could be made (${error.code ?? error.message}).`, network];
  }
}
__name(unreachable, "unreachable");
function notLoggedIn(address, username, privateKey, attempt) {
  const { methods, partial } = attempt;
  if (partial) {
    return [
      `${address} accepted the key of ${username}, but also asks for ${methods.join(", ")}.`,
      "Let this user log in with the key alone (AuthenticationMethods publickey in a Match block of sshd_config)."
    ];
  }
  if (methods.length > 0 && !methods.includes("publickey")) {
    return [
      `${address} does not let ${username} log in with a key: it offers only ${methods.join(", ")}.`,
      "Allow it on the host (PubkeyAuthentication yes in sshd_config)."
    ];
  }
  return [
    `${address} did not accept the key ${describePublicHalf(privateKey)} for the user ${username}.`,
    `See whether username is right, whether ssh-keygen -lf lists this key for the authorized_keys of ${username}, and whether the account is locked or expired; the log of sshd says why.`
  ];
}
__name(notLoggedIn, "notLoggedIn");

// src/ssh/connection.ts
var KEEPALIVE = { intervalMs: 15e3, count: 4 };
var RECONNECT_AFTER_MS = [500, 2e3];
async function connect(connection, keepalive = KEEPALIVE) {
  const known = hostKeyPins(connection.trust, connection.host, connection.port);
  if ("problems" in known) throw connectTrouble(known.problems.join(" "), "Correct known-hosts or host-fingerprint.");
  const { pins } = known;
  let { algorithms } = pins;
  const refused = [];
  const patience = [...RECONNECT_AFTER_MS];
  for (; ; ) {
    const attempt = { reached: false, said: "", trusted: false, methods: [], partial: false };
    try {
      return await dial(connection, { ...pins, algorithms }, keepalive, attempt);
    } catch (error) {
      const cause = error instanceof ConnectionLost && error.cause instanceof Error ? error.cause : error;
      if (attempt.refused) {
        refused.push(attempt.refused);
        const sameType = algorithmsOf(attempt.refused.type);
        algorithms = pins.typesAreKnown ? [] : algorithms.filter((name) => !sameType.includes(name));
        if (algorithms.length > 0) continue;
      }
      const wait = closedAtOnce(attempt, cause) ? patience.shift() : void 0;
      if (wait === void 0) throw explainConnect(connection, pins, attempt, refused, cause);
      await delay2(wait);
    }
  }
}
__name(connect, "connect");
async function dial({ host, port, username, privateKey, passphrase, connectTimeout }, pins, keepalive, attempt) {
  const timeoutMs = connectTimeout * 1e3;
  const socket = await openSocket(host, port, timeoutMs);
  attempt.reached = true;
  let hostKey = "";
  const ssh = new NodeSSH();
  const ready = ssh.connect({
    sock: socket,
    username,
    privateKey,
    passphrase,
    readyTimeout: timeoutMs,
    keepaliveInterval: keepalive.intervalMs,
    keepaliveCountMax: keepalive.count,
    algorithms: { serverHostKey: [...pins.algorithms] },
    // Called again whenever the keys are exchanged anew.
    hostVerifier: /* @__PURE__ */ __name((key) => {
      hostKey = describeKey(key);
      const why = pins.refusal(key);
      if (why) attempt.refused = { type: keyType(key), key: hostKey, why };
      return why === void 0;
    }, "hostVerifier"),
    // The key alone; what the host would rather have is only noted.
    authHandler: /* @__PURE__ */ __name((methods, partial) => {
      attempt.methods = methods ?? [];
      attempt.partial = partial ?? false;
      return methods ? false : "publickey";
    }, "authHandler")
  });
  try {
    const client = ssh.connection;
    if (!client) throw await ready;
    client.on("handshake", () => {
      attempt.trusted = true;
    });
    socket.once("data", (data) => {
      attempt.said = /^[ -~]{0,100}/.exec(data.toString("latin1"))?.[0] ?? "";
    });
    const connected = new SshHost(client, socket, () => hostKey);
    await connected.until(ready);
    return connected;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
__name(dial, "dial");
async function openSocket(host, port, timeoutMs) {
  const socket = connectSocket({ host, port, noDelay: true, autoSelectFamilyAttemptTimeout: 2500 });
  const late = Object.assign(new Error("No answer"), { code: "ETIMEDOUT" });
  const timer = setTimeout(() => socket.destroy(late), timeoutMs);
  try {
    await once2(socket, "connect");
    return socket;
  } finally {
    clearTimeout(timer);
  }
}
__name(openSocket, "openSocket");
function closedAtOnce(attempt, cause) {
  if (!attempt.reached || attempt.trusted) return false;
  return cause.message === "Connection lost before handshake" || cause.code === "ECONNRESET";
}
__name(closedAtOnce, "closedAtOnce");

// src/transaction/link.ts
import { setTimeout as delay3 } from "node:timers/promises";

// src/ssh/phase.ts
var import_tar_stream = __toESM(require_tar_stream(), 1);
import { randomUUID } from "node:crypto";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

// src/ssh/receive.sh
var receive_default = '# shellcheck shell=sh\n# The constant command of every phase. On stdin: a marker, the name of the program to run, and a tar with everything.\n# It travels as one line between single quotes through whatever login shell the user has, csh and fish included:\n# no single quote, backslash or exclamation mark, and lines that can be joined with spaces.\n\nIFS= read -r marker && IFS= read -r script || exit 1;\n# What came before the marker is noise of the login shell.\necho "$marker"; echo "$marker" >&2;\numask 077; cd /;\n# A payload may be large, and /tmp is often memory.\nphase=$(mktemp -d /var/tmp/jupyterhub-upgrade.XXXXXX 2>/dev/null || mktemp -d) || exit 1;\n# Whoever finds it later can tell whether it is still in use.\necho "$$ $(cat /proc/sys/kernel/random/boot_id)" >"$phase/owner";\n# shellcheck disable=SC2317,SC2329 # called by the trap\nclean() { rm -rf "$phase"; };\ntrap clean EXIT; trap "exit 129" HUP; trap "exit 130" INT; trap "exit 143" TERM;\n# A tar that is cut between two files looks whole: the last file proves that it is.\ntar -xpozf - -C "$phase" && [ -e "$phase/complete" ] || exit 1;\n# Listed, too: so Python finds a module, also for the user of the hub. What is private in it is closed itself.\nchmod 755 "$phase";\n/bin/sh "$phase/$script" "$phase" </dev/null;\nexit;\n';

// src/ssh/phase.ts
async function runPhase(host, phase) {
  const marker = randomUUID();
  const before = [];
  let started = false;
  const onStderr = /* @__PURE__ */ __name((line) => {
    if (started) phase.onLine?.(line);
    else if (line.endsWith(marker)) started = true;
    else before.push(line);
  }, "onStderr");
  const { timeoutMs, signal } = phase;
  const framed = phase.stdout && new AfterMarker(marker, (printed) => notStarted(phase.become, [...before, printed]));
  const piped = framed && phase.stdout && pipeline(framed, phase.stdout);
  piped?.catch(() => {
  });
  const stdin = Readable.from(parcel(marker, phase));
  try {
    const { stdout } = await host.run(command(phase.become), { stdin, stdout: framed, onStderr, timeoutMs, signal });
    if (!started) throw notStarted(phase.become, [...before, stdout]);
    await piped;
    return afterMarker(stdout, marker);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    if (!started) throw notStarted(phase.become, [...before, error.stdout], error);
    const { code: code2, signal: killedBy } = error;
    const [stdout, stderr] = [afterMarker(error.stdout, marker), afterMarker(error.stderr, marker)];
    throw new CommandFailed({ code: code2, signal: killedBy, stdout, stderr });
  }
}
__name(runPhase, "runPhase");
function command(become) {
  const lines = receive_default.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return `exec ${become === "sudo" ? "sudo -n " : ""}/bin/sh -c '${lines.join(" ")}'`;
}
__name(command, "command");
async function maySudo(host) {
  const marker = randomUUID();
  const printed = /* @__PURE__ */ __name((line, input = "") => host.run(line, { stdin: Readable.from([input]) }).then(
    ({ stdout }) => stdout,
    (error) => {
      if (!(error instanceof CommandFailed)) throw error;
      return error.stdout.includes(marker) ? error.stdout : void 0;
    }
  ), "printed");
  const asked = await printed(command("sudo").replace("sudo -n ", "sudo -n -l "));
  if (asked === void 0) return false;
  return (await printed(command("sudo"), `${marker}
nothing
`))?.includes(marker) === true;
}
__name(maySudo, "maySudo");
async function* parcel(marker, phase) {
  checkNames(Object.keys(phase.programs));
  if (!Object.hasOwn(phase.programs, phase.script)) throw new TypeError(`There is no program ${phase.script} to run.`);
  yield Buffer.from(`${marker}
${phase.script}
`);
  const tar = (0, import_tar_stream.pack)();
  fill(tar, phase).catch((error) => tar.destroy(error));
  const zipped = createGzip({ level: phase.payload ? 0 : 9 });
  pipeline(tar, zipped).catch(() => {
  });
  try {
    yield* zipped;
  } finally {
    tar.destroy();
  }
}
__name(parcel, "parcel");
var MTIME = /* @__PURE__ */ new Date("2020-01-01T00:00:00Z");
async function fill(tar, { programs, parameters, payload }) {
  const add = /* @__PURE__ */ __name((name, mode, text2) => tar.entry({ name, mode, mtime: MTIME }, text2), "add");
  const folders = /* @__PURE__ */ new Set();
  const addFolder = /* @__PURE__ */ __name((name, mode) => {
    if (!folders.has(name)) tar.entry({ name, mode, mtime: MTIME, type: "directory" });
    folders.add(name);
  }, "addFolder");
  add("parameters", 384, shellAssignments(parameters));
  for (const [name, text2] of Object.entries(programs)) {
    const folder = name.includes("/") && name.slice(0, name.indexOf("/"));
    if (folder) addFolder(folder, 493);
    add(name, 420, text2);
  }
  for await (const { name, size: size2, content, mode = 384 } of payload ?? []) {
    checkNames([name]);
    addFolder("payload", 448);
    const entry = tar.entry({ name: `payload/${name}`, size: size2, mode, mtime: MTIME });
    await pipeline(content instanceof Uint8Array ? [content] : content, entry);
  }
  add("complete", 384, "");
  tar.finalize();
}
__name(fill, "fill");
function checkNames(names) {
  for (const name of names) {
    if (!/^(\w[\w.+-]{0,99}\/)?\w[\w.+-]{0,199}$/.test(name) || /^(parameters|complete|payload)(\/|$)/.test(name)) {
      throw new TypeError(`${JSON.stringify(name)} is no name for a file of a phase.`);
    }
  }
}
__name(checkNames, "checkNames");
function afterMarker(text2, marker) {
  const at = text2.indexOf(`${marker}
`);
  return at < 0 ? text2 : text2.slice(at + marker.length + 1);
}
__name(afterMarker, "afterMarker");
var AfterMarker = class extends Transform {
  static {
    __name(this, "AfterMarker");
  }
  #marker;
  #missing;
  #before = Buffer.alloc(0);
  constructor(marker, missing) {
    super();
    this.#marker = Buffer.from(`${marker}
`);
    this.#missing = missing;
  }
  _transform(chunk, _encoding, done) {
    done(null, this.#before ? this.#seek(Buffer.concat([this.#before, chunk])) : chunk);
  }
  _flush(done) {
    done(this.#before && this.#missing(this.#before.toString()));
  }
  /** What of `seen` is to be passed on. */
  #seek(seen) {
    const at = seen.indexOf(this.#marker);
    this.#before = at < 0 ? seen.subarray(-EXCERPT) : void 0;
    return at < 0 ? Buffer.alloc(0) : seen.subarray(at + this.#marker.length);
  }
};
var EXCERPT = 300;
function notStarted(become, printed, cause) {
  const text2 = printed.join(" ").replace(/[^\p{L}\p{N}\p{P}\p{S}]+/gu, " ").trim().slice(0, EXCERPT);
  if (become === "sudo" && /sudo|sorry, user/i.test(text2)) return connectTrouble(...explainSudo(text2), cause);
  return connectTrouble(
    `The host did not start /bin/sh for this user${text2 ? `: ${text2}` : "."}`,
    "The account needs a login shell (not nologin, not sftp alone), and no ForceCommand in sshd_config or command= in authorized_keys.",
    cause
  );
}
__name(notStarted, "notStarted");
function explainSudo(text2) {
  const rule = "a rule like `USER ALL=(root) NOPASSWD: ALL` in /etc/sudoers.d";
  if (/not found|unknown command/i.test(text2)) {
    return ["There is no sudo on the host.", "Connect as root, or set become to none if this user owns the hub."];
  }
  if (/must have a tty/.test(text2)) {
    return ["sudo on the host demands a terminal.", "Add `Defaults:USER !requiretty` for this user in /etc/sudoers.d."];
  }
  if (/password is required|terminal is required/.test(text2)) {
    return ["sudo on the host asks this user for a password.", `Give the user ${rule}, or connect as root.`];
  }
  if (/not in the sudoers|not allowed|may not run/.test(text2)) {
    return ["sudo on the host does not allow this user to become root.", `Give the user ${rule}, or connect as root.`];
  }
  return [`sudo on the host did not start a shell: ${text2}`, `Give the user ${rule}, or connect as root.`];
}
__name(explainSudo, "explainSudo");

// src/transaction/link.ts
var PATIENCE_MS = 10 * 6e4;
var BACK_OFF_MS = [200, 500, 1e3, 2e3, 5e3];
var Link = class {
  static {
    __name(this, "Link");
  }
  #connection;
  #host;
  become = "none";
  constructor(connection) {
    this.#connection = connection;
  }
  /** The connection, made when there is none. Throws UpgradeError with a sentence for the cause. */
  host() {
    this.#host ??= connect(this.#connection);
    return this.#host;
  }
  /** Runs a phase once. Only for what may not be repeated by itself: a lost connection is the caller's to judge. */
  async run(phase) {
    return runPhase(await this.host(), { ...phase, become: this.become });
  }
  /** Does `work` until it was not a lost connection that ended it. Only for what may be done again. */
  async again(work, onLost = () => {
  }) {
    const end = performance.now() + PATIENCE_MS;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        const isLost = error instanceof ConnectionLost || attempt > 0 && isUnreachable(error);
        if (!isLost || performance.now() > end) throw error;
        onLost(error);
        await this.drop();
        await delay3(BACK_OFF_MS[Math.min(attempt, BACK_OFF_MS.length - 1)]);
      }
    }
  }
  /** A connection to an address as the host reaches it. That to the host is made again if it was lost. */
  forward(host, port) {
    return this.again(async () => (await this.host()).forward(host, port));
  }
  async drop() {
    const host = this.#host;
    this.#host = void 0;
    await host?.then((open) => open.close()).catch(() => {
    });
  }
};
function isUnreachable(error) {
  return error instanceof Error && error.name === "UpgradeError";
}
__name(isUnreachable, "isUnreachable");

// src/transaction/job.ts
import { Writable } from "node:stream";
import { StringDecoder as StringDecoder2 } from "node:string_decoder";

// src/host/as-hub.sh
var as_hub_default = `#!/bin/sh
# as-hub.sh ENVIRONMENT_FILE DIRECTORY COMMAND...: run as the hub runs. Already the hub's user when this starts.
set -eu
environment=$1
directory=$2
shift 2
cd "$directory"
# Last: the hub's variables may have the names of ours.
if [ -n "$environment" ]; then
  # shellcheck source=/dev/null
  . "$environment"
fi
exec "$@"
`;

// src/host/backup.sh
var backup_default = `#!/bin/sh
# backup.sh PHASE_DIRECTORY: a consistent copy of the live hub as one tar on stdout: manifest.json first, then what it
# lists. Runs beside the hub, which notices nothing; a backup during somebody else's upgrade is refused.
set -u
PROGRAMS=$1
# shellcheck source=common.sh
. "$1/common.sh"
# shellcheck source=/dev/null
. "$1/parameters"
# shellcheck source=environment.sh
. "$1/environment.sh"
# shellcheck source=environments/pip.sh
. "$1/environments/$PACKAGE_MANAGER.sh"

# Within an upgrade the job's executor holds the lock already.
if [ "$HAS_JOB" != yes ]; then
  exec 9<"$HUB_DIRECTORY" || exit 1
  flock -n -s 9 || die 'another run of jupyterhub-upgrade holds this hub'
fi
# As private as the original: the hub's user makes the copy, of a file on the file's own disk.
place=\${DATABASE_PATH%/*}
if [ -z "$DATABASE_PATH" ]; then
  place=$STATE_ROOT/copies-$HUB_UID
  mkdir -p "$place" && chmod 711 "$STATE_ROOT" && chmod 700 "$place" && chown "$HUB_UID:$HUB_GID" "$place" || exit 1
fi
copy=$(as_hub_user mktemp -d "$place/.jupyterhub-upgrade-backup.XXXXXX") ||
  die "no directory for the copy can be made in $place"
printf '%s %s %s\\n' "$HUB_UID" "$HUB_GID" "$copy" >"$1/scratch"
remove_copy() { as_hub_user rm -rf "$copy"; }
trap remove_copy EXIT
trap 'exit 1' HUP INT TERM

say 'copying the database'
reach_database "$1" || die 'the way to the database could not be found out'
hubdb backup "$DATABASE" "$copy/database" >"$1/copied" || die 'the database could not be copied'

say 'collecting configuration, environment and service definition'
mkdir "$1/handed" || exit 1
packages_frozen >"$1/handed/requirements.txt" 2>/dev/null || die "$PACKAGE_MANAGER cannot list what is installed in the environment of the hub"
if [ "$SERVICE_MANAGER" = systemd ]; then
  systemctl cat "$UNIT" >"$1/handed/unit.txt" 2>/dev/null || rm -f "$1/handed/unit.txt"
  # An EnvironmentFile is root's, and so is the unit that names it; its values are in the hub's environment anyway.
  number=0
  printf '%s\\n' "$ENVIRONMENT_FILES" | while IFS= read -r file; do
    number=$((number + 1))
    [ ! -f "$file" ] || cat "$file" >"$1/handed/environment-$number"
  done
fi
# Written by the rehearsal in this run's job.
[ ! -f "$ACCESS_REPORT" ] || sed -n 2p "$ACCESS_REPORT" >"$1/handed/access.json" || exit 1
chmod 700 "$1/handed" && chown -R "$HUB_UID:$HUB_GID" "$1/handed" || exit 1
{
  printf '%s\\n' "$ORDER"
  cat "$1/copied"
} | as_hub_user "$HUB_PYTHON" -I "$PROGRAMS/bundle.py" "$copy" "$1/handed" ||
  die 'the backup could not be put together'
`;

// src/host/begin.sh
var begin_default = `#!/bin/sh
# begin.sh PHASE_DIRECTORY: make the job's directory, ship the programs into it and start its executor, detached from
# this SSH session. Starting the same job again attaches to it. Prints nothing.
set -u
phase=$1
PROGRAMS=$phase
# shellcheck source=common.sh
. "$phase/common.sh"
# shellcheck source=/dev/null
. "$phase/parameters"

# Built beside and renamed: a connection lost in the middle leaves no half job.
prepare() {
  # The hub's user goes through to the programs; who may not list a directory cannot guess its names.
  mkdir -p "$STATE/jobs" && chmod 711 "\${STATE%/*}" "$STATE" "$STATE/jobs" || return 1
  new=$(mktemp -d "$STATE/jobs/.new.XXXXXX") && chmod 711 "$new" && mkdir "$new/programs" || return 1
  (cd "$phase" && cp -R ./*.sh ./*.py services environments databases hubdb rehearsal "$new/programs/") || return 1
  find "$new/programs" -type d -exec chmod 755 {} + && find "$new/programs" -type f -exec chmod 644 {} + || return 1
  # The secret stands on the first line. A line like it further down is a part of some value.
  sed 1d "$phase/parameters" >"$new/parameters" || return 1
  head -n 1 "$phase/parameters" | grep '^HEALTH_TOKEN=' >"$new/secrets" || return 1
  hub_environment "$new/hub.env" "$HUB_BIN" && reach_database "$new" || return 1
  # Inventories, and copies of a server's tables.
  mkdir "$new/database" && chmod 700 "$new/database" && chown "$HUB_UID:$HUB_GID" "$new/database" || return 1
  if [ -d "$phase/payload/wheels" ]; then
    # For the owner of the environment to read, and for nobody to write: who installs them may be root.
    mv "$phase/payload/wheels" "$new/wheels" && chmod 755 "$new/wheels" && chmod 644 "$new/wheels"/* || return 1
  fi
  if [ -d "$phase/payload" ]; then
    # The directory stays ours: root opens its files by name.
    cp -R "$phase/payload" "$new/payload" && chmod 711 "$new/payload" || return 1
    find "$new/payload" -type f -exec chown "$HUB_UID:$HUB_GID" {} + || return 1
    [ ! -e "$new/payload/requirements" ] || chmod 644 "$new/payload/requirements" || return 1
  fi
  : >"$new/log" && : >"$new/journal" || return 1
  # A power cut must not leave a job of empty programs.
  find "$new" -type f -exec sync -- {} + 2>/dev/null || sync
  mv -T "$new" "$JOB" && flush "$STATE/jobs"
}

if [ ! -d "$JOB" ] && ! prepare; then
  rm -rf "\${new:-}"
  die "the job's directory $JOB could not be made"
fi
sh "$phase/launch.sh" "$JOB"
`;

// src/host/bundle.py
var bundle_default = '"""Collect a backup and write it as one tar to stdout: manifest.json first, then exactly what it lists.\n\nusage: bundle.py DIRECTORY HANDED\n\nReads two lines of JSON: {"manifest", "restore", "names", "collect", "handed"}, and what `hubdb backup` said of the\ndatabase\'s copy, DIRECTORY/database: its format has a text in `restore` and a name for the bundle in `names`. HANDED is\na directory of files that only root may read, one per `handed` entry.\nRuns as the hub\'s user: what that user cannot read is not in the backup, and the error says so.\n"""\n\nimport grp\nimport hashlib\nimport io\nimport json\nimport os\nimport pwd\nimport re\nimport sys\nimport tarfile\n\nBLOCK = 1 << 20\n\n\ndef owner_of(status):\n    try:\n        user = pwd.getpwuid(status.st_uid).pw_name\n    except KeyError:\n        user = str(status.st_uid)\n    try:\n        group = grp.getgrgid(status.st_gid).gr_name\n    except KeyError:\n        group = str(status.st_gid)\n    return user + ":" + group\n\n\ndef describe(source, name, path, kind, status):\n    """The entry of the manifest. A database that is no file on this host has no path."""\n    digest = hashlib.sha256()\n    size = 0\n    with open(source, "rb") as content:\n        for block in iter(lambda: content.read(BLOCK), b""):\n            digest.update(block)\n            size += len(block)\n    entry = {\n        "file": name,\n        "kind": kind,\n        "mode": "%04o" % (status.st_mode & 0o777),\n        "owner": owner_of(status),\n        "size": size,\n        "sha256": digest.hexdigest(),\n    }\n    if path is not None:\n        entry["path"] = path\n    return entry\n\n\ndef walk(path):\n    """The regular files of a path: itself, or everything below it. Links are followed only at the top."""\n    if not os.path.isdir(path):\n        return [path]\n    found = []\n    for directory, below, names in os.walk(path):\n        # Copies of ours, this backup\'s own among them.\n        below[:] = sorted(name for name in below if not name.startswith(".jupyterhub-upgrade-"))\n        for name in sorted(names):\n            whole = os.path.join(directory, name)\n            if not os.path.islink(whole) and os.path.isfile(whole):\n                found.append(whole)\n    return found\n\n\ndef add(tar, name, content, size):\n    member = tarfile.TarInfo(name)\n    member.size = size\n    member.mode = 0o600\n    tar.addfile(member, content)\n\n\ndef main():\n    directory, handed = sys.argv[1:3]\n    order = json.loads(sys.stdin.readline())\n    copied = json.loads(sys.stdin.readline())\n    manifest = order["manifest"]\n    database = manifest["database"]\n    database.update(digest=copied["digest"], format=copied["format"], file=order["names"][copied["format"]])\n    if copied.get("tool"):\n        database["tool"] = copied["tool"]\n    copy = os.path.join(directory, "database")\n    path = database.get("path")\n    # A copy of a file gets its mode and owner; of a server\'s tables it belongs to the hub\'s user alone.\n    live = os.stat(path if path is not None else copy)\n    database["mode"] = "%04o" % (live.st_mode & 0o777)\n    sources = [(copy, database["file"], path, "database", live)]\n    seen = set()\n    if path is not None:\n        # The live database is in the bundle as its consistent copy; its files beside it would be neither.\n        seen = {os.path.realpath(path) + suffix for suffix in ("", "-wal", "-shm", "-journal")}\n    for wanted in order["collect"]:\n        paths = walk(wanted["path"]) if os.path.exists(wanted["path"]) else []\n        if not paths and wanted["kind"] == "extra":\n            sys.exit("extra-backup-paths: %s does not exist or holds no file" % wanted["path"])\n        for path in paths:\n            real = os.path.realpath(path)\n            if real in seen:\n                continue\n            seen.add(real)\n            name = "%s/%d-%s" % (\n                wanted["kind"],\n                len(sources),\n                re.sub(r"[^\\w.+-]", "_", os.path.basename(path), flags=re.A),\n            )\n            sources.append((path, name, path, wanted["kind"], os.stat(path)))\n    for entry in order["handed"]:\n        source = os.path.join(handed, entry["name"])\n        path = entry["path"]\n        if os.path.exists(source) and os.path.realpath(path) not in seen:\n            status = os.stat(path if os.path.exists(path) else source)\n            sources.append((source, "%s/%s" % (entry["kind"], entry["name"]), path, entry["kind"], status))\n    if copied["format"] == "lines":\n        # No client of the server\'s own can put these back.\n        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hubdb")\n        for name in sorted(os.listdir(program)):\n            if name.endswith(".py"):\n                path = os.path.join(program, name)\n                sources.append((path, "program/hubdb/" + name, None, "program", os.stat(path)))\n    restore = order["restore"][copied["format"]].encode()\n    with open(os.path.join(directory, "RESTORE.txt"), "wb") as out:\n        out.write(restore)\n    restore_path = os.path.join(directory, "RESTORE.txt")\n    manifest["files"] = []\n    for source, name, path, kind, status in sources:\n        try:\n            manifest["files"].append(describe(source, name, path, kind, status))\n        except OSError as error:\n            sys.exit("%s cannot be backed up: %s" % (path or source, error.strerror))\n    text = json.dumps(manifest, indent=1, sort_keys=True).encode() + b"\\n"\n    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT, bufsize=BLOCK) as tar:\n        add(tar, "manifest.json", io.BytesIO(text), len(text))\n        with open(restore_path, "rb") as content:\n            add(tar, "RESTORE.txt", content, len(restore))\n        for (source, name, _, _, _), listed in zip(sources, manifest["files"]):\n            with open(source, "rb") as content:\n                add(tar, name, content, listed["size"])\n    sys.stdout.buffer.flush()\n\n\nif __name__ == "__main__":\n    main()\n';

// src/host/common.sh
var common_default = `# shellcheck shell=sh
# What every host program shares: a fixed PATH, messages, users, clocks, processes.
# POSIX sh; runs under dash and busybox. Sourced, never run.

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
LC_ALL=C
export LC_ALL
umask 077
# A process, and the uptime, are of one boot only.
BOOT=''
{ read -r BOOT </proc/sys/kernel/random/boot_id; } 2>/dev/null || :

# Lines for people go to stderr; stdout is for the machine.
say() { printf '%s\\n' "$*" >&2; }

die() {
  say "$*"
  exit 1
}

# fact NAME VALUE: one line of machine output. Base64, so that nothing in VALUE can pose as another fact.
fact() { printf '%s %s\\n' "$1" "$(printf '%s' "$2" | base64 | tr -d '\\n')"; }

# quoted VALUE: VALUE as one POSIX shell word.
quoted() {
  quoted_value=$1
  case $1 in
    *\\'*)
      # The dot keeps the newlines at the end.
      quoted_value=$(printf '%s.' "$1" | sed "s/'/'\\\\\\\\''/g")
      quoted_value=\${quoted_value%.}
      ;;
  esac
  printf "'%s'" "$quoted_value"
}

# Centiseconds since boot: a clock that no time synchronisation can set back.
now() {
  read -r now_up _ </proc/uptime
  # The one keeps a zero in front from making it octal.
  printf '%s\\n' $((\${now_up%.*} * 100 + 1\${now_up#*.} - 100))
}

# flush PATH...: on disk, files and directories, before what comes next.
flush() { sync -- "$@" 2>/dev/null || sync; }

# as_uid UID GID COMMAND...: drop to that user for good, before anything of theirs is read or run.
as_uid() {
  as_uid_uid=$1
  as_uid_gid=$2
  shift 2
  if [ "$(id -u)" = "$as_uid_uid" ]; then
    "$@"
  elif command -v setpriv >/dev/null 2>&1; then
    setpriv --reuid "$as_uid_uid" --regid "$as_uid_gid" --init-groups -- "$@"
  else
    runuser -u "$(id -un "$as_uid_uid")" -- "$@"
  fi
}

# shellcheck disable=SC2153 # a parameter
as_hub_user() { as_uid "$HUB_UID" "$HUB_GID" "$@"; }

# as_hub COMMAND...: as the hub's user, in its working directory, with the environment of its process (HUB_ENV).
# The environment is read after the drop: it is the hub user's data and may say LD_PRELOAD.
as_hub() {
  as_hub_user /bin/sh "$PROGRAMS/as-hub.sh" "$HUB_ENV" "$HUB_DIRECTORY" "$@"
}

# as_owner COMMAND...: as the owner of the environment directory, with a clean environment. What it installs is for
# other users too, the hub's among them.
as_owner() (
  umask 022
  as_uid "$ENVIRONMENT_UID" "$ENVIRONMENT_GID" env -i PATH="$PATH" LC_ALL=C.UTF-8 \\
    HOME="\${OWNER_HOME:-$(home_of "$ENVIRONMENT_UID")}" "$@"
)

home_of() {
  { getent passwd "$1" 2>/dev/null || awk -F: -v uid="$1" '$3 == uid' /etc/passwd; } | head -n 1 | cut -d: -f6
}

# start_time PID: the kernel's start time of a process, and the boot; with the pid it names a process for ever.
# What stands before the last \`) \` is its name, in which a process may write anything but NUL, newlines too.
# Nothing for a zombie: it has ended, and in a container it may stay one for ever.
start_time() {
  awk -v boot="$BOOT" '{ stat = stat $0 }
    END {
      sub(/.*\\) /, "", stat)
      split(stat, field, " ")
      if (field[1] != "Z" && field[20] != "") print field[20] "@" boot
    }' "/proc/$1/stat" 2>/dev/null
}

is_alive() { [ -n "$2" ] && [ "$(start_time "$1")" = "$2" ]; }

# kill_session SID: end every process of a session, politely, then not.
kill_session() {
  kill_session_tries=0
  while :; do
    kill_session_pids=$(session_pids "$1")
    [ -n "$kill_session_pids" ] || return 0
    [ "$kill_session_tries" -lt 100 ] || return 1
    kill_session_signal=TERM
    [ "$kill_session_tries" -lt 20 ] || kill_session_signal=KILL
    # shellcheck disable=SC2086 # a list of pids
    kill -s "$kill_session_signal" $kill_session_pids 2>/dev/null
    kill_session_tries=$((kill_session_tries + 1))
    sleep 0.1
  done
}

# Zombies do not count: their parent, not we, must reap them. The pid is that of the file's name: see start_time.
session_pids() {
  awk -v sid="$1" 'BEGIN {
    for (i = 1; i < ARGC; i++) {
      stat = ""
      while ((getline line <ARGV[i]) > 0) stat = stat line
      close(ARGV[i])
      sub(/.*\\) /, "", stat)
      split(stat, field, " ")
      split(ARGV[i], path, "/")
      if (field[4] == sid && field[1] != "Z") print path[3]
    }
  }' /proc/[0-9]*/stat
}

# clean_phases: remove what phases left that were killed, or ended by a reboot. \`owner\` in a phase's directory has pid and
# boot of its shell, \`scratch\` user, group and path of a directory that it had elsewhere.
clean_phases() {
  for clean_phase in /var/tmp/jupyterhub-upgrade.*; do
    # Anybody may make one of that name.
    if [ -L "$clean_phase" ] || [ "$(stat -c %u "$clean_phase" 2>/dev/null)" != "$(id -u)" ]; then continue; fi
    { read -r clean_pid clean_boot <"$clean_phase/owner"; } 2>/dev/null || continue
    if [ "$clean_boot" = "$BOOT" ] && [ -d "/proc/$clean_pid" ]; then continue; fi
    if { read -r clean_uid clean_gid clean_path <"$clean_phase/scratch"; } 2>/dev/null; then
      as_uid "$clean_uid" "$clean_gid" rm -rf "$clean_path"
    fi
    rm -rf "$clean_phase"
  done
}

# hub_pids: processes that are a JupyterHub (not its single-user servers, proxies or subcommands), one pid a line.
hub_pids() {
  # shellcheck disable=SC2013 # names of files, without blanks
  for hub_pids_file in $(grep -l jupyterhub /proc/[0-9]*/cmdline 2>/dev/null); do
    { tr '\\0' '\\n' <"$hub_pids_file"; } 2>/dev/null | awk '
      NR <= 8 { word[NR] = $0 }
      END {
        i = 1
        if (word[1] ~ /(^|\\/)python[0-9.]*$/) for (i = 2; word[i] ~ /^-/;) i++
        name = word[i]; sub(/.*\\//, "", name)
        next_word = word[i + 1]
        exit !(name ~ /^jupyterhub(\\.app)?$/ && next_word !~ /^(token|upgrade-db|shell)$/)
      }' && { hub_pids_pid=\${hub_pids_file#/proc/}; printf '%s\\n' "\${hub_pids_pid%/cmdline}"; }
  done
}

# capture_environment PID OUT: the process's environment as sh exports. Values never stand on a command line (ps).
capture_environment() { exports_of "/proc/$1/environ" "$2"; }

# exports_of FILE OUT: FILE is in the form of /proc/PID/environ. Left out is what no shell takes as a name or lets be set,
# and what speaks of that process only. The bytes go through od: shells cannot hold NUL.
exports_of() {
  [ -r "$1" ] || return 1
  od -An -v -to1 "$1" | awk '
    BEGIN {
      for (i = 1; i < 256; i++) byte[sprintf("%03o", i)] = sprintf("%c", i)
      byte["047"] = "\\047\\134\\047\\047"
    }
    {
      for (i = 1; i <= NF; i++) {
        if ($i != "000") { entry = entry byte[$i]; continue }
        name = substr(entry, 1, index(entry, "=") - 1)
        if (name ~ /^[A-Za-z_][A-Za-z0-9_]*$/ &&
            name !~ /^(PWD|OLDPWD|SHLVL|_|UID|EUID|PPID|OPTIND|SHELLOPTS|BASHOPTS|BASH_VERSINFO)$/ &&
            name !~ /^(NOTIFY_SOCKET|INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_EXEC_PID|MAINPID|WATCHDOG_.*|LISTEN_.*)$/)
          print "export " name "=\\047" substr(entry, length(name) + 2) "\\047"
        entry = ""
      }
    }' >"$2"
}

# environment_file: what \`systemctl show\` prints of Environment= (words, in double quotes where need be, with the escapes of
# C), in the form of an EnvironmentFile.
environment_file() {
  awk '
    BEGIN {
      for (i = 1; i < 256; i++) octal[sprintf("%03o", i)] = sprintf("%c", i)
      plain["n"] = "\\n"; plain["t"] = "\\t"; plain["r"] = "\\r"; plain["s"] = " "
      plain["a"] = "\\007"; plain["b"] = "\\010"; plain["v"] = "\\013"; plain["f"] = "\\014"
    }
    function put(word) {
      equals = index(word, "=")
      value = substr(word, equals + 1)
      gsub(/[\\\\"\`$]/, "\\\\\\\\&", value)
      if (equals > 1) print substr(word, 1, equals) "\\"" value "\\""
    }
    { text = text (NR > 1 ? "\\n" : "") $0 }
    END {
      for (i = 1; i <= length(text); i++) {
        char = substr(text, i, 1)
        if (char == "\\\\") {
          char = substr(text, ++i, 1)
          if (substr(text, i, 3) in octal) { char = octal[substr(text, i, 3)]; i += 2 }
          else if (char in plain) char = plain[char]
        } else if (char == "\\"") {
          quoted = !quoted
          continue
        } else if (char == " " && !quoted) {
          put(word)
          char = word = ""
        }
        word = word char
      }
      put(word)
    }'
}

# hub_environment OUT BIN: the environment of the hub's process (HUB_PID); where its unit (UNIT) is stopped, what systemd
# would give it. BIN comes first in its PATH: upgrade-db runs \`alembic\` by name.
hub_environment() {
  hub_environment_out=$1 hub_environment_bin=$2 hub_environment_status=0
  : >"$hub_environment_out" || return 1
  # A hub that crashes in a loop may have another process by now, or none.
  if [ -n "$HUB_PID" ] && capture_environment "$HUB_PID" "$hub_environment_out" 2>/dev/null; then
    :
  elif [ "$SERVICE_MANAGER" = systemd ] && [ "$(id -u)" = 0 ]; then
    # The values themselves cross in a file: what stands on a command line everybody can read.
    systemctl show -p Environment --value "$UNIT" | environment_file >"$hub_environment_out.unit"
    set -- --quiet --wait --pipe --collect -p "EnvironmentFile=$hub_environment_out.unit"
    hub_environment_ifs=$IFS IFS='
'
    for hub_environment_file in $(systemctl show -p EnvironmentFiles --value "$UNIT" | sed -n 's/ (ignore_errors=.*//p'); do
      set -- "$@" -p "EnvironmentFile=-$hub_environment_file"
    done
    IFS=$hub_environment_ifs
    systemd-run "$@" cat /proc/self/environ >"$hub_environment_out.raw" 2>/dev/null
    exports_of "$hub_environment_out.raw" "$hub_environment_out"
    rm -f "$hub_environment_out.raw" "$hub_environment_out.unit"
  elif [ -n "$HUB_PID" ]; then
    hub_environment_status=1
  fi
  printf "export PATH=%s:\\"\\\${PATH:-%s}\\"\\n" "$(quoted "$hub_environment_bin")" "$PATH" >>"$hub_environment_out" || return 1
  chown "$HUB_UID:$HUB_GID" "$hub_environment_out" 2>/dev/null
  return "$hub_environment_status"
}

# reach_database DIRECTORY: sets DATABASE, for hubdb. How the hub reaches a server stands in DIRECTORY/database.json then,
# with its password, for the hub's user alone.
reach_database() {
  # shellcheck disable=SC2034 # for hubdb
  DATABASE=$DATABASE_PATH
  [ "$DATABASE_DIALECT" = server ] || return 0
  # shellcheck disable=SC2034
  DATABASE=@$1/database.json
  HUB_ENV=$1/hub.env
  [ -e "$HUB_ENV" ] || hub_environment "$HUB_ENV" "$HUB_BIN" || return 1
  : >"$1/database.json" && chown "$HUB_UID:$HUB_GID" "$1/database.json" || return 1
  as_hub "$HUB_PYTHON" "$PROGRAMS/introspect.py" --database-file "$1/database.json" \\
    -f "$CONFIG_PATH" >/dev/null
}

# hubdb VERB ARGS: the hub's database from outside the hub. An SQLite file is opened as the hub's user and in isolation; a
# server as the hub itself does, as drivers depend on the environment.
hubdb() {
  set -- \${DATABASE_TOOLS:+--tools "$DATABASE_TOOLS"} "$@"
  if [ "$DATABASE_DIALECT" = sqlite ]; then
    as_hub_user "$HUB_PYTHON" -I "$PROGRAMS/hubdb" "$@"
  else
    as_hub "$HUB_PYTHON" "$PROGRAMS/hubdb" "$@"
  fi
}
`;

// src/host/databases/server.sh
var server_default = `# shellcheck shell=sh
# The hub's database is on a server: PostgreSQL, MySQL, or any other that SQLAlchemy knows. Sourced by executor.sh.
# What is done with it is done as the hub: as its user, in its directory, with its environment. Copies lie in COPIES.

# shellcheck disable=SC2034 # for steps.sh
DATABASE=@$JOB/database.json
# shellcheck disable=SC2034
MIGRATION_CONFIG=$CONFIG_PATH

# patiently TRIES COMMAND...: again, less and less often, while it says that the database cannot be reached or is locked
# (status 3), and TRIES times where it fails otherwise. One step is patient once, however many commands it has.
patiently() {
  patiently_end=\${patiently_end:-$(($(now) + DATABASE_PATIENCE * 100))}
  patiently_wait=1
  patiently_tries=$1
  shift
  while :; do
    "$@" && return 0
    patiently_status=$?
    [ "$patiently_status" -eq 3 ] || patiently_tries=$((patiently_tries - 1))
    if [ "$patiently_tries" -eq 0 ] || [ "$(now)" -gt "$patiently_end" ]; then return "$patiently_status"; fi
    say "it is tried again in $patiently_wait s"
    sleep "$patiently_wait"
    [ "$patiently_wait" -ge 30 ] || patiently_wait=$((patiently_wait * 2))
  done
}

copy_sum() { as_hub_user sha256sum "$COPIES/$1" | cut -d' ' -f1; }

# same_digest FILE FILE: whether two answers of hubdb have the same digest.
same_digest() {
  cat "$1" "$2" | as_hub_user "$HUB_PYTHON" -I -c '
import json, sys
one, other = [json.loads(line)["digest"] for line in sys.stdin]
sys.exit(one != other)'
}

# Whoever else works on the database can keep the tables locked, or write what is lost by the way back.
name_sessions() {
  sessions=$(hubdb sessions "$DATABASE" 2>/dev/null)
  case $sessions in '' | '[]') return 0 ;; esac
  say "others have sessions on the database: $sessions"
  note foreign-sessions "$sessions"
}

database_snapshot() {
  as_hub_user rm -f "$COPIES/snapshot"
  hubdb backup "$DATABASE" "$COPIES/snapshot" >"$JOB/snapshot" || return 1
  note snapshot-digest "$(copy_sum snapshot)"
  hubdb inventory "$DATABASE" "$COPIES/inventory" >/dev/null
}

database_is_kept() { [ "$(copy_sum snapshot)" = "$(noted snapshot-digest)" ]; }

database_put_back() {
  if ! database_is_kept; then
    say "the copy in $COPIES/snapshot is not what it was when it was taken: nothing was put back"
    return 1
  fi
  name_sessions
  # A connection that breaks in the middle leaves MySQL without the tables: what failed is begun again.
  if patiently 3 hubdb put-back "$DATABASE" "$COPIES/snapshot" >"$JOB/put-back"; then
    same_digest "$JOB/snapshot" "$JOB/put-back" && return 0
    say 'what is in the database now is not what was in the copy'
  fi
  say "the database was not put back; its copy of before the upgrade is $COPIES/snapshot"
  return 1
}

# What the new hub wrote before it was taken back stays readable, and is reported by key.
database_keep_new() {
  [ -z "$(noted kept-new-database)" ] || return 0
  as_hub_user rm -f "$COPIES/new"
  if ! patiently 1 hubdb inventory "$DATABASE" "$COPIES/inventory.new" >/dev/null ||
    ! patiently 1 hubdb backup "$DATABASE" "$COPIES/new" >/dev/null; then
    note lost-new-database yes
    return 0
  fi
  note kept-new-database "$COPIES/new"
  note written-to-new "$(hubdb compare "$COPIES/inventory" "$COPIES/inventory.new" 2>/dev/null)"
}

# What is there afterwards must be what the manifest says. The new hub is compared with that, too.
database_load() {
  name_sessions
  patiently 1 hubdb put-back "$DATABASE" "$JOB/payload/database" >"$JOB/loaded" || return 1
  printf '{"digest": %s}\\n' "$DATABASE_DIGEST" >"$JOB/manifest-digest"
  same_digest "$JOB/manifest-digest" "$JOB/loaded" || {
    say 'the database that was put in place is not that of the backup'
    return 1
  }
  hubdb inventory "$DATABASE" "$COPIES/inventory" >/dev/null
}

database_empty() { patiently 1 hubdb empty "$DATABASE" >/dev/null; }

# An old hub could not start without it either.
database_await() { patiently 1 hubdb revision "$DATABASE" >/dev/null; }

database_discard_snapshot() { as_hub_user rm -f "$COPIES/snapshot"; }
database_kept() { printf 'a copy of the database of before in %s/snapshot\\n' "$COPIES"; }
database_remove_kept() {
  [ -d "$STATE/jobs/$1/database" ] || return 0
  as_hub_user find "$STATE/jobs/$1/database" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
}

database_revision() { hubdb revision "$DATABASE"; }

database_compare() { compare_inventories; }

# Only of a file does upgrade-db leave copies.
database_own_copies() { :; }
database_remove_own_copies() { :; }

# The copy that an upgrade is rehearsed on is in a scratch database, as a backup's is that is proven. It is there for as
# long as this shell holds the pipe.
rehearsal_directory() { printf '%s/rehearsal\\n' "$COPIES"; }

rehearsal_copy() {
  # Nothing changes the dump itself: one is enough for all copies.
  rehearsal_dump=\${1%/*}/backup
  [ -e "$rehearsal_dump" ] || hubdb copy "$DATABASE" "$rehearsal_dump" >/dev/null || return 1
  mkfifo -m 600 "$JOB/rehearsal.pipe" && chown "$HUB_UID:$HUB_GID" "$JOB/rehearsal.pipe" || return 1
  (hubdb scratch "$DATABASE" "$rehearsal_dump" "$1/database.json" <"$JOB/rehearsal.pipe" >/dev/null 2>"$JOB/rehearsal.log") &
  rehearsal_scratch=$!
  exec 7>"$JOB/rehearsal.pipe"
  until [ -e "$1/database.json" ]; do
    kill -0 "$rehearsal_scratch" 2>/dev/null || return 3
    sleep 0.1
  done
  rehearsal_copied=@$1/database.json
  # Where the hub's role has a search path of its own in its database, the tables are not found in another.
  [ "$(hubdb revision "$rehearsal_copied" 2>"$JOB/rehearsal.log")" = "$PREVIOUS_REVISION" ] || return 3
}

rehearsal_end_copy() {
  if [ -n "\${rehearsal_scratch:-}" ]; then
    exec 7>&-
    wait "$rehearsal_scratch"
    rehearsal_scratch=''
    rm -f "$JOB/rehearsal.pipe"
  fi
  # Of one that was killed.
  [ ! -e "$JOB/rehearsal.pipe" ] || { hubdb sweep "$DATABASE" >/dev/null && rm -f "$JOB/rehearsal.pipe"; }
}
`;

// src/host/databases/sqlite.sh
var sqlite_default = `# shellcheck shell=sh
# The hub's database is an SQLite file (DATABASE_PATH, its real path). Sourced by executor.sh.
# All file work is done as the hub's user, who owns the directory: root follows no path of theirs.

# shellcheck disable=SC2034 # for steps.sh
DATABASE=$DATABASE_PATH

# shellcheck disable=SC2034
MIGRATION_CONFIG=$CONFIG_PATH
if [ "$DATABASE_URL_HAS_QUERY" = yes ]; then
  # shellcheck disable=SC2034
  MIGRATION_CONFIG=$PROGRAMS/plain-url.py
  export JUPYTERHUB_UPGRADE_CONFIG="$CONFIG_PATH" JUPYTERHUB_UPGRADE_DATABASE="$DATABASE_PATH"
fi

database_aside() { printf '%s/.jupyterhub-upgrade-%s\\n' "\${DATABASE_PATH%/*}" "\${1:-$JOB_ID}"; }

sqlite_files() { as_uid "$HUB_UID" "$HUB_GID" /bin/sh "$PROGRAMS/databases/sqlite-files.sh" "$@"; }

database_snapshot() {
  sqlite_files set-aside "$DATABASE_PATH" "$(database_aside)" || return 1
  note snapshot-digest "$(sqlite_files digest "$(database_aside)/snapshot")"
}

# Whether the snapshot is what it was when it was taken.
database_is_kept() { [ "$(sqlite_files digest "$(database_aside)/snapshot")" = "$(noted snapshot-digest)" ]; }

database_put_back() {
  if ! database_is_kept; then
    say "the snapshot in $(database_aside) is not what it was when it was taken: nothing was put back"
    return 1
  fi
  sqlite_files put-back "$DATABASE_PATH" "$(database_aside)" || return 1
  [ "$(sqlite_files digest "$DATABASE_PATH")" = "$(noted snapshot-digest)" ]
}

# What the new hub wrote before it was taken back stays readable, and is reported by key.
database_keep_new() {
  sqlite_files keep-new "$DATABASE_PATH" "$(database_aside)" || {
    note lost-new-database yes
    return 0
  }
  note kept-new-database "$(database_aside)/new"
  hubdb inventory "$(database_aside)/snapshot" "$COPIES/inventory" >/dev/null &&
    hubdb inventory "$(database_aside)/new" "$COPIES/inventory.new" >/dev/null || return 0
  note written-to-new "$(hubdb compare "$COPIES/inventory" "$COPIES/inventory.new")"
}

# The payload is root's until now: it comes over stdin. What is there afterwards must be what the manifest says.
database_load() {
  sqlite_files load "$DATABASE_PATH" <"$JOB/payload/database" || return 1
  [ "$(sqlite_files digest "$DATABASE_PATH")" = "$DATABASE_SIZE:$DATABASE_SHA256 " ] && return 0
  say 'the database that was put in place is not that of the backup'
  return 1
}

database_discard_snapshot() { sqlite_files discard "$DATABASE_PATH" "$(database_aside)"; }
database_kept() { printf 'the database of before in %s/snapshot\\n' "$(database_aside)"; }
database_remove_kept() { sqlite_files remove "$(database_aside "$1")"; }

database_revision() { hubdb revision "$DATABASE_PATH"; }

# Of a file the inventory of before can wait until the hub is up again.
database_compare() {
  compare_with=$(database_aside)/snapshot
  if [ -e "$JOB/payload/database" ]; then compare_with=$JOB/payload/database; fi
  hubdb inventory "$compare_with" "$COPIES/inventory" >/dev/null && compare_inventories
}

# The file is set aside already.
database_empty() { sqlite_files empty "$DATABASE_PATH"; }

database_await() { :; }

# upgrade-db leaves a copy beside the database at every try, as jupyterhub.sqlite.<date>: they fill disks.
database_own_copies() { sqlite_files own-copies "$DATABASE_PATH"; }
database_remove_own_copies() { sqlite_files remove-own-copies "$DATABASE_PATH" "$1"; }

# The copy that an upgrade is rehearsed on lies beside the database: there is room for it, and it is as private.
rehearsal_directory() { printf '%s/.jupyterhub-upgrade-%s-rehearsal\\n' "\${DATABASE_PATH%/*}" "$JOB_ID"; }

rehearsal_copy() {
  rehearsal_copied=$1/jupyterhub.sqlite
  hubdb backup "$DATABASE_PATH" "$rehearsal_copied" >/dev/null
}

rehearsal_end_copy() { :; }
`;

// src/host/databases/sqlite-files.sh
var sqlite_files_default = `#!/bin/sh
# sqlite-files.sh VERB PATHS...: the files of an SQLite database (with -wal and -journal), set aside and put back.
# Runs as the hub's user while the hub is stopped. -shm is SQLite's own scratch: rebuilt at the next open.
# Every verb may be killed and run again.
set -eu
umask 077

flush() { sync -- "$@" 2>/dev/null || sync; }

# place_link FROM TO: TO becomes FROM's file by one rename, FROM stays. The name in between may be left from a run that was
# cut, as a second name of a file that must not be written to.
place_link() {
  rm -f "$2.jupyterhub-upgrade"
  # shellcheck disable=SC3013 # dash and busybox know -ef; mv refuses two names of one file
  [ ! "$1" -ef "$2" ] || return 0
  ln "$1" "$2.jupyterhub-upgrade"
  mv -f "$2.jupyterhub-upgrade" "$2"
}

place_copy() {
  rm -f "$2.jupyterhub-upgrade"
  cp -p --reflink=auto "$1" "$2.jupyterhub-upgrade" 2>/dev/null || cp -p "$1" "$2.jupyterhub-upgrade"
  flush "$2.jupyterhub-upgrade"
  mv -f "$2.jupyterhub-upgrade" "$2"
}

case $1 in
  # The original file is set aside by a second name and a copy takes its place: the way back is a rename.
  set-aside)
    database=$2 aside=$3
    mkdir -p "$aside"
    [ -f "$database" ] || [ -e "$aside/snapshot" ] || : >"$aside/absent"
    for suffix in '' -wal -journal; do
      [ -f "$database$suffix" ] || continue
      [ -e "$aside/snapshot$suffix" ] || ln "$database$suffix" "$aside/snapshot$suffix"
      place_copy "$aside/snapshot$suffix" "$database$suffix"
    done
    flush "$aside"/* "$aside" "\${database%/*}"
    ;;
  # First the new log goes (it belongs to the new file), then the old file comes, then its own log.
  put-back)
    database=$2 aside=$3
    rm -f "$database-wal" "$database-journal" "$database-shm"
    [ ! -e "$aside/absent" ] || rm -f "$database"
    for suffix in '' -wal -journal; do
      [ ! -f "$aside/snapshot$suffix" ] || place_link "$aside/snapshot$suffix" "$database$suffix"
    done
    flush "$database" "\${database%/*}"
    ;;
  empty) rm -f "$2-wal" "$2-journal" "$2-shm" "$2" ;;
  keep-new)
    database=$2 aside=$3
    [ ! -e "$aside/new" ] || exit 0
    # Second names, which need no room: put-back takes the first ones away.
    for suffix in -wal -journal ''; do
      [ ! -f "$database$suffix" ] || [ -e "$aside/new$suffix" ] || ln "$database$suffix" "$aside/new$suffix"
    done
    ;;
  # A backup's file (stdin) becomes the database, with the mode that the old one had.
  load)
    database=$2
    rm -f "$database-wal" "$database-journal" "$database-shm" "$database.jupyterhub-upgrade"
    [ ! -e "$database" ] || cp -p "$database" "$database.jupyterhub-upgrade"
    cat >"$database.jupyterhub-upgrade"
    flush "$database.jupyterhub-upgrade"
    mv -f "$database.jupyterhub-upgrade" "$database"
    ;;
  # Size and digest of the file and its logs, one line.
  digest)
    for suffix in '' -wal -journal; do
      [ ! -f "$2$suffix" ] || printf '%s%s:%s ' "$(wc -c <"$2$suffix")" "$suffix" "$(sha256sum <"$2$suffix" | cut -d' ' -f1)"
    done
    echo
    ;;
  # After a rollback: the snapshot is the live file again; what the new hub wrote stays.
  discard)
    database=$2 aside=$3
    # Names of copies that were cut.
    rm -f "$database.jupyterhub-upgrade" "$database-wal.jupyterhub-upgrade" "$database-journal.jupyterhub-upgrade"
    rm -f "$aside/snapshot" "$aside/snapshot-wal" "$aside/snapshot-journal" "$aside/snapshot-shm" "$aside/absent"
    rmdir "$aside" 2>/dev/null || :
    ;;
  remove) rm -rf "$2" ;;
  own-copies) find "\${2%/*}" -maxdepth 1 -type f -name "\${2##*/}.[0-9][0-9][0-9][0-9]-[0-9]*" | sort ;;
  remove-own-copies)
    sh "$0" own-copies "$2" | while IFS= read -r copy; do
      printf '%s\\n' "$3" | grep -qxF -- "$copy" || rm -f "$copy"
    done
    ;;
esac
`;

// src/host/discover.sh
var discover_default = `#!/bin/sh
# discover.sh PHASE_DIRECTORY: what is to be known of the hub, without touching it. Prints one "<name> <base64>" a line;
# what could not be found out is absent. The environment of the hub's process is used and never printed.
# KNOWN_*: what a backup says of the hub that is to be restored, for what a hub that is down or broken cannot tell. Empty
# in all other modes.
set -u
PROGRAMS=$1
# shellcheck source=common.sh
. "$1/common.sh"
# shellcheck source=/dev/null
. "$1/parameters"
# It goes with the phase, however that ends.
private=$1/private
mkdir "$private" || die 'no temporary directory can be made'
chmod 711 "$private"

clean_phases
fact uid "$(id -u)"
fact user "$(id -un)"
fact os "$(sed -n 's/^PRETTY_NAME=//p' /etc/os-release 2>/dev/null | tr -d '"')"
missing=''
for tool in flock setsid tar base64 sha256sum timeout awk grep sed dd stat find readlink; do
  command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
fact missing-tools "$missing"

# Jobs without a verdict, and those of the run that made the backup: "<alive|dead|VERDICT> <directory> <owner>", then the
# unit, the configuration and the directory of their hub.
state_root=/var/lib/jupyterhub-upgrade
[ "$(id -u)" = 0 ] || state_root=$(home_of "$(id -u)")/.local/state/jupyterhub-upgrade
fact state-root "$state_root"
fact jobs "$(for journal in "$state_root"/*/jobs/*/journal; do
  [ -f "$journal" ] || continue
  job=\${journal%/journal}
  owner=$(sed -n 's/^[0-9]* [0-9]* open - //p' "$journal" | head -n 1)
  life=$(sed -n 's/^[0-9]* [0-9]* verdict - //p' "$journal" | head -n 1)
  if [ -n "$life" ]; then
    [ "$owner" = "$KNOWN_RUN" ] || continue
    # A restore of that run says nothing of what became of its upgrade.
    ! grep -q '^STEPS=.*load' "$job/parameters" || continue
  elif read -r job_pid job_start <"$job/executor" && is_alive "$job_pid" "$job_start"; then
    life=alive
  else
    life=dead
  fi
  printf '%s %s %s\\n' "$life" "$job" "$owner"
  # shellcheck source=/dev/null
  (. "$job/parameters" && printf '%s\\n%s\\n%s\\n' "$UNIT" "$CONFIG_PATH" "$HUB_DIRECTORY")
done 2>/dev/null)"

# What jobs left: "<before|taken-back> <directory> <owner>", then the unit, the configuration and the directory of their
# hub, the release that was set aside, when, and where it is.
fact kept "$(for kept in "$state_root"/*/kept; do
  while read -r kept_kind kept_job; do
    job=\${kept%/kept}/jobs/$kept_job
    if [ ! -f "$job/journal" ] || [ ! -f "$job/parameters" ]; then continue; fi
    printf '%s %s %s\\n' "$kept_kind" "$job" "$(sed -n 's/^[0-9]* [0-9]* open - //p' "$job/journal" | head -n 1)"
    # shellcheck source=/dev/null
    (
      . "$job/parameters" && printf '%s\\n%s\\n%s\\n' "$UNIT" "$CONFIG_PATH" "$HUB_DIRECTORY"
      if [ "$kept_kind" = before ]; then printf '%s\\n' "$PREVIOUS_VERSION"; else printf '%s\\n' "$TARGET_VERSION"; fi
    )
    date -u -r "$job/journal" '+%Y-%m-%d %H:%M UTC'
    sed -n 's/^[0-9]* [0-9]* note [a-z-]* kept\\(-new-database\\)\\{0,1\\} \\(..*\\)$/\\2/p' "$job/journal" | paste -sd ';' -
  done <"$kept"
done 2>/dev/null)"

# --- the service: from systemd's own properties, or from the running process -------------------------------------------

unit_property() { systemctl show -p "$1" --value "$UNIT" 2>/dev/null; }

[ ! -d /run/systemd/system ] || fact has-systemd yes
manager=$SERVICE_MANAGER
if [ "$manager" = auto ]; then
  manager=none
  if [ -d /run/systemd/system ] && [ "$(unit_property LoadState)" = loaded ]; then manager=systemd; fi
fi
fact service-manager "$manager"

pid='' directory='' interpreter='' arguments='' user=''
if [ "$manager" = systemd ]; then
  fact unit-properties "$(systemctl show "$UNIT" -p LoadState,ActiveState,SubState,MainPID,NRestarts,Result,Restart,KillMode,User,Group,WorkingDirectory,FragmentPath,DropInPaths,UnitFileState,TimeoutStopUSec,Type,EnvironmentFiles)"
  pid=$(unit_property MainPID)
  [ "\${pid:-0}" -gt 0 ] || pid=''
  # An ExecStart that is a wrapper: the hub is the process in the unit's control group.
  for candidate in $(hub_pids); do
    if grep -q "/$UNIT\\$" "/proc/$candidate/cgroup" 2>/dev/null; then
      pid=$candidate
      break
    fi
  done
  user=$(unit_property User)
  directory=$(unit_property WorkingDirectory)
  arguments=$(systemctl show -p ExecStart "$UNIT" | sed -n 's/.*argv\\[\\]=\\(.*\\) ; ignore_errors=.*/\\1/p' | head -n 1 | tr ' ' '\\n')
else
  found=''
  for candidate in $(hub_pids); do
    candidate_directory=$(readlink "/proc/$candidate/cwd" 2>/dev/null) || continue
    if [ -n "$CONFIG_PATH" ]; then
      # The hub that was started with this configuration, or stands in its directory and was given none.
      tr '\\0' '\\n' <"/proc/$candidate/cmdline" | sed 's/^--config=//; s/^-f=//' | grep -qxF -e "$CONFIG_PATH" -e "\${CONFIG_PATH#"$candidate_directory"/}" ||
        [ "$candidate_directory/jupyterhub_config.py" = "$CONFIG_PATH" ] || continue
    elif [ -n "$KNOWN_DIRECTORY" ]; then
      [ "$candidate_directory" = "$KNOWN_DIRECTORY" ] || continue
    fi
    found="$found $candidate"
  done
  # shellcheck disable=SC2086 # a list of pids
  set -- $found
  fact hubs "$(for candidate; do printf '%s %s\\n' "$candidate" "$(readlink "/proc/$candidate/cwd")"; done)"
  [ "$#" -ne 1 ] || pid=$1
fi

if [ -n "$pid" ]; then
  fact pid "$pid"
  directory=$(readlink "/proc/$pid/cwd" 2>/dev/null)
  arguments=$(tr '\\0' '\\n' <"/proc/$pid/cmdline" 2>/dev/null)
  HUB_UID=$(stat -c %u "/proc/$pid")
  HUB_GID=$(stat -c %g "/proc/$pid")
elif [ "$manager" = systemd ]; then
  HUB_UID=$(id -u "\${user:-root}" 2>/dev/null)
  HUB_GID=$(id -g "\${user:-root}" 2>/dev/null)
elif [ "$manager" = commands ] && [ -n "$KNOWN_USER" ] && [ -z "$found" ]; then
  directory=$KNOWN_DIRECTORY
  HUB_UID=$(id -u -- "$KNOWN_USER" 2>/dev/null)
  HUB_GID=$(id -g -- "$KNOWN_USER" 2>/dev/null)
fi
[ -n "\${HUB_UID:-}" ] || exit 0
fact hub-uid "$HUB_UID"
fact hub-gid "$HUB_GID"
fact hub-user "$(id -un "$HUB_UID" 2>/dev/null)"
# Everything from here on is done as the hub's user.
[ "$(id -u)" = 0 ] || [ "$(id -u)" = "$HUB_UID" ] || exit 0
HUB_DIRECTORY=\${directory:-/}
fact directory "$HUB_DIRECTORY"

# The interpreter: the first argument when it is a python, else the one beside the jupyterhub script.
first=$(printf '%s\\n' "$arguments" | head -n 1)
case \${first##*/} in
  python*) interpreter=$first ;;
  jupyterhub)
    interpreter=\${first%/*}/python
    # Outside of an environment it is not beside its commands.
    [ -x "$interpreter" ] || interpreter=$(sed -n '1s/^#! *\\(\\/[^ ]*\\).*/\\1/p' "$first")
    ;;
esac
[ -n "$interpreter" ] || interpreter=$KNOWN_PYTHON
[ -z "$ENVIRONMENT_PATH" ] || interpreter=$ENVIRONMENT_PATH/bin/python
[ -n "$interpreter" ] || exit 0

HUB_ENV=$private/hub.env
HUB_PID=$pid SERVICE_MANAGER=$manager
hub_environment "$HUB_ENV" "\${interpreter%/*}" 2>/dev/null

# The hub's own arguments, behind the interpreter and the program; a configuration given as input takes its place.
printf '%s\\n' "$arguments" | awk -v config="$CONFIG_PATH" '
  NR == 1 && /(^|\\/)python[0-9.]*$/ { python = 1; next }
  python && /^-/ && !program { next }
  !program { program = 1; next }
  config != "" && skip { skip = 0; next }
  config != "" && /^(-f|--config)$/ { skip = 1; next }
  config != "" && /^(-f|--config)=/ { next }
  { print }' >"$private/arguments"
set --
while IFS= read -r argument; do set -- "$@" "$argument"; done <"$private/arguments"
config=$CONFIG_PATH
[ -n "$config$arguments" ] || config=$KNOWN_CONFIG
[ -z "$config" ] || set -- "$@" -f "$config"

: >"$private/database.json"
chown "$HUB_UID:$HUB_GID" "$private/database.json" 2>/dev/null
load_start=$(now)
as_hub "$interpreter" "$PROGRAMS/introspect.py" --database-file "$private/database.json" "$@" >"$private/introspect" 2>"$private/introspect.log"
fact load-centiseconds $(($(now) - load_start))
fact introspect "$(cat "$private/introspect")"
is_broken=no
if [ ! -s "$private/introspect" ]; then
  fact introspect-failed "$(tail -n 5 "$private/introspect.log")"
  # Whether it is the environment that is broken, or what the hub is configured with.
  code=$(as_hub "$interpreter" -c 'import jupyterhub.app; print(jupyterhub.__version__)' 2>/dev/null)
  fact code "$code"
  [ -n "$code" ] || is_broken=yes
  fact python "$(as_hub "$interpreter" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null)"
fi

# value NAME: a string of introspect's flat or nested output, by the hub's own json.
value() {
  as_uid "$HUB_UID" "$HUB_GID" "$interpreter" -I -c '
import json, sys
found = json.load(sys.stdin)
for key in sys.argv[1].split("."):
    found = found.get(key) if isinstance(found, dict) else None
sys.stdout.write(found if isinstance(found, str) else "")' "$1" <"$private/introspect" 2>/dev/null
}

# --- database ----------------------------------------------------------------------------------------------------------

environment=$(value python.prefix)
ENVIRONMENT_PATH=$(readlink -f "\${ENVIRONMENT_PATH:-\${environment:-\${interpreter%/bin/*}}}")
HUB_PYTHON=$ENVIRONMENT_PATH/bin/python
HUB_BIN=$ENVIRONMENT_PATH/bin
PLACE=environment
# shellcheck source=environments/detect.sh
. "$PROGRAMS/environments/detect.sh"
kind=$(environment_kind)
[ "$kind" != none ] || find_place
# What a distribution installed, and nobody but the hub's user is to run what the hub names.
is_foreign=no
if [ "$kind" = none ] && [ "$PLACE" = environment ]; then is_foreign=yes HUB_PYTHON=$interpreter; fi
DATABASE_DIALECT=$(value database.dialect)
DATABASE=$(value database.path)
if [ ! -s "$private/introspect" ] && [ -n "$KNOWN_DATABASE" ]; then
  DATABASE_DIALECT=sqlite
  DATABASE=$KNOWN_DATABASE
fi
copies=$state_root copier=as_self
if [ "$DATABASE_DIALECT" = sqlite ]; then
  [ -z "$DATABASE" ] || DATABASE=$(as_hub_user readlink -f "$DATABASE")
  copies=\${DATABASE%/*} copier=as_hub_user
elif [ -n "$DATABASE_DIALECT" ]; then
  DATABASE_DIALECT=server
  DATABASE=@$private/database.json
  if [ -n "$DATABASE_TOOLS" ] && as_hub_user test -d "$DATABASE_TOOLS"; then fact database-tools "$DATABASE_TOOLS"; fi
fi
if [ -n "$DATABASE" ]; then
  [ "$DATABASE_DIALECT" = server ] || fact database-path "$DATABASE"
  database_facts=$(hubdb facts \${CANARY_USER:+--user "$CANARY_USER"} "$DATABASE" 2>"$private/database.log")
  fact database-facts "$database_facts"
  fact database-log "$(tail -n 5 "$private/database.log")"
  [ "$DATABASE_DIALECT" != server ] || fact database-sessions "$(hubdb sessions "$DATABASE" 2>/dev/null)"
  # What only the database knows. A file is read in a moment.
  if [ "$DATABASE_STRATEGY" = fresh ] || [ "$DATABASE_DIALECT" = sqlite ]; then
    fact database-loss "$(hubdb loss "$DATABASE" "$private/database.json" 2>/dev/null)"
  fi
fi

# Others that hold what the new hub will need. The proxy that a hub leaves running is no child of it.
if [ -n "$pid" ] && [ -s "$private/introspect" ]; then
  database_file=$DATABASE
  [ "$DATABASE_DIALECT" != server ] || database_file=''
  # shellcheck disable=SC2046 # numbers
  fact neighbours "$(as_hub_user "$interpreter" -I "$PROGRAMS/neighbours.py" "$pid" "$database_file" $(value ports) 2>/dev/null)"
  fact other-hubs "$(for candidate in $(hub_pids); do
    [ "$candidate" = "$pid" ] || printf '%s %s\\n' "$candidate" "$(readlink "/proc/$candidate/cwd")"
  done 2>/dev/null)"
fi

# --- environment -------------------------------------------------------------------------------------------------------

environment=$ENVIRONMENT_PATH
if [ -n "$environment" ] && [ -d "$environment" ]; then
  parent=\${environment%/*}
  fact environment-path "$environment"
  fact environment-owner "$(stat -c '%u %g' "$environment")"
  fact environment-parent-owner "$(stat -c '%u %g %a' "\${parent:-/}")"
  fact environment-kib "$(du -sk "$environment" 2>/dev/null | cut -f1)"
  fact environment-files "$(find "$environment" 2>/dev/null | wc -l)"
  ENVIRONMENT_UID=$(stat -c %u "$environment")
  ENVIRONMENT_GID=$(stat -c %g "$environment")
  fact environment-kind "$kind"
  fact environment-place "$PLACE"
  fact environment-bin "$HUB_BIN"
  [ "$kind" != conda ] || conda_facts
  [ "$is_foreign" = no ] || HUB_PYTHON=$environment/bin/python
  fact environment-python "$HUB_PYTHON"
  if [ "$is_foreign" = no ] && { [ "$(id -u)" = 0 ] || [ "$(id -u)" = "$ENVIRONMENT_UID" ]; }; then
    # shellcheck source=environment.sh
    . "$PROGRAMS/environment.sh"
    detect_manager
    fact package-manager "$PACKAGE_MANAGER"
    fact package-tool "$PACKAGE_TOOL"
    fact package-tool-version "$(packages_version)"
    fact packages "$(environment_python "$PROGRAMS/packages.py" installed 2>/dev/null)"
    as_owner test -w "$HUB_BIN" || fact environment-read-only yes
    # shellcheck source=environments/pip.sh
    . "$PROGRAMS/environments/$PACKAGE_MANAGER.sh"
    fact requirements "$(packages_frozen 2>/dev/null)"
    [ "$TARGET_VERSION" != latest ] || fact versions "$(packages_versions)"
  fi
fi
[ "$UPGRADE_PROXY" != yes ] || (proxy_facts)
# Users' servers that run from the hub's own environment: an exchange happens under their feet.
fact servers-from-environment "$(for server in $(printf '%s' "\${database_facts:-}" | tr ',' '\\n' | sed -n 's/.*"pid": \\([0-9]*\\).*/\\1/p'); do
  case $(tr '\\0' '\\n' <"/proc/$server/cmdline" | head -n 1) in "$environment"/*) printf '%s ' "$server" ;; esac
done 2>/dev/null)"
if [ "$(id -u)" = 0 ]; then
  unshare --mount --propagation private true 2>/dev/null && fact private-mount root
else
  unshare --user --map-root-user --mount --propagation private true 2>/dev/null && fact private-mount user
fi

# --- where an upgrade writes -------------------------------------------------------------------------------------------

as_self() { "$@"; }
as_parent_owner() { as_uid "$(stat -c %u "\${environment%/*}/")" "$(stat -c %g "\${environment%/*}/")" "$@"; }

# place NAME PATH WHO: the disk of a directory, or of the nearest that is there, and whether WHO may write to it.
place() {
  place_path=$2
  until [ -d "\${place_path:-/}" ]; do place_path=\${place_path%/*}; done
  place_path=\${place_path:-/}
  place_writable=no
  if "$3" test -w "$place_path" 2>/dev/null; then place_writable=yes; fi
  place_quota=no
  awk -v at="$(stat -c %m "$place_path")" '{ gsub(/\\\\040/, " ", $2) } $2 == at && $4 ~ /(^|,)([ugp]|usr|grp|prj)?j?quota(,|=|$)/ { found = 1 }
    END { exit !found }' /proc/self/mounts && place_quota=yes
  place_files=$(df -Pi "$place_path" 2>/dev/null | awk 'NR == 2 && $2 > 0 { print $4 }')
  printf '%s %s %s %s %s %s %s\\n' "$1" "$(stat -c %d "$place_path")" "$(df -Pk "$place_path" | awk 'NR == 2 { print $4 }')" \\
    "\${place_files:--}" "$place_writable" "$place_quota" "$place_path"
}

fact places "$(
  [ -z "$environment" ] || place environment "\${environment%/*}" as_parent_owner
  place database "$copies" "$copier"
  place state "$state_root" as_self
  place phases /var/tmp as_self
  if [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ]; then place units /etc/systemd/system as_self; fi
)"

# --- the notice on the hub's pages, other files ---------------------------------------------------------------------------

template=$(value page_template)
if [ -n "$template" ] && [ -f "$template" ]; then
  template=$(readlink -f "$template")
  fact template-path "$template"
  fact template-owner "$(stat -c '%u %g' "$template")"
  if grep -q '{%-\\{0,1\\} *block *announcement' "$template"; then fact template-block yes; fi
fi
`;

// src/host/environment.py
var environment_default = '"""What can be said of and done with an environment as a directory tree.\n\nusage: python3 -I environment.py fingerprint DIRECTORY [--except PATH]...\n       python3 -I environment.py digest DIRECTORY [--except PATH]...\n       python3 -I environment.py exchange A B\n       python3 -I environment.py free DIRECTORY\n\n`fingerprint` covers names, types, modes, sizes and times (fast), `digest` contents in place of times. Both leave out\n`__pycache__`, which running code rewrites, and the given paths, absolute or relative to DIRECTORY. `exchange` swaps two\ndirectories in one step; status 3 where kernel or file system cannot. JSON on stdout, one sentence on stderr when it\nfails (status 1).\n"""\n\nimport argparse\nimport errno\nimport hashlib\nimport json\nimport os\nimport stat\nimport sys\n\nUNSUPPORTED = 3\nAT_FDCWD = -100\nRENAME_EXCHANGE = 2\n# The number of renameat2(2), for C libraries that are older than the kernel.\nRENAMEAT2 = {"x86_64": 316, "aarch64": 276, "riscv64": 276, "ppc64le": 357, "s390x": 347, "armv7l": 382, "i686": 353}\n\n\nclass Refused(Exception):\n    """Why the work was not done, one sentence for people."""\n\n\nclass Unsupported(Exception):\n    """The kernel or the file system cannot do it."""\n\n\ndef walk(root, excepted):\n    """Path relative to root, DirEntry and status of everything below root, in an order that only names decide."""\n    waiting = [b""]\n    while waiting:\n        directory = waiting.pop()\n        with os.scandir(os.path.join(root, directory)) as entries:\n            ordered = sorted(entries, key=lambda entry: entry.name)\n        for entry in ordered:\n            path = os.path.join(directory, entry.name)\n            if entry.name == b"__pycache__" or path in excepted:\n                continue\n            status = entry.stat(follow_symlinks=False)\n            yield path, entry, status\n            if stat.S_ISDIR(status.st_mode):\n                waiting.append(path)\n\n\ndef excepted_paths(root, given):\n    """The given paths relative to root, whose own name and parents may be links."""\n    found = set()\n    for path in given:\n        path = os.fsencode(path)\n        if os.path.isabs(path):\n            parent, name = os.path.split(path)\n            path = os.path.relpath(os.path.join(os.path.realpath(parent), name), root)\n        found.add(os.path.normpath(path))\n    return found\n\n\ndef content_of(path):\n    digest = hashlib.sha256()\n    with open(path, "rb") as file:\n        for block in iter(lambda: file.read(1 << 20), b""):\n            digest.update(block)\n    return digest.digest()\n\n\ndef tree_digest(directory, given, contents):\n    root = os.path.realpath(os.fsencode(directory))\n    excepted = excepted_paths(root, given)\n    digest = hashlib.sha256()\n    entries = size = 0\n    for path, entry, status in walk(root, excepted):\n        fields = [path, b"%o" % status.st_mode]\n        if stat.S_ISLNK(status.st_mode):\n            fields.append(os.readlink(entry.path))\n        elif stat.S_ISREG(status.st_mode):\n            size += status.st_size\n            fields.append(b"%d" % status.st_size)\n            fields.append(content_of(entry.path) if contents else b"%d" % status.st_mtime_ns)\n        # The time and size of a directory change with its __pycache__.\n        for field in fields:\n            digest.update(b"%d:" % len(field) + field)\n        digest.update(b"\\n")\n        entries += 1\n    return {"digest" if contents else "fingerprint": digest.hexdigest(), "entries": entries, "bytes": size}\n\n\ndef renameat2(a, b):\n    try:\n        import ctypes\n    except ImportError:\n        return errno.ENOSYS\n    libc = ctypes.CDLL(None, use_errno=True)\n    arguments = (AT_FDCWD, ctypes.c_char_p(a), AT_FDCWD, ctypes.c_char_p(b), ctypes.c_uint(RENAME_EXCHANGE))\n    if hasattr(libc, "renameat2"):\n        result = libc.renameat2(*arguments)\n    elif os.uname().machine in RENAMEAT2:\n        result = libc.syscall(ctypes.c_long(RENAMEAT2[os.uname().machine]), *arguments)\n    else:\n        return errno.ENOSYS\n    return 0 if result == 0 else ctypes.get_errno()\n\n\ndef sync_directory(path):\n    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)\n    try:\n        os.fsync(descriptor)\n    finally:\n        os.close(descriptor)\n\n\ndef exchange(a, b):\n    a, b = os.path.abspath(a), os.path.abspath(b)\n    for path in (a, b):\n        if os.path.islink(path) or not os.path.isdir(path):\n            raise Refused(f"{path} is not a directory.")\n    if os.path.commonpath([a, b]) in (a, b):\n        raise Refused(f"{a} and {b} lie within each other.")\n    error = renameat2(os.fsencode(a), os.fsencode(b))\n    if error in (errno.ENOSYS, errno.EINVAL):\n        raise Unsupported()\n    if error:\n        raise Refused(f"{a} and {b} could not be exchanged: {os.strerror(error)}.")\n    for parent in sorted({os.path.dirname(a), os.path.dirname(b)}):\n        sync_directory(parent)\n    return {"exchanged": True}\n\n\ndef free(directory):\n    """Free bytes and inodes for who asks; null inodes where the file system has no limit."""\n    status = os.statvfs(directory)\n    return {"bytes": status.f_bavail * status.f_frsize, "inodes": status.f_favail if status.f_files else None}\n\n\ndef arguments():\n    parser = argparse.ArgumentParser(prog="environment.py")\n    verbs = parser.add_subparsers(dest="verb")\n    verbs.required = True\n    for verb in ("fingerprint", "digest"):\n        one = verbs.add_parser(verb)\n        one.add_argument("directory")\n        one.add_argument("--except", dest="excepted", action="append", default=[], metavar="PATH")\n    one = verbs.add_parser("exchange")\n    one.add_argument("a")\n    one.add_argument("b")\n    verbs.add_parser("free").add_argument("directory")\n    return parser.parse_args()\n\n\ndef run(given):\n    if given.verb == "exchange":\n        return exchange(given.a, given.b)\n    if given.verb == "free":\n        return free(given.directory)\n    return tree_digest(given.directory, given.excepted, given.verb == "digest")\n\n\ndef fail(status, sentence):\n    line = "".join(each if each.isprintable() else "?" for each in f"environment.py: {sentence}")\n    sys.stderr.write(line + "\\n")\n    sys.exit(status)\n\n\ndef main():\n    try:\n        print(json.dumps(run(arguments()), sort_keys=True))\n    except Refused as error:\n        fail(1, error)\n    except Unsupported:\n        fail(UNSUPPORTED, "This kernel or file system cannot exchange two directories in one step.")\n    except OSError as error:\n        fail(1, f"{os.fsdecode(error.filename or b\'\')}: {error.strerror}.")\n\n\nif __name__ == "__main__":\n    main()\n';

// src/host/environment.sh
var environment_default2 = `# shellcheck shell=sh
# The hub's environment, a directory (ENVIRONMENT_PATH, its real path), and its copies. Sourced before the manager that
# installs into it (environments/).
#
# Staged: a copy beside it is bind-mounted over the original path in a private mount namespace and upgraded there, so
# that every path in it is final and the live hub sees nothing; the downtime holds one exchange of two directories.
# In place: the packages are fetched beforehand and the copy is the way back.
# Either way, where the packages come from the runner (PACKAGES_FROM), they lie in the job's directory, and no index is asked.
#
# Outside of any environment (PLACE: system, or user for \`pip install --user\`) the directory of the packages stands for one,
# installed into in place. What packages have beside it, commands and pages, is kept by outside.py.
#
# HUB_PYTHON runs the hub, HUB_BIN has its commands: those of the environment, where there is one.
#
# A release that the migration goes through (HOPS) gets a copy of its own, made like the staged one. It never stands at the
# original path for anybody but the program that migrates.

environment_stage_path() { printf '%s.jupyterhub-upgrade-%s\\n' "$ENVIRONMENT_PATH" "\${1:-$JOB_ID}"; }

environment_hop_path() { printf '%s-by-way-of-%s\\n' "$(environment_stage_path)" "$1"; }

# Which of the two directories is the copy: it carries this file, named for this job until tidy or undo removes it.
environment_mark() { printf '%s/.jupyterhub-upgrade-%s\\n' "$1" "$JOB_ID"; }

as_parent_owner() { as_uid "$ENVIRONMENT_PARENT_UID" "$ENVIRONMENT_PARENT_GID" "$@"; }

# In isolation, where an environment keeps it from other packages.
environment_python() (
  cd / || exit 1
  case $PLACE in
    environment) as_owner "$HUB_PYTHON" -I "$@" ;;
    user) as_owner "$HUB_PYTHON" "$@" ;;
    system) as_owner PYTHONNOUSERSITE=1 "$HUB_PYTHON" "$@" ;;
  esac
)

environment_stage() {
  environment_fingerprint >"$JOB/fingerprint" || return 1
  environment_copy "$(environment_stage_path)" || return 1
  [ "\${FRESH_ENVIRONMENT:-}" != yes ] || environment_renew || return 1
  as_owner touch "$(environment_mark "$(environment_stage_path)")" || return 1
  case $INSTALL in
    staged)
      say "installing JupyterHub $TARGET_VERSION into the copy"
      if [ "$PACKAGES_FROM" = runner ]; then
        with_wanted packages_install_fetched "$(environment_stage_path)" "$JOB/wheels" || return 1
      else
        with_wanted packages_install "$(environment_stage_path)" || return 1
      fi
      copy_is "$(environment_stage_path)" "$TARGET_VERSION" || return 1
      note_head "$(in_copy "$(environment_stage_path)" as_owner "$HUB_PYTHON" "$PROGRAMS/heads.py")" || return 1
      for hop in $HOPS; do environment_stage_hop "$hop" || return 1; done
      ;;
    in-place)
      if [ "$PACKAGES_FROM" = host ]; then
        say "fetching JupyterHub $TARGET_VERSION and what it needs"
        mkdir -p "$JOB/wheels" && chown "$ENVIRONMENT_UID:$ENVIRONMENT_GID" "$JOB/wheels" || return 1
        with_wanted packages_fetch "$JOB/wheels" || return 1
      fi
      [ "$PLACE" = environment ] || environment_python "$PROGRAMS/outside.py" save "$ENVIRONMENT_PATH" "$HUB_BIN" "$JOB/wheels" || return 1
      ;;
  esac
}

environment_stage_hop() {
  hop_copy=$(environment_hop_path "$1")
  environment_copy "$hop_copy" || return 1
  say "installing jupyterhub==$1, by way of which the database is migrated, into the copy"
  packages_install "$hop_copy" "jupyterhub==$1" || return 1
  copy_is "$hop_copy" "$1" || return 1
  hop_head=$(in_copy "$hop_copy" as_owner "$HUB_PYTHON" "$PROGRAMS/heads.py") || return 1
  [ -n "$hop_head" ] && note hop "$1 $hop_head"
}

environment_copy() {
  say "copying $ENVIRONMENT_PATH to $1"
  environment_make_directory "$1" && as_owner cp -a --reflink=auto "$ENVIRONMENT_PATH/." "$1/"
}

# copy_is COPY VERSION: asked as the hub's user, who will run it: what only the owner can read would fail after the stop.
copy_is() {
  copy_version=$(in_copy "$1" as_reader "$HUB_PYTHON" -c 'import jupyterhub.app; print(jupyterhub.__version__)') || return 1
  is_wanted_version "$copy_version" "$2"
}

# A broken environment (restore) is made anew where the copy stands, by what it was made by: the manager itself may be what
# is broken, or take half a package for a whole one.
environment_renew() {
  say "making $ENVIRONMENT_PATH anew in the copy"
  packages_renew "$(environment_stage_path)" >&2
}

# with_wanted COMMAND...: the command with what is to be installed: the packages of the plan, or (restore) the whole list
# that a backup recorded, or (require-hashes) the list with digests.
with_wanted() {
  if [ -e "$JOB/payload/requirements" ]; then
    # shellcheck disable=SC2154 # of the manager
    "$@" "$packages_list_option" "$JOB/payload/requirements"
  elif [ "$REQUIRE_HASHES" = yes ]; then
    constraints_file "$JOB/constraints" && "$@" --require-hashes --requirement "$JOB/constraints"
  else
    # shellcheck disable=SC2086 # words without blanks, see the grammar of inputs
    (set -f && "$@" $EXACTLY $REQUIREMENTS)
  fi
}

environment_make_directory() {
  [ -d "$1" ] && return 0
  as_parent_owner mkdir "$1" || return 1
  [ "$ENVIRONMENT_PARENT_UID" = "$ENVIRONMENT_UID" ] || chown "$ENVIRONMENT_UID:$ENVIRONMENT_GID" "$1" || return 1
  as_owner chmod "$(stat -c %a "$ENVIRONMENT_PATH")" "$1"
}

# constraints_file FILE: what the input constraints says, for the owner to read: its text, or that of a file of the owner's.
constraints_file() {
  if [ -n "$CONSTRAINTS_PATH" ]; then as_owner cat "$CONSTRAINTS_PATH"; else printf '%s\\n' "$CONSTRAINTS"; fi >"$1" && chmod 644 "$1"
}

# at WHERE COMMAND...: as the environment's owner, in the environment that is \`live\` or where that copy stands in its place.
at() {
  at_where=$1
  shift
  if [ "$at_where" = live ]; then as_owner "$@"; else in_copy "$at_where" as_owner "$@"; fi
}

# in_copy COPY WHO COMMAND...: run where that copy stands at the original path, seen by this process only. WHO is as_owner,
# as_reader or as_hub: see in-copy.sh.
in_copy() { in_copy_by apart_from_mounts "$@"; }

# in_copy_by APART COPY WHO COMMAND...: likewise, in what namespaces the function APART runs a command in.
in_copy_by() (
  OWNER_HOME=$(home_of "$ENVIRONMENT_UID") HUB_NAMED=''
  in_copy_by_apart=$1
  shift
  # In a user namespace the caller is root by name only, and stays the owner of what it writes.
  if [ "$(id -u)" != 0 ]; then HUB_NAMED=$HUB_UID:$HUB_GID ENVIRONMENT_UID=0 ENVIRONMENT_GID=0; fi
  export OWNER_HOME ENVIRONMENT_PATH ENVIRONMENT_UID ENVIRONMENT_GID HUB_UID HUB_GID HUB_ENV HUB_DIRECTORY HUB_NAMED
  "$in_copy_by_apart" /bin/sh "$PROGRAMS/environments/in-copy.sh" "$@"
)

apart_from_mounts() {
  if [ "$(id -u)" = 0 ]; then exec unshare --mount --propagation private "$@"; fi
  exec unshare --user --map-root-user --mount --propagation private "$@"
}

# environment_in_hop RELEASE ARGS: the python of the environment of a hop, run as the hub runs.
environment_in_hop() {
  in_hop_copy=$(environment_hop_path "$1")
  shift
  in_copy "$in_hop_copy" as_hub "$HUB_PYTHON" "$@"
}

note_head() {
  [ -n "$1" ] && note head "$1"
}

environment_fingerprint() {
  environment_python "$PROGRAMS/environment.py" fingerprint "$ENVIRONMENT_PATH" \\
    \${TEMPLATE_PATH:+--except "$TEMPLATE_PATH"} \\
    \${TEMPLATE_PATH:+--except "$TEMPLATE_PATH.before-jupyterhub-upgrade"}
}

# An environment that somebody changed since it was copied would lose that change. A restore may leave it as it is.
environment_is_as_staged() {
  [ -e "$JOB/fingerprint" ] || return 0
  environment_fingerprint >"$JOB/fingerprint.now" || return 1
  cmp -s "$JOB/fingerprint" "$JOB/fingerprint.now" && return 0
  say "$ENVIRONMENT_PATH was changed while the upgrade was prepared: run the upgrade again"
  return 1
}

environment_switch() { environment_exchange; }

# Installs what was fetched only: nothing is resolved or downloaded while the hub is down.
environment_install() {
  with_wanted packages_install_fetched live "$JOB/wheels" || return 1
  install_version=$(environment_python -c 'import jupyterhub; print(jupyterhub.__version__)') || return 1
  is_wanted_version "$install_version" "$TARGET_VERSION" || return 1
  note_head "$(environment_python "$PROGRAMS/heads.py")"
}

is_wanted_version() {
  [ "$1" = "$2" ] && return 0
  say "$PACKAGE_MANAGER installed JupyterHub $1, not $2"
  return 1
}

# Back to the directory that was live: staged, when the marked copy is the live one; in place, when it is not.
environment_switch_back() {
  stage=$(environment_stage_path)
  if [ "$PLACE" != environment ] && [ -e "$JOB/wheels/outside/paths" ]; then
    environment_python "$PROGRAMS/outside.py" put-back "$JOB/wheels" || return 1
  fi
  mend_exchange as_parent_owner "$ENVIRONMENT_PATH" "$stage" || return 1
  if [ "$INSTALL" = staged ]; then
    [ -e "$(environment_mark "$ENVIRONMENT_PATH")" ] || return 0
  else
    [ -e "$(environment_mark "$stage")" ] || return 0
  fi
  environment_exchange
}

environment_exchange() { exchange as_parent_owner "$ENVIRONMENT_PATH" "$(environment_stage_path)"; }

# exchange WHO LIVE STAGE: one atomic exchange where the kernel and the file system can, else two renames, whose gap
# mend_exchange closes.
exchange() {
  if [ -x /usr/bin/python3 ] && "$1" /usr/bin/python3 -I "$PROGRAMS/environment.py" exchange "$2" "$3" >/dev/null 2>&1; then
    :
  else
    "$1" mv -T "$2" "$3.out" || return 1
    "$1" mv -T "$3" "$2" || return 1
    "$1" mv -T "$3.out" "$3" || return 1
  fi
  "$1" sync "\${2%/*}" 2>/dev/null || sync
}

# mend_exchange WHO LIVE STAGE: an exchange by renames that was cut: whichever name is missing gets its directory. Then a
# mark in one of them decides.
mend_exchange() {
  [ -e "$3.out" ] || return 0
  if [ ! -e "$2" ]; then
    "$1" mv -T "$3.out" "$2"
  elif [ ! -e "$3" ]; then
    "$1" mv -T "$3.out" "$3"
  fi
}

environment_discard_stage() {
  environment_unmark
  environment_discard_hops
  environment_remove_kept "$JOB_ID"
}

environment_discard_hops() {
  for discard_hop in $HOPS; do environment_remove "$(environment_hop_path "$discard_hop")"; done
}

environment_unmark() { as_owner rm -f "$(environment_mark "$ENVIRONMENT_PATH")"; }

# What a committed job leaves as the way back by hand.
environment_kept() {
  [ -d "$(environment_stage_path)" ] || return 0
  case $PLACE in
    environment) printf 'the environment of before in %s\\n' "$(environment_stage_path)" ;;
    *) printf 'the packages of before, without their commands and pages, in %s\\n' "$(environment_stage_path)" ;;
  esac
}

environment_remove_kept() { environment_remove "$(environment_stage_path "$1")"; }

environment_remove() {
  [ -d "$1" ] || return 0
  as_owner find "$1" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
  as_parent_owner rmdir "$1"
}
`;

// src/host/environments/conda.sh
var conda_default = '# shellcheck shell=sh\n# conda (PACKAGE_TOOL). Sourced; `at` and `live` are explained in environment.sh. `conda install`, never `update`: an update\n# that a pin or another package holds back ends well and changes nothing.\n\n# shellcheck disable=SC2034 # for environment.sh\npackages_list_option=--file\n\npackages_conda() {\n  conda_where=$1 conda_verb=$2\n  shift 2\n  for conda_channel in $CHANNELS; do set -- -c "$conda_channel" "$@"; done\n  at "$conda_where" "$PACKAGE_TOOL" "$conda_verb" "$@"\n}\n\n# The URL of each package, with its sum. Those that pip installed are not among them.\npackages_frozen() { at live "$PACKAGE_TOOL" list -p "$ENVIRONMENT_PATH" --explicit --md5; }\n\n# The versions that the channels have, with commas.\npackages_versions() {\n  packages_conda live search --json jupyterhub | sed -n \'s/^ *"version": "\\([^"]*\\)".*/\\1/p\' | sort -u | paste -sd ,\n}\n\n# packages_resolve DIRECTORY ARGUMENTS...: what an installation would change, in conda\'s JSON, with status 1 for what it refuses.\npackages_resolve() {\n  shift\n  packages_conda live install -p "$ENVIRONMENT_PATH" --dry-run --json "$@"\n}\n\n# packages_install WHERE ARGUMENTS...\npackages_install() {\n  conda_install_where=$1\n  shift\n  packages_conda "$conda_install_where" install -y -q -p "$ENVIRONMENT_PATH" "$@"\n}\n\n# packages_fetch DIRECTORY ARGUMENTS...: into conda\'s own cache.\npackages_fetch() {\n  shift\n  packages_conda live install -y -q -p "$ENVIRONMENT_PATH" --download-only "$@"\n}\n\n# packages_install_fetched WHERE DIRECTORY ARGUMENTS...\npackages_install_fetched() {\n  shift 2\n  packages_conda live install -y -q -p "$ENVIRONMENT_PATH" --offline "$@"\n}\n\npackages_renew() {\n  say \'a broken conda environment cannot be made anew\'\n  return 1\n}\n';

// src/host/environments/detect.sh
var detect_default = `# shellcheck shell=sh
# Which manager owns the hub's environment (ENVIRONMENT_PATH), and which tools are there. Sourced by discover.sh; reads only.

# A tool is run as the owner of the environment: nobody but that owner and root may have written it.
is_trusted() {
  case $1 in /*) ;; *) return 1 ;; esac
  [ -f "$1" ] && [ -x "$1" ] || return 1
  case $(stat -L -c '%u %A' "$1") in
    "0 "?????w* | "0 "????????w* | "$ENVIRONMENT_UID "?????w* | "$ENVIRONMENT_UID "????????w*) return 1 ;;
    "0 "* | "$ENVIRONMENT_UID "*) return 0 ;;
    *) return 1 ;;
  esac
}

# first_tool CANDIDATE...: the first of them that can be run.
first_tool() {
  for first_tool do
    if is_trusted "$first_tool"; then
      printf '%s\\n' "$first_tool"
      return 0
    fi
  done
  return 1
}

# environment_kind: venv, uv (a virtual environment that uv made), conda, or none of them.
environment_kind() {
  if [ -f "$ENVIRONMENT_PATH/pyvenv.cfg" ]; then
    if grep -q '^uv *=' "$ENVIRONMENT_PATH/pyvenv.cfg"; then echo uv; else echo venv; fi
  elif [ -f "$ENVIRONMENT_PATH/conda-meta/history" ]; then
    echo conda
  else
    echo none
  fi
}

# is_roots PATH: nobody but root can put something else there.
is_roots() {
  roots_path=$1
  while :; do
    case $(stat -c '%u %A' "$roots_path" 2>/dev/null) in
      "0 "?????w* | "0 "????????w*) return 1 ;;
      "0 "*) ;;
      *) return 1 ;;
    esac
    [ "$roots_path" != / ] || return 0
    roots_path=\${roots_path%/*}
    [ -n "$roots_path" ] || roots_path=/
  done
}

# are_roots_packages PYTHON: nobody but root, and a group that it trusts, can put a package where that looks for those of all.
are_roots_packages() {
  "$1" -I -S -c 'import site; print("\\n".join(site.getsitepackages()))' | while IFS= read -r roots_packages; do
    [ -e "$roots_packages" ] || continue
    case $(stat -L -c '%u %A' "$roots_packages") in "0 "????????w*) exit 1 ;; "0 "*) ;; *) exit 1 ;; esac
  done
}

# find_place: where pip put a hub that is outside of any environment. Sets PLACE (user or system), ENVIRONMENT_PATH, HUB_PYTHON and
# HUB_BIN; none of them where that cannot be told. The hub's user says whether it is theirs. What is root's, an interpreter of
# root's says, which is asked as who we are.
find_place() {
  place_python=$(value python.executable)
  # A configuration that does not load says nothing.
  # shellcheck disable=SC2154 # set by discover.sh
  place_python=$(readlink -f "\${place_python:-$interpreter}")
  place_told=$(as_hub "$interpreter" "$PROGRAMS/packages.py" place 2>/dev/null) || return 0
  place_kind=$(printf '%s\\n' "$place_told" | sed -n 1p)
  if [ "$place_kind" = system ]; then
    is_roots "$place_python" && are_roots_packages "$place_python" || return 0
    place_told=$(env -i PATH="$PATH" PYTHONNOUSERSITE=1 "$place_python" "$PROGRAMS/packages.py" place 2>/dev/null) || return 0
  fi
  place_path=$(printf '%s\\n' "$place_told" | sed -n 2p)
  if [ "$place_kind" = user ] && [ "$(stat -c %u "$place_path")" != "$HUB_UID" ]; then return 0; fi
  # shellcheck disable=SC2034 # for discover.sh
  PLACE=$place_kind
  ENVIRONMENT_PATH=$place_path
  HUB_PYTHON=$place_python
  # shellcheck disable=SC2034 # likewise
  HUB_BIN=$(printf '%s\\n' "$place_told" | sed -n 3p)
}

find_uv() {
  find_home=$(home_of "$ENVIRONMENT_UID")
  first_tool "$ENVIRONMENT_PATH/bin/uv" "$(command -v uv)" "$find_home/.local/bin/uv" "$find_home/.cargo/bin/uv"
}

# find_conda NAME: the tool that made the environment last, if that is its name; else where that tool is by convention.
find_conda() {
  find_root=\${ENVIRONMENT_PATH%/envs/*}
  set -- "$1" "$find_root/bin/$1" "$find_root/condabin/$1" "/opt/conda/bin/$1" "/opt/miniforge3/bin/$1" "/opt/miniconda3/bin/$1" \\
    "$(command -v "$1")"
  find_maker=$(sed -n 's/^# cmd: \\([^ ]*\\) .*/\\1/p' "$ENVIRONMENT_PATH/conda-meta/history" | grep "/$1\\$" | tail -n 1)
  shift
  first_tool "$find_maker" "$@"
}

# What conda itself would not say, or not in time.
conda_facts() {
  fact conda-packages "$(conda_packages)"
  fact conda-interrupted "$(find "$ENVIRONMENT_PATH" -name '*.c~' -print 2>/dev/null | head -n 1)"
  [ ! -e "$ENVIRONMENT_PATH/conda-meta/frozen" ] || fact conda-frozen yes
  fact conda-pinned "$(cat "$ENVIRONMENT_PATH/conda-meta/pinned" 2>/dev/null)"
}

# detect_manager: sets PACKAGE_MANAGER where the input leaves it open (auto), and PACKAGE_TOOL, which is empty where there is none.
detect_manager() {
  has_pip=no
  detect_pip=$(as_owner "$HUB_PYTHON" -m pip --version 2>/dev/null)
  [ -z "$detect_pip" ] || has_pip=yes
  detect_uv=$(find_uv)
  # A broken environment is made anew, as the backup says; a pip of its own comes with that.
  # shellcheck disable=SC2154 # set by discover.sh
  if [ "$is_broken" = yes ] && [ -n "$KNOWN_MANAGER" ]; then
    has_pip=yes
    [ "$PACKAGE_MANAGER" != auto ] || PACKAGE_MANAGER=$KNOWN_MANAGER
  fi
  if [ "$PACKAGE_MANAGER" = auto ]; then
    PACKAGE_MANAGER=pip
    # shellcheck disable=SC2154 # set by discover.sh
    case $kind in
      conda) [ -z "$(conda_packages)" ] || PACKAGE_MANAGER=conda ;;
      uv) [ "$has_pip" = yes ] && [ -z "$detect_uv" ] || PACKAGE_MANAGER=uv ;;
      venv) [ "$has_pip" = yes ] || PACKAGE_MANAGER=uv ;;
    esac
  fi
  case $PACKAGE_MANAGER in
    pip)
      PACKAGE_TOOL=''
      [ "$has_pip" = no ] || PACKAGE_TOOL="$HUB_PYTHON -m pip"
      ;;
    uv) PACKAGE_TOOL=$detect_uv ;;
    conda)
      PACKAGE_TOOL=$(find_conda conda)
      [ -n "$PACKAGE_TOOL" ] || for detect_other in mamba micromamba; do
        fact "tool-$detect_other" "$(find_conda "$detect_other")"
      done
      ;;
  esac
}

conda_packages() {
  (cd "$ENVIRONMENT_PATH/conda-meta" && ls -d jupyterhub-[0-9]*.json jupyterhub-base-[0-9]*.json 2>/dev/null)
}

# proxy_facts: of the proxy that the hub starts: its package, its owner and that of the directory around it, node, and the npm
# that its owner may trust. What is root's must be out of everybody's reach: npm would run and write there as root.
proxy_facts() {
  proxy_package=$(value proxy.package)
  [ -d "$proxy_package" ] || return 0
  proxy_package=$(readlink -f "$proxy_package")
  grep -q '"name": *"configurable-http-proxy"' "$proxy_package/package.json" 2>/dev/null || return 0
  fact proxy-package "$proxy_package"
  fact proxy-owner "$(stat -c '%u %g' "$proxy_package")"
  fact proxy-parent-owner "$(stat -c '%u %g' "\${proxy_package%/*}")"
  fact proxy-of-conda "$(ls "$ENVIRONMENT_PATH"/conda-meta/configurable-http-proxy-[0-9]*.json 2>/dev/null)"
  # From here on for its owner.
  ENVIRONMENT_UID=$(stat -c %u "$proxy_package")
  # shellcheck disable=SC2034 # for as_owner
  ENVIRONMENT_GID=$(stat -c %g "$proxy_package")
  proxy_npm=$(first_tool "\${proxy_package%/lib/node_modules/*}/bin/npm" "$(command -v npm)") || return 0
  if [ "$ENVIRONMENT_UID" = 0 ]; then
    proxy_node=$(PATH="\${proxy_npm%/*}:$PATH" command -v node) || return 0
    for proxy_file in "$proxy_package" "$proxy_npm" "\${proxy_npm%/*}" "$proxy_node"; do
      is_roots "$(readlink -f "$proxy_file")" || return 0
    done
  fi
  fact proxy-npm "$proxy_npm"
  if [ "$(id -u)" = 0 ] || [ "$(id -u)" = "$ENVIRONMENT_UID" ]; then
    fact proxy-node "$(as_owner PATH="\${proxy_npm%/*}:$PATH" node --version 2>/dev/null)"
  fi
}

# packages_version: of the manager that detect_manager found; it has asked pip already.
packages_version() {
  case $PACKAGE_MANAGER in
    pip) printf '%s\\n' "$detect_pip" ;;
    *) [ -z "$PACKAGE_TOOL" ] || as_owner "$PACKAGE_TOOL" --version 2>/dev/null | head -n 1 ;;
  esac
}
`;

// src/host/environments/in-copy.sh
var in_copy_default = '#!/bin/sh\n# in-copy.sh COPY WHO COMMAND...: in a mount namespace of its own, put a copy of the environment over its original path\n# and run a command of it there. WHO is as_owner or as_hub of common.sh, whose variables the caller exported, or\n# as_reader: as the hub\'s user, but with nothing of the hub\'s environment.\nset -eu\nPROGRAMS=$(cd "$(dirname "$0")/.." && pwd)\n# shellcheck source=../common.sh\n. "$PROGRAMS/common.sh"\nmount --bind "$1" "$ENVIRONMENT_PATH"\nwho=$2\nshift 2\n# A shell that stood in the original directory would still see it.\ncd /\nif [ "$who" = as_reader ] && [ -z "$HUB_NAMED" ]; then\n  ENVIRONMENT_UID=$HUB_UID\n  ENVIRONMENT_GID=$HUB_GID\nfi\nif [ "$who" != as_hub ]; then\n  as_owner "$@"\nelif [ -z "$HUB_NAMED" ]; then\n  as_hub "$@"\nelse\n  # Root by name only: under its own name again, by which a database server on this host may know it.\n  set -- /bin/sh "$PROGRAMS/as-hub.sh" "$HUB_ENV" "$HUB_DIRECTORY" "$@"\n  if unshare --user --map-user="${HUB_NAMED%:*}" --map-group="${HUB_NAMED#*:}" true 2>/dev/null; then\n    exec unshare --user --map-user="${HUB_NAMED%:*}" --map-group="${HUB_NAMED#*:}" "$@"\n  fi\n  exec "$@"\nfi\n';

// src/host/environments/pip.sh
var pip_default = `# shellcheck shell=sh
# pip, of the environment itself. Sourced; \`at\` and \`live\` are explained in environment.sh, as_owner in common.sh.

# shellcheck disable=SC2034 # for environment.sh
packages_list_option=--requirement

PIP_MANNERS='PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1'
# Outside of an environment pip is told which place is meant. A distribution may mark both as its own: the plan refuses to
# change what the distribution installed.
case $PLACE in
  user) PIP_MANNERS="$PIP_MANNERS PIP_USER=1 PIP_BREAK_SYSTEM_PACKAGES=1" ;;
  system) PIP_MANNERS="$PIP_MANNERS PYTHONNOUSERSITE=1 PIP_USER=0 PIP_BREAK_SYSTEM_PACKAGES=1" ;;
esac

packages_pip() {
  pip_where=$1
  shift
  # shellcheck disable=SC2086 # words
  at "$pip_where" $PIP_MANNERS "$HUB_PYTHON" -m pip "$@"
}

# The exact list of what is installed, from which the environment can be made again.
packages_frozen() {
  # Less what the distribution has elsewhere, which comes and goes with it.
  if [ "$PLACE" = system ]; then packages_pip live freeze --path "$ENVIRONMENT_PATH"; else packages_pip live freeze; fi
}

# The versions that the index has for this Python, with commas. \`pip index\` is younger than some hubs' pip.
packages_versions() {
  packages_pip live install --no-deps 'jupyterhub==0.0.0' 2>&1 | sed -n 's/.*(from versions: \\(.*\\)).*/\\1/p'
}

# packages_resolve DIRECTORY ARGUMENTS...: what an installation would change, as JSON, by a pip that can tell. An older one
# fetches a newer one into DIRECTORY, where it is run as the file it is. Status 3: there is none for this Python.
packages_resolve() {
  pip_directory=$1
  shift
  set -- install --dry-run --progress-bar off --upgrade --report "$pip_directory/report" "$@"
  if packages_pip live install --help | grep -q -e --report; then
    set -- -m pip "$@"
  else
    packages_pip live download --quiet --no-deps --dest "$pip_directory" 'pip>=22.2' >&2 || return 3
    for pip_wheel in "$pip_directory"/pip-*.whl; do set -- "$pip_wheel/pip" "$@"; done
  fi
  # shellcheck disable=SC2086 # words
  as_owner $PIP_MANNERS "$HUB_PYTHON" "$@" >&2 &&
    environment_python "$PROGRAMS/packages.py" report "$pip_directory/report"
}

# packages_install WHERE ARGUMENTS...
packages_install() {
  pip_install_where=$1
  shift
  packages_pip "$pip_install_where" install --progress-bar off --upgrade "$@"
}

# packages_fetch DIRECTORY ARGUMENTS...: as wheels where it has to be known beforehand what they write.
packages_fetch() {
  pip_wheels=$1
  shift
  case $PLACE in
    environment) packages_pip live download --progress-bar off --dest "$pip_wheels" "$@" ;;
    *)
      # What is built here has another digest than its source, so it could not be installed.
      [ "$REQUIRE_HASHES" != yes ] || set -- --only-binary :all: "$@"
      packages_pip live wheel --progress-bar off --wheel-dir "$pip_wheels" "$@"
      ;;
  esac
}

# packages_install_fetched WHERE DIRECTORY ARGUMENTS...: what came from the runner, wherever else the host is configured to look.
packages_install_fetched() {
  pip_install_where=$1 pip_wheels=$2
  shift 2
  [ "$PACKAGES_FROM" = host ] || PIP_MANNERS="$PIP_MANNERS PIP_CONFIG_FILE=/dev/null"
  packages_pip "$pip_install_where" install --progress-bar off --no-index --find-links "$pip_wheels" --upgrade "$@"
}

packages_renew() {
  renew_packages=''
  grep -qi '^include-system-site-packages *= *true' "$ENVIRONMENT_PATH/pyvenv.cfg" && renew_packages=--system-site-packages
  at "$1" "$HUB_PYTHON" -m venv --clear \${renew_packages:+"$renew_packages"} "$ENVIRONMENT_PATH"
}
`;

// src/host/environments/uv.sh
var uv_default = `# shellcheck shell=sh
# uv (PACKAGE_TOOL), for an environment that may have no pip. Sourced; \`at\` and \`live\` are explained in environment.sh.

# shellcheck disable=SC2034 # for environment.sh
packages_list_option=--requirement

# Copies: a link into uv's cache would let whoever writes to a file of the environment write to those of all others.
packages_uv() {
  uv_where=$1
  shift
  at "$uv_where" UV_LINK_MODE=copy UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never "$PACKAGE_TOOL" pip "$@" \\
    --python "$HUB_PYTHON"
}

packages_frozen() { packages_uv live freeze --quiet; }

# The newest version that the index has for this Python.
packages_versions() {
  packages_uv live install --dry-run --reinstall-package jupyterhub --no-deps jupyterhub 2>&1 | sed -n 's/^ [+~] jupyterhub==\\([^ ]*\\).*/\\1/p'
}

# packages_resolve DIRECTORY ARGUMENTS...: what an installation would change, in uv's lines \` + name==version\`.
packages_resolve() {
  shift
  for uv_name in $UPGRADED; do set -- "$@" --upgrade-package "$uv_name"; done
  packages_uv live install --dry-run "$@" 2>&1
}

# packages_install WHERE ARGUMENTS...
packages_install() {
  uv_install_where=$1
  shift
  packages_uv "$uv_install_where" install "$@"
}

# packages_fetch DIRECTORY ARGUMENTS...: into uv's own cache, by an installation that nobody uses.
packages_fetch() {
  uv_directory=$1
  shift
  packages_uv live install --target "$uv_directory/unused" "$@"
}

# packages_install_fetched WHERE DIRECTORY ARGUMENTS...: from uv's cache, or what came from the runner and nothing else.
packages_install_fetched() {
  uv_install_where=$1 uv_directory=$2
  shift 2
  [ "$PACKAGES_FROM" = host ] || set -- --no-config --no-index --find-links "$uv_directory" "$@"
  packages_uv "$uv_install_where" install --offline "$@"
}

packages_renew() {
  renew_uv=$(grep '^uv *=' "$ENVIRONMENT_PATH/pyvenv.cfg")
  at "$1" "$HUB_PYTHON" -m venv --clear --without-pip "$ENVIRONMENT_PATH" || return 1
  # uv knows its environments by this line.
  printf '%s\\n' "$renew_uv" | at "$1" tee -a "$ENVIRONMENT_PATH/pyvenv.cfg"
}
`;

// src/host/executor.sh
var executor_default = `#!/bin/sh
# executor.sh run JOB         own one job from its first step to its verdict, or take it up where a killed one left it
# executor.sh watch JOB       run it, and run it again when it dies without a verdict (hosts without systemd)
# executor.sh step|undo JOB NAME EXECUTOR   one step, or its way back, in a session of its own, for that executor (a pid)
# executor.sh decide JOB WORD REASON...
#
# JOB holds: parameters, secrets (both sh assignments), journal, log, decision, go. Everything else is the steps' own.
# The rules: \`begin\` is on disk before a step's first effect; undo goes in reverse order, is idempotent and never needs
# the journal; the first decision wins.
set -u

PROGRAMS=$(cd "$(dirname "$0")" && pwd)
verb=$1
JOB=$2
STEP=-
# shellcheck source=common.sh
. "$PROGRAMS/common.sh"
# shellcheck source=journal.sh
. "$PROGRAMS/journal.sh"
# shellcheck source=/dev/null
. "$JOB/parameters"
HEALTH_TOKEN=''
# shellcheck source=/dev/null
[ ! -e "$JOB/secrets" ] || . "$JOB/secrets"
# shellcheck source=unit.sh
. "$PROGRAMS/unit.sh"
# shellcheck source=services/systemd.sh
. "$PROGRAMS/services/$SERVICE_MANAGER.sh"
# shellcheck source=environment.sh
. "$PROGRAMS/environment.sh"
# shellcheck source=environments/pip.sh
. "$PROGRAMS/environments/$PACKAGE_MANAGER.sh"
# shellcheck source=proxy.sh
. "$PROGRAMS/proxy.sh"
# shellcheck source=databases/sqlite.sh
. "$PROGRAMS/databases/$DATABASE_DIALECT.sh"
# shellcheck source=generations.sh
. "$PROGRAMS/generations.sh"
# shellcheck source=rehearsal/rehearsal.sh
. "$PROGRAMS/rehearsal/rehearsal.sh"
# shellcheck source=steps.sh
. "$PROGRAMS/steps.sh"

# --- one step, under supervision ---------------------------------------------------------------------------------

# limit_of STEP or limit_of undo_STEP, in seconds
limit_of() { eval "printf '%s' \\"\\\${LIMIT_$(printf '%s' "$1" | tr '[:lower:]' '[:upper:]'):-120}\\""; }

# An abort is heeded until the host's own verify is done; stop and start run to their end first, so that the way back
# always begins from a service that is not half-way between two states.
heeds_abort() {
  case $1 in stop | start) return 1 ;; *) return 0 ;; esac
}

# Downtime so far in centiseconds; 0 before the stop and once the new hub has answered.
downtime() {
  downtime_from=$(sed -n 's/^\\([0-9]*\\) [0-9]* begin stop$/\\1/p' "$JOB/journal" | head -n 1)
  if [ -z "$downtime_from" ] || [ -n "$(noted up)" ]; then
    echo 0
  else
    echo $(($(job_time) - downtime_from))
  fi
}

# apart step|undo NAME: in a session of its own, which holds none of our locks. Ends this (sub)shell.
apart() { exec setsid sh "$PROGRAMS/executor.sh" "$1" "$JOB" "$2" "$$" </dev/null 8<&- 9<&-; }

run_step() {
  journal begin "$1" || {
    say "the journal cannot be written: step $1 is not begun"
    return 1
  }
  run_step_limit=$(limit_of "$1")
  run_step_deadline=$(($(now) + run_step_limit * 100))
  run_step_reason=''
  apart step "$1" &
  run_step_pid=$!
  run_step_tick=0
  while kill -0 "$run_step_pid" 2>/dev/null; do
    if heeds_abort "$1" && is_aborted; then
      run_step_reason="asked to abort: $(decision | cut -d' ' -f2-)"
    elif [ "$(now)" -gt "$run_step_deadline" ]; then
      run_step_reason="not done after $run_step_limit s"
    elif [ $((run_step_tick % 10)) -eq 9 ] && [ "$(downtime)" -gt $((MAX_DOWNTIME * 100)) ]; then
      run_step_reason="max-downtime of $MAX_DOWNTIME s exceeded"
    fi
    [ -z "$run_step_reason" ] || kill_session "$run_step_pid"
    run_step_tick=$((run_step_tick + 1))
    sleep 0.1
  done
  wait "$run_step_pid"
  run_step_code=$?
  kill_session "$run_step_pid"
  if [ -z "$run_step_reason" ] && [ "$run_step_code" -eq 0 ]; then
    journal 'done' "$1"
    return 0
  fi
  journal fail "$1" "\${run_step_reason:-exit status $run_step_code}"
  return 1
}

# --- the way back ------------------------------------------------------------------------------------------------

# Whatever a dead executor left running must not write while its work is undone. Numbers of another boot are others'.
kill_sessions() {
  sed -n "s/^[0-9]* [0-9]* session [a-z-]* \\([0-9]*\\) \\([0-9]*@$BOOT\\)\\$/\\1 \\2/p" "$JOB/journal" | while read -r kill_sid kill_start; do
    # A session outlives its leader, which may stay a zombie; a recycled number does not lead a session that began earlier.
    if is_alive "$kill_sid" "$kill_start" || [ -z "$(start_time "$kill_sid")" ]; then kill_session "$kill_sid"; fi
  done
}

undo_step() {
  undo_step_limit=$(limit_of "undo_$1")
  undo_step_deadline=$(($(now) + undo_step_limit * 100))
  # Not in the foreground, where a TERM would have to wait, too.
  apart undo "$1" &
  undo_step_pid=$!
  while kill -0 "$undo_step_pid" 2>/dev/null; do
    if [ "$(now)" -gt "$undo_step_deadline" ]; then
      kill_session "$undo_step_pid"
      say "the way back of $1 was not done after $undo_step_limit s"
      return 1
    fi
    sleep 0.05
  done
  wait "$undo_step_pid"
}

roll_back() {
  leave_to_boot
  kill_sessions
  roll_back_reverse=''
  # shellcheck disable=SC2153 # STEPS is a parameter
  for roll_back_step in $STEPS; do roll_back_reverse="$roll_back_step $roll_back_reverse"; done
  for roll_back_step in $roll_back_reverse; do
    journal_has "begin $roll_back_step" || continue
    journal_has "undone $roll_back_step" && continue
    journal undo "$roll_back_step"
    if undo_step "$roll_back_step"; then
      journal undone "$roll_back_step"
    else
      leave_to_boot
      journal undo-failed "$roll_back_step"
      finish rollback-failed
    fi
  done
  if journal_has 'begin stop'; then finish rolled-back; else finish not-begun; fi
}

# While the system goes down nothing can be started, and what ends has not failed: the next boot takes the job up.
leave_to_boot() {
  [ -e "$(executor_unit_file)" ] || return 0
  [ "$(systemctl is-system-running 2>/dev/null)" = stopping ] || return 0
  say 'the system goes down: the next boot takes this job up'
  exit 1
}

# --- the whole job -----------------------------------------------------------------------------------------------

# The verdict comes last: whoever waits for it finds that the secrets are gone. After a way back that failed, what it
# needs to be tried again by hand stays.
finish() {
  rm -f "$JOB/secrets" "$JOB/ballast" "$JOB/go" "$JOB/token"* "$JOB/access.json" "$JOB/rehearsal."*
  if [ "$1" != rollback-failed ]; then
    rm -f "$JOB/hub.env" "$JOB/database.json" "$JOB/database/inventory"* "$JOB/to-put-back"
    rm -rf "$JOB/payload" "$JOB/wheels"
  fi
  prune_jobs
  journal verdict - "$1"
  disable_executor_unit
  exit 0
}

is_kept() {
  case $(decision) in commit* | timeout*) return 0 ;; *) return 1 ;; esac
}

run() {
  exec >>"$JOB/log" 2>&1
  trap 'exit 143' TERM
  # One executor a job. What a killed one left holding this lock ends in a moment.
  exec 8<"$JOB" || exit 1
  run_tries=0
  until flock -n 8; do
    [ "$run_tries" -lt 30 ] || exit 1
    run_tries=$((run_tries + 1))
    sleep 0.1
  done
  set_clock
  mend_journal
  if journal_has verdict; then
    disable_executor_unit
    exit 0
  fi
  start=$(start_time $$)
  printf '%s %s\\n' "$$" "$start" >"$JOB/executor.new" && mv "$JOB/executor.new" "$JOB/executor"
  # The lock is the hub's working directory itself: nothing to create, no link to follow, nothing left behind.
  exec 9<"$HUB_DIRECTORY" || exit 1
  until flock -n 9; do
    # A job that was open before waits: its hub may be down. What holds the lock then (a backup) ends.
    if ! journal_has open; then
      say 'another run of jupyterhub-upgrade holds this hub'
      journal fail lock 'another run holds this hub'
      finish not-begun
    fi
    sleep 1
  done
  if ! journal_has open; then
    dd if=/dev/zero of="$JOB/ballast" bs=65536 count=4 conv=fsync 2>/dev/null
    journal open - "$OWNER" || exit 1
    note previous-version "$PREVIOUS_VERSION"
    note target-version "$TARGET_VERSION"
    note was-running "$WAS_RUNNING"
  else
    kill_sessions
    clean_phases
    # A killed executor's open step cannot be known: after the host's own verify the new hub stays, before it the old
    # one comes back.
    journal_has 'done verify' || decide abort 'the executor died' >/dev/null
    journal_has 'done verify' || is_kept || roll_back
  fi
  is_aborted && roll_back
  for step in $STEPS; do
    journal_has "done $step" && continue
    if ! run_step "$step"; then
      # Once the host has verified the new hub, only a word takes it back: a dead step is silence.
      if journal_has 'done verify'; then decide timeout "step $step" >/dev/null; else decide abort "step $step" >/dev/null; fi
      is_kept || roll_back
    fi
    is_aborted && roll_back
  done
  # What was only rehearsed leaves nothing behind.
  case $STEPS in *rehearse) roll_back ;; esac
  is_kept || decide timeout 'nobody said no' >/dev/null
  is_kept || roll_back
  tidy
  finish committed
}

case $verb in
  run) run ;;
  watch)
    attempt=0
    while [ "$attempt" -lt 5 ]; do
      sh "$PROGRAMS/executor.sh" run "$JOB" && exit 0
      attempt=$((attempt + 1))
      sleep 1
    done
    ;;
  step | undo)
    STEP=$3
    EXECUTOR=$4
    journal session "$STEP" "$$ $(start_time $$)" || [ "$verb" = undo ] || exit 1
    # Whoever takes the job over from a dead executor ends the sessions it reads of. One that it cannot have read of yet
    # ends itself.
    [ -n "$(start_time "$EXECUTOR")" ] || exit 1
    case $verb in
      step) "do_$STEP" ;;
      undo) "undo_$STEP" ;;
    esac
    ;;
  decide)
    shift 2
    decide "$@"
    ;;
esac
`;

// src/host/files.sh
var files_default = `#!/bin/sh
# files.sh put TARGET MODE OWNER SUFFIX   stdin takes TARGET's place; what was there is kept with SUFFIX
# files.sh put-back TARGET SUFFIX         the way back
# Runs as the user whose directory it is.
set -eu
umask 077
case $1 in
  put)
    target=$2 suffix=$5
    cat >"$target.new$suffix"
    if cmp -s "$target.new$suffix" "$target"; then
      rm -f "$target.new$suffix"
      exit 0
    fi
    chmod "$3" "$target.new$suffix"
    [ "$(id -u)" != 0 ] || chown -- "$4" "$target.new$suffix"
    if [ -e "$target" ]; then
      [ -e "$target$suffix" ] || ln "$target" "$target$suffix"
    else
      : >"$target.absent$suffix"
    fi
    mv -f "$target.new$suffix" "$target"
    echo "$target was replaced; what was there is $target$suffix" >&2
    ;;
  put-back)
    target=$2 suffix=$3
    rm -f "$target.new$suffix"
    # mv refuses two names of one file, which a put that was cut leaves.
    # shellcheck disable=SC3013 # dash and busybox know -ef
    if [ "$target$suffix" -ef "$target" ]; then rm -f "$target$suffix"; fi
    if [ -e "$target$suffix" ]; then mv -f "$target$suffix" "$target"; fi
    if [ -e "$target.absent$suffix" ]; then rm -f "$target" "$target.absent$suffix"; fi
    ;;
esac
`;

// src/host/follow.sh
var follow_default = `#!/bin/sh
# follow.sh PHASE_DIRECTORY: stream the job's journal and log from the given offsets (JOURNAL_OFFSET, LOG_OFFSET, bytes)
# until the verdict, or until UNTIL ("<event> <step>") stands in the journal.
# Frames on stdout: "journal <length>\\n" or "log <length>\\n", then that many bytes. Ends with "end verdict", "end until"
# or "end dead" (no executor lives and none gave a verdict).
set -u
PROGRAMS=$1
# shellcheck source=common.sh
. "$1/common.sh"
# shellcheck source=journal.sh
. "$1/journal.sh"
# shellcheck source=/dev/null
. "$1/parameters"

size_of() { wc -c 2>/dev/null <"$JOB/$1" || echo 0; }

# frame NAME OFFSET SIZE: send what of the file's first SIZE bytes follows OFFSET; sets the new offset in frame_offset.
frame() {
  frame_offset=$2
  [ "$3" -gt "$2" ] || return 0
  printf '%s %s\\n' "$1" "$(($3 - $2))"
  tail -c "+$(($2 + 1))" "$JOB/$1" | head -c "$(($3 - $2))"
  frame_offset=$3
}

end=''
quiet=0
while :; do
  # The state is read before the files, so that what led to it is in them.
  if journal_has verdict; then
    end='end verdict'
  elif [ -n "$UNTIL" ] && journal_has "$UNTIL"; then
    end='end until'
  elif ! read -r pid start 2>/dev/null <"$JOB/executor" || ! is_alive "$pid" "$start"; then
    # A unit that systemd restarts is away for a moment.
    quiet=$((quiet + 1))
    [ "$quiet" -lt 25 ] || end='end dead'
  else
    quiet=0
  fi
  # A line of the journal says where in the log it belongs: no log is sent before the lines that stand in it.
  log_size=$(size_of log)
  frame journal "$JOURNAL_OFFSET" "$(size_of journal)"
  JOURNAL_OFFSET=$frame_offset
  frame log "$LOG_OFFSET" "$log_size"
  LOG_OFFSET=$frame_offset
  [ -z "$end" ] || break
  sleep 0.2
done
printf '%s\\n' "$end"
`;

// src/host/generations.sh
var generations_default = `# shellcheck shell=sh
# What jobs leave on the host, and how much of it stays. Sourced by executor.sh.
#
# STATE/kept has a line "<kind> <job>" for each job that left something, oldest first. \`before\`: environment and database
# of before a new hub that was verified. \`taken-back\`: the database of a new hub that was taken back.

# keep_generation KIND: this job left that; the oldest above KEEP_HOST_BACKUPS go. May be cut and run again: a line goes
# after what it names.
keep_generation() {
  {
    grep -v " $JOB_ID\\$" "$STATE/kept" 2>/dev/null
    printf '%s %s\\n' "$1" "$JOB_ID"
  } >"$STATE/kept.new" && flush "$STATE/kept.new" && mv "$STATE/kept.new" "$STATE/kept" || return 0
  keep_more=$(($(grep -c "^$1 " "$STATE/kept") - KEEP_HOST_BACKUPS))
  [ "$keep_more" -gt 0 ] || return 0
  # What is newest must be there, before anything older goes.
  if [ "$1" = before ] && ! database_is_kept; then return 0; fi
  sed -n "s/^$1 //p" "$STATE/kept" | head -n "$keep_more" | while IFS= read -r keep_job; do
    [ "$1" != before ] || environment_remove_kept "$keep_job"
    database_remove_kept "$keep_job"
    grep -v " $keep_job\\$" "$STATE/kept" >"$STATE/kept.new" && mv "$STATE/kept.new" "$STATE/kept"
  done
}

# Journals and logs of 30 jobs stay, and those of every job that left something.
prune_jobs() {
  # shellcheck disable=SC2012 # names of ours, newest first
  ls -t "$STATE/jobs" 2>/dev/null | tail -n +31 | while IFS= read -r prune_job; do
    # What is unfinished stays, whatever its age.
    [ "$prune_job" != "$JOB_ID" ] || continue
    tail -n 1 "$STATE/jobs/$prune_job/journal" | grep -q -e ' verdict - committed' -e ' verdict - rolled-back' -e ' verdict - not-begun' || continue
    grep -q " $prune_job\\$" "$STATE/kept" 2>/dev/null || rm -rf "\${STATE:?}/jobs/$prune_job"
  done
}
`;

// src/host/heads.py
var heads_default = `"""Print the Alembic head of the installed JupyterHub. Runs under the environment's own interpreter."""

import os

import jupyterhub
from alembic.script import ScriptDirectory

directory = os.path.join(os.path.dirname(jupyterhub.__file__), "alembic")
print(" ".join(sorted(ScriptDirectory(directory).get_heads())))
`;

// src/host/health.py
var health_default = `"""Whether a JupyterHub answers as it should, asked from its own host over HTTP.

usage: python3 -I health.py wait BASE --version VERSION [--timeout SECONDS] [--stable SECONDS]
       python3 -I health.py check BASE --version VERSION
       python3 -I health.py spawn BASE USER [--timeout SECONDS]
       python3 -I health.py servers BASE FILE [--timeout SECONDS]

BASE is the hub's public address, with its prefix: http://127.0.0.1/prefix/. The first line of stdin is an API
token; an empty one means there is none. JSON lines on stdout, one sentence on stderr when it fails (status 1).

wait   until /hub/api/ answers with VERSION: {"event": "up", "uptime": CENTISECONDS, "version"} at once, and
       {"event": "stable", ...} when it stayed so for the stable time
check  once: {"event": "check", "version", "login": {"kind": form|link|provider|header, "to"}, "user": NAME or null}
spawn  starts the server of USER, reaches it through the proxy and stops it again; one that runs already is left alone:
       {"event": "spawn", "user", "started": BOOLEAN, "reached": BOOLEAN}
servers  whether the proxy leads to each of the servers that \`hubdb facts\` lists in FILE, that is answers as the server
       itself does: {"reached": [[USER, NAME], ...], "missed": [...]}; in neither what cannot be asked (TLS), or has not
       answered in time
"""

import argparse
import http.client
import json
import os
import re
import signal
import socket
import ssl
import sys
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for

# Seconds for one request, and between two of \`wait\`.
REQUEST_TIMEOUT = 10
INTERVAL = 0.1
# A server of a user is given this long to stop.
STOP_TIMEOUT = 60
LARGEST_BODY = 1 << 21
REDIRECTS = 5
# More are not looked at.
MOST_SERVERS = 500
VERDICTS = [("reached", True), ("missed", False)]


class Unwell(Exception):
    """What is not as it should be, one sentence for people."""


class AsAnswered(urllib.request.HTTPErrorProcessor):
    """Every answer is an answer: no status is an error, no redirect is followed."""

    def http_response(self, request, response):
        return response

    https_response = http_response


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.location = headers.get("Location")
        self.body = body

    def json(self):
        """The body as a JSON object; an empty one when it is none."""
        try:
            value = json.loads(self.body.decode("utf-8"))
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class Hub:
    def __init__(self, base, token):
        parts = urllib.parse.urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise Unwell(f"{base} is no http address of a hub.")
        self.base = base.rstrip("/") + "/"
        self.origin = (parts.scheme, parts.netloc)
        self.token = token
        handlers = [urllib.request.ProxyHandler({}), AsAnswered()]
        if parts.scheme == "https":
            context = ssl.create_default_context()
            if is_this_host(parts.hostname):
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
                log("The hub's certificate is not verified: the connection does not leave this host.")
            handlers.append(urllib.request.HTTPSHandler(context=context))
        self.opener = urllib.request.build_opener(*handlers)

    def ask(self, path, method="GET", with_token=False, timeout=REQUEST_TIMEOUT):
        """The answer at a path below the base, or at an absolute path or address of the same origin.

        Redirects are not followed, so a token never goes anywhere else.
        """
        url = urllib.parse.urljoin(self.base, path)
        if urllib.parse.urlsplit(url)[:2] != self.origin:
            raise Unwell(f"{shown(url)} is not an address of the hub.")
        request = urllib.request.Request(url, method=method, data=b"" if method == "POST" else None)
        if with_token:
            request.add_header("Authorization", "token " + self.token)
        if method == "POST":
            request.add_header("Content-Type", "application/json")
        try:
            with self.opener.open(request, timeout=timeout) as response:
                return Answer(response.status, response.headers, response.read(LARGEST_BODY))
        except (OSError, ValueError) as error:
            raise Unwell(f"{shown(url)} did not answer: {in_words(getattr(error, 'reason', error))}.") from error
        except http.client.HTTPException as error:
            raise Unwell(f"{shown(url)} did not answer in HTTP ({type(error).__name__}).") from error


def is_this_host(name):
    """Whether an address is one of this host's own: only then can a socket be bound to it."""
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(name, 0, type=socket.SOCK_STREAM):
            with socket.socket(family, kind, protocol) as probe:
                probe.bind(address)
        return True
    except OSError:
        return False


def in_words(reason):
    if isinstance(reason, socket.timeout):
        return f"no answer within {REQUEST_TIMEOUT} seconds"
    return getattr(reason, "strerror", None) or str(reason)


def shown(url):
    """An address without its query, which may hold anything."""
    return urllib.parse.urlunsplit(urllib.parse.urlsplit(url)._replace(query="", fragment=""))


def log(line):
    """One line for people; what an answer brings along cannot break it."""
    sys.stderr.write("".join(each if each.isprintable() else "?" for each in line)[:1000] + "\\n")
    sys.stderr.flush()


def say(**values):
    sys.stdout.write(json.dumps(values, sort_keys=True) + "\\n")
    sys.stdout.flush()


def uptime():
    """Centiseconds since the host booted: a clock that no one sets."""
    with open("/proc/uptime") as file:
        whole, _, hundredths = file.read().split()[0].partition(".")
    return int(whole) * 100 + int(hundredths.ljust(2, "0")[:2])


def check_version(hub, version, timeout=REQUEST_TIMEOUT):
    answer = hub.ask("hub/api/", timeout=timeout)
    found = answer.json().get("version")
    if answer.status != 200 or not isinstance(found, str):
        raise Unwell(f"{hub.base}hub/api/ answered {answer.status} and no version.")
    if found != version:
        raise Unwell(f"{hub.base}hub/api/ answered as JupyterHub {found}, not {version}.")


def wait(hub, version, timeout, stable):
    deadline = time.monotonic() + timeout
    while True:
        began = time.monotonic()
        try:
            check_version(hub, version, timeout=min(REQUEST_TIMEOUT, max(INTERVAL, deadline - began)))
            break
        except Unwell as error:
            if time.monotonic() >= deadline:
                raise Unwell(f"The hub did not come up within {timeout:g} seconds: {error}") from error
        time.sleep(max(0, began + INTERVAL - time.monotonic()))
    say(event="up", uptime=uptime(), version=version)
    if not stable:
        return
    until = time.monotonic() + stable
    while time.monotonic() < until:
        time.sleep(min(1, max(0, until - time.monotonic())))
        try:
            check_version(hub, version)
        except Unwell as error:
            raise Unwell(f"The hub came up, but did not stay so for {stable:g} seconds: {error}") from error
    say(event="stable", uptime=uptime(), version=version)


def check_login(hub):
    """How the login page lets users in: by a form or link, or by sending them on to a provider at another address."""
    url = hub.base + "hub/login"
    for _ in range(REDIRECTS):
        answer = hub.ask(url)
        if answer.status in (301, 302, 303, 307, 308) and answer.location:
            url = urllib.parse.urljoin(url, answer.location)
            to = urllib.parse.urlsplit(url)
            if to[:2] == hub.origin:
                continue
            if to.scheme not in ("http", "https") or not to.hostname:
                raise Unwell(f"{hub.base}hub/login redirects to something that is no web address.")
            return {"kind": "provider", "to": to.hostname[:255]}
        break
    else:
        raise Unwell(f"{hub.base}hub/login redirects more than {REDIRECTS} times.")
    if answer.status == 401:
        log("The login page answered 401: this hub lets users in by a header of another server, which was not tried.")
        return {"kind": "header"}
    if answer.status != 200:
        raise Unwell(f"{shown(url)} answered {answer.status}.")
    page = answer.body.decode("utf-8", "replace")
    if re.search(r"<form\\b[^<>]*\\blogin\\b", page, re.I) or re.search(r"<input\\b[^<>]*\\bpassword\\b", page, re.I):
        return {"kind": "form"}
    if re.search(r"<a\\b[^<>]*\\bhref\\s*=[^<>]*login", page, re.I):
        return {"kind": "link"}
    raise Unwell(f"{shown(url)} answered 200, but the page has neither a login form nor a login link.")


def check_token(hub):
    answer = hub.ask("hub/api/user", with_token=True)
    name = answer.json().get("name")
    if answer.status != 200 or not isinstance(name, str):
        raise Unwell(f"An API call with the token ({hub.base}hub/api/user) answered {answer.status}.")
    return name


def check(hub, version):
    check_version(hub, version)
    login = check_login(hub)
    user = check_token(hub) if hub.token else None
    say(event="check", version=version, login=login, user=user)


def server_of(hub, user):
    """The default server of a user as the API tells it; None while there is none."""
    answer = hub.ask("hub/api/users/" + urllib.parse.quote(user, safe=""), with_token=True)
    if answer.status == 404:
        raise Unwell(f"The hub has no user {user}, or the token may not see it.")
    if answer.status != 200:
        raise Unwell(f"An API call about {user} answered {answer.status}.")
    servers = answer.json().get("servers")
    server = servers.get("") if isinstance(servers, dict) else None
    return server if isinstance(server, dict) else None


def reach(hub, user, server):
    """Whether the server itself answers through the proxy; without a route it would be the hub that answers."""
    url = urllib.parse.urljoin(hub.base, str(server.get("url") or "user/" + urllib.parse.quote(user, safe="") + "/"))
    if urllib.parse.urlsplit(url)[:2] != hub.origin:
        log(f"The server of {user} has a host name of its own, where it was not tried.")
        return False
    answer = hub.ask(url, with_token=True)
    target = urllib.parse.urlsplit(urllib.parse.urljoin(hub.base, answer.location or "")).path
    of_hub = urllib.parse.urlsplit(hub.base).path + "hub/"
    back_at_hub = target.startswith(of_hub) and not target.startswith(of_hub + "api/oauth2/")
    if answer.status >= 500 or answer.status in (404, 424) or back_at_hub:
        raise Unwell(f"The server of {user} is ready, but the proxy does not lead to it (answered {answer.status}).")
    return True


def start(hub, user, deadline):
    path = "hub/api/users/" + urllib.parse.quote(user, safe="") + "/server"
    answer = hub.ask(path, method="POST", with_token=True, timeout=max(REQUEST_TIMEOUT, deadline - time.monotonic()))
    if answer.status not in (201, 202):
        message = str(answer.json().get("message", ""))[:200]
        raise Unwell(
            f"The server of {user} could not be started: the hub answered {answer.status} {message}".rstrip() + "."
        )
    while True:
        server = server_of(hub, user)
        if server is not None and server.get("ready"):
            return server
        if server is None:
            raise Unwell(f"The server of {user} did not start: its log, and the hub's, say why.")
        if time.monotonic() >= deadline:
            raise Unwell(f"The server of {user} did not become ready in time.")
        time.sleep(0.5)


def stop(hub, user):
    deadline = time.monotonic() + STOP_TIMEOUT
    path = "hub/api/users/" + urllib.parse.quote(user, safe="") + "/server"
    while True:
        # 400: it is not running, or still on its way in or out.
        answer = hub.ask(path, method="DELETE", with_token=True, timeout=STOP_TIMEOUT)
        if answer.status not in (202, 204, 400):
            raise Unwell(f"The server of {user} could not be stopped: the hub answered {answer.status}.")
        if server_of(hub, user) is None:
            return
        if time.monotonic() >= deadline:
            raise Unwell(f"The server of {user} did not stop within {STOP_TIMEOUT} seconds.")
        time.sleep(0.5)


def spawn(hub, user, timeout):
    if not hub.token:
        raise Unwell("A server cannot be started without a token.")
    deadline = time.monotonic() + timeout
    running = server_of(hub, user)
    if running is not None:
        reached = bool(running.get("ready")) and reach(hub, user, running)
        say(event="spawn", user=user, started=False, reached=reached)
        return
    try:
        server = start(hub, user, deadline)
        reached = reach(hub, user, server)
    except BaseException:
        try:
            stop(hub, user)
        except Unwell as error:
            log(f"health.py: {error}")
        raise
    stop(hub, user)
    say(event="spawn", user=user, started=True, reached=reached)


def leads_to(hub, route):
    """Whether an answer by way of the proxy is that of the server itself; None when the server cannot be asked."""
    if route["proto"] != "http":
        return None
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(route["ip"], route["ip"])
    netloc = "{}:{}".format("[" + host + "]" if ":" in host else host, route["port"])
    path = route["path"].rstrip("/") + "/api"
    try:
        itself = Hub("http://" + netloc, "").ask(path)
    except Unwell:
        return False
    try:
        proxied = hub.ask(path)
    except Unwell:
        return False
    return (proxied.status, proxied.body) == (itself.status, itself.body)


def servers(hub, file, timeout):
    with open(file, encoding="utf-8") as opened:
        routes = json.load(opened).get("routes", [])[:MOST_SERVERS]
    pool = ThreadPoolExecutor(10)
    asked = [pool.submit(leads_to, hub, route) for route in routes]
    wait_for(asked, timeout)
    found = [one.result() if one.done() else None for one in asked]
    names = [[route["user"], route["name"]] for route in routes]
    print(json.dumps({key: [name for name, led in zip(names, found) if led is value] for key, value in VERDICTS}))
    sys.stdout.flush()
    # Without its threads: a server that answers a byte at a time would hold them, and the verdict on the hub, for ever.
    os._exit(0)


def name(argument):
    """The text of an argument, whatever the locale: Python 3.6 takes what is not ASCII apart in that of C."""
    return os.fsencode(argument).decode("utf-8", "replace")


def arguments():
    parser = argparse.ArgumentParser(prog="health.py")
    verbs = parser.add_subparsers(dest="verb")
    verbs.required = True
    for verb in ("wait", "check", "spawn"):
        one = verbs.add_parser(verb)
        one.add_argument("base")
        if verb == "spawn":
            one.add_argument("user", type=name)
        else:
            one.add_argument("--version", required=True)
        if verb != "check":
            one.add_argument("--timeout", type=float, default=120)
        if verb == "wait":
            one.add_argument("--stable", type=float, default=0)
    one = verbs.add_parser("servers")
    one.add_argument("base")
    one.add_argument("file")
    one.add_argument("--timeout", type=float, default=40)
    return parser.parse_args()


def main():
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    given = arguments()
    token = sys.stdin.readline().strip()
    try:
        if not re.match("[!-~]*$", token):
            raise Unwell("The token on stdin has other than printable ASCII characters.")
        hub = Hub(given.base, token)
        if given.verb == "wait":
            wait(hub, given.version, given.timeout, given.stable)
        elif given.verb == "check":
            check(hub, given.version)
        elif given.verb == "servers":
            servers(hub, given.file, given.timeout)
        else:
            spawn(hub, given.user, given.timeout)
    except Unwell as error:
        log(f"health.py: {error}")
        sys.exit(1)


if __name__ == "__main__":
    main()
`;

// src/host/hubdb/__main__.py
var main_default = '"""What can be done to a JupyterHub\'s database from outside the hub.\n\nusage: PYTHON hubdb facts [--user NAME] DATABASE   (and whether the hub has a user of that name)\n       PYTHON hubdb revision DATABASE               (the revision alone, not JSON)\n       PYTHON hubdb digest DATABASE\n       PYTHON hubdb loss DATABASE FILE              (FILE as after the @ below)\n       PYTHON hubdb inventory DATABASE OUT\n       PYTHON hubdb compare OLD NEW                 (two inventories)\n       PYTHON hubdb backup DATABASE OUT\n       PYTHON hubdb copy DATABASE OUT               (as backup, but of what is in it no digest is told)\n       PYTHON hubdb prove DATABASE FILE\n       PYTHON hubdb scratch DATABASE FILE OUT       (as prove, but kept until stdin ends; OUT as after the @ below)\n       PYTHON hubdb sweep DATABASE                  (drops what a `scratch` that was killed left)\n       PYTHON hubdb put-back DATABASE FILE\n       PYTHON hubdb empty DATABASE\n       PYTHON hubdb sessions DATABASE\n       PYTHON hubdb token create [--wait] [--user NAME] [--expires SECONDS] DATABASE\n       PYTHON hubdb token delete DATABASE\n\n`--tools DIRECTORY` before the verb: where the programs of the database may be, too.\n\nDATABASE is the path of an SQLite file, or @FILE with a file that `introspect.py --database-file` wrote. PYTHON is the\nhub\'s: for an SQLite file only `token` needs more than its standard library. `token` takes the token on stdin. JSON on\nstdout, one sentence on stderr when it fails (status 1; 3 where the server cannot be reached or the hub\'s tables are\nlocked, so that another try may help). `token create` ends with status 4 where the coming migration\ndrops all tokens (JupyterHub 1.x).\n"""\n\nimport os\nimport sys\nimport types\n\nsys.dont_write_bytecode = True\nHERE = os.path.dirname(os.path.abspath(__file__))\n# The modules are those of a package, and no other import looks here or beside: a driver or a plugin of the hub may be\n# called like one of them.\nsys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") not in (HERE, os.path.dirname(HERE))]\nsys.modules["hubdb"] = types.ModuleType("hubdb")\nsys.modules["hubdb"].__path__ = [HERE]\n\nfrom hubdb.command import main  # noqa: E402\n\nif __name__ == "__main__":\n    main()\n';

// src/host/hubdb/command.py
var command_default = `"""The command line: see __main__.py."""

import argparse
import json
import os
import signal
import sys

from . import digests, facts, inventory, loss, programs, tokens
from .database import Refused, TryAgain, log, open_database

TRY_AGAIN = 3
NOT_KEPT = 4


def answer(value):
    json.dump(value, sys.stdout, sort_keys=True)
    sys.stdout.write("\\n")
    sys.stdout.flush()


def name(argument):
    """The text of an argument, whatever the locale: Python 3.6 takes what is not ASCII apart in that of C."""
    return os.fsencode(argument).decode("utf-8", "surrogateescape")


def arguments():
    parser = argparse.ArgumentParser(prog="hubdb")
    parser.add_argument("--tools", metavar="DIRECTORY", action="append", default=[])
    verbs = parser.add_subparsers(dest="verb")
    verbs.required = True
    for verb in ("facts", "revision", "digest", "empty", "sessions", "sweep"):
        one = verbs.add_parser(verb)
        one.add_argument("database")
        if verb == "facts":
            one.add_argument("--user", type=name)
    for verb in ("inventory", "backup", "copy"):
        one = verbs.add_parser(verb)
        one.add_argument("database")
        one.add_argument("out")
    for verb in ("prove", "put-back"):
        one = verbs.add_parser(verb)
        one.add_argument("database")
        one.add_argument("file")
    one = verbs.add_parser("scratch")
    for each in ("database", "file", "out"):
        one.add_argument(each)
    one = verbs.add_parser("loss")
    one.add_argument("database")
    one.add_argument("configured")
    one = verbs.add_parser("compare")
    one.add_argument("old")
    one.add_argument("new")
    deeds = verbs.add_parser("token").add_subparsers(dest="deed")
    deeds.required = True
    one = deeds.add_parser("create")
    one.add_argument("--wait", action="store_true")
    one.add_argument("--user", type=name)
    one.add_argument("--expires", type=int, default=600)
    one.add_argument("database")
    deeds.add_parser("delete").add_argument("database")
    return parser.parse_args()


def run(given, database):
    if given.verb == "compare":
        return inventory.compare(given.old, given.new)
    if given.verb == "token" and given.deed == "create":
        return tokens.create(database, given.user, given.expires, given.wait)
    if given.verb == "token":
        return tokens.delete(database)
    verbs = {
        "facts": lambda: facts.facts(database, given.user),
        "digest": lambda: digests.digest(database),
        "loss": lambda: loss.loss(database, given.configured),
        "inventory": lambda: inventory.write(database, given.out),
        "backup": lambda: database.backup(given.out),
        "copy": lambda: database.copy(given.out),
        "prove": lambda: database.prove(given.file),
        "put-back": lambda: database.put_back(given.file),
        "empty": database.empty,
        "sessions": database.sessions,
        "scratch": lambda: database.scratch(given.file, given.out),
        "sweep": lambda: database.sweep(),
    }
    return verbs[given.verb]()


def main():
    # A TERM ends the program through its cleanup.
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda number, _: sys.exit(128 + number))
    given, database = arguments(), None
    programs.NAMED.extend(given.tools)
    try:
        if given.verb != "compare":
            database = open_database(given.database)
        if given.verb == "revision":
            print(facts.revision(database))
        else:
            answer(run(given, database))
            if given.verb == "token":
                # All is committed and said, and the hub may be waiting: taking a whole hub's modules down takes longer.
                os._exit(0)
    except Refused as error:
        log(str(error))
        later = isinstance(error, TryAgain) or not (database is None or database.is_reachable())
        sys.exit(TRY_AGAIN if later else 1)
    except OSError as error:
        log(f"{error.filename}: {error.strerror}.")
        sys.exit(1)
    except tokens.NotKept:
        log("No token is made, because the migration from JupyterHub 1.x drops all of them.")
        sys.exit(NOT_KEPT)
`;

// src/host/hubdb/database.py
var database_default = '"""What every kind of database can do here, and what opens one."""\n\nimport contextlib\nimport importlib\nimport json\nimport os\nimport sys\n\n# The class for each dialect of SQLAlchemy: its module and its name. What is not here is a Server like any other.\nDIALECTS = {\n    "postgresql": ("postgresql", "PostgreSQL"),\n    "mysql": ("mysql", "MySQL"),\n    "mariadb": ("mysql", "MySQL"),\n}\n\n\nclass Refused(Exception):\n    """Why the work was not done, one sentence for people."""\n\n\nclass TryAgain(Refused):\n    """Why it was not done for now: others keep the hub\'s tables locked."""\n\n\nclass Database:\n    """A hub\'s database. Nothing is opened before `reading`, `backup` or whatever it is needs it."""\n\n    dialect = ""\n    # For people: the path, or the URL without its password.\n    title = ""\n\n    def reading(self):\n        """Context: one consistent read transaction. What follows, up to `schema_lines`, works within it."""\n        raise NotImplementedError\n\n    def has_table(self, name):\n        raise NotImplementedError\n\n    def tables(self):\n        """{table: [column, \u2026]} of the tables that are the hub\'s."""\n        raise NotImplementedError\n\n    def rows(self, table, columns, where=""):\n        """Streams rows as tuples of None, bool, int, float, str, bytes and what `digests.encode` knows besides.\n\n        A text that is no UTF-8 has its odd bytes as lone surrogates. `where` is a condition that every dialect takes.\n        """\n        raise NotImplementedError\n\n    def select(self, sql):\n        """Streams the rows of a statement that every dialect takes. A result is read to its end before the next."""\n        raise NotImplementedError\n\n    def quoted(self, name):\n        """The name of a table or column as a statement must have it."""\n        raise NotImplementedError\n\n    def schema_lines(self):\n        """Lists or texts that say all of the schema: columns, keys, indexes, triggers, less what comes and goes."""\n        raise NotImplementedError\n\n    def about(self):\n        """What `facts` tells beside what it reads by itself, of the server, the rights and the tools; in `reading`.\n\n        server, name: text. size: bytes or None. problems, warnings: sentences. backup: {format, tool}. proof: text.\n        """\n        raise NotImplementedError\n\n    def backup(self, out):\n        """Makes the file `out` (0600, it must not exist) and answers {format, tool, digest} of what is in it."""\n        raise NotImplementedError\n\n    def copy(self, out):\n        """As `backup`, of a hub that need not stand still for it: what is in the copy is not told."""\n        return self.backup(out)\n\n    def prove(self, file, visit=None):\n        """Restores what `backup` made into scratch, which is gone afterwards; {where, digest}.\n\n        visit: a function that gets a scratch database of the server\'s own kind while it is there.\n        """\n        raise NotImplementedError\n\n    def put_back(self, file):\n        """Makes the hub\'s tables those of the file. May be killed and run again. {digest} of what is there then."""\n        raise NotImplementedError\n\n    def empty(self):\n        """Drops the hub\'s tables, those of newer releases too; {dropped: [table, \u2026]}."""\n        raise NotImplementedError\n\n    def sessions(self):\n        """Other sessions on this database: [{user, from, since, application}, \u2026]."""\n        raise NotImplementedError\n\n    def engine(self):\n        """An engine of SQLAlchemy on which the hub\'s own code works."""\n        raise NotImplementedError\n\n    def is_reachable(self):\n        """Whether a connection can be made just now."""\n        return True\n\n    def in_words(self, error):\n        """One sentence for people on an error of the driver, without a secret."""\n        raise NotImplementedError\n\n    def revisions(self):\n        """What alembic_version says: one revision, where all is well."""\n        if not self.has_table("alembic_version"):\n            return []\n        return sorted(str(value)[:64] for (value,) in self.select("SELECT version_num FROM alembic_version"))\n\n\ndef log(line):\n    """One line for people; what a path or a name brings along cannot break it."""\n    sys.stderr.write("hubdb: " + "".join(each if each.isprintable() else "?" for each in line) + "\\n")\n    sys.stderr.flush()\n\n\ndef shown(text):\n    """A text of the database for people: it has neither lone surrogates nor control characters."""\n    if text.isprintable():\n        return text\n    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")\n    return "".join(each if each.isprintable() else "?" for each in text)\n\n\ndef some(names, first=5):\n    """The first of some names, and how many more there are."""\n    return ", ".join(names[:first]) + (f" and {len(names) - first} more" if len(names) > first else "")\n\n\ndef open_database(argument):\n    """The database that a DATABASE of the command line names."""\n    if not argument.startswith("@"):\n        from .sqlite import SQLite\n\n        return SQLite(argument)\n    try:\n        with open(argument[1:], encoding="utf-8") as file:\n            given = json.load(file)\n        url, options = given["url"], given["kwargs"]\n        # What the configuration set for its own process: a driver, or a program of the server\'s, may look there.\n        os.environ.update(given.get("environment", {}))\n    except (ValueError, KeyError, TypeError) as error:\n        raise Refused(f"{argument[1:]} does not say which database the hub has.") from error\n    dialect = url.partition(":")[0].partition("+")[0]\n    module, name = DIALECTS.get(dialect, ("server", "Server"))\n    database = getattr(importlib.import_module("hubdb." + module), name)(url, options)\n    database.own(given.get("tables", ()))\n    return database\n\n\n@contextlib.contextmanager\ndef new_file(path):\n    """Context: the file is made, for its owner alone; synced at the end, and removed when the end is not reached."""\n    try:\n        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))\n    except OSError as error:\n        raise Refused(f"{path} could not be made: {error.strerror}.") from error\n    try:\n        os.chmod(path, 0o600)\n        yield\n        sync(path)\n        sync(os.path.dirname(os.path.abspath(path)))\n    except BaseException:\n        with contextlib.suppress(FileNotFoundError):\n            os.unlink(path)\n        raise\n\n\ndef sync(path):\n    descriptor = os.open(path, os.O_RDONLY)\n    try:\n        os.fsync(descriptor)\n    finally:\n        os.close(descriptor)\n';

// src/host/hubdb/digests.py
var digests_default = `"""Digests of a database: its schema, and the rows of each table in any order."""

import hashlib
import json
import struct

# What a hub rewrites by itself while it runs or starts, so what the durable digest leaves out.
VOLATILE_TABLES = {
    "servers": "one row per running server and per service with a URL, made anew at every start",
    "oauth_clients": "added at every start and every spawn, their secrets hashed with a new salt",
    "oauth_client_role_map": "belongs to oauth_clients",
    "oauth_codes": "live for minutes, purged hourly",
    "oauth_code_role_map": "belongs to oauth_codes",
    "oauth_access_tokens": "logins of browsers (1.x), purged hourly",
    "api_token_role_map": "belongs to api_tokens, also to those of servers that stop",
}
VOLATILE_COLUMNS = {
    "users": {
        "last_activity": "rewritten with every request",
        "state": "left over from releases before 0.8, rewritten by a spawner",
        "encrypted_auth_state": "encrypted again at every refresh of the login",
        "user_info": "refreshed with the login (6.x)",
    },
    "spawners": {
        "server_id": "set while the server runs",
        "state": "set while the server runs",
        "started": "set while the server runs",
        "last_activity": "rewritten with every report of the server",
        "user_options": "rewritten at every spawn",
        "oauth_client_id": "refers to oauth_clients",
    },
    "services": {
        "pid": "of a service the hub manages",
        "_server_id": "refers to servers",
    },
    "api_tokens": {
        "last_activity": "rewritten with every request",
    },
}
# The rows worth keeping: (column that must exist for the condition, condition, why the others come and go).
DURABLE_ROWS = {
    "spawners": [("name", "name <> ''", "the default server of every user gets its row at the start of the hub")],
    "api_tokens": [
        ("user_id", "user_id IS NOT NULL", "services get their tokens at the start of the hub"),
        ("expires_at", "expires_at IS NULL", "tokens that expire are purged hourly"),
        ("client_id", "client_id = 'jupyterhub'", "the others are logins of browsers"),
        ("note", "coalesce(note, '') NOT LIKE 'Server at %'", "a server takes its token with it when it stops"),
    ],
    "shares": [("expires_at", "expires_at IS NULL", "purged hourly")],
    "share_codes": [("expires_at", "expires_at IS NULL", "purged hourly")],
}


def encode(value):
    """One value with its type, in a form no other value has."""
    if value is None:
        return b"n"
    if isinstance(value, str):
        text = value.encode("utf-8", "surrogateescape")
        return b"t%d:" % len(text) + text
    if isinstance(value, (bytes, bytearray, memoryview)):
        return b"b%d:" % len(value) + bytes(value)
    if isinstance(value, float):
        return b"f" + struct.pack(">d", value)
    if isinstance(value, int):
        return b"i%d;" % value
    if isinstance(value, (dict, list)):
        return b"j" + encode(json.dumps(value, sort_keys=True))
    # Dates, decimals, UUIDs: each has one text for each value.
    return b"o" + encode(type(value).__name__) + encode(str(value))


def rows_digest(database, table, columns, where=""):
    """Count and digest of rows in any order, in constant memory.

    The sha256 of every row is added up modulo 2^256. Sorting instead (ORDER BY all columns) would need memory or a
    temporary file as large as the table; XOR would lose a pair of equal rows. The sum guards against mistakes, not
    against somebody who constructs rows to collide.
    """
    names = sorted(columns)
    total = RowsDigest(table, names)
    for row in database.rows(table, names, where):
        total.add(row)
    return total.rows, total.result()


class RowsDigest:
    def __init__(self, table, names):
        self.base = hashlib.sha256(b"".join(encode(name) for name in [table] + names))
        self.rows = self.total = 0

    def add(self, row):
        digest = self.base.copy()
        digest.update(b"".join([encode(value) for value in row]))
        self.total += int.from_bytes(digest.digest(), "big")
        self.rows += 1

    def result(self):
        digest = self.base.copy()
        digest.update(b"%d:%d" % (self.rows, self.total % (1 << 256)))
        return digest.hexdigest()


def durable_digest(database, table, columns):
    if table in VOLATILE_TABLES:
        return ""
    keep = [column for column in columns if column not in VOLATILE_COLUMNS.get(table, {})]
    conditions = [sql for column, sql, _ in DURABLE_ROWS.get(table, []) if column in columns]
    return rows_digest(database, table, keep, " AND ".join(conditions))[1]


def schema_digest(lines):
    """Digest of the lines that say all of a schema, in any order."""
    return hashlib.sha256("\\n".join(sorted(json.dumps(line) for line in lines)).encode("ascii")).hexdigest()


def digest_of(database):
    """The digest of a database that is being read."""
    result = {"schema": schema_digest(database.schema_lines()), "tables": {}}
    for table, columns in database.tables().items():
        rows, exact = rows_digest(database, table, columns)
        result["tables"][table] = {"rows": rows, "exact": exact, "durable": durable_digest(database, table, columns)}
    return result


def digest(database):
    with database.reading():
        return digest_of(database)
`;

// src/host/hubdb/facts.py
var facts_default = `"""What is known of a database before anything is done to it."""

import json
import re

from .database import Refused, shown
from .inventory import FIRST, Things, now
from .revisions import half_migrated, has

# What JupyterHub 6.0 and later take as the name of a named server.
SERVER_NAME = re.compile(r"(?=.{1,30}\\Z)[a-z][a-z0-9]*(-[a-z0-9]+)*\\Z")


def count(database, rest):
    return next(iter(database.select("SELECT count(*) FROM " + rest)))[0]


def running_servers(database, tables):
    """Servers the hub counts as running. Nothing of a spawner's state but an integer pid is told."""
    if not (has(tables, "spawners", "server_id") and "users" in tables):
        return []
    query = (
        "SELECT u.name, s.name, s.state FROM spawners s JOIN users u ON u.id = s.user_id "
        "WHERE s.server_id IS NOT NULL ORDER BY 1, 2"
    )
    return [
        {"user": shown(user), "name": shown(name or ""), "pid": pid_of(state)}
        for user, name, state in database.select(query)
    ]


def routes(database, tables):
    """Where the proxy leads to for each of them."""
    if not (has(tables, "spawners", "server_id") and "users" in tables and has(tables, "servers", "base_url")):
        return []
    query = (
        "SELECT u.name, s.name, r.proto, r.ip, r.port, r.base_url FROM spawners s JOIN users u ON u.id = s.user_id "
        "JOIN servers r ON r.id = s.server_id ORDER BY 1, 2"
    )
    return [
        {"user": shown(user), "name": shown(name or ""), "proto": proto, "ip": ip, "port": port, "path": path}
        for user, name, proto, ip, port, path in database.select(query)
    ]


def pid_of(state):
    try:
        pid = json.loads(state)["pid"]
    except (TypeError, ValueError, KeyError, RecursionError):
        return None
    return pid if type(pid) is int and pid > 0 else None


def server_clients(database, tables):
    """Servers with an OAuth client: with one, the migration of 2.x to 5.0 and later breaks off (jupyterhub#5427)."""
    if not (has(tables, "spawners", "oauth_client_id") and has(tables, "oauth_clients", "identifier")):
        return 0
    return count(database, "spawners s JOIN oauth_clients c ON s.oauth_client_id = c.identifier")


def tokens(database):
    """API tokens of users that work, less those of their servers and browsers: what the step from 1.x to 2.0 ends."""
    each = Things(database).kinds().get("tokens", list)
    working = sorted(shown(label) for _, label, until in each() if not until or until > now())
    return {"count": len(working), "first": working[:FIRST]}


def unsafe_server_names(database, tables):
    if not has(tables, "spawners", "name"):
        return 0
    return sum(1 for (name,) in database.rows("spawners", ["name"]) if name and not SERVER_NAME.match(name))


def has_user(database, tables, name):
    if not has(tables, "users", "name"):
        return False
    return sum(1 for (found,) in database.rows("users", ["name"]) if found == name) > 0


def facts(database, user=None):
    with database.reading():
        tables = database.tables()
        found = database.revisions()
        result = {
            "dialect": database.dialect,
            "revision": found[0] if len(found) == 1 else None,
            "half_migrated": half_migrated(found, tables),
            "rows": {table: count(database, database.quoted(table)) for table in tables},
            "admins": 0,
            "servers": running_servers(database, tables),
            "routes": routes(database, tables),
            "server_clients": server_clients(database, tables),
            "tokens": tokens(database),
            "unsafe_server_names": unsafe_server_names(database, tables),
            "has_user": None if user is None else has_user(database, tables, user),
        }
        if has(tables, "users", "admin"):
            result["admins"] = sum(1 for (admin,) in database.rows("users", ["admin"]) if admin)
        result.update(database.about())
        return result


def revision(database):
    with database.reading():
        found = database.revisions()
    if len(found) != 1:
        raise Refused(f"The database {database.title} has {len(found)} rows in alembic_version, not one.")
    if not found[0].isalnum():
        raise Refused(f"The database {database.title} has no revision in alembic_version.")
    return found[0]
`;

// src/host/hubdb/inventory.py
var inventory_default = '"""What must outlive an upgrade, by key, and what of it is lost.\n\nAn inventory is a file with a line for each thing, sorted: kind, key, label, and where it expires by itself the time,\nbetween tabs. The key is a digest: of what makes the thing the same one, and behind a dot, where there is more to it\nthan its existence, of that. The first line says as JSON which kinds this database has and its revisions, the last one\nhow many lines there are.\n"""\n\nimport contextlib\nimport datetime\nimport hashlib\nimport heapq\nimport json\nimport os\n\nfrom .database import Refused, shown, sync\nfrom .digests import encode\nfrom .revisions import TOKENS_DROPPED, has, is_before\n\n# Names per list; the count beside them is always complete.\nFIRST = 20\n# A hub makes these what its configuration says at every start: what is lost of them is told, but is no loss of data.\nFROM_CONFIGURATION = ("role assignments", "roles", "services")\n# Kinds that not every release has: compared where both databases have them. All others are empty where there are none.\nNEWER_KINDS = ("managed role assignments", "named servers", "role assignments", "roles", "server options", "shares")\nKINDS = ("admins", "groups", "memberships", "services", "tokens", "users") + NEWER_KINDS\n\n\ndef key_of(values):\n    return hashlib.sha256(b"".join([encode(value) for value in values])).hexdigest()[:32]\n\n\nclass Things:\n    """The things of each kind in one database: (key, label, expires)."""\n\n    def __init__(self, database):\n        self.database = database\n        self.tables = database.tables()\n\n    def has(self, *columns):\n        return all(has(self.tables, *column.split(".")) for column in columns)\n\n    def kinds(self):\n        """{kind: function that streams it} of what this database has."""\n        found = {}\n        for kind, table in (("users", "users"), ("groups", "groups"), ("services", "services"), ("roles", "roles")):\n            if self.has(table + ".name"):\n                found[kind] = lambda table=table: self.named(table)\n        if self.has("users.admin"):\n            found["admins"] = self.admins\n        if self.has("user_group_map.user_id"):\n            found["memberships"] = self.memberships\n        if self.has("api_tokens.hashed", "api_tokens.user_id"):\n            found["tokens"] = self.tokens\n        if self.has("spawners.name"):\n            found["named servers"] = self.named_servers\n        if self.has("spawners.user_options", "spawners.server_id"):\n            found["server options"] = self.options\n        if self.has("shares.owner_id"):\n            found["shares"] = self.shares\n        if self.has("user_role_map.role_id"):\n            found["role assignments"] = lambda: self.assignments(False)\n        if self.has("user_role_map.managed_by_auth"):\n            found["managed role assignments"] = lambda: self.assignments(True)\n        return found\n\n    def joined(self, columns, rest):\n        """Rows of a join; a name in braces is a table, quoted: `groups` is a word of some dialects\' own."""\n        tables = {name: self.database.quoted(name) for name in self.tables}\n        return self.database.select(f"SELECT {columns} FROM " + rest.format_map(tables))\n\n    def named(self, table):\n        for (name,) in self.database.rows(table, ["name"]):\n            yield key_of([name]), name, ""\n\n    def admins(self):\n        for name, admin in self.database.rows("users", ["name", "admin"]):\n            if admin:\n                yield key_of([name]), name, ""\n\n    def memberships(self):\n        rest = "{user_group_map} m JOIN {users} u ON u.id = m.user_id JOIN {groups} g ON g.id = m.group_id"\n        for group, user in self.joined("g.name, u.name", rest):\n            yield key_of([group, user]), f"{user} in {group}", ""\n\n    def tokens(self):\n        """API tokens of users. The token of a running server goes with it, that of a browser with its login."""\n        client = "t.client_id" if self.has("api_tokens.client_id") else "\'jupyterhub\'"\n        expires = "t.expires_at" if self.has("api_tokens.expires_at") else "NULL"\n        note = "t.note" if self.has("api_tokens.note") else "NULL"\n        columns = f"t.prefix, t.hashed, t.id, u.name, {expires}, {note}, {client}"\n        for prefix, hashed, number, user, until, note, client in self.joined(\n            columns, "{api_tokens} t JOIN {users} u ON u.id = t.user_id"\n        ):\n            if client == "jupyterhub" and not (note or "").startswith("Server at "):\n                yield key_of([prefix, hashed]), f"{user} (a{number})", time_of(until)\n\n    def named_servers(self):\n        for user, name in self.joined("u.name, s.name", "{spawners} s JOIN {users} u ON u.id = s.user_id"):\n            if name:\n                yield key_of([user, name]), f"{user}/{name}", ""\n\n    def options(self):\n        """Of named servers. Those of one that runs were given when it was started: they are of no other time."""\n        columns = "u.name, s.name, s.user_options, s.server_id"\n        for user, name, options, server in self.joined(columns, "{spawners} s JOIN {users} u ON u.id = s.user_id"):\n            if name:\n                value = "" if server is not None else key_of([canonical(options)])\n                yield key_of([user, name]) + "." + value, f"{user}/{name}", ""\n\n    def shares(self):\n        columns = "o.name, s.name, u.name, g.name, x.expires_at"\n        rest = (\n            "{shares} x JOIN {users} o ON o.id = x.owner_id JOIN {spawners} s ON s.id = x.spawner_id "\n            "LEFT JOIN {users} u ON u.id = x.user_id LEFT JOIN {groups} g ON g.id = x.group_id"\n        )\n        for owner, server, user, group, until in self.joined(columns, rest):\n            yield key_of([owner, server, user, group]), f"{owner}/{server} with {user or group or \'\'}", time_of(until)\n\n    def assignments(self, managed):\n        """Roles of users, groups and services; those that the authenticator gave apart from all others."""\n        for one, table in (("user", "users"), ("group", "groups"), ("service", "services")):\n            role_map = one + "_role_map"\n            if not self.has(role_map + ".role_id", table + ".name", "roles.name"):\n                continue\n            by_login = "m.managed_by_auth" if self.has(role_map + ".managed_by_auth") else "NULL"\n            rest = f"{{{role_map}}} m JOIN {{{table}}} b ON b.id = m.{one}_id JOIN {{roles}} r ON r.id = m.role_id"\n            for role, bearer, flag in self.joined(f"r.name, b.name, {by_login}", rest):\n                if bool(flag) == managed:\n                    yield key_of([one, bearer, role]), f"{role} of {one} {bearer}", ""\n\n\ndef canonical(options):\n    """User options as text; none at all are an empty object."""\n    if isinstance(options, str):\n        with contextlib.suppress(ValueError):\n            options = json.loads(options)\n    return json.dumps(options or {}, sort_keys=True)\n\n\ndef now():\n    return time_of(datetime.datetime.now(datetime.timezone.utc))\n\n\ndef time_of(value):\n    """A time of the database, which is UTC, to the second."""\n    return "" if value is None else str(value)[:19].replace("T", " ")\n\n\ndef write(database, out):\n    """Writes the inventory of a database to `out`, in one step and again where it is there; {revisions, counts}."""\n    part = out + ".part"\n    with contextlib.suppress(FileNotFoundError):\n        os.unlink(part)\n    counts = {}\n    with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:\n        with database.reading():\n            found, revisions = Things(database).kinds(), database.revisions()\n            head = {"kinds": sorted(found), "revisions": revisions}\n            file.write(json.dumps(head, sort_keys=True).encode() + b"\\n")\n            # Sorted kind by kind: memory is that of the largest.\n            for kind in sorted(found):\n                lines = sorted(\n                    "\\t".join((kind, key, shown(label), until)).encode() + b"\\n" for key, label, until in found[kind]()\n                )\n                file.writelines(lines)\n                counts[kind] = len(lines)\n        file.write(b"%d\\n" % sum(counts.values()))\n    sync(part)\n    os.replace(part, out)\n    return {"revisions": revisions, "counts": counts}\n\n\n# --- compare -----------------------------------------------------------------------------------------------------\n\n\nclass Inventory:\n    """A file that `write` made, read once from its beginning to its end."""\n\n    def __init__(self, file, path, now):\n        self.file = file\n        self.path = path\n        self.now = now\n        self.lines = 0\n        self.ahead = None\n        try:\n            head = json.loads(file.readline())\n            self.kinds, self.revisions = set(head["kinds"]), head["revisions"]\n        except (ValueError, KeyError, TypeError) as error:\n            raise Refused(f"{path} is no inventory.") from error\n        if not self.kinds.issubset(KINDS):\n            raise Refused(f"{path} is an inventory of another release of this program.")\n        self.counts = dict.fromkeys(self.kinds, 0)\n        self.next()\n\n    def next(self):\n        """Moves on to the next thing: (kind, key, value, label), or None behind the last."""\n        while True:\n            fields = self.file.readline().rstrip("\\n").split("\\t")\n            if len(fields) != 4:\n                if fields != [str(self.lines)]:\n                    raise Refused(f"{self.path} is no whole inventory.")\n                self.ahead = None\n                return\n            self.lines += 1\n            kind, key, label, until = fields\n            # What has expired by now may be gone by itself.\n            if until and until <= self.now:\n                continue\n            self.counts[kind] += 1\n            key, _, value = key.partition(".")\n            self.ahead = (kind, key, value, label)\n            return\n\n\nclass Missing:\n    """The count of things, and the labels of the first of them in their order."""\n\n    def __init__(self):\n        self.count = 0\n        self.first = []\n\n    def add(self, label):\n        self.count += 1\n        if len(self.first) < 2 * FIRST:\n            self.first.append(label)\n        else:\n            self.first = heapq.nsmallest(FIRST, self.first + [label])\n\n    def result(self):\n        return {"count": self.count, "first": sorted(self.first)[:FIRST]}\n\n\ndef merge(old, new, lost, added):\n    """Walks through both in the order of kind and key, which both are sorted by."""\n    while old.ahead or new.ahead:\n        before, after = (each.ahead and each.ahead[:2] for each in (old, new))\n        if before == after:\n            # An empty value is that of something in use.\n            if old.ahead[2] and new.ahead[2] and old.ahead[2] != new.ahead[2]:\n                lost[before[0]].add(old.ahead[3])\n                added[before[0]].add(new.ahead[3])\n            old.next()\n            new.next()\n        elif after is None or (before is not None and before < after):\n            lost[before[0]].add(old.ahead[3])\n            old.next()\n        else:\n            added[after[0]].add(new.ahead[3])\n            new.next()\n\n\ndef compare(old, new):\n    with open(old, encoding="utf-8", newline="\\n") as old_file, open(new, encoding="utf-8", newline="\\n") as new_file:\n        time = now()\n        was, is_now = Inventory(old_file, old, time), Inventory(new_file, new, time)\n        lost, added = ({kind: Missing() for kind in KINDS} for _ in range(2))\n        merge(was, is_now, lost, added)\n    kinds = [kind for kind in KINDS if kind not in NEWER_KINDS or kind in was.kinds & is_now.kinds]\n    result = {\n        "revisions": {"old": was.revisions, "new": is_now.revisions},\n        "lost": {kind: lost[kind].result() for kind in kinds},\n        "added": {kind: added[kind].result() for kind in kinds},\n        "counts": {kind: [each.counts.get(kind, 0) for each in (was, is_now)] for kind in kinds},\n        "dropped_by_design": {},\n    }\n    if is_before(was.revisions, TOKENS_DROPPED) and not is_before(is_now.revisions, TOKENS_DROPPED):\n        result["dropped_by_design"]["tokens"] = result["lost"].pop("tokens")\n    kept = [each["count"] == 0 for kind, each in result["lost"].items() if kind not in FROM_CONFIGURATION]\n    result["complete"] = all(kept)\n    return result\n';

// src/host/hubdb/lines.py
var lines_default = `"""A database as lines of JSON: the backup where no program of the server's own makes one. See docs/lines-format.md.

The first line says what the tables look like, and how to make them. Then each table: a line with its name, and a line
for each row. The last line but one has the digest of it all, the last one the sha256 of all lines before it.
"""

import contextlib
import hashlib
import itertools
import json
import os
import sqlite3

from .database import Database, Refused
from .digests import RowsDigest, digest_of, durable_digest, schema_digest
from .making import place
from .programs import private_directory
from .values import Unknown, from_json, to_json

FORMAT = "jupyterhub-upgrade-lines"
VERSION = 1
# Rows that go to the database together.
BATCH = 500


# --- writing -----------------------------------------------------------------------------------------------------


class Writer:
    def __init__(self, file):
        self.file = file
        self.sha256 = hashlib.sha256()

    def line(self, value):
        line = json.dumps(value, separators=(",", ":")).encode("ascii") + b"\\n"
        self.sha256.update(line)
        self.file.write(line)


def dump(database, path):
    """Writes a server's database to \`path\` in one consistent read; the digest of what is there then."""
    with open(path, "wb") as file, database.reading():
        writer = Writer(file)
        head = {
            "format": FORMAT,
            "version": VERSION,
            "dialect": database.dialect,
            "revision": database.revisions(),
            "schema": [list(line) for line in database.schema_lines()],
            "types": database.types(),
            "tables": database.definitions(),
        }
        writer.line(head)
        digest = {"schema": schema_digest(head["schema"]), "tables": {}}
        for table in head["tables"]:
            digest["tables"][table["name"]] = dump_table(database, writer, table)
        writer.line({"digest": digest})
        writer.line({"sha256": writer.sha256.hexdigest()})
    return digest


def dump_table(database, writer, table):
    name, columns = table["name"], [column["name"] for column in table["columns"]]
    order = sorted(range(len(columns)), key=lambda index: columns[index])
    total = RowsDigest(name, [columns[index] for index in order])
    writer.line({"table": name})
    for row in database.rows(name, columns, order=table["primary_key"]):
        try:
            writer.line([to_json(value) for value in row])
        except Unknown as error:
            raise Refused(f"The table {name} has a value of the type {error}, which no line can hold.") from error
        total.add([row[index] for index in order])
    return {"rows": total.rows, "exact": total.result(), "durable": durable_digest(database, name, columns)}


# --- reading -----------------------------------------------------------------------------------------------------


def is_lines(path):
    with open(path, "rb") as file:
        return file.read(12) == b'{"format":"j'


def checked(path):
    """(head, digest) of a file that is what was written, whole and unchanged."""
    sha256 = hashlib.sha256()
    first = last_but_one = last = None
    with open(path, "rb") as file:
        for line in file:
            if last is not None:
                sha256.update(last)
            if first is None:
                first = line
            last_but_one, last = last, line
    try:
        head = json.loads(first.decode("ascii"))
        if head["format"] != FORMAT:
            raise ValueError
    except (AttributeError, ValueError, KeyError, TypeError) as error:
        raise Refused(f"{path} is no backup in lines.") from error
    if last != json.dumps({"sha256": sha256.hexdigest()}, separators=(",", ":")).encode("ascii") + b"\\n":
        raise Refused(f"{path} is not what was written: it was cut or changed.")
    if head["version"] != VERSION:
        raise Refused(f"{path} was written by another release of this program.")
    return head, json.loads(last_but_one.decode("ascii"))["digest"]


def tables_of(path):
    """Streams (table, rows) of a file, the rows as lists of values. The rows of one are read before the next."""
    with open(path, "rb") as file:
        table = None
        for is_row, lines in itertools.groupby(itertools.islice(file, 1, None), lambda line: line.startswith(b"[")):
            if is_row:
                yield table, ([from_json(value) for value in json.loads(line.decode("ascii"))] for line in lines)
            else:
                *_, table = [json.loads(line.decode("ascii")).get("table") for line in lines]


def batches(rows):
    while True:
        batch = list(itertools.islice(rows, BATCH))
        if not batch:
            return
        yield batch


# --- putting back ------------------------------------------------------------------------------------------------


def put_back(database, path):
    """Drops the hub's tables, and makes and fills them anew; again from the beginning where it was killed."""
    head, expected = checked(path)
    if head["dialect"] != database.dialect:
        raise Refused(f"{path} is the backup of a database of {head['dialect']}, {database.title} is another.")
    database.own(table["name"] for table in head["tables"])
    with database.reading():
        dropped = database.children_first(set(database.tables()))

    def drop(connection):
        database.drop(connection, dropped)

    def make(connection):
        database.make_types(connection, head["types"])
        for table in head["tables"]:
            for statement in table["create"]:
                database.run(connection, statement)

    def fill(connection):
        inserts = database.inserts(connection, [table["name"] for table in head["tables"]])
        places = [place(index) for index in range(max((len(table["columns"]) for table in head["tables"]), default=0))]
        for name, rows in tables_of(path):
            for batch in batches(rows):
                connection.execute(inserts[name], [dict(zip(places, row)) for row in batch])

    def count(connection):
        for table in head["tables"]:
            database.set_counter(connection, table)

    database.change(drop, make, fill, count)
    with database.reading():
        found = digest_of(database)
    different = [name for name, table in expected["tables"].items() if found["tables"].get(name) != table]
    if different:
        raise Refused(f"The table {different[0]} is not what the backup {path} has: put it back again.")
    return {"digest": found}


# --- proof -------------------------------------------------------------------------------------------------------


def prove(path):
    head, _ = checked(path)
    with private_directory(os.path.dirname(os.path.abspath(path))) as directory:
        connection = sqlite3.connect(os.path.join(directory, "lines.sqlite"), isolation_level=None)
        try:
            scratch = Scratch(connection, head)
            scratch.load(path)
            return {"where": "a scratch file", "digest": digest_of(scratch)}
        except sqlite3.Error as error:
            raise Refused(f"{path} could not be restored into a scratch file: {error}.") from error
        finally:
            connection.close()


# What SQLite has no type for is kept as bytes that begin like this, and so are bytes that do.
ODD = b"\\0odd "


def to_scratch(value):
    if isinstance(value, (bytes, bytearray, memoryview)) and not bytes(value).startswith(ODD):
        return bytes(value)
    if value is None or (isinstance(value, int) and -(1 << 63) <= value < 1 << 63):
        return value
    if isinstance(value, str):
        with contextlib.suppress(UnicodeEncodeError):  # of a lone surrogate
            value.encode("utf-8")
            return value
    return ODD + json.dumps(to_json(value)).encode("ascii")


def from_scratch(value):
    if isinstance(value, bytes) and value.startswith(ODD):
        return from_json(json.loads(value[len(ODD) :].decode("ascii")))
    return value


class Scratch(Database):
    """The tables of a file in SQLite, with the values they have there. What the schema was, only the file tells."""

    def __init__(self, connection, head):
        self.connection = connection
        self.head = head

    def load(self, path):
        self.connection.execute("PRAGMA journal_mode = OFF")
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.execute("BEGIN")
        for table in self.head["tables"]:
            columns = [quoted(each["name"]) + ("" if each["nullable"] else " NOT NULL") for each in table["columns"]]
            if table["primary_key"]:
                columns.append("PRIMARY KEY (%s)" % ", ".join(quoted(each) for each in table["primary_key"]))
            self.connection.execute("CREATE TABLE %s (%s)" % (quoted(table["name"]), ", ".join(columns)))
        for name, rows in tables_of(path):
            places = ", ".join("?" for _ in self.tables()[name])
            insert = f"INSERT INTO {quoted(name)} VALUES ({places})"
            self.connection.executemany(insert, ([to_scratch(value) for value in row] for row in rows))
        self.connection.execute("COMMIT")

    def tables(self):
        return {table["name"]: [column["name"] for column in table["columns"]] for table in self.head["tables"]}

    def schema_lines(self):
        return self.head["schema"]

    def rows(self, table, columns, where=""):
        selection = ", ".join(quoted(column) for column in columns)
        condition = " WHERE " + where if where else ""
        for row in self.connection.execute(f"SELECT {selection} FROM {quoted(table)}{condition}"):
            yield tuple(from_scratch(value) for value in row)


def quoted(name):
    return '"' + name.replace('"', '""') + '"'
`;

// src/host/hubdb/loss.py
var loss_default = '"""What only the database knows, and a hub that began with a fresh one would not.\n\nNot counted is what comes back by itself: users, admins and groups that the configuration names, users that may all log\nin, and what a login or the start of a hub makes.\n"""\n\nimport json\n\nfrom .database import Refused, shown\nfrom .facts import count, running_servers\nfrom .inventory import FIRST, Things\nfrom .revisions import HUB_TABLES\n\n\ndef loss(database, file):\n    """{"lost": {kind: {"count", "first"}}}; `file` is what `introspect.py --database-file` wrote."""\n    try:\n        with open(file, encoding="utf-8") as content:\n            configured = json.load(content)["logins"]\n    except (ValueError, KeyError, TypeError) as error:\n        raise Refused(f"{file} does not say whom the configuration lets in.") from error\n    with database.reading():\n        things = Things(database)\n        kinds = things.kinds()\n        # Kind of the inventory, its name for people, and what of it the configuration has.\n        wanted = [\n            ("admins", "admins", configured["admins"]),\n            ("groups", "groups", configured["groups"]),\n            ("tokens", "API tokens", ()),\n            ("named servers", "named servers", ()),\n            ("shares", "shares", ()),\n        ]\n        if not configured["everybody"]:\n            wanted.insert(0, ("users", "users", configured["users"]))\n        found = {}\n        for kind, name, known in wanted:\n            if kind in kinds:\n                found[name] = missing((label for _, label, _ in kinds[kind]()), set(known))\n        running = [f"{one[\'user\']}/{one[\'name\']}".rstrip("/") for one in running_servers(database, things.tables)]\n        found["running servers"] = missing(running, set())\n        for table in things.tables:\n            if table not in HUB_TABLES:\n                rows = count(database, database.quoted(table))\n                found[f"rows of the table {shown(table)}"] = {"count": rows, "first": []}\n    return {"lost": {name: each for name, each in found.items() if each["count"]}}\n\n\ndef missing(labels, known):\n    number, first = 0, []\n    for label in labels:\n        if label not in known:\n            number += 1\n            if len(first) < FIRST:\n                first.append(shown(label))\n    return {"count": number, "first": first}\n';

// src/host/hubdb/making.py
var making_default = `"""How a server's tables are made, filled and dropped through SQLAlchemy: what a backup in lines needs of a dialect."""

import contextlib

import sqlalchemy
import sqlalchemy.exc
import sqlalchemy.schema
import sqlalchemy.types
from sqlalchemy import sql

from .database import Refused
from .revisions import HUB_TABLES


class Making:
    """A part of Server."""

    @contextlib.contextmanager
    def changing(self):
        """Context: a connection in a transaction that writes."""
        with self.connected() as connection, connection.begin():
            yield connection

    def change(self, *steps):
        """Takes steps with a connection; each in a transaction of its own: not all dialects see new tables before."""
        for step in steps:
            with self.changing() as connection:
                step(connection)

    def run(self, connection, statement):
        connection.execute(text(statement))

    def drop(self, connection, tables):
        for table in tables:
            self.run(connection, "DROP TABLE " + quote(connection, table))

    def children_first(self, tables):
        """The tables in an order in which each comes before those that it refers to."""
        referred = {table: self.referred(table) & tables - {table} for table in sorted(tables)}
        ordered = []
        while referred:
            # Where they refer to each other in a circle any is as good as another.
            free = [table for table in referred if not any(table in others for others in referred.values())]
            for table in free or list(referred)[:1]:
                ordered.append(table)
                del referred[table]
        return ordered

    def definitions(self):
        """The tables, each behind those that it refers to, and how to make them."""
        names = self.children_first(set(self.tables()))[::-1]
        known = sqlalchemy.MetaData()
        known.reflect(bind=self.connection, only=names)
        return [
            {
                "name": name,
                "columns": [
                    {"name": column["name"], "type": str(column["type"]), "nullable": bool(column["nullable"])}
                    for column in self.columns(name)
                ],
                "primary_key": list((self.inspector.get_pk_constraint(name) or {}).get("constrained_columns") or []),
                "create": self.definition(self.made_by_hub(known.tables[name])),
                "counter": self.counter(name),
            }
            for name in names
        ]

    def tells_constraints(self):
        try:
            self.inspector.get_unique_constraints("users")
        except NotImplementedError:
            return False
        return True

    def made_by_hub(self, table):
        """The table as the hub's own code has it, where the dialect does not tell all that there is of it."""
        if table.name not in HUB_TABLES or table.name == "alembic_version" or self.tells_constraints():
            return table
        try:
            from jupyterhub import orm
        except ImportError as error:
            raise Refused(f"The hub of this environment could not be imported: {error}.") from error
        known = orm.Base.metadata.tables.get(table.name)
        if known is None or set(known.columns.keys()) != set(table.columns.keys()):
            raise Refused(
                f"The table {table.name} is not as the hub of this environment makes it, and SQLAlchemy's dialect for "
                f"{self.dialect} does not tell enough to make it again."
            )
        return known

    def definition(self, table):
        """The statements that make a table and its indexes, of what SQLAlchemy's reflection found."""
        elements = [sqlalchemy.schema.CreateTable(table)]
        elements += [
            sqlalchemy.schema.CreateIndex(index) for index in sorted(table.indexes, key=lambda each: each.name)
        ]
        return [plain(element.compile(dialect=self.connection.dialect), self.connection) for element in elements]

    def inserts(self, connection, tables):
        """{table: statement that inserts a row: its values are the parameters \`place(0)\`, \`place(1)\`, \u2026}."""
        inspector = sqlalchemy.inspect(connection)
        found = {}
        for table in tables:
            key = (inspector.get_pk_constraint(table) or {}).get("constrained_columns") or []
            columns = [
                sqlalchemy.Column(each["name"], as_stored(each["type"]), primary_key=each["name"] in key)
                for each in inspector.get_columns(table)
            ]
            # Not all drivers take every name of a column for one of a parameter.
            places = {
                column.name: sql.bindparam(place(index), type_=column.type) for index, column in enumerate(columns)
            }
            found[table] = sqlalchemy.Table(table, sqlalchemy.MetaData(), *columns).insert().values(places)
        return found

    def types(self):
        """Types that tables need and that are none of the server's own."""
        return []

    def make_types(self, connection, types):
        pass

    def counter(self, table):
        """What numbers the next row of a table, where that is not simply behind the last one."""

    def set_counter(self, connection, table):
        """Lets the server number the next row behind the last one, as SQL's standard has it.

        Where that is no statement of the dialect's, the numbers that were put in did it (SQLite, MS SQL Server).
        """
        if len(table["primary_key"]) != 1:
            return
        for column in sqlalchemy.inspect(connection).get_columns(table["name"]):
            if column["name"] in table["primary_key"] and isinstance(column["type"], sqlalchemy.types.Integer):
                name, of = quote(connection, column["name"]), quote(connection, table["name"])
                (last,) = connection.execute(text(f"SELECT max({name}) FROM {of}")).fetchone()
                with contextlib.suppress(sqlalchemy.exc.SQLAlchemyError):
                    self.run(connection, f"ALTER TABLE {of} ALTER COLUMN {name} RESTART WITH {(last or 0) + 1}")


def as_stored(kind):
    """The type of a column to read and write it by. JSON is a text, and no number is rounded on its way."""
    if isinstance(kind, (sqlalchemy.types.JSON, sqlalchemy.types.Float)):
        return sqlalchemy.types.NullType()
    return kind


def plain(compiled, connection):
    """What SQLAlchemy compiled, as \`text\` takes it: there every percent sign is one."""
    doubled = "%%" in connection.dialect.identifier_preparer.quote_identifier("%")
    return str(compiled).strip().replace("%%", "%") if doubled else str(compiled).strip()


def place(index):
    """The name of the parameter for a column."""
    return f"hubdb_{index}"


def quote(connection, name):
    """The name of a table or column as a statement must have it."""
    return plain(connection.dialect.identifier_preparer.quote(name), connection)


def text(statement):
    """A statement without parameters: a colon in it is a colon, and a percent sign one."""
    return sql.text(statement.replace(":", r"\\:"))
`;

// src/host/hubdb/myprograms.py
var myprograms_default = `"""mysqldump and mysql, or mariadb-dump and mariadb, with the parameters that the hub's driver has."""

import contextlib
import os
import re
import shutil
import subprocess

import sqlalchemy

from .database import Refused
from .programs import Failed, candidates, numbers, run, running, secret_file, version_text

PLACES = ("/usr/bin", "/usr/local/bin", "/usr/local/mysql/bin", "/opt/mysql/bin", "/opt/mariadb/bin")
HEADS = (b"-- MySQL dump", b"-- MariaDB dump")
# MariaDB's client takes it as a command, every other one stumbles over it.
SANDBOX = b"/*M!999999\\\\-"
END = b"-- Dump completed"
# What SHOW CREATE TABLE says of a table's next row; and the character set beside a collation, which tells it anyway:
# MySQL names it or not according to how the column was written when it was made.
PASSING = re.compile(r" AUTO_INCREMENT=\\d+| CHARACTER SET \\w+(?= COLLATE )")
CREATED = re.compile(rb"CREATE TABLE \`((?:[^\`]|\`\`)+)\`")
# Errors whose text quotes a value of a row or a part of the statement.
QUOTING = {1062, 1064, 1265, 1264, 1292, 1366, 1406, 1586, 3140, 4025}


class Programs:
    """A program that dumps, and the client beside it that loads."""

    def __init__(self, path):
        said = version_text(path)
        self.path = path
        self.name = os.path.basename(path)
        self.mariadb = "mariadb" in said.lower()
        # Before MariaDB 10.5 and MySQL 8.0 the program's own version comes first, its release after "Distrib".
        self.version = numbers(said.partition("Distrib ")[2] or said.partition("from ")[2] or said)
        self.title = f"{self.name} {'.'.join(str(part) for part in self.version)}"
        directory = os.path.dirname(path)
        clients = [os.path.join(directory, name) for name in ("mariadb", "mysql")]
        self.client = next((each for each in clients if os.access(each, os.X_OK)), None)


def installed():
    found = [Programs(path) for path in candidates(["mariadb-dump", "mysqldump"], PLACES)]
    return [each for each in found if each.version and each.client]


def fitting(mariadb):
    """The newest programs, of the server's own kind where they are there."""
    return max(installed(), key=lambda each: (each.mariadb == mariadb, each.version), default=None)


def loading(mariadb):
    programs = fitting(mariadb)
    if programs is None:
        raise Refused(missing(mariadb))
    return programs


def missing(mariadb):
    names, package = (
        ("mariadb-dump and mariadb", "mariadb-client") if mariadb else ("mysqldump and mysql", "mysql-client")
    )
    return (
        f"The programs {names} are not on the hub's host: the backup is made in lines through SQLAlchemy. Install "
        f"{package} for one that every client reads."
    )


# --- parameters --------------------------------------------------------------------------------------------------


def parameters(database):
    """What the hub's driver gets, by the names of an option file, and how it takes TLS: "", off, on, ca or identity."""
    url = database.url
    _, given = sqlalchemy.create_engine(url).dialect.create_connect_args(url)
    given = dict(given, **(database.options.get("connect_args") or {}))
    ssl = given.get("ssl") if isinstance(given.get("ssl"), dict) else {}
    names = {
        "host": ["host"],
        "port": ["port"],
        "socket": ["unix_socket"],
        "user": ["user", "username"],
        "password": ["password", "passwd"],
    }
    found = {}
    for option, keys in names.items():
        value = next((given[key] for key in keys if given.get(key) is not None), None)
        if value is not None:
            found[option] = str(value)
    for option in ("ca", "capath", "cert", "key", "cipher"):
        value = ssl.get(option, given.get("ssl_" + option))
        if value is not None:
            found["ssl-" + option] = str(value)
    if given.get("read_default_group") not in (None, "client"):
        raise Failed("the driver's read_default_group cannot be handed on.")
    return found, given.get("read_default_file"), tls(given, ssl, found, url.get_driver_name())


def is_on(value):
    return str(value).lower() in ("1", "true", "yes", "on")


def tls(given, ssl, found, driver):
    mode = str(given.get("ssl_mode", "")).upper()
    modes = {"DISABLED": "off", "PREFERRED": "", "REQUIRED": "on", "VERIFY_CA": "ca", "VERIFY_IDENTITY": "identity"}
    if mode in modes:
        return modes[mode]
    if is_on(given.get("ssl_disabled", "")):
        return "off"
    if is_on(given.get("ssl_verify_identity", "")):
        return "identity"
    if "ssl-ca" in found or "ssl-capath" in found:
        checked = ssl.get("check_hostname", driver == "pymysql" and "ssl" in given)
        return "identity" if is_on(checked) else "ca"
    if is_on(given.get("ssl_verify_cert", "")):
        return "ca"
    return "on" if ssl or is_on(given.get("ssl", "")) or "ssl-cert" in found else ""


def tls_options(how, mariadb):
    if not mariadb:
        modes = {"": "PREFERRED", "off": "DISABLED", "on": "REQUIRED", "ca": "VERIFY_CA", "identity": "VERIFY_IDENTITY"}
        # Where the connection is not encrypted the password is, by the server's key.
        return ["ssl-mode=" + modes[how], "loose-get-server-public-key"]
    return {
        "": ["skip-ssl-verify-server-cert"],
        "off": ["skip-ssl", "skip-ssl-verify-server-cert"],
        "on": ["ssl", "skip-ssl-verify-server-cert"],
        # This client checks all of a certificate or nothing of it.
        "ca": ["ssl", "ssl-verify-server-cert"],
        "identity": ["ssl", "ssl-verify-server-cert"],
    }[how]


def quoted(value):
    """A value of an option file; its reader takes off the quotes and resolves the escapes."""
    return '"' + value.replace("\\\\", "\\\\\\\\").replace('"', '\\\\"') + '"'


@contextlib.contextmanager
def defaults(database, programs):
    """Context: the option that leads to a file with all parameters, and its descriptor."""
    found, include, how = parameters(database)
    lines = [f"!include {include}"] if include else []
    lines += ["[client]"] + [f"{name}={quoted(found[name])}" for name in sorted(found)]
    with secret_file("\\n".join(lines + tls_options(how, programs.mariadb)) + "\\n") as (path, secret):
        yield "--defaults-file=" + path, secret


# --- dump --------------------------------------------------------------------------------------------------------


def dump(database, programs, out, options=()):
    tables = list(database.tables())
    if not tables:
        raise Refused(f"There are no tables of a hub in {database.title}.")
    flags = ["--single-transaction", "--skip-lock-tables", "--skip-add-locks", "--hex-blob", "--no-tablespaces"]
    flags += ["--default-character-set=utf8mb4", "--max-allowed-packet=1G", "--result-file=" + out]
    if not programs.mariadb:
        flags += ["--set-gtid-purged=OFF", "--loose-column-statistics=0"]
    with defaults(database, programs) as (option, secret):
        command = [programs.path, option] + flags + list(options) + [database.schema()] + tables
        run(command, secret=secret, alive=database.answers)


def trial(database, programs):
    """What the program says when it may not dump the hub's tables; nothing when all is well."""
    try:
        dump(database, programs, os.devnull, ["--no-data"])
    except Failed as error:
        return database.in_words(error)
    return ""


# --- load --------------------------------------------------------------------------------------------------------


def is_dump(file):
    with open(file, "rb") as opened:
        line = opened.readline(1000)
        return (opened.readline(1000) if line.startswith(SANDBOX) else line).startswith(HEADS)


def tables_in(file):
    """The tables that a dump makes. One without its last line is not whole."""
    tables, last = [], b""
    with open(file, "rb") as opened:
        for line in opened:
            found = CREATED.match(line)
            if found:
                tables.append(found.group(1).decode("utf-8").replace("\`\`", "\`"))
            last = line[:100] if line.strip() else last
    if not last.startswith(END) or "users" not in tables:
        raise Refused(f"{file} is not a whole backup of a hub's tables.")
    return tables


def load(database, programs, file, before):
    """Runs statements and then the file's, as they come: of MySQL's DDL nothing can be rolled back."""
    flags = ["--batch", "--binary-mode", "--default-character-set=utf8mb4", "--max-allowed-packet=1G"]
    with defaults(database, programs) as (option, secret):
        command = [programs.client, option] + flags + [database.url.database]
        try:
            with running(command, secret=secret, stdin=subprocess.PIPE, alive=database.answers) as client:
                feed(client.stdin, file, before)
        except Failed as error:
            raise in_words(error) from error


def feed(client, file, before):
    with open(file, "rb") as opened, contextlib.suppress(BrokenPipeError):  # the client has ended, and says why
        client.write("".join(statement + ";\\n" for statement in before).encode("utf-8"))
        first = opened.readline(1000)
        client.write(b"" if first.startswith(SANDBOX) else first)
        shutil.copyfileobj(opened, client, 1 << 16)


def in_words(error):
    found = re.search(r"ERROR (\\d+)", str(error))
    if found and int(found.group(1)) in QUOTING:
        return Failed(f"the data does not fit (error {found.group(1)})")
    return error
`;

// src/host/hubdb/myrights.py
var myrights_default = '"""What on MySQL or MariaDB would keep the hub\'s tables from being backed up or put back."""\n\nimport re\n\nNEEDED = ("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "INDEX", "REFERENCES")\n# Engines whose tables a transaction reads as they were when it began.\nCONSISTENT = ("InnoDB", "ROCKSDB")\nROLE = re.compile(r"GRANT (`[^`]*`@`[^`]*`|`[^`]*`)(, `[^`]*`@`[^`]*`)* TO ")\nGRANT = re.compile(r"GRANT (.+?) ON (?:TABLE )?(\\*|`(?:[^`]|``)*`)\\.(\\*|`(?:[^`]|``)*`) TO ")\n\n\ndef matches(pattern, name):\n    """Whether a database\'s name in a grant, with % and _ as in LIKE, covers this one."""\n    expression = ""\n    for escaped, each in re.findall(r"(\\\\?)(.)", pattern):\n        expression += re.escape(each) if escaped or each not in "%_" else (".*" if each == "%" else ".")\n    return re.match(expression + r"\\Z", name) is not None\n\n\nclass Rights:\n    """In `reading` of the database."""\n\n    def __init__(self, database):\n        self.database = database\n        self.title = database.title\n        self.grants = self.read_grants()\n\n    def read_grants(self):\n        """[(rights, database pattern or *, table or *)], with those of the roles that are in force."""\n        grants = [row[0] for row in self.database.shown("SHOW GRANTS")]\n        if not self.database.is_mariadb() and any(ROLE.match(each) for each in grants):\n            roles = str(self.database.value("SELECT CURRENT_ROLE()"))\n            if roles != "NONE":\n                grants = [row[0] for row in self.database.shown(f"SHOW GRANTS FOR CURRENT_USER() USING {roles}")]\n        found = []\n        for grant in grants:\n            match = GRANT.match(grant)\n            if match:\n                names = [name if name == "*" else name[1:-1].replace("``", "`") for name in match.groups()[1:]]\n                # A right on columns alone is none on the table.\n                rights = {each.strip().upper() for each in re.sub(r"\\w+ \\([^)]*\\)", "", match.group(1)).split(",")}\n                found.append((rights, names[0], names[1]))\n        return found\n\n    def granted(self, name, table=None):\n        """The rights on all of a database, and on one of its tables."""\n        found = set()\n        for rights, pattern, only in self.grants:\n            if (pattern == "*" or pattern == name or matches(pattern, name)) and only in ("*", table):\n                found |= rights\n        if "ALL PRIVILEGES" in found or "ALL" in found:\n            found |= set(NEEDED) | {"LOCK TABLES", "TRIGGER"}\n        return found\n\n    def problems(self):\n        return self.read_only() + self.missing() + self.engines() + self.definers()\n\n    def read_only(self):\n        if not self.database.value("SELECT @@global.read_only") or self.granted("*") & {"SUPER", "READ_ONLY ADMIN"}:\n            return []\n        return [\n            f"The server of {self.title} is read-only, as a replica is: let the hub\'s db_url lead to the primary one."\n        ]\n\n    def missing(self):\n        schema = self.database.schema()\n        lacking = [right for right in NEEDED if right not in self.granted(schema)]\n        if self.database.triggers() and "TRIGGER" not in self.granted(schema):\n            lacking.append("TRIGGER")\n        if not lacking:\n            return []\n        user, _, host = str(self.database.value("SELECT CURRENT_USER()")).rpartition("@")\n        return [\n            f"The user {user}@{host} lacks rights to migrate the database {self.title} and to put it back: say "\n            f"GRANT {\', \'.join(lacking)} ON `{schema}`.* TO \'{user}\'@\'{host}\'."\n        ]\n\n    def engines(self):\n        rows = self.database.several(\n            "SELECT table_name, engine FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1"\n        )\n        tables = self.database.tables()\n        others = [(table, engine) for table, engine in rows if table in tables and engine not in CONSISTENT]\n        if not others:\n            return []\n        named = ", ".join(f"{table} ({engine})" for table, engine in others)\n        statements = "; ".join(f"ALTER TABLE {self.database.ticked(table)} ENGINE=InnoDB" for table, _ in others)\n        return [\n            f"Tables of the hub in {self.title} have an engine without transactions, so they cannot be backed up while "\n            f"the hub writes, nor does a failed migration leave them whole: {named}. Say {statements}."\n        ]\n\n    def definers(self):\n        """A trigger of somebody else can be made again by a user with SUPER or SET USER alone."""\n        if (\n            self.granted("*") & {"SUPER", "SET USER", "SET_USER_ID", "SET_ANY_DEFINER"}\n            or "ALL PRIVILEGES" in self.everywhere()\n        ):\n            return []\n        user = str(self.database.value("SELECT CURRENT_USER()"))\n        return [\n            f"The trigger {name} on the table {table} in {self.title} was defined by {definer}, so {user} could not "\n            f"make it again: define it as {user}, or drop it before the upgrade and make it again after it."\n            for table, name, _, _, _, definer in self.database.triggers()\n            if definer not in (None, user)  # not told to who may not see triggers\n        ]\n\n    def everywhere(self):\n        return set().union(*[rights for rights, pattern, _ in self.grants if pattern == "*"])\n\n    def may_create(self, name):\n        """Whether a database of that name may be made, filled and dropped."""\n        return set(NEEDED) <= self.granted(name)\n\n    def warnings(self):\n        inside = self.database.column(\n            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "\n            "AND table_type = \'BASE TABLE\'"\n        )\n        return self.unseen_triggers() + self.database.left_alone(inside)\n\n    def unseen_triggers(self):\n        """MySQL tells of triggers only who may make them."""\n        schema = self.database.schema()\n        if self.database.is_mariadb() or "TRIGGER" in self.granted(schema):\n            return []\n        return [\n            f"Whether tables in {self.title} have triggers cannot be seen without the right TRIGGER, and those that a "\n            f"rollback drops would not be made again: say GRANT TRIGGER ON `{schema}`.* for the hub\'s user."\n        ]\n';

// src/host/hubdb/myscratch.py
var myscratch_default = `"""Proof of a backup of MySQL or MariaDB: restored into a scratch database, or into a server of one's own."""

import contextlib
import os
import urllib.parse

import sqlalchemy

from . import myprograms, myrights
from .digests import digest_of
from .programs import candidates, numbers, version_text
from .scratch import PREFIX, Account, NoPlace, alike, beside, first, new_name, own_server, prefix

PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec") + myprograms.PLACES
NAME = "hub"


def proof(database, rights):
    """How a backup will be proven, as far as one can tell before."""
    if rights.may_create(PREFIX + "proof"):
        return "scratch database"
    return "server of its own" if server_program(database) else "none"


def server_program(database):
    """A server of the same kind and release, with an account it may run as."""
    if not Account("mysql").able:
        return None
    for path in candidates(["mariadbd", "mysqld"], PLACES):
        said = version_text(path)
        release = numbers(database.version_text())[:2]
        if numbers(said)[:2] == release and ("mariadb" in said.lower()) == database.is_mariadb():
            return path
    return None


def prove(database, file, visit=None):
    database.own(myprograms.tables_in(file))
    with database.reading():
        programs = myprograms.loading(database.is_mariadb())
        origin = Origin(database)
        ways = []
        if myrights.Rights(database).may_create(PREFIX + "proof"):
            ways.append((scratch_database(database, origin), "a scratch database"))
        if origin.server:
            ways.append((scratch_server(database, file, origin), "a server of its own"))

    def restore(scratch):
        myprograms.load(scratch, programs, file, [])
        with scratch.reading():
            digest = digest_of(scratch)
        if visit:
            visit(scratch)
        return digest

    pattern = PREFIX.replace("_", "\\\\_") + "%"
    advice = (
        f"Say GRANT ALL ON \`{pattern}\`.* for the hub's user, or install the server's own programs of its release on "
        "the hub's host."
    )
    return first(database, file, ways, restore, advice)


class Origin:
    """What a scratch database has to have of the hub's."""

    def __init__(self, database):
        charset, collation = database.several("SELECT @@character_set_database, @@collation_database")[0]
        self.defaults = f"CHARACTER SET {charset} COLLATE {collation}"
        self.server = server_program(database)
        self.mariadb = database.is_mariadb()
        self.case = int(database.value("SELECT @@lower_case_table_names"))


@contextlib.contextmanager
def scratch_database(database, origin):
    """Context: a database on the hub's own server.

    A lock is held on its name: a name on which nobody holds one is of a proof that was killed.
    """
    name = new_name(database)
    with database.connected("AUTOCOMMIT") as connection:

        def execute(statement):
            return connection.execute(sqlalchemy.text(statement))

        execute("SET SESSION wait_timeout = 86400")
        execute(f"SELECT GET_LOCK('{name}', 0)").fetchall()
        remove_stale(execute, prefix(database))
        try:
            execute(f"CREATE DATABASE {name} {origin.defaults}")
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise NoPlace(database.in_words(error.orig)) from error
        try:
            yield beside(database, name)
        finally:
            execute(f"DROP DATABASE IF EXISTS {name}")


def sweep(database):
    with database.connected("AUTOCOMMIT") as connection:
        remove_stale(lambda statement: connection.execute(sqlalchemy.text(statement)), prefix(database))


def remove_stale(execute, beginning):
    pattern = beginning.replace("_", "\\\\\\\\_") + "%"
    query = f"SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE '{pattern}'"
    for (name,) in execute(query).fetchall():
        name = name if isinstance(name, str) else bytes(name).decode("ascii")
        if execute(f"SELECT IS_FREE_LOCK('{name}')").fetchone()[0]:
            execute(f"DROP DATABASE IF EXISTS {name}")


@contextlib.contextmanager
def scratch_server(database, file, origin):
    def data(directory):
        return "--datadir=" + os.path.join(directory, "data")

    def make(directory):
        if not origin.mariadb:
            return [origin.server, "--no-defaults", data(directory), "--initialize-insecure"]
        installers = candidates(["mariadb-install-db", "mysql_install_db"], PLACES)
        if not installers:
            raise NoPlace("mariadb-install-db is missing")
        return [installers[0], "--no-defaults", data(directory), "--auth-root-authentication-method=normal"] + [
            "--skip-test-db",
            "--skip-name-resolve",
        ]

    def serve(directory):
        # Who may enter the directory may enter the server.
        settings = [
            "--skip-networking",
            "--socket=" + os.path.join(directory, "s"),
            "--pid-file=" + os.path.join(directory, "pid"),
            "--tmpdir=" + directory,
            "--skip-log-bin",
            "--innodb-buffer-pool-size=32M",
            "--innodb-flush-log-at-trx-commit=0",
            "--performance-schema=off",
            f"--lower-case-table-names={origin.case}",
        ]
        settings += [] if origin.mariadb else ["--mysqlx=OFF", "--secure-file-priv=NULL"]
        return [origin.server, "--no-defaults", data(directory)] + settings

    def scratch(directory, name):
        where = urllib.parse.quote(os.path.join(directory, "s"), safe="")
        charset = database.url.query.get("charset")
        query = f"unix_socket={where}" + (f"&charset={charset}" if isinstance(charset, str) else "")
        return alike(database, f"{database.url.drivername}://root@localhost/{name}?{query}", {})

    def answers(directory):
        return scratch(directory, "mysql").answers()

    with own_server(Account("mysql"), file, make, serve, answers, "KILL") as directory:
        with scratch(directory, "mysql").connected("AUTOCOMMIT") as connection:
            connection.execute(sqlalchemy.text(f"CREATE DATABASE {NAME} {origin.defaults}"))
        yield scratch(directory, NAME)
`;

// src/host/hubdb/mysql.py
var mysql_default = `"""A hub's database on MySQL or MariaDB: backed up, proven and put back by the server's own programs."""

import contextlib

import sqlalchemy

from . import myprograms, myrights, myscratch
from .database import Refused, TryAgain, log, new_file
from .digests import digest_of
from .programs import Failed
from .revisions import TEMPORARY
from .server import LINES, Server, text

LOCK_SECONDS = 20
# What bounds the waiting for a server that has fallen silent, as each driver calls it.
BOUNDS = {
    "pymysql": {"connect_timeout": 15, "read_timeout": 300, "write_timeout": 60},
    "mysqldb": {"connect_timeout": 15, "read_timeout": 300, "write_timeout": 60},
    "mysqlconnector": {"connection_timeout": 15},
    "mariadbconnector": {"connect_timeout": 15, "read_timeout": 300, "write_timeout": 60},
}
# A backup is only what the digest says when nothing was written meanwhile.
TRIES = 3


def literal(value):
    return "'" + value.replace("\\\\", "\\\\\\\\").replace("'", "''") + "'"


class MySQL(Server):
    isolation = "REPEATABLE READ"

    def __init__(self, url, options):
        super().__init__(url, options)
        bounds = BOUNDS.get(self.url.get_driver_name(), {})
        given = dict(self.options.get("connect_args") or {})
        given = dict({name: value for name, value in bounds.items() if name not in self.url.query}, **given)
        self.options = dict(self.options, connect_args=given)

    def begin(self, connection):
        for setting in settings(connection):
            connection.execute(sqlalchemy.text("SET SESSION " + setting))
        connection.execute(sqlalchemy.text("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"))

    def value(self, statement):
        return self.connection.execute(text(statement)).fetchone()[0]

    def schema(self):
        return self.value("SELECT DATABASE()")

    def is_mariadb(self):
        return "mariadb" in self.version_text().lower()

    def version_text(self):
        return str(self.value("SELECT VERSION()"))

    # --- the hub's tables --------------------------------------------------------------------------------------

    def tables(self):
        inside = set(
            self.column(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
                "AND table_type = 'BASE TABLE'"
            )
        )
        # A table keeps its key while the one it refers to is dropped: by a put-back that was killed.
        keys = self.several(
            "SELECT table_name, referenced_table_name FROM information_schema.referential_constraints "
            "WHERE constraint_schema = DATABASE() AND unique_constraint_schema = DATABASE()"
        )
        found = {table for table in inside if table in self.own_tables or table.startswith(TEMPORARY)}
        while True:
            known = found | self.own_tables
            more = {table for table, referred in keys if table in inside and referred in known} - found
            if not more:
                break
            found |= more
        columns = {}
        for table, column in self.several(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE() "
            "ORDER BY table_name, ordinal_position"
        ):
            if table in found:
                columns.setdefault(table, []).append(column)
        return {table: columns[table] for table in sorted(columns)}

    def several(self, statement):
        """Rows of texts: some drivers give those of information_schema as bytes."""
        rows = self.connection.execute(text(statement)).fetchall()
        return [tuple(as_text(value) for value in row) for row in rows]

    def column(self, statement):
        return [row[0] for row in self.several(statement)]

    def shown(self, statement):
        """What SHOW says, with names in backticks whatever the server's mode is."""
        self.connection.execute(text("SET @hubs_mode = @@sql_mode, SESSION sql_mode = ''"))
        try:
            return self.several(statement)
        finally:
            self.connection.execute(text("SET SESSION sql_mode = @hubs_mode"))

    def schema_lines(self):
        lines = []
        for table in self.tables():
            created = self.shown("SHOW CREATE TABLE " + self.ticked(table))[0][1]
            lines += [[table, myprograms.PASSING.sub("", line.strip().rstrip(","))] for line in created.splitlines()]
        for row in self.triggers():
            lines.append(["trigger"] + list(row))
        return lines

    def triggers(self):
        """(table, name, timing, event, statement, definer) of those of the hub's tables."""
        rows = self.several(
            "SELECT event_object_table, trigger_name, action_timing, event_manipulation, action_statement, definer "
            "FROM information_schema.triggers WHERE event_object_schema = DATABASE()"
        )
        tables = self.tables()
        return sorted(row for row in rows if row[0] in tables)

    def ticked(self, name):
        return "\`" + name.replace("\`", "\`\`") + "\`"

    # --- what is there -----------------------------------------------------------------------------------------

    def about(self):
        rights = myrights.Rights(self)
        problems, warnings = rights.problems(), rights.warnings()
        backup, proof = LINES, "scratch file"
        tool = myprograms.fitting(self.is_mariadb())
        if tool is None:
            warnings.append(myprograms.missing(self.is_mariadb()))
        elif self.tables() and not problems:
            said = myprograms.trial(self, tool)
            if said:
                warnings.append(f"{tool.name} does not work here, so the backup is made in lines: {said}")
                tool = None
        if tool is not None:
            backup = {"format": "mysqldump", "tool": tool.title}
            proof = myscratch.proof(self, rights)
        number = self.version_text().split("-")[0]
        return {
            "server": ("MariaDB " if self.is_mariadb() else "MySQL ") + number,
            "name": self.schema(),
            "size": sum(self.sizes().values()),
            "problems": problems,
            "warnings": warnings,
            "backup": backup,
            "proof": proof,
        }

    def sizes(self):
        rows = self.several(
            "SELECT table_name, coalesce(data_length, 0) + coalesce(index_length, 0) FROM information_schema.tables "
            "WHERE table_schema = DATABASE()"
        )
        tables = self.tables()
        return {table: int(size) for table, size in rows if table in tables}

    def sessions(self):
        with self.reading():
            rows = self.several(
                "SELECT id, user, user = substring_index(current_user(), '@', 1), host, "
                "date_format(date_sub(utc_timestamp(), INTERVAL time SECOND), '%Y-%m-%dT%TZ'), command "
                "FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID() ORDER BY id"
            )
        return [
            # How long its last statement is ago is all that the server tells.
            {"id": int(number), "user": user, "own": bool(int(own)), "from": place, "since": since, "application": what}
            for number, user, own, place, since, what in rows
        ]

    # --- backup and put back -----------------------------------------------------------------------------------

    def backup(self, out):
        with self.reading():
            tool = self.dumper()
            before = digest_of(self) if tool else None
        for _ in range(TRIES if tool else 0):
            try:
                with new_file(out):
                    self.dump(tool, out)
                    with self.reading():
                        after = digest_of(self)
                    if before == after:
                        return {"format": "mysqldump", "tool": tool.title, "digest": after}
                    before = after
                    raise Changed()  # so the file goes
            except Changed:
                continue
            except Failed as error:
                log(f"The backup is made in lines: {self.in_words(error)}")
                break
        # Or the hub writes all the time.
        return super().backup(out)

    def copy(self, out):
        with self.reading():
            tool = self.dumper()
        try:
            if tool:
                with new_file(out):
                    self.dump(tool, out)
                return {"format": "mysqldump", "tool": tool.title}
        except Failed as error:
            log(f"The copy is made in lines: {self.in_words(error)}")
        return super().backup(out)

    def dumper(self):
        # Of no tables a dump is none: lines say so, too.
        return myprograms.fitting(self.is_mariadb()) if self.tables() else None

    def dump(self, tool, out):
        with self.reading():
            myprograms.dump(self, tool, out)

    def put_back(self, file):
        if not myprograms.is_dump(file):
            return super().put_back(file)
        with self.reading():
            tool = myprograms.loading(self.is_mariadb())
            dumped = myprograms.tables_in(file)
            self.own(dumped)
            tables = sorted(set(self.tables()).union(dumped))
        self.refuse_locked(tables)
        with self.words():
            myprograms.load(self, tool, file, self.drop_statements(tables))
        with self.reading():
            return {"digest": digest_of(self)}

    # --- a backup in lines -------------------------------------------------------------------------------------

    def definition(self, table):
        """As the server tells it, with what numbers the next row."""
        return [self.shown("SHOW CREATE TABLE " + self.ticked(table.name))[0][1]]

    @contextlib.contextmanager
    def changing(self):
        with super().changing() as connection:
            # How names are quoted stays as it is: SQLAlchemy has found out.
            quotes = "if(find_in_set('ANSI_QUOTES', @@sql_mode), ',ANSI_QUOTES', '')"
            mode = f"sql_mode = concat('NO_AUTO_VALUE_ON_ZERO', {quotes})"
            for setting in settings(connection) + ["foreign_key_checks = 0", mode]:
                self.run(connection, "SET SESSION " + setting)
            yield connection

    def drop_statements(self, tables):
        # Whatever refers to them gets them back, or is dropped along.
        statements = ["SET SESSION foreign_key_checks = 0", f"SET SESSION lock_wait_timeout = {LOCK_SECONDS}"]
        names = ", ".join(self.ticked(table) for table in tables)
        return statements + (["DROP TABLE IF EXISTS " + names] if tables else [])

    def empty(self):
        with self.reading():
            tables = list(self.tables())
        self.refuse_locked(tables)
        with self.connected() as connection:
            for statement in self.drop_statements(tables):
                connection.execute(text(statement))
        return {"dropped": tables}

    def refuse_locked(self, tables):
        """Nothing is dropped while others use the tables: what was dropped cannot be rolled back."""
        with self.reading():
            there = [table for table in tables if table in self.tables()]
            may_lock = "LOCK TABLES" in myrights.Rights(self).granted(self.schema())
        if not (there and may_lock):
            return
        names = ", ".join(self.ticked(table) + " WRITE" for table in there)
        with self.connected() as connection:
            connection.execute(text(f"SET SESSION lock_wait_timeout = {LOCK_SECONDS}"))
            try:
                connection.execute(text("LOCK TABLES " + names))
            except sqlalchemy.exc.SQLAlchemyError as error:
                if "1205" not in str(getattr(error, "orig", "")):
                    raise
                raise TryAgain(self.locked()) from error
            connection.execute(text("UNLOCK TABLES"))

    def locked(self):
        holders = [f"{each['id']} of {each['user']} (from {each['from']})" for each in self.sessions()]
        who = ", ".join(holders) or "one that this user may not see: see SHOW PROCESSLIST as a user with PROCESS"
        return (
            f"The hub's tables in {self.title} are in use. The other sessions on the database are {who}. End them "
            "(KILL ID), and run this again. Nothing was changed."
        )

    @contextlib.contextmanager
    def words(self):
        """Context: what a program says becomes a sentence."""
        try:
            yield
        except Failed as error:
            raise Refused(self.in_words(error)) from error

    def answers(self):
        """Whether the server takes a new connection."""
        try:
            with self.connected():
                return True
        except Refused:
            return False

    def prove(self, file, visit=None):
        if not myprograms.is_dump(file):
            return super().prove(file, visit)
        return myscratch.prove(self, file, visit)

    def sweep(self):
        myscratch.sweep(self)


class Changed(Exception):
    """The hub wrote while it was backed up."""


def as_text(value):
    return bytes(value).decode("utf-8", "replace") if isinstance(value, (bytes, bytearray)) else value


def settings(connection):
    """What makes the session read the same of every server, for as long as it takes."""
    mariadb = "mariadb" in str(connection.execute(text("SELECT VERSION()")).fetchone()[0]).lower()
    return [
        "time_zone = '+00:00'",
        f"lock_wait_timeout = {LOCK_SECONDS}",
        "net_write_timeout = 600",
        "max_statement_time = 0" if mariadb else "max_execution_time = 0",
    ]
`;

// src/host/hubdb/pgprograms.py
var pgprograms_default = `"""pg_dump, pg_restore and psql: one that fits the server, with the parameters the hub's driver has."""

import contextlib
import importlib
import os
import re
import subprocess

from .database import Refused
from .programs import Failed, candidates, numbers, output, running, secret_file, version_text

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/libpq/bin")
LIBPQ_DRIVERS = ("psycopg2", "psycopg", "psycopg2cffi", "psycopg_async")
# What the drivers take beside what libpq does.
NOT_LIBPQ = (
    "connection_factory",
    "cursor_factory",
    "async",
    "async_",
    "autocommit",
    "prepare_threshold",
    "row_factory",
) + ("context", "server_cursor_factory")
MAGIC = b"PGDMP"
# A lock was not given in time.
LOCK_TIMEOUT = "55P03"


class Locked(Refused):
    """Others hold locks on the hub's tables."""


class Programs:
    """The programs of one installation."""

    def __init__(self, pg_dump, version):
        self.directory = os.path.dirname(pg_dump)
        self.version = version
        self.title = "pg_dump " + ".".join(str(part) for part in version)

    def path(self, name):
        return os.path.join(self.directory, name)


def installed():
    """Installations with all three programs, oldest first."""
    found = []
    for path in candidates(["pg_dump"], PLACES):
        # Debian's wrapper chooses one of those in PLACES.
        if os.path.basename(os.path.realpath(path)) == "pg_wrapper":
            continue
        programs = Programs(path, numbers(version_text(path)))
        if programs.version and all(os.access(programs.path(name), os.X_OK) for name in ("pg_restore", "psql")):
            found.append(programs)
    return sorted(found, key=lambda each: each.version)


def fitting(server):
    """The programs nearest to the server's release: older ones refuse it, newer ones write what it may not know."""
    major = major_of(server)
    fit = [each for each in installed() if major_of_program(each) >= major]
    if not fit:
        return None
    nearest = min(major_of_program(each) for each in fit)
    return max((each for each in fit if major_of_program(each) == nearest), key=lambda each: each.version)


def major_of(server):
    """15 of 150018, 9.6 of 90624: as a tuple."""
    return (server // 10000,) if server >= 100000 else (server // 10000, server // 100 % 100)


def major_of_program(programs):
    return programs.version[:1] if programs.version[0] >= 10 else programs.version[:2]


def missing(server):
    found = [".".join(str(part) for part in each.version) for each in installed()]
    major = ".".join(str(part) for part in major_of(server))
    what = f"only that of {', '.join(found)}" if found else "no pg_dump with psql and pg_restore"
    return (
        f"There is {what} on the hub's host, and the server is PostgreSQL {major}: the backup is made in lines through "
        f"SQLAlchemy. Install postgresql-client-{major} for one that every PostgreSQL tool reads."
    )


# --- parameters --------------------------------------------------------------------------------------------------


def libpq_of(driver):
    """The release of libpq that a driver has, (12, 3) for one; nothing where it has none."""
    number = 0
    with contextlib.suppress(ImportError, AttributeError):
        if driver == "psycopg2":
            number = importlib.import_module("psycopg2.extensions").libpq_version()
        elif driver == "psycopg":
            number = importlib.import_module("psycopg.pq").version()
    return (number // 10000,) if number else ()


def bounds(libpq):
    """What bounds the waiting for a server that has fallen silent; of that what is sent, and never acknowledged."""
    if not libpq:
        return {}
    found = {"connect_timeout": 15, "keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 4}
    return dict(found, tcp_user_timeout=60000) if libpq >= (12,) else found


def parameters(database):
    """libpq's parameters as the hub's driver gets them: (parameters without the password, the password)."""
    from sqlalchemy import create_engine

    _, given = create_engine(database.url).dialect.create_connect_args(database.url)
    given = dict(given, **(database.options.get("connect_args") or {}))
    if database.url.get_driver_name() not in LIBPQ_DRIVERS:
        given = of_other_driver(given)
    found = {("dbname" if name == "database" else name): value for name, value in given.items() if value is not None}
    found = {name: str(value) for name, value in found.items() if name not in NOT_LIBPQ}
    for name in ("dsn", "sslpassword"):
        if name in found:
            raise Failed(f"the hub's {name} cannot be handed to pg_dump.")
    password = found.pop("password", None)
    if password is not None:
        found.pop("passfile", None)
    return found, password


def of_other_driver(given):
    """What pg8000 calls otherwise."""
    names = ("host", "port", "user", "password", "database", "application_name")
    found = {name: given[name] for name in names if name in given}
    if given.get("unix_sock"):
        directory, _, port = str(given["unix_sock"]).rpartition("/.s.PGSQL.")
        found.update({"host": directory, "port": port})
    if given.get("ssl_context"):
        found["sslmode"] = "require"
    return found


def escaped(value, special):
    return "".join("\\\\" + each if each in special else each for each in value)


@contextlib.contextmanager
def connecting(database, programs):
    """Context: (arguments, environment, secret) with which a program reaches the database."""
    given, password = parameters(database)
    own = bounds(programs.version)
    given = {name: value for name, value in given.items() if name != "tcp_user_timeout" or name in own}
    for name, value in dict(own, application_name="jupyterhub-upgrade").items():
        given.setdefault(name, str(value))
    arguments = [
        "--no-password",
        "-d",
        " ".join(f"{name}='{escaped(given[name], chr(92) + chr(39))}'" for name in given),
    ]
    environment = dict(os.environ, LC_ALL="C")
    if password is None:
        yield arguments, environment, None
        return
    environment.pop("PGPASSWORD", None)
    with secret_file("*:*:*:*:" + escaped(password, "\\\\:") + "\\n") as (path, secret):
        environment["PGPASSFILE"] = path
        yield arguments, environment, secret


# --- dump --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def dumping(database, programs, options):
    """Context: pg_dump of the hub's tables, which runs meanwhile."""
    names = [(database.schema(), table) for table in database.tables()] + database.sequences()
    if not names:
        raise Refused(f"There are no tables of a hub in {database.title}.")
    selected = [option for schema, name in names for option in ("-t", database.qualified(schema, name))]
    with connecting(database, programs) as (arguments, environment, secret):
        command = [programs.path("pg_dump"), "--lock-wait-timeout=20000"] + options + selected + arguments
        with running(command, environment, secret):
            yield


def trial(database, programs):
    """What pg_dump says when it may not dump the hub's tables; nothing when all is well."""
    try:
        with dumping(database, programs, ["--schema-only", "-f", os.devnull]):
            pass
    except Failed as error:
        return database.in_words(error)
    return ""


# --- restore -----------------------------------------------------------------------------------------------------


IDENTIFIER = r'("(?:[^"]|"")+"|[^\\s".]+)'
CREATES = re.compile(rf"^CREATE ((?:UNLOGGED )?TABLE|SEQUENCE) {IDENTIFIER}\\.{IDENTIFIER}", re.MULTILINE)


def plain(identifier):
    return identifier[1:-1].replace('""', '"') if identifier.startswith('"') else identifier


def is_dump(file):
    with open(file, "rb") as opened:
        return opened.read(len(MAGIC)) == MAGIC


class Archive:
    """A file that pg_dump made, and the programs which read it and fit the server."""

    def __init__(self, file, server):
        self.file = file
        self.server = server
        self.programs, script = self.readable()
        self.schema = ""
        self.tables, self.sequences = [], []
        for kind, schema, name in CREATES.findall(script):
            self.schema = self.schema or plain(schema)
            (self.tables if kind.endswith("TABLE") else self.sequences).append(plain(name))
        if "users" not in self.tables:
            raise Refused(f"{file} has no tables of a hub.")

    def readable(self):
        fit = [each for each in installed() if major_of_program(each) >= major_of(self.server)]
        if not fit:
            raise Refused(missing(self.server))
        said = ""
        for programs in fit:
            try:
                return programs, output([programs.path("pg_restore"), "--schema-only", "-f", "-", self.file])
            except Failed as error:
                said = str(error)
        raise Refused(f"{self.file} cannot be read by {fit[-1].title}: {said}")


def load(database, archive, before, options=()):
    """Runs statements and then the archive's, all in one transaction.

    psql takes the end of its input for a COMMIT when it is told to make one transaction of it, also where this program
    was killed: the COMMIT is a statement, sent when the archive was read to its end.
    """
    programs = archive.programs
    settings = ["-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", "-v", "SHOW_CONTEXT=never"]
    with connecting(database, programs) as (arguments, environment, secret):
        command = [programs.path("psql"), "-X", "-q"] + settings + ["-f", "-"] + arguments
        try:
            with running(command, environment, secret, stdin=subprocess.PIPE) as psql:
                feed(psql.stdin, archive, before, options)
        except Failed as error:
            raise in_words(error) from error


def feed(psql, archive, before, options):
    head = ["BEGIN", "SET LOCAL statement_timeout = 0", "SET LOCAL lock_timeout = '20s'"] + list(before)
    command = [archive.programs.path("pg_restore"), "--exit-on-error", "-f", "-"] + list(options) + [archive.file]
    with contextlib.suppress(BrokenPipeError):  # psql has ended, and says why
        psql.write("".join(statement + ";\\n" for statement in head).encode("utf-8"))
        with running(command, stdout=subprocess.PIPE) as script:
            for line in script.stdout:
                # The settings come first. A server does not know those of a later release.
                if not (line.startswith(b"SET transaction_timeout") and archive.server < 170000):
                    psql.write(line)
                if line.startswith((b"CREATE ", b"ALTER ")):
                    break
            for part in iter(lambda: script.stdout.read1(1 << 16), b""):
                psql.write(part)
                psql.flush()
        # A pooler may give this session to the hub: what the archive sets for itself ends with the transaction.
        psql.write(b"RESET ALL;\\nCOMMIT;\\n")


def in_words(error):
    """The error of psql: its code and its first line. Of an error in the data only the code: the line may quote it."""
    found = re.search(r"(?:ERROR|FATAL|PANIC): +([0-9A-Z]{5}): (.*)", str(error))
    if not found:
        return error
    code, text = found.groups()
    if code == LOCK_TIMEOUT:
        return Locked(text)
    return Failed(f"psql: the data does not fit ({code})" if code.startswith("22") else f"psql: {text} ({code})")
`;

// src/host/hubdb/pgrights.py
var pgrights_default = `"""What on PostgreSQL would keep the hub's tables from being backed up or put back, found before anything stops."""

from .database import some


class Rights:
    """In \`reading\` of the database."""

    def __init__(self, database):
        self.database = database
        self.title = database.title

    def select(self, query):
        return [tuple(row) for row in self.database.select(self.database.hubs() + query)]

    def problems(self):
        if self.database.value("SELECT pg_is_in_recovery()"):
            return [f"{self.title} is a standby that only reads: let the hub's db_url lead to the primary server."]
        return self.unreadable() + self.owners() + self.schema() + self.grantors() + self.policies() + self.dependents()

    def role(self):
        return self.database.value("SELECT current_user")

    def unreadable(self):
        query = "SELECT relname FROM hubs WHERE NOT has_table_privilege(oid, 'SELECT') ORDER BY 1"
        tables = [table for (table,) in self.select(query)]
        if not tables:
            return []
        names = ", ".join(self.database.quoted(table) for table in tables)
        return [
            f"The role {self.role()} may not read {', '.join(tables)} in {self.title}: let the owner say "
            f"GRANT SELECT ON {names} TO {self.database.quoted(self.role())}."
        ]

    def owners(self):
        """Only a member of the owner may drop or alter a table: neither the migration nor the way back would work."""
        query = (
            "SELECT r.rolname, string_agg(c.relname, ', ' ORDER BY c.relname) FROM hubs h "
            "JOIN pg_class c ON c.oid = h.oid JOIN pg_roles r ON r.oid = c.relowner "
            "WHERE NOT pg_has_role(c.relowner, 'USAGE') GROUP BY 1 ORDER BY 1"
        )
        return [
            f"The tables {tables} in {self.title} belong to the role {owner}, and {self.role()}, as whom the hub "
            f"works, may not alter or drop them: say GRANT {self.database.quoted(owner)} TO "
            f"{self.database.quoted(self.role())}, or give them to it with ALTER TABLE \u2026 OWNER TO."
            for owner, tables in self.select(query)
        ]

    def schema(self):
        """Who makes a table, and who gets it, needs CREATE on the schema."""
        query = (
            "SELECT DISTINCT r.rolname FROM (SELECT c.relowner AS role FROM hubs h JOIN pg_class c ON c.oid = h.oid "
            "WHERE pg_has_role(c.relowner, 'USAGE') UNION SELECT r.oid FROM pg_roles r WHERE r.rolname = current_user) "
            "w JOIN pg_roles r ON r.oid = w.role JOIN pg_namespace n ON n.nspname = '%s' "
            "WHERE NOT has_schema_privilege(r.oid, n.oid, 'CREATE') ORDER BY 1"
        ) % self.database.schema().replace("'", "''")
        schema = self.database.quoted(self.database.schema())
        return [
            f"The role {role} may not make tables in the schema {self.database.schema()} of {self.title}: let the "
            f"schema's owner say GRANT CREATE ON SCHEMA {schema} TO {self.database.quoted(role)}."
            for (role,) in self.select(query)
        ]

    def grantors(self):
        """A grant of another than the owner can be made again by a superuser alone."""
        query = (
            "SELECT DISTINCT c.relname, g.rolname, o.rolname FROM hubs h JOIN pg_class c ON c.oid = h.oid "
            "CROSS JOIN LATERAL aclexplode(c.relacl) a JOIN pg_roles g ON g.oid = a.grantor "
            "JOIN pg_roles o ON o.oid = c.relowner WHERE a.grantor <> c.relowner "
            "AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) ORDER BY 1, 2"
        )
        return [
            f"Rights on the table {table} in {self.title} were granted by the role {grantor}, so {self.role()} could "
            f"not grant them again: let {grantor} revoke them and {owner}, the table's owner, grant them."
            for table, grantor, owner in self.select(query)
        ]

    def policies(self):
        """pg_dump refuses a table of which it might see a part only."""
        query = (
            "SELECT c.relname FROM hubs h JOIN pg_class c ON c.oid = h.oid WHERE c.relrowsecurity "
            "AND (c.relforcerowsecurity OR NOT pg_has_role(c.relowner, 'USAGE')) "
            "AND NOT (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user) ORDER BY 1"
        )
        return [
            f"The policies of the table {table} in {self.title} may hide rows from the role {self.role()}: say "
            f"ALTER TABLE {self.database.quoted(table)} NO FORCE ROW LEVEL SECURITY, or give the role BYPASSRLS."
            for (table,) in self.select(query)
        ]

    def dependents(self):
        """What refers to the hub's tables without being one: DROP would refuse, and nothing could make it again."""
        sequences = " OR ".join(
            "(n.nspname, s.relname) = ('{}', '{}')".format(*(each.replace("'", "''") for each in pair))
            for pair in self.database.sequences()
        )
        query = (
            ", ours (classid, objid) AS (SELECT 'pg_class'::regclass::oid, oid FROM hubs UNION "
            "SELECT 'pg_class'::regclass::oid, s.oid FROM pg_class s JOIN pg_namespace n ON n.oid = s.relnamespace "
            f"WHERE s.relkind = 'S' AND ({sequences or 'false'})), "
            "parts (classid, objid) AS (SELECT classid, objid FROM ours UNION SELECT d.classid, d.objid "
            "FROM pg_depend d JOIN parts p ON d.refclassid = p.classid AND d.refobjid = p.objid "
            "WHERE d.deptype IN ('a', 'i')) "
            "SELECT DISTINCT pg_describe_object(d.classid, d.objid, 0) FROM pg_depend d "
            "JOIN parts p ON d.refclassid = p.classid AND d.refobjid = p.objid WHERE d.deptype = 'n' "
            "AND NOT EXISTS (SELECT 1 FROM parts q WHERE q.classid = d.classid AND q.objid = d.objid) ORDER BY 1"
        )
        found = [what for (what,) in self.select(query)]
        if not found:
            return []
        return [
            f"In {self.title} other objects depend on the hub's tables, which therefore could not be dropped and put "
            f"back: {some(found)}. Drop them before the upgrade, keeping what makes them, and make "
            "them again after it."
        ]

    def warnings(self):
        inside = [table for (table,) in self.select("SELECT relname FROM inside")]
        return self.publications() + self.database.left_alone(inside)

    def publications(self):
        if self.database.version() < 100000:
            return []
        query = (
            "SELECT p.pubname, string_agg(h.relname, ', ' ORDER BY h.relname) FROM hubs h "
            "JOIN pg_publication_rel r ON r.prrelid = h.oid JOIN pg_publication p ON p.oid = r.prpubid "
            "GROUP BY 1 ORDER BY 1"
        )
        return [
            f"The publication {publication} has the hub's tables {tables}: a rollback makes them anew, and "
            "they have to be added to it again."
            for publication, tables in self.select(query)
        ]
`;

// src/host/hubdb/pgscratch.py
var pgscratch_default = `"""Proof of a backup of PostgreSQL: restored into a scratch database, or into a server of one's own."""

import contextlib
import os
import re
import time
import urllib.parse

import sqlalchemy

from . import pgprograms
from .database import Refused
from .digests import digest_of
from .programs import candidates, numbers, output, private_directory, version_text
from .scratch import Account, NoPlace, alike, beside, first, new_name, own_server, prefix

ROLE = "proof"


def proof(database, tool):
    """How a backup will be proven, as far as one can tell before."""
    if may_create(database):
        return "scratch database"
    return "server of its own" if server_programs(database.version()) else "none"


def may_create(database):
    return database.value("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")


def server_programs(server):
    """The directory of a server of the same release, with an account it may run as."""
    if not Account("postgres").able:
        return None
    for path in candidates(["initdb"], pgprograms.PLACES):
        version = numbers(version_text(path))
        directory = os.path.dirname(path)
        same = version and pgprograms.major_of(server) == (version[:1] if version[0] >= 10 else version[:2])
        if same and os.access(os.path.join(directory, "postgres"), os.X_OK):
            return directory
    return None


def prove(database, file, visit=None):
    with database.reading():
        archive = pgprograms.Archive(file, database.version())
        database.own(archive.tables)
        needs = Needs(database)
        ways = [(scratch_database(database, needs), "a scratch database")] if may_create(database) else []
        if server_programs(database.version()):
            ways.append((scratch_server(database, archive, needs), "a server of its own"))

    def restore(scratch):
        # Another server has neither the roles nor the tablespaces.
        options = ["--no-owner", "--no-acl", "--no-tablespaces"] if scratch.url.username == ROLE else []
        pgprograms.load(scratch, archive, needs.statements(), options)
        with scratch.reading():
            digest = digest_of(scratch)
        if visit:
            visit(scratch)
        return digest

    advice = (
        f"Let a superuser say ALTER ROLE {database.url.username or '\u2026'} CREATEDB, or install the server's own programs "
        "of its release on the hub's host."
    )
    with needs.fetched(archive):
        return first(database, file, ways, restore, advice)


# --- what the tables need ----------------------------------------------------------------------------------------


class Needs:
    """What the hub's tables need that no dump of tables has: types, functions of triggers, extensions, the schema."""

    def __init__(self, database):
        self.database = database
        self.version = database.version()
        self.schema = database.schema()
        self.encoding = database.value("SELECT current_setting('server_encoding')")
        head = (
            database.hubs() + ", needed (classid, objid) AS (SELECT 'pg_class'::regclass::oid, oid FROM hubs UNION "
            "SELECT CASE WHEN d.classid = n.classid AND d.objid = n.objid THEN d.refclassid ELSE d.classid END, "
            "CASE WHEN d.classid = n.classid AND d.objid = n.objid THEN d.refobjid ELSE d.objid END "
            "FROM needed n JOIN pg_depend d ON (d.classid = n.classid AND d.objid = n.objid "
            "AND d.deptype IN ('n', 'e')) OR (d.refclassid = n.classid AND d.refobjid = n.objid "
            "AND d.deptype IN ('a', 'i'))) "
        )
        self.extensions = list(
            database.select(
                head + "SELECT e.extname, s.nspname FROM needed n JOIN pg_extension e "
                "ON n.classid = 'pg_extension'::regclass AND e.oid = n.objid "
                "JOIN pg_namespace s ON s.oid = e.extnamespace ORDER BY 1"
            )
        )
        schemas = database.select(
            head + "SELECT nspname FROM pg_namespace s JOIN needed n ON n.classid = 'pg_namespace'::regclass "
            "AND n.objid = s.oid WHERE nspname NOT LIKE 'pg\\\\_%' ORDER BY 1"
        )
        self.schemas = sorted({self.schema} | {name for (name,) in schemas})
        # Not what an extension brings, nor a table's own row type.
        self.objects = {
            (int(classid), int(objid))
            for classid, objid in database.select(
                head + "SELECT n.classid::bigint, n.objid::bigint FROM needed n WHERE n.classid IN "
                "('pg_type'::regclass, 'pg_proc'::regclass, 'pg_collation'::regclass, 'pg_operator'::regclass) "
                "AND n.objid >= 16384 AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = n.classid "
                "AND d.objid = n.objid AND (d.deptype = 'e' "
                "OR (d.deptype = 'i' AND d.refclassid <> 'pg_proc'::regclass)))"
            )
        }
        self.script = ""

    @contextlib.contextmanager
    def fetched(self, archive):
        """Context: what makes the types and functions is there, as the server has them now."""
        if self.objects:
            with self.database.words(), private_directory() as directory:
                self.script = self.definitions(archive.programs, directory)
        yield

    def definitions(self, programs, directory):
        dump, chosen = os.path.join(directory, "dump"), os.path.join(directory, "list")
        schemas = [option for name in self.schemas for option in ("-n", self.database.always_quoted(name))]
        with pgprograms.connecting(self.database, programs) as (arguments, environment, secret):
            command = [programs.path("pg_dump"), "-Fc", "--schema-only", "--no-owner", "--no-acl", "-T", "*.*"]
            output(command + ["-f", dump] + schemas + arguments, environment, secret=secret)
        lines = output([programs.path("pg_restore"), "-l", dump]).splitlines()
        with open(chosen, "w", encoding="utf-8") as file:
            file.write("\\n".join(line for line in lines if self.is_needed(line)) + "\\n")
        return output([programs.path("pg_restore"), "--no-owner", "--no-acl", "-L", chosen, "-f", "-", dump])

    def is_needed(self, line):
        """ID; CLASSID OID KIND \u2026"""
        found = re.match(r"\\d+; (\\d+) (\\d+) ", line)
        return found is not None and (int(found.group(1)), int(found.group(2))) in self.objects

    def statements(self):
        quoted = self.database.always_quoted
        # Whoever owns the tables may have them: nobody else may connect.
        for schema in self.schemas:
            yield f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}"
            yield f"GRANT ALL ON SCHEMA {quoted(schema)} TO PUBLIC"
        for name, schema in self.extensions:
            if name != "plpgsql":
                yield f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}"
                yield f"CREATE EXTENSION IF NOT EXISTS {quoted(name)} WITH SCHEMA {quoted(schema)}"
        if self.script:
            yield self.script


# --- a scratch database ------------------------------------------------------------------------------------------


@contextlib.contextmanager
def scratch_database(database, needs):
    """Context: a database that nobody else may enter, on the hub's own server.

    A lock in the hub's database is held on its name: a name on which it can be had is of a proof that was killed.
    """
    name = new_name(database)
    with database.connected("AUTOCOMMIT") as connection:

        def execute(statement):
            return connection.execute(sqlalchemy.text(statement))

        execute(lock_of(name))
        if needs.version >= 140000:
            execute("SET idle_session_timeout = 0")
        remove_stale(execute, prefix(database))
        try:
            execute(
                f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{needs.encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"
            )
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise NoPlace(database.in_words(error.orig)) from error
        try:
            execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
            yield entered(beside(database, name, needs.schema))
        finally:
            drop(execute, name)


def sweep(database):
    with database.connected("AUTOCOMMIT") as connection:
        remove_stale(lambda statement: connection.execute(sqlalchemy.text(statement)), prefix(database))


def lock_of(name):
    return f"SELECT pg_try_advisory_lock(hashtext('jupyterhub-upgrade'), hashtext('{name}'))"


def remove_stale(execute, beginning):
    pattern = beginning.replace("_", "\\\\_") + "%"
    query = f"SELECT datname FROM pg_database WHERE datname LIKE '{pattern}' AND pg_has_role(datdba, 'USAGE')"
    for (name,) in execute(query).fetchall():
        if execute(lock_of(name)).fetchone()[0]:
            drop(execute, name)


def drop(execute, name):
    """A program that was killed a moment ago may have a session yet."""
    for left in reversed(range(50)):
        execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        try:
            execute(f"DROP DATABASE IF EXISTS {name}")
            return
        except sqlalchemy.exc.SQLAlchemyError:
            if not left:
                raise
            time.sleep(0.2)


def entered(scratch):
    """The scratch database, when it lets the hub's role in: pg_hba.conf may name databases."""
    try:
        with scratch.connected():
            return scratch
    except Refused as error:
        raise NoPlace(str(error)) from error


# --- a server of its own -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def scratch_server(database, archive, needs):
    programs = server_programs(needs.version)

    def program(name):
        return os.path.join(programs, name)

    def make(directory):
        # Who may enter the directory may enter the server.
        options = ["--auth=trust", "--no-locale", "--no-sync", "-U", ROLE, "-E", needs.encoding]
        return [program("initdb"), "-D", os.path.join(directory, "data")] + options

    def serve(directory):
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": directory,
            "port": "5432",
            "fsync": "off",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "shared_buffers": "16MB",
            "maintenance_work_mem": "16MB",
            "max_connections": "10",
        }
        flags = [each for name in sorted(settings) for each in ("-c", f"{name}={settings[name]}")]
        return [program("postgres"), "-D", os.path.join(directory, "data")] + flags

    def scratch(directory):
        driver = database.url.drivername
        where = urllib.parse.quote(directory, safe="")
        query = f"host={where}"
        if database.url.get_driver_name() not in pgprograms.LIBPQ_DRIVERS:
            query = f"unix_sock={where}%2F.s.PGSQL.5432"
        return alike(database, f"{driver}://{ROLE}@/postgres?{query}", {}, needs.schema)

    def answers(directory):
        try:
            with scratch(directory).connected():
                return True
        except Refused:
            return False

    own = own_server(Account("postgres"), archive.file, make, serve, answers, "QUIT")
    with without_environment(), own as directory:
        yield scratch(directory)


@contextlib.contextmanager
def without_environment():
    """Context: nothing of the environment says which server is meant."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("PG")}
    try:
        yield
    finally:
        os.environ.update(kept)
`;

// src/host/hubdb/pgsessions.py
var pgsessions_default = `"""Who else works on a database of PostgreSQL, and whether its sessions are one's own; in \`reading\` of it."""

import contextlib


def is_pooled(database):
    """Whether a pooler answers for the server: it tells a client of another process than the one that does the work."""
    told = None
    with contextlib.suppress(Exception):  # each driver has its own way, or none
        driver = database.connection.connection
        told = driver.get_backend_pid() if hasattr(driver, "get_backend_pid") else driver.info.backend_pid
    return told is not None and told != database.value("SELECT pg_backend_pid()")


def pooled(database):
    return (
        f"The hub reaches {database.title} through a pooler. One that shares sessions would give the hub those which "
        "pg_dump has set up for itself, so the backup is made in lines through SQLAlchemy. Let db_url lead to the "
        "server itself for one that every PostgreSQL tool reads."
    )


def sessions(database):
    kind = "AND backend_type = 'client backend'" if database.version() >= 100000 else ""
    query = (
        "SELECT pid, usename, usename = current_user, coalesce(host(client_addr), 'this host'), "
        "to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\\"T\\"HH24:MI:SS\\"Z\\"'), application_name "
        "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        f"{kind} ORDER BY backend_start, pid"
    )
    return [
        {"id": pid, "user": user, "own": own, "from": place, "since": since, "application": application or ""}
        for pid, user, own, place, since, application in database.select(query)
    ]


def locked(database):
    """A sentence on who keeps the hub's tables from being changed."""
    query = (
        "SELECT DISTINCT l.pid, coalesce(a.usename::text, '?'), coalesce(a.application_name, ''), "
        "coalesce(host(a.client_addr), 'this host') FROM pg_locks l JOIN hubs h ON h.oid = l.relation "
        "LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.granted AND l.pid <> pg_backend_pid() ORDER BY 1"
    )
    holders = [
        f"{pid} of {user} ({application or 'no name'}, from {place})"
        for pid, user, application, place in database.select(database.hubs() + query)
        if pid is not None
    ]
    if holders:
        who = "the sessions " + ", ".join(holders) + ": end them"
    else:
        who = "a prepared transaction or a session that has ended since: see pg_prepared_xacts"
    return f"The hub's tables in {database.title} are locked by {who}, and run this again. Nothing was changed."
`;

// src/host/hubdb/postgresql.py
var postgresql_default = `"""A hub's database on PostgreSQL: backed up, proven and put back by PostgreSQL's own programs."""

import contextlib

import sqlalchemy
import sqlalchemy.event
from sqlalchemy import sql
from sqlalchemy.dialects import postgresql

from . import pgprograms, pgrights, pgscratch, pgsessions
from .database import Refused, TryAgain, log, new_file
from .digests import digest_of
from .programs import Failed
from .revisions import TEMPORARY
from .server import LINES, VERSION, Server, text

# How long anything waits for a lock.
LOCK_SECONDS = 20
# The only type that a release of JupyterHub has made (up to 1.5). No migration removes it.
GRANT_TYPES = ("authorization_code", "implicit", "password", "client_credentials", "refresh_token")


def execute_together(cursor, statement, parameters, context):
    from psycopg2 import extras

    if not hasattr(extras, "execute_batch"):  # before psycopg2 2.7
        return False
    extras.execute_batch(cursor, statement, parameters, page_size=len(parameters))
    return True


def literal(text):
    return "'" + text.replace("'", "''") + "'"


class PostgreSQL(Server):
    isolation = "REPEATABLE READ"

    def __init__(self, url, options, schema=None):
        super().__init__(url, options)
        # The schema of the hub's tables: found where the search path leads, unless it is known.
        self.known_schema = schema
        self.found_schema = schema
        bounds = pgprograms.bounds(pgprograms.libpq_of(self.url.get_driver_name()))
        given = {name: value for name, value in bounds.items() if name not in self.url.query}
        given.update(self.options.get("connect_args") or {})
        self.options = dict(self.options, connect_args=given)

    def engine(self):
        engine = super().engine()
        # Before SQLAlchemy 1.4 psycopg2 sends the rows of an INSERT one by one, and waits for the answer to each.
        if VERSION < (1, 4) and engine.dialect.driver == "psycopg2":
            sqlalchemy.event.listen(engine, "do_executemany", execute_together)
        return engine

    def begin(self, connection):
        for statement in (
            "SET TRANSACTION READ ONLY",
            "SET LOCAL statement_timeout = 0",
            f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'",
        ):
            connection.execute(sqlalchemy.text(statement))
        self.connection = connection
        self.found_schema = self.known_schema or self.value(
            "SELECT coalesce((SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.oid = to_regclass('spawners')), current_schema())"
        )
        if self.found_schema is None:
            raise Refused(f"The search path of {self.title} leads to no schema that exists.")
        # The same statements say the same of the hub's tables in whatever database they are.
        connection.execute(sqlalchemy.text("SET LOCAL search_path = " + self.quoted(self.found_schema)))
        # While a program uses its snapshot the transaction idles.
        for setting in ("idle_in_transaction_session_timeout", "transaction_timeout"):
            if self.value(f"SELECT count(*) FROM pg_settings WHERE name = '{setting}'"):
                connection.execute(sqlalchemy.text(f"SET LOCAL {setting} = 0"))

    def value(self, statement):
        return self.connection.execute(text(statement)).fetchone()[0]

    def schema(self):
        return self.found_schema

    def version(self):
        """The server's version as in server_version_num: 150018 for 15.18."""
        return int(self.value("SELECT current_setting('server_version_num')"))

    # --- the hub's tables --------------------------------------------------------------------------------------

    def hubs(self):
        """A recursive query's head: \`hubs\`, the oids of the hub's tables."""
        names = ", ".join(literal(name) for name in sorted(self.own_tables))
        return (
            "WITH RECURSIVE inside AS (SELECT c.oid, c.relname FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            f"WHERE n.nspname = {literal(self.schema())} AND c.relkind IN ('r', 'p')), "
            f"hubs AS (SELECT oid, relname FROM inside WHERE relname IN ({names}) "
            f"OR left(relname, {len(TEMPORARY)}) = {literal(TEMPORARY)} UNION "
            "SELECT i.oid, i.relname FROM hubs h JOIN pg_constraint k ON k.confrelid = h.oid AND k.contype = 'f' "
            "JOIN inside i ON i.oid = k.conrelid) "
        )

    def tables(self):
        found = {}
        query = (
            "SELECT h.relname, a.attname FROM hubs h JOIN pg_attribute a ON a.attrelid = h.oid "
            "WHERE a.attnum > 0 AND NOT a.attisdropped ORDER BY h.relname, a.attnum"
        )
        for table, column in self.select(self.hubs() + query):
            found.setdefault(table, []).append(column)
        return found

    def sequences(self):
        """Sequences that give the hub's tables numbers without belonging to one: (schema, name)."""
        query = (
            "SELECT DISTINCT n.nspname, s.relname FROM hubs h "
            "JOIN pg_attrdef f ON f.adrelid = h.oid "
            "JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid "
            "AND d.refclassid = 'pg_class'::regclass "
            "JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S' JOIN pg_namespace n ON n.oid = s.relnamespace "
            "WHERE NOT EXISTS (SELECT 1 FROM pg_depend o WHERE o.classid = 'pg_class'::regclass "
            "AND o.objid = s.oid AND o.deptype IN ('a', 'i')) ORDER BY 1, 2"
        )
        return [tuple(row) for row in self.select(self.hubs() + query)]

    def schema_lines(self):
        of_newer = "a.attidentity::text" if self.version() >= 100000 else "''"
        queries = [
            "SELECT h.relname, 'column', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, "
            f"pg_get_expr(f.adbin, f.adrelid), {of_newer} FROM hubs h JOIN pg_attribute a ON a.attrelid = h.oid "
            "LEFT JOIN pg_attrdef f ON f.adrelid = h.oid AND f.adnum = a.attnum "
            "WHERE a.attnum > 0 AND NOT a.attisdropped",
            # From PostgreSQL 18 on NOT NULL, which is a column's above, is a constraint too.
            "SELECT h.relname, 'constraint', k.conname, pg_get_constraintdef(k.oid) FROM hubs h "
            "JOIN pg_constraint k ON k.conrelid = h.oid WHERE k.contype IN ('c', 'f', 'p', 'u', 'x')",
            "SELECT h.relname, 'index', pg_get_indexdef(i.indexrelid) FROM hubs h "
            "JOIN pg_index i ON i.indrelid = h.oid",
            "SELECT h.relname, 'trigger', pg_get_triggerdef(t.oid), t.tgenabled::text FROM hubs h "
            "JOIN pg_trigger t ON t.tgrelid = h.oid WHERE NOT t.tgisinternal",
            "SELECT h.relname, 'policy', p.polname, pg_get_expr(p.polqual, p.polrelid), "
            "pg_get_expr(p.polwithcheck, p.polrelid) FROM hubs h JOIN pg_policy p ON p.polrelid = h.oid",
        ]
        return [list(row) for query in queries for row in self.select(self.hubs() + query)]

    # --- what is there -----------------------------------------------------------------------------------------

    def about(self):
        tool = pgprograms.fitting(self.version())
        rights = pgrights.Rights(self)
        problems, warnings = rights.problems(), rights.warnings()
        proof = "scratch file"
        backup = LINES
        if tool is None:
            warnings.append(pgprograms.missing(self.version()))
        elif pgsessions.is_pooled(self):
            warnings.append(pgsessions.pooled(self))
            tool = None
        elif self.tables() and not problems:
            said = pgprograms.trial(self, tool)
            if said:
                warnings.append(f"pg_dump does not work here, so the backup is made in lines: {said}")
                tool = None
        if tool is not None:
            backup = {"format": "pg_dump", "tool": tool.title}
            proof = pgscratch.proof(self, tool)
        return {
            "server": "PostgreSQL " + self.value("SELECT current_setting('server_version')").split(" ")[0],
            "name": f"{self.value('SELECT current_database()')}, schema {self.schema()}",
            "size": self.value(self.hubs() + "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM hubs"),
            "problems": problems,
            "warnings": warnings,
            "backup": backup,
            "proof": proof,
        }

    def sessions(self):
        with self.reading():
            return pgsessions.sessions(self)

    # --- backup and put back -----------------------------------------------------------------------------------

    def backup(self, out):
        with self.reading():
            # Of no tables a dump is none: lines say so, too.
            by_program = self.tables() and not pgsessions.is_pooled(self)
            tool = pgprograms.fitting(self.version()) if by_program else None
            if tool is not None:
                try:
                    with new_file(out):
                        snapshot = self.value("SELECT pg_export_snapshot()")
                        with pgprograms.dumping(self, tool, ["-Fc", "--snapshot=" + snapshot, "-f", out]):
                            found = digest_of(self)
                    return {"format": "pg_dump", "tool": tool.title, "digest": found}
                except Failed as error:
                    log(f"The backup is made in lines: {self.in_words(error)}")
        return super().backup(out)

    def put_back(self, file):
        if not pgprograms.is_dump(file):
            return super().put_back(file)
        with self.reading():
            archive = pgprograms.Archive(file, self.version())
            if archive.schema != self.schema():
                raise Refused(
                    f"The backup is of the schema {archive.schema}, the hub's tables in {self.title} are in "
                    f"{self.schema()}: let the hub's search path lead to {archive.schema}."
                )
            self.own(archive.tables)
            self.refuse_dependents()
            before = self.drop_statements(archive) + self.make_statements(archive)
        try:
            with self.words():
                pgprograms.load(self, archive, before)
        except pgprograms.Locked as error:
            with self.reading():
                raise TryAgain(pgsessions.locked(self)) from error
        with self.reading():
            return {"digest": digest_of(self)}

    def empty(self):
        with self.reading():
            self.refuse_dependents()
            dropped = list(self.tables())
            statements = self.drop_statements()
        with self.changing() as connection:
            for statement in statements:
                connection.execute(sqlalchemy.text(statement))
        return {"dropped": dropped}

    @contextlib.contextmanager
    def changing(self):
        """Context: a transaction that writes."""
        with self.connected() as connection, connection.begin():
            connection.execute(sqlalchemy.text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
            if self.found_schema:
                connection.execute(text("SET LOCAL search_path = " + self.always_quoted(self.found_schema)))
            yield connection

    # --- a backup in lines -------------------------------------------------------------------------------------

    def change(self, *steps):
        """All or nothing."""
        with self.changing() as connection:
            for step in steps:
                step(connection)

    def selected(self, column, kind):
        # Some drivers make objects of JSON.
        return sql.cast(column, sqlalchemy.Text) if isinstance(kind, sqlalchemy.types.JSON) else column

    def types(self):
        kinds = (column["type"] for table in self.tables() for column in self.columns(table))
        found = {kind.name: list(kind.enums) for kind in kinds if isinstance(kind, postgresql.ENUM)}
        return [{"name": name, "values": found[name]} for name in sorted(found)]

    def make_types(self, connection, types):
        for kind in types:
            postgresql.ENUM(*kind["values"], name=kind["name"]).create(connection, checkfirst=True)

    def counter(self, table):
        """The state of each sequence that belongs to a column."""
        found = []
        for column in self.tables()[table]:
            name = literal(self.qualified(self.schema(), table))
            sequence = self.value(f"SELECT pg_get_serial_sequence({name}, {literal(column)})")
            if sequence:
                last, called = next(iter(self.select("SELECT last_value, is_called FROM " + sequence)))
                found.append({"column": column, "last": last, "called": called})
        return found

    def set_counter(self, connection, table):
        name = literal(self.qualified(self.schema(), table["name"]))
        for each in table["counter"]:
            sequence = f"pg_get_serial_sequence({name}, {literal(each['column'])})"
            self.run(connection, f"SELECT setval({sequence}, {each['last']}, {str(each['called']).lower()})")

    def refuse_dependents(self):
        problems = pgrights.Rights(self).dependents()
        if problems:
            raise Refused(problems[0])

    def drop_statements(self, archive=None):
        """Tables that came since are dropped too: they refer to the hub's, or a newer release made them."""
        schema = self.schema()
        tables = sorted(set(self.tables()) | set(archive.tables if archive else ()))
        sequences = set(self.sequences()) | {(schema, name) for name in (archive.sequences if archive else ())}
        statements = []
        if tables:
            statements.append("DROP TABLE IF EXISTS " + ", ".join(self.qualified(schema, name) for name in tables))
        for place, name in sorted(sequences):
            statements.append("DROP SEQUENCE IF EXISTS " + self.qualified(place, name))
        return statements

    def make_statements(self, archive):
        """What a database that is not the one of the backup may lack."""
        statements = []
        schema = literal(self.schema())
        if not self.value(f"SELECT count(*) FROM pg_namespace WHERE nspname = {schema}"):
            statements.append("CREATE SCHEMA " + self.quoted(self.schema()))
        if "oauth_access_tokens" in archive.tables and not self.value(
            f"SELECT count(*) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace "
            f"WHERE t.typname = 'granttype' AND n.nspname = {schema}"
        ):
            values = ", ".join(literal(each) for each in GRANT_TYPES)
            statements.append(f"CREATE TYPE {self.qualified(self.schema(), 'granttype')} AS ENUM ({values})")
        return statements

    def qualified(self, schema, name):
        return self.always_quoted(schema) + "." + self.always_quoted(name)

    def always_quoted(self, name):
        return '"' + name.replace('"', '""') + '"'

    @contextlib.contextmanager
    def words(self):
        """Context: what a program says becomes a sentence."""
        try:
            yield
        except Failed as error:
            raise Refused(self.in_words(error)) from error

    def prove(self, file, visit=None):
        if not pgprograms.is_dump(file):
            return super().prove(file, visit)
        return pgscratch.prove(self, file, visit)

    def sweep(self):
        pgscratch.sweep(self)
`;

// src/host/hubdb/programs.py
var programs_default = '"""A server\'s own programs: finding them, and running them without a secret in a command line."""\n\nimport contextlib\nimport glob\nimport os\nimport re\nimport shutil\nimport subprocess\nimport tempfile\nimport threading\n\nfrom .database import Refused\n\n\nclass Failed(Refused):\n    """A program that ended with an error: its name and what it said."""\n\n\n# Directories that the admin named.\nNAMED = []\n\n\ndef candidates(names, places=()):\n    """Paths of programs by their names: in NAMED, along PATH and in `places` (patterns of directories), each once."""\n    path = os.environ.get("PATH", os.defpath).split(os.pathsep)\n    directories = NAMED + [entry for entry in path if os.path.isabs(entry)]\n    directories += sorted(entry for place in places for entry in glob.glob(place))\n    found = {}\n    for path in [os.path.join(directory, name) for directory in directories for name in names]:\n        if os.path.isfile(path) and os.access(path, os.X_OK):\n            found.setdefault(os.path.realpath(path), path)\n    return list(found.values())\n\n\ndef version_text(path):\n    """What a program says to --version; nothing when it cannot run."""\n    command = [path, "--version"]\n    try:\n        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)\n    except OSError:\n        return ""\n    return done.stdout.decode("utf-8", "replace").strip()\n\n\ndef numbers(text):\n    """The first version in a text, as a tuple."""\n    found = re.search(r"\\d+(\\.\\d+)+", text)\n    return tuple(int(part) for part in found.group().split(".")) if found else ()\n\n\n# Where a plan has looked whether there is room.\nROOM = "/var/tmp"\n\n\n@contextlib.contextmanager\ndef private_directory(beside=None):\n    """Context: a new directory for the owner alone; in `beside` where that may be written to."""\n    places = [place for place in (beside, os.environ.get("TMPDIR"), ROOM) if place and os.access(place, os.W_OK)]\n    directory = tempfile.mkdtemp(prefix="hubdb-", dir=places[0] if places else None)\n    try:\n        yield directory\n    finally:\n        shutil.rmtree(directory, ignore_errors=True)\n\n\n@contextlib.contextmanager\ndef secret_file(text):\n    """Context: a file without a name, which nothing can leave behind, and the path that leads a program to it."""\n    with tempfile.TemporaryFile() as file:\n        file.write(text.encode("utf-8"))\n        file.flush()\n        yield f"/proc/self/fd/{file.fileno()}", file.fileno()\n\n\n@contextlib.contextmanager\ndef running(command, environment=None, secret=None, alive=None, **pipes):\n    """Context: a program beside this one, which is waited for at the end and killed where the end is not reached.\n\n    `secret` is the descriptor of a file it may read. `alive` tells whether the server answers still: a client that has\n    no bound of its own is killed when it does not.\n    """\n    pipes = dict({"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}, **pipes)\n    with tempfile.TemporaryFile() as errors:\n        try:\n            given = [] if secret is None else [secret]\n            process = subprocess.Popen(command, env=environment, stderr=errors, pass_fds=given, **pipes)\n        except OSError as error:\n            raise Failed(f"{os.path.basename(command[0])} could not be started: {error.strerror}.") from error\n        silence = Silence(process, alive) if alive else None\n        try:\n            yield process\n            if process.stdin:\n                with contextlib.suppress(BrokenPipeError):\n                    process.stdin.close()\n            process.wait()\n        finally:\n            if process.poll() is None:\n                process.kill()\n            process.wait()\n            if silence:\n                silence.end()\n        if process.returncode != 0:\n            errors.seek(0)\n            said = told(errors.read(1 << 20).decode("utf-8", "replace"))\n            if silence and silence.found:\n                said = "the server does not answer any more"\n            name = os.path.basename(command[0])\n            said = re.sub(f"^{re.escape(name)}: (error: )?", "", said)\n            raise Failed(f"{name}: {said or \'status %d\' % process.returncode}")\n\n\ndef run(command, environment=None, **options):\n    with running(command, environment, **options):\n        pass\n\n\ndef output(command, environment=None, **options):\n    with running(command, environment, stdout=subprocess.PIPE, **options) as process:\n        return process.stdout.read().decode("utf-8", "replace")\n\n\ndef told(errors):\n    """The line that says why, of all that a program wrote. The lines around it may hold a row."""\n    lines = [line.strip() for line in errors.splitlines() if line.strip()]\n    for line in lines:\n        if re.search(r"\\b(error|fatal|panic)\\b", line, re.IGNORECASE):\n            return line[:300]\n    return lines[-1][:300] if lines else ""\n\n\nclass Silence:\n    """Asks every now and then whether the server answers, and kills the program when it does not three times."""\n\n    SECONDS = 20\n\n    def __init__(self, process, alive):\n        self.process, self.alive = process, alive\n        self.found = False\n        self.over = threading.Event()\n        self.thread = threading.Thread(target=self.watch, daemon=True)\n        self.thread.start()\n\n    def watch(self):\n        failures = 0\n        while not self.over.wait(self.SECONDS):\n            failures = 0 if self.alive() else failures + 1\n            if failures == 3 and not self.over.is_set():\n                self.found = True\n                self.process.kill()\n                return\n\n    def end(self):\n        self.over.set()\n';

// src/host/hubdb/revisions.py
var revisions_default = `"""JupyterHub's schema through its releases, and what its tables look like when a migration broke off."""

# Revisions of the schema, oldest first, with the release that introduced each and the columns or tables it brings.
# A sign of a later revision than alembic_version says shows a migration that broke off; a missing sign of an earlier
# one shows a database that was stamped without being migrated. Tables a hub creates at its start (roles, shares) may
# be missing just after a migration, so a sign only counts as missing where its table is there.
REVISIONS = [
    ("19c0846f6344", "0.5", []),
    ("eeb276e51423", "0.6", []),
    ("af4cbdb2d13c", "0.7", [("services", None)]),
    ("3ec6993fe20c", "0.8", [("users", "encrypted_auth_state")]),
    ("1cebaf56856c", "0.8", [("oauth_codes", "session_id")]),
    ("56cc5a70207e", "0.9", [("api_tokens", "created")]),
    ("99a28a4418e1", "0.9", [("users", "created"), ("spawners", "started")]),
    ("d68c98b66cd4", "0.9", [("oauth_clients", "description")]),
    ("896818069c98", "0.9", [("api_tokens", "expires_at")]),
    ("4dc2d5a8c53c", "1.0", [("spawners", "user_options")]),
    ("833da8570507", "2.0", [("services", "oauth_client_id"), ("spawners", "oauth_client_id"), ("roles", None)]),
    (
        "651f5419b74d",
        "3.0",
        [("oauth_codes", "scopes"), ("api_tokens", "scopes"), ("oauth_clients", "allowed_scopes")],
    ),
    ("0eee8c825d24", "4.0", [("groups", "properties")]),
    ("3c2384c5aae1", "5.0", [("services", "from_config")]),
    ("4621fec11365", "5.0", [("roles", "managed_by_auth"), ("user_role_map", "managed_by_auth"), ("shares", None)]),
    ("be8ecf03ddac", "6.0", [("services", "timeout")]),
    ("afd65840b69e", "6.0", [("oauth_codes", "code_challenge")]),
    ("ff1860e38070", "6.0", [("users", "user_info")]),
    ("f460b0348206", "6.0", [("spawners", "display_name")]),
]
CHAIN = [revision for revision, _, _ in REVISIONS]
# Every table that a release of JupyterHub has ever made, but for two of 0.7 that refer to one of these.
HUB_TABLES = {
    "alembic_version",
    "api_token_role_map",
    "api_tokens",
    "group_role_map",
    "groups",
    "oauth_access_tokens",
    "oauth_client_role_map",
    "oauth_clients",
    "oauth_code_role_map",
    "oauth_codes",
    "roles",
    "servers",
    "service_role_map",
    "services",
    "share_codes",
    "shares",
    "spawners",
    "user_group_map",
    "user_role_map",
    "users",
}
# What a migration of SQLite calls a table it is rewriting.
TEMPORARY = "_alembic_tmp_"
# Its migration drops api_tokens: no token made before it works after it.
TOKENS_DROPPED = "833da8570507"


def has(tables, table, column):
    return table in tables and (column is None or column in tables[table])


def half_migrated(revision, tables):
    """Signs that a migration broke off or never ran, as sentences; columns say nothing about an unknown revision."""
    signs = []
    for table in sorted(tables):
        if table.startswith(TEMPORARY):
            signs.append(f"table {table} was left by a migration that broke off")
    if len(revision) != 1:
        if "users" in tables:
            signs.append(f"alembic_version says {len(revision)} revisions, not one")
        return signs
    if revision[0] not in CHAIN:
        return signs
    position = CHAIN.index(revision[0])
    for index, (each, release, brings) in enumerate(REVISIONS):
        for table, column in brings:
            what = f"table {table}" if column is None else f"column {table}.{column}"
            if index > position and has(tables, table, column):
                signs.append(f"{what} belongs to revision {each} (JupyterHub {release})")
            elif index <= position and column is not None and table in tables and column not in tables[table]:
                signs.append(f"{what} of revision {each} (JupyterHub {release}) is missing")
    return signs


def is_before(revision, limit):
    return len(revision) == 1 and revision[0] in CHAIN and CHAIN.index(revision[0]) < CHAIN.index(limit)
`;

// src/host/hubdb/scratch.py
var scratch_default = `"""Where a backup is restored to prove it: another database of the same server, or a server of one's own."""

import contextlib
import copy
import hashlib
import os
import pwd
import secrets
import subprocess
import time

from .database import Refused
from .programs import private_directory, told

PREFIX = "jupyterhub_upgrade_"
# Seconds for a server of one's own to begin to answer.
START = 60
# A longer path leaves no room for a socket's name.
LONGEST = 60


class NoPlace(Exception):
    """Why a backup cannot be restored there."""


def prefix(database):
    """What the names of this database's scratch databases begin with."""
    return PREFIX + hashlib.sha256(str(database.url.database).encode("utf-8")).hexdigest()[:8] + "_"


def new_name(database):
    return prefix(database) + secrets.token_hex(8)


def beside(database, name, *more):
    """The same server's other database."""
    if hasattr(database.url, "set"):
        url = database.url.set(database=name)
    else:  # before SQLAlchemy 1.4 a URL can be changed
        url = copy.copy(database.url)
        url.database = name
    given = database.options.get("connect_args") or {}
    given = {key: value for key, value in given.items() if key not in ("dbname", "database", "db")}
    return alike(database, url, dict(database.options, connect_args=given), *more)


def alike(database, url, options, *more):
    """The same hub's tables in another place."""
    made = type(database)(url, options, *more)
    made.own(database.own_tables)
    return made


def first(database, file, ways, restore, advice):
    """What comes of restoring in the first of the ways [(context, where)] that there is."""
    said = []
    for place, where in ways:
        try:
            with place as scratch, database.words():
                return {"where": where, "digest": restore(scratch)}
        except NoPlace as error:
            said.append(f"{where}: {error}")
    tried = f" ({'; '.join(said)})" if said else ""
    raise Refused(
        f"{file} could not be restored to prove it, neither in a scratch database nor in a server of its own{tried}. "
        + advice
    )


# Ends the server, and removes all of it, when the pipe is closed: by the end of this program, whatever that is.
SUPERVISION = """
signal=$1 directory=$2
shift 2
"$@" </dev/null >"$directory/log" 2>&1 &
server=$!
read -r word
kill -s "$signal" "$server" 2>/dev/null
wait "$server" 2>/dev/null
rm -rf "$directory"
"""


class Account:
    """Who a server of one's own runs as: no server runs as root, so root takes the account of the package."""

    def __init__(self, name):
        self.entry = None
        self.able = True
        if os.geteuid() == 0:
            try:
                self.entry = pwd.getpwnam(name)
            except KeyError:
                self.able = False

    def become(self):
        if self.entry:
            os.setgroups([])
            os.setgid(self.entry.pw_gid)
            os.setuid(self.entry.pw_uid)

    def own(self, directory):
        if self.entry:
            os.chown(directory, self.entry.pw_uid, self.entry.pw_gid)


@contextlib.contextmanager
def own_server(account, file, make, serve, answers, signal):
    """Context: the directory of a server of one's own, which has nothing but a socket there.

    make(directory): the command that makes its data; serve(directory): the one that runs it; answers(directory):
    whether it does; signal: what ends it at once. It is made beside \`file\` if it can be: there is room
    for backups.
    """
    where = os.path.dirname(os.path.abspath(file))
    usable = not account.entry and len(where) < LONGEST
    with private_directory(where if usable else None) as directory:
        account.own(directory)
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": directory}
        options = {"cwd": directory, "env": environment, "preexec_fn": account.become}
        made = subprocess.run(
            make(directory), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options
        )
        if made.returncode != 0:
            raise NoPlace("its data could not be made: " + told(made.stdout.decode("utf-8", "replace")))
        command = ["/bin/sh", "-c", SUPERVISION, "sh", signal, directory] + serve(directory)
        process = subprocess.Popen(command, stdin=subprocess.PIPE, **options)
        try:
            deadline = time.monotonic() + START
            while not answers(directory):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise NoPlace("it does not start: " + last_words(directory))
                time.sleep(0.1)
            yield directory
        finally:
            process.stdin.close()
            process.wait()


def last_words(directory):
    try:
        with open(os.path.join(directory, "log"), encoding="utf-8", errors="replace") as log:
            return told(log.read()[-4000:])
    except OSError:
        return "it left no log"
`;

// src/host/hubdb/server.py
var server_default2 = '"""A database of any dialect that the hub\'s own SQLAlchemy (1.1 to 2.x) reaches.\n\nA dialect with more to offer than others is a subclass in a module of its own, with a line in database.DIALECTS. What it\nmay replace: `isolation` and `begin` (how one consistent read begins), `changing`, `schema_lines`, `about`, `backup`,\n`prove`, `put_back`, `empty` and `sessions`; for a backup in lines what `making` has.\n"""\n\nimport contextlib\nimport json\nimport os\nimport re\nimport sys\nimport urllib.parse\n\nimport sqlalchemy\nimport sqlalchemy.exc\nfrom sqlalchemy import sql\nfrom sqlalchemy.engine import url as urls\n\nfrom . import lines\nfrom .database import Database, Refused, new_file, some\nfrom .making import Making, as_stored, quote, text\nfrom .revisions import HUB_TABLES, TEMPORARY\n\nVERSION = tuple(int(part) for part in re.findall(r"\\d+", sqlalchemy.__version__)[:2])\n# How a backup is made that no program of the database\'s makes.\nLINES = {"format": "lines", "tool": "SQLAlchemy " + sqlalchemy.__version__}\n\n\nclass Server(Making, Database):\n    # The isolation level in which all statements of a transaction see the same rows.\n    isolation = "SERIALIZABLE"\n\n    def __init__(self, url, options):\n        try:\n            self.url = urls.make_url(url)\n        except Exception as error:\n            # Not its text: that is the URL, with the password.\n            raise Refused("The hub\'s db_url is no database URL.") from error\n        self.options = options\n        self.dialect = self.url.get_backend_name()\n        self.title = self.without_secrets()\n        self.own_tables = HUB_TABLES\n        # Set in `reading`.\n        self.connection = None\n        self.inspector = None\n        self.columns_of = {}\n\n    def own(self, tables):\n        """Counts tables among the hub\'s: those that its own code knows besides, or that a backup of it has."""\n        self.own_tables = self.own_tables.union(tables)\n\n    def without_secrets(self):\n        """The URL less its password and its query, which may hold anything."""\n        parts = {name: getattr(self.url, name) for name in ("drivername", "username", "host", "port", "database")}\n        return repr(getattr(urls.URL, "create", urls.URL)(**parts))\n\n    def engine(self):\n        try:\n            return sqlalchemy.create_engine(self.url, **self.options)\n        except ImportError as error:\n            raise Refused(f"The driver of {self.title} could not be imported: {error}.") from error\n        except Exception as error:\n            raise Refused(f"SQLAlchemy does not take {self.title} ({type(error).__name__}).") from error\n\n    @contextlib.contextmanager\n    def connected(self, isolation=None):\n        """Context: a connection, with errors in words; in that isolation level where the dialect has it."""\n        engine = self.engine()\n        try:\n            connection = engine.connect()\n            try:\n                yield self.isolated(connection, isolation)\n            finally:\n                connection.close()\n        except sqlalchemy.exc.SQLAlchemyError as error:\n            raise Refused(self.in_words(getattr(error, "orig", None) or type(error).__name__)) from error\n        finally:\n            engine.dispose()\n\n    def is_reachable(self):\n        try:\n            engine = self.engine()\n        except Refused:\n            return True  # it is not the server that is missing\n        try:\n            engine.connect().close()\n        except sqlalchemy.exc.SQLAlchemyError:\n            return False\n        finally:\n            engine.dispose()\n        return True\n\n    def isolated(self, connection, level):\n        if level is None:\n            return connection\n        try:\n            return connection.execution_options(isolation_level=level)\n        except Exception:\n            # Each dialect without that level says so in its own way. Its default is what there is.\n            return connection\n\n    @contextlib.contextmanager\n    def reading(self):\n        with self.connected(self.isolation) as connection:\n            transaction = connection.begin()\n            try:\n                self.begin(connection)\n                self.connection = connection\n                self.inspector = sqlalchemy.inspect(connection)\n                self.columns_of = {}\n                yield self\n            finally:\n                self.connection = self.inspector = None\n                transaction.rollback()\n\n    def begin(self, connection):\n        """The statements that make the transaction which has just begun a consistent one that only reads."""\n\n    def has_table(self, name):\n        return self.connection.dialect.has_table(self.connection, name)\n\n    def tables(self):\n        """The hub\'s tables by name, and those that refer to one of them by a foreign key, however indirectly."""\n        names = set(self.inspector.get_table_names())\n        found = {name for name in names if name in self.own_tables or name.startswith(TEMPORARY)}\n        referred = {name: self.referred(name) for name in names - found}\n        while True:\n            # A key may lead to a table that is not there: a put-back that was killed had dropped it.\n            more = {name for name in referred if name not in found and referred[name] & (found | self.own_tables)}\n            if not more:\n                return {name: [column["name"] for column in self.columns(name)] for name in sorted(found)}\n            found |= more\n\n    def referred(self, table):\n        """The tables of the same schema that a table refers to."""\n        keys = self.inspector.get_foreign_keys(table)\n        return {key["referred_table"] for key in keys if key["referred_schema"] in (None, self.schema())}\n\n    def schema(self):\n        return self.inspector.default_schema_name\n\n    def columns(self, table):\n        """The columns of a table as SQLAlchemy\'s inspector describes them: name, type, nullable, default."""\n        if table not in self.columns_of:\n            self.columns_of[table] = self.inspector.get_columns(table)\n        return self.columns_of[table]\n\n    def rows(self, table, columns, where="", order=()):\n        types = {column["name"]: column["type"] for column in self.columns(table)}\n        source = sql.table(table, *(sql.column(name, as_stored(types[name])) for name in columns))\n        selected = [self.selected(source.c[name], types[name]) for name in columns]\n        statement = (sql.select(*selected) if VERSION >= (1, 4) else sql.select(selected)).select_from(source)\n        if where:\n            statement = statement.where(text(where))\n        return self.stream(statement.order_by(*(source.c[name] for name in order)))\n\n    def selected(self, column, kind):\n        """What stands for a column of that type in a SELECT."""\n        return column\n\n    def select(self, statement):\n        return self.stream(text(statement))\n\n    def stream(self, statement):\n        for row in self.connection.execute(statement.execution_options(stream_results=True)):\n            yield tuple(row)\n\n    def quoted(self, name):\n        return quote(self.connection, name)\n\n    def schema_lines(self):\n        found = []\n        for table in self.tables():\n            for column in self.columns(table):\n                found.append(\n                    [table, "column"] + [str(column.get(key)) for key in ("name", "type", "nullable", "default")]\n                )\n            key = self.inspector.get_pk_constraint(table) or {}\n            found.append([table, "primary key"] + list(key.get("constrained_columns") or []))\n            for key in self.inspector.get_foreign_keys(table):\n                options = sorted((name, str(value)) for name, value in (key.get("options") or {}).items())\n                where = [key["constrained_columns"], key["referred_table"], key["referred_columns"], options]\n                found.append([table, "foreign key", where])\n            for index in self.inspector.get_indexes(table):\n                found.append([table, "index", index["name"], index["column_names"], bool(index["unique"])])\n        return found\n\n    def about(self):\n        version = getattr(self.connection.dialect, "server_version_info", None) or ()\n        return {\n            "server": " ".join([self.dialect, ".".join(str(part) for part in version)]).strip(),\n            "name": self.url.database or "",\n            "size": None,\n            "problems": [],\n            "warnings": self.left_alone(self.inspector.get_table_names()),\n            "backup": LINES,\n            "proof": "scratch file",\n        }\n\n    def left_alone(self, inside):\n        """A warning of the tables that are not the hub\'s, of all in its schema."""\n        others = sorted(set(inside) - set(self.tables()))\n        if not others:\n            return []\n        return [f"Tables beside the hub\'s in {self.title} are neither backed up nor touched: {some(others)}."]\n\n    def sessions(self):\n        """A dialect that nothing is known of does not tell."""\n        return []\n\n    def backup(self, out):\n        with new_file(out):\n            digest = lines.dump(self, out)\n        return dict(LINES, digest=digest)\n\n    def prove(self, file, visit=None):\n        if visit:\n            raise Refused("Lines cannot be restored into another database of the server.")\n        return lines.prove(file)\n\n    def scratch(self, file, out):\n        """Restores `file` and keeps it until stdin ends; `out` gets how to reach it, in the form of introspect.py."""\n\n        def visit(scratch):\n            url = scratch.url\n            shown = url.render_as_string(hide_password=False) if hasattr(url, "render_as_string") else str(url)\n            with open(out + ".new", "w", encoding="utf-8") as content:\n                json.dump({"url": shown, "kwargs": scratch.options}, content)\n            os.rename(out + ".new", out)\n            sys.stdin.read()\n\n        return {"where": self.prove(file, visit)["where"]}\n\n    def sweep(self):\n        """Drops scratch databases of programs that were killed."""\n\n    def put_back(self, file):\n        return lines.put_back(self, file)\n\n    def empty(self):\n        with self.reading():\n            dropped = self.children_first(set(self.tables()))\n        with self.changing() as connection:\n            self.drop(connection, dropped)\n        return {"dropped": sorted(dropped)}\n\n    def in_words(self, error):\n        """The first line of an error, less the password. Statements and their values are never told."""\n        first = (str(error).strip() or type(error).__name__).splitlines()[0][:300]\n        password = self.url.password\n        for secret in {str(password or ""), urllib.parse.quote_plus(str(password or ""))}:\n            first = first.replace(secret, "***") if len(secret) > 3 else first\n        return f"The database {self.title} could not be used: {first}."\n';

// src/host/hubdb/sqlite.py
var sqlite_default2 = `"""A database of SQLite: a file, read with the standard library alone and without writing anything beside it."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
import urllib.parse

from .database import Database, Refused, new_file
from .digests import digest_of

# Seconds to wait for a lock another process holds.
LOCK_TIMEOUT = 10


def uri(path, options):
    """A URI for a path with any bytes in it: blank, ?, #, % and what is not UTF-8."""
    return "file:" + urllib.parse.quote(os.fsencode(path)) + "?" + options


def size(path):
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return None


def is_wal(path):
    """Whether the file is in WAL mode; the pragma does not say so of a file that is read as one that cannot change.

    Never while a connection is open: closing the file here would drop the locks SQLite holds on it.
    """
    with open(path, "rb") as database:
        header = database.read(20)
    return len(header) == 20 and header[18] == 2


def read_options(path):
    """How to open a database without writing anything.

    A reader of a WAL database makes the -wal and -shm files where they are missing, and cannot remove them again. Where
    the last process closed the database well there are none, so nobody has it open: then it can be read as a file that
    does not change, which \`reading\` checks at the end.
    """
    if is_wal(path) and not size(path + "-wal") and size(path + "-shm") is None:
        return "mode=ro&immutable=1"
    return "mode=ro"


def stamp(path):
    status = os.stat(path)
    return (status.st_ino, status.st_size, status.st_mtime_ns, size(path + "-wal"))


def text_of(stored):
    return stored.decode("utf-8", "surrogateescape")


class SQLite(Database):
    dialect = "sqlite"

    def __init__(self, path):
        self.title = path
        # SQLite keeps the -wal and -shm files beside the file a symbolic link leads to.
        self.path = os.path.realpath(path)
        self.connection = None
        self.in_wal = False

    @contextlib.contextmanager
    def reading(self):
        path = self.path
        if not os.path.isfile(path):
            raise Refused(f"There is no database file at {path}.")
        connection = None
        try:
            self.in_wal = is_wal(path)
            options = read_options(path)
            before = stamp(path)
            connection = sqlite3.connect(uri(path, options), uri=True, timeout=LOCK_TIMEOUT, isolation_level=None)
            connection.text_factory = text_of
            # Sorting must not spill rows into a temporary file.
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            self.connection = connection
            yield self
            if "immutable" in options and stamp(path) != before:
                raise Refused(f"The database {path} changed while it was read.")
        except sqlite3.Error as error:
            raise Refused(self.in_words(error)) from error
        finally:
            self.connection = None
            if connection is not None:
                connection.close()

    def has_table(self, name):
        return name in self.table_names()

    def table_names(self):
        rows = self.select("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return [name for (name,) in list(rows) if not name.startswith("sqlite_")]

    def tables(self):
        """All of the file's: it is the hub's own."""
        return {table: self.column_names(table) for table in self.table_names()}

    def column_names(self, table):
        return [row[1] for row in self.select(f"PRAGMA table_info({self.quoted(table)})")]

    def rows(self, table, columns, where=""):
        selection = ", ".join(self.quoted(column) for column in columns)
        condition = " WHERE " + where if where else ""
        return self.select(f"SELECT {selection} FROM {self.quoted(table)}{condition}")

    def select(self, sql):
        return self.connection.execute(sql)

    def quoted(self, name):
        return '"' + name.replace('"', '""') + '"'

    def schema_lines(self):
        """All statements that made the schema, blanks normalised, less what SQLite itself adds."""
        return [
            [kind, name, table, " ".join((sql or "").split())]
            for kind, name, table, sql in self.select("SELECT type, name, tbl_name, sql FROM sqlite_master")
            if not name.startswith("sqlite_")
        ]

    def pragma(self, name):
        return next(iter(self.select("PRAGMA " + name)))[0]

    def about(self):
        sizes = [size(self.path + suffix) or 0 for suffix in ("", "-wal", "-journal")]
        check = self.pragma("quick_check(1)")[:200]
        return {
            "server": "SQLite " + sqlite3.sqlite_version,
            "name": self.path,
            "path": self.path,
            # The pragma does not say so of a file that is read as one that cannot change.
            "journal_mode": "wal" if self.in_wal else self.pragma("journal_mode"),
            "page_size": self.pragma("page_size"),
            "size": sum(sizes),
            "wal_size": sizes[1],
            "quick_check": check,
            "problems": [] if check == "ok" else [f"SQLite finds the database {self.path} damaged: {check}."],
            "warnings": [],
            "backup": {"format": "sqlite", "tool": "SQLite " + sqlite3.sqlite_version},
            "proof": "scratch file",
        }

    def backup(self, out):
        if not os.path.isfile(self.path):
            raise Refused(f"There is no database file at {self.title}.")
        out = os.path.abspath(out)
        beside = [out + suffix for suffix in ("-wal", "-shm", "-journal")]
        for each in beside:
            if os.path.lexists(each):
                raise Refused(f"{each} exists: SQLite would take it for a part of the backup.")
        with new_file(out):
            try:
                digest = self.write_backup(out)
                left = [each for each in beside if os.path.lexists(each)]
                if left:
                    raise Refused(f"{left[0]} was left beside the backup.")
            except BaseException:
                for each in beside:
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(each)
                raise
        return {"format": "sqlite", "tool": "SQLite " + sqlite3.sqlite_version, "digest": digest}

    def write_backup(self, out):
        source_digest = None
        with self.reading():
            target = sqlite3.connect(uri(out, "mode=rw"), uri=True, isolation_level=None)
            try:
                # Nobody reads OUT before it is synced as a whole, so no journal and no waiting for the disk while the
                # hub cannot write.
                target.execute("PRAGMA journal_mode = OFF")
                target.execute("PRAGMA synchronous = OFF")
                if hasattr(self.connection, "backup"):
                    # In one step: a copy in several would begin again with every write of the hub.
                    self.connection.backup(target)
                else:
                    source_digest = digest_of(self)
                    copy_rows(self.connection, target)
            except sqlite3.Error as error:
                if "malformed" in str(error):
                    raise
                raise Refused(f"The backup {out} could not be written: {error}.") from error
            finally:
                target.close()
        digest = self.checked_digest(out, f"The backup of {self.title}")
        if source_digest not in (None, digest):
            raise Refused(f"The backup of {self.title} differs from the database.")
        return digest

    def checked_digest(self, path, what):
        copy = SQLite(path)
        with copy.reading():
            check = copy.pragma("integrity_check(1)")
            if check != "ok":
                raise Refused(f"{what} does not pass the integrity check: {check[:200]}.")
            return digest_of(copy)

    def prove(self, file):
        """On the database's own disk, as private as the database."""
        scratch = tempfile.mkdtemp(prefix=".jupyterhub-upgrade-proof.", dir=os.path.dirname(self.path))
        try:
            copy = os.path.join(scratch, "jupyterhub.sqlite")
            shutil.copyfile(file, copy)
            return {"where": "a scratch file", "digest": self.checked_digest(copy, "The restored database")}
        finally:
            shutil.rmtree(scratch)

    def sessions(self):
        return []

    def engine(self):
        import sqlalchemy
        import sqlalchemy.pool

        def connect():
            connection = sqlite3.connect(uri(self.path, "mode=rw"), uri=True, timeout=LOCK_TIMEOUT)
            connection.execute("PRAGMA foreign_keys = ON")
            return connection

        # A creator and not a URL: a URL of SQLAlchemy cannot name every path.
        return sqlalchemy.create_engine("sqlite://", creator=connect, poolclass=sqlalchemy.pool.NullPool)

    def in_words(self, error):
        text, path = str(error), self.path
        if "locked" in text:
            return f"The database {path} is locked by another process (waited {LOCK_TIMEOUT} seconds)."
        if "not a database" in text or "malformed" in text:
            return f"The database {path} is damaged: {text}."
        if "readonly" in text and os.path.exists(path + "-journal"):
            return f"The database {path} has an unfinished transaction beside it ({path}-journal), left by a crash."
        return f"The database {path} could not be read: {text}."


def quoted(name):
    return SQLite.quoted(None, name)


def copy_rows(source, target):
    """Python 3.6 has no backup API: copy statement by statement inside the read transaction of the source."""
    for pragma in ("page_size", "encoding", "auto_vacuum", "user_version", "application_id"):
        value = source.execute("PRAGMA " + pragma).fetchone()[0]
        target.execute(f"PRAGMA {pragma} = {value if isinstance(value, int) else quoted(value)}")
    made = source.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite~_%' ESCAPE '~'")
    made = made.fetchall()
    target.execute("BEGIN")
    for kind, name, sql in made:
        if kind != "table":
            continue
        if sql.upper().startswith("CREATE VIRTUAL"):
            raise Refused(f"Table {name} is virtual: its backup needs Python 3.7 or newer.")
        target.execute(sql)
        rows = source.execute(f"SELECT * FROM {quoted(name)}")
        places = ", ".join("?" for _ in rows.description)
        target.executemany(f"INSERT INTO {quoted(name)} VALUES ({places})", rows)
    if source.execute("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone()[0]:
        target.execute("DELETE FROM sqlite_sequence")
        rows = source.execute("SELECT name, seq FROM sqlite_sequence")
        target.executemany("INSERT INTO sqlite_sequence VALUES (?, ?)", rows)
    for kind, _, sql in made:
        if kind != "table" and sql:
            target.execute(sql)
    target.execute("COMMIT")
`;

// src/host/hubdb/tokens.py
var tokens_default = `"""A short-lived API token, made and deleted by the installed hub's own code."""

import contextlib
import os
import sys

from .database import Refused


def read_token():
    token = sys.stdin.readline().strip()
    if len(token) < 32 or not token.isalnum() or len(token) > 255:
        raise Refused("The token on stdin must be 32 to 255 letters and digits.")
    return token


class Orm:
    """The installed hub's own ORM on a database it fits to."""

    def __init__(self, database):
        try:
            import alembic.script
            import jupyterhub
            import sqlalchemy
            import sqlalchemy.orm
            from jupyterhub import orm
        except ImportError as error:
            raise Refused(f"The hub of this environment could not be imported: {error}.") from error
        if not hasattr(orm, "Role"):
            raise NotKept()
        # What orm imports and sets up when it makes a token: now, for the sake of the time it takes.
        import jupyterhub.roles
        import jupyterhub.scopes

        sqlalchemy.orm.configure_mappers()
        scripts = alembic.script.ScriptDirectory(os.path.join(os.path.dirname(jupyterhub.__file__), "alembic"))
        self.heads = sorted(scripts.get_heads())
        self.database = database
        self.engine = database.engine()
        self.orm = orm
        self.sqlalchemy = sqlalchemy

    @contextlib.contextmanager
    def session(self):
        with self.database.reading():
            found = self.database.revisions()
        if found != self.heads:
            raise Refused(
                "The database is at revision {}, the hub of this environment needs {}.".format(
                    ", ".join(found) or "none", ", ".join(self.heads)
                )
            )
        session = self.sqlalchemy.orm.sessionmaker(bind=self.engine)()
        try:
            yield session
        except self.sqlalchemy.exc.SQLAlchemyError as error:
            raise Refused(self.database.in_words(getattr(error, "orig", None) or type(error).__name__)) from error
        except (ValueError, RuntimeError) as error:
            # Not its text: that of some releases holds the token.
            raise Refused(f"The hub does not take the token ({type(error).__name__}).") from error
        finally:
            session.close()
            self.engine.dispose()


class NotKept(Exception):
    """The hub is of a release whose tokens its next migration drops."""


def owner(session, orm, name):
    if name:
        user = session.query(orm.User).filter_by(name=name).first()
        if user is None:
            raise Refused(f"The hub has no user {name}.")
        return user
    user = session.query(orm.User).order_by(orm.User.admin.desc(), orm.User.id).first()
    if user is None:
        raise Refused("The hub has no users, so a token has no owner.")
    return user


def new_token(orm, token, user, expires):
    options = {
        "token": token,
        "user": user,
        "note": "jupyterhub-upgrade: checks the upgrade, expires by itself",
        "expires_in": expires,
    }
    if not hasattr(orm.APIToken, "scopes"):
        orm.APIToken.new(**options)  # 2.x: the default role of tokens
        return
    # No more than its own server; where the owner may not even do that, a token that can only say whose it is.
    try:
        orm.APIToken.new(scopes=["read:users!user", "servers!user", "access:servers!user"], **options)
    except ValueError:
        orm.APIToken.new(scopes=[], **options)


def find_token(session, orm, token):
    """The id of a token, found by its columns alone: just after a migration not all tables of the ORM are there."""
    candidates = session.query(orm.APIToken.id, orm.APIToken.hashed)
    for number, hashed in candidates.filter_by(prefix=token[: orm.APIToken.prefix_length]):
        if orm.compare_token(hashed, token):
            return number
    return None


def create(database, user, expires, wait):
    hub = Orm(database)
    token = read_token()
    if wait:
        sys.stdout.write("ready\\n")
        sys.stdout.flush()
        if sys.stdin.readline().strip() != "go":
            raise Refused("Nobody said go, so the database was not touched.")
    with hub.session() as session:
        of = owner(session, hub.orm, user)
        name = of.name
        new_token(hub.orm, token, of, expires)
        number = find_token(session, hub.orm, token)
        return {"user": name, "id": f"a{number}", "prefix": token[: hub.orm.APIToken.prefix_length]}


def delete(database):
    hub = Orm(database)
    token = read_token()
    with database.reading():
        if not database.has_table("api_tokens"):
            return {"deleted": 0}
    with hub.session() as session:
        number = find_token(session, hub.orm, token)
        if number is None:
            return {"deleted": 0}
        session.query(hub.orm.APIToken).filter_by(id=number).delete(synchronize_session=False)
        session.commit()
        return {"deleted": 1}
`;

// src/host/hubdb/values.py
var values_default = '"""A value of a database as JSON, and back: the same value, of the same type.\n\nNone, booleans, integers of any size and text (lone surrogates too) are what they are in JSON. All others are an object\nwith one key that names the type: see docs/lines-format.md.\n"""\n\nimport base64\nimport datetime\nimport decimal\nimport re\nimport uuid\n\n\nclass Unknown(Exception):\n    """A value of a type that has no form here."""\n\n\ndef to_json(value):\n    if value is None or isinstance(value, bool):\n        return value\n    if isinstance(value, int):\n        return int(value)\n    if isinstance(value, str):\n        return str(value)\n    if isinstance(value, float):\n        return {"float": repr(float(value))}\n    if isinstance(value, (bytes, bytearray, memoryview)):\n        return {"bytes": base64.b64encode(bytes(value)).decode("ascii")}\n    for kind, name in TEXTS:\n        if isinstance(value, kind):\n            return {name: value.isoformat() if hasattr(value, "isoformat") else str(value)}\n    if isinstance(value, datetime.timedelta):\n        return {"interval": [value.days, value.seconds, value.microseconds]}\n    if isinstance(value, (list, tuple)):\n        return {"list": [to_json(each) for each in value]}\n    if isinstance(value, dict):\n        return {"json": value}\n    raise Unknown(type(value).__name__)\n\n\ndef from_json(value):\n    if not isinstance(value, dict):\n        return value\n    ((kind, content),) = value.items()\n    return READERS[kind](content)\n\n\ndef datetime_from(text):\n    """As isoformat writes it; Python 3.6 cannot read that by itself."""\n    match = re.match(r"(.{10})T(\\d\\d):(\\d\\d):(\\d\\d)(?:\\.(\\d{6}))?(?:([+-])(\\d\\d):(\\d\\d)(?::(\\d\\d))?)?\\Z", text)\n    day, hour, minute, second, micro, sign, hours, minutes, seconds = match.groups()\n    zone = None\n    if sign:\n        offset = datetime.timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0))\n        zone = datetime.timezone(-offset if sign == "-" else offset)\n    time = datetime.time(int(hour), int(minute), int(second), int(micro or 0), zone)\n    return datetime.datetime.combine(date_from(day), time)\n\n\ndef date_from(text):\n    return datetime.date(*(int(part) for part in text.split("-")))\n\n\n# A datetime is a date too, so it comes first.\nTEXTS = [\n    (datetime.datetime, "datetime"),\n    (datetime.date, "date"),\n    (datetime.time, "time"),\n    (decimal.Decimal, "decimal"),\n    (uuid.UUID, "uuid"),\n]\nREADERS = {\n    "float": float,\n    "bytes": base64.b64decode,\n    "datetime": datetime_from,\n    "date": date_from,\n    "time": lambda text: datetime_from("2000-01-01T" + text).timetz(),\n    "decimal": decimal.Decimal,\n    "uuid": uuid.UUID,\n    "interval": lambda parts: datetime.timedelta(*parts),\n    "list": lambda content: [from_json(each) for each in content],\n    "json": lambda content: content,\n}\n';

// src/host/introspect.py
var introspect_default = `"""What a JupyterHub's own code makes of its configuration, without starting the hub.

usage: HUB_PYTHON introspect.py [--database-file FILE] [the hub's own arguments]

Runs under the hub's interpreter, in its directory, as its user, with its environment; every release from 1.0 on.
JSON on stdout, one sentence on stderr when it fails (status 1). Executes the configuration, as the hub's start and
\`jupyterhub upgrade-db\` do, and writes nothing itself: no database is opened, no secret made, no bytecode left behind.
Secrets are not told, so neither is what the configuration prints. What other programs need to reach the database, its
password among it, goes into FILE, which only the hub's user can read.
"""

import hashlib
import hmac
import json
import os
import re
import stat
import sys
import sysconfig
from urllib.parse import urlparse

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))

LONGEST = 4096
MOST_FILES = 1000
# Errors whose text names things and not values. The text of any other may hold a secret of the configuration.
TELLING = (ImportError, SyntaxError, NameError, AttributeError, KeyError, OSError)
# Not a part of the configuration even where it reads them: what the kernel and the distribution made.
SYSTEM = ("/proc", "/sys", "/dev", "/usr/lib", "/usr/share", "/lib", "/lib64")
ANNOUNCEMENT = re.compile(r"{%[-+]?\\s*block\\s+announcement\\b")
EXTENDS_DEFAULT = re.compile(r"""{%[-+]?\\s*extends\\s+["']templates/page\\.html["']""")


class Refused(Exception):
    """Why there is no answer, one sentence for people."""


def bounded(value, longest=LONGEST):
    return str(value)[:longest]


def within(path, directory):
    return path == directory or path.startswith(directory.rstrip("/") + "/")


# --- which files the configuration reads -------------------------------------------------------------------------


def interpreter_directories():
    """Where the code of the interpreter and of installed packages lies."""
    paths = sysconfig.get_paths()
    found = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    found.update(entry for entry in sys.path if os.path.basename(entry) in ("site-packages", "dist-packages"))
    found.add(os.path.dirname(os.__file__))
    return sorted({os.path.abspath(entry) for entry in found} | {os.path.realpath(entry) for entry in found})


class FilesRead:
    """Records the files the configuration opens for reading, and the modules it has from outside the environment.

    Counted is what the configuration opens, also through a library it calls; not what a library opens while it is
    imported. From Python 3.8 on an audit hook sees every open; before, the function \`open\` is watched.
    """

    def __init__(self):
        self.installed = interpreter_directories()
        self.paths = set()
        self.active = False
        add_hook = getattr(sys, "addaudithook", None)
        self.complete = add_hook is not None
        if add_hook:
            add_hook(self.audit)
        else:
            self.watch_open()

    def audit(self, event, arguments):
        if not self.active or event != "open":
            return
        path, _, flags = arguments
        if isinstance(path, (str, bytes)) and (flags or 0) & os.O_ACCMODE == os.O_RDONLY:
            self.record(os.fsdecode(path), sys._getframe(1))

    def watch_open(self):
        import builtins
        import io

        original = builtins.open

        def watched(file, mode="r", *arguments, **options):
            if self.active and isinstance(file, (str, bytes, os.PathLike)) and not set(mode) & set("wax+"):
                self.record(os.fsdecode(file), sys._getframe(1))
            return original(file, mode, *arguments, **options)

        builtins.open = io.open = watched

    def record(self, path, frame):
        path = os.path.abspath(path)
        while frame is not None:
            code = frame.f_code.co_filename
            if "importlib" in code:
                # The import system itself reads source or bytecode: a module of the configuration's own counts.
                if path.endswith(".pyc"):
                    path = source_of(path)
                break
            if not code.startswith("<frozen") and not self.is_installed(os.path.abspath(code)):
                self.add(path)
                return
            frame = frame.f_back
        if path.endswith(".py") and frame is not None:
            self.add(path)

    def is_installed(self, path):
        return any(within(path, directory) for directory in self.installed)

    def add(self, path):
        if not self.is_installed(path) and not any(within(path, directory) for directory in SYSTEM):
            self.paths.add(path)

    def add_modules(self):
        for module in list(sys.modules.values()):
            path = getattr(module, "__file__", None)
            if isinstance(path, str) and path.endswith(".py") and module.__name__ != "__main__":
                self.add(os.path.abspath(path))

    def result(self, config_directory, less):
        """The regular files among them. Directly in /etc lies the system's own configuration, not the hub's."""
        found = []
        for path in sorted(self.paths - set(less)):
            elsewhere = os.path.dirname(path) == "/etc" and config_directory != "/etc"
            if os.path.isfile(path) and not elsewhere and not within(path, HERE):
                found.append(bounded(path))
        return found[:MOST_FILES], self.complete and len(found) <= MOST_FILES


def source_of(path):
    import importlib.util

    try:
        return importlib.util.source_from_cache(path)
    except ValueError:
        return path


# --- what the hub makes of it ------------------------------------------------------------------------------------


def refusing_traits():
    """A list that gets the names of traits that refuse their value. Only the names: the log line has the value too."""
    import logging

    names = []
    make = logging.getLogRecordFactory()

    def watched(*arguments, **options):
        record = make(*arguments, **options)
        names.extend(re.findall(r"The '?(\\w+)'? trait of", record.getMessage()))
        return record

    logging.setLogRecordFactory(watched)
    return names


def where(error, files):
    """The line of the configuration an error came from."""
    if isinstance(error, SyntaxError):
        return f" ({error.filename}, line {error.lineno})"
    found, step = "", error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code.co_filename
        if not code.startswith("<") and not files.is_installed(code) and not within(os.path.abspath(code), HERE):
            found = f" ({code}, line {step.tb_lineno})"
        step = step.tb_next
    return found


def text_of(error):
    if isinstance(error, SyntaxError):
        return f": {error.msg}"
    if isinstance(error, TELLING):
        return f": {error}"
    return "; its text is withheld, because it may hold a secret"


def load(arguments, files):
    """The hub's application with its configuration loaded, nothing of it started."""
    try:
        from jupyterhub.app import JupyterHub
    except ImportError as error:
        raise Refused(f"JupyterHub could not be imported by {sys.executable}: {error}.") from error
    if arguments and arguments[0] in JupyterHub.subcommands:
        raise Refused(f"The hub's arguments begin with the subcommand {arguments[0]}.")
    refusing = refusing_traits()
    hub = JupyterHub()
    try:
        hub.parse_command_line(arguments)
        files.active = True
        hub.load_config_file(hub.config_file)
    except SystemExit as error:
        if refusing:
            raise Refused(f"The trait {refusing[-1]} does not take the value it is configured with.") from error
        if not os.path.isfile(hub.config_file):
            raise Refused(f"There is no configuration file {os.path.abspath(hub.config_file)}.") from error
        raise Refused("The configuration, or JupyterHub at the sight of its arguments, ended the process.") from error
    except Exception as error:
        what = f"{type(error).__name__}{where(error, files)}{text_of(error)}"
        raise Refused(f"The configuration could not be loaded: {what}.") from error
    finally:
        files.active = False
    return hub


def class_name(value):
    return bounded(f"{value.__module__}.{value.__qualname__}", 200)


def configured(hub, of, name):
    """The value a trait of another class would get, found as traitlets does but without making an instance."""
    trait = of.class_traits().get(name)
    if trait is None:
        return None
    value = trait.default_value
    configs = [hub._find_my_config(hub.config), hub.config]
    for config in reversed(configs):
        for section in reversed([each.__name__ for each in of.__mro__]):
            if config._has_section(section) and name in config[section]:
                value = config[section][name]
    # From the command line a value comes as text; \`c.Class.trait.add(\u2026)\` is kept until the default is known.
    if hasattr(value, "get_value"):
        value = value.get_value(set() if hasattr(value, "add") else trait)
    return value


def on_command_line(hub, name):
    """Whether a trait of the hub has its value from the hub's arguments, which \`jupyterhub upgrade-db\` is not given."""
    arguments = getattr(hub, "cli_config", {})
    return "JupyterHub" in arguments and name in arguments["JupyterHub"]


def engine_arguments(hub):
    """db_kwargs less what only a pool of connections needs; None where a program of its own cannot be given them."""
    wanted = {name: value for name, value in hub.db_kwargs.items() if not name.startswith("pool")}
    try:
        # What comes back as something else (a tuple, a key that is no text) would be another argument.
        return wanted if json.loads(json.dumps(wanted)) == wanted else None
    except (TypeError, ValueError):
        return None


def database(hub):
    from sqlalchemy.engine import url as urls

    try:
        url = urls.make_url(hub.db_url)
    except Exception as error:
        raise Refused("The hub's db_url is no database URL.") from error
    dialect, _, driver = url.drivername.partition("+")
    parts = {name: getattr(url, name) for name in ("drivername", "username", "host", "port", "database")}
    parts["password"] = "***" if url.password else None
    # Less its query, which may hold anything. Its repr hides the password in every release of SQLAlchemy.
    shown = repr(getattr(urls.URL, "create", urls.URL)(**parts))
    path = None
    if dialect == "sqlite":
        path = sqlite_path(url)
    return {
        "dialect": dialect,
        "driver": driver,
        "path": path,
        "has_password": bool(url.password),
        "has_query": bool(url.query),
        "has_arguments": bool(hub.db_kwargs),
        "arguments_usable": engine_arguments(hub) is not None,
        "on_command_line": on_command_line(hub, "db_url") or on_command_line(hub, "db_kwargs"),
        "url": bounded(shown),
        "host": bounded(url.host or first(url.query.get("host")) or ""),
    }


def first(value):
    """Of a part of a URL's query that may stand there several times."""
    return value if isinstance(value, str) or not value else value[0]


def configured_names(hub, of, name):
    value = configured(hub, of, name)
    return {str(each) for each in value} if isinstance(value, (set, frozenset, list, tuple)) else set()


def logins(hub):
    """Whom the configuration itself lets in: \`everybody\`, or these users; and the admins and groups that it names."""
    of = hub.authenticator_class
    allowed = configured_names(hub, of, "allowed_users") | configured_names(hub, of, "whitelist")
    admins = configured_names(hub, of, "admin_users")
    allow_all = configured(hub, of, "allow_all")
    # Before 5.0, and for authenticators that keep to it, no list means everybody.
    by_default = allow_all is None or hasattr(of, "_allow_all_default")
    return {
        "everybody": bool(allow_all or (by_default and not allowed)),
        "users": sorted(allowed | admins),
        "admins": sorted(admins),
        "groups": sorted(str(group) for group in hub.load_groups or ()),
    }


def declared_tables(hub):
    """The tables of the hub's own schema: those of its release, and those that an authenticator or a spawner added."""
    from jupyterhub import orm

    for name in ("authenticator_class", "spawner_class"):
        getattr(hub, name)  # which imports it
    return sorted(str(table.name) for table in orm.Base.metadata.tables.values() if table.schema is None)


def write_database_file(path, hub, environment):
    """What it takes to open the database as the hub does; \`environment\` is that of before the configuration."""
    set_by_configuration = {
        name: value for name, value in os.environ.items() if environment.get(name) != value and name != "PWD"
    }
    content = {
        "url": hub.db_url,
        "kwargs": engine_arguments(hub) or {},
        "environment": set_by_configuration,
        "logins": logins(hub),
        "tables": declared_tables(hub),
    }
    # A file that is there must be theirs: no link is followed.
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise Refused(f"{path} could not be written: {error.strerror}.") from error
    with open(descriptor, "w") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_nlink != 1:
            raise Refused(f"{path} is not a file of this user's own.")
        os.fchmod(descriptor, 0o600)
        os.ftruncate(descriptor, 0)
        json.dump(content, file)


def sqlite_path(url):
    """Absolute path of the database file; None in memory."""
    name = url.database
    if not name or name == ":memory:":
        return None
    if name.startswith("file:"):
        import urllib.parse

        name = urllib.parse.unquote(name[5:].partition("?")[0])
        name = re.sub("^//[^/]*", "", name)
        if url.query.get("mode") == "memory" or name in ("", ":memory:"):
            return None
    return bounded(os.path.abspath(name))


def cookie_secret_source(hub):
    if hub.cookie_secret:
        return "config"
    return "environment" if os.environ.get("JPY_COOKIE_SECRET") else "file"


def config_digests(hub, paths, cookie_secret_file):
    """Of each file, by its path, a digest that changes when it does.

    Its key is the hub's cookie secret: a password in a file must not be guessed from a digest that is told.
    """
    key = hub.cookie_secret or os.environ.get("JPY_COOKIE_SECRET") or b"".join(blocks_of(cookie_secret_file))
    digests = {}
    for path in paths:
        digest = hmac.new(key.encode() if isinstance(key, str) else key, digestmod=hashlib.sha256)
        for block in blocks_of(path):
            digest.update(block)
        digests[path] = digest.hexdigest()[:16]
    return digests


def blocks_of(path):
    try:
        with open(path, "rb") as file:
            yield from iter(lambda: file.read(1 << 20), b"")
    except OSError:
        yield b""


def read_template(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 20)
    except OSError:
        return ""


def page_template(hub):
    """The page.html whose announcement block users see, and whether it has one."""
    default = os.path.join(hub.data_files_path, "templates")
    for directory in list(hub.template_paths) + [default]:
        path = os.path.abspath(os.path.join(directory, "page.html"))
        if os.path.isfile(path):
            break
    else:
        return None, False
    text = read_template(path)
    if not ANNOUNCEMENT.search(text) and EXTENDS_DEFAULT.search(text):
        path = os.path.abspath(os.path.join(default, "page.html"))
        text = read_template(path)
    return bounded(path), bool(ANNOUNCEMENT.search(text))


def hub_bind_url(hub):
    if hub.hub_bind_url:
        return hub.hub_bind_url
    scheme = "https" if hub.internal_ssl else "http"
    host = f"[{hub.hub_ip}]" if ":" in hub.hub_ip else hub.hub_ip
    return f"{scheme}://{host}:{hub.hub_port}{hub.hub_prefix}"


def ports(hub, starts_proxy):
    """Where a hub with this configuration will listen, and the proxy that begins and ends with it."""
    urls = [hub_bind_url(hub)] + ([hub.bind_url] if starts_proxy and hub.cleanup_proxy else [])
    found = (urlparse(url).port for url in urls if url.startswith("http"))
    return [port for port in found if port]


def heads():
    import alembic.script
    import jupyterhub

    directory = os.path.join(os.path.dirname(jupyterhub.__file__), "alembic")
    found = sorted(alembic.script.ScriptDirectory(directory).get_heads())
    if len(found) != 1:
        raise Refused(f"The installed JupyterHub has {len(found)} heads of its database schema, not one.")
    return found[0]


def introspect(arguments, database_file=None):
    sys.path.insert(0, HERE)
    import introspect_traits

    # Imports find what they find in the hub itself, and none of the programs beside this one. \`python -m jupyterhub\`
    # looks into the working directory first, the jupyterhub script beside itself: both are there, last.
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != HERE]
    sys.path += [os.path.dirname(sys.executable), os.getcwd()]
    files = FilesRead()
    environment = dict(os.environ)
    hub = load(arguments, files)
    if database_file:
        write_database_file(database_file, hub, environment)
    import jupyterhub

    classes = {name: class_name(getattr(hub, name + "_class")) for name in ("authenticator", "spawner", "proxy")}
    should_start = configured(hub, hub.proxy_class, "should_start")
    config_file = os.path.abspath(hub.config_file)
    files.add_modules()
    files.paths.add(config_file)
    facts = database(hub)
    cookie_secret_file = os.path.abspath(os.path.expanduser(hub.cookie_secret_file))
    read, complete = files.result(os.path.dirname(config_file), [facts["path"], cookie_secret_file])
    template, has_announcement = page_template(hub)
    return {
        "version": bounded(jupyterhub.__version__, 64),
        "python": {
            "version": "%d.%d.%d" % sys.version_info[:3],
            "executable": bounded(sys.executable),
            "prefix": bounded(sys.prefix),
            "base_prefix": bounded(sys.base_prefix),
        },
        "code_revision": heads(),
        "database": facts,
        "config_file": bounded(config_file),
        "config_file_exists": os.path.isfile(config_file),
        "config_files": read,
        "config_files_complete": complete,
        "config_digests": config_digests(hub, read, cookie_secret_file),
        "cookie_secret_file": bounded(cookie_secret_file),
        "cookie_secret_file_exists": os.path.isfile(cookie_secret_file),
        "cookie_secret_source": cookie_secret_source(hub),
        "pid_file": bounded(os.path.abspath(hub.pid_file)) if hub.pid_file else None,
        "bind_url": bounded(hub.bind_url),
        "base_url": bounded(hub.base_url),
        "hub_bind_url": bounded(hub_bind_url(hub)),
        "ports": " ".join(str(port) for port in ports(hub, should_start is not False)),
        "ssl": bool(hub.ssl_cert),
        "internal_ssl": bool(hub.internal_ssl),
        "cleanup_servers": bool(hub.cleanup_servers),
        "cleanup_proxy": bool(hub.cleanup_proxy),
        "upgrade_db": bool(hub.upgrade_db),
        "data_files_path": bounded(os.path.abspath(hub.data_files_path)),
        "template_paths": [bounded(os.path.abspath(each)) for each in hub.template_paths][:50],
        "page_template": template,
        "page_template_has_announcement": has_announcement,
        "authenticator": classes["authenticator"],
        "spawner": classes["spawner"],
        "proxy": {
            "class": classes["proxy"],
            "should_start": None if should_start is None else bool(should_start),
            "package": bounded(introspect_traits.proxy_package(hub)[0] or ""),
        },
        "services": [bounded(each.get("name", ""), 200) for each in hub.services if isinstance(each, dict)][:1000],
        "configuration": introspect_traits.configuration(hub),
    }


def speak(work, prefix="", longest=1000):
    """Ends this process with the line that \`work\` answers, or with the sentence that says why there is none.

    The configuration reads nothing and its prints go nowhere; only this program speaks to who started it.
    """
    out, log = (os.fdopen(os.dup(number), "w") for number in (1, 2))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    status = 0
    try:
        out.write(work() + "\\n")
    except Refused as error:
        line = bounded(f"{prefix}{error}", longest)
        log.write("".join(each if each.isprintable() else " " for each in line) + "\\n")
        status = 1
    except Exception as error:
        log.write(f"{prefix}The hub's code could not be read: {type(error).__name__}.\\n")
        status = 1
    out.flush()
    log.flush()
    # Whatever the configuration registered for the end of the process is the hub's, not ours.
    os._exit(status)


def main():
    arguments, database_file = sys.argv[1:], None
    if arguments[:1] == ["--database-file"]:
        # The configuration may change the directory.
        database_file, arguments = os.path.abspath(arguments[1]), arguments[2:]
    speak(lambda: json.dumps(introspect(arguments, database_file), sort_keys=True), "introspect.py: ")


if __name__ == "__main__":
    main()
`;

// src/host/introspect_traits.py
var introspect_traits_default = `"""Which traits a configuration sets and on which classes, for the advice about what changed between releases.

Values are not told. Of a set value there is whether it is anything (true, false), or of a collection how many entries
it has; beyond that some counts, and the versions of a few packages.
"""

import importlib
import inspect
import json
import os
import re
import shutil
import sys
from urllib.parse import unquote

MOST = 500
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}\\Z")
PACKAGES = ("sqlalchemy", "psycopg", "oauthenticator", "jupyterhub-announcement")
FORM = re.compile(r"<form\\b[^>]*\\bmethod\\s*=\\s*[\\"']?post", re.IGNORECASE)


def configuration(hub):
    classes = [type(hub), hub.authenticator_class, hub.spawner_class, hub.proxy_class]
    components = [component(hub, of) for of in classes]
    known = {name for each in components for name in each["classes"]}
    sections = {
        section: named({name: told("c." + section, value) for name, value in values.items() if is_set(value)})
        for section, values in sorted(sections_of(hub.config).items())[:MOST]
        if section not in known
    }
    return {"components": components, "sections": sections, "counts": counts(hub), "packages": packages(hub)}


# --- traits ------------------------------------------------------------------------------------------------------


def sections_of(config):
    """The sections directly in a configuration, by class name."""
    return {name: config[name] for name in list(config) if NAME.match(name) and config._has_section(name)}


def is_own(of):
    """Whether a class is one of JupyterHub itself, or of what lies below it."""
    return of is object or of.__module__.split(".")[0] in ("jupyterhub", "traitlets")


def component(hub, of):
    return {
        "classes": [each.__name__ for each in of.__mro__ if NAME.match(each.__name__)][:MOST],
        "foreign": not is_own(of),
        "overrides": overrides(of)[:MOST],
        "traits": named(set_traits(hub, of)),
    }


def set_traits(hub, of):
    """What is set for a class, found as traitlets does: a section within that of the hub goes before one of its own."""
    found = class_defaults(of)
    at_hub = [] if of is type(hub) else [("c.JupyterHub.", hub.config["JupyterHub"])]
    for prefix, config in [("c.", hub.config)] + at_hub:
        for section in reversed([each.__name__ for each in of.__mro__]):
            if config._has_section(section):
                for name, value in config[section].items():
                    if is_set(value):
                        trait = of.class_traits().get(name)
                        found[name] = told(prefix + section, from_command_line(value, trait))
    return found


def class_defaults(of):
    """What classes from outside of JupyterHub set themselves: as the default of a trait, or as a plain attribute."""
    found = {}
    inherited = {name for each in of.__mro__ if is_own(each) for name in vars(each) if is_trait(vars(each)[name])}
    for each in reversed([each for each in of.__mro__ if not is_own(each)]):
        where = "class " + each.__name__
        for name, member in vars(each).items():
            dynamic = getattr(member, "trait_name", None) or (re.match(r"_(\\w+)_default$", name) or [None, None])[1]
            if is_trait(member):
                if member.metadata.get("config"):
                    found[name] = told(where, member.default_value)
            elif isinstance(dynamic, str) and dynamic in inherited:
                # Made by a method: there is something.
                found[dynamic] = {"where": where, "value": True}
            elif name in inherited:
                found[name] = told(where, member)
    return found


def is_trait(member):
    from traitlets import TraitType

    return isinstance(member, TraitType)


def overrides(of):
    """Methods of JupyterHub's classes that classes from elsewhere have in a form of their own."""
    ours = [each for each in of.__mro__ if is_own(each) and each is not object]
    found = set()
    for each in of.__mro__:
        if not is_own(each):
            found.update(
                name
                for name, member in vars(each).items()
                if inspect.isfunction(member) and NAME.match(name) and any(name in vars(own) for own in ours)
            )
    return sorted(found)


def is_lazy(value):
    return type(value).__name__ == "LazyConfigValue"


def is_set(value):
    """Not a section, and not what traitlets leaves behind where a configuration only reads a name."""
    return not hasattr(value, "_has_section") and not (is_lazy(value) and not value.to_dict())


def from_command_line(value, trait):
    """There a value is text that its trait makes something of."""
    if not type(value).__name__.startswith("Deferred"):
        return value
    try:
        return value.get_value(trait)
    except Exception:
        return str(value)


def told(where, value):
    return {"where": where, "value": size(value)}


def size(value):
    if is_lazy(value):
        return sum(len(each) for each in value.to_dict().values())
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        return len(value)
    try:
        # A default that traitlets makes anew for each instance is undefined here, and empty there.
        return bool(value) and type(value).__name__ != "Sentinel"
    except Exception:
        return True


def named(traits):
    return {name: traits[name] for name in sorted(traits)[:MOST] if NAME.match(name)}


# --- counts ------------------------------------------------------------------------------------------------------


def counts(hub):
    services = [each for each in hub.services if isinstance(each, dict)]
    spawner, authenticator = hub.spawner_class, hub.authenticator_class
    return {
        "services": len(services),
        "services that are admin": total(each.get("admin") for each in services),
        "services with oauth_roles": total(each.get("oauth_roles") for each in services),
        "services with a command and a url": total(each.get("command") and each.get("url") for each in services),
        "services with a url and no command": total(each.get("url") and not each.get("command") for each in services),
        "services with OAuth and no oauth_redirect_uri": total(map(lacks_redirect, services)),
        "services with a name that is no path component": total(map(is_badly_named, services)),
        "tokens of more than 64 characters": total(len(str(token)) > 64 for token in tokens(hub, services)),
        "tokens of 64 characters": total(len(str(token)) == 64 for token in tokens(hub, services)),
        "roles for the admin page without admin-ui": total(map(lacks_admin_ui, getattr(hub, "load_roles", []))),
        "groups given as lists": total(isinstance(each, list) for each in dict(hub.load_groups).values()),
        "own page templates": len(list(own_templates(hub))),
        "own forms without an XSRF token": total(map(lacks_xsrf, forms(hub, authenticator))),
        "token in URL allowed": total(["JUPYTERHUB_ALLOW_TOKEN_IN_URL" in environment(hub, spawner)]),
        "keys for auth_state": number_of_keys(hub),
        "options in the URL of an SQLite database": total([re.match(r"sqlite\\b.*\\?", hub.db_url)]),
        "PostgreSQL URLs without a driver": total([hub.db_url.startswith("postgresql:")]),
    }


def total(conditions):
    return sum(1 for each in conditions if each)


def lacks_redirect(service):
    wants = service.get("oauth_client_id") or service.get("oauth_no_confirm")
    return wants and not service.get("url") and not service.get("oauth_redirect_uri")


def is_badly_named(service):
    name = str(service.get("name", ""))
    return unquote(name) != name or "/" in name or name != name.strip() or set(name) <= {"."}


def tokens(hub, services):
    return [each.get("api_token") or "" for each in services] + list(hub.api_tokens) + list(hub.service_tokens)


def lacks_admin_ui(role):
    scopes = {str(each).split("!")[0] for each in role.get("scopes") or []} if isinstance(role, dict) else set()
    return {"admin:users", "admin:servers"} <= scopes and "admin-ui" not in scopes and role.get("name") != "admin"


def own_templates(hub):
    default = os.path.realpath(os.path.join(hub.data_files_path, "templates"))
    for directory in list(hub.template_paths)[:50]:
        if os.path.realpath(directory) == default:
            continue
        try:
            names = sorted(os.listdir(directory))[:MOST]
        except OSError:
            continue
        for name in names:
            if name.endswith(".html"):
                yield os.path.join(directory, name)


def forms(hub, authenticator):
    """Texts that may hold forms of one's own."""
    for path in own_templates(hub):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                yield file.read(1 << 20)
        except OSError:
            pass
    custom = inspect.getattr_static(authenticator, "custom_html", "")
    text = custom.default_value if is_trait(custom) else custom
    yield text if isinstance(text, str) else ""


def lacks_xsrf(text):
    return FORM.search(text) and "xsrf" not in text


def environment(hub, spawner):
    found = {}
    for config in (hub.config, hub.config["JupyterHub"]):
        for section in reversed([each.__name__ for each in spawner.__mro__]):
            if config._has_section(section) and "environment" in config[section]:
                found = config[section]["environment"]
    if is_lazy(found):
        found = found.to_dict().get("update", {})
    return found if isinstance(found, dict) else {}


def number_of_keys(hub):
    if os.environ.get("JUPYTERHUB_CRYPT_KEY"):
        return 1
    keeper = hub.config["CryptKeeper"] if hub.config._has_section("CryptKeeper") else {}
    return int(size(keeper.get("keys", [])))


# --- packages ----------------------------------------------------------------------------------------------------


def packages(hub):
    found = {}
    for name in PACKAGES:
        version = installed(name)
        if version:
            found[name] = version[:64]
    version = proxy_package(hub)[1]
    if version:
        found["configurable-http-proxy"] = version[:64]
    return found


def installed(name):
    try:
        if sys.version_info >= (3, 8):
            return importlib.import_module("importlib.metadata").version(name)
        import pkg_resources

        return pkg_resources.get_distribution(name).version
    except Exception:
        return None


def proxy_package(hub):
    """Of the proxy that the hub starts: the directory of the package its command lies in, and its version."""
    command = "configurable-http-proxy"
    for section in reversed([each.__name__ for each in hub.proxy_class.__mro__]):
        configured = hub.config[section].get("command") if hub.config._has_section(section) else None
        if isinstance(configured, (list, tuple)) and configured:
            command = str(configured[0])
    path = shutil.which(command)
    if path is None:
        return None, None
    package = os.path.dirname(os.path.dirname(os.path.realpath(path)))
    try:
        with open(os.path.join(package, "package.json"), encoding="utf-8") as file:
            content = json.loads(file.read(1 << 20))
    except (OSError, ValueError):
        return None, None
    if content.get("name") != "configurable-http-proxy":
        return None, None
    return package, str(content.get("version", ""))
`;

// src/host/journal.sh
var journal_default = `# shellcheck shell=sh
# The journal and the decision of one job on the host. Sourced. Needs JOB.
#
# A line is "<centiseconds> <bytes of log> <event> <step> <rest>". It is on disk before journal() returns, so that a
# step's first effect always comes after its \`begin\`. A torn last line is closed with the control character TORN,
# which no whole line has, and no reader takes it for one.
TORN=$(printf '\\001')

# Centiseconds on the job's own clock: the uptime, which goes on through a reboot. JOB/clock has what to add, and for
# which boot.
job_time() {
  job_time_more=0
  if read -r job_time_boot job_time_offset 2>/dev/null <"$JOB/clock" && [ "$job_time_boot" = "$BOOT" ]; then
    job_time_more=$job_time_offset
  fi
  printf '%s\\n' $(($(now) + job_time_more))
}

# set_clock: go on from the journal's last line after a reboot. How long the host was off only its wall clock can tell.
set_clock() {
  if read -r set_clock_boot _ 2>/dev/null <"$JOB/clock" && [ "$set_clock_boot" = "$BOOT" ]; then return 0; fi
  set_clock_last=$(sed -n 's/^\\([0-9]\\{1,15\\}\\) .*/\\1/p' "$JOB/journal" | tail -n 1)
  set_clock_offset=0
  if [ -n "$set_clock_last" ]; then
    set_clock_off=$(($(date +%s) - $(stat -c %Y "$JOB/journal")))
    [ "$set_clock_off" -gt 0 ] || set_clock_off=0
    set_clock_offset=$((set_clock_last + set_clock_off * 100 - $(now)))
  fi
  printf '%s %s\\n' "$BOOT" "$set_clock_offset" >"$JOB/clock.new" && mv "$JOB/clock.new" "$JOB/clock"
}

journal() {
  journal_line="$(job_time) $(wc -c <"$JOB/log") $(printf '%s' "$*" | tr -d '\\000-\\037\\177')"
  append_line "$journal_line" && return 0
  # The disk is full: the ballast was kept for this moment.
  rm -f "$JOB/ballast"
  append_line "$journal_line"
}

append_line() {
  mend_journal
  printf '%s\\n' "$1" | dd of="$JOB/journal" bs=65536 oflag=append conv=notrunc,fsync 2>/dev/null
}

# note NAME VALUE: a fact found by a step, for whoever reads the journal.
note() { journal note "$STEP" "$1" "$2"; }

# journal_has EVENT or journal_has "EVENT STEP"
journal_has() { grep -q -e "^[0-9]* [0-9]* $1\\$" -e "^[0-9]* [0-9]* $1 [^$TORN]*\\$" "$JOB/journal" 2>/dev/null; }

# noted NAME: the value of the newest note of that name.
noted() { sed -n "s/^[0-9]* [0-9]* note [a-z-]* $1 \\([^$TORN]*\\)\\$/\\1/p" "$JOB/journal" 2>/dev/null | tail -n 1; }

# Close a last line that was torn by a crash or a full disk, so that the next one begins on its own.
mend_journal() {
  # A newline at the end is all that a substitution drops.
  [ -z "$(tail -c 1 "$JOB/journal")" ] || printf '%s\\n' "$TORN" >>"$JOB/journal"
}

# decide WORD REASON...: the one decision of this job: commit, abort or timeout. link(2) makes it atomic and the first
# one wins; prints what was decided, which may be somebody else's word.
decide() {
  if write_decision "$*" || { rm -f "$JOB/ballast" && write_decision "$*"; } && ln "$JOB/decision.$$" "$JOB/decision" 2>/dev/null; then
    journal decision - "$*"
  fi
  rm -f "$JOB/decision.$$"
  decision
}

write_decision() { printf '%s\\n' "$1" | dd of="$JOB/decision.$$" conv=fsync 2>/dev/null; }

decision() { cat "$JOB/decision" 2>/dev/null; }

is_aborted() {
  read -r is_aborted_word _ 2>/dev/null <"$JOB/decision" && [ "$is_aborted_word" = abort ]
}
`;

// src/host/launch.sh
var launch_default = `#!/bin/sh
# launch.sh JOB: start the job's executor, or start it again; return once it lives or has its verdict.
# Under systemd in a unit of its own that is restarted when it dies and at every boot, else in a session of its own with
# a watchdog.
set -u
JOB=$1
# shellcheck source=common.sh
. "$JOB/programs/common.sh"
# shellcheck source=journal.sh
. "$JOB/programs/journal.sh"
# shellcheck source=unit.sh
. "$JOB/programs/unit.sh"
# shellcheck source=/dev/null
. "$JOB/parameters"

executor_lives() {
  read -r lives_pid lives_start 2>/dev/null <"$JOB/executor" && is_alive "$lives_pid" "$lives_start"
}

executor_lives && exit 0
journal_has verdict && exit 0
if [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ]; then
  if [ ! -e "$(executor_unit_file)" ]; then enable_executor_unit || exit 1; fi
  systemctl reset-failed "$(executor_unit)" 2>/dev/null
  systemctl start "$(executor_unit)" || exit 1
else
  setsid /bin/sh "$JOB/programs/executor.sh" watch "$JOB" </dev/null >/dev/null 2>&1 &
fi
tries=0
until executor_lives || journal_has verdict; do
  [ "$tries" -lt 200 ] || die "the executor of $JOB did not start"
  tries=$((tries + 1))
  sleep 0.05
done
`;

// src/host/neighbours.py
var neighbours_default = `"""Who else holds what a hub needs: its database file, and the ports that its configuration says.

usage: HUB_PYTHON -I neighbours.py HUB_PID DATABASE [PORT \u2026]

Runs as the hub's user. DATABASE is the real path of an SQLite file, or empty. JSON on stdout: {"database": [{"pid",
"command"}, \u2026], "ports": [{"port", "pid", "command"}, \u2026]}. Left out is what the hub and its children hold. A port that
nobody listens on has the pid 0; a process of another user, which only root may look into, has none (null).
"""

import json
import os
import sys

LISTENING = "0A"


def stat_of(pid):
    with open(f"/proc/{pid}/stat", "rb") as file:
        # What stands before the last bracket is a name, in which anything may be.
        return file.read().rpartition(b") ")[2].split()


def is_below(pid, ancestor):
    while pid > 1:
        if pid == ancestor:
            return True
        pid = int(stat_of(pid)[1])
    return False


def command(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        words = file.read().rstrip(b"\\0").split(b"\\0")
    # No more than what it is: arguments may hold secrets.
    names = [os.path.basename(word.decode("utf-8", "replace")) for word in words[:2]]
    return " ".join(name for name in names if not name.startswith("-"))[:100]


def open_files(pid):
    directory = f"/proc/{pid}/fd"
    for name in os.listdir(directory):
        try:
            yield os.readlink(os.path.join(directory, name))
        except OSError:
            continue


def processes(hub):
    """pid, and what it has open, of every process that may be looked into; the hub's own under its pid."""
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and int(name) != os.getpid():
                pid = int(name)
                yield (hub if is_below(pid, hub) else pid), set(open_files(pid))
        except (OSError, ValueError, IndexError):
            continue


def listeners():
    """Inodes of the sockets that listen, by port."""
    found = {}
    for name in ("tcp", "tcp6"):
        try:
            with open("/proc/net/" + name) as file:
                rows = [line.split() for line in file][1:]
        except OSError:
            continue
        for row in rows:
            if row[3] == LISTENING:
                found.setdefault(int(row[1].rpartition(":")[2], 16), set()).add(row[9])
    return found


def main():
    hub, database, ports = int(sys.argv[1] or 0), sys.argv[2], [int(port) for port in sys.argv[3:]]
    holders = list(processes(hub))
    listening = listeners()
    result = {"database": [], "ports": []}
    for pid, files in holders:
        if database and pid != hub and database in files:
            result["database"].append({"pid": pid, "command": command(pid)})
    for port in ports:
        sockets = {f"socket:[{inode}]" for inode in listening.get(port, ())}
        found = [pid for pid, files in holders if sockets & files]
        if not sockets:
            result["ports"].append({"port": port, "pid": 0, "command": ""})
        elif hub not in found:
            pid = found[0] if found else None
            result["ports"].append({"port": port, "pid": pid, "command": command(pid) if pid else ""})
    print(json.dumps(result))


if __name__ == "__main__":
    main()
`;

// src/host/notice.sh
var notice_default = `#!/bin/sh
# notice.sh put TEMPLATE NOTICE_FILE | notice.sh withdraw TEMPLATE
# A notice on the running hub's pages: Jinja reads the template again when it changed. Runs as the template's owner.
# The original is kept as a hard link, so that withdrawing gives back the very same file.
set -eu
template=$2
original=$template.before-jupyterhub-upgrade
case $1 in
  put)
    [ -r "$3" ]
    [ -e "$original" ] || ln "$template" "$original"
    rm -f "$template.new"
    cp -p "$original" "$template.new"
    awk -v notice="$3" '
      { print }
      !done && /\\{%-? *block announcement *-?%\\}/ {
        while ((getline line <notice) > 0) print line
        done = 1
      }
      END { exit !done }' "$original" >"$template.new" || {
      rm -f "$template.new" "$original"
      echo "$template has no announcement block" >&2
      exit 1
    }
    mv -f "$template.new" "$template"
    ;;
  withdraw)
    rm -f "$template.new"
    # mv refuses two names of one file, which a put that was cut leaves.
    # shellcheck disable=SC3013 # dash and busybox know -ef
    if [ "$original" -ef "$template" ]; then rm -f "$original"; fi
    [ ! -e "$original" ] || mv -f "$original" "$template"
    ;;
esac
`;

// src/host/outside.py
var outside_default = '"""The files that packages have outside of their own directory, where no environment is around them: commands, pages.\n\nusage: python outside.py save PACKAGES COMMANDS WHEELS\n       python outside.py put-back WHEELS\n\nPACKAGES is the directory of the installed packages, COMMANDS that of their commands. `save` keeps in WHEELS/outside\nwhat will be written over or removed when the wheels in WHEELS are installed, and the names of what will be new.\n`put-back` makes all of it as it was, however far an installation came; it may run twice. Runs as the owner of the\npackages.\n"""\n\nimport configparser\nimport contextlib\nimport csv\nimport filecmp\nimport glob\nimport json\nimport os\nimport re\nimport shutil\nimport sys\nimport zipfile\n\n\ndef canonical(name):\n    return re.sub(r"[-_.]+", "-", name).lower()\n\n\ndef outside(paths, packages):\n    return {path for path in map(os.path.normpath, paths) if not path.startswith(packages + os.sep)}\n\n\ndef of_wheel(wheel, commands):\n    """Where a wheel puts its commands and its data."""\n    with zipfile.ZipFile(wheel) as archive:\n        for name in archive.namelist():\n            data = re.match(r"[^/]+\\.data/(scripts|data)/(.*[^/])$", name)\n            if data:\n                yield os.path.join(commands if data.group(1) == "scripts" else os.path.dirname(commands), data.group(2))\n            elif name.endswith(".dist-info/entry_points.txt"):\n                for command in commands_in(archive.read(name).decode("utf-8")):\n                    yield os.path.join(commands, command)\n\n\ndef commands_in(text):\n    points = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)\n    points.optionxform = str\n    points.read_string(text)\n    return [\n        command\n        for section in ("console_scripts", "gui_scripts")\n        if points.has_section(section)\n        for command in points.options(section)\n    ]\n\n\ndef of_installed(packages, names):\n    """What the installed packages of these names say that they have."""\n    for record in glob.glob(os.path.join(glob.escape(packages), "*.dist-info", "RECORD")):\n        name = os.path.basename(os.path.dirname(record))[: -len(".dist-info")].rpartition("-")[0]\n        if canonical(name) in names:\n            with open(record, encoding="utf-8", newline="") as file:\n                for row in csv.reader(file):\n                    yield os.path.join(packages, row[0])\n\n\ndef missing_directories(path):\n    """Directories above it that are not there yet, the innermost first."""\n    directory = os.path.dirname(path)\n    while not os.path.isdir(directory):\n        yield directory\n        directory = os.path.dirname(directory)\n\n\ndef save(packages, commands, wheels):\n    packages = os.path.realpath(packages)\n    files = glob.glob(os.path.join(glob.escape(wheels), "*"))\n    strange = [os.path.basename(file) for file in files if os.path.isfile(file) and not file.endswith(".whl")]\n    if strange:\n        sys.exit("outside.py: %s is no wheel: what it would write is not known." % strange[0])\n    files = [file for file in files if file.endswith(".whl")]\n    names = {canonical(os.path.basename(file).split("-")[0]) for file in files}\n    paths = outside(of_installed(packages, names), packages)\n    for file in files:\n        paths |= outside(of_wheel(file, commands), packages)\n    store = os.path.join(wheels, "outside")\n    shutil.rmtree(store, ignore_errors=True)\n    os.mkdir(store)\n    saved = []\n    for number, path in enumerate(sorted(paths)):\n        if os.path.lexists(path):\n            shutil.copy2(path, os.path.join(store, str(number)), follow_symlinks=False)\n            saved.append([path, number, []])\n        else:\n            saved.append([path, None, list(missing_directories(path))])\n    with open(os.path.join(store, "new"), "w", encoding="utf-8") as file:\n        json.dump(saved, file)\n    os.rename(os.path.join(store, "new"), os.path.join(store, "paths"))\n    os.sync()\n\n\ndef is_same(path, kept):\n    if os.path.islink(path) or os.path.islink(kept):\n        return os.path.islink(path) and os.path.islink(kept) and os.readlink(path) == os.readlink(kept)\n    if not os.path.isfile(path) or not filecmp.cmp(path, kept, shallow=False):\n        return False\n    return os.stat(path).st_mode == os.stat(kept).st_mode\n\n\ndef put_back(wheels):\n    store = os.path.join(wheels, "outside")\n    with open(os.path.join(store, "paths"), encoding="utf-8") as file:\n        saved = json.load(file)\n    for path, number, _ in saved:\n        if number is None:\n            if os.path.lexists(path):\n                os.unlink(path)\n            continue\n        kept = os.path.join(store, str(number))\n        if is_same(path, kept):\n            continue\n        os.makedirs(os.path.dirname(path), exist_ok=True)\n        shutil.copy2(kept, path + ".jupyterhub-upgrade", follow_symlinks=False)\n        os.replace(path + ".jupyterhub-upgrade", path)\n    made = {directory for _, _, directories in saved for directory in directories}\n    for directory in sorted(made, key=len, reverse=True):\n        # Never made, or somebody else has something in it by now.\n        with contextlib.suppress(OSError):\n            os.rmdir(directory)\n    # What was kept is removed next.\n    os.sync()\n\n\nif __name__ == "__main__":\n    if sys.argv[1] == "save":\n        save(*sys.argv[2:])\n    else:\n        put_back(*sys.argv[2:])\n';

// src/host/packages.py
var packages_default = '"""What is installed beside JupyterHub, and what pip says it would install. Runs under the environment\'s interpreter.\n\nusage: python -I packages.py installed\n       python -I packages.py report FILE\n       python packages.py place\n\n`installed`: each distribution with its name, version, installer and where it is from if not from an index (`from`,\nand whether it is `editable`), what each requires of the others\' versions (`requirements`; null without a library that\ncan read them), and what a wheel has to fit (`platform`). The Littlest JupyterHub requires what its installer would put\nthere. `report`: FILE is of `pip install --report`; name and version of each package in it. Prints JSON.\n`place`: where a JupyterHub outside of any environment lies: `user` or `system`, the directory of its packages and that\nof its commands, a line each; status 1 where pip did not put it there. Then `elsewhere` is the directory of a package\nthat is installed in another one.\n"""\n\nimport email.parser\nimport glob\nimport json\nimport os\nimport platform\nimport re\nimport site\nimport struct\nimport subprocess\nimport sys\nimport sysconfig\nimport urllib.parse\n\nLONGEST = 1024\nTLJH = "the-littlest-jupyterhub"\n\n\ndef canonical(name):\n    return re.sub(r"[-_.]+", "-", name).lower()\n\n\ndef requirement_class():\n    """Something that reads `name[extra] >=1; marker`: the library, or pip\'s own copy of it."""\n    for module in (\n        "packaging.requirements",\n        "pip._vendor.packaging.requirements",\n        "pkg_resources.extern.packaging.requirements",\n    ):\n        try:\n            return __import__(module, fromlist=["Requirement"]).Requirement\n        except ImportError:\n            pass\n    return None\n\n\ndef read(path):\n    try:\n        with open(path, encoding="utf-8", errors="replace") as file:\n            return file.read()\n    except OSError:\n        return ""\n\n\ndef directories():\n    """Where packages lie, in the order in which Python looks."""\n    named = [entry for entry in sys.path if os.path.basename(entry) in ("site-packages", "dist-packages")]\n    return [entry for entry in named if os.path.isdir(entry)]\n\n\ndef origin(directory, name):\n    """Where a distribution is from that is not from an index: URL or path, and whether it is editable."""\n    try:\n        direct = json.loads(read(os.path.join(directory, "direct_url.json")) or "{}")\n    except ValueError:\n        direct = {}\n    if direct.get("url"):\n        return direct["url"], bool((direct.get("dir_info") or {}).get("editable"))\n    link = os.path.join(os.path.dirname(directory), name + ".egg-link")\n    return (read(link).split("\\n")[0], True) if os.path.exists(link) else (None, False)\n\n\ndef inside(place, ending):\n    return sorted(glob.glob(os.path.join(glob.escape(place), "*" + ending)))\n\n\ndef metadata_paths():\n    """Metadata of each distribution in the order in which Python looks: where it lies, and where it counts as lying."""\n    for place in directories():\n        for info in inside(place, ".dist-info") + inside(place, ".egg-info"):\n            yield info, info\n        for link in inside(place, ".egg-link"):\n            for info in inside(read(link).split("\\n")[0], ".egg-info"):\n                yield info, os.path.join(place, os.path.basename(info))\n\n\ndef distributions():\n    """Each installed distribution once: the directory of its metadata, and the metadata."""\n    seen = set()\n    for info, counted in metadata_paths():\n        name = "METADATA" if info.endswith(".dist-info") else "PKG-INFO"\n        text = read(os.path.join(info, name) if os.path.isdir(info) else info)\n        metadata = email.parser.HeaderParser().parsestr(text)\n        if metadata["Name"] and canonical(metadata["Name"]) not in seen:\n            seen.add(canonical(metadata["Name"]))\n            yield counted, metadata\n\n\ndef source_of(info, metadata):\n    """Where the code of a distribution lies: beside its metadata, or where it is edited."""\n    url, editable = origin(info, metadata["Name"])\n    if not editable:\n        return os.path.dirname(info)\n    return urllib.parse.unquote(url[len("file://") :]) if url.startswith("file://") else url\n\n\ndef lines_of_tljh(code):\n    """What the installer of The Littlest JupyterHub puts into the hub\'s environment. Its metadata has none of it."""\n    listed = read(os.path.join(code, "tljh", "requirements-hub-env.txt"))\n    if listed:\n        # Behind a requirement may stand an option of pip\'s, or a comment.\n        return [re.split(r"\\s+(?:--|#)", line)[0] for line in listed.splitlines()]\n    # Before 1.0 it was in the code.\n    return re.findall(r"""["\'](jupyterhub==[\\w.*]+)["\']""", read(os.path.join(code, "tljh", "installer.py")))\n\n\ndef requirements(info, metadata, requirement):\n    """What one distribution requires of the versions of others, as far as it holds here."""\n    lines = metadata.get_all("Requires-Dist") or []\n    if canonical(metadata["Name"]) == TLJH:\n        lines = lines + lines_of_tljh(source_of(info, metadata))\n    for line in lines:\n        try:\n            read_line = requirement(line)\n            if read_line.marker is not None and not read_line.marker.evaluate({"extra": ""}):\n                continue\n        except Exception:\n            continue\n        if str(read_line.specifier):\n            yield {\n                "by": canonical(metadata["Name"]),\n                "name": canonical(read_line.name),\n                "specifier": str(read_line.specifier),\n            }\n\n\ndef hubs_directory(found):\n    """Where JupyterHub lies, and its metadata, of these distributions."""\n    for info, metadata in found:\n        if canonical(metadata["Name"]) == "jupyterhub":\n            return os.path.realpath(os.path.dirname(info)), info\n    return None, None\n\n\ndef place():\n    """Kind, packages and commands of an installation outside of any environment."""\n    directory, info = hubs_directory(distributions())\n    if info is None or read(os.path.join(info, "INSTALLER")).strip() != "pip":\n        sys.exit(1)\n    commands = re.search(r"^([^\\n,]*)/jupyterhub,", read(os.path.join(info, "RECORD")), re.M)\n    paths = sysconfig.get_paths()\n    if os.path.realpath(paths["purelib"]) != os.path.realpath(paths["platlib"]):\n        # What is put back is one directory.\n        sys.exit(1)\n    kind = "user" if directory == os.path.realpath(site.getusersitepackages()) else "system"\n    return [kind, directory, os.path.realpath(os.path.join(directory, commands.group(1)))]\n\n\ndef installed():\n    requirement = requirement_class()\n    found, wanted = [], []\n    all_there = list(distributions())\n    home, _ = hubs_directory(all_there)\n    for info, metadata in all_there:\n        url, editable = origin(info, metadata["Name"])\n        one = {"name": canonical(metadata["Name"]), "version": metadata["Version"] or "", "editable": editable}\n        one["installer"] = read(os.path.join(info, "INSTALLER")).strip() or None\n        one["from"] = url\n        directory = os.path.realpath(os.path.dirname(info))\n        if home and directory != home:\n            one["elsewhere"] = directory\n        found.append({name: value[:LONGEST] if isinstance(value, str) else value for name, value in one.items()})\n        if requirement:\n            wanted.extend(requirements(info, metadata, requirement))\n    return {\n        "installed": sorted(found, key=lambda one: one["name"]),\n        "requirements": wanted if requirement else None,\n        "platform": fitting(),\n    }\n\n\ndef libc():\n    """`glibc 2.36`, `musl 1.2`; None for another, or a version that cannot be told."""\n    try:\n        return os.confstr("CS_GNU_LIBC_VERSION")\n    except (ValueError, OSError):\n        pass\n    for loader in glob.glob("/lib/ld-musl-*.so.1"):\n        said = subprocess.run([loader], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE).stderr\n        version = re.search(rb"^Version (\\d+\\.\\d+)", said, re.MULTILINE)\n        if version:\n            return "musl " + version.group(1).decode()\n    return None\n\n\ndef fitting():\n    """What a wheel has to fit. A kernel of 64 bits may have an interpreter of 32."""\n    return {\n        "implementation": sys.implementation.name,\n        "python": "%d.%d.%d" % sys.version_info[:3],\n        "abi": "cp%d%d%s" % (sys.version_info[0], sys.version_info[1], sys.abiflags),\n        "machine": platform.machine(),\n        "bits": struct.calcsize("P") * 8,\n        "libc": libc(),\n    }\n\n\ndef report(file):\n    chosen = json.loads(read(file))["install"]\n    return [{"name": canonical(each["metadata"]["name"]), "version": each["metadata"]["version"]} for each in chosen]\n\n\nif __name__ == "__main__":\n    if sys.argv[1] == "place":\n        print("\\n".join(place()))\n    else:\n        print(json.dumps(installed() if sys.argv[1] == "installed" else report(sys.argv[2])))\n';

// src/host/plain-url.py
var plain_url_default = '"""A configuration that loads the hub\'s own and names the same SQLite file without a query.\n\n`jupyterhub upgrade-db` takes the query of a URL for a part of the file\'s name, and fails.\n"""\n\n# ruff: noqa: F821 # what traitlets defines for a configuration\nimport os\n\nload_subconfig(os.environ["JUPYTERHUB_UPGRADE_CONFIG"])\nget_config().JupyterHub.db_url = "sqlite:///" + os.environ["JUPYTERHUB_UPGRADE_DATABASE"]\n';

// src/host/prove.sh
var prove_default = `#!/bin/sh
# prove.sh PHASE_DIRECTORY: a backup came back from the artifact; restore its database (payload/database) into scratch and
# print where that was and its digest. Scratch is private to the hub's user, and gone afterwards.
set -u
PROGRAMS=$1
# shellcheck source=common.sh
. "$1/common.sh"
# shellcheck source=/dev/null
. "$1/parameters"

reach_database "$1" || die 'the way to the database could not be found out'
# The directory stays ours, its file becomes that of the hub's user.
chmod 711 "$1/payload" && chown "$HUB_UID:$HUB_GID" "$1/payload/database" || exit 1
hubdb prove "$DATABASE" "$1/payload/database"
`;

// src/host/proxy.sh
var proxy_default = '# shellcheck shell=sh\n# The package of configurable-http-proxy that the hub starts (PROXY_PACKAGE, a directory in some node_modules; empty unless it is\n# to be upgraded), by the npm that stands beside its node (PROXY_NPM). Sourced by executor.sh.\n#\n# As with an environment: PROXY_VERSION is installed beside it while the hub runs, and the downtime holds one exchange of two\n# directories. What is installed globally has all that it needs within its directory. A package that lies in the environment\n# is installed into the copy of that, and comes and goes with it.\n\nproxy_stage_path() { printf \'%s/.jupyterhub-upgrade-%s\\n\' "${PROXY_PACKAGE%/*}" "$JOB_ID"; }\n\nproxy_new() { printf \'%s/lib/node_modules/configurable-http-proxy\\n\' "$(proxy_stage_path)"; }\n\n# Which of the two directories is the new one.\nproxy_mark() { printf \'%s/.jupyterhub-upgrade-%s\\n\' "$1" "$JOB_ID"; }\n\nproxy_is_inside() { case $PROXY_PACKAGE in "$ENVIRONMENT_PATH"/*) ;; *) return 1 ;; esac }\n\nas_proxy_owner() (\n  # shellcheck disable=SC2034 # for as_owner\n  ENVIRONMENT_UID=$PROXY_UID ENVIRONMENT_GID=$PROXY_GID\n  cd / && as_owner "$@"\n)\n\n# proxy_install PREFIX WHERE: globally, as npm calls it, below PREFIX. WHERE as in `at`.\nproxy_install() {\n  set -- "$2" PATH="${PROXY_NPM%/*}:$PATH" "$PROXY_NPM" install --global --ignore-scripts --no-audit --no-fund \\\n    --prefix "$1" "configurable-http-proxy@$PROXY_VERSION"\n  if [ "$1" = live ]; then\n    shift\n    as_proxy_owner "$@" >&2\n  else\n    at "$@" >&2\n  fi\n}\n\n# proxy_is PACKAGE: it is the version that was asked for.\nproxy_is() {\n  proxy_found=$(sed -n \'s/^ *"version": *"\\([^"]*\\)".*/\\1/p\' "$1/package.json" | head -n 1)\n  [ "$proxy_found" = "$PROXY_VERSION" ] && return 0\n  say "npm installed configurable-http-proxy $proxy_found, not $PROXY_VERSION"\n  return 1\n}\n\nproxy_stage() {\n  [ -n "${PROXY_PACKAGE:-}" ] || return 0\n  say "installing configurable-http-proxy $PROXY_VERSION beside the running one"\n  if proxy_is_inside; then\n    proxy_install "${PROXY_PACKAGE%/lib/node_modules/*}" "$(environment_stage_path)" || return 1\n    proxy_is "$(environment_stage_path)${PROXY_PACKAGE#"$ENVIRONMENT_PATH"}"\n    return\n  fi\n  as_proxy_owner mkdir -p "$(proxy_stage_path)" && proxy_install "$(proxy_stage_path)" live || return 1\n  proxy_is "$(proxy_new)" && as_proxy_owner touch "$(proxy_mark "$(proxy_new)")"\n}\n\nproxy_is_apart() { [ -n "${PROXY_PACKAGE:-}" ] && ! proxy_is_inside; }\n\nproxy_switch() {\n  proxy_is_apart || return 0\n  exchange as_proxy_owner "$PROXY_PACKAGE" "$(proxy_new)"\n}\n\nproxy_switch_back() {\n  proxy_is_apart || return 0\n  mend_exchange as_proxy_owner "$PROXY_PACKAGE" "$(proxy_new)" || return 1\n  [ -e "$(proxy_mark "$PROXY_PACKAGE")" ] || return 0\n  exchange as_proxy_owner "$PROXY_PACKAGE" "$(proxy_new)"\n}\n\n# What npm can put there again at any time is not kept.\nproxy_discard() {\n  proxy_is_apart || return 0\n  as_proxy_owner rm -f "$(proxy_mark "$PROXY_PACKAGE")" && as_proxy_owner rm -rf "$(proxy_stage_path)"\n}\n';

// src/host/rehearsal/access.py
var access_default = '"""Who could log in before and could not after, and the other way round.\n\nusage: PYTHON -I access.py BEFORE AFTER\n\nTwo files that trial_hub.py wrote; one that is not there says nothing. Prints two lines of JSON: the first with counts\nalone, the second with the names.\n"""\n\nimport json\nimport sys\n\n\ndef read(path):\n    try:\n        with open(path, encoding="utf-8") as file:\n            return json.load(file)\n    except OSError:\n        return None\n\n\ndef change(before, after):\n    if before == after or None in (before, after):\n        return "same"\n    return "lost" if before else "gained"\n\n\ndef main():\n    before, after = (read(path) for path in sys.argv[1:3])\n    if before is None or after is None:\n        names = {"ignored": []}\n        counts = {"known": False}\n    else:\n        names = {"lost": [], "gained": [], "undetermined": []}\n        could = 0\n        for name in sorted(after["users"]):\n            was, is_now = before["users"].get(name), after["users"][name]\n            could += was is True\n            if was is None or is_now is None:\n                names["undetermined"].append(name)\n            elif was != is_now:\n                names[change(was, is_now)].append(name)\n        counts = {kind: len(each) for kind, each in names.items()}\n        counts.update(known=True, could=could, strangers=change(before["strangers"], after["strangers"]))\n        counts["ignored"] = [each for each in after["ignored"] if each not in before["ignored"]][:50]\n    for each in (counts, names):\n        print(json.dumps(each, sort_keys=True))\n\n\nif __name__ == "__main__":\n    main()\n';

// src/host/rehearsal/isolated.sh
var isolated_default = `#!/bin/sh
# isolated.sh --net|with-network COMMAND...: in namespaces of its own for mounts, processes and (--net) the network, made by the caller:
# loopback and nothing else to talk to, no process of others to signal, the live database not to be written, and no way to the programs
# that start and stop things for this machine.
set -eu
PROGRAMS=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=../common.sh
. "$PROGRAMS/common.sh"
network=$1
shift
if [ "$network" != --net ]; then
  :
elif command -v ip >/dev/null 2>&1; then
  ip link set lo up
else
  # SIOCGIFFLAGS, SIOCSIFFLAGS
  /usr/bin/python3 -I -c '
import fcntl, socket, struct
request = struct.pack("16sh14s", b"lo", 0, b"")
with socket.socket() as probe:
    flags = struct.unpack("16sh", fcntl.ioctl(probe, 0x8913, request)[:18])[1]
    fcntl.ioctl(probe, 0x8914, struct.pack("16sh14s", b"lo", flags | 1, b""))'
fi
mount -t proc proc /proc 2>/dev/null || :
for socket in /run/docker.sock /run/podman/podman.sock /run/containerd/containerd.sock /run/dbus/system_bus_socket /run/systemd/private; do
  [ ! -S "$socket" ] || mount --bind /dev/null "$socket"
done
for file in "$DATABASE_PATH" "$DATABASE_PATH-wal" "$DATABASE_PATH-shm"; do
  [ -f "$file" ] || continue
  mount --bind "$file" "$file"
  mount -o remount,bind,ro "$file"
done
exec "$@"
`;

// src/host/rehearsal/load.py
var load_default = `"""Whether an environment has all that the hub's configuration names, without starting anything.

usage: HUB_PYTHON load.py CONFIG

Loads the configuration as introspect.py does, which imports its classes, and looks for the commands of its services.
Prints \`own\` where only JupyterHub's own code would say who may log in, else the name of the class. One sentence
on stderr when something is missing (status 1).
"""

import importlib
import importlib.util
import os
import shutil
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import introspect  # noqa: E402

sys.path[:] = [each for each in sys.path if os.path.abspath(each or ".") not in (HERE, os.path.dirname(HERE))]
CLASSES = ("authenticator_class", "spawner_class", "proxy_class")


def why_not(name, value):
    """The error that importing a configured class, module.Class or the name of an entry point, ends with; else None."""
    from jupyterhub.app import JupyterHub

    entries = getattr(JupyterHub.class_traits()[name], "load_entry_points", dict)()
    try:
        if value.lower() in entries:
            entries[value.lower()].load()
        else:
            module, _, attribute = value.rpartition(".")
            getattr(importlib.import_module(module), attribute)
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:300]}"
    return None


def load(config):
    import jupyterhub.app

    given = []

    class Watched(jupyterhub.app.JupyterHub):
        """Keeps what it is given: a configuration that is refused is taken back."""

        def update_config(self, config):
            given.append(config)
            super().update_config(config)

    jupyterhub.app.JupyterHub = Watched
    try:
        return introspect.load(["-f", config], introspect.FilesRead())
    except introspect.Refused as error:
        for name in CLASSES:
            for value in [each["JupyterHub"].get(name) for each in given]:
                reason = why_not(name, value) if isinstance(value, str) else None
                if reason:
                    raise introspect.Refused(
                        f"{value}, the {name} of the configuration, cannot be imported ({reason}). Install a release "
                        "of its package that works with the new JupyterHub into the hub's environment."
                    ) from error
        raise introspect.Refused(f"{error} Change it so that both releases load it.") from error


def check_services(hub):
    for service in hub.services:
        command = service.get("command") if isinstance(service, dict) else None
        if not command:
            continue
        words = [str(each) for each in command] if isinstance(command, (list, tuple)) else [str(command)]
        path = (service.get("environment") or {}).get("PATH", os.environ.get("PATH"))
        name = service.get("name", "")
        if not shutil.which(words[0], path=path):
            raise introspect.Refused(
                f"{words[0]}, the command of the service {name}, is not there. Install it, or take the service out."
            )
        if words[1:2] == ["-m"] and os.path.realpath(words[0]) == os.path.realpath(sys.executable):
            try:
                missing = importlib.util.find_spec(words[2]) is None
            except ImportError:
                missing = True
            if missing:
                raise introspect.Refused(
                    f"{words[2]}, the module that the service {name} runs, is not there. Install it into the hub's "
                    "environment."
                )


def authenticator():
    hub = load(sys.argv[1])
    check_services(hub)
    of = hub.authenticator_class
    return "own" if of.__module__.split(".")[0] == "jupyterhub" else introspect.class_name(of)


def main():
    introspect.speak(authenticator, longest=1500)


if __name__ == "__main__":
    main()
`;

// src/host/rehearsal/migration_config.py
var migration_config_default = '"""The hub\'s own configuration on a copy of its database, for `jupyterhub upgrade-db`."""\n\n# ruff: noqa: F821 # what traitlets defines for a configuration\nimport json\nimport os\n\nload_subconfig(os.environ["JUPYTERHUB_UPGRADE_CONFIG"])\n_copy = os.environ["JUPYTERHUB_UPGRADE_COPY"]\nif _copy.startswith("@"):\n    with open(_copy[1:], encoding="utf-8") as _file:\n        get_config().JupyterHub.db_url = json.load(_file)["url"]\nelse:\n    get_config().JupyterHub.db_url = "sqlite:///" + _copy\n';

// src/host/rehearsal/rehearsal.sh
var rehearsal_default = `# shellcheck shell=sh
# The upgrade tried beside the running hub: the staged environment loads the hub's configuration, a copy of the database
# takes the way of the real one, and a trial hub starts on it. Sourced by executor.sh.
#
# All of it lies in one private directory of the hub's user. It is gone when the step is over, however it is.

do_rehearse() {
  rehearsal=$(rehearsal_directory)
  # What to ask a new hub is said in the copy only.
  rehearsal_token=''
  rehearsal_before=''
  rehearsal_copied=$rehearsal/fresh.sqlite
  as_hub_user mkdir -m 700 "$rehearsal" || return 1
  rehearse_configuration && rehearse_database && rehearse_hub && rehearse_report || return 1
  undo_rehearse
}

undo_rehearse() {
  rehearsal_end_copy
  as_hub_user rm -rf "$(rehearsal_directory)"
}

# --- what the staged environment makes of the configuration --------------------------------------------------------------

rehearse_configuration() {
  say "loading the configuration with JupyterHub $TARGET_VERSION"
  rehearsal_authenticator=$(in_copy "$(environment_stage_path)" as_hub "$HUB_PYTHON" "$PROGRAMS/rehearsal/load.py" "$CONFIG_PATH" 2>"$JOB/rehearsal.log") && return 0
  say "the configuration does not work with JupyterHub $TARGET_VERSION: $(tail -n 1 "$JOB/rehearsal.log")"
  return 1
}

# --- a copy of the database, and its migration ---------------------------------------------------------------------------

rehearse_database() {
  # A fresh one is made by the trial hub, as by the real one.
  [ "$DATABASE_STRATEGY" != fresh ] || return 0
  rehearse_access_before || return 1
  [ -n "$rehearsal_copied" ] || return 0
  rehearse_copy copy || return 1
  rehearse_token && hubdb inventory "$rehearsal_copied" "$rehearsal/inventory" >/dev/null || return 1
  [ "$PREVIOUS_REVISION" != "$(noted head)" ] || return 0
  rehearsal_began=$(now)
  if ! rehearse_migration; then
    note copy-not-migrated yes
    return 1
  fi
  note seconds "migrate $(($(now) - rehearsal_began))"
}

rehearse_migration() {
  for rehearsal_hop in $HOPS; do
    say "migrating the copy by way of JupyterHub $rehearsal_hop"
    rehearse_upgrade_db "$(noted "hop $rehearsal_hop")" environment_in_hop "$rehearsal_hop" || return 1
  done
  say "migrating the copy to JupyterHub $TARGET_VERSION"
  rehearse_upgrade_db "$(noted head)" in_copy "$(environment_stage_path)" as_hub "$HUB_PYTHON"
}

# rehearse_copy NAME: sets rehearsal_copied, for hubdb; to nothing where a server's database cannot be copied for that.
rehearse_copy() {
  as_hub_user mkdir "$rehearsal/$1" || return 1
  rehearsal_copy "$rehearsal/$1" && return 0
  [ $? -eq 3 ] || return 1
  rehearsal_copied=''
  note no-migration "no copy of the database could be made beside it ($(tail -n 1 "$JOB/rehearsal.log"))"
}

# A token of before: a given one, or one that is made in the copy by the old release, as one that a user has.
rehearse_token() {
  rehearsal_token=$HEALTH_TOKEN
  [ -n "$MINT_TOKEN" ] || return 0
  printf '%s\\n' "$HEALTH_TOKEN" | as_hub "$HUB_PYTHON" "$PROGRAMS/hubdb" token create --expires 3600 \\
    \${TOKEN_USER:+--user "$TOKEN_USER"} "$rehearsal_copied" >/dev/null && return 0
  rehearsal_token=''
  no_token
}

# rehearse_upgrade_db REVISION PYTHON...: as upgrade_db, of the copy.
rehearse_upgrade_db() {
  rehearsal_revision=$1
  shift
  if ! (
    export JUPYTERHUB_UPGRADE_CONFIG="$CONFIG_PATH" JUPYTERHUB_UPGRADE_COPY="$rehearsal_copied"
    "$@" -m jupyterhub upgrade-db -f "$PROGRAMS/rehearsal/migration_config.py"
  ) >"$JOB/rehearsal.log" 2>&1; then
    cat "$JOB/rehearsal.log" >&2
    say "a copy of the database cannot be migrated: $(rehearse_cause)"
    return 1
  fi
  rehearsal_after=$(hubdb revision "$rehearsal_copied") || return 1
  if [ "$rehearsal_after" != "$rehearsal_revision" ]; then
    say "upgrade-db ended well, but the copy of the database is at revision $rehearsal_after and not at $rehearsal_revision"
    return 1
  fi
  hubdb inventory "$rehearsal_copied" "$rehearsal/inventory.now" >/dev/null &&
    hubdb compare "$rehearsal/inventory" "$rehearsal/inventory.now" >"$JOB/rehearsal.compare" || return 1
  grep -q '"complete": true' "$JOB/rehearsal.compare" && return 0
  say 'users, groups or tokens that were there before are missing in a copy of the database that was migrated'
  return 1
}

# The error that a traceback of several ends with; that alembic failed says nothing.
rehearse_cause() {
  grep -E '^[A-Za-z_][A-Za-z_.]*(Error|Exception)\\b' "$JOB/rehearsal.log" | grep -v CalledProcessError | tail -n 1 | cut -c 1-400
}

# --- a trial hub on the copy -----------------------------------------------------------------------------------------------

# Isolated by the kernel, a trial hub can reach nobody, whatever the classes do that the configuration names. Without, only
# JupyterHub's own are started: of those all is known.
rehearse_place() {
  [ -z "\${rehearsal_place:-}" ] || return 0
  rehearsal_net=--net rehearsal_place=isolated
  apart_from_all true 2>/dev/null && reaches_copy && return 0
  rehearsal_net='' rehearsal_place=replaced
  [ "$rehearsal_authenticator" = own ] && apart_from_all true 2>/dev/null && return 0
  rehearsal_place=none
}

# A server that is reached over the network is not there without one.
reaches_copy() {
  case $rehearsal_copied in
    @*) in_copy_by apart_from_all "$ENVIRONMENT_PATH" as_hub "$HUB_PYTHON" "$PROGRAMS/hubdb" revision "$rehearsal_copied" >/dev/null 2>&1 ;;
  esac
}

# apart_from_all COMMAND...: in mount, network and process namespaces of its own.
apart_from_all() (
  export DATABASE_PATH
  set -- /bin/sh "$PROGRAMS/rehearsal/isolated.sh" "\${rehearsal_net:-with-network}" "$@"
  set -- --mount --ipc --pid --fork --kill-child --propagation private "$@"
  [ -z "$rehearsal_net" ] || set -- --net "$@"
  [ "$(id -u)" = 0 ] || set -- --user --map-root-user "$@"
  exec unshare "$@"
)

# trial_in ENVIRONMENT PROGRAM ARGS...: as the hub runs, with that environment at the original path.
trial_in() {
  trial_environment=$1 trial_program=$PROGRAMS/rehearsal/$2
  shift 2
  in_copy_by apart_from_all "$trial_environment" as_hub "$HUB_PYTHON" "$trial_program" "$@"
}

# The old release is asked on a copy of its own, which a hub changes. It is set up and not started.
rehearse_access_before() {
  say 'copying the database'
  rehearsal_began=$(now)
  rehearse_copy before || return 1
  note seconds "copy $(($(now) - rehearsal_began))"
  [ -n "$rehearsal_copied" ] || return 0
  rehearse_place
  if [ "$rehearsal_place" = none ]; then
    rehearsal_end_copy
    return 0
  fi
  say "asking JupyterHub $PREVIOUS_VERSION whom it lets in"
  if trial_in "$ENVIRONMENT_PATH" trial_hub.py "$CONFIG_PATH" "$rehearsal_copied" "$rehearsal/before.json" >"$JOB/rehearsal.log" 2>&1; then
    rehearsal_before=$rehearsal/before.json
  else
    tail -n 20 "$JOB/rehearsal.log" >&2
    say "JupyterHub $PREVIOUS_VERSION could not be asked"
  fi
  rehearsal_end_copy
}

rehearse_hub() {
  [ -n "$rehearsal_copied" ] || return 0
  rehearse_place
  if [ "$rehearsal_place" = none ]; then
    rehearse_without "it could not be kept from the world here, and what $rehearsal_authenticator does at the start of a hub is not known"
    return 0
  fi
  say "starting a trial hub of JupyterHub $TARGET_VERSION on the copy"
  printf '%s\\n' "$rehearsal_token" | trial_in "$(environment_stage_path)" trial.py "$CONFIG_PATH" "$rehearsal_copied" \\
    "$rehearsal/after.json" "$rehearsal_before" "$TARGET_VERSION" "$LIMIT_START" >"$JOB/rehearsal.trial" 2>"$JOB/rehearsal.log"
  rehearsal_status=$?
  rehearsal_why=$(tail -n 1 "$JOB/rehearsal.log")
  case $rehearsal_status in
    0)
      note trial "$rehearsal_place"
      note seconds "start $(rehearsal_told start)"
      note seconds "stop $(rehearsal_told stop)"
      [ -n "$rehearsal_token" ] || note not-rehearsed 'an API call with a token made before the upgrade'
      ;;
    5) rehearse_without "without a network it did not work: $rehearsal_why" ;;
    *)
      as_hub_user tail -n 40 "$rehearsal/after.json.log" >&2
      say "a trial hub of JupyterHub $TARGET_VERSION did not work: $rehearsal_why"
      return 1
      ;;
  esac
}

rehearsal_told() { sed -n "s/.*\\"$1\\": \\([0-9]*\\).*/\\1/p" "$JOB/rehearsal.trial"; }

rehearse_without() {
  say "no trial hub is started: $1"
  note no-trial "$1"
}

# --- what came of it -------------------------------------------------------------------------------------------------------

# Names stay in a file of this job's, for the sealed backup; counts go into the journal.
rehearse_report() {
  as_hub_user "$HUB_PYTHON" -I "$PROGRAMS/rehearsal/access.py" "$rehearsal/before.json" "$rehearsal/after.json" \\
    >"$JOB/access.json" || return 1
  note rehearsed "$(sed -n 1p "$JOB/access.json")"
}
`;

// src/host/rehearsal/trial.py
var trial_default = '"""Starts a trial hub (trial_hub.py), looks at it, and ends it.\n\nusage: HUB_PYTHON trial.py CONFIG DATABASE OUT BEFORE VERSION SECONDS\n\nBEFORE is the OUT of the release of before, or empty.\n\nStdin has an API token that is in DATABASE, or an empty line. JSON on stdout: {"start", "stop"} in centiseconds. One\nsentence on stderr when it fails (status 1; 5 where the hub failed and had tried to reach another machine, which a trial\nhub cannot).\n"""\n\nimport json\nimport os\nimport re\nimport signal\nimport socket\nimport subprocess\nimport sys\nimport time\n\nHERE = os.path.dirname(os.path.abspath(__file__))\nNEEDS_NETWORK = 5\n# Seconds for which it has to stay up, and that it is given to end.\nSTABLE = 3\nSTOP = 15\n\n\nclass Failed(Exception):\n    """One sentence for people."""\n\n\ndef free_port():\n    with socket.socket() as probe:\n        probe.bind(("127.0.0.1", 0))\n        return probe.getsockname()[1]\n\n\ndef now():\n    return time.monotonic() * 100\n\n\nclass Trial:\n    def __init__(self, config, database, out, before, version, seconds):\n        self.out, self.version, self.seconds = out, version, int(seconds)\n        self.log = out + ".log"\n        self.port = free_port()\n        program = [sys.executable, os.path.join(HERE, "trial_hub.py"), config, database, out]\n        options = (["--before", before] if before else []) + ["--port", str(self.port)]\n        self.began = now()\n        with open(self.log, "wb") as log:\n            self.process = subprocess.Popen(program + options, stdin=subprocess.DEVNULL, stdout=log, stderr=log)\n\n    def look(self, *verb):\n        """Asks with health.py, as the real hub will be asked."""\n        program = [sys.executable, "-I", os.path.join(os.path.dirname(HERE), "health.py"), verb[0], self.base()]\n        options = ["--version", self.version] + list(verb[1:])\n        asked = subprocess.Popen(\n            program + options, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE\n        )\n        asked.stdin.write(self.token + b"\\n")\n        asked.stdin.flush()\n        while asked.poll() is None and self.process.poll() is None:\n            time.sleep(0.05)\n        if asked.poll() is None:\n            asked.kill()\n        _, said = asked.communicate()\n        self.lives()\n        if asked.returncode != 0:\n            words = said.decode("utf-8", "replace").strip().splitlines()\n            raise Failed(words[-1] if words else "it could not be asked")\n\n    def lives(self):\n        if self.process.poll() is not None:\n            raise Failed(f"it ended by itself with status {self.process.returncode}: {self.last_words()}")\n\n    def base(self):\n        with open(self.out, encoding="utf-8") as file:\n            return "http://127.0.0.1:%d%s" % (self.port, json.load(file)["base_url"])\n\n    def run(self, token):\n        self.token = token\n        deadline = now() + self.seconds * 100\n        while not os.path.exists(self.out):\n            self.lives()\n            if now() > deadline:\n                raise Failed(f"it was not set up after {self.seconds} s: {self.last_words()}")\n            time.sleep(0.05)\n        self.look("wait", "--timeout", str(self.seconds))\n        start = now() - self.began\n        self.look("check")\n        stable = now() + STABLE * 100\n        while now() < stable:\n            self.lives()\n            time.sleep(0.1)\n        self.look("check")\n        return {"start": round(start), "stop": round(self.stop())}\n\n    def stop(self):\n        began = now()\n        if self.process.poll() is None:\n            self.process.send_signal(signal.SIGTERM)\n            try:\n                self.process.wait(STOP)\n            except subprocess.TimeoutExpired:\n                self.process.kill()\n                self.process.wait()\n        return now() - began\n\n    def last_words(self):\n        """The line of the log that says why: the last of a traceback, or the newest that the hub took for grave."""\n        try:\n            with open(self.log, encoding="utf-8", errors="replace") as file:\n                lines = [line.rstrip() for line in file.read()[-65536:].splitlines() if line.strip()]\n        except OSError:\n            return "it left no log"\n        telling = [\n            line for line in lines if re.match(r"(\\[[EC] |[A-Za-z_][\\w.]*(Error|Exception|Exit)\\b|trial_hub)", line)\n        ]\n        return (telling or lines or ["it said nothing"])[-1][:500]\n\n    def wanted(self):\n        """Whom it tried to reach."""\n        try:\n            with open(self.out + ".attempts", encoding="utf-8") as file:\n                return file.read().split()\n        except OSError:\n            return []\n\n\ndef main():\n    # A TERM ends the hub, too.\n    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))\n    token = sys.stdin.readline().strip().encode()\n    trial = Trial(*sys.argv[1:7])\n    try:\n        print(json.dumps(trial.run(token)))\n    except Failed as error:\n        wanted = trial.wanted()\n        sentence = f"{error}" + (f" (it had tried to reach {wanted[0]})" if wanted else "")\n        sys.stderr.write("".join(each if each.isprintable() else " " for each in sentence) + "\\n")\n        sys.exit(NEEDS_NETWORK if wanted else 1)\n    finally:\n        trial.stop()\n\n\nif __name__ == "__main__":\n    main()\n';

// src/host/rehearsal/trial_hub.py
var trial_hub_default = `"""A hub that can reach nobody, on a copy of the hub's database, with the hub's own configuration and code.

usage: HUB_PYTHON trial_hub.py CONFIG DATABASE OUT [--before FILE] [--port PORT]

DATABASE is the path of an SQLite file, or @FILE with {"url", "kwargs"}: a copy, of which the users' servers are taken
out first. What is not the hub's own doing is replaced: spawner, proxy, services, and what an authenticator does to the
machine. OUT (JSON) says whom the hub lets in and which settings it does not know. With --port the hub is started
on that port of loopback and runs until a signal ends it; without, it is only set up. FILE is the OUT of another
release's trial hub: its users are looked at, too.

Runs in every release from 1.0 on, as the hub's user, in its directory, with its environment.
"""

import argparse
import asyncio
import inspect
import json
import os
import re
import sys

sys.dont_write_bytecode = True

import sqlalchemy  # noqa: E402
from jupyterhub import orm  # noqa: E402
from jupyterhub.app import JupyterHub  # noqa: E402
from jupyterhub.auth import Authenticator  # noqa: E402
from jupyterhub.proxy import Proxy  # noqa: E402
from jupyterhub.spawner import Spawner  # noqa: E402
from traitlets import Bool  # noqa: E402
from traitlets.config import Config  # noqa: E402

# Nobody's name, for whether users that the hub does not know yet may come.
STRANGER = "a-user-the-hub-never-saw"
# What of a service is only said, and nothing done.
OF_A_SERVICE = ("name", "api_token", "admin", "info", "display")


class StillSpawner(Spawner):
    """Starts nothing and asks nothing: every server is one that has ended."""

    async def start(self):
        raise RuntimeError("a trial hub starts no servers")

    async def stop(self, now=False):
        pass

    async def poll(self):
        return 0


class StillProxy(Proxy):
    """Keeps its routes to itself."""

    should_start = Bool(False)

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.routes = {}

    async def add_route(self, routespec, target, data):
        self.routes[routespec] = {"routespec": routespec, "target": target, "data": data}

    async def delete_route(self, routespec):
        self.routes.pop(routespec, None)

    async def get_all_routes(self):
        return dict(self.routes)


class StillAuthenticator:
    """What an authenticator does beyond saying who may come: make accounts and homes, call others."""

    def add_user(self, user):
        return Authenticator.add_user(self, user)

    def delete_user(self, user):
        pass

    async def refresh_user(self, user, handler=None):
        return True

    async def run_post_auth_hook(self, handler, authentication):
        return authentication

    def pre_spawn_start(self, user, spawner):
        pass

    def post_spawn_stop(self, user, spawner):
        pass


class TrialHub(JupyterHub):
    trial = None

    def load_config_file(self, *arguments, **options):
        super().load_config_file(*arguments, **options)
        self.ignored = ignored_settings(self)
        self.imposed = harmless(self, self.trial)
        self.update_config(Config({"JupyterHub": self.imposed}))
        if self.config._has_section("EventLog"):
            self.update_config(Config({"EventLog": {"handlers": []}}))

    def write_pid_file(self):
        """The live hub's file is none of its business."""

    def init_db(self):
        # Nothing with an effect comes before this: whatever the configuration is like, all must be as it was imposed.
        for name, value in self.imposed.items():
            if getattr(self, name) != value and name != "hub_bind_url":
                sys.exit(f"trial_hub.py: The configuration insists on its own {name}.")
        take_servers_out(self.db_url, self.db_kwargs)
        super().init_db()


def harmless(hub, trial):
    """The hub's traits that keep a trial hub to itself; only those that this release has."""
    real = hub.authenticator_class
    port = trial["port"] or 0
    wanted = {
        "db_url": trial["url"],
        "upgrade_db": False,
        "reset_db": False,
        "spawner_class": StillSpawner,
        "proxy_class": StillProxy,
        "authenticator_class": type(real.__name__, (StillAuthenticator, real), {}),
        "services": [
            {key: each[key] for key in OF_A_SERVICE if key in each} for each in hub.services if isinstance(each, dict)
        ],
        "cookie_secret": os.urandom(32),
        "pid_file": "",
        "bind_url": "http://127.0.0.1:%d%s" % (port or 8000, hub.base_url),
        "hub_bind_url": "http://127.0.0.1:%d" % port,
        "hub_connect_url": "",
        "hub_connect_ip": "",
        "hub_connect_port": 0,
        "public_url": "",
        "subdomain_host": "",
        "internal_ssl": False,
        "ssl_key": "",
        "ssl_cert": "",
        "cleanup_servers": False,
        "cleanup_proxy": False,
        "extra_log_file": "",
        "extra_log_handlers": [],
        "statsd_host": "",
        "last_activity_interval": 0,
        "service_check_interval": 0,
    }
    if "kwargs" in trial:
        wanted["db_kwargs"] = trial["kwargs"]
    return {name: value for name, value in wanted.items() if hub.has_trait(name)}


def take_servers_out(url, kwargs):
    """A hub asks every server that its database knows, and ends what does not answer: here there are none."""
    engine = sqlalchemy.create_engine(url, **kwargs)
    tables = set(sqlalchemy.inspect(engine).get_table_names())
    statements = []
    if "spawners" in tables:
        statements.append("UPDATE spawners SET server_id = NULL, state = '{}'")
    if "services" in tables:
        statements.append("UPDATE services SET _server_id = NULL")
    if "servers" in tables:
        statements.append("DELETE FROM servers")
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sqlalchemy.text(statement))
    engine.dispose()


# --- what there is to say ----------------------------------------------------------------------------------------


def ignored_settings(hub):
    """Settings of the hub's classes that these do not have, as \`c.Class.name\`: this release logs a line and goes on."""
    found = set()
    for of in (type(hub), hub.authenticator_class, hub.spawner_class, hub.proxy_class):
        known = set(of.class_trait_names(config=True))
        for config in (hub.config, hub.config["JupyterHub"]):
            for section in {each.__name__ for each in of.__mro__}:
                if not config._has_section(section):
                    continue
                for name, value in config[section].items():
                    if name not in known and not name[:1].isupper() and not is_untouched(value):
                        found.add(f"c.{section}.{name}")
    return sorted(found)


def is_untouched(value):
    """What traitlets leaves behind where a configuration only reads a name."""
    return hasattr(value, "_has_section") or (type(value).__name__ == "LazyConfigValue" and not value.to_dict())


async def may_log_in(hub, name, groups=()):
    """Whether someone who proved to be that user is let in; None where the authenticator alone can say."""
    authenticator = hub.authenticator
    check_blocked = getattr(authenticator, "check_blocked_users", None) or authenticator.check_blacklist
    check_allowed = getattr(authenticator, "check_allowed", None) or authenticator.check_whitelist
    model = {"name": name, "admin": None, "auth_state": None, "groups": list(groups)}
    try:
        if not authenticator.validate_username(name) or not await answer(check_blocked(name, model)):
            return False
        return bool(getattr(authenticator, "allow_all", False) or await answer(check_allowed(name, model)))
    except Exception:
        return None


async def answer(value):
    return await value if inspect.isawaitable(value) else value


async def logins(hub, more):
    known = {user.name: [group.name for group in user.groups] for user in hub.db.query(orm.User)}
    blocked = getattr(hub.authenticator, "blocked_users", None) or getattr(hub.authenticator, "blacklist", None) or ()
    names = set(known) | set(blocked) | set(more)
    return {
        "users": {name: await may_log_in(hub, name, known.get(name, ())) for name in sorted(names)},
        "strangers": await may_log_in(hub, STRANGER),
    }


# --- running it --------------------------------------------------------------------------------------------------


def record_attempts(path):
    """Writes down whom this process tries to reach beyond loopback; from Python 3.8 on."""

    def audit(event, arguments):
        if event not in ("socket.connect", "socket.getaddrinfo"):
            return
        where = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
        where = where[0] if isinstance(where, tuple) else where
        if isinstance(where, bytes):
            where = where.decode("utf-8", "replace")
        if not isinstance(where, str) or re.match(r"(127\\.|::1$|localhost$|0\\.0\\.0\\.0$|$|/)", where):
            return
        with open(path, "a") as file:
            file.write(re.sub(r"[^!-~]", "?", where)[:200] + "\\n")

    getattr(sys, "addaudithook", lambda hook: None)(audit)


def arguments():
    parser = argparse.ArgumentParser(prog="trial_hub.py")
    for name in ("config", "database", "out"):
        parser.add_argument(name)
    parser.add_argument("--before")
    parser.add_argument("--port", type=int)
    return parser.parse_args()


def target(database):
    if not database.startswith("@"):
        return {"url": "sqlite:///" + database}
    with open(database[1:], encoding="utf-8") as file:
        content = json.load(file)
    return {"url": content["url"], "kwargs": content["kwargs"]}


async def run(given):
    more = []
    if given.before:
        with open(given.before, encoding="utf-8") as file:
            more = json.load(file)["users"]
    TrialHub.trial = dict(target(given.database), port=given.port)
    hub = TrialHub.instance()
    await hub.initialize(["-f", given.config])
    found = await logins(hub, more)
    found.update(ignored=hub.ignored, base_url=hub.base_url)
    with open(given.out + ".new", "w", encoding="utf-8") as file:
        json.dump(found, file, sort_keys=True)
    os.rename(given.out + ".new", given.out)
    if given.port:
        await hub.start()


def main():
    given = arguments()
    os.umask(0o077)
    record_attempts(given.out + ".attempts")
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(run(given))
    if given.port:
        loop.run_forever()
    sys.stdout.flush()
    sys.stderr.flush()
    # Whatever the configuration registered for the end of the process is the hub's, not ours.
    os._exit(0)


if __name__ == "__main__":
    main()
`;

// src/host/resolve.sh
var resolve_default = '#!/bin/sh\n# resolve.sh PHASE_DIRECTORY: what the upgrade would change in the hub\'s environment, asked of its package manager. Changes\n# nothing. Prints facts: `status` (0; 3 for a manager that cannot tell; else it refuses), `resolved`, `log`.\nset -u\nPROGRAMS=$1\n# shellcheck source=common.sh\n. "$1/common.sh"\n# shellcheck source=/dev/null\n. "$1/parameters"\n# shellcheck source=environment.sh\n. "$1/environment.sh"\n# shellcheck source=environments/pip.sh\n. "$1/environments/$PACKAGE_MANAGER.sh"\nprivate=$1/private\nmkdir "$private" "$private/own" || die \'no temporary directory can be made\'\nchmod 711 "$private"\n# shellcheck disable=SC2031 # a parameter\nchown "$ENVIRONMENT_UID:$ENVIRONMENT_GID" "$private/own" || die \'no temporary directory can be made\'\n\nset --\nstatus=0\nif [ -n "$CONSTRAINTS$CONSTRAINTS_PATH" ]; then\n  constraints_file "$private/constraints" 2>"$private/log" || status=2\n  if [ "$REQUIRE_HASHES" = yes ]; then set -- --require-hashes --requirement; else set -- --constraint; fi\n  set -- "$@" "$private/constraints"\nfi\nset -f\n# shellcheck disable=SC2086 # words without blanks, see the grammar of inputs\n[ "$REQUIRE_HASHES" = yes ] || set -- "$@" $REQUIREMENTS\nset +f\nif [ "$status" = 0 ]; then\n  packages_resolve "$private/own" "$@" >"$private/resolved" 2>"$private/log"\n  status=$?\nfi\nfact status "$status"\n[ ! -e "$private/resolved" ] || fact resolved "$(cat "$private/resolved")"\nfact log "$(tail -c 16000 "$private/log")"\n';

// src/host/services/commands.sh
var commands_default = `# shellcheck shell=sh
# The hub is started and stopped by the user's own commands (STOP_COMMAND, START_COMMAND). Sourced by executor.sh.
# Nothing here can keep somebody else from starting the hub meanwhile, which the plan says; but it is seen.

service_fence() { :; }
service_unfence() { :; }
service_forget_fence() { :; }

# The hub's own process: its user, its working directory.
hub_pid() {
  hub_pids | while read -r hub_pid_candidate; do
    [ "$(stat -c %u "/proc/$hub_pid_candidate" 2>/dev/null)" = "$HUB_UID" ] || continue
    [ "$(readlink "/proc/$hub_pid_candidate/cwd")" = "$HUB_DIRECTORY" ] || continue
    printf '%s\\n' "$hub_pid_candidate"
  done | head -n 1
}

service_stop() {
  [ -n "$(hub_pid)" ] || return 0
  (cd "$HUB_DIRECTORY" && exec timeout -k 5 "$COMMAND_LIMIT" /bin/sh -c "$STOP_COMMAND")
  service_stop_status=$?
  case $service_stop_status in
    0) ;;
    124 | 137) say "stop-command did not return within $COMMAND_LIMIT s" ;;
    *) say "stop-command answered $service_stop_status" ;;
  esac
  service_stop_deadline=$(($(now) + LIMIT_STOP * 100))
  while service_stop_pid=$(hub_pid) && [ -n "$service_stop_pid" ]; do
    if [ "$(now)" -gt "$service_stop_deadline" ]; then
      say "the hub (pid $service_stop_pid) still runs after stop-command"
      return 1
    fi
    sleep 0.1
  done
}

service_stays_down() {
  service_up_pid=$(hub_pid)
  [ -n "$service_up_pid" ] || return 0
  say "somebody started the hub (pid $service_up_pid) while it is upgraded"
  return 1
}

# On the way back no hub may stay that writes to the database, as systemd sees to for its units.
service_end() {
  service_stop && return 0
  for service_end_signal in TERM KILL; do
    service_end_pid=$(hub_pid)
    [ -n "$service_end_pid" ] || return 0
    say "the hub (pid $service_end_pid) is ended by SIG$service_end_signal"
    kill -s "$service_end_signal" "$service_end_pid" 2>/dev/null
    service_end_deadline=$(($(now) + 3000))
    while [ -n "$(hub_pid)" ] && [ "$(now)" -lt "$service_end_deadline" ]; do sleep 0.1; done
  done
  [ -z "$(hub_pid)" ]
}

# The started hub must outlive this job: a session of its own, and a scope of its own where systemd would end everything
# in the job's unit. It gets nothing of what this job set for itself. As with systemctl, a hub that runs is started.
service_start() {
  [ -z "$(hub_pid)" ] || return 0
  service_start_scope=''
  if [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ]; then service_start_scope='systemd-run --scope --collect --quiet'; fi
  # shellcheck disable=SC2086 # words of ours
  (unset LC_ALL && umask 022 && cd "$HUB_DIRECTORY" && exec $service_start_scope setsid /bin/sh -c "$START_COMMAND") \\
    </dev/null >>"$JOB/start.log" 2>&1 &
  service_start_session=$!
  service_start_deadline=$(($(now) + COMMAND_LIMIT * 100))
  while kill -0 "$service_start_session" 2>/dev/null; do
    if [ "$(now)" -gt "$service_start_deadline" ]; then
      say "start-command did not return within $COMMAND_LIMIT s"
      # It may be the hub itself, in the foreground.
      [ -z "$(hub_pid)" ] || return 0
      kill_session "$service_start_session"
      return 1
    fi
    sleep 0.05
  done
  wait "$service_start_session"
}

service_instance() {
  service_instance_pid=$(hub_pid)
  [ -z "$service_instance_pid" ] || printf 'pid %s, started %s\\n' "$service_instance_pid" "$(start_time "$service_instance_pid")"
}

service_log() { tail -n 40 "$JOB/start.log" 2>/dev/null; }
`;

// src/host/services/systemd.sh
var systemd_default = `# shellcheck shell=sh
# The hub is a systemd unit (UNIT). Sourced by executor.sh; runs as root.

# While the fence stands nothing starts the hub: not Restart=always, not an admin, not a boot. A mask would do, but it
# does not work for units in /etc; a condition does. What opens it is in /run: a hub that was started and is not yet
# verified stays down after a reboot, until the job is taken up.
service_fence() {
  rm -f "$(fence_opener)"
  mkdir -p "/etc/systemd/system/$UNIT.d" || return 1
  printf '# jupyterhub-upgrade is at work; see %s\\n[Unit]\\nConditionPathExists=%s\\n' "$JOB" "$(fence_opener)" \\
    >"$(fence_file)" || return 1
  flush "$(fence_file)" "/etc/systemd/system/$UNIT.d" /etc/systemd/system
  systemctl daemon-reload
}

fence_file() { printf '/etc/systemd/system/%s.d/50-jupyterhub-upgrade.conf\\n' "$UNIT"; }

fence_opener() { printf '/run/jupyterhub-upgrade/%s\\n' "$UNIT"; }

service_unfence() { mkdir -p /run/jupyterhub-upgrade && : >"$(fence_opener)"; }

service_forget_fence() {
  if [ -e "$(fence_file)" ]; then
    rm -f "$(fence_file)"
    rmdir "/etc/systemd/system/$UNIT.d" 2>/dev/null
    systemctl daemon-reload
  fi
  rm -f "$(fence_opener)"
}

service_stop() {
  systemctl stop "$UNIT" || return 1
  service_stop_state=$(systemctl show -p ActiveState --value "$UNIT")
  case $service_stop_state in
    inactive | failed) return 0 ;;
  esac
  say "$UNIT is $service_stop_state after systemctl stop"
  return 1
}

# The fence sees to it.
service_stays_down() { :; }

# systemd itself kills what does not heed it.
service_end() { service_stop; }

service_start() {
  systemctl reset-failed "$UNIT" 2>/dev/null
  systemctl start "$UNIT"
}

# What must not change while a started hub is watched: the main process and how often systemd restarted it.
service_instance() {
  service_instance_pid=$(systemctl show -p MainPID --value "$UNIT")
  [ "\${service_instance_pid:-0}" -gt 0 ] || return 0
  printf 'pid %s, restarts %s\\n' "$service_instance_pid" "$(systemctl show -p NRestarts --value "$UNIT")"
}

# What the hub said since its last start.
service_log() {
  journalctl "_SYSTEMD_INVOCATION_ID=$(systemctl show -p InvocationID --value "$UNIT")" -n 30 --no-pager -o cat 2>/dev/null
}
`;

// src/host/signal.sh
var signal_default = `#!/bin/sh
# signal.sh PHASE_DIRECTORY: tell the job something. SIGNAL is go, commit, abort, cancel (an
# abort, but not of a hub that its host has verified), launch (start a dead executor again) or walk-back (take up a way
# back that failed).
# Prints the decision as it stands afterwards: the first one wins, which may be somebody else's.
set -u
PROGRAMS=$1
# shellcheck source=common.sh
. "$1/common.sh"
# shellcheck source=journal.sh
. "$1/journal.sh"
# shellcheck source=/dev/null
. "$1/parameters"
[ -d "$JOB" ] || {
  say "there is no job $JOB on this host"
  exit 4
}
case $SIGNAL in
  go) : >"$JOB/go" ;;
  launch) sh "$JOB/programs/launch.sh" "$JOB" ;;
  walk-back)
    sed -i '/ verdict - rollback-failed$/d' "$JOB/journal" && flush "$JOB/journal" || exit 1
    sh "$JOB/programs/launch.sh" "$JOB"
    ;;
  cancel)
    journal_has 'done verify' || sh "$JOB/programs/executor.sh" decide "$JOB" abort "$REASON" >/dev/null
    ;;
  commit | abort) sh "$JOB/programs/executor.sh" decide "$JOB" "$SIGNAL" "$REASON" >/dev/null ;;
esac
cat "$JOB/decision" 2>/dev/null || :
`;

// src/host/steps.sh
var steps_default = `# shellcheck shell=sh
# The closed set of steps a job is made of: do_X and its way back undo_X. Sourced by executor.sh.
# A do_ runs in its own session under a time limit; an undo_ must be right however far its do_ came, also never begun.

# Of the hub's user: inventories of the database, and copies of one that is no file.
COPIES=$JOB/database

# --- stage: the new environment, built beside the old one while the hub runs --------------------------------------

do_stage() { environment_stage && proxy_stage; }
# What could not be removed is no reason to keep a hub down.
undo_stage() {
  environment_discard_stage || say 'what was staged could not be removed whole'
  proxy_discard || say 'the staged proxy could not be removed whole'
}

# --- hold: the backup is uploaded and proven meanwhile; the runner says go -----------------------------------------

do_hold() {
  while [ ! -e "$JOB/go" ]; do sleep 0.1; done
}
undo_hold() { :; }

# --- inspect (restore mode): the backup's database, a file, lacks what the checks after the start need ------------------

do_inspect() {
  # Of what cannot be read so nothing is known: the hub's own Python may be what is broken.
  case $(hubdb facts --user "$CANARY_USER" "$JOB/payload/database") in
    *'"has_user": false'*) ;;
    *) return 0 ;;
  esac
  say "The backup has no user $CANARY_USER: write a canary-user that it has, or leave canary-user out."
  return 1
}
undo_inspect() { :; }

# --- announce: tell the users, and give them time ------------------------------------------------------------------

do_announce() {
  prepare_token || return 1
  if [ -n "$NOTICE_HTML" ]; then
    printf '%s\\n' "$NOTICE_HTML" >"$JOB/notice.html"
    chmod 644 "$JOB/notice.html"
    if as_template_owner /bin/sh "$PROGRAMS/notice.sh" put "$TEMPLATE_PATH" "$JOB/notice.html"; then
      note notified 'the hub pages'
    else
      notice_failed 'the notice could not be put on the hub pages' || return 1
    fi
  fi
  if [ -n "$NOTIFY_COMMAND" ]; then
    if NOTIFY_MESSAGE=$NOTIFY_MESSAGE /bin/sh -c "$NOTIFY_COMMAND"; then
      note notified notify-command
    else
      notice_failed 'notify-command failed' || return 1
    fi
  fi
  announce_left=$NOTIFY_LEAD_TIME
  while [ "$announce_left" -gt 0 ]; do
    sleep 1
    announce_left=$((announce_left - 1))
  done
  environment_is_as_staged
}

notice_failed() {
  say "$1"
  note not-notified "$1"
  [ "$NOTIFY_REQUIRED" != yes ]
}

# A file of root's may lie in a directory of somebody else's.
as_template_owner() {
  if [ "$TEMPLATE_UID" = 0 ]; then
    as_directory_owner "\${TEMPLATE_PATH%/*}" "$@"
  else
    as_uid "$TEMPLATE_UID" "$TEMPLATE_GID" "$@"
  fi
}

undo_announce() {
  [ -z "$NOTICE_HTML" ] || as_template_owner /bin/sh "$PROGRAMS/notice.sh" withdraw "$TEMPLATE_PATH" ||
    say 'the notice could not be taken off the pages'
}

# --- stop ----------------------------------------------------------------------------------------------------------

do_stop() {
  # The hub's user looks for the same servers in verify.
  hubdb facts "$DATABASE" >"$JOB/servers" && chown "$HUB_UID:$HUB_GID" "$JOB/servers" 2>/dev/null
  note users-servers "$(server_pids)"
  service_fence || return 1
  service_stop || return 1
  undo_announce || :
}

undo_stop() {
  undo_announce
  # A stop that was cut, or took too long, may have told the hub to end: one that still runs then would be taken for started.
  journal_has 'done stop' || service_stop || :
  service_unfence
  if [ "$WAS_RUNNING" = yes ]; then
    database_await || :
    start_hub || return 1
    wait_for_hub "$PREVIOUS_VERSION" "$LIMIT_START" || {
      say "the old hub does not answer as JupyterHub $PREVIOUS_VERSION"
      service_log
      return 1
    }
    note restarted "$(job_time)"
  fi
  service_forget_fence
}

# Pids of the users' servers that the database names and that live, for the spawners whose servers have one.
server_pids() {
  for server_pid in $(tr ',' '\\n' <"$JOB/servers" | sed -n 's/.*"pid": \\([0-9]*\\).*/\\1/p'); do
    [ ! -d "/proc/$server_pid" ] || printf '%s:%s ' "$server_pid" "$(start_time "$server_pid")"
  done
}

# Which of those still live: the same process, not the same number.
surviving_pids() {
  for server in $(noted users-servers); do
    ! is_alive "\${server%:*}" "\${server#*:}" || printf '%s ' "\${server%:*}"
  done
}

# --- token: a short-lived API token of the old release, put in after the snapshot, so that a rollback forgets it ----

do_token() {
  {
    printf '%s\\n' "$HEALTH_TOKEN"
    while [ ! -e "$JOB/token-go" ] && [ ! -e "$JOB/token-ended" ]; do sleep 0.05; done
    echo go
  } | {
    as_hub "$HUB_PYTHON" "$PROGRAMS/hubdb" token create --expires 600 --wait \\
      \${CANARY_USER:+--user "$CANARY_USER"} "$DATABASE" >"$JOB/token.out" && mv "$JOB/token.out" "$JOB/token"
    : >"$JOB/token-ended"
  }
}

token_session() { sed -n 's/^[0-9]* [0-9]* session token \\([0-9]*\\) .*/\\1/p' "$JOB/journal" | tail -n 1; }

# await_token FILE LIMIT: wait for a file of the token's process, LIMIT twentieths of a second, or for its end.
await_token() {
  await_tries=0
  while [ ! -s "$1" ] && [ ! -e "$JOB/token-ended" ] && [ "$await_tries" -lt "$2" ]; do
    sleep 0.05
    await_tries=$((await_tries + 1))
  done
  [ -s "$1" ]
}

# Loads the old release's code, which takes longer than a stop, while the hub still runs. Then all of it is there before
# the environment is switched under it.
prepare_token() {
  [ -n "$MINT_TOKEN" ] || return 0
  setsid sh "$PROGRAMS/executor.sh" step "$JOB" token "$EXECUTOR" </dev/null &
  await_token "$JOB/token.out" 600 || no_token
}

mint_token() {
  [ -s "$JOB/token.out" ] || return 0
  note token asked
  : >"$JOB/token-go"
  if await_token "$JOB/token" 200; then
    note token made
    return 0
  fi
  kill_session "$(token_session)"
  no_token
}

# The check with an old token can be left out; that of a canary user cannot be made without.
no_token() {
  say "no token could be made\${CANARY_USER:+ for the canary-user $CANARY_USER}"
  [ -z "$CANARY_USER" ]
}

# --- snapshot: what a rollback restores ------------------------------------------------------------------------------

do_snapshot() {
  # A hub that runs goes on writing to the file that is set aside.
  service_stays_down || return 1
  database_snapshot || return 1
  : >"$JOB/to-put-back" && flush "$JOB/to-put-back" "$JOB" || return 1
  note snapshot complete || return 1
  mint_token
}

undo_snapshot() {
  # An old hub that was started again writes what no second way back may take: once it was put back, nothing is, also where
  # the journal has no room to say so. To remove a file needs none.
  if [ "$(noted snapshot)" != complete ] || [ ! -e "$JOB/to-put-back" ]; then
    database_discard_snapshot
    return 0
  fi
  if journal_has 'begin start'; then database_keep_new; fi
  # Before these nothing of ours wrote to the database, and somebody else may have.
  if [ -n "$(noted token)" ] || journal_has 'begin migrate' || journal_has 'begin load' || journal_has 'begin start'; then
    database_put_back || return 1
  fi
  if journal_has 'begin start'; then keep_generation taken-back; fi
  rm -f "$JOB/to-put-back" && flush "$JOB" && database_discard_snapshot
  return 0
}

# --- switch (staged) or install (in place) -----------------------------------------------------------------------------

do_switch() { environment_switch && proxy_switch; }
undo_switch() { environment_switch_back && proxy_switch_back; }

do_install() { environment_install && proxy_switch; }
undo_install() { environment_switch_back && proxy_switch_back; }

# --- migrate -------------------------------------------------------------------------------------------------------------

do_migrate() {
  service_stays_down || return 1
  database_before=$(database_revision) || return 1
  if [ "$database_before" != "$PREVIOUS_REVISION" ]; then
    say "the database is at revision $database_before, the plan was made for $PREVIOUS_REVISION"
    return 1
  fi
  if [ "$DATABASE_STRATEGY" = fresh ]; then
    # A hub makes the tables it lacks when it starts, of its own revision.
    database_empty
    return
  fi
  if [ "$database_before" = "$(noted head)" ]; then
    say "the database is at the new release's revision $database_before already"
    note revision "$database_before"
    return 0
  fi
  database_own_copies >"$JOB/own-copies.new" && mv "$JOB/own-copies.new" "$JOB/own-copies" || return 1
  for migrate_hop in $HOPS; do
    say "migrating the database by way of JupyterHub $migrate_hop"
    upgrade_db "$(noted "hop $migrate_hop")" environment_in_hop "$migrate_hop" && database_compare || return 1
  done
  upgrade_db "$(noted head)" as_hub "$HUB_PYTHON" || return 1
  note revision "$(noted head)"
  remove_own_copies
}
# The data is put back by the undo of the snapshot.
undo_migrate() { remove_own_copies; }

# upgrade_db REVISION PYTHON...: one migration, by that interpreter, after which the database must be at REVISION.
upgrade_db() {
  upgrade_db_revision=$1
  shift
  # -f and the service's own directory: elsewhere upgrade-db makes a new empty database and answers success.
  "$@" -m jupyterhub upgrade-db -f "$MIGRATION_CONFIG" || return 1
  database_after=$(database_revision) || return 1
  [ "$database_after" != "$upgrade_db_revision" ] || return 0
  say "upgrade-db ended well, but the database is at revision $database_after and not at $upgrade_db_revision"
  return 1
}

# What upgrade-db copied at its tries only fills the disk.
remove_own_copies() {
  [ ! -e "$JOB/own-copies" ] || database_remove_own_copies "$(cat "$JOB/own-copies")" ||
    say 'a copy that upgrade-db made beside the database could not be removed'
}

# --- load (restore mode): the backup's database and files take the place of what is there ------------------------------

do_load() {
  database_load || return 1
  each_file put_file || return 1
  note revision "$(database_revision)"
}

undo_load() { each_file put_file_back; }

# FILES has a line "<number> <mode> <owner> <path>" for each file of the backup that belongs on this host.
# shellcheck disable=SC2030,SC2031 # set and used in the loop's own subshell
each_file() {
  printf '%s\\n' "$FILES" | while read -r file_number file_mode file_owner file_path; do
    [ -n "$file_number" ] || continue
    "$1" || exit 1
  done
}

# shellcheck disable=SC2031
put_file() {
  as_directory_owner "\${file_path%/*}" /bin/sh "$PROGRAMS/files.sh" put "$file_path" "$file_mode" "$file_owner" \\
    ".before-$JOB_ID" <"$JOB/payload/$file_number"
}

# shellcheck disable=SC2031
put_file_back() {
  as_directory_owner "\${file_path%/*}" /bin/sh "$PROGRAMS/files.sh" put-back "$file_path" ".before-$JOB_ID" </dev/null
}

# Root works only where nobody else could have put a link in the way; elsewhere it is the hub's user.
as_directory_owner() {
  directory_checked=$1
  shift
  while [ "$(id -u)" = 0 ]; do
    if [ "$(stat -c %u "$directory_checked" 2>/dev/null)" != 0 ] || [ -n "$(find "$directory_checked" -maxdepth 0 -perm /022 ! -perm -1000)" ]; then
      as_uid "$HUB_UID" "$HUB_GID" "$@"
      return
    fi
    if [ "$directory_checked" = / ]; then break; fi
    directory_checked=\${directory_checked%/*}
    [ -n "$directory_checked" ] || directory_checked=/
  done
  "$@"
}

# --- start ---------------------------------------------------------------------------------------------------------------------

do_start() {
  service_unfence
  start_hub
}

start_hub() {
  service_start && return 0
  say 'the hub could not be started'
  service_log
  return 1
}

undo_start() {
  service_fence
  service_end
}

# --- verify: the commit point -----------------------------------------------------------------------------------------------------

do_verify() {
  wait_for_hub "$TARGET_VERSION" "$LIMIT_START" || {
    say "the hub does not answer as JupyterHub $TARGET_VERSION"
    service_log
    return 1
  }
  note up "$(job_time)"
  verify_token || return 1
  health check --version "$TARGET_VERSION" >/dev/null || return 1
  verify_stable || return 1
  database_compare || return 1
  [ "$DATABASE_STRATEGY" != fresh ] || verify_fresh || return 1
  if [ -n "$CANARY_USER" ]; then
    health spawn "$CANARY_USER" >/dev/null || return 1
  else
    note not-tried "starting and stopping a user's server: that takes a canary-user"
  fi
  note servers-after "$(surviving_pids)"
  note routes-after "$(health servers "$JOB/servers")"
}
undo_verify() { :; }

# compare_inventories: what must outlive an upgrade, by key. A fresh database has none of it, by choice.
compare_inventories() {
  hubdb inventory "$DATABASE" "$COPIES/inventory.now" >/dev/null || return 1
  hubdb compare "$COPIES/inventory" "$COPIES/inventory.now" >"$JOB/compare" || return 1
  note compare "$(cat "$JOB/compare")"
  if [ "$DATABASE_STRATEGY" = fresh ] || grep -q '"complete": true' "$JOB/compare"; then return 0; fi
  say 'users, groups or tokens that were there before are missing in the migrated database'
  return 1
}

verify_fresh() {
  fresh_revision=$(database_revision) || return 1
  note revision "$fresh_revision"
  [ "$fresh_revision" = "$(noted head)" ] && return 0
  say "the new hub made a database of revision $fresh_revision, not $(noted head)"
  return 1
}

# The token's secret goes over stdin; without one the call is left out, and said to be.
verify_token() {
  if [ -n "$MINT_TOKEN" ] && [ ! -e "$JOB/token" ]; then HEALTH_TOKEN=''; fi
  [ -n "$HEALTH_TOKEN" ] || note not-tried 'an API call with a token made before the upgrade'
}

# health VERB ARGS: health.py as the hub's user, with the hub's interpreter and nothing of its configuration.
health() {
  health_verb=$1
  shift
  printf '%s\\n' "$HEALTH_TOKEN" |
    as_uid "$HUB_UID" "$HUB_GID" "$HUB_PYTHON" -I "$PROGRAMS/health.py" "$health_verb" "$HEALTH_BASE" "$@"
}

wait_for_hub() { health wait --version "$1" --timeout "$2" >/dev/null; }

# One main process, the same over the window: a hub may answer at 2 s and exit at 5.
verify_stable() {
  stable_first=$(service_instance)
  stable_checks=0
  while [ "$stable_checks" -lt 3 ]; do
    sleep 3.5
    health check --version "$TARGET_VERSION" >/dev/null || return 1
    if [ -z "$stable_first" ] || [ "$(service_instance)" != "$stable_first" ]; then
      say "the hub's process changed while it was watched: it was $stable_first and is now $(service_instance)"
      service_log
      return 1
    fi
    stable_checks=$((stable_checks + 1))
  done
  note instance "$stable_first"
}

# --- confirm: the runner looks from outside and may still say no; silence keeps the new hub ----------------------------------------

# The fence goes only when \`done verify\` is on disk: at a boot before that, the hub stays down until it is decided. At one
# right after it, the fence kept the hub from being started.
do_confirm() {
  service_forget_fence
  service_start || decide abort 'the verified hub could not be started again' >/dev/null
  confirm_deadline=$(($(now) + CONFIRM_TIMEOUT * 100))
  while [ -z "$(decision)" ] && [ "$(now)" -lt "$confirm_deadline" ]; do sleep 0.1; done
  decide timeout 'nobody said no' >/dev/null
}
undo_confirm() { :; }

# --- after the verdict is certain ----------------------------------------------------------------------------------------------------

# The set-aside environment and database of this run stay as the way back by hand.
tidy() {
  note kept "$(environment_kept)"
  note kept "$(database_kept)"
  if [ -e "$JOB/token" ]; then
    printf '%s\\n' "$HEALTH_TOKEN" | as_hub "$HUB_PYTHON" "$PROGRAMS/hubdb" token delete \\
      "$DATABASE" >/dev/null || say 'the ten-minute token could not be deleted; it expires by itself'
  fi
  environment_unmark
  environment_discard_hops
  proxy_discard
  keep_generation before
}
`;

// src/host/unit.sh
var unit_default = `# shellcheck shell=sh
# The executor's own unit. It lies in /etc until the job has its verdict, so that every boot takes the job up again;
# what keeps the hub down until then is the fence. Sourced. Needs JOB; to enable it, the job's parameters too.

executor_unit() { printf 'jupyterhub-upgrade-%s.service\\n' "\${JOB##*/}"; }

executor_unit_file() { printf '/etc/systemd/system/%s\\n' "$(executor_unit)"; }

executor_unit_link() { printf '/etc/systemd/system/multi-user.target.wants/%s\\n' "$(executor_unit)"; }

# After the hub: at a boot the hub's own start is let past or skipped by the fence, never waited for by anything of ours, and when
# the system goes down the executor is stopped first and leaves the rest to the next boot. After everything the hub comes
# after, its database's unit among it, also where the hub itself is not started at boot.
enable_executor_unit() {
  enable_after='postgresql.service mariadb.service mysql.service mysqld.service'
  [ -z "$UNIT" ] || enable_after="$UNIT $(systemctl show -p After --value "$UNIT") $enable_after"
  enable_mounts=''
  for enable_path in "$JOB" "$HUB_DIRECTORY" "$CONFIG_PATH" "$ENVIRONMENT_PATH" "\${DATABASE_PATH:-}"; do
    [ -z "$enable_path" ] || enable_mounts="$enable_mounts $(unit_word "$enable_path")"
  done
  mkdir -p /etc/systemd/system/multi-user.target.wants || return 1
  cat >"$(executor_unit_file).new" <<UNIT_FILE || return 1
[Unit]
Description=Upgrade of JupyterHub in \${JOB##*/}
After=$enable_after
RequiresMountsFor=$enable_mounts
StartLimitIntervalSec=600
StartLimitBurst=20
CollectMode=inactive-or-failed

[Service]
ExecStart=/bin/sh $(unit_word "$JOB/programs/executor.sh") run $(unit_word "$JOB")
Restart=on-failure
RestartSec=1
# To the executor alone, which heeds it at once: a step that sees its processes end would take that for a failure.
KillMode=mixed
UNIT_FILE
  chmod 644 "$(executor_unit_file).new" && mv "$(executor_unit_file).new" "$(executor_unit_file)" || return 1
  ln -sf "../$(executor_unit)" "$(executor_unit_link)" || return 1
  flush "$(executor_unit_file)" /etc/systemd/system /etc/systemd/system/multi-user.target.wants
  systemctl daemon-reload
}

# unit_word TEXT: TEXT as one word of a unit's setting.
unit_word() { printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\\\"]/\\\\&/g; s/[%$]/&&/g')"; }

disable_executor_unit() {
  [ -e "$(executor_unit_file)" ] || return 0
  rm -f "$(executor_unit_link)" "$(executor_unit_file)"
  systemctl daemon-reload
}
`;

// src/host/programs.ts
var HUBDB = {
  "hubdb/__main__.py": main_default,
  "hubdb/command.py": command_default,
  "hubdb/database.py": database_default,
  "hubdb/digests.py": digests_default,
  "hubdb/facts.py": facts_default,
  "hubdb/inventory.py": inventory_default,
  "hubdb/lines.py": lines_default,
  "hubdb/making.py": making_default,
  "hubdb/loss.py": loss_default,
  "hubdb/myprograms.py": myprograms_default,
  "hubdb/myrights.py": myrights_default,
  "hubdb/myscratch.py": myscratch_default,
  "hubdb/mysql.py": mysql_default,
  "hubdb/pgprograms.py": pgprograms_default,
  "hubdb/pgrights.py": pgrights_default,
  "hubdb/pgscratch.py": pgscratch_default,
  "hubdb/pgsessions.py": pgsessions_default,
  "hubdb/postgresql.py": postgresql_default,
  "hubdb/programs.py": programs_default,
  "hubdb/revisions.py": revisions_default,
  "hubdb/scratch.py": scratch_default,
  "hubdb/server.py": server_default2,
  "hubdb/sqlite.py": sqlite_default2,
  "hubdb/tokens.py": tokens_default,
  "hubdb/values.py": values_default
};
var REACH = {
  "common.sh": common_default,
  "as-hub.sh": as_hub_default,
  "introspect.py": introspect_default,
  "introspect_traits.py": introspect_traits_default,
  ...HUBDB
};
var ENVIRONMENT = {
  "environment.sh": environment_default2,
  "environment.py": environment_default,
  "packages.py": packages_default,
  "outside.py": outside_default,
  "environments/pip.sh": pip_default,
  "environments/uv.sh": uv_default,
  "environments/conda.sh": conda_default
};
var DISCOVERY = {
  ...REACH,
  ...ENVIRONMENT,
  "discover.sh": discover_default,
  "neighbours.py": neighbours_default,
  "environments/detect.sh": detect_default
};
var RESOLUTION = { "common.sh": common_default, ...ENVIRONMENT, "resolve.sh": resolve_default };
var BACKUP = { ...REACH, ...ENVIRONMENT, "backup.sh": backup_default, "bundle.py": bundle_default };
var PROOF = { ...REACH, "prove.sh": prove_default };
var JOB = {
  ...REACH,
  "journal.sh": journal_default,
  "begin.sh": begin_default,
  "launch.sh": launch_default,
  "executor.sh": executor_default,
  "steps.sh": steps_default,
  "generations.sh": generations_default,
  "unit.sh": unit_default,
  "proxy.sh": proxy_default,
  "notice.sh": notice_default,
  "files.sh": files_default,
  "heads.py": heads_default,
  "plain-url.py": plain_url_default,
  "health.py": health_default,
  ...ENVIRONMENT,
  "services/systemd.sh": systemd_default,
  "services/commands.sh": commands_default,
  "environments/in-copy.sh": in_copy_default,
  "databases/sqlite.sh": sqlite_default,
  "databases/sqlite-files.sh": sqlite_files_default,
  "databases/server.sh": server_default,
  "rehearsal/rehearsal.sh": rehearsal_default,
  "rehearsal/access.py": access_default,
  "rehearsal/isolated.sh": isolated_default,
  "rehearsal/load.py": load_default,
  "rehearsal/migration_config.py": migration_config_default,
  "rehearsal/trial.py": trial_default,
  "rehearsal/trial_hub.py": trial_hub_default
};
var FOLLOW = { "common.sh": common_default, "journal.sh": journal_default, "follow.sh": follow_default };
var SIGNAL = { "common.sh": common_default, "journal.sh": journal_default, "signal.sh": signal_default };

// src/transaction/journal.ts
var EVENTS = [
  "open",
  "begin",
  "session",
  "done",
  "fail",
  "undo",
  "undone",
  "undo-failed",
  "note",
  "decision",
  "verdict"
];
var VERDICTS = ["committed", "rolled-back", "rollback-failed", "not-begun"];
function parseJournal(text2) {
  const end = text2.lastIndexOf("\n") + 1;
  const entries = text2.slice(0, end).split("\n").map(parseLine).filter((entry) => entry !== void 0);
  return { entries, rest: text2.slice(end) };
}
__name(parseJournal, "parseJournal");
function parseLine(line) {
  const match = /^(\d{1,15}) (\d{1,15}) ([a-z-]+) (-|[a-z][a-z-]*)(?: ([^\0-\x1f\x7f]*))?$/.exec(line);
  if (!match) return void 0;
  const [, time2 = "", logSize = "", event = "", step = "", rest = ""] = match;
  if (!isEvent(event)) return void 0;
  return { time: Number(time2), logSize: Number(logSize), event, step, rest };
}
__name(parseLine, "parseLine");
function isEvent(word) {
  return EVENTS.includes(word);
}
__name(isEvent, "isEvent");
var JournalView = class {
  static {
    __name(this, "JournalView");
  }
  entries = [];
  add(entries) {
    this.entries.push(...entries);
  }
  /** The newest note of this name. */
  note(name) {
    return this.notes(name).at(-1);
  }
  /** All notes of this name, oldest first. */
  notes(name) {
    return this.entries.filter((entry) => entry.event === "note" && entry.rest.startsWith(`${name} `)).map((entry) => entry.rest.slice(name.length + 1));
  }
  has(event, step) {
    return this.entries.some((entry) => entry.event === event && (step === void 0 || entry.step === step));
  }
  get verdict() {
    const entry = this.entries.find(({ event }) => event === "verdict");
    return entry && VERDICTS.includes(entry.rest) ? entry.rest : void 0;
  }
  /** The first step that failed, with the reason the host gave. */
  get failure() {
    const entry = this.entries.find(({ event }) => event === "fail");
    return entry && { step: entry.step, reason: entry.rest };
  }
  /** Whether the migration failed by itself: of the database, or in the rehearsal of a copy of it. */
  get migrationFailed() {
    const { step, reason = "" } = this.failure ?? {};
    const wasEnded = /^(asked to abort|max-downtime)/.test(reason);
    return step === "migrate" && !wasEnded || this.note("copy-not-migrated") !== void 0;
  }
  get decision() {
    return this.entries.find(({ event }) => event === "decision")?.rest;
  }
  /**
   * From the stop's begin to the moment a hub answered again, the new one or, after a rollback, the old one.
   * `from` is in centiseconds of that clock. Undefined when nothing was stopped or nothing answered.
   */
  get downtime() {
    const stop = this.entries.find(({ event, step }) => event === "begin" && step === "stop");
    const up = this.verdict === "rolled-back" ? this.note("restarted") : this.note("up");
    if (!stop || up === void 0 || !/^\d+$/.test(up)) return void 0;
    return { from: stop.time, seconds: (Number(up) - stop.time) / 100 };
  }
};

// src/transaction/job.ts
var Job = class {
  static {
    __name(this, "Job");
  }
  directory;
  view = new JournalView();
  #link;
  /** Bytes of journal and log seen so far: a new connection goes on from there. */
  #seen = { journal: 0, log: 0 };
  #torn = "";
  /** A character may come in two pieces, and on two connections. */
  #decoders = { journal: new StringDecoder2("utf8"), log: new StringDecoder2("utf8") };
  /** What came and is not shown yet: an entry waits for the log of before it. */
  #entries = [];
  #log = Buffer.alloc(0);
  #shown = 0;
  /** The entry that the watcher of now is shown as its last: what follows is for the next one. */
  #last = "";
  #isOver = false;
  constructor(link2, directory) {
    this.#link = link2;
    this.directory = directory;
  }
  /**
   * Ships the programs and starts the executor. Starting it again attaches to the same job, so a connection lost in the
   * middle does no harm. `parameters` may hold the secret HEALTH_TOKEN, which the host keeps apart and removes at the end.
   */
  async begin(parameters, payload) {
    const all = { HEALTH_TOKEN: "", ...parameters, JOB: this.directory, HUB_ENV: `${this.directory}/hub.env` };
    await this.#link.again(
      () => this.#link.run({
        script: "begin.sh",
        programs: JOB,
        parameters: all,
        ...payload ? { payload: payload() } : {}
      })
    );
  }
  /**
   * Follows the job until its verdict, or until `until` (`<event> <step>`) stands in its journal; what comes after that is
   * shown to whoever follows it next. A lost connection is made again and nothing is shown twice or left out. An executor
   * that died is started again once it was missed.
   */
  async follow(watcher, until, signal) {
    this.#last = until ?? "";
    this.#isOver = false;
    for (let restarts = 0; ; restarts += 1) {
      const end = await this.#link.again(
        () => this.#followOnce(watcher, until ?? "", signal),
        (error) => watcher.onLost?.(error)
      );
      if (end !== "dead" || restarts === 3) return end;
      await this.tell("launch", "");
    }
  }
  /**
   * Tells the job something: `go` ends its hold, `commit` and `abort` decide it, `cancel` is an abort that a hub verified
   * already does not heed, `launch` starts a dead executor again, `walk-back` lets a way back that failed go on. Returns the
   * decision as it stands then, which may be somebody else's.
   */
  async tell(what, reason) {
    const parameters = { JOB: this.directory, SIGNAL: what, REASON: reason };
    const answer = await this.#link.again(() => this.#link.run({ script: "signal.sh", programs: SIGNAL, parameters }));
    return answer.trim();
  }
  async #followOnce(watcher, until, signal) {
    let end;
    const frames = new Frames({
      log: /* @__PURE__ */ __name((bytes) => {
        this.#seen.log += bytes.length;
        this.#log = Buffer.concat([this.#log, bytes]);
        this.#show(watcher);
      }, "log"),
      journal: /* @__PURE__ */ __name((bytes) => {
        this.#seen.journal += bytes.length;
        const { entries, rest } = parseJournal(this.#torn + this.#decoders.journal.write(bytes));
        this.#torn = rest;
        this.view.add(entries);
        this.#entries.push(...entries);
        this.#show(watcher);
      }, "journal"),
      end: /* @__PURE__ */ __name((word) => {
        end = word;
      }, "end")
    });
    await this.#link.run({
      script: "follow.sh",
      programs: FOLLOW,
      parameters: {
        JOB: this.directory,
        UNTIL: until,
        JOURNAL_OFFSET: String(this.#seen.journal),
        LOG_OFFSET: String(this.#seen.log)
      },
      stdout: frames,
      ...signal ? { signal } : {}
    });
    if (end !== "until") {
      this.#last = "";
      this.#isOver = false;
    }
    this.#show(watcher);
    return end ?? "dead";
  }
  /** Hands on what came, each entry where it stands among the log's lines. */
  #show(watcher) {
    while (!this.#isOver && (this.#entries[0] || this.#log.length > 0)) {
      const [entry] = this.#entries;
      const before = entry ? entry.logSize - this.#shown : this.#log.length;
      if (entry && before <= 0) {
        this.#entries.shift();
        watcher.onEntry(entry);
        this.#isOver = `${entry.event} ${entry.step}` === this.#last;
        continue;
      }
      if (this.#log.length === 0) return;
      const part = this.#log.subarray(0, before);
      this.#log = this.#log.subarray(part.length);
      this.#shown += part.length;
      watcher.onLog(this.#decoders.log.write(part));
    }
  }
};
var Frames = class extends Writable {
  static {
    __name(this, "Frames");
  }
  #handlers;
  #header = "";
  #open;
  constructor(handlers) {
    super();
    this.#handlers = handlers;
  }
  _write(chunk, _encoding, done) {
    try {
      this.#take(chunk);
      done();
    } catch (error) {
      done(error);
    }
  }
  #take(chunk) {
    let at = 0;
    while (at < chunk.length) {
      if (this.#open) {
        const part = chunk.subarray(at, at + this.#open.left);
        at += part.length;
        this.#open.left -= part.length;
        this.#handlers[this.#open.name](part);
        if (this.#open.left === 0) this.#open = void 0;
        continue;
      }
      const newline = chunk.indexOf(10, at);
      const stop = newline === -1 ? chunk.length : newline;
      this.#header += chunk.toString("latin1", at, stop);
      at = stop + 1;
      if (newline === -1 && this.#header.length <= 64) return;
      this.#header = this.#read(this.#header);
    }
  }
  #read(header) {
    const frame = /^(journal|log) (\d{1,15})$/.exec(header);
    const end = /^end (verdict|until|dead)$/.exec(header);
    if (frame) this.#open = { name: frame[1], left: Number(frame[2]) };
    else if (end) this.#handlers.end(end[1]);
    else throw new Error("The host did not follow its own protocol.");
    return "";
  }
};

// src/transaction/walk-back.ts
function walkBack(directory, become) {
  const journal = shellQuote(`${directory}/journal`);
  const program = shellQuote(`${directory}/programs/executor.sh`);
  const commands = `sed -i '/ verdict - /d' ${journal} && sh ${program} run ${shellQuote(directory)} && tail -n 1 ${journal}`;
  return become === "sudo" ? `sudo sh -c ${shellQuote(commands)}` : commands;
}
__name(walkBack, "walkBack");

// src/modes/job-failure.ts
function failureOf(view, end, { directory, become, previous, backup: backup2, said, saidOfUndo }) {
  const release = previous ? `JupyterHub ${previous}` : "the old release";
  const failure3 = view.failure ?? { step: "confirm", reason: (view.decision ?? "").replace(/^\w+ /, "") };
  const fail = /* @__PURE__ */ __name((outcome, hub, next) => ({
    outcome,
    error: new UpgradeError([failure3.reason, ...said].join("\n"), { step: failure3.step, hub, next })
  }), "fail");
  const where = backup2 ? ` The backup is the artifact ${backup2.name} (id ${backup2.artifactId}).` : "";
  switch (end === "dead" ? "dead" : view.verdict) {
    case "not-begun":
      return fail("failed-before-change", untouched(view, release), "Mend the cause and run the job again.");
    case "rolled-back":
      return fail(
        "rolled-back",
        view.note("restarted") ? `The hub runs ${release} again, with the environment and the database of before the stop.` : "The hub has the environment and the database of before again. It did not run then, and does not run now.",
        `Mend the cause and run the job again.${where}`
      );
    case "rollback-failed":
      return fail(
        "rollback-failed",
        [
          "The way back did not succeed either, and no hub was seen to work since.",
          ...saidOfUndo,
          `Everything is in place on the host, in ${directory}.`
        ].join(" "),
        `Mend what ${directory}/log says at its end. Then walk the way back to its end on the host:
${walkBack(directory, become)}
Its last line ends with "rolled-back" when the old hub runs again.${where}`
      );
    default:
      return fail(
        "unknown",
        `The job in ${directory} died without a verdict: in what state the hub is now is not known.`,
        `Look at ${directory}/log on the host. The next run takes the job up and brings it to its end.${where}`
      );
  }
}
__name(failureOf, "failureOf");
function untouched(view, release) {
  switch (view.note("was-running")) {
    case "yes":
      return `Nothing was stopped: the hub runs ${release} as before.`;
    case "no":
      return "Nothing was changed: the hub did not run before, and does not run now.";
    default:
      return "This run stopped nothing and changed nothing.";
  }
}
__name(untouched, "untouched");

// src/modes/follow-job.ts
async function followJob(run, job, steps2, confirm, done) {
  const screen = new Screen(run, steps2, job.view);
  let end = await job.follow(screen, "begin confirm", run.signal);
  if (end === "until") {
    await confirm();
    end = await job.follow(screen, void 0, run.signal);
  }
  screen.close();
  report(run, job.view);
  if (end !== "dead" && job.view.verdict === "committed") return done;
  throw failure2(run, job, end, screen);
}
__name(followJob, "followJob");
async function followRehearsal(run, job, steps2) {
  const screen = new Screen(run, steps2, job.view);
  const end = await job.follow(screen, "done rehearse", run.signal);
  screen.close();
  const isAll = !steps2.some(({ name }) => name === "hold");
  if (end === "until" || isAll && job.view.has("done", "rehearse")) return;
  report(run, job.view);
  throw failure2(run, job, end, screen);
}
__name(followRehearsal, "followRehearsal");
function failure2(run, job, end, { lastWords, lastWordsOfUndo }) {
  const { outcome, error } = failureOf(job.view, end, {
    directory: job.directory,
    become: run.link.become,
    previous: run.result.versions.previous,
    backup: run.result.backup,
    said: lastWords,
    saidOfUndo: lastWordsOfUndo
  });
  run.result.outcome = outcome;
  return error;
}
__name(failure2, "failure");
var WITHOUT_UNDO = ["rehearse", "hold", "inspect", "migrate", "verify", "confirm"];
var Screen = class {
  static {
    __name(this, "Screen");
  }
  #run;
  #titles;
  #open = /* @__PURE__ */ new Map();
  #view;
  #line = "";
  /** What the host printed since the last step began, the newest lines. */
  #recent = [];
  /** What the step that failed printed at its end, and the way back that failed. */
  lastWords = [];
  lastWordsOfUndo = [];
  constructor(run, steps2, view) {
    this.#run = run;
    this.#view = view;
    this.#titles = new Map(steps2.map(({ name, title }) => [name, title]));
  }
  onLog(text2) {
    const lines = (this.#line + text2).split("\n");
    this.#line = lines.pop() ?? "";
    for (const line of lines) this.#run.log.remote(line);
    this.#recent = [...this.#recent, ...lines].slice(-3);
  }
  onLost() {
    this.#run.log.info("The connection to the host was lost; the host goes on, and the connection is made again.");
  }
  onEntry({ time: time2, event, step, rest }) {
    const { log } = this.#run;
    const title = this.#titles.get(step) ?? step;
    if (event === "begin" && this.#titles.has(step)) this.#begin(step, step, title, time2);
    else if (event === "done") this.#end(step, "done", time2);
    else if (event === "fail") {
      this.lastWords = this.#recent;
      this.#end(step, "failed", time2, rest);
    } else if (event === "undo" && !WITHOUT_UNDO.includes(step))
      this.#begin(`undo ${step}`, `undo-${step}`, `Undo: ${title}`, time2);
    else if (event === "undone") this.#end(`undo ${step}`, "undone", time2);
    else if (event === "undo-failed") {
      this.lastWordsOfUndo = this.#recent;
      this.#end(`undo ${step}`, "undo-failed", time2);
    } else if (event === "decision") log.info(`Decided: ${rest}`);
    else if (event === "note" && rest.startsWith("up ")) log.info("The hub answers again.");
  }
  close() {
    if (this.#line !== "") this.#run.log.remote(this.#line);
    this.#line = "";
    for (const { step } of this.#open.values()) step.end("failed", { note: "not finished" });
    this.#open.clear();
  }
  #begin(key, name, title, time2) {
    this.#recent = [];
    const since = time2 - (this.#view.entries[0]?.time ?? time2);
    const startedAt = this.#run.jobStartedAt + since / 100;
    this.#open.set(key, { step: this.#run.log.begin(name, title, "host", startedAt), time: time2 });
  }
  #end(key, outcome, time2, note) {
    const open = this.#open.get(key);
    this.#open.delete(key);
    open?.step.end(outcome, { seconds: (time2 - open.time) / 100, ...note === void 0 ? {} : { note } });
  }
};
function report({ result, jobStartedAt }, view) {
  const [first] = view.entries;
  const { downtime, verdict: verdict2 } = view;
  if (downtime && first) {
    result.downtime = { startedAt: jobStartedAt + (downtime.from - first.time) / 100, seconds: downtime.seconds };
  }
  result.notified.push(...view.notes("notified"));
  result.warnings.push(...view.notes("not-notified"));
  result.guarantees.push(
    ...view.notes("kept").filter(Boolean).map((what) => `Kept on the host, see keep-host-backups: ${what}.`)
  );
  result.notTried.push(...view.notes("not-tried"));
  const target = view.note("target-version");
  const previous = view.note("previous-version");
  if (previous) result.versions.previous ??= previous;
  if (verdict2 === "rolled-back" || verdict2 === "not-begun") leftAsBefore(result);
  if (verdict2 === "committed") {
    if (target) result.versions.current = target;
    const revision = view.note("revision");
    if (revision) result.revisions.current = revision;
    const compare = parseCompare(view.note("compare"));
    if (compare) {
      result.rows.before = compare.before;
      result.rows.after = compare.after;
      if (view.note("token") === "made" && result.rows.after.tokens) result.rows.after.tokens -= 1;
    }
    const survivors = new Set((view.note("servers-after") ?? "").split(" "));
    const routes = parseRoutes(view.note("routes-after"));
    for (const server of result.servers) {
      if (server.pid !== void 0) server.survived = survivors.has(String(server.pid));
      const reached = routes.get(JSON.stringify([server.user, server.name]));
      if (reached !== void 0) server.reached = reached;
    }
    result.warnings.push(...brokenPromises(result));
  }
  const sessions = view.note("foreign-sessions");
  if (sessions) result.warnings.push(`Others had sessions on the database before it was put back: ${named(sessions)}.`);
  if (view.note("lost-new-database")) {
    result.warnings.push("What the new hub wrote before it was taken back could not be kept.");
  }
  const kept = view.note("kept-new-database");
  if (kept) {
    const written = addedKeys(view.note("written-to-new"));
    result.warnings.push(
      `The new hub had started before it was taken back; what it wrote is kept on the host in ${kept}${written === "" ? "" : `, among it, new: ${written}`}.`
    );
  }
}
__name(report, "report");
function leftAsBefore({ versions: versions2, revisions }) {
  if (versions2.previous) versions2.current = versions2.previous;
  if (revisions.previous) revisions.current = revisions.previous;
}
__name(leftAsBefore, "leftAsBefore");
function named(json) {
  try {
    const sessions = JSON.parse(json);
    return sessions.slice(0, 20).map(
      ({ user, from, since, application }) => [application, user, from && `from ${from}`, since && `since ${since}`].filter(Boolean).join(" ")
    ).join("; ");
  } catch {
    return "see the log";
  }
}
__name(named, "named");
function parseRoutes(json) {
  try {
    const { reached = [], missed = [] } = JSON.parse(json ?? "");
    const all = [...reached.map((key) => [key, true]), ...missed.map((key) => [key, false])];
    return new Map(all.map(([key, value]) => [JSON.stringify(key), value]));
  } catch {
    return /* @__PURE__ */ new Map();
  }
}
__name(parseRoutes, "parseRoutes");
function brokenPromises({ plan, servers: servers2 }) {
  if (plan?.document?.survival.servers.fate !== "goes on") return [];
  const lost = servers2.filter(({ survived, reached }) => survived === false || reached === false);
  const names = lost.slice(0, 20).map(({ user, name }) => name === "" ? user : `${user}/${name}`);
  return names.length === 0 ? [] : [
    `The plan said that user servers go on, and these ended or are not reached through the proxy: ${names.join(", ")}.`
  ];
}
__name(brokenPromises, "brokenPromises");
function addedKeys(json) {
  try {
    const { added } = JSON.parse(json ?? "");
    return Object.entries(added ?? {}).filter(([, { count: count2 = 0 }]) => count2 > 0).map(
      ([kind, { count: count2, first = [] }]) => `${count2} ${kind} (${first.map((key) => [key].flat().join(" ")).join(", ")})`
    ).join("; ");
  } catch {
    return "";
  }
}
__name(addedKeys, "addedKeys");
function parseCompare(json) {
  try {
    const { counts } = JSON.parse(json ?? "");
    const pick = /* @__PURE__ */ __name((index) => Object.fromEntries(
      Object.entries(counts ?? {}).flatMap(
        ([kind, pair]) => Array.isArray(pair) && typeof pair[index] === "number" ? [[kind, pair[index]]] : []
      )
    ), "pick");
    return { before: pick(0), after: pick(1) };
  } catch {
    return void 0;
  }
}
__name(parseCompare, "parseCompare");

// src/modes/run.ts
function freshResult(inputs, context) {
  return {
    version: 1,
    outcome: "failed-before-change",
    mode: inputs.mode,
    host: inputs.connection.host,
    service: inputs.hub.serviceManager === "commands" ? "stop-command and start-command" : inputs.hub.service,
    run: { id: context.runId, url: context.runUrl },
    versions: {},
    revisions: {},
    steps: [],
    rows: {},
    servers: [],
    notified: [],
    notTried: [],
    guarantees: [],
    warnings: [],
    advice: []
  };
}
__name(freshResult, "freshResult");

export {
  createLog,
  shellQuote,
  adviceLines,
  planLines,
  verdictOf,
  renderSummary,
  CommandFailed,
  maySudo,
  Link,
  DISCOVERY,
  RESOLUTION,
  BACKUP,
  PROOF,
  Job,
  followJob,
  followRehearsal,
  leftAsBefore,
  freshResult
};
