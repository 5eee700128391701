import { environmentOf } from '../../posture/environment.ts';
import type { Posture } from '../../posture/schema.ts';
import type { Output, RenderContext } from '../types.ts';
import { commentText } from './encode.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Whether a `.env` file is the environment's by its name, or everybody's: then its name speaks of none. */
function belongs(path: string, environment: string, ids: readonly string[]): boolean {
  const name = path.split('/').at(-1) ?? '';
  const exact = name.split('.').filter(part => ids.includes(part));
  if (exact.length > 0) return exact.includes(environment);
  const told = environmentOf(name);
  return told === undefined || told === environmentOf(environment);
}

/** Names of the variables of an environment, sorted: from its `.env` files, the bare ones, and the credentials injected there. */
function namesOf(environment: string, { posture, facts }: RenderContext): string[] {
  const ids = Object.keys(posture.environments ?? {});
  const found = facts.envNames.flatMap(({ path, names }) => (belongs(path, environment, ids) ? names : []));
  const injected = (posture.credentials ?? []).flatMap(credential =>
    credential.environment === environment && credential.inject !== undefined ? [credential.inject] : [],
  );
  return [...new Set([...found, ...injected])].filter(name => NAME.test(name)).sort();
}

/** An example that the repository has of its own, for all environments. */
const OWN_EXAMPLE = /^\.env\.(?:example|sample|template|dist)$/;

/** What a reader of the file has to know about a name: which credential it carries, and where its value comes from. */
function hint(name: string, environment: string, posture: Posture): string {
  const credential = posture.credentials?.find(each => each.environment === environment && each.inject === name);
  const manager = posture.secrets?.managers?.[environment];
  if (credential === undefined) return '';
  return `  # ${commentText(`${credential.id}${manager === undefined ? '' : `, from ${manager}`}`)}`;
}

/** Whether the repository's own example has all these names, so that one of ours would say nothing that is not said there. */
function isDocumented(names: readonly string[], environment: string, { posture, facts }: RenderContext): boolean {
  const own = facts.envNames.find(({ path }) => OWN_EXAMPLE.test(path));
  return own !== undefined && names.every(name => own.names.includes(name) && hint(name, environment, posture) === '');
}

export const envExamples: Output = {
  id: 'env-examples',
  title: "an example of each environment's variables, names only",
  safeguards: ['SEC-1', 'ISO-3'],
  templateVersion: 1,
  guard: false,
  render(context) {
    const environments = Object.keys(context.posture.environments ?? {});
    return environments.flatMap(environment => {
      const names = namesOf(environment, context);
      // A file without a name would tell nobody anything.
      if (names.length === 0 || isDocumented(names, environment, context)) return [];
      const lines = [
        `# The variables of ${environment}: names only. Values come from a secrets manager or a file that git ignores.`,
        ...names.map(name => `${name}=${hint(name, environment, context.posture)}`),
      ];
      const content = `${lines.join('\n')}\n`;
      return [{ mode: 'owned' as const, path: `.env.${environment}.example`, content, yields: true }];
    });
  },
};
