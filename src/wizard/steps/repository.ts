import { addressProblem, nameProblem } from '../../posture/identity.ts';
import type { PostureEdit } from '../../posture/model.ts';
import { asList, asText, fieldText, fieldTexts, slug, unfit } from '../step.ts';
import type { FormStep, ListStep, PlainStep, StepContext } from '../types.ts';
import { mainBranch } from './guards.ts';

function forgeOf({ facts, posture }: StepContext): string | undefined {
  return posture.repository?.forge ?? facts.git.remote?.forge;
}

const hasForge = (context: StepContext) => ['github', 'gitlab', 'gitea'].includes(forgeOf(context) ?? '');

/** The branches that nobody pushes to directly. */
export const branches: PlainStep = {
  id: 'branches',
  title: 'Protected branches',
  kind: 'texts',
  paths: ['whole'],
  question: () => 'Which branches are protected? Patterns such as release/*, with commas.',
  why: 'What is on these branches is built, deployed and trusted, so the article asks that agents cannot push there. The hook refuses it on this machine; the rule of the forge, which is written beside it for you to put in force, refuses it for every machine.',
  quote: 'Use branch protection rules to prevent autonomous agents from pushing directly to main/production branches.',
  choices: () => [],
  fallback(context) {
    const declared = context.posture.repository?.protected;
    if (declared?.length) return declared;
    const found = (context.facts.git.protectedBranches ?? []).map(({ pattern }) => pattern).filter(isBranch);
    return [...new Set([...mainBranch(context), ...found])];
  },
  validate(answer) {
    const names = asList(answer);
    if (names.length === 0) return 'name at least one, such as main';
    const wrong = names.map(unfit).find(reason => reason !== undefined);
    if (wrong !== undefined) return wrong;
    const odd = names.find(name => !isBranch(name));
    return odd === undefined ? undefined : `"${odd}" can be no branch: no blanks, and none of ~ ^ : and \\`;
  },
  applies: ({ facts }, answers) => facts.git.present && asList(answers.guards).includes('refuse-push'),
  dependsOn: [],
  edits: answer => [{ path: ['repository', 'protected'], value: [...asList(answer)] }],
};

// See git-check-ref-format(1).
const isBranch = (name: string) => /^[^\s\p{C}~^:\\]{1,500}$/u.test(name);

/** How many people look at a change. */
export const reviews: PlainStep = {
  id: 'reviews',
  title: 'Reviews',
  kind: 'select',
  paths: ['whole'],
  values: ['0', '1', '2'],
  question: () => 'How many people must approve a change before it is on a protected branch?',
  why: 'The article calls it non-negotiable: every piece of code that an agent generates passes a human review. A forge counts the approvals of others than the author, so one works for a person alone as well, as long as the agent opens its changes under an identity of its own.',
  quote: 'Every piece of code an AI agent generates should pass through a human review process.',
  choices: () => [
    { value: '1', label: 'one', hint: 'enough where the agent has an identity of its own' },
    { value: '2', label: 'two', hint: 'for what is deployed at once' },
    { value: '0', label: 'none', hint: 'a change still goes through a pull request' },
  ],
  fallback({ posture, existing }) {
    const declared = posture.repository?.reviews;
    return declared === undefined ? (existing ? '0' : '1') : String(Math.min(declared, 2));
  },
  validate: answer => (['0', '1', '2'].includes(asText(answer)) ? undefined : 'expected 0, 1 or 2'),
  applies: hasForge,
  dependsOn: [],
  edits(answer, { posture, existing }) {
    const declared = posture.repository?.reviews;
    const count = Number(asText(answer));
    // More than two, or none because none was ever said: both stay as they are.
    if (count === Math.min(declared ?? 0, 2) && (declared !== undefined || existing)) return [];
    return [{ path: ['repository', 'reviews'], value: count }];
  },
};

