/** The settings of connections to other machines: accepted certificates, and proxies. */
import { path, proxy, text } from './setting-readers.ts'

export const NETWORK_SETTINGS = {
  API_SERVER_CA: {
    machine: 'scraping',
    read: path,
    fallback: undefined,
    about:
      'a file (PEM) with the only certificates that may have signed the one of the server; those of Node and of the system where it is not set',
  },
  PGSSLROOTCERT: {
    machine: 'data-management',
    read: path,
    fallback: undefined,
    about:
      'a file (PEM) with the certificates that may have signed the one of PostgreSQL; sslrootcert in DATABASE_URL comes before it',
  },
  HTTPS_PROXY: {
    machine: 'both',
    read: proxy,
    fallback: undefined,
    secret: true,
    about: 'the proxy for https addresses, e.g. http://proxy.example.org:3128; the key goes through it encrypted only',
  },
  HTTP_PROXY: {
    machine: 'both',
    read: proxy,
    fallback: undefined,
    secret: true,
    about: 'the proxy for http addresses, such as that of a heartbeat; never used for the server',
  },
  NO_PROXY: {
    machine: 'both',
    read: text,
    fallback: undefined,
    about: 'hosts that no proxy is used for, with commas between them; this machine is never asked through one',
  },
} as const
