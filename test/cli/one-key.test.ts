import { PassThrough } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { oneKey } from '../../src/cli/one-key.ts';
import type { Streams } from '../../src/cli/terminal.ts';

function terminal() {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, isRaw: false, setRawMode: () => {} });
  const stderr = new PassThrough();
  const streams = { stdin, stderr } as unknown as Pick<Streams, 'stdin' | 'stderr'>;
  const ask = (habit: boolean) => oneKey(streams, 'Sure? ', { signal: new AbortController().signal, habit });
  return { stdin, stderr, ask };
}

it('takes a letter that was pressed after the question stood there', async () => {
  const { stdin, stderr, ask } = terminal();
  const answer = ask(false);
  stderr.once('data', () => stdin.write('y'));
  expect(await answer).toEqual({ yes: true, byLetter: true });
});

it('takes no letter that a finger pressed twice on the question before', async () => {
  const { stdin, stderr, ask } = terminal();
  let answered = false;
  const answer = ask(true);
  void answer.then(() => {
    answered = true;
  });
  await wait(200);
  stdin.write('y');
  await new Promise(resolve => stderr.once('data', resolve));
  await wait(50);
  expect(answered).toBe(false);
  stdin.write('n');
  expect(await answer).toMatchObject({ yes: false });
});
