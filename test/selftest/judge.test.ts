import { test as property } from '@fast-check/vitest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Case, Check, Tried, Way } from '../../src/selftest/case.ts';
import { judge, RULES } from '../../src/selftest/judge.ts';
import { goodCase } from '../../src/selftest/preflight.ts';
import { isListed, REFUSALS, SATURATED } from '../../src/selftest/reasons.ts';
import { ATTEMPTS, type Verdict } from '../../src/selftest/types.ts';
import type { Observation, VantageFacts } from '../../src/selftest/wire.ts';

const facts = (more: Partial<VantageFacts> = {}): VantageFacts => ({
  form: 'node',
  runtime: 'node 22',
  platform: 'linux',
  uid: 1000,
  gid: 1000,
  uidMap: undefined,
  capabilities: '0000000000000000',
  noNewPrivileges: true,
  seccomp: false,
  namespaces: {},
  cwd: '/',
  home: '/home/a',
  hostname: 'h',
  proxies: [],
  hostAliases: [],
  tools: [],
  clock: 0,
  ...more,
});

const seen = (outcome: Observation['outcome'], reason: string, more: Partial<Observation> = {}): Observation => ({
  id: 'x',
  outcome,
  reason,
  took: 1,
  ...more,
});

/** A good refusal, with one thing otherwise. */
function withWay(change: Partial<Way>, more: Partial<Case> = {}): Case {
  const base = goodCase();
  return { ...base, ...more, ways: base.ways.map(way => ({ ...way, ...change })) };
}

const twice = (observation: Observation | undefined, more: Partial<Tried> = {}): Tried[] => [
  { observation, alone: false, controlled: true, ...more },
  { observation, alone: true, controlled: true, ...more },
];

const failed: Check = { ok: false, reason: 'ENOENT' };
const ok: Check = { ok: true, reason: '' };

/** One case per rule: what the judge says with the rule, and what it would say without it. */
/** `says`: its own reason, where another rule would have the same verdict for a reason that is of less use. */
const mutations: Record<string, { subject: Case; without: Verdict; remove?: string[]; says?: RegExp }> = {
  'vantage-answered': {
    subject: { ...goodCase(), vantage: { ...goodCase().vantage, available: false, reason: 'no hello' } },
    without: 'blocked',
  },
  served: {
    subject: withWay({
      tries: [
        { observation: undefined, alone: false, controlled: true },
        { observation: seen('refused', 'EACCES'), alone: true, controlled: true },
      ],
    }),
    without: 'blocked',
  },
  'own-canary': {
    subject: withWay({ tries: twice(seen('done', 'read', { brought: 'stale' }), { canary: 'fresh' }) }),
    without: 'exposed',
  },
  'content-matched': {
    subject: withWay({ tries: twice(seen('done', 'read')) }),
    without: 'exposed',
  },
  'seen-from-outside': {
    subject: withWay({ seenOutside: false, tries: twice(seen('done', 'created')) }, { attempt: 'write' }),
    without: 'exposed',
  },
  'server-spoke': {
    subject: withWay({ tries: twice(seen('closed', 'closed at once')) }, { attempt: 'connect' }),
    without: 'exposed',
  },
  'tool-present': {
    subject: withWay({ tries: twice(seen('unable', 'EACCES')) }),
    without: 'blocked',
  },
  ran: {
    subject: withWay({ tries: twice(seen('error', 'EACCES')) }),
    without: 'blocked',
  },
  'not-saturated': {
    // EMFILE is in no table: the rule gives the reader the reason, so both are taken out to see the flip.
    subject: withWay({ tries: twice(seen('refused', 'EMFILE')) }),
    without: 'blocked',
    remove: ['listed-reason'],
    says: /short of something/,
  },
  'remote-control': {
    subject: withWay(
      { target: { before: undefined, after: undefined } },
      { vantage: { ...goodCase().vantage, remote: true } },
    ),
    without: 'blocked',
    remove: ['target-alive'],
    says: /--control-via/,
  },
  handshake: {
    subject: { ...goodCase(), vantage: { ...goodCase().vantage, handshake: false } },
    without: 'blocked',
  },
  'target-alive': {
    subject: withWay({ target: { before: failed, after: failed } }),
    without: 'blocked',
  },
  'instrument-before': {
    subject: withWay({ instrument: { before: failed, after: ok } }),
    without: 'blocked',
  },
  'instrument-after': {
    subject: withWay({ instrument: { before: ok, after: failed } }),
    without: 'blocked',
  },
  'controls-interleaved': {
    subject: withWay({ tries: twice(seen('refused', 'EACCES'), { controlled: false }) }),
    without: 'blocked',
  },
  'tried-again': {
    subject: withWay({ tries: twice(seen('refused', 'EACCES')).slice(0, 1) }),
    without: 'blocked',
  },
  'timeout-twice': {
    subject: withWay({ tries: twice(seen('timeout', 'ETIMEDOUT')).slice(0, 1) }, { attempt: 'connect' }),
    without: 'blocked',
    remove: ['tried-again'],
    says: /ran out of time once/,
  },
  'every-route': {
    subject: (() => {
      const base = goodCase('refused', 'ECONNREFUSED');
      const [way] = base.ways as [Way];
      return { ...base, attempt: 'connect', ways: [way, { ...way, label: '[::1]:5432', tries: [] }] } satisfies Case;
    })(),
    without: 'blocked',
  },
  'listed-reason': {
    subject: withWay({ tries: twice(seen('refused', 'EWHATEVER')) }),
    without: 'blocked',
  },
  'mask-read-again': {
    subject: withWay({
      target: { before: ok, after: undefined },
      tries: twice(seen('refused', 'masked', { matched: false })),
    }),
    without: 'blocked',
    remove: ['target-alive'],
    says: /not read again by the host/,
  },
  'names-are-not-objects': {
    subject: withWay({ tries: twice(seen('refused', 'ENOENT')) }, { others: [{ name: 'mounts', answered: false }] }),
    without: 'blocked',
  },
  'hard-links': {
    subject: { ...goodCase(), links: { total: 2, tried: 1 } },
    without: 'blocked',
  },
  'identity-cannot-lift': {
    subject: withWay(
      { tries: twice(seen('refused', 'EACCES', { owner: 1000, mode: '0' })) },
      { vantage: { ...goodCase().vantage, facts: facts() } },
    ),
    without: 'blocked',
  },
  'every-source': {
    subject: withWay(
      { tries: twice(seen('refused', 'not set')) },
      { attempt: 'env', others: [{ name: 'init', answered: false }] },
    ),
    without: 'blocked',
  },
  descriptors: {
    subject: { ...goodCase(), others: [{ name: 'open-fd', answered: false }] },
    without: 'blocked',
  },
};

