import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  external_exports
} from "./chunk-ESDG7GNZ.mjs";
import {
  satisfies
} from "./chunk-CU3ASNB5.mjs";
import {
  __name
} from "./chunk-MY7DWCCO.mjs";

// src/errors.ts
var UpgradeError = class extends Error {
  static {
    __name(this, "UpgradeError");
  }
  trouble;
  constructor(message, trouble, options) {
    super(message, options);
    this.name = "UpgradeError";
    this.trouble = trouble;
  }
};
function messageOf(error) {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === void 0 ? "" : `: ${messageOf(error.cause)}`;
  return `${error.message}${cause}`;
}
__name(messageOf, "messageOf");

// src/hub/packages.ts
var text = external_exports.string().max(1024);
var installedSchema = external_exports.object({
  name: text,
  version: text,
  editable: external_exports.boolean(),
  installer: text.nullable(),
  from: text.nullable(),
  /** Its directory, if that is not the one in which JupyterHub lies. */
  elsewhere: text.optional()
});
var requirementSchema = external_exports.object({ by: text, name: text, specifier: text });
var platformSchema = external_exports.object({
  implementation: text,
  /** `3.11.7`. */
  python: text,
  /** `cp311`. */
  abi: text,
  machine: text,
  bits: external_exports.number().int(),
  /** `glibc 2.36`, `musl 1.2`. */
  libc: text.nullable()
});
var packagesSchema = external_exports.object({
  installed: external_exports.array(installedSchema).max(5e3),
  requirements: external_exports.array(requirementSchema).max(5e4).nullable(),
  platform: platformSchema
});
function canonicalName(name) {
  return name.replaceAll(/[-_.]+/g, "-").toLowerCase();
}
__name(canonicalName, "canonicalName");
function changesTo(chosen, installed) {
  const versions = new Map(installed.map(({ name, version }) => [name, version]));
  return chosen.map(({ name, version }) => {
    const from = versions.get(canonicalName(name));
    return { name: canonicalName(name), ...from === void 0 ? {} : { from }, to: version };
  }).filter(({ from, to }) => from !== to).sort((one, other) => one.name < other.name ? -1 : 1);
}
__name(changesTo, "changesTo");
function conflictsOf(changes, installed, requirements) {
  const changed = new Map(changes.map((change) => [change.name, change]));
  const versions = new Map(installed.map(({ name, version }) => [name, version]));
  return requirements.flatMap((requirement) => {
    const change = changed.get(requirement.name);
    const version = versions.get(requirement.by);
    if (change?.to === void 0 || version === void 0 || changed.has(requirement.by)) return [];
    if (fits(change.to, requirement.specifier)) return [];
    const wasBroken = change.from !== void 0 && !fits(change.from, requirement.specifier);
    return wasBroken ? [] : [{ ...requirement, version, to: change.to }];
  });
}
__name(conflictsOf, "conflictsOf");
function fits(version, specifier) {
  try {
    return satisfies(version, specifier, { prereleases: true });
  } catch {
    return true;
  }
}
__name(fits, "fits");
function changeText({ name, from, to }) {
  if (from === void 0) return `${name} ${to} (new)`;
  return to === void 0 ? `${name} ${from} (removed)` : `${name} ${from} \u2192 ${to}`;
}
__name(changeText, "changeText");

export {
  UpgradeError,
  messageOf,
  packagesSchema,
  canonicalName,
  changesTo,
  conflictsOf,
  changeText
};
