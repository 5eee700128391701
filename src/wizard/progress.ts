import { UserError } from '../base/errors.ts';
import { ensurePrivate, stateFolder } from '../base/state.ts';
import { secretShape } from '../posture/secrets.ts';
import type { Answers } from './types.ts';

interface Saved {
  answers: Record<string, string | string[]>;
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
  const { answers, savedAt } = value as Partial<Saved>;
  return (
    typeof savedAt === 'string' &&
    !Number.isNaN(Date.parse(savedAt)) &&
    typeof answers === 'object' &&
    answers !== null &&
    Object.values(answers).every(
      answer => typeof answer === 'string' || (Array.isArray(answer) && answer.every(item => typeof item === 'string')),
    )
  );
}

/** Keeps the answers so far, in the state folder of the repository (0600), so that a run that was left can be resumed. */
export async function saveProgress(root: string, answers: Answers, now = new Date()): Promise<void> {
  const plain = Object.fromEntries(
    Object.entries(answers).map(([id, answer]) => [id, typeof answer === 'string' ? answer : [...answer]]),
  );
  if (Object.values(plain).flat().some(secretShape))
    throw new UserError({ what: 'an answer looks like a secret, so the answers are not kept' });
  (await store(root)).set('wizard', { answers: plain, savedAt: now.toISOString() });
}

/** The answers of a run that was left; undefined where there is none. They may no longer fit the facts: see `stillValid`. */
export async function loadProgress(root: string): Promise<{ answers: Answers; savedAt: Date } | undefined> {
  const saved: unknown = (await store(root)).get('wizard');
  return isSaved(saved) ? { answers: saved.answers, savedAt: new Date(saved.savedAt) } : undefined;
}

/** Forgets them: the run came to its end. */
export async function clearProgress(root: string): Promise<void> {
  (await store(root)).delete('wizard');
}
