import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { splitWords } from '../../src/base/words.ts';
import type { SystemFact } from '../../src/discover/facts.ts';
import { parsePosture } from '../../src/posture/load.ts';
import { editPosture, newPosture } from '../../src/posture/save.ts';
import {
  answersText,
  parseAnswerFlags,
  parseAnswers,
  pathOf,
  reproduceCommand,
  settleAnswers,
} from '../../src/wizard/answers.ts';
import { overlayAfter, postureEdits } from '../../src/wizard/edits.ts';
import { answersFor, asked, completed, problemOf, type WizardState, wizardReducer } from '../../src/wizard/flow.ts';
import { asEntries, checkAnswer, fieldText } from '../../src/wizard/step.ts';
import { environmentNames } from '../../src/wizard/steps/environments.ts';
import { steps as all, stepsOf } from '../../src/wizard/steps/index.ts';
import type { Answer, Answers, Entry, PlainStep, Step, StepContext } from '../../src/wizard/types.ts';
import { facts as anyFacts, FACTS } from './facts.ts';

const steps = stepsOf('whole');
const step = (id: string) => all.find(one => one.id === id) as Step;
const fresh = (facts = FACTS): StepContext => ({
  facts,
  posture: parsePosture(newPosture(facts.project), 'agent-posture.yaml'),
});
const onTop = (context: StepContext, text: string): StepContext => ({
  ...context,
  posture: parsePosture(text, 'agent-posture.yaml'),
  existing: true,
});

