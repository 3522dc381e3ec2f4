import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  RULES,
  absolutePath,
  ageIdentities,
  ageRecipient,
  anything,
  artifactName,
  channel,
  constraintsFile,
  environmentDirectory,
  fingerprint,
  githubId,
  hostName,
  hubAddress,
  hubUser,
  hubVersion,
  isPostQuantum,
  lineTrouble,
  oneOf,
  readState,
  requirement,
  sealingPassphrase,
  sentence,
  serviceUnit,
  token,
  truth,
  userName,
  webhook,
  wholeNumber
} from "./chunk-PQ74MC3Z.mjs";
import {
  addMask,
  checkPrivateKey,
  hostKeyPins,
  oneLine,
  parseKnownHosts,
  readApproval,
  workflowCommand
} from "./chunk-E4VIEVVY.mjs";
import {
  __name
} from "./chunk-MY7DWCCO.mjs";

// src/action.ts
import { appendFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";

// src/inputs/definitions.ts
var INPUT_DEFAULTS = {
  mode: "upgrade",
  "target-version": "",
  "accept-advice": "",
  "approved-plan": "",
  rehearse: "",
  host: "",
  port: "22",
  username: "",
  "ssh-private-key": "",
  "ssh-passphrase": "",
  "known-hosts": "",
  "host-fingerprint": "",
  "connect-timeout": "20",
  "config-path": "",
  "environment-path": "",
  "package-manager": "auto",
  "extra-packages": "",
  constraints: "",
  "require-hashes": "false",
  channels: "",
  service: "jupyterhub",
  "service-manager": "auto",
  "stop-command": "",
  "start-command": "",
  become: "auto",
  "database-strategy": "migrate",
  "accept-data-loss": "false",
  "allow-token-loss": "false",
  "age-recipients": "",
  "backup-passphrase": "",
  "allow-unsealed-backup": "false",
  "allow-unproven-backup": "false",
  "artifact-name": "",
  "retention-days": "",
  "extra-backup-paths": "",
  "notify-hub": "true",
  "notify-command": "",
  "notify-webhook-url": "",
  "notify-message": "JupyterHub is about to be upgraded and will be away for a short while. Please save your work now.",
  "notify-lead-time": "60",
  "notify-required": "true",
  "max-downtime": "600",
  "confirm-timeout": "120",
  "keep-host-backups": "2",
  "health-url": "",
  "health-token": "",
  "canary-user": "",
  "artifact-id": "",
  "run-id": "",
  "github-token": "",
  "age-identity": ""
};
var INPUT_NAMES = Object.keys(INPUT_DEFAULTS);
var SECRET_INPUTS = [
  "ssh-private-key",
  "ssh-passphrase",
  "backup-passphrase",
  "notify-webhook-url",
  "health-token",
  "github-token",
  "age-identity"
];
var RESTORE_INPUTS = ["artifact-id", "run-id", "github-token", "age-identity"];
function environmentName(input) {
  return `INPUT_${input.replaceAll(" ", "_").toUpperCase()}`;
}
__name(environmentName, "environmentName");

// src/inputs/nearest.ts
function nearest(text, words) {
  let best;
  let least = Math.floor(text.length / 3) + 1;
  for (const word of words) {
    const distance = editDistance(text, word);
    if (distance < least) [best, least] = [word, distance];
  }
  return best;
}
__name(nearest, "nearest");
function editDistance(from, to) {
  let beforePrevious = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const at = /* @__PURE__ */ __name((line, index) => line[index] ?? Number.POSITIVE_INFINITY, "at");
      let cost = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1)
      );
      if (from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        cost = Math.min(cost, at(beforePrevious, column - 2) + 1);
      }
      current.push(cost);
    }
    [beforePrevious, previous] = [previous, current];
  }
  return previous[to.length] ?? 0;
}
__name(editDistance, "editDistance");

