import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { undo } from '../../src/generate/journal.ts';
import { MANIFEST_PATH, PIN_FILE } from '../../src/generate/paths.ts';
import { manifestFinding } from '../../src/generate/pin.ts';
import { everyMode } from './support/outputs.ts';
import { type Scene, scene } from './support/scene.ts';

const manifestOf = ({ root }: Scene) => join(root, MANIFEST_PATH);
const findingOf = ({ root, stateFolder }: Scene) => manifestFinding(root, stateFolder);
const drop = (given: Scene, ...outputs: string[]) => {
  const manifest = JSON.parse(readFileSync(manifestOf(given), 'utf8'));
  manifest.files = manifest.files.filter(({ output }: { output: string }) => !outputs.includes(output));
  writeFileSync(manifestOf(given), JSON.stringify(manifest));
};

async function laid(): Promise<Scene> {
  const given = scene();
  mkdirSync(join(given.root, '.git'));
  await given.generate(everyMode(1));
  return given;
}

const DAMAGES: readonly [how: string, damage: (given: Scene) => void, says: RegExp][] = [
  ['removed', given => rmSync(manifestOf(given)), /it is gone, .*\.githooks\/pre-commit.*more/],
  ['removed with its folder', given => rmSync(join(manifestOf(given), '..'), { recursive: true }), /it is gone/],
  ['garbage', given => writeFileSync(manifestOf(given), 'garbage'), /cannot be read/],
  [
    'a link',
    given => {
      renameSync(manifestOf(given), join(given.root, 'other.json'));
      symlinkSync('../other.json', manifestOf(given));
    },
    /symbolic link/,
  ],
  ['without an entry', given => drop(given, 'hook'), /\.githooks\/pre-commit no longer stands in it/],
];

it.each(DAMAGES)('a manifest that is %s is a finding', async (_, damage, says) => {
  const given = await laid();
  expect(await findingOf(given)).toBeUndefined();
  damage(given);
  expect(await findingOf(given)).toMatch(says);
});

it('a formatter over it is none', async () => {
  const given = await laid();
  writeFileSync(manifestOf(given), JSON.stringify(JSON.parse(readFileSync(manifestOf(given), 'utf8'))));
  expect(await findingOf(given)).toBeUndefined();
});

it('without a pin, and in a repository made anew at the same path, there is nothing to compare with', async () => {
  const given = await laid();
  rmSync(manifestOf(given));
  // Kept, so that the new one cannot have its number.
  renameSync(join(given.root, '.git'), join(given.root, '.git-before'));
  mkdirSync(join(given.root, '.git'));
  expect(await findingOf(given)).toBeUndefined();
  expect(await manifestFinding(given.root, join(given.stateFolder, 'none'))).toBeUndefined();
});

it('what was loosened is seen without the manifest too, where it is only looked at', async () => {
  const given = await laid();
  const settings = join(given.root, 'a/b/settings.json');
  writeFileSync(settings, readFileSync(settings, 'utf8').replace('"one"', ''));
  for (const damage of [() => writeFileSync(manifestOf(given), 'garbage'), () => rmSync(manifestOf(given))]) {
    damage();
    const { changes } = await given.plan(everyMode(1), { fromPin: true });
    expect(changes.find(({ path }) => path === 'a/b/settings.json')?.state).toBe('loosened');
  }
});

it('generate mends garbage from the pin, and takes a changed one as it is, saying so; both are pinned', async () => {
  const given = await laid();
  const whole = readFileSync(manifestOf(given), 'utf8');
  writeFileSync(manifestOf(given), 'garbage');
  const mended = await given.generate(everyMode(1));
  expect(mended.notes).toEqual([expect.stringContaining('cannot be read')]);
  expect(readFileSync(manifestOf(given), 'utf8')).toBe(whole);
  expect(await findingOf(given)).toBeUndefined();

  // As after a pull: files and manifest of a newer posture.
  const other = scene();
  await other.generate(everyMode(2));
  for (const path of ['a/b/settings.json', 'config.toml', 'hooks.yml', '.gitignore', '.githooks/pre-commit'])
    writeFileSync(join(given.root, path), readFileSync(join(other.root, path)));
  rmSync(join(given.root, 'only'), { recursive: true });
  writeFileSync(manifestOf(given), readFileSync(manifestOf(other)));
  expect(await findingOf(given)).toContain('only/once.txt no longer stands in it');
  const taken = await given.generate(everyMode(2));
  expect(taken.changes.map(({ state }) => state)).not.toContain('conflict');
  expect(taken.notes).toEqual([expect.stringContaining('It counts as it is.')]);
  expect(await findingOf(given)).toBeUndefined();
  expect((await given.plan(everyMode(2))).notes).toEqual([]);
});

it('an undo pins what it puts back', async () => {
  const given = await laid();
  await given.generate(everyMode(2));
  await undo(given.root, { stateFolder: given.stateFolder });
  expect(await findingOf(given)).toBeUndefined();
  await undo(given.root, { stateFolder: given.stateFolder });
  expect(await findingOf(given)).toBeUndefined();
});

it('is a finding too after a restart that counts devices otherwise', async () => {
  const given = await laid();
  // Changed after it was made, so that the time of its making is known as such.
  writeFileSync(join(given.root, '.git', 'HEAD'), 'ref: refs/heads/main\n');
  await given.generate(everyMode(1));
  const path = join(given.stateFolder, PIN_FILE);
  const pin = JSON.parse(readFileSync(path, 'utf8'));
  expect(pin.of.birth).not.toBeNull();
  writeFileSync(path, JSON.stringify({ ...pin, of: { ...pin.of, device: '999999' } }));
  rmSync(manifestOf(given));
  expect(await findingOf(given)).toMatch(/it is gone/);
});