function posture(answers: Answers, context: StepContext, text = newPosture(context.facts.project)): string {
  const out = editPosture(text, postureEdits(steps, answers, context));
  parsePosture(out, 'agent-posture.yaml');
  return out;
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** What somebody may type into a field: what fits, what is odd, and what is hostile. */
const TYPED = [
  'orders-db',
  'staging',
  'customer-pii',
  'src/auth/**',
  '@alice',
  'db.example.com:5432',
  '200',
  '8h',
  '50MB',
  '2027-01-31',
  'ISO-1',
  'postgres',
  'select insert on app.orders app.items; select on audit.*',
  'DATABASE_URL',
  'a "quoted" #text: it\'s',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what GitHub would fill in
  '- $(touch x) ${{ github.token }}',
  'with, comma',
  'yes',
  'null',
  '1e3',
];
const typed = fc.constantFrom(...TYPED);

function entryOf(
  fields: Extract<Step, { kind: 'form' }>['fields'],
  context: StepContext,
  answers: Answers,
): fc.Arbitrary<Entry> {
  const field = (one: (typeof fields)[number]): fc.Arbitrary<string | string[]> => {
    const choices = one.choices?.(context, answers, {}).map(({ value }) => value) ?? [];
    const text = choices.length > 0 ? fc.oneof(fc.constantFrom(...choices), typed) : typed;
    return one.kind === 'multi' || one.kind === 'texts' ? fc.uniqueArray(text, { maxLength: 3 }) : text;
  };
  return fc.tuple(...fields.map(one => fc.option(field(one), { nil: undefined }))).map(values =>
    Object.fromEntries(
      fields.flatMap(({ id }, at) => {
        const value = values[at];
        return value === undefined || value.length === 0 ? [] : [[id, value]];
      }),
    ),
  );
}

function answerOf(one: Step, context: StepContext, answers: Answers): fc.Arbitrary<Answer> {
  const standing = [one.fallback(context, answers), ...(one.proposal ? [one.proposal(context, answers)] : [])];
  if (one.kind === 'form')
    return fc.oneof(fc.constantFrom(...standing), entryOf(one.fields, context, answers)) as fc.Arbitrary<Answer>;
  if (one.kind === 'list') {
    const found = one.suggestions?.(context, answers).map(({ entry }) => entry) ?? [];
    const entry =
      found.length > 0
        ? fc.oneof(fc.constantFrom(...found), entryOf(one.fields, context, answers))
        : entryOf(one.fields, context, answers);
    const base = asEntries(standing[0]);
    return fc.oneof(
      fc.constantFrom(...standing),
      fc.array(entry, { maxLength: 3 }).map(more => [...base, ...more]),
      fc.array(entry, { maxLength: 3 }),
    ) as fc.Arbitrary<Answer>;
  }
  const choices = one.choices(context, answers).map(({ value }) => value);
  if (one.kind === 'multi') return fc.subarray(choices);
  if (one.kind === 'texts')
    return fc.oneof(fc.constantFrom(...standing), fc.uniqueArray(typed, { maxLength: 3 })) as fc.Arbitrary<Answer>;
  return fc.constantFrom(...standing.filter(value => typeof value === 'string'), ...choices);
}

/** What has no default. */
const ONLY_THEIRS: Answers = {
  'box-command': 'docker exec -i dev',
  vault: { address: 'https://vault.example.com:8200', mount: 'kv', path: 'x/{environment}' },
};

/** A run through all questions: what will not do is answered by its default. */
const story: fc.Arbitrary<{ context: StepContext; answers: Answers }> = fc
  .tuple(anyFacts, fc.infiniteStream(fc.nat()))
  .map(([facts, numbers]) => {
    const context = fresh(facts);
    let answers: Answers = {};
    for (const one of steps) {
      if (!one.applies(context, answers)) continue;
      const [{ value: seed }] = [numbers.next()];
      const [picked] = fc.sample(answerOf(one, context, answers), { numRuns: 1, seed });
      const fits = picked !== undefined && problemOf(steps, one, picked, context, answers) === undefined;
      const otherwise = ONLY_THEIRS[one.id] ?? one.fallback(context, answers);
      answers = { ...answers, [one.id]: fits ? picked : otherwise };
    }
    return { context, answers };
  });

const flagsOf = (answers: Answers) =>
  splitWords(reproduceCommand({ path: 'whole', answers })).flatMap((word, index, words) =>
    words[index - 1] === '--answer' ? [word] : [],
  );

describe('laws of the whole path', () => {
  test.prop([story], { numRuns: 100 })(
    'replaying the answers gives the same posture, byte for byte',
    ({ context, answers }) => {
      const first = posture(answers, context);
      const read = [
        parseAnswers(answersText({ path: 'whole', answers }), 'answers.yaml').answers,
        parseAnswerFlags(flagsOf(answers)),
      ];
      // What is read alike is settled alike, and the same answers make the same posture: they are functions of nothing else.
      for (const given of new Map(read.map(each => [JSON.stringify(each), each])).values()) {
        const { answers: again, announced } = settleAnswers(steps, context, given, { defaults: false });
        expect(announced).toEqual([]);
        if (JSON.stringify(again) === JSON.stringify(answers)) continue;
        expect(posture(again, context)).toBe(first);
        expect(overlayAfter(steps, again, context)).toEqual(overlayAfter(steps, answers, context));
      }
    },
  );

  test.prop([story], { numRuns: 100 })(
    'over its own posture, what is not answered changes nothing',
    ({ context, answers }) => {
      const first = posture(answers, context);
      const again = { ...onTop(context, first), overlay: overlayAfter(steps, answers, context) };
      const untouched = completed(steps, again, {});
      expect(posture(untouched, again, first)).toBe(first);
      expect(overlayAfter(steps, untouched, again)).toEqual(again.overlay);
      for (const one of asked(steps, again, untouched)) {
        const answer = untouched[one.id] as Answer;
        expect(problemOf(steps, one, answer, again, untouched)).toBeUndefined();
      }
    },
  );

  test.prop([anyFacts], { numRuns: 100 })(
    'the defaults and what is proposed will do, and make a valid posture',
    facts => {
      const context = fresh(facts);
      const { answers, announced } = settleAnswers(steps, context, {}, { defaults: true });
      expect(announced).toHaveLength(Object.keys(answers).length);
      posture(answers, context);
      for (const one of steps) {
        if (!one.proposal || !one.applies(context, answers)) continue;
        const others = answersFor(one, answers, {});
        expect(problemOf(steps, one, one.proposal(context, others), context, others)).toBeUndefined();
      }
    },
  );

  test.prop([story, fc.array(fc.nat(), { maxLength: 25 })], { numRuns: 100 })(
    'in whatever order questions are gone to, no answer is lost but those that depend on a changed one',
    ({ context, answers: wanted }, picks) => {
      let state: WizardState = { answers: {}, at: steps[0]?.id };
      for (const pick of picks) {
        const whole = completed(steps, context, state.answers);
        const open = asked(steps, context, whole);
        const one = open[pick % open.length] as Step;
        state = wizardReducer(steps, context, state, { type: 'go', id: one.id });
        expect(state.at).toBe(one.id);
        const answer = wanted[one.id];
        if (answer === undefined) continue;
        const before = state.answers;
        state = wizardReducer(steps, context, state, { type: 'answer', answer });
        if (state.answers === before) continue;
        for (const [id, kept] of Object.entries(before)) {
          const depends = (other: Step): boolean => other.dependsOn.some(on => on === one.id || depends(step(on)));
          if (id !== one.id && !depends(step(id))) expect(state.answers[id]).toEqual(kept);
        }
      }
      const end = wizardReducer(steps, context, state, { type: 'finish' });
      // Either all of it holds together, or it is said which answer does not.
      if (end.at === undefined) posture(completed(steps, context, end.answers), context);
      else expect(end.problem).toBeDefined();
    },
  );
});

describe('what the answers make', () => {
  const answered = (given: Answers, context = fresh()) => {
    const { answers } = settleAnswers(steps, context, given, { defaults: true });
    return { text: posture(answers, context), answers, context };
  };

  it('declares what looks like production, the alarms and rules that the article names, and nothing that was not found', () => {
    const { text } = answered({});
    const made = parsePosture(text, 'p');
    expect(made.systems).toEqual([
      { id: 'orders-db', kind: 'postgres', environment: 'production', address: 'db.prod.example.com:5432' },
    ]);
    expect(made.review).toEqual({
      network: 'warn',
      auth: 'block',
      queries: 'warn',
      dependencies: 'block',
      files: 'warn',
    });
    expect(made.monitoring).toEqual({
      commitsPerHour: 20,
      rowsPerQuery: 1000,
      exportPerHour: '50MB',
      credentialUse: true,
      newDestinations: true,
      notify: ['terminal'],
    });
    expect(made.repository).toEqual({ forge: 'github', protected: ['trunk'], reviews: 1, attribution: true });
    expect(made.scanning).toEqual({ engines: ['builtin', 'gitleaks'], at: ['commit', 'push', 'ci'] });
    expect(made.ci).toEqual(['drift', 'selftest']);
    expect([made.credentials, made.secrets, made.accepted, made.managedSettings, made.data]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('declares what a system names: its environment, closed, and the data that it holds', () => {
    const { text } = answered({
      systems: [
        { id: 'bill', kind: 'payment', environment: 'prod-eu', holds: ['cards'], by: 'shop', rows: '5', note: 'x' },
      ],
      environments: [],
      data: [],
    });
    const made = parsePosture(text, 'p');
    expect(made.environments).toEqual({ 'prod-eu': { agentAccess: 'none' } });
    expect(made.data).toEqual([{ id: 'cards' }]);
    expect(made.systems?.[0]?.normally).toEqual({ by: 'shop', rowsPerQuery: 5, note: 'x' });
    expect(made.monitoring?.rowsPerQuery).toBe(5);
  });

  it('keeps an address out of the file, and brings it back when it is no longer private', () => {
    const { text, answers, context } = answered({ private: ['orders-db'] });
    expect(text).not.toContain('db.prod.example.com');
    const overlay = overlayAfter(steps, answers, context);
    expect(overlay).toEqual({ version: 1, systems: [{ id: 'orders-db', address: 'db.prod.example.com:5432' }] });
    const again = { ...onTop(context, text), overlay };
    const shown = completed(steps, again, {});
    expect(asEntries(shown.systems).map(entry => fieldText(entry, 'address'))).toEqual(['db.prod.example.com:5432']);
    const back = completed(steps, again, { private: [] });
    expect(posture(back, again, text)).toContain('address: db.prod.example.com:5432');
    expect(overlayAfter(steps, back, again)).toEqual({ version: 1, systems: [] });
  });

  it('keeps a private address private under another name, and takes out what belongs to nothing', () => {
    const { text, answers, context } = answered({ private: ['orders-db'] });
    const again = { ...onTop(context, text), overlay: overlayAfter(steps, answers, context) };
    const [entry] = asEntries(completed(steps, again, {}).systems);
    const renamed = completed(steps, again, { systems: [{ ...entry, id: 'orders-main' }] });
    expect(posture(renamed, again, text)).not.toContain('db.prod.example.com');
    expect(overlayAfter(steps, renamed, again)?.systems).toEqual([
      { id: 'orders-main', address: 'db.prod.example.com:5432' },
    ]);
    const removed = completed(steps, again, { systems: [] });
    expect(overlayAfter(steps, removed, again)?.systems).toEqual([]);
  });

  it('takes no credential of one environment for a system of another', () => {
    const given: Answers = {
      systems: [{ id: 'live', kind: 'postgres', environment: 'production' }],
      environments: [
        { id: 'production', access: 'none' },
        { id: 'development', access: 'write' },
      ],
      credentials: [{ id: 'c', environment: 'development', system: 'live', kind: 'postgres-role' }],
    };
    expect(refusal(() => settleAnswers(steps, fresh(), given, { defaults: true }))).toContain(
      'opens "live", which is in "production"',
    );
  });

  it('keeps rights of a credential that it cannot put on one line, and reads those that it can', () => {
    const base = `${newPosture('shop')}agents: [codex]\nenvironments: { dev: { agentAccess: write } }\n`;
    const odd = `${base}credentials:\n  - { id: a, environment: dev, kind: k, grants: [{ schema: "a b", rights: [select] }] }\n`;
    const context = onTop(fresh(), odd);
    expect(posture(completed(steps, context, {}), context, odd)).toBe(odd);
    const plain = onTop(fresh(), base);
    const entry = {
      id: 'b',
      environment: 'dev',
      kind: 'k',
      grants: 'select insert on app.orders app.items; select on audit.* log',
    };
    const made = parsePosture(posture(completed(steps, plain, { credentials: [entry] }), plain, base), 'p');
    expect(made.credentials?.[0]?.grants).toEqual([
      { schema: 'app', tables: ['orders', 'items'], rights: ['select', 'insert'] },
      { schema: 'audit', rights: ['select'] },
      { tables: ['log'], rights: ['select'] },
    ]);
  });

  it('hides from every agent what one is refused already, where it is taken, and offers nothing that is hidden', () => {
    const refused = ['reports/**', '.env', '../up', '~/.aws/**'].map(pattern => ({
      pattern,
      seen: { path: '.claude/settings.json' },
    }));
    const [codex] = FACTS.agents;
    const context = fresh({ ...FACTS, agents: [{ ...(codex as (typeof FACTS.agents)[number]), refused }] });
    const all = completed(steps, context, {});
    expect(all.refused).toEqual([]);
    expect((step('refused') as PlainStep).choices(context, all)).toEqual([
      { value: 'reports/**', label: 'reports/**', hint: 'refused to Codex', seen: { path: '.claude/settings.json' } },
    ]);
    const text = posture({ ...all, refused: ['reports/**'] }, context);
    // The same answers over what they made, with another path refused meanwhile, hide no path twice.
    const later = {
      ...onTop(context, text),
      facts: {
        ...context.facts,
        agents: [
          {
            ...(codex as (typeof FACTS.agents)[number]),
            refused: [...refused, { pattern: 'dist/**', seen: { path: 'x' } }],
          },
        ],
      },
    };
    expect(
      settleAnswers(steps, later, { ...all, refused: ['reports/**'] }, { defaults: true }).answers.refused,
    ).toEqual(['reports/**']);
    expect(posture({ ...all, refused: ['reports/**'] }, later, text)).toBe(text);
    for (const bad of ['!.env', '*', '~/**', '../x', 'a\\'])
      expect((step('refused') as PlainStep).validate([bad], context, all), bad).toBeDefined();
    expect(text).toMatch(/hide:.*\.env.*reports\/\*\*/s);
    // Taken over once, it is asked no more; a posture without a box gets its rules alone.
    expect(asked(steps, onTop(context, text), {}).some(({ id }) => id === 'refused')).toBe(false);
    const bare = onTop(context, 'version: 1\nproject: shop\nagents: [codex]\n');
    const rules = { ...completed(steps, bare, {}), refused: ['reports/**'] };
    expect(posture(rules, bare, 'version: 1\nproject: shop\nagents: [codex]\n')).toMatch(/runtime: none\n {2}files:/);
  });

  it('adds nothing to a posture that stands, where nobody answers', () => {
    const text = `${newPosture('shop')}agents: [codex]\n`;
    const context = onTop(fresh(), text);
    expect(posture(settleAnswers(steps, context, {}, { defaults: true }).answers, context, text)).toBe(text);
    expect(posture(completed(steps, context, {}), context, text)).toBe(text);
  });

  it.each([
    [{ hosts: ['none'] }, { allow: [] }],
    [{ hosts: [] }, { allow: [] }],
    [{ hosts: ['any'] }, undefined],
    [{ hosts: ['*'] }, undefined],
    [{ hosts: ['a.example.com', 'b.example.com:8443'] }, { allow: ['a.example.com', 'b.example.com:8443'] }],
  ])('takes %j for the network of the box', (given, network) => {
    expect(parsePosture(answered({ box: 'bubblewrap', ...given }).text, 'p').isolation?.network).toEqual(network);
  });
});

describe('what is refused', () => {
  const settle =
    (given: Answers, context = fresh()) =>
    () =>
      settleAnswers(steps, context, given, { defaults: true });
  it.each<[Answers, RegExp]>([
    [{ systems: [{ id: 'A b', kind: 'postgres' }] }, /"systems" will not do: A b: lower-case letters/],
    [{ systems: [{ id: 'a', kind: 'oracle' }] }, /a: "oracle" is none of postgres/],
    [{ systems: [{ id: 'a', kind: 'postgres', address: 'postgres://u:pw@h/x' }] }, /will not do: a: /],
    [{ systems: [{ kind: 'postgres' }] }, /system 1: name is missing/],
    [
      {
        systems: [
          { id: 'a', kind: 'other' },
          { id: 'a', kind: 'other' },
        ],
      },
      /a is here twice/,
    ],
    [{ data: [{ id: 'x', files: ['../up'] }] }, /a pattern inside the repository/],
    [{ hosts: ['*.com'] }, /would allow a whole top-level domain/],
    [{ hosts: ['none', 'a.example.com'] }, /stand alone/],
    [{ hosts: ['*api.x.ai'] }, /no host that can be allowed/],
    [{ branches: ['a b'] }, /"a b" can be no branch/],
    [{ owners: [{ path: 'src/**', owners: ['alice'] }] }, /"alice" is no owner/],
    [{ identity: { name: 'bot', attribution: 'maybe' } }, /"maybe" is none of yes or no/],
    [{ review: { network: 'loud' } }, /"loud" is none of off, warn or block/],
    [{ monitoring: { commitsPerHour: '-1', credentialUse: 'no', newDestinations: 'no' } }, /a whole number above 0/],
    [
      { accepted: [{ safeguard: 'ISO-1', target: 'x', reason: 'y', owner: 'z', until: '2027-02-30' }] },
      /a day of the calendar/,
    ],
    [{ credentials: [{ id: 'a', environment: 'nowhere', kind: 'k' }] }, /"nowhere" is none of/],
    [{ private: ['cache'] }, /"cache" has no address that could be kept private/],
  ])('%j', (given, reason) => {
    expect(refusal(settle(given))).toMatch(reason);
  });

  it('a secret, in whatever field, without repeating it', () => {
    const secret = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';
    for (const given of [
      { systems: [{ id: 'a', kind: 'other', note: secret }] },
      { accepted: [{ safeguard: 'ISO-1', target: 'x', reason: secret, owner: 'z', until: '2027-01-31' }] },
      { identity: { name: secret, email: 'a@b', attribution: 'no' } },
    ]) {
      const said = refusal(settle(given as Answers));
      expect(said).toContain('looks like');
      expect(said).not.toContain(secret);
    }
  });

  it('credentials inside a session of an agent: nobody knows who asks', () => {
    const inside = fresh({ ...FACTS, insideAgent: 'Claude Code' });
    expect(asked(steps, inside, {}).map(({ id }) => id)).not.toContain('credentials');
    expect(refusal(settle({ credentials: [] }, inside))).toContain('inside a session of Claude Code');
  });

  it("says in an agent's session what is not asked there, on the path that would ask it", () => {
    const announced = (path: 'quick' | 'whole', insideAgent: string | undefined) =>
      settleAnswers(stepsOf(path), fresh({ ...FACTS, insideAgent }), {}, { defaults: true }).announced.join('\n');
    expect(announced('whole', 'Claude Code')).toContain('This is a session of Claude Code');
    expect(announced('quick', 'Claude Code')).not.toContain('session');
    expect(announced('whole', undefined)).not.toContain('session');
  });

  it('answers of the other path, and says which', () => {
    expect(pathOf({ 'never-touch': [] }, false)).toBe('quick');
    expect(pathOf({ box: 'none' }, false)).toBe('whole');
    expect(pathOf({ systems: [] }, true)).toBe('quick');
    const quick = () => settleAnswers(stepsOf('quick'), fresh(), { systems: [] }, { defaults: true });
    expect(refusal(quick)).toContain('"systems" is not asked on the quick path');
    expect(refusal(settle({ address: 'x' }))).toContain('"address" is asked on the quick path alone');
  });

  it.each([
    ['systems:\n  - id: a\n    kind: postgres\n    adress: b:1\n', 'answers.yaml:5:5', 'did you mean "address"?'],
    ['systems:\n  - 5\n', 'answers.yaml:3:5', '5 is no system'],
    [
      'systems:\n  - { id: A, kind: postgres, adress: b }\n  - { id: b, knd: postgres }\n',
      'answers.yaml:4:14',
      '"systems" will not do: A: lower-case letters',
    ],
    ['review: { network: [warn] }\n', 'answers.yaml:2:20', '"network" is'],
    ['owners: nobody\n', 'answers.yaml:2:9', '"owners" is'],
    ['monitoring: { commitsPerHour: { a: 1 } }\n', 'answers.yaml:2:31', '"commitsPerHour" is'],
  ])('%j, with its place', (text, place, reason) => {
    const read = parseAnswers(`version: 1\n${text}`, 'answers.yaml');
    const said = refusal(() => settleAnswers(steps, fresh(), read.answers, { defaults: true, read }));
    expect(said).toContain(place);
    expect(said).toContain(reason);
  });
});

describe('the environment of a system', () => {
  const systems = step('systems') as Extract<Step, { kind: 'list' }>;
  const stripe: SystemFact = {
    id: 'stripe',
    kind: 'payment',
    address: 'api.stripe.com:443',
    environment: undefined,
    seen: { path: 'package.json', line: 7 },
  };
  const suggested = (fact: SystemFact) =>
    systems.suggestions?.(fresh({ ...FACTS, systems: [fact] }), { systems: [] })[0];

  it('is production where a found one looks like it, and is asked for where nothing says it', () => {
    expect(suggested(stripe)).toMatchObject({ asks: true, entry: { id: 'stripe' } });
    expect(suggested(stripe)?.entry).not.toHaveProperty('environment');
    const likely = suggested({ ...stripe, seen: { path: 'deploy/production/app.yml' } });
    expect(likely).toMatchObject({ asks: false, entry: { environment: 'production' } });
  });

  it('is no short form of one that is here, unless it is here itself', () => {
    const judge = (environment: string, context = fresh()) =>
      checkAnswer(systems, [{ id: 'a', kind: 'redis', environment }], context, {});
    expect(judge('prod')).toContain('"prod" would be another environment beside "production"');
    for (const name of ['production', 'prod-eu', 'qa', 'staging']) expect(judge(name)).toBeUndefined();
    expect(judge('prod', fresh({ ...FACTS, environments: [], systems: [] }))).toBeUndefined();
    expect(judge('prod', onTop(fresh(), 'version: 1\nproject: x\nenvironments: { prod: {} }\n'))).toBeUndefined();
  });

  it('is offered with production first, as the first names are those that are read', () => {
    expect(environmentNames(fresh(), {})[0]).toBe('production');
  });
});

describe('docs/command-line.md', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/command-line.md'), 'utf8');
  const examples = [...text.matchAll(/```yaml\n(version: 1\n[\s\S]*?)```/g)].map(([, yaml = '']) => yaml);

  it.each([
    ['quick', examples[0]],
    ['whole', examples[1]],
  ] as const)('has the answers of the %s path, each of which can be read', (path, yaml = '') => {
    const { answers, problems } = parseAnswers(yaml, 'answers.yaml');
    expect(problems).toEqual([]);
    expect(pathOf(answers, false)).toBe(path);
    const asked = stepsOf(path).filter(({ id }) => !(path === 'quick' && id === 'box-command'));
    expect(Object.keys(answers).sort()).toEqual(asked.map(({ id }) => id).sort());
    for (const { id, values } of asked.map(step => ({ values: undefined, ...step })))
      if (id === 'box' && path === 'quick') for (const value of values ?? []) expect(yaml).toContain(value);
  });
});
