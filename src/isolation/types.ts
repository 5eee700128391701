import type { ChildProcess } from 'node:child_process';
import type { RuntimeFact } from '../discover/facts.ts';
import type { Isolation, RuntimeId } from '../posture/schema.ts';
import type { Refused } from './egress/index.ts';

export interface BoxContext {
  /** Real path of the repository root. */
  root: string;
  home: string;
  isolation: Isolation;
  /** Repository-relative guard files and folders that must not be changed from inside. */
  guards: readonly string[];
  env: Record<string, string>;
  /** Ids of the declared agents: what each needs to be logged in is let into the box. Default none. */
  agents?: readonly string[];
}

/** A started program inside the box. */
export interface Boxed {
  child: ChildProcess;
  /** What this box could not keep, each in one line: a guard that is a symbolic link, for instance. */
  notes: readonly string[];
  /** Hosts that it asked for and did not get, where there is a list of those that it gets. */
  refused?: Refused | undefined;
  /** Passes a signal to the program inside, not only to its wrapper. */
  signal(signal: NodeJS.Signals): void;
  /** Ends what was started beside the child (proxy, containers of ours). Called once the child is gone. */
  close(): Promise<void>;
}

/** A way to start something boxed in, in the registry of runtimes (src/isolation/index.ts). */
export interface Runtime {
  id: RuntimeId;
  /** As the heading of a column. */
  title: string;
  /** Who makes its walls: this program or the agent, either from the posture; somebody else; or nobody, as there are none. */
  madeBy: 'us' | 'agent' | 'somebody' | 'nobody';
  /** As one of those to choose from: `a container`, with what one gets. */
  choice: { label: string; hint: string };
  /** How it is installed, where it was not found. */
  install?: string;
  /** What it does not keep out, in one line, shown where it is chosen. */
  limits: string;
  detect(root: string): Promise<RuntimeFact>;
  /** Whether starting it runs something that the repository wrote (an image, a compose file, a command): needs approval. Returns the text to approve, or undefined. */
  approval(context: BoxContext): string | undefined;
  /**
   * Starts `command` inside. `run` and the `sandbox` vantage both call this, so what is proven is what is used.
   * `stdio: 'pipe'` for the vantage, `'inherit'` for a person.
   */
  start(context: BoxContext, command: readonly string[], stdio: 'pipe' | 'inherit'): Promise<Boxed>;
}
