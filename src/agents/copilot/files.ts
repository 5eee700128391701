/** Settings of one repository in which GitHub Copilot CLI's hooks can be switched off; it reads those of Claude Code as well. */
export const SETTINGS = ['.github/copilot/settings.json', '.github/copilot/settings.local.json'] as const;
