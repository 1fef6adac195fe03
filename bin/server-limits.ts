/** The limits and the certificate of the server, from its settings. */
import { closeSync, openSync, readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { isIPv4 } from 'node:net'
import { createSecureContext, type Server as TlsServer } from 'node:tls'
import type { ServerLimits } from '@splitcart/data-management/http/edge/server-limits.ts'
import type { Log } from '@splitcart/shared/log.ts'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import { exposureOfKeyFile } from './key-file.ts'

/** Reads the limits and the certificate. Throws `settings_invalid` if keys would be sent unencrypted. */
export function serverLimitsOf(settings: Settings, isBehindProxy: boolean): Partial<ServerLimits> {
  const tls = readTls(settings)
  if (tls === undefined && !isBehindProxy && !isLoopback(settings.HOST))
    throw new Problem(
      'settings_invalid',
      `\n  HOST: on ${JSON.stringify(settings.HOST)} other machines would send their keys unencrypted. Give --tls-cert and --tls-key; or --behind-proxy, when a proxy in front speaks https and nobody else reaches this port; or listen on 127.0.0.1`,
    )
  return {
    tls,
    uploadsAtOnceMax: settings.UPLOADS_AT_ONCE_MAX,
    requestsPerMinuteMax: settings.REQUESTS_PER_MINUTE_MAX,
    failuresPerMinuteMax: settings.FAILURES_PER_MINUTE_MAX,
    filesPerDayMax: settings.FILES_PER_DAY_MAX ?? Number.POSITIVE_INFINITY,
    bytesPerDayMax: settings.BYTES_PER_DAY_MAX ?? Number.POSITIVE_INFINITY,
    socketsMax: settings.SOCKETS_MAX,
    socketsPerAddressMax: settings.SOCKETS_PER_ADDRESS_MAX,
    trustedProxies: settings.TRUSTED_PROXIES ?? [],
  }
}

/** Reloads the certificate on SIGHUP, without a restart; an invalid one is ignored and the old one stays. */
export function reloadCertificateOnHangup(server: Server, settings: Settings, log: Log): void {
  if (settings.TLS_CERT === undefined) return
  process.on('SIGHUP', () => {
    try {
      const renewed = readTls(settings)
      if (renewed !== undefined) (server as unknown as TlsServer).setSecureContext(renewed)
      log.info({}, 'read the certificate again')
    } catch (error) {
      log.error({ err: error }, 'the certificate could not be read again; the old one stays')
    }
  })
}

function readTls({ TLS_CERT: certFile, TLS_KEY: keyFile }: Settings): ServerLimits['tls'] {
  if (certFile === undefined && keyFile === undefined) return undefined
  if (certFile === undefined || keyFile === undefined)
    throw new Problem('settings_invalid', '\n  TLS_CERT, TLS_KEY: expected both or none')
  try {
    const tls = { cert: readFileSync(certFile, 'utf8'), key: readPrivateFile(keyFile) }
    // Throws if they are no PEM, or do not match.
    createSecureContext(tls)
    return tls
  } catch (cause) {
    throw new Problem('settings_invalid', `\n  TLS_CERT, TLS_KEY: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  }
}

/** The text of a key file. Throws when others can read it. */
function readPrivateFile(path: string): string {
  const file = openSync(path, 'r')
  try {
    const fault = exposureOfKeyFile(file, path)
    if (fault !== undefined) throw new Error(fault)
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}
