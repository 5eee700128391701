import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as pty from '@lydell/node-pty';
import { Resvg } from '@resvg/resvg-js';
import xterm from '@xterm/headless';
import { toSvg } from './svg.ts';

/** Keys by name, as a terminal sends them. */
export const KEYS = {
  up: '\u001b[A',
  down: '\u001b[B',
  right: '\u001b[C',
  left: '\u001b[D',
  home: '\u001b[H',
  end: '\u001b[F',
  'page-up': '\u001b[5~',
  'page-down': '\u001b[6~',
  enter: '\r',
  escape: '\u001b',
  tab: '\t',
  'shift-tab': '\u001b[Z',
  backspace: '\u007f',
  delete: '\u001b[3~',
  space: ' ',
  'ctrl-c': '\u0003',
  'ctrl-u': '\u0015',
  'ctrl-f1': '\u001b[1;5P',
} as const;
export type Key = keyof typeof KEYS;

export interface TerminalOptions {
  cols?: number;
  rows?: number;
  cwd?: string;
  /** Added to a small environment of its own: nothing of the tester's terminal gets in. */
  env?: Record<string, string | undefined>;
}

/** A program in a terminal of its own. */
export interface Session {
  readonly pid: number;
  /** What the window shows now, without spaces at line ends and empty lines at the end. */
  frame(): string;
  /** Everything from the top of the scrollback to the last line. */
  scrollback(): string;
  /** Every byte that the program wrote. */
  raw(): string;
  /** Waits until `wanted` is on the screen (or what `wanted` says of it holds) and output has come to rest. */
  waitFor(wanted: string | RegExp | ((frame: string) => boolean), timeout?: number): Promise<string>;
  /** Sends one key after another, each once the screen has answered the one before, or 150 ms have gone by. */
  press(...keys: (Key | { text: string })[]): Promise<void>;
  /** Bytes as they are. */
  send(bytes: string): void;
  paste(text: string): void;
  resize(cols: number, rows: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  exit(timeout?: number): Promise<{ code: number; signal: number | undefined }>;
  svg(from?: string): string;
  /** A picture of the window, or of what stands in it from the first line that has `from` in it. */
  screenshot(path: string, from?: string): void;
  /** What a program that is gone has to have put back; empty when all is well. */
  leftovers(): string[];
  readonly cursor: { x: number; y: number; hidden: boolean };
  close(): Promise<void>;
}

const open = new Set<Session>();

/** Ends what a failed test left running. */
export async function closeAll(): Promise<void> {
  await Promise.all([...open].map(session => session.close()));
}

/** Starts `program` in a terminal. */
export function spawn(program: string, args: readonly string[], options: TerminalOptions = {}): Session {
  const { cols = 80, rows = 24, cwd = process.cwd(), env = {} } = options;
  const environment: Record<string, string | undefined> = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
    AGENT_POSTURE_OUTSIDE: '',
    ...env,
  };
  const terminal = new xterm.Terminal({ cols, rows, scrollback: 10_000, allowProposedApi: true });
  const child = pty.spawn(program, [...args], {
    name: environment.TERM ?? 'xterm-256color',
    cols,
    rows,
    cwd,
    env: Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined)) as Record<
      string,
      string
    >,
  });
  let raw = '';
  let writes = 0;
  let parsed = Promise.resolve();
  const watchers = new Set<() => void>();
  const changed = (): void => {
    for (const watcher of watchers) watcher();
  };
  child.onData(data => {
    raw += data;
    writes++;
    parsed = parsed.then(() => new Promise<void>(resolve => terminal.write(data, resolve))).then(changed);
  });
  // The terminal answers what programs ask it.
  terminal.onData(data => child.write(data));
  let ended: { code: number; signal: number | undefined } | undefined;
  child.onExit(({ exitCode, signal }) => {
    ended = { code: exitCode, signal: signal || undefined };
    changed();
  });

  const lines = (from: number, to: number): string =>
    Array.from({ length: to - from }, (_, i) => terminal.buffer.active.getLine(from + i)?.translateToString(true) ?? '')
      .join('\n')
      .trimEnd();

  /** Resolves when `test` holds; rejects after `timeout` milliseconds with what was on the screen. */
  function until(test: () => boolean, what: string, timeout: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error?: Error): void => {
        watchers.delete(check);
        clearTimeout(timer);
        if (error) reject(error);
        else resolve();
      };
      const check = (): void => {
        // Between the marks of a synchronized update, what stands there is half of two pictures.
        if (terminal.modes.synchronizedOutputMode && ended === undefined) return;
        if (test()) done();
      };
      const timer = setTimeout(
        () =>
          done(
            new Error(
              `waited ${timeout} ms for ${what}${ended ? ` (it ended with ${ended.code})` : ''}:\n${session.scrollback()}`,
            ),
          ),
        timeout,
      );
      watchers.add(check);
      check();
    });
  }

  /** Nothing was written for `ms`. */
  async function rest(ms: number): Promise<void> {
    for (let seen = -1; seen !== writes; ) {
      seen = writes;
      await new Promise(resolve => setTimeout(resolve, ms));
      await parsed;
    }
  }

  const session: Session = {
    pid: child.pid,
    frame: () => lines(terminal.buffer.active.baseY, terminal.buffer.active.baseY + terminal.rows),
    scrollback: () => lines(0, terminal.buffer.active.baseY + terminal.rows),
    raw: () => raw,
    async waitFor(wanted, timeout = 20_000) {
      const test =
        typeof wanted === 'function'
          ? wanted
          : (frame: string) => (typeof wanted === 'string' ? frame.includes(wanted) : wanted.test(frame));
      await until(() => test(session.frame()), String(wanted), timeout);
      return session.frame();
    },
    async press(...keys) {
      for (const key of keys) {
        const before = writes;
        child.write(typeof key === 'string' ? KEYS[key] : key.text);
        await until(() => writes > before || ended !== undefined, 'an answer', 150).catch(() => {});
        await rest(25);
      }
    },
    send: bytes => child.write(bytes),
    paste: text => child.write(terminal.modes.bracketedPasteMode ? `\u001b[200~${text}\u001b[201~` : text),
    async resize(width, height) {
      // What was written before is drawn before.
      await new Promise(resolve => setTimeout(resolve, 20));
      await parsed;
      terminal.resize(width, height);
      const before = writes;
      child.resize(width, height);
      await until(() => writes > before || ended !== undefined, 'an answer', 500).catch(() => {});
      await parsed;
    },
    kill: signal => process.kill(child.pid, signal),
    async exit(timeout = 20_000) {
      await until(() => ended !== undefined, 'its end', timeout);
      await rest(20);
      open.delete(session);
      return ended as { code: number; signal: number | undefined };
    },
    // Once it has ended, the cursor is the shell's.
    svg: from => toSvg(terminal, { ...session.cursor, hidden: session.cursor.hidden || ended !== undefined }, from),
    screenshot(path, from) {
      mkdirSync(dirname(path), { recursive: true });
      const image = new Resvg(session.svg(from), {
        fitTo: { mode: 'zoom', value: 2 },
        font: { loadSystemFonts: true, defaultFontFamily: 'DejaVu Sans Mono', monospaceFamily: 'DejaVu Sans Mono' },
      });
      writeFileSync(path, image.render().asPng());
    },
    leftovers() {
      const modes: [string, boolean][] = [
        ['the cursor is hidden', session.cursor.hidden],
        ['bracketed paste is on', terminal.modes.bracketedPasteMode],
        ['the alternate screen is on', terminal.buffer.active.type === 'alternate'],
        ['mouse tracking is on', terminal.modes.mouseTrackingMode !== 'none'],
        ['application cursor keys are on', terminal.modes.applicationCursorKeysMode],
        ['focus events are on', terminal.modes.sendFocusMode],
        ['synchronized output is on', terminal.modes.synchronizedOutputMode],
        ['the cursor is not at the start of a line', session.cursor.x !== 0],
        ['a colour is left on', /\u001b\[(?!0|22|39|27|49)[0-9;]+m[^\u001b]*$/.test(raw)],
      ];
      return modes.filter(([, left]) => left).map(([what]) => what);
    },
    get cursor() {
      const hide = raw.lastIndexOf('\u001b[?25l');
      const show = raw.lastIndexOf('\u001b[?25h');
      return { x: terminal.buffer.active.cursorX, y: terminal.buffer.active.cursorY, hidden: hide > show };
    },
    async close() {
      open.delete(session);
      if (ended) return;
      child.kill('SIGKILL');
      await until(() => ended !== undefined, 'its end', 5_000).catch(() => {});
    },
  };
  open.add(session);
  return session;
}
