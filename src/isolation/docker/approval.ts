import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parse } from 'yaml';
import { errorCode, UserError } from '../../base/errors.ts';
import { isWithin } from '../../base/files.ts';
import { fileHashes } from '../command/files.ts';
import { COMPOSE_FILE } from './settings.ts';

/** Variables that this program itself sets for the compose file. */
const OWN = /\$\{?AGENT_(UID|GID|WORKSPACE)\b/g;

interface Service {
  extends?: unknown;
  build?: unknown;
}

/**
 * What is started, besides the command: the compose file whole, and by their hashes the files that it builds from. One
 * that takes in further files is refused, since what they say would not be seen. Throws UserError.
 */
export function composeApproval(root: string): string {
  const refuse = (what: string) =>
    new UserError({ what, where: { path: COMPOSE_FILE }, next: 'write it out in this file, which is approved whole' });
  let text: string;
  let services: Record<string, Service | null>;
  try {
    text = readFileSync(join(root, COMPOSE_FILE), 'utf8');
    const file = parse(text, { merge: true }) as {
      include?: unknown;
      services?: Record<string, Service | null>;
    } | null;
    if (file?.include !== undefined) throw refuse('the compose file includes others');
    services = file?.services ?? {};
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError({
      what: errorCode(error) === 'ENOENT' ? 'there is no compose file' : 'the compose file cannot be read',
      where: { path: COMPOSE_FILE },
      next: 'agent-posture generate --only container',
    });
  }
  const folder = dirname(COMPOSE_FILE);
  const files = new Set([join(folder, 'Dockerfile')]);
  for (const [name, service] of Object.entries(services)) {
    if (typeof service?.extends === 'object' && service.extends !== null && 'file' in service.extends)
      throw refuse(`the service ${name} of the compose file extends another file`);
    const build = typeof service?.build === 'string' ? { context: service.build } : service?.build;
    if (typeof build !== 'object' || build === null) continue;
    const { context = '.', dockerfile = 'Dockerfile' } = build as { context?: unknown; dockerfile?: unknown };
    const path = resolve(root, folder, String(context), String(dockerfile));
    if (!isWithin(root, path))
      throw refuse(`the service ${name} of the compose file is built from outside the repository`);
    files.add(relative(root, path));
  }
  // Values that stand elsewhere: only their hash, as they may be secret.
  if (text.replace(OWN, '').includes('$')) for (const name of [folder, '.']) files.add(join(name, '.env'));
  const there = [...files].filter(file => existsSync(join(root, file)));
  return [...fileHashes(root, [COMPOSE_FILE, ...there]), text.trimEnd()].join('\n');
}
