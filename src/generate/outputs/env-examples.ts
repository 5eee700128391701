import type { Posture } from '../../posture/schema.ts';
import type { Output, RenderContext } from '../types.ts';
import { commentText } from './encode.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What people call environments in the names of their files. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  dev: 'development',
  develop: 'development',
  local: 'development',
  prod: 'production',
  stage: 'staging',
  stg: 'staging',
};

/** The environment that a `.env` file belongs to by its name; a bare `.env` is everybody's. */
function environmentOf(path: string, ids: readonly string[]): string | undefined {
  const parts = (path.split('/').at(-1) ?? '').split('.').filter(part => part !== '' && part !== 'env');
  for (const part of parts) {
    if (ids.includes(part)) return part;
    const other = OTHER_NAMES[part];
    if (other !== undefined && ids.includes(other)) return other;
  }
  return undefined;
}

/** Names of the variables of an environment, sorted: from its `.env` files, the bare ones, and the credentials injected there. */
function namesOf(environment: string, { posture, facts }: RenderContext): string[] {
  const ids = Object.keys(posture.environments ?? {});
  const found = (facts.envNames ?? []).flatMap(({ path, names }) => {
    const owner = environmentOf(path, ids);
    return owner === undefined || owner === environment ? names : [];
  });
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
  title: 'an example of each environment’s variables, names only',
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
      return { mode: 'owned', path: `.env.${environment}.example`, content: `${lines.join('\n')}\n` };
    });
  },
};
