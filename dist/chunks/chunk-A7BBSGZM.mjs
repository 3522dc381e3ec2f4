import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  canonicalName,
  changesTo,
  conflictsOf
} from "./chunk-FDCGE4G5.mjs";
import {
  external_exports
} from "./chunk-ESDG7GNZ.mjs";
import {
  compare
} from "./chunk-CU3ASNB5.mjs";
import {
  __name
} from "./chunk-MY7DWCCO.mjs";

// src/hub/environments/conda.ts
var record = external_exports.object({ name: external_exports.string().max(256), version: external_exports.string().max(256), build_string: external_exports.string().max(256) });
var answerSchema = external_exports.object({
  success: external_exports.boolean().optional(),
  exception_name: external_exports.string().max(256).optional(),
  message: external_exports.string().max(1e5).optional(),
  error: external_exports.string().max(1e5).optional(),
  packages: external_exports.array(external_exports.unknown()).optional(),
  actions: external_exports.object({ LINK: external_exports.array(record).default([]), UNLINK: external_exports.array(record).default([]) }).optional()
});
var conda = {
  blockers({ conda: found, kind, path, tool, uid }, packages) {
    if (kind !== "conda") {
      return [
        `package-manager: conda, but ${path} is no conda environment (it has no conda-meta/history). Leave it out.`
      ];
    }
    if (found.packages === "") {
      return [
        `package-manager: conda, but JupyterHub was not installed into ${path} by conda: it would be there twice. Write package-manager: pip, or leave it out.`
      ];
    }
    const blockers = [];
    if (tool === "") {
      const others = found.others.length === 0 ? "" : ` ${found.others.join(" and ")} is there, but has not been tried.`;
      blockers.push(
        `${path} is a conda environment, but no conda was found that its owner (uid ${uid}) may trust: not the one that made it, none beside it, in /opt/conda, /opt/miniforge3, /opt/miniconda3 or the PATH; the file must belong to that owner or root, and nobody else may write to it.${others} Install conda in one of these places.`
      );
    }
    if (found.frozen) {
      blockers.push(
        `${path} is marked as frozen (conda-meta/frozen). Remove that file first, if it is meant to be upgraded.`
      );
    }
    if (found.interrupted !== "") {
      blockers.push(
        `An earlier conda transaction in ${path} was interrupted (it left ${found.interrupted}): conda no longer knows what is in the environment. Put a copy of it back, or make it anew, first.`
      );
    }
    const pin = found.pinned.split("\n").find((line) => /^jupyterhub(-base)?(?![\w.-])/.test(line.trim()));
    if (pin !== void 0) {
      blockers.push(`${path} pins JupyterHub (conda-meta/pinned: ${pin.trim()}). Take that line out first.`);
    }
    if (packages.constraints !== void 0) {
      blockers.push("constraints are for pip and uv, but this environment is conda\u2019s: use conda-meta/pinned there.");
    }
    return blockers;
  },
  changes(resolved) {
    const { actions } = answerSchema.parse(JSON.parse(resolved));
    const before = new Map((actions?.UNLINK ?? []).map(({ name, version }) => [name, version]));
    const linked = (actions?.LINK ?? []).map(({ name, version, build_string }) => {
      const from = before.get(name);
      before.delete(name);
      return { name, ...from === void 0 ? {} : { from }, to: version, build: build_string };
    });
    const gone = [...before].map(([name, from]) => ({ name, from }));
    return [...linked, ...gone].sort((one, other) => one.name < other.name ? -1 : 1);
  },
  refusal(resolved, log, wanted) {
    const asked = wanted.join(", ");
    const answer = answerSchema.safeParse(tryJson(resolved)).data;
    const name = answer?.exception_name ?? "";
    const said = (answer?.message ?? answer?.error ?? log).trim().replaceAll(/\s+/g, " ").slice(0, 2e3);
    if (name === "PackagesNotFoundInChannelsError") return `conda's channels do not have what is asked for: ${said}`;
    if (/Unsatisfiable|Conflict/.test(name)) return `${asked} cannot be installed together with what is there: ${said}`;
    if (name === "EnvironmentNotWritableError") return `The environment cannot be written to: ${said}`;
    if (/CondaHTTPError|UnavailableInvalidChannel|Offline/.test(name)) {
      return `conda's channels cannot be reached from the host: ${said}`;
    }
    return `conda refuses to install ${asked}: ${said || "it says nothing."}`;
  },
  exact: /* @__PURE__ */ __name((change) => `${change.name}=${change.to}${change.build === void 0 ? "" : `=${change.build}`}`, "exact"),
  exactly: "",
  install: /* @__PURE__ */ __name((environment, wanted) => installing(environment, wanted), "install"),
  fetch: /* @__PURE__ */ __name((environment, wanted) => installing(environment, ["--download-only", ...wanted]), "fetch"),
  installFetched: /* @__PURE__ */ __name((environment, wanted) => installing(environment, ["--offline", ...wanted]), "installFetched")
};
function installing({ path, tool }, words) {
  return [tool, "install", "-y", "-q", "-p", path, ...words];
}
__name(installing, "installing");
function tryJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return void 0;
  }
}
__name(tryJson, "tryJson");

