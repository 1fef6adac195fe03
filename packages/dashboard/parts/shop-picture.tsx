/** The picture that a shop has of an article. This server gets it: the browser of whoever looks asks nobody else for anything. */
import { type ReactNode, useState } from 'react'
import style from './shop-picture.module.css'

/** One listing of a product, by what it is called. */
type Listing = Readonly<{ company: string; sku: string | null; key: string }>
type Props = Readonly<{ product: number; listing?: Listing; address: string | null; large?: boolean }>

/** The picture; nothing where there is none, or it cannot be had. */
export function ShopPicture({ product, listing, address, large = false }: Props): ReactNode {
  const [failed, setFailed] = useState<string>()
  const source = `/api/products/${product}/picture${listing === undefined ? '' : questionOf(listing)}`
  if (address === null || !/^https:/i.test(address) || /[{}]/.test(address) || failed === source) return null
  return (
    <img
      className={large ? `${style.picture} ${style.large}` : style.picture}
      key={source}
      src={source}
      // What it shows is told beside it.
      alt=""
      loading="lazy"
      decoding="async"
      referrerPolicy="no-referrer"
      onError={() => setFailed(source)}
    />
  )
}

function questionOf({ company, sku, key }: Listing): string {
  return `?${new URLSearchParams(sku === null ? { company, key } : { company, sku })}`
}