describe('each rule turns a verdict', () => {
  it('has a case for every rule', () => {
    expect(Object.keys(mutations).sort()).toEqual(RULES.map(({ name }) => name).sort());
  });

  it.each(RULES.map(({ name }) => name))('%s', name => {
    const { subject, without, remove = [], says } = mutations[name] as (typeof mutations)[string];
    const silent = RULES.filter(rule => !remove.includes(rule.name));
    // Not proven for every rule but those that turn a false effect into a refusal.
    const expected: Verdict = name === 'seen-from-outside' ? 'blocked' : 'inconclusive';
    expect(judge(subject, silent).verdict).toBe(expected);
    expect(
      judge(
        subject,
        silent.filter(rule => rule.name !== name),
      ).verdict,
    ).toBe(without);
    expect(judge(subject).verdict).toBe(expected);
    if (says) expect(judge(subject).reason).toMatch(says);
  });

  it('a machine that is short of something does not make what must work too tight', () => {
    const short = { ...withWay({ tries: twice(seen('refused', 'EMFILE')) }), expect: 'allow' } as const;
    expect(judge(short)).toMatchObject({ verdict: 'inconclusive', reason: expect.stringContaining('EMFILE') });
  });

  it('what was opened on another machine cannot be compared, so it is not masked either', () => {
    const far = { ...goodCase().vantage, remote: true };
    const subject = withWay({ tries: twice(seen('refused', 'masked', { matched: false })) }, { vantage: far });
    expect(judge(subject)).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('another machine'),
    });
    expect(judge(withWay({}, { vantage: far })).verdict).toBe('blocked');
  });

  it('says who saw it: the host what it saw itself, the vantage all else', () => {
    const done = (change: Partial<Way>, more: Partial<Case>) =>
      judge(withWay({ tries: twice(seen('done', 'x', { matched: true })), ...change }, more)).evidence?.attested;
    const onHost = { vantage: { ...goodCase().vantage, kind: 'host' } } as const;
    expect(done({}, { attempt: 'read' })).toBe('vantage');
    expect(done({}, { attempt: 'read', ...onHost })).toBe('host');
    expect(done({ seenOutside: true }, { attempt: 'write' })).toBe('host');
    expect(done({ seenOutside: undefined }, { attempt: 'connect' })).toBe('vantage');
    expect(done({}, { attempt: 'read', expect: 'allow' })).toBe('vantage');
    // A refusal is never more than the vantage's own word, and that of the controls.
    expect(judge(goodCase()).evidence?.attested).toBe('vantage');
    expect(judge({ ...goodCase(), expect: 'allow' }).evidence?.attested).toBe('vantage');
  });

  it('counts other content than the host has as masked, not as read', () => {
    const subject = withWay({ tries: twice(seen('done', 'read', { matched: false })) });
    expect(judge(subject)).toMatchObject({ verdict: 'blocked', layer: 'sandbox' });
  });

  it('does not call a way round closed that a capable user could not try', () => {
    const capable = { ...goodCase().vantage, facts: facts({ capabilities: '0000000000200000' }) };
    const subject: Case = { ...goodCase(), vantage: capable, others: [{ name: 'umount', answered: false }] };
    expect(judge(subject).verdict).toBe('inconclusive');
    expect(judge({ ...subject, others: [{ name: 'umount', answered: true }] }).verdict).toBe('blocked');
    const [rule] = RULES.filter(({ name }) => name === 'identity-cannot-lift');
    expect(
      judge(
        subject,
        RULES.filter(one => one !== rule),
      ).verdict,
    ).toBe('blocked');
  });

  it.each([
    ['read', 'itself', '0', true],
    ['read', 'itself', '400', false],
    ['read', 'folder', '600', true],
    ['read', 'folder', '100', false],
    ['list', 'itself', '400', true],
    ['list', 'itself', '500', false],
    ['write', 'itself', '444', true],
    ['write', 'itself', '600', false],
    ['write', 'folder', '555', true],
    ['write', 'folder', '700', false],
    ['socket', 'itself', '555', true],
    ['socket', 'itself', '200', false],
    ['socket', 'folder', '600', true],
  ] as const)(
    '%s refused by the mode of %s, %s: whether its owner can lift that is %s',
    (attempt, part, mode, lifts) => {
      const vantage = { ...goodCase().vantage, facts: facts() };
      const verdict = (owner: number, more = {}) =>
        judge(
          withWay({ tries: twice(seen('refused', 'EACCES', { owner, mode, part, ...more })) }, { attempt, vantage }),
        ).verdict;
      expect(verdict(1000)).toBe(lifts ? 'inconclusive' : 'blocked');
      // Somebody else's, and what lies where no mode can be changed, stay refused.
      expect(verdict(0)).toBe('blocked');
      expect(verdict(1000, { mode: undefined })).toBe('blocked');
    },
  );

  it('says in words what to do when the host cannot reach it either', () => {
    const dead = { before: { ok: false, reason: 'ECONNREFUSED' }, after: undefined };
    const subject = withWay({ target: dead, tries: twice(seen('refused', 'ENETUNREACH')) }, { attempt: 'connect' });
    expect(judge(subject).reason).toBe(
      'your own connection failed too (connection refused); start it or connect the VPN, and try again',
    );
  });

  it('lets a route that the host cannot take either neither help nor harm', () => {
    const [way] = goodCase('refused', 'ECONNREFUSED').ways as [Way];
    const dead = { ...way, target: { before: failed, after: failed } };
    const subject: Case = { ...goodCase(), attempt: 'connect', ways: [dead, way] };
    expect(judge(subject).verdict).toBe('blocked');
  });

  it('finds what must work too tight only when the host can do it', () => {
    expect(judge({ ...goodCase(), expect: 'allow' }).verdict).toBe('broken');
    expect(judge({ ...withWay({ target: { before: failed, after: failed } }), expect: 'allow' }).verdict).toBe(
      'inconclusive',
    );
  });
});

