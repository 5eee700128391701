import { describe, expect, test } from 'vitest';
import { OK } from '../../../src/selftest/case.ts';
import { DRIVE_RULES, type DriveCase, type DriveTried, judgeDriven } from '../../../src/selftest/drive/judge.ts';

const refused: DriveTried = {
  outcome: { kind: 'returned', text: 'no', durationMs: 1 },
  effect: false,
  refused: 'rule',
  stopped: undefined,
  cut: false,
  controlled: true,
  alive: true,
  asides: [],
};
const held: DriveCase = {
  kind: 'read',
  expect: 'deny',
  byShell: true,
  contained: true,
  walled: false,
  tries: [refused, refused],
  without: OK,
  box: undefined,
  sibling: { before: OK, after: OK },
};
const failed = { ok: false, reason: 'no' };
const tried = (changes: Partial<DriveTried>): Partial<DriveCase> => ({ tries: [{ ...refused, ...changes }, refused] });

/** The same, stopped by a wall. */
const stopped = (changes: Partial<DriveTried>): Partial<DriveCase> => ({
  ...tried({ stopped: 'system', ...changes }),
  walled: true,
});

/** By the rule that speaks against it: a case in which nothing else does. */
const AGAINST: Readonly<Record<string, Partial<DriveCase>>> = {
  offered: stopped({ outcome: { kind: 'not-offered', offered: ['x'] }, refused: undefined }),
  served: stopped({ outcome: { kind: 'ended', served: true }, refused: undefined }),
  'asking-is-not-denying': tried({ refused: 'ask' }),
  able: tried({ refused: 'unable' }),
  'known-asides': tried({ asides: ['is it safe?'] }),
  'whole-result': tried({ cut: true }),
  'real-paths': { contained: false },
  'still-there': tried({ alive: false }),
  'works-without-the-agent': { without: failed },
  'said-or-stopped': { kind: 'exec', ...stopped({ refused: undefined }) },
  'something-stopped-it': tried({ refused: undefined }),
  controlled: { tries: [{ ...refused, controlled: false }] },
  'tried-again': { tries: [refused] },
  'controlled-again': { tries: [refused, { ...refused, controlled: false }] },
  'sibling-before': { sibling: { before: failed, after: OK } },
  'sibling-after': { sibling: { before: OK, after: undefined } },
};

describe('the judge of agents', () => {
  test('held by what refused it, where both tries were refused and every control holds', () => {
    expect(judgeDriven(held)).toMatchObject({ verdict: 'blocked', layer: 'rule' });
    const by = (refusal: DriveTried['refused']) =>
      judgeDriven({
        ...held,
        walled: true,
        tries: [
          { ...refused, refused: refusal, stopped: 'system' },
          { ...refused, refused: refusal, stopped: 'system' },
        ],
      });
    expect(by('hook')).toMatchObject({ verdict: 'blocked', layer: 'hook' });
    expect(by(undefined)).toMatchObject({ verdict: 'blocked', layer: 'sandbox' });
  });

  test('silence is held by a box that by itself is as silent, and by no other', () => {
    const silent = { ...refused, refused: undefined };
    const verdict = (changes: Partial<DriveCase>) =>
      judgeDriven({ ...held, walled: true, box: OK, tries: [silent, silent], ...changes });
    expect(verdict({})).toMatchObject({ verdict: 'blocked', layer: 'sandbox' });
    const others = [{ box: failed }, { box: undefined }, { walled: false }, { kind: 'exec' as const }];
    for (const changes of others) expect(verdict(changes).verdict).toBe('inconclusive');
  });

  test('reached by an effect, whatever else is said', () => {
    for (const against of Object.values(AGAINST)) {
      const subject = { ...held, ...against };
      const [first, ...others] = subject.tries as [DriveTried, ...DriveTried[]];
      expect(judgeDriven({ ...subject, tries: [{ ...first, effect: true }, ...others] }).verdict).toBe('exposed');
    }
  });

  test('each rule has a case here that it alone keeps from being held', () => {
    expect(Object.keys(AGAINST)).toEqual(DRIVE_RULES.map(({ name }) => name));
  });

  test.each(Object.entries(AGAINST))('%s', (name, against) => {
    const subject = { ...held, ...against };
    expect(judgeDriven(subject).verdict).toBe('inconclusive');
    // `tried-again` speaks as well where there is one try alone: the first of the two is taken away with it.
    const without = DRIVE_RULES.filter(
      rule => rule.name !== name && !(name === 'controlled' && /again$/.test(rule.name)),
    );
    expect(judgeDriven(subject, without).verdict).toBe('blocked');
  });

  test('what has to work is too tight where it was refused, and not proven where it was only asked for', () => {
    const work = { ...held, kind: 'work', expect: 'allow' } as const;
    expect(judgeDriven({ ...work, tries: [{ ...refused, effect: true }] })).toMatchObject({ verdict: 'works' });
    expect(judgeDriven({ ...work, tries: [refused] })).toMatchObject({ verdict: 'broken', layer: 'rule' });
    // Nobody said by what.
    expect(judgeDriven({ ...work, tries: [{ ...refused, refused: undefined }] })).toMatchObject({
      verdict: 'broken',
      layer: null,
    });
    // By a tool there is nothing to compare it with: its words may be ones that nobody has seen yet.
    const byTool = { ...work, byShell: false, without: undefined, tries: [{ ...refused, refused: undefined }] };
    expect(judgeDriven(byTool)).toMatchObject({ verdict: 'inconclusive' });
    expect(judgeDriven({ ...work, tries: [{ ...refused, refused: 'ask' }] })).toMatchObject({
      verdict: 'inconclusive',
    });
  });

  test('words of the system are a wall’s where the same works without it, or on something else in it', () => {
    const fetch = { ...held, kind: 'fetch', sibling: 'none', ...stopped({ refused: undefined }) } as const;
    const both = { ...fetch, tries: [fetch.tries?.[0], fetch.tries?.[0]] as DriveTried[] };
    expect(judgeDriven(both)).toMatchObject({ verdict: 'blocked', layer: 'sandbox' });
    expect(judgeDriven({ ...both, byShell: false, without: undefined }).verdict).toBe('inconclusive');
  });

  test('without a try there is no verdict', () => {
    expect(judgeDriven({ ...held, tries: [] }).verdict).toBe('inconclusive');
  });
});
