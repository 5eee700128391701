import { PassThrough } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Interrupted } from '../../src/base/errors.ts';
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

it('takes no letter of somebody who was still typing, and asks once it is quiet', async () => {
  const { stdin, stderr, ask } = terminal();
  const asked = new Promise<void>(resolve => stderr.once('data', () => resolve()));
  let stands = false;
  void asked.then(() => {
    stands = true;
  });
  const answer = ask(false);
  for (let at = 0; at < 8; at++) {
    stdin.write('y');
    await wait(40);
    expect(stands).toBe(false);
  }
  await asked;
  stdin.write('n');
  expect(await answer).toEqual({ yes: false, byLetter: true });
});

it('reads what was typed while the machine was busy before it asks', async () => {
  const { stdin, stderr, ask } = terminal();
  const answer = ask(false);
  stdin.write('y');
  // No turn of the loop in all the time that is waited.
  for (const until = Date.now() + 80; Date.now() < until; );
  await new Promise(resolve => stderr.once('data', resolve));
  stdin.write('n');
  expect(await answer).toEqual({ yes: false, byLetter: true });
});

it('is stopped by Ctrl-C before it asks, too', async () => {
  const { stdin, ask } = terminal();
  const answer = ask(false);
  stdin.write('\u0003');
  await expect(answer).rejects.toThrow(Interrupted);
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
