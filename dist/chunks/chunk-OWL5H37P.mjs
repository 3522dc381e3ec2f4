import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  __name
} from "./chunk-MY7DWCCO.mjs";

// src/report/workflow-commands.ts
import { randomUUID } from "node:crypto";
function workflowCommand(command, message = "", properties = {}) {
  const list = Object.entries(properties).filter(([, value]) => value !== "").map(([name, value]) => `${name}=${escapeProperty(value)}`).join(",");
  return `::${command}${list === "" ? "" : ` ${list}`}::${escapeData(message)}`;
}
__name(workflowCommand, "workflowCommand");
function addMask(secret) {
  if (secret.trim() !== "") process.stdout.write(`${workflowCommand("add-mask", secret)}
`);
}
__name(addMask, "addMask");
function fileCommand(name, value) {
  const delimiter = `end-${randomUUID()}`;
  return `${name}<<${delimiter}
${value}
${delimiter}
`;
}
__name(fileCommand, "fileCommand");
function escapeData(text) {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
__name(escapeData, "escapeData");
function escapeProperty(text) {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
__name(escapeProperty, "escapeProperty");

// src/ssh/known-hosts.ts
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
var ALGORITHMS = /* @__PURE__ */ new Map([
  ["ssh-ed25519", ["ssh-ed25519"]],
  ["ecdsa-sha2-nistp256", ["ecdsa-sha2-nistp256"]],
  ["ecdsa-sha2-nistp384", ["ecdsa-sha2-nistp384"]],
  ["ecdsa-sha2-nistp521", ["ecdsa-sha2-nistp521"]],
  ["ssh-rsa", ["rsa-sha2-512", "rsa-sha2-256"]]
]);
function fingerprint(key) {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}
__name(fingerprint, "fingerprint");
function keyType(key) {
  return strings(key)?.[0]?.toString("latin1") ?? "";
}
__name(keyType, "keyType");
function describeKey(key) {
  return `${keyType(key)} ${fingerprint(key)}`;
}
__name(describeKey, "describeKey");
function algorithmsOf(type) {
  return ALGORITHMS.get(type) ?? [];
}
__name(algorithmsOf, "algorithmsOf");
function parseKnownHosts(text) {
  const entries = [];
  const problems = [];
  for (const [index, raw] of text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const fields = line.split(/[ \t]+/);
    const marker = fields[0]?.startsWith("@") ? fields.shift() : "";
    const [hosts = "", type = "", data = ""] = fields;
    const where = `known-hosts line ${index + 1}`;
    const key = Buffer.from(data, "base64");
    if (marker !== "" && marker !== "@revoked" && marker !== "@cert-authority") {
      problems.push(`${where} begins with an unknown marker.`);
    } else if (type === "" || data === "") {
      problems.push(`${where} is malformed: it needs host, key type and key, separated by spaces.`);
    } else if (hosts.startsWith("|") && !hashedName(hosts)) {
      problems.push(`${where} is malformed: its hashed host name is incomplete.`);
    } else if (!/^[A-Za-z0-9+/]+={0,2}$/.test(data) || keyType(key) !== type) {
      problems.push(`${where} is malformed: its key is cut, damaged or not of the type it states.`);
    } else {
      entries.push({ line: index + 1, marker, hosts, type, key });
    }
  }
  return { entries, problems };
}
__name(parseKnownHosts, "parseKnownHosts");
function hostKeyPins(trust, host, port) {
  if ("fingerprints" in trust) return { pins: pinsOfFingerprints(trust.fingerprints) };
  return pinsOfKnownHosts(trust.knownHosts, host, port);
}
__name(hostKeyPins, "hostKeyPins");
function pinsOfKnownHosts(text, host, port) {
  const { entries, problems } = parseKnownHosts(text);
  if (problems.length > 0) return { problems };
  const bare = host.toLowerCase();
  const names = port === 22 ? [bare] : [`[${bare}]:${port}`, bare];
  const byName = names.map((name) => entries.filter((entry) => matchesHost(entry.hosts, name)));
  const keys = byName.map((found) => found.filter((entry) => entry.marker === "")).find((found) => found.length > 0) ?? [];
  const revoked = byName.flat().filter((entry) => entry.marker === "@revoked");
  const usable = keys.filter((entry) => ALGORITHMS.has(entry.type));
  if (usable.length === 0) return { problems: [nothingPinned(names[0] ?? bare, keys, byName.flat())] };
  const types = [...ALGORITHMS.keys()];
  const isPinned = /* @__PURE__ */ __name((type) => usable.some((entry) => entry.type === type), "isPinned");
  return {
    pins: {
      algorithms: [...types.filter(isPinned), ...types.filter((type) => !isPinned(type))].flatMap(algorithmsOf),
      typesAreKnown: true,
      pinned: usable.map((entry) => `${describeKey(entry.key)} (known-hosts line ${entry.line})`),
      refusal(key) {
        if (revoked.some((entry) => entry.key.equals(key))) return "revoked";
        return usable.some((entry) => entry.key.equals(key)) ? void 0 : "not-pinned";
      }
    }
  };
}
__name(pinsOfKnownHosts, "pinsOfKnownHosts");
function nothingPinned(name, keys, all) {
  if (keys.length > 0) {
    const types = [...new Set(keys.map((entry) => entry.type))].join(", ");
    return `known-hosts has only keys of types that are not supported for ${name}: ${types}.`;
  }
  return all.some((entry) => entry.marker === "@cert-authority") ? `known-hosts has only @cert-authority entries for ${name}: host certificates are not supported, give the host's own key.` : `known-hosts has no entry for ${name}.`;
}
__name(nothingPinned, "nothingPinned");
function pinsOfFingerprints(pinned) {
  return {
    algorithms: [...ALGORITHMS.values()].flat(),
    typesAreKnown: false,
    pinned,
    refusal: /* @__PURE__ */ __name((key) => pinned.includes(fingerprint(key)) ? void 0 : "not-pinned", "refusal")
  };
}
__name(pinsOfFingerprints, "pinsOfFingerprints");
function matchesHost(hosts, name) {
  const hashed = hashedName(hosts);
  if (hashed) return timingSafeEqual(createHmac("sha1", hashed.salt).update(name).digest(), hashed.digest);
  let matched = false;
  for (const pattern of hosts.toLowerCase().split(",")) {
    if (!pattern.startsWith("!")) matched ||= matchesPattern(pattern, name);
    else if (matchesPattern(pattern.slice(1), name)) return false;
  }
  return matched;
}
__name(matchesHost, "matchesHost");
function hashedName(hosts) {
  const [, salt = "", digest = ""] = /^\|1\|([A-Za-z0-9+/]{27}=)\|([A-Za-z0-9+/]{27}=)$/.exec(hosts) ?? [];
  return salt ? { salt: Buffer.from(salt, "base64"), digest: Buffer.from(digest, "base64") } : void 0;
}
__name(hashedName, "hashedName");
function matchesPattern(pattern, name) {
  let p = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < name.length) {
    if (pattern[p] === "*") {
      star = p++;
      resume = n;
    } else if (pattern[p] === "?" || pattern[p] === name[n]) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(p));
}
__name(matchesPattern, "matchesPattern");
function strings(key) {
  const found = [];
  let at = 0;
  while (at + 4 <= key.length) {
    const end = at + 4 + key.readUInt32BE(at);
    if (end > key.length) return void 0;
    found.push(key.subarray(at + 4, end));
    at = end;
  }
  return at === key.length && found.length > 1 ? found : void 0;
}
__name(strings, "strings");

// src/transaction/decisive.ts
import { createHash as createHash2 } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
function decisiveOf({ facts, inputs, to, migration, parameters, survival, advice, blockers, install }, { steps, packages, accepted }) {
  const { database, environment, service } = facts;
  const { properties } = service;
  return {
    "the release": { now: facts.version, target: to, "by way of": migration.hops.join(", ") || "no other" },
    "the database": {
      place: database.path || database.url,
      revision: database.revision ?? "none",
      strategy: inputs.database.strategy
    },
    "the configuration": { file: facts.configFile, ...facts.configDigests },
    "the service": {
      ...parameters.UNIT ? { unit: parameters.UNIT, KillMode: properties.KillMode ?? "" } : {},
      user: service.user,
      directory: service.directory
    },
    "the environment": { path: environment.path, Python: facts.python, installation: install },
    "the packages that are installed": installed(environment.requirements),
    "the packages that change": Object.fromEntries(
      packages.map(({ name, from = "not there", to: then = "removed" }) => [name, `${from} \u2192 ${then}`])
    ),
    "the commands of the steps": Object.fromEntries(
      steps.map(({ name, commands }) => [name, short(JSON.stringify(commands))])
    ),
    "what becomes of users": { proxy: fateOf(survival.proxy), servers: fateOf(survival.servers) },
    "the advice that stops an upgrade": Object.fromEntries(
      advice.filter(({ level }) => level === "blocker").map(({ id, accepted: accepted2 }) => [id, accepted2 ? "accepted" : "in the way"])
    ),
    "what is accepted": Object.fromEntries(accepted.map((name) => [name, "accepted"])),
    "what is in the way": Object.fromEntries(blockers.map((sentence) => [lasting(sentence), "in the way"]))
  };
}
__name(decisiveOf, "decisiveOf");
function fateOf({ fate, reason }) {
  return `${fate} (${reason})`;
}
__name(fateOf, "fateOf");
function installed(requirements) {
  const lines = requirements.split("\n").filter((line) => line.trim() !== "" && !/^[#@]/.test(line));
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, version] = /^([\w.-]+)===?([\w.+!-]+)$/.exec(line.trim()) ?? [];
      if (name !== void 0 && version !== void 0) return [name, version];
      const [, what, build] = /\/([^/]+)-([^/-]+-[^/-]+)\.(?:conda|tar\.bz2)(?:#|$)/.exec(line) ?? [];
      if (what !== void 0 && build !== void 0) return [what, build];
      const named = /^([\w.-]+) @ |#egg=([\w.-]+)/.exec(line);
      return [named?.[1] ?? named?.[2] ?? `line ${short(line)}`, `from elsewhere (${short(line)})`];
    })
  );
}
__name(installed, "installed");
function lasting(sentence) {
  return sentence.replaceAll(/ \([^()]*\)/g, "").replaceAll(/\d+/g, "\u2026");
}
__name(lasting, "lasting");
function short(text) {
  return createHash2("sha256").update(text).digest("hex").slice(0, 12);
}
__name(short, "short");
function digestOf(decisive) {
  return createHash2("sha256").update(canonical(decisive)).digest("hex");
}
__name(digestOf, "digestOf");
function approvalOf(decisive) {
  return `${digestOf(decisive)}.${deflateRawSync(canonical(decisive), { level: 9 }).toString("base64url")}`;
}
__name(approvalOf, "approvalOf");
var LONGEST = 1024 * 1024;
function readApproval(text) {
  const [, digest, packed] = /^([0-9a-f]{64})(?:\.([\w-]+))?$/.exec(text) ?? [];
  if (digest === void 0 || packed === void 0) return digest === void 0 ? void 0 : { digest };
  try {
    const inflated = inflateRawSync(Buffer.from(packed, "base64url"), { maxOutputLength: LONGEST });
    const decisive = Object.fromEntries(
      JSON.parse(inflated.toString("utf8")).map(([part, content]) => [
        part,
        Object.fromEntries(content)
      ])
    );
    return digestOf(decisive) === digest ? { digest, decisive } : void 0;
  } catch {
    return void 0;
  }
}
__name(readApproval, "readApproval");
var MOST_NAMED = 20;
function differencesFrom(approved, now) {
  if (digestOf(now) === approved.digest) return [];
  const before = approved.decisive;
  if (before === void 0) {
    return [
      "This is not the plan that was approved. What is different cannot be told from its digest alone: give approved-plan all of the output plan-digest."
    ];
  }
  const found = union(before, now).flatMap((part) => {
    const [old, present] = [before[part] ?? {}, now[part] ?? {}];
    return union(old, present).filter((key) => old[key] !== present[key]).map((key) => `Since the plan was approved, ${part} changed: ${key} ${change(old[key], present[key])}.`);
  });
  const more = found.length - MOST_NAMED;
  return more > 0 ? [...found.slice(0, MOST_NAMED), `And ${more} more differences from the plan that was approved.`] : found;
}
__name(differencesFrom, "differencesFrom");
function change(before, now) {
  if (before === void 0) return `is new (${now})`;
  if (now === void 0) return `is gone (it was ${before})`;
  return `was ${before} and is ${now}`;
}
__name(change, "change");
function union(one, other) {
  return [.../* @__PURE__ */ new Set([...Object.keys(one), ...Object.keys(other)])];
}
__name(union, "union");
function canonical(decisive) {
  const sorted = /* @__PURE__ */ __name((value) => Object.entries(value).sort(([one], [other]) => one < other ? -1 : 1), "sorted");
  return JSON.stringify(sorted(decisive).map(([part, content]) => [part, sorted(content)]));
}
__name(canonical, "canonical");

