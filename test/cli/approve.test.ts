import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { approvalHash, isApproved, shortHash } from '../../src/base/approvals.ts';
import { sha256 } from '../../src/base/hash.ts';
import { stateFolder } from '../../src/base/state.ts';
import { approver, ownFiles, requestText, visible } from '../../src/cli/approve.ts';
import { parseArguments } from '../../src/cli/args.ts';
import type { Context } from '../../src/cli/command.ts';
import { pack } from '../../src/generate/manifest.ts';
import { pin } from '../../src/generate/pin.ts';
import type { ApprovalRequest } from '../../src/selftest/types.ts';

let root = '';
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'agent-posture-approve-')));
  vi.stubEnv('AGENT_POSTURE_STATE', join(root, 'state'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

interface Asked {
  shown: string[];
  questions: number;
}

function context(
  args: string[],
  { interactive = false, answer = false, env = {} as NodeJS.ProcessEnv } = {},
): { context: Context; asked: Asked } {
  const asked: Asked = { shown: [], questions: 0 };
  const terminal = {
    interactive,
    style: STYLE,
    streams: { env },
    show: (text: string) => void asked.shown.push(text),
    confirm: async () => {
      asked.questions++;
      return answer;
    },
  } as unknown as Context['terminal'];
  const signal = new AbortController().signal;
  return {
    context: {
      root,
      home: root,
      path: '',
      flags: parseArguments(['test', ...args]).flags,
      words: [],
      terminal,
      signal,
    },
    asked,
  };
}

const STYLE = { width: 40, color: false, unicode: true, verbose: false };

const request: ApprovalRequest = { kind: 'command', text: 'npm test', purpose: 'it must work inside' };

describe('what is asked for', () => {
  test('stands as the screens do: indented, in words, no wider than the window, nothing left out', () => {
    const text = `docker exec  -w /work box sh -c 'x=  1'\n${'long/'.repeat(30)}`;
    const rows = requestText({ ...request, text }, 'Claude Code', STYLE).split('\n');
    expect(Math.max(...rows.map(row => row.length))).toBeLessThan(STYLE.width);
    expect(rows.filter(row => row !== '').every(row => row.startsWith(' '))).toBe(true);
    const shown = rows.filter(row => row.startsWith('   ')).map(row => row.slice(row.startsWith('     ') ? 5 : 3));
    expect(shown.join('')).toBe(text.replace('\n', ''));
    expect(rows.join(' ')).toContain('person should answer');
  });

  test('hides nothing in blanks and marks', () => {
    for (const mark of [
      '\u3000',
      '\u00a0',
      '\u2800',
      '\u115f',
      '\u1160',
      '\u3164',
      '\u034f',
      '\ufe0f',
      '\u{e0101}',
      '\t',
      '\u200b',
    ])
      expect(visible(`a${mark}b`)).toBe(`a\\u{${mark.codePointAt(0)?.toString(16)}}b`);
    expect(visible(`a${' '.repeat(40)}b`)).toBe('a⟨40 spaces⟩b');
    expect(visible(`a${'\n'.repeat(41)}b`)).toBe('a\n⟨40 empty lines⟩\nb');
    expect(visible('a  b\nü 漢')).toBe('a  b\nü 漢');
  });

  test('is one address, or several', () => {
    const contact = (text: string) => requestText({ kind: 'contact', text, purpose: 'p' }, undefined, STYLE);
    expect(contact('127.0.0.1:5432')).toContain('this address');
    expect(contact('127.0.0.1:5432\n127.0.0.1:5433')).toContain('these addresses');
  });

  test('says which one it is of several', () => {
    const said = (place: { number: number; of: number } | undefined) =>
      requestText({ ...request, place }, undefined, STYLE);
    expect(said({ number: 1, of: 2 })).toMatch(/run this command \(1 of 2\):/);
    expect(said(undefined)).toContain('command:');
  });

  test('is a file that is read, where the posture names one outside', () => {
    const contact = (text: string) =>
      requestText({ kind: 'contact', text, purpose: 'p' }, undefined, { ...STYLE, width: 100 });
    expect(contact('read ~/own.sqlite')).toContain('asks to read this file:');
    expect(contact('127.0.0.1:5432\nread ~/own.sqlite')).toContain(
      'asks to connect to this address and read this file:',
    );
  });

  test('says what a No costs, and that it is not for ever', () => {
    const wide = { ...STYLE, width: 100 };
    expect(requestText(request, undefined, wide)).toContain(
      'No: the rows that need it stay not proven. You are asked again next time.',
    );
    expect(requestText({ ...request, without: 'nothing is run' }, undefined, wide)).toContain('No: nothing is run.');
  });
});

describe('files that generate left as they are', () => {
  const ofAgent = (...lines: string[]): ApprovalRequest => ({ kind: 'agent', text: lines.join('\n'), purpose: 'p' });
  const [ours, other] = [sha256('ours'), sha256('other')];
  const laid = (...paths: string[]) => {
    const entry = { output: 'git-hooks', template: 1, mode: 'owned', sha256: ours, baseline: pack('ours') };
    const manifest = { version: 1, files: paths.map(path => ({ ...entry, path })) };
    return pin(root, stateFolder(root), Buffer.from(JSON.stringify(manifest)));
  };

  test('are named, by what was noted in the state folder alone', async () => {
    const both = ofAgent(`.githooks/pre-commit, sha256 ${ours}`, `.githooks/pre-push, sha256 ${ours}`);
    expect(await ownFiles(root, both)).toBeUndefined();
    await laid('.githooks/pre-commit', '.githooks/pre-push');
    expect(await ownFiles(root, both)).toMatch(/^All of this is as agent-posture generate last wrote/);
    const changed = ofAgent(`.githooks/pre-commit, sha256 ${ours}`, `.githooks/pre-push, sha256 ${other}`);
    expect(await ownFiles(root, changed)).toMatch(/^Of this, \.githooks\/pre-commit is as/);
    expect(requestText(changed, undefined, STYLE, await ownFiles(root, changed))).toContain('Of this, .githooks/pre');
  });

  test('stand in what is asked on a terminal', async () => {
    await laid('.githooks/pre-commit');
    const { context: given, asked } = context([], { interactive: true });
    await approver(given)(ofAgent(`.githooks/pre-commit, sha256 ${ours}`));
    expect(asked.shown.join('\n').replace(/\s+/g, ' ')).toContain(
      'All of this is as agent-posture generate last wrote',
    );
  });

  test('are none where the hash is of something else, and no command passes for one', async () => {
    await laid('.githooks/pre-commit');
    const command = `.claude/settings.json: PreToolUse: .githooks/pre-commit, sha256 ${ours}`;
    expect(await ownFiles(root, ofAgent(command, `other, sha256 ${ours}`))).toBeUndefined();
    expect(await ownFiles(root, { ...request, text: `.githooks/pre-commit, sha256 ${ours}` })).toBeUndefined();
  });
});

describe('approval', () => {
  test('off a terminal: no, and the line gives the flag that would make it yes', async () => {
    const { context: given, asked } = context([]);
    expect(await approver(given)(request)).toBe(false);
    expect(asked.questions).toBe(0);
    expect(asked.shown.join('\n')).toContain('npm test');
    expect(asked.shown.join('\n')).toContain(`--trust=${shortHash(approvalHash(request))}`);
    expect(asked.shown.join('\n')).not.toContain(approvalHash(request));
    expect(asked.shown.join('\n')).toMatch(/^The posture of this repository asks to run this command: not approved/);
  });

  test('--trust=HASH approves exactly that text, for this run', async () => {
    const whole = approvalHash(request);
    for (const hash of [whole, shortHash(whole)]) {
      const approve = approver(context([`--trust=${hash}`]).context);
      expect(await approve(request)).toBe(true);
      expect(await approve({ ...request, text: 'npm test ' })).toBe(false);
      // The same words as something else are not what was approved.
      expect(await approve({ ...request, kind: 'contact' })).toBe(false);
    }
    expect(() => approver(context([`--trust=${whole.slice(0, 31)}`]).context)).toThrow('hex digits');
    expect(await isApproved(root, request)).toBe(false);
  });

  test('--trust approves all of it, with a warning on a pull request and inside an agent', async () => {
    const plain = context(['--trust']);
    expect(await approver(plain.context)(request)).toBe(true);
    expect(plain.asked.shown).toEqual([]);
    const pull = context(['--trust'], { env: { GITHUB_EVENT_NAME: 'pull_request_target' } });
    approver(pull.context);
    expect(pull.asked.shown.join()).toContain('the pull request wrote what it approves');
    const inside = context(['--trust']);
    approver(inside.context, 'Claude Code');
    expect(inside.asked.shown.join()).toContain('the agent approves for you');
  });

  test('a hash that is none is an error', () => {
    expect(() => approver(context(['--trust=abc']).context)).toThrow('hex digits');
  });

  test('on a terminal yes is remembered, no is not, and nothing is asked twice', async () => {
    const no = context([], { interactive: true });
    const refuse = approver(no.context);
    expect(await Promise.all([refuse(request), refuse(request)])).toEqual([false, false]);
    expect(no.asked.questions).toBe(1);
    expect(await isApproved(root, request)).toBe(false);

    expect(await approver(context([], { interactive: true, answer: true }).context)(request)).toBe(true);
    const later = context([]);
    expect(await approver(later.context)(request)).toBe(true);
    expect(later.asked.shown).toEqual([]);
  });

  test('the command is shown whole, with nothing hidden in it', async () => {
    const long = `echo ${'x'.repeat(5_000)} END`;
    const evil = `npm test\u001b[2K\u202e\u200b # \r rm -rf ~\n${long}`;
    const { context: given, asked } = context([]);
    await approver(given)({ ...request, text: evil });
    const shown = asked.shown.join('\n');
    expect(shown).toContain(long);
    expect(shown).toContain('npm test\\u{1b}[2K\\u{202e}\\u{200b} # \\u{d} rm -rf ~');
    expect(shown).not.toMatch(/[\u001b\u202e\u200b\r]/);
  });
});
