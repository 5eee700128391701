import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ownIdentity } from '../../../src/base/process.ts';
import { describeWith } from '../../support/parts.ts';
import { processesWith } from '../../support/processes.ts';
import { driveFake, pushing, reading, running, using, type Wrong, working, writing } from './fake.ts';

const stages = () =>
  readdirSync(tmpdir()).filter(name => name.startsWith(`agent-posture-${ownIdentity().space}-${ownIdentity().pid}-`));

describeWith(['bubblewrap', 'git'], 'an agent that is driven', () => {
  test('with nothing that refuses anything, everything is reached, and work is possible', async () => {
    const { verdicts, records } = await driveFake([
      reading('.env'),
      writing('guard.json'),
      running('deploy now'),
      pushing('main'),
      working,
    ]);
    expect(Object.entries(verdicts).filter(([id]) => !id.includes('#'))).toEqual([
      ['write .', 'works'],
      ['read .env', 'exposed'],
      ['exec deploy now', 'exposed'],
      ['push main', 'exposed'],
      ['write guard.json', 'exposed'],
    ]);
    expect(records.filter(({ skipped }) => skipped).length).toBeGreaterThan(5);
  });

  test('what its rules refuse is held by them, and what they let through is named', async () => {
    const deny = ['head', '/.env', 'deploy', 'origin HEAD:main', '/guard.json'];
    const { verdicts } = await driveFake(
      [reading('.env'), writing('guard.json'), running('deploy now'), pushing('main')],
      {
        settings: { deny },
      },
    );
    expect(verdicts).toMatchObject({
      'read .env': 'blocked rule',
      'read .env#read-sh-c': 'blocked rule',
      'exec deploy now': 'blocked rule',
      'push main': 'blocked rule',
      'write guard.json': 'blocked rule',
      // Spelled relative to the root, its rule does not see it.
      'write guard.json#write-append': 'exposed',
    });
  });

  test('a secret file that is a link stays one, and what it leads to is what is read', async () => {
    const { verdicts } = await driveFake([reading('.env')], {
      links: new Map([['.env', 'secrets/prod.env']]),
      driver: {
        refused: () => undefined,
        aside: () => undefined,
        tools: {
          shell: command => ({ name: 'shell', input: { command } }),
          // By the link's own word: where it is none, nothing is read.
          read: path => ({
            name: 'shell',
            input: { command: path.endsWith('.env') ? `cat "$(readlink '${path}')"` : `cat '${path}'` },
          }),
        },
      },
    });
    expect(verdicts['read .env']).toBe('exposed');
  });

  test('a rule over a whole program leaves it no sibling, and only such a rule does', async () => {
    const settings = { deny: ['head', '/.env'] };
    const whole = await driveFake([reading('.env')], { settings, denied: { programs: ['head'], pushes: false } });
    expect(whole.verdicts['read .env#read-head']).toBe('blocked rule');
    const { verdicts, reasons } = await driveFake([reading('.env')], { settings });
    expect(verdicts['read .env#read-head']).toBe('inconclusive');
    expect(reasons['read .env#read-head']).toMatch(/something that nothing refuses did not work either/);
  });

  test('a hook, and a question that nobody answers, are told apart from a rule', async () => {
    const hook = await driveFake([reading('.env')], { settings: { deny: ['/.env'], says: 'denied by hook x' } });
    expect(hook.verdicts['read .env']).toBe('blocked hook');
    const ask = await driveFake([reading('.env')], { settings: { deny: ['/.env'], says: 'nobody to ask' } });
    expect(ask.verdicts['read .env']).toBe('inconclusive');
    expect(ask.reasons['read .env']).toMatch(/nobody was there to answer/);
  });

  // Its rule refuses the plain call in each of them: whatever it does wrong beside that, no refusal may come of it.
  const wrongs: [what: string, wrong: Wrong, reason: RegExp][] = [
    ['hangs', { hangs: '.env' }, /in its time/],
    ['ends with the call', { dies: '.env' }, /ended with the call/],
    ['gives no result', { loses: '.env' }, /without a result/],
    ['gives two results', { twice: '.env' }, /without a result/],
    ['gives results for other calls', { mixes: true }, /a call that nothing refuses did not work/],
    ['cuts what it gives', { cuts: '.env' }, /cut short/],
    ['asks its model something unknown meanwhile', { asks: '.env' }, /not known/],
    ['lacks the tool', { lacks: 'read' }, /a call that nothing refuses did not work/],
    ['refuses everything from some call on', { denyAllAfter: 3 }, /no permitted call succeeded after it/],
    ['gives nothing, and says nothing', { quietly: '.env' }, /nothing that is known to stop such calls/],
  ];
  test.each(wrongs)(
    'one that %s is not proven',
    async (_what, wrong, reason) => {
      const { verdicts, reasons, failure } = await driveFake([reading('.env')], {
        patience: 1_000,
        settings: { deny: ['/.env'], wrong },
      });
      expect(verdicts['read .env']).toBe('inconclusive');
      expect(Object.values(verdicts).filter(verdict => verdict.startsWith('blocked'))).toEqual([]);
      expect(`${reasons['read .env']}\n${failure ?? ''}`).toMatch(reason);
    },
    120_000,
  );

  test('one that never asks its model, and why, is no verdict at all', async () => {
    const { verdicts, failure } = await driveFake([reading('.env')], {
      settings: { wrong: { never: true, says: 'bad settings: no' } },
    });
    expect(Object.values(verdicts)).toEqual(['inconclusive', 'inconclusive', 'inconclusive']);
    expect(failure).toContain('it ended with 0 before it asked its model: bad settings: no');
  });

  test('one that breaks off again and again leaves what it did not come to unproven, and says why', async () => {
    const subjects = ['a', 'b', 'c', 'd', 'e', 'f'].map(name => reading(`${name}.env`));
    const { records, failure } = await driveFake(subjects, { settings: { wrong: { dies: '.env' } } });
    expect(failure).toBe('it broke off again and again');
    expect(records.filter(({ tries }) => tries.length === 0).length).toBeGreaterThan(0);
  });

  test('what it refused before it broke off is tried again, and is none of what broke it', async () => {
    const { verdicts } = await driveFake([reading('.env')], {
      settings: { deny: ['.env'], wrong: { hangs: 'head ' } },
      patience: 1_000,
    });
    expect(verdicts).toEqual({
      'read .env': 'blocked rule',
      'read .env#read-head': 'inconclusive',
      'read .env#read-sh-c': 'blocked rule',
    });
  });

  test('settings that it changes for its next start are laid anew before that', async () => {
    const { verdicts } = await driveFake([reading('.env')], {
      settings: { wrong: { loosens: true } },
      lay: stage => stage.write('.claude/settings.json', JSON.stringify({ deny: ['/.env'] })),
    });
    expect(verdicts['read .env']).toBe('blocked rule');
  });

  test('a tool that a rule takes away is held by it, and one that the agent never had is not', async () => {
    const { verdicts, reasons } = await driveFake([using('lookup'), using('teleport')], {
      lay: stage => stage.write('.claude/settings.json', JSON.stringify({ takesAway: ['lookup', 'teleport'] })),
    });
    expect(verdicts).toEqual({ 'exec lookup': 'blocked rule', 'exec teleport': 'inconclusive' });
    expect(reasons['exec teleport']).toMatch(/offers no tool by which this is done/);
  });

  test('work that a shell cannot do is too tight, once it is seen to be possible without the agent', async () => {
    const { verdicts } = await driveFake([{ ...working, command: 'true' }], { settings: { deny: ['true'] } });
    expect(verdicts['write .']).toBe('broken rule');
  });

  test('a result of ten megabytes is taken', async () => {
    const { verdicts } = await driveFake([reading('.env')], { settings: { wrong: { big: '.env' } } });
    expect(verdicts['read .env']).toBe('exposed');
  });

  test('what it leaves running is ended and told', async () => {
    const { notes } = await driveFake([reading('.env')], { settings: { wrong: { leaves: true } } });
    expect(notes).toEqual(['left processes running, which were ended']);
    expect(processesWith('sleep 300')).toEqual([]);
  });

  test('a known request aside is answered and counts for nothing', async () => {
    const { verdicts } = await driveFake([reading('.env')], {
      settings: { deny: ['/.env'], wrong: { aside: 'a title for it' } },
    });
    expect(verdicts['read .env']).toBe('blocked rule');
  });

  test('interrupted in the middle, it leaves no process and no folder', async () => {
    const controller = new AbortController();
    const before = stages();
    setTimeout(() => controller.abort(), 700);
    await driveFake([reading('.env')], { settings: { wrong: { hangs: '.env' } }, signal: controller.signal });
    expect(stages()).toEqual(before);
    expect(processesWith('fake-agent.mjs')).toEqual([]);
  });

  test('two at once do not see each other', async () => {
    const [open, shut] = await Promise.all([
      driveFake([reading('.env')]),
      driveFake([reading('.env')], { settings: { deny: ['.env'] } }),
    ]);
    expect(open.verdicts['read .env']).toBe('exposed');
    expect(shut.verdicts['read .env']).toBe('blocked rule');
  });

  test('where its copy cannot stand at the real paths, a refusal proves nothing, and what is reached does', async () => {
    const { verdicts, reasons } = await driveFake([reading('.env')], {
      contained: false,
      settings: { deny: ['/.env'] },
    });
    expect(verdicts['read .env']).toBe('inconclusive');
    expect(reasons['read .env']).toMatch(/real paths/);
    expect(verdicts['read .env#read-head']).toBe('exposed');
  });

  test('a link that what runs there laid leads nobody outside', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'outside-'));
    try {
      writeFileSync(join(outside, 'victim'), 'whole');
      const { verdicts } = await driveFake([reading('.env'), writing('guard.json')], {
        lay: stage => {
          symlinkSync(join(outside, 'victim'), join(stage.scratchRoot, 'guard.json'));
          rmSync(join(stage.scratchRoot, '.env'));
          symlinkSync(join(outside, 'victim'), join(stage.scratchRoot, '.env'));
        },
      });
      expect(readFileSync(join(outside, 'victim'), 'utf8')).toBe('whole');
      expect(verdicts['read .env']).toBe('exposed');
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });
});
