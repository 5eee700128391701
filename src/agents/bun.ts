/**
 * Variables for a program that is built on Bun and is driven for seconds: the last of its compilers takes more of so short a run
 * than it gives back. Source: https://bun.com/docs/runtime/env, and measured: a tenth to a sixth of its processor time.
 */
export const SHORT_RUN: Readonly<Record<string, string>> = { BUN_JSC_useFTLJIT: '0' };
