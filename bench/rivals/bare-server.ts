/** The least that can be done in Node: what comes over HTTP is unzipped into a file, with everything at its default. Not synced. */
import { createWriteStream } from 'node:fs'
import { createServer } from 'node:http'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'

const [port = '', folder = ''] = process.argv.slice(2)

createServer(async (request, response) => {
  const path = join(folder, basename(request.url ?? '').replace(/\.gz$/, ''))
  await pipeline(request, createGunzip(), createWriteStream(path))
  response.writeHead(201).end()
}).listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 })
