// One language server as a process: messages over its stdin and stdout, requests with their answers.
'use strict';

const { spawn } = require('child_process');

class Wire {
  // `handlers` maps a method to what is done when the server sends it; `ended` is told once.
  constructor(command, handlers, log, ended) {
    this.handlers = handlers;
    this.log = log;
    this.waiting = new Map();
    this.last = 0;
    this.rest = Buffer.alloc(0);
    this.alive = true;
    this.process = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
    this.process.stdout.on('data', (data) => this.read(data));
    this.process.stderr.on('data', (data) => log(String(data).trimEnd()));
    this.process.stdin.on('error', () => {}); // it has gone: its end is told below
    const end = (why) => {
      if (!this.alive) return;
      this.alive = false;
      for (const { reject } of this.waiting.values()) reject(new Error(why));
      this.waiting.clear();
      ended(why);
    };
    this.process.on('error', (error) => end(error.message));
    this.process.on('close', (code) => end(`it ended with ${code}`));
  }

  request(method, params, token) {
    if (!this.alive) return Promise.reject(new Error('the server has ended'));
    const id = ++this.last;
    const answer = new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    this.send({ id, method, params });
    if (token) token.onCancellationRequested(() => this.notify('$/cancelRequest', { id }));
    return answer;
  }

  notify(method, params) {
    if (this.alive) this.send({ method, params });
  }

  send(message) {
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }), 'utf8');
    this.process.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
    this.process.stdin.write(body);
  }

  read(data) {
    this.rest = Buffer.concat([this.rest, data]);
    for (;;) {
      const head = this.rest.indexOf('\r\n\r\n');
      if (head < 0) return;
      const said = /Content-Length: (\d+)/i.exec(this.rest.toString('ascii', 0, head));
      if (!said) {
        this.log('what the server wrote is no message');
        this.process.kill();
        return;
      }
      const end = head + 4 + Number(said[1]);
      if (this.rest.length < end) return;
      const body = this.rest.toString('utf8', head + 4, end);
      this.rest = this.rest.subarray(end);
      this.take(JSON.parse(body));
    }
  }

  take(message) {
    if (message.method === undefined) {
      const asked = this.waiting.get(message.id);
      this.waiting.delete(message.id);
      if (!asked) return;
      if (message.error) asked.reject(new Error(message.error.message));
      else asked.resolve(message.result);
      return;
    }
    const handler = this.handlers[message.method];
    if (message.id === undefined) {
      if (handler) handler(message.params);
      return;
    }
    if (!handler) {
      this.send({ id: message.id, error: { code: -32601, message: 'not understood' } });
      return;
    }
    Promise.resolve()
      .then(() => handler(message.params))
      .then(
        (result) => this.send({ id: message.id, result: result === undefined ? null : result }),
        (error) => this.send({ id: message.id, error: { code: -32603, message: String(error) } }),
      );
  }

  // Asks for the end, and makes sure of it.
  async stop(limit_ms) {
    if (!this.alive) return;
    const gone = new Promise((resolve) => this.process.once('close', resolve));
    const timer = setTimeout(() => this.process.kill('SIGKILL'), limit_ms);
    try {
      await this.request('shutdown', null);
      this.notify('exit', null);
    } catch {
      // it has ended before it was asked
    }
    await gone;
    clearTimeout(timer);
  }
}

module.exports = { Wire };
