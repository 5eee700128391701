import { UserError } from '../base/errors.ts';
import { ensurePrivate, stateFolder } from '../base/state.ts';
import { secretShape } from '../posture/secrets.ts';
import { readAnswer } from './step.ts';
import { steps } from './steps/index.ts';
import type { Answers, Given } from './types.ts';

interface Saved {
  path: Given['path'];
  answers: Record<string, unknown>;
  savedAt: string;
}

/** conf is heavy for a command that never asks anything, so it comes only when it is used. */
async function store(root: string) {
  const { default: Conf } = await import('conf');
  const folder = await ensurePrivate(stateFolder(root));
  return new Conf<{ wizard?: Saved }>({
    cwd: folder,
    configName: 'preferences',
    configFileMode: 0o600,
    clearInvalidConfig: true,
  });
}

function isSaved(value: unknown): value is Saved {
  if (typeof value !== 'object' || value === null) return false;
  const { answers, savedAt, path } = value as Partial<Saved>;
  return (
    (path === 'quick' || path === 'whole') &&
    typeof savedAt === 'string' &&
    !Number.isNaN(Date.parse(savedAt)) &&
    typeof answers === 'object' &&
    answers !== null
  );
}

/** Keeps the answers so far, in the state folder of the repository (0600), so that a run that was left can be resumed. */
export async function saveProgress(root: string, { path, answers }: Given, now = new Date()): Promise<void> {
  if (textsIn(answers).some(secretShape))
    throw new UserError({ what: 'an answer looks like a secret, so the answers are not kept' });
  const plain = JSON.parse(JSON.stringify(answers)) as Saved['answers'];
  (await store(root)).set('wizard', { path, answers: plain, savedAt: now.toISOString() });
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** The answers of a run that was left; undefined where there is none. They may no longer fit the facts: see `stillValid`. */
export async function loadProgress(root: string): Promise<(Given & { savedAt: Date }) | undefined> {
  const saved: unknown = (await store(root)).get('wizard');
  if (!isSaved(saved)) return undefined;
  const answers: Answers = Object.fromEntries(
    steps.flatMap(step => {
      const answer = Object.hasOwn(saved.answers, step.id) ? readAnswer(step, saved.answers[step.id]) : undefined;
      return answer === undefined ? [] : [[step.id, answer]];
    }),
  );
  return { path: saved.path, answers, savedAt: new Date(saved.savedAt) };
}

/** Forgets them: the run came to its end. */
export async function clearProgress(root: string): Promise<void> {
  (await store(root)).delete('wizard');
}
