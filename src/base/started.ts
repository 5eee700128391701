/** How the package is started by what fetched it, by the name that this gives itself; npm is known by `npm_lifecycle_event`. */
const FETCHERS: readonly (readonly [agent: RegExp, command: string])[] = [
  [/^pnpm\//, 'pnpm dlx agent-posture'],
  [/^bun\//, 'bunx agent-posture'],
];

/**
 * How the user started us, as they can type it again. A package that npx fetched, or that lies in a project, is on nobody's
 * PATH: it is found by the link in `node_modules/.bin`, or, where links are small scripts, by what these tell. Anything else
 * is on the PATH, or a checkout of our own.
 */
export function startedAs(script: string, env: NodeJS.ProcessEnv): string {
  const path = script.replaceAll('\\', '/');
  if (path.endsWith('/node_modules/.bin/agent-posture')) return 'npx agent-posture';
  if (!path.endsWith('/node_modules/agent-posture/bin/agent-posture.js')) return 'agent-posture';
  const agent = env.npm_config_user_agent ?? '';
  const [, command] = FETCHERS.find(([name]) => name.test(agent)) ?? [];
  return command ?? (env.npm_lifecycle_event === 'npx' ? 'npx agent-posture' : 'agent-posture');
}

const STARTED = startedAs(process.argv[1] ?? '', process.env);

/** A command of ours, for somebody to copy: `own('undo')`. */
export function own(rest: string): string {
  return `${STARTED} ${rest}`;
}

/** Not after a path or a name that ours is part of, and not where it was said already how it is started. */
const COMMAND =
  /(?<![\w./@-]|(?:npx|dlx|bunx) )agent-posture (?=(?:init|generate|test|reach|fix|run|undo|status|explain|doctor|completion)\b)/g;

/** A sentence or a command of ours, with our name as the user types it. Not for what is written into files, or read by programs. */
export function asStarted(text: string, started = STARTED): string {
  return started === 'agent-posture' ? text : text.replace(COMMAND, `${started} `);
}
