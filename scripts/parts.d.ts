export type PartId =
  | 'git'
  | 'bubblewrap'
  | 'socat'
  | 'tmux'
  | 'docker'
  | 'docker-compose'
  | 'squid'
  | 'debootstrap'
  | 'busybox'
  | 'iproute2'
  | 'shellcheck'
  | 'git-secrets'
  | 'fonts'
  | 'node-20.19'
  | 'node-22'
  | 'node-24'
  | 'node-26'
  | 'claude-code'
  | 'codex'
  | 'gemini'
  | 'qwen'
  | 'opencode'
  | 'copilot'
  | 'cline'
  | 'aider'
  | 'gitleaks';
export const PARTS: Readonly<Record<PartId, unknown>>;
export const partsFolder: string;
export function partFolder(id: PartId): string;
export function findPart(id: PartId): string | undefined;
