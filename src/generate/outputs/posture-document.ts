import { escapeMarkdown } from '../../base/text.ts';
import { scansOf } from '../../posture/scanning.ts';
import { accessTo, type Posture } from '../../posture/schema.ts';
import { undoneParts } from '../../posture/undone.ts';
import type { Output } from '../types.ts';
import { markdownCode } from './encode.ts';

const ACCESS = { none: 'nothing', read: 'reading', write: 'reading and writing' } as const;

const BOXES: Readonly<Record<string, string>> = {
  none: 'Agents run with nothing around them: what you reach, they reach.',
  native: 'Each agent’s own sandbox is the box.',
};

const CI_TIMES = { ci: 'with each change', history: 'each night the whole history' } as const;

const md = escapeMarkdown;
const codes = (texts: readonly string[]) => texts.map(markdownCode).join(', ');

/** One row of a table: a bar inside a cell would end it, also within code. */
function row(cells: readonly string[]): string {
  return `| ${cells.map(cell => cell.replace(/(?<!\\)\|/g, String.raw`\|`)).join(' | ')} |`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [row(head), row(head.map(() => '---')), ...rows.map(row), ''];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`## ${title}`, '', ...lines];
}

function systems(posture: Posture): string[] {
  const all = posture.systems ?? [];
  if (all.length === 0) return [];
  return table(
    ['System', 'Kind', 'Environment', 'Agents may', 'Holds', 'Normally'],
    all.map(system => [
      markdownCode(system.id),
      md(system.kind),
      system.environment === undefined ? 'not said' : md(system.environment),
      ACCESS[accessTo(posture, system)],
      codes(system.holds ?? []),
      [
        system.normally?.by && `by ${md(system.normally.by)}`,
        system.normally?.rowsPerQuery && `up to ${system.normally.rowsPerQuery} rows a query`,
        system.normally?.note && md(system.normally.note),
      ]
        .filter(Boolean)
        .join('; '),
    ]),
  );
}

function isolation({ isolation }: Posture): string[] {
  if (!isolation) return [];
  const { network, files } = isolation;
  return [
    BOXES[isolation.runtime] ?? `Agents run in a box: ${md(isolation.runtime)}.`,
    '',
    network === undefined
      ? '- Network: not restricted.'
      : `- Network: ${network.allow.length === 0 ? 'none' : `only ${codes(network.allow)}`}.`,
    ...(files?.write ? [`- May be written: ${codes(files.write)}.`] : []),
    ...(files?.hide ? [`- Hidden: ${codes(files.hide)}.`] : []),
    '',
  ];
}

function repository(posture: Posture, remote: string | undefined): string[] {
  const { repository } = posture;
  const scans = scansOf(posture, remote);
  const lines = [
    repository?.protected?.length && `- Protected branches: ${codes(repository.protected)}.`,
    repository?.reviews !== undefined && `- Reviews that a change needs: ${repository.reviews}.`,
    ...Object.entries(repository?.owners ?? {}).map(
      ([path, owners]) => `- ${markdownCode(path)} is owned by ${owners.map(md).join(', ')}.`,
    ),
    repository?.agentIdentity &&
      `- Agents commit as ${md(repository.agentIdentity.name)}, ${md(repository.agentIdentity.email)}.`,
    scans.engines.length > 0 &&
      `- Scanned for secrets by ${scans.engines.join(', ')}, ${[
        scans.stages.length > 0 && `before ${scans.stages.join(', ')}`,
        scans.ci.length > 0 && `in CI ${scans.ci.map(stage => CI_TIMES[stage]).join(', ')}`,
      ]
        .filter(Boolean)
        .join('; ')}.`,
  ].filter(line => typeof line === 'string');
  return lines.length === 0 ? [] : [...lines, ''];
}

function alarms({ monitoring }: Posture): string[] {
  if (!monitoring) return [];
  const { commitsPerHour, rowsPerQuery, exportPerHour, credentialUse, newDestinations, notify } = monitoring;
  const lines = [
    commitsPerHour && `- More than ${commitsPerHour} commits an hour.`,
    credentialUse && '- A credential that is new, or used unusually.',
    rowsPerQuery && `- A query that reads more than ${rowsPerQuery} rows.`,
    newDestinations && '- A connection to a place that is not allowed.',
    exportPerHour && `- More than ${exportPerHour} leaving in an hour.`,
    notify?.length && `- Told to: ${codes(notify)}.`,
  ].filter(line => typeof line === 'string');
  return [...lines, ''];
}

function undone(posture: Posture, remote: string | undefined): string[] {
  const parts = undoneParts(posture, remote);
  return parts.length === 0 ? [] : [...parts.map(part => `- ${md(part)}.`), ''];
}

export const postureDocument: Output = {
  id: 'posture-document',
  title: 'the posture as a page to read',
  safeguards: ['CUL-1'],
  templateVersion: 1,
  guard: false,
  render({ posture, facts }) {
    const environments = Object.entries(posture.environments ?? {});
    const content = [
      `# What coding agents may touch in ${md(posture.project)}`,
      '',
      'Made from `agent-posture.yaml` by `agent-posture generate`: change it there. What this page says is declared;',
      '`agent-posture test` tries whether it holds.',
      '',
      ...section('Agents', posture.agents?.length ? [posture.agents.map(markdownCode).join(', '), ''] : []),
      ...section(
        'Environments',
        environments.length
          ? table(
              ['Environment', 'Agents may'],
              environments.map(([id, { agentAccess }]) => [markdownCode(id), ACCESS[agentAccess ?? 'none']]),
            )
          : [],
      ),
      ...section('Systems', systems(posture)),
      ...section(
        'Sensitive data',
        posture.data?.length
          ? table(
              ['Data', 'Tables', 'Files'],
              posture.data.map(({ id, tables, files }) => [markdownCode(id), codes(tables ?? []), codes(files ?? [])]),
            )
          : [],
      ),
      ...section(
        'Credentials',
        posture.credentials?.length
          ? table(
              ['Credential', 'Environment', 'System', 'Lives', 'Rotated'],
              posture.credentials.map(each => [
                markdownCode(each.id),
                md(each.environment),
                each.system === undefined ? '' : markdownCode(each.system),
                each.lifetime ?? '',
                each.rotateEvery === undefined ? '' : `every ${each.rotateEvery}`,
              ]),
            )
          : [],
      ),
      ...section('The box', isolation(posture)),
      ...section('The repository', repository(posture, facts.git.remote?.forge)),
      ...section('Alarms', alarms(posture)),
      ...section('Declared, and not covered by this version', undone(posture, facts.git.remote?.forge)),
      ...section(
        'Taken on knowingly',
        posture.accepted?.length
          ? table(
              ['Safeguard', 'What', 'Why', 'By', 'Until'],
              posture.accepted.map(each => [
                md(each.safeguard),
                markdownCode(each.target),
                md(each.reason),
                md(each.owner),
                each.until,
              ]),
            )
          : [],
      ),
    ];
    return [{ mode: 'owned', path: 'docs/security-posture.md', content: `${content.join('\n').trimEnd()}\n` }];
  },
};
