/** The floor of the runtime: a server that does nothing but unzip what comes into files. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type RivalServer, startRival } from '../stage.ts'

const PROGRAM = join(import.meta.dirname, 'bare-server.ts')

/** Starts one that writes into a folder. */
export async function startBareServer(folder: string): Promise<RivalServer> {
  await mkdir(folder, { recursive: true })
  return startRival(process.execPath, (port) => [PROGRAM, String(port), folder])
}
