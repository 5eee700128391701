import { allEnded } from '../base/all.ts';
import { errorCode, UserError } from '../base/errors.ts';
import { randomHex } from '../base/hash.ts';
import type { Check } from './case.ts';
import { checkOf } from './controls.ts';
import { isSecretVariable, variableProbe } from './probes/machine.ts';
import type { Probe } from './probes/types.ts';
import { prepareSibling } from './push.ts';
import { type Column, type Instrument, isRefused, type Made, type RowPlan, type WayPlan } from './rows/plans.ts';
import { pushMade, writeMade } from './rows/writes.ts';
import { settled } from './targets.ts';
import { bringTry, makeTry, nameDigests } from './tries.ts';
import type { Observation, Try } from './wire.ts';
import { isFull } from './workspace.ts';

/** Makes the rounds of one vantage, each with the permitted siblings of its tries at its start, in its middle and at its end. */
export class Rounds {
  constructor(private readonly column: Column) {}

  /** The first round; beside it the names of variables are looked at, and those are returned that the host does not have. */
  async withNames(plans: readonly RowPlan[]): Promise<{ probe: Probe; from: string }[]> {
    const { workspace, session } = this.column;
    const open = plans.filter(({ skip }) => skip === undefined);
    const names = makeTry({ op: 'env-names' });
    const results = await this.make(open, [], workspace ? [names] : []);
    const known = new Set(plans.map(({ probe }) => probe.target));
    const found = new Map<string, { probe: Probe; from: string }>();
    for (const { name, from } of results.get(names.id)?.names ?? [])
      if (
        isSecretVariable(name) &&
        !known.has(name) &&
        !found.has(name) &&
        name !== session.sibling.name &&
        found.size < 40
      )
        found.set(name, { probe: variableProbe(name, undefined), from });
    return [...found.values()];
  }

  /** One round: first tries of some rows, and second ones, each by itself, of others. */
  async make(
    first: readonly RowPlan[],
    again: readonly RowPlan[],
    beside: readonly Try[] = [],
  ): Promise<Map<string, Observation>> {
    const asked = await allEnded(
      [...first.map(plan => ({ plan, alone: false })), ...again.map(plan => ({ plan, alone: true }))].flatMap(
        ({ plan, alone }) => plan.ways.map(async way => ({ plan, way, alone, made: await madeOf(plan, way) })),
      ),
    );
    const todo = asked.flatMap(({ made, ...one }) => (made ? [{ ...one, made }] : []));
    if (todo.length === 0 && beside.length === 0) return new Map();
    const kinds = [...new Set(todo.map(({ way }) => way.instrument))];
    const siblings = await allEnded(
      kinds.flatMap(kind =>
        // Few tries need no sibling between them.
        (todo.length > 8 ? ['start', 'middle', 'end'] : ['start', 'end']).map(async when => ({
          kind,
          when,
          made: await this.sibling(kind),
        })),
      ),
    );
    const at = (when: string) => siblings.filter(sibling => sibling.when === when).map(({ made }) => made.one);
    const half = Math.ceil(todo.length / 2);
    const ones = todo.map(({ made }) => made.one);
    const results = await this.column.session.round([
      ...at('start'),
      ...beside,
      ...ones.slice(0, half),
      ...at('middle'),
      ...ones.slice(half),
      ...at('end'),
    ]);
    const good = new Map<Instrument, Check>();
    const backs: Try[] = [];
    for (const { kind, made } of siblings) {
      const check = await this.checkSibling(made, results.get(made.one.id), backs);
      if (!good.has(kind) || !check.ok) good.set(kind, check);
    }
    for (const { plan, way, alone, made } of todo) {
      const seen = settled(results.get(made.one.id), plan.subject);
      const observation =
        seen && made.refusedAs !== undefined && seen.outcome === 'refused' ? { ...seen, reason: made.refusedAs } : seen;
      if (made.settle && observation) {
        const { seen, back } = await made.settle(observation);
        if (observation.outcome === 'done') {
          way.seenOutside = seen;
          if (back && !seen) backs.push(back);
        }
      }
      const check = good.get(way.instrument) ?? { ok: false, reason: 'no result' };
      way.instrumentBefore ??= check;
      way.tries.push({ observation, canary: made.canary, alone, controlled: check.ok });
    }
    if (backs.length > 0) await this.column.session.round(backs);
    return results;
  }

