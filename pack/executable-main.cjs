// The beginning of the single executable: lays out the program that it carries, once, in a folder of this user's own, and starts it there.
'use strict'
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { getAsset, getRawAsset } = require('node:sea')
const { pathToFileURL } = require('node:url')
const vm = require('node:vm')

const OTHERS_MAY = 0o077

/** Where programs keep what they can make again, the first place before the others. */
function cachePlaces() {
  const { XDG_CACHE_HOME: named = '', LOCALAPPDATA: local = '' } = process.env
  const temporary = path.join(os.tmpdir(), `splitcart-${process.geteuid?.() ?? 'user'}`)
  const home = process.env.HOME ?? ''
  if (process.platform === 'win32')
    return [...(local === '' ? [] : [path.join(local, 'splitcart', 'program')]), temporary]
  if (path.isAbsolute(named)) return [path.join(named, 'splitcart'), temporary]
  if (!path.isAbsolute(home)) return [temporary]
  return [path.join(home, process.platform === 'darwin' ? 'Library/Caches' : '.cache', 'splitcart'), temporary]
}

/** Whether a folder is this user's alone: what is started from it could otherwise be somebody else's. */
function isOwn(folder) {
  const stats = fs.lstatSync(folder)
  if (!stats.isDirectory()) return false
  return process.geteuid === undefined || (stats.uid === process.geteuid() && (stats.mode & OTHERS_MAY) === 0)
}

/** Whether a program lies there whole. */
function isWhole(folder, files) {
  return files.every(([name, size]) => fs.statSync(path.join(folder, name), { throwIfNoEntry: false })?.size === size)
}

function layOut(place, { digest, files }) {
  fs.mkdirSync(place, { recursive: true, mode: 0o700 })
  if (!isOwn(place)) throw new Error(`${place} is not this user's alone`)
  const folder = path.join(place, digest)
  if (isWhole(folder, files)) return folder
  // Only here: reading it would delay every start.
  const { randomBytes } = require('node:crypto')
  const part = `${folder}.${randomBytes(6).toString('hex')}`
  for (const [name] of files) {
    fs.mkdirSync(path.dirname(path.join(part, name)), { recursive: true, mode: 0o700 })
    fs.writeFileSync(path.join(part, name), Buffer.from(getRawAsset(name)), { mode: 0o600, flush: true })
  }
  // One that is not whole is set aside; where another process was faster, its one counts.
  if (fs.existsSync(folder) && !isWhole(folder, files)) fs.renameSync(folder, `${part}.old`)
  try {
    fs.renameSync(part, folder)
  } catch (error) {
    if (!isWhole(folder, files)) throw error
  }
  for (const left of [part, `${part}.old`]) fs.rmSync(left, { recursive: true, force: true })
  return folder
}

function start() {
  const contents = JSON.parse(getAsset('CONTENTS', 'utf8'))
  const faults = []
  for (const place of cachePlaces())
    try {
      const folder = layOut(place, contents)
      const program = pathToFileURL(path.join(folder, 'bin', 'start.js')).href
      const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER
      return vm.runInThisContext(`import(${JSON.stringify(program)})`, { importModuleDynamically })
    } catch (error) {
      faults.push(error.message)
    }
  process.stderr.write(
    `splitcart: there is no folder to start from: ${faults.join('; ')}\nGive this user a home it may write to, or XDG_CACHE_HOME.\n`,
  )
  process.exitCode = 1
}

start()
