import { agentsOf, someSandbox } from '../../agents/index.ts';
import { UserError } from '../../base/errors.ts';
import { list } from '../../base/text.ts';
import { splitWords } from '../../base/words.ts';
import type { Facts, RuntimeFact } from '../../discover/facts.ts';
import { allowedHosts, hidePatterns, withoutHosts } from '../../isolation/proposal.ts';
import type { PostureEdit } from '../../posture/model.ts';
import type { Isolation } from '../../posture/schema.ts';
import { asList, asText, unfit } from '../step.ts';
import type { Answers, PlainStep, StepContext } from '../types.ts';
import { chosenGround } from './found.ts';

type Box = 'bubblewrap' | 'docker' | 'srt' | 'native' | 'command' | 'none';
const BOXES: readonly Box[] = ['bubblewrap', 'docker', 'srt', 'native', 'command', 'none'];
const BOX_TEXT: Readonly<Record<Box, { label: string; hint: string }>> = {
  bubblewrap: { label: 'a bubblewrap box', hint: 'only this repository, keys hidden' },
  docker: { label: 'a container', hint: 'compose and devcontainer, network by a proxy; its first start pulls images' },
  srt: { label: 'the sandbox runtime (srt)', hint: 'files and hosts by its settings file, which is made' },
  native: { label: "the agent's own sandbox", hint: 'its rules: not tried' },
  command: { label: 'one you have', hint: 'you type the command next' },
  none: { label: 'not now', hint: 'rules only; shell commands get round them' },
};

function runtimeFact(box: Box, { runtimes }: Facts): RuntimeFact | undefined {
  return runtimes.find(({ id }) => id === box);
}

/** Why a box cannot be used on this machine, by the agents that are chosen; undefined where it can. */
function unavailable(box: Box, ground: StepContext): string | undefined {
  const { facts } = ground;
  if (box === 'command' || box === 'none') return undefined;
  const fact = runtimeFact(box, facts);
  if (box !== 'native') return fact?.available ? undefined : (fact?.detail ?? 'not found');
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
function strongest(ground: StepContext): Box {
  return BOXES.find(box => box !== 'command' && unavailable(box, ground) === undefined) ?? 'none';
}

function isBox(value: unknown): value is Box {
  return BOXES.includes(value as Box);
}

/** The boxes whose network and files are of our making. */
const RESTRICTS: ReadonlySet<unknown> = new Set<Box>(['bubblewrap', 'docker', 'srt', 'native']);

function isolationEdits(box: Box, context: StepContext, command: string | undefined): PostureEdit[] {
  const standing = context.posture.isolation;
  const edits: PostureEdit[] = [];
  const restricts = RESTRICTS.has(box);
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
  values: BOXES,
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
    const all = BOXES.map(id => {
      const gone = unavailable(id, ground);
      const { label, hint: says } = BOX_TEXT[id];
      const hint = id === 'native' && without.length > 0 ? `${says}; none of ${list(without, 'or')}` : says;
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
    const standing = context.posture.isolation?.runtime;
    if (isBox(standing) && unavailable(standing, ground) === undefined) return standing;
    return context.existing && standing === undefined ? 'none' : strongest(ground);
  },
  proposal: (context, answers) => box.fallback({ ...context, existing: false }, answers),
  validate(answer, context, answers) {
    if (!isBox(answer)) return `expected one of ${list(BOXES, 'or')}`;
    const gone = unavailable(answer, chosenGround(context, answers));
    return gone === undefined ? undefined : `${BOX_TEXT[answer].label} cannot be used here: ${gone}`;
  },
  applies: () => true,
  dependsOn: [],
  // With a command, the next step writes both: the one means nothing without the other.
  edits: (answer, context, answers) =>
    // That there is none needs no line where none was ever asked for.
    isBox(answer) && answer !== 'command' && !(answer === 'none' && context.existing && !context.posture.isolation)
      ? isolationEdits(answer, chosenGround(context, answers), undefined)
      : [],
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

/** The registries of the package managers that are used here and are not let through, each with where it was seen. */
function shutRegistries({ facts, posture }: StepContext, answers: Answers): string[] {
  const allowed = answers.hosts === undefined ? posture.isolation?.network?.allow : asList(answers.hosts);
  return (facts.tools ?? []).flatMap(({ hosts = [], seen }) => {
    const shut = hosts.filter(host => !allowed?.includes(host));
    return shut.length === 0 ? [] : [`${list(shut)} (${seen.path})`];
  });
}

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
    const registries = shutRegistries(context, answers);
    const said = [
      ...(unknown.length === 0
        ? []
        : [`The hosts that ${list(unknown)} ${unknown.length > 1 ? 'need' : 'needs'} are not known: name them too.`]),
      ...(registries.length === 0
        ? []
        : [`Packages come from ${registries.join(', ')}: add those that agents may install from.`]),
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
    const open = existing && RESTRICTS.has(posture.isolation?.runtime);
    const allowed = declared ?? (open ? undefined : allowedHosts(chosenGround(context, answers)));
    return allowed ?? [ANY_HOST];
  },
  validate(answer) {
    const hosts = asList(answer);
    if (hosts.length > 1 && hosts.some(host => host === NO_HOST || isAny(host)))
      return `"${NO_HOST}", "${ANY_HOST}" and "any" stand alone`;
    return hosts.map(unfit).find(reason => reason !== undefined);
  },
  applies: (_, answers) => RESTRICTS.has(answers.box),
  // Other agents need other hosts; another box needs the same.
  dependsOn: ['agents'],
  edits(answer) {
    const [first] = asList(answer);
    const value = isAny(first) ? undefined : { allow: first === NO_HOST ? [] : [...asList(answer)] };
    return [{ path: ['isolation', 'network'], value }];
  },
};
