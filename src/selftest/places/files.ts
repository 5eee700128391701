import { agentFiles } from './files/agents.ts';
import { cloudFiles } from './files/clouds.ts';
import { databaseFiles } from './files/databases.ts';
import { keyFiles } from './files/keys.ts';
import { messageFiles } from './files/messages.ts';
import { packageFiles } from './files/packages.ts';
import { serviceFiles } from './files/services.ts';
import { storeFiles } from './files/stores.ts';
import { traceFiles } from './files/traces.ts';
import type { FilePlace } from './types.ts';

/** Every place where a credential, or what leads to one, is known to be kept. Adding one is an entry in one of these files. */
export const filePlaces: readonly FilePlace[] = [
  ...keyFiles,
  ...cloudFiles,
  ...serviceFiles,
  ...databaseFiles,
  ...packageFiles,
  ...agentFiles,
  ...storeFiles,
  ...messageFiles,
  ...traceFiles,
];
