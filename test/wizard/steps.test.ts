import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { splitWords } from '../../src/base/words.ts';
import type { Facts, SystemFact, ToolFact } from '../../src/discover/facts.ts';
import { allowedHosts, networkNote } from '../../src/isolation/proposal.ts';
import { parsePosture } from '../../src/posture/load.ts';
import { editPosture, newPosture } from '../../src/posture/save.ts';
import type { Posture } from '../../src/posture/schema.ts';
import { parseAnswerFlags, parseAnswers, reproduceCommand, settleAnswers } from '../../src/wizard/answers.ts';
import { announce, overlayAfter, postureEdits } from '../../src/wizard/edits.ts';
import { asked, completed, stillValid, type WizardState, withAnswer, wizardReducer } from '../../src/wizard/flow.ts';
import { checkAnswer } from '../../src/wizard/step.ts';
import { madeFor } from '../../src/wizard/steps/agents.ts';
import { stepsOf } from '../../src/wizard/steps/index.ts';
import type { Answers, PlainStep, StepContext } from '../../src/wizard/types.ts';
import { facts as anyFacts, FACTS } from './facts.ts';

const quickSteps = stepsOf('quick') as readonly PlainStep[];
const fresh = (facts: Facts): StepContext => ({
  facts,
  posture: parsePosture(newPosture(facts.project), 'agent-posture.yaml'),
});
/** Every default, as `--yes` takes them. */
const byDefault = (context: StepContext) => settleAnswers(quickSteps, context, {}, { defaults: true });
const step = (id: string) => quickSteps.find(one => one.id === id) as (typeof quickSteps)[number];
const flags = (answers: Answers) =>
  splitWords(reproduceCommand({ path: 'quick', answers })).flatMap((word, index, all) =>
    all[index - 1] === '--answer' ? [word] : [],
  );

/** What `init` makes of answers: the posture's new text. */
function posture(answers: Answers, context: StepContext, text = newPosture(context.facts.project)): string {
  const out = editPosture(text, postureEdits(quickSteps, answers, context));
  parsePosture(out, 'agent-posture.yaml');
  return out;
}

