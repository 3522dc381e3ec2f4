import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  ArtifactError,
  BundleRefused,
  NOT_RESOLVED,
  SealError,
  managerOf,
  parametersOf,
  placeParameters,
  readResolution,
  resolutionParameters,
  shown,
  tljhGuarantees,
  wantedOf,
  wheelTarget
} from "./chunk-A7BBSGZM.mjs";
import {
  BACKUP,
  CommandFailed,
  DISCOVERY,
  Job,
  Link,
  PROOF,
  RESOLUTION,
  adviceLines,
  createLog,
  followJob,
  followRehearsal,
  freshResult,
  leftAsBefore,
  maySudo,
  planLines,
  renderSummary,
  shellQuote,
  verdictOf
} from "./chunk-CGPKQK2I.mjs";
import "./chunk-W6CWFFAB.mjs";
import "./chunk-V3Z33ZCZ.mjs";
import {
  UpgradeError,
  messageOf,
  packagesSchema
} from "./chunk-FDCGE4G5.mjs";
import {
  external_exports
} from "./chunk-ESDG7GNZ.mjs";
import {
  RULES,
  isPostQuantum,
  isSuccess,
  saveState
} from "./chunk-6E4YAZG7.mjs";
import {
  addMask,
  approvalOf,
  decisiveOf,
  differencesFrom,
  digestOf,
  fileCommand
} from "./chunk-OWL5H37P.mjs";
import {
  count,
  duration,
  oneLine,
  size,
  tenths
} from "./chunk-GMAGFIF4.mjs";
import "./chunk-52FPJKEB.mjs";
import {
  require_tar_stream
} from "./chunk-G2GB7FWX.mjs";
import {
  compare,
  major,
  satisfies
} from "./chunk-CU3ASNB5.mjs";
import {
  Decrypter,
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient
} from "./chunk-JQN7V4SD.mjs";
import "./chunk-YPVQFBCU.mjs";
import {
  __callDispose,
  __name,
  __toESM,
  __using
} from "./chunk-MY7DWCCO.mjs";

// src/modes/index.ts
import { appendFileSync as appendFileSync2 } from "node:fs";

// src/report/outputs.ts
import { appendFileSync } from "node:fs";
var OUTPUT_NAMES = [
  "outcome",
  "failed-step",
  "previous-version",
  "current-version",
  "previous-revision",
  "current-revision",
  "backup-artifact-id",
  "backup-artifact-digest",
  "downtime-seconds",
  "plan-digest",
  "result"
];
var LONGEST_RESULT = 1e5;
function outputsOf(result) {
  return {
    outcome: result.outcome,
    "failed-step": oneLine(result.error?.step ?? ""),
    "previous-version": oneLine(result.versions.previous ?? ""),
    "current-version": oneLine(result.versions.current ?? ""),
    "previous-revision": oneLine(result.revisions.previous ?? ""),
    "current-revision": oneLine(result.revisions.current ?? ""),
    "backup-artifact-id": String(result.backup?.artifactId ?? ""),
    "backup-artifact-digest": oneLine(result.backup?.digest ?? ""),
    "downtime-seconds": result.downtime === void 0 ? "" : tenths(result.downtime.seconds).toFixed(1),
    "plan-digest": planOf(result),
    result: boundedJson(result)
  };
}
__name(outputsOf, "outputsOf");
function writeOutputs(result, file) {
  const outputs = outputsOf(result);
  appendFileSync(file, OUTPUT_NAMES.map((name2) => fileCommand(name2, outputs[name2])).join(""));
}
__name(writeOutputs, "writeOutputs");
function planOf({ plan: plan2 }) {
  if (plan2?.document === void 0) return oneLine(plan2?.digest ?? "");
  return approvalOf(plan2.document.decisive);
}
__name(planOf, "planOf");
function boundedJson(result) {
  for (let most = 500; ; most = Math.floor(most / 2)) {
    const { value, truncated } = shorten(result, most);
    const json = JSON.stringify(truncated ? { ...value, truncated } : value);
    if (json.length <= LONGEST_RESULT || most === 0) return json;
  }
}
__name(boundedJson, "boundedJson");
function shorten(result, most) {
  let truncated = false;
  const keep = /* @__PURE__ */ __name((list) => {
    truncated ||= list.length > most;
    return list.slice(0, most);
  }, "keep");
  const short = /* @__PURE__ */ __name((value, key) => {
    if (typeof value === "string") {
      truncated ||= value.length > 1e3;
      return oneLine(value);
    }
    if (Array.isArray(value)) return keep(value).map((item) => short(item, ""));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value);
    const isRows = key === "before" || key === "after";
    if (isRows) return Object.fromEntries(keep(entries).map(([table, rows2]) => [oneLine(table, 100), rows2]));
    return Object.fromEntries(entries.map(([name2, item]) => [name2, short(item, name2)]));
  }, "short");
  return { value: short(result, ""), truncated };
}
__name(shorten, "shorten");

// src/hub/databases/blockers.ts
function migrationBlockers(database2) {
  const blockers = [];
  if (database2.half_migrated.length > 0) {
    blockers.push(
      `The database is half migrated (${database2.half_migrated.join("; ")}): an earlier upgrade-db failed in it. Restore it from a backup first (mode: restore); running upgrade-db again cannot mend it.`
    );
  }
  if (database2.revision === null) {
    blockers.push("The database has no alembic_version: upgrade-db would mark it as current without migrating it.");
  }
  return blockers;
}
__name(migrationBlockers, "migrationBlockers");
function copyNeeds({ size: size4 }, copies, scratch = 0) {
  return [
    {
      place: "database",
      what: `${copies} copies of the database`,
      bytes: Math.ceil(size4 * copies * 1.1) + 64 * MIB,
      files: 100
    },
    { place: "phases", what: "the backup while it is proven", bytes: size4 + 16 * MIB + scratch, files: 2e3 },
    { place: "state", what: "the programs of the job", bytes: 8 * MIB, files: 200 },
    { place: "units", what: "a unit for the job", bytes: 64 * 1024, files: 5 }
  ];
}
__name(copyNeeds, "copyNeeds");
var MIB = 1024 * 1024;

