import { agentGuards } from '../../agents/guards.ts';
import { outermost } from '../../base/outermost.ts';
import { oneLine, plural, truncate } from '../../base/text.ts';
import { DEEP, patternRules, readPattern, type Speller, spelled } from '../../posture/patterns.ts';
import type { Posture } from '../../posture/schema.ts';
import { findBlocks } from '../formats/blocks.ts';
import type { Output, RenderContext } from '../types.ts';
import { ciFiles } from './ci.ts';
import { pathExpression } from './encode.ts';

type Forge = 'github' | 'gitlab' | 'gitea';

/** Where a new file goes. One that is there already is found by discovery, which knows the order of each forge. */
const PLACE: Readonly<Record<Forge, string>> = {
  // https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
  github: '.github/CODEOWNERS',
  // https://docs.gitlab.com/user/project/codeowners/reference/
  gitlab: '.gitlab/CODEOWNERS',
  // https://docs.gitea.com/usage/repository/code-owners
  gitea: '.gitea/CODEOWNERS',
};

interface Rule {
  pattern: string;
  owners: readonly string[];
}

/** A name, a team below a name, or an address: anything else is read by no forge, or as something else. */
const OWNER = /^(?:@[A-Za-z0-9][\w.-]*(?:\/[A-Za-z0-9][\w.-]*)*|[\w.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)$/;

/**
 * A pattern as the forge writes it; undefined where that cannot be said there: GitHub has no exceptions, no ranges of
 * characters, and no way to begin a line with `#`. A star at the end of a folder would mean one level at GitLab, and its
 * plain folder means all of it everywhere.
 */
function written(line: string, forge: Forge): string | undefined {
  const pattern = readPattern(line);
  if (pattern === undefined || pattern.exception || pattern.home || UNWRITTEN.test(line)) return undefined;
  const within = pattern.parts.at(-1) === DEEP;
  if (forge === 'gitea') {
    const expression = pathExpression(pattern)?.replace(/^\^|^\(\?:\^\|\/\)/, start =>
      start === '^' ? '' : '(?:.*/)?',
    );
    return expression && `${expression}.*`.replace(/[\\ #]/g, String.raw`\$&`);
  }
  const names = spelled(within ? pattern.parts.slice(0, -1) : pattern.parts, OWNED);
  const body = names?.slice(names[0] === DEEP ? 1 : 0).join('/');
  if (names === undefined || !body || body.startsWith('#')) return undefined;
  const start = names[0] !== DEEP ? '/' : names.length > 2 ? '**/' : '';
  return `${start}${body}${within || pattern.folder ? '/' : ''}`;
}

const UNWRITTEN = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

const OWNED: Speller = {
  text: text => (/[*?\\[\]]/.test(text) ? undefined : text.replaceAll(' ', String.raw`\ `)),
  any: '*',
  one: '?',
  set: () => undefined,
};

/** Whether a pattern names a guard, or something in one that is a folder. */
function within(pattern: string, guard: string): boolean {
  const path = pattern.replace(/^\//, '');
  return path === guard || `${path}/` === guard || (guard.endsWith('/') && path.startsWith(guard));
}

const EVERYTHING = ['*', '**', '/', '/**'];

function rulesOf(posture: Posture): Rule[] {
  return Object.entries(posture.repository?.owners ?? {}).map(([pattern, owners]) => ({
    pattern: EVERYTHING.includes(pattern) ? '*' : pattern,
    owners: owners.filter(owner => OWNER.test(owner)),
  }));
}

/**
 * The last line that matches a file counts. So what is said of a kind of file comes first; then the guards, which go to
 * whoever owns everything, so that no line about a kind of file takes them; and then what is said of a guard itself. A guard
 * to which the file gives other owners by its own lines stays with them: those are said once more. See docs/decisions/0028.
 */
function ordered(context: RenderContext, place: string): Rule[] {
  const rules = rulesOf(context.posture).filter(({ owners }) => owners.length > 0);
  const all = rules.find(({ pattern }) => pattern === '*');
  const guards = outermost([...agentGuards(context.posture.agents ?? []), ...ciFiles(context), place]).filter(
    guard => !guard.startsWith('.git/'),
  );
  const ofGuards = (rule: Rule) => guards.some(guard => within(rule.pattern, guard));
  const given = (context.facts.git.owners?.rules ?? []).filter(
    rule => ofGuards(rule) && !rule.behind && rule.owners.length > 0 && rule.owners.every(owner => OWNER.test(owner)),
  );
  return [
    ...rules.filter(rule => !ofGuards(rule)),
    ...(all ? [...guards.map(guard => ({ pattern: `/${guard}`, owners: all.owners })), ...given] : []),
    ...rules.filter(ofGuards),
  ].filter((rule, at, every) => at === every.findLastIndex(({ pattern }) => pattern === rule.pattern));
}

function forgeOf({ posture, facts }: RenderContext): Forge | undefined {
  const forge = posture.repository?.forge ?? facts.git.remote?.forge;
  return forge === 'github' || forge === 'gitlab' || forge === 'gitea' ? forge : undefined;
}

const ID = 'codeowners';

function placeOf({ facts }: RenderContext, forge: Forge): string {
  const there = facts.git.owners?.seen.path;
  return [PLACE[forge], 'CODEOWNERS', 'docs/CODEOWNERS'].find(path => path === there) ?? PLACE[forge];
}

/** A path that a pattern means; undefined for that of everything, which each later line is meant to take something from. */
function sampleOf(pattern: string): string | undefined {
  if (pattern === '*') return undefined;
  const path = pattern.replace(/^\//, '').replace(/\*+/g, 'x').replace(/\?/g, 'x');
  return path.endsWith('/') ? `${path}x` : path;
}

const SECTION = '[agent-posture]';
/** Whether a line begins another section than ours; one of the same name goes on with it. */
const isOther = (line: string) =>
  /^\^?\[[^\]]+\](?:\[\d+\])?(?:\s|$)/.test(line) && !line.replace('^', '').toLowerCase().startsWith(SECTION);

/**
 * The first line behind ours that takes a path from the owners which ours name. At GitLab a section begins anew and adds
 * to what stands before it; Gitea's expressions are not read here, so that any line there may.
 */
function takenFrom(rules: readonly Rule[], forge: Forge, text: string): string | undefined {
  const block = findBlocks(text).find(({ output }) => output === ID);
  if (!block) return undefined;
  const behind = text.slice(block.to).split(/\r?\n/);
  const section = forge === 'gitlab' ? behind.findIndex(isOther) : -1;
  return (section < 0 ? behind : behind.slice(0, section)).find(line => {
    if (/^\s*(?:#|$)/.test(line)) return false;
    if (forge === 'gitea') return true;
    const [pattern = '', ...owners] = line.trim().split(/(?<!\\)\s+/);
    const named = owners.slice(0, owners.indexOf('#') < 0 ? owners.length : owners.indexOf('#'));
    // An exception takes the path from everybody.
    const meant = pattern.replace(/^!/, '');
    const taken = patternRules([meant]);
    const theirs = sampleOf(meant);
    return rules.some(rule => {
      const sample = sampleOf(rule.pattern);
      if (sample === undefined || (meant === pattern && rule.owners.every(owner => named.includes(owner))))
        return false;
      const name = /[*?[\]]/.test(meant.split('/').at(-1) ?? '') ? undefined : theirs?.split('/').at(-1);
      const inside = rule.pattern.endsWith('/') && name ? [`${sample.slice(0, -1)}${name}`] : [];
      if ([sample, ...inside].some(path => taken.ignores(path))) return true;
      return theirs !== undefined && patternRules([rule.pattern]).ignores(theirs);
    });
  });
}

export const codeowners: Output = {
  id: ID,
  title: "whose review a path needs, and the guards' own",
  safeguards: ['AUD-6', 'GRD-1'],
  templateVersion: 2,
  guard: true,
  render(context) {
    const forge = forgeOf(context);
    if (forge === undefined) return [];
    const place = placeOf(context, forge);
    const lines = ordered(context, place).flatMap(({ pattern, owners }) => {
      const text = written(pattern, forge);
      return text === undefined ? [] : [`${text} ${owners.join(' ')}`];
    });
    if (lines.length === 0) return [];
    const about = '# From repository.owners of agent-posture.yaml. Later lines win, so these stand behind yours.';
    // In a section of their own they need an approval of their own, whatever section an owner's file ends with.
    const section = forge === 'gitlab' ? [SECTION] : [];
    return [{ mode: 'block', path: place, comment: '#', lines: [about, ...section, ...lines] }];
  },
  overrules(context) {
    const forge = forgeOf(context);
    if (forge === undefined) return [];
    const path = placeOf(context, forge);
    const rules = ordered(context, path).filter(({ pattern }) => written(pattern, forge) !== undefined);
    const weaker = (text: string) => {
      const line = takenFrom(rules, forge, text);
      return line && `later lines win, and "${truncate(oneLine(line.trim()), 60)}" stands behind ours`;
    };
    return rules.length > 0 ? [{ path, weaker }] : [];
  },
  notes(context) {
    const forge = forgeOf(context);
    if (forge === undefined) return [];
    const left = Object.entries(context.posture.repository?.owners ?? {}).filter(
      ([pattern, owners]) => written(pattern, forge) === undefined || owners.some(owner => !OWNER.test(owner)),
    );
    return left.length === 0
      ? []
      : [
          `repository.owners: ${plural(left.length, 'entry', 'entries')} cannot be said in CODEOWNERS of this forge (an owner is @name, @team or an address; a pattern has no !, [ or backslash, and does not begin with #), so nobody of it has to review`,
        ];
  },
};
