// What `postdevai lsp` says, in VS Code's own terms.
'use strict';

const vscode = require('vscode');
const { Wire } = require('./wire');

const SELECTOR = { scheme: 'file' };
const STOP_MS = 5000;
const TRIES_MAX = 5;
const QUIET_MS = 60000;
let session;

class Session {
  constructor(output) {
    this.output = output;
    this.diagnostics = vscode.languages.createDiagnosticCollection('postdevai');
    this.tries = 0;
    this.closing = false;
    this.parts = [
      this.diagnostics,
      vscode.workspace.onDidOpenTextDocument((document) => this.opened(document)),
      vscode.workspace.onDidChangeTextDocument((event) => this.changed(event)),
      vscode.workspace.onDidSaveTextDocument((document) => this.saved(document)),
      vscode.workspace.onDidCloseTextDocument((document) => this.closed(document)),
      vscode.languages.registerHoverProvider(SELECTOR, {
        provideHover: (document, position, token) => this.hover(document, position, token),
      }),
      vscode.languages.registerCodeActionsProvider(
        SELECTOR,
        { provideCodeActions: (...asked) => this.actions(...asked) },
        { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
      ),
      vscode.commands.registerCommand('postdevai.showDiff', (...words) =>
        this.wire.request('workspace/executeCommand', {
          command: 'postdevai.showDiff',
          arguments: words,
        }),
      ),
    ];
  }

  async start() {
    const command = vscode.workspace.getConfiguration('postdevai').get('command');
    const begun = Date.now();
    this.ready = false;
    const wire = new Wire(
      command,
      {
        'textDocument/publishDiagnostics': (said) => this.publish(said),
        'window/logMessage': (said) => this.output.appendLine(said.message),
        'window/showMessage': (said) => vscode.window.showInformationMessage(said.message),
        'window/showDocument': (asked) => this.show(asked),
      },
      (text) => this.output.appendLine(text),
      (why) => this.ended(why, Date.now() - begun),
    );
    this.wire = wire;
    try {
      await wire.request('initialize', {
        processId: process.pid,
        rootUri: null,
        workspaceFolders: (vscode.workspace.workspaceFolders || []).map((folder) => ({
          uri: folder.uri.toString(),
          name: folder.name,
        })),
        capabilities: {
          general: { positionEncodings: ['utf-16'] },
          window: { showDocument: { support: true } },
          workspace: {
            workspaceEdit: {
              documentChanges: true,
              changeAnnotationSupport: { groupsOnLabel: false },
            },
          },
          textDocument: {
            hover: { contentFormat: ['markdown'] },
            codeAction: {
              codeActionLiteralSupport: { codeActionKind: { valueSet: ['quickfix'] } },
            },
          },
        },
      });
    } catch {
      return; // its end was told
    }
    wire.notify('initialized', {});
    this.ready = true;
    for (const document of vscode.workspace.textDocuments) this.opened(document);
  }

  ended(why, lived_ms) {
    this.ready = false;
    this.diagnostics.clear();
    if (this.closing) return;
    this.output.appendLine(`The language server: ${why}.`);
    this.tries = lived_ms > QUIET_MS ? 1 : this.tries + 1;
    if (this.tries > TRIES_MAX) {
      vscode.window.showWarningMessage(
        `PostDevAI's language server ends again and again: ${why}. Its setting is postdevai.command; ` +
          'the command "PostDevAI: restart the language server" tries once more.',
      );
      return;
    }
    this.timer = setTimeout(() => this.start(), 500 * 2 ** this.tries);
  }

  async stop() {
    this.closing = true;
    clearTimeout(this.timer);
    for (const part of this.parts) part.dispose();
    if (this.wire) await this.wire.stop(STOP_MS);
  }

  watches(document) {
    return this.ready && document.uri.scheme === 'file';
  }

  opened(document) {
    if (!this.watches(document)) return;
    this.wire.notify('textDocument/didOpen', {
      textDocument: {
        uri: document.uri.toString(),
        languageId: document.languageId,
        version: document.version,
        text: document.getText(),
      },
    });
  }

  changed(event) {
    if (!this.watches(event.document) || event.contentChanges.length === 0) return;
    this.wire.notify('textDocument/didChange', {
      textDocument: { uri: event.document.uri.toString(), version: event.document.version },
      contentChanges: event.contentChanges.map((change) => ({
        range: plain(change.range),
        text: change.text,
      })),
    });
  }

  saved(document) {
    if (!this.watches(document)) return;
    const textDocument = { uri: document.uri.toString() };
    this.wire.notify('textDocument/didSave', { textDocument });
  }

  closed(document) {
    if (!this.watches(document)) return;
    const textDocument = { uri: document.uri.toString() };
    this.wire.notify('textDocument/didClose', { textDocument });
  }

  publish(said) {
    const uri = vscode.Uri.parse(said.uri);
    const shown = said.diagnostics.map((each) => {
      const made = new vscode.Diagnostic(
        range(each.range),
        each.message,
        vscode.DiagnosticSeverity.Information,
      );
      made.source = each.source;
      made.code = each.code;
      return made;
    });
    this.diagnostics.set(uri, shown);
  }

  async show(asked) {
    try {
      const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(asked.uri));
      await vscode.window.showTextDocument(document, {
        preview: true,
        preserveFocus: !asked.takeFocus,
      });
      return { success: true };
    } catch {
      return { success: false };
    }
  }

