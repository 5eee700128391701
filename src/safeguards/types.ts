/** One demand of the catalogue. */
export interface Safeguard {
  id: string;
  title: string;
  /** Ids of the wizard's steps that ask for it, with what is done beside them without a question; or that alone, and why. */
  question: { steps: readonly string[]; beside?: string } | { none: string };
  /** What it keeps from happening, two or three sentences for a reader who has not heard of it. */
  why: string;
  /** The article's own words. */
  article: string;
  /** Places in public standards: `NIST SP 800-53 AC-6`, `OWASP LLM06:2025`. */
  standards: readonly string[];
  /** Ids of outputs, and what later work adds to them; or why there is none, or that later work brings them. */
  generated: { outputs: readonly string[]; planned?: string } | { none: string } | { planned: string };
  /** Attempts that prove it, or why none can, or that later work brings them. */
  proven: { attempts: readonly string[]; how: string } | { none: string } | { planned: string };
}
