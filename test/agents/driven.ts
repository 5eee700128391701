import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { partsFolder } from '../../scripts/parts.js';
import type { AgentCall, Driver, Mode } from '../../src/agents/driver.ts';
import { isWithin } from '../../src/base/files.ts';
import type { ScriptedModel } from '../../src/selftest/drive/model.ts';
import { type AgentSession, type Ended, startAgent } from '../../src/selftest/drive/session.ts';
import { Stage } from '../../src/selftest/drive/stage.ts';

/** ms. Two other workers may be at it. */
const LIMITS = { start: 30_000, call: 20_000 };

/** A real agent that runs, and what a test asks of it. */
export interface Driven {
  session: AgentSession;
  model: ScriptedModel;
  /** Makes a call, and gives its result as it came back. */
  call(call: AgentCall | undefined): Promise<string>;
}

/** A place for a repository that an agent is driven in, with a stage that stands for it. */
export class Lab {
  readonly root: string;
  readonly stage: Stage;
  readonly #driver: Driver;
  readonly #program: string;

  constructor(driver: Driver, program: string, files: Readonly<Record<string, string>>) {
    this.#driver = driver;
    this.#program = program;
    const place = isWithin(tmpdir(), partsFolder) ? '/var/tmp' : partsFolder;
    mkdirSync(place, { recursive: true });
    this.root = mkdtempSync(join(place, '.agent-posture-driven-'));
    this.stage = new Stage({ home: homedir(), root: this.root });
    execFileSync('git', ['init', '-q', '-b', 'main', this.stage.scratchRoot]);
    for (const [path, text] of Object.entries(files)) this.stage.write(path, text);
  }

  inRoot(path: string): string {
    return join(this.root, path);
  }

  /** Whether it began to ask its model at all, and how it ended. Nothing that nobody expects is asked, and nothing is left of it. */
  async drive(
    mode: Mode,
    body: (driven: Driven) => Promise<void> = async () => {},
  ): Promise<Ended & { ready: boolean }> {
    for (let tries = 1; ; tries++) {
      const session = await startAgent(this.#driver, this.#program, this.stage, { mode });
      let ready = false;
      let end: Ended | undefined;
      try {
        ready = await session.model.ready(LIMITS.start);
        if (ready) await body({ session, model: session.model, call: call => this.#call(session.model, call) });
      } finally {
        end = await session.close();
        expect({ unknown: session.model.unknown, strange: session.model.strange }).toEqual({
          unknown: [],
          strange: [],
        });
      }
      if (ready || tries === 5 || !this.#driver.startAgain?.test(end.output)) return { ...end, ready };
    }
  }

  async #call(model: ScriptedModel, call: AgentCall | undefined): Promise<string> {
    if (!call) throw new Error('it has no such tool');
    const outcome = await model.call(call, LIMITS.call);
    if (outcome.kind !== 'returned') throw new Error(`${call.name}: ${JSON.stringify(outcome)}`);
    return outcome.text;
  }

  remove(): void {
    this.stage.remove();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** A command that leaves something running, which can be told by its words. */
export function leaving(): { command: string; words: string } {
  const words = `sleep 7${Math.floor(1e6 * Math.random())}`;
  return { command: `setsid ${words} >/dev/null 2>&1 </dev/null & sleep 0.2; echo left`, words };
}
