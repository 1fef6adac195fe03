/** How tests have files judged: by the usual thresholds, but of the rows only half must be there. */
import { defaultThresholds, type Thresholds } from '@splitcart/shared/truth/thresholds.ts'
import type { Hold } from '../update-db/judgement.ts'

export const HOLD: Hold = holdBy({})

/** The same with some thresholds of its own. */
export function holdBy(thresholds: Partial<Thresholds>): Hold {
  return { thresholds: { ...defaultThresholds(), HOLD_ROWS_SHARE: 0.5, ...thresholds }, isReleased: false }
}