// src/hub/environments/pip.ts
var reportSchema = external_exports.array(external_exports.object({ name: external_exports.string().max(1024), version: external_exports.string().max(1024) })).max(5e3);
var pip = {
  blockers({ conda: conda2, kind, path, tool }) {
    if (kind === "conda" && conda2.packages !== "") {
      return [
        `package-manager: pip, but conda installed JupyterHub into ${path} (${conda2.packages.split("\n")[0]}): pip would leave conda's records wrong. Write package-manager: conda, or leave it out.`
      ];
    }
    if (tool === "") return [`There is no pip in ${path}. Write package-manager: uv if uv made it, or leave it out.`];
    return [];
  },
  changes: /* @__PURE__ */ __name((resolved, { installed }) => changesTo(reportSchema.parse(JSON.parse(resolved)), installed), "changes"),
  refusal(_, log, wanted) {
    const errors = [...log.matchAll(/^ERROR: (.*)$/gm)].map(([, text = ""]) => text.trim());
    const offered = /\(from versions: (.*)\)/.exec(log)?.[1]?.split(", ").at(-1);
    const newest = offered === "none" ? void 0 : offered;
    const missing = /No matching distribution found for (.*)/.exec(log)?.[1];
    const python = missing === void 0 ? void 0 : wantedPython(log, missing);
    if (python !== void 0) {
      const other = newest === void 0 ? "" : `; the newest that runs on this one is ${newest}`;
      return `${missing} needs Python ${python}, and the hub's environment has another one. Give the hub an environment with such a Python first, or ask for another version${other}.`;
    }
    if (missing !== void 0 && newest === void 0) {
      return `The host's package index has no ${missing}, or it cannot be reached: ${lastTrouble(log)} See \`pip config list\` on the host for where pip looks, and that the package is there.`;
    }
    if (missing !== void 0) {
      return `The host's package index has no ${missing} for this Python; the newest it offers is ${newest}. Ask for a version that it has, or have this one put there.`;
    }
    const conflict = /The conflict is caused by:\n((?: {4}.*\n)+)/.exec(log)?.[1];
    if (conflict !== void 0) {
      const causes = conflict.trim().split("\n").map((line) => line.trim());
      return `${wanted.join(", ")} cannot be installed together: ${causes.join("; ")}. Ask for versions that go together (extra-packages, constraints).`;
    }
    return `pip refuses to install ${wanted.join(", ")}: ${errors.join(" ") || lastTrouble(log)}`;
  },
  exact: /* @__PURE__ */ __name(({ name, to }) => `${name}==${to}`, "exact"),
  exactly: "--no-deps",
  install: /* @__PURE__ */ __name((environment, wanted) => [...pipOf(environment), "install", "--progress-bar", "off", "--upgrade", ...wanted], "install"),
  fetch: /* @__PURE__ */ __name((environment, wanted) => [
    ...pipOf(environment),
    ...environment.place === "environment" ? ["download"] : ["wheel"],
    ...["--progress-bar", "off", environment.place === "environment" ? "--dest" : "--wheel-dir", "$JOB/wheels"],
    ...wanted
  ], "fetch"),
  installFetched: /* @__PURE__ */ __name((environment, wanted, from) => [
    ...from === "runner" ? ["env", "PIP_CONFIG_FILE=/dev/null"] : [],
    ...[...pipOf(environment), "install", "--no-index", "--find-links", "$JOB/wheels", "--upgrade"],
    ...wanted
  ], "installFetched")
};
var PLACES = {
  environment: [],
  user: ["PIP_USER=1", "PIP_BREAK_SYSTEM_PACKAGES=1"],
  system: ["PYTHONNOUSERSITE=1", "PIP_USER=0", "PIP_BREAK_SYSTEM_PACKAGES=1"]
};
var pipOf = /* @__PURE__ */ __name(({ place, python }) => [...PLACES[place], python, "-m", "pip"], "pipOf");
function wantedPython(log, missing) {
  const ignored = /Ignored the following versions that require a different python version: (.*)/.exec(log)?.[1] ?? "";
  const version = /===?([^,\s]+)$/.exec(missing)?.[1];
  const left = ignored.split("; ").map((each) => each.trim().split(" Requires-Python "));
  return left.find(([each]) => each === version)?.[1];
}
__name(wantedPython, "wantedPython");
function lastTrouble(log) {
  return log.trim().split("\n").at(-1)?.replace(/^(ERROR|WARNING): /, "") || "it says nothing.";
}
__name(lastTrouble, "lastTrouble");

