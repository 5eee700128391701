import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HOOK_FILE } from '../../src/agents/hook.ts';
import { agents } from '../../src/agents/index.ts';
import { packageRoot } from '../../src/base/package.ts';
import { managedSettings } from '../../src/generate/outputs/managed-settings.ts';
import { AGENT_IDS, type Posture } from '../../src/posture/schema.ts';
import { agentFiles } from '../../src/selftest/places/files/agents.ts';
import { context, FULL, render } from '../generate/outputs/lab.ts';

const FOLDER = join(packageRoot, 'src/agents');
/** What several agents share, as data. */
const SHARED = ['advisories', 'escapes', 'wire'];
const folders = readdirSync(FOLDER, { withFileTypes: true }).flatMap(entry =>
  entry.isDirectory() && !SHARED.includes(entry.name) ? [entry.name] : [],
);

const native: Posture = { ...FULL, agents: [...AGENT_IDS], isolation: { ...FULL.isolation, runtime: 'native' } };

test('every folder is an agent of the registry', () => {
  expect(agents.map(({ id }) => id).sort()).toEqual(folders.sort());
});

test('where an administrator can lay something down, it is among the managed settings', () => {
  const paths = managedSettings.render(context(native, '/x')).map(each => ('path' in each ? each.path : ''));
  const laid = paths.flatMap(path => /^\.agent-posture\/managed\/([^/]+)\//.exec(path)?.[1] ?? []);
  expect([...new Set(laid)].sort()).toEqual(folders.filter(id => existsSync(join(FOLDER, id, 'managed.ts'))).sort());
});

describe.each(agents)('$title', ({ id, writes = [], ignoreFile, asksHook, hasSandbox, instructions }) => {
  const posture: Posture = { ...FULL, agents: [id] };
  const others = render({ ...FULL, agents: [] });
  const ownOf = (rendered: ReturnType<typeof render>) =>
    [...rendered].filter(
      ([path]) => !others.has(path) && !/^\.agent-posture\/|^AGENTS\.md$/.test(path) && path !== instructions?.path,
    );
  const covers = (guard: string, path: string) => guard === path || (guard.endsWith('/') && path.startsWith(guard));

  test('says what is written for it, hidden files or not', () => {
    for (const [some, said] of [
      [posture, [...writes, ...(ignoreFile ? [ignoreFile] : [])]],
      [{ ...posture, isolation: { runtime: 'none' } } satisfies Posture, writes],
    ] as const) {
      const paths = ownOf(render(some)).map(([path]) => path);
      expect(paths.filter(path => !said.some(guard => covers(guard, path)))).toEqual([]);
      expect(said.filter(guard => !paths.some(path => covers(guard, path)))).toEqual([]);
    }
  });

  test('has a sandbox of its own where settings of it turn one on', () => {
    const made = (runtime: 'native' | 'none') => {
      const all = { ...posture, managedSettings: true, isolation: { ...FULL.isolation, runtime } };
      const own = ownOf(render(all));
      const laid = managedSettings.render(context(all, '/x'));
      return JSON.stringify([own, laid]);
    };
    // Codex is always in its own: what it may do without asking hangs on it.
    const always = made('none').includes('sandbox_mode');
    expect(hasSandbox === true).toBe(always || made('native') !== made('none'));
  });

  test('says whether it asks our program', () => {
    const asking = ownOf(render(posture)).some(([, rendered]) => JSON.stringify(rendered).includes(HOOK_FILE));
    expect(asksHook === true).toBe(asking);
  });

  test('has the places of its logins tried', () => {
    expect(agentFiles.map(place => place.id)).toContainEqual(expect.stringMatching(new RegExp(`^${id}(-|$)`)));
  });
});
