/** nginx as people use it to take files: PUT (ngx_http_dav_module), with nothing in its way. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { childrenOf } from '../../test/processes.ts'
import { type RivalServer, startRival } from '../stage.ts'

export type Nginx = RivalServer & Readonly<{ files: string; pids: () => readonly number[] }>

/** Starts nginx in a folder; what is sent lies in `files` under its name. */
export async function startNginx(folder: string): Promise<Nginx> {
  const files = join(folder, 'files')
  for (const path of [files, join(folder, 'bodies')]) await mkdir(path, { recursive: true })
  const configuration = join(folder, 'nginx.conf')
  const server = await startRival('/bin/sh', (port) => [
    '-c',
    'printf %s "$1" > "$2" && exec nginx -p "$3" -e "$3/error.log" -c "$2"',
    'nginx',
    configurationFor(folder, port),
    configuration,
    folder,
  ])
  return { ...server, files, pids: () => [server.pid, ...childrenOf(server.pid)] }
}

// One worker a core, no logs, and bodies on the same disk as the files, so that nginx only renames them.
function configurationFor(folder: string, port: number): string {
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  return `${user} daemon off; worker_processes auto; pid ${folder}/nginx.pid;
    events { worker_connections 4096; }
    http {
      access_log off; client_max_body_size 0; client_body_buffer_size 1m; client_body_temp_path ${folder}/bodies;
      server {
        listen 127.0.0.1:${port} backlog=4096; root ${folder}/files;
        location / { dav_methods PUT; }
      }
    }
  `
}
