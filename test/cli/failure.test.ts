import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Interrupted, UserError } from '../../src/base/errors.ts';
import { reportFailure } from '../../src/cli/failure.ts';

let folder = '';
let printed = { stdout: '', stderr: '' };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agent-posture-failure-'));
  vi.stubEnv('AGENT_POSTURE_STATE', join(folder, 'state'));
  printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    vi.spyOn(process[name], 'write').mockImplementation(((text: string, done?: () => void) => {
      printed[name] += text;
      done?.();
      return true;
    }) as typeof process.stdout.write);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const text = { command: 'test', json: false, verbose: false };
const json = { ...text, json: true };
const crashes = () => readdirSync(join(folder, 'state/crashes')).map(name => join(folder, 'state/crashes', name));

describe('what was thrown', () => {
  test('a part that another build has taken away: run it again, and no crash report', async () => {
    const gone = await import(join(folder, 'chunk.js')).catch((error: unknown) => error);
    expect(await reportFailure(Object.assign(new Error('x'), { code: (gone as { code: string }).code }), text)).toBe(2);
    expect(printed.stderr).toMatch(/^agent-posture: it was updated or built anew while it ran, .*: run it again\n$/);
    expect(existsSync(join(folder, 'state/crashes'))).toBe(false);
  });

  test('too few open files are no fault of this program', async () => {
    const error = Object.assign(new Error('EMFILE: too many open files, open x'), { code: 'EMFILE' });
    expect(await reportFailure(error, text)).toBe(2);
    expect(printed.stderr).toMatch(/more open files .* than are allowed here\n {2}next: ulimit -n 4096/);
    expect(existsSync(join(folder, 'state/crashes'))).toBe(false);
  });

  test('something the user can mend: its text on stderr, its own exit code', async () => {
    const error = new UserError(
      { what: 'bad', where: { path: 'a.yaml', line: 3, column: 1 }, expected: 'good', next: 'mend it' },
      4,
    );
    expect(await reportFailure(error, text)).toBe(4);
    expect(printed).toEqual({
      stdout: '',
      stderr: 'agent-posture: a.yaml:3:1: bad\n  expected: good\n  next: mend it\n',
    });
  });

  test('a signal: 130', async () => {
    expect(await reportFailure(new Interrupted('SIGTERM'), text)).toBe(130);
    expect(printed.stdout).toBe('');
  });

  test('a fault of ours: exit 2, a report for its makers (0600) whose path is printed, never a verdict', async () => {
    expect(await reportFailure(new TypeError('x is not\u001b[2J a function'), text)).toBe(2);
    const [file = ''] = crashes();
    expect(printed.stderr).toContain('a fault of this program');
    expect(printed.stderr).toContain(file);
    expect(printed.stderr).not.toContain('\u001b');
    expect(readFileSync(file, 'utf8')).toMatch(/command: test\n\nTypeError: x is not a function\n\s+at /);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test.each<[string, () => never]>([
    [
      'an expression that cannot be made',
      () => {
        throw new SyntaxError(`Invalid regular expression: /${'hunter2'.repeat(9)}/: too large`);
      },
    ],
    ['JSON that cannot be read', () => JSON.parse('{"a": hunter2}') as never],
    [
      'several lines',
      () => {
        throw new Error('cannot go on\n    at hunter2 (hunter2:1:1)\nhunter2');
      },
    ],
    [
      'a path',
      () => {
        throw Object.assign(new Error("ENOENT: no such file, open '/home/hunter2/x'"), {
          code: 'ENOENT',
          syscall: 'open',
        });
      },
    ],
    [
      'no error at all',
      () => {
        throw 'hunter2';
      },
    ],
    [
      'a long one',
      () => {
        throw new Error('hunter2 '.repeat(99));
      },
    ],
  ])('what a file held is neither printed nor in the report: %s', async (_what, fault) => {
    let error: unknown;
    try {
      fault();
    } catch (thrown) {
      error = thrown;
    }
    await reportFailure(error, { ...text, verbose: true });
    const [file = ''] = crashes();
    expect(printed.stderr + readFileSync(file, 'utf8')).not.toContain('hunter2');
    if (error instanceof Error) expect(readFileSync(file, 'utf8')).toMatch(/\n {4}at .*failure\.test\.ts/);
  });

  test('a fault of ours where no report can be written shows the stack', async () => {
    writeFileSync(join(folder, 'state'), '');
    expect(await reportFailure(new Error('boom'), text)).toBe(2);
    expect(printed.stderr).toMatch(/Error: boom\n\s+at /);
  });

  test.each([
    [new UserError({ what: 'bad\u202e' }), 'usage', 2],
    [new Interrupted(), 'interrupted', 130],
    [new Error('boom'), 'crash', 2],
  ])('with --json an envelope on stdout alone: %s', async (error, kind, exitCode) => {
    expect(await reportFailure(error, json)).toBe(exitCode);
    expect(printed.stderr).toBe('');
    expect(printed.stdout).not.toContain('\u202e');
    expect(JSON.parse(printed.stdout)).toMatchObject({
      schemaVersion: 1,
      command: 'test',
      tool: { name: 'agent-posture' },
      error: { kind },
      exitCode,
    });
  });
});
