#!/usr/bin/env node
// Plain old JavaScript on purpose: this file must at least parse on any Node, so that an old one gets a sentence
// instead of a syntax error.
var wanted = [20, 19];
var version = process.versions.node.split('.').map(Number);
if (version[0] < wanted[0] || (version[0] === wanted[0] && version[1] < wanted[1])) {
  process.stderr.write(
    'agent-posture needs Node ' + wanted.join('.') + ' or newer; this is Node ' + process.versions.node + '.\n' +
    'Install a current Node from https://nodejs.org, or run: npx --package=node@22 --package=agent-posture agent-posture\n'
  );
  process.exitCode = 2;
} else {
  var builtin = process.getBuiltinModule('node:module');
  if (builtin.enableCompileCache) builtin.enableCompileCache();
  import('../dist/cli.js').catch(function (error) {
    process.stderr.write('agent-posture could not start: ' + (error && error.stack ? error.stack : error) + '\n');
    process.exitCode = 2;
  });
}
