import { afterEach, describe, expect, it, vi } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import type { Row, SelftestEvent } from '../../src/selftest/types.ts';
import { cells } from '../../src/ui/lines.ts';
import { DiffScreen } from '../../src/ui/screens/diff.tsx';
import { FindingScreen, findingRecord } from '../../src/ui/screens/finding.tsx';
import { LiveTest } from '../../src/ui/screens/live.tsx';
import { PlanScreen } from '../../src/ui/screens/plan.tsx';
import { Question } from '../../src/ui/screens/question.tsx';
import { ReportScreen } from '../../src/ui/screens/report.tsx';
import { WizardStart } from '../../src/ui/screens/start.tsx';
import { Wizard, type WizardRecord } from '../../src/ui/screens/wizard.tsx';
import { createTheme } from '../../src/ui/theme.ts';
import type { Path, Step } from '../../src/wizard/types.ts';
import { afterReport, beforeReport, demoEngine, FACTS, PLAN, reportOf, STEPS } from '../support/demo-engine.ts';
import { type Shown, show } from '../support/screen.tsx';

let shown: Shown | undefined;
afterEach(() => shown?.unmount());

const context = { facts: FACTS, posture: { version: 1 as const, project: 'shop-api' } };
const step = (id: string): Step => STEPS.find(one => one.id === id) as Step;

describe('the first screen', () => {
  const screen = (report = beforeReport(), extra = {}) => (
    <FindingScreen
      report={report}
      context={{ facts: FACTS, posture: { version: 1, project: 'shop-api' } }}
      questions={{ quick: 4, whole: 19 }}
      recorded={false}
      resumable={undefined}
      onChoose={chosen}
      {...extra}
    />
  );
  const chosen = vi.fn();
  afterEach(() => chosen.mockReset());

  it('says what would be reached, from where it was tried, and what the agent says of its own box', async () => {
    shown = await show(screen());
    expect(shown.frame()).toContain('it would reach 11 things:');
    expect(shown.frame()).toContain('Tried from your shell, no box: 21 places, 1.1 s. No value shown or sent.');
    expect(shown.frame()).toContain('Claude Code 2.1.330: its own sandbox is off   (.claude/settings.json)');
    expect(shown.frame()).toContain('and 1 more');
  });

  it('says for which agent files are made where none was seen', async () => {
    const unseen = { ...context, facts: { ...FACTS, agents: [] } };
    shown = await show(screen(beforeReport(), { context: unseen }));
    expect(shown.frame()).toContain('Files are made for Claude Code, a guess: no agent was seen here');
    const stays = (path: Path): string =>
      findingRecord(
        beforeReport(),
        unseen,
        100,
        createTheme({ color: false, unicode: true, screenReader: false }),
        path,
      )
        .map(parts => parts.map(({ text }) => text).join(''))
        .join('\n');
    expect(stays('quick')).toContain('a guess');
    // They are asked for in the next line.
    expect(stays('whole')).not.toContain('a guess');
  });

  it('says which box the posture declares, where there is one', async () => {
    const declares = (runtime: 'bubblewrap' | 'none', existing = true) =>
      show(
        screen(beforeReport(), {
          existing,
          context: { ...context, existing, posture: { ...context.posture, isolation: { runtime } } },
        }),
        { rows: 40 },
      );
    shown = await declares('bubblewrap');
    expect(shown.frame()).toContain(' The posture declares a bubblewrap box   (agent-posture.yaml)\n Claude Code');
    shown.unmount();
    shown = await declares('none');
    expect(shown.frame()).toContain('The posture declares no box');
    shown.unmount();
    shown = await declares('bubblewrap', false);
    expect(shown.frame()).not.toContain('declares');
  });

  it('never calls anything safe: nothing reached is a count of tries', async () => {
    const report = afterReport();
    shown = await show(screen(reportOf(report.rows.filter(row => row.verdict !== 'exposed'))));
    expect(shown.frame()).toMatch(/Nothing was reached in \d+ tries\. 0 not proven\./);
    expect(shown.frame()).toContain('Keep it so');
  });

  it('promises to close something only where answers cannot loosen a posture that is here', async () => {
    shown = await show(screen());
    expect(shown.frame()).toContain('Close this');
    shown.unmount();
    shown = await show(screen(beforeReport(), { existing: true }));
    expect(shown.frame()).not.toContain('Close this');
    expect(shown.frame()).toContain('Answer again');
  });

  it('takes Enter as the first choice and q as quit, and does not quit by Esc', async () => {
    shown = await show(screen());
    await shown.press('enter', 'escape');
    expect(chosen.mock.calls).toEqual([['close']]);
    await shown.press({ text: 'q' });
    expect(chosen).toHaveBeenLastCalledWith('quit');
  });

  it('lets nothing that a repository wrote act on the terminal', async () => {
    const report = beforeReport();
    const [first] = report.rows;
    if (first) first.target = '.env\u001b[2J\u001b]0;owned\u0007\u202egpj';
    shown = await show(screen(report));
    expect(shown.frame()).toContain('.envgpj');
    expect(shown.frame()).not.toMatch(/[\u001b\u0007\u202e]/);
  });
});