describe('the layer', () => {
  const layer = (attempt: Case['attempt'], reason: string, inside: Partial<VantageFacts> = {}) =>
    judge({
      ...withWay({ tries: twice(seen('refused', reason)) }, { attempt }),
      vantage: { ...goodCase().vantage, facts: facts({ noNewPrivileges: false, ...inside }) },
      host: facts({ noNewPrivileges: false, namespaces: { mnt: '1', net: '1' } }),
    }).layer;

  it.each([
    ['connect', 'ENETUNREACH', {}, 'network'],
    ['connect', 'PROXY_403', {}, 'network'],
    ['connect', 'EPERM', {}, 'sandbox'],
    ['read', 'masked', {}, 'sandbox'],
    ['write', 'EROFS', {}, 'sandbox'],
    ['read', 'EACCES', { uid: 65534 }, 'identity'],
    ['read', 'EACCES', { namespaces: { mnt: '2' } }, 'sandbox'],
    ['socket', 'ECONNREFUSED', { namespaces: { net: '2' } }, 'network'],
    ['push', 'rejected', {}, 'server'],
  ] as const)('%s refused by %s', (attempt, reason, inside, expected) => {
    expect(layer(attempt, reason, inside)).toBe(expected);
  });
});

const words = [...new Set(Object.values(REFUSALS).flat()), ...SATURATED, 'EWHATEVER', '', 'PROXY_403'];
const observation = fc.option(
  fc.record(
    {
      id: fc.constant('x'),
      outcome: fc.constantFrom<Observation['outcome']>(
        'done',
        'refused',
        'silent',
        'closed',
        'timeout',
        'none',
        'unable',
        'error',
      ),
      reason: fc.constantFrom(...words),
      took: fc.nat(10),
      matched: fc.boolean(),
      brought: fc.constantFrom('a', 'b'),
      owner: fc.constantFrom(0, 1000),
      mode: fc.constantFrom('0', '600'),
    },
    { requiredKeys: ['id', 'outcome', 'reason', 'took'] },
  ),
  { nil: undefined },
);
/** `near`: most parts are those of a case in which nothing is amiss, so that its verdict is not always that nothing is known. */
function cases(near: boolean): fc.Arbitrary<Case> {
  const mostly = <T>(good: T, any: fc.Arbitrary<T>): fc.Arbitrary<T> =>
    near ? fc.oneof({ weight: 12, arbitrary: fc.constant(good) }, { weight: 1, arbitrary: any }) : any;
  const check = mostly<Check | undefined>(
    ok,
    fc.option(fc.record({ ok: fc.boolean(), reason: fc.constantFrom(...words) }), { nil: undefined }),
  );
  const tried = fc.record({
    observation,
    canary: fc.constantFrom(undefined, 'a'),
    alone: fc.boolean(),
    controlled: fc.boolean(),
  }) as fc.Arbitrary<Tried>;
  const answers = fc.constantFrom(
    seen('refused', 'EACCES'),
    seen('refused', 'ECONNREFUSED'),
    seen('done', 'read', { matched: true }),
  );
  const tries = fc.array(tried, { maxLength: 3 });
  const way = fc.record({
    label: fc.constantFrom('', 'a:1'),
    target: fc.record({ before: check, after: check }),
    instrument: fc.record({ before: check, after: check }),
    tries: near
      ? fc.oneof({ weight: 12, arbitrary: answers.map(answer => twice(answer)) }, { weight: 1, arbitrary: tries })
      : tries,
    seenOutside: mostly<boolean | undefined>(undefined, fc.constantFrom(true, false)),
  });
  const other = fc.record({
    name: fc.constantFrom('mounts' as const, 'umount' as const, 'init' as const, 'open-fd' as const),
    answered: fc.boolean(),
  });
  return fc.record({
    attempt: fc.constantFrom(...ATTEMPTS),
    expect: fc.constantFrom('deny' as const, 'allow' as const),
    escape: fc.constantFrom(null, 'umount'),
    vantage: fc.record({
      kind: fc.constantFrom('host' as const, 'sandbox' as const),
      available: mostly(true, fc.boolean()),
      reason: fc.constant(null),
      handshake: mostly(true, fc.boolean()),
      hidden: fc.boolean(),
      remote: fc.boolean(),
      facts: mostly<VantageFacts | null>(facts(), fc.constantFrom(null, facts({ capabilities: 'ffffffffffffffff' }))),
    }),
    host: fc.constantFrom(null, facts({ uid: 0 })),
    ways: fc.array(way, { minLength: near ? 1 : 0, maxLength: 3 }),
    others: fc.array(other, { maxLength: 3 }),
    links: fc.constantFrom(undefined, { total: 1, tried: 0 }, { total: 1, tried: 1 }),
  }) as fc.Arbitrary<Case>;
}
const anyCase = cases(false);