// src/ssh/private-key.ts
import { createPrivateKey } from "node:crypto";
var CUT = "The private key is cut or damaged: copy the whole file, from its BEGIN line to its END line.";
var NEEDS_PASSPHRASE = "The private key is encrypted and no passphrase is given.";
var WRONG_PASSPHRASE = "The passphrase does not fit the private key.";
var UNSUPPORTED = "The private key is of a type that is not supported: use an ed25519, ECDSA or RSA key.";
var MAGIC = "openssh-key-v1\0";
var PRIVATE_FIELDS = /* @__PURE__ */ new Map([
  ["ssh-ed25519", 3],
  ["ssh-rsa", 7],
  ["ecdsa-sha2-nistp256", 4],
  ["ecdsa-sha2-nistp384", 4],
  ["ecdsa-sha2-nistp521", 4]
]);
async function checkPrivateKey(text, passphrase) {
  const plain = repair(text);
  const [, label = "", body = ""] = /-----BEGIN ((?:[A-Z]+ )*PRIVATE KEY)-----(.*?)-----END \1-----/s.exec(plain) ?? [];
  if (label === "") return { problem: whatElse(plain) };
  if (label === "OPENSSH PRIVATE KEY") return checkOpenSsh(body, passphrase);
  return checkPem(label, body, passphrase);
}
__name(checkPrivateKey, "checkPrivateKey");
function describePublicHalf(key) {
  const data = Buffer.from(key.replace(/-----.*-----/g, ""), "base64");
  return describeKey(readContainer(data)?.publicKey ?? Buffer.alloc(0));
}
__name(describePublicHalf, "describePublicHalf");
function repair(text) {
  const lines = text.replace(/^\uFEFF/, "").replaceAll("\\r", "").replaceAll("\\n", "\n").trim();
  const unquoted = lines.replace(/^(["'])(.*)\1$/s, "$2");
  if (unquoted.includes("-----")) return unquoted;
  const decoded = Buffer.from(unquoted, "base64").toString("latin1");
  return decoded.includes("-----BEGIN ") ? decoded : unquoted;
}
__name(repair, "repair");
function whatElse(text) {
  if (text === "") return "The private key is empty.";
  if (text.startsWith("PuTTY-User-Key-File-")) {
    return "The private key is in PuTTY's format: export it in PuTTYgen with Conversions, Export OpenSSH key.";
  }
  if (/^(ssh|ecdsa|sk)-[a-z0-9-]+-cert-v\d+@openssh\.com /.test(text)) {
    return "This is an OpenSSH certificate, not a private key: certificates are not supported.";
  }
  if (/^(ssh|ecdsa|sk)-[a-z0-9@.-]+ AAAA|BEGIN (?:[A-Z0-9]+ )*PUBLIC KEY-----/.test(text)) {
    return "This is a public key: the private key is in the file of the same name without .pub.";
  }
  if (/^[~./]\S*$/.test(text)) return "This is the path of a private key: give the contents of the file.";
  if (text.includes("PRIVATE KEY-----")) return CUT;
  return "This is not a private key: it has no line like -----BEGIN OPENSSH PRIVATE KEY-----.";
}
__name(whatElse, "whatElse");
async function checkOpenSsh(body, passphrase) {
  const base64 = body.replace(/\s/g, "");
  if (!/^[A-Za-z0-9+/]+=*$/.test(base64)) return { problem: CUT };
  const data = Buffer.from(base64, "base64");
  const container = readContainer(data);
  if (!container) return { problem: CUT };
  const type = readStrings(container.publicKey, 0)[0]?.toString("latin1") ?? "";
  if (type.startsWith("sk-")) return { problem: "The private key needs its hardware token: use a key without one." };
  const fields = PRIVATE_FIELDS.get(type);
  if (fields === void 0) return { problem: UNSUPPORTED };
  const key = armour(data);
  if (container.cipher !== "none") return passphrase ? decrypt(key, passphrase) : { problem: NEEDS_PASSPHRASE };
  const { secret } = container;
  const whole = secret.length >= 8 && secret.readUInt32BE(0) === secret.readUInt32BE(4) && readStrings(secret, 8, fields + 1).length === fields + 1;
  return whole ? { key } : { problem: CUT };
}
__name(checkOpenSsh, "checkOpenSsh");
async function decrypt(key, passphrase) {
  const { default: ssh2 } = await import("../packages/ssh2.mjs");
  const parsed = ssh2.utils.parseKey(key, passphrase);
  if (!(parsed instanceof Error)) return toOpenSsh(createPrivateKey(parsed.getPrivatePEM()));
  const isWrong = /passphrase|unable to authenticate/i.test(parsed.message);
  return { problem: isWrong ? WRONG_PASSPHRASE : `The private key cannot be read: ${parsed.message}.` };
}
__name(decrypt, "decrypt");
function readContainer(data) {
  if (data.toString("latin1", 0, MAGIC.length) !== MAGIC) return void 0;
  const [cipher, kdf, options] = readStrings(data, MAGIC.length, 3);
  if (!cipher || !kdf || !options) return void 0;
  const count = MAGIC.length + 12 + cipher.length + kdf.length + options.length;
  const [publicKey, secret] = readStrings(data, count + 4, 2);
  return publicKey && secret ? { cipher: cipher.toString("latin1"), publicKey, secret } : void 0;
}
__name(readContainer, "readContainer");
function readStrings(data, at, limit = 1) {
  const found = [];
  for (let next = at; found.length < limit && next + 4 <= data.length; ) {
    const end = next + 4 + data.readUInt32BE(next);
    if (end > data.length) break;
    found.push(data.subarray(next + 4, end));
    next = end;
  }
  return found;
}
__name(readStrings, "readStrings");
function armour(data) {
  const lines = data.toString("base64").match(/.{1,70}/g) ?? [];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join("\n");
}
__name(armour, "armour");
function checkPem(label, body, passphrase) {
  const [headers = "", cipher = ""] = /^\s*Proc-Type:\s*4,ENCRYPTED\s+DEK-Info:\s*([A-Za-z0-9-]+,[0-9A-Fa-f]+)/.exec(body) ?? [];
  const isEncrypted = label === "ENCRYPTED PRIVATE KEY" || cipher !== "";
  if (isEncrypted && !passphrase) return { problem: NEEDS_PASSPHRASE };
  const lines = body.slice(headers.length).replace(/\s/g, "").match(/.{1,64}/g) ?? [];
  if (!/^[A-Za-z0-9+/]+=*$/.test(lines.join(""))) return { problem: CUT };
  const head = cipher === "" ? [] : ["Proc-Type: 4,ENCRYPTED", `DEK-Info: ${cipher}`, ""];
  const pem = [`-----BEGIN ${label}-----`, ...head, ...lines, `-----END ${label}-----`, ""].join("\n");
  try {
    return toOpenSsh(createPrivateKey({ key: pem, format: "pem", ...isEncrypted && { passphrase } }));
  } catch {
    return { problem: isEncrypted ? WRONG_PASSPHRASE : CUT };
  }
}
__name(checkPem, "checkPem");
function toOpenSsh(key) {
  if (!["rsa", "ec", "ed25519"].includes(key.asymmetricKeyType ?? "")) return { problem: UNSUPPORTED };
  const jwk = key.export({ format: "jwk" });
  const part = /* @__PURE__ */ __name((name) => Buffer.from(jwk[name] ?? "", "base64url"), "part");
  let publicParts;
  let privateParts;
  if (jwk.kty === "RSA") {
    const type = string("ssh-rsa");
    publicParts = [type, mpint(part("e")), mpint(part("n"))];
    privateParts = [type, ...["n", "e", "d", "qi", "p", "q"].map((name) => mpint(part(name)))];
  } else if (jwk.kty === "EC") {
    const curve = { "P-256": "nistp256", "P-384": "nistp384", "P-521": "nistp521" }[jwk.crv ?? ""];
    if (curve === void 0) return { problem: UNSUPPORTED };
    publicParts = [
      string(`ecdsa-sha2-${curve}`),
      string(curve),
      string(Buffer.concat([Buffer.of(4), part("x"), part("y")]))
    ];
    privateParts = [...publicParts, mpint(part("d"))];
  } else {
    publicParts = [string("ssh-ed25519"), string(part("x"))];
    privateParts = [...publicParts, string(Buffer.concat([part("d"), part("x")]))];
  }
  const check = Buffer.alloc(8);
  const secret = Buffer.concat([check, ...privateParts, string("")]);
  const padding = Buffer.from(Array.from({ length: -secret.length & 7 }, (_, index) => index + 1));
  const container = Buffer.concat([
    Buffer.from(MAGIC, "latin1"),
    string("none"),
    string("none"),
    string(""),
    Buffer.of(0, 0, 0, 1),
    string(Buffer.concat(publicParts)),
    string(Buffer.concat([secret, padding]))
  ]);
  return { key: armour(container) };
}
__name(toOpenSsh, "toOpenSsh");
function string(value) {
  const data = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, data]);
}
__name(string, "string");
function mpint(value) {
  return string((value[0] ?? 0) & 128 ? Buffer.concat([Buffer.of(0), value]) : value);
}
__name(mpint, "mpint");

export {
  keyType,
  describeKey,
  algorithmsOf,
  parseKnownHosts,
  hostKeyPins,
  checkPrivateKey,
  describePublicHalf,
  workflowCommand,
  addMask,
  fileCommand,
  decisiveOf,
  digestOf,
  approvalOf,
  readApproval,
  differencesFrom
};
