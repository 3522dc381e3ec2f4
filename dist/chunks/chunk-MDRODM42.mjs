import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  algorithmsOf,
  clip,
  count,
  describeKey,
  describePublicHalf,
  duration,
  hostKeyPins,
  keyType,
  oneLine,
  size,
  visible,
  workflowCommand
} from "./chunk-2GDBN4FG.mjs";
import {
  require_lib
} from "./chunk-V3Z33ZCZ.mjs";
import {
  __commonJS,
  __name,
  __require,
  __toESM
} from "./chunk-MY7DWCCO.mjs";

// node_modules/is-stream/index.js
var require_is_stream = __commonJS({
  "node_modules/is-stream/index.js"(exports, module) {
    "use strict";
    var isStream3 = /* @__PURE__ */ __name((stream) => stream !== null && typeof stream === "object" && typeof stream.pipe === "function", "isStream");
    isStream3.writable = (stream) => isStream3(stream) && stream.writable !== false && typeof stream._write === "function" && typeof stream._writableState === "object";
    isStream3.readable = (stream) => isStream3(stream) && stream.readable !== false && typeof stream._read === "function" && typeof stream._readableState === "object";
    isStream3.duplex = (stream) => isStream3.writable(stream) && isStream3.readable(stream);
    isStream3.transform = (stream) => isStream3.duplex(stream) && typeof stream._transform === "function";
    module.exports = isStream3;
  }
});

// node_modules/semver/semver.js
var require_semver = __commonJS({
  "node_modules/semver/semver.js"(exports, module) {
    exports = module.exports = SemVer;
    var debug;
    if (typeof process === "object" && process.env && process.env.NODE_DEBUG && /\bsemver\b/i.test(process.env.NODE_DEBUG)) {
      debug = /* @__PURE__ */ __name(function() {
        var args = Array.prototype.slice.call(arguments, 0);
        args.unshift("SEMVER");
        console.log.apply(console, args);
      }, "debug");
    } else {
      debug = /* @__PURE__ */ __name(function() {
      }, "debug");
    }
    exports.SEMVER_SPEC_VERSION = "2.0.0";
    var MAX_LENGTH = 256;
    var MAX_SAFE_INTEGER = Number.MAX_SAFE_INTEGER || /* istanbul ignore next */
    9007199254740991;
    var MAX_SAFE_COMPONENT_LENGTH = 16;
    var MAX_SAFE_BUILD_LENGTH = MAX_LENGTH - 6;
    var re = exports.re = [];
    var safeRe = exports.safeRe = [];
    var src = exports.src = [];
    var t = exports.tokens = {};
    var R = 0;
    function tok(n) {
      t[n] = R++;
    }
    __name(tok, "tok");
    var LETTERDASHNUMBER = "[a-zA-Z0-9-]";
    var safeRegexReplacements = [
      ["\\s", 1],
      ["\\d", MAX_LENGTH],
      [LETTERDASHNUMBER, MAX_SAFE_BUILD_LENGTH]
    ];
    function makeSafeRe(value) {
      for (var i2 = 0; i2 < safeRegexReplacements.length; i2++) {
        var token = safeRegexReplacements[i2][0];
        var max = safeRegexReplacements[i2][1];
        value = value.split(token + "*").join(token + "{0," + max + "}").split(token + "+").join(token + "{1," + max + "}");
      }
      return value;
    }
    __name(makeSafeRe, "makeSafeRe");
    tok("NUMERICIDENTIFIER");
    src[t.NUMERICIDENTIFIER] = "0|[1-9]\\d*";
    tok("NUMERICIDENTIFIERLOOSE");
    src[t.NUMERICIDENTIFIERLOOSE] = "\\d+";
    tok("NONNUMERICIDENTIFIER");
    src[t.NONNUMERICIDENTIFIER] = "\\d*[a-zA-Z-]" + LETTERDASHNUMBER + "*";
    tok("MAINVERSION");
    src[t.MAINVERSION] = "(" + src[t.NUMERICIDENTIFIER] + ")\\.(" + src[t.NUMERICIDENTIFIER] + ")\\.(" + src[t.NUMERICIDENTIFIER] + ")";
    tok("MAINVERSIONLOOSE");
    src[t.MAINVERSIONLOOSE] = "(" + src[t.NUMERICIDENTIFIERLOOSE] + ")\\.(" + src[t.NUMERICIDENTIFIERLOOSE] + ")\\.(" + src[t.NUMERICIDENTIFIERLOOSE] + ")";
    tok("PRERELEASEIDENTIFIER");
    src[t.PRERELEASEIDENTIFIER] = "(?:" + src[t.NUMERICIDENTIFIER] + "|" + src[t.NONNUMERICIDENTIFIER] + ")";
    tok("PRERELEASEIDENTIFIERLOOSE");
    src[t.PRERELEASEIDENTIFIERLOOSE] = "(?:" + src[t.NUMERICIDENTIFIERLOOSE] + "|" + src[t.NONNUMERICIDENTIFIER] + ")";
    tok("PRERELEASE");
    src[t.PRERELEASE] = "(?:-(" + src[t.PRERELEASEIDENTIFIER] + "(?:\\." + src[t.PRERELEASEIDENTIFIER] + ")*))";
    tok("PRERELEASELOOSE");
    src[t.PRERELEASELOOSE] = "(?:-?(" + src[t.PRERELEASEIDENTIFIERLOOSE] + "(?:\\." + src[t.PRERELEASEIDENTIFIERLOOSE] + ")*))";
    tok("BUILDIDENTIFIER");
    src[t.BUILDIDENTIFIER] = LETTERDASHNUMBER + "+";
    tok("BUILD");
    src[t.BUILD] = "(?:\\+(" + src[t.BUILDIDENTIFIER] + "(?:\\." + src[t.BUILDIDENTIFIER] + ")*))";
    tok("FULL");
    tok("FULLPLAIN");
    src[t.FULLPLAIN] = "v?" + src[t.MAINVERSION] + src[t.PRERELEASE] + "?" + src[t.BUILD] + "?";
    src[t.FULL] = "^" + src[t.FULLPLAIN] + "$";
    tok("LOOSEPLAIN");
    src[t.LOOSEPLAIN] = "[v=\\s]*" + src[t.MAINVERSIONLOOSE] + src[t.PRERELEASELOOSE] + "?" + src[t.BUILD] + "?";
    tok("LOOSE");
    src[t.LOOSE] = "^" + src[t.LOOSEPLAIN] + "$";
    tok("GTLT");
    src[t.GTLT] = "((?:<|>)?=?)";
    tok("XRANGEIDENTIFIERLOOSE");
    src[t.XRANGEIDENTIFIERLOOSE] = src[t.NUMERICIDENTIFIERLOOSE] + "|x|X|\\*";
    tok("XRANGEIDENTIFIER");
    src[t.XRANGEIDENTIFIER] = src[t.NUMERICIDENTIFIER] + "|x|X|\\*";
    tok("XRANGEPLAIN");
    src[t.XRANGEPLAIN] = "[v=\\s]*(" + src[t.XRANGEIDENTIFIER] + ")(?:\\.(" + src[t.XRANGEIDENTIFIER] + ")(?:\\.(" + src[t.XRANGEIDENTIFIER] + ")(?:" + src[t.PRERELEASE] + ")?" + src[t.BUILD] + "?)?)?";
    tok("XRANGEPLAINLOOSE");
    src[t.XRANGEPLAINLOOSE] = "[v=\\s]*(" + src[t.XRANGEIDENTIFIERLOOSE] + ")(?:\\.(" + src[t.XRANGEIDENTIFIERLOOSE] + ")(?:\\.(" + src[t.XRANGEIDENTIFIERLOOSE] + ")(?:" + src[t.PRERELEASELOOSE] + ")?" + src[t.BUILD] + "?)?)?";
    tok("XRANGE");
    src[t.XRANGE] = "^" + src[t.GTLT] + "\\s*" + src[t.XRANGEPLAIN] + "$";
    tok("XRANGELOOSE");
    src[t.XRANGELOOSE] = "^" + src[t.GTLT] + "\\s*" + src[t.XRANGEPLAINLOOSE] + "$";
    tok("COERCE");
    src[t.COERCE] = "(^|[^\\d])(\\d{1," + MAX_SAFE_COMPONENT_LENGTH + "})(?:\\.(\\d{1," + MAX_SAFE_COMPONENT_LENGTH + "}))?(?:\\.(\\d{1," + MAX_SAFE_COMPONENT_LENGTH + "}))?(?:$|[^\\d])";
    tok("COERCERTL");
    re[t.COERCERTL] = new RegExp(src[t.COERCE], "g");
    safeRe[t.COERCERTL] = new RegExp(makeSafeRe(src[t.COERCE]), "g");
    tok("LONETILDE");
    src[t.LONETILDE] = "(?:~>?)";
    tok("TILDETRIM");
    src[t.TILDETRIM] = "(\\s*)" + src[t.LONETILDE] + "\\s+";
    re[t.TILDETRIM] = new RegExp(src[t.TILDETRIM], "g");
    safeRe[t.TILDETRIM] = new RegExp(makeSafeRe(src[t.TILDETRIM]), "g");
    var tildeTrimReplace = "$1~";
    tok("TILDE");
    src[t.TILDE] = "^" + src[t.LONETILDE] + src[t.XRANGEPLAIN] + "$";
    tok("TILDELOOSE");
    src[t.TILDELOOSE] = "^" + src[t.LONETILDE] + src[t.XRANGEPLAINLOOSE] + "$";
    tok("LONECARET");
    src[t.LONECARET] = "(?:\\^)";
    tok("CARETTRIM");
    src[t.CARETTRIM] = "(\\s*)" + src[t.LONECARET] + "\\s+";
    re[t.CARETTRIM] = new RegExp(src[t.CARETTRIM], "g");
    safeRe[t.CARETTRIM] = new RegExp(makeSafeRe(src[t.CARETTRIM]), "g");
    var caretTrimReplace = "$1^";
    tok("CARET");
    src[t.CARET] = "^" + src[t.LONECARET] + src[t.XRANGEPLAIN] + "$";
    tok("CARETLOOSE");
    src[t.CARETLOOSE] = "^" + src[t.LONECARET] + src[t.XRANGEPLAINLOOSE] + "$";
    tok("COMPARATORLOOSE");
    src[t.COMPARATORLOOSE] = "^" + src[t.GTLT] + "\\s*(" + src[t.LOOSEPLAIN] + ")$|^$";
    tok("COMPARATOR");
    src[t.COMPARATOR] = "^" + src[t.GTLT] + "\\s*(" + src[t.FULLPLAIN] + ")$|^$";
    tok("COMPARATORTRIM");
    src[t.COMPARATORTRIM] = "(\\s*)" + src[t.GTLT] + "\\s*(" + src[t.LOOSEPLAIN] + "|" + src[t.XRANGEPLAIN] + ")";
    re[t.COMPARATORTRIM] = new RegExp(src[t.COMPARATORTRIM], "g");
    safeRe[t.COMPARATORTRIM] = new RegExp(makeSafeRe(src[t.COMPARATORTRIM]), "g");
    tok("HYPHENRANGE");
    src[t.HYPHENRANGE] = "^\\s*(" + src[t.XRANGEPLAIN] + ")\\s+-\\s+(" + src[t.XRANGEPLAIN] + ")\\s*$";
    tok("HYPHENRANGELOOSE");
    src[t.HYPHENRANGELOOSE] = "^\\s*(" + src[t.XRANGEPLAINLOOSE] + ")\\s+-\\s+(" + src[t.XRANGEPLAINLOOSE] + ")\\s*$";
    tok("STAR");
    src[t.STAR] = "(<|>)?=?\\s*\\*";
    for (i = 0; i < R; i++) {
      debug(i, src[i]);
      if (!re[i]) {
        re[i] = new RegExp(src[i]);
        safeRe[i] = new RegExp(makeSafeRe(src[i]));
      }
    }
    var i;
    exports.parse = parse;
    function parse(version, options) {
      if (!options || typeof options !== "object") {
        options = {
          loose: !!options,
          includePrerelease: false
        };
      }
      if (version instanceof SemVer) {
        return version;
      }
      if (typeof version !== "string") {
        return null;
      }
      if (version.length > MAX_LENGTH) {
        return null;
      }
      var r = options.loose ? safeRe[t.LOOSE] : safeRe[t.FULL];
      if (!r.test(version)) {
        return null;
      }
      try {
        return new SemVer(version, options);
      } catch (er) {
        return null;
      }
    }
    __name(parse, "parse");
    exports.valid = valid;
    function valid(version, options) {
      var v = parse(version, options);
      return v ? v.version : null;
    }
    __name(valid, "valid");
    exports.clean = clean;
    function clean(version, options) {
      var s = parse(version.trim().replace(/^[=v]+/, ""), options);
      return s ? s.version : null;
    }
    __name(clean, "clean");
    exports.SemVer = SemVer;
    function SemVer(version, options) {
      if (!options || typeof options !== "object") {
        options = {
          loose: !!options,
          includePrerelease: false
        };
      }
      if (version instanceof SemVer) {
        if (version.loose === options.loose) {
          return version;
        } else {
          version = version.version;
        }
      } else if (typeof version !== "string") {
        throw new TypeError("Invalid Version: " + version);
      }
      if (version.length > MAX_LENGTH) {
        throw new TypeError("version is longer than " + MAX_LENGTH + " characters");
      }
      if (!(this instanceof SemVer)) {
        return new SemVer(version, options);
      }
      debug("SemVer", version, options);
      this.options = options;
      this.loose = !!options.loose;
      var m = version.trim().match(options.loose ? safeRe[t.LOOSE] : safeRe[t.FULL]);
      if (!m) {
        throw new TypeError("Invalid Version: " + version);
      }
      this.raw = version;
      this.major = +m[1];
      this.minor = +m[2];
      this.patch = +m[3];
      if (this.major > MAX_SAFE_INTEGER || this.major < 0) {
        throw new TypeError("Invalid major version");
      }
      if (this.minor > MAX_SAFE_INTEGER || this.minor < 0) {
        throw new TypeError("Invalid minor version");
      }
      if (this.patch > MAX_SAFE_INTEGER || this.patch < 0) {
        throw new TypeError("Invalid patch version");
      }
      if (!m[4]) {
        this.prerelease = [];
      } else {
        this.prerelease = m[4].split(".").map(function(id) {
          if (/^[0-9]+$/.test(id)) {
            var num = +id;
            if (num >= 0 && num < MAX_SAFE_INTEGER) {
              return num;
            }
          }
          return id;
        });
      }
      this.build = m[5] ? m[5].split(".") : [];
      this.format();
    }
    __name(SemVer, "SemVer");
    SemVer.prototype.format = function() {
      this.version = this.major + "." + this.minor + "." + this.patch;
      if (this.prerelease.length) {
        this.version += "-" + this.prerelease.join(".");
      }
      return this.version;
    };
    SemVer.prototype.toString = function() {
      return this.version;
    };
    SemVer.prototype.compare = function(other) {
      debug("SemVer.compare", this.version, this.options, other);
      if (!(other instanceof SemVer)) {
        other = new SemVer(other, this.options);
      }
      return this.compareMain(other) || this.comparePre(other);
    };
    SemVer.prototype.compareMain = function(other) {
      if (!(other instanceof SemVer)) {
        other = new SemVer(other, this.options);
      }
      return compareIdentifiers(this.major, other.major) || compareIdentifiers(this.minor, other.minor) || compareIdentifiers(this.patch, other.patch);
    };
    SemVer.prototype.comparePre = function(other) {
      if (!(other instanceof SemVer)) {
        other = new SemVer(other, this.options);
      }
      if (this.prerelease.length && !other.prerelease.length) {
        return -1;
      } else if (!this.prerelease.length && other.prerelease.length) {
        return 1;
      } else if (!this.prerelease.length && !other.prerelease.length) {
        return 0;
      }
      var i2 = 0;
      do {
        var a = this.prerelease[i2];
        var b = other.prerelease[i2];
        debug("prerelease compare", i2, a, b);
        if (a === void 0 && b === void 0) {
          return 0;
        } else if (b === void 0) {
          return 1;
        } else if (a === void 0) {
          return -1;
        } else if (a === b) {
          continue;
        } else {
          return compareIdentifiers(a, b);
        }
      } while (++i2);
    };
    SemVer.prototype.compareBuild = function(other) {
      if (!(other instanceof SemVer)) {
        other = new SemVer(other, this.options);
      }
      var i2 = 0;
      do {
        var a = this.build[i2];
        var b = other.build[i2];
        debug("prerelease compare", i2, a, b);
        if (a === void 0 && b === void 0) {
          return 0;
        } else if (b === void 0) {
          return 1;
        } else if (a === void 0) {
          return -1;
        } else if (a === b) {
          continue;
        } else {
          return compareIdentifiers(a, b);
        }
      } while (++i2);
    };
    SemVer.prototype.inc = function(release, identifier) {
      switch (release) {
        case "premajor":
          this.prerelease.length = 0;
          this.patch = 0;
          this.minor = 0;
          this.major++;
          this.inc("pre", identifier);
          break;
        case "preminor":
          this.prerelease.length = 0;
          this.patch = 0;
          this.minor++;
          this.inc("pre", identifier);
          break;
        case "prepatch":
          this.prerelease.length = 0;
          this.inc("patch", identifier);
          this.inc("pre", identifier);
          break;
        // If the input is a non-prerelease version, this acts the same as
        // prepatch.
        case "prerelease":
          if (this.prerelease.length === 0) {
            this.inc("patch", identifier);
          }
          this.inc("pre", identifier);
          break;
        case "major":
          if (this.minor !== 0 || this.patch !== 0 || this.prerelease.length === 0) {
            this.major++;
          }
          this.minor = 0;
          this.patch = 0;
          this.prerelease = [];
          break;
        case "minor":
          if (this.patch !== 0 || this.prerelease.length === 0) {
            this.minor++;
          }
          this.patch = 0;
          this.prerelease = [];
          break;
        case "patch":
          if (this.prerelease.length === 0) {
            this.patch++;
          }
          this.prerelease = [];
          break;
        // This probably shouldn't be used publicly.
        // 1.0.0 "pre" would become 1.0.0-0 which is the wrong direction.
        case "pre":
          if (this.prerelease.length === 0) {
            this.prerelease = [0];
          } else {
            var i2 = this.prerelease.length;
            while (--i2 >= 0) {
              if (typeof this.prerelease[i2] === "number") {
                this.prerelease[i2]++;
                i2 = -2;
              }
            }
            if (i2 === -1) {
              this.prerelease.push(0);
            }
          }
          if (identifier) {
            if (this.prerelease[0] === identifier) {
              if (isNaN(this.prerelease[1])) {
                this.prerelease = [identifier, 0];
              }
            } else {
              this.prerelease = [identifier, 0];
            }
          }
          break;
        default:
          throw new Error("invalid increment argument: " + release);
      }
      this.format();
      this.raw = this.version;
      return this;
    };
    exports.inc = inc;
    function inc(version, release, loose, identifier) {
      if (typeof loose === "string") {
        identifier = loose;
        loose = void 0;
      }
      try {
        return new SemVer(version, loose).inc(release, identifier).version;
      } catch (er) {
        return null;
      }
    }
    __name(inc, "inc");
    exports.diff = diff;
    function diff(version1, version2) {
      if (eq(version1, version2)) {
        return null;
      } else {
        var v1 = parse(version1);
        var v2 = parse(version2);
        var prefix = "";
        if (v1.prerelease.length || v2.prerelease.length) {
          prefix = "pre";
          var defaultResult = "prerelease";
        }
        for (var key in v1) {
          if (key === "major" || key === "minor" || key === "patch") {
            if (v1[key] !== v2[key]) {
              return prefix + key;
            }
          }
        }
        return defaultResult;
      }
    }
    __name(diff, "diff");
    exports.compareIdentifiers = compareIdentifiers;
    var numeric = /^[0-9]+$/;
    function compareIdentifiers(a, b) {
      var anum = numeric.test(a);
      var bnum = numeric.test(b);
      if (anum && bnum) {
        a = +a;
        b = +b;
      }
      return a === b ? 0 : anum && !bnum ? -1 : bnum && !anum ? 1 : a < b ? -1 : 1;
    }
    __name(compareIdentifiers, "compareIdentifiers");
    exports.rcompareIdentifiers = rcompareIdentifiers;
    function rcompareIdentifiers(a, b) {
      return compareIdentifiers(b, a);
    }
    __name(rcompareIdentifiers, "rcompareIdentifiers");
    exports.major = major;
    function major(a, loose) {
      return new SemVer(a, loose).major;
    }
    __name(major, "major");
    exports.minor = minor;
    function minor(a, loose) {
      return new SemVer(a, loose).minor;
    }
    __name(minor, "minor");
    exports.patch = patch;
    function patch(a, loose) {
      return new SemVer(a, loose).patch;
    }
    __name(patch, "patch");
    exports.compare = compare;
    function compare(a, b, loose) {
      return new SemVer(a, loose).compare(new SemVer(b, loose));
    }
    __name(compare, "compare");
    exports.compareLoose = compareLoose;
    function compareLoose(a, b) {
      return compare(a, b, true);
    }
    __name(compareLoose, "compareLoose");
    exports.compareBuild = compareBuild;
    function compareBuild(a, b, loose) {
      var versionA = new SemVer(a, loose);
      var versionB = new SemVer(b, loose);
      return versionA.compare(versionB) || versionA.compareBuild(versionB);
    }
    __name(compareBuild, "compareBuild");
    exports.rcompare = rcompare;
    function rcompare(a, b, loose) {
      return compare(b, a, loose);
    }
    __name(rcompare, "rcompare");
    exports.sort = sort;
    function sort(list2, loose) {
      return list2.sort(function(a, b) {
        return exports.compareBuild(a, b, loose);
      });
    }
    __name(sort, "sort");
    exports.rsort = rsort;
    function rsort(list2, loose) {
      return list2.sort(function(a, b) {
        return exports.compareBuild(b, a, loose);
      });
    }
    __name(rsort, "rsort");
    exports.gt = gt;
    function gt(a, b, loose) {
      return compare(a, b, loose) > 0;
    }
    __name(gt, "gt");
    exports.lt = lt;
    function lt(a, b, loose) {
      return compare(a, b, loose) < 0;
    }
    __name(lt, "lt");
    exports.eq = eq;
    function eq(a, b, loose) {
      return compare(a, b, loose) === 0;
    }
    __name(eq, "eq");
    exports.neq = neq;
    function neq(a, b, loose) {
      return compare(a, b, loose) !== 0;
    }
    __name(neq, "neq");
    exports.gte = gte;
    function gte(a, b, loose) {
      return compare(a, b, loose) >= 0;
    }
    __name(gte, "gte");
    exports.lte = lte;
    function lte(a, b, loose) {
      return compare(a, b, loose) <= 0;
    }
    __name(lte, "lte");
    exports.cmp = cmp;
    function cmp(a, op, b, loose) {
      switch (op) {
        case "===":
          if (typeof a === "object")
            a = a.version;
          if (typeof b === "object")
            b = b.version;
          return a === b;
        case "!==":
          if (typeof a === "object")
            a = a.version;
          if (typeof b === "object")
            b = b.version;
          return a !== b;
        case "":
        case "=":
        case "==":
          return eq(a, b, loose);
        case "!=":
          return neq(a, b, loose);
        case ">":
          return gt(a, b, loose);
        case ">=":
          return gte(a, b, loose);
        case "<":
          return lt(a, b, loose);
        case "<=":
          return lte(a, b, loose);
        default:
          throw new TypeError("Invalid operator: " + op);
      }
    }
    __name(cmp, "cmp");
    exports.Comparator = Comparator;
    function Comparator(comp, options) {
      if (!options || typeof options !== "object") {
        options = {
          loose: !!options,
          includePrerelease: false
        };
      }
      if (comp instanceof Comparator) {
        if (comp.loose === !!options.loose) {
          return comp;
        } else {
          comp = comp.value;
        }
      }
      if (!(this instanceof Comparator)) {
        return new Comparator(comp, options);
      }
      comp = comp.trim().split(/\s+/).join(" ");
      debug("comparator", comp, options);
      this.options = options;
      this.loose = !!options.loose;
      this.parse(comp);
      if (this.semver === ANY) {
        this.value = "";
      } else {
        this.value = this.operator + this.semver.version;
      }
      debug("comp", this);
    }
    __name(Comparator, "Comparator");
    var ANY = {};
    Comparator.prototype.parse = function(comp) {
      var r = this.options.loose ? safeRe[t.COMPARATORLOOSE] : safeRe[t.COMPARATOR];
      var m = comp.match(r);
      if (!m) {
        throw new TypeError("Invalid comparator: " + comp);
      }
      this.operator = m[1] !== void 0 ? m[1] : "";
      if (this.operator === "=") {
        this.operator = "";
      }
      if (!m[2]) {
        this.semver = ANY;
      } else {
        this.semver = new SemVer(m[2], this.options.loose);
      }
    };
    Comparator.prototype.toString = function() {
      return this.value;
    };
    Comparator.prototype.test = function(version) {
      debug("Comparator.test", version, this.options.loose);
      if (this.semver === ANY || version === ANY) {
        return true;
      }
      if (typeof version === "string") {
        try {
          version = new SemVer(version, this.options);
        } catch (er) {
          return false;
        }
      }
      return cmp(version, this.operator, this.semver, this.options);
    };
    Comparator.prototype.intersects = function(comp, options) {
      if (!(comp instanceof Comparator)) {
        throw new TypeError("a Comparator is required");
      }
      if (!options || typeof options !== "object") {
        options = {
          loose: !!options,
          includePrerelease: false
        };
      }
      var rangeTmp;
      if (this.operator === "") {
        if (this.value === "") {
          return true;
        }
        rangeTmp = new Range(comp.value, options);
        return satisfies(this.value, rangeTmp, options);
      } else if (comp.operator === "") {
        if (comp.value === "") {
          return true;
        }
        rangeTmp = new Range(this.value, options);
        return satisfies(comp.semver, rangeTmp, options);
      }
      var sameDirectionIncreasing = (this.operator === ">=" || this.operator === ">") && (comp.operator === ">=" || comp.operator === ">");
      var sameDirectionDecreasing = (this.operator === "<=" || this.operator === "<") && (comp.operator === "<=" || comp.operator === "<");
      var sameSemVer = this.semver.version === comp.semver.version;
      var differentDirectionsInclusive = (this.operator === ">=" || this.operator === "<=") && (comp.operator === ">=" || comp.operator === "<=");
      var oppositeDirectionsLessThan = cmp(this.semver, "<", comp.semver, options) && ((this.operator === ">=" || this.operator === ">") && (comp.operator === "<=" || comp.operator === "<"));
      var oppositeDirectionsGreaterThan = cmp(this.semver, ">", comp.semver, options) && ((this.operator === "<=" || this.operator === "<") && (comp.operator === ">=" || comp.operator === ">"));
      return sameDirectionIncreasing || sameDirectionDecreasing || sameSemVer && differentDirectionsInclusive || oppositeDirectionsLessThan || oppositeDirectionsGreaterThan;
    };
    exports.Range = Range;
    function Range(range, options) {
      if (!options || typeof options !== "object") {
        options = {
          loose: !!options,
          includePrerelease: false
        };
      }
      if (range instanceof Range) {
        if (range.loose === !!options.loose && range.includePrerelease === !!options.includePrerelease) {
          return range;
        } else {
          return new Range(range.raw, options);
        }
      }
      if (range instanceof Comparator) {
        return new Range(range.value, options);
      }
      if (!(this instanceof Range)) {
        return new Range(range, options);
      }
      this.options = options;
      this.loose = !!options.loose;
      this.includePrerelease = !!options.includePrerelease;
      this.raw = range.trim().split(/\s+/).join(" ");
      this.set = this.raw.split("||").map(function(range2) {
        return this.parseRange(range2.trim());
      }, this).filter(function(c) {
        return c.length;
      });
      if (!this.set.length) {
        throw new TypeError("Invalid SemVer Range: " + this.raw);
      }
      this.format();
    }
    __name(Range, "Range");
    Range.prototype.format = function() {
      this.range = this.set.map(function(comps) {
        return comps.join(" ").trim();
      }).join("||").trim();
      return this.range;
    };
    Range.prototype.toString = function() {
      return this.range;
    };
    function isWhitespace(char) {
      var code2 = char && char.charCodeAt(0);
      return code2 >= 9 && code2 <= 13 || code2 === 32 || code2 === 160 || code2 === 5760 || code2 >= 8192 && code2 <= 8202 || code2 === 8232 || code2 === 8233 || code2 === 8239 || code2 === 8287 || code2 === 12288 || code2 === 65279;
    }
    __name(isWhitespace, "isWhitespace");
    function isVersionPrefix(char) {
      return char === "v" || char === "=" || isWhitespace(char);
    }
    __name(isVersionPrefix, "isVersionPrefix");
    function isDigit(char) {
      return char !== void 0 && char >= "0" && char <= "9";
    }
    __name(isDigit, "isDigit");
    function isLetter(char) {
      return char !== void 0 && (char >= "a" && char <= "z" || char >= "A" && char <= "Z");
    }
    __name(isLetter, "isLetter");
    function isIdentifierCharacter(char) {
      return isDigit(char) || isLetter(char) || char === "-";
    }
    __name(isIdentifierCharacter, "isIdentifierCharacter");
    function isVersionStart(char) {
      return isDigit(char) || char === "x" || char === "X" || char === "*";
    }
    __name(isVersionStart, "isVersionStart");
    function findDigitsEndIndex(range, start, limit, digitRuns) {
      if (!isDigit(range[start])) {
        return start;
      }
      if (start >= digitRuns.start && start < digitRuns.end) {
        return Math.min(start + limit, digitRuns.end);
      }
      if (start >= digitRuns.previousStart && start < digitRuns.previousEnd) {
        return Math.min(start + limit, digitRuns.previousEnd);
      }
      var end = start + 1;
      while (isDigit(range[end])) {
        end++;
      }
      digitRuns.previousStart = digitRuns.start;
      digitRuns.previousEnd = digitRuns.end;
      digitRuns.start = start;
      digitRuns.end = end;
      return Math.min(start + limit, end);
    }
    __name(findDigitsEndIndex, "findDigitsEndIndex");
    function findVersionNumberEndIndex(range, start, loose, digitRuns) {
      if (!loose && range[start] === "0") {
        return start + 1;
      }
      return findDigitsEndIndex(range, start, loose ? MAX_LENGTH : MAX_LENGTH + 1, digitRuns);
    }
    __name(findVersionNumberEndIndex, "findVersionNumberEndIndex");
    function findPrereleaseIdentifierEndIndex(range, start, loose, digitRuns) {
      if (isDigit(range[start])) {
        return findVersionNumberEndIndex(range, start, loose, digitRuns);
      }
      if (!isLetter(range[start]) && range[start] !== "-") {
        return start;
      }
      var end = start + 1;
      var limit = end + MAX_SAFE_BUILD_LENGTH;
      while (end < limit && isIdentifierCharacter(range[end])) {
        end++;
      }
      return end;
    }
    __name(findPrereleaseIdentifierEndIndex, "findPrereleaseIdentifierEndIndex");
    function findPrereleaseEndIndex(range, start, loose, digitRuns) {
      var hyphen = range[start] === "-";
      if (!loose && !hyphen) {
        return start;
      }
      var identifierStart = start + (hyphen ? 1 : 0);
      var end = findPrereleaseIdentifierEndIndex(range, identifierStart, loose, digitRuns);
      if (end === identifierStart) {
        if (!loose || !hyphen) {
          return start;
        }
        end = findPrereleaseIdentifierEndIndex(range, start, loose, digitRuns);
      }
      while (range[end] === ".") {
        var next = findPrereleaseIdentifierEndIndex(range, end + 1, loose, digitRuns);
        if (next === end + 1) {
          break;
        }
        end = next;
      }
      return end;
    }
    __name(findPrereleaseEndIndex, "findPrereleaseEndIndex");
    function findBuildEndIndex(range, start) {
      if (range[start] !== "+") {
        return start;
      }
      var end = start + 1;
      do {
        var identifierStart = end;
        while (end - identifierStart < MAX_SAFE_BUILD_LENGTH && isIdentifierCharacter(range[end])) {
          end++;
        }
        if (end === identifierStart) {
          return identifierStart === start + 1 ? start : end - 1;
        }
        if (range[end] !== ".") {
          return end;
        }
        end++;
      } while (true);
    }
    __name(findBuildEndIndex, "findBuildEndIndex");
    function findLooseFullVersionEndIndex(range, start, digitRuns) {
      var end = start;
      for (var component = 0; component < 3; component++) {
        var next = findVersionNumberEndIndex(range, end, true, digitRuns);
        if (next === end) {
          return start;
        }
        end = next;
        if (component < 2) {
          if (range[end] !== ".") {
            return start;
          }
          end++;
        }
      }
      return findBuildEndIndex(range, findPrereleaseEndIndex(range, end, true, digitRuns));
    }
    __name(findLooseFullVersionEndIndex, "findLooseFullVersionEndIndex");
    function findPartialVersionComponentEndIndex(range, start, digitRuns) {
      if (isDigit(range[start])) {
        return findVersionNumberEndIndex(range, start, false, digitRuns);
      }
      return isVersionStart(range[start]) ? start + 1 : start;
    }
    __name(findPartialVersionComponentEndIndex, "findPartialVersionComponentEndIndex");
    function findVersionEndIndex(range, start, digitRuns) {
      var end = findLooseFullVersionEndIndex(range, start, digitRuns);
      if (end !== start) {
        return end;
      }
      end = findPartialVersionComponentEndIndex(range, start, digitRuns);
      for (var component = 0; component < 2; component++) {
        if (range[end] !== ".") {
          return end;
        }
        var next = findPartialVersionComponentEndIndex(range, end + 1, digitRuns);
        if (next === end + 1) {
          return end;
        }
        end = next;
      }
      return findBuildEndIndex(range, findPrereleaseEndIndex(range, end, false, digitRuns));
    }
    __name(findVersionEndIndex, "findVersionEndIndex");
    function findRemovableWhitespaceIndex(range, position) {
      if (isWhitespace(range[position])) {
        position++;
      }
      if (range[position] === "<" || range[position] === ">") {
        position++;
      }
      if (range[position] === "=") {
        position++;
      }
      return isWhitespace(range[position]) ? position : -1;
    }
    __name(findRemovableWhitespaceIndex, "findRemovableWhitespaceIndex");
    function trimComparatorWhitespace(range) {
      var result = "";
      var copyFrom = 0;
      var cursor = 0;
      var digitRuns = { start: -1, end: -1, previousStart: -1, previousEnd: -1 };
      while (cursor < range.length) {
        var matchStart = cursor;
        if (range[cursor] === "<" || range[cursor] === ">") {
          cursor++;
        } else if (!isVersionPrefix(range[cursor]) && !isVersionStart(range[cursor])) {
          cursor++;
          continue;
        }
        while (cursor < range.length && isVersionPrefix(range[cursor])) {
          cursor++;
        }
        if (!isVersionStart(range[cursor])) {
          continue;
        }
        var whitespacePosition = findRemovableWhitespaceIndex(range, matchStart);
        if (whitespacePosition !== -1) {
          result += range.slice(copyFrom, whitespacePosition);
          copyFrom = whitespacePosition + 1;
        }
        cursor = findVersionEndIndex(range, cursor, digitRuns);
      }
      return result + range.slice(copyFrom);
    }
    __name(trimComparatorWhitespace, "trimComparatorWhitespace");
    Range.prototype.parseRange = function(range) {
      var loose = this.options.loose;
      var hr = loose ? safeRe[t.HYPHENRANGELOOSE] : safeRe[t.HYPHENRANGE];
      range = range.replace(hr, hyphenReplace);
      debug("hyphen replace", range);
      range = trimComparatorWhitespace(range);
      debug("comparator trim", range);
      range = range.replace(safeRe[t.TILDETRIM], tildeTrimReplace);
      range = range.replace(safeRe[t.CARETTRIM], caretTrimReplace);
      range = range.split(/\s+/).join(" ");
      var compRe = loose ? safeRe[t.COMPARATORLOOSE] : safeRe[t.COMPARATOR];
      var set = range.split(" ").map(function(comp) {
        return parseComparator(comp, this.options);
      }, this).join(" ").split(/\s+/);
      if (this.options.loose) {
        set = set.filter(function(comp) {
          return !!comp.match(compRe);
        });
      }
      set = set.map(function(comp) {
        return new Comparator(comp, this.options);
      }, this);
      return set;
    };
    Range.prototype.intersects = function(range, options) {
      if (!(range instanceof Range)) {
        throw new TypeError("a Range is required");
      }
      return this.set.some(function(thisComparators) {
        return isSatisfiable(thisComparators, options) && range.set.some(function(rangeComparators) {
          return isSatisfiable(rangeComparators, options) && thisComparators.every(function(thisComparator) {
            return rangeComparators.every(function(rangeComparator) {
              return thisComparator.intersects(rangeComparator, options);
            });
          });
        });
      });
    };
    function isSatisfiable(comparators, options) {
      var result = true;
      var remainingComparators = comparators.slice();
      var testComparator = remainingComparators.pop();
      while (result && remainingComparators.length) {
        result = remainingComparators.every(function(otherComparator) {
          return testComparator.intersects(otherComparator, options);
        });
        testComparator = remainingComparators.pop();
      }
      return result;
    }
    __name(isSatisfiable, "isSatisfiable");
    exports.toComparators = toComparators;
    function toComparators(range, options) {
      return new Range(range, options).set.map(function(comp) {
        return comp.map(function(c) {
          return c.value;
        }).join(" ").trim().split(" ");
      });
    }
    __name(toComparators, "toComparators");
    function parseComparator(comp, options) {
      debug("comp", comp, options);
      comp = replaceCarets(comp, options);
      debug("caret", comp);
      comp = replaceTildes(comp, options);
      debug("tildes", comp);
      comp = replaceXRanges(comp, options);
      debug("xrange", comp);
      comp = replaceStars(comp, options);
      debug("stars", comp);
      return comp;
    }
    __name(parseComparator, "parseComparator");
    function isX(id) {
      return !id || id.toLowerCase() === "x" || id === "*";
    }
    __name(isX, "isX");
    function replaceTildes(comp, options) {
      return comp.trim().split(/\s+/).map(function(comp2) {
        return replaceTilde(comp2, options);
      }).join(" ");
    }
    __name(replaceTildes, "replaceTildes");
    function replaceTilde(comp, options) {
      var r = options.loose ? safeRe[t.TILDELOOSE] : safeRe[t.TILDE];
      return comp.replace(r, function(_, M, m, p, pr) {
        debug("tilde", comp, _, M, m, p, pr);
        var ret;
        if (isX(M)) {
          ret = "";
        } else if (isX(m)) {
          ret = ">=" + M + ".0.0 <" + (+M + 1) + ".0.0";
        } else if (isX(p)) {
          ret = ">=" + M + "." + m + ".0 <" + M + "." + (+m + 1) + ".0";
        } else if (pr) {
          debug("replaceTilde pr", pr);
          ret = ">=" + M + "." + m + "." + p + "-" + pr + " <" + M + "." + (+m + 1) + ".0";
        } else {
          ret = ">=" + M + "." + m + "." + p + " <" + M + "." + (+m + 1) + ".0";
        }
        debug("tilde return", ret);
        return ret;
      });
    }
    __name(replaceTilde, "replaceTilde");
    function replaceCarets(comp, options) {
      return comp.trim().split(/\s+/).map(function(comp2) {
        return replaceCaret(comp2, options);
      }).join(" ");
    }
    __name(replaceCarets, "replaceCarets");
    function replaceCaret(comp, options) {
      debug("caret", comp, options);
      var r = options.loose ? safeRe[t.CARETLOOSE] : safeRe[t.CARET];
      return comp.replace(r, function(_, M, m, p, pr) {
        debug("caret", comp, _, M, m, p, pr);
        var ret;
        if (isX(M)) {
          ret = "";
        } else if (isX(m)) {
          ret = ">=" + M + ".0.0 <" + (+M + 1) + ".0.0";
        } else if (isX(p)) {
          if (M === "0") {
            ret = ">=" + M + "." + m + ".0 <" + M + "." + (+m + 1) + ".0";
          } else {
            ret = ">=" + M + "." + m + ".0 <" + (+M + 1) + ".0.0";
          }
        } else if (pr) {
          debug("replaceCaret pr", pr);
          if (M === "0") {
            if (m === "0") {
              ret = ">=" + M + "." + m + "." + p + "-" + pr + " <" + M + "." + m + "." + (+p + 1);
            } else {
              ret = ">=" + M + "." + m + "." + p + "-" + pr + " <" + M + "." + (+m + 1) + ".0";
            }
          } else {
            ret = ">=" + M + "." + m + "." + p + "-" + pr + " <" + (+M + 1) + ".0.0";
          }
        } else {
          debug("no pr");
          if (M === "0") {
            if (m === "0") {
              ret = ">=" + M + "." + m + "." + p + " <" + M + "." + m + "." + (+p + 1);
            } else {
              ret = ">=" + M + "." + m + "." + p + " <" + M + "." + (+m + 1) + ".0";
            }
          } else {
            ret = ">=" + M + "." + m + "." + p + " <" + (+M + 1) + ".0.0";
          }
        }
        debug("caret return", ret);
        return ret;
      });
    }
    __name(replaceCaret, "replaceCaret");
    function replaceXRanges(comp, options) {
      debug("replaceXRanges", comp, options);
      return comp.split(/\s+/).map(function(comp2) {
        return replaceXRange(comp2, options);
      }).join(" ");
    }
    __name(replaceXRanges, "replaceXRanges");
    function replaceXRange(comp, options) {
      comp = comp.trim();
      var r = options.loose ? safeRe[t.XRANGELOOSE] : safeRe[t.XRANGE];
      return comp.replace(r, function(ret, gtlt, M, m, p, pr) {
        debug("xRange", comp, ret, gtlt, M, m, p, pr);
        var xM = isX(M);
        var xm = xM || isX(m);
        var xp = xm || isX(p);
        var anyX = xp;
        if (gtlt === "=" && anyX) {
          gtlt = "";
        }
        pr = options.includePrerelease ? "-0" : "";
        if (xM) {
          if (gtlt === ">" || gtlt === "<") {
            ret = "<0.0.0-0";
          } else {
            ret = "*";
          }
        } else if (gtlt && anyX) {
          if (xm) {
            m = 0;
          }
          p = 0;
          if (gtlt === ">") {
            gtlt = ">=";
            if (xm) {
              M = +M + 1;
              m = 0;
              p = 0;
            } else {
              m = +m + 1;
              p = 0;
            }
          } else if (gtlt === "<=") {
            gtlt = "<";
            if (xm) {
              M = +M + 1;
            } else {
              m = +m + 1;
            }
          }
          ret = gtlt + M + "." + m + "." + p + pr;
        } else if (xm) {
          ret = ">=" + M + ".0.0" + pr + " <" + (+M + 1) + ".0.0" + pr;
        } else if (xp) {
          ret = ">=" + M + "." + m + ".0" + pr + " <" + M + "." + (+m + 1) + ".0" + pr;
        }
        debug("xRange return", ret);
        return ret;
      });
    }
    __name(replaceXRange, "replaceXRange");
    function replaceStars(comp, options) {
      debug("replaceStars", comp, options);
      return comp.trim().replace(safeRe[t.STAR], "");
    }
    __name(replaceStars, "replaceStars");
    function hyphenReplace($0, from, fM, fm, fp, fpr, fb, to, tM, tm, tp, tpr, tb) {
      if (isX(fM)) {
        from = "";
      } else if (isX(fm)) {
        from = ">=" + fM + ".0.0";
      } else if (isX(fp)) {
        from = ">=" + fM + "." + fm + ".0";
      } else {
        from = ">=" + from;
      }
      if (isX(tM)) {
        to = "";
      } else if (isX(tm)) {
        to = "<" + (+tM + 1) + ".0.0";
      } else if (isX(tp)) {
        to = "<" + tM + "." + (+tm + 1) + ".0";
      } else if (tpr) {
        to = "<=" + tM + "." + tm + "." + tp + "-" + tpr;
      } else {
        to = "<=" + to;
      }
      return (from + " " + to).trim();
    }
    __name(hyphenReplace, "hyphenReplace");
    Range.prototype.test = function(version) {
      if (!version) {
        return false;
      }
      if (typeof version === "string") {
        try {
          version = new SemVer(version, this.options);
        } catch (er) {
          return false;
        }
      }
      for (var i2 = 0; i2 < this.set.length; i2++) {
        if (testSet(this.set[i2], version, this.options)) {
          return true;
        }
      }
      return false;
    };
    function testSet(set, version, options) {
      for (var i2 = 0; i2 < set.length; i2++) {
        if (!set[i2].test(version)) {
          return false;
        }
      }
      if (version.prerelease.length && !options.includePrerelease) {
        for (i2 = 0; i2 < set.length; i2++) {
          debug(set[i2].semver);
          if (set[i2].semver === ANY) {
            continue;
          }
          if (set[i2].semver.prerelease.length > 0) {
            var allowed = set[i2].semver;
            if (allowed.major === version.major && allowed.minor === version.minor && allowed.patch === version.patch) {
              return true;
            }
          }
        }
        return false;
      }
      return true;
    }
    __name(testSet, "testSet");
    exports.satisfies = satisfies;
    function satisfies(version, range, options) {
      try {
        range = new Range(range, options);
      } catch (er) {
        return false;
      }
      return range.test(version);
    }
    __name(satisfies, "satisfies");
    exports.maxSatisfying = maxSatisfying;
    function maxSatisfying(versions2, range, options) {
      var max = null;
      var maxSV = null;
      try {
        var rangeObj = new Range(range, options);
      } catch (er) {
        return null;
      }
      versions2.forEach(function(v) {
        if (rangeObj.test(v)) {
          if (!max || maxSV.compare(v) === -1) {
            max = v;
            maxSV = new SemVer(max, options);
          }
        }
      });
      return max;
    }
    __name(maxSatisfying, "maxSatisfying");
    exports.minSatisfying = minSatisfying;
    function minSatisfying(versions2, range, options) {
      var min = null;
      var minSV = null;
      try {
        var rangeObj = new Range(range, options);
      } catch (er) {
        return null;
      }
      versions2.forEach(function(v) {
        if (rangeObj.test(v)) {
          if (!min || minSV.compare(v) === 1) {
            min = v;
            minSV = new SemVer(min, options);
          }
        }
      });
      return min;
    }
    __name(minSatisfying, "minSatisfying");
    exports.minVersion = minVersion;
    function minVersion(range, loose) {
      range = new Range(range, loose);
      var minver = new SemVer("0.0.0");
      if (range.test(minver)) {
        return minver;
      }
      minver = new SemVer("0.0.0-0");
      if (range.test(minver)) {
        return minver;
      }
      minver = null;
      for (var i2 = 0; i2 < range.set.length; ++i2) {
        var comparators = range.set[i2];
        comparators.forEach(function(comparator) {
          var compver = new SemVer(comparator.semver.version);
          switch (comparator.operator) {
            case ">":
              if (compver.prerelease.length === 0) {
                compver.patch++;
              } else {
                compver.prerelease.push(0);
              }
              compver.raw = compver.format();
            /* fallthrough */
            case "":
            case ">=":
              if (!minver || gt(minver, compver)) {
                minver = compver;
              }
              break;
            case "<":
            case "<=":
              break;
            /* istanbul ignore next */
            default:
              throw new Error("Unexpected operation: " + comparator.operator);
          }
        });
      }
      if (minver && range.test(minver)) {
        return minver;
      }
      return null;
    }
    __name(minVersion, "minVersion");
    exports.validRange = validRange;
    function validRange(range, options) {
      try {
        return new Range(range, options).range || "*";
      } catch (er) {
        return null;
      }
    }
    __name(validRange, "validRange");
    exports.ltr = ltr;
    function ltr(version, range, options) {
      return outside(version, range, "<", options);
    }
    __name(ltr, "ltr");
    exports.gtr = gtr;
    function gtr(version, range, options) {
      return outside(version, range, ">", options);
    }
    __name(gtr, "gtr");
    exports.outside = outside;
    function outside(version, range, hilo, options) {
      version = new SemVer(version, options);
      range = new Range(range, options);
      var gtfn, ltefn, ltfn, comp, ecomp;
      switch (hilo) {
        case ">":
          gtfn = gt;
          ltefn = lte;
          ltfn = lt;
          comp = ">";
          ecomp = ">=";
          break;
        case "<":
          gtfn = lt;
          ltefn = gte;
          ltfn = gt;
          comp = "<";
          ecomp = "<=";
          break;
        default:
          throw new TypeError('Must provide a hilo val of "<" or ">"');
      }
      if (satisfies(version, range, options)) {
        return false;
      }
      for (var i2 = 0; i2 < range.set.length; ++i2) {
        var comparators = range.set[i2];
        var high = null;
        var low = null;
        comparators.forEach(function(comparator) {
          if (comparator.semver === ANY) {
            comparator = new Comparator(">=0.0.0");
          }
          high = high || comparator;
          low = low || comparator;
          if (gtfn(comparator.semver, high.semver, options)) {
            high = comparator;
          } else if (ltfn(comparator.semver, low.semver, options)) {
            low = comparator;
          }
        });
        if (high.operator === comp || high.operator === ecomp) {
          return false;
        }
        if ((!low.operator || low.operator === comp) && ltefn(version, low.semver)) {
          return false;
        } else if (low.operator === ecomp && ltfn(version, low.semver)) {
          return false;
        }
      }
      return true;
    }
    __name(outside, "outside");
    exports.prerelease = prerelease;
    function prerelease(version, options) {
      var parsed = parse(version, options);
      return parsed && parsed.prerelease.length ? parsed.prerelease : null;
    }
    __name(prerelease, "prerelease");
    exports.intersects = intersects;
    function intersects(r1, r2, options) {
      r1 = new Range(r1, options);
      r2 = new Range(r2, options);
      return r1.intersects(r2);
    }
    __name(intersects, "intersects");
    exports.coerce = coerce;
    function coerce(version, options) {
      if (version instanceof SemVer) {
        return version;
      }
      if (typeof version === "number") {
        version = String(version);
      }
      if (typeof version !== "string") {
        return null;
      }
      options = options || {};
      var match = null;
      if (!options.rtl) {
        match = version.match(safeRe[t.COERCE]);
      } else {
        var next;
        while ((next = safeRe[t.COERCERTL].exec(version)) && (!match || match.index + match[0].length !== version.length)) {
          if (!match || next.index + next[0].length !== match.index + match[0].length) {
            match = next;
          }
          safeRe[t.COERCERTL].lastIndex = next.index + next[1].length + next[2].length;
        }
        safeRe[t.COERCERTL].lastIndex = -1;
      }
      if (match === null) {
        return null;
      }
      return parse(match[2] + "." + (match[3] || "0") + "." + (match[4] || "0"), options);
    }
    __name(coerce, "coerce");
  }
});