/** Who is asked about which part. */
export const owners: ListStep = {
  id: 'owners',
  title: 'Owners',
  kind: 'list',
  noun: 'path with owners',
  nouns: 'paths with owners',
  key: 'path',
  paths: ['whole'],
  question: () => 'Whose approval do changes need, by path?',
  why: 'A review by anybody is a start; a change of sign-in, of payments or of the guards themselves should be seen by who knows what they are for. The list goes into CODEOWNERS, which the forge obeys once its rule for it is in force.',
  quote: 'Every piece of code an AI agent generates should pass through a human review process.',
  fields: [
    {
      id: 'path',
      title: 'Path',
      kind: 'text',
      hint: 'as in .gitignore: src/auth/**, or * for everything',
      validate: value =>
        value.length > 500 ? 'at most 500 characters' : /\s/.test(value) ? 'a pattern without blanks' : undefined,
    },
    {
      id: 'owners',
      title: 'Owners',
      kind: 'texts',
      hint: '@user, @organisation/team or an e-mail address',
      validate: value =>
        /^@[\w.-]+(?:\/[\w./-]+)?$|^[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+$/.test(value)
          ? undefined
          : `"${value}" is no owner: @user, @organisation/team or an e-mail address`,
    },
  ],
  describe: entry => ({ label: fieldText(entry, 'path'), hint: fieldText(entry, 'owners') }),
  fallback: ({ posture }) =>
    Object.entries(posture.repository?.owners ?? {}).map(([path, names]) => ({ path, owners: names })),
  applies: hasForge,
  dependsOn: [],
  edits(answer) {
    const all = Object.fromEntries(answer.map(entry => [fieldText(entry, 'path').trim(), fieldTexts(entry, 'owners')]));
    return [{ path: ['repository', 'owners'], value: answer.length > 0 ? all : undefined }];
  },
};

/** As whom the agent commits. */
export const identity: FormStep = {
  id: 'identity',
  title: 'Agent identity',
  kind: 'form',
  paths: ['whole'],
  question: () => 'As whom shall agents commit?',
  why: 'When something is wrong, the first question is what else the same hand did. The article asks for clear attribution of every change. An identity of its own for the agent answers it with one command: what agent-posture run starts commits under it, unless GIT_AUTHOR_NAME and the like are set where you start it (a command of your own has to hand them on). A line in each of its commits answers it too where an agent commits under your name.',
  quote: 'Make sure every change your AI agent makes is tracked in version control with clear attribution.',
  fields: [
    {
      id: 'name',
      title: 'Name',
      kind: 'text',
      optional: true,
      hint: 'such as shop-api agent; empty: none is declared',
      validate: nameProblem,
    },
    {
      id: 'email',
      title: 'E-mail',
      kind: 'text',
      optional: true,
      hint: "an address that the forge knows for the agent; .invalid is nobody's",
      validate(value, _context, _answers, entry) {
        if (fieldText(entry, 'name') === '') return 'it goes with a name';
        return addressProblem(value);
      },
    },
    {
      id: 'attribution',
      title: 'Named in commits',
      kind: 'select',
      hint: 'whether a hook writes into each commit which agent made it',
      values: ['yes', 'no'],
      choices: () => [
        { value: 'yes', label: 'yes', hint: 'a hook adds "Agent: claude-code" to what an agent commits' },
        { value: 'no', label: 'no' },
      ],
    },
  ],
  fallback({ posture, existing }) {
    const { agentIdentity, attribution } = posture.repository ?? {};
    return {
      ...(agentIdentity ? { name: agentIdentity.name, email: agentIdentity.email } : {}),
      attribution: (attribution ?? !existing) ? 'yes' : 'no',
    };
  },
  proposal(context, answers) {
    const standing = identity.fallback(context, answers);
    if (standing.name !== undefined) return standing;
    const { project, repository } = context.posture;
    const name = `${project.replace(/[<>]/g, '').slice(0, 80)} agent`;
    const host = slug(project, 60) || 'project';
    return { name, email: `agent@${host}.invalid`, attribution: repository?.attribution === false ? 'no' : 'yes' };
  },
  applies: ({ facts }) => facts.git.present,
  dependsOn: [],
  edits(answer, { posture }): PostureEdit[] {
    const [name, email] = [fieldText(answer, 'name').trim(), fieldText(answer, 'email').trim()];
    const wanted = fieldText(answer, 'attribution') === 'yes';
    const said = posture.repository?.attribution;
    return [
      { path: ['repository', 'agentIdentity'], value: name !== '' && email !== '' ? { name, email } : undefined },
      ...(wanted === (said ?? false) ? [] : [{ path: ['repository', 'attribution'], value: wanted }]),
    ];
  },
};
