/** One of the two listings of a pair: its name, picture, size and price. */
import type { SuggestionPage } from '@splitcart/data-management/http/routes/verdicts-schema.ts'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { money, unitPrice } from '../../parts/format.ts'
import { Facts } from '../../parts/page.tsx'
import { ShopPicture } from '../../parts/shop-picture.tsx'
import { UntrustedBlock, UntrustedText } from '../../parts/untrusted-text.tsx'
import style from './pairs.module.css'

type Listing = SuggestionPage['pairs'][number]['a']

/** A listing with the facts by which people compare it. */
export function PairSide({ listing }: Readonly<{ listing: Listing }>): ReactNode {
  const { product_id, company, name, brand, size, lowest_cents, url, image_url } = listing
  return (
    <article className={style.side}>
      <p className={style.company}>
        <UntrustedText text={company} />
      </p>
      <h2 className={style.name}>
        <Link to="/products/$id" params={{ id: String(product_id) }}>
          <UntrustedBlock text={name} />
        </Link>
      </h2>
      <ShopPicture product={product_id} listing={listing} address={image_url} large />
      <p className={style.price}>
        <strong>{unitPrice(listing)}</strong>
        <span>{lowest_cents === null ? 'no price now' : money(lowest_cents)}</span>
      </p>
      <Facts
        facts={[
          ['Size', size === null ? 'not told' : <UntrustedText key="size" text={size} />],
          ['Brand', brand === null ? 'not told' : <UntrustedText key="brand" text={brand} />],
        ]}
      />
      <p className={style.links}>
        <ExternalLink address={image_url} text="its picture" />
        <ExternalLink address={url} text="in the shop" />
      </p>
    </article>
  )
}

/** A link to another site. Nothing is loaded from there, so that the authors of rows do not learn who views them. */
function ExternalLink({ address, text }: Readonly<{ address: string | null; text: string }>): ReactNode {
  if (address === null || !/^https?:\/\//i.test(address) || /[{}]/.test(address)) return null
  return (
    <a href={address} target="_blank" rel="noreferrer noopener external" title={address}>
      {text}
    </a>
  )
}