// src/hub/environments/uv.ts
var uv = {
  blockers({ kind, path, place, tool, uid }) {
    if (kind === "conda") {
      return [`package-manager: uv, but ${path} is a conda environment. Leave package-manager out.`];
    }
    if (place !== "environment") {
      return [`package-manager: uv, but JupyterHub is outside of any environment, where pip put it. Leave it out.`];
    }
    if (tool !== "") return [];
    return [
      `${path} has no pip, so it is uv that installs into it, but no uv was found that its owner (uid ${uid}) may trust: in ${path}/bin, in the PATH, in .local/bin and .cargo/bin of its owner; the file must belong to that owner or root, and nobody else may write to it. Install uv in one of these places.`
    ];
  },
  changes(resolved, { installed }) {
    const lines = [...resolved.matchAll(/^ ([-+~]) (\S+?)==(\S+)/gm)];
    const added = new Set(lines.flatMap(([, sign, name = ""]) => sign === "-" ? [] : [name]));
    const removed = lines.flatMap(
      ([, sign, name = "", from = ""]) => sign === "-" && !added.has(name) ? [{ name, from }] : []
    );
    const chosen = lines.flatMap(([, sign, name = "", version = ""]) => sign === "-" ? [] : [{ name, version }]);
    return [...changesTo(chosen, installed), ...removed];
  },
  refusal(resolved, log, wanted) {
    const text = `${resolved}
${log}`;
    const causes = /(?:^|\n)error: ([\s\S]*?)(?:\n\n|\nhint:|$)/.exec(text)?.[1] ?? text;
    const said = causes.replaceAll(/^\s*(cause: )?/gm, "").trim().replaceAll("\n", " ");
    return `uv refuses to install ${wanted.join(", ")}: ${said}`;
  },
  exact: /* @__PURE__ */ __name(({ name, to }) => `${name}==${to}`, "exact"),
  exactly: "--no-deps",
  install: /* @__PURE__ */ __name((environment, wanted) => installing2(environment, wanted), "install"),
  fetch: /* @__PURE__ */ __name((environment, wanted) => installing2(environment, ["--target", "$JOB/wheels/unused", ...wanted]), "fetch"),
  installFetched: /* @__PURE__ */ __name((environment, wanted, from) => {
    const sent = from === "runner" ? ["--no-config", "--no-index", "--find-links", "$JOB/wheels"] : [];
    return installing2(environment, ["--offline", ...sent, ...wanted]);
  }, "installFetched")
};
function installing2({ python, tool }, words) {
  return [tool, "pip", "install", ...words, "--python", python];
}
__name(installing2, "installing");

