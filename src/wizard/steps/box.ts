import { agentsOf, someSandbox } from '../../agents/index.ts';
import { UserError } from '../../base/errors.ts';
import { list } from '../../base/text.ts';
import { splitWords } from '../../base/words.ts';
import { followsPosture, runtimes } from '../../isolation/index.ts';
import { allowedHosts, hidePatterns, withoutHosts } from '../../isolation/proposal.ts';
import type { Runtime } from '../../isolation/types.ts';
import type { PostureEdit } from '../../posture/model.ts';
import type { Isolation, RuntimeId } from '../../posture/schema.ts';
import { asList, asText, unfit } from '../step.ts';
import type { PlainStep, StepContext } from '../types.ts';
import { chosenGround } from './found.ts';

/** The box that the posture declares, in words; undefined where it says nothing of one. */
export function declaredBox({ posture }: StepContext): string | undefined {
  const runtime = posture.isolation?.runtime;
  if (runtime === undefined) return undefined;
  if (runtime === 'none') return 'no box';
  if (runtime === 'command') return 'a box with a command of its own';
  return boxOf(runtime)?.choice.label ?? `${runtime} as the box`;
}

/** Why a box cannot be used on this machine, by the agents that are chosen; undefined where it can. */
function unavailable({ id, madeBy }: Runtime, ground: StepContext): string | undefined {
  if (madeBy === 'somebody' || madeBy === 'nobody') return undefined;
  const fact = ground.facts.runtimes.find(one => one.id === id);
  if (madeBy !== 'agent') return fact?.available ? undefined : (fact?.detail ?? 'not found');
  if (fact && !fact.available) return fact.detail;
  const without = withoutSandbox(ground);
  return someSandbox(ground.posture.agents)
    ? undefined
    : `${list(without)} ${without.length > 1 ? 'have' : 'has'} none`;
}

/** The chosen agents that have no sandbox of their own. */
function withoutSandbox({ posture }: StepContext): string[] {
  return agentsOf(posture.agents).flatMap(({ title, hasSandbox }) => (hasSandbox ? [] : [title]));
}

/** The strongest box that this machine can start. An agent's own sandbox comes after those that can be proven. */
function strongest(ground: StepContext): RuntimeId {
  const first = runtimes.find(box => box.madeBy !== 'somebody' && unavailable(box, ground) === undefined);
  return first?.id ?? 'none';
}

function boxOf(value: unknown): Runtime | undefined {
  return runtimes.find(({ id }) => id === value);
}