  async hover(document, position, token) {
    if (!this.watches(document)) return null;
    const asked = { textDocument: { uri: document.uri.toString() }, position: place(position) };
    const told = await this.answer('textDocument/hover', asked, token);
    if (!told) return null;
    return new vscode.Hover(new vscode.MarkdownString(told.contents.value), range(told.range));
  }

  async actions(document, where, context, token) {
    if (!this.watches(document)) return [];
    const told = await this.answer(
      'textDocument/codeAction',
      {
        textDocument: { uri: document.uri.toString() },
        range: plain(where),
        context: {
          diagnostics: context.diagnostics.map((each) => ({
            range: plain(each.range),
            message: each.message,
            severity: each.severity + 1, // VS Code counts from 0, the protocol from 1
            source: each.source,
          })),
          only: context.only ? [context.only.value] : undefined,
        },
      },
      token,
    );
    return (told || []).map((each) => this.action(each));
  }

  action(told) {
    const made = new vscode.CodeAction(told.title, vscode.CodeActionKind.QuickFix);
    if (told.command) made.command = told.command;
    if (told.edit) made.edit = this.edit(told.edit);
    return made;
  }

  edit(told) {
    const made = new vscode.WorkspaceEdit();
    const notes = told.changeAnnotations || {};
    for (const change of told.documentChanges || []) {
      const uri = vscode.Uri.parse(change.textDocument.uri);
      const known = vscode.workspace.textDocuments.find((d) => d.uri.toString() === uri.toString());
      const version = change.textDocument.version;
      // of another version than the one that was looked at: better no edit than a wrong one
      if (known && typeof version === 'number' && known.version !== version) return made;
      for (const each of change.edits) {
        const note = notes[each.annotationId];
        made.replace(uri, range(each.range), each.newText, note && {
          label: note.label,
          needsConfirmation: Boolean(note.needsConfirmation),
        });
      }
    }
    return made;
  }

  async answer(method, params, token) {
    try {
      return await this.wire.request(method, params, token);
    } catch {
      return null; // cancelled, or the server has ended: VS Code asks again
    }
  }
}

function place(position) {
  return { line: position.line, character: position.character };
}

function plain(told) {
  return { start: place(told.start), end: place(told.end) };
}

function range(told) {
  const { start, end } = told;
  return new vscode.Range(start.line, start.character, end.line, end.character);
}

async function begin(output) {
  session = new Session(output);
  await session.start();
}

async function activate(context) {
  const output = vscode.window.createOutputChannel('PostDevAI');
  context.subscriptions.push(
    output,
    vscode.commands.registerCommand('postdevai.restart', async () => {
      await session.stop();
      await begin(output);
    }),
  );
  await begin(output);
}

async function deactivate() {
  if (session) await session.stop();
}

module.exports = { activate, deactivate };
