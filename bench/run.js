// npm run bench [-- [--without] NAME…]: each budget, or these, or all but these, measured; exit 1 when one is not met.
const BENCHES = [
  'help',
  'first-frame',
  'size',
  'selftest',
  'generate',
  'rulesync',
  'hooks',
  'agent-hook',
  'discovery',
  'large',
  'agents',
];

const without = process.argv[2] === '--without';
const named = process.argv.slice(without ? 3 : 2);
const unknown = named.find(name => !BENCHES.includes(name));
if (unknown) {
  console.error(`no bench is called ${unknown}; there are ${BENCHES.join(', ')}`);
  process.exit(2);
}
let failed = 0;
const others = BENCHES.filter(name => !named.includes(name));
for (const name of without || named.length === 0 ? others : named) {
  const { default: measure } = await import(`./${name}.js`);
  for (const { name: what, value, budget, unit, detail, ok } of await measure()) {
    if (!ok) failed++;
    const figure = `${value.toFixed(value < 10 ? 2 : 0)}${unit} of ${budget}${unit}`;
    console.log(`${ok ? 'ok  ' : 'OVER'} ${what.padEnd(52)} ${figure.padEnd(22)} ${detail}`);
  }
}
console.log(failed === 0 ? 'every budget is met' : `${failed} budgets are not met`);
process.exitCode = failed === 0 ? 0 : 1;
