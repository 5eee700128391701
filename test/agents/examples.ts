/** Two calls that differ in a letter: one that a generated rule must block, and a near miss that it must let through. */
export interface Example {
  tool: 'read' | 'write' | 'shell';
  /** A path as a posture writes it, or a command. */
  blocked: string;
  allowed: string;
  /** Of a command: the file that it reads, as its near miss does, or the branches that the two would move. */
  reads?: string;
  moves?: readonly [blocked: string, allowed: string];
  /** Files that have to be there for it. */
  there?: readonly string[];
}

/** Another letter at the end of the first word of a path: where that of a file is hidden, so is what follows on it. */
const near = (path: string) => path.replace(/^((?:~\/)?\W*\w[\w-]*)\w/, (_all, before) => `${before}z`);

/** In the root, in a folder, and what lies in it, were it a folder; of a path that stands `above`, that and what lies in it. */
function pairs(path: string, above = ''): [blocked: string, allowed: string][] {
  const here = (name: string) => [`${above}${name}`, `${above}${name}/x`];
  const all = (name: string) =>
    above === '' ? [name, `sub/${name}`, `${name}/x`, `sub/${name}/x`, `${name}/a/x`, `sub/${name}/a/x`] : here(name);
  const others = all(near(path));
  return all(path).map((place, index) => [place, others[index] ?? '']);
}

/** By a file's name: calls of the agent's own tools, and commands. */
function ofHidden(path: string, above = ''): Example[] {
  const reading = (blocked: string, allowed: string): Example[] =>
    ['cat @', 'head @ -n 3', 'cat ./@', 'head ./@ -n 3', 'cat <@']
      .filter(command => !(blocked.startsWith('~/') && command.includes('./@')))
      .map(command => ({
        tool: 'shell',
        blocked: command.replace('@', blocked),
        allowed: command.replace('@', allowed),
        reads: allowed,
      }));
  return pairs(path, above).flatMap(([blocked, allowed]): Example[] => [
    { tool: 'read', blocked, allowed },
    { tool: 'write', blocked, allowed },
    ...reading(blocked, allowed),
  ]);
}

/** A hidden path of the home is hidden by its name alone to some, wherever that stands: in the home, or between it and the repository. */
const ofHome = (path: string, between: string): Example[] =>
  ['', '~/', `~/${between}/`].flatMap(above => ofHidden(path.slice(2), above));

function ofGuard(path: string): Example[] {
  const writing = [
    'echo x > @',
    'tee @ </dev/null',
    'cp agent-posture-permitted/there.txt @',
    'mv @ moved.txt',
    'rm @',
    'sed -i s/x/y/ @',
  ];
  return pairs(path).flatMap(([blocked, allowed]): Example[] => [
    { tool: 'write', blocked, allowed },
    ...writing.map(
      (command): Example => ({
        tool: 'shell',
        blocked: command.replace('@', blocked),
        allowed: command.replace('@', allowed),
        there: [allowed],
      }),
    ),
  ]);
}

/** Spellings of a push, `@` the branch; and what passes by the hooks that would refuse it, with what does not. */
const PUSHES = [
  ...['origin @', 'origin HEAD:@', 'origin +@', 'origin HEAD:refs/heads/@'],
  ...['origin "@"', 'origin "HEAD:@"', 'origin "+@"', 'origin "HEAD:refs/heads/@"'],
  ...["origin '@'", "origin 'HEAD:@'", "origin '+@'", "origin 'HEAD:refs/heads/@'"],
].flatMap(words => [`git push ${words}`, `git push ${words} -q`]);
const AROUND: readonly (readonly [blocked: string, allowed: string])[] = [
  ['git push --all origin', 'git push --atomic origin @'],
  ['git push --mirror origin', 'git push --porcelain origin @'],
  ['git push --no-verify origin @', 'git push --verify origin @'],
  ['git commit --allow-empty --no-verify -m x', 'git commit --allow-empty --verify -m x'],
  ['git commit -n --allow-empty -m x', 'git commit -q --allow-empty -m x'],
  ['git commit --allow-empty -m x -n', 'git commit --allow-empty -m x -q'],
  ['git commit --allow-empty -n -m x', 'git commit --allow-empty -q -m x'],
  ['git commit --allow-empty -nm x', 'git commit --allow-empty -qm x'],
  ['git commit -an --allow-empty -m x', 'git commit -aq --allow-empty -m x'],
  ...['core.hooksPath', 'core.hookspath', 'CORE.HOOKSPATH'].map(
    name => [`git -c ${name}=/dev/null status`, 'git -c core.quotePath=false status'] as const,
  ),
];

function ofBranch(branch: string): Example[] {
  const other = near(branch);
  const all = [
    ...PUSHES.map(text => [text.replace('@', branch), text.replace('@', other)] as const),
    ...AROUND.map(([blocked, allowed]) => [blocked.replace('@', other), allowed.replace('@', other)] as const),
  ];
  return all
    .flatMap(pair => [pair, pair.map(text => text.replace(/^git /, 'git -C . ')) as [string, string]])
    .map(([blocked, allowed]) => ({
      ...{ tool: 'shell', blocked, allowed },
      ...(/\bpush\b/.test(blocked) ? { moves: [branch, other] as const } : {}),
    }));
}

/**
 * Examples for whatever is generated of a posture that hides, keeps and protects these. `between`: the folder of the home that the
 * repository lies in.
 */
export const examplesFor = (
  hidden: readonly string[],
  guards: readonly string[],
  branches: readonly string[],
  between: string,
): Example[] => [
  ...hidden.flatMap(path => (path.startsWith('~/') ? ofHome(path, between) : ofHidden(path))),
  ...guards.flatMap(ofGuard),
  ...branches.flatMap(ofBranch),
];
