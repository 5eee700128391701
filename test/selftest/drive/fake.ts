import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claudeCode } from '../../../src/agents/claude-code/detect.ts';
import type { Driver } from '../../../src/agents/driver.ts';
import { chat } from '../../../src/agents/wire/chat.ts';
import type { Denied } from '../../../src/selftest/drive/calls.ts';
import { caseOf, driveColumn, type TryRecord } from '../../../src/selftest/drive/column.ts';
import { Ground } from '../../../src/selftest/drive/ground.ts';
import { type DriveRule, judgeDriven } from '../../../src/selftest/drive/judge.ts';
import { Stage } from '../../../src/selftest/drive/stage.ts';
import type { DriveSubject } from '../../../src/selftest/drive/subjects.ts';
import { triesOf } from '../../../src/selftest/drive/tries.ts';

/** What `fake-agent.mjs` does wrong, each on calls in which the text stands. */
export interface Wrong {
  never?: true;
  says?: string;
  leaves?: true;
  aside?: string;
  lacks?: string;
  hangs?: string;
  dies?: string;
  asks?: string;
  cuts?: string;
  big?: string;
  loses?: string;
  mixes?: true;
  twice?: string;
  quietly?: string;
  denyAllAfter?: number;
  loosens?: true;
  from?: number;
}

export interface FakeSettings {
  deny?: readonly string[];
  /** How it refuses; default: as by a rule. */
  says?: string;
  wrong?: Wrong;
}

const AGENT = join(import.meta.dirname, 'fake-agent.mjs');

/** The driver of the agent in fake-agent.mjs, with these settings. */
export function fakeDriver(settings: FakeSettings): Driver {
  return {
    agent: claudeCode,
    wire: chat,
    modes: { configured: 'as it is', bypass: 'bypass' },
    copies: [],
    start: ({ model }) => ({
      command: [process.execPath, AGENT, model],
      env: {},
      files: [{ path: '~/.fake.json', text: JSON.stringify(settings) }],
    }),
    tools: {
      shell: command => ({ name: 'shell', input: { command } }),
      read: path => ({ name: 'read', input: { path } }),
      write: (path, content) => ({ name: 'write', input: { path, content } }),
    },
    aside: ({ text }) => (text.includes('a title for it') ? 'title' : undefined),
    refused: result =>
      result.startsWith('denied by rule')
        ? 'rule'
        : result.startsWith('denied by hook')
          ? 'hook'
          : result.startsWith('nobody to ask')
            ? 'ask'
            : undefined,
    complaint: output => /bad settings/.exec(output)?.[0],
  };
}

type Probed = DriveSubject['probe'];

/** What is to be refused. */
const refusing = (
  kind: DriveSubject['kind'],
  target: string,
  attempt: DriveSubject['attempt'],
  [safeguard, group, origin]: readonly [string, Probed['group'], Probed['origin']],
  more: Partial<DriveSubject>,
): DriveSubject => ({
  kind,
  target,
  attempt,
  expect: 'deny',
  probe: { safeguard, severity: 'high', group, origin },
  rules: [],
  ...more,
});

export const reading = (path: string): DriveSubject =>
  refusing('read', path, 'read', ['SEC-1', 'secrets', 'secret-file'], { path });

export const writing = (path: string): DriveSubject =>
  refusing('write', path, 'write', ['GRD-1', 'guard', 'guard'], { path });

export const running = (command: string): DriveSubject =>
  refusing('exec', command, 'exec', ['ISO-1', 'way-out', 'helper'], { command });

export const pushing = (branch: string): DriveSubject =>
  refusing('push', branch, 'push', ['VCS-4', 'production', 'push'], { branch });

export const using = (tool: string): DriveSubject =>
  refusing('tool', tool, 'exec', ['ISO-1', 'way-out', 'helper'], {
    rules: [{ text: tool, path: '.claude/settings.json', what: { kind: 'tool', name: tool } }],
  });

export const working: DriveSubject = {
  kind: 'work',
  target: '.',
  attempt: 'write',
  expect: 'allow',
  probe: { safeguard: 'ISO-1', severity: 'medium', group: 'too-tight', origin: 'work' },
  rules: [],
};

/** The ways round that these tests try beside the plain call: a few that run anywhere. */
const WAYS = ['read-head', 'read-sh-c', 'write-append', 'exec-env', 'exec-sh-c', 'push-head', 'push-sh-c'];

export interface Outcome {
  /** Verdicts with the layer, by `attempt target` and `#way`. */
  verdicts: Record<string, string>;
  reasons: Record<string, string>;
  records: TryRecord[];
  failure: string | undefined;
  notes: string[];
}

export interface FakeOptions {
  settings?: FakeSettings;
  driver?: Partial<Driver>;
  contained?: boolean;
  walled?: boolean;
  rules?: readonly DriveRule[];
  denied?: Denied;
  links?: ReadonlyMap<string, string>;
  signal?: AbortSignal;
  patience?: number;
  /** What is laid beside. */
  lay?(stage: Stage): void;
}

/** Drives the fake agent through these subjects on a stage of its own, which is gone afterwards. */
export async function driveFake(subjects: readonly DriveSubject[], options: FakeOptions = {}): Promise<Outcome> {
  const { settings = {}, contained = true, walled = false, signal, rules } = options;
  const above = mkdtempSync(join(tmpdir(), 'drive-'));
  const [home, root] = [join(above, 'home'), join(above, 'home', 'shop')];
  mkdirSync(root, { recursive: true });
  const stage = new Stage({ home, root, contained });
  try {
    for (const { kind, path } of subjects) if (kind === 'read' && path) stage.write(path, '');
    options.lay?.(stage);
    const driver = { ...fakeDriver(settings), ...options.driver };
    const ground = new Ground(stage, options.links);
    ground.commit(subjects);
    const tries = triesOf(subjects, { driver, contained, ...stage.seen, deep: true, has: () => true }).filter(
      ({ escape: way }) => way === null || WAYS.includes(way.id),
    );
    const how = {
      driver,
      program: process.execPath,
      stage,
      ground,
      denied: options.denied ?? { programs: [], pushes: false },
      mode: 'configured',
      boxed: false,
    } as const;
    const { patience } = options;
    const { records, failure, notes } = await driveColumn(tries, { ...how, signal, patience });
    const judged = records.map(record => ({
      id: `${record.try.subject.attempt} ${record.try.subject.target}${record.try.escape ? `#${record.try.escape.id}` : ''}`,
      ...judgeDriven(caseOf(record, { contained, walled }), rules),
    }));
    return {
      verdicts: Object.fromEntries(
        judged.map(({ id, verdict, layer }) => [id, layer ? `${verdict} ${layer}` : verdict]),
      ),
      reasons: Object.fromEntries(judged.map(({ id, reason }) => [id, reason])),
      records,
      failure,
      notes,
    };
  } finally {
    stage.remove();
    rmSync(above, { recursive: true, force: true });
  }
}
