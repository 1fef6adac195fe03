/** A shop's picture of a product. It is fetched by this server, so that the browser contacts no other host. */
import { type ReactNode, useState } from 'react'
import style from './shop-picture.module.css'

/** The name of one listing of a product. */
type Listing = Readonly<{ company: string; sku: string | null; key: string }>
type Props = Readonly<{ product: number; listing?: Listing; address: string | null; large?: boolean }>

/** The picture; nothing if there is none or it fails to load. */
export function ShopPicture({ product, listing, address, large = false }: Props): ReactNode {
  const [failed, setFailed] = useState<string>()
  const source = `/api/products/${product}/picture${listing === undefined ? '' : listingQuery(listing)}`
  if (address === null || !/^https:/i.test(address) || /[{}]/.test(address) || failed === source) return null
  return (
    <img
      className={large ? `${style.picture} ${style.large}` : style.picture}
      key={source}
      src={source}
      // Decorative: the text beside it names the product.
      alt=""
      loading="lazy"
      decoding="async"
      referrerPolicy="no-referrer"
      onError={() => setFailed(source)}
    />
  )
}

function listingQuery({ company, sku, key }: Listing): string {
  return `?${new URLSearchParams(sku === null ? { company, key } : { company, sku })}`
}
