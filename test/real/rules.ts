import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agents } from '../../src/agents/index.ts';
import type { Posture } from '../../src/posture/schema.ts';
import { describeWith } from '../support/parts.ts';
import type { Stage } from './drive.ts';
import type { Driven, Order } from './drive-program.ts';
import {
  generate,
  hidingOdd,
  hostileRules,
  layOdd,
  ODD,
  PUSHES,
  rulesOnly,
  stageWithSecrets,
  WORK,
} from './generated.ts';

type Call = Order['calls'][number];

/** The agent's calls of its tools. */
export interface Tools {
  shell(command: string): Call;
  read(path: string): Call;
  write(path: string): Call;
}

/** A stage with an agent on it, made anew for each test. */
export interface Scene extends Tools {
  readonly stage: Stage;
  drive(calls?: readonly Call[], trusted?: boolean): Promise<Driven>;
}

/** What differs between agents that are given a script of calls and answer each. */
export interface RulesOf {
  agent: Parameters<typeof rulesOnly>[0];
  name: string;
  needs: Parameters<typeof describeWith>[0];
  /** How it is started, with a folder that it trusts or not. */
  order(trusted: boolean): Omit<Order, 'cwd' | 'calls'>;
  /** `inFull`: from the root of the file system. */
  tools(inFull: (path: string) => string): Tools;
  /** What it needs in the home. */
  home?(stage: Stage): void;
  /** What it says of settings that it cannot take, whole or in part. */
  complaint: RegExp;
  /** What it answers where a rule of ours holds. */
  denied: RegExp;
  /** The same for what holds beside the rules: its ignore file. */
  ignored?: RegExp;
  /** How it shows a file that says `works`. */
  shows?: unknown;
  /** What has to load beside the rules alone. */
  postures?: readonly Posture[];
  /** One of its files, made unreadable, and how that shows. */
  broken: { path: string; text(whole: string): string; shows(driven: Driven): void };
  /** Its own settings, and what else its rules hold, beside what all of them do. */
  held(scene: Scene): readonly Call[];
  /** What they let through, beside what all of them do. */
  allowed?(scene: Scene): readonly Call[];
  /** Names that mean something in one syntax or another: the files that would hold them too, and the open ones that it cannot tell from them. */
  odd?: { holdToo?: readonly string[]; alike?: readonly string[] };
  /** A file that it may write where nothing was generated, and what it says then. */
  unheld: { path: string; says: string };
}

/** The cases for the settings that we generate for an agent, and with `more` those of it alone. */
export function describeRules(of: RulesOf, more?: (scene: Scene) => void): void {
  const { agent, denied, shows = 'works' } = of;
  describeWith(of.needs, of.name, () => {
    let stage: Stage;
    beforeEach(() => {
      stage = stageWithSecrets();
      of.home?.(stage);
    });
    afterEach(() => stage.remove());

    const tools = of.tools(path => (path.startsWith('/') ? path : `${stage.root}/${path}`));
    const scene: Scene = {
      ...tools,
      get stage() {
        return stage;
      },
      drive: (calls = [], trusted = true) => stage.drive({ ...of.order(trusted), calls: [...calls] }),
    };
    const { shell, read, write, drive } = scene;
    const isHeld = (result = '') => denied.test(result) || of.ignored?.test(result) === true;
    const inputsOf = (calls: readonly Call[], are: (index: number) => boolean) =>
      calls.filter((_call, index) => are(index)).map(({ input }) => input);

    test('load without complaint and are in force, full of hostile text too', async () => {
      for (const posture of [rulesOnly(agent), ...(of.postures ?? []), hostileRules(agent)]) {
        await generate(stage, posture);
        const { code, stdout, stderr, results } = await drive([shell('git push origin main'), read('src/app.ts')]);
        expect({ code, said: of.complaint.exec(`${stdout}${stderr}`)?.[0] }).toEqual({ code: 0, said: undefined });
        expect(results).toEqual([expect.stringMatching(denied), shows]);
      }
    });

    test('a broken file is noticed by the same look, and holds nothing', async () => {
      await generate(stage, rulesOnly(agent));
      const { path, text, shows: seen } = of.broken;
      stage.write(path, text(readFileSync(join(stage.root, path), 'utf8')));
      seen(await drive([shell('git push origin main')]));
    });

    test('the rules hold what they say, and let work through', async () => {
      await generate(stage, rulesOnly(agent));
      const held = [
        read('sub/.env.local'),
        read(`${stage.root}/config/master.key`),
        read('secrets/a.txt'),
        write('sub/.env.local'),
        shell('cat .env'),
        shell('cat ./sub/.env.local'),
        shell('cat secrets/a.txt'),
        shell('cat ~/.ssh/id'),
        write('src/../.git/hooks/pre-push'),
        write('agent-posture.yaml'),
        shell('cp src/app.ts agent-posture.yaml'),
        ...of.held(scene),
        ...PUSHES.map(shell),
      ];
      const allowed = [
        ...(of.allowed?.(scene) ?? []),
        read('src/app.ts'),
        write('src/new.ts'),
        read('.env.development.example'),
        ...WORK.map(shell),
      ];
      const { results, turns } = await drive([...held, ...allowed]);
      expect(turns).toBe(held.length + allowed.length + 1);
      expect(inputsOf(held, index => !isHeld(results[index]))).toEqual([]);
      expect(inputsOf(allowed, index => isHeld(results[held.length + index]))).toEqual([]);
      expect(results.join('\n')).not.toContain('CANARY');
      expect(existsSync(join(stage.root, 'src/new.ts'))).toBe(true);
    });

    const { goesUp } = agents.find(({ id }) => id === agent) ?? {};
    test(`started in a folder below, it ${goesUp ? 'takes' : 'does not take'} the rules`, async () => {
      await generate(stage, rulesOnly(agent));
      stage.write('packages/api/.env', 'CANARY');
      stage.from = 'packages/api';
      const { results } = await drive([shell('cat .env && sleep 0.3')]);
      expect(results).toEqual([expect.stringMatching(goesUp ? denied : 'CANARY')]);
    });

    const { odd } = of;
    if (odd)
      test('names that hold brackets, stars and backslashes are held, and those beside them are not', async () => {
        await generate(stage, hidingOdd(agent));
        // By its rules alone.
        for (const path of odd.holdToo ?? []) rmSync(join(stage.root, path));
        layOdd(stage);
        const open = ODD.open.filter(path => !odd.alike?.includes(path));
        const { results } = await drive([...ODD.held, ...open].map(read));
        expect(ODD.held.filter((_path, index) => !denied.test(results[index] ?? ''))).toEqual([]);
        expect(open.filter((_path, index) => !/works/.test(results[ODD.held.length + index] ?? ''))).toEqual([]);
      });

    test('without the files the same calls go through', async () => {
      // Under load Qwen Code was seen to give no output of a command that ends at once.
      const { results } = await drive([read('secrets/a.txt'), shell('cat .env && sleep 0.3'), write(of.unheld.path)]);
      expect(results[0]).toContain('CANARY');
      expect(results[1]).toContain('CANARY');
      expect(results[2]).toContain(of.unheld.says);
    });

    more?.(scene);
  });
}
