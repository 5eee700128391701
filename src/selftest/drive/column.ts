import { join } from 'node:path';
import type { Driver } from '../../agents/driver.ts';
import { randomHex } from '../../base/hash.ts';
import { oneLine } from '../../base/text.ts';
import { type Check, OK } from '../case.ts';
import type { Driving } from '../types.ts';
import {
  type Apart,
  controlWorks,
  type Denied,
  type Hands,
  heldByBox,
  LIMITS,
  makeCall,
  type SiblingCall,
  siblingOf,
  siblingsRead,
  siblingWorks,
  worksWithout,
} from './calls.ts';
import { addresses } from './contain.ts';
import type { Ground } from './ground.ts';
import type { DriveCase, DriveTried } from './judge.ts';
import { ScriptedModel } from './model.ts';
import { PlainShell } from './plain.ts';
import { keepSettings } from './prepare.ts';
import { type AgentSession, type StartOptions, startAgent } from './session.ts';
import { Stage } from './stage.ts';
import type { DriveSubject } from './subjects.ts';
import type { DriveTry } from './tries.ts';

/** What came of a try, in both sessions, and of its controls. */
export interface TryRecord {
  try: DriveTry;
  /** The call as it was made, for the reader; empty where it could not be spelled. */
  spelling: string;
  /** The command, where it is one of a shell. */
  command: string | undefined;
  tries: DriveTried[];
  without: Check | undefined;
  /** Whether the box alone, in which no agent runs, lets nothing of it through either. */
  box?: Check;
  sibling: { before?: Check; after?: Check } | 'none';
  /** Why it was not made, where that was meant to be so. */
  skipped?: string;
  durationMs: number;
}

export interface ColumnOptions extends StartOptions {
  driver: Driver;
  program: string;
  stage: Stage;
  ground: Ground;
  denied: Denied;
  /** Hears of each call. */
  onCall?: ((doing: Driving, done: number, of: number) => void) | undefined;
}

export interface ColumnResult {
  records: TryRecord[];
  /** Why nothing more could be tried. */
  failure: string | undefined;
  /** What the agent said of settings that it does not take. */
  complaint: string | undefined;
  notes: string[];
}

/** Calls after which a permitted one has to succeed. */
const CONTROL_EVERY = 12;
/** Calls in one turn. */
const TOGETHER = 8;
/** Sessions that may break off before what is left is given up. */
const BREAKS = 4;