// node_modules/make-dir/index.js
var require_make_dir = __commonJS({
  "node_modules/make-dir/index.js"(exports, module) {
    "use strict";
    var fs3 = __require("fs");
    var path = __require("path");
    var { promisify } = __require("util");
    var semver = require_semver();
    var useNativeRecursiveOption = semver.satisfies(process.version, ">=10.12.0");
    var checkPath = /* @__PURE__ */ __name((pth) => {
      if (process.platform === "win32") {
        const pathHasInvalidWinCharacters = /[<>:"|?*]/.test(pth.replace(path.parse(pth).root, ""));
        if (pathHasInvalidWinCharacters) {
          const error = new Error(`Path contains invalid characters: ${pth}`);
          error.code = "EINVAL";
          throw error;
        }
      }
    }, "checkPath");
    var processOptions = /* @__PURE__ */ __name((options) => {
      const defaults = {
        mode: 511,
        fs: fs3
      };
      return {
        ...defaults,
        ...options
      };
    }, "processOptions");
    var permissionError = /* @__PURE__ */ __name((pth) => {
      const error = new Error(`operation not permitted, mkdir '${pth}'`);
      error.code = "EPERM";
      error.errno = -4048;
      error.path = pth;
      error.syscall = "mkdir";
      return error;
    }, "permissionError");
    var makeDir2 = /* @__PURE__ */ __name(async (input, options) => {
      checkPath(input);
      options = processOptions(options);
      const mkdir = promisify(options.fs.mkdir);
      const stat = promisify(options.fs.stat);
      if (useNativeRecursiveOption && options.fs.mkdir === fs3.mkdir) {
        const pth = path.resolve(input);
        await mkdir(pth, {
          mode: options.mode,
          recursive: true
        });
        return pth;
      }
      const make = /* @__PURE__ */ __name(async (pth) => {
        try {
          await mkdir(pth, options.mode);
          return pth;
        } catch (error) {
          if (error.code === "EPERM") {
            throw error;
          }
          if (error.code === "ENOENT") {
            if (path.dirname(pth) === pth) {
              throw permissionError(pth);
            }
            if (error.message.includes("null bytes")) {
              throw error;
            }
            await make(path.dirname(pth));
            return make(pth);
          }
          try {
            const stats = await stat(pth);
            if (!stats.isDirectory()) {
              throw new Error("The path is not a directory");
            }
          } catch (_) {
            throw error;
          }
          return pth;
        }
      }, "make");
      return make(path.resolve(input));
    }, "makeDir");
    module.exports = makeDir2;
    module.exports.sync = (input, options) => {
      checkPath(input);
      options = processOptions(options);
      if (useNativeRecursiveOption && options.fs.mkdirSync === fs3.mkdirSync) {
        const pth = path.resolve(input);
        fs3.mkdirSync(pth, {
          mode: options.mode,
          recursive: true
        });
        return pth;
      }
      const make = /* @__PURE__ */ __name((pth) => {
        try {
          options.fs.mkdirSync(pth, options.mode);
        } catch (error) {
          if (error.code === "EPERM") {
            throw error;
          }
          if (error.code === "ENOENT") {
            if (path.dirname(pth) === pth) {
              throw permissionError(pth);
            }
            if (error.message.includes("null bytes")) {
              throw error;
            }
            make(path.dirname(pth));
            return make(pth);
          }
          try {
            if (!options.fs.statSync(pth).isDirectory()) {
              throw new Error("The path is not a directory");
            }
          } catch (_) {
            throw error;
          }
        }
        return pth;
      }, "make");
      return make(path.resolve(input));
    };
  }
});

// node_modules/shell-escape/shell-escape.js
var require_shell_escape = __commonJS({
  "node_modules/shell-escape/shell-escape.js"(exports, module) {
    module.exports = shellescape;
    function shellescape(a) {
      var ret = [];
      a.forEach(function(s) {
        if (!/^[A-Za-z0-9_\/-]+$/.test(s)) {
          s = "'" + s.replace(/'/g, "'\\''") + "'";
          s = s.replace(/^(?:'')+/g, "").replace(/\\'''/g, "\\'");
        }
        ret.push(s);
      });
      return ret.join(" ");
    }
    __name(shellescape, "shellescape");
  }
});

// node_modules/events-universal/default.js
var require_default = __commonJS({
  "node_modules/events-universal/default.js"(exports, module) {
    module.exports = __require("events");
  }
});

// node_modules/fast-fifo/fixed-size.js
var require_fixed_size = __commonJS({
  "node_modules/fast-fifo/fixed-size.js"(exports, module) {
    module.exports = class FixedFIFO {
      static {
        __name(this, "FixedFIFO");
      }
      constructor(hwm) {
        if (!(hwm > 0) || (hwm - 1 & hwm) !== 0) throw new Error("Max size for a FixedFIFO should be a power of two");
        this.buffer = new Array(hwm);
        this.mask = hwm - 1;
        this.top = 0;
        this.btm = 0;
        this.next = null;
      }
      clear() {
        this.top = this.btm = 0;
        this.next = null;
        this.buffer.fill(void 0);
      }
      push(data) {
        if (this.buffer[this.top] !== void 0) return false;
        this.buffer[this.top] = data;
        this.top = this.top + 1 & this.mask;
        return true;
      }
      shift() {
        const last = this.buffer[this.btm];
        if (last === void 0) return void 0;
        this.buffer[this.btm] = void 0;
        this.btm = this.btm + 1 & this.mask;
        return last;
      }
      peek() {
        return this.buffer[this.btm];
      }
      isEmpty() {
        return this.buffer[this.btm] === void 0;
      }
    };
  }
});

// node_modules/fast-fifo/index.js
var require_fast_fifo = __commonJS({
  "node_modules/fast-fifo/index.js"(exports, module) {
    var FixedFIFO = require_fixed_size();
    module.exports = class FastFIFO {
      static {
        __name(this, "FastFIFO");
      }
      constructor(hwm) {
        this.hwm = hwm || 16;
        this.head = new FixedFIFO(this.hwm);
        this.tail = this.head;
        this.length = 0;
      }
      clear() {
        this.head = this.tail;
        this.head.clear();
        this.length = 0;
      }
      push(val) {
        this.length++;
        if (!this.head.push(val)) {
          const prev = this.head;
          this.head = prev.next = new FixedFIFO(2 * this.head.buffer.length);
          this.head.push(val);
        }
      }
      shift() {
        if (this.length !== 0) this.length--;
        const val = this.tail.shift();
        if (val === void 0 && this.tail.next) {
          const next = this.tail.next;
          this.tail.next = null;
          this.tail = next;
          return this.tail.shift();
        }
        return val;
      }
      peek() {
        const val = this.tail.peek();
        if (val === void 0 && this.tail.next) return this.tail.next.peek();
        return val;
      }
      isEmpty() {
        return this.length === 0;
      }
    };
  }
});

// node_modules/b4a/index.js
var require_b4a = __commonJS({
  "node_modules/b4a/index.js"(exports, module) {
    function isBuffer(value) {
      return Buffer.isBuffer(value) || value instanceof Uint8Array;
    }
    __name(isBuffer, "isBuffer");
    function isEncoding(encoding) {
      return Buffer.isEncoding(encoding);
    }
    __name(isEncoding, "isEncoding");
    function alloc(size2, fill3, encoding) {
      return Buffer.alloc(size2, fill3, encoding);
    }
    __name(alloc, "alloc");
    function allocUnsafe(size2) {
      return Buffer.allocUnsafe(size2);
    }
    __name(allocUnsafe, "allocUnsafe");
    function allocUnsafeSlow(size2) {
      return Buffer.allocUnsafeSlow(size2);
    }
    __name(allocUnsafeSlow, "allocUnsafeSlow");
    function byteLength(string, encoding) {
      return Buffer.byteLength(string, encoding);
    }
    __name(byteLength, "byteLength");
    function compare(a, b) {
      return Buffer.compare(a, b);
    }
    __name(compare, "compare");
    function concat(buffers, totalLength) {
      return Buffer.concat(buffers, totalLength);
    }
    __name(concat, "concat");
    function copy(source, target, targetStart, start, end) {
      return toBuffer(source).copy(target, targetStart, start, end);
    }
    __name(copy, "copy");
    function equals(a, b) {
      return toBuffer(a).equals(b);
    }
    __name(equals, "equals");
    function fill2(buffer, value, offset, end, encoding) {
      return toBuffer(buffer).fill(value, offset, end, encoding);
    }
    __name(fill2, "fill");
    function from(value, encodingOrOffset, length) {
      return Buffer.from(value, encodingOrOffset, length);
    }
    __name(from, "from");
    function includes(buffer, value, byteOffset, encoding) {
      return toBuffer(buffer).includes(value, byteOffset, encoding);
    }
    __name(includes, "includes");
    function indexOf(buffer, value, byfeOffset, encoding) {
      return toBuffer(buffer).indexOf(value, byfeOffset, encoding);
    }
    __name(indexOf, "indexOf");
    function lastIndexOf(buffer, value, byteOffset, encoding) {
      return toBuffer(buffer).lastIndexOf(value, byteOffset, encoding);
    }
    __name(lastIndexOf, "lastIndexOf");
    function swap16(buffer) {
      return toBuffer(buffer).swap16();
    }
    __name(swap16, "swap16");
    function swap32(buffer) {
      return toBuffer(buffer).swap32();
    }
    __name(swap32, "swap32");
    function swap64(buffer) {
      return toBuffer(buffer).swap64();
    }
    __name(swap64, "swap64");
    function toBuffer(buffer) {
      if (Buffer.isBuffer(buffer)) return buffer;
      return Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    }
    __name(toBuffer, "toBuffer");
    function toString(buffer, encoding, start, end) {
      return toBuffer(buffer).toString(encoding, start, end);
    }
    __name(toString, "toString");
    function toHex(buffer, start, end) {
      return toBuffer(buffer).toString("hex", start, end);
    }
    __name(toHex, "toHex");
    function write(buffer, string, offset, length, encoding) {
      return toBuffer(buffer).write(string, offset, length, encoding);
    }
    __name(write, "write");
    function readDoubleBE(buffer, offset) {
      return toBuffer(buffer).readDoubleBE(offset);
    }
    __name(readDoubleBE, "readDoubleBE");
    function readDoubleLE(buffer, offset) {
      return toBuffer(buffer).readDoubleLE(offset);
    }
    __name(readDoubleLE, "readDoubleLE");
    function readFloatBE(buffer, offset) {
      return toBuffer(buffer).readFloatBE(offset);
    }
    __name(readFloatBE, "readFloatBE");
    function readFloatLE(buffer, offset) {
      return toBuffer(buffer).readFloatLE(offset);
    }
    __name(readFloatLE, "readFloatLE");
    function readInt32BE(buffer, offset) {
      return toBuffer(buffer).readInt32BE(offset);
    }
    __name(readInt32BE, "readInt32BE");
    function readInt32LE(buffer, offset) {
      return toBuffer(buffer).readInt32LE(offset);
    }
    __name(readInt32LE, "readInt32LE");
    function readUInt32BE(buffer, offset) {
      return toBuffer(buffer).readUInt32BE(offset);
    }
    __name(readUInt32BE, "readUInt32BE");
    function readUInt32LE(buffer, offset) {
      return toBuffer(buffer).readUInt32LE(offset);
    }
    __name(readUInt32LE, "readUInt32LE");
    function writeDoubleBE(buffer, value, offset) {
      return toBuffer(buffer).writeDoubleBE(value, offset);
    }
    __name(writeDoubleBE, "writeDoubleBE");
    function writeDoubleLE(buffer, value, offset) {
      return toBuffer(buffer).writeDoubleLE(value, offset);
    }
    __name(writeDoubleLE, "writeDoubleLE");
    function writeFloatBE(buffer, value, offset) {
      return toBuffer(buffer).writeFloatBE(value, offset);
    }
    __name(writeFloatBE, "writeFloatBE");
    function writeFloatLE(buffer, value, offset) {
      return toBuffer(buffer).writeFloatLE(value, offset);
    }
    __name(writeFloatLE, "writeFloatLE");
    function writeInt32BE(buffer, value, offset) {
      return toBuffer(buffer).writeInt32BE(value, offset);
    }
    __name(writeInt32BE, "writeInt32BE");
    function writeInt32LE(buffer, value, offset) {
      return toBuffer(buffer).writeInt32LE(value, offset);
    }
    __name(writeInt32LE, "writeInt32LE");
    function writeUInt32BE(buffer, value, offset) {
      return toBuffer(buffer).writeUInt32BE(value, offset);
    }
    __name(writeUInt32BE, "writeUInt32BE");
    function writeUInt32LE(buffer, value, offset) {
      return toBuffer(buffer).writeUInt32LE(value, offset);
    }
    __name(writeUInt32LE, "writeUInt32LE");
    module.exports = {
      isBuffer,
      isEncoding,
      alloc,
      allocUnsafe,
      allocUnsafeSlow,
      byteLength,
      compare,
      concat,
      copy,
      equals,
      fill: fill2,
      from,
      includes,
      indexOf,
      lastIndexOf,
      swap16,
      swap32,
      swap64,
      toBuffer,
      toString,
      toHex,
      write,
      readDoubleBE,
      readDoubleLE,
      readFloatBE,
      readFloatLE,
      readInt32BE,
      readInt32LE,
      readUInt32BE,
      readUInt32LE,
      writeDoubleBE,
      writeDoubleLE,
      writeFloatBE,
      writeFloatLE,
      writeInt32BE,
      writeInt32LE,
      writeUInt32BE,
      writeUInt32LE
    };
  }
});

// node_modules/text-decoder/lib/pass-through-decoder.js
var require_pass_through_decoder = __commonJS({
  "node_modules/text-decoder/lib/pass-through-decoder.js"(exports, module) {
    var b4a = require_b4a();
    module.exports = class PassThroughDecoder {
      static {
        __name(this, "PassThroughDecoder");
      }
      constructor(encoding) {
        this.encoding = encoding;
      }
      get remaining() {
        return 0;
      }
      decode(data) {
        return b4a.toString(data, this.encoding);
      }
      flush() {
        return "";
      }
    };
  }
});

// node_modules/text-decoder/lib/utf8-decoder.js
var require_utf8_decoder = __commonJS({
  "node_modules/text-decoder/lib/utf8-decoder.js"(exports, module) {
    var b4a = require_b4a();
    module.exports = class UTF8Decoder {
      static {
        __name(this, "UTF8Decoder");
      }
      constructor() {
        this._reset();
      }
      get remaining() {
        return this.bytesSeen;
      }
      decode(data) {
        if (data.byteLength === 0) return "";
        if (this.bytesNeeded === 0 && trailingIncomplete(data, 0) === 0) {
          this.bytesSeen = trailingBytesSeen(data);
          return b4a.toString(data, "utf8");
        }
        let result = "";
        let start = 0;
        if (this.bytesNeeded > 0) {
          while (start < data.byteLength) {
            const byte = data[start];
            if (byte < this.lowerBoundary || byte > this.upperBoundary) {
              result += "\uFFFD";
              this._reset();
              break;
            }
            this.lowerBoundary = 128;
            this.upperBoundary = 191;
            this.codePoint = this.codePoint << 6 | byte & 63;
            this.bytesSeen++;
            start++;
            if (this.bytesSeen === this.bytesNeeded) {
              result += String.fromCodePoint(this.codePoint);
              this._reset();
              break;
            }
          }
          if (this.bytesNeeded > 0) return result;
        }
        const trailing = trailingIncomplete(data, start);
        const end = data.byteLength - trailing;
        if (end > start) result += b4a.toString(data, "utf8", start, end);
        for (let i = end; i < data.byteLength; i++) {
          const byte = data[i];
          if (this.bytesNeeded === 0) {
            if (byte <= 127) {
              this.bytesSeen = 0;
              result += String.fromCharCode(byte);
            } else if (byte >= 194 && byte <= 223) {
              this.bytesNeeded = 2;
              this.bytesSeen = 1;
              this.codePoint = byte & 31;
            } else if (byte >= 224 && byte <= 239) {
              if (byte === 224) this.lowerBoundary = 160;
              else if (byte === 237) this.upperBoundary = 159;
              this.bytesNeeded = 3;
              this.bytesSeen = 1;
              this.codePoint = byte & 15;
            } else if (byte >= 240 && byte <= 244) {
              if (byte === 240) this.lowerBoundary = 144;
              else if (byte === 244) this.upperBoundary = 143;
              this.bytesNeeded = 4;
              this.bytesSeen = 1;
              this.codePoint = byte & 7;
            } else {
              this.bytesSeen = 1;
              result += "\uFFFD";
            }
            continue;
          }
          if (byte < this.lowerBoundary || byte > this.upperBoundary) {
            result += "\uFFFD";
            i--;
            this._reset();
            continue;
          }
          this.lowerBoundary = 128;
          this.upperBoundary = 191;
          this.codePoint = this.codePoint << 6 | byte & 63;
          this.bytesSeen++;
          if (this.bytesSeen === this.bytesNeeded) {
            result += String.fromCodePoint(this.codePoint);
            this._reset();
          }
        }
        return result;
      }
      flush() {
        const result = this.bytesNeeded > 0 ? "\uFFFD" : "";
        this._reset();
        return result;
      }
      _reset() {
        this.codePoint = 0;
        this.bytesNeeded = 0;
        this.bytesSeen = 0;
        this.lowerBoundary = 128;
        this.upperBoundary = 191;
      }
    };
    function trailingIncomplete(data, start) {
      const len = data.byteLength;
      if (len <= start) return 0;
      const limit = Math.max(start, len - 4);
      let i = len - 1;
      while (i > limit && (data[i] & 192) === 128) i--;
      if (i < start) return 0;
      const byte = data[i];
      let needed;
      if (byte <= 127) return 0;
      if (byte >= 194 && byte <= 223) needed = 2;
      else if (byte >= 224 && byte <= 239) needed = 3;
      else if (byte >= 240 && byte <= 244) needed = 4;
      else return 0;
      const available = len - i;
      return available < needed ? available : 0;
    }
    __name(trailingIncomplete, "trailingIncomplete");
    function trailingBytesSeen(data) {
      const len = data.byteLength;
      if (len === 0) return 0;
      const last = data[len - 1];
      if (last <= 127) return 0;
      if ((last & 192) !== 128) return 1;
      const limit = Math.max(0, len - 4);
      let i = len - 2;
      while (i >= limit && (data[i] & 192) === 128) i--;
      if (i < 0) return 1;
      const first = data[i];
      let needed;
      if (first >= 194 && first <= 223) needed = 2;
      else if (first >= 224 && first <= 239) needed = 3;
      else if (first >= 240 && first <= 244) needed = 4;
      else return 1;
      if (len - i !== needed) return 1;
      if (needed >= 3) {
        const second = data[i + 1];
        if (first === 224 && second < 160) return 1;
        if (first === 237 && second > 159) return 1;
        if (first === 240 && second < 144) return 1;
        if (first === 244 && second > 143) return 1;
      }
      return 0;
    }
    __name(trailingBytesSeen, "trailingBytesSeen");
  }
});

// node_modules/text-decoder/index.js
var require_text_decoder = __commonJS({
  "node_modules/text-decoder/index.js"(exports, module) {
    var PassThroughDecoder = require_pass_through_decoder();
    var UTF8Decoder = require_utf8_decoder();
    module.exports = class TextDecoder {
      static {
        __name(this, "TextDecoder");
      }
      constructor(encoding = "utf8") {
        this.encoding = normalizeEncoding(encoding);
        switch (this.encoding) {
          case "utf8":
            this.decoder = new UTF8Decoder();
            break;
          case "utf16le":
          case "base64":
            throw new Error("Unsupported encoding: " + this.encoding);
          default:
            this.decoder = new PassThroughDecoder(this.encoding);
        }
      }
      get remaining() {
        return this.decoder.remaining;
      }
      push(data) {
        if (typeof data === "string") return data;
        return this.decoder.decode(data);
      }
      // For Node.js compatibility
      write(data) {
        return this.push(data);
      }
      end(data) {
        let result = "";
        if (data) result = this.push(data);
        result += this.decoder.flush();
        return result;
      }
    };
    function normalizeEncoding(encoding) {
      encoding = encoding.toLowerCase();
      switch (encoding) {
        case "utf8":
        case "utf-8":
          return "utf8";
        case "ucs2":
        case "ucs-2":
        case "utf16le":
        case "utf-16le":
          return "utf16le";
        case "latin1":
        case "binary":
          return "latin1";
        case "base64":
        case "ascii":
        case "hex":
          return encoding;
        default:
          throw new Error("Unknown encoding: " + encoding);
      }
    }
    __name(normalizeEncoding, "normalizeEncoding");
  }
});

// node_modules/streamx/lib/errors.js
var require_errors = __commonJS({
  "node_modules/streamx/lib/errors.js"(exports, module) {
    module.exports = class StreamError extends Error {
      static {
        __name(this, "StreamError");
      }
      constructor(msg, code2, fn = StreamError) {
        super(msg);
        this.code = code2;
        if (Error.captureStackTrace) {
          Error.captureStackTrace(this, fn);
        }
      }
      static isStreamDestroyed(err) {
        return err && err.code === "STREAM_DESTROYED";
      }
      static isPrematureClose(err) {
        return err && err.code === "PREMATURE_CLOSE";
      }
      static isAborted(err) {
        return err && err.code === "ABORTED";
      }
      static isBadArgument(err) {
        return err && err.code === "BAD_ARGUMENT";
      }
      get name() {
        return "StreamError";
      }
      static STREAM_DESTROYED() {
        return new StreamError("Stream was destroyed", "STREAM_DESTROYED", StreamError.STREAM_DESTROYED);
      }
      static PREMATURE_CLOSE(msg = "Premature close") {
        return new StreamError(msg, "PREMATURE_CLOSE", StreamError.PREMATURE_CLOSE);
      }
      static ABORTED() {
        return new StreamError("Stream aborted", "ABORTED", StreamError.ABORTED);
      }
      static BAD_ARGUMENT(msg = "Bad argument") {
        return new StreamError(msg, "BAD_ARGUMENT", StreamError.BAD_ARGUMENT);
      }
    };
  }
});

// node_modules/streamx/index.js
var require_streamx = __commonJS({
  "node_modules/streamx/index.js"(exports, module) {
    var { EventEmitter } = require_default();
    var FIFO = require_fast_fifo();
    var TextDecoder = require_text_decoder();
    var StreamError = require_errors();
    var qmt = typeof queueMicrotask === "undefined" ? (fn) => global.process.nextTick(fn) : queueMicrotask;
    var MAX = (1 << 29) - 1;
    var OPENING = 1;
    var PREDESTROYING = 2;
    var DESTROYING = 4;
    var DESTROYED = 8;
    var NOT_OPENING = MAX ^ OPENING;
    var NOT_PREDESTROYING = MAX ^ PREDESTROYING;
    var READ_ACTIVE = 1 << 4;
    var READ_UPDATING = 2 << 4;
    var READ_PRIMARY = 4 << 4;
    var READ_QUEUED = 8 << 4;
    var READ_RESUMED = 16 << 4;
    var READ_PIPE_DRAINED = 32 << 4;
    var READ_ENDING = 64 << 4;
    var READ_EMIT_DATA = 128 << 4;
    var READ_EMIT_READABLE = 256 << 4;
    var READ_EMITTED_READABLE = 512 << 4;
    var READ_DONE = 1024 << 4;
    var READ_NEXT_TICK = 2048 << 4;
    var READ_NEEDS_PUSH = 4096 << 4;
    var READ_READ_AHEAD = 8192 << 4;
    var READ_FLOWING = READ_RESUMED | READ_PIPE_DRAINED;
    var READ_ACTIVE_AND_NEEDS_PUSH = READ_ACTIVE | READ_NEEDS_PUSH;
    var READ_PRIMARY_AND_ACTIVE = READ_PRIMARY | READ_ACTIVE;
    var READ_EMIT_READABLE_AND_QUEUED = READ_EMIT_READABLE | READ_QUEUED;
    var READ_RESUMED_READ_AHEAD = READ_RESUMED | READ_READ_AHEAD;
    var READ_NOT_ACTIVE = MAX ^ READ_ACTIVE;
    var READ_NON_PRIMARY = MAX ^ READ_PRIMARY;
    var READ_NON_PRIMARY_AND_PUSHED = MAX ^ (READ_PRIMARY | READ_NEEDS_PUSH);
    var READ_PUSHED = MAX ^ READ_NEEDS_PUSH;
    var READ_PAUSED = MAX ^ READ_RESUMED;
    var READ_NOT_QUEUED = MAX ^ (READ_QUEUED | READ_EMITTED_READABLE);
    var READ_NOT_ENDING = MAX ^ READ_ENDING;
    var READ_PIPE_NOT_DRAINED = MAX ^ READ_FLOWING;
    var READ_NOT_NEXT_TICK = MAX ^ READ_NEXT_TICK;
    var READ_NOT_UPDATING = MAX ^ READ_UPDATING;
    var READ_NO_READ_AHEAD = MAX ^ READ_READ_AHEAD;
    var READ_PAUSED_NO_READ_AHEAD = MAX ^ READ_RESUMED_READ_AHEAD;
    var WRITE_ACTIVE = 1 << 18;
    var WRITE_UPDATING = 2 << 18;
    var WRITE_PRIMARY = 4 << 18;
    var WRITE_QUEUED = 8 << 18;
    var WRITE_UNDRAINED = 16 << 18;
    var WRITE_DONE = 32 << 18;
    var WRITE_EMIT_DRAIN = 64 << 18;
    var WRITE_NEXT_TICK = 128 << 18;
    var WRITE_WRITING = 256 << 18;
    var WRITE_FINISHING = 512 << 18;
    var WRITE_CORKED = 1024 << 18;
    var WRITE_NOT_ACTIVE = MAX ^ (WRITE_ACTIVE | WRITE_WRITING);
    var WRITE_NON_PRIMARY = MAX ^ WRITE_PRIMARY;
    var WRITE_NOT_FINISHING = MAX ^ (WRITE_ACTIVE | WRITE_FINISHING);
    var WRITE_DRAINED = MAX ^ WRITE_UNDRAINED;
    var WRITE_NOT_QUEUED = MAX ^ WRITE_QUEUED;
    var WRITE_NOT_NEXT_TICK = MAX ^ WRITE_NEXT_TICK;
    var WRITE_NOT_UPDATING = MAX ^ WRITE_UPDATING;
    var WRITE_NOT_CORKED = MAX ^ WRITE_CORKED;
    var ACTIVE = READ_ACTIVE | WRITE_ACTIVE;
    var NOT_ACTIVE = MAX ^ ACTIVE;
    var DONE = READ_DONE | WRITE_DONE;
    var DESTROY_STATUS = DESTROYING | DESTROYED | PREDESTROYING;
    var OPEN_STATUS = DESTROY_STATUS | OPENING;
    var AUTO_DESTROY = DESTROY_STATUS | DONE;
    var NON_PRIMARY = WRITE_NON_PRIMARY & READ_NON_PRIMARY;
    var ACTIVE_OR_TICKING = WRITE_NEXT_TICK | READ_NEXT_TICK;
    var TICKING = ACTIVE_OR_TICKING & NOT_ACTIVE;
    var IS_OPENING = OPEN_STATUS | TICKING;
    var READ_PRIMARY_STATUS = OPEN_STATUS | READ_ENDING | READ_DONE;
    var READ_STATUS = OPEN_STATUS | READ_DONE | READ_QUEUED;
    var READ_ENDING_STATUS = OPEN_STATUS | READ_ENDING | READ_QUEUED;
    var READ_READABLE_STATUS = OPEN_STATUS | READ_EMIT_READABLE | READ_QUEUED | READ_EMITTED_READABLE;
    var SHOULD_NOT_READ = OPEN_STATUS | READ_ACTIVE | READ_ENDING | READ_DONE | READ_NEEDS_PUSH | READ_READ_AHEAD;
    var READ_BACKPRESSURE_STATUS = DESTROY_STATUS | READ_ENDING | READ_DONE;
    var READ_UPDATE_SYNC_STATUS = READ_UPDATING | OPEN_STATUS | READ_NEXT_TICK | READ_PRIMARY;
    var READ_NEXT_TICK_OR_OPENING = READ_NEXT_TICK | OPENING;
    var WRITE_PRIMARY_STATUS = OPEN_STATUS | WRITE_FINISHING | WRITE_DONE;
    var WRITE_QUEUED_AND_UNDRAINED = WRITE_QUEUED | WRITE_UNDRAINED;
    var WRITE_QUEUED_AND_ACTIVE = WRITE_QUEUED | WRITE_ACTIVE;
    var WRITE_DRAIN_STATUS = WRITE_QUEUED | WRITE_UNDRAINED | OPEN_STATUS | WRITE_ACTIVE;
    var WRITE_STATUS = OPEN_STATUS | WRITE_ACTIVE | WRITE_QUEUED | WRITE_CORKED;
    var WRITE_PRIMARY_AND_ACTIVE = WRITE_PRIMARY | WRITE_ACTIVE;
    var WRITE_ACTIVE_AND_WRITING = WRITE_ACTIVE | WRITE_WRITING;
    var WRITE_FINISHING_STATUS = OPEN_STATUS | WRITE_FINISHING | WRITE_QUEUED_AND_ACTIVE | WRITE_DONE;
    var WRITE_BACKPRESSURE_STATUS = WRITE_UNDRAINED | DESTROY_STATUS | WRITE_FINISHING | WRITE_DONE;
    var WRITE_UPDATE_SYNC_STATUS = WRITE_UPDATING | OPEN_STATUS | WRITE_NEXT_TICK | WRITE_PRIMARY;
    var WRITE_DROP_DATA = WRITE_FINISHING | WRITE_DONE | DESTROY_STATUS;
    var asyncIterator = Symbol.asyncIterator || /* @__PURE__ */ Symbol("asyncIterator");
    var WritableState = class {
      static {
        __name(this, "WritableState");
      }
      constructor(stream, { highWaterMark = 16384, map = null, mapWritable, byteLength, byteLengthWritable } = {}) {
        this.stream = stream;
        this.queue = new FIFO();
        this.highWaterMark = highWaterMark;
        this.buffered = 0;
        this.error = null;
        this.pipeline = null;
        this.drains = null;
        this.byteLength = byteLengthWritable || byteLength || defaultByteLength;
        this.map = mapWritable || map;
        this.afterWrite = afterWrite.bind(this);
        this.afterUpdateNextTick = updateWriteNT.bind(this);
      }
      get ending() {
        return (this.stream._duplexState & WRITE_FINISHING) !== 0;
      }
      get ended() {
        return (this.stream._duplexState & WRITE_DONE) !== 0;
      }
      push(data) {
        if ((this.stream._duplexState & WRITE_DROP_DATA) !== 0) return false;
        if (this.map !== null) data = this.map(data);
        this.buffered += this.byteLength(data);
        this.queue.push(data);
        if (this.buffered < this.highWaterMark) {
          this.stream._duplexState |= WRITE_QUEUED;
          return true;
        }
        this.stream._duplexState |= WRITE_QUEUED_AND_UNDRAINED;
        return false;
      }
      shift() {
        const data = this.queue.shift();
        this.buffered -= this.byteLength(data);
        if (this.buffered === 0) this.stream._duplexState &= WRITE_NOT_QUEUED;
        return data;
      }
      end(data) {
        if (typeof data === "function") {
          this.stream.once("finish", data);
        } else if (data !== void 0 && data !== null) {
          this.push(data);
        }
        this.stream._duplexState = (this.stream._duplexState | WRITE_FINISHING) & WRITE_NON_PRIMARY;
      }
      autoBatch(data, cb) {
        const buffer = [];
        const stream = this.stream;
        buffer.push(data);
        while ((stream._duplexState & WRITE_STATUS) === WRITE_QUEUED_AND_ACTIVE) {
          buffer.push(stream._writableState.shift());
        }
        if ((stream._duplexState & OPEN_STATUS) !== 0) return cb(null);
        stream._writev(buffer, cb);
      }
      update() {
        const stream = this.stream;
        stream._duplexState |= WRITE_UPDATING;
        do {
          while ((stream._duplexState & WRITE_STATUS) === WRITE_QUEUED) {
            const data = this.shift();
            stream._duplexState |= WRITE_ACTIVE_AND_WRITING;
            stream._write(data, this.afterWrite);
          }
          if ((stream._duplexState & WRITE_PRIMARY_AND_ACTIVE) === 0) this.updateNonPrimary();
        } while (this.continueUpdate() === true);
        stream._duplexState &= WRITE_NOT_UPDATING;
      }
      updateNonPrimary() {
        const stream = this.stream;
        if ((stream._duplexState & WRITE_FINISHING_STATUS) === WRITE_FINISHING) {
          stream._duplexState = stream._duplexState | WRITE_ACTIVE;
          stream._final(afterFinal.bind(this));
          return;
        }
        if ((stream._duplexState & DESTROY_STATUS) === DESTROYING) {
          if ((stream._duplexState & ACTIVE_OR_TICKING) === 0) {
            stream._duplexState |= ACTIVE;
            stream._destroy(afterDestroy.bind(this));
          }
          return;
        }
        if ((stream._duplexState & IS_OPENING) === OPENING) {
          stream._duplexState = (stream._duplexState | ACTIVE) & NOT_OPENING;
          stream._open(afterOpen.bind(this));
        }
      }
      continueUpdate() {
        if ((this.stream._duplexState & WRITE_NEXT_TICK) === 0) return false;
        this.stream._duplexState &= WRITE_NOT_NEXT_TICK;
        return true;
      }
      updateCallback() {
        if ((this.stream._duplexState & WRITE_UPDATE_SYNC_STATUS) === WRITE_PRIMARY) {
          this.update();
        } else {
          this.updateNextTick();
        }
      }
      updateNextTick() {
        if ((this.stream._duplexState & WRITE_NEXT_TICK) !== 0) return;
        this.stream._duplexState |= WRITE_NEXT_TICK;
        if ((this.stream._duplexState & WRITE_UPDATING) === 0) qmt(this.afterUpdateNextTick);
      }
    };
    var ReadableState = class {
      static {
        __name(this, "ReadableState");
      }
      constructor(stream, { highWaterMark = 16384, map = null, mapReadable, byteLength, byteLengthReadable } = {}) {
        this.stream = stream;
        this.queue = new FIFO();
        this.highWaterMark = highWaterMark === 0 ? 1 : highWaterMark;
        this.buffered = 0;
        this.readAhead = highWaterMark > 0;
        this.error = null;
        this.pipeline = null;
        this.byteLength = byteLengthReadable || byteLength || defaultByteLength;
        this.map = mapReadable || map;
        this.pipeTo = null;
        this.afterRead = afterRead.bind(this);
        this.afterUpdateNextTick = updateReadNT.bind(this);
      }
      get ending() {
        return (this.stream._duplexState & READ_ENDING) !== 0;
      }
      get ended() {
        return (this.stream._duplexState & READ_DONE) !== 0;
      }
      pipe(pipeTo, cb) {
        if (this.pipeTo !== null) throw StreamError.BAD_ARGUMENT("Can only pipe to one destination");
        if (typeof cb !== "function") cb = null;
        this.stream._duplexState |= READ_PIPE_DRAINED;
        this.pipeTo = pipeTo;
        this.pipeline = new Pipeline(this.stream, pipeTo, cb);
        if (cb) this.stream.on("error", noop);
        if (isStreamx(pipeTo)) {
          pipeTo._writableState.pipeline = this.pipeline;
          if (cb) pipeTo.on("error", noop);
          pipeTo.on("finish", this.pipeline.finished.bind(this.pipeline));
        } else {
          const onerror = this.pipeline.done.bind(this.pipeline, pipeTo);
          const onclose = this.pipeline.done.bind(this.pipeline, pipeTo, null);
          pipeTo.on("error", onerror);
          pipeTo.on("close", onclose);
          pipeTo.on("finish", this.pipeline.finished.bind(this.pipeline));
        }
        pipeTo.on("drain", afterDrain.bind(this));
        this.stream.emit("piping", pipeTo);
        pipeTo.emit("pipe", this.stream);
      }
      push(data) {
        const stream = this.stream;
        if (data === null) {
          this.highWaterMark = 0;
          stream._duplexState = (stream._duplexState | READ_ENDING) & READ_NON_PRIMARY_AND_PUSHED;
          return false;
        }
        if (this.map !== null) {
          data = this.map(data);
          if (data === null) {
            stream._duplexState &= READ_PUSHED;
            return this.buffered < this.highWaterMark;
          }
        }
        this.buffered += this.byteLength(data);
        this.queue.push(data);
        stream._duplexState = (stream._duplexState | READ_QUEUED) & READ_PUSHED;
        return this.buffered < this.highWaterMark;
      }
      shift() {
        const data = this.queue.shift();
        this.buffered -= this.byteLength(data);
        if (this.buffered === 0) {
          this.stream._duplexState &= READ_NOT_QUEUED;
        }
        return data;
      }
      unshift(data) {
        const pending = [this.map !== null ? this.map(data) : data];
        while (this.buffered > 0) pending.push(this.shift());
        for (let i = 0; i < pending.length - 1; i++) {
          const data2 = pending[i];
          this.buffered += this.byteLength(data2);
          this.queue.push(data2);
        }
        this.push(pending[pending.length - 1]);
      }
      read() {
        const stream = this.stream;
        if ((stream._duplexState & READ_STATUS) === READ_QUEUED) {
          const data = this.shift();
          if (this.pipeTo !== null && this.pipeTo.write(data) === false) {
            stream._duplexState &= READ_PIPE_NOT_DRAINED;
          }
          if ((stream._duplexState & READ_EMIT_DATA) !== 0) {
            stream.emit("data", data);
          }
          return data;
        }
        if (this.readAhead === false) {
          stream._duplexState |= READ_READ_AHEAD;
          this.updateNextTick();
        }
        return null;
      }
      drain() {
        const stream = this.stream;
        while ((stream._duplexState & READ_STATUS) === READ_QUEUED && (stream._duplexState & READ_FLOWING) !== 0) {
          const data = this.shift();
          if (this.pipeTo !== null && this.pipeTo.write(data) === false) {
            stream._duplexState &= READ_PIPE_NOT_DRAINED;
          }
          if ((stream._duplexState & READ_EMIT_DATA) !== 0) {
            stream.emit("data", data);
          }
        }
      }
      update() {
        const stream = this.stream;
        stream._duplexState |= READ_UPDATING;
        do {
          this.drain();
          while (this.buffered < this.highWaterMark && (stream._duplexState & SHOULD_NOT_READ) === READ_READ_AHEAD) {
            stream._duplexState |= READ_ACTIVE_AND_NEEDS_PUSH;
            stream._read(this.afterRead);
            this.drain();
          }
          if ((stream._duplexState & READ_READABLE_STATUS) === READ_EMIT_READABLE_AND_QUEUED) {
            stream._duplexState |= READ_EMITTED_READABLE;
            stream.emit("readable");
          }
          if ((stream._duplexState & READ_PRIMARY_AND_ACTIVE) === 0) {
            this.updateNonPrimary();
          }
        } while (this.continueUpdate() === true);
        stream._duplexState &= READ_NOT_UPDATING;
      }
      updateNonPrimary() {
        const stream = this.stream;
        if ((stream._duplexState & READ_ENDING_STATUS) === READ_ENDING) {
          stream._duplexState = (stream._duplexState | READ_DONE) & READ_NOT_ENDING;
          stream.emit("end");
          if ((stream._duplexState & AUTO_DESTROY) === DONE) {
            stream._duplexState |= DESTROYING;
          }
          if (this.pipeTo !== null) {
            this.pipeTo.end();
          }
        }
        if ((stream._duplexState & DESTROY_STATUS) === DESTROYING) {
          if ((stream._duplexState & ACTIVE_OR_TICKING) === 0) {
            stream._duplexState |= ACTIVE;
            stream._destroy(afterDestroy.bind(this));
          }
          return;
        }
        if ((stream._duplexState & IS_OPENING) === OPENING) {
          stream._duplexState = (stream._duplexState | ACTIVE) & NOT_OPENING;
          stream._open(afterOpen.bind(this));
        }
      }
      continueUpdate() {
        if ((this.stream._duplexState & READ_NEXT_TICK) === 0) return false;
        this.stream._duplexState &= READ_NOT_NEXT_TICK;
        return true;
      }
      updateCallback() {
        if ((this.stream._duplexState & READ_UPDATE_SYNC_STATUS) === READ_PRIMARY) {
          this.update();
        } else {
          this.updateNextTick();
        }
      }
      updateNextTickIfOpen() {
        if ((this.stream._duplexState & READ_NEXT_TICK_OR_OPENING) !== 0) return;
        this.stream._duplexState |= READ_NEXT_TICK;
        if ((this.stream._duplexState & READ_UPDATING) === 0) qmt(this.afterUpdateNextTick);
      }
      updateNextTick() {
        if ((this.stream._duplexState & READ_NEXT_TICK) !== 0) return;
        this.stream._duplexState |= READ_NEXT_TICK;
        if ((this.stream._duplexState & READ_UPDATING) === 0) qmt(this.afterUpdateNextTick);
      }
    };
    var TransformState = class {
      static {
        __name(this, "TransformState");
      }
      constructor(stream) {
        this.data = null;
        this.afterTransform = afterTransform.bind(stream);
        this.afterFinal = null;
      }
    };
    var Pipeline = class {
      static {
        __name(this, "Pipeline");
      }
      constructor(src, dst, cb) {
        this.from = src;
        this.to = dst;
        this.afterPipe = cb;
        this.error = null;
        this.pipeToFinished = false;
      }
      finished() {
        this.pipeToFinished = true;
      }
      done(stream, err) {
        if (err) this.error = err;
        if (stream === this.to) {
          this.to = null;
          if (this.from !== null) {
            if ((this.from._duplexState & READ_DONE) === 0 || !this.pipeToFinished) {
              this.from.destroy(this.error || StreamError.PREMATURE_CLOSE("Writable stream closed"));
            }
            return;
          }
        }
        if (stream === this.from) {
          this.from = null;
          if (this.to !== null) {
            if ((stream._duplexState & READ_DONE) === 0) {
              this.to.destroy(this.error || StreamError.PREMATURE_CLOSE("Readable stream closed"));
            }
            return;
          }
        }
        if (this.afterPipe !== null) this.afterPipe(this.error);
        this.to = this.from = this.afterPipe = null;
      }
    };
    function afterDrain() {
      this.stream._duplexState |= READ_PIPE_DRAINED;
      this.updateCallback();
    }
    __name(afterDrain, "afterDrain");
    function afterFinal(err) {
      const stream = this.stream;
      if (err) stream.destroy(err);
      if ((stream._duplexState & DESTROY_STATUS) === 0) {
        stream._duplexState |= WRITE_DONE;
        stream.emit("finish");
      }
      if ((stream._duplexState & AUTO_DESTROY) === DONE) {
        stream._duplexState |= DESTROYING;
      }
      stream._duplexState &= WRITE_NOT_FINISHING;
      if ((stream._duplexState & WRITE_UPDATING) === 0) {
        this.update();
      } else {
        this.updateNextTick();
      }
    }
    __name(afterFinal, "afterFinal");
    function afterDestroy(err) {
      const stream = this.stream;
      if (!err && !StreamError.isStreamDestroyed(this.error)) err = this.error;
      if (err) stream.emit("error", err);
      stream._duplexState |= DESTROYED;
      stream.emit("close");
      const rs = stream._readableState;
      const ws = stream._writableState;
      if (rs !== null && rs.pipeline !== null) {
        rs.pipeline.done(stream, err);
      }
      if (ws !== null) {
        while (ws.drains !== null && ws.drains.length > 0) {
          ws.drains.shift().resolve(false);
        }
        if (ws.pipeline !== null) {
          ws.pipeline.done(stream, err);
        }
      }
    }
    __name(afterDestroy, "afterDestroy");
    function afterWrite(err) {
      const stream = this.stream;
      if (err) stream.destroy(err);
      stream._duplexState &= WRITE_NOT_ACTIVE;
      if (this.drains !== null) tickDrains(this.drains);
      if ((stream._duplexState & WRITE_DRAIN_STATUS) === WRITE_UNDRAINED) {
        stream._duplexState &= WRITE_DRAINED;
        if ((stream._duplexState & WRITE_EMIT_DRAIN) === WRITE_EMIT_DRAIN) {
          stream.emit("drain");
        }
      }
      this.updateCallback();
    }
    __name(afterWrite, "afterWrite");
    function afterRead(err) {
      if (err) this.stream.destroy(err);
      this.stream._duplexState &= READ_NOT_ACTIVE;
      if (this.readAhead === false && (this.stream._duplexState & READ_RESUMED) === 0) {
        this.stream._duplexState &= READ_NO_READ_AHEAD;
      }
      this.updateCallback();
    }
    __name(afterRead, "afterRead");
    function updateReadNT() {
      if ((this.stream._duplexState & READ_UPDATING) === 0) {
        this.stream._duplexState &= READ_NOT_NEXT_TICK;
        this.update();
      }
    }
    __name(updateReadNT, "updateReadNT");
    function updateWriteNT() {
      if ((this.stream._duplexState & WRITE_UPDATING) === 0) {
        this.stream._duplexState &= WRITE_NOT_NEXT_TICK;
        this.update();
      }
    }
    __name(updateWriteNT, "updateWriteNT");
    function tickDrains(drains) {
      for (let i = 0; i < drains.length; i++) {
        if (--drains[i].writes === 0) {
          drains.shift().resolve(true);
          i--;
        }
      }
    }
    __name(tickDrains, "tickDrains");
    function afterOpen(err) {
      const stream = this.stream;
      if (err) stream.destroy(err);
      if ((stream._duplexState & DESTROYING) === 0) {
        if ((stream._duplexState & READ_PRIMARY_STATUS) === 0) {
          stream._duplexState |= READ_PRIMARY;
        }
        if ((stream._duplexState & WRITE_PRIMARY_STATUS) === 0) {
          stream._duplexState |= WRITE_PRIMARY;
        }
        stream.emit("open");
      }
      stream._duplexState &= NOT_ACTIVE;
      if (stream._writableState !== null) {
        stream._writableState.updateCallback();
      }
      if (stream._readableState !== null) {
        stream._readableState.updateCallback();
      }
    }
    __name(afterOpen, "afterOpen");
    function afterTransform(err, data) {
      if (data !== void 0 && data !== null) this.push(data);
      this._writableState.afterWrite(err);
    }
    __name(afterTransform, "afterTransform");
    function newListener(name) {
      if (this._readableState !== null) {
        if (name === "data") {
          this._duplexState |= READ_EMIT_DATA | READ_RESUMED_READ_AHEAD;
          this._readableState.updateNextTick();
        }
        if (name === "readable") {
          this._duplexState |= READ_EMIT_READABLE;
          this._readableState.updateNextTick();
        }
      }
      if (this._writableState !== null) {
        if (name === "drain") {
          this._duplexState |= WRITE_EMIT_DRAIN;
          this._writableState.updateNextTick();
        }
      }
    }
    __name(newListener, "newListener");
    var Stream = class extends EventEmitter {
      static {
        __name(this, "Stream");
      }
      constructor(opts) {
        super();
        this._duplexState = 0;
        this._readableState = null;
        this._writableState = null;
        if (opts) {
          if (opts.open) this._open = opts.open;
          if (opts.destroy) this._destroy = opts.destroy;
          if (opts.predestroy) this._predestroy = opts.predestroy;
          if (opts.signal) opts.signal.addEventListener("abort", abort.bind(this));
        }
        this.on("newListener", newListener);
      }
      _open(cb) {
        cb(null);
      }
      _destroy(cb) {
        cb(null);
      }
      _predestroy() {
      }
      get readable() {
        return this._readableState !== null ? true : void 0;
      }
      get writable() {
        return this._writableState !== null ? true : void 0;
      }
      get destroyed() {
        return (this._duplexState & DESTROYED) !== 0;
      }
      get destroying() {
        return (this._duplexState & DESTROY_STATUS) !== 0;
      }
      destroy(err) {
        if ((this._duplexState & DESTROY_STATUS) === 0) {
          if (!err) err = StreamError.STREAM_DESTROYED();
          this._duplexState = (this._duplexState | DESTROYING) & NON_PRIMARY;
          if (this._readableState !== null) {
            this._readableState.highWaterMark = 0;
            this._readableState.error = err;
          }
          if (this._writableState !== null) {
            this._writableState.highWaterMark = 0;
            this._writableState.error = err;
          }
          this._duplexState |= PREDESTROYING;
          this._predestroy();
          this._duplexState &= NOT_PREDESTROYING;
          if (this._readableState !== null) {
            this._readableState.updateNextTick();
          }
          if (this._writableState !== null) {
            this._writableState.updateNextTick();
          }
        }
      }
    };
    var Readable2 = class _Readable extends Stream {
      static {
        __name(this, "Readable");
      }
      constructor(opts) {
        super(opts);
        this._duplexState |= OPENING | WRITE_DONE | READ_READ_AHEAD;
        this._readableState = new ReadableState(this, opts);
        if (opts) {
          if (this._readableState.readAhead === false) this._duplexState &= READ_NO_READ_AHEAD;
          if (opts.read) this._read = opts.read;
          if (opts.eagerOpen) this._readableState.updateNextTick();
          if (opts.encoding) this.setEncoding(opts.encoding);
        }
      }
      static deferred(fn, opts) {
        const out = new PassThrough(opts);
        fn().then((src) => {
          if (src === null) return out.end();
          if (out.destroying) return;
          pipeline2(src, out, noop);
        }).catch((err) => out.destroy(err));
        return out;
      }
      setEncoding(encoding) {
        const dec = new TextDecoder(encoding);
        const map = this._readableState.map || echo;
        this._readableState.map = mapOrSkip;
        return this;
        function mapOrSkip(data) {
          const next = dec.push(data);
          return next === "" && (data.byteLength !== 0 || dec.remaining > 0) ? null : map(next);
        }
        __name(mapOrSkip, "mapOrSkip");
      }
      _read(cb) {
        cb(null);
      }
      pipe(dest, cb) {
        this._readableState.updateNextTick();
        this._readableState.pipe(dest, cb);
        return dest;
      }
      read() {
        this._readableState.updateNextTick();
        return this._readableState.read();
      }
      push(data) {
        this._readableState.updateNextTickIfOpen();
        return this._readableState.push(data);
      }
      unshift(data) {
        this._readableState.updateNextTickIfOpen();
        return this._readableState.unshift(data);
      }
      resume() {
        this._duplexState |= READ_RESUMED_READ_AHEAD;
        this._readableState.updateNextTick();
        return this;
      }
      pause() {
        this._duplexState &= this._readableState.readAhead === false ? READ_PAUSED_NO_READ_AHEAD : READ_PAUSED;
        return this;
      }
      static _fromAsyncIterator(ite, opts) {
        let destroy2;
        const rs = new _Readable({
          ...opts,
          read(cb) {
            ite.next().then(push).then(cb.bind(null, null)).catch(cb);
          },
          predestroy() {
            destroy2 = ite.return();
          },
          destroy(cb) {
            if (!destroy2) return cb(null);
            destroy2.then(cb.bind(null, null)).catch(cb);
          }
        });
        return rs;
        function push(data) {
          if (data.done) rs.push(null);
          else rs.push(data.value);
        }
        __name(push, "push");
      }
      static from(data, opts) {
        if (isReadStreamx(data)) return data;
        if (data[asyncIterator]) return this._fromAsyncIterator(data[asyncIterator](), opts);
        if (!Array.isArray(data)) data = data === void 0 ? [] : [data];
        let i = 0;
        return new _Readable({
          ...opts,
          read(cb) {
            this.push(i === data.length ? null : data[i++]);
            cb(null);
          }
        });
      }
      static isBackpressured(rs) {
        return (rs._duplexState & READ_BACKPRESSURE_STATUS) !== 0 || rs._readableState.buffered >= rs._readableState.highWaterMark;
      }
      static isPaused(rs) {
        return (rs._duplexState & READ_RESUMED) === 0;
      }
      [asyncIterator]() {
        const stream = this;
        let error = null;
        let promiseResolve = null;
        let promiseReject = null;
        this.on("error", (err) => {
          error = err;
        });
        this.on("readable", onreadable);
        this.on("close", onclose);
        return {
          [asyncIterator]() {
            return this;
          },
          next() {
            return new Promise(function(resolve, reject) {
              promiseResolve = resolve;
              promiseReject = reject;
              const data = stream.read();
              if (data !== null) ondata(data);
              else if ((stream._duplexState & DESTROYED) !== 0) ondata(null);
            });
          },
          return() {
            return destroy2(null);
          },
          throw(err) {
            return destroy2(err);
          }
        };
        function onreadable() {
          if (promiseResolve !== null) ondata(stream.read());
        }
        __name(onreadable, "onreadable");
        function onclose() {
          if (promiseResolve !== null) ondata(null);
        }
        __name(onclose, "onclose");
        function ondata(data) {
          if (promiseReject === null) return;
          if (error) {
            promiseReject(error);
          } else if (data === null && (stream._duplexState & READ_DONE) === 0) {
            promiseReject(StreamError.STREAM_DESTROYED());
          } else {
            promiseResolve({ value: data, done: data === null });
          }
          promiseReject = promiseResolve = null;
        }
        __name(ondata, "ondata");
        function destroy2(err) {
          stream.destroy(err);
          return new Promise((resolve, reject) => {
            if (stream._duplexState & DESTROYED) return resolve({ value: void 0, done: true });
            stream.once("close", function() {
              if (err) reject(err);
              else resolve({ value: void 0, done: true });
            });
          });
        }
        __name(destroy2, "destroy");
      }
    };
    var Writable2 = class extends Stream {
      static {
        __name(this, "Writable");
      }
      constructor(opts) {
        super(opts);
        this._duplexState |= OPENING | READ_DONE;
        this._writableState = new WritableState(this, opts);
        if (opts) {
          if (opts.writev) this._writev = opts.writev;
          if (opts.write) this._write = opts.write;
          if (opts.final) this._final = opts.final;
          if (opts.eagerOpen) this._writableState.updateNextTick();
        }
      }
      cork() {
        this._duplexState |= WRITE_CORKED;
      }
      uncork() {
        this._duplexState &= WRITE_NOT_CORKED;
        this._writableState.updateNextTick();
      }
      _writev(batch, cb) {
        cb(null);
      }
      _write(data, cb) {
        this._writableState.autoBatch(data, cb);
      }
      _final(cb) {
        cb(null);
      }
      static isBackpressured(ws) {
        return (ws._duplexState & WRITE_BACKPRESSURE_STATUS) !== 0;
      }
      static drained(ws) {
        if (ws.destroyed) return Promise.resolve(false);
        const state = ws._writableState;
        const pending = isWritev(ws) ? Math.min(1, state.queue.length) : state.queue.length;
        const writes = pending + (ws._duplexState & WRITE_WRITING ? 1 : 0);
        if (writes === 0) return Promise.resolve(true);
        if (state.drains === null) state.drains = [];
        return new Promise((resolve) => {
          state.drains.push({ writes, resolve });
        });
      }
      write(data) {
        this._writableState.updateNextTick();
        return this._writableState.push(data);
      }
      end(data) {
        this._writableState.updateNextTick();
        this._writableState.end(data);
        return this;
      }
    };
    var Duplex2 = class extends Readable2 {
      static {
        __name(this, "Duplex");
      }
      // and Writable
      constructor(opts) {
        super(opts);
        this._duplexState = OPENING | this._duplexState & READ_READ_AHEAD;
        this._writableState = new WritableState(this, opts);
        if (opts) {
          if (opts.writev) this._writev = opts.writev;
          if (opts.write) this._write = opts.write;
          if (opts.final) this._final = opts.final;
        }
      }
      cork() {
        this._duplexState |= WRITE_CORKED;
      }
      uncork() {
        this._duplexState &= WRITE_NOT_CORKED;
        this._writableState.updateNextTick();
      }
      _writev(batch, cb) {
        cb(null);
      }
      _write(data, cb) {
        this._writableState.autoBatch(data, cb);
      }
      _final(cb) {
        cb(null);
      }
      write(data) {
        this._writableState.updateNextTick();
        return this._writableState.push(data);
      }
      end(data) {
        this._writableState.updateNextTick();
        this._writableState.end(data);
        return this;
      }
    };
    var Transform2 = class extends Duplex2 {
      static {
        __name(this, "Transform");
      }
      constructor(opts) {
        super(opts);
        this._transformState = new TransformState(this);
        if (opts) {
          if (opts.transform) this._transform = opts.transform;
          if (opts.flush) this._flush = opts.flush;
        }
      }
      _write(data, cb) {
        if (this._readableState.buffered >= this._readableState.highWaterMark) {
          this._transformState.data = data;
        } else {
          this._transform(data, this._transformState.afterTransform);
        }
      }
      _read(cb) {
        if (this._transformState.data !== null) {
          const data = this._transformState.data;
          this._transformState.data = null;
          cb(null);
          this._transform(data, this._transformState.afterTransform);
        } else {
          cb(null);
        }
      }
      destroy(err) {
        super.destroy(err);
        if (this._transformState.data !== null) {
          this._transformState.data = null;
          this._transformState.afterTransform();
        }
      }
      _transform(data, cb) {
        cb(null, data);
      }
      _flush(cb) {
        cb(null);
      }
      _final(cb) {
        this._transformState.afterFinal = cb;
        this._flush(transformAfterFlush.bind(this));
      }
    };
    var PassThrough = class extends Transform2 {
      static {
        __name(this, "PassThrough");
      }
    };
    function transformAfterFlush(err, data) {
      const cb = this._transformState.afterFinal;
      if (err) return cb(err);
      if (data !== null && data !== void 0) this.push(data);
      this.push(null);
      cb(null);
    }
    __name(transformAfterFlush, "transformAfterFlush");
    function pipelinePromise(...streams) {
      return new Promise((resolve, reject) => {
        return pipeline2(...streams, (err) => {
          if (err) return reject(err);
          resolve();
        });
      });
    }
    __name(pipelinePromise, "pipelinePromise");
    function pipeline2(stream, ...streams) {
      const all = Array.isArray(stream) ? [...stream, ...streams] : [stream, ...streams];
      const done = all.length && typeof all[all.length - 1] === "function" ? all.pop() : null;
      if (all.length < 2) throw StreamError.BAD_ARGUMENT("Pipeline requires at least 2 streams");
      let src = all[0];
      let dest = null;
      let error = null;
      for (let i = 1; i < all.length; i++) {
        dest = all[i];
        if (isStreamx(src)) {
          src.pipe(dest, onerror);
        } else {
          errorHandle(src, true, i > 1, onerror);
          src.pipe(dest);
        }
        src = dest;
      }
      if (done) {
        let fin = false;
        const autoDestroy = isStreamx(dest) || !!(dest._writableState && dest._writableState.autoDestroy);
        dest.on("error", (err) => {
          if (error === null) error = err;
        });
        dest.on("finish", () => {
          fin = true;
          if (!autoDestroy) done(error);
        });
        if (autoDestroy) {
          dest.on("close", () => done(error || (fin ? null : StreamError.PREMATURE_CLOSE())));
        }
      }
      return dest;
      function errorHandle(s, rd, wr, onerror2) {
        s.on("error", onerror2);
        s.on("close", onclose);
        function onclose() {
          if (rd && s._readableState && !s._readableState.ended) {
            return onerror2(StreamError.PREMATURE_CLOSE());
          }
          if (wr && s._writableState && !s._writableState.ended) {
            return onerror2(StreamError.PREMATURE_CLOSE());
          }
        }
        __name(onclose, "onclose");
      }
      __name(errorHandle, "errorHandle");
      function onerror(err) {
        if (!err || error) return;
        error = err;
        for (const s of all) {
          s.destroy(err);
        }
      }
      __name(onerror, "onerror");
    }
    __name(pipeline2, "pipeline");
    function echo(s) {
      return s;
    }
    __name(echo, "echo");
    function isStream3(stream) {
      return !!stream._readableState || !!stream._writableState;
    }
    __name(isStream3, "isStream");
    function isStreamx(stream) {
      return typeof stream._duplexState === "number" && isStream3(stream);
    }
    __name(isStreamx, "isStreamx");
    function isEnding(stream) {
      return !!stream._readableState && stream._readableState.ending;
    }
    __name(isEnding, "isEnding");
    function isEnded(stream) {
      return !!stream._readableState && stream._readableState.ended;
    }
    __name(isEnded, "isEnded");
    function isFinishing(stream) {
      return !!stream._writableState && stream._writableState.ending;
    }
    __name(isFinishing, "isFinishing");
    function isFinished(stream) {
      return !!stream._writableState && stream._writableState.ended;
    }
    __name(isFinished, "isFinished");
    function getStreamError(stream, opts = {}) {
      const err = stream._readableState && stream._readableState.error || stream._writableState && stream._writableState.error;
      return !opts.all && StreamError.isStreamDestroyed(err) ? null : err;
    }
    __name(getStreamError, "getStreamError");
    function isReadStreamx(stream) {
      return isStreamx(stream) && stream.readable;
    }
    __name(isReadStreamx, "isReadStreamx");
    function isDisturbed(stream) {
      return (stream._duplexState & OPENING) !== OPENING || (stream._duplexState & DESTROYING) === DESTROYING || (stream._duplexState & ACTIVE_OR_TICKING) !== 0;
    }
    __name(isDisturbed, "isDisturbed");
    function isTypedArray(data) {
      return typeof data === "object" && data !== null && typeof data.byteLength === "number";
    }
    __name(isTypedArray, "isTypedArray");
    function defaultByteLength(data) {
      return isTypedArray(data) ? data.byteLength : 1024;
    }
    __name(defaultByteLength, "defaultByteLength");
    function noop() {
    }
    __name(noop, "noop");
    function abort() {
      this.destroy(StreamError.ABORTED());
    }
    __name(abort, "abort");
    function isWritev(s) {
      return s._writev !== Writable2.prototype._writev && s._writev !== Duplex2.prototype._writev;
    }
    __name(isWritev, "isWritev");
    module.exports = {
      pipeline: pipeline2,
      pipelinePromise,
      isStream: isStream3,
      isStreamx,
      isEnding,
      isEnded,
      isFinishing,
      isFinished,
      isDisturbed,
      getStreamError,
      Stream,
      Writable: Writable2,
      Readable: Readable2,
      Duplex: Duplex2,
      Transform: Transform2,
      // Export PassThrough for compatibility with Node.js core's stream module
      PassThrough
    };
  }
});

// node_modules/tar-stream/headers.js
var require_headers = __commonJS({
  "node_modules/tar-stream/headers.js"(exports) {
    var b4a = require_b4a();
    var ZEROS = "0000000000000000000";
    var SEVENS = "7777777777777777777";
    var ZERO_OFFSET = "0".charCodeAt(0);
    var USTAR_MAGIC = b4a.from([117, 115, 116, 97, 114, 0]);
    var USTAR_VER = b4a.from([ZERO_OFFSET, ZERO_OFFSET]);
    var GNU_MAGIC = b4a.from([117, 115, 116, 97, 114, 32]);
    var GNU_VER = b4a.from([32, 0]);
    var MASK = 4095;
    var MAGIC_OFFSET = 257;
    var VERSION_OFFSET = 263;
    exports.decodeLongPath = /* @__PURE__ */ __name(function decodeLongPath(buf, encoding) {
      return decodeStr(buf, 0, buf.length, encoding);
    }, "decodeLongPath");
    exports.encodePax = /* @__PURE__ */ __name(function encodePax(opts) {
      let result = "";
      if (opts.name) result += addLength(" path=" + opts.name + "\n");
      if (opts.linkname) result += addLength(" linkpath=" + opts.linkname + "\n");
      const pax = opts.pax;
      if (pax) {
        for (const key in pax) {
          result += addLength(" " + key + "=" + pax[key] + "\n");
        }
      }
      return b4a.from(result);
    }, "encodePax");
    exports.decodePax = /* @__PURE__ */ __name(function decodePax(buf) {
      const result = {};
      while (buf.length) {
        let i = 0;
        while (i < buf.length && buf[i] !== 32) i++;
        const len = parseInt(b4a.toString(buf.subarray(0, i)), 10);
        if (!len) return result;
        const b = b4a.toString(buf.subarray(i + 1, len - 1));
        const keyIndex = b.indexOf("=");
        if (keyIndex === -1) return result;
        result[b.slice(0, keyIndex)] = b.slice(keyIndex + 1);
        buf = buf.subarray(len);
      }
      return result;
    }, "decodePax");
    exports.encode = /* @__PURE__ */ __name(function encode(opts) {
      const buf = b4a.alloc(512);
      let name = opts.name;
      let prefix = "";
      if (opts.typeflag === 5 && name[name.length - 1] !== "/") name += "/";
      if (b4a.byteLength(name) !== name.length) return null;
      while (b4a.byteLength(name) > 100) {
        const i = name.indexOf("/");
        if (i === -1) return null;
        prefix += prefix ? "/" + name.slice(0, i) : name.slice(0, i);
        name = name.slice(i + 1);
      }
      if (b4a.byteLength(name) > 100 || b4a.byteLength(prefix) > 155) return null;
      if (opts.linkname && b4a.byteLength(opts.linkname) > 100) return null;
      b4a.write(buf, name);
      b4a.write(buf, encodeOct(opts.mode & MASK, 6), 100);
      b4a.write(buf, encodeOct(opts.uid, 6), 108);
      b4a.write(buf, encodeOct(opts.gid, 6), 116);
      encodeSize(opts.size, buf, 124);
      b4a.write(buf, encodeOct(opts.mtime.getTime() / 1e3 | 0, 11), 136);
      buf[156] = ZERO_OFFSET + toTypeflag(opts.type);
      if (opts.linkname) b4a.write(buf, opts.linkname, 157);
      b4a.copy(USTAR_MAGIC, buf, MAGIC_OFFSET);
      b4a.copy(USTAR_VER, buf, VERSION_OFFSET);
      if (opts.uname) b4a.write(buf, opts.uname, 265);
      if (opts.gname) b4a.write(buf, opts.gname, 297);
      b4a.write(buf, encodeOct(opts.devmajor || 0, 6), 329);
      b4a.write(buf, encodeOct(opts.devminor || 0, 6), 337);
      if (prefix) b4a.write(buf, prefix, 345);
      b4a.write(buf, encodeOct(cksum(buf), 6), 148);
      return buf;
    }, "encode");
    exports.decode = /* @__PURE__ */ __name(function decode(buf, filenameEncoding, allowUnknownFormat) {
      let typeflag = buf[156] === 0 ? 0 : buf[156] - ZERO_OFFSET;
      let name = decodeStr(buf, 0, 100, filenameEncoding);
      const mode = decodeOct(buf, 100, 8);
      const uid = decodeOct(buf, 108, 8);
      const gid = decodeOct(buf, 116, 8);
      const size2 = decodeOct(buf, 124, 12);
      const mtime = decodeOct(buf, 136, 12);
      const type = toType(typeflag);
      const linkname = buf[157] === 0 ? null : decodeStr(buf, 157, 100, filenameEncoding);
      const uname = decodeStr(buf, 265, 32);
      const gname = decodeStr(buf, 297, 32);
      const devmajor = decodeOct(buf, 329, 8);
      const devminor = decodeOct(buf, 337, 8);
      const c = cksum(buf);
      if (c === 8 * 32) return null;
      if (c !== decodeOct(buf, 148, 8)) throw new Error("Invalid tar header. Maybe the tar is corrupted or it needs to be gunzipped?");
      if (isUSTAR(buf)) {
        if (buf[345]) name = decodeStr(buf, 345, 155, filenameEncoding) + "/" + name;
      } else if (isGNU(buf)) {
      } else {
        if (!allowUnknownFormat) {
          throw new Error("Invalid tar header: unknown format.");
        }
      }
      if (typeflag === 0 && name && name[name.length - 1] === "/") typeflag = 5;
      return {
        name,
        mode,
        uid,
        gid,
        size: size2,
        byteOffset: 0,
        mtime: new Date(1e3 * mtime),
        type,
        linkname,
        uname,
        gname,
        devmajor,
        devminor,
        pax: null
      };
    }, "decode");
    function isUSTAR(buf) {
      return b4a.equals(USTAR_MAGIC, buf.subarray(MAGIC_OFFSET, MAGIC_OFFSET + 6));
    }
    __name(isUSTAR, "isUSTAR");
    function isGNU(buf) {
      return b4a.equals(GNU_MAGIC, buf.subarray(MAGIC_OFFSET, MAGIC_OFFSET + 6)) && b4a.equals(GNU_VER, buf.subarray(VERSION_OFFSET, VERSION_OFFSET + 2));
    }
    __name(isGNU, "isGNU");
    function clamp(index, len, defaultValue) {
      if (typeof index !== "number") return defaultValue;
      index = ~~index;
      if (index >= len) return len;
      if (index >= 0) return index;
      index += len;
      if (index >= 0) return index;
      return 0;
    }
    __name(clamp, "clamp");
    function toType(flag) {
      switch (flag) {
        case 0:
          return "file";
        case 1:
          return "link";
        case 2:
          return "symlink";
        case 3:
          return "character-device";
        case 4:
          return "block-device";
        case 5:
          return "directory";
        case 6:
          return "fifo";
        case 7:
          return "contiguous-file";
        case 72:
          return "pax-header";
        case 55:
          return "pax-global-header";
        case 27:
          return "gnu-long-link-path";
        case 28:
        case 30:
          return "gnu-long-path";
      }
      return null;
    }
    __name(toType, "toType");
    function toTypeflag(flag) {
      switch (flag) {
        case "file":
          return 0;
        case "link":
          return 1;
        case "symlink":
          return 2;
        case "character-device":
          return 3;
        case "block-device":
          return 4;
        case "directory":
          return 5;
        case "fifo":
          return 6;
        case "contiguous-file":
          return 7;
        case "pax-header":
          return 72;
      }
      return 0;
    }
    __name(toTypeflag, "toTypeflag");
    function indexOf(block2, num, offset, end) {
      for (; offset < end; offset++) {
        if (block2[offset] === num) return offset;
      }
      return end;
    }
    __name(indexOf, "indexOf");
    function cksum(block2) {
      let sum = 8 * 32;
      for (let i = 0; i < 148; i++) sum += block2[i];
      for (let j = 156; j < 512; j++) sum += block2[j];
      return sum;
    }
    __name(cksum, "cksum");
    function encodeOct(val, n) {
      val = val.toString(8);
      if (val.length > n) return SEVENS.slice(0, n) + " ";
      return ZEROS.slice(0, n - val.length) + val + " ";
    }
    __name(encodeOct, "encodeOct");
    function encodeSizeBin(num, buf, off) {
      buf[off] = 128;
      for (let i = 11; i > 0; i--) {
        buf[off + i] = num & 255;
        num = Math.floor(num / 256);
      }
    }
    __name(encodeSizeBin, "encodeSizeBin");
    function encodeSize(num, buf, off) {
      if (num.toString(8).length > 11) {
        encodeSizeBin(num, buf, off);
      } else {
        b4a.write(buf, encodeOct(num, 11), off);
      }
    }
    __name(encodeSize, "encodeSize");
    function parse256(buf) {
      let positive;
      if (buf[0] === 128) positive = true;
      else if (buf[0] === 255) positive = false;
      else return null;
      const tuple = [];
      let i;
      for (i = buf.length - 1; i > 0; i--) {
        const byte = buf[i];
        if (positive) tuple.push(byte);
        else tuple.push(255 - byte);
      }
      let sum = 0;
      const l = tuple.length;
      for (i = 0; i < l; i++) {
        sum += tuple[i] * Math.pow(256, i);
      }
      return positive ? sum : -1 * sum;
    }
    __name(parse256, "parse256");
    function decodeOct(val, offset, length) {
      val = val.subarray(offset, offset + length);
      offset = 0;
      if (val[offset] & 128) {
        return parse256(val);
      } else {
        while (offset < val.length && val[offset] === 32) offset++;
        const end = clamp(indexOf(val, 32, offset, val.length), val.length, val.length);
        while (offset < end && val[offset] === 0) offset++;
        if (end === offset) return 0;
        return parseInt(b4a.toString(val.subarray(offset, end)), 8);
      }
    }
    __name(decodeOct, "decodeOct");
    function decodeStr(val, offset, length, encoding) {
      return b4a.toString(val.subarray(offset, indexOf(val, 0, offset, offset + length)), encoding);
    }
    __name(decodeStr, "decodeStr");
    function addLength(str) {
      const len = b4a.byteLength(str);
      let digits = Math.floor(Math.log(len) / Math.log(10)) + 1;
      if (len + digits >= Math.pow(10, digits)) digits++;
      return len + digits + str;
    }
    __name(addLength, "addLength");
  }
});

// node_modules/tar-stream/extract.js
var require_extract = __commonJS({
  "node_modules/tar-stream/extract.js"(exports, module) {
    var { Writable: Writable2, Readable: Readable2, getStreamError } = require_streamx();
    var FIFO = require_fast_fifo();
    var b4a = require_b4a();
    var headers = require_headers();
    var EMPTY = b4a.alloc(0);
    var MAX_HEADER_SIZE = 4 * 1024 * 1024;
    var BufferList = class {
      static {
        __name(this, "BufferList");
      }
      constructor() {
        this.buffered = 0;
        this.shifted = 0;
        this.queue = new FIFO();
        this._offset = 0;
      }
      push(buffer) {
        this.buffered += buffer.byteLength;
        this.queue.push(buffer);
      }
      shiftFirst(size2) {
        return this.buffered === 0 ? null : this._next(size2);
      }
      shift(size2) {
        if (size2 > this.buffered) return null;
        if (size2 === 0) return EMPTY;
        let chunk = this._next(size2);
        if (size2 === chunk.byteLength) return chunk;
        const chunks = [chunk];
        while ((size2 -= chunk.byteLength) > 0) {
          chunk = this._next(size2);
          chunks.push(chunk);
        }
        return b4a.concat(chunks);
      }
      _next(size2) {
        const buf = this.queue.peek();
        const rem = buf.byteLength - this._offset;
        if (size2 >= rem) {
          const sub = this._offset ? buf.subarray(this._offset, buf.byteLength) : buf;
          this.queue.shift();
          this._offset = 0;
          this.buffered -= rem;
          this.shifted += rem;
          return sub;
        }
        this.buffered -= size2;
        this.shifted += size2;
        return buf.subarray(this._offset, this._offset += size2);
      }
    };
    var Source = class extends Readable2 {
      static {
        __name(this, "Source");
      }
      constructor(self, header, offset) {
        super();
        this.header = header;
        this.offset = offset;
        this._parent = self;
      }
      _read(cb) {
        if (this.header.size === 0) {
          this.push(null);
        }
        if (this._parent._stream === this) {
          this._parent._update();
        }
        cb(null);
      }
      _predestroy() {
        this._parent.destroy(getStreamError(this));
      }
      _detach() {
        if (this._parent._stream === this) {
          this._parent._stream = null;
          this._parent._missing = overflow(this.header.size);
          this._parent._update();
        }
      }
      _destroy(cb) {
        this._detach();
        cb(null);
      }
    };
    var Extract = class extends Writable2 {
      static {
        __name(this, "Extract");
      }
      constructor(opts) {
        super(opts);
        if (!opts) opts = {};
        this._buffer = new BufferList();
        this._offset = 0;
        this._header = null;
        this._stream = null;
        this._missing = 0;
        this._longHeader = false;
        this._callback = noop;
        this._locked = false;
        this._finished = false;
        this._pax = null;
        this._paxGlobal = null;
        this._gnuLongPath = null;
        this._gnuLongLinkPath = null;
        this._filenameEncoding = opts.filenameEncoding || "utf-8";
        this._allowUnknownFormat = !!opts.allowUnknownFormat;
        this._unlockBound = this._unlock.bind(this);
      }
      _unlock(err) {
        this._locked = false;
        if (err) {
          this.destroy(err);
          this._continueWrite(err);
          return;
        }
        this._update();
      }
      _consumeHeader() {
        if (this._locked) return false;
        this._offset = this._buffer.shifted;
        try {
          this._header = headers.decode(this._buffer.shift(512), this._filenameEncoding, this._allowUnknownFormat);
        } catch (err) {
          this._continueWrite(err);
          return false;
        }
        if (!this._header) return true;
        this._header.byteOffset = this._buffer.shifted;
        switch (this._header.type) {
          case "gnu-long-path":
          case "gnu-long-link-path":
          case "pax-global-header":
          case "pax-header":
            this._longHeader = true;
            this._missing = this._header.size;
            if (this._missing > MAX_HEADER_SIZE) {
              this._continueWrite(new Error("Header exceeds max size"));
              return false;
            }
            return true;
        }
        this._locked = true;
        this._applyLongHeaders();
        if (!(this._header.size >= 0)) {
          this._continueWrite(new Error("Invalid header"));
          return false;
        }
        if (this._header.size === 0 || this._header.type === "directory") {
          this.emit("entry", this._header, this._createStream(), this._unlockBound);
          return true;
        }
        this._stream = this._createStream();
        this._missing = this._header.size;
        this.emit("entry", this._header, this._stream, this._unlockBound);
        return true;
      }
      _applyLongHeaders() {
        if (this._gnuLongPath) {
          this._header.name = this._gnuLongPath;
          this._gnuLongPath = null;
        }
        if (this._gnuLongLinkPath) {
          this._header.linkname = this._gnuLongLinkPath;
          this._gnuLongLinkPath = null;
        }
        if (this._pax) {
          if (this._pax.path) this._header.name = this._pax.path;
          if (this._pax.linkpath) this._header.linkname = this._pax.linkpath;
          if (this._pax.size) this._header.size = parseInt(this._pax.size, 10);
          this._header.pax = this._pax;
          this._pax = null;
        }
      }
      _decodeLongHeader(buf) {
        switch (this._header.type) {
          case "gnu-long-path":
            this._gnuLongPath = headers.decodeLongPath(buf, this._filenameEncoding);
            break;
          case "gnu-long-link-path":
            this._gnuLongLinkPath = headers.decodeLongPath(buf, this._filenameEncoding);
            break;
          case "pax-global-header":
            this._paxGlobal = headers.decodePax(buf);
            break;
          case "pax-header":
            this._pax = this._paxGlobal === null ? headers.decodePax(buf) : Object.assign({}, this._paxGlobal, headers.decodePax(buf));
            break;
        }
      }
      _consumeLongHeader() {
        this._longHeader = false;
        this._missing = overflow(this._header.size);
        const buf = this._buffer.shift(this._header.size);
        try {
          this._decodeLongHeader(buf);
        } catch (err) {
          this._continueWrite(err);
          return false;
        }
        return true;
      }
      _consumeStream() {
        const buf = this._buffer.shiftFirst(this._missing);
        if (buf === null) return false;
        this._missing -= buf.byteLength;
        const drained = this._stream.push(buf);
        if (this._missing === 0) {
          this._stream.push(null);
          if (drained) this._stream._detach();
          return drained && this._locked === false;
        }
        return drained;
      }
      _createStream() {
        return new Source(this, this._header, this._offset);
      }
      _update() {
        while (this._buffer.buffered > 0 && !this.destroying) {
          if (this._missing > 0) {
            if (this._stream !== null) {
              if (this._consumeStream() === false) return;
              continue;
            }
            if (this._longHeader === true) {
              if (this._missing > this._buffer.buffered) break;
              if (this._consumeLongHeader() === false) return false;
              continue;
            }
            const ignore = this._buffer.shiftFirst(this._missing);
            if (ignore !== null) this._missing -= ignore.byteLength;
            continue;
          }
          if (this._buffer.buffered < 512) break;
          if (this._stream !== null || this._consumeHeader() === false) return;
        }
        this._continueWrite(null);
      }
      _continueWrite(err) {
        const cb = this._callback;
        this._callback = noop;
        cb(err);
      }
      _write(data, cb) {
        this._callback = cb;
        this._buffer.push(data);
        this._update();
      }
      _final(cb) {
        this._finished = this._missing === 0 && this._buffer.buffered === 0;
        cb(this._finished ? null : new Error("Unexpected end of data"));
      }
      _predestroy() {
        this._continueWrite(null);
      }
      _destroy(cb) {
        if (this._stream) this._stream.destroy(getStreamError(this));
        cb(null);
      }
      [Symbol.asyncIterator]() {
        let error = null;
        let promiseResolve = null;
        let promiseReject = null;
        let entryStream = null;
        let entryCallback = null;
        const extract = this;
        this.on("entry", onentry);
        this.on("error", (err) => {
          error = err;
        });
        this.on("close", onclose);
        return {
          [Symbol.asyncIterator]() {
            return this;
          },
          next() {
            return new Promise(onnext);
          },
          return() {
            return destroy2(null);
          },
          throw(err) {
            return destroy2(err);
          }
        };
        function consumeCallback(err) {
          if (!entryCallback) return;
          const cb = entryCallback;
          entryCallback = null;
          cb(err);
        }
        __name(consumeCallback, "consumeCallback");
        function onnext(resolve, reject) {
          if (error) {
            return reject(error);
          }
          if (entryStream) {
            resolve({ value: entryStream, done: false });
            entryStream = null;
            return;
          }
          promiseResolve = resolve;
          promiseReject = reject;
          consumeCallback(null);
          if (extract._finished && promiseResolve) {
            promiseResolve({ value: void 0, done: true });
            promiseResolve = promiseReject = null;
          }
        }
        __name(onnext, "onnext");
        function onentry(header, stream, callback) {
          entryCallback = callback;
          stream.on("error", noop);
          if (promiseResolve) {
            promiseResolve({ value: stream, done: false });
            promiseResolve = promiseReject = null;
          } else {
            entryStream = stream;
          }
        }
        __name(onentry, "onentry");
        function onclose() {
          consumeCallback(error);
          if (!promiseResolve) return;
          if (error) promiseReject(error);
          else promiseResolve({ value: void 0, done: true });
          promiseResolve = promiseReject = null;
        }
        __name(onclose, "onclose");
        function destroy2(err) {
          extract.destroy(err);
          consumeCallback(err);
          return new Promise((resolve, reject) => {
            if (extract.destroyed) return resolve({ value: void 0, done: true });
            extract.once("close", function() {
              if (err) reject(err);
              else resolve({ value: void 0, done: true });
            });
          });
        }
        __name(destroy2, "destroy");
      }
    };
    module.exports = /* @__PURE__ */ __name(function extract(opts) {
      return new Extract(opts);
    }, "extract");
    function noop() {
    }
    __name(noop, "noop");
    function overflow(size2) {
      size2 &= 511;
      return size2 && 512 - size2;
    }
    __name(overflow, "overflow");
  }
});

// node_modules/tar-stream/constants.js
var require_constants = __commonJS({
  "node_modules/tar-stream/constants.js"(exports, module) {
    var constants = {
      // just for envs without fs
      S_IFMT: 61440,
      S_IFDIR: 16384,
      S_IFCHR: 8192,
      S_IFBLK: 24576,
      S_IFIFO: 4096,
      S_IFLNK: 40960
    };
    try {
      module.exports = __require("fs").constants || constants;
    } catch {
      module.exports = constants;
    }
  }
});

// node_modules/tar-stream/pack.js
var require_pack = __commonJS({
  "node_modules/tar-stream/pack.js"(exports, module) {
    var { Readable: Readable2, Writable: Writable2, getStreamError } = require_streamx();
    var b4a = require_b4a();
    var constants = require_constants();
    var headers = require_headers();
    var DMODE = 493;
    var FMODE = 420;
    var END_OF_TAR = b4a.alloc(1024);
    var Sink = class extends Writable2 {
      static {
        __name(this, "Sink");
      }
      constructor(pack2, header, callback) {
        super({ mapWritable, eagerOpen: true });
        this.written = 0;
        this.header = header;
        this._callback = callback;
        this._linkname = null;
        this._isLinkname = header.type === "symlink" && !header.linkname;
        this._isVoid = header.type !== "file" && header.type !== "contiguous-file";
        this._finished = false;
        this._pack = pack2;
        this._openCallback = null;
        if (this._pack._stream === null) this._pack._stream = this;
        else this._pack._pending.push(this);
      }
      _open(cb) {
        this._openCallback = cb;
        if (this._pack._stream === this) this._continueOpen();
      }
      _continuePack(err) {
        if (this._callback === null) return;
        const callback = this._callback;
        this._callback = null;
        callback(err);
      }
      _continueOpen() {
        if (this._pack._stream === null) this._pack._stream = this;
        const cb = this._openCallback;
        this._openCallback = null;
        if (cb === null) return;
        if (this._pack.destroying) return cb(new Error("pack stream destroyed"));
        if (this._pack._finalized) return cb(new Error("pack stream is already finalized"));
        this._pack._stream = this;
        if (!this._isLinkname) {
          this._pack._encode(this.header);
        }
        if (this._isVoid) {
          this._finish();
          this._continuePack(null);
        }
        cb(null);
      }
      _write(data, cb) {
        if (this._isLinkname) {
          this._linkname = this._linkname ? b4a.concat([this._linkname, data]) : data;
          return cb(null);
        }
        if (this._isVoid) {
          if (data.byteLength > 0) {
            return cb(new Error("No body allowed for this entry"));
          }
          return cb();
        }
        this.written += data.byteLength;
        if (this._pack.push(data)) return cb();
        this._pack._drain = cb;
      }
      _finish() {
        if (this._finished) return;
        this._finished = true;
        if (this._isLinkname) {
          this.header.linkname = this._linkname ? b4a.toString(this._linkname, "utf-8") : "";
          this._pack._encode(this.header);
        }
        overflow(this._pack, this.header.size);
        this._pack._done(this);
      }
      _final(cb) {
        if (this.written !== this.header.size) {
          return cb(new Error("Size mismatch"));
        }
        this._finish();
        cb(null);
      }
      _getError() {
        return getStreamError(this) || new Error("tar entry destroyed");
      }
      _predestroy() {
        this._pack.destroy(this._getError());
      }
      _destroy(cb) {
        this._pack._done(this);
        this._continuePack(this._finished ? null : this._getError());
        cb();
      }
    };
    var Pack = class extends Readable2 {
      static {
        __name(this, "Pack");
      }
      constructor(opts) {
        super(opts);
        this._drain = noop;
        this._finalized = false;
        this._finalizing = false;
        this._pending = [];
        this._stream = null;
      }
      entry(header, buffer, callback) {
        if (this._finalized || this.destroying) throw new Error("already finalized or destroyed");
        if (typeof buffer === "function") {
          callback = buffer;
          buffer = null;
        }
        if (!callback) callback = noop;
        if (!header.size || header.type === "symlink") header.size = 0;
        if (!header.type) header.type = modeToType(header.mode);
        if (!header.mode) header.mode = header.type === "directory" ? DMODE : FMODE;
        if (!header.uid) header.uid = 0;
        if (!header.gid) header.gid = 0;
        if (!header.mtime) header.mtime = /* @__PURE__ */ new Date();
        if (typeof buffer === "string") buffer = b4a.from(buffer);
        const sink = new Sink(this, header, callback);
        if (b4a.isBuffer(buffer)) {
          header.size = buffer.byteLength;
          sink.write(buffer);
          sink.end();
          return sink;
        }
        if (sink._isVoid) {
          return sink;
        }
        return sink;
      }
      finalize() {
        if (this._stream || this._pending.length > 0) {
          this._finalizing = true;
          return;
        }
        if (this._finalized) return;
        this._finalized = true;
        this.push(END_OF_TAR);
        this.push(null);
      }
      _done(stream) {
        if (stream !== this._stream) return;
        this._stream = null;
        if (this._finalizing) this.finalize();
        if (this._pending.length) this._pending.shift()._continueOpen();
      }
      _encode(header) {
        if (!header.pax) {
          const buf = headers.encode(header);
          if (buf) {
            this.push(buf);
            return;
          }
        }
        this._encodePax(header);
      }
      _encodePax(header) {
        const paxHeader = headers.encodePax({
          name: header.name,
          linkname: header.linkname,
          pax: header.pax
        });
        const newHeader = {
          name: "PaxHeader",
          mode: header.mode,
          uid: header.uid,
          gid: header.gid,
          size: paxHeader.byteLength,
          mtime: header.mtime,
          type: "pax-header",
          linkname: header.linkname && "PaxHeader",
          uname: header.uname,
          gname: header.gname,
          devmajor: header.devmajor,
          devminor: header.devminor
        };
        this.push(headers.encode(newHeader));
        this.push(paxHeader);
        overflow(this, paxHeader.byteLength);
        newHeader.size = header.size;
        newHeader.type = header.type;
        this.push(headers.encode(newHeader));
      }
      _doDrain() {
        const drain = this._drain;
        this._drain = noop;
        drain();
      }
      _predestroy() {
        const err = getStreamError(this);
        if (this._stream) this._stream.destroy(err);
        while (this._pending.length) {
          const stream = this._pending.shift();
          stream.destroy(err);
          stream._continueOpen();
        }
        this._doDrain();
      }
      _read(cb) {
        this._doDrain();
        cb();
      }
    };
    module.exports = /* @__PURE__ */ __name(function pack2(opts) {
      return new Pack(opts);
    }, "pack");
    function modeToType(mode) {
      switch (mode & constants.S_IFMT) {
        case constants.S_IFBLK:
          return "block-device";
        case constants.S_IFCHR:
          return "character-device";
        case constants.S_IFDIR:
          return "directory";
        case constants.S_IFIFO:
          return "fifo";
        case constants.S_IFLNK:
          return "symlink";
      }
      return "file";
    }
    __name(modeToType, "modeToType");
    function noop() {
    }
    __name(noop, "noop");
    function overflow(self, size2) {
      size2 &= 511;
      if (size2) self.push(END_OF_TAR.subarray(0, 512 - size2));
    }
    __name(overflow, "overflow");
    function mapWritable(buf) {
      return b4a.isBuffer(buf) ? buf : b4a.from(buf);
    }
    __name(mapWritable, "mapWritable");
  }
});

// node_modules/tar-stream/index.js
var require_tar_stream = __commonJS({
  "node_modules/tar-stream/index.js"(exports) {
    exports.extract = require_extract();
    exports.pack = require_pack();
  }
});

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
  #total;
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
    this.#total = options.total ?? 0;
    this.#quiet = options.quietSeconds ?? 30;
    this.#now = options.now ?? (() => performance.now() / 1e3);
    this.#start = this.#now();
  }
  /** Seconds since the log was made, which is the start of the run. */
  get elapsed() {
    return this.#now() - this.#start;
  }
  /** Says how many steps there will be, once the plan is known. */
  expect(total) {
    this.#total = total;
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
    const number = this.#total > 0 ? `${this.#begun}/${Math.max(this.#total, this.#begun)}` : `${this.#begun}`;
    const numbered = `${number} ${oneLine(title, 200)}`;
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
    const verdict3 = `${outcome.replace("-", " ")}${time2}`;
    if (this.#group === group) {
      if (note !== "" && !failed) this.info(note);
      this.info(verdict3);
      this.#close();
      if (!failed) return;
    }
    this.info(`${group.title}: ${verdict3}${note === "" ? "" : `: ${note}`}`);
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
  return oneLine(value, most).replaceAll("://", ":\u200B//").replaceAll(/(www)(?=\.)/gi, "$1\u200B").replaceAll("@", "@\u200B").replaceAll(/#(?=\d)/g, "#\u200B").replaceAll(/[\\`*_[\]~$]/g, "\\$&").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("|", "&#124;").replace(/^([#+=-])|^(\d+)(?=[.)])/, "$2\\$1");
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
function block(language, lines) {
  const shown = lines.map((line) => visible(line, 2e3));
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
        sentence: `${host} already runs ${now}; nothing was stopped or changed.`
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
      return { icon: "\u274C", word: "Rolled back", sentence: `${host} runs ${now} as before, with its data.${away}` };
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
  const parts = [
    verdict(result),
    failure(result),
    versions(result, most),
    result.outcome === "rollback-failed" ? backup(result, most) : "",
    list("\u26A0\uFE0F Warnings", result.warnings, most),
    steps(result, most),
    rows(result, most),
    servers(result, most),
    result.outcome === "rollback-failed" ? "" : backup(result, most),
    list("Not tried", result.notTried, most),
    list("What this host guarantees", result.guarantees, most)
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}
`;
}
__name(render, "render");
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
  const { host, service, versions: versions2, revisions, plan, notified, downtime } = result;
  const facts = [
    `Host ${code(host)}`,
    ...service === "" ? [] : [`service ${code(service)}`],
    ...versions2.target === void 0 ? [] : [`asked for JupyterHub ${code(versions2.target)}`],
    ...plan === void 0 ? [] : [`plan ${code(plan.digest.slice(0, 23))}`]
  ];
  const told = notified.length > 0 ? `Users were told by: ${notified.slice(0, most).map((name) => text(name, 200)).join(", ")}.` : "";
  const nobody = notified.length === 0 && downtime !== void 0 ? "**Users were not told before the stop.**" : "";
  const known = [versions2.previous, versions2.current, revisions.previous, revisions.current].some((value) => value);
  return [known ? table(...versionColumns(result)) : "", facts.join(" \xB7 "), told + nobody].filter(Boolean).join("\n\n");
}
__name(versions, "versions");
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
  const looked = servers2.filter(({ survived }) => survived !== void 0);
  const survivors = looked.filter(({ survived }) => survived).length;
  const survival = looked.length === 0 ? "" : ` ${survivors} of ${looked.length} went on with their process.`;
  const head = ["user", "server", "pid:", ...looked.length === 0 ? [] : ["now"]];
  const shown = servers2.slice(0, most).map(({ user, name, pid, survived }) => [
    code(user, 100),
    name === "" ? "default" : code(name, 100),
    pid === void 0 ? "\u2013" : `${pid}`,
    ...looked.length === 0 ? [] : [survived === void 0 ? "not looked at" : survived ? "running" : "**ended**"]
  ]);
  const cells = `${table(head, shown)}${more(servers2.length - shown.length)}`;
  return [
    "### User servers",
    `${count(servers2.length, "server")} ran when the run began.${survival}`,
    servers2.length <= 5 ? cells : folded(count(servers2.length, "server"), cells)
  ].join("\n\n");
}
__name(servers, "servers");
function backup({ backup: backup2, run, outcome }, most) {
  if (backup2 === void 0) return "";
  const seal = {
    recipients: "sealed for the age recipients",
    passphrase: "sealed with the passphrase",
    nobody: "**not sealed**"
  };
  const proof = backup2.proven ? "Proven: it was opened again, and its database restored and compared." : "**Not proven by restoring it.**";
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
    recipients: [`    age-identity: ${expression("secrets.AGE_IDENTITY")}`],
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
function list(title, items, most) {
  if (items.length === 0) return "";
  const shown = items.slice(0, most).map((item) => `- ${text(item)}`);
  return `### ${title}

${shown.join("\n")}${more(items.length - shown.length)}`;
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

// node_modules/node-ssh/lib/esm/index.mjs
var import_is_stream = __toESM(require_is_stream(), 1);
var import_make_dir = __toESM(require_make_dir(), 1);
import invariant2, { AssertionError } from "assert";
import fs2 from "fs";
import fsPath2 from "path";

// node_modules/sb-promise-queue/lib/esm/index.mjs
var PromiseQueue = class {
  static {
    __name(this, "PromiseQueue");
  }
  constructor({ concurrency = 1 } = {}) {
    this.options = { concurrency };
    this.running = 0;
    this.queue = [];
    this.idleCallbacks = [];
  }
  clear() {
    this.queue = [];
  }
  onIdle(callback) {
    this.idleCallbacks.push(callback);
    return () => {
      const index = this.idleCallbacks.indexOf(callback);
      if (index !== -1) {
        this.idleCallbacks.splice(index, 1);
      }
    };
  }
  waitTillIdle() {
    return new Promise((resolve) => {
      if (this.running === 0) {
        resolve();
        return;
      }
      const dispose = this.onIdle(() => {
        dispose();
        resolve();
      });
    });
  }
  add(callback) {
    return new Promise((resolve, reject) => {
      const runCallback = /* @__PURE__ */ __name(() => {
        this.running += 1;
        try {
          Promise.resolve(callback()).then((val) => {
            resolve(val);
            this.processNext();
          }, (err) => {
            reject(err);
            this.processNext();
          });
        } catch (err) {
          reject(err);
          this.processNext();
        }
      }, "runCallback");
      if (this.running >= this.options.concurrency) {
        this.queue.push(runCallback);
      } else {
        runCallback();
      }
    });
  }
  // Internal function, don't use
  processNext() {
    this.running -= 1;
    const callback = this.queue.shift();
    if (callback) {
      callback();
    } else if (this.running === 0) {
      this.idleCallbacks.forEach((item) => item());
    }
  }
};

// node_modules/sb-scandir/lib/esm/index.mjs
import fs from "fs";
import fsPath from "path";
import invariant from "assert";
var defaultFilesystem = {
  join(pathA, pathB) {
    return fsPath.join(pathA, pathB);
  },
  basename(path) {
    return fsPath.basename(path);
  },
  stat(path) {
    return new Promise((resolve, reject) => {
      fs.stat(path, (err, res) => {
        if (err) {
          reject(err);
        } else {
          resolve(res);
        }
      });
    });
  },
  readdir(path) {
    return new Promise((resolve, reject) => {
      fs.readdir(path, (err, res) => {
        if (err) {
          reject(err);
        } else {
          resolve(res);
        }
      });
    });
  }
};
async function scanDirectoryInternal({ path, recursive, validate, result, fileSystem, queue, reject }) {
  const itemStat = await fileSystem.stat(path);
  if (itemStat.isFile()) {
    result.files.push(path);
  } else if (itemStat.isDirectory()) {
    result.directories.push(path);
  }
  if (!itemStat.isDirectory() || recursive === "none") {
    return;
  }
  const contents = await fileSystem.readdir(path);
  contents.forEach((item) => {
    const itemPath = fileSystem.join(path, item);
    if (!validate(itemPath)) {
      return;
    }
    queue.add(() => scanDirectoryInternal({
      path: itemPath,
      recursive: recursive === "shallow" ? "none" : "deep",
      validate,
      result,
      fileSystem,
      queue,
      reject
    })).catch(reject);
  });
}
__name(scanDirectoryInternal, "scanDirectoryInternal");
async function scanDirectory(path, { recursive = true, validate = null, concurrency = Infinity, fileSystem = defaultFilesystem } = {}) {
  invariant(path && typeof path === "string", "path must be a valid string");
  invariant(typeof recursive === "boolean", "options.recursive must be a valid boolean");
  invariant(validate === null || typeof validate === "function", "options.validate must be a valid function");
  invariant(typeof concurrency === "number", "options.concurrency must be a valid number");
  invariant(fileSystem !== null && typeof fileSystem === "object", "options.fileSystem must be a valid object");
  const queue = new PromiseQueue({
    concurrency
  });
  const result = { files: [], directories: [] };
  const mergedFileSystem = { ...defaultFilesystem, ...fileSystem };
  await new Promise((resolve, reject) => {
    scanDirectoryInternal({
      path,
      recursive: recursive ? "deep" : "shallow",
      validate: validate != null ? validate : (item) => mergedFileSystem.basename(item).slice(0, 1) !== ".",
      result,
      fileSystem: mergedFileSystem,
      queue,
      reject
    }).then(() => queue.waitTillIdle()).then(resolve, reject);
  });
  return result;
}
__name(scanDirectory, "scanDirectory");
var esm_default = scanDirectory;

// node_modules/node-ssh/lib/esm/index.mjs
var import_shell_escape = __toESM(require_shell_escape(), 1);
var import_ssh2 = __toESM(require_lib(), 1);
var DEFAULT_CONCURRENCY = 1;
var DEFAULT_VALIDATE = /* @__PURE__ */ __name((path) => !fsPath2.basename(path).startsWith("."), "DEFAULT_VALIDATE");
var DEFAULT_TICK = /* @__PURE__ */ __name(() => {
}, "DEFAULT_TICK");
var SSHError = class extends Error {
  static {
    __name(this, "SSHError");
  }
  constructor(message, code2 = null) {
    super(message);
    this.code = code2;
  }
};
function unixifyPath(path) {
  if (path.includes("\\")) {
    return path.split("\\").join("/");
  }
  return path;
}
__name(unixifyPath, "unixifyPath");
async function readFile(filePath) {
  return new Promise((resolve, reject) => {
    fs2.readFile(filePath, "utf8", (err, res) => {
      if (err) {
        reject(err);
      } else {
        resolve(res);
      }
    });
  });
}
__name(readFile, "readFile");
var SFTP_MKDIR_ERR_CODE_REGEXP = /Error: (E[\S]+): /;
async function makeDirectoryWithSftp(path, sftp) {
  let stats = null;
  try {
    stats = await new Promise((resolve, reject) => {
      sftp.stat(path, (err, res) => {
        if (err) {
          reject(err);
        } else {
          resolve(res);
        }
      });
    });
  } catch (_) {
  }
  if (stats) {
    if (stats.isDirectory()) {
      return;
    }
    throw new Error("mkdir() failed, target already exists and is not a directory");
  }
  try {
    await new Promise((resolve, reject) => {
      sftp.mkdir(path, (err) => {
        if (err) {
          reject(err);
        } else {
          resolve();
        }
      });
    });
  } catch (err) {
    if (err != null && typeof err.stack === "string") {
      const matches = SFTP_MKDIR_ERR_CODE_REGEXP.exec(err.stack);
      if (matches != null) {
        throw new SSHError(err.message, matches[1]);
      }
      throw err;
    }
  }
}
__name(makeDirectoryWithSftp, "makeDirectoryWithSftp");
var NodeSSH = class {
  static {
    __name(this, "NodeSSH");
  }
  constructor() {
    this.connection = null;
  }
  getConnection() {
    const { connection } = this;
    if (connection == null) {
      throw new Error("Not connected to server");
    }
    return connection;
  }
  async connect(givenConfig) {
    invariant2(givenConfig != null && typeof givenConfig === "object", "config must be a valid object");
    const config = { ...givenConfig };
    invariant2(config.username != null && typeof config.username === "string", "config.username must be a valid string");
    if (config.host != null) {
      invariant2(typeof config.host === "string", "config.host must be a valid string");
    } else if (config.sock != null) {
      invariant2(typeof config.sock === "object", "config.sock must be a valid object");
    } else {
      throw new AssertionError({ message: "Either config.host or config.sock must be provided" });
    }
    if (config.privateKey != null || config.privateKeyPath != null) {
      if (config.privateKey != null) {
        invariant2(typeof config.privateKey === "string", "config.privateKey must be a valid string");
        invariant2(config.privateKeyPath == null, "config.privateKeyPath must not be specified when config.privateKey is specified");
      } else if (config.privateKeyPath != null) {
        invariant2(typeof config.privateKeyPath === "string", "config.privateKeyPath must be a valid string");
        invariant2(config.privateKey == null, "config.privateKey must not be specified when config.privateKeyPath is specified");
      }
      invariant2(config.passphrase == null || typeof config.passphrase === "string", "config.passphrase must be null or a valid string");
      if (config.privateKeyPath != null) {
        try {
          config.privateKey = await readFile(config.privateKeyPath);
        } catch (err) {
          if (err != null && err.code === "ENOENT") {
            throw new AssertionError({ message: "config.privateKeyPath does not exist at given fs path" });
          }
          throw err;
        }
      }
    } else if (config.password != null) {
      invariant2(typeof config.password === "string", "config.password must be a valid string");
    }
    if (config.tryKeyboard != null) {
      invariant2(typeof config.tryKeyboard === "boolean", "config.tryKeyboard must be a valid boolean");
    }
    if (config.tryKeyboard) {
      const { password } = config;
      if (config.onKeyboardInteractive != null) {
        invariant2(typeof config.onKeyboardInteractive === "function", "config.onKeyboardInteractive must be a valid function");
      } else if (password != null) {
        config.onKeyboardInteractive = (name, instructions, instructionsLang, prompts, finish) => {
          if (prompts.length > 0 && prompts[0].prompt.toLowerCase().includes("password")) {
            finish([password]);
          }
        };
      }
    }
    const connection = new import_ssh2.default.Client();
    this.connection = connection;
    await new Promise((resolve, reject) => {
      connection.on("error", reject);
      if (config.onKeyboardInteractive) {
        connection.on("keyboard-interactive", config.onKeyboardInteractive);
      }
      connection.on("ready", () => {
        connection.removeListener("error", reject);
        resolve();
      });
      connection.on("end", () => {
        if (this.connection === connection) {
          this.connection = null;
        }
      });
      connection.on("close", () => {
        if (this.connection === connection) {
          this.connection = null;
        }
        reject(new SSHError("No response from server", "ETIMEDOUT"));
      });
      connection.connect(config);
    });
    return this;
  }
  isConnected() {
    return this.connection != null;
  }
  async requestShell(options) {
    const connection = this.getConnection();
    return new Promise((resolve, reject) => {
      connection.on("error", reject);
      const callback = /* @__PURE__ */ __name((err, res) => {
        connection.removeListener("error", reject);
        if (err) {
          reject(err);
        } else {
          resolve(res);
        }
      }, "callback");
      if (options == null) {
        connection.shell(callback);
      } else {
        connection.shell(options, callback);
      }
    });
  }
  async withShell(callback, options) {
    invariant2(typeof callback === "function", "callback must be a valid function");
    const shell = await this.requestShell(options);
    try {
      await callback(shell);
    } finally {
      shell.destroy();
    }
  }
  async requestSFTP() {
    const connection = this.getConnection();
    return new Promise((resolve, reject) => {
      connection.on("error", reject);
      connection.sftp((err, res) => {
        connection.removeListener("error", reject);
        if (err) {
          reject(err);
        } else {
          resolve(res);
        }
      });
    });
  }
  async withSFTP(callback) {
    invariant2(typeof callback === "function", "callback must be a valid function");
    const sftp = await this.requestSFTP();
    try {
      await callback(sftp);
    } finally {
      sftp.end();
    }
  }
  async execCommand(givenCommand, options = {}) {
    invariant2(typeof givenCommand === "string", "command must be a valid string");
    invariant2(options != null && typeof options === "object", "options must be a valid object");
    invariant2(options.cwd == null || typeof options.cwd === "string", "options.cwd must be a valid string");
    invariant2(options.stdin == null || typeof options.stdin === "string" || import_is_stream.default.readable(options.stdin), "options.stdin must be a valid string or readable stream");
    invariant2(options.execOptions == null || typeof options.execOptions === "object", "options.execOptions must be a valid object");
    invariant2(options.encoding == null || typeof options.encoding === "string", "options.encoding must be a valid string");
    invariant2(options.onChannel == null || typeof options.onChannel === "function", "options.onChannel must be a valid function");
    invariant2(options.onStdout == null || typeof options.onStdout === "function", "options.onStdout must be a valid function");
    invariant2(options.onStderr == null || typeof options.onStderr === "function", "options.onStderr must be a valid function");
    invariant2(options.noTrim == null || typeof options.noTrim === "boolean", "options.noTrim must be a boolean");
    let command2 = givenCommand;
    if (options.cwd) {
      command2 = `cd ${(0, import_shell_escape.default)([options.cwd])} ; ${command2}`;
    }
    const connection = this.getConnection();
    const output = { stdout: [], stderr: [] };
    return new Promise((resolve, reject) => {
      connection.on("error", reject);
      connection.exec(command2, options.execOptions != null ? options.execOptions : {}, (err, channel) => {
        connection.removeListener("error", reject);
        if (err) {
          reject(err);
          return;
        }
        if (options.onChannel) {
          options.onChannel(channel);
        }
        channel.on("data", (chunk) => {
          if (options.onStdout)
            options.onStdout(chunk);
          output.stdout.push(chunk.toString(options.encoding));
        });
        channel.stderr.on("data", (chunk) => {
          if (options.onStderr)
            options.onStderr(chunk);
          output.stderr.push(chunk.toString(options.encoding));
        });
        if (options.stdin != null) {
          if (import_is_stream.default.readable(options.stdin)) {
            options.stdin.pipe(channel, {
              end: true
            });
          } else {
            channel.write(options.stdin);
            channel.end();
          }
        } else {
          channel.end();
        }
        let code2 = null;
        let signal = null;
        channel.on("exit", (code_, signal_) => {
          code2 = code_ !== null && code_ !== void 0 ? code_ : null;
          signal = signal_ !== null && signal_ !== void 0 ? signal_ : null;
        });
        channel.on("close", () => {
          let stdout = output.stdout.join("");
          let stderr = output.stderr.join("");
          if (options.noTrim !== true) {
            stdout = stdout.trim();
            stderr = stderr.trim();
          }
          resolve({
            code: code2 != null ? code2 : null,
            signal: signal != null ? signal : null,
            stdout,
            stderr
          });
        });
      });
    });
  }
  async exec(command2, parameters, options = {}) {
    invariant2(typeof command2 === "string", "command must be a valid string");
    invariant2(Array.isArray(parameters), "parameters must be a valid array");
    invariant2(options != null && typeof options === "object", "options must be a valid object");
    invariant2(options.stream == null || ["both", "stdout", "stderr"].includes(options.stream), "options.stream must be one of both, stdout, stderr");
    for (let i = 0, { length } = parameters; i < length; i += 1) {
      invariant2(typeof parameters[i] === "string", `parameters[${i}] must be a valid string`);
    }
    const completeCommand = `${command2}${parameters.length > 0 ? ` ${(0, import_shell_escape.default)(parameters)}` : ""}`;
    const response = await this.execCommand(completeCommand, options);
    if (options.stream == null || options.stream === "stdout") {
      if (response.stderr) {
        throw new Error(response.stderr);
      }
      return response.stdout;
    }
    if (options.stream === "stderr") {
      return response.stderr;
    }
    return response;
  }
  async mkdir(path, method = "sftp", givenSftp = null) {
    invariant2(typeof path === "string", "path must be a valid string");
    invariant2(typeof method === "string" && (method === "sftp" || method === "exec"), "method must be either sftp or exec");
    invariant2(givenSftp == null || typeof givenSftp === "object", "sftp must be a valid object");
    if (method === "exec") {
      await this.exec("mkdir", ["-p", unixifyPath(path)]);
      return;
    }
    const sftp = givenSftp || await this.requestSFTP();
    const makeSftpDirectory = /* @__PURE__ */ __name(async (retry) => makeDirectoryWithSftp(unixifyPath(path), sftp).catch(async (error) => {
      if (!retry || error == null || error.message !== "No such file" && error.code !== "ENOENT") {
        throw error;
      }
      await this.mkdir(fsPath2.dirname(path), "sftp", sftp);
      await makeSftpDirectory(false);
    }), "makeSftpDirectory");
    try {
      await makeSftpDirectory(true);
    } finally {
      if (!givenSftp) {
        sftp.end();
      }
    }
  }
  async getFile(localFile, remoteFile, givenSftp = null, transferOptions = null) {
    invariant2(typeof localFile === "string", "localFile must be a valid string");
    invariant2(typeof remoteFile === "string", "remoteFile must be a valid string");
    invariant2(givenSftp == null || typeof givenSftp === "object", "sftp must be a valid object");
    invariant2(transferOptions == null || typeof transferOptions === "object", "transferOptions must be a valid object");
    const sftp = givenSftp || await this.requestSFTP();
    try {
      await new Promise((resolve, reject) => {
        sftp.fastGet(unixifyPath(remoteFile), localFile, transferOptions || {}, (err) => {
          if (err) {
            reject(err);
          } else {
            resolve();
          }
        });
      });
    } finally {
      if (!givenSftp) {
        sftp.end();
      }
    }
  }
  async putFile(localFile, remoteFile, givenSftp = null, transferOptions = null) {
    invariant2(typeof localFile === "string", "localFile must be a valid string");
    invariant2(typeof remoteFile === "string", "remoteFile must be a valid string");
    invariant2(givenSftp == null || typeof givenSftp === "object", "sftp must be a valid object");
    invariant2(transferOptions == null || typeof transferOptions === "object", "transferOptions must be a valid object");
    invariant2(await new Promise((resolve) => {
      fs2.access(localFile, fs2.constants.R_OK, (err) => {
        resolve(err === null);
      });
    }), `localFile does not exist at ${localFile}`);
    const sftp = givenSftp || await this.requestSFTP();
    const putFile = /* @__PURE__ */ __name((retry) => {
      return new Promise((resolve, reject) => {
        sftp.fastPut(localFile, unixifyPath(remoteFile), transferOptions || {}, (err) => {
          if (err == null) {
            resolve();
            return;
          }
          if (err.message === "No such file" && retry) {
            resolve(this.mkdir(fsPath2.dirname(remoteFile), "sftp", sftp).then(() => putFile(false)));
          } else {
            reject(err);
          }
        });
      });
    }, "putFile");
    try {
      await putFile(true);
    } finally {
      if (!givenSftp) {
        sftp.end();
      }
    }
  }
  async putFiles(files, { concurrency = DEFAULT_CONCURRENCY, sftp: givenSftp = null, transferOptions = {} } = {}) {
    invariant2(Array.isArray(files), "files must be an array");
    for (let i = 0, { length } = files; i < length; i += 1) {
      const file = files[i];
      invariant2(file, "files items must be valid objects");
      invariant2(file.local && typeof file.local === "string", `files[${i}].local must be a string`);
      invariant2(file.remote && typeof file.remote === "string", `files[${i}].remote must be a string`);
    }
    const transferred = [];
    const sftp = givenSftp || await this.requestSFTP();
    const queue = new PromiseQueue({ concurrency });
    try {
      await new Promise((resolve, reject) => {
        files.forEach((file) => {
          queue.add(async () => {
            await this.putFile(file.local, file.remote, sftp, transferOptions);
            transferred.push(file);
          }).catch(reject);
        });
        queue.waitTillIdle().then(resolve);
      });
    } catch (error) {
      if (error != null) {
        error.transferred = transferred;
      }
      throw error;
    } finally {
      if (!givenSftp) {
        sftp.end();
      }
    }
  }
  async putDirectory(localDirectory, remoteDirectory, { concurrency = DEFAULT_CONCURRENCY, sftp: givenSftp = null, transferOptions = {}, recursive = true, tick: tick2 = DEFAULT_TICK, validate = DEFAULT_VALIDATE } = {}) {
    invariant2(typeof localDirectory === "string" && localDirectory, "localDirectory must be a string");
    invariant2(typeof remoteDirectory === "string" && remoteDirectory, "remoteDirectory must be a string");
    const localDirectoryStat = await new Promise((resolve) => {
      fs2.stat(localDirectory, (err, stat) => {
        resolve(stat || null);
      });
    });
    invariant2(localDirectoryStat != null, `localDirectory does not exist at ${localDirectory}`);
    invariant2(localDirectoryStat.isDirectory(), `localDirectory is not a directory at ${localDirectory}`);
    const sftp = givenSftp || await this.requestSFTP();
    const scanned = await esm_default(localDirectory, {
      recursive,
      validate
    });
    const files = scanned.files.map((item) => fsPath2.relative(localDirectory, item));
    const directories = scanned.directories.map((item) => fsPath2.relative(localDirectory, item));
    directories.sort((a, b) => a.length - b.length);
    let failed = false;
    try {
      await new Promise((resolve, reject) => {
        const queue = new PromiseQueue({ concurrency });
        directories.forEach((directory) => {
          queue.add(async () => {
            await this.mkdir(fsPath2.join(remoteDirectory, directory), "sftp", sftp);
          }).catch(reject);
        });
        resolve(queue.waitTillIdle());
      });
      await new Promise((resolve, reject) => {
        const queue = new PromiseQueue({ concurrency });
        files.forEach((file) => {
          queue.add(async () => {
            const localFile = fsPath2.join(localDirectory, file);
            const remoteFile = fsPath2.join(remoteDirectory, file);
            try {
              await this.putFile(localFile, remoteFile, sftp, transferOptions);
              tick2(localFile, remoteFile, null);
            } catch (_) {
              failed = true;
              tick2(localFile, remoteFile, _);
            }
          }).catch(reject);
        });
        resolve(queue.waitTillIdle());
      });
    } finally {
      if (!givenSftp) {
        sftp.end();
      }
    }
    return !failed;
  }
  async getDirectory(localDirectory, remoteDirectory, { concurrency = DEFAULT_CONCURRENCY, sftp: givenSftp = null, transferOptions = {}, recursive = true, tick: tick2 = DEFAULT_TICK, validate = DEFAULT_VALIDATE } = {}) {
    invariant2(typeof localDirectory === "string" && localDirectory, "localDirectory must be a string");
    invariant2(typeof remoteDirectory === "string" && remoteDirectory, "remoteDirectory must be a string");
    const localDirectoryStat = await new Promise((resolve) => {
      fs2.stat(localDirectory, (err, stat) => {
        resolve(stat || null);
      });
    });
    invariant2(localDirectoryStat != null, `localDirectory does not exist at ${localDirectory}`);
    invariant2(localDirectoryStat.isDirectory(), `localDirectory is not a directory at ${localDirectory}`);
    const sftp = givenSftp || await this.requestSFTP();
    const scanned = await esm_default(remoteDirectory, {
      recursive,
      validate,
      concurrency,
      fileSystem: {
        basename(path) {
          return fsPath2.posix.basename(path);
        },
        join(pathA, pathB) {
          return fsPath2.posix.join(pathA, pathB);
        },
        readdir(path) {
          return new Promise((resolve, reject) => {
            sftp.readdir(path, (err, res) => {
              if (err) {
                reject(err);
              } else {
                resolve(res.map((item) => item.filename));
              }
            });
          });
        },
        stat(path) {
          return new Promise((resolve, reject) => {
            sftp.stat(path, (err, res) => {
              if (err) {
                reject(err);
              } else {
                resolve(res);
              }
            });
          });
        }
      }
    });
    const files = scanned.files.map((item) => fsPath2.relative(remoteDirectory, item));
    const directories = scanned.directories.map((item) => fsPath2.relative(remoteDirectory, item));
    directories.sort((a, b) => a.length - b.length);
    let failed = false;
    try {
      await new Promise((resolve, reject) => {
        const queue = new PromiseQueue({ concurrency });
        directories.forEach((directory) => {
          queue.add(async () => {
            await (0, import_make_dir.default)(fsPath2.join(localDirectory, directory));
          }).catch(reject);
        });
        resolve(queue.waitTillIdle());
      });
      await new Promise((resolve, reject) => {
        const queue = new PromiseQueue({ concurrency });
        files.forEach((file) => {
          queue.add(async () => {
            const localFile = fsPath2.join(localDirectory, file);
            const remoteFile = fsPath2.join(remoteDirectory, file);
            try {
              await this.getFile(localFile, remoteFile, sftp, transferOptions);
              tick2(localFile, remoteFile, null);
            } catch (_) {
              failed = true;
              tick2(localFile, remoteFile, _);
            }
          }).catch(reject);
        });
        resolve(queue.waitTillIdle());
      });
    } finally {
      if (!givenSftp) {
        sftp.end();
      }
    }
    return !failed;
  }
  forwardIn(remoteAddr, remotePort, onConnection) {
    const connection = this.getConnection();
    return new Promise((resolve, reject) => {
      connection.forwardIn(remoteAddr, remotePort, (error, port) => {
        if (error) {
          reject(error);
          return;
        }
        const handler = /* @__PURE__ */ __name((details, acceptConnection, rejectConnection) => {
          if (details.destIP === remoteAddr && details.destPort === port) {
            onConnection === null || onConnection === void 0 ? void 0 : onConnection(details, acceptConnection, rejectConnection);
          }
        }, "handler");
        if (onConnection) {
          connection.on("tcp connection", handler);
        }
        const dispose = /* @__PURE__ */ __name(() => {
          return new Promise((_resolve, _reject) => {
            connection.off("tcp connection", handler);
            connection.unforwardIn(remoteAddr, port, (_error) => {
              if (_error) {
                _reject(error);
              }
              _resolve();
            });
          });
        }, "dispose");
        resolve({ port, dispose });
      });
    });
  }
  forwardOut(srcIP, srcPort, dstIP, dstPort) {
    const connection = this.getConnection();
    return new Promise((resolve, reject) => {
      connection.forwardOut(srcIP, srcPort, dstIP, dstPort, (error, channel) => {
        if (error) {
          reject(error);
          return;
        }
        resolve(channel);
      });
    });
  }
  forwardInStreamLocal(socketPath, onConnection) {
    const connection = this.getConnection();
    return new Promise((resolve, reject) => {
      connection.openssh_forwardInStreamLocal(socketPath, (error) => {
        if (error) {
          reject(error);
          return;
        }
        const handler = /* @__PURE__ */ __name((details, acceptConnection, rejectConnection) => {
          if (details.socketPath === socketPath) {
            onConnection === null || onConnection === void 0 ? void 0 : onConnection(details, acceptConnection, rejectConnection);
          }
        }, "handler");
        if (onConnection) {
          connection.on("unix connection", handler);
        }
        const dispose = /* @__PURE__ */ __name(() => {
          return new Promise((_resolve, _reject) => {
            connection.off("unix connection", handler);
            connection.openssh_unforwardInStreamLocal(socketPath, (_error) => {
              if (_error) {
                _reject(_error);
              }
              _resolve();
            });
          });
        }, "dispose");
        resolve({ dispose });
      });
    });
  }
  forwardOutStreamLocal(socketPath) {
    const connection = this.getConnection();
    return new Promise((resolve, reject) => {
      connection.openssh_forwardOutStreamLocal(socketPath, (error, channel) => {
        if (error) {
          reject(error);
          return;
        }
        resolve(channel);
      });
    });
  }
  dispose() {
    if (this.connection) {
      this.connection.end();
      this.connection = null;
    }
  }
};

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

// src/ssh/receive.sh
var receive_default = '# shellcheck shell=sh\n# The constant command of every phase. On stdin: a marker, the name of the program to run, and a tar with everything.\n# It travels as one line between single quotes through whatever login shell the user has, csh and fish included:\n# no single quote, backslash or exclamation mark, and lines that can be joined with spaces.\n\nIFS= read -r marker && IFS= read -r script || exit 1;\n# What came before the marker is noise of the login shell.\necho "$marker"; echo "$marker" >&2;\numask 077; cd /;\n# A payload may be large, and /tmp is often memory.\nphase=$(mktemp -d /var/tmp/jupyterhub-upgrade.XXXXXX 2>/dev/null || mktemp -d) || exit 1;\n# shellcheck disable=SC2317,SC2329 # called by the trap\nclean() { rm -rf "$phase"; };\ntrap clean EXIT; trap "exit 129" HUP; trap "exit 130" INT; trap "exit 143" TERM;\n# A tar that is cut between two files looks whole: the last file proves that it is.\ntar -xpof - -C "$phase" && [ -e "$phase/complete" ] || exit 1;\nchmod 711 "$phase";\n/bin/sh "$phase/$script" "$phase" </dev/null;\nexit;\n';

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
async function* parcel(marker, phase) {
  checkNames(Object.keys(phase.programs));
  if (!Object.hasOwn(phase.programs, phase.script)) throw new TypeError(`There is no program ${phase.script} to run.`);
  yield Buffer.from(`${marker}
${phase.script}
`);
  const tar = (0, import_tar_stream.pack)();
  fill(tar, phase).catch((error) => tar.destroy(error));
  try {
    yield* tar;
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
    if (!/^(\w[\w.+-]{0,99}\/)?\w[\w.+-]{0,99}$/.test(name) || /^(parameters|complete|payload)(\/|$)/.test(name)) {
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

as_hub_user() { as_uid "$HUB_UID" "$HUB_GID" "$@"; }

# Within an upgrade the job's executor holds the lock already.
if [ "$HAS_JOB" != yes ]; then
  exec 9<"$HUB_DIRECTORY" || exit 1
  flock -n -s 9 || die 'another run of jupyterhub-upgrade holds this hub'
fi
# On the database's own disk and as the hub's user: the copy is as private as the original.
copy=$(as_hub_user mktemp -d "\${DATABASE_PATH%/*}/.jupyterhub-upgrade-backup.XXXXXX") ||
  die "no directory for the copy can be made beside $DATABASE_PATH"
remove_copy() { as_hub_user rm -rf "$copy"; }
trap remove_copy EXIT
trap 'exit 1' HUP INT TERM

say 'copying the database'
as_hub_user mkdir "$copy/database" || exit 1
as_hub_user "$ENVIRONMENT_PATH/bin/python" -I "$PROGRAMS/hubdb.py" backup "$DATABASE_PATH" \\
  "$copy/database/jupyterhub.sqlite" >"$1/digest" || die 'the database could not be copied'

say 'collecting configuration, environment and service definition'
mkdir "$1/handed" || exit 1
as_owner "$ENVIRONMENT_PATH/bin/python" -m pip freeze --disable-pip-version-check >"$1/handed/requirements.txt" 2>/dev/null ||
  die 'pip freeze failed in the environment of the hub'
if [ "$SERVICE_MANAGER" = systemd ]; then
  systemctl cat "$UNIT" >"$1/handed/unit.txt" 2>/dev/null || rm -f "$1/handed/unit.txt"
  # An EnvironmentFile is root's, and so is the unit that names it; its values are in the hub's environment anyway.
  number=0
  printf '%s\\n' "$ENVIRONMENT_FILES" | while IFS= read -r file; do
    number=$((number + 1))
    [ ! -f "$file" ] || cat "$file" >"$1/handed/environment-$number"
  done
fi
chmod 700 "$1/handed" && chown -R "$HUB_UID:$HUB_GID" "$1/handed" || exit 1
{
  printf '%s\\n' "$ORDER"
  cat "$1/digest"
} | as_hub_user "$ENVIRONMENT_PATH/bin/python" -I "$PROGRAMS/bundle.py" "$copy" "$1/handed" ||
  die 'the backup could not be put together'
`;

// src/host/begin.sh
var begin_default = '#!/bin/sh\n# begin.sh PHASE_DIRECTORY: make the job\'s directory, ship the programs into it and start its executor, detached from\n# this SSH session. Starting the same job again attaches to it. Prints nothing.\nset -u\nphase=$1\nPROGRAMS=$phase\n# shellcheck source=common.sh\n. "$phase/common.sh"\n# shellcheck source=/dev/null\n. "$phase/parameters"\n\n# Built beside and renamed: a connection lost in the middle leaves no half job.\nprepare() {\n  # The hub\'s user goes through to the programs; who may not list a directory cannot guess its names.\n  mkdir -p "$STATE/jobs" && chmod 711 "${STATE%/*}" "$STATE" "$STATE/jobs" || return 1\n  new=$(mktemp -d "$STATE/jobs/.new.XXXXXX") && chmod 711 "$new" && mkdir "$new/programs" || return 1\n  (cd "$phase" && cp -R ./*.sh ./*.py services environments databases "$new/programs/") || return 1\n  find "$new/programs" -type d -exec chmod 755 {} + && find "$new/programs" -type f -exec chmod 644 {} + || return 1\n  # The secret stands on the first line. A line like it further down is a part of some value.\n  sed 1d "$phase/parameters" >"$new/parameters" || return 1\n  head -n 1 "$phase/parameters" | grep \'^HEALTH_TOKEN=\' >"$new/secrets" || return 1\n  : >"$new/hub.env"\n  [ -z "$HUB_PID" ] || capture_environment "$HUB_PID" "$new/hub.env" || return 1\n  # upgrade-db runs `alembic` by name.\n  printf "export PATH=%s/bin:\\"\\${PATH:-%s}\\"\\n" "$(quoted "$ENVIRONMENT_PATH")" "$PATH" >>"$new/hub.env"\n  chown "$HUB_UID:$HUB_GID" "$new/hub.env" || return 1\n  if [ -d "$phase/payload" ]; then\n    # The directory stays ours: root opens its files by name.\n    cp -R "$phase/payload" "$new/payload" && chmod 711 "$new/payload" || return 1\n    find "$new/payload" -type f -exec chown "$HUB_UID:$HUB_GID" {} + || return 1\n    [ ! -e "$new/payload/requirements" ] || chmod 644 "$new/payload/requirements" || return 1\n  fi\n  : >"$new/log" && : >"$new/journal" || return 1\n  mv -T "$new" "$JOB"\n}\n\nif [ ! -d "$JOB" ] && ! prepare; then\n  rm -rf "${new:-}"\n  die "the job\'s directory $JOB could not be made"\nfi\nsh "$phase/launch.sh" "$JOB"\n';

// src/host/bundle.py
var bundle_default = '"""Collect a backup and write it as one tar to stdout: manifest.json first, then exactly what it lists.\n\nusage: bundle.py DIRECTORY HANDED\n\nReads two lines of JSON: {"manifest", "restore", "collect", "handed"}, and the database\'s digest. DIRECTORY holds\n`database/jupyterhub.sqlite` already. HANDED is a directory of files that only root may read, one per `handed` entry.\nRuns as the hub\'s user: what that user cannot read is not in the backup, and the error says so.\n"""\n\nimport grp\nimport hashlib\nimport io\nimport json\nimport os\nimport pwd\nimport re\nimport sys\nimport tarfile\n\nBLOCK = 1 << 20\n\n\ndef owner_of(status):\n    try:\n        user = pwd.getpwuid(status.st_uid).pw_name\n    except KeyError:\n        user = str(status.st_uid)\n    try:\n        group = grp.getgrgid(status.st_gid).gr_name\n    except KeyError:\n        group = str(status.st_gid)\n    return user + ":" + group\n\n\ndef describe(source, name, path, kind, status):\n    digest = hashlib.sha256()\n    size = 0\n    with open(source, "rb") as content:\n        for block in iter(lambda: content.read(BLOCK), b""):\n            digest.update(block)\n            size += len(block)\n    return {\n        "file": name,\n        "path": path,\n        "kind": kind,\n        "mode": "%04o" % (status.st_mode & 0o777),\n        "owner": owner_of(status),\n        "size": size,\n        "sha256": digest.hexdigest(),\n    }\n\n\ndef walk(path):\n    """The regular files of a path: itself, or everything below it. Links are followed only at the top."""\n    if not os.path.isdir(path):\n        return [path]\n    found = []\n    for directory, below, names in os.walk(path):\n        # Copies of ours, this backup\'s own among them.\n        below[:] = sorted(name for name in below if not name.startswith(".jupyterhub-upgrade-"))\n        for name in sorted(names):\n            whole = os.path.join(directory, name)\n            if not os.path.islink(whole) and os.path.isfile(whole):\n                found.append(whole)\n    return found\n\n\ndef add(tar, name, content, size):\n    member = tarfile.TarInfo(name)\n    member.size = size\n    member.mode = 0o600\n    tar.addfile(member, content)\n\n\ndef main():\n    directory, handed = sys.argv[1:3]\n    order = json.loads(sys.stdin.readline())\n    digest = json.loads(sys.stdin.readline())\n    manifest = order["manifest"]\n    database = manifest["database"]\n    database["digest"] = digest\n    database_file = os.path.join(directory, "database", "jupyterhub.sqlite")\n    live = os.stat(database["path"])\n    database["mode"] = "%04o" % (live.st_mode & 0o777)\n    sources = [(database_file, database["file"], database["path"], "database", live)]\n    # The live database is in the bundle as its consistent copy; its files beside it would be neither.\n    live_path = os.path.realpath(database["path"])\n    seen = {live_path + suffix for suffix in ("", "-wal", "-shm", "-journal")}\n    for wanted in order["collect"]:\n        paths = walk(wanted["path"]) if os.path.exists(wanted["path"]) else []\n        if not paths and wanted["kind"] == "extra":\n            sys.exit("extra-backup-paths: %s does not exist or holds no file" % wanted["path"])\n        for path in paths:\n            real = os.path.realpath(path)\n            if real in seen:\n                continue\n            seen.add(real)\n            name = "%s/%d-%s" % (\n                wanted["kind"],\n                len(sources),\n                re.sub(r"[^\\w.+-]", "_", os.path.basename(path), flags=re.A),\n            )\n            sources.append((path, name, path, wanted["kind"], os.stat(path)))\n    for entry in order["handed"]:\n        source = os.path.join(handed, entry["name"])\n        path = entry["path"]\n        if os.path.exists(source) and os.path.realpath(path) not in seen:\n            status = os.stat(path if os.path.exists(path) else source)\n            sources.append((source, "%s/%s" % (entry["kind"], entry["name"]), path, entry["kind"], status))\n    restore = order["restore"].encode()\n    with open(os.path.join(directory, "RESTORE.txt"), "wb") as out:\n        out.write(restore)\n    restore_path = os.path.join(directory, "RESTORE.txt")\n    manifest["files"] = []\n    for source, name, path, kind, status in sources:\n        try:\n            manifest["files"].append(describe(source, name, path, kind, status))\n        except OSError as error:\n            sys.exit("%s cannot be backed up: %s" % (path, error.strerror))\n    text = json.dumps(manifest, indent=1, sort_keys=True).encode() + b"\\n"\n    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT, bufsize=BLOCK) as tar:\n        add(tar, "manifest.json", io.BytesIO(text), len(text))\n        with open(restore_path, "rb") as content:\n            add(tar, "RESTORE.txt", content, len(restore))\n        for (source, name, _, _, _), listed in zip(sources, manifest["files"]):\n            with open(source, "rb") as content:\n                add(tar, name, content, listed["size"])\n    sys.stdout.buffer.flush()\n\n\nif __name__ == "__main__":\n    main()\n';

// src/host/common.sh
var common_default = `# shellcheck shell=sh
# What every host program shares: a fixed PATH, messages, users, clocks, processes.
# POSIX sh; runs under dash and busybox. Sourced, never run.

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
LC_ALL=C
export LC_ALL
umask 077

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
  printf '%s%s\\n' "\${now_up%.*}" "\${now_up#*.}"
}

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

# as_hub COMMAND...: as the hub's user, in its working directory, with the environment of its process (HUB_ENV).
# The environment is read after the drop: it is the hub user's data and may say LD_PRELOAD.
as_hub() {
  as_uid "$HUB_UID" "$HUB_GID" /bin/sh "$PROGRAMS/as-hub.sh" "$HUB_ENV" "$HUB_DIRECTORY" "$@"
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

# start_time PID: the kernel's start time of a process; with the pid it names a process for ever.
# What stands before the last \`) \` is its name, in which a process may write anything but NUL, newlines too.
# Nothing for a zombie: it has ended, and in a container it may stay one for ever.
start_time() {
  awk '{ stat = stat $0 }
    END { sub(/.*\\) /, "", stat); split(stat, field, " "); if (field[1] != "Z") print field[20] }' "/proc/$1/stat" 2>/dev/null
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
`;

// src/host/databases/sqlite.sh
var sqlite_default = `# shellcheck shell=sh
# The hub's database is an SQLite file (DATABASE_PATH, its real path). Sourced by executor.sh.
# All file work is done as the hub's user, who owns the directory: root follows no path of theirs.

database_aside() { printf '%s/.jupyterhub-upgrade-%s\\n' "\${DATABASE_PATH%/*}" "\${1:-$JOB_ID}"; }

sqlite_files() { as_uid "$HUB_UID" "$HUB_GID" /bin/sh "$PROGRAMS/databases/sqlite-files.sh" "$@"; }

hubdb() { as_uid "$HUB_UID" "$HUB_GID" "$ENVIRONMENT_PATH/bin/python" -I "$PROGRAMS/hubdb.py" "$@"; }

database_snapshot() {
  sqlite_files set-aside "$DATABASE_PATH" "$(database_aside)" || return 1
  note snapshot-digest "$(sqlite_files digest "$(database_aside)/snapshot")"
}

database_put_back() {
  if [ "$(sqlite_files digest "$(database_aside)/snapshot")" != "$(noted snapshot-digest)" ]; then
    say "the snapshot in $(database_aside) is not what it was when it was taken: nothing was put back"
    return 1
  fi
  sqlite_files put-back "$DATABASE_PATH" "$(database_aside)" || return 1
  [ "$(sqlite_files digest "$DATABASE_PATH")" = "$(noted snapshot-digest)" ]
}

# What the new hub wrote before it was taken back stays readable, and is reported by key.
database_keep_new() {
  sqlite_files keep-new "$DATABASE_PATH" "$(database_aside)" || return 0
  note kept-new-database "$(database_aside)/new"
  note written-to-new "$(hubdb compare "$(database_aside)/snapshot" "$(database_aside)/new" 2>/dev/null)"
}

# The payload is root's until now: it comes over stdin. What is there afterwards must be what the manifest says.
database_load() {
  sqlite_files load "$DATABASE_PATH" <"$JOB/payload/database" || return 1
  [ "$(sqlite_files digest "$DATABASE_PATH")" = "$DATABASE_SIZE:$DATABASE_SHA256 " ] && return 0
  say 'the database that was put in place is not that of the backup'
  return 1
}

database_discard_snapshot() { sqlite_files discard "$(database_aside)"; }
database_kept() { printf 'the database of before in %s/snapshot\\n' "$(database_aside)"; }
database_remove_kept() { sqlite_files remove "$(database_aside "$1")"; }

database_revision() { hubdb revision "$DATABASE_PATH"; }

database_compare() {
  compare_with=$(database_aside)/snapshot
  if [ -e "$JOB/payload/database" ]; then compare_with=$JOB/payload/database; fi
  hubdb compare "$compare_with" "$DATABASE_PATH" >"$JOB/compare" || return 1
  note compare "$(cat "$JOB/compare")"
  grep -q '"complete": true' "$JOB/compare" && return 0
  say 'users, groups or tokens that were there before are missing in the migrated database'
  return 1
}

# upgrade-db leaves a copy beside the database at every try, as jupyterhub.sqlite.<date>: they fill disks.
database_own_copies() { sqlite_files own-copies "$DATABASE_PATH"; }
database_remove_own_copies() { sqlite_files remove-own-copies "$DATABASE_PATH" "$1"; }
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
  keep-new)
    database=$2 aside=$3
    [ ! -e "$aside/new" ] || exit 0
    for suffix in -wal -journal ''; do
      [ ! -f "$database$suffix" ] || cp -p "$database$suffix" "$aside/new$suffix.part"
    done
    for suffix in -wal -journal ''; do
      [ ! -f "$aside/new$suffix.part" ] || mv "$aside/new$suffix.part" "$aside/new$suffix"
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
    rm -f "$2/snapshot" "$2/snapshot-wal" "$2/snapshot-journal" "$2/snapshot-shm" "$2/absent"
    rmdir "$2" 2>/dev/null || :
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
set -u
PROGRAMS=$1
# shellcheck source=common.sh
. "$1/common.sh"
# shellcheck source=/dev/null
. "$1/parameters"
private=$(mktemp -d) || die 'no temporary directory can be made'
trap 'rm -rf "$private"' EXIT
chmod 711 "$private"

fact uid "$(id -u)"
fact user "$(id -un)"
fact kernel "$(uname -sr)"
fact os "$(sed -n 's/^PRETTY_NAME=//p' /etc/os-release 2>/dev/null | tr -d '"')"
missing=''
for tool in flock setsid tar base64 sha256sum awk sed dd stat find readlink; do
  command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
fact missing-tools "$missing"

# Jobs without a verdict: "<alive|dead> <directory> <owner>", then the unit, the configuration and the directory of
# their hub.
state_root=/var/lib/jupyterhub-upgrade
[ "$(id -u)" = 0 ] || state_root=$(home_of "$(id -u)")/.local/state/jupyterhub-upgrade
fact state-root "$state_root"
fact unfinished "$(for journal in "$state_root"/*/jobs/*/journal; do
  if [ ! -f "$journal" ] || grep -q ' verdict ' "$journal"; then continue; fi
  job=\${journal%/journal}
  life=dead
  if read -r job_pid job_start <"$job/executor" && is_alive "$job_pid" "$job_start"; then life=alive; fi
  printf '%s %s %s\\n' "$life" "$job" "$(sed -n 's/^[0-9]* [0-9]* open - //p' "$journal" | head -n 1)"
  # shellcheck source=/dev/null
  (. "$job/parameters" && printf '%s\\n%s\\n%s\\n' "$UNIT" "$CONFIG_PATH" "$HUB_DIRECTORY")
done 2>/dev/null)"

# --- the service: from systemd's own properties, or from the running process -------------------------------------------

unit_property() { systemctl show -p "$1" --value "$UNIT" 2>/dev/null; }

manager=$SERVICE_MANAGER
if [ "$manager" = auto ]; then
  manager=none
  if [ -d /run/systemd/system ] && [ "$(unit_property LoadState)" = loaded ]; then manager=systemd; fi
fi
fact service-manager "$manager"

pid='' directory='' interpreter='' arguments='' user=''
if [ "$manager" = systemd ]; then
  fact unit-properties "$(systemctl show "$UNIT" -p LoadState,ActiveState,SubState,MainPID,NRestarts,Result,Restart,KillMode,User,Group,WorkingDirectory,FragmentPath,DropInPaths,UnitFileState,TimeoutStopUSec,Type,EnvironmentFiles)"
  fact systemd "$(systemctl --version | head -n 1)"
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
  fact pid-start "$(start_time "$pid")"
  directory=$(readlink "/proc/$pid/cwd" 2>/dev/null)
  arguments=$(tr '\\0' '\\n' <"/proc/$pid/cmdline" 2>/dev/null)
  HUB_UID=$(stat -c %u "/proc/$pid")
  HUB_GID=$(stat -c %g "/proc/$pid")
elif [ "$manager" = systemd ]; then
  HUB_UID=$(id -u "\${user:-root}" 2>/dev/null)
  HUB_GID=$(id -g "\${user:-root}" 2>/dev/null)
fi
[ -n "\${HUB_UID:-}" ] || exit 0
fact hub-uid "$HUB_UID"
fact hub-gid "$HUB_GID"
fact hub-user "$(id -un "$HUB_UID" 2>/dev/null)"
HUB_DIRECTORY=\${directory:-/}
fact directory "$HUB_DIRECTORY"

# The interpreter: the first argument when it is a python, else the one beside the jupyterhub script.
first=$(printf '%s\\n' "$arguments" | head -n 1)
case \${first##*/} in
  python*) interpreter=$first ;;
  jupyterhub) interpreter=\${first%/*}/python ;;
esac
[ -z "$ENVIRONMENT_PATH" ] || interpreter=$ENVIRONMENT_PATH/bin/python
[ -n "$interpreter" ] || exit 0

# What a stopped unit would get: systemd itself says it.
HUB_ENV=$private/hub.env
: >"$HUB_ENV"
if [ -n "$pid" ]; then
  capture_environment "$pid" "$HUB_ENV" 2>/dev/null
elif [ "$manager" = systemd ] && [ "$(id -u)" = 0 ]; then
  set -- --quiet --wait --pipe --collect
  for file in $(unit_property EnvironmentFiles | sed -n 's/ (ignore_errors=.*//p'); do set -- "$@" -p "EnvironmentFile=-$file"; done
  systemd-run "$@" -p "Environment=$(unit_property Environment)" cat /proc/self/environ >"$private/environ" 2>/dev/null
  exports_of "$private/environ" "$HUB_ENV"
fi
printf "export PATH=%s:\\"\\\${PATH:-%s}\\"\\n" "$(quoted "\${interpreter%/*}")" "$PATH" >>"$HUB_ENV"
chown "$HUB_UID:$HUB_GID" "$HUB_ENV" 2>/dev/null

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
[ -z "$CONFIG_PATH" ] || set -- "$@" -f "$CONFIG_PATH"

as_hub "$interpreter" "$PROGRAMS/introspect.py" "$@" >"$private/introspect" 2>"$private/introspect.log"
fact introspect "$(cat "$private/introspect")"
[ -s "$private/introspect" ] || fact introspect-failed "$(tail -n 5 "$private/introspect.log")"

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

database=$(value database.path)
if [ -n "$database" ]; then
  database=$(as_uid "$HUB_UID" "$HUB_GID" readlink -f "$database")
  fact database-path "$database"
  database_facts=$(as_uid "$HUB_UID" "$HUB_GID" "$interpreter" -I "$PROGRAMS/hubdb.py" facts "$database" 2>"$private/database.log")
  fact database-facts "$database_facts"
  fact database-log "$(tail -n 5 "$private/database.log")"
  fact database-free "$(df -Pk "\${database%/*}" | awk 'NR == 2 { print $4 }')"
  fact database-directory-owner "$(stat -c '%u %a' "\${database%/*}")"
fi

# --- environment -------------------------------------------------------------------------------------------------------

environment=$(readlink -f "\${ENVIRONMENT_PATH:-$(value python.prefix)}")
if [ -n "$environment" ] && [ -d "$environment" ]; then
  parent=\${environment%/*}
  fact environment-path "$environment"
  fact environment-owner "$(stat -c '%u %g' "$environment")"
  fact environment-parent-owner "$(stat -c '%u %g %a' "\${parent:-/}")"
  fact environment-kib "$(du -sk "$environment" 2>/dev/null | cut -f1)"
  fact environment-free "$(df -Pk "\${parent:-/}" | awk 'NR == 2 { print $4 }')"
  [ ! -f "$environment/pyvenv.cfg" ] || fact environment-venv yes
  ENVIRONMENT_UID=$(stat -c %u "$environment")
  ENVIRONMENT_GID=$(stat -c %g "$environment")
  if [ "$(id -u)" = 0 ] || [ "$(id -u)" = "$ENVIRONMENT_UID" ]; then
    fact pip "$(as_owner "$environment/bin/python" -m pip --version 2>/dev/null)"
    fact requirements "$(as_owner "$environment/bin/python" -m pip freeze --disable-pip-version-check 2>/dev/null)"
    if [ "$TARGET_VERSION" = latest ]; then
      # pip names what it could install for this Python; \`pip index\` is younger than some hubs' pip.
      fact versions "$(as_owner "$environment/bin/python" -m pip install --disable-pip-version-check --no-deps 'jupyterhub==0.0.0' 2>&1 | sed -n 's/.*(from versions: \\(.*\\)).*/\\1/p')"
    fi
  fi
fi
# Users' servers that run from the hub's own environment: an exchange happens under their feet.
fact servers-from-environment "$(for server in $(printf '%s' "\${database_facts:-}" | tr ',' '\\n' | sed -n 's/.*"pid": \\([0-9]*\\).*/\\1/p'); do
  case $(tr '\\0' '\\n' <"/proc/$server/cmdline" | head -n 1) in "$environment"/*) printf '%s ' "$server" ;; esac
done 2>/dev/null)"
if [ "$(id -u)" = 0 ]; then
  unshare --mount --propagation private true 2>/dev/null && fact private-mount root
else
  unshare --user --map-root-user --mount --propagation private true 2>/dev/null && fact private-mount user
fi

# --- the notice on the hub's pages, other files ---------------------------------------------------------------------------

template=$(value page_template)
if [ -n "$template" ] && [ -f "$template" ]; then
  template=$(readlink -f "$template")
  fact template-path "$template"
  fact template-owner "$(stat -c '%u %g' "$template")"
  grep -q '{%-\\{0,1\\} *block *announcement' "$template" && fact template-block yes
fi
fact complete yes
`;

// src/host/environment.py
var environment_default = '"""What can be said of and done with an environment as a directory tree.\n\nusage: python3 -I environment.py fingerprint DIRECTORY [--except PATH]...\n       python3 -I environment.py digest DIRECTORY [--except PATH]...\n       python3 -I environment.py exchange A B\n       python3 -I environment.py free DIRECTORY\n\n`fingerprint` covers names, types, modes, sizes and times (fast), `digest` contents in place of times. Both leave out\n`__pycache__`, which running code rewrites, and the given paths, absolute or relative to DIRECTORY. `exchange` swaps two\ndirectories in one step; status 3 where kernel or file system cannot. JSON on stdout, one sentence on stderr when it\nfails (status 1).\n"""\n\nimport argparse\nimport errno\nimport hashlib\nimport json\nimport os\nimport stat\nimport sys\n\nUNSUPPORTED = 3\nAT_FDCWD = -100\nRENAME_EXCHANGE = 2\n# The number of renameat2(2), for C libraries that are older than the kernel.\nRENAMEAT2 = {"x86_64": 316, "aarch64": 276, "riscv64": 276, "ppc64le": 357, "s390x": 347, "armv7l": 382, "i686": 353}\n\n\nclass Refused(Exception):\n    """Why the work was not done, one sentence for people."""\n\n\nclass Unsupported(Exception):\n    """The kernel or the file system cannot do it."""\n\n\ndef walk(root, excepted):\n    """Path relative to root, DirEntry and status of everything below root, in an order that only names decide."""\n    waiting = [b""]\n    while waiting:\n        directory = waiting.pop()\n        with os.scandir(os.path.join(root, directory)) as entries:\n            ordered = sorted(entries, key=lambda entry: entry.name)\n        for entry in ordered:\n            path = os.path.join(directory, entry.name)\n            if entry.name == b"__pycache__" or path in excepted:\n                continue\n            status = entry.stat(follow_symlinks=False)\n            yield path, entry, status\n            if stat.S_ISDIR(status.st_mode):\n                waiting.append(path)\n\n\ndef excepted_paths(root, given):\n    """The given paths relative to root, whose own name and parents may be links."""\n    found = set()\n    for path in given:\n        path = os.fsencode(path)\n        if os.path.isabs(path):\n            parent, name = os.path.split(path)\n            path = os.path.relpath(os.path.join(os.path.realpath(parent), name), root)\n        found.add(os.path.normpath(path))\n    return found\n\n\ndef content_of(path):\n    digest = hashlib.sha256()\n    with open(path, "rb") as file:\n        for block in iter(lambda: file.read(1 << 20), b""):\n            digest.update(block)\n    return digest.digest()\n\n\ndef tree_digest(directory, given, contents):\n    root = os.path.realpath(os.fsencode(directory))\n    excepted = excepted_paths(root, given)\n    digest = hashlib.sha256()\n    entries = size = 0\n    for path, entry, status in walk(root, excepted):\n        fields = [path, b"%o" % status.st_mode]\n        if stat.S_ISLNK(status.st_mode):\n            fields.append(os.readlink(entry.path))\n        elif stat.S_ISREG(status.st_mode):\n            size += status.st_size\n            fields.append(b"%d" % status.st_size)\n            fields.append(content_of(entry.path) if contents else b"%d" % status.st_mtime_ns)\n        # The time and size of a directory change with its __pycache__.\n        for field in fields:\n            digest.update(b"%d:" % len(field) + field)\n        digest.update(b"\\n")\n        entries += 1\n    return {"digest" if contents else "fingerprint": digest.hexdigest(), "entries": entries, "bytes": size}\n\n\ndef renameat2(a, b):\n    try:\n        import ctypes\n    except ImportError:\n        return errno.ENOSYS\n    libc = ctypes.CDLL(None, use_errno=True)\n    arguments = (AT_FDCWD, ctypes.c_char_p(a), AT_FDCWD, ctypes.c_char_p(b), ctypes.c_uint(RENAME_EXCHANGE))\n    if hasattr(libc, "renameat2"):\n        result = libc.renameat2(*arguments)\n    elif os.uname().machine in RENAMEAT2:\n        result = libc.syscall(ctypes.c_long(RENAMEAT2[os.uname().machine]), *arguments)\n    else:\n        return errno.ENOSYS\n    return 0 if result == 0 else ctypes.get_errno()\n\n\ndef sync_directory(path):\n    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)\n    try:\n        os.fsync(descriptor)\n    finally:\n        os.close(descriptor)\n\n\ndef exchange(a, b):\n    a, b = os.path.abspath(a), os.path.abspath(b)\n    for path in (a, b):\n        if os.path.islink(path) or not os.path.isdir(path):\n            raise Refused(f"{path} is not a directory.")\n    if os.path.commonpath([a, b]) in (a, b):\n        raise Refused(f"{a} and {b} lie within each other.")\n    error = renameat2(os.fsencode(a), os.fsencode(b))\n    if error in (errno.ENOSYS, errno.EINVAL):\n        raise Unsupported()\n    if error:\n        raise Refused(f"{a} and {b} could not be exchanged: {os.strerror(error)}.")\n    for parent in sorted({os.path.dirname(a), os.path.dirname(b)}):\n        sync_directory(parent)\n    return {"exchanged": True}\n\n\ndef free(directory):\n    """Free bytes and inodes for who asks; null inodes where the file system has no limit."""\n    status = os.statvfs(directory)\n    return {"bytes": status.f_bavail * status.f_frsize, "inodes": status.f_favail if status.f_files else None}\n\n\ndef arguments():\n    parser = argparse.ArgumentParser(prog="environment.py")\n    verbs = parser.add_subparsers(dest="verb")\n    verbs.required = True\n    for verb in ("fingerprint", "digest"):\n        one = verbs.add_parser(verb)\n        one.add_argument("directory")\n        one.add_argument("--except", dest="excepted", action="append", default=[], metavar="PATH")\n    one = verbs.add_parser("exchange")\n    one.add_argument("a")\n    one.add_argument("b")\n    verbs.add_parser("free").add_argument("directory")\n    return parser.parse_args()\n\n\ndef run(given):\n    if given.verb == "exchange":\n        return exchange(given.a, given.b)\n    if given.verb == "free":\n        return free(given.directory)\n    return tree_digest(given.directory, given.excepted, given.verb == "digest")\n\n\ndef fail(status, sentence):\n    line = "".join(each if each.isprintable() else "?" for each in f"environment.py: {sentence}")\n    sys.stderr.write(line + "\\n")\n    sys.exit(status)\n\n\ndef main():\n    try:\n        print(json.dumps(run(arguments()), sort_keys=True))\n    except Refused as error:\n        fail(1, error)\n    except Unsupported:\n        fail(UNSUPPORTED, "This kernel or file system cannot exchange two directories in one step.")\n    except OSError as error:\n        fail(1, f"{os.fsdecode(error.filename or b\'\')}: {error.strerror}.")\n\n\nif __name__ == "__main__":\n    main()\n';

// src/host/environments/in-stage.sh
var in_stage_default = `#!/bin/sh
# in-stage.sh STAGE ENVIRONMENT UID GID PYTHON_ARGS...: in a mount namespace of its own, put the copy over the original
# path and run the environment's python there as that user.
set -eu
PROGRAMS=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=../common.sh
. "$PROGRAMS/common.sh"
mount --bind "$1" "$2"
ENVIRONMENT_PATH=$2
ENVIRONMENT_UID=$3
ENVIRONMENT_GID=$4
shift 4
# A shell that stood in the original directory would still see it.
cd /
as_owner PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 "$ENVIRONMENT_PATH/bin/python" "$@"
`;

// src/host/environments/pip.sh
var pip_default = `# shellcheck shell=sh
# The hub's environment is a virtual environment with pip (ENVIRONMENT_PATH, its real path). Sourced by executor.sh.
#
# Staged: a copy beside it is bind-mounted over the original path in a private mount namespace and upgraded there, so
# that every path in it is final and the live hub sees nothing; the downtime holds one exchange of two directories.
# In place: the wheels are fetched beforehand and the copy is the way back.

environment_stage_path() { printf '%s.jupyterhub-upgrade-%s\\n' "$ENVIRONMENT_PATH" "\${1:-$JOB_ID}"; }

# Which of the two directories is the copy: it carries this file, named for this job until tidy or undo removes it.
environment_mark() { printf '%s/.jupyterhub-upgrade-%s\\n' "$1" "$JOB_ID"; }

as_parent_owner() { as_uid "$ENVIRONMENT_PARENT_UID" "$ENVIRONMENT_PARENT_GID" "$@"; }

environment_python() { as_owner "$ENVIRONMENT_PATH/bin/python" -I "$@"; }

environment_stage() {
  stage=$(environment_stage_path)
  environment_fingerprint >"$JOB/fingerprint" || return 1
  say "copying $ENVIRONMENT_PATH"
  environment_make_directory "$stage" || return 1
  as_owner cp -a --reflink=auto "$ENVIRONMENT_PATH/." "$stage/" || return 1
  as_owner touch "$(environment_mark "$stage")" || return 1
  case $INSTALL in
    staged)
      say "installing $REQUIREMENT into the copy"
      with_requirements in_stage -m pip install --progress-bar off --upgrade || return 1
      # As the hub's user, who will run it: what only the owner can read would fail after the stop.
      stage_version=$(in_stage_as "$HUB_UID" "$HUB_GID" -c 'import jupyterhub.app; print(jupyterhub.__version__)') ||
        return 1
      note_head "$(in_stage "$PROGRAMS/heads.py")" || return 1
      ;;
    in-place)
      say "fetching $REQUIREMENT and what it needs"
      mkdir -p "$JOB/wheels" && chown "$ENVIRONMENT_UID:$ENVIRONMENT_GID" "$JOB/wheels" || return 1
      with_requirements as_owner "$ENVIRONMENT_PATH/bin/python" -m pip download --progress-bar off --no-input \\
        --disable-pip-version-check --dest "$JOB/wheels" || return 1
      return 0
      ;;
  esac
  if [ "$stage_version" != "$TARGET_VERSION" ]; then
    say "pip installed JupyterHub $stage_version, not $TARGET_VERSION"
    return 1
  fi
}

# with_requirements COMMAND...: the command with what pip is asked for: one release, or (restore) the whole set that a
# backup recorded.
with_requirements() {
  if [ -e "$JOB/payload/requirements" ]; then
    "$@" --requirement "$JOB/payload/requirements"
  else
    "$@" "$REQUIREMENT"
  fi
}

environment_make_directory() {
  [ -d "$1" ] && return 0
  as_parent_owner mkdir "$1" || return 1
  [ "$ENVIRONMENT_PARENT_UID" = "$ENVIRONMENT_UID" ] || chown "$ENVIRONMENT_UID:$ENVIRONMENT_GID" "$1" || return 1
  as_owner chmod "$(stat -c %a "$ENVIRONMENT_PATH")" "$1"
}

# in_stage ARGS: the environment's python where the copy stands at the original path, seen by this process only.
in_stage() { in_stage_as "$ENVIRONMENT_UID" "$ENVIRONMENT_GID" "$@"; }

in_stage_as() {
  OWNER_HOME=$(home_of "$ENVIRONMENT_UID")
  export OWNER_HOME
  if [ "$(id -u)" = 0 ]; then
    unshare --mount --propagation private /bin/sh "$PROGRAMS/environments/in-stage.sh" \\
      "$(environment_stage_path)" "$ENVIRONMENT_PATH" "$@"
  else
    # In a user namespace the caller is root by name only, and stays the owner of what it writes.
    shift 2
    unshare --user --map-root-user --mount --propagation private /bin/sh "$PROGRAMS/environments/in-stage.sh" \\
      "$(environment_stage_path)" "$ENVIRONMENT_PATH" 0 0 "$@"
  fi
}

note_head() {
  [ -n "$1" ] && note head "$1"
}

environment_fingerprint() {
  environment_python "$PROGRAMS/environment.py" fingerprint "$ENVIRONMENT_PATH" \\
    \${TEMPLATE_PATH:+--except "$TEMPLATE_PATH"} \\
    \${TEMPLATE_PATH:+--except "$TEMPLATE_PATH.before-jupyterhub-upgrade"}
}

# An environment that somebody changed since it was copied would lose that change.
environment_is_as_staged() {
  environment_fingerprint >"$JOB/fingerprint.now" || return 1
  cmp -s "$JOB/fingerprint" "$JOB/fingerprint.now" && return 0
  say "$ENVIRONMENT_PATH was changed while the upgrade was prepared: run the upgrade again"
  return 1
}

environment_switch() { environment_exchange; }

# Installs from the fetched wheels only: nothing is resolved or downloaded while the hub is down.
environment_install() {
  with_requirements as_owner "$ENVIRONMENT_PATH/bin/python" -m pip install --no-input \\
    --disable-pip-version-check --no-index --find-links "$JOB/wheels" --upgrade || return 1
  install_version=$(environment_python -c 'import jupyterhub; print(jupyterhub.__version__)') || return 1
  [ "$install_version" = "$TARGET_VERSION" ] || {
    say "pip installed JupyterHub $install_version, not $TARGET_VERSION"
    return 1
  }
  note_head "$(environment_python "$PROGRAMS/heads.py")"
}

# Back to the directory that was live: staged, when the marked copy is the live one; in place, when it is not.
environment_switch_back() {
  stage=$(environment_stage_path)
  # An exchange by renames that was cut: whichever name is missing gets its directory, then the mark decides.
  if [ -e "$stage.out" ]; then
    if [ ! -e "$ENVIRONMENT_PATH" ]; then
      as_parent_owner mv -T "$stage.out" "$ENVIRONMENT_PATH" || return 1
    elif [ ! -e "$stage" ]; then
      as_parent_owner mv -T "$stage.out" "$stage" || return 1
    fi
  fi
  if [ "$INSTALL" = staged ]; then
    [ -e "$(environment_mark "$ENVIRONMENT_PATH")" ] || return 0
  else
    [ -e "$(environment_mark "$stage")" ] || return 0
  fi
  environment_exchange
}

# One atomic exchange where the kernel and the file system can, else two renames, whose gap switch_back closes.
environment_exchange() {
  stage=$(environment_stage_path)
  if [ -x /usr/bin/python3 ] && as_parent_owner /usr/bin/python3 -I "$PROGRAMS/environment.py" exchange "$ENVIRONMENT_PATH" "$stage" >/dev/null 2>&1; then
    :
  else
    as_parent_owner mv -T "$ENVIRONMENT_PATH" "$stage.out" || return 1
    as_parent_owner mv -T "$stage" "$ENVIRONMENT_PATH" || return 1
    as_parent_owner mv -T "$stage.out" "$stage" || return 1
  fi
  as_parent_owner sync "\${ENVIRONMENT_PATH%/*}" 2>/dev/null || sync
}

environment_discard_stage() {
  environment_unmark
  environment_remove_kept "$JOB_ID"
}

environment_unmark() { as_owner rm -f "$(environment_mark "$ENVIRONMENT_PATH")"; }

# What a committed job leaves as the way back by hand.
environment_kept() {
  [ ! -d "$(environment_stage_path)" ] || printf 'the environment of before in %s\\n' "$(environment_stage_path)"
}

environment_remove_kept() {
  environment_kept=$(environment_stage_path "$1")
  [ -d "$environment_kept" ] || return 0
  as_owner find "$environment_kept" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
  as_parent_owner rmdir "$environment_kept"
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
# shellcheck source=services/systemd.sh
. "$PROGRAMS/services/$SERVICE_MANAGER.sh"
# shellcheck source=environments/pip.sh
. "$PROGRAMS/environments/$PACKAGE_MANAGER.sh"
# shellcheck source=databases/sqlite.sh
. "$PROGRAMS/databases/$DATABASE_DIALECT.sh"
# shellcheck source=steps.sh
. "$PROGRAMS/steps.sh"

# --- one step, under supervision ---------------------------------------------------------------------------------

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
    echo $(($(now) - downtime_from))
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

# Whatever a dead executor left running must not write while its work is undone.
kill_sessions() {
  sed -n 's/^[0-9]* [0-9]* session [a-z-]* \\([0-9]*\\) \\([0-9]*\\)$/\\1 \\2/p' "$JOB/journal" | while read -r kill_sid kill_start; do
    # A session outlives its leader; a recycled number does not lead a session that began earlier.
    if is_alive "$kill_sid" "$kill_start" || [ ! -d "/proc/$kill_sid" ]; then kill_session "$kill_sid"; fi
  done
}

roll_back() {
  kill_sessions
  roll_back_reverse=''
  # shellcheck disable=SC2153 # STEPS is a parameter
  for roll_back_step in $STEPS; do roll_back_reverse="$roll_back_step $roll_back_reverse"; done
  for roll_back_step in $roll_back_reverse; do
    journal_has "begin $roll_back_step" || continue
    journal_has "undone $roll_back_step" && continue
    journal undo "$roll_back_step"
    if (apart undo "$roll_back_step"); then
      journal undone "$roll_back_step"
    else
      journal undo-failed "$roll_back_step"
      finish rollback-failed
    fi
  done
  if journal_has 'begin stop'; then finish rolled-back; else finish not-begun; fi
}

# --- the whole job -----------------------------------------------------------------------------------------------

# The verdict comes last: whoever waits for it finds that the secrets are gone.
finish() {
  rm -f "$JOB/secrets" "$JOB/hub.env" "$JOB/ballast" "$JOB/go" "$JOB/token"*
  rm -rf "$JOB/payload" "$JOB/wheels"
  journal verdict - "$1"
  exit 0
}

is_kept() {
  case $(decision) in commit* | timeout*) return 0 ;; *) return 1 ;; esac
}

run() {
  exec >>"$JOB/log" 2>&1
  # One executor a job. What a killed one left holding this lock ends in a moment.
  exec 8<"$JOB" || exit 1
  run_tries=0
  until flock -n 8; do
    [ "$run_tries" -lt 30 ] || exit 1
    run_tries=$((run_tries + 1))
    sleep 0.1
  done
  mend_journal
  journal_has verdict && exit 0
  # The lock is the hub's working directory itself: nothing to create, no link to follow, nothing left behind.
  exec 9<"$HUB_DIRECTORY" || exit 1
  if ! flock -n 9; then
    say 'another run of jupyterhub-upgrade holds this hub'
    journal fail lock 'another run holds this hub'
    finish not-begun
  fi
  start=$(start_time $$)
  printf '%s %s\\n' "$$" "$start" >"$JOB/executor.new" && mv "$JOB/executor.new" "$JOB/executor"
  if ! journal_has open; then
    dd if=/dev/zero of="$JOB/ballast" bs=65536 count=4 conv=fsync 2>/dev/null
    journal open - "$OWNER" || exit 1
    note previous-version "$PREVIOUS_VERSION"
    note target-version "$TARGET_VERSION"
  else
    kill_sessions
    # A killed executor's open step cannot be known: after the host's own verify the new hub stays, before it the old
    # one comes back.
    journal_has 'done verify' || decide abort 'the executor died' >/dev/null
    journal_has 'done verify' || is_kept || roll_back
  fi
  is_aborted && roll_back
  for step in $STEPS; do
    journal_has "done $step" && continue
    if ! run_step "$step"; then
      decide abort "step $step" >/dev/null
      is_kept || roll_back
    fi
    is_aborted && roll_back
  done
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

BASE is the hub's public address, with its prefix: http://127.0.0.1/prefix/. The first line of stdin is an API
token; an empty one means there is none. JSON lines on stdout, one sentence on stderr when it fails (status 1).

wait   until /hub/api/ answers with VERSION: {"event": "up", "uptime": CENTISECONDS, "version"} at once, and
       {"event": "stable", ...} when it stayed so for the stable time
check  once: {"event": "check", "version", "login": {"kind": form|link|provider|header, "to"}, "user": NAME or null}
spawn  starts the server of USER, reaches it through the proxy and stops it again; one that runs already is left alone:
       {"event": "spawn", "user", "started": BOOLEAN, "reached": BOOLEAN}
"""

import argparse
import http.client
import json
import re
import signal
import socket
import ssl
import sys
import time
import urllib.parse
import urllib.request

# Seconds for one request, and between two of \`wait\`.
REQUEST_TIMEOUT = 10
INTERVAL = 0.1
# A server of a user is given this long to stop.
STOP_TIMEOUT = 60
LARGEST_BODY = 1 << 21
REDIRECTS = 5


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


def arguments():
    parser = argparse.ArgumentParser(prog="health.py")
    verbs = parser.add_subparsers(dest="verb")
    verbs.required = True
    for verb in ("wait", "check", "spawn"):
        one = verbs.add_parser(verb)
        one.add_argument("base")
        if verb == "spawn":
            one.add_argument("user")
        else:
            one.add_argument("--version", required=True)
        if verb != "check":
            one.add_argument("--timeout", type=float, default=120)
        if verb == "wait":
            one.add_argument("--stable", type=float, default=0)
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
        else:
            spawn(hub, given.user, given.timeout)
    except Unwell as error:
        log(f"health.py: {error}")
        sys.exit(1)


if __name__ == "__main__":
    main()
`;

// src/host/hubdb.py
var hubdb_default = `"""What can be done to a JupyterHub's SQLite database from outside the hub.

usage: python3 -I hubdb.py facts DATABASE
       python3 -I hubdb.py revision DATABASE                                     (the revision alone, not JSON)
       python3 -I hubdb.py backup DATABASE OUT
       python3 -I hubdb.py digest DATABASE
       python3 -I hubdb.py compare OLD NEW
       HUB_PYTHON hubdb.py token create [--wait] [--user NAME] [--expires SECONDS] DATABASE
       HUB_PYTHON hubdb.py token delete DATABASE

All but \`token\` need the standard library only and open databases read-only; \`token\` takes the token on stdin. JSON on
stdout, one sentence on stderr when it fails (status 1). \`token create\` ends with status 4 where the coming migration
drops all tokens (JupyterHub 1.x).
"""

import argparse
import contextlib
import datetime
import hashlib
import json
import os
import signal
import sqlite3
import struct
import sys
import urllib.parse

# Seconds to wait for a lock another process holds.
LOCK_TIMEOUT = 10
# Names printed per list; the count beside them is always complete.
FIRST = 20
NOT_KEPT = 4

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
# Its migration drops api_tokens: no token made before it works after it.
TOKENS_DROPPED = "833da8570507"

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


class Refused(Exception):
    """Why the work was not done, one sentence for people."""


def log(line):
    """One line for people; what a path or a name brings along cannot break it."""
    sys.stderr.write("".join(each if each.isprintable() else "?" for each in line) + "\\n")
    sys.stderr.flush()


def answer(value):
    json.dump(value, sys.stdout, sort_keys=True)
    sys.stdout.write("\\n")
    sys.stdout.flush()


def in_words(error, path):
    """What an error of SQLite means for the database at path."""
    text = str(error)
    if "locked" in text:
        return f"The database {path} is locked by another process (waited {LOCK_TIMEOUT} seconds)."
    if "not a database" in text or "malformed" in text:
        return f"The database {path} is damaged: {text}."
    if "readonly" in text and os.path.exists(path + "-journal"):
        return f"The database {path} has an unfinished transaction beside it ({path}-journal), left by a crash."
    return f"The database {path} could not be read: {text}."


# --- opening -----------------------------------------------------------------------------------------------------


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


@contextlib.contextmanager
def reading(path, attach=None):
    """A read-only connection in one read transaction; a second database as schema \`new\` when given."""
    # SQLite keeps the -wal and -shm files beside the file a symbolic link leads to.
    paths = [os.path.realpath(each) for each in (path, attach) if each is not None]
    for each in paths:
        if not os.path.isfile(each):
            raise Refused(f"There is no database file at {each}.")
    con = None
    current = paths[0]
    try:
        options = {each: read_options(each) for each in paths}
        before = {each: stamp(each) for each in paths}
        con = sqlite3.connect(uri(current, options[current]), uri=True, timeout=LOCK_TIMEOUT, isolation_level=None)
        # Sorting must not spill rows into a temporary file.
        con.execute("PRAGMA temp_store = MEMORY")
        for each in paths[1:]:
            current = each
            con.execute("ATTACH DATABASE ? AS new", (uri(each, options[each]),))
        con.execute("BEGIN")
        for each, schema in zip(paths, ("main", "new")):
            current = each
            con.execute(f"SELECT count(*) FROM {schema}.sqlite_master").fetchone()
        current = paths[0]
        yield con
        for each in paths:
            if "immutable" in options[each] and stamp(each) != before[each]:
                raise Refused(f"The database {each} changed while it was read.")
    except sqlite3.Error as error:
        raise Refused(in_words(error, current)) from error
    finally:
        if con is not None:
            con.close()


def replacing(text):
    return text.decode("utf-8", "replace")


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def table_names(con, schema="main"):
    rows = con.execute(f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows.fetchall() if not name.startswith("sqlite_")]


def column_names(con, table, schema="main"):
    return [row[1] for row in con.execute(f"PRAGMA {schema}.table_info({quoted(table)})")]


def revisions(con, schema="main"):
    if "alembic_version" not in table_names(con, schema):
        return []
    rows = con.execute(f"SELECT version_num FROM {schema}.alembic_version ORDER BY 1")
    return [str(value)[:64] for (value,) in rows]


def has(tables, table, column):
    return table in tables and (column is None or column in tables[table])


# --- facts -------------------------------------------------------------------------------------------------------


def half_migrated(revision, tables):
    """Signs that a migration broke off or never ran, as sentences; columns say nothing about an unknown revision."""
    signs = []
    for table in sorted(tables):
        if table.startswith("_alembic_tmp_"):
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


def running_servers(con, tables):
    """Servers the hub counts as running. Nothing of a spawner's state but an integer pid is told."""
    if not (has(tables, "spawners", "server_id") and "users" in tables):
        return []
    query = (
        "SELECT u.name, s.name, s.state FROM spawners s JOIN users u ON u.id = s.user_id "
        "WHERE s.server_id IS NOT NULL ORDER BY 1, 2"
    )
    return [{"user": user, "name": name or "", "pid": pid_of(state)} for user, name, state in con.execute(query)]


def pid_of(state):
    try:
        pid = json.loads(state)["pid"]
    except (TypeError, ValueError, KeyError, RecursionError):
        return None
    return pid if type(pid) is int and pid > 0 else None


def facts(path):
    with reading(path) as con:
        con.text_factory = replacing
        check = con.execute("PRAGMA quick_check(1)").fetchone()[0]
        tables = {table: column_names(con, table) for table in table_names(con)}
        revision = revisions(con)
        admins = 0
        if has(tables, "users", "admin"):
            admins = con.execute("SELECT count(*) FROM users WHERE admin").fetchone()[0]
        real = os.path.realpath(path)
        sizes = [size(real + suffix) or 0 for suffix in ("", "-wal", "-journal")]
        result = {
            "path": real,
            "revision": revision[0] if len(revision) == 1 else None,
            "journal_mode": con.execute("PRAGMA journal_mode").fetchone()[0],
            "page_size": con.execute("PRAGMA page_size").fetchone()[0],
            "size": sum(sizes),
            "wal_size": sizes[1],
            "quick_check": check[:200],
            "half_migrated": half_migrated(revision, tables),
            "rows": {table: con.execute(f"SELECT count(*) FROM {quoted(table)}").fetchone()[0] for table in tables},
            "admins": admins,
            "servers": running_servers(con, tables),
        }
    if is_wal(real):
        result["journal_mode"] = "wal"
    return result


def revision(path):
    with reading(path) as con:
        found = revisions(con)
    if len(found) != 1:
        raise Refused(f"The database {path} has {len(found)} rows in alembic_version, not one.")
    if not found[0].isalnum():
        raise Refused(f"The database {path} has no revision in alembic_version.")
    return found[0]


# --- digest ------------------------------------------------------------------------------------------------------


class Text(bytes):
    """A TEXT value as it is stored, told apart from a BLOB."""


def encode(value):
    """One value with its type, in a form no other value has."""
    if value is None:
        return b"n"
    if isinstance(value, Text):
        return b"t%d:" % len(value) + value
    if isinstance(value, bytes):
        return b"b%d:" % len(value) + value
    if isinstance(value, float):
        return b"f" + struct.pack(">d", value)
    return b"i%d;" % value


def rows_digest(con, table, columns, condition=""):
    """Digest of rows in any order, in constant memory.

    The sha256 of every row is added up modulo 2^256. Sorting instead (ORDER BY all columns) would need memory or a
    temporary file as large as the table; XOR would lose a pair of equal rows. The sum guards against mistakes, not
    against somebody who constructs rows to collide.
    """
    names = sorted(columns)
    base = hashlib.sha256(b"".join(encode(Text(name.encode())) for name in [table] + names))
    total = rows = 0
    selection = ", ".join(quoted(name) for name in names)
    for row in con.execute(f"SELECT {selection} FROM {quoted(table)} {condition}"):
        digest = base.copy()
        digest.update(b"".join(encode(value) for value in row))
        total += int.from_bytes(digest.digest(), "big")
        rows += 1
    base.update(b"%d:%d" % (rows, total % (1 << 256)))
    return rows, base.hexdigest()


def durable_digest(con, table, columns):
    if table in VOLATILE_TABLES:
        return ""
    keep = [column for column in columns if column not in VOLATILE_COLUMNS.get(table, {})]
    conditions = [sql for column, sql, _ in DURABLE_ROWS.get(table, []) if column in columns]
    where = "WHERE " + " AND ".join(conditions) if conditions else ""
    return rows_digest(con, table, keep, where)[1]


def schema_digest(con):
    """Digest of all statements that made the schema, blanks normalised, less what SQLite itself adds."""
    rows = con.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    lines = sorted(
        [kind, name, table, " ".join((sql or "").split())]
        for kind, name, table, sql in rows
        if not name.startswith("sqlite_")
    )
    return hashlib.sha256(json.dumps(lines).encode("ascii")).hexdigest()


def digest_of(con):
    result = {"schema": schema_digest(con), "tables": {}}
    tables = {table: column_names(con, table) for table in table_names(con)}
    con.text_factory = Text
    for table, columns in tables.items():
        rows, exact = rows_digest(con, table, columns)
        result["tables"][table] = {"rows": rows, "exact": exact, "durable": durable_digest(con, table, columns)}
    con.text_factory = str
    return result


def digest(path):
    with reading(path) as con:
        return digest_of(con)


# --- backup ------------------------------------------------------------------------------------------------------


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


def sync(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_backup(path, out):
    source_digest = None
    with reading(path) as source:
        target = sqlite3.connect(uri(out, "mode=rw"), uri=True, isolation_level=None)
        try:
            # Nobody reads OUT before it is synced as a whole, so no journal and no waiting for the disk while the
            # hub cannot write.
            target.execute("PRAGMA journal_mode = OFF")
            target.execute("PRAGMA synchronous = OFF")
            if hasattr(source, "backup"):
                # In one step: a copy in several would begin again with every write of the hub.
                source.backup(target)
            else:
                source_digest = digest_of(source)
                copy_rows(source, target)
        except sqlite3.Error as error:
            if "malformed" in str(error):
                raise Refused(in_words(error, path)) from error
            raise Refused(f"The backup {out} could not be written: {error}.") from error
        finally:
            target.close()
    sync(out)
    with reading(out) as copy:
        check = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if check != "ok":
            raise Refused(f"The backup of {path} does not pass the integrity check: {check[:200]}.")
        result = digest_of(copy)
    if source_digest not in (None, result):
        raise Refused(f"The backup of {path} differs from the database.")
    return result


def backup(path, out):
    if not os.path.isfile(path):
        raise Refused(f"There is no database file at {path}.")
    out = os.path.abspath(out)
    beside = [out + suffix for suffix in ("-wal", "-shm", "-journal")]
    for each in beside:
        if os.path.lexists(each):
            raise Refused(f"{each} exists: SQLite would take it for a part of the backup.")
    try:
        os.close(os.open(out, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise Refused(f"The backup {out} could not be made: {error.strerror}.") from error
    try:
        os.chmod(out, 0o600)
        result = write_backup(path, out)
        left = [each for each in beside if os.path.lexists(each)]
        if left:
            raise Refused(f"{left[0]} was left beside the backup.")
        sync(os.path.dirname(out))
        return result
    except BaseException:
        for each in [out] + beside:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(each)
        raise


# --- compare -----------------------------------------------------------------------------------------------------


def kinds(schema, now):
    """What must outlive an upgrade: (kind, table and column it needs, statement giving its rows).

    Each statement gives a key that no other row has and a label for people.
    """

    def named(table):
        return f"SELECT quote(name) AS key, name AS label FROM {schema}.{table}"

    def tokens(of_users):
        return (
            "SELECT coalesce(t.prefix, '') || ':' || coalesce(t.hashed, '') AS key, "
            "u.name || ' (a' || t.id || ')' AS label "
            f"FROM {schema}.api_tokens t JOIN {schema}.users u ON u.id = t.user_id "
            f"WHERE (t.expires_at IS NULL OR t.expires_at > '{now}') AND {of_users}"
        )

    # The token of a running server goes with it. In 1.x tokens have no client.
    not_a_servers = "coalesce(t.note, '') NOT LIKE 'Server at %'"
    not_a_browsers = "coalesce(t.client_id, '') = 'jupyterhub'"
    memberships = (
        "SELECT quote(g.name) || quote(u.name) AS key, u.name || ' in ' || g.name AS label "
        f"FROM {schema}.user_group_map m JOIN {schema}.users u ON u.id = m.user_id "
        f"JOIN {schema}.groups g ON g.id = m.group_id"
    )
    shares = (
        "SELECT quote(o.name) || quote(s.name) || quote(u.name) || quote(g.name) AS key, "
        "o.name || '/' || s.name || ' with ' || coalesce(u.name, g.name, '') AS label "
        f"FROM {schema}.shares x JOIN {schema}.users o ON o.id = x.owner_id "
        f"JOIN {schema}.spawners s ON s.id = x.spawner_id LEFT JOIN {schema}.users u ON u.id = x.user_id "
        f"LEFT JOIN {schema}.groups g ON g.id = x.group_id "
        f"WHERE x.expires_at IS NULL OR x.expires_at > '{now}'"
    )
    return [
        ("users", "users", "name", named("users")),
        ("admins", "users", "admin", named("users") + " WHERE admin"),
        ("groups", "groups", "name", named("groups")),
        ("memberships", "user_group_map", "user_id", memberships),
        ("tokens", "api_tokens", "client_id", tokens(f"{not_a_servers} AND {not_a_browsers}")),
        ("tokens", "api_tokens", "hashed", tokens(not_a_servers)),
        ("services", "services", "name", named("services")),
        ("roles", "roles", "name", named("roles")),
        ("shares", "shares", "owner_id", shares),
    ]


# Kinds that not every release has: compared where both databases have them.
NEWER_KINDS = ("roles", "shares")
# A hub makes these what its configuration says at every start: what is lost of them is told, but is no loss of data.
FROM_CONFIGURATION = ("roles", "services")


def selections(con, schema, now):
    """The statement for each kind in one of the databases; an empty one where its table is missing."""
    tables = {table: column_names(con, table, schema) for table in table_names(con, schema)}
    found = {}
    for kind, table, column, sql in kinds(schema, now):
        if kind not in found and has(tables, table, column):
            found[kind] = sql
    for kind, _, _, _ in kinds(schema, now):
        if kind not in found and kind not in NEWER_KINDS:
            found[kind] = "SELECT '' AS key, '' AS label WHERE 0"
    return found


def difference(con, left, right):
    """Labels of what \`left\` has and \`right\` has not: the first ones and the count."""
    query = f"FROM ({left}) WHERE key NOT IN (SELECT key FROM ({right}))"
    first = con.execute(f"SELECT label {query} ORDER BY label LIMIT {FIRST}").fetchall()
    return {"count": con.execute("SELECT count(*) " + query).fetchone()[0], "first": [label for (label,) in first]}


def is_before(revision, limit):
    return len(revision) == 1 and revision[0] in CHAIN and CHAIN.index(revision[0]) < CHAIN.index(limit)


def compare(old, new):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
    with reading(old, attach=new) as con:
        con.text_factory = replacing
        was, is_now = selections(con, "main", now), selections(con, "new", now)
        before, after = revisions(con), revisions(con, "new")
        result = {
            "revisions": {"old": before, "new": after},
            "lost": {},
            "added": {},
            "counts": {},
            "dropped_by_design": {},
        }
        for kind in sorted(set(was) & set(is_now)):
            pair = (was[kind], is_now[kind])
            result["lost"][kind] = difference(con, *pair)
            result["added"][kind] = difference(con, *reversed(pair))
            result["counts"][kind] = [con.execute(f"SELECT count(*) FROM ({each})").fetchone()[0] for each in pair]
        if is_before(before, TOKENS_DROPPED) and not is_before(after, TOKENS_DROPPED):
            result["dropped_by_design"]["tokens"] = result["lost"].pop("tokens")
        kept = [each["count"] == 0 for kind, each in result["lost"].items() if kind not in FROM_CONFIGURATION]
        result["complete"] = all(kept)
        return result


# --- token -------------------------------------------------------------------------------------------------------


def read_token():
    token = sys.stdin.readline().strip()
    if len(token) < 32 or not token.isalnum() or len(token) > 255:
        raise Refused("The token on stdin must be 32 to 255 letters and digits.")
    return token


class Orm:
    """The installed hub's own ORM on a database it fits to."""

    def __init__(self, path):
        # The directory of this program holds programs for other purposes: no import may find them.
        here = os.path.dirname(os.path.abspath(__file__))
        sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
        sys.dont_write_bytecode = True
        try:
            import alembic.script
            import jupyterhub
            import sqlalchemy
            import sqlalchemy.orm
            import sqlalchemy.pool
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
        self.path = path
        self.orm = orm
        self.sqlalchemy = sqlalchemy

    @contextlib.contextmanager
    def session(self):
        with reading(self.path) as con:
            found = revisions(con)
        if found != self.heads:
            raise Refused(
                "The database is at revision {}, the hub of this environment needs {}.".format(
                    ", ".join(found) or "none", ", ".join(self.heads)
                )
            )

        def connect():
            con = sqlite3.connect(uri(os.path.realpath(self.path), "mode=rw"), uri=True, timeout=LOCK_TIMEOUT)
            con.execute("PRAGMA foreign_keys = ON")
            return con

        # A creator and not a URL: a URL of SQLAlchemy cannot name every path.
        engine = self.sqlalchemy.create_engine("sqlite://", creator=connect, poolclass=self.sqlalchemy.pool.NullPool)
        session = self.sqlalchemy.orm.sessionmaker(bind=engine)()
        try:
            yield session
        except self.sqlalchemy.exc.SQLAlchemyError as error:
            raise Refused(in_words(getattr(error, "orig", None) or type(error).__name__, self.path)) from error
        except (ValueError, RuntimeError) as error:
            # Not its text: that of some releases holds the token.
            raise Refused(f"The hub does not take the token ({type(error).__name__}).") from error
        finally:
            session.close()
            engine.dispose()


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


def token_create(path, user, expires, wait):
    hub = Orm(path)
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


def token_delete(path):
    hub = Orm(path)
    token = read_token()
    with reading(path) as con:
        if "api_tokens" not in table_names(con):
            return {"deleted": 0}
    with hub.session() as session:
        number = find_token(session, hub.orm, token)
        if number is None:
            return {"deleted": 0}
        session.query(hub.orm.APIToken).filter_by(id=number).delete(synchronize_session=False)
        session.commit()
        return {"deleted": 1}


# --- command line ------------------------------------------------------------------------------------------------


def arguments():
    parser = argparse.ArgumentParser(prog="hubdb.py")
    verbs = parser.add_subparsers(dest="verb")
    verbs.required = True
    plain = {"facts": ["path"], "revision": ["path"], "digest": ["path"], "backup": ["path", "out"]}
    plain["compare"] = ["old", "new"]
    for verb, names in sorted(plain.items()):
        one = verbs.add_parser(verb)
        for name in names:
            one.add_argument(name)
    deeds = verbs.add_parser("token").add_subparsers(dest="deed")
    deeds.required = True
    one = deeds.add_parser("create")
    one.add_argument("--wait", action="store_true")
    one.add_argument("--user")
    one.add_argument("--expires", type=int, default=600)
    one.add_argument("path")
    deeds.add_parser("delete").add_argument("path")
    return parser.parse_args()


def run(given):
    if given.verb == "facts":
        return facts(given.path)
    if given.verb == "digest":
        return digest(given.path)
    if given.verb == "backup":
        return backup(given.path, given.out)
    if given.verb == "compare":
        return compare(given.old, given.new)
    if given.deed == "create":
        return token_create(given.path, given.user, given.expires, given.wait)
    return token_delete(given.path)


def main():
    # A TERM ends the program through its cleanup.
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda number, _: sys.exit(128 + number))
    try:
        given = arguments()
        if given.verb == "revision":
            print(revision(given.path))
        else:
            answer(run(given))
            if given.verb == "token":
                # All is committed and said, and the hub may be waiting: taking a whole hub's modules down takes longer.
                os._exit(0)
    except Refused as error:
        log(f"hubdb.py: {error}")
        sys.exit(1)
    except OSError as error:
        log(f"hubdb.py: {error.filename}: {error.strerror}")
        sys.exit(1)
    except NotKept:
        log("hubdb.py: No token is made, because the migration from JupyterHub 1.x drops all of them.")
        sys.exit(NOT_KEPT)


if __name__ == "__main__":
    main()
`;

// src/host/introspect.py
var introspect_default = `"""What a JupyterHub's own code makes of its configuration, without starting the hub.

usage: HUB_PYTHON introspect.py [the hub's own arguments]

Runs under the hub's interpreter, in its directory, as its user, with its environment; every release from 1.0 on.
JSON on stdout, one sentence on stderr when it fails (status 1). Executes the configuration, as the hub's start and
\`jupyterhub upgrade-db\` do, and writes nothing itself: no database is opened, no secret made, no bytecode left behind.
Secrets are not told, so neither is what the configuration prints.
"""

import json
import os
import re
import sys
import sysconfig

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
    # From the command line a value comes as text.
    return value.get_value(trait) if hasattr(value, "get_value") else value


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
        "url": bounded(shown),
    }


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


def heads():
    import alembic.script
    import jupyterhub

    directory = os.path.join(os.path.dirname(jupyterhub.__file__), "alembic")
    found = sorted(alembic.script.ScriptDirectory(directory).get_heads())
    if len(found) != 1:
        raise Refused(f"The installed JupyterHub has {len(found)} heads of its database schema, not one.")
    return found[0]


def introspect(arguments):
    # Imports find what they find in the hub itself, and none of the programs beside this one. \`python -m jupyterhub\`
    # looks into the working directory first, the jupyterhub script beside itself: both are there, last.
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != HERE]
    sys.path += [os.path.dirname(sys.executable), os.getcwd()]
    files = FilesRead()
    hub = load(arguments, files)
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
        "cookie_secret_file": bounded(cookie_secret_file),
        "cookie_secret_file_exists": os.path.isfile(cookie_secret_file),
        "cookie_secret_source": cookie_secret_source(hub),
        "pid_file": bounded(os.path.abspath(hub.pid_file)) if hub.pid_file else None,
        "bind_url": bounded(hub.bind_url),
        "base_url": bounded(hub.base_url),
        "hub_bind_url": bounded(hub_bind_url(hub)),
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
        "proxy": {"class": classes["proxy"], "should_start": None if should_start is None else bool(should_start)},
        "services": [bounded(each.get("name", ""), 200) for each in hub.services if isinstance(each, dict)][:1000],
    }


def main():
    # The configuration reads nothing and its prints go nowhere; only this program speaks to who started it.
    out, log = (os.fdopen(os.dup(number), "w") for number in (1, 2))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    status = 0
    try:
        out.write(json.dumps(introspect(sys.argv[1:]), sort_keys=True) + "\\n")
    except Refused as error:
        line = f"introspect.py: {error}"
        log.write("".join(each if each.isprintable() else " " for each in bounded(line, 1000)) + "\\n")
        status = 1
    except Exception as error:
        log.write(f"introspect.py: The hub's code could not be read: {type(error).__name__}.\\n")
        status = 1
    out.flush()
    log.flush()
    # Whatever the configuration registered for the end of the process is the hub's, not ours.
    os._exit(status)


if __name__ == "__main__":
    main()
`;

// src/host/journal.sh
var journal_default = `# shellcheck shell=sh
# The journal and the decision of one job on the host. Sourced. Needs JOB.
#
# A line is "<centiseconds of uptime> <bytes of log> <event> <step> <rest>". It is on disk before journal() returns, so
# that a step's first effect always comes after its \`begin\`. A torn last line is closed with the control character TORN,
# which no whole line has, and no reader takes it for one.
TORN=$(printf '\\001')

journal() {
  journal_line="$(now) $(wc -c <"$JOB/log") $(printf '%s' "$*" | tr -d '\\000-\\037\\177')"
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
  [ -s "$JOB/journal" ] || return 0
  [ "$(tail -c 1 "$JOB/journal" | wc -l)" -eq 1 ] || printf '%s\\n' "$TORN" >>"$JOB/journal"
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
  case $(decision) in abort*) return 0 ;; *) return 1 ;; esac
}
`;

// src/host/launch.sh
var launch_default = '#!/bin/sh\n# launch.sh JOB: start the job\'s executor, or start it again; return once it lives or has its verdict.\n# Under systemd in a unit of its own that is restarted when it dies, else in a session of its own with a watchdog.\nset -u\nJOB=$1\n# shellcheck source=common.sh\n. "$JOB/programs/common.sh"\n# shellcheck source=journal.sh\n. "$JOB/programs/journal.sh"\n\nexecutor_lives() {\n  read -r lives_pid lives_start 2>/dev/null <"$JOB/executor" && is_alive "$lives_pid" "$lives_start"\n}\n\nexecutor_lives && exit 0\njournal_has verdict && exit 0\nif [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ]; then\n  systemd-run --quiet --collect --unit="jupyterhub-upgrade-${JOB##*/}" \\\n    -p Restart=on-failure -p RestartSec=1 -p StartLimitIntervalSec=600 -p StartLimitBurst=20 -p KillMode=control-group \\\n    /bin/sh "$JOB/programs/executor.sh" run "$JOB" || exit 1\nelse\n  setsid /bin/sh "$JOB/programs/executor.sh" watch "$JOB" </dev/null >/dev/null 2>&1 &\nfi\ntries=0\nuntil executor_lives || journal_has verdict; do\n  [ "$tries" -lt 200 ] || die "the executor of $JOB did not start"\n  tries=$((tries + 1))\n  sleep 0.05\ndone\n';

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

// src/host/prove.sh
var prove_default = `#!/bin/sh
# prove.sh PHASE_DIRECTORY: a backup came back from the artifact; restore its database (payload/database) into a scratch
# file and print that file's digest. Scratch lies on the database's own disk, private to the hub's user.
set -u
PROGRAMS=$1
# shellcheck source=common.sh
. "$1/common.sh"
# shellcheck source=/dev/null
. "$1/parameters"

as_hub_user() { as_uid "$HUB_UID" "$HUB_GID" "$@"; }
scratch=$(as_hub_user mktemp -d "\${DATABASE_PATH%/*}/.jupyterhub-upgrade-proof.XXXXXX") || die 'no scratch directory can be made'
remove_scratch() { as_hub_user rm -rf "$scratch"; }
trap remove_scratch EXIT
trap 'exit 1' HUP INT TERM
# Root opens the payload, the hub's user writes the scratch file.
# shellcheck disable=SC2016 # for the inner shell
as_hub_user sh -c 'umask 077; cat >"$1"' sh "$scratch/jupyterhub.sqlite" <"$1/payload/database" || die 'the scratch file could not be written'
as_hub_user "$ENVIRONMENT_PATH/bin/python" -I "$PROGRAMS/hubdb.py" digest "$scratch/jupyterhub.sqlite"
`;

// src/host/services/commands.sh
var commands_default = `# shellcheck shell=sh
# The hub is started and stopped by the user's own commands (STOP_COMMAND, START_COMMAND). Sourced by executor.sh.
# Nothing here can keep somebody else from starting the hub meanwhile: the plan says so.

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
  (cd "$HUB_DIRECTORY" && exec /bin/sh -c "$STOP_COMMAND") || say "stop-command answered $?"
  service_stop_deadline=$(($(now) + LIMIT_STOP * 100))
  while service_stop_pid=$(hub_pid) && [ -n "$service_stop_pid" ]; do
    if [ "$(now)" -gt "$service_stop_deadline" ]; then
      say "the hub (pid $service_stop_pid) still runs after stop-command"
      return 1
    fi
    sleep 0.1
  done
}

# The started hub must outlive this job: a session of its own, and a scope of its own where systemd would end everything
# in the job's unit. It gets nothing of what this job set for itself. As with systemctl, a hub that runs is started.
service_start() {
  [ -z "$(hub_pid)" ] || return 0
  service_start_scope=''
  if [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ]; then service_start_scope='systemd-run --scope --collect --quiet'; fi
  # shellcheck disable=SC2086 # words of ours
  (unset LC_ALL && umask 022 && cd "$HUB_DIRECTORY" && exec $service_start_scope setsid /bin/sh -c "$START_COMMAND") \\
    </dev/null >>"$JOB/start.log" 2>&1
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
# does not work for units in /etc; a condition does.
service_fence() {
  mkdir -p "/etc/systemd/system/$UNIT.d" || return 1
  printf '# jupyterhub-upgrade is at work; see %s\\n[Unit]\\nConditionPathExists=!%s/fence\\n' "$JOB" "$STATE" \\
    >"$(fence_file)" || return 1
  systemctl daemon-reload || return 1
  : >"$STATE/fence"
}

fence_file() { printf '/etc/systemd/system/%s.d/50-jupyterhub-upgrade.conf\\n' "$UNIT"; }

service_unfence() { rm -f "$STATE/fence"; }

service_forget_fence() {
  rm -f "$STATE/fence" "$(fence_file)"
  rmdir "/etc/systemd/system/$UNIT.d" 2>/dev/null
  systemctl daemon-reload
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
# abort, but not of a hub that its host has verified) or launch (start a dead executor again).
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

# --- stage: the new environment, built beside the old one while the hub runs --------------------------------------

do_stage() { environment_stage; }
undo_stage() { environment_discard_stage; }

# --- hold: the backup is uploaded and proven meanwhile; the runner says go -----------------------------------------

do_hold() {
  while [ ! -e "$JOB/go" ]; do sleep 0.1; done
}
undo_hold() { :; }

# --- announce: tell the users, and give them time ------------------------------------------------------------------

do_announce() {
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
  prepare_token
  environment_is_as_staged
}

notice_failed() {
  say "$1"
  note not-notified "$1"
  [ "$NOTIFY_REQUIRED" != yes ]
}

as_template_owner() { as_uid "$TEMPLATE_UID" "$TEMPLATE_GID" "$@"; }

undo_announce() {
  [ -z "$NOTICE_HTML" ] || as_template_owner /bin/sh "$PROGRAMS/notice.sh" withdraw "$TEMPLATE_PATH"
}

# --- stop ----------------------------------------------------------------------------------------------------------

do_stop() {
  note users-servers "$(server_pids)"
  service_fence || return 1
  service_stop || return 1
  undo_announce || :
}

undo_stop() {
  undo_announce
  service_unfence
  if [ "$WAS_RUNNING" = yes ]; then
    start_hub || return 1
    wait_for_hub "$PREVIOUS_VERSION" "$LIMIT_START" || {
      say "the old hub does not answer as JupyterHub $PREVIOUS_VERSION"
      service_log
      return 1
    }
    note restarted "$(now)"
  fi
  service_forget_fence
}

# Pids of the users' servers that the database names and that live, for the spawners whose servers have one.
server_pids() {
  for server_pid in $(hubdb facts "$DATABASE_PATH" | tr ',' '\\n' | sed -n 's/.*"pid": \\([0-9]*\\).*/\\1/p'); do
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
    as_hub "$ENVIRONMENT_PATH/bin/python" "$PROGRAMS/hubdb.py" token create --expires 600 --wait \\
      \${TOKEN_USER:+--user "$TOKEN_USER"} "$DATABASE_PATH" >"$JOB/token.out" && mv "$JOB/token.out" "$JOB/token"
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
# the environment is switched under it. Without a token the check is left out.
prepare_token() {
  [ -n "$MINT_TOKEN" ] || return 0
  setsid sh "$PROGRAMS/executor.sh" step "$JOB" token "$EXECUTOR" </dev/null &
  await_token "$JOB/token.out" 600 || say 'no token could be made for the check with an old token'
}

mint_token() {
  [ -s "$JOB/token.out" ] || return 0
  note token asked
  : >"$JOB/token-go"
  await_token "$JOB/token" 200 || kill_session "$(token_session)"
}

# --- snapshot: what a rollback restores ------------------------------------------------------------------------------

do_snapshot() {
  database_snapshot || return 1
  note snapshot complete || return 1
  mint_token
}

undo_snapshot() {
  [ "$(noted snapshot)" = complete ] || {
    database_discard_snapshot
    return 0
  }
  if journal_has 'begin start'; then database_keep_new; fi
  # Before these nothing of ours wrote to the database, and somebody else may have.
  if [ -n "$(noted token)" ] || journal_has 'begin migrate' || journal_has 'begin load' || journal_has 'begin start'; then
    database_put_back || return 1
  fi
  database_discard_snapshot
}

# --- switch (staged) or install (in place) -----------------------------------------------------------------------------

do_switch() { environment_switch; }
undo_switch() { environment_switch_back; }

do_install() { environment_install; }
undo_install() { environment_switch_back; }

# --- migrate -------------------------------------------------------------------------------------------------------------

do_migrate() {
  database_before=$(database_revision) || return 1
  if [ "$database_before" != "$PREVIOUS_REVISION" ]; then
    say "the database is at revision $database_before, the plan was made for $PREVIOUS_REVISION"
    return 1
  fi
  if [ "$database_before" = "$(noted head)" ]; then
    say "the database is at the new release's revision $database_before already"
    note revision "$database_before"
    return 0
  fi
  migrate_copies=$(database_own_copies)
  # -f and the service's own directory: elsewhere upgrade-db makes a new empty database and answers success.
  as_hub "$ENVIRONMENT_PATH/bin/python" -m jupyterhub upgrade-db -f "$CONFIG_PATH" || return 1
  database_after=$(database_revision) || return 1
  if [ "$database_after" != "$(noted head)" ]; then
    say "upgrade-db ended well, but the database is at revision $database_after and not at $(noted head)"
    return 1
  fi
  note revision "$database_after"
  database_remove_own_copies "$migrate_copies"
}
undo_migrate() { :; }

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
  service_stop
}

# --- verify: the commit point -----------------------------------------------------------------------------------------------------

do_verify() {
  wait_for_hub "$TARGET_VERSION" "$LIMIT_START" || {
    say "the hub does not answer as JupyterHub $TARGET_VERSION"
    service_log
    return 1
  }
  note up "$(now)"
  verify_token || return 1
  health check --version "$TARGET_VERSION" >/dev/null || return 1
  verify_stable || return 1
  database_compare || return 1
  [ -z "$CANARY_USER" ] || health spawn "$CANARY_USER" >/dev/null || return 1
  note servers-after "$(surviving_pids)"
  service_forget_fence
}
undo_verify() { :; }

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
    as_uid "$HUB_UID" "$HUB_GID" "$ENVIRONMENT_PATH/bin/python" -I "$PROGRAMS/health.py" "$health_verb" "$HEALTH_BASE" "$@"
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

do_confirm() {
  confirm_deadline=$(($(now) + CONFIRM_TIMEOUT * 100))
  while [ -z "$(decision)" ] && [ "$(now)" -lt "$confirm_deadline" ]; do sleep 0.1; done
  decide timeout 'nobody said no' >/dev/null
}
undo_confirm() { :; }

# --- after the verdict is certain ----------------------------------------------------------------------------------------------------

# The set-aside environment and database of this run stay as the way back by hand; those of the run before go.
tidy() {
  note kept "$(environment_kept)"
  note kept "$(database_kept)"
  if [ -e "$JOB/token" ]; then
    printf '%s\\n' "$HEALTH_TOKEN" | as_hub "$ENVIRONMENT_PATH/bin/python" "$PROGRAMS/hubdb.py" token delete \\
      "$DATABASE_PATH" >/dev/null || say 'the ten-minute token could not be deleted; it expires by itself'
  fi
  environment_unmark
  if [ -e "$STATE/kept" ]; then
    while IFS=' ' read -r tidy_kind tidy_job; do
      # A tidy that was cut after its last line.
      [ "$tidy_job" != "$JOB_ID" ] || continue
      case $tidy_kind in
        environment) environment_remove_kept "$tidy_job" ;;
        database) database_remove_kept "$tidy_job" ;;
      esac
    done <"$STATE/kept"
  fi
  printf 'environment %s\\ndatabase %s\\n' "$JOB_ID" "$JOB_ID" >"$STATE/kept.new" && mv "$STATE/kept.new" "$STATE/kept"
}
`;

// src/host/programs.ts
var DISCOVERY = {
  "common.sh": common_default,
  "as-hub.sh": as_hub_default,
  "discover.sh": discover_default,
  "introspect.py": introspect_default,
  "hubdb.py": hubdb_default
};
var BACKUP = { "common.sh": common_default, "backup.sh": backup_default, "bundle.py": bundle_default, "hubdb.py": hubdb_default };
var PROOF = { "common.sh": common_default, "prove.sh": prove_default, "hubdb.py": hubdb_default };
var JOB = {
  "common.sh": common_default,
  "journal.sh": journal_default,
  "begin.sh": begin_default,
  "launch.sh": launch_default,
  "executor.sh": executor_default,
  "steps.sh": steps_default,
  "as-hub.sh": as_hub_default,
  "notice.sh": notice_default,
  "files.sh": files_default,
  "heads.py": heads_default,
  "health.py": health_default,
  "hubdb.py": hubdb_default,
  "environment.py": environment_default,
  "services/systemd.sh": systemd_default,
  "services/commands.sh": commands_default,
  "environments/pip.sh": pip_default,
  "environments/in-stage.sh": in_stage_default,
  "databases/sqlite.sh": sqlite_default,
  "databases/sqlite-files.sh": sqlite_files_default
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
  get decision() {
    return this.entries.find(({ event }) => event === "decision")?.rest;
  }
  /**
   * From the stop's begin to the moment a hub answered again, the new one or, after a rollback, the old one.
   * `from` is in centiseconds of uptime. Undefined when nothing was stopped or nothing answered.
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
   * Follows the job until its verdict, or until `until` (`<event> <step>`) stands in its journal. A lost connection is
   * made again and nothing is shown twice or left out. An executor that died is started again once it was missed.
   */
  async follow(watcher, until, signal) {
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
   * already does not heed, `launch` starts a dead executor again. Returns the decision as it stands then, which may be
   * somebody else's.
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
    this.#show(watcher);
    return end ?? "dead";
  }
  /** Hands on what came, each entry where it stands among the log's lines. */
  #show(watcher) {
    while (this.#entries[0] || this.#log.length > 0) {
      const [entry] = this.#entries;
      const before = entry ? entry.logSize - this.#shown : this.#log.length;
      if (entry && before <= 0) {
        this.#entries.shift();
        watcher.onEntry(entry);
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

// src/modes/follow-job.ts
async function followJob(run, job, steps2, confirm, done) {
  const screen = new Screen(run, steps2);
  let end = await job.follow(screen, "begin confirm", run.signal);
  if (end === "until") {
    await confirm();
    end = await job.follow(screen, void 0, run.signal);
  }
  screen.close();
  report(run, job.view);
  return verdict2(run, job, end, done, screen.lastWords);
}
__name(followJob, "followJob");
var WITHOUT_UNDO = ["hold", "migrate", "verify", "confirm"];
var Screen = class {
  static {
    __name(this, "Screen");
  }
  #run;
  #titles;
  #open = /* @__PURE__ */ new Map();
  /** Seconds of the run at the host's uptime zero; the first entry that comes sets it. */
  #offset;
  #line = "";
  /** What the host printed since the last step began, the newest lines. */
  #recent = [];
  /** What the step that failed printed at its end. */
  lastWords = [];
  constructor(run, steps2) {
    this.#run = run;
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
    this.#offset ??= this.#run.jobStartedAt - time2 / 100;
    const title = this.#titles.get(step) ?? step;
    if (event === "begin" && this.#titles.has(step)) this.#begin(step, step, title, time2);
    else if (event === "done") this.#end(step, "done", time2);
    else if (event === "fail") {
      this.lastWords = this.#recent;
      this.#end(step, "failed", time2, rest);
    } else if (event === "undo" && !WITHOUT_UNDO.includes(step))
      this.#begin(`undo ${step}`, `undo-${step}`, `Undo: ${title}`, time2);
    else if (event === "undone") this.#end(`undo ${step}`, "undone", time2);
    else if (event === "undo-failed") this.#end(`undo ${step}`, "undo-failed", time2);
    else if (event === "decision") log.info(`Decided: ${rest}`);
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
    const startedAt = (this.#offset ?? 0) + time2 / 100;
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
  const { downtime, verdict: verdict3 } = view;
  if (downtime && first) {
    result.downtime = { startedAt: jobStartedAt + (downtime.from - first.time) / 100, seconds: downtime.seconds };
  }
  result.notified.push(...view.notes("notified"));
  result.warnings.push(...view.notes("not-notified"));
  result.guarantees.push(
    ...view.notes("kept").filter(Boolean).map((what) => `Kept on the host until the next upgrade: ${what}.`)
  );
  result.notTried.push(...view.notes("not-tried"));
  const target = view.note("target-version");
  const previous = view.note("previous-version");
  if (previous) result.versions.previous ??= previous;
  if (verdict3 === "committed") {
    if (target) result.versions.current = target;
    result.revisions.current = view.note("revision") ?? result.revisions.current ?? "";
    const compare = parseCompare(view.note("compare"));
    if (compare) {
      result.rows.before = compare.before;
      result.rows.after = compare.after;
      if (view.note("token") && result.rows.after.tokens) result.rows.after.tokens -= 1;
    }
    const survivors = new Set((view.note("servers-after") ?? "").split(" "));
    for (const server of result.servers) {
      if (server.pid !== void 0) server.survived = survivors.has(String(server.pid));
    }
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
function verdict2(run, job, end, done, lastWords) {
  const { result } = run;
  const { view } = job;
  const previous = result.versions.previous ?? "the old release";
  const failure2 = view.failure ?? { step: "confirm", reason: (view.decision ?? "").replace(/^\w+ /, "") };
  const fail = /* @__PURE__ */ __name((outcome, hub, next) => {
    result.outcome = outcome;
    throw new UpgradeError([failure2.reason, ...lastWords].join("\n"), { step: failure2.step, hub, next });
  }, "fail");
  const where = result.backup ? ` The backup is the artifact ${result.backup.name} (id ${result.backup.artifactId}).` : "";
  switch (end === "dead" ? "dead" : view.verdict) {
    case "committed":
      return done;
    case "not-begun":
      return fail(
        "failed-before-change",
        `Nothing was stopped: the hub runs JupyterHub ${previous} as before.`,
        "Mend the cause and run the job again."
      );
    case "rolled-back":
      return fail(
        "rolled-back",
        `The hub runs JupyterHub ${previous} again, with the environment and the database of before the stop.`,
        `Mend the cause and run the job again.${where}`
      );
    case "rollback-failed":
      return fail(
        "rollback-failed",
        `The way back did not succeed either, and the hub is down. Everything is in place on the host: the journal in ${job.directory}.`,
        `Look at ${job.directory}/log. To try the way back again, as the same user: sed -i '/verdict/d' ${job.directory}/journal; sh ${job.directory}/programs/executor.sh run ${job.directory}.${where}`
      );
    default:
      return fail(
        "unknown",
        `The host's job in ${job.directory} died without a verdict.`,
        `Look at ${job.directory}/log on the host.${where}`
      );
  }
}
__name(verdict2, "verdict");

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
    warnings: []
  };
}
__name(freshResult, "freshResult");

export {
  UpgradeError,
  messageOf,
  createLog,
  shellQuote,
  verdictOf,
  renderSummary,
  require_is_stream,
  CommandFailed,
  require_tar_stream,
  Link,
  DISCOVERY,
  BACKUP,
  PROOF,
  Job,
  followJob,
  freshResult
};
