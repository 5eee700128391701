import { describe, expect, it } from 'vitest';
import { variableNames } from '../../src/discover/env-file.ts';

describe('the names of an environment file', () => {
  it.each([
    [
      'wrapped base64',
      'KEY=MIIEvQIBADANBgkq\nhkiG9w0BAQEFAASCBKcw\naGVsbG8gd29ybGQ=\nZm9vYg==\nNEXT=1\n',
      ['KEY', 'NEXT'],
    ],
    ['a heredoc', "A=1\ncat <<'END' >x\nNOT_ONE=2\nEND\nB=3\n", ['A', 'B']],
    ['a line that goes on', 'A=1 \\\nNOT_ONE=2 \\\nNOT_TWO=3\nB=4\n', ['A', 'B']],
    ['quotes over lines', 'A="x\nNOT_ONE=2"\nB=3\n', ['A', 'B']],
    ['values that are left empty', 'DATABASE_URL=\napiKey=\nTOKEN=\n', ['DATABASE_URL', 'apiKey', 'TOKEN']],
    ['no names', '1A=x\na-b=x\nA B=x\njust text\n', []],
  ])('are told from %s', (_, text, names) => {
    expect(variableNames(text)).toEqual(names);
  });
});
