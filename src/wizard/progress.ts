import { UserError } from '../base/errors.ts';
import { ensurePrivate, stateFolder } from '../base/state.ts';
import { secretShape } from '../posture/secrets.ts';
import { readAnswer } from './step.ts';
import { steps } from './steps/index.ts';
import type { Answers, Begun } from './types.ts';

interface Saved {
  path: Begun['path'];
  answers: Record<string, unknown>;
  at?: string;
  unfinished?: Record<string, unknown>;
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

/** Keeps a run as far as it is, in the state folder of the repository (0600), so that it can be resumed. */
export async function saveProgress(root: string, begun: Begun, now = new Date()): Promise<void> {
  const { path, answers, at, unfinished } = begun;
  if (textsIn([answers, unfinished]).some(secretShape))
    throw new UserError({ what: 'an answer looks like a secret, so the answers are not kept' });
  const plain = JSON.parse(JSON.stringify({ path, answers, at, unfinished })) as Omit<Saved, 'savedAt'>;
  (await store(root)).set('wizard', { ...plain, savedAt: now.toISOString() });
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** A run that was left; undefined where there is none. Its answers may no longer fit the facts: see `stillValid`. */
export async function loadProgress(root: string): Promise<(Begun & { savedAt: Date }) | undefined> {
  const saved: unknown = (await store(root)).get('wizard');
  if (!isSaved(saved)) return undefined;
  const { path, answers, at, unfinished, savedAt } = saved;
  const read = readAnswers(answers);
  // An answer that is not understood is asked for again, which comes first.
  const lost = steps.some(({ id }) => Object.hasOwn(answers, id) && !Object.hasOwn(read, id));
  return {
    path,
    answers: read,
    at: lost ? undefined : steps.find(({ id }) => id === at)?.id,
    unfinished: readAnswers(unfinished),
    savedAt: new Date(savedAt),
  };
}

function readAnswers(saved: unknown): Answers {
  if (typeof saved !== 'object' || saved === null) return {};
  const given = saved as Record<string, unknown>;
  return Object.fromEntries(
    steps.flatMap(step => {
      const answer = Object.hasOwn(given, step.id) ? readAnswer(step, given[step.id]) : undefined;
      return answer === undefined ? [] : [[step.id, answer]];
    }),
  );
}

/** Forgets them: the run came to its end. */
export async function clearProgress(root: string): Promise<void> {
  (await store(root)).delete('wizard');
}
