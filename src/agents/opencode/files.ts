/** opencode's settings of one repository, each over the one before: https://opencode.ai/docs/config/. The first is where ours stand. */
export const SETTINGS = [
  'opencode.json',
  'opencode.jsonc',
  '.opencode/opencode.json',
  '.opencode/opencode.jsonc',
] as const;
