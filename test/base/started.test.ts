import { expect, test } from 'vitest';
import { asStarted, own, startedAs } from '../../src/base/started.ts';
import { COMMANDS } from '../../src/cli/program.ts';

test.each([
  ['/usr/local/bin/agent-posture', {}, 'agent-posture'],
  ['/home/ada/agent-posture/bin/agent-posture.js', {}, 'agent-posture'],
  ['/home/ada/.npm/_npx/0a1b/node_modules/.bin/agent-posture', { npm_lifecycle_event: 'npx' }, 'npx agent-posture'],
  ['/home/ada/shop/node_modules/.bin/agent-posture', { npm_lifecycle_event: 'posture' }, 'npx agent-posture'],
  [
    'C:\\cache\\_npx\\0a1b\\node_modules\\agent-posture\\bin\\agent-posture.js',
    { npm_lifecycle_event: 'npx', npm_config_user_agent: 'npm/10.9.0 node/v22.0.0' },
    'npx agent-posture',
  ],
  ['C:\\npm\\node_modules\\agent-posture\\bin\\agent-posture.js', {}, 'agent-posture'],
  [
    '/home/ada/.cache/pnpm/dlx/1/node_modules/agent-posture/bin/agent-posture.js',
    { npm_config_user_agent: 'pnpm/9.1.0 npm/? node/v22.0.0' },
    'pnpm dlx agent-posture',
  ],
  [
    '/tmp/bunx-0/node_modules/agent-posture/bin/agent-posture.js',
    { npm_config_user_agent: 'bun/1.2.0' },
    'bunx agent-posture',
  ],
])('%s, with %j, is started as %s', (script, env, said) => {
  expect(startedAs(script, env)).toBe(said);
});

test('a command to copy is the one that was typed', () => {
  expect(own('undo')).toBe('agent-posture undo');
  expect(asStarted('next: agent-posture init', 'npx agent-posture')).toBe('next: npx agent-posture init');
  expect(asStarted('agent-posture test, then agent-posture fix', 'bunx agent-posture')).toBe(
    'bunx agent-posture test, then bunx agent-posture fix',
  );
});

test.each(COMMANDS.map(({ name }) => name))('%s is a command that somebody may have to copy', name => {
  expect(asStarted(`agent-posture ${name} x`, 'npx agent-posture')).toBe(`npx agent-posture ${name} x`);
});

test.each([
  'agent-posture.yaml says so',
  './agent-posture init',
  'a file agent-posture tested',
  '/opt/agent-posture test',
  'my-agent-posture init',
  'npx agent-posture init',
  'pnpm dlx agent-posture init',
])('%s stays as it is', text => {
  expect(asStarted(text, 'npx agent-posture')).toBe(text);
});
