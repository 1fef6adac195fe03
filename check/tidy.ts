/** The house rules no linter knows. `tidy` is pure; run as a script it looks at this project. */
import { join } from 'node:path'
import { callFaults } from './calls.ts'
import { clockFaults } from './clocks.ts'
import { dockerfileFaults } from './dockerfile.ts'
import { EXCEPTIONS, type Exception } from './exceptions.ts'
import { glossaryFaults } from './glossary.ts'
import { importFaults } from './imports.ts'
import { lockFileFaults } from './lock-file.ts'
import { manifestFaults } from './manifests.ts'
import { migrationFaults } from './migrations.ts'
import { sizeFaults } from './sizes.ts'
import { type Fault, readSources, type Source, type Tree, treesOf } from './sources.ts'
import { startFaults } from './starts.ts'
import { nameFaults, titleFaults, undocumentedFaults, unfinishedFaults } from './words.ts'

/** Every fault of these files and their trees that is not excepted, and every exception that excepts nothing. */
export function tidy(sources: readonly Source[], trees: readonly Tree[], exceptions: readonly Exception[]): Fault[] {
  const faults = [
    ...importFaults(trees),
    ...callFaults(trees),
    ...clockFaults(trees),
    ...nameFaults(sources),
    ...sizeFaults(trees),
    ...undocumentedFaults(trees),
    ...titleFaults(trees),
    ...unfinishedFaults(sources),
    ...glossaryFaults(sources, trees),
    ...manifestFaults(sources),
    ...migrationFaults(sources),
    ...lockFileFaults(sources),
    ...dockerfileFaults(sources),
    ...startFaults(sources),
  ]
  return [
    ...faults.filter((fault) => !exceptions.some((exception) => covers(exception, fault))),
    ...exceptions.filter((exception) => !faults.some((fault) => covers(exception, fault))).map(notNeeded),
  ]
}

function covers(exception: Exception, fault: Fault): boolean {
  return exception.rule === fault.rule && exception.path === fault.path && exception.subject === fault.subject
}

function notNeeded({ rule, path, subject }: Exception): Fault {
  return { rule: 'exceptions', path, subject, message: `the exception from "${rule}" is no longer needed: remove it` }
}

/** A fault as a line for people. */
export function sentenceOf({ rule, path, subject, message }: Fault): string {
  return `${path}: ${message} [${rule}: ${subject}]`
}

if (import.meta.main) {
  const sources = readSources(join(import.meta.dirname, '..'))
  const faults = tidy(sources, treesOf(sources), EXCEPTIONS)
  for (const fault of faults) process.stdout.write(`${sentenceOf(fault)}\n`)
  process.exitCode = faults.length === 0 ? 0 : 1
}
