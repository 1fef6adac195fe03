/** A thread that keeps as many half-open connections as it can get, and opens another for each that is closed. */
import { connect } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

const { port, sockets } = workerData as Readonly<{ port: number; sockets: number }>

// Nothing; half a head; a whole one without a key before a body that never comes; TLS where none is spoken.
const SAID = [
  '',
  'GET /api/uploads HTTP/1.1\r\nHost: x\r\nX-A',
  'POST /api/upload/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n',
  '\x16\x03\x01\x02',
]
const AGAIN_MS = 1_000
const TELL_MS = 200

let held = 0
let opened = 0

function open(number: number): void {
  const socket = connect(port, '127.0.0.1')
  const trickle = setInterval(() => socket.write(SAID[number % SAID.length] === '' ? '' : 'a'), AGAIN_MS)
  socket.on('connect', () => {
    held++
    opened++
    socket.write(SAID[number % SAID.length] ?? '')
    socket.once('close', () => held--)
  })
  // What is answered is not read: the connection is for the server to close.
  socket.on('error', () => {})
  socket.on('end', () => socket.destroy())
  socket.on('close', () => {
    clearInterval(trickle)
    setTimeout(() => open(number), AGAIN_MS * (1 + Math.random()))
  })
}

for (let number = 0; number < sockets; number++) setTimeout(() => open(number), number / 5)
setInterval(() => parentPort?.postMessage({ held, opened }), TELL_MS)
