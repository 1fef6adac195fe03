/** What axe finds on a page that is open in a browser. */
import axe from 'axe-core'
import type { Page } from 'playwright-core'

const GRAVE = new Set<string | null | undefined>(['serious', 'critical'])

/** The serious and critical faults: all of them, or those of some rules. */
export async function faultsSeenByAxe(page: Page, runOnly?: readonly string[]): Promise<string[]> {
  await page.evaluate(axe.source)
  // A colour on its way from one scheme to the other is none that stays.
  await page.evaluate(async () => {
    const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity)
    await Promise.allSettled(ending.map(({ finished }) => finished))
  })
  const options = { resultTypes: ['violations'], ...(runOnly && { runOnly }) }
  const { violations } = (await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`)) as axe.AxeResults
  return violations
    .filter(({ impact }) => GRAVE.has(impact))
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0]?.html} (${nodes.length})`)
}
