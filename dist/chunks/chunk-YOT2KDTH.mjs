import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  RULES,
  ageIdentities,
  ageRecipient,
  isPostQuantum,
  readState
} from "./chunk-6E4YAZG7.mjs";
import {
  addMask,
  checkPrivateKey,
  hostKeyPins,
  parseKnownHosts,
  readApproval,
  workflowCommand
} from "./chunk-OWL5H37P.mjs";
import {
  oneLine
} from "./chunk-GMAGFIF4.mjs";
import {
  explain
} from "./chunk-CU3ASNB5.mjs";
import {
  __name
} from "./chunk-MY7DWCCO.mjs";

// src/action.ts
import { appendFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";

// src/inputs/grammar.ts
import { isIPv4, isIPv6 } from "node:net";
function lineTrouble(text) {
  if (text.includes("\0")) return "contains a NUL character; remove it";
  if (/[\n\r\u0085\u2028\u2029]/.test(text)) return "spans several lines; write it in one line";
  if (new RegExp("\\p{Cc}", "u").test(text)) return "contains a control character; remove it";
  return void 0;
}
__name(lineTrouble, "lineTrouble");
var anything = /* @__PURE__ */ __name((text) => ({ value: text }), "anything");
function oneOf(...words) {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    return word === void 0 ? { problem: `is not known here; write ${either(words)}` } : { value: word };
  };
}
__name(oneOf, "oneOf");
var truth = /* @__PURE__ */ __name((text) => {
  if (text === "true" || text === "false") return { value: text === "true" };
  return { problem: "is neither true nor false; write true or false, in small letters" };
}, "truth");
function wholeNumber(least, most, unit = "") {
  return (text) => {
    const value = Number(text);
    if (/^(0|[1-9]\d*)$/.test(text) && value >= least && value <= most) return { value };
    return {
      problem: `is not a whole number ${unit === "" ? "" : `${unit} `}from ${least} to ${most}; write digits only`
    };
  };
}
__name(wholeNumber, "wholeNumber");
var githubId = /* @__PURE__ */ __name((text) => {
  const value = Number(text);
  if (/^[1-9]\d*$/.test(text) && Number.isSafeInteger(value)) return { value };
  return { problem: "is not an id of GitHub; write only its digits, as they stand at the end of its web address" };
}, "githubId");
var hubVersion = /* @__PURE__ */ __name((text) => {
  const write = "write one version, for example 6.1.1, or latest";
  if (text === "latest") return { value: text };
  if (text.toLowerCase() === "latest") return { problem: "is not a version; write latest, in small letters" };
  if (/[<>=~^*,;\s]/.test(text)) return { problem: `is a range of versions; ${write}` };
  if (text.length > 64 || /\d{10}/.test(text)) return { problem: `is not a version of JupyterHub; ${write}` };
  const version = explain(text);
  if (version === null) return { problem: `is not a version (PEP 440); ${write}` };
  if (version.epoch !== 0) return { problem: `names an epoch, and JupyterHub has none; ${write}` };
  if (version.local !== null) {
    return { problem: `is a local version (it has a "+"), and package indexes do not serve those; ${write}` };
  }
  if (version.release.length < 2) {
    const major = version.release[0];
    return {
      problem: `would be ${major}.0.0 exactly, not the newest ${major}.x; write all of the version, in quotes, or latest`
    };
  }
  return { value: version.public };
}, "hubVersion");
var hostName = /* @__PURE__ */ __name((text) => {
  if (text.includes("://")) {
    return { problem: "is a web address; write only the name of the machine, for example hub.example.org" };
  }
  if (text.includes("@")) return { problem: "names a user too; write only the machine here, and the user in username" };
  if (text.includes("/")) return { problem: 'contains a "/"; write only the name of the machine' };
  if (isIPv4(text)) return { value: text };
  if (text.startsWith("[")) {
    return { problem: "stands in brackets; write an IPv6 address without them, and the port, if any, in port" };
  }
  if (isIPv6(text) && !text.includes("%")) return { value: text.toLowerCase() };
  if (/^[^:]+:\d*$/.test(text)) return { problem: "ends in a port; write only the machine here, and the port in port" };
  if (text.endsWith(".")) return { problem: "ends in a dot; leave it out" };
  if (/^[\d.]+$/.test(text)) return { problem: "is not an IPv4 address; write four numbers from 0 to 255" };
  if (/[^\p{ASCII}]/u.test(text)) return { problem: "is not plain ASCII; write the name in its xn-- form" };
  const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;
  if (text.length > 253 || !text.split(".").every((part) => label.test(part))) {
    return { problem: "is not the name or address of a machine; write for example hub.example.org or 192.0.2.10" };
  }
  return { value: text.toLowerCase() };
}, "hostName");
var userName = /* @__PURE__ */ __name((text) => {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.@\\+$-]{0,255}$/.test(text)) return { value: text };
  return { problem: "is not a login name; write the name you would give to ssh -l" };
}, "userName");
var fingerprint = /* @__PURE__ */ __name((text) => {
  const write = 'write SHA256: and 43 characters, as "ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub" prints them';
  if (/^(MD5:)?([0-9a-f]{2}:){15}[0-9a-f]{2}$/i.test(text)) return { problem: `is an MD5 fingerprint; ${write}` };
  const digest = /^SHA256:([A-Za-z0-9+/]{43})=?$/.exec(text)?.[1];
  if (digest === void 0 || Buffer.from(digest, "base64").toString("base64") !== `${digest}=`) {
    return { problem: `is not a fingerprint of a host key; ${write}` };
  }
  return { value: `SHA256:${digest}` };
}, "fingerprint");
var absolutePath = /* @__PURE__ */ __name((text) => {
  if (text.startsWith("~")) return { problem: 'begins with "~", which means nothing here; write the path from /' };
  if (!text.startsWith("/")) return { problem: "is not an absolute path; write it from the root, beginning with /" };
  if (text === "/") return { problem: "is the root directory; write the path of what is meant" };
  if (Buffer.byteLength(text) > 4095) return { problem: "is longer than a path can be" };
  if (text.slice(1).split("/").some((part) => part === "" || part === "." || part === "..")) {
    return {
      problem: 'is not in its shortest form; write it without "//", "/./" and "/../", and with no "/" at the end'
    };
  }
  return { value: text };
}, "absolutePath");
var environmentDirectory = /* @__PURE__ */ __name((text) => {
  const path = absolutePath(text);
  if ("value" in path && /\/bin(\/(python|pip|jupyterhub|activate)[^/]*)?$/.test(text)) {
    return {
      problem: "lies inside an environment; write the directory that holds its bin, for example /opt/jupyterhub"
    };
  }
  return path;
}, "environmentDirectory");
var serviceUnit = /* @__PURE__ */ __name((text) => {
  if (text.includes("/")) return { problem: "is a path; write the name of the unit, for example jupyterhub.service" };
  if (/\.(socket|device|mount|automount|swap|target|path|timer|slice|scope)$/.test(text)) {
    return { problem: "is a systemd unit but not a service; write the unit that starts JupyterHub" };
  }
  const unit = text.endsWith(".service") ? text : `${text}.service`;
  if (/^[^@]+@\.service$/.test(unit)) {
    return { problem: "is a template; write the instance too, for example jupyterhub@main.service" };
  }
  if (unit.length > 255 || !/^[A-Za-z0-9:_.\\-]+(@[A-Za-z0-9:_.\\@-]+)?\.service$/.test(unit)) {
    return { problem: "is not the name of a systemd service; write for example jupyterhub.service" };
  }
  return { value: unit };
}, "serviceUnit");
var sealingPassphrase = /* @__PURE__ */ __name((text) => {
  if ([...text].length >= 12) return { value: text };
  return { problem: "is too short for a file that others can download; write at least 12 characters" };
}, "sealingPassphrase");
var token = /* @__PURE__ */ __name((text) => {
  if (/^[\x21-\x7e]+$/.test(text)) return { value: text };
  return {
    problem: 'is not a token; write only the token itself, without spaces and without "token" or "Bearer" before it'
  };
}, "token");
var artifactName = /* @__PURE__ */ __name((text) => {
  if (/[":<>|*?\\/]/.test(text))
    return { problem: 'has a character GitHub forbids in artifact names: " : < > | * ? \\ /' };
  if (/^\.+$/.test(text)) return { problem: "is made of dots; write a name" };
  if (Buffer.byteLength(text) > 150) return { problem: "is too long; write at most 150 bytes" };
  return { value: text };
}, "artifactName");
var hubUser = /* @__PURE__ */ __name((text) => {
  if (!/[\s/\\]/u.test(text) && Buffer.byteLength(text) <= 255) return { value: text };
  return { problem: "is not the name of a user of the hub; write it as the admin page shows it" };
}, "hubUser");
var sentence = /* @__PURE__ */ __name((text) => {
  if (text.length <= 1e3) return { value: text };
  return { problem: "is too long; write at most 1000 characters" };
}, "sentence");
var hubAddress = /* @__PURE__ */ __name((text) => {
  const url = webAddress(text);
  if ("problem" in url) return url;
  if (url.value.search !== "" || url.value.hash !== "") {
    return { problem: 'has a "?" or "#" part; write the address without it' };
  }
  if (/\/hub\/./.test(url.value.pathname)) {
    return { problem: "names a page of the hub; write the address without /hub and what follows" };
  }
  return { value: url.value.href };
}, "hubAddress");
var webhook = /* @__PURE__ */ __name((text) => {
  const url = webAddress(text);
  if ("problem" in url) return url;
  const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.value.hostname);
  if (url.value.protocol !== "https:" && !loopback)
    return { problem: "is not encrypted; write an address with https://" };
  return { value: url.value.href };
}, "webhook");
function webAddress(text) {
  const url = URL.parse(text);
  if (url === null || !/^https?:\/\//i.test(text)) {
    return { problem: "is not a web address; write it from its beginning, https://" };
  }
  if (url.username !== "" || url.password !== "") {
    return { problem: 'holds a user name or password; write the address without what stands before "@"' };
  }
  return { value: url };
}
__name(webAddress, "webAddress");
function either(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
__name(either, "either");

// src/inputs/connection.ts
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
  "packages-from": "host",
  "extra-packages": "",
  constraints: "",
  "require-hashes": "false",
  channels: "",
  "upgrade-proxy": "false",
  service: "jupyterhub",
  "service-manager": "auto",
  "stop-command": "",
  "start-command": "",
  become: "auto",
  "database-strategy": "migrate",
  "accept-data-loss": "false",
  "allow-token-loss": "false",
  "database-tools-path": "",
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
    from: form.value("packages-from", oneOf("host", "runner")),
    extra: form.list("extra-packages", /\n/, requirement),
    constraints: form.given("constraints") ? form.block("constraints", constraintsFile) : void 0,
    requireHashes: form.value("require-hashes", truth),
    channels: form.list("channels", /[\s,]+/, channel),
    upgradeProxy: form.value("upgrade-proxy", truth)
  };
  for (const name of [
    "packages-from",
    "extra-packages",
    "constraints",
    "require-hashes",
    "channels",
    "upgrade-proxy"
  ]) {
    if (form.given(name) && !changesVersion) {
      form.refuse(name, "has no meaning in this mode, which upgrades no package; remove it");
    }
  }
  const manager = form.text("package-manager").trim();
  if (form.given("channels") && (manager === "pip" || manager === "uv")) {
    form.refuse("channels", `are for conda, but package-manager is ${manager}; remove one of them`);
  }
  for (const name of ["packages-from", "constraints", "require-hashes"]) {
    if (form.given(name) && manager === "conda") {
      form.refuse(name, "is for pip and uv, but package-manager is conda; remove one of them");
    }
  }
  if (packages.from === "runner" && packages.upgradeProxy === true) {
    form.refuse(
      "upgrade-proxy",
      "has npm on the host ask its registry, but packages-from is runner; remove one of them"
    );
  }
  if (packages.from === "runner" && packages.constraints && "path" in packages.constraints) {
    form.refuse("constraints", "is a path on the host, but packages-from is runner; write its lines instead");
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
var requirement = /* @__PURE__ */ __name((text) => {
  const write = "write a name, and versions if need be, for example oauthenticator>=16.1";
  if (/:\/\/|@/.test(text)) return { problem: `is an address; ${write}` };
  if (text.includes(";")) return { problem: `has a condition; ${write}` };
  const plain = text.replaceAll(/\s+/g, "");
  const name = `[A-Za-z0-9](?:[A-Za-z0-9._-]{0,100}[A-Za-z0-9])?`;
  const version = `(?:===?|~=|!=|<=?|>=?)[A-Za-z0-9.*+!_-]{1,64}`;
  if (!new RegExp(`^${name}(?:\\[${name}(?:,${name})*\\])?(?:${version}(?:,${version})*)?$`).test(plain) || /\w\s+\w/.test(text)) {
    return { problem: `is not a requirement of one package; ${write}` };
  }
  if (/^jupyterhub(?![A-Za-z0-9._-])/i.test(plain))
    return { problem: "is JupyterHub itself; write its version in target-version" };
  return { value: plain };
}, "requirement");
var constraintsFile = /* @__PURE__ */ __name((text) => {
  const trimmed = text.trim();
  if (trimmed.startsWith("/") && !trimmed.includes("\n")) {
    const path = absolutePath(trimmed);
    return "value" in path ? { value: { path: path.value } } : path;
  }
  if (Buffer.byteLength(text) > 1024 * 1024) return { problem: "is longer than 1 MiB" };
  const option = text.split("\n").find((line) => /^\s*-/.test(line) && !/^\s*--hash=/.test(line));
  if (option !== void 0) {
    return {
      problem: "has a line with an option of pip; where packages come from is configured on the host. Remove the line"
    };
  }
  return { value: { text } };
}, "constraintsFile");
var channel = /* @__PURE__ */ __name((text) => {
  if (/^https?:\/\//i.test(text)) {
    const url = webAddress(text);
    return "problem" in url ? url : { value: text };
  }
  if (/^(file:\/\/\/[\w./+-]+|[A-Za-z0-9_][\w./+-]{0,200})$/.test(text)) return { value: text };
  return { problem: "is not a channel of conda; write for example conda-forge" };
}, "channel");

// src/inputs/sealing.ts
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
  return {
    strategy,
    acceptLoss,
    allowTokenLoss: form.value("allow-token-loss", truth),
    toolsPath: form.optional("database-tools-path", absolutePath)
  };
}
__name(readDatabase, "readDatabase");

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
    debug: environment.RUNNER_DEBUG === "1",
    environment: Object.fromEntries(
      Object.entries(environment).flatMap(
        ([name, value]) => value === void 0 || /^(INPUT|STATE|ACTIONS)_/.test(name) ? [] : [[name, value]]
      )
    )
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
  const { carryOut } = await import("./modes-WO5I2R6R.mjs");
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
  const { finishJob } = await import("./post-647H2UJO.mjs");
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
