import { expect, test } from 'vitest';
import { explainRow } from '../../src/cli/commands/explain.ts';
import { row } from '../report/sample.ts';

const style = { width: 80, color: false, unicode: false, verbose: false };

test('a row of an agent is explained with the very call that got through, and the rule that it got round', () => {
  const spelling = 'python3 -c \'print(open(".env").read())\'';
  const way = { escape: 'read-python', rule: 'Read(./.env)', spelling };
  const said = explainRow(row({ vantage: 'agent:claude-code', target: '.env', ...way }), style);
  expect(said).toContain(`the call   ${spelling}`);
  expect(said).toContain('its rule   Read(./.env)');
  expect(explainRow(row({ target: '.env' }), style).join()).not.toContain('the call');
});
