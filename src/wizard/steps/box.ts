import { UserError } from '../../base/errors.ts';
import { list } from '../../base/text.ts';
import { splitWords } from '../../base/words.ts';
import type { Facts, RuntimeFact } from '../../discover/facts.ts';
import { allowedHosts, hidePatterns, withoutHosts } from '../../isolation/proposal.ts';
import type { PostureEdit } from '../../posture/model.ts';
import type { Isolation } from '../../posture/schema.ts';
import { asList, asText, unfit } from '../step.ts';
import type { PlainStep, StepContext } from '../types.ts';
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

/** The box that the posture declares, in words; undefined where it says nothing of one. */
export function declaredBox({ posture }: StepContext): string | undefined {
  const runtime = posture.isolation?.runtime;
  if (runtime === undefined) return undefined;
  if (runtime === 'none') return 'no box';
  if (runtime === 'command') return 'a box with a command of its own';
  return BOXES.some(box => box === runtime) ? BOX_TEXT[runtime as Box].label : `${runtime} as the box`;
}

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
  why: "Rules in an agent's settings are read by the agent; a command it starts does not read them. A box is kept by the operating system: what is not let in is not there. It writes this repository only, does not see your keys and .env files, and reaches the hosts of the agent's model and of your forge (any host, where those of an agent that is installed here are not known). Package registries and everything else are shut until you add them under isolation.network.allow, because an agent that may reach any host may send your source there. A host that is let through is a way out for what the agent can read: let through few.",
  quote: 'Before you let any AI agent touch your production code, run it in a sandboxed environment.',
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
  fallback({ facts, posture, existing }) {
    const standing = posture.isolation?.runtime;
    if (isBox(standing) && unavailable(standing, facts) === undefined) return standing;
    return existing && standing === undefined ? 'none' : strongest(facts);
  },
  proposal: (context, answers) => box.fallback({ ...context, existing: false }, answers),
  validate(answer, { facts }) {
    if (!isBox(answer)) return `expected one of ${list(BOXES, 'or')}`;
    const gone = unavailable(answer, facts);
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
  dependsOn: ['box'],
  edits: (answer, context, answers) => isolationEdits('command', chosenGround(context, answers), asText(answer).trim()),
};

const NO_HOST = 'none';
const ANY_HOST = 'any';

/** The hosts that the box lets through. */
export const hosts: PlainStep = {
  id: 'hosts',
  title: 'Hosts let through',
  kind: 'texts',
  paths: ['whole'],
  question: () => 'Which hosts may the agent reach from its box? With commas; none shuts the network.',
  remark(context, answers) {
    const unknown = withoutHosts(chosenGround(context, answers));
    if (unknown.length === 0) return undefined;
    return `The hosts that ${list(unknown)} ${unknown.length > 1 ? 'need' : 'needs'} are not known: name them too.`;
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
    return allowed === undefined ? [ANY_HOST] : allowed.length > 0 ? allowed : [NO_HOST];
  },
  validate(answer) {
    const hosts = asList(answer);
    if (hosts.length === 0) return 'name hosts, or write "none" for no network at all, or "any" to leave it open';
    if (hosts.length > 1 && hosts.some(host => host === NO_HOST || host === ANY_HOST))
      return '"none" and "any" stand alone';
    return hosts.map(unfit).find(reason => reason !== undefined);
  },
  applies: (_, answers) => RESTRICTS.has(answers.box),
  dependsOn: ['agents', 'box'],
  edits(answer) {
    const [first] = asList(answer);
    const value = first === ANY_HOST ? undefined : { allow: first === NO_HOST ? [] : [...asList(answer)] };
    return [{ path: ['isolation', 'network'], value }];
  },
};
