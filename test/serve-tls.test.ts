/** `serve` beyond this machine: with a certificate, behind a proxy, or not at all. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { readSettings } from '@splitcart/shared/settings.ts'
import { serverLimitsOf } from '../bin/server-limits.ts'
import { temporaryFolder } from './folders.ts'
import { openMachines, until } from './machines.ts'
import { neededHere } from './needed.ts'

const NO_OPENSSL = spawnSync('openssl', ['version']).status !== 0 && 'openssl is not installed'
const skip = neededHere(NO_OPENSSL)

test('serve does not listen in plain http beyond this machine, and says what to do', async () => {
  await using machines = await openMachines()
  const { code, stderr } = await machines.run(['serve', '--host', '0.0.0.0', '--port', '0'])
  assert.equal(code, 2, stderr)
  for (const way of ['--tls-cert', '--tls-key', '--behind-proxy', '127.0.0.1']) assert.ok(stderr.includes(way), stderr)
  for (const HOST of ['::', '0.0.0.0', '192.0.2.1', 'example.org', '1270.0.0.1'])
    assert.throws(() => serverLimitsOf(readSettings({ HOST }), false), /settings_invalid|HOST: on/, HOST)
  for (const HOST of ['127.0.0.1', '127.1.2.3', '::1', 'localhost'])
    assert.equal(serverLimitsOf(readSettings({ HOST }), false).tls, undefined)
  assert.equal(serverLimitsOf(readSettings({ HOST: '0.0.0.0' }), true).tls, undefined)
})

test('a certificate that cannot be used is named', { skip }, async () => {
  await using at = await temporaryFolder()
  const { cert, key } = certificate(at.path, 'a')
  const other = certificate(at.path, 'b')
  for (const [given, said] of [
    [{ TLS_CERT: cert }, /TLS_CERT, TLS_KEY: expected both or none/],
    [{ TLS_CERT: cert, TLS_KEY: join(at.path, 'none') }, /TLS_KEY: .*ENOENT/],
    [{ TLS_CERT: cert, TLS_KEY: other.key }, /TLS_KEY: .*mismatch/i],
    [{ TLS_CERT: key, TLS_KEY: key }, /TLS_CERT/],
  ] as const)
    assert.throws(() => serverLimitsOf(readSettings(given), false), said)
})

test('a TLS key that others can read is refused, with the command that mends it', { skip }, async () => {
  await using at = await temporaryFolder()
  const { cert, key } = certificate(at.path, 'a')
  const read = () => serverLimitsOf(readSettings({ TLS_CERT: cert, TLS_KEY: key }), false)
  await chmod(key, 0o666)
  assert.throws(read, /can be read by others; run: chmod 600/)
  await chmod(key, 0o600)
  assert.ok(read().tls)
})

test('serve speaks TLS 1.2 and newer, and takes a renewed certificate on SIGHUP', { skip }, async () => {
  await using machines = await openMachines()
  const { cert, key } = certificate(machines.path, 'first')
  const args = ['--host', '0.0.0.0', '--tls-cert', cert, '--tls-key', key, '--no-update-db']
  const server = await machines.serve(args)
  const port = Number(new URL(server.url).port)
  assert.match(server.url, /^https:/)
  const answer = await asked(port, await readFile(cert))
  assert.equal(answer.status, 200)
  assert.equal(answer.hsts, 'max-age=31536000')
  await assert.rejects(handshake(port, 'TLSv1.1'))
  assert.equal(await handshake(port, 'TLSv1.2'), 'first')
  assert.equal(await handshake(port, 'TLSv1.3'), 'first')
  assert.doesNotMatch(await inPlain(port), /HTTP\/1\.1 2/)
  const renewed = certificate(machines.path, 'second')
  for (const [from, to] of [
    [renewed.cert, cert],
    [renewed.key, key],
  ] as const)
    await writeFile(to, await readFile(from))
  server.child.kill('SIGHUP')
  await until(async () => (await handshake(port, 'TLSv1.3')) === 'second', 'the new certificate is shown')
  await writeFile(cert, 'broken')
  server.child.kill('SIGHUP')
  await until(() => server.printed().includes('the old one stays'), 'the broken one is reported')
  assert.equal(await handshake(port, 'TLSv1.3'), 'second')
})

function certificate(path: string, name: string): { cert: string; key: string } {
  const cert = join(path, `${name}.crt`)
  const key = join(path, `${name}.key`)
  const form = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1']
  const about = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert]
  const { status, stderr } = spawnSync('openssl', [...form, ...about], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return { cert, key }
}

async function asked(port: number, ca: Buffer): Promise<{ status: number | undefined; hsts: unknown }> {
  const asking = request({ port, host: '127.0.0.1', path: '/healthz', ca, agent: new Agent() }).end()
  const [response] = await once(asking, 'response')
  response.resume()
  return { status: response.statusCode, hsts: response.headers['strict-transport-security'] }
}

/** The name on the certificate that is shown in a handshake of one version. */
async function handshake(port: number, version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'): Promise<unknown> {
  const versions = { minVersion: version, maxVersion: version } as const
  // As old as it takes: this client would speak TLS 1.1 if the server did.
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ciphers: 'ALL:@SECLEVEL=0',
    ...versions,
  })
  try {
    await once(socket, 'secureConnect')
    return socket.getPeerCertificate().subject.CN
  } finally {
    socket.destroy()
  }
}

async function inPlain(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
  let heard = ''
  socket.setEncoding('latin1').on('data', (text) => (heard += text))
  await once(socket, 'close')
  return heard
}
