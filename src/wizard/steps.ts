import { isDeepStrictEqual } from 'node:util';
import { formatPosition, UserError } from '../base/errors.ts';
import { list } from '../base/text.ts';
import { splitWords } from '../base/words.ts';
import type { Facts, RuntimeFact, SystemFact } from '../discover/facts.ts';
import { agentsOf, allowedHosts, hidePatterns } from '../isolation/proposal.ts';
import { kindOfPort, readAddress, SCHEMES } from '../posture/address.ts';
import { saysProduction } from '../posture/environment.ts';
import type { PostureEdit } from '../posture/model.ts';
import { RUN_ENGINES } from '../posture/scanning.ts';
import { accessTo, type Isolation, type Posture, SCAN_STAGES, type System } from '../posture/schema.ts';
import { SECRET_ADVICE, secretShape } from '../posture/secrets.ts';
import { unseenCharacter } from '../posture/tree.ts';
import type { Answer, Answers, Choice, Step, StepContext } from './types.ts';

/** A step with what holds for it in every repository. */
export interface QuickStep extends Step {
  /** All answers that are ever possible, for the schema of the answers file; undefined where the repository decides. */
  values?: readonly string[];
}

/** No id of a system: those are lower-case. */
const OTHER = 'OTHER';

export function asList(answer: Answer | undefined): readonly string[] {
  return typeof answer === 'string' ? (answer === '' ? [] : [answer]) : (answer ?? []);
}

function asText(answer: Answer | undefined): string {
  return typeof answer === 'string' ? answer : (answer ?? []).join(', ');
}

/** Why a typed text cannot go into a posture, whatever it is for. */
function unfit(text: string): string | undefined {
  const unseen = unseenCharacter(text);
  if (unseen || /[\r\n\t]/.test(text)) return `this holds ${unseen?.what ?? 'a line break or a tab'}`;
  const shape = secretShape(text);
  return shape && `this looks like ${shape}: ${SECRET_ADVICE}`;
}

function notAmong(values: readonly string[], choices: readonly Choice[]): string | undefined {
  const unknown = values.find(value => !choices.some(choice => choice.value === value));
  if (unknown === undefined) return undefined;
  return `"${unfit(unknown) ? '…' : unknown}" is none of ${
    list(
      choices.map(choice => choice.value),
      'or',
    ) || 'the choices: there are none here'
  }`;
}

// ---- 1: what it must never touch

function looksLikeProduction({ environment, address, seen }: SystemFact, { environments }: Facts): boolean {
  const suggested = environments.find(one => one.id === environment)?.suggested;
  if (suggested !== undefined) return suggested === 'none';
  return [environment, address, seen.path].some(text => text !== undefined && saysProduction(text));
}

/** Systems that the posture already keeps from agents. */
function forbidden(posture: Posture): System[] {
  return (posture.systems ?? []).filter(system => accessTo(posture, system) === 'none');
}

const ID = /^[a-z0-9][a-z0-9._-]{0,99}$/;

/** A found address as far as a posture takes it: what the repository's files name may be anything. */
function usableAddress({ kind, address }: SystemFact): string | undefined {
  return address !== undefined && !unfit(address) && readAddress(address, kind).ok ? address : undefined;
}

/** Found systems, those that look like production first, without what the posture already has. */
function found({ facts, posture }: StepContext): SystemFact[] {
  const known = new Set(posture.systems?.flatMap(({ id, address }) => [id, ...(address ? [address] : [])]));
  const usable = facts.systems
    .filter(({ id }) => ID.test(id) && !unfit(id))
    .map(fact => ({ ...fact, address: usableAddress(fact) }));
  const fresh = usable.filter(({ id, address }) => !known.has(id) && !(address && known.has(address)));
  const rank = (fact: SystemFact) => (looksLikeProduction(fact, facts) ? 0 : 1);
  return fresh.sort((a, b) => rank(a) - rank(b));
}

function titleOf({ id, kind, address }: { id: string; kind: string; address?: string | undefined }): string {
  return address ? `${id} (${kind}, ${address})` : `${id} (${kind})`;
}

