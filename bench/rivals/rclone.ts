/** rclone on both sides, as people use it between two machines of theirs. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { output } from '../programs.ts'
import { quiet, type RivalServer, startRival } from '../stage.ts'

export type Rclone = RivalServer &
  Readonly<{ files: string; copy: (path: string, name: string) => Promise<void>; cleared: () => Promise<void> }>

// Its settings are not those of whoever runs this.
const OWN = ['--config', '/dev/null', '--log-level', 'ERROR']

/** Starts `rclone serve webdav` on a folder; `copy` sends it a file. */
export async function startRclone(files: string): Promise<Rclone> {
  await mkdir(files)
  // It must not remember files that were removed between two runs.
  const own = ['--dir-cache-time', '0s', ...OWN]
  const server = await startRival('rclone', (port) => ['serve', 'webdav', files, '--addr', `127.0.0.1:${port}`, ...own])
  const url = `http://127.0.0.1:${server.port}`
  return {
    ...server,
    files,
    copy: async (path, name) =>
      void (await output('rclone', ['copyto', path, `:webdav:${name}`, '--webdav-url', url, ...OWN])),
    cleared: async () => {
      await rm(join(files, 'big.jsonl'), { force: true })
      await quiet()
    },
  }
}
