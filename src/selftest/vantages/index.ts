import { type Opened, openSession, type SessionOptions } from '../session/session.ts';
import { host } from './host.ts';
import { sandbox } from './sandbox.ts';
import type { VantageContext, VantageKind } from './types.ts';
import { via } from './via.ts';

/** The kinds of vantage, one line each. */
const VANTAGES: readonly VantageKind[] = [host, sandbox, via];

/** The kind of a vantage id: `host`, `sandbox`, `via:1` … */
export function vantageOf(id: string): VantageKind | undefined {
  return VANTAGES.find(kind => kind.id === id.split(':', 1)[0]);
}

/** Starts a vantage and shakes hands with it. Never rejects: `ok: false` says why it is unavailable. */
export function openVantage(kind: VantageKind, context: VantageContext, options?: SessionOptions): Promise<Opened> {
  return openSession(words => kind.start(context, words), options);
}
