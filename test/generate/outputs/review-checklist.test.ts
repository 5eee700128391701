import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { discover } from '../../../src/discover/index.ts';
import { reviewChecklist } from '../../../src/generate/outputs/review-checklist.ts';
import type { Posture } from '../../../src/posture/schema.ts';
import { context, FULL, Repository } from './lab.ts';

const linesOf = (posture: Posture): string[] => {
  const [file] = reviewChecklist.render(context(posture, '/x'));
  return file?.mode === 'block' ? [file.path, ...file.lines.filter(line => line.startsWith('- '))] : [];
};

let repository: Repository;
beforeEach(() => {
  repository = new Repository();
});
afterEach(() => repository.remove());

describe('the checklist of a review', () => {
  test('asks of the classes that are not off, and always to doubt', () => {
    const asked = (review: Posture['review']) => {
      const { review: _review, ...rest } = FULL;
      return linesOf({ ...rest, ...(review ? { review } : {}) }).flatMap(
        line => /\*\*(.+?)\*\*( \(a person)?/.exec(line)?.slice(1) ?? [],
      );
    };
    expect(asked({ network: 'warn', auth: 'block', files: 'off' })).toEqual([
      'Network',
      undefined,
      'Sign-in and rights',
      ' (a person',
    ]);
    expect(asked(FULL.review)).toHaveLength(10);
    for (const review of [undefined, {}, { network: 'off' } as const]) expect(asked(review)).toEqual([]);
    expect(linesOf(FULL).filter(line => line.startsWith('- [ ] I read every line'))).toHaveLength(1);
  });

  test('stands where the forge takes a new request’s text from, in the file that is there already', async () => {
    expect(linesOf(FULL)[0]).toBe('.github/pull_request_template.md');
    expect(linesOf({ ...FULL, repository: { forge: 'gitlab' } })[0]).toBe('.gitlab/merge_request_templates/Default.md');
    expect(linesOf({ ...FULL, repository: { forge: 'gitea' } })).toEqual([]);
    repository.write('.github/PULL_REQUEST_TEMPLATE.md', 'What does it do?\n');
    repository.write('docs/pull_request_template.md', 'Other\n');
    repository.write('.gitlab/merge_request_templates/default.md', 'What?\n');
    const facts = await discover(repository.root, { home: repository.folder, env: {}, boxes: false, systems: false });
    expect(facts.requestTemplates).toEqual({
      github: '.github/PULL_REQUEST_TEMPLATE.md',
      gitlab: '.gitlab/merge_request_templates/default.md',
    });
    const { requestTemplates = {} } = facts;
    const plan = await repository.generate(FULL, { requestTemplates });
    expect(plan.changes.some(({ path }) => path === '.github/pull_request_template.md')).toBe(false);
    const text = readFileSync(join(repository.root, '.github/PULL_REQUEST_TEMPLATE.md'), 'utf8');
    expect(text).toMatch(/^What does it do\?\n<!-- BEGIN agent-posture review-checklist -->\n\n## Looked at\n/);
    expect((await format(text, { parser: 'markdown' })).replace('?\n\n<!--', '?\n<!--')).toBe(text);
  });
});