describe('a question', () => {
  const ask = (id: string, extra = {}) => (
    <Question
      step={step(id)}
      number={1}
      of={4}
      context={context}
      answers={{}}
      done={[]}
      onAnswer={answered}
      onDraft={() => {}}
      onBack={back}
      onOutline={outline}
      onQuit={quit}
      {...extra}
    />
  );
  const answered = vi.fn();
  const back = vi.fn();
  const outline = vi.fn();
  const quit = vi.fn();
  afterEach(() => {
    for (const spy of [answered, back, outline, quit]) spy.mockReset();
  });

  it('has the default under the pointer, and what stands already instead of it', async () => {
    shown = await show(ask('box'));
    expect(shown.frame()).toMatch(/❯ Bubblewrap/);
    shown.unmount();
    shown = await show(ask('box', { answers: { box: 'none' } }));
    expect(shown.frame()).toMatch(/❯ Not now/);
  });

  it('goes to both ends of a choice by home and end, and takes what is there', async () => {
    shown = await show(ask('box'));
    await shown.press('end');
    expect(shown.frame()).toMatch(/❯ Not now/);
    await shown.press('enter');
    expect(answered).toHaveBeenLastCalledWith('none');
    await shown.press('home', 'down', 'enter');
    expect(answered).toHaveBeenLastCalledWith('docker');
  });

  it('marks where a text that is longer than its line is cut', async () => {
    shown = await show(ask('protected', { answers: { protected: `main, ${'release/1, '.repeat(9)}last` } }), {
      cols: 40,
    });
    expect(shown.frame()).toMatch(/❯….*last\|?$/m);
    await shown.press('home');
    expect(shown.frame()).toMatch(/❯ \|?main, .*…$/m);
    await shown.press('right', 'right', 'end', ...Array.from({ length: 50 }, () => 'left' as const));
    expect(shown.frame()).toMatch(/❯….*…$/m);
    for (const row of shown.frame().split('\n')) expect(cells(row)).toBeLessThan(40);
  });

  it('has in the reason what a low window cuts of what is said of an answer', async () => {
    const choices = () => [
      { value: 'a', label: 'One', hint: Array.from({ length: 60 }, (_, at) => `hint${at}`).join(' ') },
      { value: 'b', label: 'Two' },
    ];
    shown = await show(ask('box', { step: { ...step('box'), choices, fallback: () => 'a' } as Step }), {
      cols: 40,
      rows: 14,
    });
    expect(shown.frame()).not.toContain('hint59');
    await shown.press({ text: '?' });
    for (let at = 0; at < 20 && !shown.frame().includes('hint59'); at++) await shown.press('down');
    expect(shown.frame()).toContain('hint59');
  });

  it('marks by space, all by a, and gives what is marked', async () => {
    shown = await show(ask('systems'));
    await shown.press('down', { text: ' ' }, 'up', { text: ' ' }, 'enter');
    expect(answered).toHaveBeenLastCalledWith(['cache']);
    await shown.press({ text: 'a' }, 'enter');
    expect(answered).toHaveBeenLastCalledWith(['orders-db', 'cache']);
  });

  it.each([
    [40, 24],
    [40, 16],
    [60, 20],
    [80, 24],
  ])('every word of why it is asked can be read in a window of %i by %i', async (cols, rows) => {
    shown = await show(
      ask('box', { step: { ...step('box'), why: Array.from({ length: 90 }, (_, at) => `word${at}.`).join(' ') } }),
      { cols, rows },
    );
    await shown.press({ text: '?' });
    let seen = shown.frame();
    for (let at = 0; at < 60 && !seen.includes('word89.'); at++) {
      await shown.press('down');
      seen += shown.frame();
    }
    for (let at = 0; at < 90; at++) expect(seen).toContain(`word${at}.`);
    await shown.press({ text: '?' });
    expect(shown.frame()).not.toContain('word0.');
  });

  it("quotes the article's words with the reason, where there are some", async () => {
    shown = await show(ask('box', { step: { ...step('box'), quote: 'Run it in a box.' } }));
    expect(shown.frame()).not.toContain('Run it');
    await shown.press({ text: '?' });
    expect(shown.frame()).toContain('The article: "Run it in a box."');
    shown.unmount();
    shown = await show(ask('box', { step: { ...step('box'), why: 'Because.' } }));
    await shown.press({ text: '?' });
    expect(shown.frame()).toContain('Because.');
    expect(shown.frame()).not.toContain('The article:');
  });

  it('says under the question what has to be known first, where the window has room for it', async () => {
    const extra = { step: { ...step('box'), remark: () => 'It has no effect yet.' } };
    shown = await show(ask('box', extra), { rows: 24 });
    expect(shown.frame()).toMatch(/1 of 4\n It has no effect yet\./);
    shown.unmount();
    shown = await show(ask('box', extra), { rows: 12 });
    expect(shown.frame()).toContain('no effect');
    shown.unmount();
    shown = await show(ask('box', extra), { rows: 3 });
    expect(shown.frame()).not.toContain('no effect');
    expect(shown.frame()).toContain('❯');
  });

  it('shows why an answer will not do', async () => {
    answered.mockReturnValue('Mark at least one.');
    shown = await show(ask('systems'));
    await shown.press('enter');
    await shown.waitFor('! Mark at least one.');
  });

  it('goes back by left, and by up where text is typed', async () => {
    shown = await show(ask('box'));
    await shown.press('left');
    expect(back).toHaveBeenCalledTimes(1);
    shown.unmount();
    shown = await show(ask('protected'));
    await shown.press('left');
    expect(back).toHaveBeenCalledTimes(1);
    await shown.press('up');
    expect(back).toHaveBeenCalledTimes(2);
    await shown.press('escape');
    expect(back).toHaveBeenCalledTimes(3);
  });

  it('takes letters as text where text is typed, and keeps it over a look at the reason', async () => {
    shown = await show(ask('protected'), { rows: 12 });
    await shown.press('ctrl-u', { text: 'q?' }, 'tab');
    await shown.waitFor('Use branch protection rules');
    await shown.press('escape');
    await shown.waitFor('q?');
    expect(quit).not.toHaveBeenCalled();
    await shown.press('enter');
    expect(answered).toHaveBeenLastCalledWith('q?');
  });
});

