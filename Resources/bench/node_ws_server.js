#!/usr/bin/env node
// A server to compare with: the ws package of node (Debian: node-ws).
//
//     node_ws_server.js --mode echo|broadcast|acked --port P
//
// Prints "listening on URL" when it is ready; SIGTERM and SIGINT end it.
'use strict';

const { parseArgs } = require('node:util');
const { WebSocketServer, WebSocket } = require('ws');

const { values } = parseArgs({
  options: { mode: { type: 'string' }, port: { type: 'string', default: '0' } },
});

const modes = {
  echo(server, socket) {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  },
  broadcast(server, socket) {
    socket.on('message', (data, binary) => {
      for (const other of server.clients) {
        if (other !== socket && other.readyState === WebSocket.OPEN) other.send(data, { binary });
      }
    });
  },
  acked(server, socket) {
    socket.on('message', (data) => {
      const envelope = JSON.parse(data);
      if (envelope.type === 'ack_request') socket.send(`{"type":"ack","id":${envelope.id}}`);
    });
  },
};

const serve = modes[values.mode];
if (!serve) {
  console.error('--mode must be echo, broadcast or acked');
  process.exit(64);
}
const server = new WebSocketServer({
  host: '127.0.0.1', port: Number(values.port), backlog: 1024, perMessageDeflate: false,
  maxPayload: 64 << 20,
});
server.on('connection', (socket) => {
  socket.on('error', () => socket.terminate());
  serve(server, socket);
});
server.on('listening', () => {
  console.log(`listening on ws://127.0.0.1:${server.address().port}/`);
});
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