// src/inputs/form.ts
var InputError = class extends Error {
  static {
    __name(this, "InputError");
  }
  problems;
  constructor(problems) {
    const count = problems.length === 1 ? "One input needs" : `${problems.length} things in the inputs need`;
    const list = problems.map(({ input, problem }) => `- ${input}: ${problem}`).join("\n");
    super(`${count} your attention. Nothing was connected to and nothing was changed.
${list}`);
    this.name = "InputError";
    this.problems = problems;
  }
};
var UNQUOTED = [
  ...SECRET_INPUTS,
  "stop-command",
  "start-command",
  "notify-command",
  "known-hosts"
];
var PRIVATE = /PRIVATE KEY-----|AGE-SECRET-KEY-/i;
var Form = class {
  static {
    __name(this, "Form");
  }
  #environment;
  #mask;
  #secrets = [];
  #problems = [];
  /** Masks every secret before anything else happens. */
  constructor(environment, mask) {
    this.#environment = environment;
    this.#mask = mask;
    const secret = new Set(SECRET_INPUTS.map(environmentName));
    for (const [name, text = ""] of Object.entries(environment)) {
      if (!name.startsWith("INPUT_") || text.trim() === "") continue;
      if (!secret.has(name) && !PRIVATE.test(text)) continue;
      mask(text);
      this.#secrets.push(
        ...text.split(/[\r\n]+/).map((line) => line.trim()).filter((line) => line !== "")
      );
    }
  }
  /** The text as given; an input left empty has its default. */
  text(name) {
    const text = this.#environment[environmentName(name)] ?? "";
    return text.trim() === "" ? INPUT_DEFAULTS[name] : text;
  }
  /** Whether the input says something else than its default. */
  given(name) {
    return this.text(name).trim() !== INPUT_DEFAULTS[name];
  }
  /** One line. Empty is a problem. */
  required(name, grammar, missing) {
    if (this.text(name) === "") return this.refuse(name, `is empty; ${missing}`);
    return this.#read(name, this.text(name).trim(), grammar);
  }
  /** One line with a default. */
  value(name, grammar) {
    return this.#read(name, this.text(name).trim(), grammar);
  }
  /** One line, or undefined. */
  optional(name, grammar) {
    return this.text(name) === "" ? void 0 : this.value(name, grammar);
  }
  /** One line of which nothing but a newline at its end may be dropped, or undefined. */
  secret(name, grammar) {
    const text = this.text(name).replace(/\r?\n$/, "");
    return text === "" ? void 0 : this.#check(name, text, grammar);
  }
  /** Items between `separator`s, each one line; no item twice, comments (`# …`) left out. */
  list(name, separator, grammar) {
    const items = this.text(name).split(separator).map((item) => item.trim()).filter((item) => item !== "" && !item.startsWith("#"));
    return [...new Set(items.map((item) => this.#read(name, item, grammar)))];
  }
  /** Several lines, taken as a whole. */
  block(name, grammar) {
    const text = this.text(name);
    if (text.includes("\0")) return this.refuse(name, "contains a NUL character; remove it");
    return this.take(name, text, grammar(text));
  }
  /** What a check made of `text`. A secret that was repaired is masked in its new spelling too. */
  take(name, text, checked) {
    if ("problem" in checked) return this.refuse(name, `${this.#quote(name, text)}${checked.problem}`);
    const { value } = checked;
    const isSecret = SECRET_INPUTS.includes(name);
    if (isSecret && typeof value === "string" && value !== text) this.#mask(value);
    return value;
  }
  /** Whether none of these inputs was refused so far. */
  sound(...names) {
    return !this.#problems.some(({ input }) => names.includes(input));
  }
  /** Notes a problem. The problem is said of the input: `is empty; …`. */
  refuse(name, problem) {
    this.#problems.push({ input: name, problem });
    return void 0;
  }
  /** Throws when there was any problem, the unknown inputs among them. */
  finish() {
    const place = /* @__PURE__ */ __name((problem) => INPUT_NAMES.indexOf(problem.input), "place");
    const problems = [...this.#unknown(), ...this.#problems].sort((one, other) => place(one) - place(other));
    if (problems.length === 0) return;
    throw new InputError(problems.map(({ input, problem }) => ({ input, problem: this.#hide(problem) })));
  }
  /**
   * As the runner would print it: a secret may stand in any input, even in one that was not refused itself. Less than
   * four characters are no secret, and are in every sentence.
   */
  #hide(text) {
    const secrets = this.#secrets.filter((secret) => secret.length >= 4);
    return secrets.reduce((shown, secret) => shown.replaceAll(secret, "***"), text);
  }
  #read(name, text, grammar) {
    if (text.startsWith("-")) return this.take(name, text, { problem: 'begins with "-"; write it without' });
    return this.#check(name, text, grammar);
  }
  #check(name, text, grammar) {
    const trouble = lineTrouble(text);
    return this.take(name, text, trouble === void 0 ? grammar(text) : { problem: trouble });
  }
  /** `"text" ` for a problem, or nothing where the text is or may hold a secret, or is no line to be read. */
  #quote(name, text) {
    const hidden = UNQUOTED.includes(name) || PRIVATE.test(text) || text.includes("://") || text.length > 80 || lineTrouble(text) !== void 0;
    return hidden ? "" : `"${text}" `;
  }
  #unknown() {
    const known = new Set(INPUT_NAMES.map(environmentName));
    return Object.keys(this.#environment).filter((name) => name.startsWith("INPUT_") && !known.has(name)).map((name) => {
      const input = this.#hide(oneLine(name.slice("INPUT_".length).toLowerCase(), 80));
      const meant = nearest(input.replaceAll("_", "-"), INPUT_NAMES);
      const hint = meant === void 0 ? "remove it" : `${meant} may be meant`;
      return { input, problem: `is not an input of this action; ${hint}` };
    });
  }
};

// src/inputs/packages.ts
function readPackages(form, changesVersion) {
  const packages = {
    extra: form.list("extra-packages", /\n/, requirement),
    constraints: form.given("constraints") ? form.block("constraints", constraintsFile) : void 0,
    requireHashes: form.value("require-hashes", truth),
    channels: form.list("channels", /[\s,]+/, channel)
  };
  for (const name of ["extra-packages", "constraints", "require-hashes", "channels"]) {
    if (form.given(name) && !changesVersion) {
      form.refuse(name, "has no meaning in this mode, which upgrades no package; remove it");
    }
  }
  const manager = form.text("package-manager").trim();
  if (form.given("channels") && (manager === "pip" || manager === "uv")) {
    form.refuse("channels", `are for conda, but package-manager is ${manager}; remove one of them`);
  }
  for (const name of ["constraints", "require-hashes"]) {
    if (form.given(name) && manager === "conda") {
      form.refuse(name, "is for pip and uv, but package-manager is conda; remove one of them");
    }
  }
  if (packages.requireHashes === true) {
    if (!form.given("constraints")) {
      form.refuse("require-hashes", "needs the list with all digests in constraints; write it there");
    }
    if (form.given("extra-packages")) {
      form.refuse(
        "extra-packages",
        "would not be used: with require-hashes, what is in constraints is installed; remove it"
      );
    }
  }
  return packages;
}
__name(readPackages, "readPackages");

// src/inputs.ts
async function readInputs(environment, mask = addMask) {
  const form = new Form(environment, mask);
  const mode = form.value("mode", oneOf("upgrade", "plan", "backup", "restore"));
  const unsealed = form.value("allow-unsealed-backup", truth);
  const inputs = {
    mode,
    targetVersion: readTargetVersion(form, mode),
    acceptAdvice: readAcceptAdvice(form, mode),
    approvedPlan: readApprovedPlan(form, mode),
    rehearse: readRehearse(form, mode),
    connection: await readConnection(form),
    hub: readHub(form),
    packages: readPackages(form, mode === "upgrade" || mode === "plan"),
    database: readDatabase(form, mode),
    backup: {
      seal: readSeal(form, mode, unsealed),
      allowUnproven: form.value("allow-unproven-backup", truth),
      artifactName: form.optional("artifact-name", artifactName),
      retentionDays: form.optional("retention-days", wholeNumber(1, 90, "of days")),
      extraPaths: form.list("extra-backup-paths", /\n/, absolutePath)
    },
    notify: {
      hub: form.value("notify-hub", truth),
      command: form.optional("notify-command", anything),
      webhookUrl: form.optional("notify-webhook-url", webhook),
      message: form.value("notify-message", sentence),
      leadTime: form.value("notify-lead-time", wholeNumber(0, 86400, "of seconds")),
      required: form.value("notify-required", truth)
    },
    maxDowntime: form.value("max-downtime", wholeNumber(1, 86400, "of seconds")),
    confirmTimeout: form.value("confirm-timeout", wholeNumber(1, 3600, "of seconds")),
    keepHostBackups: form.value("keep-host-backups", wholeNumber(1, 20)),
    verify: {
      healthUrl: form.optional("health-url", hubAddress),
      healthToken: form.secret("health-token", token),
      canaryUser: form.optional("canary-user", hubUser)
    }
  };
  const restore = readRestore(form, mode, unsealed);
  if (restore !== void 0) inputs.restore = restore;
  if (mode === "restore" && form.given("canary-user") && !form.given("health-token")) {
    form.refuse("canary-user", "needs a health-token in mode restore, where no token is made for the checks");
  }
  form.finish();
  return inputs;
}
__name(readInputs, "readInputs");
function readAcceptAdvice(form, mode) {
  if (form.given("accept-advice") && (mode === "backup" || mode === "restore")) {
    form.refuse("accept-advice", `has no meaning in mode ${mode}, which changes no version; remove it`);
  }
  return form.list("accept-advice", /[\s,]+/, oneOf(...RULES.map(({ id }) => id)));
}
__name(readAcceptAdvice, "readAcceptAdvice");
function readApprovedPlan(form, mode) {
  if (form.given("approved-plan") && form.sound("mode") && mode !== "upgrade") {
    form.refuse("approved-plan", `has no meaning in mode ${mode}, which upgrades nothing; remove it`);
  }
  return form.optional("approved-plan", (text) => {
    const approved = readApproval(text);
    return approved === void 0 ? {
      problem: "is not a plan-digest, or not all of it; write the output plan-digest of the plan that was approved"
    } : { value: approved };
  });
}
__name(readApprovedPlan, "readApprovedPlan");
function readRehearse(form, mode) {
  const rehearse = form.optional("rehearse", truth);
  if (mode === "backup" || mode === "restore") {
    if (form.given("rehearse"))
      form.refuse("rehearse", `has no meaning in mode ${mode}, which upgrades nothing; remove it`);
    return "never";
  }
  if (rehearse === void 0) return mode === "plan" ? "later" : "now";
  return rehearse ? "now" : "never";
}
__name(readRehearse, "readRehearse");
function readTargetVersion(form, mode) {
  if (mode === "upgrade" || mode === "plan") {
    return form.required("target-version", hubVersion, "write the version to upgrade to, for example 6.1.1, or latest");
  }
  const version = form.optional("target-version", hubVersion);
  if (version !== void 0 && form.sound("mode")) {
    form.refuse("target-version", `has no meaning in mode ${mode}, which changes no version; remove it`);
  }
  return "";
}
__name(readTargetVersion, "readTargetVersion");
async function readConnection(form) {
  const host = form.required("host", hostName, "write the name or address of the machine that JupyterHub runs on");
  const port = form.value("port", wholeNumber(1, 65535));
  const username = form.required("username", userName, "write the login name for the machine");
  if (form.sound("username") && username.toLowerCase().endsWith(`@${host}`)) {
    form.refuse("username", 'names the machine too; write only what stands before the "@"');
  }
  const passphrase = form.secret("ssh-passphrase", anything);
  const privateKey = await readPrivateKey(form, passphrase);
  const trust = readTrust(form, host, port);
  const connectTimeout = form.value("connect-timeout", wholeNumber(1, 600, "of seconds"));
  return { host, port, username, privateKey, ...passphrase !== void 0 && { passphrase }, trust, connectTimeout };
}
__name(readConnection, "readConnection");
async function readPrivateKey(form, passphrase) {
  const text = form.block("ssh-private-key", anything);
  if (text === "") {
    return form.refuse(
      "ssh-private-key",
      "is empty; write the private key, by the name of its secret (a secret that does not exist here is empty too)"
    );
  }
  if (!form.sound("ssh-private-key", "ssh-passphrase")) return text;
  const checked = await checkPrivateKey(text, passphrase);
  return form.take("ssh-private-key", text, "key" in checked ? { value: checked.key } : checked);
}
__name(readPrivateKey, "readPrivateKey");
function readTrust(form, host, port) {
  const advice = 'write the line that "ssh-keyscan" prints for the host, after comparing it on the host itself';
  const fingerprints = form.list("host-fingerprint", /[\s,]+/, fingerprint);
  if (form.given("known-hosts") && form.given("host-fingerprint")) {
    return form.refuse("known-hosts", "is given together with host-fingerprint; remove one of them");
  }
  if (form.given("host-fingerprint")) return { fingerprints };
  if (!form.given("known-hosts")) {
    return form.refuse("known-hosts", `is empty, and so is host-fingerprint; ${advice}, or its SHA256: fingerprint`);
  }
  const hostIsKnown = form.sound("host", "port");
  const knownHosts = form.block("known-hosts", (text) => {
    const found = hostIsKnown ? hostKeyPins({ knownHosts: text }, host, port) : parseKnownHosts(text);
    const problems = "problems" in found ? found.problems : [];
    return problems.length === 0 ? { value: text } : { problem: `${problems.join(" ")} To repair it, ${advice}.` };
  });
  return { knownHosts };
}
__name(readTrust, "readTrust");
function readHub(form) {
  const serviceManager = form.value("service-manager", oneOf("auto", "systemd", "commands"));
  const commands = ["stop-command", "start-command"];
  if (serviceManager === "commands") {
    for (const name of commands) {
      if (!form.given(name))
        form.refuse(name, "is empty; service-manager: commands needs a command to stop and one to start");
    }
    if (form.given("service")) {
      form.refuse("service", "names a systemd unit, but service-manager is commands; remove one of them");
    }
  } else if (form.sound("service-manager")) {
    for (const name of commands) {
      if (form.given(name)) form.refuse(name, "would not be used; write service-manager: commands, or remove it");
    }
  }
  return {
    configPath: form.optional("config-path", absolutePath),
    environmentPath: form.optional("environment-path", environmentDirectory),
    packageManager: form.value("package-manager", oneOf("auto", "pip", "uv", "conda")),
    service: form.value("service", serviceUnit),
    serviceManager,
    stopCommand: form.optional("stop-command", anything),
    startCommand: form.optional("start-command", anything),
    become: form.value("become", oneOf("auto", "sudo", "none"))
  };
}
__name(readHub, "readHub");
function readDatabase(form, mode) {
  const strategy = form.value("database-strategy", oneOf("migrate", "fresh"));
  const acceptLoss = form.value("accept-data-loss", truth);
  if (strategy === "fresh" && (mode === "backup" || mode === "restore")) {
    form.refuse("database-strategy", `has no meaning in mode ${mode}, which migrates nothing; remove it`);
  }
  if (acceptLoss && strategy === "migrate" && form.sound("database-strategy")) {
    form.refuse(
      "accept-data-loss",
      "would not be used, as nothing is lost; write database-strategy: fresh, or remove it"
    );
  }
  return { strategy, acceptLoss, allowTokenLoss: form.value("allow-token-loss", truth) };
}
__name(readDatabase, "readDatabase");
function readSeal(form, mode, unsealed) {
  const recipients = form.list("age-recipients", /[\n,]/, ageRecipient);
  const passphrase = form.secret("backup-passphrase", mode === "restore" ? anything : sealingPassphrase);
  if (form.sound("age-recipients") && recipients.some(isPostQuantum) && !recipients.every(isPostQuantum)) {
    form.refuse("age-recipients", "mixes post-quantum recipients with others, which age refuses to; write one kind");
  }
  if (form.given("age-recipients") && form.given("backup-passphrase")) {
    form.refuse("backup-passphrase", "is given together with age-recipients; remove one of them");
  }
  if (passphrase !== void 0) return { kind: "passphrase", passphrase };
  if (recipients.length > 0) return { kind: "recipients", recipients };
  const seals = mode === "upgrade" || mode === "backup";
  if (form.sound("mode", "backup-passphrase") && seals && unsealed === false) {
    form.refuse(
      "age-recipients",
      "is empty, and so is backup-passphrase: the backup holds passwords and tokens, and whoever reads the repository can download it; write one of the two, or allow-unsealed-backup: true"
    );
  }
  return { kind: "none" };
}
__name(readSeal, "readSeal");
function readRestore(form, mode, unsealed) {
  const runId = form.optional("run-id", githubId);
  const githubToken = form.secret("github-token", token);
  const identity = form.given("age-identity") ? form.block("age-identity", ageIdentities) : void 0;
  if (mode !== "restore") {
    form.optional("artifact-id", githubId);
    for (const name of RESTORE_INPUTS) {
      if (form.given(name) && form.sound("mode"))
        form.refuse(name, `is for mode restore only; remove it in mode ${mode}`);
    }
    return void 0;
  }
  const artifactId = form.optional("artifact-id", githubId);
  if (form.given("run-id") && githubToken === void 0 && form.sound("github-token")) {
    form.refuse(
      "github-token",
      "is empty; to fetch the artifact of another run write github.token, in a job with the permission actions: read"
    );
  }
  const openers = ["age-identity", "backup-passphrase"];
  if (openers.every((name) => form.given(name))) {
    form.refuse("age-identity", "is given together with backup-passphrase; write the one that opens this backup");
  }
  if (form.given("artifact-id") && !openers.some((name) => form.given(name)) && unsealed === false) {
    form.refuse(
      "age-identity",
      "is empty, and so is backup-passphrase; write the one that opens this backup, or allow-unsealed-backup: true"
    );
  }
  return { artifactId, runId, githubToken, identity };
}
__name(readRestore, "readRestore");

// src/run-context.ts
import { tmpdir } from "node:os";
function readRunContext(environment) {
  const pick = /* @__PURE__ */ __name((name, shape, local) => {
    const text = environment[name] ?? "";
    return shape.test(text) ? text : local;
  }, "pick");
  const runId = pick("GITHUB_RUN_ID", /^\d{1,20}$/, "local");
  const runAttempt = pick("GITHUB_RUN_ATTEMPT", /^\d{1,10}$/, "1");
  const repository = pick("GITHUB_REPOSITORY", /^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+$/, "local/local");
  const server = pick("GITHUB_SERVER_URL", /^https?:\/\/[A-Za-z0-9.:[\]-]+\/?$/, "https://github.com");
  const serverUrl = server.replace(/\/$/, "");
  const isRun = runId !== "local" && repository !== "local/local";
  return {
    runId,
    runAttempt,
    repository,
    serverUrl,
    runUrl: isRun ? `${serverUrl}/${repository}/actions/runs/${runId}/attempts/${runAttempt}` : "local",
    tempDir: pick("RUNNER_TEMP", /^\/|^[A-Za-z]:\\/, tmpdir()),
    outputFile: environment.GITHUB_OUTPUT ?? "",
    summaryFile: environment.GITHUB_STEP_SUMMARY ?? "",
    actor: pick("GITHUB_ACTOR", /^[A-Za-z0-9_.[\]-]+$/, "local"),
    debug: environment.RUNNER_DEBUG === "1"
  };
}
__name(readRunContext, "readRunContext");

// src/action.ts
async function main(environment) {
  process.exitCode = 1;
  let inputs;
  try {
    inputs = await readInputs(environment);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stdout.write(`${workflowCommand("error", error.message, { title: "Inputs" })}
`);
    const { outputFile } = readRunContext(environment);
    if (outputFile) appendFileSync(outputFile, "outcome=failed-before-change\nfailed-step=inputs\n");
    return;
  }
  setFlagsFromString("--scavenger-max-new-space-capacity-mb=4");
  const { carryOut } = await import("./modes-BQVCRMFZ.mjs");
  await end(await carryOut(inputs, readRunContext(environment)));
}
__name(main, "main");
async function post(environment) {
  process.exitCode = 1;
  const state = readState(environment);
  if (state.phase !== "host-job") {
    process.exitCode = 0;
    return;
  }
  const { finishJob } = await import("./post-224F2EJG.mjs");
  const { job, backup } = state;
  await end(await finishJob(await readInputs(environment), readRunContext(environment), job, backup));
}
__name(post, "post");
async function end(code) {
  await new Promise((resolve) => process.stdout.write("", resolve));
  process.exit(code);
}
__name(end, "end");

export {
  main,
  post
};