// src/hub/environments/managers.ts
var MANAGERS = { pip, uv, conda };
function managerOf({ manager }) {
  return MANAGERS[manager];
}
__name(managerOf, "managerOf");
function wantedOf(parameters) {
  const { CHANNELS = "", EXACTLY = "", REQUIREMENTS = "", REQUIRE_HASHES } = parameters;
  if (REQUIRE_HASHES === "yes") return ["--require-hashes", "--requirement", "$JOB/constraints"];
  const words = /* @__PURE__ */ __name((text) => text.split(" ").filter(Boolean), "words");
  return [...words(CHANNELS).flatMap((channel) => ["-c", channel]), ...words(EXACTLY), ...words(REQUIREMENTS)];
}
__name(wantedOf, "wantedOf");
function placeParameters({ environment }) {
  const { bin, path, place, python } = environment;
  return { ENVIRONMENT_PATH: path, PLACE: place, HUB_PYTHON: python, HUB_BIN: bin };
}
__name(placeParameters, "placeParameters");
function parametersOf(facts, inputs, version, changes) {
  const { environment } = facts;
  const { channels, constraints, extra, from, requireHashes } = inputs.packages;
  const manager = managerOf(environment);
  const exact = changes?.filter(({ to }) => to !== void 0).map((change) => manager.exact(change));
  return {
    PACKAGE_MANAGER: environment.manager,
    PACKAGE_TOOL: environment.tool,
    PACKAGES_FROM: from,
    REQUIREMENTS: (exact ?? [`jupyterhub==${version}`, ...extra]).join(" "),
    EXACTLY: exact === void 0 ? "" : manager.exactly,
    CHANNELS: channels.join(" "),
    CONSTRAINTS: constraints?.text ?? "",
    CONSTRAINTS_PATH: constraints?.path ?? "",
    // What the runner sends it has compared with the digests, and the host installs nothing else.
    REQUIRE_HASHES: requireHashes && from === "host" ? "yes" : "no",
    ...placeParameters(facts),
    ENVIRONMENT_UID: String(environment.uid),
    ENVIRONMENT_GID: String(environment.gid)
  };
}
__name(parametersOf, "parametersOf");

// src/hub/environments/tljh.ts
import { dirname } from "node:path";
var TLJH = "the-littlest-jupyterhub";
function tljhGuarantees({ configFile, environment, service }) {
  const found = environment.installed.find(({ name }) => name === TLJH);
  const place = dirname(environment.path);
  const isLaidOut = environment.path === `${place}/hub` && service.directory === `${place}/state`;
  if (found === void 0 || !isLaidOut || !configFile.endsWith("/tljh/jupyterhub_config.py")) return [];
  return [
    `This is The Littlest JupyterHub ${found.version} in ${place}. Only ${environment.path} is upgraded: ${place}/config, ${place}/user and the unit of its proxy stay as they are, and of ${place}/state the database alone is migrated, while nothing can start the hub, whose unit may migrate it at any start (--upgrade-db).`
  ];
}
__name(tljhGuarantees, "tljhGuarantees");
function outsideOfTljh({ version, name, specifier, to }) {
  return `The Littlest JupyterHub ${version} allows ${name} ${specifier}, and ${name} would become ${to}. Choose a version in that range, or upgrade The Littlest JupyterHub itself first, with its own installer, to a release that allows it.`;
}
__name(outsideOfTljh, "outsideOfTljh");

