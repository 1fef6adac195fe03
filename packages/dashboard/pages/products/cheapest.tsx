/** Where a product is cheapest, in one sentence, and whether that is a good deal. */
import type { ProductAnswer } from '@splitcart/data-management/http/routes/products.ts'
import type { ReactNode } from 'react'
import { count, money, unitPrice } from '../../parts/format.ts'
import { RelativeDate } from '../../parts/time.tsx'
import { UntrustedBlock } from '../../parts/untrusted-text.tsx'
import style from './cheapest.module.css'
import { dealStatements } from './deal.ts'

type Chain = ProductAnswer['chains'][number]

/** "2.99 at aldi, in 10 stores, seen today; lowest ever 2.49 at aldi, last on 3 March; usual 3.19" */
export function CheapestSentence({
  product: { chains, lowest_ever },
}: Readonly<{ product: ProductAnswer }>): ReactNode {
  const [best] = chains
  if (best === undefined) return null
  const { lowest_cents: lowest } = best
  const deal = dealStatements(best)
  return (
    <section aria-label="Where it is cheapest" className={style.cheapest}>
      <p className={style.sentence}>
        {best.is_silent ? (
          <OutdatedPrice chain={best} />
        ) : lowest === null ? (
          <SoldOut chain={best} />
        ) : (
          <CurrentPrice chain={best} />
        )}
        {lowest_ever !== null && (
          <>
            ; lowest ever <strong>{money(lowest_ever.price_cents)}</strong> at{' '}
            <UntrustedBlock text={lowest_ever.company} />, last <RelativeDate on={lowest_ever.on} />
          </>
        )}
        {best.usual_cents !== null && (
          <>
            ; usual <strong>{money(best.usual_cents)}</strong>
          </>
        )}
        .
      </p>
      {deal.length > 0 && (
        <ul className={style.deal} aria-label="Is it a deal?">
          {deal.map(({ text, tone }) => (
            <li key={text} data-tone={tone}>
              {text}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function CurrentPrice({ chain }: Readonly<{ chain: Chain }>): ReactNode {
  return (
    <>
      <strong className={style.price}>{money(chain.lowest_cents!)}</strong> at{' '}
      <strong>
        <UntrustedBlock text={chain.company} />
      </strong>
      {chain.unit_price_cents !== null && ` (${unitPrice(chain)})`}, in {count(chain.lowest_stores, 'store')}, seen{' '}
      <RelativeDate on={chain.seen_on} />
      {chain.is_on_special && ', on special'}
    </>
  )
}

function SoldOut({ chain }: Readonly<{ chain: Chain }>): ReactNode {
  return (
    <>
      Sold out at <UntrustedBlock text={chain.company} />, seen <RelativeDate on={chain.seen_on} />
    </>
  )
}

/** A price of a silent chain: shown as outdated. */
function OutdatedPrice({ chain }: Readonly<{ chain: Chain }>): ReactNode {
  return (
    <>
      No store that shows it has been seen lately
      {chain.lowest_cents !== null && (
        <>
          : <span className={style.old}>{money(chain.lowest_cents)}</span> at <UntrustedBlock text={chain.company} />,{' '}
          <RelativeDate on={chain.seen_on} />
        </>
      )}
    </>
  )
}
