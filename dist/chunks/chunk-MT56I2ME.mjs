import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  fileCommand
} from "./chunk-2GDBN4FG.mjs";
import {
  __export,
  __name
} from "./chunk-MY7DWCCO.mjs";

// src/outcome.ts
var OUTCOMES = [
  "planned",
  "unchanged",
  "backed-up",
  "upgraded",
  "restored",
  "rolled-back",
  "rollback-failed",
  "failed-before-change",
  "unknown"
];
function isSuccess(outcome) {
  return ["planned", "unchanged", "backed-up", "upgraded", "restored"].includes(outcome);
}
__name(isSuccess, "isSuccess");

// src/state.ts
import { appendFileSync } from "node:fs";
var NAME = "run";
function saveState(state, environment = process.env) {
  const file = environment.GITHUB_STATE;
  if (file) appendFileSync(file, fileCommand(NAME, JSON.stringify(state)));
}
__name(saveState, "saveState");
function readState(environment = process.env) {
  const text = environment[`STATE_${NAME}`];
  if (!text) return { version: 1, phase: "idle" };
  let state;
  try {
    state = JSON.parse(text);
  } catch {
    state = void 0;
  }
  if (!isRunState(state)) throw new Error("What the main step left for the post step cannot be read.");
  return state;
}
__name(readState, "readState");
function isRunState(value) {
  if (!isRecord(value) || value.version !== 1) return false;
  if (value.backup !== void 0 && !isBackup(value.backup)) return false;
  if (value.phase === "idle") return true;
  if (value.phase === "host-job") return isJob(value.job);
  return value.phase === "finished" && OUTCOMES.includes(value.outcome) && (value.job === void 0 || isJob(value.job));
}
__name(isRunState, "isRunState");
function isJob(value) {
  return isRecord(value) && typeof value.directory === "string" && value.directory.startsWith("/") && (value.become === "sudo" || value.become === "none");
}
__name(isJob, "isJob");
function isBackup(value) {
  return isRecord(value) && typeof value.artifactId === "number" && [value.name, value.digest, value.url].every((text) => typeof text === "string");
}
__name(isBackup, "isBackup");
function isRecord(value) {
  return typeof value === "object" && value !== null;
}
__name(isRecord, "isRecord");

// node_modules/@renovatebot/pep440/lib/operator.js
var operator_exports = {};
__export(operator_exports, {
  "!=": () => ne,
  "<": () => lt,
  "<=": () => le,
  "==": () => eq,
  "===": () => arbitrary,
  ">": () => gt,
  ">=": () => ge,
  compare: () => compare,
  eq: () => eq,
  ge: () => ge,
  gt: () => gt,
  le: () => le,
  lt: () => lt,
  ne: () => ne,
  rcompare: () => rcompare
});

