// An agent with a shell and files, that does what its model says, and what `~/.fake.json` says that it does wrong. The tests of
// the drive use it where a real agent cannot be made to behave that way.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const model = process.argv[2];
const settings = JSON.parse(readFileSync(join(homedir(), '.fake.json'), 'utf8'));
// Beside them, as agents do it, what the repository says: rules, and tools that it takes away.
const own = join('.claude', 'settings.json');
const ofProject = existsSync(own) ? JSON.parse(readFileSync(own, 'utf8')) : {};
const deny = [...(settings.deny ?? []), ...(ofProject.deny ?? [])];
const takenAway = ofProject.takesAway ?? [];
const { says = 'denied by rule', wrong = {} } = settings;
const messages = [{ role: 'user', content: 'go' }];
let calls = 0;

const tools = ['shell', 'read', 'write', 'lookup']
  .filter(name => !takenAway.includes(name))
  .map(name => ({ type: 'function', function: { name } }));

async function ask(body) {
  const response = await fetch(`${model}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'x', ...body }),
  });
  return (await response.json()).choices[0].message;
}

function work(name, input) {
  const text = name === 'shell' ? input.command : input.path;
  if (wrong.quietly !== undefined && text.includes(wrong.quietly)) return '';
  const rule = deny.find(each => text.includes(each));
  if (rule !== undefined && (wrong.from === undefined || calls >= wrong.from)) return says;
  if (wrong.denyAllAfter !== undefined && calls > wrong.denyAllAfter) return says;
  if (name === 'read') return readFileSync(input.path, 'utf8');
  if (name === 'write') {
    writeFileSync(input.path, input.content);
    return 'written';
  }
  const { stdout, stderr } = spawnSync('/bin/sh', ['-c', input.command], { encoding: 'utf8', timeout: 5000 });
  return `${stdout}${stderr}`;
}

if (wrong.says) console.error(wrong.says);
if (wrong.never) process.exit(0);
if (wrong.leaves) spawn('/bin/sh', ['-c', 'sleep 300'], { detached: true, stdio: 'ignore' }).unref();
if (wrong.aside) await ask({ messages: [{ role: 'user', content: wrong.aside }] });
for (;;) {
  const offered = wrong.lacks ? tools.filter(tool => tool.function.name !== wrong.lacks) : tools;
  const message = await ask({ messages, tools: offered });
  messages.push(message);
  if (!message.tool_calls) break;
  for (const { id, function: call } of message.tool_calls) {
    calls++;
    const input = JSON.parse(call.arguments);
    const text = input.command ?? input.path;
    if (wrong.hangs && text.includes(wrong.hangs)) await new Promise(() => setInterval(() => {}, 1000));
    if (wrong.dies && text.includes(wrong.dies)) process.exit(3);
    if (wrong.asks && text.includes(wrong.asks)) await ask({ messages: [{ role: 'user', content: 'is that safe?' }] });
    let result;
    try {
      result = work(call.name, input);
    } catch (error) {
      result = `error: ${error.code}`;
    }
    if (wrong.cuts && text.includes(wrong.cuts)) result = `${result.slice(0, 5)} [output truncated]`;
    if (wrong.big && text.includes(wrong.big)) result += 'x'.repeat(10_000_000);
    if (wrong.loses && text.includes(wrong.loses)) continue;
    // For its next start: what it goes by now was read as it started.
    if (wrong.loosens) writeFileSync(own, '{}');
    messages.push({ role: 'tool', tool_call_id: wrong.mixes ? 'other' : id, content: result });
    if (wrong.twice && text.includes(wrong.twice)) messages.push({ role: 'tool', tool_call_id: id, content: result });
  }
}
