/** The package for Debian and Ubuntu: the executable, a user, a unit, and the settings of the machine. */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from './bundle.ts'

const FILE_MODE = 0o644
const PROGRAM_MODE = 0o755
const KIB = 1024

const SETTINGS = `# The settings of the SplitCart server; docs/settings.md lists them all. After a change: systemctl restart splitcart
DATA_MANAGEMENT_DATA_DIR=/var/lib/splitcart/data
`

const POSTINST = `#!/bin/sh
set -e
if [ "$1" = configure ]; then
  if ! getent passwd splitcart >/dev/null; then
    useradd --system --user-group --home-dir /var/lib/splitcart --shell /usr/sbin/nologin splitcart
  fi
  install -d -o splitcart -g splitcart -m 700 /var/lib/splitcart
  chgrp splitcart /etc/splitcart/splitcart.env
  chmod 640 /etc/splitcart/splitcart.env
  if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl enable splitcart.service
    systemctl restart splitcart.service
  fi
fi
`

const PRERM = `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl disable --now splitcart.service
fi
`

// The data are what all of this is for: they stay even when the package is purged.
const POSTRM = `#!/bin/sh
set -e
if [ "$1" = purge ]; then
  echo "The data of the server stay in /var/lib/splitcart."
fi
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
`

/** What is packed: the executable, its version, and the architecture by Debian's name. */
export type Packed = Readonly<{ executable: string; version: string; architecture: string }>

/** Makes the package. */
export function makeDebian({ executable, version, architecture }: Packed, work: string, output: string): void {
  const tree = join(work, 'debian')
  rmSync(tree, { recursive: true, force: true })
  const put = (path: string, text: string, mode = FILE_MODE) => {
    mkdirSync(dirname(join(tree, path)), { recursive: true, mode: PROGRAM_MODE })
    writeFileSync(join(tree, path), text)
    chmodSync(join(tree, path), mode)
  }
  put('lib/systemd/system/splitcart.service', unit())
  put('etc/splitcart/splitcart.env', SETTINGS)
  put('usr/share/doc/splitcart/copyright', readFileSync(join(ROOT, 'LICENSE'), 'utf8'))
  mkdirSync(join(tree, 'usr/bin'), { recursive: true, mode: PROGRAM_MODE })
  copyFileSync(executable, join(tree, 'usr/bin/splitcart'))
  chmodSync(join(tree, 'usr/bin/splitcart'), PROGRAM_MODE)
  put('DEBIAN/control', control(version, architecture, statSync(executable).size))
  put('DEBIAN/conffiles', '/etc/splitcart/splitcart.env\n')
  for (const [name, text] of Object.entries({ postinst: POSTINST, prerm: PRERM, postrm: POSTRM }))
    put(`DEBIAN/${name}`, text, PROGRAM_MODE)
  execFileSync('dpkg-deb', ['--build', '--root-owner-group', '-Zgzip', tree, output], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  rmSync(tree, { recursive: true, force: true })
}

/** The unit of the README, for a program that is one file. */
function unit(): string {
  const text = readFileSync(join(ROOT, 'deploy/splitcart.service'), 'utf8')
  const start = /^ExecStart=.*$/m
  if (!start.test(text)) throw new Error('deploy/splitcart.service has no ExecStart')
  return text
    .replace(start, 'ExecStart=/usr/bin/splitcart serve')
    .replace(/^# The Node that comes with the system.*\n/m, '')
}

function control(version: string, architecture: string, bytes: number): string {
  const { description } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  return `Package: splitcart
Version: ${version}
Architecture: ${architecture}
Maintainer: SplitCart
Section: net
Priority: optional
Depends: libc6, libstdc++6, libatomic1, passwd
Installed-Size: ${Math.ceil(bytes / KIB)}
Description: carries scraped products from machines at home to a server
 ${description}
`
}