// src/hub/command.ts
function commandLine(...words) {
  return words.map(word).join(" ");
}
__name(commandLine, "commandLine");
function word(text2) {
  const escaped = text2.replaceAll(/[\\"`]|\$(?!(JOB_ID|JOB|PROGRAMS|PHASE)\b)/g, "\\$&");
  return /^[\w@%+=:,./$-]+$/.test(text2) && escaped === text2 ? text2 : `"${escaped}"`;
}
__name(word, "word");

// src/hub/databases/commands.ts
function hubdbCommands(facts, copies) {
  const live = /* @__PURE__ */ __name((verb, ...words) => hubdb(facts, "$PHASE", verb, database(facts, "$PHASE"), ...words), "live");
  return {
    hold: [
      live("backup", `${copies}/.jupyterhub-upgrade-backup.XXXXXX/database`),
      ...facts.database.proof === "none" ? [] : [live("prove", "$PHASE/payload/database")]
    ],
    verify: [
      ofJob(facts, "inventory", "$JOB/database/inventory.now"),
      hubdb(facts, "$PROGRAMS", "compare", "$JOB/database/inventory", "$JOB/database/inventory.now")
    ]
  };
}
__name(hubdbCommands, "hubdbCommands");
function ofJob(facts, verb, ...words) {
  return hubdb(facts, "$PROGRAMS", verb, database(facts, "$JOB"), ...words);
}
__name(ofJob, "ofJob");
function mintToken(facts, user2) {
  const options = ["--expires", "600", "--wait", ...user2 === void 0 ? [] : ["--user", user2]];
  const program = [facts.environment.python, "$PROGRAMS/hubdb", "token", "create"];
  return { as: facts.service.user, run: commandLine(...program, ...options, database(facts, "$JOB")) };
}
__name(mintToken, "mintToken");
function database({ database: { path } }, directory) {
  return path === "" ? `@${directory}/database.json` : path;
}
__name(database, "database");
function hubdb({ database: database2, environment, service }, programs, ...words) {
  const isolated = database2.path === "" ? [] : ["-I"];
  const tools = database2.tools === "" ? [] : ["--tools", database2.tools];
  return {
    as: service.user,
    run: commandLine(environment.python, ...isolated, `${programs}/hubdb`, ...tools, ...words)
  };
}
__name(hubdb, "hubdb");

// src/hub/databases/sqlalchemy.ts
var PATIENCE = 1800;
function sqlalchemy(facts, inputs, wayBack = "The way back drops the hub's tables and loads the copy of before, row by row; it begins again if it is cut.") {
  const { database: database2 } = facts;
  const copies = hubdbCommands(facts, `${facts.stateRoot}/copies-${facts.service.uid}`);
  const unusable = [
    ...database2.onCommandLine ? [
      "The database is given on the hub's command line (--db, --JupyterHub.db_url or --JupyterHub.db_kwargs), which `jupyterhub upgrade-db` does not see. Write it into the configuration (c.JupyterHub.db_url)."
    ] : [],
    ...database2.argumentsUsable ? [] : [
      "c.JupyterHub.db_kwargs holds objects that cannot be handed to another program. Write what the connection needs into db_url, or as plain texts and numbers."
    ],
    ...inputs.database.toolsPath !== void 0 && database2.tools === "" ? [
      `database-tools-path names ${inputs.database.toolsPath}, which is no directory that ${facts.service.user} can look into on the host. Write the one that holds the programs, such as /usr/lib/postgresql/17/bin.`
    ] : [],
    ...database2.problems
  ];
  const proof = provenBy(facts, inputs);
  const needs = copyNeeds(database2, 3, scratchOf(database2));
  return {
    parameters: {
      DATABASE_DIALECT: "server",
      DATABASE_PATH: "",
      DATABASE_PATIENCE: String(PATIENCE),
      DATABASE_TOOLS: database2.tools
    },
    commands: {
      ...copies,
      snapshot: [
        ofJob(facts, "backup", "$JOB/database/snapshot"),
        ofJob(facts, "inventory", "$JOB/database/inventory")
      ],
      migrate: inputs.database.strategy === "fresh" ? [ofJob(facts, "empty")] : []
    },
    guarantees: [
      `${copierOf(database2.backup)} copies the hub's tables in one consistent read: before the stop for the backup, and again after it for the way back. Tables of others are left alone.`,
      wayBack,
      ...proof.guarantees
    ],
    warnings: [...serverWarnings(facts), ...unrehearsed(facts, inputs), ...proof.warnings, ...database2.warnings],
    needs,
    blockers: [...unusable, ...migrationBlockers(database2), ...proof.blockers],
    backupBlockers: [...unusable, ...proof.blockers],
    restoreBlockers: unusable,
    formats: database2.backup.format === "lines" ? ["lines"] : [database2.backup.format, "lines"]
  };
}
__name(sqlalchemy, "sqlalchemy");
function copierOf({ format, tool }) {
  return format === "lines" ? `The hub's own ${tool ?? "SQLAlchemy"}` : tool ?? format;
}
__name(copierOf, "copierOf");
var WHERE = {
  "scratch file": "a scratch file on the host",
  "scratch database": "a scratch database on the same server",
  "server of its own": "a server of its own, started on the host for that moment by the server's own programs"
};
function provenBy({ database: database2 }, inputs) {
  const proof = { guarantees: [], warnings: [], blockers: [] };
  if (database2.proof !== "none") {
    proof.guarantees.push(`The backup is proven by restoring it into ${WHERE[database2.proof]}.`);
  } else if (inputs.backup.allowUnproven) {
    proof.warnings.push("The backup is not proven by restoring it (allow-unproven-backup).");
  } else {
    proof.blockers.push(
      "The backup cannot be proven by restoring it: the hub's role may not create a scratch database, and the programs of a server of the same kind are not on the host. Let the role create databases, install the programs, or set allow-unproven-backup: true."
    );
  }
  return proof;
}
__name(provenBy, "provenBy");
function unrehearsed({ database: database2 }, { database: { strategy }, rehearse: rehearse2 }) {
  if (rehearse2 === "never" || strategy === "fresh") return [];
  if (database2.backup.format !== "lines" && database2.proof !== "none") return [];
  const why = database2.backup.format === "lines" ? "a copy in lines cannot be migrated" : "there is neither a scratch database nor a server of the same kind for a copy";
  return [`The migration, and the start of a trial hub, are not rehearsed: ${why}.`];
}
__name(unrehearsed, "unrehearsed");
function scratchOf({ proof, size: size4 }) {
  if (proof === "server of its own") return 2 * size4 + EMPTY_SERVER;
  return proof === "scratch file" ? size4 : 0;
}
__name(scratchOf, "scratchOf");
var EMPTY_SERVER = 256 * 1024 * 1024;
function serverWarnings({ database: database2, service }) {
  const warnings = [
    "Nothing keeps another hub or program from writing to this database meanwhile: if another one uses these tables, stop it yourself."
  ];
  if (!isLocal(database2.host)) {
    warnings.push(
      `The database is on another host (${database2.host}). If it cannot be reached when the hub is down, the hub stays down and the way back is tried again for ${PATIENCE / 60} minutes.`
    );
  }
  if (database2.hasArguments) {
    warnings.push(
      `c.JupyterHub.db_kwargs is set, but \`jupyterhub upgrade-db\` hands only db_url to the migration: what the connection cannot do without (TLS, for example) has to stand there, or in the environment of ${service.user}'s hub.`
    );
  }
  return warnings;
}
__name(serverWarnings, "serverWarnings");
function isLocal(host) {
  return host === "" || host.startsWith("/") || host === "localhost" || host === "::1" || /^127\./.test(host);
}
__name(isLocal, "isLocal");

// src/hub/databases/mysql.ts
function mysql(facts, inputs) {
  return sqlalchemy(
    facts,
    inputs,
    "This server cannot take back a change of tables: the way back drops the hub's tables and loads the copy of before, and begins again if it is cut."
  );
}
__name(mysql, "mysql");

// src/hub/databases/postgresql.ts
function postgresql(facts, inputs) {
  return sqlalchemy(
    facts,
    inputs,
    "The way back is one transaction: the hub's tables are what they were before, or what they are now, never in between."
  );
}
__name(postgresql, "postgresql");

// src/hub/databases/sqlite.ts
import { dirname } from "node:path";
function sqlite(facts, { database: { strategy } }, hops) {
  const { database: database2, service } = facts;
  const directory = dirname(database2.path);
  const aside = `${directory}/.jupyterhub-upgrade-$JOB_ID`;
  const files = /* @__PURE__ */ __name((...words) => ({
    as: service.user,
    run: commandLine("/bin/sh", "$PROGRAMS/databases/sqlite-files.sh", ...words)
  }), "files");
  const copies = hubdbCommands(facts, directory);
  const inventory = hubdb(facts, "$PROGRAMS", "inventory", `${aside}/snapshot`, "$JOB/database/inventory");
  const elsewhere2 = database2.onCommandLine ? [
    "The database is given on the hub's command line (--db or --JupyterHub.db_url), which `jupyterhub upgrade-db` does not see: it would make another one. Write it into the configuration (c.JupyterHub.db_url)."
  ] : [];
  return {
    parameters: {
      DATABASE_DIALECT: "sqlite",
      DATABASE_PATH: database2.path,
      DATABASE_URL_HAS_QUERY: database2.hasQuery ? "yes" : "no"
    },
    commands: {
      ...copies,
      snapshot: [files("set-aside", database2.path, aside)],
      migrate: strategy === "fresh" ? [files("empty", database2.path)] : [],
      verify: [inventory, ...copies.verify ?? []]
    },
    guarantees: ["The database of before the upgrade is set aside whole after the stop; the way back is a rename."],
    warnings: database2.warnings,
    // In the rehearsal: one for the old release, one that is migrated, what is rewritten of it, and one that upgrade-db makes
    // at each release on the way. Later there are fewer.
    needs: copyNeeds(database2, 4 + hops.length),
    blockers: [...elsewhere2, ...database2.problems, ...migrationBlockers(database2)],
    backupBlockers: database2.problems,
    // A damaged or half migrated file is what a restore is for.
    restoreBlockers: elsewhere2,
    formats: ["sqlite"]
  };
}
__name(sqlite, "sqlite");

// src/hub/databases/index.ts
var DIALECTS = {
  sqlite,
  postgresql,
  postgres: postgresql,
  mysql,
  mariadb: mysql
};
function databaseOf(facts, inputs, hops = []) {
  const dialect = Object.hasOwn(DIALECTS, facts.database.dialect) ? DIALECTS[facts.database.dialect] : void 0;
  return dialect ? dialect(facts, inputs, hops) : sqlalchemy(facts, inputs);
}
__name(databaseOf, "databaseOf");

// src/hub/disk.ts
function diskUse({ places }, needs) {
  return byDevice(places, needs).map(({ place, here, bytes }) => ({
    ...{ path: place.path, bytes, free: place.free },
    what: here.map(({ what }) => what).join(", ")
  }));
}
__name(diskUse, "diskUse");
function diskBlockers({ places }, needs) {
  return byDevice(places, needs).flatMap(({ place, here, bytes, files }) => {
    const parts = here.map(({ what, bytes: each }) => `${what} (${size(each)})`).join(", ");
    const noRoom = place.free < bytes ? [
      `The disk of ${place.path} has ${size(place.free)} free, and ${size(bytes)} are needed there: ${parts}. Make room for ${size(bytes - place.free)} more.`
    ] : [];
    const noFiles = place.freeFiles !== void 0 && place.freeFiles < files ? [
      `The disk of ${place.path} has room for ${count(place.freeFiles, "more file")} (inodes), and ${files} are needed there. Remove files that nobody needs, old environments for example.`
    ] : [];
    return [...noRoom, ...noFiles];
  });
}
__name(diskBlockers, "diskBlockers");
function writeBlockers({ places, user: user2 }, needs) {
  const needed = new Set(needs.map(({ place }) => place));
  return places.filter(({ name: name2, writable }) => needed.has(name2) && !writable).map(
    ({ path, name: name2 }) => `${path}, ${WHY[name2]}, cannot be written to by ${user2} or who owns it: mount it read-write, or set its owner and mode right.`
  );
}
__name(writeBlockers, "writeBlockers");
function quotaWarnings({ places }, needs) {
  return byDevice(places, needs).filter(({ place }) => place.quota).map(
    ({ place, bytes }) => `The disk of ${place.path} has quotas, and what they leave is not known: see that who writes there may have ${size(bytes)} more.`
  );
}
__name(quotaWarnings, "quotaWarnings");
var WHY = {
  environment: "where the copy of the environment is made",
  database: "where copies of the database are made",
  state: "the action's own directory",
  phases: "where programs are put while they run",
  units: "where a unit that goes on after a reboot is put"
};
function byDevice(places, needs) {
  const devices = [...new Set(places.map(({ device }) => device))];
  return devices.flatMap((device) => {
    const there = places.filter((place2) => place2.device === device);
    const here = needs.filter(({ place: place2, bytes }) => bytes > 0 && there.some(({ name: name2 }) => name2 === place2));
    const place = there.find(({ name: name2 }) => here.some((need) => need.place === name2));
    if (place === void 0) return [];
    const files = here.reduce((sum, each) => sum + (each.files ?? 0), 0);
    return [{ place, here, bytes: here.reduce((sum, each) => sum + each.bytes, 0), files }];
  });
}
__name(byDevice, "byDevice");

// src/modes/back-up.ts
import { createReadStream as createReadStream2 } from "node:fs";

// src/backup/artifacts.ts
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, constants, lstat, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname as dirname2, join } from "node:path";
import { pipeline } from "node:stream/promises";
var PATIENCE_MS = 5 * 6e4;
var SLOW_BYTES_PER_MS = 256;
async function uploadBackup(sealed, run, { retentionDays, limitMs = limitFor(sealed.size) } = {}) {
  const name2 = basename(sealed.path);
  const client = await artifactClient();
  return await within(limitMs, "upload the backup", async () => {
    await checkReadable(sealed);
    const options = { skipArchive: true, ...retentionDays === void 0 ? {} : { retentionDays } };
    const { id: id4 } = await client.uploadArtifact(name2, [sealed.path], dirname2(sealed.path), options);
    const { artifact } = await client.getArtifact(name2);
    if (artifact.id !== id4 || artifact.size !== sealed.size || artifact.digest !== `sha256:${sealed.sha256}`) {
      throw new ArtifactError(
        `The artifact service did not store what was uploaded: it lists artifact ${artifact.id} with ${artifact.size} bytes and ${artifact.digest ?? "no digest"}; sent was artifact ${id4} with ${sealed.size} bytes and sha256:${sealed.sha256}.`
      );
    }
    return { id: id4, name: name2, digest: artifact.digest, size: artifact.size, url: urlOf(run, run.runId, id4) };
  });
}
__name(uploadBackup, "uploadBackup");
async function tryArtifactStore(directory, { limitMs = PATIENCE_MS } = {}) {
  const client = await artifactClient();
  await within(limitMs, "store a file as an artifact", async () => {
    const parent = await mkdtemp(join(directory, "jupyterhub-upgrade-"));
    const name2 = `${basename(parent)}.txt`;
    try {
      await writeFile(join(parent, name2), "Whether artifacts can be stored. This one is deleted at once.\n");
      await client.uploadArtifact(name2, [join(parent, name2)], parent, { skipArchive: true, retentionDays: 1 });
      await client.deleteArtifact(name2);
    } finally {
      await rm(parent, { recursive: true, force: true });
    }
  });
}
__name(tryArtifactStore, "tryArtifactStore");
async function downloadBackup(wanted, run, directory, { limitMs } = {}) {
  const { artifactId } = wanted;
  const runId = String(wanted.runId ?? run.runId);
  const find = findOptions(wanted, run);
  const client = await artifactClient();
  const artifact = await within(limitMs ?? PATIENCE_MS, `list the artifacts of run ${runId}`, async () => {
    const { artifacts } = await client.listArtifacts(find);
    const found = artifacts.find(({ id: id4 }) => id4 === artifactId);
    if (!found) {
      throw new ArtifactError(
        `Run ${runId} has no artifact with the id ${artifactId}. It may have expired or been deleted.`
      );
    }
    if (!/^sha256:[0-9a-f]{64}$/.test(found.digest ?? "")) {
      throw new ArtifactError(
        `Artifact ${artifactId} of run ${runId} is listed without a digest, so it can't be checked.`
      );
    }
    const { name: name2, size: size4, digest = "" } = found;
    return { id: artifactId, name: name2, digest, size: size4, url: urlOf(run, runId, artifactId) };
  });
  return await within(limitMs ?? limitFor(artifact.size), "download the backup", async () => {
    const path = await mkdtemp(join(directory, "jupyterhub-backup-"));
    await client.downloadArtifact(artifactId, { ...find, path, skipDecompress: true, expectedHash: artifact.digest });
    const [name2, ...others] = await readdir(path);
    if (name2 === void 0 || others.length > 0) {
      throw new ArtifactError(
        `The download of artifact ${artifactId} left ${others.length + (name2 ? 1 : 0)} files, not one.`
      );
    }
    const file = join(path, name2);
    const { size: size4, digest } = await measure(file);
    if (size4 !== artifact.size || digest !== artifact.digest) {
      throw new ArtifactError(
        `Artifact ${artifactId} of run ${runId} is damaged: the download has ${size4} bytes and ${digest}, the listing says ${artifact.size} bytes and ${artifact.digest}.`
      );
    }
    return { file, artifact };
  });
}
__name(downloadBackup, "downloadBackup");
async function artifactClient() {
  const { DefaultArtifactClient } = await import("../packages/@actions/artifact.mjs");
  return new DefaultArtifactClient();
}
__name(artifactClient, "artifactClient");
function findOptions({ runId, githubToken }, run) {
  if (runId === void 0) return {};
  if (githubToken === void 0) {
    if (String(runId) === run.runId) return {};
    throw new ArtifactError(
      `The backup of run ${runId} can only be read with github-token (permission actions: read).`
    );
  }
  const [repositoryOwner = "", repositoryName = ""] = run.repository.split("/");
  return { findBy: { token: githubToken, workflowRunId: runId, repositoryOwner, repositoryName } };
}
__name(findOptions, "findOptions");
function urlOf(run, runId, artifactId) {
  return `${run.serverUrl}/${run.repository}/actions/runs/${runId}/artifacts/${artifactId}`;
}
__name(urlOf, "urlOf");
function limitFor(bytes) {
  return PATIENCE_MS + bytes / SLOW_BYTES_PER_MS;
}
__name(limitFor, "limitFor");
async function checkReadable({ path, size: size4 }) {
  try {
    await access(path, constants.R_OK);
    const status = await lstat(path);
    if (status.isFile() && status.size === size4) return;
  } catch {
  }
  throw new ArtifactError(
    `${shown(basename(path))} on the runner can't be read, or is not the backup that was sealed.`
  );
}
__name(checkReadable, "checkReadable");
async function measure(file) {
  const hash = createHash("sha256");
  const status = await lstat(file);
  if (!status.isFile()) throw new ArtifactError("The download is not a regular file.");
  await pipeline(createReadStream(file), hash);
  return { size: status.size, digest: `sha256:${hash.digest("hex")}` };
}
__name(measure, "measure");
async function within(limitMs, doing, call) {
  const { promise: ended, reject } = Promise.withResolvers();
  const timer = setTimeout(() => {
    reject(
      new ArtifactError(
        `It took longer than ${Math.round(limitMs / 1e3)} s to ${doing}; the run does not wait longer.`
      )
    );
  }, limitMs);
  process.on("uncaughtException", reject);
  try {
    return await Promise.race([call(), ended]);
  } catch (error) {
    throw error instanceof ArtifactError ? error : new ArtifactError(explain(error, doing));
  } finally {
    clearTimeout(timer);
    process.off("uncaughtException", reject);
  }
}
__name(within, "within");
function explain(error, doing) {
  const message = error instanceof Error ? error.message : String(error);
  const known = [
    [
      /ACTIONS_RUNTIME_TOKEN|ACTIONS_RESULTS_URL/,
      "The artifact service is not reachable from this step: run this as a JavaScript action on a GitHub-hosted or self-hosted runner, not in a container or a shell step of your own."
    ],
    [
      /not currently supported on GHES/,
      "This GitHub Enterprise Server has no artifact service that this action can use."
    ],
    [
      /quota has been hit|insufficient usage/,
      "The artifact storage of this account is full: delete old artifacts, or keep them for fewer days (retention-days)."
    ],
    [
      /\(409\)/,
      "This run has an artifact of this name already: give each job that backs up a hub its own artifact-name."
    ],
    [
      /\(40[13]\)|Bad credentials|Resource not accessible/,
      "The artifact service refused the token of this job. Run the job again; to read an artifact of another run, give github-token the permission actions: read."
    ],
    [/Not Found/, "There is no such run or artifact, or github-token may not read it (permission actions: read)."],
    [/Unable to make request: E|ECONN|ENOTFOUND|ETIMEDOUT/, "The artifact service could not be reached."]
  ];
  const sentence3 = known.find(([pattern]) => pattern.test(message))?.[1] ?? "The artifact service failed.";
  return `It was not possible to ${doing}. ${sentence3} It said: ${shown(message.split("\n", 1)[0] ?? "")}`;
}
__name(explain, "explain");

// src/backup/bundle.ts
var import_tar_stream = __toESM(require_tar_stream(), 1);
import { createHash as createHash2 } from "node:crypto";
import { Readable } from "node:stream";
import { finished, pipeline as pipeline2 } from "node:stream/promises";

// src/backup/manifest.ts
var MANIFEST_LIMIT = 4 * 1024 * 1024;
var MANIFEST_NAME = "manifest.json";
var RESTORE_NAME = "RESTORE.txt";
var line = /* @__PURE__ */ __name((max) => external_exports.string().min(1).max(max).refine((value) => !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(value), "must be one line of text"), "line");
var isNormalised = /* @__PURE__ */ __name((path) => path.split("/").every((part) => part !== "" && part !== "." && part !== ".."), "isNormalised");
var hostPath = line(4096).refine(
  (value) => value.startsWith("/") && isNormalised(value.slice(1)),
  'must be an absolute path without "." or ".." parts, doubled or trailing slashes'
);
var bundleName = line(512).refine(
  (value) => isNormalised(value) && !value.includes("\\") && value !== MANIFEST_NAME && value !== RESTORE_NAME,
  'must be a relative name without "." or ".." parts or backslashes, other than those every bundle has'
);
var sha256 = external_exports.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hexadecimal digits");
var mode = external_exports.string().regex(/^0[0-7]{3}$/, "must be four octal digits like '0600'");
var account = String.raw`[^\p{C}\p{Zl}\p{Zp}:/-][^\p{C}\p{Zl}\p{Zp}:/]{0,127}`;
var user = external_exports.string().regex(new RegExp(`^${account}$`, "u"), "must be a user name or id");
var owner = external_exports.string().regex(new RegExp(`^${account}(:${account})?$`, "u"), "must be 'user' or 'user:group'");
var size2 = external_exports.int().nonnegative();
var version = external_exports.string().regex(/^[0-9A-Za-z.+!_-]{1,64}$/, "must be a version");
var databaseDigest = external_exports.strictObject({
  schema: sha256,
  tables: external_exports.record(line(128), external_exports.strictObject({ rows: size2, exact: sha256, durable: sha256.or(external_exports.literal("")) })).refine((tables) => Object.keys(tables).length <= 1e3, "must have at most 1000 tables")
});
var bundleFile = external_exports.strictObject({
  /** Name in the tar. */
  file: bundleName,
  /**
   * Where it belongs on the host; for what is not put back, what it was taken from. Tables of a server, and programs that
   * put them back, have none.
   */
  path: hostPath.optional(),
  kind: external_exports.enum(["database", "config", "environment", "service", "extra", "secret", "program", "report"]),
  mode,
  owner,
  size: size2,
  sha256
});
var manifestSchema = external_exports.strictObject({
  format: external_exports.literal("jupyterhub-upgrade-backup"),
  version: external_exports.literal(1),
  createdAt: external_exports.iso.datetime({ offset: true }),
  /** Page of the run that made it; `local` outside of a workflow. */
  runUrl: external_exports.url({ protocol: /^https?$/ }).max(2048).or(external_exports.literal("local")),
  host: line(255),
  jupyterhub: external_exports.strictObject({
    version,
    /** Alembic revision of the database; empty where it has none. */
    revision: external_exports.string().regex(/^\w{0,64}$/, "must be an Alembic revision"),
    /** Where the hub is reached on its own host. */
    address: external_exports.url({ protocol: /^https?$/ }).max(2048)
  }),
  python: version,
  service: external_exports.strictObject({
    manager: external_exports.enum(["systemd", "commands"]),
    unit: external_exports.string().regex(/^[A-Za-z0-9_.:@\\-]{1,247}\.service$/, "must be the name of a service unit").optional(),
    user,
    workingDirectory: hostPath.or(external_exports.literal("/"))
  }),
  environment: external_exports.strictObject({
    path: hostPath,
    manager: external_exports.enum(["pip", "uv", "conda"]),
    /** Of a hub outside of any environment: where pip put it, and what runs it. */
    place: external_exports.enum(["system", "user"]).optional(),
    python: hostPath.optional()
  }),
  database: external_exports.strictObject({
    /** SQLAlchemy's name of it. */
    dialect: external_exports.string().regex(/^[a-z][a-z0-9_]{0,31}$/, "must be a dialect of SQLAlchemy"),
    /** Where an SQLite file lives on the host. */
    path: hostPath.optional(),
    /** Where any other is reached, less the password. */
    url: line(4096).optional(),
    format: external_exports.enum(["sqlite", "pg_dump", "mysqldump", "lines"]).default("sqlite"),
    /** What made it, for people. */
    tool: line(200).optional(),
    /** Name in the tar. */
    file: bundleName,
    mode,
    digest: databaseDigest
  }),
  files: external_exports.array(bundleFile).min(1).max(1e4)
}).superRefine((manifest, context) => {
  const refuse = /* @__PURE__ */ __name((path2, message) => context.addIssue({ code: "custom", path: path2, message }), "refuse");
  for (const key of ["file", "path"]) {
    const seen3 = /* @__PURE__ */ new Set();
    for (const [index, file2] of manifest.files.entries()) {
      const value = file2[key];
      if (value === void 0 || key === "path" && !isPutBack(file2)) continue;
      if (seen3.has(value)) refuse(["files", index, key], `is listed twice (${shown(value)})`);
      seen3.add(value);
    }
  }
  const databases = manifest.files.filter((file2) => file2.kind === "database");
  const [listed] = databases;
  const { dialect, file, format, path, url, mode: mode2 } = manifest.database;
  const isFile = dialect === "sqlite";
  if (isFile !== (path !== void 0) || isFile !== (url === void 0) || isFile !== (format === "sqlite")) {
    refuse(
      ["database"],
      "must have a path when it is an SQLite file, and a url and a format of its own when it is none"
    );
  }
  for (const [index, file2] of manifest.files.entries()) {
    const hasNone = file2.kind === "program" || file2.kind === "database" && !isFile;
    if (file2.path === void 0 && !hasNone) refuse(["files", index, "path"], "is missing");
  }
  if (databases.length !== 1 || listed?.file !== file || listed.path !== path || listed.mode !== mode2) {
    refuse(["database"], 'must be the one file of kind "database", with the same file, path and mode');
  }
  if (manifest.service.manager === "systemd" && manifest.service.unit === void 0) {
    refuse(["service", "unit"], "is missing");
  }
});
function isPutBack(file) {
  return !["environment", "service", "program", "report"].includes(file.kind);
}
__name(isPutBack, "isPutBack");
function parseManifest(text2) {
  const json = parseJson(text2);
  const { format, version: version2 } = Object(json);
  if (format !== "jupyterhub-upgrade-backup") {
    throw new BundleRefused("This is not a backup made by jupyterhub-upgrade: its manifest has another format.");
  }
  if (version2 !== 1) {
    const other = typeof version2 === "number" ? version2 : "unknown";
    throw new BundleRefused(
      `The manifest of this backup has version ${other}, and this release reads version 1. Restore it with the release that made it.`
    );
  }
  const parsed = manifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [first2, ...others] = parsed.error.issues;
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  throw new BundleRefused(`The manifest of this backup is not valid: ${first2 ? sentence(first2) : "unknown"}${more}.`);
}
__name(parseManifest, "parseManifest");
function parseJson(text2) {
  if (Buffer.byteLength(text2) > MANIFEST_LIMIT) {
    throw new BundleRefused(`The manifest of this backup is longer than ${MANIFEST_LIMIT} bytes.`);
  }
  try {
    return JSON.parse(text2, (key, value) => {
      if (key === "__proto__") throw new SyntaxError("zod would leave it out without a word");
      return value;
    });
  } catch {
    throw new BundleRefused('The manifest of this backup is not JSON, or has a key "__proto__".');
  }
}
__name(parseJson, "parseJson");
function sentence(issue) {
  const where = issue.path.length === 0 ? "" : `${shown(issue.path.map(String).join("."))} `;
  const what = issue.code === "unrecognized_keys" ? `has unknown keys ${shown(issue.keys.join(", "))}` : issue.message;
  return where + what;
}
__name(sentence, "sentence");

// src/backup/bundle.ts
var RESTORE_LIMIT = 4 * 1024 * 1024;
async function* readBundle(tar) {
  const { entries, explain: explain2 } = parseTar(tar);
  let manifest;
  const missing = /* @__PURE__ */ new Map();
  try {
    for await (const entry of entries) {
      const { name: name2, size: size4 } = checkHeader(entry);
      if (!manifest) {
        manifest = parseManifest(await readManifest(entry, name2, size4));
        missing.set(RESTORE_NAME, void 0);
        for (const file2 of manifest.files) missing.set(file2.file, file2);
        continue;
      }
      if (!missing.has(name2)) throw new BundleRefused(strangeName(manifest, name2));
      const file = missing.get(name2);
      missing.delete(name2);
      if (file) {
        if (size4 !== file.size) {
          throw new BundleRefused(`${shown(name2)} in this backup has ${size4} bytes; its manifest says ${file.size}.`);
        }
        const content = Readable.from(verified(entry, file, explain2), { objectMode: false });
        content.on("error", () => {
        });
        yield { manifest, file, content };
        await finished(content.resume());
      } else {
        if (size4 > RESTORE_LIMIT)
          throw new BundleRefused(`${RESTORE_NAME} in this backup is too long (${size4} bytes).`);
        for await (const _ of entry) ;
      }
    }
  } catch (error) {
    throw explain2(error);
  }
  if (!manifest) throw new BundleRefused("This backup is empty.");
  for (const name2 of missing.keys()) throw new BundleRefused(`${shown(name2)} is missing in this backup.`);
}
__name(readBundle, "readBundle");
function parseTar(tar) {
  const parser = (0, import_tar_stream.extract)();
  let failure;
  const source = /* @__PURE__ */ __name(async function* () {
    try {
      yield* tar;
    } catch (error) {
      failure = { error };
      throw error;
    }
  }, "source");
  pipeline2(source, parser).catch(() => {
  });
  const explain2 = /* @__PURE__ */ __name((error) => {
    if (failure) return failure.error;
    if (error instanceof BundleRefused) return error;
    return new BundleRefused("This backup is not a tar, or it is damaged or cut short.");
  }, "explain");
  return { entries: parser, explain: explain2 };
}
__name(parseTar, "parseTar");
function checkHeader({ header }) {
  const { name: name2, type, size: size4 = Number.NaN, pax } = header;
  const isSparse = Object.keys(pax ?? {}).some((key) => key.startsWith("GNU.sparse"));
  if (type !== "file" || isSparse) {
    throw new BundleRefused(`${shown(name2)} in this backup is not a regular file (${isSparse ? "sparse" : type}).`);
  }
  return { name: name2, size: size4 };
}
__name(checkHeader, "checkHeader");
async function readManifest(entry, name2, size4) {
  if (name2 !== MANIFEST_NAME) {
    throw new BundleRefused(`This backup does not begin with its manifest but with ${shown(name2)}.`);
  }
  if (size4 > MANIFEST_LIMIT) throw new BundleRefused(`The manifest of this backup is too long (${size4} bytes).`);
  const chunks = [];
  for await (const chunk of entry) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
__name(readManifest, "readManifest");
function strangeName(manifest, name2) {
  const known = [MANIFEST_NAME, RESTORE_NAME, ...manifest.files.map(({ file }) => file)];
  return `This backup contains ${shown(name2)} ${known.includes(name2) ? "twice" : "but its manifest does not list it"}.`;
}
__name(strangeName, "strangeName");
async function* verified(entry, file, explain2) {
  const hash = createHash2("sha256");
  try {
    for await (const chunk of entry) {
      hash.update(chunk);
      yield chunk;
    }
  } catch (error) {
    throw explain2(error);
  }
  if (hash.digest("hex") !== file.sha256) {
    throw new BundleRefused(
      `${shown(file.file)} in this backup is not what its manifest says: its SHA-256 sum differs.`
    );
  }
}
__name(verified, "verified");

// src/backup/prove.ts
function differences(expected2, actual, strength) {
  const found = [];
  if (actual.schema !== expected2.schema) found.push("The schema is another.");
  const names = /* @__PURE__ */ new Set([...Object.keys(expected2.tables), ...Object.keys(actual.tables)]);
  for (const name2 of [...names].sort()) {
    const before = tableOf(expected2, name2);
    const after = tableOf(actual, name2);
    if (!after) found.push(`Table ${name2} is missing (it had ${rows(before?.rows)}).`);
    else if (!before) found.push(`Table ${name2} was not there before (it has ${rows(after.rows)}).`);
    else if (after.rows !== before.rows) found.push(`Table ${name2} has ${rows(after.rows)} instead of ${before.rows}.`);
    else if (after[strength] !== before[strength])
      found.push(`Table ${name2} has other content in its ${rows(after.rows)}.`);
  }
  return found;
}
__name(differences, "differences");
function tableOf(digest, name2) {
  return Object.hasOwn(digest.tables, name2) ? digest.tables[name2] : void 0;
}
__name(tableOf, "tableOf");
function rows(count3 = 0) {
  return count3 === 1 ? "1 row" : `${count3} rows`;
}
__name(rows, "rows");

// src/backup/restore-database.ts
var DATABASE_FILES = {
  sqlite: "database/jupyterhub.sqlite",
  pg_dump: "database/postgresql.dump",
  mysqldump: "database/mysql.sql",
  lines: "database/lines.jsonl"
};
var TABLES = [
  "alembic_version api_token_role_map api_tokens group_role_map groups oauth_access_tokens oauth_client_role_map",
  "oauth_clients oauth_code_role_map oauth_codes roles servers service_role_map services share_codes shares spawners",
  "user_group_map user_role_map users"
];
function databasePart(format, url, hubPython) {
  const copy = DATABASE_FILES[format];
  switch (format) {
    case "sqlite":
      return { check: `sqlite3 ${copy} 'PRAGMA integrity_check'` };
    case "pg_dump":
      return { check: `pg_restore --list ${copy} >/dev/null`, section: postgresql2(copy, url) };
    case "mysqldump":
      return { check: `tail -n 1 ${copy} | grep 'Dump completed'`, section: mysql2(copy, url) };
    case "lines":
      return { check: `tail -n 1 ${copy} | grep sha256`, section: lines(copy, url, hubPython) };
  }
}
__name(databasePart, "databasePart");
function postgresql2(copy, url) {
  return `Put the tables back with psql and pg_restore, of the server's release or newer,
   as the role that the hub has. The database was
   ${url}

   Say where it is and who you are; the role's password is in the hub's db_url:

   export PGHOST=... PGPORT=5432 PGDATABASE=... PGUSER=... PGPASSWORD=...

   These commands drop the hub's tables, those of newer releases too, and make
   them anew. All of it is one transaction: after an error nothing has changed.
   Tables of others are not touched.

    pg_restore --list ${copy} >list.txt
    python3 - >put-back.sql <<'END'
${indented(tablesInPython())}
    dumped = [l.split(" ") for l in open("list.txt") if not l.startswith(";")]
    places = {w[4]: w[5:-1] for w in dumped if w[3] == "TABLE" and w[4] != "DATA"}
    quoted = lambda name: '"' + name.replace('"', '""') + '"'
    for schema in places:
        names = sorted(tables)
        print("DROP TABLE IF EXISTS " + ", ".join(quoted(schema) + "." + quoted(t) for t in names) + ";")
    END
    pg_restore --file=- ${copy} >>put-back.sql
    psql --no-psqlrc --quiet --output=/dev/null --set=ON_ERROR_STOP=1 --single-transaction --file=put-back.sql`;
}
__name(postgresql2, "postgresql");
function mysql2(copy, url) {
  const name2 = shellQuote(decodeURIComponent(/\/([^/?]*)$/.exec(url)?.[1] ?? ""));
  return `Put the tables back with the client of the server, mariadb or mysql, as the
   user that the hub has. The database was
   ${url}

   Write a file my.cnf, for you alone, that says where the server is and who you
   are; the password is in the hub's db_url:

   [client]
   host=...
   user=...
   password="..."

   These commands drop the hub's tables, those of newer releases too, and make
   them anew. If they are cut, run them again. Tables of others are not touched.

    python3 - >put-back.sql <<'END'
${indented(tablesInPython())}
    print("SET FOREIGN_KEY_CHECKS = 0;")
    for name in sorted(tables):
        print("DROP TABLE IF EXISTS \`%s\`;" % name.replace("\`", "\`\`"))
    END
    cat ${copy} >>put-back.sql
    client=$(command -v mariadb || command -v mysql)
    "$client" --defaults-file=my.cnf ${name2} <put-back.sql`;
}
__name(mysql2, "mysql");
function lines(copy, url, hubPython) {
  return `Put the tables back with the hub's own Python, which has the driver of the
   database (see the next step if it is not there any more). The database was
   ${url}

   Write a file database.json, for you alone, with the hub's db_url and its
   db_kwargs:

   {"url": "...", "kwargs": {}}

   This drops the hub's tables, those of newer releases too, and makes them anew.
   If it is cut, run it again. Tables of others are not touched.

    ${shellQuote(hubPython)} program/hubdb put-back @database.json ${copy} >put-back.json`;
}
__name(lines, "lines");
function tablesInPython() {
  return `import json
tables = set(json.load(open("manifest.json"))["database"]["digest"]["tables"])
tables.update("""
${TABLES.join("\n")}
""".split())`;
}
__name(tablesInPython, "tablesInPython");
function indented(text2) {
  return text2.split("\n").map((line2) => `    ${line2}`).join("\n");
}
__name(indented, "indented");

// src/backup/restore-text.ts
function restoreText({ createdAt, runUrl, host, jupyterhub, python, service, environment, database: database2 }, format) {
  const hubPython = environment.python ?? `${environment.path}/bin/python`;
  const place = {
    environment: "",
    system: "PIP_BREAK_SYSTEM_PACKAGES=1 ",
    user: "PIP_USER=1 PIP_BREAK_SYSTEM_PACKAGES=1 "
  };
  const install = {
    pip: `${place[environment.place ?? "environment"]}${shellQuote(hubPython)} -m pip install -r environment/requirements.txt`,
    uv: `uv pip install --python ${shellQuote(hubPython)} -r environment/requirements.txt`,
    conda: `conda install -p ${shellQuote(environment.path)} --file environment/requirements.txt`
  }[environment.manager];
  const unit = service.unit && shellQuote(service.unit);
  const stop = unit ? `    systemctl stop ${unit}` : "   Stop it the way it is always stopped on this host.";
  const start = unit ? `    systemctl start ${unit}` : "   Start it the way it is always started on this host.";
  const { check: check2, section } = databasePart(format, database2.url ?? "", hubPython);
  let number = 0;
  const step = /* @__PURE__ */ __name((text2) => {
    number += 1;
    return `${number}. ${text2}`;
  }, "step");
  return `How to restore this backup by hand
==================================

JupyterHub ${jupyterhub.version} on ${host}, database revision ${jupyterhub.revision || "none"}.
Taken ${createdAt} by ${runUrl}

Lines indented by four spaces are commands. Run them as root (or as the user who
owns the hub's files), in the directory where you unpacked the backup:

    umask 077

${step("You have opened the backup already, with the key of one of its recipients or")}
   with its passphrase:

   age -d -i key.txt -o backup.tar FILE.tar.age    # recipients
   age -d -o backup.tar FILE.tar.age               # passphrase
   tar -xf backup.tar

${step("Check that every file is what it was. Each line must end with OK:")}

    python3 -c 'import json; [print(f["sha256"] + "  " + f["file"]) for f in json.load(open("${MANIFEST_NAME}"))["files"]]' | sha256sum -c
    ${check2}

${step("Stop the hub.")}

${stop}

${step("Write the commands that put the files back, with their modes and owners. What")}
   is there now stays beside it, named *.before-restore-<time>. Read them, then
   run them:

    python3 - >put-back.sh <<'END'
    import json, shlex, time
    aside = time.strftime(".before-restore-%Y%m%dT%H%M%S")
    for f in json.load(open("${MANIFEST_NAME}"))["files"]:
        if f["kind"] in ("environment", "service", "program") or "path" not in f:
            continue
        path = shlex.quote(f["path"])
        for suffix in ["", "-wal", "-shm", "-journal"] if f["kind"] == "database" else [""]:
            print("[ ! -e {0}{1} ] || mv -- {0}{1} {0}{1}{2}".format(path, suffix, aside))
        user, _, group = f["owner"].partition(":")
        owner = "-o " + shlex.quote(user) + (" -g " + shlex.quote(group) if group else "")
        print("install -D -m", f["mode"], owner, shlex.quote("./" + f["file"]), path)
    END
    cat put-back.sh
    sh -e put-back.sh
${section === void 0 ? `
   The database goes to ${database2.path}, without -wal and -shm files of another one beside it.` : `
${step(section)}`}

${step(`The environment was ${environment.path}, Python ${python}. If it does not have`)}
   JupyterHub ${jupyterhub.version} any more, put its old directory back, or install what it had
   (environment/requirements.txt):

   ${install}

   The service ran as ${service.user} in ${service.workingDirectory}; its definition, if systemd had one,
   is in service/.

${step("Start the hub, log in, and look at the admin page.")}

${start}
`;
}
__name(restoreText, "restoreText");

// src/backup/seal.ts
var HEADER_LIMIT = 256 * 1024;
var AGE_MAGIC = "age-encryption.org/v1\n";
var HEADER_END = "\n--- ";
var DAMAGED_HEADER = "The header of this sealed backup is damaged or cut short.";
async function createSealer(seal) {
  if (seal.kind === "none") {
    return { extension: ".tar", seal: /* @__PURE__ */ __name(async (plain2) => ReadableStream.from(plain2), "seal"), ...createOpener({}) };
  }
  const encrypter = new Encrypter();
  const opener = seal.kind === "passphrase" ? setPassphrase(encrypter, seal.passphrase) : await addRecipients(encrypter, seal.recipients);
  return { extension: ".tar.age", seal: /* @__PURE__ */ __name((plain2) => encrypter.encrypt(ReadableStream.from(plain2)), "seal"), ...opener };
}
__name(createSealer, "createSealer");
function createOpener(keys) {
  const decrypter = new Decrypter();
  if (keys.passphrase !== void 0) decrypter.addPassphrase(keys.passphrase);
  if (keys.identity !== void 0) addIdentities(decrypter, keys.identity);
  const hasKey = keys.passphrase !== void 0 || keys.identity !== void 0;
  return {
    async open(sealed) {
      const source = new Source(sealed);
      try {
        const head = await source.peek();
        const isSealed = head.startsWith(AGE_MAGIC);
        if (!isSealed && !hasKey) return ReadableStream.from(source.bytes());
        if (!isSealed) throw new SealError("This backup is not an age file, although a key to open one was given.");
        if (!hasKey) throw new SealError(`This backup is sealed with ${sealOf(head)}, and no key was given.`);
        if (!head.includes(HEADER_END)) throw new SealError(DAMAGED_HEADER);
        return ReadableStream.from(await decrypt(decrypter, source, head));
      } catch (error) {
        await source.close();
        throw error;
      }
    }
  };
}
__name(createOpener, "createOpener");
function setPassphrase(encrypter, passphrase) {
  if (passphrase === "" || new RegExp("\\p{Cc}", "u").test(passphrase)) {
    throw new SealError("The backup passphrase must be one line of text that can be typed.");
  }
  encrypter.setPassphrase(passphrase);
  return createOpener({ passphrase });
}
__name(setPassphrase, "setPassphrase");
async function addRecipients(encrypter, recipients) {
  if (recipients.length === 0) throw new SealError("A backup needs at least one age recipient.");
  for (const [index, recipient] of recipients.entries()) {
    try {
      encrypter.addRecipient(recipient);
    } catch {
      throw new SealError(
        `Age recipient ${index + 1} is not one this action can seal to: it must be an age public key (age1\u2026, age1pq1\u2026, age1tag1\u2026 or age1tagpq1\u2026), not an SSH key or a plugin's.`
      );
    }
  }
  const identity = await (recipients.every(isPostQuantum) ? generateHybridIdentity() : generateX25519Identity());
  encrypter.addRecipient(await identityToRecipient(identity));
  return createOpener({ identity });
}
__name(addRecipients, "addRecipients");
function addIdentities(decrypter, text2) {
  const identities = text2.split(/\r?\n/).filter((line2) => line2.trim() !== "" && !line2.startsWith("#"));
  try {
    for (const identity of identities) decrypter.addIdentity(identity.trim());
  } catch {
    throw new SealError("The age identity is not one: it must begin with AGE-SECRET-KEY-1 or AGE-SECRET-KEY-PQ-1.");
  }
  if (identities.length === 0) throw new SealError("The age identity is empty.");
}
__name(addIdentities, "addIdentities");
async function decrypt(decrypter, source, head) {
  let plain2;
  try {
    plain2 = await decrypter.decrypt(ReadableStream.from(source.bytes()));
  } catch (error) {
    if (source.failed) throw error;
    if (error instanceof Error && error.message.startsWith("no identity matched")) {
      throw new SealError(`This backup is sealed with ${sealOf(head)}, and no key that was given opens it.`);
    }
    throw new SealError(DAMAGED_HEADER);
  }
  return (async function* () {
    try {
      yield* plain2;
    } catch (error) {
      if (source.failed) throw error;
      throw new SealError("This sealed backup was changed or cut short after it was made.");
    }
  })();
}
__name(decrypt, "decrypt");
function sealOf(head) {
  return head.includes("\n-> scrypt ") ? "a passphrase (backup-passphrase)" : "age recipients (age-identity)";
}
__name(sealOf, "sealOf");
var Source = class {
  static {
    __name(this, "Source");
  }
  failed = false;
  #iterator;
  #head = Buffer.alloc(0);
  constructor(bytes) {
    this.#iterator = bytes[Symbol.asyncIterator]();
  }
  /** The header of an age file, or the beginning of another: age-encryption would look for it in the whole file. */
  async peek() {
    const text2 = /* @__PURE__ */ __name(() => this.#head.toString("latin1", 0, HEADER_LIMIT), "text");
    const mayBeAge = /* @__PURE__ */ __name(() => AGE_MAGIC.startsWith(text2().slice(0, AGE_MAGIC.length)), "mayBeAge");
    while (mayBeAge() && !text2().includes(HEADER_END) && this.#head.length < HEADER_LIMIT) {
      const next = await this.#next();
      if (next.done) break;
      this.#head = Buffer.concat([this.#head, next.value]);
    }
    return text2();
  }
  /** All of them, the beginning included. */
  async *bytes() {
    try {
      yield this.#head;
      for (let next = await this.#next(); !next.done; next = await this.#next()) yield next.value;
    } finally {
      await this.close();
    }
  }
  async close() {
    await this.#iterator.return?.();
  }
  async #next() {
    try {
      return await this.#iterator.next();
    } catch (error) {
      this.failed = true;
      throw error;
    }
  }
};

// src/backup/seal-to-file.ts
import { createHash as createHash3 } from "node:crypto";
import { mkdtemp as mkdtemp2, open, rename, rm as rm2 } from "node:fs/promises";
import { join as join2 } from "node:path";
import { PassThrough } from "node:stream";
async function sealToFile(produce, target) {
  const directory = await mkdtemp2(join2(target.parent, "jupyterhub-backup-"));
  const remove = /* @__PURE__ */ __name(() => rm2(directory, { recursive: true, force: true }), "remove");
  const sink = new PassThrough();
  sink.on("error", () => {
  });
  const stop = new AbortController();
  let writing;
  try {
    const path = join2(directory, target.name);
    const partial = `${path}.partial`;
    writing = writeDurably(partial, await target.sealer.seal(sink));
    const [sums] = await Promise.all([writing, fill(sink, produce, stop.signal)]);
    await rename(partial, path);
    await syncDirectory(directory);
    return { path, ...sums, remove };
  } catch (error) {
    stop.abort(error);
    sink.destroy();
    await Promise.allSettled([writing]);
    await remove();
    throw error;
  }
}
__name(sealToFile, "sealToFile");
async function fill(sink, produce, signal) {
  try {
    await produce(sink, signal);
    sink.end();
  } catch (error) {
    sink.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}
__name(fill, "fill");
async function writeDurably(path, bytes) {
  var _stack = [];
  try {
    const hash = createHash3("sha256");
    let size4 = 0;
    const file = __using(_stack, await open(path, "wx", 384), true);
    for await (const chunk of bytes) {
      hash.update(chunk);
      size4 += chunk.length;
      await file.appendFile(chunk);
    }
    await file.sync();
    return { size: size4, sha256: hash.digest("hex") };
  } catch (_) {
    var _error = _, _hasError = true;
  } finally {
    var _promise = __callDispose(_stack, _error, _hasError);
    _promise && await _promise;
  }
}
__name(writeDurably, "writeDurably");
async function syncDirectory(path) {
  var _stack = [];
  try {
    const directory = __using(_stack, await open(path), true);
    await directory.sync();
  } catch (_) {
    var _error = _, _hasError = true;
  } finally {
    var _promise = __callDispose(_stack, _error, _hasError);
    _promise && await _promise;
  }
}
__name(syncDirectory, "syncDirectory");

// src/hub/health.ts
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect as tlsConnect } from "node:tls";
function localBase(bindUrl, baseUrl) {
  const match = /^(https?):\/\/(\[[^\]]*\]|[^:/]*)(?::(\d+))?/.exec(bindUrl);
  if (!match) throw new Error(`The hub's bind_url ${bindUrl} is no http address: give health-url.`);
  const [, scheme = "http", name2 = "", port] = match;
  const isAny = name2 === "" || name2 === "*" || name2 === "0.0.0.0";
  const host = isAny ? "127.0.0.1" : name2 === "[::]" ? "[::1]" : name2;
  const prefix = `/${baseUrl}/`.replaceAll(/\/+/g, "/");
  return `${scheme}://${host}${port === void 0 ? "" : `:${port}`}${prefix}`;
}
__name(localBase, "localBase");
var ANSWER_LIMIT = 2 * 1024 * 1024;
async function lookFromOutside(base, expected2, dial) {
  const problems = [];
  const get = /* @__PURE__ */ __name((path, headers = {}) => fetchOnce(new URL(path, base), headers, dial), "get");
  try {
    const api = await get("hub/api/");
    const version2 = api.status === 200 ? versionIn(api.body) : void 0;
    if (version2 !== expected2.version) {
      problems.push(
        version2 === void 0 ? `${base}hub/api/ answered ${api.status} and no version.` : `${base}hub/api/ answered as JupyterHub ${version2}, not ${expected2.version}.`
      );
    }
    const login = await get("hub/login");
    if (login.status !== 200 && (login.status < 300 || login.status > 399)) {
      problems.push(`${base}hub/login answered ${login.status}.`);
    }
    if (expected2.token !== void 0) {
      const user2 = await get("hub/api/user", { Authorization: `token ${expected2.token}` });
      if (user2.status !== 200)
        problems.push(`An API call with a token made before the upgrade answered ${user2.status}.`);
    }
  } catch (error) {
    problems.push(`${base} did not answer: ${error instanceof Error ? error.message : String(error)}.`);
  }
  return problems;
}
__name(lookFromOutside, "lookFromOutside");
async function lookAtToken(base, token, canaryUser, dial) {
  const get = /* @__PURE__ */ __name((path) => fetchOnce(new URL(path, base), { Authorization: `token ${token}` }, dial), "get");
  try {
    const own = await get("hub/api/user");
    if (own.status !== 200) {
      return [
        `The hub does not take the health-token: ${base}hub/api/user answered ${own.status}. Give one that works, or none.`
      ];
    }
    if (canaryUser === void 0) return [];
    const user2 = await get(`hub/api/users/${encodeURIComponent(canaryUser)}`);
    const isSeen = user2.status === 200 && "servers" in objectIn(user2.body);
    const { scopes } = objectIn(own.body);
    const mayStart = !Array.isArray(scopes) || scopes.some((scope) => /^servers(!|$)/.test(String(scope)));
    if (isSeen && mayStart) return [];
    return [
      isSeen ? `The health-token may not start the server of the canary-user ${canaryUser}: give it the scope servers, or leave canary-user out.` : `The health-token may not see the canary-user ${canaryUser} (answered ${user2.status}): give a token of that user's, or one with the scopes read:users and servers.`
    ];
  } catch (error) {
    return [`${base} did not answer: ${error instanceof Error ? error.message : String(error)}.`];
  }
}
__name(lookAtToken, "lookAtToken");
function versionIn(body) {
  const { version: version2 } = objectIn(body);
  return typeof version2 === "string" ? version2.slice(0, 64) : void 0;
}
__name(versionIn, "versionIn");
function objectIn(body) {
  try {
    return Object(JSON.parse(body));
  } catch {
    return {};
  }
}
__name(objectIn, "objectIn");
async function fetchOnce(url, headers, dial) {
  const isTls = url.protocol === "https:";
  const options = { method: "GET", headers: { ...headers, connection: "close" }, timeout: 15e3 };
  const port = url.port === "" ? isTls ? 443 : 80 : Number(url.port);
  const stream = dial && await dial(url.hostname.replaceAll(/^\[|\]$/g, ""), port);
  return new Promise((resolve2, reject) => {
    const connection = stream && {
      // Through the SSH connection the certificate proves nothing more, and its name is not that of the loopback.
      createConnection: /* @__PURE__ */ __name(() => isTls ? tlsConnect({ socket: stream, rejectUnauthorized: false }) : stream, "createConnection")
    };
    const send = isTls && stream === void 0 ? httpsRequest : httpRequest;
    const request = send(
      url,
      { ...options, ...connection, ...stream ? { protocol: url.protocol } : {} },
      (response) => {
        const chunks = [];
        let size4 = 0;
        response.on("data", (chunk) => {
          size4 += chunk.length;
          if (size4 <= ANSWER_LIMIT) chunks.push(chunk);
          else response.destroy();
        });
        response.on(
          "close",
          () => resolve2({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") })
        );
        response.on("error", reject);
      }
    );
    request.on("timeout", () => request.destroy(new Error("no answer within 15 s")));
    request.on("error", reject);
    request.end();
  });
}
__name(fetchOnce, "fetchOnce");

// src/hub/services/commands.ts
var COMMAND_LIMIT = 120;
function commands(facts, inputs) {
  const { stopCommand = "", startCommand = "" } = inputs.hub;
  const command = /* @__PURE__ */ __name((text2) => [{ as: facts.user, run: commandLine("/bin/sh", "-c", text2) }], "command");
  return {
    parameters: {
      ...{ SERVICE_MANAGER: "commands", UNIT: "", STOP_COMMAND: stopCommand, START_COMMAND: startCommand },
      COMMAND_LIMIT: String(COMMAND_LIMIT)
    },
    needs: [],
    commands: { stop: command(stopCommand), start: command(startCommand) },
    guarantees: [
      "The upgrade on the host goes on when the runner or the connection is lost; a watchdog starts it again if it is killed."
    ],
    warnings: [
      "Nothing keeps somebody else from starting the hub between stop and start, as systemd could.",
      "If the host is rebooted in the middle, the hub may stay down until the post step or the next run has finished the job."
    ],
    blockers: stopCommand === "" || startCommand === "" ? ["The hub is no systemd unit: give `stop-command` and `start-command`."] : [],
    state: facts.service.pid === void 0 ? { running: false, reason: "no process of it was found" } : { running: true },
    endsProcesses: { fate: "not known", reason: "it depends on what stop-command ends besides the hub" }
  };
}
__name(commands, "commands");

// src/hub/services/systemd.ts
function systemd(facts, inputs) {
  const { properties } = facts.service;
  const unit = inputs.hub.service;
  const blockers = [];
  if (facts.uid !== 0) {
    blockers.push(
      `Stopping and starting ${unit} needs root: let the SSH user run sudo without a password (become: sudo), or log in as root.`
    );
  }
  const systemctl = /* @__PURE__ */ __name((...words) => ({ as: facts.user, run: commandLine("systemctl", ...words) }), "systemctl");
  const start = systemctl("start", unit);
  const endsAll = properties.KillMode === "control-group" || properties.KillMode === "mixed";
  return {
    parameters: { SERVICE_MANAGER: "systemd", UNIT: unit, STOP_COMMAND: "", START_COMMAND: "" },
    needs: [],
    commands: {
      // The fence comes and goes with a drop-in of the unit.
      stop: [systemctl("daemon-reload"), systemctl("stop", unit)],
      start: [systemctl("reset-failed", unit), start],
      confirm: [systemctl("daemon-reload"), start]
    },
    guarantees: [
      `Between stop and start nothing else can start ${unit}: a condition in a drop-in keeps it down.`,
      "The upgrade on the host is a systemd unit of its own: it goes on when the runner or the connection is lost, and is started again if it is killed.",
      "If the host is rebooted in the middle, the hub stays down until that unit, which every boot starts, has put the old hub back or finished the new one."
    ],
    warnings: [],
    blockers,
    state: stateOf(properties),
    ...endsAll ? { endsProcesses: { fate: "ends", reason: `KillMode=${properties.KillMode} ends all that ${unit} started` } } : {}
  };
}
__name(systemd, "systemd");
function stateOf(properties) {
  const { ActiveState = "unknown", SubState = "", Result = "", NRestarts = "0" } = properties;
  if (ActiveState === "active") return { running: true };
  if (SubState === "auto-restart" || ActiveState === "activating") {
    return { running: false, reason: `it is in a restart loop (${NRestarts} restarts, last result: ${Result})` };
  }
  return { running: false, reason: `it is ${ActiveState} (${SubState}, result: ${Result})` };
}
__name(stateOf, "stateOf");

// src/hub/services/index.ts
var MANAGERS = { systemd, commands };
function serviceOf(facts, inputs) {
  return MANAGERS[facts.service.manager](facts, inputs);
}
__name(serviceOf, "serviceOf");

// src/transaction/plan.ts
import { createHash as createHash4 } from "node:crypto";
import { basename as basename2 } from "node:path";

// src/hub/advice/evaluate.ts
var LEVELS = ["blocker", "warning", "info"];
function advise(rules, { from, to, configuration, accepted }) {
  const found = rules.filter(
    (rule) => crosses(rule, from, to) && rule.when.every((condition) => holds(condition, configuration))
  );
  const place = /* @__PURE__ */ __name(({ level }) => LEVELS.indexOf(level), "place");
  return found.sort((one, other) => place(one) - place(other)).map(({ id: id4, level, since, when, consequence, instead, sources }) => ({
    id: id4,
    level,
    release: since === "major" || since === "any" ? to : since,
    consequence,
    instead,
    seen: [...new Set(when.flatMap((condition) => seen(condition, configuration)))],
    sources,
    ...level === "blocker" && accepted.includes(id4) ? { accepted: true } : {}
  }));
}
__name(advise, "advise");
function crosses({ since, until, again }, from, to) {
  if (since === "any") return compare(from, to) < 0;
  if (since === "major") return major(from) < major(to);
  const passes = /* @__PURE__ */ __name((release) => compare(from, first(release)) < 0 && compare(to, first(release)) >= 0, "passes");
  const isIn = until === void 0 || compare(to, first(until)) < 0;
  return passes(since) && isIn || again !== void 0 && passes(again);
}
__name(crosses, "crosses");
function first(release) {
  return `${release}.dev0`;
}
__name(first, "first");
function holds(condition, configuration) {
  if ("set" in condition) return traits(condition.set, configuration).length > 0;
  if ("on" in condition) return traits(condition.on, configuration).some(({ value }) => Boolean(value));
  if ("is" in condition) return condition.is.some((of) => componentsOf(of, configuration).length > 0);
  if ("foreign" in condition) return componentsOf(condition.foreign, configuration).some(({ foreign }) => foreign);
  if ("overrides" in condition) return overridden(condition.overrides, configuration);
  if ("count" in condition) return (configuration.counts[condition.count] ?? 0) >= (condition.from ?? 1);
  if ("package" in condition) {
    const version2 = configuration.packages[condition.package];
    return version2 !== void 0 && satisfies(version2, condition.versions);
  }
  if ("any" in condition) return condition.any.some((each) => holds(each, configuration));
  return !holds(condition.not, configuration);
}
__name(holds, "holds");
function seen(condition, configuration) {
  if ("any" in condition) return condition.any.flatMap((each) => seen(each, configuration));
  if ("set" in condition) return traits(condition.set, configuration).map(({ place }) => place);
  if ("on" in condition) {
    return traits(condition.on, configuration).flatMap(({ place, value }) => value ? [place] : []);
  }
  const number = "count" in condition ? configuration.counts[condition.count] ?? 0 : 0;
  return "count" in condition && number > 0 ? [`${number} ${condition.count}`] : [];
}
__name(seen, "seen");
function componentsOf(of, { components }) {
  return components.filter(({ classes }) => classes.includes(of));
}
__name(componentsOf, "componentsOf");
function traits(names, configuration) {
  return names.flatMap((each) => {
    const [of = "", name2 = ""] = each.split(".");
    const isMeant = /* @__PURE__ */ __name((trait) => name2.endsWith("*") ? trait.startsWith(name2.slice(0, -1)) : trait === name2, "isMeant");
    const all = [...componentsOf(of, configuration).map((component) => component.traits), configuration.sections[of]];
    return all.flatMap(
      (set) => Object.entries(set ?? {}).filter(([trait]) => isMeant(trait)).map(([trait, { where, value }]) => ({ place: `${where}.${trait}`, value }))
    );
  });
}
__name(traits, "traits");
function overridden(names, configuration) {
  return names.some((each) => {
    const [of = "", name2 = ""] = each.split(".");
    return componentsOf(of, configuration).some(({ overrides }) => overrides.includes(name2));
  });
}
__name(overridden, "overridden");

// src/hub/advice/index.ts
function adviceFor(facts, to, accepted) {
  const { configuration, database: database2 } = facts;
  const counts = {
    ...configuration.counts,
    users: database2.rows.users ?? 0,
    groups: database2.rows.groups ?? 0,
    "API tokens": database2.rows.api_tokens ?? 0,
    "running user servers": database2.servers.length,
    "named servers whose name 6.0 would not take": database2.unsafe_server_names
  };
  return advise(RULES, { from: facts.version, to, configuration: { ...configuration, counts }, accepted });
}
__name(adviceFor, "adviceFor");
function traitsOfRules() {
  return new Set(RULES.flatMap(({ when }) => when.flatMap(traitsOf)).map((trait) => trait.split(".").at(-1) ?? ""));
}
__name(traitsOfRules, "traitsOfRules");
function traitsOf(condition) {
  if ("set" in condition) return condition.set;
  if ("on" in condition) return condition.on;
  if ("any" in condition) return condition.any.flatMap(traitsOf);
  return "not" in condition ? traitsOf(condition.not) : [];
}
__name(traitsOf, "traitsOf");

// src/hub/checks.ts
var CLOCK_TOLD_S = 30;
var CLOCK_WRONG_S = 24 * 3600;
function checkSurroundings(facts) {
  const findings = [checkClock(facts), checkPorts(facts), checkDatabaseAlone(facts)];
  return {
    blockers: findings.flatMap(({ blockers }) => blockers),
    warnings: findings.flatMap(({ warnings }) => warnings)
  };
}
__name(checkSurroundings, "checkSurroundings");
function checkClock({ clockAhead = 0 }) {
  const off = Math.abs(clockAhead);
  if (off < CLOCK_TOLD_S) return { blockers: [], warnings: [] };
  const sentence3 = `The clock of the host is ${duration(off)} ${clockAhead > 0 ? "ahead of" : "behind"} the runner's`;
  if (off < CLOCK_WRONG_S) {
    return { blockers: [], warnings: [`${sentence3}: times in its logs are not those of this job.`] };
  }
  return {
    blockers: [
      `${sentence3}: certificates, of the package index for example, may count as expired. Set it right (\`timedatectl set-ntp true\`).`
    ],
    warnings: []
  };
}
__name(checkClock, "checkClock");
function checkPorts({ neighbours, service }) {
  const findings = { blockers: [], warnings: [] };
  for (const { port, pid, command } of neighbours.ports) {
    if (pid === 0) {
      findings.warnings.push(
        `The configuration says port ${port}, and nothing listens there: it was changed after the hub was started. The new hub will listen there.`
      );
    } else {
      const holder2 = pid === null ? "a process of another user" : `the process ${pid} (${command})`;
      findings.blockers.push(
        `Port ${port}, which the configuration gives to the hub, is held by ${holder2}: the new hub could not start. End it, or give ${service.user}'s hub another port.`
      );
    }
  }
  return findings;
}
__name(checkPorts, "checkPorts");
function checkDatabaseAlone({ database: database2, neighbours, otherHubs }) {
  const findings = { blockers: [], warnings: [] };
  for (const { pid, command } of neighbours.database) {
    if (otherHubs.some((hub) => hub.pid === pid)) {
      findings.blockers.push(
        `Another JupyterHub, the process ${pid}, has the database ${database2.path} open, too. Stop it, or give it a database of its own: it would go on writing while this one is migrated.`
      );
    } else {
      findings.warnings.push(
        `The process ${pid} (${command}) has the database ${database2.path} open, too. What it writes in the downtime is lost.`
      );
    }
  }
  if (database2.path === "" && otherHubs.length > 0) {
    const where = otherHubs.map(({ pid, directory }) => `process ${pid} in ${directory}`).join("; ");
    findings.warnings.push(
      `Another JupyterHub runs on this host (${where}). If it uses the same database, stop it first.`
    );
  }
  const places = [...new Set(database2.sessions.filter(({ own }) => own).map(({ from }) => from.replace(/:\d+$/, "")))];
  if (places.length > 1) {
    findings.warnings.push(
      `The hub's role has sessions on the database from several places (${places.slice(0, 10).join(", ")}). If another hub works on it, stop that first.`
    );
  }
  return findings;
}
__name(checkDatabaseAlone, "checkDatabaseAlone");

// src/hub/facts.ts
function nameOf({ uid, user: user2, service }, owner2) {
  if (owner2 === 0) return "root";
  if (owner2 === service.uid) return service.user;
  return owner2 === uid ? user2 : `uid ${owner2}`;
}
__name(nameOf, "nameOf");

// src/hub/environments/commands.ts
function copyOf({ path }, hop) {
  return `${path}.jupyterhub-upgrade-$JOB_ID${hop === void 0 ? "" : `-by-way-of-${hop}`}`;
}
__name(copyOf, "copyOf");
function keepingOutside({ bin, path, python }) {
  return [python, "$PROGRAMS/outside.py", "save", path, bin, "$JOB/wheels"];
}
__name(keepingOutside, "keepingOutside");
function environmentCommands(facts, manager, install, wanted, { from, hops }) {
  const { environment } = facts;
  const [owner2, parentOwner] = [nameOf(facts, environment.uid), nameOf(facts, environment.parentUid)];
  const stage = copyOf(environment);
  const run = /* @__PURE__ */ __name((words) => ({ as: owner2, run: commandLine(...words) }), "run");
  const copied = /* @__PURE__ */ __name((to) => [
    { as: parentOwner, run: commandLine("mkdir", to) },
    { as: owner2, run: commandLine("cp", "-a", "--reflink=auto", `${environment.path}/.`, `${to}/`) }
  ], "copied");
  const fetched = /* @__PURE__ */ __name((words) => manager.installFetched(environment, words, from), "fetched");
  const installed = /* @__PURE__ */ __name((at, words) => [
    ...copied(at),
    {
      ...run(from === "runner" ? fetched(words) : manager.install(environment, words)),
      mount: { of: at, at: environment.path }
    }
  ], "installed");
  if (install === "in-place") {
    return {
      stage: [
        ...copied(stage),
        ...from === "runner" ? [] : [run(manager.fetch(environment, wanted))],
        ...environment.place === "environment" ? [] : [run(keepingOutside(environment))]
      ],
      install: [run(fetched(wanted))]
    };
  }
  return {
    stage: [
      ...installed(stage, wanted),
      ...hops.flatMap((hop) => installed(copyOf(environment, hop), [`jupyterhub==${hop}`]))
    ],
    switch: [
      {
        as: parentOwner,
        run: commandLine("/usr/bin/python3", "-I", "$PROGRAMS/environment.py", "exchange", environment.path, stage)
      }
    ]
  };
}
__name(environmentCommands, "environmentCommands");

// src/hub/environments/copies.ts
var MIB2 = 1024 * 1024;
function copyBlockers({ environment, uid }) {
  const blockers = [];
  const mayActAs = /* @__PURE__ */ __name((owner2) => uid === 0 || uid === owner2, "mayActAs");
  if (!mayActAs(environment.uid)) {
    blockers.push(
      `${environment.path} belongs to another user (uid ${environment.uid}): log in as that user, or use sudo.`
    );
  } else if (environment.readOnly) {
    blockers.push(
      `${environment.path} cannot be written to by its owner (uid ${environment.uid}): its disk is mounted read-only, or its mode forbids it. Make it writable first.`
    );
  }
  if (environment.parentUid !== 0 && environment.parentUid !== environment.uid) {
    blockers.push(
      `The directory that holds ${environment.path} belongs to a third user (uid ${environment.parentUid}): it must be the owner of the environment or root.`
    );
  } else if (!mayActAs(environment.parentUid)) {
    blockers.push(
      `A copy of ${environment.path} cannot be made beside it: its directory belongs to root. Use sudo (become: sudo).`
    );
  }
  return blockers;
}
__name(copyBlockers, "copyBlockers");
function sentNeeds(wheels = []) {
  const bytes = wheels.reduce((sum, { size: size4 }) => sum + size4, 0);
  return ["phases", "state"].map((place) => ({ place, what: "packages from the runner", bytes }));
}
__name(sentNeeds, "sentNeeds");
function copyNeeds2({ environment }, copies, install) {
  return [
    {
      place: "environment",
      what: copies === 1 ? "a copy of the environment" : `${copies} copies of the environment`,
      bytes: copies * (Math.ceil(environment.size * 1.2) + 256 * MIB2),
      files: copies * (environment.files + 1e4)
    },
    // Packages, and what is unpacked of them.
    ...install === "in-place" ? [{ place: "state", what: "packages", bytes: 256 * MIB2 }] : []
  ];
}
__name(copyNeeds2, "copyNeeds");

// src/hub/environments/index.ts
function environmentOf(facts, inputs, version2, { hops = [], resolution = NOT_RESOLVED } = {}) {
  const { environment, privateMount } = facts;
  const isPlace = environment.place !== "environment";
  const install = privateMount === "none" || isPlace ? "in-place" : "staged";
  const blockers = [...cannotInstall(facts, inputs), ...copyBlockers(facts), ...resolution.blockers];
  const { from } = inputs.packages;
  if (hops.length > 0) {
    const stepByStep = /* @__PURE__ */ __name((why) => `The database has to be migrated by way of JupyterHub ${hops.join(" and ")}, ${why}: upgrade the hub to ${hops.join(" and then to ")} first (target-version: ${hops[0]}), then to ${version2}.`, "stepByStep");
    if (install === "in-place") {
      blockers.push(stepByStep("for which there is no place where packages are installed in place"));
    }
    if (from === "runner") {
      blockers.push(stepByStep("whose packages the runner does not send (packages-from: runner)"));
    }
  }
  const parameters = parametersOf(facts, inputs, version2, resolution.changes);
  return {
    parameters: {
      ...parameters,
      INSTALL: install,
      HOPS: hops.join(" "),
      ENVIRONMENT_PARENT_UID: String(environment.parentUid),
      ENVIRONMENT_PARENT_GID: String(environment.parentGid)
    },
    needs: [...copyNeeds2(facts, 1 + hops.length, install), ...sentNeeds(resolution.wheels)],
    commands: environmentCommands(facts, managerOf(environment), install, wantedOf(parameters), { from, hops }),
    guarantees: [
      install === "staged" ? "The new release is installed into a copy beside the running hub; the downtime holds one exchange of two directories." : "The packages are fetched beforehand; the way back is a copy of " + (isPlace ? `${environment.path}, and of the commands and pages that its packages have elsewhere.` : "the environment."),
      ...tljhGuarantees(facts),
      ...from === "runner" ? ["The packages come from the runner: the host asks no package index."] : []
    ],
    warnings: [
      ...install === "in-place" && !isPlace ? ["This host allows no private mount: the packages are installed during the downtime, which makes it longer."] : [],
      ...isPlace ? [outsideWarning(facts)] : [],
      ...resolution.warnings,
      ...from === "runner" ? [
        "A restore of this backup after the upgrade takes a package index that the host can reach. Without one, put the environment of before, which stays on the host, in its place by hand; a restore then brings back the data."
      ] : [],
      ...elsewhere(facts)
    ],
    blockers,
    install
  };
}
__name(environmentOf, "environmentOf");
function cannotInstall({ environment }, { packages }) {
  if (environment.kind === "none" && environment.place === "environment") {
    return [
      `${environment.path} is neither a virtual environment nor one of conda, and JupyterHub lies in no single directory of root's or of the hub's user that pip put it into and nobody else can write to: what a distribution installed is its package manager's to upgrade. Give the hub an environment of its own first.`
    ];
  }
  const blockers = managerOf(environment).blockers(environment, packages);
  const hub = environment.installed.find(({ name: name2 }) => name2 === "jupyterhub");
  if (hub === void 0 && environment.installed.length > 0) {
    blockers.push(
      `JupyterHub is not installed in ${environment.path} but elsewhere, where its Python finds it too (pip install --user, or PYTHONPATH): an upgrade here would not be the one that runs. Install it into the environment first.`
    );
  }
  if (hub?.editable) {
    blockers.push(
      `JupyterHub is installed in editable mode from ${hub.from}: it is changed there, not by a package manager. Install a release in its place first.`
    );
  }
  if (packages.channels.length > 0 && environment.manager !== "conda") {
    blockers.push(`channels are for conda, but ${environment.manager} installs into ${environment.path}. Remove them.`);
  }
  const target = packages.from === "runner" ? wheelTarget(environment) : void 0;
  if (typeof target === "string") blockers.push(target);
  return blockers;
}
__name(cannotInstall, "cannotInstall");
function outsideWarning({ environment }) {
  const [how, others] = environment.place === "user" ? ["with pip install --user", "all else that this user runs with these packages"] : ["system-wide", "everything on this host that uses these packages, servers of users among it,"];
  return `JupyterHub is installed ${how}, in ${environment.path}, and not in an environment of its own. So it cannot be prepared beside the running hub or rehearsed; it is installed during the downtime, which makes that longer; and ${others} gets the new ones too, and after a failure the old ones again. The way back is exact, but takes several steps where that of an environment takes one. Better give the hub an environment of its own.`;
}
__name(outsideWarning, "outsideWarning");
function elsewhere({ environment }) {
  const named = environment.installed.filter(({ name: name2, editable }) => editable && name2 !== "jupyterhub");
  return named.map(
    ({ name: name2, from }) => `${name2} is installed in editable mode from ${from}, which is shared by the old and the new hub.`
  );
}
__name(elsewhere, "elsewhere");

// src/hub/proxy.ts
var NAME = "configurable-http-proxy";
var TRIED = [
  { version: "5.3.0", node: 20 },
  { version: "4.6.2", node: 10 }
];
var OLDEST_TRIED = "4.6.2";
function proxyOf(facts, inputs, install) {
  const part = { parameters: {}, commands: {}, needs: [], guarantees: [], warnings: [], blockers: [] };
  if (!inputs.packages.upgradeProxy) return part;
  const { proxy, environment } = facts;
  const from = facts.configuration.packages[NAME];
  const why = whyNot(facts, install);
  if (why !== void 0 || proxy === void 0 || from === void 0) {
    return { ...part, blockers: [`upgrade-proxy: ${why}`] };
  }
  if (satisfies(from, `>=${OLDEST_TRIED}`)) {
    return { ...part, guarantees: [`${NAME} ${from}, which the hub starts, is new enough and stays as it is.`] };
  }
  const major2 = Number(/^v(\d+)\./.exec(proxy.node)?.[1] ?? 0);
  const to = TRIED.find(({ node }) => major2 >= node)?.version;
  if (to === void 0) {
    return {
      ...part,
      blockers: [
        `upgrade-proxy: ${NAME} ${OLDEST_TRIED} needs Node 10 or newer, and there is ${proxy.node || "none"} beside ${proxy.npm}. Upgrade that first.`
      ]
    };
  }
  return {
    ...part,
    parameters: {
      ...{ PROXY_PACKAGE: proxy.path, PROXY_NPM: proxy.npm, PROXY_VERSION: to },
      ...{ PROXY_UID: String(proxy.uid), PROXY_GID: String(proxy.gid) }
    },
    commands: commandsFor(facts, proxy, to, install),
    needs: [],
    guarantees: [
      `${NAME} ${from} \u2192 ${to}: ${isInside(proxy, environment.path) ? "it is installed into the copy of the environment" : "it is installed beside the one that runs, and exchanged with it"}, and goes back with the hub.`
    ]
  };
}
__name(proxyOf, "proxyOf");
function isInside({ path }, environment) {
  return path.startsWith(`${environment}/`);
}
__name(isInside, "isInside");
function whyNot({ environment, proxy, service, startsProxy, cleanupProxy }, install) {
  if (!startsProxy || !cleanupProxy) {
    return `the proxy is no process that begins and ends with the hub, so a new one would run, and be tried, only when somebody starts it again. Upgrade it apart from the hub (npm install --global ${NAME}), and leave upgrade-proxy out.`;
  }
  if (proxy === void 0) {
    return `no ${NAME} that was installed by npm was found where the hub looks for its proxy. Leave upgrade-proxy out.`;
  }
  if (proxy.ofConda) {
    return `conda installed ${NAME}. Write it into extra-packages, and leave upgrade-proxy out.`;
  }
  if (proxy.uid !== 0 && proxy.uid !== service.uid || proxy.parentUid !== proxy.uid) {
    return `${proxy.path} and the directory around it must belong to root, or both to the user of the hub; they belong to uid ${proxy.uid} and uid ${proxy.parentUid}.`;
  }
  const ofEnvironment = `${environment.path}/lib/node_modules/${NAME}`;
  if (isInside(proxy, environment.path) && (proxy.path !== ofEnvironment || proxy.uid !== environment.uid)) {
    return `${proxy.path} lies in the environment, but not where and as npm puts it there for its owner (${ofEnvironment}, of uid ${environment.uid}): upgrade it apart from the hub, and leave upgrade-proxy out.`;
  }
  if (proxy.npm === "") {
    return `no npm was found that the owner of ${proxy.path} (uid ${proxy.uid}) may trust (beside its node, or in the PATH; of that owner or root, and for nobody else to write to), or, as npm would work as root, one of the two lies where others may write: npm's own place is /usr/lib/node_modules.`;
  }
  if (install === "in-place" && isInside(proxy, environment.path)) {
    return `${proxy.path} lies in an environment that is upgraded in place: upgrade it apart from the hub, and leave upgrade-proxy out.`;
  }
  return void 0;
}
__name(whyNot, "whyNot");
function commandsFor(facts, proxy, version2, install) {
  const { environment } = facts;
  const stage = `${proxy.path.slice(0, -NAME.length)}.jupyterhub-upgrade-$JOB_ID`;
  const inside = isInside(proxy, environment.path);
  const prefix = inside ? proxy.path.replace(/\/lib\/node_modules\/.*/, "") : stage;
  const npm = commandLine(
    ...[proxy.npm, "install", "--global", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", prefix],
    `${NAME}@${version2}`
  );
  const as = nameOf(facts, inside ? environment.uid : proxy.uid);
  if (inside) return { stage: [{ as, run: npm, mount: { of: copyOf(environment), at: environment.path } }] };
  const staged = `${stage}/lib/node_modules/${NAME}`;
  const exchange = ["/usr/bin/python3", "-I", "$PROGRAMS/environment.py", "exchange", proxy.path, staged];
  return {
    stage: [
      { as, run: commandLine("mkdir", "-p", stage) },
      { as, run: npm }
    ],
    [install === "staged" ? "switch" : "install"]: [{ as, run: commandLine(...exchange) }]
  };
}
__name(commandsFor, "commandsFor");

// src/hub/releases.ts
var GENERATIONS = [
  { major: 1, revision: "4dc2d5a8c53c", python: "3.5" },
  { major: 2, revision: "833da8570507", python: "3.6" },
  { major: 3, revision: "651f5419b74d", python: "3.7" },
  { major: 4, revision: "0eee8c825d24", python: "3.7" },
  { major: 5, revision: "4621fec11365", python: "3.8" },
  { major: 6, revision: "f460b0348206", python: "3.10" }
];
var BROKEN_JUMPS = [
  {
    from: 2,
    to: 5,
    condition: "a user server is registered (a row of spawners that has an OAuth client)",
    through: "4.1.6",
    source: "jupyterhub/jupyterhub#5427",
    measured: '2.3.1 to 5.0.0, 5.1.0, 5.2.1, 5.3.0, 5.4.6, 5.5.4, 6.0.1 and 6.1.1 on SQLite, to 6.1.1 on PostgreSQL and MariaDB: a column of a later revision is missing ("no such column: users.user_info"), and SQLite and MariaDB are left half migrated. 2.3.1 to 4.1.6 and from there to 6.1.1: everything is kept, on all three.'
  }
];
function schemaOf(version2) {
  return GENERATIONS.find((generation) => generation.major === major(version2))?.revision;
}
__name(schemaOf, "schemaOf");
function missingPython(version2, python) {
  const floor = GENERATIONS.find((generation) => generation.major === major(version2))?.python;
  return floor !== void 0 && !satisfies(python, `>=${floor}`) ? floor : void 0;
}
__name(missingPython, "missingPython");
function newest(versions) {
  return versions.filter((version2) => /^\d+(\.\d+)*(\.post\d+)?$/.test(version2)).sort(compare).at(-1);
}
__name(newest, "newest");
function brokenJump(from, to) {
  return BROKEN_JUMPS.find((jump) => jump.from === major(from) && jump.to <= major(to));
}
__name(brokenJump, "brokenJump");
function hopsBetween(from, to) {
  const jump = brokenJump(from, to);
  if (jump === void 0) return [];
  const { through } = jump;
  return [...hopsBetween(from, through), through, ...hopsBetween(through, to)];
}
__name(hopsBetween, "hopsBetween");
function dropsTokens(from, to) {
  return major(from) < 2 && major(to) >= 2;
}
__name(dropsTokens, "dropsTokens");

// src/hub/survival.ts
var OUTSIDE = [
  "BatchSpawnerBase",
  "DockerSpawner",
  "KubeSpawner",
  "MarathonSpawner",
  "NomadSpawner",
  "SSHSpawner",
  "SystemdSpawner",
  "YarnSpawner"
];
function survivalOf(facts, inputs, to, service) {
  return { proxy: proxyFate(facts, service), servers: serversFate(facts, inputs, to, service) };
}
__name(survivalOf, "survivalOf");
function proxyFate({ startsProxy, cleanupProxy }, { endsProcesses }) {
  if (!startsProxy) return { fate: "goes on", reason: "the proxy is a service of its own" };
  if (cleanupProxy) return { fate: "ends", reason: "the hub starts its proxy and ends it (cleanup_proxy)" };
  return endsProcesses ?? { fate: "goes on", reason: "the hub leaves its proxy running (cleanup_proxy is off)" };
}
__name(proxyFate, "proxyFate");
function serversFate(facts, inputs, to, { endsProcesses }) {
  if (inputs.database.strategy === "fresh") {
    return { fate: "ends", reason: "a hub with a fresh database does not know them" };
  }
  if (facts.cleanupServers) return { fate: "ends", reason: "the hub ends them when it stops (cleanup_servers)" };
  if (dropsTokens(facts.version, to)) {
    return { fate: "ends", reason: "their tokens are dropped with those of 1.x, and each has to be started anew" };
  }
  const classes = spawnerOf(facts);
  const outside = classes.find((name2) => OUTSIDE.includes(name2));
  if (outside !== void 0) return { fate: "goes on", reason: `${outside} runs them outside of the hub's service` };
  if (!classes.includes("LocalProcessSpawner")) {
    return { fate: "not known", reason: `where ${classes[0] ?? "the spawner"} runs them is not known` };
  }
  return endsProcesses ?? { fate: "goes on", reason: "a stop of the service ends the hub alone, and the hub leaves them" };
}
__name(serversFate, "serversFate");
function spawnerOf({ configuration }) {
  return configuration.components.find(({ classes }) => classes.includes("Spawner"))?.classes ?? [];
}
__name(spawnerOf, "spawnerOf");

// src/notify/message.ts
var LONGEST_MESSAGE = 1e3;
function userMessage(template, known) {
  const leadTime = known.leadTime === 0 ? "a moment" : duration(known.leadTime).replace(".0 s", " s");
  const filled = template.replaceAll(
    /\{(version|lead-time)\}/g,
    (_, name2) => name2 === "version" ? known.version : leadTime
  );
  const { ending = 0 } = known;
  const servers = ending === 1 ? " The server that runs now ends with it." : ` All ${ending} running servers end with it.`;
  return oneLine(ending === 0 ? filled : `${filled}${servers}`, LONGEST_MESSAGE);
}
__name(userMessage, "userMessage");
function verdictMessage(result) {
  const { icon, word: word2, sentence: sentence3 } = verdictOf(result);
  const step = result.error === void 0 ? "" : ` Step that failed: ${result.error.step}.`;
  return oneLine(`${icon} ${word2}: ${sentence3}${step} ${result.run.url}`, LONGEST_MESSAGE);
}
__name(verdictMessage, "verdictMessage");
var REFERENCES = {
  "&": "amp",
  "<": "lt",
  ">": "gt",
  '"': "quot",
  "'": "apos",
  "{": "lcub",
  "}": "rcub",
  "%": "percnt",
  "#": "num",
  "[": "lsqb",
  "]": "rsqb",
  "(": "lpar",
  ")": "rpar",
  $: "dollar",
  "@": "commat",
  "=": "equals",
  "*": "ast",
  "|": "vert",
  "\\": "bsol",
  "`": "grave",
  "/": "sol"
};
function announcementHtml(message) {
  const text2 = [...oneLine(message, LONGEST_MESSAGE)].map((character) => {
    const name2 = REFERENCES[character];
    return name2 === void 0 ? character : `&${name2};`;
  });
  return `<div class="container text-center announcement alert alert-warning" role="status">${text2.join("")}</div>`;
}
__name(announcementHtml, "announcementHtml");

// src/hub/part.ts
function commandsOf(parts, step) {
  return parts.flatMap(({ commands: commands2 }) => commands2[step] ?? []);
}
__name(commandsOf, "commandsOf");

// src/transaction/commands.ts
function commandsIn(step, draft, migrates) {
  const { facts, migration, parts } = draft;
  const { environment, service } = facts;
  const { python } = environment;
  const ofParts = commandsOf(parts, step);
  if (step === "begin") return beginning(facts);
  if (step === "rehearse") return rehearsal(draft, migrates);
  if (step === "announce") return announcement(draft);
  if (step === "stop") return [ofJob(facts, "facts"), ...ofParts];
  if (step === "migrate" && migrates) {
    const config = facts.database.hasQuery && facts.database.path !== "" ? "$PROGRAMS/plain-url.py" : facts.configFile;
    const run = { as: service.user, run: commandLine(python, "-m", "jupyterhub", "upgrade-db", "-f", config) };
    return [...migration.hops.map((hop) => ({ ...run, mount: seen2(environment, hop) })), run];
  }
  if (step !== "verify") return ofParts;
  const health = /* @__PURE__ */ __name((...words) => ({
    as: service.user,
    run: commandLine(python, "-I", "$PROGRAMS/health.py", ...words)
  }), "health");
  const { HEALTH_BASE: base = "", LIMIT_START: limit = "", CANARY_USER: canary = "" } = draft.parameters;
  return [
    health("wait", base, "--version", draft.to, "--timeout", limit),
    health("check", base, "--version", draft.to),
    ...ofParts,
    ...canary === "" ? [] : [health("spawn", base, canary)],
    health("servers", base, "$JOB/servers")
  ];
}
__name(commandsIn, "commandsIn");
function rehearsal({ facts, migration, parameters, to }, migrates) {
  const { environment, service, configFile } = facts;
  const run = /* @__PURE__ */ __name((...words) => commandLine(environment.python, ...words), "run");
  const program = /* @__PURE__ */ __name((name2, ...words) => run(`$PROGRAMS/rehearsal/${name2}`, ...words), "program");
  const upgrade2 = run("-m", "jupyterhub", "upgrade-db", "-f", "$PROGRAMS/rehearsal/migration_config.py");
  const as = service.user;
  return [
    { as, mount: seen2(environment), run: program("load.py", configFile) },
    { as, run: program("trial_hub.py", configFile, "$COPY", "$PRIVATE/before.json") },
    ...migrates ? [...migration.hops, void 0].map((hop) => ({ as, mount: seen2(environment, hop), run: upgrade2 })) : [],
    {
      as,
      mount: seen2(environment),
      run: program(
        "trial.py",
        configFile,
        "$COPY",
        "$PRIVATE/after.json",
        "$PRIVATE/before.json",
        to,
        parameters.LIMIT_START ?? ""
      )
    }
  ];
}
__name(rehearsal, "rehearsal");
function seen2(environment, hop) {
  return { of: copyOf(environment, hop), at: environment.path };
}
__name(seen2, "seen");
function beginning({ uid, user: user2, hasSystemd }) {
  if (uid !== 0 || !hasSystemd) {
    return [{ as: user2, run: commandLine("setsid", "/bin/sh", "$PROGRAMS/executor.sh", "watch", "$JOB") }];
  }
  const systemctl = /* @__PURE__ */ __name((...words) => ({ as: user2, run: commandLine("systemctl", ...words) }), "systemctl");
  return [systemctl("daemon-reload"), systemctl("start", "jupyterhub-upgrade-$JOB_ID.service")];
}
__name(beginning, "beginning");
function announcement({ facts, inputs, parameters }) {
  const { template, user: user2 } = facts;
  const commands2 = [];
  if (parameters.MINT_TOKEN) commands2.push(mintToken(facts, inputs.verify.canaryUser));
  if (parameters.TEMPLATE_PATH && template) {
    const put = commandLine("/bin/sh", "$PROGRAMS/notice.sh", "put", template.path, "$JOB/notice.html");
    commands2.push({ as: nameOf(facts, template.uid), run: put });
  }
  const { command } = inputs.notify;
  if (command !== void 0) commands2.push({ as: user2, run: commandLine("/bin/sh", "-c", command) });
  return commands2;
}
__name(announcement, "announcement");

// src/transaction/downtime.ts
var STOP_LOADS = 1;
var EXCHANGE_S = 0.3;
var MIGRATE_LOADS = 4;
var START_LOADS = 4;
var INSTALL_S = 30;
var FILE_BYTES_PER_S = 2e8;
var SERVER_BYTES_PER_S = 2e7;
function guessDowntime({ database: database2, loadSeconds }, { install, migrations }) {
  const copy = database2.size / (database2.path === "" ? SERVER_BYTES_PER_S : FILE_BYTES_PER_S);
  const environment = install === "in-place" ? INSTALL_S : EXCHANGE_S;
  const migrate = migrations * (MIGRATE_LOADS * loadSeconds + database2.size / SERVER_BYTES_PER_S);
  const seconds2 = STOP_LOADS * loadSeconds + copy + environment + migrate + START_LOADS * loadSeconds;
  return {
    seconds: seconds2,
    basis: `a guess, not a rehearsal: loading the hub took ${duration(loadSeconds)} on this host just now${migrations === 0 ? ", and the database needs no migration" : ""}`
  };
}
__name(guessDowntime, "guessDowntime");

// src/transaction/facts-for-people.ts
function describeFacts(facts, packagesAreKnown) {
  const { database: database2, environment, service } = facts;
  const { ActiveState, KillMode, FragmentPath } = service.properties;
  const { rows: rows2 } = database2;
  const found = [
    ["host", facts.os || void 0],
    ["rights", facts.uid === 0 ? "root" : `those of ${facts.user}`],
    [
      "service",
      service.manager === "systemd" ? `${FragmentPath} (${ActiveState}, KillMode=${KillMode}), run by ${service.user} in ${service.directory}` : `stop-command and start-command; run by ${service.user} in ${service.directory}`
    ],
    ["JupyterHub", `${facts.version} on Python ${facts.python}`],
    [
      "environment",
      `${environment.path}, ${size(environment.size)}, ${environment.toolVersion || `no ${environment.manager}`}`
    ],
    ["configuration", `${facts.configFile}, which reads ${count(facts.configFiles.length - 1, "other file")}`],
    ["authenticator", classOf(facts, "Authenticator")],
    ["spawner", spawnerOf(facts)[0]],
    [
      "proxy",
      `${classOf(facts, "Proxy") ?? "not known"}, ${facts.startsProxy ? "started by the hub" : "a service of its own"}`
    ],
    [
      "database",
      `${database2.path || database2.url}, revision ${database2.revision}, ${size(database2.size)}, ${database2.path === "" ? database2.server ?? database2.dialect : `SQLite in ${database2.journal_mode} mode`}`
    ],
    ["in it", `${rows2.users ?? 0} users, ${rows2.groups ?? 0} groups, ${rows2.api_tokens ?? 0} API tokens`],
    ["running user servers", String(database2.servers.length)],
    ["proof of the backup", database2.proof === "none" ? "none" : `in a ${database2.proof}`]
  ];
  const notDetermined = [
    ...facts.template === void 0 ? ["The hub's page template, on which users are told."] : [],
    ...spawnerOf(facts).length === 0 ? ["The class of the spawner."] : [],
    ...database2.servers.some(({ pid }) => pid === null || pid === void 0) ? [
      "Processes of user servers whose spawner does not tell a pid: after the upgrade only their routes are looked at."
    ] : [],
    ...packagesAreKnown ? [] : ["Which other packages the installation brings along."]
  ];
  return { facts: found.flatMap(([name2, value]) => value === void 0 ? [] : [{ name: name2, value }]), notDetermined };
}
__name(describeFacts, "describeFacts");
function classOf({ configuration }, of) {
  return configuration.components.find(({ classes }) => classes.includes(of))?.classes[0];
}
__name(classOf, "classOf");

// src/transaction/document.ts
function writeDocument(draft) {
  const { inputs, facts, to, migration, survival, told, blockers } = draft;
  const { revision } = facts.database;
  const isFresh = inputs.database.strategy === "fresh";
  const migrates = !isFresh && schemaOf(to) !== revision;
  const steps = [{ name: "begin", title: "Start the job on the host" }, ...draft.steps].map(({ name: name2, title }) => ({
    ...{ name: name2, title },
    commands: commandsIn(name2, draft, migrates)
  }));
  const packages = draft.changes ?? [{ name: "jupyterhub", from: facts.version, to }];
  const accepted = acceptedBy(inputs);
  return {
    ...describeFacts(facts, draft.changes !== void 0),
    packages,
    revision: { from: revision, to: schemaOf(to), hops: migration.hops },
    steps,
    downtime: guessDowntime(facts, { install: draft.install, migrations: migrates ? 1 + migration.hops.length : 0 }),
    disk: diskUse(
      facts,
      draft.parts.flatMap(({ needs }) => needs)
    ),
    survival,
    told,
    accepted,
    blockers,
    jobs: `${draft.state}/jobs`,
    decisive: decisiveOf(draft, { steps, packages, accepted })
  };
}
__name(writeDocument, "writeDocument");
function acceptedBy({ acceptAdvice, backup: backup2, database: database2 }) {
  return [
    ...acceptAdvice.map((id4) => `accept-advice: ${id4}`),
    ...database2.acceptLoss ? ["accept-data-loss: true"] : [],
    ...database2.allowTokenLoss ? ["allow-token-loss: true"] : [],
    ...backup2.allowUnproven ? ["allow-unproven-backup: true"] : []
  ];
}
__name(acceptedBy, "acceptedBy");

// src/transaction/job-steps.ts
var START_LIMIT = 120;
var UNDO_LIMIT = 3600;
var UNDO_SNAPSHOT_LIMIT = 4 * 3600;
function stepsOf(inputs, facts, names) {
  const all = allSteps(inputs, facts);
  return names.flatMap((name2) => all[name2] ?? []);
}
__name(stepsOf, "stepsOf");
function allSteps(inputs, facts) {
  const stop = Math.max(150, seconds(facts.service.properties.TimeoutStopUSec ?? "") + 60);
  const undo = { snapshot: UNDO_SNAPSHOT_LIMIT, start: UNDO_LIMIT + stop };
  const titles = [
    ["stage", 3600, "Prepare the environment beside the running hub"],
    ["rehearse", 3600, "Rehearse the upgrade on a copy"],
    ["hold", 3600, "Wait for the backup to be proven"],
    ["inspect", 600, "Look into the backup"],
    ["announce", inputs.notify.leadTime + 120, "Tell the users"],
    ["stop", stop, "Stop the hub"],
    ["snapshot", 1800, "Set the database aside"],
    ["switch", 120, "Switch the environment"],
    ["install", 1800, "Install the packages"],
    ["migrate", 3600, "Migrate the database"],
    ["load", 1800, "Put the backup in place"],
    ["start", START_LIMIT + 30, "Start the hub"],
    ["verify", START_LIMIT + 120 + (inputs.verify.canaryUser === void 0 ? 0 : 300), "Verify the hub from its host"],
    ["confirm", inputs.confirmTimeout + 30, "Verify the hub from outside"]
  ];
  const steps = titles.map(([name2, limit, title]) => ({ name: name2, title, limit, undoLimit: undo[name2] ?? UNDO_LIMIT }));
  return Object.fromEntries(steps.map((step) => [step.name, step]));
}
__name(allSteps, "allSteps");
function seconds(span) {
  if (span === "infinity") return 3600;
  const parts = [...span.matchAll(/(\d+)(h|min|s)\b/g)];
  const factors = { h: 3600, min: 60, s: 1 };
  return parts.length === 0 ? 90 : parts.reduce((sum, [, count3, unit = ""]) => sum + Number(count3) * (factors[unit] ?? 0), 0);
}
__name(seconds, "seconds");
function stepParameters(steps) {
  return {
    STEPS: steps.map(({ name: name2 }) => name2).join(" "),
    ...Object.fromEntries(
      steps.flatMap(({ name: name2, limit, undoLimit }) => [
        [`LIMIT_${name2.toUpperCase()}`, String(limit)],
        [`LIMIT_UNDO_${name2.toUpperCase()}`, String(undoLimit)]
      ])
    )
  };
}
__name(stepParameters, "stepParameters");

// src/hub/databases/fresh.ts
function freshStart({ database: database2 }, inputs) {
  const { loss } = database2;
  if (loss === void 0) {
    return { blockers: ["What a fresh database would lose could not be found out (database-strategy)."], warnings: [] };
  }
  const warnings = [
    "The hub begins with a fresh database (database-strategy: fresh): everybody has to log in again. The old one is kept on the host, and put back if anything fails."
  ];
  const lost = Object.entries(loss).map(sentence2);
  if (lost.length === 0) return { blockers: [], warnings };
  if (inputs.database.acceptLoss) {
    return {
      blockers: [],
      warnings: [...warnings, `Lost with the old database (accept-data-loss): ${lost.join("; ")}.`]
    };
  }
  return {
    blockers: [
      `A fresh database would lose what the configuration does not bring back: ${lost.join("; ")}. Use database-strategy: migrate, name users, admins and groups in the configuration and stop the servers, or set accept-data-loss: true.`
    ],
    warnings
  };
}
__name(freshStart, "freshStart");
function costOfFresh(loss) {
  const lost = Object.entries(loss).map(sentence2);
  return lost.length === 0 ? "nothing but logins: users, admins and groups are in the configuration" : `beside logins: ${lost.join("; ")}`;
}
__name(costOfFresh, "costOfFresh");
function sentence2([kind, { count: count3, first: first2 }]) {
  const names = first2.length === 0 ? "" : ` (${first2.join(", ")}${count3 > first2.length ? ", \u2026" : ""})`;
  return `${count3} ${kind}${names}`;
}
__name(sentence2, "sentence");

// src/transaction/migration.ts
function migrationOf(inputs, facts, to) {
  return inputs.database.strategy === "fresh" ? freshDatabase(inputs, facts) : migrated(inputs, facts, to);
}
__name(migrationOf, "migrationOf");
function freshDatabase(inputs, facts) {
  const { blockers, warnings } = freshStart(facts, inputs);
  return { hops: [], title: "Begin with a fresh database", endsTokens: true, guarantees: [], blockers, warnings };
}
__name(freshDatabase, "freshDatabase");
function migrated(inputs, facts, to) {
  const from = facts.version;
  const hops = hopsBetween(from, to);
  const byWay = hops.length === 0 ? "" : `, by way of JupyterHub ${hops.join(" and ")}`;
  const jump = brokenJump(from, to);
  const lost = dropsTokens(from, to) ? lostTokens(facts) : [];
  const mayLose = inputs.database.allowTokenLoss;
  return {
    hops,
    title: `Migrate the database${byWay}`,
    endsTokens: dropsTokens(from, to),
    guarantees: jump ? [
      `The database goes from ${from} to ${to}${byWay}, in an environment of its own that is made beforehand and removed afterwards: straight on, the migration is known to break where ${jump.condition} (${jump.source}; here: ${facts.database.server_clients}).`
    ] : [],
    warnings: mayLose ? lost : [],
    blockers: mayLose ? [] : lost.map((sentence3) => `${sentence3} If that may be, write allow-token-loss: true.`)
  };
}
__name(migrated, "migrated");
function lostTokens({ database: { tokens } }) {
  if (tokens.count === 0) return [];
  const count3 = tokens.count === 1 ? "one token" : `${tokens.count} tokens`;
  const more = tokens.count > tokens.first.length ? ", \u2026" : "";
  return [
    `JupyterHub 2.0 and newer drop the API tokens that 1.x made. Lost would be ${count3} of users (${tokens.first.join(", ")}${more}), who make new ones then; services get theirs from the configuration.`
  ];
}
__name(lostTokens, "lostTokens");

// src/transaction/verification.ts
function verificationOf({ verify }, { database: database2 }, { endsTokens }) {
  const { healthToken, canaryUser } = verify;
  if (endsTokens) {
    const untried = [
      ...healthToken === void 0 ? [] : ["health-token"],
      ...canaryUser === void 0 ? [] : ["canary-user"]
    ];
    const why = `No token of before the upgrade works after it, so ${untried.join(" and ")} will not be tried.`;
    return {
      ...{ mintsToken: false, keepsTokens: false, canaryUser: "", blockers: [] },
      warnings: untried.length === 0 ? [] : [why]
    };
  }
  const isMissing = canaryUser !== void 0 && database2.has_user === false;
  const cure = `The hub has no user ${canaryUser}: write a canary-user as the admin page shows them (who has never logged in is no user yet), or leave canary-user out.`;
  return {
    mintsToken: healthToken === void 0,
    keepsTokens: true,
    canaryUser: isMissing ? "" : canaryUser ?? "",
    warnings: [],
    blockers: isMissing ? [cure] : []
  };
}
__name(verificationOf, "verificationOf");

// src/transaction/plan.ts
function targetOf(inputs, facts) {
  const to = inputs.targetVersion === "latest" ? newest(facts.versions) : inputs.targetVersion;
  if (to !== void 0) return to;
  throw new Error(
    `The newest JupyterHub for the hub's Python could not be found out (${facts.environment.manager} answered no versions): give target-version.`
  );
}
__name(targetOf, "targetOf");
function planUpgrade(inputs, facts, resolution = NOT_RESOLVED) {
  const to = targetOf(inputs, facts);
  const from = facts.version;
  const blockers = [];
  const warnings = [];
  const service = serviceOf(facts, inputs);
  const migration = migrationOf(inputs, facts, to);
  const database2 = databaseOf(facts, inputs, migration.hops);
  const environment = environmentOf(facts, inputs, to, { hops: migration.hops, resolution });
  const verification = verificationOf(inputs, facts, migration);
  const proxy = proxyOf(facts, inputs, environment.install);
  const parts = [service, environment, proxy, database2];
  for (const part of [...parts, migration, verification]) {
    blockers.push(...part.blockers);
    warnings.push(...part.warnings);
  }
  const needs = parts.flatMap((part) => part.needs);
  blockers.push(...diskBlockers(facts, needs), ...writeBlockers(facts, needs));
  warnings.push(...quotaWarnings(facts, needs));
  const surroundings = checkSurroundings(facts);
  blockers.push(...surroundings.blockers);
  warnings.push(...surroundings.warnings);
  if (!service.state.running) {
    blockers.push(
      `The hub does not run: ${service.state.reason}. An upgrade starts from a hub that works; bring it back first, or restore a backup (mode: restore).`
    );
  }
  if (facts.database.revision !== facts.codeRevision) {
    blockers.push(
      `The database is at revision ${facts.database.revision}, but JupyterHub ${from} works with ${facts.codeRevision}: an earlier upgrade was not finished. Run \`jupyterhub upgrade-db\` or restore a backup first.`
    );
  }
  const order = compare(to, from);
  if (order < 0) {
    blockers.push(
      `The hub runs JupyterHub ${from}, which is newer than ${to}. A database cannot be migrated back: to return to an older release restore its backup (mode: restore).`
    );
  }
  const python = missingPython(to, facts.python);
  if (python !== void 0) {
    blockers.push(
      `JupyterHub ${to} needs Python ${python} or newer; the hub's environment has ${facts.python}. Give the hub an environment with a newer Python first.`
    );
  }
  const survival = survivalOf(facts, inputs, to, service);
  warnings.push(...serverWarnings2(facts, survival));
  const advice = adviceFor(facts, to, inputs.acceptAdvice);
  blockers.push(...advice.filter(({ level, accepted }) => level === "blocker" && !accepted).map(blockerOf));
  const told = toldOf(inputs, facts);
  if (inputs.notify.hub && !facts.template?.hasBlock) {
    const sentence3 = "The hub's page template has no announcement block, so notify-hub cannot show a notice.";
    if (inputs.notify.required) blockers.push(`${sentence3} Set notify-hub: false, or notify-required: false.`);
    else warnings.push(sentence3);
  }
  if (told.length === 0)
    warnings.push("Nobody is told before the stop: notify-hub, notify-command and notify-webhook-url are all off.");
  const install = environment.install === "staged" ? "switch" : "install";
  const isRehearsed2 = inputs.rehearse !== "never" && environment.install === "staged";
  if (inputs.rehearse !== "never" && !isRehearsed2) {
    warnings.push(
      "The upgrade is not rehearsed: where packages are installed in place the new release has no place beside the old one."
    );
  }
  const steps = stepsOf(inputs, facts, [
    "stage",
    ...isRehearsed2 ? ["rehearse"] : [],
    "hold",
    "announce",
    "stop",
    "snapshot",
    install,
    "migrate",
    "start",
    "verify",
    "confirm"
  ]).map((step) => step.name === "migrate" ? { ...step, title: migration.title } : step);
  const parameters = {
    ...Object.assign({}, ...parts.map((part) => part.parameters)),
    ...hubParameters(inputs, facts, to, survival.servers.fate === "ends" ? facts.database.servers.length : 0),
    TARGET_VERSION: to,
    PREVIOUS_VERSION: from,
    PREVIOUS_REVISION: facts.database.revision ?? "",
    WAS_RUNNING: service.state.running ? "yes" : "no",
    MINT_TOKEN: verification.mintsToken ? "yes" : "",
    CANARY_USER: verification.canaryUser,
    DATABASE_STRATEGY: inputs.database.strategy,
    ...stepParameters(steps)
  };
  const document = writeDocument({
    ...{ inputs, facts, to, parts, migration, parameters, steps, survival, advice, told, blockers },
    install: environment.install,
    changes: resolution.changes,
    state: stateDirectory(facts, inputs)
  });
  return {
    from,
    to,
    unchanged: order === 0 && blockers.length === 0,
    steps,
    parameters,
    mintsToken: verification.mintsToken,
    keepsTokens: verification.keepsTokens,
    guarantees: [...parts, migration].flatMap((part) => part.guarantees),
    warnings,
    advice,
    told,
    wheels: resolution.wheels ?? [],
    blockers,
    digest: digestOf(document.decisive),
    document
  };
}
__name(planUpgrade, "planUpgrade");
function blockerOf({ id: id4, consequence, instead, release }) {
  return `JupyterHub ${release}: ${consequence} Instead: ${instead} (To upgrade nevertheless: accept-advice: ${id4})`;
}
__name(blockerOf, "blockerOf");
function hubParameters(inputs, facts, version2 = facts.version, ending = 0) {
  const message = userMessage(inputs.notify.message, { version: version2, leadTime: inputs.notify.leadTime, ending });
  const noticed = inputs.notify.hub && facts.template?.hasBlock === true;
  return {
    HUB_UID: String(facts.service.uid),
    HUB_GID: String(facts.service.gid),
    HUB_DIRECTORY: facts.service.directory,
    HUB_PID: facts.service.pid === void 0 ? "" : String(facts.service.pid),
    CONFIG_PATH: facts.configFile,
    TEMPLATE_PATH: noticed ? facts.template?.path ?? "" : "",
    TEMPLATE_UID: String(facts.template?.uid ?? 0),
    TEMPLATE_GID: String(facts.template?.gid ?? 0),
    NOTICE_HTML: noticed ? announcementHtml(message) : "",
    NOTIFY_COMMAND: inputs.notify.command ?? "",
    NOTIFY_MESSAGE: message,
    NOTIFY_REQUIRED: inputs.notify.required ? "yes" : "no",
    NOTIFY_LEAD_TIME: String(inputs.notify.leadTime),
    MAX_DOWNTIME: String(inputs.maxDowntime),
    CONFIRM_TIMEOUT: String(inputs.confirmTimeout),
    KEEP_HOST_BACKUPS: String(inputs.keepHostBackups),
    HEALTH_BASE: localBase(facts.bindUrl, facts.baseUrl)
  };
}
__name(hubParameters, "hubParameters");
function stateDirectory(facts, inputs) {
  const name2 = facts.service.manager === "systemd" ? inputs.hub.service : basename2(facts.service.directory);
  const id4 = createHash4("sha256").update(facts.service.directory).digest("hex").slice(0, 8);
  return `${facts.stateRoot}/${name2.replaceAll(/[^A-Za-z0-9_.@-]/g, "_")}-${id4}`;
}
__name(stateDirectory, "stateDirectory");
function toldOf(inputs, facts) {
  return [
    ...inputs.notify.hub && facts.template?.hasBlock ? ["notice on the hub's login and home pages"] : [],
    ...inputs.notify.command === void 0 ? [] : ["notify-command"],
    ...inputs.notify.webhookUrl === void 0 ? [] : ["notify-webhook-url"]
  ];
}
__name(toldOf, "toldOf");
function serverWarnings2(facts, { proxy, servers }) {
  const running = facts.database.servers;
  if (running.length === 0) return [];
  const count3 = running.length === 1 ? "One user server runs now" : `${running.length} user servers run now`;
  if (servers.fate === "ends") {
    return [
      `${count3}, and ${running.length === 1 ? "ends" : "end"} with the hub: ${servers.reason}. Users are told so.`
    ];
  }
  const atRisk = running.filter(({ pid }) => pid && facts.serversFromEnvironment.includes(pid)).map(({ user: user2 }) => user2);
  return [
    ...proxy.fate === "ends" ? [`${count3}, and cannot be reached while the hub is down: its proxy ends with it (${proxy.reason}).`] : [],
    ...atRisk.length > 0 ? [
      `Servers of ${atRisk.slice(0, 20).join(", ")} run from the hub's own environment, which is exchanged under them: what they load later is of the new release.`
    ] : []
  ];
}
__name(serverWarnings2, "serverWarnings");

// src/hub/advice/configuration.ts
var name = external_exports.string().max(200);
var traits2 = external_exports.record(name, external_exports.object({ where: name, value: external_exports.union([external_exports.boolean(), external_exports.number().int().nonnegative()]) }));
var configurationSchema = external_exports.object({
  /** The hub, its authenticator, spawner and proxy. */
  components: external_exports.array(
    external_exports.object({
      /** Of the class and what it derives from, nearest first. */
      classes: external_exports.array(name).max(500),
      /** The class is not one of JupyterHub's own. */
      foreign: external_exports.boolean(),
      /** Methods of JupyterHub's classes that it has in a form of its own. */
      overrides: external_exports.array(name).max(500),
      traits: traits2
    })
  ).max(10),
  /** What the configuration sets for other classes. */
  sections: external_exports.record(name, traits2),
  counts: external_exports.record(name, external_exports.number().int().nonnegative()),
  packages: external_exports.record(name, external_exports.string().max(64))
});

// src/hub/answers.ts
var text = external_exports.string().max(4096);
var id = external_exports.coerce.number().int().nonnegative();
var introspectSchema = external_exports.object({
  version: text,
  python: external_exports.object({ version: text, executable: text, prefix: text }),
  code_revision: text,
  config_file: text,
  config_files: external_exports.array(text).max(2e3),
  cookie_secret_file: text.nullish(),
  bind_url: text,
  base_url: text,
  cleanup_servers: external_exports.boolean(),
  cleanup_proxy: external_exports.boolean(),
  /** Of each file that the configuration reads: a digest that only this hub can make. */
  config_digests: external_exports.record(text, external_exports.string().regex(/^[0-9a-f]{16}$/)),
  proxy: external_exports.object({ should_start: external_exports.boolean().nullish() }),
  database: external_exports.object({
    dialect: external_exports.string().regex(/^[a-z][a-z0-9_]{0,31}$/, "is no dialect"),
    path: text.nullish(),
    url: text,
    host: text,
    has_query: external_exports.boolean(),
    has_arguments: external_exports.boolean(),
    arguments_usable: external_exports.boolean(),
    on_command_line: external_exports.boolean()
  }),
  page_template: text.nullish(),
  configuration: configurationSchema
});
var sentences = external_exports.array(text).max(100);
var databaseFactsSchema = external_exports.object({
  revision: text.nullable(),
  /** Of SQLite. */
  journal_mode: text.nullish(),
  /** Of the server; for people. */
  server: text.nullish(),
  size: external_exports.number().nonnegative().nullish(),
  rows: external_exports.record(text, external_exports.number().int().nonnegative()),
  servers: external_exports.array(external_exports.object({ user: text, name: text, pid: external_exports.number().int().positive().nullish() })).max(1e5),
  /** API tokens of users, less those of their servers: how many, and the first ones by name. */
  tokens: external_exports.object({ count: external_exports.number().int().nonnegative(), first: external_exports.array(text).max(20) }),
  /** Named servers whose names JupyterHub 6.0 would not take. */
  unsafe_server_names: external_exports.number().int().nonnegative(),
  /** User servers with an OAuth client. */
  server_clients: external_exports.number().int().nonnegative(),
  /** Whether the hub knows the canary-user; null without one. */
  has_user: external_exports.boolean().nullish(),
  half_migrated: sentences,
  problems: sentences,
  warnings: sentences,
  backup: external_exports.object({ format: external_exports.enum(["sqlite", "pg_dump", "mysqldump", "lines"]), tool: text.nullish() }),
  proof: external_exports.enum(["scratch file", "scratch database", "server of its own", "none"])
});
var lossSchema = external_exports.object({
  lost: external_exports.record(text, external_exports.object({ count: external_exports.number().int().nonnegative(), first: external_exports.array(text).max(20) }))
});
var holder = external_exports.object({ pid: external_exports.number().int().nonnegative().nullable(), command: text });
var neighboursSchema = external_exports.object({
  database: external_exports.array(holder.extend({ pid: external_exports.number().int().positive() })).max(1e3),
  ports: external_exports.array(holder.extend({ port: external_exports.number().int().positive() })).max(10)
});
var sessionsSchema = external_exports.array(external_exports.object({ own: external_exports.boolean(), from: text })).max(1e4);
var DiscoveryProblem = class extends Error {
  static {
    __name(this, "DiscoveryProblem");
  }
  problems;
  constructor(problems) {
    super(problems.join(" "));
    this.name = "DiscoveryProblem";
    this.problems = problems;
  }
};
function parseJson2(what, json, schema) {
  let value;
  try {
    value = JSON.parse(json);
  } catch {
    throw new DiscoveryProblem([`What the host said about ${what} is not JSON.`]);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new DiscoveryProblem([
    `What the host said about ${what} has another form than expected: ${issue?.path.join(".")}: ${issue?.message}`
  ]);
}
__name(parseJson2, "parseJson");
function readOtherHubs(text2) {
  return text2.split("\n").flatMap((line2) => {
    const [, pid, directory = ""] = /^(\d+) (.*)$/.exec(line2) ?? [];
    return pid === void 0 ? [] : [{ pid: Number(pid), directory }];
  });
}
__name(readOtherHubs, "readOtherHubs");
function readPlaces(text2) {
  const line2 = /^(environment|database|state|phases|units) (\d+) (\d+) (\d+|-) (yes|no) (yes|no) (\/.*)$/;
  return text2.split("\n").flatMap((each) => {
    const [, name2, device = "", free, files, writable, quota, path = ""] = line2.exec(each) ?? [];
    if (name2 === void 0) return [];
    const freeFiles = files === "-" ? void 0 : Number(files);
    return [
      {
        ...{ name: name2, device, path, free: Number(free) * 1024, freeFiles },
        ...{ writable: writable === "yes", quota: quota === "yes" }
      }
    ];
  });
}
__name(readPlaces, "readPlaces");
function readProperties(text2) {
  const properties = {};
  for (const line2 of text2.split("\n")) {
    const [, name2, value] = /^(\w+)=(.*)$/.exec(line2) ?? [];
    if (name2 === void 0 || value === void 0) continue;
    properties[name2] = properties[name2] === void 0 ? value : `${properties[name2]}
${value}`;
  }
  return properties;
}
__name(readProperties, "readProperties");

// src/hub/environments/facts.ts
var id2 = external_exports.coerce.number().int().nonnegative();
function environmentFacts(raw) {
  const get = /* @__PURE__ */ __name((name2) => raw.get(name2) ?? "", "get");
  const [uid, gid] = get("environment-owner").split(" ");
  const [parentUid, parentGid] = get("environment-parent-owner").split(" ");
  const packages = get("packages") === "" ? void 0 : packagesSchema.parse(JSON.parse(get("packages")));
  return {
    path: get("environment-path"),
    uid: id2.parse(uid),
    gid: id2.parse(gid),
    parentUid: id2.parse(parentUid),
    parentGid: id2.parse(parentGid),
    kind: external_exports.enum(["venv", "uv", "conda", "none"]).parse(get("environment-kind")),
    place: external_exports.enum(["environment", "system", "user"]).parse(get("environment-place")),
    python: get("environment-python"),
    bin: get("environment-bin"),
    manager: external_exports.enum(["pip", "uv", "conda"]).catch("pip").parse(get("package-manager")),
    tool: get("package-tool"),
    toolVersion: get("package-tool-version").split(" from ")[0] ?? "",
    conda: {
      packages: get("conda-packages"),
      interrupted: get("conda-interrupted"),
      frozen: raw.has("conda-frozen"),
      pinned: get("conda-pinned"),
      others: [get("tool-mamba"), get("tool-micromamba")].filter(Boolean)
    },
    installed: packages?.installed ?? [],
    ...packages?.requirements ? { wanted: packages.requirements } : {},
    ...packages ? { platform: packages.platform } : {},
    readOnly: raw.has("environment-read-only"),
    requirements: get("requirements"),
    size: Number(get("environment-kib")) * 1024,
    files: Number(get("environment-files"))
  };
}
__name(environmentFacts, "environmentFacts");

// src/hub/proxy-package.ts
var id3 = external_exports.coerce.number().int().nonnegative();
function proxyFacts(raw) {
  const get = /* @__PURE__ */ __name((name2) => raw.get(name2) ?? "", "get");
  const [uid, gid] = get("proxy-owner").split(" ");
  return {
    path: get("proxy-package"),
    ...{ uid: id3.parse(uid), gid: id3.parse(gid), parentUid: id3.parse(get("proxy-parent-owner").split(" ")[0]) },
    ofConda: get("proxy-of-conda") !== "",
    ...{ npm: get("proxy-npm"), node: get("proxy-node").trim() }
  };
}
__name(proxyFacts, "proxyFacts");

// src/hub/discovery.ts
var NO_DATABASE = {
  revision: null,
  rows: {},
  servers: [],
  tokens: { count: 0, first: [] },
  server_clients: 0,
  half_migrated: [],
  unsafe_server_names: 0,
  problems: [],
  warnings: [],
  backup: { format: "sqlite" },
  proof: "scratch file"
};
function readFacts(output) {
  const facts = /* @__PURE__ */ new Map();
  for (const line2 of output.split("\n")) {
    const match = /^([a-z][a-z-]*) ([A-Za-z0-9+/=]*)$/.exec(line2);
    if (match?.[1] !== void 0 && match[2] !== void 0 && !facts.has(match[1])) {
      facts.set(match[1], Buffer.from(match[2], "base64").toString("utf8"));
    }
  }
  return facts;
}
__name(readFacts, "readFacts");
function getter(raw) {
  return (name2) => raw.get(name2) ?? "";
}
__name(getter, "getter");
function parseFacts(raw, unit, known) {
  const get = getter(raw);
  const problems = whyNotFound(raw, unit, known);
  const broken = raw.has("introspect-failed") ? `The hub's configuration could not be loaded with its own interpreter: ${get("introspect-failed").trim()}` : void 0;
  if (broken !== void 0 && !known)
    problems.push(`${broken} Mend that first: the hub needs it at its next start, too.`);
  if (problems.length > 0) throw new DiscoveryProblem(problems);
  if (broken !== void 0 && known?.database === "") {
    throw new DiscoveryProblem([
      broken,
      "Without it nobody can reach the database, which is on a server. Take the configuration from the backup first, by hand (its RESTORE.txt says how)."
    ]);
  }
  const hub = broken !== void 0 && known ? remembered(known, get("code").trim(), get("python").trim()) : parseJson2("introspect", get("introspect"), introspectSchema);
  const isSqlite = hub.database.dialect === "sqlite";
  if (get("database-facts") === "" && !(known && isSqlite)) {
    throw new DiscoveryProblem([
      `The database ${isSqlite ? get("database-path") : hub.database.url} could not be read: ${get("database-log").trim() || "no such file"}`
    ]);
  }
  const database2 = get("database-facts") === "" ? NO_DATABASE : parseJson2("the database", get("database-facts"), databaseFactsSchema);
  if (get("environment-path") === "") {
    throw new DiscoveryProblem([
      `There is no environment ${known?.environment ?? ""} on the host. Make one with \`python3 -m venv\` first.`
    ]);
  }
  const [templateUid = "", templateGid = ""] = get("template-owner").split(" ");
  return {
    uid: id.parse(get("uid")),
    user: get("user"),
    os: get("os"),
    hasSystemd: raw.has("has-systemd"),
    service: {
      manager: get("service-manager") === "systemd" ? "systemd" : "commands",
      properties: readProperties(get("unit-properties")),
      ...raw.has("pid") ? { pid: id.parse(get("pid")) } : {},
      uid: id.parse(get("hub-uid")),
      gid: id.parse(get("hub-gid")),
      user: get("hub-user") || get("hub-uid"),
      directory: get("directory")
    },
    ...broken === void 0 ? {} : { broken },
    version: hub.version,
    python: hub.python.version,
    loadSeconds: Number(get("load-centiseconds")) / 100,
    codeRevision: hub.code_revision,
    configFile: hub.config_file,
    configFiles: hub.config_files,
    configDigests: hub.config_digests,
    configuration: hub.configuration,
    ...hub.cookie_secret_file ? { cookieSecretFile: hub.cookie_secret_file } : {},
    bindUrl: hub.bind_url,
    baseUrl: hub.base_url,
    cleanupServers: hub.cleanup_servers,
    cleanupProxy: hub.cleanup_proxy,
    startsProxy: hub.proxy.should_start !== false,
    database: {
      ...database2,
      dialect: hub.database.dialect,
      path: get("database-path"),
      url: isSqlite ? "" : hub.database.url,
      host: hub.database.host,
      tools: get("database-tools"),
      size: database2.size ?? 0,
      hasQuery: hub.database.has_query,
      hasArguments: hub.database.has_arguments,
      argumentsUsable: hub.database.arguments_usable,
      onCommandLine: hub.database.on_command_line,
      sessions: get("database-sessions") === "" ? [] : parseJson2("the database", get("database-sessions"), sessionsSchema),
      ...get("database-loss") === "" ? {} : { loss: parseJson2("the database", get("database-loss"), lossSchema).lost }
    },
    environment: readEnvironment(raw),
    ...raw.has("proxy-package") ? { proxy: proxyFacts(raw) } : {},
    privateMount: external_exports.enum(["root", "user", "none"]).catch("none").parse(get("private-mount")),
    ...raw.has("template-path") ? {
      template: {
        path: get("template-path"),
        uid: id.parse(templateUid),
        gid: id.parse(templateGid),
        hasBlock: raw.has("template-block")
      }
    } : {},
    serversFromEnvironment: get("servers-from-environment").split(" ").filter(Boolean).map(Number),
    clockAhead: raw.has("clock-ahead") ? Number(get("clock-ahead")) : void 0,
    neighbours: get("neighbours") === "" ? { database: [], ports: [] } : parseJson2("its processes", get("neighbours"), neighboursSchema),
    otherHubs: readOtherHubs(get("other-hubs")),
    places: readPlaces(get("places")),
    versions: get("versions").split(/,\s*/).filter(Boolean),
    stateRoot: get("state-root")
  };
}
__name(parseFacts, "parseFacts");
function whyNotFound(raw, unit, known) {
  const get = getter(raw);
  const problems = [];
  const missingTools = get("missing-tools").split(" ").filter(Boolean);
  if (missingTools.length > 0) {
    problems.push(`The host lacks ${missingTools.join(", ")}: install them (on Debian: util-linux, coreutils, tar).`);
  }
  const manager = get("service-manager");
  if (manager === "none") {
    problems.push(
      `No systemd unit ${unit} is loaded on the host. Give its name as \`service\`, or \`service-manager: commands\` with \`stop-command\` and \`start-command\`.`
    );
  } else if (manager === "commands" && !raw.has("hub-uid")) {
    const found = get("hubs").split("\n").filter(Boolean);
    problems.push(
      found.length === 0 && known ? `No running JupyterHub was found, and the user ${known.user}, as whom that of the backup ran, is not on the host.` : found.length === 0 ? "No running JupyterHub was found on the host. Start it, or give `config-path` if its process shows no sign of it." : `Several JupyterHubs run on the host (pid and directory: ${found.join("; ")}). Say which one with \`config-path\`.`
    );
  }
  const isForeign = raw.has("hub-uid") && get("uid") !== "0" && get("uid") !== get("hub-uid");
  if (isForeign) {
    problems.push(
      `The hub runs as ${get("hub-user") || get("hub-uid")}, and ${get("user")} may not act as that user: let ${get("user")} run sudo without a password (become: sudo), or log in as root or as the user of the hub.`
    );
  } else if (problems.length === 0 && !raw.has("introspect")) {
    problems.push(
      "The Python that runs the hub was not found from its command line. Give `environment-path`, the directory whose `bin/python` runs JupyterHub."
    );
  }
  return problems;
}
__name(whyNotFound, "whyNotFound");
function remembered(known, version2, python) {
  return {
    version: version2,
    python: { version: python, executable: "", prefix: known.environment },
    code_revision: "",
    config_file: known.config,
    config_files: [],
    bind_url: known.address,
    base_url: new URL(known.address).pathname,
    cleanup_servers: false,
    cleanup_proxy: true,
    config_digests: {},
    proxy: {},
    database: {
      ...{ dialect: "sqlite", path: known.database, url: "", host: "" },
      ...{ has_query: false, has_arguments: false, arguments_usable: true, on_command_line: false }
    },
    configuration: { components: [], sections: {}, counts: {}, packages: {} }
  };
}
__name(remembered, "remembered");
function readEnvironment(raw) {
  try {
    return environmentFacts(raw);
  } catch (error) {
    const problem = error instanceof external_exports.ZodError ? error.issues[0]?.message : String(error);
    throw new DiscoveryProblem([`What the host said about the environment has another form than expected: ${problem}`]);
  }
}
__name(readEnvironment, "readEnvironment");

// src/hub/jobs.ts
function parseJobs(raw) {
  const lines2 = (raw.get("jobs") ?? "").split("\n");
  const jobs = [];
  for (let at = 0; at + 3 < lines2.length; at += 4) {
    const [, state, directory, owner2] = /^(alive|dead|committed|rolled-back|rollback-failed|not-begun) (\/\S.*\/jobs\/\S+) (.*)$/.exec(lines2[at] ?? "") ?? [];
    if (state === void 0 || directory === void 0 || owner2 === void 0) continue;
    jobs.push({
      state,
      directory,
      owner: owner2,
      unit: lines2[at + 1] ?? "",
      configFile: lines2[at + 2] ?? "",
      hubDirectory: lines2[at + 3] ?? ""
    });
  }
  return jobs;
}
__name(parseJobs, "parseJobs");

// src/hub/known.ts
function knownParameters(known) {
  return {
    KNOWN_RUN: known?.run ?? "",
    KNOWN_USER: known?.user ?? "",
    KNOWN_DIRECTORY: known?.directory ?? "",
    KNOWN_ENVIRONMENT: known?.environment ?? "",
    KNOWN_PYTHON: known?.python ?? "",
    KNOWN_MANAGER: known?.manager ?? "",
    KNOWN_CONFIG: known?.config ?? "",
    KNOWN_DATABASE: known?.database ?? ""
  };
}
__name(knownParameters, "knownParameters");

// src/modes/earlier-jobs.ts
function unfinishedJobs(run, found, hubDirectory, own) {
  const jobs = found.filter(
    (job) => (job.state === "alive" || job.state === "dead") && isOfThisHub(run, job, hubDirectory)
  );
  const busy = jobs.find(({ state, owner: owner2 }) => state === "alive" && owner2 !== own);
  if (busy === void 0) return jobs;
  throw new UpgradeError(`Another run is at work on this hub: ${busy.owner}`, {
    step: "discover",
    hub: "This run touched nothing.",
    next: "Wait until the other run has ended. A `concurrency` group in the workflow keeps runs apart."
  });
}
__name(unfinishedJobs, "unfinishedJobs");
function sayUnfinished(run, found, hubDirectory) {
  for (const job of found.filter((each) => isOfThisHub(run, each, hubDirectory))) {
    if (job.state !== "alive" && job.state !== "dead") continue;
    const sentence3 = job.state === "alive" ? `Another run is at work on this hub now (${job.owner}): what is found out may be gone in a moment.` : `${job.owner} left an upgrade unfinished on the host, in ${job.directory}. The next upgrade brings it to its end first.`;
    run.log.warning("An earlier run", sentence3);
    run.result.warnings.push(sentence3);
  }
}
__name(sayUnfinished, "sayUnfinished");
async function finish(run, { directory, owner: owner2, state }) {
  await run.log.step("finish-earlier", "Finish what an earlier run left", async () => {
    run.log.info(`${owner2} left a job without a verdict; its host side goes on now.`);
    const job = new Job(run.link, directory);
    if (state === "alive") await job.tell("cancel", "the runner is gone");
    else await job.tell("launch", "");
    await job.follow({ onEntry: /* @__PURE__ */ __name(() => {
    }, "onEntry"), onLog: /* @__PURE__ */ __name((text2) => run.log.remote(text2), "onLog") });
    const { verdict } = job.view;
    if (verdict === void 0) {
      throw new UpgradeError(`The job that ${owner2} left in ${directory} cannot be brought to its end.`, {
        step: "finish-earlier",
        hub: "The hub is as that job left it.",
        next: `Look at ${directory}/log on the host.`
      });
    }
    run.log.info(`It ended: ${verdict}.`);
    run.result.warnings.push(`An unfinished job of ${owner2} was brought to its end first: ${verdict}.`);
  });
}
__name(finish, "finish");
function jobOf(run, found, own, hubDirectory) {
  return found.findLast((job) => job.owner === own && isOfThisHub(run, job, hubDirectory));
}
__name(jobOf, "jobOf");
async function walkBackAgain(run, { directory }) {
  await run.log.step("walk-back", "Try the way back again that failed", async () => {
    const job = new Job(run.link, directory);
    await job.tell("walk-back", "");
    await job.follow({ onEntry: /* @__PURE__ */ __name(() => {
    }, "onEntry"), onLog: /* @__PURE__ */ __name((text2) => run.log.remote(text2), "onLog") });
    run.log.info(`It ended: ${job.view.verdict ?? "without a verdict"}.`);
  });
}
__name(walkBackAgain, "walkBackAgain");
function isOfThisHub({ inputs: { hub } }, job, hubDirectory) {
  if (hubDirectory !== void 0) return job.hubDirectory === hubDirectory;
  if (job.unit !== "") return hub.serviceManager !== "commands" && job.unit === hub.service;
  return hub.serviceManager === "commands" && (hub.configPath === void 0 || hub.configPath === job.configFile);
}
__name(isOfThisHub, "isOfThisHub");

// src/modes/discover.ts
async function connectToHost(run) {
  const { inputs, link, log: log2 } = run;
  await log2.step("connect", `Connect to ${inputs.connection.host}`, async () => {
    const host = await link.host();
    log2.info(`The host presented the key that was expected: ${host.hostKey}`);
    const { become, clockAhead } = await askHost(run);
    link.become = become;
    run.clockAhead = clockAhead;
    log2.info(link.become === "sudo" ? `Working as root through sudo.` : `Working as ${inputs.connection.username}.`);
  });
}
__name(connectToHost, "connectToHost");
async function askHost({ inputs, link }) {
  const { become } = inputs.hub;
  const host = await link.host();
  const asked = Date.now();
  const { stdout } = await host.run(`exec /bin/sh -c 'echo "uid $(id -u)"; date "+time %s"'`);
  const now = Number(/^time (\d+)$/m.exec(stdout)?.[1]);
  const clockAhead = Number.isNaN(now) ? void 0 : now + 0.5 - (asked + Date.now()) / 2e3;
  if (become !== "auto") return { become, clockAhead };
  const isRoot = inputs.connection.username === "root" || /^uid 0$/m.test(stdout);
  return { become: !isRoot && await maySudo(host) ? "sudo" : "none", clockAhead };
}
__name(askHost, "askHost");
async function discover(run, known) {
  for (; ; ) {
    const { found, left } = await run.log.step("discover", "Look at the hub", async () => {
      const raw = await look(run, known);
      const directory = raw.get("pid") ? raw.get("directory") : known?.directory;
      const jobs = parseJobs(raw);
      const mayChange = run.inputs.mode === "upgrade" || run.inputs.mode === "restore";
      const unfinished = mayChange ? unfinishedJobs(run, jobs, directory, known?.run) : [];
      if (!mayChange) sayUnfinished(run, jobs, directory);
      if (unfinished.length > 0) return { left: unfinished };
      const facts = await withNewest(run, understand(run, raw, known));
      return { found: { facts, own: known && jobOf(run, jobs, known.run, directory) } };
    });
    if (found !== void 0) return found;
    for (const job of left ?? []) await finish(run, job);
  }
}
__name(discover, "discover");
async function withNewest({ inputs, context, log: log2 }, facts) {
  if (inputs.packages.from === "host" || inputs.targetVersion !== "latest") return facts;
  const { newestOnRunner } = await import("./wheels-4PM6AQYH.mjs");
  return { ...facts, versions: await newestOnRunner(facts, { context, log: log2 }) };
}
__name(withNewest, "withNewest");
async function look({ inputs, link, log: log2, signal, clockAhead }, known) {
  const { hub } = inputs;
  const output = await link.again(
    () => link.run({
      script: "discover.sh",
      programs: DISCOVERY,
      parameters: {
        UNIT: hub.service,
        SERVICE_MANAGER: hub.serviceManager,
        CONFIG_PATH: hub.configPath ?? "",
        ENVIRONMENT_PATH: hub.environmentPath ?? "",
        UPGRADE_PROXY: inputs.packages.upgradeProxy ? "yes" : "no",
        PACKAGE_MANAGER: hub.packageManager,
        CHANNELS: inputs.packages.channels.join(" "),
        // Where the runner has the packages the host asks no index for the newest release.
        TARGET_VERSION: inputs.packages.from === "host" ? inputs.targetVersion : "",
        DATABASE_STRATEGY: inputs.database.strategy,
        DATABASE_TOOLS: inputs.database.toolsPath ?? "",
        CANARY_USER: inputs.verify.canaryUser ?? "",
        ...knownParameters(known)
      },
      onLine: /* @__PURE__ */ __name((line2) => log2.remote(line2), "onLine"),
      timeoutMs: 5 * 6e4,
      signal
    })
  );
  const raw = readFacts(output);
  if (clockAhead !== void 0) raw.set("clock-ahead", clockAhead.toFixed(1));
  return raw;
}
__name(look, "look");
function understand({ inputs, log: log2, result }, raw, known) {
  const facts = factsOf(raw, inputs.hub.service, known);
  const { database: database2, environment, service } = facts;
  if (facts.version !== "") {
    result.versions.previous = facts.version;
    result.versions.current = facts.version;
  }
  if (database2.revision !== null) {
    result.revisions.previous = database2.revision;
    result.revisions.current = database2.revision;
  }
  result.rows.before = database2.rows;
  result.servers = database2.servers.map(({ user: user2, name: name2, pid }) => ({ user: user2, name: name2, ...pid ? { pid } : {} }));
  log2.info(
    facts.version === "" ? `The environment ${environment.path} is broken: JupyterHub cannot be loaded from it.` : `JupyterHub ${facts.version} on Python ${facts.python} in ${environment.path} (${environment.toolVersion || `no ${environment.manager}`})`
  );
  log2.info(`configuration ${facts.configFile}, run by ${service.user} in ${service.directory}`);
  const kind = database2.path === "" ? database2.server ?? database2.dialect : `${database2.journal_mode} mode`;
  log2.info(
    `database ${database2.path || database2.url} at revision ${database2.revision}, ${kind}, ${size3(database2.size)}`
  );
  log2.info(
    `${database2.rows.users ?? 0} users, ${database2.rows.groups ?? 0} groups, ${database2.rows.api_tokens ?? 0} API tokens, ${database2.servers.length} running user servers`
  );
  return facts;
}
__name(understand, "understand");
function factsOf(raw, unit, known) {
  try {
    return parseFacts(raw, unit, known);
  } catch (error) {
    if (!(error instanceof DiscoveryProblem)) throw error;
    throw new UpgradeError(error.problems.join("\n"), {
      step: "discover",
      hub: "Nothing was touched.",
      next: "Mend what is said above and run the job again."
    });
  }
}
__name(factsOf, "factsOf");
function asTrouble(error, step, next) {
  if (!(error instanceof CommandFailed)) return error;
  const cause = error.stderr.trim().split("\n").slice(-3).join(" ") || error.message;
  return new UpgradeError(cause, { step, hub: "The hub was not touched.", next }, { cause: error });
}
__name(asTrouble, "asTrouble");
function size3(bytes) {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${Math.ceil(bytes / (1024 * 1024))} MiB`;
}
__name(size3, "size");

// src/modes/back-up.ts
async function backUp(run, facts, hasJob) {
  const sealer = await createSealer(run.inputs.backup.seal);
  const file = await log(run, "backup", "Back up the live hub", () => collect(run, facts, sealer, hasJob));
  try {
    await log(run, "upload", "Upload the sealed backup", () => upload(run, file, sealer));
    if (facts.database.proof === "none") {
      await log(run, "open", "Open the backup again", () => open2(run, file, sealer));
    } else {
      await log(run, "prove", "Prove the backup by restoring it", () => prove(run, facts, file, sealer));
    }
  } finally {
    await file.remove();
  }
}
__name(backUp, "backUp");
async function log(run, name2, title, work) {
  return run.log.step(name2, title, async () => {
    run.signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      throw asTrouble(error, name2, "Mend the cause and run the job again; without a proven backup nothing is stopped.");
    }
  });
}
__name(log, "log");
async function collect(run, facts, sealer, hasJob) {
  const { inputs, context, link } = run;
  const environmentFiles = (facts.service.properties.EnvironmentFiles ?? "").split("\n").map((line2) => line2.replace(/ \(ignore_errors=.*\)$/, "")).filter((path) => path.startsWith("/"));
  const manifest = draftManifest(run, facts);
  const order = {
    manifest,
    restore: Object.fromEntries(
      databaseOf(facts, inputs).formats.map((format) => [format, restoreText(manifest, format)])
    ),
    names: DATABASE_FILES,
    collect: [
      ...[facts.configFile, ...facts.configFiles].map((path) => ({ path, kind: "config" })),
      ...facts.cookieSecretFile ? [{ path: facts.cookieSecretFile, kind: "secret" }] : [],
      ...inputs.backup.extraPaths.map((path) => ({ path, kind: "extra" }))
    ],
    handed: [
      { name: "requirements.txt", path: facts.environment.path, kind: "environment" },
      ...facts.service.properties.FragmentPath ? [{ name: "unit.txt", path: facts.service.properties.FragmentPath, kind: "service" }] : [],
      ...run.job ? [{ name: "access.json", path: accessReport(run.job), kind: "report" }] : [],
      ...environmentFiles.map((path, index) => ({ name: `environment-${index + 1}`, path, kind: "secret" }))
    ]
  };
  const name2 = `${inputs.backup.artifactName ?? `jupyterhub-backup-${inputs.connection.host.replaceAll(":", "-")}`}-${context.runId}-${context.runAttempt}${sealer.extension}`;
  const file = await sealToFile(
    (sink, signal) => link.run({
      script: "backup.sh",
      programs: BACKUP,
      parameters: {
        ...databaseParameters(run, facts),
        HAS_JOB: hasJob ? "yes" : "no",
        ...parametersOf(facts, inputs, facts.version),
        ACCESS_REPORT: run.job ? accessReport(run.job) : "",
        ENVIRONMENT_FILES: environmentFiles.join("\n"),
        ORDER: JSON.stringify(order)
      },
      stdout: sink,
      onLine: /* @__PURE__ */ __name((line2) => run.log.remote(line2), "onLine"),
      signal: AbortSignal.any([signal, run.signal])
    }),
    { sealer, parent: context.tempDir, name: name2 }
  );
  run.log.info(`${name2}: ${file.size} bytes, sha256:${file.sha256}`);
  return file;
}
__name(collect, "collect");
function accessReport(job) {
  return `${job.directory}/access.json`;
}
__name(accessReport, "accessReport");
function databaseParameters({ inputs }, facts) {
  return {
    ...hubParameters(inputs, facts),
    ...serviceOf(facts, inputs).parameters,
    ...databaseOf(facts, inputs).parameters,
    STATE_ROOT: facts.stateRoot,
    ...placeParameters(facts)
  };
}
__name(databaseParameters, "databaseParameters");
function environmentOf2({ environment: { path, manager, place, python } }) {
  return { path, manager, ...place === "environment" ? {} : { place, python } };
}
__name(environmentOf2, "environmentOf");
function draftManifest({ inputs, context }, facts) {
  return {
    format: "jupyterhub-upgrade-backup",
    version: 1,
    createdAt: (/* @__PURE__ */ new Date()).toISOString(),
    runUrl: context.runUrl,
    host: inputs.connection.host,
    jupyterhub: {
      version: facts.version,
      revision: facts.database.revision ?? "",
      address: localBase(facts.bindUrl, facts.baseUrl)
    },
    python: facts.python,
    service: {
      manager: facts.service.manager,
      ...facts.service.manager === "systemd" ? { unit: inputs.hub.service } : {},
      user: facts.service.user,
      workingDirectory: facts.service.directory
    },
    environment: environmentOf2(facts),
    database: {
      dialect: facts.database.dialect,
      ...facts.database.path === "" ? { url: facts.database.url } : { path: facts.database.path },
      format: facts.database.backup.format,
      file: "",
      mode: "",
      digest: { schema: "", tables: {} }
    }
  };
}
__name(draftManifest, "draftManifest");
async function upload({ inputs, context, log: log2, result }, file, sealer) {
  const artifact = await uploadBackup(file, context, { retentionDays: inputs.backup.retentionDays });
  const { seal } = inputs.backup;
  result.backup = {
    artifactId: artifact.id,
    name: artifact.name,
    digest: artifact.digest,
    size: artifact.size,
    url: artifact.url,
    sealedFor: seal.kind === "none" ? "nobody" : seal.kind,
    proven: false,
    files: []
  };
  log2.info(`Artifact ${artifact.name} (id ${artifact.id}), ${artifact.digest}: stored, listed again, digest equal.`);
  if (sealer.extension === ".tar")
    log2.warning("Backup", "The backup is not sealed: everybody who can read this repository can read it.");
}
__name(upload, "upload");
async function prove(run, facts, file, sealer) {
  const { link, log: log2, result } = run;
  let manifest;
  const plain2 = await sealer.open(createReadStream2(file.path));
  const database2 = /* @__PURE__ */ __name(async function* () {
    for await (const entry of readBundle(plain2)) {
      manifest = entry.manifest;
      if (entry.file.kind === "database") yield { name: "database", size: entry.file.size, content: entry.content };
    }
  }, "database");
  const output = await link.run({
    script: "prove.sh",
    programs: PROOF,
    parameters: databaseParameters(run, facts),
    payload: database2(),
    onLine: /* @__PURE__ */ __name((line2) => log2.remote(line2), "onLine"),
    signal: run.signal
  });
  if (!manifest) throw new Error("The backup has no manifest.");
  const { where, digest } = JSON.parse(output);
  const found = differences(manifest.database.digest, digest, "exact");
  if (found.length > 0) {
    throw new UpgradeError(`The backup did not come back as it was: ${found.join(" ")}`, {
      step: "prove",
      hub: "The hub was not touched.",
      next: "Run the job again; if this comes back, the disk of the host or the artifact store is damaged."
    });
  }
  const rows2 = Object.values(manifest.database.digest.tables).reduce((sum, table) => sum + table.rows, 0);
  log2.info(`Restored into ${where}: schema and all ${rows2} rows are equal.`);
  if (result.backup) Object.assign(result.backup, { proven: true, provenIn: where, files: contentsOf(manifest) });
  if (run.job) run.checkpoint(run.job);
}
__name(prove, "prove");
async function open2(run, file, sealer) {
  let manifest;
  for await (const entry of readBundle(await sealer.open(createReadStream2(file.path)))) manifest = entry.manifest;
  if (!manifest) throw new Error("The backup has no manifest.");
  run.log.warning("Backup", "The backup opens and all its sums are right, but it was not proven by restoring it.");
  if (run.result.backup) run.result.backup.files = contentsOf(manifest);
}
__name(open2, "open");
function contentsOf(manifest) {
  return manifest.files.map(({ file, size: size4 }) => ({ file, size: size4 }));
}
__name(contentsOf, "contentsOf");

// src/modes/backup.ts
async function backup(run) {
  await connectToHost(run);
  const { facts } = await discover(run);
  const { backupBlockers, ...database2 } = databaseOf(facts, run.inputs);
  const needs = database2.needs.filter(({ place }) => place === "database" || place === "phases");
  const blockers = [...backupBlockers, ...diskBlockers(facts, needs), ...writeBlockers(facts, needs)];
  if (blockers.length > 0) {
    throw new UpgradeError(blockers.join("\n"), {
      step: "backup",
      hub: "Nothing was touched.",
      next: "Mend what is said above and run the job again."
    });
  }
  await backUp(run, facts, false);
  return "backed-up";
}
__name(backup, "backup");

// src/modes/confirm.ts
import { setTimeout as delay } from "node:timers/promises";
var PATIENCE_S = 45;
async function look2(run, expected2) {
  const { base, dial } = wayTo(run, expected2.base);
  const problems = await lookFromOutside(base, expected2, dial);
  if (problems.length === 0) {
    run.log.info(
      `${base} answers as JupyterHub ${expected2.version}${dial === void 0 ? "" : ", seen through the SSH connection"}.`
    );
  }
  return problems;
}
__name(look2, "look");
async function lookBefore(run, { base: local, version: version2, token }, user2) {
  const problems = await look2(run, { base: local, version: version2 });
  if (problems.length > 0 || token === void 0) return problems;
  const { base, dial } = wayTo(run, local);
  return lookAtToken(base, token, user2 === "" ? void 0 : user2, dial);
}
__name(lookBefore, "lookBefore");
function wayTo({ inputs, link }, local) {
  const { healthUrl } = inputs.verify;
  const base = healthUrl ?? local;
  return {
    base: base.endsWith("/") ? base : `${base}/`,
    dial: healthUrl === void 0 ? (host, port) => link.forward(host, port) : void 0
  };
}
__name(wayTo, "wayTo");
async function confirm(run, job, expected2) {
  const patience = Math.max(5, Math.min(PATIENCE_S, run.inputs.confirmTimeout - 10));
  const end = performance.now() + patience * 1e3;
  let problems = await look2(run, expected2);
  while (problems.length > 0 && performance.now() < end) {
    await delay(1e3);
    problems = await look2(run, expected2);
  }
  for (const problem of problems) run.log.info(problem);
  if (problems.length === 0) await job.tell("commit", "verified from outside");
  else {
    const decision = await job.tell("abort", `from outside: ${problems[0]}`);
    if (!decision.startsWith("abort"))
      run.result.warnings.push(
        `The host had decided (${decision}) before the runner said no. From outside: ${problems[0]}`
      );
  }
}
__name(confirm, "confirm");

// src/rehearsal/judge.ts
function judge({ access: access2, ignored, expectedDowntime: expectedDowntime2 }, inputs, to) {
  const problems = [];
  const warnings = [];
  const fresh = inputs.database.strategy === "fresh";
  if (access2 && !fresh) {
    const { could, lost, gained, strangers, undetermined } = access2;
    const where = "their names are in the sealed backup, in access.json";
    if (lost > 0 && lost === could && !inputs.acceptAdvice.includes("allow-config")) {
      problems.push(
        `Nobody could log in to JupyterHub ${to}: it refuses all ${lost} users who can now. Say who may log in (c.Authenticator.allow_all, allowed_users or allow_existing_users); if it is meant, write accept-advice: allow-config.`
      );
    } else if (lost > 0) {
      warnings.push(`${lost} of ${could} users who can log in now could not to JupyterHub ${to}; ${where}.`);
    }
    if (gained > 0) warnings.push(`${gained} users who cannot log in now could to JupyterHub ${to}; ${where}.`);
    if (strangers === "lost")
      warnings.push(`Users whom the hub does not know yet can log in now, and could not to JupyterHub ${to}.`);
    if (strangers === "gained")
      warnings.push(`Users whom the hub does not know yet cannot log in now, and could to JupyterHub ${to}.`);
    if (undetermined > 0)
      warnings.push(`Whether ${undetermined} users can log in before and after only their authenticator can say.`);
  }
  const said = traitsOfRules();
  const unsaid = ignored.filter((setting) => !said.has(setting.split(".").at(-1) ?? ""));
  if (unsaid.length > 0) {
    problems.push(
      `JupyterHub ${to} would ignore ${unsaid.join(", ")}, which the running release knows: the trait was removed. Write what took its place, or take it out of the configuration.`
    );
  }
  if (expectedDowntime2 !== void 0 && expectedDowntime2 > inputs.maxDowntime) {
    problems.push(
      `The hub would be away for about ${Math.ceil(expectedDowntime2)} s, as the rehearsal took, and max-downtime is ${inputs.maxDowntime} s. Allow more.`
    );
  }
  return { problems, warnings };
}
__name(judge, "judge");

// src/rehearsal/report.ts
var PARTS = ["copy", "migrate", "start", "stop"];
var count2 = external_exports.number().int().nonnegative();
var foundSchema = external_exports.union([
  external_exports.object({ known: external_exports.literal(false) }),
  external_exports.object({
    known: external_exports.literal(true),
    could: count2,
    lost: count2,
    gained: count2,
    undetermined: count2,
    strangers: external_exports.enum(["same", "lost", "gained"]),
    ignored: external_exports.array(external_exports.string().regex(/^c\.\w{1,100}\.\w{1,100}$/)).max(50)
  })
]);
function readRehearsal(view) {
  const seconds2 = Object.fromEntries(
    view.notes("seconds").flatMap((note) => {
      const [, part, value] = /^(\w+) (\d+)$/.exec(note) ?? [];
      return PARTS.includes(part) ? [[part, Number(value) / 100]] : [];
    })
  );
  const trial = view.note("trial");
  const found = parse(view.note("rehearsed"));
  const report = { seconds: seconds2, ignored: found?.known ? found.ignored : [] };
  if (trial === "isolated" || trial === "replaced") report.trial = trial;
  if (found?.known) {
    const { could, lost, gained, undetermined, strangers } = found;
    report.access = { could, lost, gained, undetermined, strangers };
  }
  const expected2 = expectedDowntime(seconds2);
  if (expected2 !== void 0) report.expectedDowntime = expected2;
  const notTried = [
    ...view.notes("no-migration").map((why) => `the migration of a copy of the database, and a trial hub on it: ${why}`),
    ...view.notes("no-trial").map((why) => `a trial start of the new hub: ${why}`),
    ...view.notes("not-rehearsed").map((what) => `in the rehearsal: ${what}`)
  ];
  if (!report.access) notTried.push("whether everybody who can log in now still can");
  return { report, notTried };
}
__name(readRehearsal, "readRehearsal");
function parse(note) {
  try {
    return foundSchema.parse(JSON.parse(note ?? ""));
  } catch {
    return void 0;
  }
}
__name(parse, "parse");
var BESIDE = 2;
function expectedDowntime({ migrate = 0, start, stop = 0 }) {
  return start === void 0 ? void 0 : Math.round((stop + migrate + start + BESIDE) * 10) / 10;
}
__name(expectedDowntime, "expectedDowntime");

// src/modes/other-way.ts
function withOtherWay(error, { inputs }, { database: database2 }, view) {
  const isBack = view.verdict === "rolled-back" || view.verdict === "not-begun";
  if (!(error instanceof UpgradeError) || !view.migrationFailed || !isBack) return error;
  if (database2.dialect !== "sqlite" || database2.loss === void 0 || inputs.database.strategy === "fresh")
    return error;
  const next = `${error.trouble.next} If it cannot be mended: database-strategy: fresh begins with an empty database instead. It would cost ${costOfFresh(database2.loss)}.`;
  return new UpgradeError(error.message, { ...error.trouble, next }, { cause: error });
}
__name(withOtherWay, "withOtherWay");

// src/modes/start-job.ts
import { randomBytes } from "node:crypto";
import { createReadStream as createReadStream3 } from "node:fs";
async function startJob(run, facts, parameters, payload) {
  const { context, inputs, link, log: log2 } = run;
  const state = stateDirectory(facts, inputs);
  const id4 = `${context.runId}-${context.runAttempt}-${randomBytes(3).toString("hex")}`;
  const job = new Job(link, `${state}/jobs/${id4}`);
  return log2.step("begin", "Start the job on the host", async () => {
    run.signal.throwIfAborted();
    run.checkpoint(job);
    await job.begin({ ...parameters, STATE: state, JOB_ID: id4, OWNER: context.runUrl }, payload);
    run.jobStartedAt = log2.elapsed;
    log2.info(`The host works in ${job.directory}.`);
    return job;
  });
}
__name(startJob, "startJob");
function wheelsOf({ wheels }) {
  if (wheels.length === 0) return void 0;
  return async function* () {
    for (const { name: name2, path, size: size4 } of wheels) yield { name: `wheels/${name2}`, size: size4, content: createReadStream3(path) };
  };
}
__name(wheelsOf, "wheelsOf");
async function takeBack(run, job) {
  if (run.signal.aborted) return;
  await job.tell("cancel", "the runner failed before the stop");
  await job.follow({ onEntry: /* @__PURE__ */ __name(() => {
  }, "onEntry"), onLog: /* @__PURE__ */ __name(() => {
  }, "onLog") });
  if (job.view.verdict !== "not-begun") return;
  run.result.outcome = "failed-before-change";
  leftAsBefore(run.result);
}
__name(takeBack, "takeBack");

// src/modes/token.ts
import { randomBytes as randomBytes2 } from "node:crypto";
function tokenFor(run, plan2) {
  if (!plan2.keepsTokens) return void 0;
  if (!plan2.mintsToken) return run.inputs.verify.healthToken;
  const token = randomBytes2(16).toString("hex");
  run.mask(token);
  return token;
}
__name(tokenFor, "tokenFor");

// src/modes/rehearse.ts
function isRehearsed({ inputs }, plan2) {
  return inputs.rehearse === "now" && plan2.steps.some(({ name: name2 }) => name2 === "rehearse");
}
__name(isRehearsed, "isRehearsed");
async function rehearse(run, job, plan2) {
  const { log: log2, result } = run;
  await followRehearsal(run, job, plan2.steps);
  const { report, notTried } = readRehearsal(job.view);
  const { problems, warnings } = judge(report, run.inputs, plan2.to);
  result.rehearsal = report;
  result.notTried.push(...notTried);
  result.warnings.push(...warnings);
  const { expectedDowntime: seconds2 } = report;
  if (seconds2 !== void 0) {
    const basis = "as the rehearsal took for the migration of a copy, and a start and a stop on it";
    if (result.plan?.document) result.plan.document.downtime = { seconds: seconds2, basis };
    log2.info(`Without the hub: about ${duration(seconds2)} (${basis}).`);
  }
  for (const warning of warnings) log2.info(`! ${warning}`);
  if (problems.length === 0) return;
  throw new UpgradeError(problems.join("\n"), {
    step: "rehearse",
    hub: "Nothing was stopped: the hub runs as before.",
    next: "Mend what is said above and run the job again."
  });
}
__name(rehearse, "rehearse");
async function rehearseAlone(run, facts, plan2) {
  const steps = plan2.steps.filter(({ name: name2 }) => name2 === "stage" || name2 === "rehearse");
  const only = { STEPS: steps.map(({ name: name2 }) => name2).join(" "), HEALTH_TOKEN: tokenFor(run, plan2) ?? "" };
  const job = await startJob(run, facts, { ...plan2.parameters, ...only }, wheelsOf(plan2));
  try {
    await rehearse(run, job, { ...plan2, steps });
  } catch (error) {
    throw withOtherWay(error, run, facts, job.view);
  } finally {
    await takeBack(run, job);
  }
  if (job.view.verdict === "not-begun") return;
  throw new UpgradeError(`What was rehearsed could not be removed: see ${job.directory}/log on the host.`, {
    step: "rehearse",
    hub: "Nothing was stopped: the hub runs as before.",
    next: "Remove what the log names and run the job again."
  });
}
__name(rehearseAlone, "rehearseAlone");

// src/modes/resolve.ts
async function resolve(run, facts) {
  const { inputs, link, log: log2, signal } = run;
  const to = targetOf(inputs, facts);
  const isOwner = facts.uid === 0 || facts.uid === facts.environment.uid;
  if (to === facts.version || !isOwner || missingPython(to, facts.python) !== void 0) return NOT_RESOLVED;
  if (cannotInstall(facts, inputs).length > 0) return NOT_RESOLVED;
  return log2.step("resolve", "Ask what would be installed", async () => {
    if (inputs.packages.from === "runner") {
      const { resolveOnRunner } = await import("./wheels-4PM6AQYH.mjs");
      return resolveOnRunner(facts, inputs, to, run);
    }
    const output = await link.again(
      () => link.run({
        script: "resolve.sh",
        programs: RESOLUTION,
        parameters: resolutionParameters(facts, inputs, to),
        onLine: /* @__PURE__ */ __name((line2) => log2.remote(line2), "onLine"),
        timeoutMs: 10 * 6e4,
        signal
      })
    ).catch((error) => {
      throw asTrouble(error, "resolve", "Look at the lines above, and run the job again.");
    });
    return readResolution(readFacts(output), facts, inputs, to);
  });
}
__name(resolve, "resolve");

// src/modes/plan.ts
async function plan(run) {
  await connectToHost(run);
  const { facts } = await discover(run);
  const made = planUpgrade(run.inputs, facts, await resolve(run, facts));
  await showUpgrade(run, made);
  if (made.unchanged) return "unchanged";
  if (isRehearsed(run, made)) await rehearseAlone(run, facts, made);
  return "planned";
}
__name(plan, "plan");
async function showUpgrade(run, plan2) {
  const isUp = plan2.parameters.WAS_RUNNING === "yes" && !plan2.unchanged;
  const { HEALTH_BASE: base = "", CANARY_USER: user2 = "" } = plan2.parameters;
  const token = plan2.keepsTokens ? run.inputs.verify.healthToken : void 0;
  await showPlan(run, plan2, async () => [
    ...notAsApproved(run, plan2),
    ...isUp ? await lookBefore(run, { base, version: plan2.from, token }, user2) : [],
    ...plan2.unchanged ? [] : await whyNotStored(run)
  ]);
}
__name(showUpgrade, "showUpgrade");
async function whyNotStored({ context, log: log2 }) {
  try {
    await tryArtifactStore(context.tempDir);
    log2.info("The artifact service took a small file, and deleted it again.");
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}
__name(whyNotStored, "whyNotStored");
function notAsApproved({ inputs: { approvedPlan } }, { document, unchanged: unchanged2 }) {
  if (approvedPlan === void 0 || document === void 0 || unchanged2) return [];
  const found = differencesFrom(approvedPlan, document.decisive);
  return found.length === 0 ? [] : [...found, "Look at the new plan, and approve it: its plan-digest is another one."];
}
__name(notAsApproved, "notAsApproved");
async function showPlan(run, plan2, look3) {
  const { log: log2, result } = run;
  result.plan = { digest: plan2.digest, ...plan2.document && !plan2.unchanged ? { document: plan2.document } : {} };
  result.versions.target = plan2.to;
  result.guarantees.push(...plan2.guarantees);
  result.warnings.push(...plan2.warnings);
  result.advice.push(...plan2.advice);
  await log2.step("plan", "Plan", async () => {
    log2.info(plan2.unchanged ? `JupyterHub ${plan2.to} is installed already.` : `JupyterHub ${plan2.from} \u2192 ${plan2.to}`);
    if (!plan2.unchanged) for (const line2 of linesOf(plan2, result.servers.length)) log2.info(line2);
    for (const guarantee of plan2.guarantees) log2.info(`+ ${guarantee}`);
    for (const warning of plan2.warnings) log2.info(`! ${warning}`);
    for (const line2 of adviceLines(plan2.advice)) log2.info(line2);
    log2.info(`plan digest ${plan2.digest}`);
    const blockers = [...plan2.blockers, ...await look3?.() ?? []];
    if (blockers.length > 0) {
      throw new UpgradeError(blockers.join("\n"), {
        step: "plan",
        hub: "Nothing was touched.",
        next: "Mend what is said above and run the job again."
      });
    }
  });
}
__name(showPlan, "showPlan");
function linesOf({ document, steps, told }, running) {
  if (document !== void 0) return planLines(document, running);
  return [
    ...steps.map(({ title }, index) => `${String(index + 1).padStart(3)}. ${title}`),
    told.length === 0 ? "Told before the stop: nobody." : `Told before the stop: ${told.join(", ")}.`
  ];
}
__name(linesOf, "linesOf");

// src/modes/restore.ts
import { createReadStream as createReadStream4 } from "node:fs";
import { rm as rm3 } from "node:fs/promises";
import { dirname as dirname3 } from "node:path";

// src/transaction/plan-restore.ts
import { createHash as createHash5 } from "node:crypto";
function planRestore(inputs, facts, manifest, requirements) {
  const to = manifest.jupyterhub.version;
  const service = serviceOf(facts, inputs);
  const database2 = databaseOf(facts, inputs);
  const environment = environmentOf(facts, inputs, to);
  const isSame = facts.version === to && sameRequirements(facts.environment.requirements, requirements);
  const listed = manifest.files.find(({ kind }) => kind === "database");
  const needs = [
    {
      place: "database",
      what: "the database of the backup, and a copy of the present one",
      bytes: facts.database.size + (listed?.size ?? 0) * 2
    },
    ...isSame ? [] : environment.needs
  ];
  const blockers = [
    ...service.blockers,
    ...database2.restoreBlockers,
    ...isSame ? [] : environment.blockers,
    ...diskBlockers(facts, needs),
    ...writeBlockers(facts, needs)
  ];
  const warnings = [...service.warnings, ...database2.warnings, ...isSame ? [] : environment.warnings];
  const [then, now] = [placeOf(manifest.database), placeOf(facts.database)];
  if (then !== now) {
    blockers.push(
      `The backup's database was ${then}; the configuration on the host now says ${now}. Put the old db_url back first.`
    );
  }
  if (manifest.environment.path !== facts.environment.path) {
    blockers.push(
      `The backup was made with the environment ${manifest.environment.path}; the hub now uses ${facts.environment.path}.`
    );
  }
  if (manifest.environment.manager !== facts.environment.manager) {
    blockers.push(
      `The packages of the backup were listed by ${manifest.environment.manager}; what installs into ${facts.environment.path} now is ${facts.environment.manager}. Put back the environment of before first.`
    );
  } else if (facts.environment.manager === "conda" && !isSame) {
    warnings.push(
      "What the backup lists is put back by conda; packages that came to the environment later stay in it."
    );
  }
  if (!isSame && facts.environment.place !== "environment") {
    blockers.push(
      `The packages in ${facts.environment.path} are not those of the backup, and outside of an environment they are not exchanged for a restore: install what it had by hand first, as RESTORE.txt in the backup says.`
    );
  }
  if (facts.broken !== void 0) warnings.push(`${facts.broken} What the backup says of the hub is used instead.`);
  const isFresh = facts.version === "";
  if (isFresh && environment.install === "in-place") {
    blockers.push(
      `The environment ${facts.environment.path} is broken, and this host allows no private mount in which to make it anew: do so by hand, as RESTORE.txt in the backup says, or use sudo (become: sudo).`
    );
  }
  if (isFresh && facts.environment.manager === "conda") {
    blockers.push(
      `The environment ${facts.environment.path} is broken, and conda makes one anew only by removing what it does not know: do so by hand, as RESTORE.txt in the backup says.`
    );
  }
  if (isFresh && facts.python === "") {
    blockers.push(
      `The Python in ${facts.environment.path} does not run: make the environment anew with \`python3 -m venv\`.`
    );
  }
  const isRunning = service.state.running;
  if (!service.state.running) warnings.push(`The hub does not run now: ${service.state.reason}.`);
  warnings.push(
    "What was written to the hub after this backup was made is replaced. The present database is kept on the host."
  );
  const install = environment.install === "staged" ? "switch" : "install";
  const steps = stepsOf(inputs, facts, [
    ...isSame ? [] : ["stage"],
    ...inputs.verify.canaryUser !== void 0 && facts.database.path !== "" ? ["inspect"] : [],
    ...isRunning ? ["announce"] : [],
    "stop",
    "snapshot",
    ...isSame ? [] : [install],
    "load",
    "start",
    "verify",
    "confirm"
  ]);
  const files = manifest.files.flatMap(
    ({ kind, mode: mode2, owner: owner2, path }, index) => kind !== "database" && isPutBack({ kind }) ? [`file-${index} ${mode2} ${owner2} ${path}`] : []
  );
  const parameters = {
    ...Object.assign({}, service.parameters, environment.parameters, database2.parameters),
    ...hubParameters(inputs, facts, to),
    TARGET_VERSION: to,
    PREVIOUS_VERSION: facts.version,
    PREVIOUS_REVISION: facts.database.revision ?? "",
    WAS_RUNNING: isRunning ? "yes" : "no",
    FRESH_ENVIRONMENT: isFresh ? "yes" : "",
    MINT_TOKEN: "",
    CANARY_USER: inputs.verify.canaryUser ?? "",
    DATABASE_STRATEGY: "migrate",
    HEALTH_TOKEN: inputs.verify.healthToken ?? "",
    FILES: files.join("\n"),
    DATABASE_SIZE: String(listed?.size ?? ""),
    DATABASE_SHA256: listed?.sha256 ?? "",
    DATABASE_DIGEST: JSON.stringify(manifest.database.digest),
    ...stepParameters(steps)
  };
  const digest = createHash5("sha256").update(JSON.stringify({ from: facts.version, to, manifest, steps: steps.map(({ name: name2 }) => name2), blockers })).digest("hex");
  return {
    from: isFresh ? "of a broken environment" : facts.version,
    to,
    unchanged: false,
    steps,
    parameters,
    mintsToken: false,
    keepsTokens: true,
    guarantees: [...service.guarantees, ...isSame ? [] : environment.guarantees, ...database2.guarantees],
    warnings,
    advice: [],
    told: isRunning && parameters.NOTICE_HTML !== "" ? ["notice on the hub's login and home pages"] : [],
    wheels: [],
    blockers,
    digest
  };
}
__name(planRestore, "planRestore");
function placeOf({ path, url }) {
  return path || (url ?? "").replace(/^(\w+)\+\w+:/, "$1:");
}
__name(placeOf, "placeOf");
function sameRequirements(one, other) {
  const sorted = /* @__PURE__ */ __name((text2) => text2.split("\n").map((line2) => line2.trim()).filter((line2) => line2 !== "" && !line2.startsWith("#")).sort().join("\n"), "sorted");
  return sorted(one) === sorted(other);
}
__name(sameRequirements, "sameRequirements");

// src/hub/kept.ts
function parseKept(raw) {
  const lines2 = (raw.get("kept") ?? "").split("\n");
  const kept = [];
  for (let at = 0; at + 5 < lines2.length; at += 7) {
    const [first2 = "", unit = "", configFile = "", hubDirectory = "", version2 = "", date = "", what = ""] = lines2.slice(at);
    const [, kind, owner2] = /^(before|taken-back) \/\S.*\/jobs\/\S+ (.*)$/.exec(first2) ?? [];
    if (owner2 === void 0) continue;
    const isBefore = kind === "before";
    kept.push({
      kind: isBefore ? "before" : "taken-back",
      ...{ owner: owner2, unit, configFile, hubDirectory, version: version2, date, what: what.split(";").filter(Boolean) }
    });
  }
  return kept;
}
__name(parseKept, "parseKept");

// src/modes/list-kept.ts
async function listKept(run) {
  await connectToHost(run);
  const kept = await run.log.step("list", "List what the host keeps", async () => {
    const raw = await look(run);
    const found = parseKept(raw).filter((one) => isOfThisHub(run, one, raw.get("pid") && raw.get("directory")));
    for (const one of found) run.log.info(describe(one));
    if (found.length === 0) run.log.info("The host keeps nothing of this hub.");
    return found;
  });
  const newest2 = kept.findLast(({ kind }) => kind === "before");
  const runId = newest2 && /\/runs\/(\d+)/.exec(newest2.owner)?.[1];
  throw new UpgradeError(
    ["No artifact-id was given, so nothing was restored. What the host keeps:", ...kept.map(describe)].join("\n"),
    {
      step: "list",
      hub: "The hub was not touched.",
      next: `Write artifact-id: the output backup-artifact-id of the run that made the backup, which its job summary shows. Of an earlier run, run-id too${runId === void 0 ? "" : ` (of the newest above: ${runId})`}, and github-token.`
    }
  );
}
__name(listKept, "listKept");
function describe({ kind, owner: owner2, version: version2, date, what }) {
  const which = kind === "before" ? "of before the job" : "that was taken back by the job";
  return `- JupyterHub ${version2} ${which} of ${owner2}, ${date}: ${what.join("; ") || "nothing was set aside"}`;
}
__name(describe, "describe");

// src/modes/restore.ts
async function restore(run) {
  const { inputs, context, log: log2 } = run;
  const wanted = inputs.restore;
  if (!wanted) throw new Error("Mode restore without its inputs.");
  const { artifactId } = wanted;
  if (artifactId === void 0) return listKept(run);
  const { file, artifact } = await log2.step("download", "Fetch the backup", async () => {
    const fetched = await downloadBackup({ ...wanted, artifactId }, context, context.tempDir);
    log2.info(
      `Artifact ${fetched.artifact.name} (id ${fetched.artifact.id}), ${fetched.artifact.digest}: fetched, digest equal.`
    );
    return fetched;
  }).catch((error) => {
    throw asTrouble(
      error,
      "download",
      "Check artifact-id and run-id, and that the token may read the artifacts of that run."
    );
  });
  try {
    const { seal } = inputs.backup;
    const opener = createOpener({
      identity: wanted.identity,
      passphrase: seal.kind === "passphrase" ? seal.passphrase : void 0
    });
    const checked = await log2.step("check", "Open and check the backup", () => check(run, file, opener));
    const { seal: _, ...rest } = { seal, name: artifact.name };
    run.result.backup = {
      ...rest,
      artifactId: artifact.id,
      digest: artifact.digest,
      size: artifact.size,
      url: artifact.url,
      sealedFor: seal.kind === "none" ? wanted.identity ? "recipients" : "nobody" : seal.kind,
      proven: true,
      files: checked.manifest.files.map(({ file: name2, size: size4 }) => ({ file: name2, size: size4 }))
    };
    await connectToHost(run);
    const known = knownFrom(checked.manifest);
    let { facts, own } = await discover(run, known);
    if (wanted.runId === void 0) {
      if (own?.state === "rollback-failed") {
        await walkBackAgain(run, own);
        ({ facts, own } = await discover(run, known));
      }
      if (isWhole(own?.state)) return await leave(run, facts, own.state);
    }
    return await putBack(run, facts, checked, () => payloadOf(file, opener));
  } finally {
    await rm3(dirname3(file), { recursive: true, force: true });
  }
}
__name(restore, "restore");
async function check({ log: log2 }, file, opener) {
  try {
    let manifest;
    let requirements = "";
    for await (const entry of readBundle(await opener.open(createReadStream4(file)))) {
      manifest = entry.manifest;
      if (entry.file.kind === "environment") for await (const chunk of entry.content) requirements += String(chunk);
    }
    if (!manifest) throw new Error("The backup has no manifest.");
    log2.info(
      `JupyterHub ${manifest.jupyterhub.version} on ${manifest.host}, made ${manifest.createdAt} by ${manifest.runUrl}`
    );
    log2.info(`${manifest.files.length} files, each with the sum that the manifest gives.`);
    return { manifest, requirements };
  } catch (error) {
    throw new UpgradeError(error instanceof Error ? error.message : String(error), {
      step: "check",
      hub: "The hub was not touched; the host was not even connected to.",
      next: "Give the key or passphrase this backup was sealed with, or another artifact."
    });
  }
}
__name(check, "check");
function knownFrom({ runUrl, service, environment, database: database2, files, jupyterhub }) {
  return {
    run: runUrl,
    user: service.user,
    directory: service.workingDirectory,
    environment: environment.path,
    python: environment.python ?? `${environment.path}/bin/python`,
    manager: environment.manager,
    config: files.find(({ kind }) => kind === "config")?.path ?? "",
    database: database2.path ?? "",
    address: jupyterhub.address
  };
}
__name(knownFrom, "knownFrom");
function isWhole(ended) {
  return ended === "committed" || ended === "rolled-back" || ended === "not-begun";
}
__name(isWhole, "isWhole");
async function leave(run, facts, ended) {
  const how = {
    committed: `the upgrade was finished: the hub is JupyterHub ${facts.version}`,
    "rolled-back": `the upgrade was taken back: the hub is JupyterHub ${facts.version} again, with its data`,
    "not-begun": "the upgrade had not begun: the hub was never stopped"
  }[ended];
  run.log.info(`The host has brought this run's own job to its end, and ${how}.`);
  return run.log.step("verify", "Look at the hub from outside", async () => {
    const base = localBase(facts.bindUrl, facts.baseUrl);
    const problems = await look2(run, { base, version: facts.version, token: run.inputs.verify.healthToken });
    if (problems.length === 0) {
      run.log.info("The hub is whole, so the older backup is not put over it. To do that, give run-id.");
      return "unchanged";
    }
    throw new UpgradeError(problems.join(" "), {
      step: "verify",
      hub: `This run's job on the host had ended (${ended}), and the hub had answered then. Now it does not; it was left alone.`,
      next: "Look at the log of the hub. To put the backup back all the same, run mode restore with run-id."
    });
  });
}
__name(leave, "leave");
async function putBack(run, facts, checked, payload) {
  const plan2 = planRestore(run.inputs, facts, checked.manifest, checked.requirements);
  await showPlan(run, plan2);
  const job = await startJob(run, facts, plan2.parameters, payload);
  const expected2 = { base: plan2.parameters.HEALTH_BASE ?? "", version: plan2.to, token: run.inputs.verify.healthToken };
  return followJob(run, job, plan2.steps, () => confirm(run, job, expected2), "restored");
}
__name(putBack, "putBack");
async function* payloadOf(file, opener) {
  for await (const entry of readBundle(await opener.open(createReadStream4(file)))) {
    const name2 = payloadName(entry.manifest, entry.file);
    if (name2 !== void 0) yield { name: name2, size: entry.file.size, content: entry.content };
  }
}
__name(payloadOf, "payloadOf");
function payloadName(manifest, { file, kind }) {
  if (kind === "database") return "database";
  if (kind === "environment") return "requirements";
  const index = manifest.files.findIndex((listed) => listed.file === file);
  return isPutBack({ kind }) ? `file-${index}` : void 0;
}
__name(payloadName, "payloadName");

// src/notify/webhook.ts
import { setTimeout as pause } from "node:timers/promises";
var PAUSE = 1e3;
async function postWebhook(url, text2, timeoutSeconds = 10) {
  const first2 = await attempt(url, text2, timeoutSeconds);
  if (first2 === void 0) return;
  if (first2.final) throw new Error(first2.problem);
  await pause(PAUSE);
  const second = await attempt(url, text2, timeoutSeconds);
  if (second !== void 0) throw new Error(`${second.problem} (tried twice)`);
}
__name(postWebhook, "postWebhook");
async function attempt(url, text2, timeoutSeconds) {
  const origin = URL.parse(url)?.origin;
  if (origin === void 0) return { problem: "The address of the webhook is no address.", final: true };
  const webhook = `The webhook at ${origin}`;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text: plain(text2) }),
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutSeconds * 1e3)
    });
    await response.body?.cancel();
    if (response.ok) return void 0;
    const redirect = response.status >= 300 && response.status < 400;
    return {
      problem: `${webhook} answered ${response.status}${redirect ? ", a redirect, which is not followed" : ""}.`,
      final: response.status < 500 && response.status !== 429
    };
  } catch (error) {
    return { problem: `${webhook} gave no answer: ${reason(error, timeoutSeconds)}.`, final: false };
  }
}
__name(attempt, "attempt");
function reason(error, timeoutSeconds) {
  if (error instanceof DOMException && error.name === "TimeoutError") return `none within ${timeoutSeconds} s`;
  const cause = error instanceof Error ? error.cause : void 0;
  const code = cause instanceof Error && "code" in cause ? cause.code : void 0;
  return typeof code === "string" && /^[A-Z0-9_]+$/.test(code) ? code : "the connection failed";
}
__name(reason, "reason");
function plain(text2) {
  return text2.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
__name(plain, "plain");

// src/modes/tell.ts
async function tellUsers(run, plan2) {
  const { webhookUrl, required } = run.inputs.notify;
  if (webhookUrl === void 0) return;
  await run.log.step("notify", "Tell the users by webhook", async () => {
    try {
      await postWebhook(webhookUrl, plan2.parameters.NOTIFY_MESSAGE ?? "");
      run.result.notified.push("notify-webhook-url");
    } catch (error) {
      if (required) {
        throw new UpgradeError(messageOf(error), {
          step: "notify",
          hub: `The hub was not touched; it runs JupyterHub ${plan2.from}.`,
          next: "Mend notify-webhook-url, or set notify-required: false."
        });
      }
      run.result.warnings.push(`The users were not told by webhook: ${messageOf(error)}`);
    }
  });
}
__name(tellUsers, "tellUsers");
async function tellOutcome({ inputs, result }) {
  const { webhookUrl } = inputs.notify;
  if (webhookUrl === void 0 || !result.notified.includes("notify-webhook-url")) return;
  await postWebhook(webhookUrl, verdictMessage(result)).catch((error) => {
    result.warnings.push(`The end of the upgrade was not told by webhook: ${messageOf(error)}`);
  });
}
__name(tellOutcome, "tellOutcome");

// src/modes/upgrade.ts
async function upgrade(run) {
  await connectToHost(run);
  const { facts } = await discover(run);
  const plan2 = planUpgrade(run.inputs, facts, await resolve(run, facts));
  await showUpgrade(run, plan2);
  if (plan2.unchanged) return unchanged(run, facts, plan2);
  const token = tokenFor(run, plan2);
  const job = await startJob(run, facts, { ...plan2.parameters, HEALTH_TOKEN: token ?? "" }, wheelsOf(plan2));
  try {
    if (isRehearsed(run, plan2)) await rehearse(run, job, plan2);
    await backUp(run, facts, true);
    await tellUsers(run, plan2);
  } catch (error) {
    await takeBack(run, job);
    throw withOtherWay(error, run, facts, job.view);
  }
  await job.tell("go", "");
  const end = followJob(run, job, plan2.steps, () => confirm(run, job, expected(plan2, job, token)), "upgraded");
  return end.catch((error) => {
    throw withOtherWay(error, run, facts, job.view);
  });
}
__name(upgrade, "upgrade");
function expected(plan2, job, token) {
  const wasMade = !plan2.mintsToken || job.view.note("token") === "made";
  return { base: plan2.parameters.HEALTH_BASE ?? "", version: plan2.to, token: wasMade ? token : void 0 };
}
__name(expected, "expected");
async function unchanged(run, facts, plan2) {
  return run.log.step("verify", "Look at the hub from outside", async () => {
    const token = run.inputs.verify.healthToken;
    const problems = await look2(run, { base: plan2.parameters.HEALTH_BASE ?? "", version: facts.version, token });
    if (problems.length > 0) {
      throw new UpgradeError(problems.join(" "), {
        step: "verify",
        hub: `The hub was not touched; its environment has JupyterHub ${facts.version} already.`,
        next: "The installed release is the target, but the hub does not answer as it. Restart it and look at its log."
      });
    }
    run.log.info(`The hub runs JupyterHub ${facts.version} already: nothing to do.`);
    return "unchanged";
  });
}
__name(unchanged, "unchanged");

// src/modes/index.ts
var MODES = { upgrade, plan, backup, restore };
var CANCEL_MS = 6e3;
async function carryOut(inputs, context) {
  const cancelled = new AbortController();
  const run = makeRun(inputs, context, cancelled.signal);
  const { log: log2, result, link } = run;
  const cancel = /* @__PURE__ */ __name(() => cancelled.abort(new Error("The workflow run was cancelled.")), "cancel");
  process.once("SIGINT", cancel).once("SIGTERM", cancel);
  const crashed = new Promise((_, reject) => process.once("uncaughtException", reject));
  try {
    result.outcome = await Promise.race([MODES[inputs.mode](run), crashed, abortOf(cancelled.signal)]);
  } catch (error) {
    result.error = errorReport(error, run);
    if (cancelled.signal.aborted && run.job) await askBack(run.job, log2);
    if (!isVerdict(result.outcome, run)) result.outcome = run.job ? "unknown" : "failed-before-change";
  }
  result.steps = log2.steps;
  await tellOutcome(run);
  finish2(run);
  await Promise.race([link.drop(), timeout(2e3)]);
  return isSuccess(result.outcome) ? 0 : 1;
}
__name(carryOut, "carryOut");
function makeRun(inputs, context, signal) {
  const result = freshResult(inputs, context);
  const log2 = createLog({ write: /* @__PURE__ */ __name((text2) => process.stdout.write(text2), "write") });
  const run = {
    inputs,
    context,
    log: log2,
    link: new Link(inputs.connection),
    result,
    signal,
    token: void 0,
    mask: addMask,
    jobStartedAt: 0,
    checkpoint(job) {
      run.job = job;
      result.outcome = "unknown";
      delete result.versions.current;
      delete result.revisions.current;
      saveJob(run, job);
      if (context.outputFile) writeOutputs(result, context.outputFile);
    }
  };
  return run;
}
__name(makeRun, "makeRun");
function saveJob({ result, link }, { directory }) {
  const state = { version: 1, phase: "host-job", job: { directory, become: link.become } };
  if (result.backup === void 0) return void saveState(state);
  const { files: _, ...backup2 } = result.backup;
  saveState({ ...state, backup: backup2 });
}
__name(saveJob, "saveJob");
function finish2(run) {
  const { context, log: log2, result, job } = run;
  const { error, outcome } = result;
  if (error) {
    log2.error(`${outcome}: ${error.step}`, `${error.cause}
${error.hub}
${error.next}`);
  }
  log2.info(`outcome: ${outcome}`);
  if (context.outputFile) writeOutputs(result, context.outputFile);
  if (context.summaryFile) appendFileSync2(context.summaryFile, renderSummary(result));
  if (job && outcome === "unknown") saveJob(run, job);
  else saveState({ version: 1, phase: "finished", outcome });
}
__name(finish2, "finish");
function errorReport(error, run) {
  if (error instanceof UpgradeError) return { cause: error.message, ...error.trouble };
  const step = run.log.steps.findLast(({ outcome }) => outcome === "failed")?.name ?? "run";
  const isOpen = run.job !== void 0 && run.result.outcome === "unknown";
  return {
    step,
    cause: messageOf(error),
    hub: isOpen ? "The host finishes or takes back what it has begun by itself." : "The hub was neither stopped nor changed.",
    next: isOpen ? "The post step of this action waits for the host and says how it ended." : "Mend the cause and run the job again; if it comes back, open an issue with this log."
  };
}
__name(errorReport, "errorReport");
function isVerdict(outcome, run) {
  return run.job === void 0 ? outcome === "failed-before-change" : outcome !== "unknown";
}
__name(isVerdict, "isVerdict");
async function askBack(job, log2) {
  const asked = job.tell("cancel", "the workflow run was cancelled").then(
    () => log2.info("The host was asked to go back."),
    (error) => log2.info(`The host could not be asked to go back: ${messageOf(error)}`)
  );
  await Promise.race([asked, timeout(CANCEL_MS)]);
}
__name(askBack, "askBack");
function abortOf(signal) {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}
__name(abortOf, "abortOf");
function timeout(ms) {
  return new Promise((resolve2) => setTimeout(resolve2, ms).unref());
}
__name(timeout, "timeout");
export {
  carryOut
};
