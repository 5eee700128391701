#!/usr/bin/env node
// Plain old CommonJS on purpose: this file must at least parse on any Node, so that an old one gets a sentence instead of
// a syntax error; and help and version come as fast as Node itself.
var wanted = [20, 19];
var version = process.versions.node.split('.').map(Number);
if (version[0] < wanted[0] || (version[0] === wanted[0] && version[1] < wanted[1])) {
  process.stderr.write(
    'agent-posture needs Node ' + wanted.join('.') + ' or newer; this is Node ' + process.versions.node + '.\n' +
    'Install a current Node from https://nodejs.org, or run: npx --package=node@22 --package=agent-posture agent-posture\n'
  );
  process.exitCode = 2;
} else if (!require('fs').existsSync(require('path').join(__dirname, '../dist/boot.cjs'))) {
  // A checkout: the package that is published has it.
  process.stderr.write('agent-posture is not built yet: run "npm run build" in its folder, then run this again.\n');
  process.exitCode = 2;
} else {
  var args = process.argv.slice(2);
  var text = args.some(asks) ? boot().answer(args) : undefined;
  if (text !== undefined) print(text);
  else {
    var builtin = require('node:module');
    var compiled = builtin.enableCompileCache && boot().compiledFolder();
    if (compiled) builtin.enableCompileCache(compiled);
    if (args[0] !== 'generate') start();
    else
      require('../dist/unchanged.cjs')
        .unchanged(args)
        .then(function (answer) {
          if (answer === undefined) start();
          else print(answer);
        });
  }
}

// Loaded where there is something for it to answer, or code to be kept compiled, which Node 20 cannot: it goes straight on.
function boot() {
  return require('../dist/boot.cjs');
}

// What an argument must look like to ask for help or the version.
function asks(argument) {
  return /^(help$|--help|--version|-[a-zA-Z]*[hV])/.test(argument);
}

function print(text) {
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', function (error) {
    if (error.code === 'EPIPE') return;
    process.stderr.write(boot().unwritten(error.code) + '\n');
    process.exitCode = 2;
  });
  // Once it is written, nothing is left to do; of its own accord Node takes milliseconds to put its heap away.
  process.stdout.write(text, function (error) {
    if (!error) process.exit();
  });
}

function start() {
  import('../dist/cli.js').catch(function (error) {
    process.stderr.write('agent-posture could not start: ' + (error && error.stack ? error.stack : error) + '\n');
    process.exitCode = 2;
  });
}