// node_modules/@renovatebot/pep440/lib/version.js
var VERSION_PATTERN = [
  "v?",
  "(?:",
  /* */
  "(?:(?<epoch>[0-9]+)!)?",
  // epoch
  /* */
  "(?<release>[0-9]+(?:\\.[0-9]+)*)",
  // release segment
  /* */
  "(?<pre>",
  // pre-release
  /*    */
  "[-_\\.]?",
  /*    */
  "(?<pre_l>(a|b|c|rc|alpha|beta|pre|preview))",
  /*    */
  "[-_\\.]?",
  /*    */
  "(?<pre_n>[0-9]+)?",
  /* */
  ")?",
  /* */
  "(?<post>",
  // post release
  /*    */
  "(?:-(?<post_n1>[0-9]+))",
  /*    */
  "|",
  /*    */
  "(?:",
  /*        */
  "[-_\\.]?",
  /*        */
  "(?<post_l>post|rev|r)",
  /*        */
  "[-_\\.]?",
  /*        */
  "(?<post_n2>[0-9]+)?",
  /*    */
  ")",
  /* */
  ")?",
  /* */
  "(?<dev>",
  // dev release
  /*    */
  "[-_\\.]?",
  /*    */
  "(?<dev_l>dev)",
  /*    */
  "[-_\\.]?",
  /*    */
  "(?<dev_n>[0-9]+)?",
  /* */
  ")?",
  ")",
  "(?:\\+(?<local>[a-z0-9]+(?:[-_\\.][a-z0-9]+)*))?"
  // local version
].join("");
var validRegex = new RegExp("^" + VERSION_PATTERN + "$", "i");
var cleanRegex = new RegExp("^\\s*" + VERSION_PATTERN + "\\s*$", "i");
function parse(version, regex) {
  const { groups } = (regex || validRegex).exec(version) || {};
  if (!groups) {
    return null;
  }
  const parsed = {
    epoch: Number(groups.epoch ? groups.epoch : 0),
    release: groups.release.split(".").map(Number),
    pre: normalize_letter_version(groups.pre_l, groups.pre_n),
    post: normalize_letter_version(
      groups.post_l,
      groups.post_n1 || groups.post_n2
    ),
    dev: normalize_letter_version(groups.dev_l, groups.dev_n),
    local: parse_local_version(groups.local)
  };
  return parsed;
}
__name(parse, "parse");
function stringify(parsed) {
  if (!parsed) {
    return null;
  }
  const { epoch, release, pre, post, dev, local } = parsed;
  const parts = [];
  if (epoch !== 0) {
    parts.push(`${epoch}!`);
  }
  parts.push(release.join("."));
  if (pre) {
    parts.push(pre.join(""));
  }
  if (post) {
    parts.push("." + post.join(""));
  }
  if (dev) {
    parts.push("." + dev.join(""));
  }
  if (local) {
    parts.push(`+${local}`);
  }
  return parts.join("");
}
__name(stringify, "stringify");
function normalize_letter_version(letterIn, numberIn) {
  let letter = letterIn;
  let number = numberIn;
  if (letter) {
    if (!number) {
      number = 0;
    }
    letter = letter.toLowerCase();
    if (letter === "alpha") {
      letter = "a";
    } else if (letter === "beta") {
      letter = "b";
    } else if (["c", "pre", "preview"].includes(letter)) {
      letter = "rc";
    } else if (["rev", "r"].includes(letter)) {
      letter = "post";
    }
    return [letter, Number(number)];
  }
  if (!letter && number) {
    letter = "post";
    return [letter, Number(number)];
  }
  return null;
}
__name(normalize_letter_version, "normalize_letter_version");
function parse_local_version(local) {
  if (local) {
    return local.split(/[._-]/).map(
      (part) => Number.isNaN(Number(part)) ? part.toLowerCase() : Number(part)
    );
  }
  return null;
}
__name(parse_local_version, "parse_local_version");
function explain(version) {
  const parsed = parse(version);
  if (!parsed) {
    return parsed;
  }
  const { epoch, release, pre, post, dev, local } = parsed;
  let base_version = "";
  if (epoch !== 0) {
    base_version += epoch + "!";
  }
  base_version += release.join(".");
  const is_prerelease = Boolean(dev || pre);
  const is_devrelease = Boolean(dev);
  const is_postrelease = Boolean(post);
  return {
    epoch,
    release,
    pre,
    post: post ? post[1] : post,
    dev: dev ? dev[1] : dev,
    local: local ? local.join(".") : local,
    public: stringify(parsed).split("+", 1)[0],
    base_version,
    is_prerelease,
    is_devrelease,
    is_postrelease
  };
}
__name(explain, "explain");

