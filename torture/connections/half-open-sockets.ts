/** A thread that keeps so many half-open connections from several addresses, and opens another for each that is closed. */
import { connect } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

/** `restless` connections say what is refused at once. The others wait for the server to lose its patience. */
export type HalfOpen = Readonly<{ port: number; sockets: number; restless: number; addresses: number }>

const { port, sockets, restless, addresses } = workerData as HalfOpen

// Nothing; half a head, a byte at a time.
const HELD = ['', 'GET /api/uploads HTTP/1.1\r\nHost: x\r\nX-A']
// A whole head without a key before a body that never comes; TLS where none is spoken.
const REFUSED = ['POST /api/upload/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n', '\x16\x03\x01\x02']
const BYTE_MS = 1_000
const AGAIN_MS = 20
const REFUSED_AGAIN_MS = 1_000
const TELL_MS = 100

let held = 0
let opened = 0

function open(number: number): void {
  const isHeld = number < sockets
  const said = isHeld ? HELD[number % HELD.length]! : REFUSED[number % REFUSED.length]!
  const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.1.${1 + (number % addresses)}` })
  const trickle = said === '' ? undefined : setInterval(() => socket.write('a'), BYTE_MS)
  socket.on('connect', () => {
    opened++
    if (said !== '') socket.write(said)
    if (!isHeld) return
    held++
    socket.once('close', () => held--)
  })
  // What is answered is not read: the connection is for the server to close.
  socket.on('error', () => {})
  socket.on('end', () => socket.destroy())
  socket.on('close', () => {
    clearInterval(trickle)
    setTimeout(() => open(number), isHeld ? AGAIN_MS : REFUSED_AGAIN_MS * (1 + Math.random()))
  })
}

for (let number = 0; number < sockets + restless; number++) setTimeout(() => open(number), number / 5)
setInterval(() => parentPort?.postMessage({ held, opened }), TELL_MS)
