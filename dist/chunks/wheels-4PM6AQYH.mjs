import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  nameIn,
  resolvedTo,
  shown,
  wheelTarget
} from "./chunk-A7BBSGZM.mjs";
import {
  UpgradeError,
  canonicalName,
  changesTo,
  messageOf
} from "./chunk-FDCGE4G5.mjs";
import "./chunk-ESDG7GNZ.mjs";
import {
  count,
  size
} from "./chunk-GMAGFIF4.mjs";
import {
  require_tar_stream
} from "./chunk-G2GB7FWX.mjs";
import {
  getExecOutput
} from "./chunk-YIAQ4LGK.mjs";
import {
  eq
} from "./chunk-CU3ASNB5.mjs";
import {
  __name,
  __toESM
} from "./chunk-MY7DWCCO.mjs";

// src/wheels/index.ts
import { createHash as createHash2 } from "node:crypto";
import { mkdtemp, rm as rm4 } from "node:fs/promises";
import { join as join5 } from "node:path";

// src/wheels/archive.ts
var import_tar_stream = __toESM(require_tar_stream(), 1);
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
async function writeArchive(wheels, file) {
  const tar = (0, import_tar_stream.pack)();
  const fill = /* @__PURE__ */ __name(async () => {
    for (const { name, path, size: size2 } of wheels) await pipeline(createReadStream(path), tar.entry({ name, size: size2 }));
    tar.finalize();
  }, "fill");
  await Promise.all([fill(), pipeline(tar, createWriteStream(file))]);
}
__name(writeArchive, "writeArchive");
async function readArchive(file, directory) {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory);
  const tar = (0, import_tar_stream.extract)();
  const read = /* @__PURE__ */ __name(async () => {
    for await (const entry of tar) {
      const { name, type } = entry.header;
      if (type !== "file" || !/^\w[\w.+-]{0,199}$/.test(name)) throw new Error(`${shown(name)} is no wheel.`);
      await pipeline(entry, createWriteStream(join(directory, name), { flags: "wx" }));
    }
  }, "read");
  await Promise.all([read(), pipeline(createReadStream(file), tar)]);
}
__name(readArchive, "readArchive");

// src/wheels/cache.ts
import { cp, lstat, rm as rm2, writeFile } from "node:fs/promises";
import { join as join2 } from "node:path";
var PATIENCE_MS = 2 * 6e4;
var FILE = ".jupyterhub-upgrade-wheels.tar";
async function fromCache(key, place, log) {
  const file = join2(place.workspace, FILE);
  const others = join2(place.directory, "other-members");
  await writeFile(others, allNamesBut(FILE));
  await rm2(file, { recursive: true, force: true });
  const hit = await attempt("read", log, async ({ restoreCache }) => {
    const { TAR_OPTIONS, LC_ALL } = process.env;
    process.env.LC_ALL = "C";
    process.env.TAR_OPTIONS = `--anchored --wildcards --wildcards-match-slash --exclude-from='${others}'`;
    try {
      return await restoreCache([FILE], key);
    } finally {
      for (const [name, before] of Object.entries({ TAR_OPTIONS, LC_ALL })) {
        if (before === void 0) delete process.env[name];
        else process.env[name] = before;
      }
    }
  });
  return hit !== void 0 && (await lstat(file).catch(() => void 0))?.isFile() ? file : void 0;
}
__name(fromCache, "fromCache");
function allNamesBut(name) {
  const patterns = [...name].flatMap((char, at) => [
    `${name.slice(0, at)}[!${char}]*`,
    ...at > 0 ? [name.slice(0, at)] : []
  ]);
  return [...patterns, `${name}?*`, ""].join("\n");
}
__name(allNamesBut, "allNamesBut");
async function intoCache(key, archive, place, log) {
  const file = join2(place.workspace, FILE);
  await attempt("written", log, async ({ saveCache }) => {
    await rm2(file, { recursive: true, force: true });
    await cp(archive, file);
    const id = await saveCache([FILE], key);
    log.info(id === -1 ? `GitHub's cache took no packages.` : `The packages are in GitHub's cache, as ${key}.`);
  });
  await rm2(file, { force: true });
}
__name(intoCache, "intoCache");
async function attempt(what2, log, call) {
  const toolkit = await import("../packages/@actions/cache.mjs");
  if (!toolkit.isFeatureAvailable()) return void 0;
  const { promise: late, reject } = Promise.withResolvers();
  const timer = setTimeout(() => reject(new Error(`it took longer than ${PATIENCE_MS / 1e3} s`)), PATIENCE_MS);
  try {
    return await Promise.race([call(toolkit), late]);
  } catch (error) {
    log.info(`GitHub's cache could not be ${what2}: ${messageOf(error)}. That makes no difference but in time.`);
    return void 0;
  } finally {
    clearTimeout(timer);
  }
}
__name(attempt, "attempt");