// src/hub/environments/resolution.ts
var NOT_RESOLVED = { warnings: [], blockers: [] };
function resolutionParameters(facts, inputs, version) {
  return {
    ...parametersOf(facts, inputs, version),
    UPGRADED: inputs.packages.extra.map((spec) => nameIn(spec)).join(" ")
  };
}
__name(resolutionParameters, "resolutionParameters");
function readResolution(raw, facts, inputs, version) {
  const { environment } = facts;
  const manager = managerOf(environment);
  const get = /* @__PURE__ */ __name((name) => raw.get(name) ?? "", "get");
  const wanted = [`jupyterhub==${version}`, ...inputs.packages.extra];
  if (get("status") === "2") {
    return {
      warnings: [],
      blockers: [`constraints: ${inputs.packages.constraints?.path} cannot be read: ${get("log").trim()}`]
    };
  }
  if (get("status") === "3") {
    const changes = [{ name: "jupyterhub", from: facts.version, to: version }];
    const why = `Which packages change cannot be told in advance: ${environment.toolVersion} is too old for that, and no newer pip runs on Python ${facts.python}.`;
    if (environment.place !== "environment") {
      const next = "Outside of an environment other programs would share what is changed: upgrade pip first, or give the hub an environment.";
      return { warnings: [], blockers: [`${why} ${next}`] };
    }
    return { warnings: [why], blockers: conflictSentences(changes, facts) };
  }
  if (get("status") !== "0") {
    const log = get("log");
    const isFull = /No space left on device|Errno 28/.test(log + get("resolved"));
    const why = manager.refusal(get("resolved"), log, wanted);
    return { warnings: [], blockers: [isFull ? `A disk of the host is full: ${why}` : why] };
  }
  return resolvedTo(manager.changes(get("resolved"), environment), facts, inputs, version);
}
__name(readResolution, "readResolution");
function resolvedTo(changes, facts, inputs, version) {
  const hub = changes.find(({ name }) => name === "jupyterhub" || name === "jupyterhub-base");
  if (hub?.to !== version) {
    const what = inputs.packages.requireHashes ? "constraints, the list with all digests, holds" : "What would be installed is";
    return {
      warnings: [],
      blockers: [`${what} JupyterHub ${hub?.to ?? facts.version}, but target-version is ${version}.`]
    };
  }
  return {
    changes,
    warnings: [],
    blockers: [...foreignSentences(changes, facts), ...conflictSentences(changes, facts)]
  };
}
__name(resolvedTo, "resolvedTo");
function foreignSentences(changes, { environment }) {
  if (environment.place === "environment") return [];
  const changed = new Map(changes.map((change) => [change.name, change]));
  return environment.installed.flatMap(({ name, version, elsewhere }) => {
    const change = changed.get(name);
    if (elsewhere === void 0 || change === void 0) return [];
    return [
      `${name} ${version} would become ${change.to}, but lies in ${elsewhere}, where the distribution or somebody else put it, and not with JupyterHub in ${environment.path}: what else uses it would get another one. Give the hub an environment of its own first.`
    ];
  });
}
__name(foreignSentences, "foreignSentences");
function conflictSentences(changes, { environment }) {
  if (environment.manager === "conda") return [];
  return conflictsOf(changes, environment.installed, environment.wanted ?? []).map((conflict) => {
    const { by, version, name, specifier, to } = conflict;
    if (by === TLJH) return outsideOfTljh(conflict);
    return `${by} ${version}, which is installed beside JupyterHub, needs ${name}${specifier}, and ${name} would become ${to}. Have it upgraded together (extra-packages: ${by}), or remove it from the environment.`;
  });
}
__name(conflictSentences, "conflictSentences");
function nameIn(requirement) {
  return canonicalName(/^[A-Za-z0-9._-]+/.exec(requirement)?.[0] ?? "");
}
__name(nameIn, "nameIn");

