import { plural } from '../base/text.ts';
import { safeguardOf, safeguards } from './catalogue.ts';
import { demands } from './demands.ts';
import { NOTE, notHere, type OutputTitle } from './pages.ts';
import type { Safeguard } from './types.ts';

/**
 * docs/article.md: the demands of the article one by one, each with what the wizard asks for it, what is generated and how
 * it is tried, or why not. A safeguard is told where it is met first.
 */
export function articlePage(outputs: readonly OutputTitle[], steps: readonly OutputTitle[]): string {
  const told = new Set<string>();
  const sections = demands.flatMap(({ heading, demands: asked }) => [
    '',
    `## ${heading}`,
    ...asked.flatMap(({ says, safeguards: ids }) => [
      '',
      `> ${says}`,
      ...ids.flatMap(id => {
        const safeguard = safeguardOf(id) as Safeguard;
        const link = `[${id}](safeguards/${id}.md): ${safeguard.title}`;
        if (told.has(id)) return ['', `**${link}**, as above.`];
        told.add(id);
        return ['', `**${link}**`, '', ...walk(safeguard, outputs, steps)];
      }),
    ]),
  ]);
  return `${[NOTE.replace('catalogue.ts', '{demands,catalogue}.ts'), '', '# The article, demand by demand', '', ...summary(), ...sections].join('\n')}\n`;
}

function walk(
  { question, generated, proven }: Safeguard,
  outputs: readonly OutputTitle[],
  steps: readonly OutputTitle[],
) {
  const asked =
    'steps' in question
      ? [`the wizard's ${question.steps.map(id => named(id, steps)).join(', ')}`, question.beside]
          .filter(Boolean)
          .join('. ')
      : `nothing. ${question.none}`;
  const made =
    'outputs' in generated
      ? `${generated.outputs.map(id => named(id, outputs)).join('; ')}${generated.planned ? `. ${notHere({ planned: generated.planned })}` : ''}`
      : notHere(generated);
  const tried =
    'attempts' in proven
      ? `${proven.attempts.map(attempt => `\`${attempt}\``).join(', ')}. ${proven.how}`
      : notHere(proven);
  return [`- Asked: ${asked}`, `- Generated: ${made}`, `- Tried: ${tried}`];
}

/** `box` (Boxed in by), or the id alone where nobody gave it a title. */
function named(id: string, titles: readonly OutputTitle[]): string {
  const title = titles.find(one => one.id === id)?.title;
  return title === undefined ? `\`${id}\`` : `\`${id}\` (${title})`;
}

/** How much of it this version does, counted in safeguards. */
function summary(): string[] {
  const of = (does: (safeguard: Safeguard) => boolean) => safeguards.filter(does).length;
  const many = demands.flatMap(section => section.demands).length;
  return [
    `What the article that asked for this program demands, in its own words and order: ${plural(many, 'demand')}, which`,
    `${safeguards.length} safeguards answer. Two of these are ours: the guards themselves.`,
    '',
    '| | yes | to come | no, and why |',
    '| --- | --- | --- | --- |',
    `| Asked by the wizard | ${of(({ question }) => 'steps' in question)} | | ${of(({ question }) => 'none' in question)} |`,
    `| Generated | ${of(({ generated }) => 'outputs' in generated)} | ${of(({ generated }) => 'planned' in generated && !('outputs' in generated))} | ${of(({ generated }) => 'none' in generated)} |`,
    `| Tried | ${of(({ proven }) => 'attempts' in proven)} | ${of(({ proven }) => 'planned' in proven)} | ${of(({ proven }) => 'none' in proven)} |`,
  ];
}