describe('the plan', () => {
  it('asks before it writes, with apply under the pointer and a way back', async () => {
    const choose = vi.fn();
    shown = await show(<PlanScreen title="The plan" plan={PLAN} answered={[]} applyLabel="Apply" onChoose={choose} />);
    expect(shown.frame()).toContain('nothing is written yet');
    expect(shown.frame()).toMatch(/❯ Apply +9 files/);
    await shown.press('left', 'escape');
    expect(choose.mock.calls).toEqual([['back'], ['back']]);
    await shown.press({ text: 'q' });
    expect(choose).toHaveBeenLastCalledWith('quit');
    await shown.press('enter');
    expect(choose).toHaveBeenLastCalledWith('apply');
  });

  it('says what the plan has to say beside its files', async () => {
    const plan = { ...PLAN, notes: ['a run that was cut off at 09:12 was put back first'] };
    shown = await show(
      <PlanScreen title="The plan" plan={plan} answered={[]} applyLabel="Apply" onChoose={() => {}} />,
    );
    expect(shown.frame()).toContain('a run that was cut off at 09:12 was put back first');
  });

  it('says so when there is nothing to write', async () => {
    const changes = PLAN.changes.map(change => ({ ...change, state: 'unchanged' as const }));
    const screen = (after: Buffer | null) => (
      <PlanScreen
        title="The plan"
        plan={{ ...PLAN, changes, manifest: { before: null, after } }}
        answered={[]}
        applyLabel="Apply"
        onChoose={() => {}}
      />
    );
    // What is generated is listed in a file of its own, and that alone may be out of date.
    shown = await show(screen(Buffer.from('{}')));
    expect(shown.frame()).not.toContain('nothing to write');
    shown.unmount();
    shown = await show(screen(null));
    expect(shown.frame()).toContain('Go on, nothing to write');
    expect(shown.frame()).not.toContain('undo');
  });
});