/** The environment to declare a forbidden system in: its own, unless agents may enter that. */
function environmentFor(name: string | undefined, { facts, posture }: StepContext): string | undefined {
  if (name === undefined || !ID.test(name)) return undefined;
  const declared = posture.environments?.[name];
  const access = declared ? declared.agentAccess : facts.environments.find(({ id }) => id === name)?.suggested;
  return (access ?? 'none') === 'none' ? name : undefined;
}

/** The edits that declare systems, and their environments where those are new. */
function declareSystems(fresh: readonly System[], context: StepContext): PostureEdit[] {
  const names = [...new Set(fresh.flatMap(({ environment }) => environment ?? []))];
  const known = new Set(Object.keys(context.posture.environments ?? {}));
  return [
    ...names
      .filter(name => !known.has(name))
      .map(name => ({ path: ['environments', name], value: { agentAccess: 'none' } })),
    ...(fresh.length > 0 ? [{ path: ['systems'], value: [...(context.posture.systems ?? []), ...fresh] }] : []),
  ];
}

function chosenSystems(answer: Answer | undefined, context: StepContext): System[] {
  const chosen = asList(answer);
  return found(context)
    .filter(({ id }) => chosen.includes(id))
    .map(fact => {
      const environment = environmentFor(fact.environment, context);
      return {
        id: fact.id,
        kind: fact.kind,
        ...(environment === undefined ? {} : { environment }),
        ...(fact.address === undefined ? {} : { address: fact.address }),
      };
    });
}

const neverTouch: QuickStep = {
  id: 'never-touch',
  title: 'Never touch',
  kind: 'multi',
  question: context =>
    found(context).length + forbidden(context.posture).length > 0
      ? 'Which systems must an agent never touch?'
      : 'Which system must an agent never touch? Mark nothing if there is none yet.',
  why: 'An agent that can reach production needs one wrong command, or one poisoned web page, to change or copy what your customers trusted you with. Name what would hurt most: its address is refused in the network rules, its credentials are looked for, and each test tries to connect to it from where the agent runs. Start with one; more can be added to agent-posture.yaml.',
  choices(context) {
    const { facts, posture } = context;
    return [
      ...forbidden(posture).map(system => ({
        value: system.id,
        label: titleOf(system),
        hint: 'in your posture, and stays there',
      })),
      ...found(context).map(fact => ({
        value: fact.id,
        label: titleOf(fact),
        hint: looksLikeProduction(fact, facts) ? 'looks like production' : fact.environment,
        seen: fact.seen,
      })),
      { value: OTHER, label: 'another one', hint: 'you type its address next' },
    ];
  },
  fallback: context => [
    ...forbidden(context.posture).map(({ id }) => id),
    ...found(context).flatMap(fact => (looksLikeProduction(fact, context.facts) ? [fact.id] : [])),
  ],
  validate: (answer, context, answers) => notAmong(asList(answer), neverTouch.choices(context, answers)),
  applies: () => true,
  dependsOn: [],
  // What the posture has stays, marked or not: other parts of it may refer to it, and its notes are the user's.
  edits: (answer, context) => declareSystems(chosenSystems(answer, context), context),
};

function typedAddresses(answer: Answer | undefined): string[] {
  return asText(answer)
    .split(/[,\s]+/)
    .filter(Boolean);
}

/** A typed address as a system, with an id made from its host that is not taken yet. */
function typedSystem(text: string, taken: Set<string>): System {
  const read = readAddress(text, 'other');
  const address = read.ok ? read.address : undefined;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase() ?? '';
  const port = address && 'port' in address ? address.port : undefined;
  const named = address && 'host' in address ? address.host : text;
  const ip = /^[\d.]+$|:/.test(named);
  const base =
    (ip ? named : (named.split('.')[0] ?? ''))
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 60) || 'system';
  let id = base;
  for (let count = 2; taken.has(id); count++) id = `${base}-${count}`;
  taken.add(id);
  return {
    id,
    kind: SCHEMES[scheme]?.[0] ?? (port === undefined ? undefined : kindOfPort(port)) ?? 'other',
    address: text,
  };
}

