/** nginx before the receivers, with the configuration that people install: deploy/fleet/nginx.conf. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { temporaryFolder } from '../../test/folders.ts'
import { freePorts } from '../../test/free-ports.ts'
import { until } from '../../test/machines.ts'
import { neededHere } from '../../test/needed.ts'

const CONFIGURATION = join(import.meta.dirname, '..', '..', 'deploy', 'fleet', 'nginx.conf')
// Where Debian has it; the path of a user who is not root may be without that.
const ENVIRONMENT = { ...process.env, PATH: [process.env.PATH, '/usr/sbin'].join(delimiter) }

/** Why there can be no balancer here, or false. */
export const NO_BALANCER = neededHere(
  spawnSync('nginx', ['-v'], { env: ENVIRONMENT }).status !== 0 &&
    'nginx is not installed (on Debian and Ubuntu: apt-get install nginx)',
)

/** A balancer that listens. */
export type Balancer = AsyncDisposable & Readonly<{ url: string }>

/** Opens a balancer for the receivers at these ports. */
export async function openBalancer(receivers: readonly number[]): Promise<Balancer> {
  const at = await temporaryFolder()
  const [port] = await freePorts(1)
  await mkdir(join(at.path, 'splitcart'))
  const servers = receivers.map((each) => `server 127.0.0.1:${each} max_fails=2 fail_timeout=5s;\n`)
  await writeFile(join(at.path, 'splitcart', 'receivers.conf'), servers.join(''))
  await writeFile(join(at.path, 'splitcart', 'listen.conf'), `listen 127.0.0.1:${port};\n`)
  await writeFile(join(at.path, 'nginx.conf'), surroundings(at.path))
  const args = ['-p', at.path, '-e', 'stderr', '-c', join(at.path, 'nginx.conf')]
  const server = spawn('nginx', args, { env: ENVIRONMENT, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  server.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = once(server, 'close')
  await until(async () => server.exitCode !== null || (await takes(port!)), 'nginx listens')
  if (server.exitCode !== null) throw new Error(`nginx does not start: ${said}`)
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.kill('SIGTERM')
      await ended
      await at[Symbol.asyncDispose]()
    },
  }
}

/** What Debian has in /etc/nginx/nginx.conf around a configuration. */
function surroundings(folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((each) => `${each}_temp_path ${folder};`)
  return `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; pid ${folder}/nginx.pid; error_log stderr crit;
    events {}
    http { access_log off; ${temporary.join(' ')} include ${CONFIGURATION}; }
  `
}

async function takes(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
