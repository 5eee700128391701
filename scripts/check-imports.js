// Imports point downward only (docs/architecture.md). Prints each that does not, and exits 1.
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const FEATURES = ['wizard', 'discover', 'generate', 'selftest', 'agents', 'isolation'];
const BELOW = ['posture', 'safeguards', 'base'];

/** What each folder of src may import beside itself. */
const MAY = {
  base: [],
  safeguards: ['base'],
  posture: ['base'],
  ...Object.fromEntries(FEATURES.map(feature => [feature, BELOW])),
  isolation: [...BELOW, 'agents'],
  wizard: [...BELOW, 'agents', 'isolation'],
  discover: [...BELOW, 'agents', 'isolation'],
  selftest: [...BELOW, 'agents', 'isolation'],
  generate: [...BELOW, 'agents', 'isolation'],
  report: [...BELOW, ...FEATURES],
  ui: [...BELOW, ...FEATURES, 'report'],
  cli: [...BELOW, ...FEATURES, 'report', 'ui'],
};
/** Folders whose types, and nothing that runs, may be used across features: facts, plans, reports. */
const TYPES = Object.fromEntries(FEATURES.map(feature => [feature, FEATURES]));
const SCREENS = /^(ink|react|ink-.*|react\/.*)$/;

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(?<type>type\s+)?(?:(?<what>[^'"`;]*?)\s+from\s+)?['"](?<from>[^'"]+)['"]|import\(\s*['"](?<lazy>[^'"]+)['"]\s*\)/g;

/** The imports of a source text that are not allowed for `file` (relative to `src`), one sentence each. */
export function forbiddenImports(file, text) {
  const [folder] = file.split(sep);
  return [...text.matchAll(IMPORT)].flatMap(({ groups: { type, what = '', from, lazy } }) => {
    const specifier = from ?? lazy;
    const names = /^\{(.*)\}$/s
      .exec(what.trim())?.[1]
      ?.split(',')
      .filter(name => name.trim());
    const onlyTypes = Boolean(type) || Boolean(names?.length && names.every(name => /^\s*type\s/.test(name)));
    const sentence = why => [`src/${file.split(sep).join('/')} imports ${specifier}: ${why}`];
    if (!specifier.startsWith('.')) {
      const bare = specifier.replace(/^node:/, '');
      if (builtinModules.includes(bare) && bare === specifier) return sentence('write node:');
      return SCREENS.test(specifier) && folder !== 'ui' ? sentence('only src/ui knows Ink and React') : [];
    }
    const target = relative('.', resolve(dirname(file), specifier)).split(sep)[0];
    if (target === folder) return [];
    if (target === '..') return sentence('it lies outside src');
    const allowed = MAY[folder]?.includes(target) || (onlyTypes && TYPES[folder]?.includes(target));
    return allowed ? [] : sentence(`${folder} may not use ${target}`);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const src = join(dirname(fileURLToPath(import.meta.url)), '../src');
  const files = readdirSync(src, { recursive: true }).filter(file => /\.tsx?$/.test(file));
  const wrong = files.flatMap(file => forbiddenImports(file, readFileSync(join(src, file), 'utf8')));
  for (const line of wrong) console.error(line);
  console.log(`${files.length} files, ${wrong.length} imports that point the wrong way`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}
