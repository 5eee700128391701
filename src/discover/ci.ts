import { isMap, LineCounter, type Pair } from 'yaml';
import type { CiFact } from './facts.ts';
import { keyOf, lineOf, textAt, yamlMap } from './yaml.ts';

/** An environment that a file names, as it is written there. */
export interface Named {
  name: string;
  line?: number | undefined;
}

interface Service {
  id: string;
  title: string;
  matches: RegExp;
  environments?: (text: string) => Named[];
}

/** Services that build a repository, by the files they read, and what of those names an environment. */
const SERVICES: readonly Service[] = [
  {
    id: 'github-actions',
    title: 'GitHub Actions',
    matches: /^\.github\/workflows\/[^/]+\.ya?ml$/,
    // https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idenvironment
    environments: text => jobEnvironments(text, 'jobs'),
  },
  {
    id: 'gitlab-ci',
    title: 'GitLab CI',
    matches: /^\.gitlab-ci\.ya?ml$|^\.gitlab\/ci\/.+\.ya?ml$/,
    // https://docs.gitlab.com/ci/yaml/#environment
    environments: text => jobEnvironments(text, undefined),
  },
  {
    id: 'gitea-actions',
    title: 'Gitea Actions',
    matches: /^\.(gitea|forgejo)\/workflows\/[^/]+\.ya?ml$/,
    environments: text => jobEnvironments(text, 'jobs'),
  },
  { id: 'circleci', title: 'CircleCI', matches: /^\.circleci\/config\.ya?ml$/ },
  { id: 'jenkins', title: 'Jenkins', matches: /^(\S*\/)?Jenkinsfile(\.\w+)?$/ },
  {
    id: 'azure-pipelines',
    title: 'Azure Pipelines',
    matches: /^(\.azure\/|\.azuredevops\/)?azure-pipelines[\w.-]*\.ya?ml$/,
    // https://learn.microsoft.com/azure/devops/pipelines/yaml-schema/jobs-deployment-environment
    environments: text => namedInLines(text, /^\s*(?:- )?environment:\s*["']?([\w-]{1,60})/),
  },
  {
    id: 'bitbucket-pipelines',
    title: 'Bitbucket Pipelines',
    matches: /^bitbucket-pipelines\.ya?ml$/,
    // https://support.atlassian.com/bitbucket-cloud/docs/step-options/#Deployment
    environments: text => namedInLines(text, /^\s*(?:- )?deployment:\s*["']?([\w-]{1,60})/),
  },
  { id: 'travis', title: 'Travis CI', matches: /^\.travis\.ya?ml$/ },
  { id: 'drone', title: 'Drone', matches: /^\.drone\.ya?ml$/ },
  { id: 'woodpecker', title: 'Woodpecker', matches: /^\.woodpecker(\.ya?ml|\/.+\.ya?ml)$/ },
  { id: 'buildkite', title: 'Buildkite', matches: /^\.buildkite\/.*pipeline[\w.-]*\.ya?ml$/ },
  { id: 'appveyor', title: 'AppVeyor', matches: /^\.?appveyor\.ya?ml$/ },
  { id: 'cirrus', title: 'Cirrus CI', matches: /^\.cirrus\.(ya?ml|star)$/ },
  { id: 'teamcity', title: 'TeamCity', matches: /^\.teamcity\/settings\.kts$/ },
  { id: 'semaphore', title: 'Semaphore', matches: /^\.semaphore\/.+\.ya?ml$/ },
  { id: 'cloud-build', title: 'Google Cloud Build', matches: /^cloudbuild[\w.-]*\.ya?ml$/ },
  { id: 'codebuild', title: 'AWS CodeBuild', matches: /^buildspec[\w.-]*\.ya?ml$/ },
];

const serviceOf = (path: string): Service | undefined => SERVICES.find(({ matches }) => matches.test(path));

/** Whether a file tells a service how to build the repository. */
export const isCi = (path: string): boolean => serviceOf(path) !== undefined;

/** The services that build the repository, and the environments that each file of theirs names. */
export function ciFacts(files: readonly { path: string; text: string }[]): {
  ci: CiFact[];
  named: { path: string; named: Named }[];
} {
  const facts = new Map<string, CiFact>();
  const all: { path: string; named: Named }[] = [];
  for (const { path, text } of files) {
    const service = serviceOf(path);
    if (!service) continue;
    const { id, title } = service;
    const fact = facts.get(id) ?? { id, title, environments: [], seen: { path } };
    facts.set(id, fact);
    for (const named of service.environments?.(text) ?? []) {
      all.push({ path, named });
      if (!fact.environments.includes(named.name)) fact.environments.push(named.name);
    }
  }
  return { ci: [...facts.values()], named: all };
}

/** What is made up when the job runs (`review/$BRANCH`, an expression) names no environment that could be declared. */
const PLAIN = /^[\w][\w ./-]{0,59}$/;

/** `environment: name`, or `environment: { name: … }`, of every job: below `jobs`, or at the top. */
function jobEnvironments(text: string, below: string | undefined): Named[] {
  const lines = new LineCounter();
  const top = yamlMap(text, lines);
  const jobs = below === undefined ? top : top?.get(below);
  return (isMap(jobs) ? jobs.items : []).flatMap((job): Named[] => {
    const pair = isMap(job.value) ? job.value.items.find(item => keyOf(item) === 'environment') : undefined;
    const name = isMap(job.value) && pair ? (textAt(job.value, 'environment') ?? nameIn(pair)) : undefined;
    return pair && name !== undefined && PLAIN.test(name) ? [{ name, line: lineOf(pair, lines) }] : [];
  });
}

const nameIn = ({ value }: Pair): string | undefined => (isMap(value) ? textAt(value, 'name') : undefined);

function namedInLines(text: string, pattern: RegExp): Named[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const name = pattern.exec(line.slice(0, 500))?.[1];
    return name === undefined ? [] : [{ name, line: index + 1 }];
  });
}
