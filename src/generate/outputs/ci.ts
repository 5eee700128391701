import { version } from '../../base/version.ts';
import { type CiForge, ciForge, scansOf } from '../../posture/scanning.ts';
import type { Posture } from '../../posture/schema.ts';
import type { Output, RenderContext, Rendered } from '../types.ts';
import { shellWord } from './encode.ts';
import { hiddenCases } from './hidden-cases.ts';
import { gitleaksOver, template } from './template.ts';

/** What the workflow calls to look for secrets: a script, so that no text of the posture stands in a file of the CI. */
const SCAN = '.agent-posture/scan.sh';

/**
 * The programs of others that a workflow takes, each pinned by what cannot be moved: an action by the commit that its tag
 * names (https://github.com/actions/checkout/releases/tag/v5.0.0, https://github.com/actions/setup-node/releases/tag/v5.0.0),
 * a Go module by a version whose checksum is public. An image by its name: GitLab's jobs need one, and the node and golang
 * ones are Docker's own.
 */
const PINS = {
  CHECKOUT: 'actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0',
  NODE: 'actions/setup-node@a0853c24544627f65ddf259abe73b1d18a591444 # v5.0.0',
  RELEASE: 'v8.30.1',
  SRT: '0.0.83',
} as const;
const NODE_IMAGE = 'node:22-bookworm';
const GO_IMAGE = 'golang:1.25-bookworm';

/** The jobs that the posture asks for. `scan` and `drift` are for each change, the others for the night. */
type Job = 'scan' | 'history' | 'drift' | 'selftest';

function jobsOf({ posture, facts }: RenderContext): Job[] {
  const { ci } = scansOf(posture, facts.git.remote?.forge);
  return [
    ...(ci.includes('ci') ? (['scan'] as const) : []),
    ...(ci.includes('history') ? (['history'] as const) : []),
    ...(posture.ci ?? []),
  ];
}

/** Of a file in parts, those that are asked for: each is a whole number of lines. */
const parts = (forge: CiForge, names: readonly string[], values: Readonly<Record<string, string>>) =>
  names.map(name => template(`ci/${forge}/${name}.yml`, values)).join('');

/** A part that stands in the place of a line in another, or nothing: then that line goes. */
function filled(text: string): string {
  return text.replace(/^@@NONE@@\n/gm, '');
}

function workflow(forge: CiForge, jobs: readonly Job[], posture: Posture): string {
  const leaks = posture.scanning?.engines.includes('gitleaks') === true;
  const runtime = posture.isolation?.runtime ?? 'none';
  const part = (name: string, wanted: boolean) =>
    wanted ? template(`ci/${forge}/${name}.yml`, { ...PINS }).trimEnd() : '@@NONE@@';
  const job = (name: Job) =>
    parts(forge, [name], {
      ...PINS,
      VERSION: version,
      IMAGE: leaks && (name === 'scan' || name === 'history') ? GO_IMAGE : NODE_IMAGE,
      GITLEAKS: part('gitleaks', leaks),
      GITSECRETS: part('git-secrets', usesGitSecrets(posture)),
      BOX: part(runtime, runtime === 'bubblewrap' || runtime === 'srt'),
    });
  const onChange = jobs.includes('scan') || jobs.includes('drift');
  const onNight = jobs.includes('history') || jobs.includes('selftest');
  const head =
    forge === 'github'
      ? parts(forge, ['head', ...(onChange ? ['on-change'] : []), ...(onNight ? ['on-night'] : []), 'rules'], {})
      : parts(forge, ['head'], {});
  return filled(head + jobs.map(job).join(forge === 'github' ? '\n' : ''));
}

/** Files that the posture has accepted, each until its day, as the script leaves them out. */
function acceptedLines(posture: Posture): string {
  const lines = (posture.accepted ?? [])
    .filter(({ safeguard, target }) => /^SEC-[14]$/.test(safeguard) && !/^[~/]|[\p{Cc}\u2028\u2029]/u.test(target))
    .map(
      ({ target, until }) =>
        `  [ "$today" -gt ${until.replaceAll('-', '')} ] || set -- "$@" ${shellWord(`:(top,exclude,literal)${target}`)}`,
    );
  return lines.length === 0 ? '' : [`  today=$(date -u +%Y%m%d) || return 1`, ...lines, ''].join('\n');
}

const usesGitSecrets = (posture: Posture) => posture.scanning?.engines.includes('git-secrets') === true;

function scanScript(context: RenderContext): Rendered {
  const leaks = context.posture.scanning?.engines.includes('gitleaks') === true;
  const others = [...(leaks ? ['gitleaks'] : []), ...(usesGitSecrets(context.posture) ? ['git-secrets'] : [])];
  return {
    mode: 'owned',
    path: SCAN,
    executable: true,
    content: template('ci/scan', {
      ABOUT: others.length > 0 ? `, and with ${others.join(' and ')}` : '',
      GITLEAKS: leaks ? 'yes' : 'no',
      SECRETS: template('githooks/secrets', { HIDDEN: hiddenCases(context) }).trimEnd(),
      GITLEAKSOVER: gitleaksOver(),
      GITSECRETS: usesGitSecrets(context.posture) ? `${template('githooks/git-secrets', {})}\n` : '',
      GITSECRETSCALL: usesGitSecrets(context.posture) ? template('ci/git-secrets', {}) : '',
      ACCEPTED: acceptedLines(context.posture),
    }),
  };
}

const WORKFLOWS: Readonly<Record<CiForge, string>> = {
  github: '.github/workflows/agent-posture.yml',
  gitlab: '.gitlab/agent-posture.yml',
};

/** The workflow that is made, where one is. */
export function ciFiles(context: RenderContext): string[] {
  const forge = ciForge(context.posture, context.facts.git.remote?.forge);
  return forge === undefined || jobsOf(context).length === 0 ? [] : [WORKFLOWS[forge]];
}

export const ci: Output = {
  id: 'ci-workflow',
  title: 'CI looks for secrets, for files that are not as the posture asks, and tries what an agent could reach',
  safeguards: ['SEC-4', 'CUL-2', 'GRD-1'],
  templateVersion: 2,
  guard: true,
  render(context) {
    const forge = ciForge(context.posture, context.facts.git.remote?.forge);
    const jobs = forge === undefined ? [] : jobsOf(context);
    if (forge === undefined || jobs.length === 0) return [];
    const scans = jobs.includes('scan') || jobs.includes('history');
    return [
      { mode: 'owned', path: WORKFLOWS[forge], content: workflow(forge, jobs, context.posture) },
      ...(scans ? [scanScript(context)] : []),
    ];
  },
  notes(context) {
    const forge = ciForge(context.posture, context.facts.git.remote?.forge);
    const jobs = forge === undefined ? [] : jobsOf(context);
    if (forge !== 'gitlab' || jobs.length === 0) return [];
    const nightly = jobs.includes('history') || jobs.includes('selftest');
    return [
      `${WORKFLOWS.gitlab} runs once .gitlab-ci.yml has include: [{ local: ${WORKFLOWS.gitlab} }], and a stage called test if it has stages of its own`,
      ...(nightly
        ? ['its nightly jobs need a pipeline schedule for the default branch (GitLab: Build, Pipeline schedules)']
        : []),
    ];
  },
};