// node_modules/@renovatebot/pep440/lib/operator.js
function lt(version, other) {
  return compare(version, other) < 0;
}
__name(lt, "lt");
function le(version, other) {
  return compare(version, other) <= 0;
}
__name(le, "le");
function eq(version, other) {
  return compare(version, other) === 0;
}
__name(eq, "eq");
function ne(version, other) {
  return compare(version, other) !== 0;
}
__name(ne, "ne");
function ge(version, other) {
  return compare(version, other) >= 0;
}
__name(ge, "ge");
function gt(version, other) {
  return compare(version, other) > 0;
}
__name(gt, "gt");
function arbitrary(version, other) {
  return version.toLowerCase() === other.toLowerCase();
}
__name(arbitrary, "arbitrary");
function compare(version, other) {
  const parsedVersion = parse(version);
  const parsedOther = parse(other);
  const keyVersion = calculateKey(parsedVersion);
  const keyOther = calculateKey(parsedOther);
  return pyCompare(keyVersion, keyOther);
}
__name(compare, "compare");
function rcompare(version, other) {
  return -compare(version, other);
}
__name(rcompare, "rcompare");
function pyCompare(elemIn, otherIn) {
  let elem = elemIn;
  let other = otherIn;
  if (elem === other) {
    return 0;
  }
  if (Array.isArray(elem) !== Array.isArray(other)) {
    elem = Array.isArray(elem) ? elem : [elem];
    other = Array.isArray(other) ? other : [other];
  }
  if (Array.isArray(elem)) {
    const len = Math.min(elem.length, other.length);
    for (let i = 0; i < len; i += 1) {
      const res = pyCompare(elem[i], other[i]);
      if (res !== 0) {
        return res;
      }
    }
    return elem.length - other.length;
  }
  if (elem === -Infinity || other === Infinity) {
    return -1;
  }
  if (elem === Infinity || other === -Infinity) {
    return 1;
  }
  return elem < other ? -1 : 1;
}
__name(pyCompare, "pyCompare");
function calculateKey(input) {
  const { epoch } = input;
  let { release, pre, post, local, dev } = input;
  release = release.concat();
  release.reverse();
  while (release.length && release[0] === 0) {
    release.shift();
  }
  release.reverse();
  if (!pre && !post && dev) pre = -Infinity;
  else if (!pre) pre = Infinity;
  if (!post) post = -Infinity;
  if (!dev) dev = Infinity;
  if (!local) {
    local = -Infinity;
  } else {
    local = local.map(
      (i) => Number.isNaN(Number(i)) ? [-Infinity, i] : [Number(i), ""]
    );
  }
  return [epoch, release, pre, post, dev, local];
}
__name(calculateKey, "calculateKey");

