/** A real browser: Debian's Chromium, or what CHROMIUM names. The one without windows is the same, and takes a third less of the processor. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { neededHere } from '../../../test/needed.ts'

const NAMES = [
  'chromium-headless-shell',
  'chrome-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
]

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Why tests that need a browser are skipped, or false. */
export const NO_BROWSER = neededHere(
  pathOfBrowser() === undefined &&
    'no browser: install one (apt-get install chromium-headless-shell), or name one in CHROMIUM',
)

function pathOfBrowser(): string | undefined {
  const named = process.env.CHROMIUM
  const folders = (process.env.PATH ?? '').split(delimiter)
  const paths = named ? [named] : folders.flatMap((folder) => NAMES.map((name) => join(folder, name)))
  return paths.find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Starts it. */
export async function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: pathOfBrowser() ?? '', args: FLAGS })
}
