/** Whether a page fits into its window. */
import type { Page } from 'playwright-core'

const LOOKS_MAX = 100
const LOOK_MS = 100

/** What a reader may set, and a wide font is like: WCAG 2.2, 1.4.12 "Text Spacing". */
export const SPACED =
  '* { letter-spacing: 0.12em !important; word-spacing: 0.16em !important; line-height: 1.5 !important }'

/** Adds a style to the page that is shown, where its policy takes none in the document. Runs there. */
export function addStyle(text: string): void {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(text)
  document.adoptedStyleSheets.push(sheet)
}

/** What is wrong with the size of the page that is shown, and stays so: after a change of its room it is laid out anew. */
export async function lastingFaultsOfSize(page: Page): Promise<string[]> {
  for (let looks = 1; ; looks++) {
    const faults = await page.evaluate(faultsOfSize)
    if (faults.length === 0 || looks === LOOKS_MAX) return faults
    await page.waitForTimeout(LOOK_MS)
  }
}

/** What is wrong with the size of the page that is shown. Runs there. */
function faultsOfSize(): string[] {
  const { scrollHeight, scrollWidth } = document.documentElement
  const end = document.querySelector('main')!.getBoundingClientRect().bottom + scrollY
  const below = scrollHeight - Math.max(innerHeight, Math.ceil(end))
  const isCut = [...document.querySelectorAll('[role=row], tr')].some((row) => row.scrollWidth > row.clientWidth)
  return [
    ...(scrollWidth > innerWidth ? [`${scrollWidth} pixels wide`] : []),
    ...(below > 0 ? [`goes on for ${below} pixels`] : []),
    // A table may be moved sideways on a phone.
    ...(isCut && innerWidth >= 1_280 ? ['a row is wider than its place'] : []),
  ]
}