function problems(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the quick path', () => {
  it('asks at most three questions from defaults', () => {
    expect(asked(quickSteps, fresh(FACTS), {}).map(({ id }) => id)).toEqual(['never-touch', 'box', 'guards']);
  });

  it('declares no agent beside those of a posture that stands, and opens no host for one', () => {
    const text = 'version: 1\nproject: shop\nagents: [claude-code]\n';
    const stands = { ...fresh(FACTS), posture: parsePosture(text, 'p'), existing: true };
    const { answers } = byDefault(stands);
    const made = parsePosture(posture(answers, stands, text), 'p');
    expect(made.agents).toEqual(['claude-code']);
    const boxed = parsePosture(posture({ ...answers, box: 'bubblewrap' }, stands, text), 'p');
    expect(boxed.isolation?.network?.allow.filter(host => /openai|chatgpt/.test(host))).toEqual([]);
    expect(boxed.isolation?.network?.allow).toContain('api.anthropic.com');
  });

  it('puts what looks like production first and takes it by default, saying where it was seen', () => {
    const { answers, announced } = byDefault(fresh(FACTS));
    expect(
      step('never-touch')
        .choices(fresh(FACTS), {})
        .map(({ value }) => value),
    ).toEqual(['orders-db', 'cache', 'OTHER']);
    expect(answers).toEqual({
      'never-touch': ['orders-db'],
      private: [],
      box: 'bubblewrap',
      guards: ['refuse-push', 'scan-commit', 'scan-push'],
    });
    expect(announced).toEqual([
      'Never touch: orders-db (postgres, db.prod.example.com:5432) (looks like production; found in .env.production:3)',
      'Kept private: nothing found, none taken',
      'Boxed in by: a bubblewrap box (recommended: only this repository, keys hidden)',
      expect.stringContaining(
        'In git: refuse pushes to trunk (hook, and a rule for the forge), scan for secrets before each commit',
      ),
    ]);
  });

  it('offers to keep an address private that no committed file has, and asks of no other', () => {
    const ids = (context: StepContext, answers: Answers) => asked(quickSteps, context, answers).map(({ id }) => id);
    expect(ids(fresh(FACTS), { 'never-touch': ['orders-db'] })).toContain('private');
    const tracked = FACTS.secretFiles.map(file => ({ ...file, tracked: true as const }));
    const committed = fresh({ ...FACTS, secretFiles: tracked });
    expect(ids(committed, { 'never-touch': ['orders-db'] })).not.toContain('private');
    const typed = { 'never-touch': ['OTHER'], address: 'db.example.com:5432' };
    expect(ids(committed, typed)).toContain('private');
    const kept = { ...typed, private: ['db'] };
    expect(posture(kept, committed)).not.toContain('db.example.com');
    expect(overlayAfter(quickSteps, kept, committed)?.systems).toEqual([
      { id: 'production-postgres', address: 'db.example.com:5432' },
    ]);
  });

  it('calls what was typed and is kept private by no part of its address, and leaves other names as they are', () => {
    const telling = {
      ...FACTS.systems[1],
      id: 'orders-db',
      address: 'orders-db.acme.corp:5432',
    } as SystemFact;
    const context = fresh({ ...FACTS, systems: [telling] });
    const address = 'topsecret-db.acme.corp:5432, other.acme.corp:5432, plain.acme.corp:6379';
    const answers = { 'never-touch': ['orders-db', 'OTHER'], address };
    const hidden = { ...answers, private: ['orders-db', 'topsecret-db', 'other'] };
    expect(step('private').applies(context, answers)).toBe(true);
    // Of a found one, which the answers speak of by its name, that is said before.
    expect(step('private').remark?.(context, answers)).toMatch(/committed all the same, and orders-db tells of/);
    expect(checkAnswer(step('private'), hidden.private, context, hidden)).toBeUndefined();
    const text = posture(hidden, context);
    for (const name of ['topsecret', 'other', 'acme.corp:5432']) expect(text).not.toContain(name);
    expect(text).toContain('plain.acme.corp:6379');
    const systems = overlayAfter(quickSteps, hidden, context)?.systems;
    expect(systems).toEqual([
      { id: 'orders-db', address: 'orders-db.acme.corp:5432' },
      { id: 'production-postgres', address: 'topsecret-db.acme.corp:5432' },
      { id: 'production-postgres-2', address: 'other.acme.corp:5432' },
    ]);
    expect(parsePosture(text, 'x').systems?.map(({ id }) => id)).toEqual([
      ...(systems ?? []).map(({ id }) => id),
      'plain',
    ]);
    // Once it is there, nothing of it is found or declared a second time.
    const again: StepContext = {
      ...context,
      posture: parsePosture(text, 'x'),
      existing: true,
      overlay: { version: 1, systems },
    };
    expect(posture({ 'never-touch': ['OTHER'], address }, again, text)).toBe(text);
  });

  it('says of names that were typed that they are committed', () => {
    const system = { id: 'topsecret-db', kind: 'postgres', address: 'topsecret-db.acme.corp:5432' };
    const whole = stepsOf('whole').find(({ id }) => id === 'private') as PlainStep;
    expect(whole.remark?.(fresh(FACTS), { systems: [system] })).toContain('topsecret-db tells of the address');
    expect(whole.remark?.(fresh(FACTS), { systems: [{ ...system, id: 'orders' }] })).toBeUndefined();
  });

  it('says what was found where none of it is taken, and that nothing was where there is nothing', () => {
    const context = fresh(FACTS);
    expect(announce(step('never-touch'), [], context, {})).toBe(
      'Never touch: found orders-db (postgres, db.prod.example.com:5432) and cache (redis, 127.0.0.1:6379); none taken',
    );
    const empty = fresh({ ...FACTS, systems: [] });
    expect(announce(step('never-touch'), [], empty, {})).toBe('Never touch: nothing found, none taken');
  });

  it('makes the posture that a person would write', () => {
    const context = fresh(FACTS);
    const text = posture(byDefault(context).answers, context);
    expect(text).toBe(`# What coding agents may touch in this repository: names, never values.
# After an edit: agent-posture generate, then agent-posture test.
version: 1
project: shop
agents: [codex]
environments:
  development: { agentAccess: write }
  production: { agentAccess: none }
systems:
  - id: orders-db
    kind: postgres
    environment: production
    address: db.prod.example.com:5432
isolation:
  runtime: bubblewrap
  network: { allow: [api.openai.com, auth.openai.com, chatgpt.com, github.com, api.github.com] }
  files:
    write: ["."]
    hide:
      - ~/.ssh
      - ~/.gnupg
      - ~/.aws
      - ~/.azure
      - ~/.config/gcloud
      - ~/.kube
      - ~/.docker/config.json
      - ~/.config/gh
      - ~/.config/glab-cli
      - ~/.git-credentials
      - ~/.netrc
      - ~/.npmrc
      - ~/.pypirc
      - ~/.cargo/credentials.toml
      - ~/.m2/settings.xml
      - ~/.gradle/gradle.properties
      - ~/.terraform.d/credentials.tfrc.json
      - ~/.vault-token
      - ~/.pgpass
      - ~/.my.cnf
      - ~/.password-store
      - ".env*"
      - certs/server.key
      - "\\\\!odd \\\\[1].pem"
      - "!.env*.example"
repository:
  forge: github
  protected: [trunk]
scanning:
  engines: [builtin, gitleaks]
  at: [commit, push]
`);
  });

  it('promises a rule for the forge only where one is written, and no scan that is not there yet', () => {
    const choices = (git: Partial<Facts['git']>) =>
      step('guards').choices(fresh({ ...FACTS, git: { ...FACTS.git, ...git } }), {});
    const hints = (git: Partial<Facts['git']>) => choices(git).map(({ hint }) => hint);
    expect(hints({})).toEqual(['hook, and a rule for the forge', 'hook', 'hook']);
    const local = { name: 'origin', url: '/srv/git/x', forge: 'local' as const };
    expect(hints({ remote: local })).toEqual(['hook', 'hook', 'hook']);
    const husky = { remote: undefined, hookManager: { id: 'husky' as const, seen: { path: '.husky' } } };
    expect(hints(husky)).toEqual(Array(3).fill('hook, run by husky'));
    expect(choices(husky).every(({ seen }) => seen === undefined)).toBe(true);
  });

  it('offers boxes that cannot be used here last, says why, and refuses them', () => {
    const choices = step('box').choices(fresh(FACTS), {});
    expect(choices.map(({ value }) => value)).toEqual(['bubblewrap', 'native', 'command', 'none', 'docker', 'srt']);
    expect(choices.at(-2)?.hint).toBe('not here, the engine does not answer: start it');
    expect(step('box').validate('docker', fresh(FACTS), {})).toContain('the engine does not answer');
    expect(step('box').validate('chroot', fresh(FACTS), {})).toContain('expected one of');
    const hint = (value: string) => choices.find(choice => choice.value === value)?.hint;
    expect(hint('native')).toContain('its rules: not tried');
    expect(hint('none')).toBe('rules only; shell commands get round them');
  });

  it.each([
    [['bubblewrap', 'docker'], 'bubblewrap'],
    [['docker'], 'docker'],
    [[], 'native'],
  ])('recommends the strongest box of %j', (available, expected) => {
    const runtimes = ['bubblewrap', 'docker'].map(id => ({
      id: id as 'docker',
      available: available.includes(id),
      detail: '1',
    }));
    expect(step('box').fallback(fresh({ ...FACTS, runtimes }), {})).toBe(expected);
  });

  it('recommends none where not even the agent brings a box', () => {
    const runtimes = [{ id: 'native' as const, available: false, detail: 'not on this system' }];
    expect(step('box').fallback(fresh({ ...FACTS, runtimes }), {})).toBe('none');
  });

  it('leaves the network open where it is not known what an agent needs', () => {
    const agents = [{ ...FACTS.agents[0], id: 'opencode', binary: '/usr/bin/opencode' }] as Facts['agents'];
    expect(allowedHosts(fresh({ ...FACTS, agents }))).toBeUndefined();
    const remote = { name: 'origin', url: 'ssh://git@git.example.com:2222/a/b.git', forge: 'gitea' as const };
    expect(allowedHosts(fresh({ ...FACTS, git: { ...FACTS.git, remote } }))?.at(-1)).toBe('git.example.com');
  });

  it('says for which agents files are made and where each was seen, or that it is a guess', () => {
    expect(madeFor(fresh(FACTS))).toBe('Codex (seen in .codex)');
    const none = { ...FACTS, agents: [] };
    expect(madeFor(fresh(none))).toBe('Claude Code, a guess: no agent was seen here');
    const declared = {
      ...fresh(none),
      existing: true,
      posture: { version: 1 as const, project: 'x', agents: ['qwen'] },
    };
    expect(madeFor(declared as StepContext)).toBe('Qwen Code');
    const agents = stepsOf('whole').find(({ id }) => id === 'agents') as PlainStep;
    expect(announce(agents, ['claude-code'], fresh(none), {})).toBe(
      'Agents: Claude Code (a guess: no agent was seen here)',
    );
    expect(agents.choices(fresh(none), {})[0]?.value).toBe('claude-code');
    expect(announce(agents, ['claude-code'], fresh(FACTS), {})).toBe('Agents: Claude Code');
  });

  it('says in the question about hosts whose are not known', () => {
    const hosts = stepsOf('whole').find(({ id }) => id === 'hosts') as PlainStep;
    expect(hosts.remark?.(fresh(FACTS), {})).toBeUndefined();
    expect(hosts.remark?.(fresh(FACTS), { agents: ['codex', 'cursor'] })).toBe(
      'The hosts that Cursor needs are not known: name them too.',
    );
  });

  it('names the package managers of the lockfiles, whose registries are shut, and takes none by itself', () => {
    const hosts = stepsOf('whole').find(({ id }) => id === 'hosts') as PlainStep;
    const yarn: ToolFact = {
      id: 'yarn',
      title: 'Yarn',
      use: 'packages',
      version: undefined,
      seen: { path: 'yarn.lock' },
    };
    const context = fresh({ ...FACTS, tools: [yarn] });
    expect(hosts.remark?.(context, {})).toBe(
      'Packages are installed by Yarn (yarn.lock): the registry of each is shut unless it is named here.',
    );
    expect(hosts.fallback(context, {})).toEqual(hosts.fallback(fresh(FACTS), {}));
    expect(announce(hosts, [], context, {})).toBe('Hosts let through: none');
    expect(hosts.remark?.(context, { hosts: ['*'] })).toBeUndefined();
  });

  it('offers an agent\u2019s own sandbox only where a chosen agent has one', () => {
    const box = quickSteps.find(({ id }) => id === 'box') as PlainStep;
    const hints = (...agents: string[]) =>
      Object.fromEntries(box.choices(fresh(FACTS), { agents }).map(({ value, hint }) => [value, hint]));
    expect(hints('opencode').native).toBe('not here, opencode has none');
    expect(hints('codex').native).toBe('its rules: not tried');
    expect(hints('codex', 'aider').native).toBe('its rules: not tried; none of Aider');
    expect(box.validate('native', fresh(FACTS), { agents: ['opencode', 'aider'] })).toContain(
      'opencode and Aider have none',
    );
    expect(box.validate('native', fresh(FACTS), { agents: ['codex'] })).toBeUndefined();
    const bare = fresh({ ...FACTS, runtimes: [{ id: 'native', available: true, detail: '' }] });
    expect(box.fallback(bare, { agents: ['opencode'] })).toBe('none');
    const posture: Posture = { ...bare.posture, agents: ['opencode'], isolation: { runtime: 'native' } };
    expect(networkNote({ facts: { ...FACTS, agents: [] }, posture })).toBeUndefined();
  });

  it('says before a box is chosen that an agent whose hosts are not known does not reach its model from it', () => {
    const box = quickSteps.find(({ id }) => id === 'box') as PlainStep;
    expect(box.remark?.(fresh(FACTS), { agents: ['codex'] })).toBeUndefined();
    expect(box.remark?.(fresh(FACTS), { agents: ['cursor'] })).toContain('it reaches its model once you name them');
    const here = { ...FACTS.agents[0], id: 'cursor', title: 'Cursor', binary: '/usr/bin/cursor-agent' };
    const open = fresh({ ...FACTS, agents: [here] as Facts['agents'] });
    expect(box.remark?.(open, { agents: ['cursor'] })).toContain('lets any host through until hosts are named');
  });

  it('opens no network for an agent that only a file speaks of, and says what is left to be done', () => {
    const cursor = { ...FACTS.agents[0], id: 'cursor', title: 'Cursor', seen: { path: '.cursorrules' } };
    const said = (agents: object[], isolation: object) => {
      const facts = { ...FACTS, agents: agents as Facts['agents'] };
      return networkNote({ facts, posture: { ...fresh(facts).posture, isolation: isolation as Posture['isolation'] } });
    };
    const both = fresh({ ...FACTS, agents: [cursor, ...FACTS.agents] as Facts['agents'] });
    expect(allowedHosts(both)).toEqual(expect.arrayContaining(['api.openai.com', 'github.com']));
    const here = { ...cursor, binary: '/usr/bin/cursor' };
    const open = { runtime: 'bubblewrap' };
    expect(said([here, ...FACTS.agents], open)).toMatch(
      /not restricted, as the hosts of Cursor are not known: .*isolation\.network\.allow/,
    );
    expect(said(FACTS.agents, open)).toMatch(/not restricted: name the hosts/);
    expect(said([here], { ...open, network: { allow: ['api2.cursor.sh'] } })).toBeUndefined();
    const forge = { ...open, network: { allow: ['github.com', 'api.github.com'] } };
    expect(said([cursor], forge)).toContain('no agent reach its model yet, as the hosts of Cursor are not known');
    expect(said(FACTS.agents, forge)).toBeUndefined();
    for (const runtime of ['none', 'command']) expect(said([here], { runtime })).toBeUndefined();
  });

  it('keeps what is forbidden out of environments that agents may enter', () => {
    const parsed = parsePosture(posture({ 'never-touch': ['cache'], box: 'none', guards: [] }, fresh(FACTS)), 'p');
    expect(parsed.systems).toEqual([{ id: 'cache', kind: 'redis', address: '127.0.0.1:6379' }]);
    expect(parsed.environments?.development?.agentAccess).toBe('write');
  });

  it.each([
    [
      'db.example.com:5432',
      [{ id: 'db', kind: 'postgres', environment: 'production', address: 'db.example.com:5432' }],
    ],
    [
      'https://api.example.com/v1',
      [{ id: 'api', kind: 'http-api', environment: 'production', address: 'https://api.example.com/v1' }],
    ],
    [
      '10.1.2.3:6379, [2001:db8::1]:22',
      [
        { id: '10-1-2-3', kind: 'redis', environment: 'production', address: '10.1.2.3:6379' },
        { id: '2001-db8-1', kind: 'ssh-host', environment: 'production', address: '[2001:db8::1]:22' },
      ],
    ],
    [
      'db.a.com:1 db.b.com:1',
      [
        { id: 'db', kind: 'other', environment: 'production', address: 'db.a.com:1' },
        { id: 'db-2', kind: 'other', environment: 'production', address: 'db.b.com:1' },
      ],
    ],
  ])('takes the typed address %s', (address, expected) => {
    const answers = { 'never-touch': ['OTHER'], address, box: 'none', guards: [] };
    expect(step('address').validate(address, fresh(FACTS), answers)).toBeUndefined();
    expect(parsePosture(posture(answers, fresh(FACTS)), 'p').systems).toEqual(expected);
  });

  it.each([
    ['', 'type an address'],
    ['db', 'port is missing'],
    ['db:0', 'valid'],
    ['postgres://a:hunter22@db:1', 'looks like an address with a password'],
    ['postgres://a@db:1', 'user or a password'],
    ['a\u202eb:1', 'direction of text'],
    ['a\u001b[31m:1', 'control character'],
    ['$(id):1', 'not'],
  ])('refuses the typed address %j', (address, expected) => {
    const wrong = step('address').validate(address, fresh(FACTS), {});
    expect(wrong).toContain(expected);
    expect(wrong).not.toContain('hunter22');
  });

  it('takes a command for a box that one has', () => {
    const answers = { 'never-touch': [], box: 'command', 'box-command': 'docker exec -i "my dev"', guards: [] };
    expect(asked(quickSteps, fresh(FACTS), answers).map(({ id }) => id)).toContain('box-command');
    const { isolation } = parsePosture(posture(answers, fresh(FACTS)), 'p');
    expect(isolation).toMatchObject({ runtime: 'command', command: 'docker exec -i "my dev"' });
    for (const bad of ['', '   ', 'a | b', 'a "b', `x --password=${'hunter22'}`, 'a\nb'])
      expect(step('box-command').validate(bad, fresh(FACTS), answers), bad).toBeDefined();
  });

  it('changes only what it asked about in a posture that is there', () => {
    const text = `version: 1
project: shop # ours
agents: [claude-code] # paid
systems:
  - id: orders-db # the one
    kind: postgres
    address: db.prod.example.com:5432
isolation:
  runtime: docker # was: none
  network: { allow: [example.com] }
  files: { hide: [x] }
repository: { protected: [main, release/*] }
scanning: { engines: [trufflehog], at: [ci, commit] }
`;
    const context = { facts: FACTS, posture: parsePosture(text, 'p') };
    const defaults = byDefault(context).answers;
    expect(defaults).toEqual({
      'never-touch': ['orders-db'],
      box: 'bubblewrap',
      guards: ['refuse-push', 'scan-commit'],
    });
    expect(posture(defaults, context, text)).toBe(
      text
        .replace('[claude-code]', '[claude-code, codex]')
        .replace(
          'systems:',
          'environments:\n  development: { agentAccess: write }\n  production: { agentAccess: none }\nsystems:',
        )
        .replace('docker #', 'bubblewrap #')
        .replace('{ protected', '{ forge: github, protected')
        .replace('{ forge: github, protected: [main, release/*] }', '{ protected: [main, release/*], forge: github }'),
    );
    const less = posture({ 'never-touch': [], box: 'none', guards: [] }, context, text);
    expect(parsePosture(less, 'p')).toMatchObject({
      systems: [{ id: 'orders-db' }],
      repository: { protected: [] },
      scanning: { engines: ['trufflehog'], at: ['ci'] },
    });
  });
});

