import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { afterGrace, needsTime } from '../../src/base/grace.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function started() {
  const said: string[] = [];
  const then = vi.fn();
  return { said, then, cancel: afterGrace(line => said.push(line), then) };
}

test('tidying up has five seconds, or is over before', () => {
  const { said, then } = started();
  const other = started();
  vi.advanceTimersByTime(4_900);
  expect(then).not.toHaveBeenCalled();
  other.cancel();
  vi.advanceTimersByTime(200);
  expect(then).toHaveBeenCalledOnce();
  vi.advanceTimersByTime(60_000);
  expect(then).toHaveBeenCalledOnce();
  expect(other.then).not.toHaveBeenCalled();
  expect(said).toEqual([]);
});

test('what would stay for good is waited for, as long as it may need, and named once', () => {
  const gone = needsTime('the networks', 60_000);
  const [first, second] = [started(), started()];
  vi.advanceTimersByTime(30_000);
  expect(first.then).not.toHaveBeenCalled();
  expect([...first.said, ...second.said]).toEqual(['the networks: still being taken back, which may take up to 60 s']);
  gone();
  vi.advanceTimersByTime(4_900);
  expect(first.then).not.toHaveBeenCalled();
  vi.advanceTimersByTime(300);
  expect(first.then).toHaveBeenCalledOnce();
});

test('and no longer than that', () => {
  const gone = needsTime('the networks', 60_000);
  const { then } = started();
  vi.advanceTimersByTime(64_000);
  expect(then).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_500);
  expect(then).toHaveBeenCalledOnce();
  gone();
});