describe('a live test', () => {
  it('counts rows, names what was reached, and gives the report', async () => {
    const report = beforeReport();
    let emit: (event: SelftestEvent) => void = () => {};
    let finish: () => void = () => {};
    const done = vi.fn();
    shown = await show(
      <LiveTest
        title="Trying"
        start={onEvent => {
          emit = onEvent;
          return new Promise(resolve => {
            finish = () => resolve(report);
          });
        }}
        onDone={done}
      />,
      { rows: 8 },
    );
    emit({ type: 'planned', tries: 21, things: 21, vantages: [{ id: 'sandbox', title: 'bubblewrap box' }] });
    emit({ type: 'vantage', id: 'sandbox', available: false, reason: 'it said no hello' });
    for (const row of report.rows) emit({ type: 'row', row });
    const frame = await shown.waitFor('21 of 21');
    expect(frame).toContain('reached 11 · held 4 · works 6');
    expect(frame).toContain('bubblewrap box: it said no hello');
    expect(frame.split('\n').length).toBeLessThan(8);
    finish();
    await vi.waitFor(() => expect(done).toHaveBeenCalledWith(report));
  });

  it('is told to stop when the screen ends, and is waited for', async () => {
    let cleaned = false;
    shown = await show(
      <LiveTest
        title="Trying"
        start={(_, signal) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              setTimeout(() => {
                cleaned = true;
                reject(signal.reason);
              }, 20);
            });
          })
        }
        onDone={() => {}}
      />,
    );
    shown.unmount();
    await shown.lifecycle.settle();
    expect(cleaned).toBe(true);
  });
});

describe('what must not be cut', () => {
  it('is waited for at the end, however the screen ended: an answer given just before is kept', async () => {
    shown = await show(null);
    let kept = false;
    void shown.lifecycle
      .hold(() => new Promise(resolve => setTimeout(resolve, 30)))
      .then(() => {
        kept = true;
      });
    shown.unmount();
    await shown.lifecycle.settle();
    expect(kept).toBe(true);
  });
});