// src/hub/environments/target.ts
var GLIBC = [17, 28, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40];
var OLDEST_GLIBC = { x86_64: 5, aarch64: 17 };
var ALIASES = {
  x86_64: ["manylinux2014", "manylinux2010", "manylinux1"],
  aarch64: ["manylinux2014"]
};
function wheelTarget({ path, place, manager, platform, toolVersion }) {
  if (place !== "environment") {
    return "packages-from: runner needs a hub in an environment of its own. Give it one, or the host a package index that it can reach.";
  }
  if (manager === "conda") {
    return `packages-from: runner is for pip and uv, but ${path} is conda\u2019s. Leave it out, or give the host a channel that it can reach.`;
  }
  if (platform === void 0) return `packages-from: runner, but the Python in ${path} does not say what it is.`;
  const { implementation, python, abi, machine, bits } = platform;
  const oldest = bits === 64 ? OLDEST_GLIBC[machine] : void 0;
  const isKnown = /^3\.\d{1,2}\.\d{1,3}$/.test(python) && /^cp3\d{1,2}[a-z]{0,3}$/.test(abi);
  if (implementation !== "cpython" || !isKnown || oldest === void 0) {
    return `packages-from: runner knows CPython on x86_64 and aarch64, and ${path} has ${implementation} ${python} on ${machine} (${bits} bits). Give the host a package index that it can reach (packages-from: host).`;
  }
  const [, name, major, minor] = /^(glibc|musl) (\d+)\.(\d+)/.exec(platform.libc ?? "") ?? [];
  const common = { python, abi };
  if (name === "musl" && major === "1" && takesMusl(manager, toolVersion)) {
    const tags2 = descending(Math.min(Number(minor), 2), 0).map((each) => `musllinux_1_${each}_${machine}`);
    return { ...common, platform: `${machine}-unknown-linux-musl`, tags: [...tags2, `linux_${machine}`] };
  }
  const most = name === "glibc" && major === "2" ? Math.min(Number(minor), newestFor(manager, toolVersion)) : 0;
  const level = GLIBC.findLast((each) => each <= most);
  if (level === void 0) {
    return `packages-from: runner needs a host with glibc 2.17 or newer and pip 19.3 or newer, or musl and pip 21.2 or newer; ${path} has ${platform.libc ?? "another C library"} and ${toolVersion}. Upgrade pip in the environment, or use packages-from: host.`;
  }
  const tags = descending(level, oldest).map((each) => `manylinux_2_${each}_${machine}`);
  const older = (ALIASES[machine] ?? []).map((alias) => `${alias}_${machine}`);
  return {
    ...common,
    platform: `${machine}-manylinux_2_${level}`,
    tags: [...tags, ...older, `linux_${machine}`]
  };
}
__name(wheelTarget, "wheelTarget");
function takesMusl(manager, toolVersion) {
  const pip2 = pipIn(toolVersion);
  return manager === "uv" || pip2 === void 0 || compare(pip2, "21.2") >= 0;
}
__name(takesMusl, "takesMusl");
function pipIn(toolVersion) {
  return /^pip (\d[\w.]*)/.exec(toolVersion)?.[1];
}
__name(pipIn, "pipIn");
function newestFor(manager, toolVersion) {
  const pip2 = pipIn(toolVersion);
  if (manager === "uv" || pip2 === void 0 || compare(pip2, "20.3") >= 0) return Number.POSITIVE_INFINITY;
  return compare(pip2, "19.3") >= 0 ? 17 : 0;
}
__name(newestFor, "newestFor");
function descending(from, to) {
  return Array.from({ length: Math.max(from - to + 1, 0) }, (_, index) => from - index);
}
__name(descending, "descending");

// src/backup/errors.ts
var BundleRefused = class extends Error {
  static {
    __name(this, "BundleRefused");
  }
  name = "BundleRefused";
};
var SealError = class extends Error {
  static {
    __name(this, "SealError");
  }
  name = "SealError";
};
var ArtifactError = class extends Error {
  static {
    __name(this, "ArtifactError");
  }
  name = "ArtifactError";
};
function shown(text) {
  const line = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "\uFFFD");
  return `"${line.length > 120 ? `${line.slice(0, 119)}\u2026` : line}"`;
}
__name(shown, "shown");

export {
  BundleRefused,
  SealError,
  ArtifactError,
  shown,
  managerOf,
  wantedOf,
  placeParameters,
  parametersOf,
  tljhGuarantees,
  NOT_RESOLVED,
  resolutionParameters,
  readResolution,
  resolvedTo,
  nameIn,
  wheelTarget
};