/** A law over cases with one of these verdicts; others say nothing of it, so that enough of those must come up. */
function law(name: string, verdicts: readonly Verdict[], holds: (subject: Case) => void): void {
  it(name, () => {
    let bites = 0;
    const both = fc.property(fc.oneof(anyCase, cases(true)), subject => {
      if (!verdicts.includes(judge(subject).verdict)) return;
      bites++;
      holds(subject);
    });
    fc.assert(both, { numRuns: 2_000 });
    expect(bites).toBeGreaterThan(20);
  });
}

describe('a box that shows nothing of the repository', () => {
  const hiding = { ...goodCase().vantage, handshake: false, hidden: true };
  const verdict = (change: Partial<Way>, more: Partial<Case> = {}) =>
    judge(withWay(change, { vantage: hiding, expect: 'allow', ...more })).verdict;
  const refused = (reason: string) => ({ tries: twice(seen('refused', reason)) });

  it('is too tight for what has to work, and holds nothing', () => {
    expect(verdict(refused('ENOENT'))).toBe('broken');
    expect(verdict(refused('ENOENT'), { expect: 'deny' })).toBe('inconclusive');
    expect(verdict({ tries: twice(seen('done', 'read', { matched: true })) }, { expect: 'deny' })).toBe('exposed');
  });

  it('is nothing without the proof, the control, or an answer that is one', () => {
    expect(verdict(refused('ENOENT'), { vantage: { ...hiding, hidden: false } })).toBe('inconclusive');
    expect(verdict(refused('ENOENT'), { vantage: { ...hiding, available: false } })).toBe('inconclusive');
    expect(verdict({ ...refused('ENOENT'), target: { before: failed, after: failed } })).toBe('inconclusive');
    expect(verdict(refused('EWHATEVER'))).toBe('inconclusive');
    for (const outcome of ['error', 'timeout', 'unable'] as const)
      expect(verdict({ tries: twice(seen(outcome, 'it ended')) }), outcome).toBe('inconclusive');
  });
});