/** What a program says as it does not start. */
const WHY = /\b(?:error|cannot|can't|could not|failed|invalid|denied|missing|not)\b/i;

const UNSAID: Check = { ok: false, reason: 'nothing that is permitted can be said in this spelling' };

/** What may change the agent's own settings comes last: it would make what follows another agent. */
const ORDER: readonly DriveSubject['kind'][] = ['work', 'read', 'exec', 'fetch', 'push', 'write'];

/**
 * Tries everything through the agent: once in order, and what was refused once more in a session of its own, from the other
 * end, with its siblings. What an effect was seen of needs no second try.
 */
export async function driveColumn(tries: readonly DriveTry[], options: ColumnOptions): Promise<ColumnResult> {
  const column = new Column(options, tries);
  const records = tries
    .filter(({ skip }) => skip === undefined)
    .map(each => ({
      try: each,
      spelling: '',
      command: undefined,
      tries: [],
      without: undefined,
      sibling: {},
      durationMs: 0,
    }))
    .sort((a, b) => ORDER.indexOf(a.try.subject.kind) - ORDER.indexOf(b.try.subject.kind));
  await column.pass(records, 'before');
  const refused = records.filter(needsAgain);
  await column.without(records.filter(isFruitless));
  await column.pass([...refused].reverse(), 'after');
  await column.takenAway(refused);
  if (options.boxed) await column.inBox(refused.filter(isSilent));
  return column.result(records);
}

/** Nothing came of it: where it does not work here at all, that says nothing. */
const isFruitless = ({ tries: [first] }: TryRecord) => first !== undefined && !first.effect;

/** Nothing came back, and nobody said why. */
const isSilent = ({ tries }: TryRecord) =>
  tries.some(({ outcome, refused, stopped }) => outcome.kind === 'returned' && !refused && !stopped);

/** Refused in a way that could count as held, were it seen again. */
const needsAgain = (record: TryRecord) => isFruitless(record) && record.try.subject.expect === 'deny';

class Column {
  readonly #options: ColumnOptions;
  readonly #hands: Hands;
  /** Files whose variables the agent takes over. */
  readonly #taken: readonly string[];
  readonly #notes = new Set<string>();
  #breaks = 0;
  #complaint: string | undefined;
  #failure: string | undefined;
  #told: () => void = () => {};
  /** What it last said where it did not start. */
  #said = '';
  /** What is let through as plainly as it can be asked for. */
  readonly #open = new Set<DriveSubject>();
  /** Refused, and still without the controls that make that count. */
  #owed: TryRecord[] = [];
  /** Of the session that goes on. */
  readonly #made: DriveTried[] = [];
  /** Makes the settings what they were before the first session. */
  readonly #putBack: () => void;

  constructor(options: ColumnOptions, tries: readonly DriveTry[]) {
    this.#options = options;
    this.#taken = [
      ...new Set(tries.flatMap(({ escape: way, subject }) => (way?.taken && subject.path ? [subject.path] : []))),
    ];
    this.#hands = options;
    this.#putBack = keepSettings(options.stage, options.driver);
  }

  result(records: TryRecord[]): ColumnResult {
    return {
      records,
      failure: this.#failure,
      complaint: this.#complaint,
      notes: [...this.#notes],
    };
  }

  /** One pass over these records, in as many sessions as it takes. */
  async pass(records: readonly TryRecord[], when: 'before' | 'after'): Promise<void> {
    const left = [...records];
    const doing = when === 'before' ? 'calls' : 'again';
    this.#told = () => this.#options.onCall?.(doing, records.length - left.length, records.length);
    if (records.length > 0) this.#told();
    while (left.length > 0 && this.#failure === undefined && !this.#options.signal?.aborted) {
      await this.#session(left, when);
      // One that breaks off again and again, or before its first call, will not get better.
      if (left.length > 0 && ++this.#breaks >= BREAKS)
        this.#failure ??= `it broke off again and again${this.#said ? `: ${this.#said}` : ''}`;
    }
    // A session that broke off came to no controls: those have one of their own.
    for (let again = 0; again < BREAKS && this.#owed.length > 0; again++)
      if (this.#failure === undefined && !this.#options.signal?.aborted) await this.#session([], when);
  }

  /** Takes records off the front of `left` for as long as the session goes. */
  async #session(left: TryRecord[], when: 'before' | 'after'): Promise<void> {
    const { driver, program, stage, ground } = this.#options;
    ground.sow(this.#taken);
    // Whatever the last one has changed: what is refused by rules is to be refused by those that were laid.
    this.#putBack();
    const session = await startAgent(driver, program, stage, this.#options);
    try {
      if (!(await session.model.ready(LIMITS.start))) return await this.#notStarted(session);
      const works = await controlWorks(this.#hands, session);
      if (!works.ok) {
        this.#failure ??= `a call that nothing refuses did not work (${works.reason})`;
        return;
      }
      if (await this.#calls(left, session)) await this.#controls(when, session);
    } finally {
      const { outlived, output } = await session.close();
      this.#toldAtTheEnd(output);
      // What it says of a start that failed, and is tried again for that, is none of its settings.
      if (!driver.startAgain?.test(output)) this.#complaint ??= driver.complaint(output);
      if (outlived > 0) this.#notes.add('left processes running, which were ended');
      for (const what of session.model.strange) this.#notes.add(`asked for something that is not its model: ${what}`);
    }
  }

  /** The calls, with a permitted one between them. False where the session broke off. */
  async #calls(left: TryRecord[], session: AgentSession): Promise<boolean> {
    const open: { record: TryRecord; tried: DriveTried }[] = [];
    const settle = async () => {
      const { ok: works, reason } = await controlWorks(this.#hands, session);
      if (reason === 'timeout' || reason === 'ended') this.#again(open.splice(0), left);
      for (const { tried } of open.splice(0)) tried.controlled = works;
      return works;
    };
    while (left.length > 0) {
      const record = left.shift() as TryRecord;
      this.#told();
      if (record.try.escape && this.#open.has(record.try.subject)) {
        record.skipped = 'the plain call goes through, so that no way round it is needed';
        continue;
      }
      const made = await makeCall(record.try, this.#hands, session);
      if (!made) {
        record.skipped = 'this name cannot be said in this spelling';
        continue;
      }
      const { tried, ...told } = made;
      Object.assign(record, { ...told, durationMs: record.durationMs + told.durationMs });
      record.tries.push(tried);
      this.#made.push(tried);
      if (tried.effect && record.try.escape === null) this.#open.add(record.try.subject);
      const isOver = ['ended', 'timeout'].includes(tried.outcome.kind);
      // What nothing shows to have been good before it is made again: the call that broke it off stands for itself alone.
      if (isOver) this.#again(open, left);
      open.push({ record, tried });
      if (!tried.effect && record.try.subject.expect === 'deny') this.#owed.push(record);
      if (isOver) return false;
      if (open.length >= CONTROL_EVERY && !(await settle())) return false;
    }
    return settle();
  }

  /** Puts back what was tried since the last permitted call. What broke it off is none of it, so that there is less each time. */
  #again(open: readonly { record: TryRecord; tried: DriveTried }[], left: TryRecord[]): void {
    for (const { record, tried } of [...open].reverse()) {
      if (tried.effect) continue;
      record.tries.splice(record.tries.indexOf(tried), 1);
      this.#owed = this.#owed.filter(each => each !== record);
      left.unshift(record);
    }
  }

  /** What makes a refusal count: the same on what nothing refuses, and the same without the agent. */
  async #controls(when: 'before' | 'after', session: AgentSession): Promise<void> {
    // Subjects of one kind have one sibling, and so one call.
    const known = new Map<string, Check | 'none'>(await this.#readTogether(session));
    const all = this.#owed.length;
    for (let record = this.#owed.shift(); record !== undefined; record = this.#owed.shift()) {
      this.#options.onCall?.('controls', all - this.#owed.length - 1, all);
      const call = siblingOf(record.try, this.#hands, session.elsewhere);
      const works =
        call === 'none'
          ? call
          : call === undefined
            ? UNSAID
            : (known.get(call.key) ?? (await siblingWorks(record.try, call, this.#hands, session)));
      if (typeof call === 'object') known.set(call.key, works);
      if (works === 'none') record.sibling = 'none';
      else if (record.sibling !== 'none') record.sibling[when] = works;
      // What is left is for another session: this one answers no more.
      if (works !== 'none' && (works.reason === 'timeout' || works.reason === 'ended')) return;
    }
  }

  /** Of the siblings that are read, those that work in one turn with others, by their keys. */
  async #readTogether(session: AgentSession): Promise<[string, Check][]> {
    const calls = new Map<string, { try: DriveTry; call: SiblingCall }>();
    for (const { try: each } of this.#owed) {
      if (each.subject.kind !== 'read') continue;
      const call = siblingOf(each, this.#hands, session.elsewhere);
      // What leaves something behind would find, or overwrite, what another has left.
      if (typeof call === 'object' && !/\bway\b/.test(call.key)) calls.set(call.key, { try: each, call });
    }
    const list = [...calls.values()];
    const works: [string, Check][] = [];
    while (list.length > 1)
      for (const { call } of await siblingsRead(list.splice(0, TOGETHER), this.#hands, session))
        works.push([call.key, OK]);
    return works;
  }

  /** A tool that the agent does not offer, and would without any settings, is refused by the rule that speaks of it. */
  async takenAway(records: readonly TryRecord[]): Promise<void> {
    const { driver, program, stage } = this.#options;
    const lacking = records.filter(
      ({ tries, try: { subject } }) =>
        subject.rules.length > 0 && tries.every(({ outcome }) => outcome.kind === 'not-offered'),
    );
    if (lacking.length === 0 || this.#failure !== undefined) return;
    const bare = new Stage(stage);
    try {
      const session = await startAgent(driver, program, bare, { ...this.#options, boxed: false });
      let offered: readonly string[] = [];
      try {
        if (await session.model.ready(LIMITS.start)) offered = session.model.offered;
      } finally {
        await session.close();
      }
      for (const { try: each, tries } of lacking) {
        const call = each.make(this.#hands.ground.placeOf(each.subject, session.elsewhere), 'none');
        if (call && offered.includes(call.name)) for (const tried of tries) tried.refused = 'rule';
      }
    } finally {
      bare.remove();
    }
  }

  /** The same commands where no agent runs, and no box that one was started in. */
  async without(records: readonly TryRecord[]): Promise<void> {
    await this.#apart(records, false, async (record, apart) => {
      record.without = await worksWithout(record.try, this.#hands, apart);
    });
  }

  /** What came back empty, in the box where no agent runs: it shows an empty file for what it hides, and nobody says a word of it. */
  async inBox(records: readonly TryRecord[]): Promise<void> {
    await this.#apart(records, true, async (record, apart) => {
      record.box = await heldByBox(record.try, this.#hands, apart);
    });
  }

  /** Does it for each of the records, in a shell of ours. */
  async #apart(
    records: readonly TryRecord[],
    boxed: boolean,
    work: (record: TryRecord, apart: Apart) => Promise<void>,
  ): Promise<void> {
    const { stage, driver, program, signal } = this.#options;
    if (records.length === 0) return;
    const model = new ScriptedModel({ wire: driver.wire });
    const socket = join(stage.folder, `plain-${randomHex(4)}.sock`);
    const port = await model.listen(stage.contained ? socket : undefined);
    const plain = boxed ? new PlainShell(stage, socket, [program], { boxed }) : new PlainShell(stage, socket);
    const { elsewhere } = addresses(port);
    try {
      for (const record of records) if (!signal?.aborted) await work(record, { plain, model, elsewhere });
    } finally {
      await plain.close();
      await model.close();
    }
  }

  async #notStarted(session: AgentSession): Promise<void> {
    const { driver } = this.#options;
    const waited = new Promise<undefined>(resolve => setTimeout(() => resolve(undefined), 500).unref());
    const end = await Promise.race([session.ended, waited]);
    const lines = end?.output.split('\n').filter(line => line.trim() !== '' && !/^\s*at\s/.test(line)) ?? [];
    // Behind why, it may say other things still.
    const said = oneLine((lines.findLast(line => WHY.test(line)) ?? lines.at(-1) ?? '').slice(0, 300)).trim();
    this.#said = said;
    if (end && driver.startAgain?.test(end.output) && this.#breaks < BREAKS) return;
    this.#failure ??=
      end?.failure ??
      (end
        ? `it ended with ${end.code} before it asked its model${said ? `: ${said}` : ''}`
        : 'it never asked its model');
  }

  /** What a hook said stands in a result as it is: where the agent tells in the end which calls it was denied, it was refused. */
  #toldAtTheEnd(output: string): void {
    const { driver } = this.#options;
    const denied = new Set(driver.denied?.(output));
    for (const tried of this.#made.splice(0)) {
      const isDenied =
        tried.outcome.kind === 'returned' && tried.outcome.id !== undefined && denied.has(tried.outcome.id);
      if (isDenied) tried.refused ??= 'hook';
      // By its words alone it may be a hook's, or those of a tool that nobody has seen yet.
      else if (driver.denied !== undefined && tried.refused === 'hook') tried.refused = undefined;
    }
  }
}

/** What the judge looks at. */
export function caseOf(
  { try: { subject }, tries, without, box, sibling, command }: TryRecord,
  { contained, walled }: Pick<DriveCase, 'contained' | 'walled'>,
): DriveCase {
  return {
    kind: subject.kind,
    expect: subject.expect,
    byShell: command !== undefined,
    contained,
    walled,
    tries,
    without,
    box,
    sibling: sibling === 'none' ? sibling : { before: sibling.before, after: sibling.after },
  };
}
