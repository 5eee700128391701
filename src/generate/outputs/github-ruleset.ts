import type { Output } from '../types.ts';
import { protectedPatterns } from './branches.ts';

/**
 * A ruleset as GitHub's REST interface takes it (`POST /repos/{owner}/{repo}/rulesets`, version 2022-11-28). It is sent by
 * a person or by `protect --apply`, never by an agent's token.
 */
export const githubRuleset: Output = {
  id: 'github-ruleset',
  title: 'a GitHub ruleset: protected branches take pull requests only',
  safeguards: ['VCS-4', 'AUD-6'],
  templateVersion: 1,
  guard: true,
  render({ posture, facts }) {
    const branches = protectedPatterns(posture);
    const forge = posture.repository?.forge ?? facts.git.remote?.forge;
    if (forge !== 'github' || branches.length === 0) return [];
    const reviews = posture.repository?.reviews ?? 0;
    const ruleset = {
      name: 'agent-posture: protected branches',
      target: 'branch',
      enforcement: 'active',
      bypass_actors: [],
      conditions: { ref_name: { include: branches.map(branch => `refs/heads/${branch}`), exclude: [] } },
      rules: [
        { type: 'deletion' },
        { type: 'non_fast_forward' },
        {
          type: 'pull_request',
          parameters: {
            required_approving_review_count: reviews,
            dismiss_stale_reviews_on_push: true,
            require_code_owner_review: reviews > 0 && Object.keys(posture.repository?.owners ?? {}).length > 0,
            // Whoever pushed last cannot be the one who approves it.
            require_last_push_approval: reviews > 0,
            required_review_thread_resolution: false,
          },
        },
      ],
    };
    return [
      { mode: 'owned', path: '.agent-posture/github-ruleset.json', content: `${JSON.stringify(ruleset, null, 2)}\n` },
    ];
  },
};
