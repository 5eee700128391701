/** A sentence of the article that asks for something, in its own words, with the safeguards that answer it. */
export interface Demand {
  says: string;
  safeguards: readonly string[];
}

/** What the article asks for, in its order, under its own headings. */
export const demands: readonly { heading: string; demands: readonly Demand[] }[] = [
  {
    heading: '1. Isolation is Your First Line of Defense',
    demands: [
      {
        says: 'Before you let any AI agent touch your production code, run it in a sandboxed environment.',
        safeguards: ['ISO-1'],
      },
      {
        says: 'Create isolated development environments that are completely separated from your critical systems.',
        safeguards: ['ISO-1', 'ISO-3'],
      },
      { says: 'Use containerization (Docker) to limit what the agent can access', safeguards: ['ISO-1'] },
      { says: 'Create separate credential sets for different environments', safeguards: ['ISO-2'] },
      { says: 'Never, ever point an AI agent toward production databases or live APIs', safeguards: ['ISO-3'] },
    ],
  },
  {
    heading: '2. Secrets Management Must Happen Before Code Generation',
    demands: [
      {
        says: 'If your API keys, database passwords, or authentication tokens are sitting in your codebase (hardcoded or in .env files), an AI agent will inevitably incorporate them into generated code.',
        safeguards: ['SEC-1'],
      },
      { says: 'Use services like HashiCorp Vault, AWS Secrets Manager, or Azure Key Vault', safeguards: ['SEC-2'] },
      { says: 'Rotate credentials regularly', safeguards: ['SEC-3'] },
      { says: 'Use environment-specific secret injection', safeguards: ['SEC-2', 'ISO-2'] },
      {
        says: 'Scan your codebase with tools like truffleHog or git-secrets to catch leaks before they happen',
        safeguards: ['SEC-4'],
      },
    ],
  },
  {
    heading: '3. Audit Every Single Change',
    demands: [
      {
        says: 'Every piece of code an AI agent generates should pass through a human review process.',
        safeguards: ['AUD-6'],
      },
      { says: 'Unexpected network calls or API integrations', safeguards: ['AUD-1'] },
      { says: 'Changes to authentication or authorization logic', safeguards: ['AUD-2'] },
      { says: 'Database queries that access more data than necessary', safeguards: ['AUD-3'] },
      { says: 'Dependencies being added without clear justification', safeguards: ['AUD-4'] },
      { says: 'File system access patterns that seem suspicious', safeguards: ['AUD-5'] },
    ],
  },
  {
    heading: '4. Principle of Least Privilege for Everything',
    demands: [
      {
        says: 'The agent should only have access to the specific repositories, branches, and systems it absolutely needs to complete its assigned task.',
        safeguards: ['GRD-1', 'PRV-1', 'ISO-3'],
      },
      { says: 'Create granular Git permissions (not repo-wide write access)', safeguards: ['PRV-1'] },
      { says: 'Limit database access to specific schemas or tables', safeguards: ['PRV-2'] },
      { says: 'Use role-based access control (RBAC) for cloud resources', safeguards: ['PRV-3'] },
      { says: 'Revoke access immediately after the task is complete', safeguards: ['PRV-4'] },
    ],
  },
  {
    heading: '5. Version Control is Your Safety Net',
    demands: [
      {
        says: 'Make sure every change your AI agent makes is tracked in version control with clear attribution.',
        safeguards: ['VCS-1'],
      },
      { says: 'A complete audit trail of what the agent touched and when', safeguards: ['VCS-1'] },
      { says: 'The ability to revert problematic changes instantly', safeguards: ['VCS-2'] },
      { says: 'Context for why certain code was generated', safeguards: ['VCS-3'] },
      { says: 'Leverage for accountability if something goes wrong', safeguards: ['VCS-1', 'VCS-3'] },
      {
        says: 'Use branch protection rules to prevent autonomous agents from pushing directly to main/production branches.',
        safeguards: ['VCS-4'],
      },
    ],
  },
  {
    heading: "The Monitoring You Can't Skip",
    demands: [
      { says: 'Unusual commit patterns (sudden spike in commits, changes to sensitive files)', safeguards: ['MON-1'] },
      { says: 'New credentials being created or accessed', safeguards: ['MON-2'] },
      { says: 'Database queries that exceed expected thresholds', safeguards: ['MON-3'] },
      { says: 'Network connections to unexpected destinations', safeguards: ['MON-4'] },
      { says: 'Large data exports or API calls', safeguards: ['MON-5'] },
    ],
  },
  {
    heading: 'Building Your AI-Safe Development Culture',
    demands: [
      {
        says: 'Write down what systems are critical, what data is sensitive, and what access patterns are normal for your codebase.',
        safeguards: ['CUL-1'],
      },
      { says: "Don't just set up secrets management and hope it works.", safeguards: ['GRD-2', 'CUL-2'] },
      {
        says: "Periodically test whether your AI agent can accidentally access something it shouldn't.",
        safeguards: ['CUL-2'],
      },
      {
        says: "The same skepticism you'd apply to third-party code should apply to AI-generated code.",
        safeguards: ['CUL-3'],
      },
      { says: 'The security best practices of today might need adjustment tomorrow.', safeguards: ['CUL-4'] },
    ],
  },
  {
    heading: 'The Bottom Line',
    demands: [
      { says: 'Pick one critical system.', safeguards: ['START'] },
      { says: 'Then gradually expand as you gain confidence in your setup.', safeguards: ['START'] },
    ],
  },
];