const neverTouchAddress: QuickStep = {
  id: 'address',
  title: 'Its address',
  kind: 'text',
  question: () => 'Its address? host:port, or a URL without user and password; several with commas.',
  why: 'The address is what the network rules refuse and what each test tries to connect to. It is written into agent-posture.yaml, which you commit: where even the name is confidential, put it into the private overlay instead.',
  choices: () => [],
  fallback: () => '',
  validate(answer) {
    const typed = typedAddresses(answer);
    if (typed.length === 0) return 'type an address such as db.example.com:5432';
    for (const text of typed) {
      const wrong = unfit(text);
      if (wrong) return wrong;
      const read = readAddress(text, 'other');
      if (!read.ok) return `${read.problem}; expected ${read.expected}`;
    }
    return undefined;
  },
  applies: (_, answers) => asList(answers['never-touch']).includes(OTHER),
  dependsOn: ['never-touch'],
  edits(answer, context, answers) {
    const standing = [...(context.posture.systems ?? []), ...chosenSystems(answers['never-touch'], context)];
    const known = new Set(standing.map(({ address }) => address));
    const taken = new Set(standing.map(({ id }) => id));
    const production = environmentFor('production', context);
    const fresh = [...new Set(typedAddresses(answer))]
      .filter(text => !known.has(text))
      .map(text => {
        const { id, kind, address } = typedSystem(text, taken);
        return { id, kind, ...(production ? { environment: production } : {}), address };
      });
    return declareSystems(fresh, { ...context, posture: { ...context.posture, systems: standing } });
  },
};

// ---- 2: the box

type Box = 'bubblewrap' | 'docker' | 'native' | 'command' | 'none';
const BOXES: readonly Box[] = ['bubblewrap', 'docker', 'native', 'command', 'none'];
const BOX_TEXT: Readonly<Record<Box, { label: string; hint: string }>> = {
  bubblewrap: { label: 'a bubblewrap box', hint: 'only this repository, keys hidden' },
  docker: { label: 'a container', hint: 'compose and devcontainer, network by a proxy; its first start pulls images' },
  native: { label: "the agent's own sandbox", hint: 'its rules: not tried' },
  command: { label: 'one you have', hint: 'you type the command next' },
  none: { label: 'not now', hint: 'rules only; shell commands get round them' },
};

function runtimeFact(box: Box, { runtimes }: Facts): RuntimeFact | undefined {
  return runtimes.find(({ id }) => id === box);
}

/** Why a box cannot be used on this machine; undefined where it can. */
function unavailable(box: Box, facts: Facts): string | undefined {
  if (box === 'command' || box === 'none') return undefined;
  const fact = runtimeFact(box, facts);
  if (box === 'native') return fact && !fact.available ? fact.detail : undefined;
  return fact?.available ? undefined : (fact?.detail ?? 'not found');
}

/** The strongest box that this machine can start. An agent's own sandbox comes after those that can be proven. */
function strongest(facts: Facts): Box {
  return BOXES.find(box => box !== 'command' && unavailable(box, facts) === undefined) ?? 'none';
}

function isBox(value: unknown): value is Box {
  return BOXES.includes(value as Box);
}

function isolationEdits(box: Box, context: StepContext, command: string | undefined): PostureEdit[] {
  const standing = context.posture.isolation;
  const edits: PostureEdit[] = [];
  const restricts = box === 'bubblewrap' || box === 'docker' || box === 'native';
  const files = {
    ...(restricts ? { write: ['.'] } : {}),
    hide: hidePatterns(context),
  };
  const allow = restricts ? allowedHosts(context) : undefined;
  const network = allow ? { network: { allow } } : {};
  if (!standing) {
    const whole: Isolation = { runtime: box, ...(command === undefined ? {} : { command }), ...network, files };
    return [{ path: ['isolation'], value: whole }];
  }
  edits.push({ path: ['isolation', 'runtime'], value: box });
  edits.push({ path: ['isolation', 'command'], value: command });
  if (network.network && !standing.network) edits.push({ path: ['isolation', 'network'], value: network.network });
  if (!standing.files) edits.push({ path: ['isolation', 'files'], value: files });
  return edits;
}