// node_modules/@renovatebot/pep440/lib/specifier.js
var RANGE_PATTERN = [
  "(?<operator>(===|~=|==|!=|<=|>=|<|>))",
  "\\s*",
  "(",
  /*  */
  "(?<version>(?:" + VERSION_PATTERN.replace(/\?<\w+>/g, "?:") + "))",
  /*  */
  "(?<prefix>\\.\\*)?",
  /*  */
  "|",
  /*  */
  "(?<legacy>[^,;\\s)]+)",
  ")"
].join("");
var isEqualityOperator = /* @__PURE__ */ __name((op) => ["==", "!=", "==="].includes(op), "isEqualityOperator");
var rangeRegex = new RegExp("^" + RANGE_PATTERN + "$", "i");
function parse2(ranges) {
  if (!ranges.trim()) {
    return [];
  }
  const specifiers = ranges.split(",").map((range) => rangeRegex.exec(range.trim()) || {}).map(({ groups }) => {
    if (!groups) {
      return null;
    }
    let { ...spec } = groups;
    const { operator, version, prefix, legacy } = groups;
    if (version) {
      spec = { ...spec, ...explain(version) };
      if (operator === "~=") {
        if (spec.release.length < 2) {
          return null;
        }
      }
      if (!isEqualityOperator(operator) && spec.local) {
        return null;
      }
      if (prefix) {
        if (!isEqualityOperator(operator) || spec.dev || spec.local) {
          return null;
        }
      }
    }
    if (legacy && operator !== "===") {
      return null;
    }
    return spec;
  });
  if (specifiers.filter(Boolean).length !== specifiers.length) {
    return null;
  }
  return specifiers;
}
__name(parse2, "parse");
function pick(versions, specifier, options) {
  const parsed = parse2(specifier);
  if (!parsed) {
    return [];
  }
  return versions.filter((version) => {
    const explained = explain(version);
    if (!parsed.length) {
      return explained && !(explained.is_prerelease && !options.prereleases);
    }
    return parsed.reduce((pass, spec) => {
      if (!pass) {
        return false;
      }
      return contains({ ...spec, ...options }, { version, explained });
    }, true);
  });
}
__name(pick, "pick");
function satisfies(version, specifier, options = {}) {
  const filtered = pick([version], specifier, options);
  return filtered.length === 1;
}
__name(satisfies, "satisfies");
function arrayStartsWith(array, prefix) {
  if (prefix.length > array.length) {
    return false;
  }
  for (let i = 0; i < prefix.length; i += 1) {
    if (prefix[i] !== array[i]) {
      return false;
    }
  }
  return true;
}
__name(arrayStartsWith, "arrayStartsWith");
function contains(specifier, input) {
  const { explained } = input;
  let { version } = input;
  const { ...spec } = specifier;
  if (spec.prereleases === void 0) {
    spec.prereleases = spec.is_prerelease;
  }
  if (explained && explained.is_prerelease && !spec.prereleases) {
    return false;
  }
  if (spec.operator === "~=") {
    let compatiblePrefix = spec.release.slice(0, -1).concat("*").join(".");
    if (spec.epoch) {
      compatiblePrefix = spec.epoch + "!" + compatiblePrefix;
    }
    return satisfies(version, `>=${spec.version}, ==${compatiblePrefix}`, {
      prereleases: spec.prereleases
    });
  }
  if (spec.prefix) {
    const isMatching = explained.epoch === spec.epoch && arrayStartsWith(explained.release, spec.release);
    const isEquality = spec.operator !== "!=";
    return isEquality ? isMatching : !isMatching;
  }
  if (explained && explained.local && spec.version) {
    if (spec.operator !== "===" && !spec.local) {
      version = explained.public;
      spec.version = explain(spec.version).public;
    }
  }
  if (spec.operator === "<" || spec.operator === ">") {
    if (eq(spec.release.join("."), explained.release.join("."))) {
      return false;
    }
  }
  const op = operator_exports[spec.operator];
  return op(version, spec.version || spec.legacy);
}
__name(contains, "contains");

// node_modules/@renovatebot/pep440/lib/semantic.js
function major(input) {
  const version = explain(input);
  if (!version) {
    throw new TypeError("Invalid Version: " + input);
  }
  return version.release[0];
}
__name(major, "major");

// src/inputs/grammar.ts
import { isIPv4, isIPv6 } from "node:net";

