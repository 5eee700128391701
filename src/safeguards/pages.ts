import { safeguards } from './catalogue.ts';
import type { Safeguard } from './types.ts';

/** What a page says of an output beside its id. */
export interface OutputTitle {
  id: string;
  title: string;
}

const GROUPS: readonly [prefix: string, title: string][] = [
  ['ISO', 'Isolation'],
  ['SEC', 'Secrets'],
  ['AUD', 'Review of changes'],
  ['PRV', 'Least privilege'],
  ['VCS', 'Version control'],
  ['MON', 'Monitoring'],
  ['CUL', 'Habits'],
  ['GRD', 'The guards themselves'],
  ['START', 'Where to begin'],
];

const NOTE = '<!-- Generated from src/safeguards/catalogue.ts by `node scripts/docs.js`: change it there. -->';

/** The pages of docs/safeguards by file name: one a safeguard, and the index. */
export function pages(outputs: readonly OutputTitle[]): Map<string, string> {
  const titles = new Map(outputs.map(({ id, title }) => [id, title]));
  return new Map([
    ['README.md', index()],
    ...safeguards.map(safeguard => [`${safeguard.id}.md`, page(safeguard, titles)] as const),
  ]);
}

function page(
  { id, title, why, article, standards, generated, proven }: Safeguard,
  titles: ReadonlyMap<string, string>,
): string {
  const made =
    'outputs' in generated
      ? [
          ...generated.outputs.map(output => `- \`${output}\`: ${titles.get(output) ?? ''}`),
          ...(generated.planned ? ['', notHere({ planned: generated.planned })] : []),
        ]
      : [notHere(generated)];
  const tried =
    'attempts' in proven
      ? [proven.how, '', `Tried by: ${proven.attempts.map(attempt => `\`${attempt}\``).join(', ')}.`]
      : [notHere(proven)];
  return `${[
    NOTE,
    '',
    `# ${id}: ${title}`,
    '',
    why,
    '',
    `> ${article}`,
    '',
    '## What is generated',
    '',
    ...made,
    '',
    '## How it is proven',
    '',
    ...tried,
    ...(standards.length > 0 ? ['', '## In public standards', '', ...standards.map(standard => `- ${standard}`)] : []),
  ].join('\n')}\n`;
}

function notHere(what: { none: string } | { planned: string }): string {
  return 'none' in what ? what.none : `Not in this version. To come: ${what.planned}.`;
}

function index(): string {
  const sections = GROUPS.flatMap(([prefix, title]) => [
    '',
    `## ${title}`,
    '',
    '| | Safeguard | Generated | Proven |',
    '| --- | --- | --- | --- |',
    ...safeguards
      .filter(({ id }) => id.split('-')[0] === prefix)
      .map(
        ({ id, title: name, generated, proven }) =>
          `| [${id}](${id}.md) | ${name} | ${'outputs' in generated ? (generated.planned ? 'yes, more to come' : 'yes') : word(generated)} | ${'attempts' in proven ? 'yes' : word(proven)} |`,
      ),
  ]);
  return `${[
    NOTE,
    '',
    '# The safeguards',
    '',
    'Each demand of the article that asked for this program, and two of our own, with what is generated for it and how it is proven.',
    ...sections,
  ].join('\n')}\n`;
}

const word = (what: { none: string } | { planned: string }): string => ('none' in what ? 'no, and why' : 'to come');