describe('laws, for any case', () => {
  property.prop([fc.oneof(anyCase, cases(true))])('one verdict that fits what was expected, with a reason', subject => {
    const { verdict, reason } = judge(subject);
    expect(['exposed', 'blocked', 'works', 'broken', 'inconclusive']).toContain(verdict);
    expect(reason).not.toBe('');
    if (subject.expect === 'deny') expect(['works', 'broken']).not.toContain(verdict);
    else expect(['exposed', 'blocked']).not.toContain(verdict);
  });

  law('held only with every control, and a listed reason', ['blocked'], subject => {
    expect(judge(subject).layer).not.toBeNull();
    expect(subject.vantage).toMatchObject({ available: true, handshake: true });
    const tried = subject.ways.filter(one => one.tries.length > 0 && one.target.before?.ok);
    expect(tried.length).toBeGreaterThan(0);
    for (const { target, instrument, tries } of tried) {
      expect([target.before?.ok, target.after?.ok, instrument.before?.ok, instrument.after?.ok]).toEqual([
        true,
        true,
        true,
        true,
      ]);
      expect(tries.some(({ alone }) => alone)).toBe(true);
      for (const one of tries) {
        expect(one.observation).toBeDefined();
        expect(['unable', 'error', 'silent', 'closed']).not.toContain(one.observation?.outcome);
        if (one.observation?.outcome === 'refused')
          expect(isListed(subject.attempt, one.observation.reason)).toBe(true);
      }
    }
  });

  law('too tight only where it answers, and the host can do it', ['broken'], subject => {
    const { available, handshake, hidden } = subject.vantage;
    expect(available && (handshake || hidden)).toBe(true);
    expect(subject.ways.some(({ target }) => target.before?.ok && target.after?.ok)).toBe(true);
    // A way that the host could not go either asks for nothing, and what came of it does not count.
    const counted = subject.ways.filter(({ target }) => target.before?.ok);
    const outcomes = counted.flatMap(one => one.tries.map(({ observation: got }) => got?.outcome));
    for (const outcome of [undefined, 'error', 'unable']) expect(outcomes).not.toContain(outcome);
  });

  law('reached or works only with an effect', ['exposed', 'works'], subject => {
    const effect = subject.ways.some(one =>
      one.tries.some(
        ({ observation: got, canary }) =>
          got?.outcome === 'done' &&
          (canary === undefined || got.brought === canary) &&
          !(['read', 'list'].includes(subject.attempt) && canary === undefined && got.matched !== true) &&
          !(['write', 'push'].includes(subject.attempt) && one.seenOutside === false),
      ),
    );
    expect(effect).toBe(true);
  });
});
