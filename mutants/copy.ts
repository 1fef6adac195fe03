/** A copy of the project in which sources are changed; the packages it uses are those of the original. */
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

const PACKAGES = 'node_modules'
const BUILT = 'packages/dashboard/dist'

/** Copies what git knows or would add, and the built page. */
export function copyProject(root: string, copy: string): void {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
  for (const path of [...listed.toString().split('\0').filter(Boolean), BUILT]) {
    if (lstatSync(join(root, path), { throwIfNoEntry: false }) === undefined) continue
    mkdirSync(dirname(join(copy, path)), { recursive: true })
    cpSync(join(root, path), join(copy, path), { recursive: true, verbatimSymlinks: true })
  }
  linkPackages(join(root, PACKAGES), join(copy, PACKAGES))
}

/** Links that are relative lead to the packages of this project, which are changed: they stay as they are. */
function linkPackages(from: string, to: string): void {
  mkdirSync(to)
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [original, link] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(original), link)
    else if (entry.isDirectory() && /^@splitcart$|^\.bin$/.test(entry.name)) linkPackages(original, link)
    else if (!entry.name.startsWith('.')) symlinkSync(original, link)
  }
}

/** Does something while a file of the copy has another text. */
export async function withText<T>(path: string, text: string, action: () => Promise<T>): Promise<T> {
  const before = readFileSync(path)
  writeFileSync(path, text)
  try {
    return await action()
  } finally {
    writeFileSync(path, before)
  }
}
