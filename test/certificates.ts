/** Certificates as openssl makes them: an authority of one's own, and what it signs. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { neededHere } from './needed.ts'

export const NO_OPENSSL = neededHere(spawnSync('openssl', ['version']).status !== 0 && 'openssl is not installed')

/** The files of a certificate and of its private key. */
export type Certificate = Readonly<{ cert: string; key: string }>

/** What an authority writes into a certificate: the names, and from when until when it is valid (YYMMDDHHMMSSZ). */
export type Signing = Readonly<{ name: string; names: string; from?: string; until?: string }>

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
const SECTION = `[ca]
default_ca=own
[own]
database=index.txt
new_certs_dir=.
rand_serial=yes
default_md=sha256
policy=any
unique_subject=no
copy_extensions=copy
[any]
commonName=supplied
`

/** Makes an authority in a folder. */
export function makeAuthority(folder: string, name: string): Certificate {
  const made = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) }
  const about = ['-days', '2', '-subj', `/CN=${name}`, '-keyout', made.key, '-out', made.cert]
  openssl(folder, ['req', '-x509', ...CURVE, ...about])
  writeFileSync(join(folder, 'ca.cnf'), SECTION)
  writeFileSync(join(folder, 'index.txt'), '')
  return made
}

/** Makes a certificate that an authority of the same folder has signed. */
export function sign(folder: string, by: Certificate, { name, names, from, until }: Signing): Certificate {
  const made = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) }
  const request = join(folder, `${name}.csr`)
  const about = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`]
  openssl(folder, ['req', ...CURVE, ...about, '-keyout', made.key, '-out', request])
  const signer = ['-config', 'ca.cnf', '-cert', by.cert, '-keyfile', by.key]
  const times = [...(from === undefined ? [] : ['-startdate', from]), '-enddate', until ?? '491231235959Z']
  openssl(folder, ['ca', '-batch', '-notext', ...signer, ...times, '-in', request, '-out', made.cert])
  return made
}

function openssl(cwd: string, args: readonly string[]): void {
  try {
    execFileSync('openssl', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    assert.fail(String((error as { stderr?: Buffer }).stderr))
  }
}