/** Random answers that the steps themselves accept. */
const story = fc.tuple(anyFacts, fc.array(fc.nat(), { minLength: 20, maxLength: 20 })).map(([facts, picks]) => {
  const context = fresh(facts);
  let answers: Answers = {};
  let at = 0;
  const pick = (n: number) => (picks[at++ % picks.length] ?? 0) % n;
  for (const one of quickSteps) {
    if (!one.applies(context, answers)) continue;
    const choices = one.choices(context, answers).map(({ value }) => value);
    const text =
      { address: 'db.example.com:5432, https://x.example.com', 'box-command': "docker exec -i 'a b' --" }[one.id] ?? '';
    const answer =
      one.kind === 'text'
        ? text
        : one.kind === 'multi'
          ? choices.filter(() => pick(2) === 0)
          : (choices[pick(choices.length)] as string);
    answers = {
      ...answers,
      [one.id]: one.validate(answer, context, answers) === undefined ? answer : one.fallback(context, answers),
    };
  }
  return { context, answers };
});

describe('laws', () => {
  test.prop([story], { numRuns: 500 })(
    'replaying the answers of a run gives the same posture, byte for byte',
    ({ context, answers }) => {
      const first = posture(answers, context);
      const replayed = settleAnswers(quickSteps, context, parseAnswerFlags(flags(answers), quickSteps), {
        defaults: false,
      });
      expect(replayed).toEqual({ answers, announced: [] });
      expect(posture(replayed.answers, context)).toBe(first);
      const file = `version: 1\n${JSON.stringify(answers)
        .slice(1, -1)
        .replaceAll(/("[a-z-]+"):/g, '\n$1: ')
        .replaceAll(/,\n/g, '\n')}\n`;
      expect(parseAnswers(file, 'answers.yaml', quickSteps)).toEqual({ answers, problems: [], unread: new Set() });
    },
  );

  test.prop([story], { numRuns: 500 })('running again over its own posture changes nothing', ({ context, answers }) => {
    const first = posture(answers, context);
    const again = {
      ...context,
      posture: parsePosture(first, 'p') as Posture,
      overlay: overlayAfter(quickSteps, answers, context),
    };
    const settled = settleAnswers(quickSteps, again, answers, { defaults: false });
    expect(posture(settled.answers, again, first)).toBe(first);
  });

  test.prop([anyFacts], { numRuns: 500 })(
    'the defaults always pass their own checks and make a valid posture',
    facts => {
      const { answers, announced } = byDefault(fresh(facts));
      expect(announced).toHaveLength(Object.keys(answers).length);
      posture(answers, fresh(facts));
    },
  );

  test.prop([story, fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 12 })], { numRuns: 500 })(
    'back keeps every answer; a change voids those that depend on it, and only those',
    ({ context, answers: wanted }, moves) => {
      let state: WizardState = { answers: {}, at: quickSteps[0]?.id };
      for (const [kind, pick] of moves) {
        const before = state;
        const current = quickSteps.find(({ id }) => id === state.at);
        if (kind % 3 === 0 || !current) {
          state = wizardReducer(quickSteps, context, state, { type: 'back' });
          expect(state.answers).toBe(before.answers);
          continue;
        }
        const choices = current.choices(context, state.answers).map(({ value }) => value);
        const some =
          current.kind === 'multi' ? choices.filter((_, i) => (pick >> i) % 2) : choices[pick % (choices.length || 1)];
        const answer = pick % 4 === 0 ? (wanted[current.id] ?? some ?? 'x') : (some ?? 'x');
        state = wizardReducer(quickSteps, context, before, { type: 'answer', answer });
        if (state.problem !== undefined) {
          expect(state).toEqual({ ...before, problem: state.problem });
          continue;
        }
        expect(state.answers[current.id]).toEqual(answer);
        const changed = JSON.stringify(before.answers[current.id]) !== JSON.stringify(answer);
        for (const other of quickSteps) {
          if (other.id === current.id || before.answers[other.id] === undefined) continue;
          const voided = changed && other.dependsOn.includes(current.id);
          expect(state.answers[other.id]).toEqual(voided ? undefined : before.answers[other.id]);
        }
        expect(state.at === undefined || step(state.at).applies(context, state.answers)).toBe(true);
      }
    },
  );

  it('voids what depends on what depends', () => {
    const chain = ['a', 'b', 'c', 'd'].map((id, index, all) => ({
      ...step('box'),
      id,
      dependsOn: index > 0 && id !== 'd' ? [all[index - 1] as string] : [],
    }));
    expect(withAnswer(chain, { a: '1', b: '1', c: '1', d: '1' }, 'a', '2')).toEqual({ a: '2', d: '1' });
    expect(withAnswer(chain, { a: '1', b: '1' }, 'a', '1')).toEqual({ a: '1', b: '1' });
  });

  it('keeps what was typed for when the question comes back, and asks for it as it was', () => {
    const answers = { 'never-touch': ['OTHER'], address: 'db:1', box: 'command', 'box-command': 'x', guards: [] };
    const without = withAnswer(quickSteps, withAnswer(quickSteps, answers, 'never-touch', []), 'box', 'none');
    const whole = completed(quickSteps, fresh(FACTS), without);
    expect(whole).toEqual({ 'never-touch': [], box: 'none', guards: [] });
    const back = withAnswer(quickSteps, withAnswer(quickSteps, without, 'never-touch', ['OTHER']), 'box', 'command');
    expect(back).toEqual(answers);
  });

  it('keeps typed hosts whatever box they are let through from, and asks again where other agents need others', () => {
    const whole = stepsOf('whole');
    const answers = { agents: ['claude-code'], box: 'bubblewrap', hosts: ['a.example.com'] };
    const back = withAnswer(whole, withAnswer(whole, answers, 'box', 'native'), 'box', 'bubblewrap');
    expect(back).toEqual(answers);
    expect(withAnswer(whole, answers, 'agents', ['codex'])).not.toHaveProperty('hosts');
  });

  it('fills in defaults only for what is asked', () => {
    expect(completed(quickSteps, fresh(FACTS), { 'box-command': 'x', guards: [] })).toEqual({
      'never-touch': ['orders-db'],
      private: [],
      box: 'bubblewrap',
      guards: [],
    });
  });

  it('loses of an earlier run only the answers that no longer hold, and those that depend on them', () => {
    const answers = { 'never-touch': ['orders-db'], box: 'docker', guards: ['scan-push'] };
    const { box: _, ...others } = answers;
    expect(stillValid(quickSteps, fresh(FACTS), answers)).toEqual(others);
    expect(stillValid(quickSteps, fresh({ ...FACTS, systems: [] }), answers)).toEqual({ guards: ['scan-push'] });
    expect(stillValid(quickSteps, fresh(FACTS), { ...answers, box: 'none' })).toEqual({ ...answers, box: 'none' });
    const typed = { 'never-touch': ['gone', 'OTHER'], address: '127.0.0.1:1', guards: [] };
    expect(stillValid(quickSteps, fresh(FACTS), typed)).toEqual({ guards: [] });
  });

  it('keeps an answer that was given out of turn, though those before it are open', () => {
    expect(stillValid(quickSteps, fresh(FACTS), { guards: ['scan-push'] })).toEqual({ guards: ['scan-push'] });
  });
});

