import { list, plural } from '../base/text.ts';
import { formatBytes } from '../base/units.ts';
import type { AgentFact, Facts, Seen } from '../discover/facts.ts';

interface Found {
  name: string;
  state: 'ok';
  detail: string;
}

/** The first of many, and how many are left. */
const SHOWN = 3;

function first(items: readonly string[]): string {
  const rest = items.length - SHOWN;
  return rest > 0 ? list([...items.slice(0, SHOWN), `${rest} more`]) : list(items);
}

const place = ({ path, line }: Seen): string => (line === undefined ? path : `${path}:${line}`);

/** An agent's settings in the order in which later ones win, with whom each is for; '' where it has none. */
export function settingsText({ settings }: Pick<AgentFact, 'settings'>): string {
  if (settings.length === 0) return '';
  const each = settings.map(({ path, scope }) => (scope === undefined ? path : `${path} (${scope})`));
  return `; settings, the last wins: ${each.join(', ')}`;
}

/** What is told in a line each of the repository and the machine, beside what this program works with itself. */
export function inventoryFindings({ ci = [], data = [], tools = [], git }: Facts): Found[] {
  const bytes = data.reduce((sum, one) => sum + one.bytes, 0);
  const count = data.reduce((sum, one) => sum + one.count, 0);
  return [
    ...tools.map(({ title, version, seen }) => ({
      name: title,
      state: 'ok' as const,
      detail: version === undefined ? seen.path : `${version} (${seen.path})`,
    })),
    ...ci.map(({ title, environments, seen }) => ({
      name: title,
      state: 'ok' as const,
      detail: `${place(seen)}${environments.length > 0 ? `; environments ${first(environments)}` : ''}`,
    })),
    ...(git.owners
      ? [
          {
            name: 'owners',
            state: 'ok' as const,
            detail: `${plural(git.owners.rules.length, 'rule')} (${place(git.owners.seen)})`,
          },
        ]
      : []),
    ...(git.protectedBranches?.length
      ? [
          {
            name: 'branches',
            state: 'ok' as const,
            detail: `protected by file: ${first(git.protectedBranches.map(({ pattern, seen }) => `${pattern} (${place(seen)})`))}`,
          },
        ]
      : []),
    ...(count > 0
      ? [
          {
            name: 'data files',
            state: 'ok' as const,
            detail: `${plural(count, 'file')}, ${formatBytes(bytes)}: ${first(data.flatMap(({ files }) => files))}`,
          },
        ]
      : []),
  ];
}
