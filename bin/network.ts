/**
 * Network configuration, set once per process: all HTTP uses Node's own fetch and agents, whatever library calls them.
 *
 *   the server        fetch; certificates of API_SERVER_CA alone where it is set; HTTPS_PROXY by CONNECT, none for http
 *   heartbeat, notices the agents of http and https; certificates of Node and the system; HTTP_PROXY and HTTPS_PROXY
 *   e-mail            a connection of its own; certificates of Node and the system; no proxy
 */
import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net'
import { createSecureContext, getCACertificates, setDefaultCACertificates } from 'node:tls'
import { Problem } from '@splitcart/shared/problem.ts'
import type { Settings } from '@splitcart/shared/settings.ts'

/** Settings with addresses that are called, besides the server's. */
const ADDRESS_SETTINGS = [
  'HEARTBEAT_URL',
  'NOTICE_NTFY_URL',
  'NOTICE_SMTP_URL',
  'NOTICE_WEBHOOK_URL',
  'NOTICE_APPRISE_URL',
  'ALARM_WEBHOOK_URL',
] as const

type NetworkSettings = Pick<
  Settings,
  'API_SERVER_URL' | 'API_SERVER_CA' | 'HTTPS_PROXY' | 'HTTP_PROXY' | 'NO_PROXY' | (typeof ADDRESS_SETTINGS)[number]
>

// By default Node tries the next address of a host after 250 or 500 ms: too short for satellite connections. A whole
// attempt may take 10 s, enough for three addresses.
export const ADDRESS_MS_MAX = 3_000
// Node cannot unset a proxy, only replace it by another one.
const UNUSED_PROXY = 'http://127.0.0.1:9'
const THIS_MACHINE = ['localhost', '.localhost', '127.0.0.1', '[::1]', '::1']

/** Applies the settings to all further requests. Throws `settings_invalid` if the certificates cannot be read. */
export function setUpNetwork(settings: NetworkSettings): void {
  setDefaultAutoSelectFamilyAttemptTimeout(ADDRESS_MS_MAX)
  const proxies = proxiesOf(settings)
  setProxyOfFetch(proxies)
  const ca = setCertificates(settings)
  http.globalAgent = new http.Agent({ keepAlive: true, proxyEnv: proxies })
  https.globalAgent = new https.Agent({ keepAlive: true, proxyEnv: proxies, ...ca })
}

/** Sets the certificates that fetch trusts; returns those of the agents if they differ. */
function setCertificates(settings: NetworkSettings): { ca?: string[] } {
  const { API_SERVER_CA: file, API_SERVER_URL } = settings
  const called = [API_SERVER_URL, ...ADDRESS_SETTINGS.map((name) => settings[name])]
  const isHttps = called.some((url) => url !== undefined && /^(?:https|smtps?):$/.test(url.protocol))
  // Reading the system's certificates takes 0.1 s or more, so it is done only for https.
  const known = isHttps ? [...new Set([...getCACertificates('default'), ...getCACertificates('system')])] : undefined
  const own = file === undefined ? undefined : certificatesIn(file)
  if (own !== undefined || known !== undefined) setDefaultCACertificates(own ?? known ?? [])
  return own === undefined || known === undefined ? {} : { ca: known }
}

/** Reads the PEM certificates in a file. Throws if there is none: no server would be trusted then. */
export function certificatesIn(file: string): string[] {
  try {
    const found = readFileSync(file, 'latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
    if (found.length === 0) throw new Error(`${file} holds no certificate (PEM)`)
    createSecureContext({ ca: found })
    return [...found]
  } catch (cause) {
    throw new Problem('settings_invalid', `\n  API_SERVER_CA: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  }
}

type Proxies = Readonly<{ HTTPS_PROXY?: string; HTTP_PROXY?: string; NO_PROXY: string }>

function proxiesOf({ HTTPS_PROXY, HTTP_PROXY, NO_PROXY }: NetworkSettings): Proxies {
  return {
    ...(HTTPS_PROXY === undefined ? {} : { HTTPS_PROXY: HTTPS_PROXY.href }),
    ...(HTTP_PROXY === undefined ? {} : { HTTP_PROXY: HTTP_PROXY.href }),
    NO_PROXY: [...(NO_PROXY === undefined ? [] : [NO_PROXY]), ...THIS_MACHINE].join(','),
  }
}

/**
 * Sets the proxy of fetch, for https only, even if NODE_USE_ENV_PROXY has set both: plain http is used only within this
 * machine and carries the key. The variables of the http proxy are removed from the environment, where fetch would find
 * them.
 */
function setProxyOfFetch({ HTTPS_PROXY, NO_PROXY }: Proxies): void {
  for (const name of ['HTTP_PROXY', 'http_proxy']) delete process.env[name]
  const none = { HTTPS_PROXY: UNUSED_PROXY, NO_PROXY: '*' }
  http.setGlobalProxyFromEnv(HTTPS_PROXY === undefined ? none : { HTTPS_PROXY, NO_PROXY })
}