  /** The permitted siblings once more, after everything else. */
  async finalInstruments(plans: readonly RowPlan[]): Promise<Map<Instrument, Check>> {
    const kinds = [...new Set(plans.filter(isRefused).flatMap(({ ways }) => ways.map(({ instrument }) => instrument)))];
    const siblings = await allEnded(kinds.map(async kind => ({ kind, made: await this.sibling(kind) })));
    const results = new Map<Instrument, Check>();
    if (siblings.length === 0) return results;
    const observations = await this.column.session.round(siblings.map(({ made }) => made.one));
    const backs: Try[] = [];
    for (const { kind, made } of siblings)
      results.set(kind, await this.checkSibling(made, observations.get(made.one.id), backs));
    if (backs.length > 0) await this.column.session.round(backs);
    return results;
  }

  private async checkSibling(made: Made, observation: Observation | undefined, backs: Try[]): Promise<Check> {
    if (made.settle && observation) {
      const { seen, back } = await made.settle(observation);
      if (observation.outcome === 'done' && !seen) {
        if (back) backs.push(back);
        return { ok: false, reason: 'own-layer' };
      }
    }
    if (made.canary !== undefined && observation?.outcome === 'done' && observation.brought !== made.canary)
      return { ok: false, reason: 'masked' };
    if (observation?.found === false) return { ok: false, reason: 'exit' };
    return checkOf(observation);
  }

  private async sibling(kind: Instrument): Promise<Made> {
    const { session, workspace, root, far } = this.column;
    switch (kind) {
      case 'env':
        return {
          one: makeTry({ op: 'env', name: session.sibling.name, from: 'own', bring: true }),
          canary: session.sibling.value,
        };
      case 'ipv4':
      case 'ipv6':
      case 'unix':
      case 'udp':
        return { one: makeTry({ op: 'listen', family: kind }) };
      case 'resolve':
        return { one: makeTry({ op: 'resolve', name: 'localhost' }) };
      case 'exec': {
        const said = randomHex(8);
        return { one: makeTry({ op: 'exec', argv: ['/bin/sh', '-c', `echo ${said}`], cwd: root, expect: said }) };
      }
    }
    if (!workspace) return { one: makeTry({ op: 'list', path: root, key: '', digests: [] }) };
    switch (kind) {
      case 'read': {
        if (far) return { one: bringTry(far.path), canary: far.canary };
        const { path, canary } = workspace.decoy();
        return { one: bringTry(path), canary };
      }
      case 'list': {
        const { path, name } = far ? { path: far.folder, name: far.name } : workspace.decoyFolder();
        const key = randomHex(8);
        return { one: makeTry({ op: 'list', path, key, digests: nameDigests(key, [name]) }) };
      }
      case 'push':
        return pushMade(workspace, root, await prepareSibling(workspace));
      case 'write:create':
        return writeMade(workspace, 'create', workspace.folder, true);
      case 'write:in-place':
        return writeMade(workspace, 'in-place', workspace.decoy().path, false);
      case 'write:replace':
        return writeMade(workspace, 'replace', workspace.decoy().path, false);
      case 'write:rename-parent':
        return writeMade(workspace, 'rename-parent', workspace.decoyFolder().path, true);
    }
  }
}

/** What a try is made of; undefined where the system does not let it be made, such as a file that only root reads. */
async function madeOf(plan: RowPlan, way: WayPlan): Promise<Made | undefined> {
  try {
    return await way.make();
  } catch (error) {
    const code = errorCode(error);
    if (!code || !/^E[A-Z\d]+$/.test(code) || error instanceof UserError || isFull(error)) throw error;
    plan.unclear ??= `it could not be tried so that it could be taken back (${code})`;
    return undefined;
  }
}
