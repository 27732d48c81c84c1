// One look at a failing line: node drive.js EXTENSION FILE -> what was seen, as JSON.
'use strict';

const Module = require('module');
const path = require('path');
const { vscode, person, seen } = require('./stand_in');

const load = Module._load;
Module._load = (name, ...rest) => (name === 'vscode' ? vscode : load(name, ...rest));

const LIMIT_MS = 60000;

async function until(condition) {
  const end = Date.now() + LIMIT_MS;
  for (;;) {
    const found = condition();
    if (found) return found;
    if (Date.now() > end) throw new Error(`nothing came; the log: ${seen.log.join(' / ')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function main() {
  const [extension, file] = process.argv.slice(2);
  const { activate, deactivate } = require(path.join(extension, 'extension.js'));
  const context = { subscriptions: [] };
  await activate(context);
  const document = person.open(file);
  const uri = document.uri.toString();
  const first = () => (seen.diagnostics.get(uri) || [])[0];
  const shown = await until(() => first() && first().message.includes('fixed in') && first());
  const token = { onCancellationRequested: () => undefined };
  const hover = await seen.hovers[0].provideHover(document, shown.range.start, token);
  person.insert(document, 0, '# new\n');
  const moved = await until(() => first() && first().range.start.line > shown.range.start.line && first());
  const actions = await seen.actions[0].provideCodeActions(
    document,
    moved.range,
    { diagnostics: [moved] },
    token,
  );
  const show = actions.find((action) => action.command);
  await vscode.commands.executeCommand(show.command.command, ...show.command.arguments);
  const apply = actions.find((action) => action.edit);
  await deactivate();
  process.stdout.write(
    JSON.stringify({
      shown,
      moved: moved.range.start.line,
      hover: hover.contents.value,
      titles: actions.map((action) => action.title),
      edits: apply.edit.replaced,
      opened: seen.shown,
      left: seen.diagnostics.size,
    }),
  );
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
