/** Random stories of files, verdicts and undos, loaded for real and compared with the naive model. */
import type { Catalogue, VerdictInForce } from '../catalogue/catalogue.ts'
import { catalogueLines } from '../catalogue/digest.ts'
import type { OpenEmpty } from './catalogues.ts'
import { historyOf } from './histories.ts'
import { type Fault, faultOf, loadWhole } from './history-case.ts'
import type { HistoryFile } from './naive-rows.ts'
import { Chance } from './random.ts'

const COMPANIES = ['aldi', 'iga']
const CODES = ['1', '2', '3', '4', '007', 'a 1']
const FILES_MAX = 6

/** A story told in each of these databases, each time in another order, ends with what a model computes, and in one and the same state. */
export async function faultOfVerdicts(
  seed: number,
  databases: readonly OpenEmpty[],
  filesMax = FILES_MAX,
): Promise<Fault> {
  const chance = new Chance(seed)
  const files = chance.shuffled(historyOf(seed)).slice(0, filesMax)
  const said = verdictsOf(chance)
  const ends: string[] = []
  for (const open of databases) {
    await using catalogue = await open()
    const fault = await faultOfStory(catalogue, chance, chance.shuffled(files), said)
    if (fault !== undefined) return fault
    // Of one of the files and of one of the verdicts the orders took back another one each time: what was left is said again.
    for (const file of files) if (!(await isLoaded(catalogue, file))) await loadWhole(catalogue, file)
    await catalogue.replaceVerdicts(said)
    ends.push((await Array.fromAsync(catalogueLines(catalogue.database))).join('\n'))
  }
  return ends.every((end) => end === ends[0]) ? undefined : 'the databases are in two states'
}

async function isLoaded(catalogue: Catalogue, file: HistoryFile): Promise<boolean> {
  return (await catalogue.findLoad(file.sha256))?.state !== 'held'
}

/** The files come, and what is said of listings somewhere among them; then a file is undone, and a verdict taken back. */
async function faultOfStory(
  catalogue: Catalogue,
  chance: Chance,
  files: readonly HistoryFile[],
  said: readonly VerdictInForce[],
): Promise<Fault> {
  const at = chance.between(0, files.length)
  for (const [place, file] of files.entries()) {
    if (place === at) await catalogue.replaceVerdicts(said)
    await loadWhole(catalogue, file)
  }
  if (at === files.length) await catalogue.replaceVerdicts(said)
  const wrong = await faultOf(catalogue, files, naive(said))
  const [undone, ...left] = files
  if (wrong !== undefined || undone === undefined) return wrong
  await catalogue.undo(undone.sha256, 'for a test', 0)
  const after = await faultOf(catalogue, left, naive(said))
  if (after !== undefined) return `undone: ${after}`
  const few = said.slice(1)
  await catalogue.replaceVerdicts(few)
  const taken = await faultOf(catalogue, left, naive(few))
  return taken === undefined ? undefined : `taken back: ${taken}`
}

/** Verdicts of listings that may be there. */
function verdictsOf(chance: Chance): VerdictInForce[] {
  const nameOne = () => ({ company: chance.of(COMPANIES), byName: 0 as const, code: chance.of(CODES) })
  const said = Array.from({ length: chance.between(1, 6) }, () => ({
    one: nameOne(),
    other: nameOne(),
    isSame: chance.is(0.5),
  }))
  const byPair = new Map(
    said.map((each) => [
      [each.one, each.other]
        .map(({ company, code }) => `${company} ${code}`)
        .sort()
        .join(),
      each,
    ]),
  )
  return [...byPair.values()].filter(({ one, other }) => JSON.stringify(one) !== JSON.stringify(other))
}

/** The same by the names that the naive model has for listings. */
function naive(said: readonly VerdictInForce[]) {
  const nameOf = ({ company, byName, code }: VerdictInForce['one']) => `${company}\0${byName}${code}`
  return said.map(({ one, other, isSame }) => ({ one: nameOf(one), other: nameOf(other), isSame }))
}
