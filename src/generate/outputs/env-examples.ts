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

/** What a reader of the file has to know about a name: which credential it carries, and where its value comes from. */
function hint(name: string, environment: string, posture: Posture): string {
  const credential = posture.credentials?.find(each => each.environment === environment && each.inject === name);
  const manager = posture.secrets?.managers?.[environment];
  if (credential === undefined) return '';
  return `  # ${commentText(`${credential.id}${manager === undefined ? '' : `, from ${manager}`}`)}`;
}

export const envExamples: Output = {
  id: 'env-examples',
  title: "an example of each environment's variables, names only",
  safeguards: ['SEC-1', 'ISO-3'],
  templateVersion: 1,
  guard: false,
  render(context) {
    const environments = Object.keys(context.posture.environments ?? {});
    return environments.map(environment => {
      const names = namesOf(environment, context);
      const lines = [
        `# The variables of ${environment}: names only. Values come from a secrets manager or a file that git ignores.`,
        ...names.map(name => `${name}=${hint(name, environment, context.posture)}`),
      ];
      return {
        mode: 'owned',
        path: `.env.${environment}.example`,
        content: `${lines.join('\n')}\n`,
        yields: true,
      };
    });
  },
};
