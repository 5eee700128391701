import { execFileSync, spawn } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { approvalHash, recordApproval } from '../../src/base/approvals.ts';
import { Interrupted, UserError } from '../../src/base/errors.ts';
import { sha256 } from '../../src/base/hash.ts';
import { packageRoot } from '../../src/base/package.ts';
import { stateFolder } from '../../src/base/state.ts';
import { declaredBox } from '../../src/cli/box.ts';
import { textReport } from '../../src/report/text.ts';
import { recover } from '../../src/selftest/leftovers.ts';
import { type ApprovalRequest, REMOVED, type Row, type SelftestEvent } from '../../src/selftest/types.ts';
import { boxCommand, hasBox, type Lab, makeLab, tryLab, verdicts } from '../labs/box.ts';

let lab: Lab;
beforeEach(async () => {
  lab = await makeLab();
});
afterEach(() => lab.close());

const few = { safeguards: ['ISO-1', 'ISO-3'] };

describe('what is judged', () => {
  it.skipIf(!hasBox)('the declared box, the host being control only; --vantage host adds nothing else', async () => {
    lab.posture.isolation = { runtime: 'bubblewrap', files: { write: ['.'], hide: ['~/.aws', '~/.ssh', '.env*'] } };
    const report = await tryLab(lab);
    expect(report.vantages.map(({ id, judged }) => [id, judged])).toEqual([
      ['host', false],
      ['sandbox', true],
    ]);
    const rows = verdicts(report, 'sandbox');
    expect(rows.get('read:~/.aws/credentials')).toBe('blocked');
    expect(rows.get('read:.env.production')).toBe('blocked');
    expect(rows.get('write:.')).toBe('works');
    expect(rows.get('write:.git/hooks')).toBe('blocked');
    expect(rows.get('write:.git/config.worktree')).toBe('blocked');
    expect(rows.get('write:.git/info/attributes')).toBe('blocked');
    expect(report.rows.filter(({ vantage }) => vantage === 'host')).toEqual([]);
    const onHost = await tryLab(lab, { ...few, vantages: ['host'] });
    expect(onHost.vantages.map(({ id, judged }) => [id, judged])).toEqual([['host', true]]);
  });

  it('--vantage via:1 picks the first --via, and the host judged alone is the host', async () => {
    const judged = async (vantages: string[]) =>
      (await tryLab(lab, { ...few, vantages, via: ['env A=1', 'env B=1'] })).vantages
        .filter(vantage => vantage.judged)
        .map(({ id, title }) => `${id} ${title}`);
    expect(await judged(['via:1'])).toEqual(['via:1 env A=…']);
    expect(await judged(['via:2', 'host'])).toEqual(['host your shell, no box', 'via:2 env B=…']);
    expect(await judged(['host'])).toEqual(['host your shell, no box', 'via:1 env A=…', 'via:2 env B=…']);
    await expect(judged(['via:3'])).rejects.toThrow(/there is no vantage "via:3"/);
  });

  it('is told from each vantage as soon as it answers, not when the slowest has', async () => {
    const [told, found] = ['told', 'found'].map(name => join(lab.root, '..', name)) as [string, string];
    await tryLab(lab, {
      ...few,
      vantages: ['host', 'via:1'],
      // Answers once a row of the host stands there, or after five seconds.
      via: [
        `sh -c 'i=0; while [ $i -lt 50 ] && [ ! -e ${told} ]; do sleep 0.1; i=$((i+1)); done; [ ! -e ${told} ] || : >${found}; exec "$@"' sh`,
      ],
      onEvent: event => {
        if (event.type === 'row') writeFileSync(told, '');
      },
    });
    expect(existsSync(found)).toBe(true);
  });

  it('refuses a vantage that is not there, with what there is', async () => {
    await expect(tryLab(lab, { vantages: ['hsot'] })).rejects.toThrow(/did you mean "host"/);
    await expect(tryLab(lab, { vantages: ['sandbox'] })).rejects.toBeInstanceOf(UserError);
  });
});