describe('under a report', () => {
  const posture = { path: 'agent-posture.yaml', sha256: '0'.repeat(64) };

  it('says what cannot be planned, and stays', async () => {
    shown = await show(
      <ReportScreen
        report={{ ...beforeReport(), posture }}
        actions={{
          plan: () => {
            throw new UserError({ what: 'there is no posture yet to change', next: 'agent-posture init' });
          },
          why: () => '',
          again: () => [],
        }}
        onEnd={() => {}}
      />,
    );
    await shown.press({ text: '1' });
    await shown.waitFor('there is no posture yet to change');
    expect(shown.frame()).toContain('next: agent-posture init');
    expect(shown.frame()).toContain('1-2 see change');
  });

  it('says what to do where only the reader can do it', async () => {
    const report = beforeReport();
    const [fix] = report.fixes as [(typeof report.fixes)[number]];
    const fixes = [{ ...fix, command: null, text: 'Rotate what they hold.' }];
    const plan = () => Promise.reject(new Error('there is nothing to plan'));
    shown = await show(
      <ReportScreen
        report={{ ...report, posture, fixes }}
        actions={{ plan, why: () => '', again: () => [] }}
        onEnd={() => {}}
      />,
    );
    expect(shown.frame()).toContain('1 what to do');
    await shown.press({ text: '1' });
    await shown.waitFor('[1] Rotate what they hold.');
  });

  it('draws the report again once another view was in its place, and says so at the end', async () => {
    const plan = () => Promise.reject(new Error('there is nothing to plan'));
    const again = vi.fn((rows: number) =>
      ['title', '', ...Array.from({ length: 40 }, (_, i) => `row ${i}`)].slice(0, rows),
    );
    const onEnd = vi.fn();
    const actions = { plan, why: () => 'because', again };
    const screen = <ReportScreen report={beforeReport()} actions={actions} onEnd={onEnd} />;
    shown = await show(screen, { rows: 12 });
    expect(shown.frame()).not.toContain('title');
    for (const [open, close] of [['enter', 'escape'] as const, [{ text: '?' }, { text: '?' }] as const]) {
      await shown.press(open);
      await shown.waitFor(/All \d+ rows|Why it matters/);
      await shown.press(close);
      const lines = (await shown.waitFor('q quit')).split('\n');
      expect([lines[0], lines.length]).toEqual(['title', 11]);
    }
    await shown.press({ text: 'q' });
    expect(onEnd).toHaveBeenCalledWith({ by: 'quit', covered: true });
  });

  it('searches in all rows: what is typed goes into the search, and Esc goes back one level at a time', async () => {
    const actions = { plan: () => Promise.reject(new Error()), why: () => '', again: () => [] };
    const onEnd = vi.fn();
    const report = beforeReport();
    shown = await show(<ReportScreen report={report} actions={actions} onEnd={onEnd} />, { rows: 24 });
    await shown.press('enter', { text: '/' }, { text: 'a' }, { text: 'w' }, { text: 'q' }, 'backspace', { text: 's' });
    const many = report.rows.filter(({ target, reason }) => /aws/i.test(target + reason)).length;
    const found = await shown.waitFor(` /aws|   ${many} of ${report.rows.length}`);
    expect(found).toContain('~/.aws/credentials');
    expect(found).not.toContain('~/.ssh');
    await shown.press('enter');
    await shown.waitFor('/ search on');
    await shown.press('escape');
    await shown.waitFor(`All ${report.rows.length} rows`);
    await shown.press('escape');
    await shown.waitFor('q quit');
    await shown.press('escape');
    expect(onEnd).not.toHaveBeenCalled();
    await shown.press({ text: 'q' });
    expect(onEnd).toHaveBeenCalledWith({ by: 'quit', covered: true });
  });

  it('shows the whole reason of each row, and finds a row by words that stand on two lines of it', async () => {
    const actions = { plan: () => Promise.reject(new Error()), why: () => '', again: () => [] };
    const [first, ...others] = beforeReport().rows;
    const reason = `it was refused by ${'one rule after another, '.repeat(6)}and nobody knows why`;
    const report = { ...beforeReport(), rows: [{ ...(first as Row), reason }, ...others] };
    shown = await show(<ReportScreen report={report} actions={actions} onEnd={vi.fn()} />, { rows: 24 });
    await shown.press('enter', { text: '/' }, ...'refused nobody'.split('').map(text => ({ text })));
    const found = await shown.waitFor(`   1 of ${report.rows.length}`);
    expect(found.replace(/\s+/g, ' ')).toContain(reason);
  });

  it('draws nothing twice where only the keys were shown, or where a voice has read it', async () => {
    const actions = { plan: () => Promise.reject(new Error()), why: () => '', again: () => ['title'] };
    for (const [screenReader, keys] of [
      [false, []],
      [true, ['enter', 'escape']],
    ] as const) {
      const onEnd = vi.fn();
      shown = await show(<ReportScreen report={beforeReport()} actions={actions} onEnd={onEnd} />, { screenReader });
      await shown.press(...keys);
      expect(shown.frame()).not.toContain('title');
      await shown.press({ text: 'q' });
      expect(onEnd).toHaveBeenCalledWith({ by: 'quit', covered: false });
    }
  });

  it('offers no change where there is no posture to change', async () => {
    const plan = () => Promise.reject(new Error('there is nothing to plan'));
    shown = await show(
      <ReportScreen
        report={{ ...beforeReport(), posture: null }}
        actions={{ plan, why: () => '', again: () => [] }}
        onEnd={() => {}}
      />,
    );
    await shown.press({ text: '1' });
    expect(shown.frame()).not.toContain('see change');
    expect(shown.frame()).toContain('enter all rows');
  });
});

