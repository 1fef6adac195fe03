/** How migrations are numbered: from 1 on, none twice. Two that were made side by side merge without a conflict. */
import type { Fault, Source } from './sources.ts'

const MIGRATION = /^(?<folder>.*\/migrations(?:\/\w+)?)\/(?<number>\d{3})-[\w-]+\.sql$/

/** The migrations whose numbers are not the next ones of their folder. */
export function migrationFaults(sources: readonly Source[]): Fault[] {
  const found = sources.flatMap(({ path }) => {
    const { folder, number } = MIGRATION.exec(path)?.groups ?? {}
    return folder === undefined ? [] : [{ path, folder, number: Number(number) }]
  })
  return [...Map.groupBy(found, ({ folder }) => folder).values()].flatMap((those) =>
    those
      .toSorted((one, other) => one.number - other.number)
      .flatMap(({ path, number }, index) => {
        const wanted = String(index + 1).padStart(3, '0')
        const message = `has a number that is taken, or leaves one out: name it ${wanted}-…`
        return number === index + 1 ? [] : [{ rule: 'migrations', path, subject: wanted, message }]
      }),
  )
}
