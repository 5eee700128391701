// Writes schema/*.json from the zod schema of the posture and the steps of the wizard; with --check, says whether they are up to date.
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const { outputFiles } = await build({
  absWorkingDir: root,
  stdin: {
    resolveDir: root,
    contents: `
      import { postureJsonSchema } from './src/posture/json-schema.ts';
      import { answersJsonSchema } from './src/wizard/answers.ts';
      export const schemas = { 'posture-1.json': postureJsonSchema(), 'answers-1.json': answersJsonSchema() };
    `,
  },
  bundle: true,
  platform: 'node',
  format: 'esm',
  mainFields: ['module', 'main'],
  write: false,
  logLevel: 'error',
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(process.cwd() + '/');",
  },
});
const { schemas } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
);

for (const [name, schema] of Object.entries(schemas)) {
  const path = join(root, 'schema', name);
  const text = `${JSON.stringify(schema, null, 2)}\n`;
  if (!process.argv.includes('--check')) await writeFile(path, text);
  else if ((await readFile(path, 'utf8').catch(() => '')) !== text) {
    console.error(`schema/${name} is not up to date: npm run schema`);
    process.exitCode = 1;
  }
}