describe('answers without a terminal', () => {
  it.each([
    ['', 'no mapping'],
    ['version: 2\n', 'a.yaml:1:10: the answers have version 2'],
    ['box: none\n', '"version" is missing'],
    ['version: 1\nbxo: none\n', 'a.yaml:2:1: unknown step "bxo" (did you mean "box"?)'],
    ['version: 1\nbox: [none]\n', 'a.yaml:2:6: "box" is a list'],
    ['version: 1\nguards: { a: b }\n', '"guards" is a mapping'],
    ['version: 1\nbox: [none\n', 'not valid YAML'],
    ['version: 1\nbox: none\nbox: none\n', 'here twice'],
    ['version: 1\nbox: &a none\n', 'an anchor'],
    [`version: 1\nbox-command: curl https://a:${'hunter22'}@x\n`, 'looks like an address with a password'],
  ])('an answers file %j is refused with its place', (text, expected) => {
    const read = () => {
      const { problems: found } = parseAnswers(text, 'a.yaml', quickSteps);
      throw new UserError(found);
    };
    expect(problems(read)).toContain(expected);
  });

  it('tells what cannot be read with what will not do, all at once', () => {
    const read = parseAnswers(
      'version: 1\nbxo: none\nnever-touch: [nope]\nbox: [none]\nguards: [scan-comit]\n',
      'a.yaml',
      quickSteps,
    );
    const all = problems(() => settleAnswers(quickSteps, fresh(FACTS), read.answers, { defaults: false, read }));
    for (const said of ['unknown step "bxo"', '"nope" is none of', '"box" is a list', '"scan-comit" is none of'])
      expect(all).toContain(said);
    expect(all).not.toContain('no answer for "box"');
    const alone = parseAnswers('version: 1\nbxo: none\n', 'a.yaml', quickSteps);
    expect(problems(() => settleAnswers(quickSteps, fresh(FACTS), {}, { defaults: true, read: alone }))).toContain(
      'bxo',
    );
  });

  it.each([
    [['bxo=none'], 'did you mean "box"'],
    [['box'], 'the value is missing'],
    [['box=none', 'box=docker'], 'given twice'],
  ])('flags %j are refused', (given, expected) => {
    expect(problems(() => parseAnswerFlags(given, quickSteps))).toContain(expected);
  });

  it('names all that are missing and how to give them, before anything else happens', () => {
    const message = problems(() => settleAnswers(quickSteps, fresh(FACTS), { box: 'command' }, { defaults: false }));
    for (const id of ['never-touch', 'box-command', 'guards']) expect(message).toContain(`--answer ${id}=VALUE`);
    expect(message).not.toContain('"box":');
    expect(message).toContain('--yes for the default');
  });

  it('checks each answer as the screen does, also with --yes', () => {
    const check = (given: Answers) =>
      problems(() => settleAnswers(quickSteps, fresh(FACTS), given, { defaults: true }));
    expect(check({ box: 'docker' })).toContain('cannot be used here: the engine does not answer');
    expect(check({ 'never-touch': ['nope'] })).toContain('"nope" is none of orders-db, cache or OTHER');
    expect(check({ guards: ['scan-comit'] })).toContain('"scan-comit" is none of');
    expect(check({ box: 'command' })).toContain('"box-command" will not do: type a command');
  });

  it('says when an answer was not asked for', () => {
    const git = { ...FACTS.git, present: false };
    const { answers, announced } = settleAnswers(
      quickSteps,
      fresh({ ...FACTS, git }),
      { guards: ['scan-push'], box: 'none', 'never-touch': [] },
      { defaults: false },
    );
    expect(answers).toEqual({ box: 'none', 'never-touch': [] });
    expect(announced).toEqual(['In git: "guards" is not asked here, so its answer was left out']);
  });

  it('prints one command that a shell reads as it was meant', () => {
    const answers = {
      'never-touch': [],
      box: 'command',
      'box-command': "docker exec -i 'a b' $x",
      guards: ['refuse-push', 'scan-push'],
    };
    const command = reproduceCommand({ path: 'quick', answers });
    expect(command).toBe(
      `agent-posture init --yes --quick --answer never-touch= --answer box=command --answer 'box-command=docker exec -i '\\''a b'\\'' $x' --answer guards=refuse-push,scan-push`,
    );
    expect(parseAnswerFlags(flags(answers), quickSteps)).toEqual(answers);
  });
});
