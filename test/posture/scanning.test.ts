import { describe, expect, it } from 'vitest';
import { RUN_ENGINES, RUN_STAGES, scansOf, undoneScans } from '../../src/posture/scanning.ts';
import { type Posture, SCAN_STAGES } from '../../src/posture/schema.ts';
import { settleAnswers } from '../../src/wizard/answers.ts';
import { postureEdits } from '../../src/wizard/edits.ts';
import { stepsOf } from '../../src/wizard/steps/index.ts';
import { render } from '../generate/outputs/lab.ts';
import { FACTS } from '../wizard/facts.ts';

type Scanning = NonNullable<Posture['scanning']>;
const postureOf = (scanning: Scanning): Posture => ({ version: 1, project: 'x', scanning });
const ENGINES = ['builtin', 'gitleaks', 'trufflehog', 'git-secrets'] as const;

function hooksOf(scanning: Scanning): string {
  return [...render(postureOf(scanning)).values()]
    .flatMap(each => (each.mode === 'owned' && each.path.startsWith('.githooks/') ? [each.content] : []))
    .join('\n');
}

function pageOf(scanning: Scanning): string {
  const page = render(postureOf(scanning)).get('docs/security-posture.md');
  return page?.mode === 'owned' ? page.content : '';
}

describe('what is scanned for secrets', () => {
  it('is what the hooks really run', () => {
    const plain = hooksOf({ engines: ['builtin'], at: ['commit'] });
    const run = ENGINES.filter(
      engine => engine === 'builtin' || hooksOf({ engines: ['builtin', engine], at: ['commit'] }) !== plain,
    );
    expect(run).toEqual(RUN_ENGINES);
    expect(SCAN_STAGES.filter(stage => hooksOf({ engines: ['builtin'], at: [stage] }) !== '')).toEqual(RUN_STAGES);
  });

  it.each([
    [{ engines: ['builtin', 'gitleaks'], at: ['commit', 'push'] }, 'builtin, gitleaks, before commit, push', undefined],
    [{ engines: ['builtin', 'git-secrets'], at: ['commit'] }, 'builtin, git-secrets, before commit', undefined],
    [{ engines: ['builtin', 'git-secrets'], at: ['push'] }, 'builtin, before push', 'git-secrets'],
    [{ engines: ['trufflehog'], at: ['commit', 'ci'] }, 'builtin, before commit', 'trufflehog; at ci'],
    [{ engines: ['gitleaks'] }, 'builtin, gitleaks, before commit, push', 'at ci, history'],
    [{ engines: ['gitleaks'], at: ['history'] }, undefined, 'at history'],
  ] as const)('%j: the document claims no more', (scanning, done, declared) => {
    const page = pageOf(scanning as unknown as Scanning);
    expect(/Scanned for secrets by ([^.]*)\./.exec(page)?.[1]).toBe(done);
    expect(/^- scans, not run: ([^.]*)\.$/m.exec(page)?.[1]?.replaceAll('\\', '')).toBe(declared);
    expect(undoneScans(postureOf(scanning as unknown as Scanning))).toBe(declared && `scans, not run: ${declared}`);
  });

  it('is nothing without a word about it', () => {
    expect(scansOf({})).toEqual({ engines: [], stages: [], ci: [], declared: undefined });
  });

  it('is proposed by the wizard only as far as it is run', () => {
    const scanners = (['gitleaks', 'trufflehog', 'git-secrets'] as const).map(id => ({ id, version: '1' }));
    const context = { facts: { ...FACTS, scanners }, posture: { version: 1 as const, project: 'x' } };
    const { answers } = settleAnswers(stepsOf('quick'), context, {}, { defaults: true });
    const edit = postureEdits(stepsOf('quick'), answers, context).find(({ path }) => path[0] === 'scanning');
    expect(edit?.value).toEqual({ engines: ['builtin', 'gitleaks', 'git-secrets'], at: ['commit', 'push'] });
  });
});
