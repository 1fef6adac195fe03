/** How tests have files judged: by the usual thresholds, but of the rows only half must be there. */
import { defaultThresholds, type Thresholds } from '@splitcart/shared/truth/thresholds.ts'
import type { HoldPolicy } from '../update-db/judgement.ts'

export const HOLD: HoldPolicy = holdBy({})

/** The same with some thresholds of its own. */
export function holdBy(thresholds: Partial<Thresholds>): HoldPolicy {
  return { thresholds: { ...defaultThresholds(), HOLD_ROWS_SHARE: 0.5, ...thresholds }, isReleased: false }
}
