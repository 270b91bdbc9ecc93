// node.js -- one event loop; a stream carries each client's bytes back.
//
//   event loop ──▶ who is ready? ──▶ read ──▶ pipe ──▶ write ──▶ who is ready? ...
//                                     ▲         │
//                                     └─ pause ─┘ while the client does not read
//
// Cost: a few objects per client on a heap that a garbage collector looks after.
//
// Start: node {file} 0
'use strict';
const { createServer } = require('node:net');
const { Transform } = require('node:stream');
const { setImmediate: turn, setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');

const { values: options, positionals: [port = '0'] } = parseArgs({
  allowPositionals: true,
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    costs: { type: 'boolean', default: false },
  },
});

// A line that costs, up to what ends its number; common/costs.h tells what counts.
const COST = /(?<=^|\n)!(spin|sleep) 0*(1000000|\d{1,6})(?=[ \t\r\n])/g;
const MAYBE_COST = /^!?$|^![a-z]{1,5}$|^!(spin|sleep) \d{0,20}$/;

// Spinning holds up every client, for there is one thread; a sleep is awaited, as a slow database
// would be, and the loop serves the others meanwhile.  The CPU clock is that of the process, whose
// compiler and collector work beside: until both clocks agree.
function spin(us) {
  const began = performance.now(), before = process.cpuUsage();
  for (let used = before; used.user + used.system < us || performance.now() - began < us / 1000;)
    used = process.cpuUsage(before);
}

class Costs extends Transform {
  line = ''; // What came of a line that may yet turn out to cost.

  async _transform(bytes, _encoding, done) {
    const text = this.line + bytes.toString('latin1'); // A character for each byte.
    for (const [, kind, us] of text.matchAll(COST)) {
      if (kind === 'spin') {
        spin(Number(us));
        await turn(); // Before the next line costs, others are served.
      } else await sleep(Math.floor(us / 1000) + 1); // Timers know whole ms, and may be early.
    }
    const last = text.slice(text.lastIndexOf('\n') + 1);
    this.line = MAYBE_COST.test(last) ? last : '-';
    done(null, bytes);
  }
}

// allowHalfOpen: who sent all and closed that way still waits for the rest of the echo.
const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  socket.on('error', () => {}); // A broken client ends its own connection, nothing else.
  (options.costs ? socket.pipe(new Costs()) : socket).pipe(socket);
});
server.listen({ host: options.host, port: Number(port), backlog: 4096 }, () => {
  console.log(`ready port=${server.address().port}`);
});
process.on('SIGTERM', () => process.exit(0));