// src/wheels/fetch.ts
import { createHash } from "node:crypto";
import { createReadStream as createReadStream2 } from "node:fs";
import { lstat as lstat2, mkdir as mkdir2, readdir, rm as rm3, writeFile as writeFile2 } from "node:fs/promises";
import { join as join3 } from "node:path";
import { pipeline as pipeline2 } from "node:stream/promises";

// src/wheels/pins.ts
function readPins(list) {
  const lines = list.replaceAll(/\\\r?\n/g, " ").split(/\r?\n/).map((line) => line.replace(/(^|\s)#.*$/, "").trim()).filter((line) => line !== "");
  const pins = lines.filter((line) => !line.startsWith("-")).map(readPin);
  return { pins, options: lines.filter((line) => line.startsWith("-")) };
}
__name(readPins, "readPins");
function readPin(line) {
  const [, name, version] = /^([A-Za-z0-9][\w.-]*)(?:\[[\w.,\s-]*\])?\s*==\s*([\w.!+-]+)(?=$|[\s;])/.exec(line) ?? [];
  if (name === void 0 || version === void 0) {
    throw new Error(`${shown(line)} names no exact version of a package in an index.`);
  }
  const digests = [...line.matchAll(/--hash=sha256:([0-9a-f]{64})(?=\s|$)/g)].map(([, digest = ""]) => digest);
  return { name: canonicalName(name), version, digests };
}
__name(readPin, "readPin");
function writePins(pins, options) {
  const lines = pins.map(
    ({ name, version, digests }) => [`${name}==${version}`, ...digests.map((digest) => `--hash=sha256:${digest}`)].join(" ")
  );
  return [...options, ...lines, ""].join("\n");
}
__name(writePins, "writePins");
function changing(pins, installed) {
  const versions = new Map(installed.map(({ name, version }) => [canonicalName(name), version]));
  return pins.filter(({ name, version }) => !isVersion(versions.get(name) ?? "", version));
}
__name(changing, "changing");
function isVersion(one, other) {
  if (one === other) return true;
  try {
    return eq(one, other);
  } catch {
    return false;
  }
}
__name(isVersion, "isVersion");
function preferences(installed) {
  const plain = installed.filter(
    ({ name, version }) => /^[a-z0-9][a-z0-9-]*$/.test(name) && /^\d[\w.!+]*$/.test(version)
  );
  return plain.map(({ name, version }) => `${name}==${version}
`).join("");
}
__name(preferences, "preferences");

// src/wheels/tools.ts
async function runTool([program = "", ...words], environment, cure, cwd) {
  const options = { env: environment, silent: true, ignoreReturnCode: true, ...cwd === void 0 ? {} : { cwd } };
  const missing = /* @__PURE__ */ __name((said2, cause) => new UpgradeError(
    `packages-from is runner, and ${program} cannot be run there: ${said2}`,
    { step: "resolve", hub: "The hub was not touched.", next: cure },
    { cause }
  ), "missing");
  const { exitCode, stdout, stderr } = await getExecOutput(program, words, options).catch((error) => {
    throw missing(error instanceof Error ? error.message.split(". ", 1)[0] ?? "" : String(error), error);
  });
  if (/No module named pip\b/.test(stderr)) throw missing("it has no pip.");
  return { code: exitCode, stdout, stderr };
}
__name(runTool, "runTool");
function said({ stdout, stderr }) {
  const text = `${stdout}
${stderr}`.replaceAll(/[\p{C}\p{Zl}\p{Zp}×╰─▶│╭├]+/gu, " ").replaceAll(/\s+/g, " ");
  return text.trim().slice(-2e3) || "it says nothing.";
}
__name(said, "said");

// src/wheels/fetch.ts
async function download(pins, target, directory, { options, environment }) {
  const list = `${directory}.txt`;
  await rm3(directory, { recursive: true, force: true });
  await mkdir2(directory);
  await writeFile2(list, writePins(pins, options));
  const ended = await runTool(
    [
      ...["python3", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--require-hashes"],
      ...["--dest", directory, "--progress-bar", "off", "--no-input", "--disable-pip-version-check"],
      // All that decides about a wheel is said: left to itself, pip would ask the runner's Python.
      ...["--implementation", "cp", "--python-version", target.python, "--abi", target.abi],
      ...target.tags.flatMap((tag) => ["--platform", tag]),
      ...["--requirement", list]
    ],
    environment,
    "Add actions/setup-python to the job, before this action.",
    // Python looks for pip, and for all that it imports, where it stands first: not among the files of a repository.
    directory
  );
  if (ended.code === 0) return wheelsIn(directory, pins);
  const missing = /No matching distribution found for (\S+)/.exec(ended.stderr)?.[1];
  if (missing === void 0) return `pip on the runner could not fetch the packages: ${said(ended)}`;
  return `There is no wheel of ${missing} for Python ${target.python} (${target.abi}) on ${target.platform}, and nothing is built.`;
}
__name(download, "download");
async function wheelsIn(directory, pins) {
  const missing = new Map(pins.map((pin) => [pin.name, pin]));
  const wheels = [];
  for (const name of await readdir(directory)) {
    const path = join3(directory, name);
    const [distribution = "", version = ""] = /^\w[\w.+-]{0,195}\.whl$/.test(name) ? name.split("-") : [];
    const pin = missing.get(canonicalName(distribution));
    const status = await lstat2(path);
    if (pin === void 0 || !status.isFile() || !isVersion(version, pin.version)) {
      throw new Error(`${shown(name)} is none of the wheels that are wanted.`);
    }
    const hash = createHash("sha256");
    await pipeline2(createReadStream2(path), hash);
    if (!pin.digests.includes(hash.digest("hex")))
      throw new Error(`${shown(name)} has not the digest that its index says.`);
    missing.delete(pin.name);
    wheels.push({ name, path, size: status.size });
  }
  if (missing.size > 0) throw new Error(`There is no wheel of ${[...missing.keys()].join(", ")}.`);
  return wheels;
}
__name(wheelsIn, "wheelsIn");

// src/wheels/resolve.ts
import { readFile, writeFile as writeFile3 } from "node:fs/promises";
import { join as join4 } from "node:path";
var CURE = "Add astral-sh/setup-uv to the job, before this action; where the runner finds packages is configured as for uv.";
async function resolveFor(target, question, { directory, environment }) {
  const file = /* @__PURE__ */ __name((name) => join4(directory, name), "file");
  await writeFile3(file("wanted.in"), question.wanted);
  await writeFile3(file("constraints.txt"), question.constraints ?? "");
  await writeFile3(file("resolved.txt"), preferences(question.installed));
  const ended = await runTool(
    [
      ...["uv", "pip", "compile", file("wanted.in"), "--output-file", file("resolved.txt")],
      ...["--constraints", file("constraints.txt"), "--no-header", "--no-annotate", "--generate-hashes"],
      ...["--emit-index-url", "--only-binary", ":all:", "--no-python-downloads", "--quiet"],
      // Which one reads the answers does not matter, only that uv need not look for others.
      ...["--python", "python3", "--python-version", target.python, "--python-platform", target.platform],
      ...question.upgraded.flatMap((name) => ["--upgrade-package", name]),
      ...question.isWhole ? ["--no-deps"] : []
    ],
    environment,
    CURE
  );
  if (ended.code !== 0) {
    const asked = question.isWhole ? "what constraints lists" : question.wanted.trim().replaceAll("\n", ", ");
    return `uv on the runner finds no packages for ${asked} on Python ${target.python} (${target.platform}), all of them wheels: ${said(ended)}`;
  }
  return readPins(await readFile(file("resolved.txt"), "utf8"));
}
__name(resolveFor, "resolveFor");

// src/wheels/index.ts
async function resolveOnRunner(facts, inputs, version, runner) {
  const { constraints, extra, requireHashes } = inputs.packages;
  const { installed } = facts.environment;
  const refused = /* @__PURE__ */ __name((sentence) => ({ warnings: [], blockers: [sentence] }), "refused");
  const target = wheelTarget(facts.environment);
  if (typeof target === "string") return refused(target);
  const directory = await mkdtemp(join5(runner.context.tempDir, "jupyterhub-upgrade-packages-"));
  const asked = await resolveFor(
    target,
    {
      wanted: requireHashes ? constraints?.text ?? "" : [`jupyterhub==${version}`, ...extra, ""].join("\n"),
      constraints: requireHashes ? void 0 : constraints?.text,
      installed,
      upgraded: extra.map((each) => nameIn(each)),
      isWhole: requireHashes
    },
    { directory, environment: environmentOf(runner.context) }
  );
  if (typeof asked === "string") return refused(asked);
  const pins = requireHashes ? withDigestsOf(constraints?.text ?? "", asked.pins) : asked.pins;
  const changed = changing(pins, installed);
  const resolution = resolvedTo(changesTo(changed, installed), facts, inputs, version);
  if (resolution.blockers.length > 0) return resolution;
  const wheels = await wheelsFor(changed, version, target, { ...runner, directory, options: asked.options });
  return typeof wheels === "string" ? refused(wheels) : { ...resolution, wheels };
}
__name(resolveOnRunner, "resolveOnRunner");
async function newestOnRunner(facts, { context }) {
  const refused = /* @__PURE__ */ __name((sentence) => new UpgradeError(sentence, {
    ...{ step: "discover", hub: "Nothing was touched." },
    next: "Mend what is said above and run the job again, or give target-version."
  }), "refused");
  const target = wheelTarget(facts.environment);
  if (typeof target === "string") throw refused(target);
  const directory = await mkdtemp(join5(context.tempDir, "jupyterhub-upgrade-packages-"));
  const question = { wanted: "jupyterhub\n", installed: [], upgraded: [], isWhole: true };
  const asked = await resolveFor(target, question, { directory, environment: environmentOf(context) });
  await rm4(directory, { recursive: true });
  if (typeof asked === "string") throw refused(asked);
  return asked.pins.flatMap(({ name, version }) => name === "jupyterhub" ? [version] : []);
}
__name(newestOnRunner, "newestOnRunner");
function environmentOf({ environment }) {
  return { ...environment, UV_NO_PROGRESS: "1" };
}
__name(environmentOf, "environmentOf");
function withDigestsOf(list, pins) {
  const listed = readPins(list).pins;
  const digestsOf = /* @__PURE__ */ __name(({ name, version }) => listed.flatMap((each) => each.name === name && isVersion(each.version, version) ? each.digests : []), "digestsOf");
  return pins.map((pin) => ({ ...pin, digests: digestsOf(pin) }));
}
__name(withDigestsOf, "withDigestsOf");
function cacheKey(version, { abi, platform }, pins) {
  const list = pins.map(({ name, version: its, digests }) => [name, its, [...digests].sort()]);
  const digest = createHash2("sha256").update(JSON.stringify(list.sort())).digest("hex").slice(0, 32);
  return `jupyterhub-upgrade-wheels-${version}-${abi}-${platform}-${digest}`;
}
__name(cacheKey, "cacheKey");
async function wheelsFor(pins, version, target, { context, log, directory, options }) {
  const key = cacheKey(version, target, pins);
  const place = { workspace: context.environment.GITHUB_WORKSPACE ?? process.cwd(), directory };
  const kept = join5(directory, "kept");
  const archive = await fromCache(key, place, log);
  if (archive !== void 0) {
    try {
      await readArchive(archive, kept);
      const wheels2 = await wheelsIn(kept, pins);
      log.info(`${what(wheels2)} in GitHub's cache (${key}), with the digests of the index: nothing is downloaded.`);
      return wheels2;
    } catch (error) {
      log.warning(
        "Packages",
        `What GitHub's cache has as ${key} is thrown away: ${messageOf(error)} It is fetched again.`
      );
    } finally {
      await rm4(archive, { force: true });
    }
  }
  const wheels = await download(pins, target, join5(directory, "wheels"), {
    options,
    environment: environmentOf(context)
  });
  if (typeof wheels === "string") return wheels;
  log.info(`${what(wheels)} fetched, with the digests of the index.`);
  if (archive === void 0) {
    await writeArchive(wheels, join5(directory, "wheels.tar"));
    await intoCache(key, join5(directory, "wheels.tar"), place, log);
  }
  return wheels;
}
__name(wheelsFor, "wheelsFor");
function what(wheels) {
  return `${count(wheels.length, "wheel")}, ${size(wheels.reduce((sum, each) => sum + each.size, 0))},`;
}
__name(what, "what");
export {
  cacheKey,
  newestOnRunner,
  resolveOnRunner
};
