import { compare, major, satisfies } from '@renovatebot/pep440';
import type { Configuration } from './configuration.ts';
import type { Condition, Level, Rule } from './rule.ts';

/** A rule that holds for a hub and an upgrade. */
export interface Advice {
  id: string;
  level: Level;
  /** The release with the change. */
  release: string;
  consequence: string;
  instead: string;
  /** Where the hub's configuration sets what the rule is about. */
  seen: string[];
  sources: string[];
  /** A blocker that the inputs accept. */
  accepted?: true;
}

const LEVELS: Level[] = ['blocker', 'warning', 'info'];

/** The advice for an upgrade from one release to another, gravest first. */
export function advise(
  rules: Rule[],
  { from, to, configuration, accepted }: { from: string; to: string; configuration: Configuration; accepted: string[] },
): Advice[] {
  const found = rules.filter(
    (rule) => crosses(rule, from, to) && rule.when.every((condition) => holds(condition, configuration)),
  );
  const place = ({ level }: Rule) => LEVELS.indexOf(level);
  return found
    .sort((one, other) => place(one) - place(other))
    .map(({ id, level, since, when, consequence, instead, sources }) => ({
      id,
      level,
      release: since === 'major' || since === 'any' ? to : since,
      consequence,
      instead,
      seen: [...new Set(when.flatMap((condition) => seen(condition, configuration)))],
      sources,
      ...(level === 'blocker' && accepted.includes(id) ? { accepted: true as const } : {}),
    }));
}

/** Whether the change of a rule lies between two releases. */
export function crosses({ since, until, again }: Pick<Rule, 'since' | 'until' | 'again'>, from: string, to: string) {
  if (since === 'any') return compare(from, to) < 0;
  if (since === 'major') return major(from) < major(to);
  const passes = (release: string) => compare(from, first(release)) < 0 && compare(to, first(release)) >= 0;
  const isIn = until === undefined || compare(to, first(until)) < 0;
  return (passes(since) && isIn) || (again !== undefined && passes(again));
}

/** Earlier than a release and its pre-releases, later than everything before. */
function first(release: string): string {
  return `${release}.dev0`;
}

export function holds(condition: Condition, configuration: Configuration): boolean {
  if ('set' in condition) return traits(condition.set, configuration).length > 0;
  if ('on' in condition) return traits(condition.on, configuration).some(({ value }) => Boolean(value));
  if ('is' in condition) return condition.is.some((of) => componentsOf(of, configuration).length > 0);
  if ('foreign' in condition) return componentsOf(condition.foreign, configuration).some(({ foreign }) => foreign);
  if ('overrides' in condition) return overridden(condition.overrides, configuration);
  if ('count' in condition) return (configuration.counts[condition.count] ?? 0) >= (condition.from ?? 1);
  if ('package' in condition) {
    const version = configuration.packages[condition.package];
    return version !== undefined && satisfies(version, condition.versions);
  }
  if ('any' in condition) return condition.any.some((each) => holds(each, configuration));
  return !holds(condition.not, configuration);
}

/** Where a condition found what it looked for. */
function seen(condition: Condition, configuration: Configuration): string[] {
  if ('any' in condition) return condition.any.flatMap((each) => seen(each, configuration));
  if ('set' in condition) return traits(condition.set, configuration).map(({ place }) => place);
  if ('on' in condition) {
    return traits(condition.on, configuration).flatMap(({ place, value }) => (value ? [place] : []));
  }
  const number = 'count' in condition ? (configuration.counts[condition.count] ?? 0) : 0;
  return 'count' in condition && number > 0 ? [`${number} ${condition.count}`] : [];
}

function componentsOf(of: string, { components }: Configuration) {
  return components.filter(({ classes }) => classes.includes(of));
}

/** What is set of these traits, and where. */
function traits(names: string[], configuration: Configuration) {
  return names.flatMap((each) => {
    const [of = '', name = ''] = each.split('.');
    const isMeant = (trait: string) => (name.endsWith('*') ? trait.startsWith(name.slice(0, -1)) : trait === name);
    const all = [...componentsOf(of, configuration).map((component) => component.traits), configuration.sections[of]];
    return all.flatMap((set) =>
      Object.entries(set ?? {})
        .filter(([trait]) => isMeant(trait))
        .map(([trait, { where, value }]) => ({ place: `${where}.${trait}`, value })),
    );
  });
}

function overridden(names: string[], configuration: Configuration): boolean {
  return names.some((each) => {
    const [of = '', name = ''] = each.split('.');
    return componentsOf(of, configuration).some(({ overrides }) => overrides.includes(name));
  });
}