describe('the wizard', () => {
  const record = (): WizardRecord => ({
    before: undefined,
    plan: undefined,
    applied: undefined,
    after: undefined,
    given: { path: 'quick', answers: {} },
    kept: false,
  });

  it('holds an interrupt back while it writes, and lets it through afterwards', async () => {
    const kept = record();
    let written = () => {};
    const applying = new Promise<void>(resolve => {
      written = resolve;
    });
    shown = await show(
      <Wizard engine={demoEngine({ applying: () => applying })} record={kept} onQuit={() => {}} onDone={() => {}} />,
      {
        rows: 40,
      },
    );
    await shown.waitFor('Close this');
    for (const next of ['never touch?', 'boxed', 'never push', 'for secrets?', 'nothing is written yet', 'Writing']) {
      await shown.press('enter');
      await shown.waitFor(next);
    }
    shown.lifecycle.interrupt('SIGTERM');
    expect(shown.interrupts).toEqual([]);
    expect(kept.applied).toBeUndefined();
    written();
    await vi.waitFor(() => expect(shown?.interrupts).toEqual(['SIGTERM']));
    expect(kept.applied?.written).toHaveLength(9);
  });

  it('ends with what its beginning threw', async () => {
    const start = async () => {
      throw new UserError({ what: 'agent-posture.yaml: unknown key "agentz"' });
    };
    shown = await show(<WizardStart start={start} record={record()} onQuit={() => {}} onDone={() => {}} />);
    expect(shown.frame()).toContain('Looking at what is here');
    await vi.waitFor(() => expect(String(shown?.failures[0])).toContain('agentz'));
  });

  it('goes on when answers cannot be kept, and remembers why', async () => {
    const kept = record();
    const engine = {
      ...demoEngine(),
      remember: async () => {
        throw new Error('no space left');
      },
    };
    shown = await show(<Wizard engine={engine} record={kept} onQuit={() => {}} onDone={() => {}} />, { rows: 40 });
    await shown.waitFor('Close this');
    await shown.press('enter', 'enter');
    await shown.waitFor('boxed');
    await vi.waitFor(() => expect(kept.kept).toBe('no space left'));
  });
});

it('every character of a change can be seen, over as many rows as it takes', async () => {
  const text = Array.from({ length: 60 }, (_, at) => `part${at};`).join('');
  const change = {
    output: 'x',
    state: 'update' as const,
    path: 'a.json',
    reason: '',
    before: Buffer.from('a\n'),
    after: Buffer.from(`${text}\n`),
  };
  shown = await show(<DiffScreen changes={[change]} onClose={() => {}} />, { cols: 40, rows: 24 });
  const rows = shown
    .frame()
    .split('\n')
    .map(row => row.trimEnd());
  expect(rows.every(row => row.length <= 40)).toBe(true);
  expect(rows.map(row => row.slice(3)).join('')).toContain(text);
  expect(shown.frame()).toContain('+1 -1');
});
