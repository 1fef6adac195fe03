/** Adds a product to the comparison, and links to it. */
import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type ComparedProduct, toggleComparedProduct, useComparedProducts } from '../../parts/compared-products.ts'
import { count } from '../../parts/format.ts'
import style from './compare.module.css'

/** The button that selects or deselects a product, and the link to the comparison. */
export function CompareButton({ product }: Readonly<{ product: ComparedProduct }>): ReactNode {
  const tray = useComparedProducts()
  const isLaid = tray.some(({ id }) => id === product.id)
  return (
    <span className={style.tray}>
      <Button size="compact-sm" variant="default" aria-pressed={isLaid} onClick={() => toggleComparedProduct(product)}>
        {isLaid ? 'Compare it no more' : 'Add to comparison'}
      </Button>
      {tray.length > 0 && (
        <Link to="/compare" search={{ product: tray.map(({ id }) => id) }}>
          Compare {count(tray.length, 'product')}
        </Link>
      )}
    </span>
  )
}