const box: QuickStep = {
  id: 'box',
  title: 'Boxed in by',
  kind: 'select',
  values: BOXES,
  question: () => 'How shall the agent be boxed in?',
  why: "Rules in an agent's settings are read by the agent; a command it starts does not read them. A box is kept by the operating system: what is not let in is not there. It writes this repository only, does not see your keys and .env files, and reaches the hosts of the agent's model and of your forge (any host, where those of an agent that is installed here are not known). Package registries and everything else are shut until you add them under isolation.network.allow, because an agent that may reach any host may send your source there. A host that is let through is a way out for what the agent can read: let through few.",
  choices({ facts }) {
    const best = strongest(facts);
    const all = BOXES.map(id => {
      const gone = unavailable(id, facts);
      const { label, hint } = BOX_TEXT[id];
      if (gone !== undefined) return { id, gone: true, choice: { value: id, label, hint: `not here, ${gone}` } };
      return {
        id,
        gone: false,
        choice: { value: id, label, hint: `${id === best && id !== 'none' ? 'recommended: ' : ''}${hint}` },
      };
    });
    return [...all.filter(({ gone }) => !gone), ...all.filter(({ gone }) => gone)].map(({ choice }) => choice);
  },
  fallback({ facts, posture }) {
    const standing = posture.isolation?.runtime;
    return isBox(standing) && unavailable(standing, facts) === undefined ? standing : strongest(facts);
  },
  validate(answer, { facts }) {
    if (!isBox(answer)) return `expected one of ${list(BOXES, 'or')}`;
    const gone = unavailable(answer, facts);
    return gone === undefined ? undefined : `${BOX_TEXT[answer].label} cannot be used here: ${gone}`;
  },
  applies: () => true,
  dependsOn: [],
  // With a command, the next step writes both: the one means nothing without the other.
  edits: (answer, context) => (isBox(answer) && answer !== 'command' ? isolationEdits(answer, context, undefined) : []),
};

const boxCommand: QuickStep = {
  id: 'box-command',
  title: 'Its command',
  kind: 'text',
  question: () => 'The command that starts something in your box? What follows it is started inside.',
  why: 'For instance: docker exec -i dev, or devcontainer exec, or ssh dev-machine. It is split into words as a shell does, given to no shell, and asks for your approval before it is first run. The test starts its tries through it; agent-posture run -- CMD starts your agent through it.',
  choices: () => [],
  fallback: ({ posture }) => posture.isolation?.command ?? '',
  validate(answer) {
    const text = asText(answer).trim();
    if (text === '') return 'type a command such as: docker exec -i dev';
    if (text.length > 2_000) return 'a command of at most 2000 characters';
    const wrong = unfit(text);
    if (wrong) return wrong;
    try {
      return splitWords(text).length > 0 ? undefined : 'type a command';
    } catch (error) {
      if (error instanceof UserError) return error.problems[0]?.what ?? error.message;
      throw error;
    }
  },
  applies: (_, answers) => answers.box === 'command',
  dependsOn: ['box'],
  edits: (answer, context) => isolationEdits('command', context, asText(answer).trim()),
};

// ---- 3: git

const GUARDS = ['refuse-push', 'scan-commit', 'scan-push'] as const;

function mainBranch({ facts, posture }: StepContext): string[] {
  return posture.repository?.protected?.length ? posture.repository.protected : [facts.git.defaultBranch ?? 'main'];
}

