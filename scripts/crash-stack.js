// node scripts/crash-stack.js FILE: the stack of a crash report with the places of our source. The build has short names;
// its maps are made beside it and are not packed, so check out the version that the report names and build it first.
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = join(dirname(fileURLToPath(import.meta.url)), '../dist');

/** A line of a stack with its place in the source, or as it is where no map knows it. */
export function decode(line, mapOf = readMap) {
  return line.replace(/[^\s(]*?dist[\\/]([\w./\\-]+\.c?js):(\d+):(\d+)/, (place, file, row, column) => {
    const map = mapOf(file);
    const entry = map?.findEntry(Number(row) - 1, Number(column) - 1);
    return entry?.originalSource === undefined
      ? place
      : `${entry.originalSource.replace(/^(\.\.\/)+/, '')}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

function readMap(file) {
  try {
    return new SourceMap(JSON.parse(readFileSync(join(dist, `${file}.map`), 'utf8')));
  } catch {
    return undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , file] = process.argv;
  if (file === undefined) {
    console.error('usage: node scripts/crash-stack.js FILE');
    process.exit(2);
  }
  for (const line of readFileSync(file, 'utf8').split('\n')) console.log(decode(line));
}