// node_modules/@scure/base/index.js
var freeze = /* @__PURE__ */ __name((fn) => Object.freeze(fn()), "freeze");
function isBytes(a) {
  return a instanceof Uint8Array || ArrayBuffer.isView(a) && a.constructor.name === "Uint8Array" && "BYTES_PER_ELEMENT" in a && a.BYTES_PER_ELEMENT === 1;
}
__name(isBytes, "isBytes");
function abytes(b) {
  if (!isBytes(b))
    throw new TypeError("Uint8Array expected");
}
__name(abytes, "abytes");
function isArrayOf(isString, arr) {
  if (!Array.isArray(arr))
    return false;
  if (arr.length === 0)
    return true;
  if (isString) {
    return arr.every((item) => typeof item === "string");
  } else {
    return arr.every((item) => Number.isSafeInteger(item));
  }
}
__name(isArrayOf, "isArrayOf");
function afn(input) {
  if (typeof input !== "function")
    throw new TypeError("function expected");
  return true;
}
__name(afn, "afn");
function astr(label, input) {
  if (typeof input !== "string")
    throw new TypeError(`${label}: string expected`);
  return true;
}
__name(astr, "astr");
function anumber(n, title = "number") {
  if (typeof n !== "number")
    throw new TypeError(`${title}: expected number, got ${typeof n}`);
  if (!Number.isSafeInteger(n))
    throw new RangeError(`${title}: expected safe integer, got ${n}`);
}
__name(anumber, "anumber");
function anumArr(label, input) {
  if (!isArrayOf(false, input))
    throw new TypeError(`${label}: array of numbers expected`);
}
__name(anumArr, "anumArr");
function chain(...args) {
  const id = /* @__PURE__ */ __name((a) => a, "id");
  const wrap = /* @__PURE__ */ __name((a, b) => (c) => a(b(c)), "wrap");
  const encode = args.map((x) => x.encode).reduceRight(wrap, id);
  const decode = args.map((x) => x.decode).reduce(wrap, id);
  return { encode, decode };
}
__name(chain, "chain");
var powers = /* @__PURE__ */ (() => {
  let res = [];
  for (let i = 0; i < 40; i++)
    res.push(2 ** i);
  return res;
})();
function u8ToNumArr(u8, len = u8.length) {
  const res = new Array(len);
  for (let i = 0; i < len; i++)
    res[i] = u8[i];
  return res;
}
__name(u8ToNumArr, "u8ToNumArr");
var asciiDecoder = /* @__PURE__ */ (() => {
  try {
    const decoder = new TextDecoder();
    return decoder.decode(Uint8Array.of(65, 48, 43, 127)) === "A0+\x7F" ? decoder : void 0;
  } catch (e) {
    return void 0;
  }
})();
var B2S_CHUNK = 8192;
function charcodesToString(codes) {
  const len = codes.length;
  if (asciiDecoder !== void 0 && len >= 12)
    return asciiDecoder.decode(codes);
  if (len <= B2S_CHUNK)
    return String.fromCharCode.apply(null, codes);
  let res = "";
  for (let i = 0; i < len; i += B2S_CHUNK)
    res += String.fromCharCode.apply(null, codes.subarray(i, i + B2S_CHUNK));
  return res;
}
__name(charcodesToString, "charcodesToString");
function radix2(bits) {
  anumber(bits);
  if (bits <= 0 || bits > 8)
    throw new RangeError("radix2: bits should be in (0..8]");
  const mask = powers[bits] - 1;
  return {
    encode: /* @__PURE__ */ __name((bytes) => {
      abytes(bytes);
      const len = bytes.length;
      const res = new Uint8Array(Math.ceil(len * 8 / bits));
      let carry = 0;
      let pos = 0;
      let j = 0;
      for (let i = 0; i < len; ) {
        if (i + 2 < len) {
          carry = carry << 24 | bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2];
          pos += 24;
          i += 3;
        } else {
          carry = (carry << 8 | bytes[i]) & 65535;
          pos += 8;
          i++;
        }
        for (; ; ) {
          pos -= bits;
          res[j++] = carry >> pos & mask;
          if (pos < bits)
            break;
        }
      }
      if (pos > 0)
        res[j] = carry << bits - pos & mask;
      return res;
    }, "encode"),
    decode: /* @__PURE__ */ __name((digits) => {
      const len = digits.length;
      const res = new Uint8Array(Math.floor(len * bits / 8));
      let carry = 0;
      let pos = 0;
      let j = 0;
      for (let i = 0; i < len; i++) {
        carry = (carry << bits | digits[i]) & 65535;
        pos += bits;
        for (; pos >= 8; pos -= 8)
          res[j++] = carry >> pos - 8 & 255;
      }
      carry = carry << 8 - pos & 255;
      if (pos >= bits)
        throw new Error("Excess padding");
      if (carry > 0)
        throw new Error(`Non-zero padding: ${carry}`);
      return res;
    }, "decode")
  };
}
__name(radix2, "radix2");
function alphabet(letters, aliases) {
  const len = letters.length;
  if (len > 128)
    throw new Error("alphabet: max 128 letters");
  const encTable = new Uint8Array(len);
  const decTable = new Int8Array(128).fill(-1);
  for (let i = 0; i < len; i++) {
    const code = letters.charCodeAt(i);
    if (letters.codePointAt(i) !== code || code > 127)
      throw new Error("alphabet: single-char ASCII letters only");
    encTable[i] = code;
    decTable[code] = i;
  }
  if (aliases !== void 0) {
    for (const alias of Object.keys(aliases)) {
      const code = alias.charCodeAt(0);
      const target = decTable[aliases[alias].charCodeAt(0)];
      if (alias.length !== 1 || code > 127 || target === void 0 || target === -1)
        throw new Error(`alphabet: invalid alias ${alias}`);
      decTable[code] = target;
    }
  }
  return {
    encode: /* @__PURE__ */ __name((digits) => {
      const codes = new Uint8Array(digits.length);
      for (let i = 0; i < digits.length; i++) {
        const d = digits[i];
        const code = encTable[d];
        if (code === void 0)
          throw new Error(`alphabet.encode: invalid digit ${d}`);
        codes[i] = code;
      }
      return charcodesToString(codes);
    }, "encode"),
    decode: /* @__PURE__ */ __name((input) => {
      astr("decode", input);
      const slen = input.length;
      const digits = new Uint8Array(slen);
      for (let i = 0; i < slen; i++) {
        const code = input.charCodeAt(i);
        const digit = code < 128 ? decTable[code] : -1;
        if (digit === -1)
          throw new Error(`Unknown letter "${input[i]}". Allowed: ${letters}`);
        digits[i] = digit;
      }
      return digits;
    }, "decode")
  };
}
__name(alphabet, "alphabet");
function unsafeWrapper(fn) {
  afn(fn);
  return function(...args) {
    try {
      return fn.apply(null, args);
    } catch (e) {
    }
  };
}
__name(unsafeWrapper, "unsafeWrapper");
var base64nopad = /* @__PURE__ */ freeze(() => chain(radix2(6), alphabet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")));
var BECH_ALPHABET = /* @__PURE__ */ alphabet("qpzry9x8gf2tvdw0s3jn54khce6mua7l");
var BECH_UPPERCASE_PRINTABLE = /^[\x21-\x60\x7b-\x7e]+$/;
function assertBech32Printable(label, value) {
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (c < 33 || c > 126)
      throw new Error(`${label}: printable ASCII expected`);
  }
}
__name(assertBech32Printable, "assertBech32Printable");
function wordsToU8(words) {
  const len = words.length;
  const res = new Uint8Array(len);
  for (let i = 0; i < len; i++) {
    const w = words[i];
    if (w < 0 || w >= 32)
      throw new Error(`alphabet.encode: invalid digit ${w}`);
    res[i] = w;
  }
  return res;
}
__name(wordsToU8, "wordsToU8");
var POLYMOD_GENERATORS = [996825010, 642813549, 513874426, 1027748829, 705979059];
function bech32Polymod(pre) {
  const b = pre >> 25;
  let chk = (pre & 33554431) << 5;
  for (let i = 0; i < POLYMOD_GENERATORS.length; i++) {
    if ((b >> i & 1) === 1)
      chk ^= POLYMOD_GENERATORS[i];
  }
  return chk;
}
__name(bech32Polymod, "bech32Polymod");
function bechChecksum(prefix, words, encodingConst = 1) {
  const len = prefix.length;
  let chk = 1;
  for (let i = 0; i < len; i++) {
    const c = prefix.charCodeAt(i);
    if (c < 33 || c > 126)
      throw new Error(`Invalid prefix (${prefix})`);
    chk = bech32Polymod(chk) ^ c >> 5;
  }
  chk = bech32Polymod(chk);
  for (let i = 0; i < len; i++)
    chk = bech32Polymod(chk) ^ prefix.charCodeAt(i) & 31;
  for (let v of words)
    chk = bech32Polymod(chk) ^ v;
  for (let i = 0; i < 6; i++)
    chk = bech32Polymod(chk);
  chk ^= encodingConst;
  const sum = new Uint8Array(6);
  for (let i = 0; i < 6; i++)
    sum[i] = chk >>> 5 * (5 - i) & 31;
  return BECH_ALPHABET.encode(sum);
}
__name(bechChecksum, "bechChecksum");
function genBech32(encoding) {
  const ENCODING_CONST = encoding === "bech32" ? 1 : 734539939;
  const _words = radix2(5);
  const toWords = /* @__PURE__ */ __name((from) => {
    abytes(from);
    const len = from.length;
    const res = new Array(Math.ceil(len * 8 / 5));
    let carry = 0;
    let pos = 0;
    let j = 0;
    for (let i = 0; i < len; i++) {
      carry = carry << 8 | from[i];
      pos += 8;
      for (; pos >= 5; pos -= 5)
        res[j++] = carry >> pos - 5 & 31;
    }
    if (pos > 0)
      res[j] = carry << 5 - pos & 31;
    return res;
  }, "toWords");
  const fromWords = /* @__PURE__ */ __name((to) => {
    anumArr("radix2.decode", to);
    const len = to.length;
    const digits = new Uint8Array(len);
    for (let i = 0; i < len; i++) {
      const w = to[i];
      if (w < 0 || w >= 32)
        throw new Error(`convertRadix2: invalid word=${w}`);
      digits[i] = w;
    }
    return _words.decode(digits);
  }, "fromWords");
  const fromWordsUnsafe = unsafeWrapper(fromWords);
  function encode(prefix, words, limit = 90) {
    astr("bech32.encode prefix", prefix);
    if (limit !== false)
      anumber(limit, "limit");
    if (isBytes(words))
      words = u8ToNumArr(words);
    anumArr("bech32.encode", words);
    const plen = prefix.length;
    if (plen === 0)
      throw new TypeError(`Invalid prefix length ${plen}`);
    const actualLength = plen + 7 + words.length;
    if (limit !== false && actualLength > limit)
      throw new TypeError(`Length ${actualLength} exceeds limit ${limit}`);
    assertBech32Printable("bech32.encode prefix", prefix);
    const lowered = prefix.toLowerCase();
    const sum = bechChecksum(lowered, words, ENCODING_CONST);
    return `${lowered}1${BECH_ALPHABET.encode(wordsToU8(words))}${sum}`;
  }
  __name(encode, "encode");
  function decode(str, limit = 90) {
    astr("bech32.decode input", str);
    if (limit !== false)
      anumber(limit, "limit");
    const slen = str.length;
    if (slen < 8 || limit !== false && slen > limit)
      throw new TypeError(`invalid string length ${slen}, expected (8..${limit})`);
    const lowered = str.toLowerCase();
    if (str !== lowered) {
      if (!BECH_UPPERCASE_PRINTABLE.test(str)) {
        assertBech32Printable("bech32.decode input", str);
        throw new Error(`mixed-case string not allowed`);
      }
    }
    const sepIndex = lowered.lastIndexOf("1");
    if (sepIndex === 0 || sepIndex === -1)
      throw new Error(`invalid separator "1"`);
    const prefix = lowered.slice(0, sepIndex);
    const data = lowered.slice(sepIndex + 1);
    if (data.length < 6)
      throw new Error("invalid data length");
    const digits = BECH_ALPHABET.decode(data);
    const words = u8ToNumArr(digits, digits.length - 6);
    const sum = bechChecksum(prefix, words, ENCODING_CONST);
    if (!data.endsWith(sum))
      throw new Error(`Invalid checksum in ${str}`);
    return { prefix, words };
  }
  __name(decode, "decode");
  const decodeUnsafe = unsafeWrapper(decode);
  function decodeToBytes(str, limit = 90) {
    const { prefix, words } = decode(str, limit);
    return {
      prefix,
      words,
      bytes: fromWords(words)
    };
  }
  __name(decodeToBytes, "decodeToBytes");
  function encodeFromBytes(prefix, bytes) {
    return encode(prefix, toWords(bytes));
  }
  __name(encodeFromBytes, "encodeFromBytes");
  return {
    encode,
    decode,
    encodeFromBytes,
    decodeToBytes,
    decodeUnsafe,
    fromWords,
    fromWordsUnsafe,
    toWords
  };
}
__name(genBech32, "genBech32");
var bech32 = /* @__PURE__ */ freeze(() => genBech32("bech32"));

// src/inputs/grammar.ts
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
    const major2 = version.release[0];
    return {
      problem: `would be ${major2}.0.0 exactly, not the newest ${major2}.x; write all of the version, in quotes, or latest`
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
var AGE_RECIPIENTS = { age: 32, age1pq: 1216, age1tag: 33, age1tagpq: 1249 };
function isPostQuantum(recipient) {
  return /^age1(tag)?pq1/.test(recipient);
}
__name(isPostQuantum, "isPostQuantum");
var ageRecipient = /* @__PURE__ */ __name((text) => {
  const write = "write the public key that age-keygen prints (age1\u2026)";
  if (/AGE-SECRET-KEY-/i.test(text)) {
    return {
      problem: `is the private key of age, which must stay away from the runner; ${write}, and consider this pair burnt`
    };
  }
  if (/^(ssh|ecdsa|sk)-/.test(text)) return { problem: `is an SSH key; ${write}` };
  const [prefix, length] = bech32Shape(text);
  if (text.startsWith("age1") && length === AGE_RECIPIENTS[prefix]) return { value: text };
  if (/^age1[a-z0-9+._-]+1/.test(text) && !(prefix in AGE_RECIPIENTS) && prefix !== "") {
    return { problem: `is a recipient for a plugin of age, and plugins are not supported; ${write}` };
  }
  return { problem: `is not a recipient of age, or was cut or mistyped; ${write}` };
}, "ageRecipient");
var ageIdentities = /* @__PURE__ */ __name((text) => {
  const write = "write the line that begins with AGE-SECRET-KEY-";
  if (text.includes("BEGIN AGE ENCRYPTED FILE") || text.startsWith("age-encryption.org/")) {
    return { problem: `is an encrypted file; decrypt it with age -d, then ${write}` };
  }
  if (text.includes("PRIVATE KEY-----")) return { problem: `is an SSH key; ${write}` };
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const identities = lines.filter((line) => line !== "" && !line.startsWith("#"));
  if (identities.some((line) => line.startsWith("age1"))) {
    return { problem: `is a public key, which cannot open a backup; ${write}` };
  }
  if (identities.some((line) => /^AGE-PLUGIN-/i.test(line))) {
    return { problem: `is an identity for a plugin of age, and plugins are not supported; ${write}` };
  }
  const isIdentity = /* @__PURE__ */ __name((line) => {
    const [prefix, length] = bech32Shape(line);
    return line.startsWith("AGE-SECRET-KEY-") && /^age-secret-key-(pq-)?$/.test(prefix) && length === 32;
  }, "isIdentity");
  if (identities.length === 0 || !identities.every(isIdentity)) {
    return { problem: `is not an identity of age, or was cut or mistyped; ${write}` };
  }
  return { value: identities.join("\n") };
}, "ageIdentities");
function bech32Shape(text) {
  const decoded = bech32.decodeUnsafe(text, false);
  const bytes = decoded && bech32.fromWordsUnsafe(decoded.words);
  return decoded && bytes ? [decoded.prefix.toLowerCase(), bytes.length] : ["", 0];
}
__name(bech32Shape, "bech32Shape");
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

export {
  compare,
  satisfies,
  major,
  base64nopad,
  bech32,
  lineTrouble,
  anything,
  oneOf,
  truth,
  wholeNumber,
  githubId,
  hubVersion,
  hostName,
  userName,
  fingerprint,
  absolutePath,
  environmentDirectory,
  serviceUnit,
  isPostQuantum,
  ageRecipient,
  ageIdentities,
  sealingPassphrase,
  token,
  artifactName,
  hubUser,
  sentence,
  hubAddress,
  webhook,
  isSuccess,
  saveState,
  readState
};