const guards: QuickStep = {
  id: 'guards',
  title: 'In git',
  kind: 'multi',
  values: GUARDS,
  question: context => `Refuse pushes to ${list(mainBranch(context))}, and scan for secrets?`,
  why: 'What an agent changes should pass a person before it is on the main branch, and a secret that was pushed once has to be rotated. The hooks refuse both on this machine, for you too; git --no-verify gets round a hook, so on GitHub the rule for the forge is written as well, to be put in force there.',
  choices(context) {
    const where = context.facts.git;
    if (!where.present) return [];
    const ruled = (context.posture.repository?.forge ?? where.remote?.forge) === 'github';
    const hint = where.hookManager ? `hook, run by ${where.hookManager.id}` : 'hook';
    return [
      {
        value: 'refuse-push',
        label: `refuse pushes to ${list(mainBranch(context))}`,
        hint: ruled ? `${hint}, and a rule for the forge` : hint,
      },
      { value: 'scan-commit', label: 'scan for secrets before each commit', hint },
      { value: 'scan-push', label: 'scan for secrets before each push', hint },
    ];
  },
  fallback({ facts, posture }) {
    if (!facts.git.present) return [];
    const { repository, scanning } = posture;
    const stages = scanning ? (scanning.at ?? ['commit', 'push']) : ['commit', 'push'];
    return [
      ...(repository?.protected === undefined || repository.protected.length > 0 ? ['refuse-push'] : []),
      ...(stages.includes('commit') ? ['scan-commit'] : []),
      ...(stages.includes('push') ? ['scan-push'] : []),
    ];
  },
  validate: (answer, context, answers) => notAmong(asList(answer), guards.choices(context, answers)),
  applies: ({ facts }) => facts.git.present,
  dependsOn: [],
  edits(answer, context) {
    const { facts, posture } = context;
    const chosen = asList(answer);
    const { repository, scanning } = posture;
    const forge = facts.git.remote?.forge;
    const standing = scanning && (scanning.at ?? SCAN_STAGES);
    const wanted = (['commit', 'push'] as const).filter(stage => chosen.includes(`scan-${stage}`));
    const stages = [
      ...(standing ?? []).filter(stage => (stage !== 'commit' && stage !== 'push') || wanted.includes(stage)),
      ...wanted.filter(stage => !standing?.includes(stage)),
    ];
    const engines =
      scanning?.engines ??
      RUN_ENGINES.filter(engine => engine === 'builtin' || facts.scanners.some(({ id }) => id === engine));
    const edits: PostureEdit[] = [];
    if (forge && !repository?.forge) edits.push({ path: ['repository', 'forge'], value: forge });
    if (chosen.includes('refuse-push')) edits.push({ path: ['repository', 'protected'], value: mainBranch(context) });
    else if (repository?.protected) edits.push({ path: ['repository', 'protected'], value: [] });
    if (!isDeepStrictEqual(stages, standing ?? []))
      edits.push({ path: ['scanning'], value: stages.length > 0 ? { engines, at: stages } : undefined });
    return edits;
  },
};

/** The quick path: what must never be touched, the box, and git. */
export const quickSteps: readonly QuickStep[] = [neverTouch, neverTouchAddress, box, boxCommand, guards];

// ---- What is declared without a question

function foundEdits(context: StepContext): PostureEdit[] {
  const { facts, posture } = context;
  const fresh = facts.environments.filter(
    ({ id }) => ID.test(id) && !unfit(id) && posture.environments?.[id] === undefined,
  );
  return [
    { path: ['agents'], value: agentsOf(context) },
    ...fresh.map(({ id, suggested }) => ({ path: ['environments', id], value: { agentAccess: suggested } })),
  ];
}

/** How these answers change the posture: what was found, then each asked step in its order. Pure. */
export function postureEdits(steps: readonly Step[], answers: Answers, context: StepContext): PostureEdit[] {
  const edits = foundEdits(context);
  for (const step of steps) {
    const answer = answers[step.id];
    if (answer !== undefined && step.applies(context, answers)) edits.push(...step.edits(answer, context, answers));
  }
  return edits;
}

/** One line that says which default was taken, and where it comes from. */
export function announce(step: Step, answer: Answer, context: StepContext, answers: Answers): string {
  const choices = step.choices(context, answers);
  const parts = asList(answer).map(value => {
    const choice = choices.find(one => one.value === value);
    const about = [choice?.hint, choice?.seen && `found in ${formatPosition(choice.seen)}`].filter(Boolean).join('; ');
    return `${choice?.label ?? value}${about ? ` (${about})` : ''}`;
  });
  return `${step.title}: ${list(parts) || noneOf(choices.flatMap(({ label, seen }) => (seen ? [label] : [])))}`;
}

const noneOf = (found: readonly string[]) =>
  found.length > 0 ? `found ${list([...found])}; none taken` : 'nothing found, none taken';