function isolationEdits(box: RuntimeId, context: StepContext, command: string | undefined): PostureEdit[] {
  const standing = context.posture.isolation;
  const edits: PostureEdit[] = [];
  const restricts = followsPosture(box);
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

export const box: PlainStep = {
  id: 'box',
  title: 'Boxed in by',
  kind: 'select',
  paths: ['quick', 'whole'],
  values: runtimes.map(({ id }) => id),
  question: () => 'How shall the agent be boxed in?',
  remark(context, answers) {
    const ground = chosenGround(context, answers);
    const unknown = withoutHosts(ground);
    if (unknown.length === 0) return undefined;
    const whose = `The hosts that ${list(unknown)} ${unknown.length > 1 ? 'need' : 'needs'} are not known`;
    return allowedHosts(ground) === undefined
      ? `${whose}, so that a box of ours lets any host through until hosts are named.`
      : `${whose}: in a box of ours, ${unknown.length > 1 ? 'they reach their models' : 'it reaches its model'} once you name them.`;
  },
  why: "Rules in an agent's settings are read by the agent; a command it starts does not read them. A box is kept by the operating system: what is not let in is not there. It writes this repository only, does not see your keys and .env files, and reaches the hosts of the agent's model and of your forge. Where it is not known which hosts an agent needs, it depends on whether its program is installed here: then any host is let through until you name some; else none is let through for it, and it cannot reach its model before you name them. Package registries and everything else are shut until you add them under isolation.network.allow, so installing packages fails inside, because an agent that may reach any host may send your source there. A host that is let through is a way out for what the agent can read: let through few.",
  quote: 'Before you let any AI agent touch your production code, run it in a sandboxed environment.',
  choices(context, answers) {
    const ground = chosenGround(context, answers);
    const best = strongest(ground);
    const without = withoutSandbox(ground);
    const all = runtimes.map(runtime => {
      const gone = unavailable(runtime, ground);
      const { id } = runtime;
      const { label, hint: says } = runtime.choice;
      const hint = runtime.madeBy === 'agent' && without.length > 0 ? `${says}; none of ${list(without, 'or')}` : says;
      if (gone !== undefined) return { id, gone: true, choice: { value: id, label, hint: `not here, ${gone}` } };
      return {
        id,
        gone: false,
        choice: { value: id, label, hint: `${id === best && id !== 'none' ? 'recommended: ' : ''}${hint}` },
      };
    });
    return [...all.filter(({ gone }) => !gone), ...all.filter(({ gone }) => gone)].map(({ choice }) => choice);
  },
  fallback(context, answers) {
    const ground = chosenGround(context, answers);
    const declared = context.posture.isolation?.runtime;
    const standing = boxOf(declared);
    if (standing && unavailable(standing, ground) === undefined) return standing.id;
    return context.existing && declared === undefined ? 'none' : strongest(ground);
  },
  proposal: (context, answers) => box.fallback({ ...context, existing: false }, answers),
  validate(answer, context, answers) {
    const chosen = boxOf(answer);
    const ids = runtimes.map(({ id }) => id);
    if (!chosen) return `expected one of ${list(ids, 'or')}`;
    const gone = unavailable(chosen, chosenGround(context, answers));
    return gone === undefined ? undefined : `${chosen.choice.label} cannot be used here: ${gone}`;
  },
  applies: () => true,
  dependsOn: [],
  // With a command, the next step writes both: the one means nothing without the other.
  edits(answer, context, answers) {
    const chosen = boxOf(answer);
    // That there is none needs no line where none was ever asked for.
    const unasked = answer === 'none' && context.existing && !context.posture.isolation;
    return chosen && chosen.id !== 'command' && !unasked
      ? isolationEdits(chosen.id, chosenGround(context, answers), undefined)
      : [];
  },
};

export const boxCommand: PlainStep = {
  id: 'box-command',
  title: 'Its command',
  kind: 'text',
  paths: ['quick', 'whole'],
  question: () => 'The command that starts something in your box? What follows it is started inside.',
  why: 'For instance: docker exec -i dev, or devcontainer exec, or ssh dev-machine. It is split into words as a shell does, given to no shell, and asks for your approval before it is first run. The test starts its tries through it; agent-posture run -- CMD starts your agent through it.',
  quote: 'Use containerization (Docker) to limit what the agent can access',
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
  // Of another box it is not asked, and it stands for when one comes back.
  dependsOn: [],
  edits: (answer, context, answers) => isolationEdits('command', chosenGround(context, answers), asText(answer).trim()),
};

/** What stands for no host, as an empty list does, and for any; a name that is typed on from `*` is no host. */
const NO_HOST = 'none';
const ANY_HOST = '*';
const isAny = (host: string | undefined) => host === ANY_HOST || host === 'any';

/** The package managers that are used here, each with where it was seen. */
const packageManagers = ({ facts }: StepContext): string[] =>
  (facts.tools ?? []).flatMap(({ use, title, seen }) => (use === 'packages' ? [`${title} (${seen.path})`] : []));

/** The hosts that the box lets through. */
export const hosts: PlainStep = {
  id: 'hosts',
  title: 'Hosts let through',
  kind: 'texts',
  paths: ['whole'],
  question: () =>
    'Which hosts may the agent reach from its box? With commas; an empty line shuts the network, * opens it.',
  remark(context, answers) {
    const unknown = withoutHosts(chosenGround(context, answers));
    const managers = packageManagers(context);
    const open = asList(answers.hosts).some(isAny);
    const said = [
      ...(unknown.length === 0
        ? []
        : [`The hosts that ${list(unknown)} ${unknown.length > 1 ? 'need' : 'needs'} are not known: name them too.`]),
      ...(managers.length === 0 || open
        ? []
        : [`Packages are installed by ${list(managers)}: the registry of each is shut unless it is named here.`]),
    ];
    return said.length === 0 ? undefined : said.join(' ');
  },
  why: 'Every host that is let through is a way out for whatever the agent can read, so let through few. What stands here is what your agents and your forge need. Package registries are shut: add those of your package managers where agents shall install packages, or install them yourself outside. A host with :port is let through at that port alone; *.example.com stands for all names below.',
  quote:
    'The agent should only have access to the specific repositories, branches, and systems it absolutely needs to complete its assigned task.',
  choices: () => [],
  fallback(context, answers) {
    const { existing, posture } = context;
    const declared = posture.isolation?.network?.allow;
    // A box that stands without a word about the network has an open one.
    const open = existing && followsPosture(posture.isolation?.runtime);
    const allowed = declared ?? (open ? undefined : allowedHosts(chosenGround(context, answers)));
    return allowed ?? [ANY_HOST];
  },
  validate(answer) {
    const hosts = asList(answer);
    if (hosts.length > 1 && hosts.some(host => host === NO_HOST || isAny(host)))
      return `"${NO_HOST}", "${ANY_HOST}" and "any" stand alone`;
    return hosts.map(unfit).find(reason => reason !== undefined);
  },
  applies: (_, answers) => followsPosture(answers.box),
  // Other agents need other hosts; another box needs the same.
  dependsOn: ['agents'],
  edits(answer) {
    const [first] = asList(answer);
    const value = isAny(first) ? undefined : { allow: first === NO_HOST ? [] : [...asList(answer)] };
    return [{ path: ['isolation', 'network'], value }];
  },
};