describe('approval', () => {
  const mark = () => join(lab.root, '..', 'ran');

  it('runs no box command of the posture without it: its column is not proven, exit 3', async () => {
    lab.posture.isolation = { runtime: 'command', command: `sh -c 'touch ${mark()}'` };
    const asked: string[] = [];
    const report = await tryLab(lab, {
      ...few,
      approve: async ({ kind, text }) => {
        asked.push(`${kind} ${text}`);
        return false;
      },
    });
    expect(asked.some(text => text.startsWith('box ') && text.includes(`touch ${mark()}`))).toBe(true);
    expect(existsSync(mark())).toBe(false);
    expect(report.vantages.find(({ id }) => id === 'sandbox')).toMatchObject({ available: false });
    expect(report.rows.every(({ verdict }) => verdict === 'inconclusive' || verdict === 'skipped')).toBe(true);
    expect(report.exitCode).toBe(3);
  });

  it('asks for the text that run asks for, and starts the box with the environment that run starts it with', async () => {
    lab.posture.isolation = { runtime: 'docker', container: 'ap-no-such-container' };
    lab.posture.agents = ['claude-code'];
    vi.stubEnv('ANTHROPIC_API_KEY', 'lab-key');
    vi.stubEnv('PYTHONSTARTUP', '/nowhere');
    try {
      const asked: string[] = [];
      await tryLab(lab, {
        ...few,
        approve: async ({ kind, text }) => {
          if (kind === 'box') asked.push(text);
          return false;
        },
      });
      const declared = await declaredBox(lab.facts, { posture: lab.posture });
      expect(asked).toEqual([declared?.runtime.approval(declared.box)]);
      expect(asked[0]).toContain('-e ANTHROPIC_API_KEY');
      // Started with the same: nothing that run leaves out of the environment.
      const mark = join(lab.root, '..', 'environment');
      lab.posture.isolation = { runtime: 'command', command: `sh -c 'env >${mark}'` };
      await tryLab(lab, few);
      expect(readFileSync(mark, 'utf8')).toContain('ANTHROPIC_API_KEY=');
      expect(readFileSync(mark, 'utf8')).not.toContain('PYTHONSTARTUP');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('runs a command only when approved, and asks no second time for what is remembered', async () => {
    const command = `touch ${mark()}`;
    lab.posture.selftest = { commands: [command] };
    lab.posture.systems = [];
    const refused = await tryLab(lab, { ...few, approve: async () => false });
    expect(existsSync(mark())).toBe(false);
    expect(refused.rows.find(({ target }) => target === command)?.verdict).toBe('skipped');
    // The same words were approved as something else: that is not this.
    await recordApproval(lab.root, { kind: 'contact', text: command });
    await tryLab(lab, { ...few, approve: async () => false });
    expect(existsSync(mark())).toBe(false);
    await recordApproval(lab.root, { kind: 'command', text: command });
    const report = await tryLab(lab, {
      ...few,
      approve: async () => {
        throw new Error('asked again');
      },
    });
    expect(report.rows.find(({ target }) => target === command)?.verdict).toBe('works');
    expect(existsSync(mark())).toBe(true);
  });

  it('contacts no production without it', async () => {
    const report = await tryLab(lab, { ...few, approve: async () => false });
    const row = report.rows.find(({ target }) => target === lab.server);
    expect(row).toMatchObject({ verdict: 'skipped', unapproved: approvalHash({ kind: 'contact', text: lab.server }) });
    expect(report.rows.filter(({ unapproved }) => unapproved !== undefined)).toEqual([row]);
  });

  it('sends nothing to what the posture allows without it; a read-only run asks nobody and goes by what was approved', async () => {
    let contacts = 0;
    const server = createServer(socket => {
      contacts++;
      socket.on('error', () => {});
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok');
    });
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
    try {
      const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      lab.posture.environments = { dev: { agentAccess: 'write' } };
      lab.posture.systems = [{ id: 'api', kind: 'http-api', environment: 'dev', address }];
      lab.posture.selftest = { requests: [{ system: 'api', method: 'GET', path: '/deploy' }] };
      const asked: string[] = [];
      const no = async ({ text }: ApprovalRequest) => {
        asked.push(text);
        return false;
      };
      const all = { ...few, safeguards: [] };
      const refused = await tryLab(lab, { ...all, approve: no });
      expect(contacts).toBe(0);
      expect(asked).toEqual([`${address}\nGET http://${address}/deploy`]);
      expect(refused.rows.find(({ attempt }) => attempt === 'request')?.verdict).toBe('skipped');
      await tryLab(lab, { ...all, readOnly: true, approve: no });
      expect(contacts).toBe(0);
      expect(asked).toHaveLength(1);
      await recordApproval(lab.root, { kind: 'contact', text: asked[0] ?? '' });
      const report = await tryLab(lab, { ...all, readOnly: true, approve: no });
      expect(contacts).toBeGreaterThan(0);
      expect(asked).toHaveLength(1);
      expect(report.rows.find(({ attempt }) => attempt === 'request')?.verdict).toBe('works');
    } finally {
      server.close();
    }
  });

  it('a database file that agents may read works', async () => {
    lab.posture.environments = { dev: { agentAccess: 'write' } };
    lab.posture.systems = [{ id: 'dev', kind: 'sqlite', environment: 'dev', address: 'dev.sqlite' }];
    writeFileSync(join(lab.root, 'dev.sqlite'), 'SQLite format 3');
    const report = await tryLab(lab, few);
    expect(report.rows.find(({ target }) => target === 'dev.sqlite')).toMatchObject({ verdict: 'works' });
  });
});

describe('what is said beside the rows', () => {
  it('that the judge is within reach, and strict makes it count', async () => {
    const report = await tryLab(lab, few);
    expect(report.notes).toContain(
      'judge integrity not established: from your shell, no box, the files of this program and its state folder can be changed',
    );
  });

  it('an agent whose version has published weaknesses', async () => {
    const binary = join(lab.root, '../opencode');
    const fact = { id: 'opencode', title: 'opencode', version: '1.1.9', binary };
    lab.facts.agents = [{ ...fact, settings: [], ownSandbox: undefined, seen: { path: binary } }];
    expect((await tryLab(lab, few)).notes).toContain(
      'opencode 1.1.9 has 1 published weakness (CVE-2026-22813), fixed in 1.1.10: update it',
    );
  });

  it.skipIf(!hasBox)('which half of the judge a box leaves within reach', async () => {
    const box = (...open: string[]) =>
      `bwrap --ro-bind / / --dev /dev ${[lab.root, ...open].map(path => `--bind ${path} ${path}`).join(' ')}`;
    const saidOf = async (command: string) => {
      const { notes } = await tryLab(lab, { vantages: ['host'], via: [command], ...few });
      return notes.filter(note => note.includes(`from ${command}, `)).map(note => note.split(', ').at(-1));
    };
    expect(await saidOf(box())).toEqual([]);
    expect(await saidOf(box(packageRoot))).toEqual(['the files of this program can be changed']);
    expect(await saidOf(box(lab.state))).toEqual(['its state folder can be changed']);
  });

  it.skipIf(!hasBox)(
    'each row once and as the report has it: what is reached at once, what is held after its controls',
    async () => {
      const slow = 'sleep 1';
      lab.posture.isolation = { runtime: 'bubblewrap', files: { write: ['.'], hide: ['~/.aws'] } };
      lab.posture.selftest = { commands: [slow] };
      lab.posture.accepted = [
        { safeguard: 'SEC-1', target: '.env.production', reason: 'lab', owner: 'lab', until: '2999-01-01' },
      ];
      const events: SelftestEvent[] = [];
      const report = await tryLab(lab, { onEvent: event => events.push(event) });
      expect(events[0]).toMatchObject({ type: 'planned', vantages: [{ id: 'sandbox' }] });
      const told = events.flatMap(event => (event.type === 'row' ? [event.row] : []));
      const byId = (rows: readonly Row[]) =>
        rows.map(row => ({ ...row, fix: null })).sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(byId(told)).toEqual(byId(report.rows));
      const order = ['.env.production', '~/.aws/credentials', slow].map(name =>
        told.findIndex(row => row.target === name && row.escape === null),
      );
      expect(told[order[0] ?? -1]?.accepted).toBeDefined();
      expect(order.map(at => told[at]?.verdict)).toEqual(['exposed', 'blocked', 'works']);
      expect(order).toEqual([...order].sort((a, b) => a - b));
    },
  );

  it('a guard that was loosened, beside the try of writing it', async () => {
    mkdirSync(join(lab.root, '.claude'));
    writeFileSync(join(lab.root, '.claude/settings.json'), '{}\n');
    const path = '.claude/settings.json';
    lab.posture.agents = ['claude-code'];
    const report = await tryLab(lab, {
      safeguards: ['GRD-1'],
      loosened: async () => [{ path, reason: 'a rule is gone' }],
    });
    const rows = report.rows.filter(row => row.target === path && row.attempt === 'write');
    expect(rows.map(row => [row.id, row.escape])).toEqual([
      [`host:write:${path}`, null],
      [`host:write:${path}#loosened`, 'loosened'],
    ]);
    expect(rows[1]?.fix?.command).toBe('agent-posture generate --restore');
    expect(report.fixes.find(({ id }) => id === 'restore')?.closes).toEqual([rows[1]?.id]);
    // The reason says it: nobody went round anything.
    const alone = { ...report, rows: rows.slice(1) };
    const text = textReport(alone, { color: false, unicode: false, width: 200, verbose: false });
    expect(text).toContain('loosened by hand: a rule is gone');
    expect(text).not.toContain('way round');
  });

  it('a guard that was removed, which need only be made again', async () => {
    const guards = ['.githooks/pre-push', '.gitignore'].map(path => ({ path, reason: REMOVED }));
    const options = { safeguards: ['GRD-1'], loosened: async () => guards };
    const report = await tryLab(lab, options);
    const rows = report.rows.filter(row => row.escape === 'loosened');
    expect(rows.map(({ verdict, reason, fix }) => [verdict, reason, fix?.command])).toEqual(
      guards.map(() => ['exposed', REMOVED, 'agent-posture generate']),
    );
    expect(report.exitCode).toBe(1);
    const mixed = await tryLab(lab, {
      ...options,
      loosened: async () => [...guards, { path: 'x', reason: 'a rule is gone' }],
    });
    expect(mixed.fixes.find(({ id }) => id === 'restore')).toMatchObject({
      title: 'put 3 guards back that somebody loosened or removed',
      command: 'agent-posture generate --restore',
    });
  });

  it('only the rows that are asked for', async () => {
    const only = new Set(['host:read:~/.aws/credentials']);
    const report = await tryLab(lab, { only });
    expect(report.rows.map(({ id }) => id)).toEqual([...only]);
  });

  it('no secret, whole or in part, anywhere in the report', async () => {
    const text = JSON.stringify(await tryLab(lab));
    expect(text).not.toContain('lab-one');
    expect(text).not.toContain('lab key');
    expect(text).not.toContain('u:p@');
  });

  it('what changed since the verdicts that were kept: those of the first full run, until others are saved', async () => {
    expect((await tryLab(lab)).baseline).toBeNull();
    writeFileSync(join(lab.home, '.netrc'), 'machine example.com login a password b\n');
    const report = await tryLab(lab, { failOn: 'new' });
    expect(report.rows.filter(({ change }) => change?.isNew).map(({ target }) => target)).toEqual(['~/.netrc']);
    expect(report.exitCode).toBe(1);
    await tryLab(lab, { saveBaseline: true });
    const again = await tryLab(lab, { failOn: 'new' });
    expect(again.rows.filter(({ change }) => change?.isNew)).toEqual([]);
    expect(again.exitCode).toBe(0);
  });

  it('with nothing to compare with, --fail-on new counts everything, and says so', async () => {
    const uncompared = /nothing was kept to compare with for your shell, no box \(host\)/;
    const options = { ...few, failOn: 'new' } as const;
    const first = await tryLab(lab, options);
    expect(first.exitCode).toBe(1);
    expect(first.notes.join('\n')).toMatch(uncompared);
    const file = join(lab.state, 'own.json');
    await expect(tryLab(lab, { ...options, baselineFile: file })).rejects.toThrow(/there is no such baseline/);
    // The box alone was kept: what its host shows is not known.
    lab.posture.isolation = { runtime: 'command', command: 'env' };
    await tryLab(lab, { ...options, baselineFile: file, saveBaseline: true });
    const boxed = await tryLab(lab, { ...options, baselineFile: file });
    expect(boxed.exitCode).toBe(0);
    expect(boxed.notes.join('\n')).not.toMatch(/to compare with/);
    expect(boxed.baseline?.unknown).toEqual([]);
    const onHost = await tryLab(lab, { ...options, baselineFile: file, vantages: ['host'] });
    expect(onHost.exitCode).toBe(1);
    expect(onHost.notes.join('\n')).toMatch(uncompared);
    expect(onHost.baseline?.unknown).toEqual(['host']);
  });

  it('without a posture nothing is kept, and the report says so; --save-baseline keeps it', async () => {
    const kept = () => readdirSync(lab.state, { recursive: true }).filter(name => String(name).endsWith('.json'));
    const first = await tryLab(lab, { posture: undefined });
    expect(kept()).toEqual([]);
    expect(first.notes.filter(note => note.startsWith('nothing was kept'))).toHaveLength(1);
    const again = await tryLab(lab, { posture: undefined, readOnly: true });
    expect(again.baseline).toBeNull();
    expect(again.notes).toContain('nothing was written');
    const saved = await tryLab(lab, { posture: undefined, saveBaseline: true });
    expect(kept()).toHaveLength(1);
    expect(saved.notes.join()).toMatch(/baseline saved/);
    expect(saved.notes.join()).not.toMatch(/nothing was/);
  });

  it('what was held before and is not proven now is told once', async () => {
    await tryLab(lab, { saveBaseline: true });
    const file = join(stateFolder(lab.root), 'baseline.json');
    const stored = JSON.parse(readFileSync(file, 'utf8'));
    stored.vantages.host['read:~/.aws/credentials'] = 'blocked';
    // A box that does not start: nothing is proven there.
    stored.vantages.sandbox = stored.vantages.host;
    writeFileSync(file, JSON.stringify(stored));
    lab.posture.isolation = { runtime: 'command', command: 'false' };
    const report = await tryLab(lab);
    const text = textReport(report, { color: false, unicode: false, width: 200, verbose: false });
    expect(text.match(/held before/g)).toHaveLength(1);
    expect(report.rows.find(({ target }) => target === '~/.aws/credentials')?.change).toEqual({
      from: 'blocked',
      isNew: false,
    });
  });

  it('an agent that runs outside the declared box', async () => {
    const bin = join(lab.root, '..', 'claude');
    writeFileSync(bin, '#!/bin/sh\nsleep 60\n', { mode: 0o755 });
    lab.facts.agents = [
      {
        id: 'claude-code',
        title: 'Claude Code',
        version: '1',
        binary: bin,
        settings: [],
        ownSandbox: false,
        seen: { path: bin },
      },
    ];
    lab.posture.isolation = { runtime: 'command', command: 'env' };
    const agent = spawn(bin, { cwd: lab.root, stdio: 'ignore', detached: true });
    try {
      await new Promise(done => setTimeout(done, 200));
      const report = await tryLab(lab, few);
      const row = report.rows.find(({ id }) => id === 'host:process:Claude Code');
      expect(row).toMatchObject({ verdict: 'exposed', group: 'way-out' });
      expect(row?.fix).not.toBeNull();
      expect(textReport(report, { color: false, unicode: false, width: 100, verbose: false })).toMatch(
        /A WAY OUT OF THE BOX\n x Claude Code +runs here outside the declared box/,
      );
    } finally {
      if (agent.pid) process.kill(-agent.pid, 'SIGKILL');
    }
  });
});

describe('sockets', () => {
  it.skipIf(!hasBox)('one that waits to be spoken to is reached; one that is hidden is held', async () => {
    const path = join(lab.home, 'silent.sock');
    const server = createServer(() => {}).listen(path);
    try {
      lab.posture.systems = [{ id: 'silent', kind: 'other', address: `unix:${path}` }];
      const report = await tryLab(lab, { safeguards: ['ISO-3'], via: [boxCommand(lab)] });
      const rows = report.rows.filter(({ target }) => target === path);
      expect(rows.map(({ vantage, verdict }) => [vantage, verdict]).sort()).toEqual([
        ['host', 'exposed'],
        ['via:1', 'blocked'],
        // By its other names: one in another mount would be the same socket.
        ['via:1', 'blocked'],
      ]);
    } finally {
      server.close();
    }
  });
});

describe('programs that hand out credentials', () => {
  it('write no log and look for no update when they are tried, and what they may leave is said', async () => {
    const bin = join(lab.state, 'bin');
    mkdirSync(bin);
    // As the real one does: it logs each call, and looks for updates, unless it is told not to.
    writeFileSync(
      join(bin, 'gcloud'),
      `#!/bin/sh
cd ${lab.home} || exit 1
[ -n "$CLOUDSDK_CORE_DISABLE_FILE_LOGGING" ] || echo called >> gcloud.log
[ -n "$CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK" ] || echo now > .last_update_check.json
echo ya29.lab
`,
      { mode: 0o755 },
    );
    vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
    try {
      mkdirSync(join(lab.home, '.config/gcloud'), { recursive: true });
      const before = readdirSync(lab.home);
      const { rows, notes } = await tryLab(lab, { safeguards: ['SEC-1'], deep: true });
      expect(rows.find(({ target }) => target.startsWith('gcloud '))?.verdict).toBe('exposed');
      expect(readdirSync(lab.home)).toEqual(before);
      expect(notes.filter(note => note.startsWith('Google Cloud CLI was started'))).toHaveLength(1);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('bad days', () => {
  it('a git that is stopped shows nothing of the history: not proven, neither found nor left out', async () => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=lab', '-c', 'user.email=lab@example.com', ...args], { cwd: lab.root });
    writeFileSync(join(lab.root, '.npmrc'), 'fund=false\n');
    git('add', '-f', '.npmrc');
    git('commit', '-qm', 'two');
    git('rm', '-q', '.npmrc');
    git('commit', '-qm', 'three');
    const ofHistory = async () =>
      (await tryLab(lab, { safeguards: ['SEC-1'] })).rows
        .filter(({ target }) => target === '.npmrc')
        .map(row => [row.escape, row.verdict])
        .sort();
    expect(await ofHistory()).toEqual([[null, 'skipped']]);
    const bin = join(lab.state, 'bin');
    mkdirSync(bin);
    const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
    const stopped = '#!/bin/sh\ncase "$*" in *--batch*) kill -9 $$ ;; esac\n';
    writeFileSync(join(bin, 'git'), `${stopped}exec ${real} "$@"\n`, { mode: 0o755 });
    vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
    try {
      expect(await ofHistory()).toEqual(
        [
          [null, 'skipped'],
          ['history', 'inconclusive'],
        ].sort(),
      );
      writeFileSync(join(bin, 'git'), stopped.replace('--batch', ' log '), { mode: 0o755 });
      const { notes } = await tryLab(lab, { safeguards: ['SEC-1'] });
      expect(notes).toContainEqual(expect.stringContaining('the git history could not be read whole'));
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('what fails while something else is under way fails once, and nothing goes on behind it', async () => {
    const unheard: unknown[] = [];
    const hear = (error: unknown) => unheard.push(error);
    process.on('unhandledRejection', hear);
    try {
      // Asked while the plan is still made: the box's start fails before anybody waits for it.
      lab.posture.isolation = { runtime: 'command', command: 'env' };
      let asked = 0;
      const running = tryLab(lab, {
        approve: async () => {
          if (++asked > 1) await new Promise(done => setTimeout(done, 50));
          throw new Error('the question failed');
        },
      });
      await expect(running).rejects.toThrow('the question failed');
      await new Promise(done => setTimeout(done, 100));
      expect(unheard).toEqual([]);
    } finally {
      process.off('unhandledRejection', hear);
    }
  });

  it.each([
    ['planned', 1],
    ['row', 1],
    ['row', 10],
    ['row', 40],
  ] as const)('an interrupt ends it, with nothing left (%s %i)', async (type, many) => {
    // Guards that are missing, so that they are made; one that is there, so that it is written.
    for (const path of ['.git/config.worktree', '.git/commondir']) rmSync(join(lab.root, path));
    lab.posture.agents = ['claude-code'];
    const names = () => readdirSync(lab.root, { recursive: true }).sort();
    const config = () => readFileSync(join(lab.root, '.git/config'), 'utf8');
    const before = [names(), config()];
    const stop = new AbortController();
    let seen = 0;
    const onEvent = (event: SelftestEvent) => {
      if (event.type === type && ++seen === many) stop.abort();
    };
    await expect(tryLab(lab, { signal: stop.signal, onEvent })).rejects.toBeInstanceOf(Interrupted);
    expect([names(), config()]).toEqual(before);
    expect(readdirSync(join(stateFolder(lab.root), 'tries'))).toEqual([]);
  });

  it('an interrupt while a guard stands there takes it away, and its half as well', async () => {
    const path = join(lab.root, '.git/config.worktree');
    rmSync(path);
    const stop = new AbortController();
    const running = tryLab(lab, { signal: stop.signal, safeguards: ['GRD-1'] });
    running.catch(() => {});
    const laid = () => {
      const records = join(stateFolder(lab.root), 'tries');
      const names = existsSync(records) ? readdirSync(records) : [];
      return names.some(name => readFileSync(join(records, name), 'utf8').includes(`"create":"${path}"`));
    };
    while (!laid()) await new Promise(done => setTimeout(done, 1));
    // As the vantage leaves it when it is killed within the write: nothing of it is there yet.
    stop.abort();
    writeFileSync(path, '');
    await expect(running).rejects.toBeInstanceOf(Interrupted);
    expect(existsSync(path)).toBe(false);
  });

  describe('leftovers of a killed run', () => {
    const dead = () => execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }).trim();
    const folders = () => [lab.root, join(lab.root, '.git'), join(lab.root, '.git/hooks')];
    const left = () =>
      folders().flatMap(folder => readdirSync(folder).filter(name => name.includes('agent-posture-try')));
    /** What the run wrote down before it moved something. */
    const record = (pid: string, original: string, aside: string, content: string) => {
      mkdirSync(join(lab.state, 'tries'), { recursive: true });
      const entry = { original, aside, sha256: sha256(content) };
      writeFileSync(join(lab.state, 'tries', pid), `${JSON.stringify(entry)}\n`, { flag: 'a' });
    };

    it('are taken back', async () => {
      const pid = dead();
      const mark = `agent-posture-try-${pid}-0a0b0c`;
      const guard = join(lab.root, '.git/config');
      const gone = join(lab.root, 'gone.yml');
      const text = readFileSync(guard, 'utf8');
      mkdirSync(join(lab.root, `.${mark}`));
      writeFileSync(join(lab.root, '.git/hooks', mark), 'x');
      linkSync(guard, `${guard}.${mark}`);
      writeFileSync(`${gone}.${mark}`, 'original');
      record(pid, guard, `${guard}.${mark}`, text);
      record(pid, gone, `${gone}.${mark}`, 'original');
      expect(await recover(folders(), lab.state)).toHaveLength(2);
      expect(readFileSync(guard, 'utf8')).toBe(text);
      expect(readFileSync(gone, 'utf8')).toBe('original');
      expect(left()).toEqual([]);
      expect(await recover(folders(), lab.state)).toEqual([]);
    });

    it('a new file goes where it holds what we wrote of it, nothing at first; never what somebody else wrote', async () => {
      const pid = dead();
      const content = '# agent-posture 0123\n';
      const paths = ['empty', 'half', 'whole', 'longer', 'other'].map(name => join(lab.root, name));
      for (const [at, text] of ['', content.slice(0, 7), content, `${content}x`, 'mine'].entries())
        writeFileSync(paths[at] as string, text);
      mkdirSync(join(lab.state, 'tries'), { recursive: true });
      const beside = join(lab.root, `half.agent-posture-try-${pid}-0a0b0c.new`);
      writeFileSync(beside, 'half of it');
      const entries = paths.map(create => JSON.stringify({ create, content, beside }));
      // Killed while it wrote the record: the last line says nothing yet.
      writeFileSync(join(lab.state, 'tries', pid), `${entries.join('\n')}\n{"create":"/et`);
      expect(await recover([], lab.state)).toHaveLength(3);
      expect(paths.map(path => existsSync(path))).toEqual([false, false, false, true, true]);
      expect(existsSync(beside)).toBe(false);
      expect(existsSync(join(lab.state, 'tries', pid))).toBe(false);
    });

    it('what cannot be put back keeps the record', async () => {
      const pid = dead();
      mkdirSync(join(lab.state, 'tries'), { recursive: true });
      const record = join(lab.state, 'tries', pid);
      // The place has become a folder that is not empty: nothing can be renamed over it.
      const aside = join(lab.root, 'gone.aside');
      const below = join(lab.root, 'README.md', 'gone');
      writeFileSync(aside, 'x');
      writeFileSync(record, `${JSON.stringify({ aside, original: below, sha256: sha256('x') })}\n`);
      expect(await recover([], lab.state)).toEqual([expect.stringContaining('could not be put back')]);
      expect(existsSync(record)).toBe(true);
    });

    it('are never believed by their name: an agent could have laid them', async () => {
      const pid = dead();
      const forged = join(lab.root, `.mcp.json.agent-posture-try-${pid}-0a0b0c`);
      writeFileSync(forged, 'planted');
      await recover(folders(), lab.state);
      expect(existsSync(join(lab.root, '.mcp.json'))).toBe(false);
      record(pid, join(lab.root, '.mcp.json'), forged, 'what it was');
      expect(await recover(folders(), lab.state)).toEqual([expect.stringContaining('left where it is')]);
      expect(existsSync(join(lab.root, '.mcp.json'))).toBe(false);
    });
  });

  it('leaves alone what a run that is alive has laid', async () => {
    const name = `.agent-posture-try-${process.ppid}-0a0b0c`;
    mkdirSync(join(lab.root, name));
    await recover([lab.root], lab.state);
    expect(existsSync(join(lab.root, name))).toBe(true);
  });
});
