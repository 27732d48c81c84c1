// As much of VS Code's API as the extension uses, kept in memory: what a person would see and do.
'use strict';

const { fileURLToPath, pathToFileURL } = require('url');
const fs = require('fs');

class Uri {
  constructor(text) {
    this.text = text;
    this.scheme = text.slice(0, text.indexOf(':'));
    this.fsPath = this.scheme === 'file' ? fileURLToPath(text) : '';
  }
  static parse(text) {
    return new Uri(text);
  }
  static file(path) {
    return new Uri(pathToFileURL(path).href);
  }
  toString() {
    return this.text;
  }
}

class Range {
  constructor(a, b, c, d) {
    this.start = { line: a, character: b };
    this.end = { line: c, character: d };
  }
}

class Diagnostic {
  constructor(range, message, severity) {
    Object.assign(this, { range, message, severity });
  }
}

class MarkdownString {
  constructor(value) {
    this.value = value;
  }
}

class Hover {
  constructor(contents, range) {
    Object.assign(this, { contents, range });
  }
}

class CodeAction {
  constructor(title, kind) {
    Object.assign(this, { title, kind });
  }
}

class WorkspaceEdit {
  constructor() {
    this.replaced = [];
  }
  replace(uri, range, text, note) {
    this.replaced.push({ uri: uri.toString(), range, text, note });
  }
}

class Event {
  constructor() {
    this.listeners = new Set();
    this.on = (listener) => {
      this.listeners.add(listener);
      return { dispose: () => this.listeners.delete(listener) };
    };
  }
  fire(value) {
    for (const listener of this.listeners) listener(value);
  }
}

const opened = new Event();
const changed = new Event();
const saved = new Event();
const closed = new Event();
const seen = { diagnostics: new Map(), shown: [], log: [], messages: [], hovers: [], actions: [] };
const commands = new Map();

function registered(list, provider) {
  list.push(provider);
  return { dispose: () => list.splice(list.indexOf(provider), 1) };
}

const vscode = {
  Uri,
  Range,
  Diagnostic,
  MarkdownString,
  Hover,
  CodeAction,
  WorkspaceEdit,
  CodeActionKind: { QuickFix: { value: 'quickfix' } },
  DiagnosticSeverity: { Error: 0, Warning: 1, Information: 2, Hint: 3 },
  languages: {
    createDiagnosticCollection: () => ({
      set: (uri, list) => seen.diagnostics.set(uri.toString(), list),
      clear: () => seen.diagnostics.clear(),
      dispose: () => seen.diagnostics.clear(),
    }),
    registerHoverProvider: (_, provider) => registered(seen.hovers, provider),
    registerCodeActionsProvider: (_, provider) => registered(seen.actions, provider),
  },
  commands: {
    registerCommand: (name, run) => {
      commands.set(name, run);
      return { dispose: () => commands.delete(name) };
    },
    executeCommand: (name, ...words) => commands.get(name)(...words),
  },
  window: {
    createOutputChannel: () => ({ appendLine: (text) => seen.log.push(text), dispose() {} }),
    showInformationMessage: (text) => seen.messages.push(text),
    showWarningMessage: (text) => seen.messages.push(text),
    showTextDocument: (document) => seen.shown.push(document.getText()),
  },
  workspace: {
    workspaceFolders: [],
    textDocuments: [],
    getConfiguration: () => ({ get: () => JSON.parse(process.env.POSTDEVAI_COMMAND) }),
    onDidOpenTextDocument: opened.on,
    onDidChangeTextDocument: changed.on,
    onDidSaveTextDocument: saved.on,
    onDidCloseTextDocument: closed.on,
    openTextDocument: async (uri) => text(uri),
  },
};

function text(uri) {
  const document = {
    uri,
    languageId: 'python',
    version: 1,
    content: fs.readFileSync(uri.fsPath, 'utf8'),
    getText: () => document.content,
  };
  return document;
}

// What a person does.
const person = {
  open(path) {
    const document = text(Uri.file(path));
    vscode.workspace.textDocuments.push(document);
    opened.fire(document);
    return document;
  },
  // Puts a text in at the start of a line from 0.
  insert(document, line, added) {
    const lines = document.content.split('\n');
    document.content = [...lines.slice(0, line), added.replace(/\n$/, ''), ...lines.slice(line)].join('\n');
    document.version += 1;
    const contentChanges = [{ range: new Range(line, 0, line, 0), text: added }];
    changed.fire({ document, contentChanges });
  },
};

module.exports = { vscode, person, seen };
