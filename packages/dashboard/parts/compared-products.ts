/** The products that the user has selected for comparison, stored in this browser. */
import { useSyncExternalStore } from 'react'

/** A selected product. */
export type ComparedProduct = Readonly<{ id: string; name: string }>

/** Maximum number of products to compare. */
export const TRAY_MAX = 8

const STORAGE_KEY = 'splitcart.compare'
const listeners = new Set<() => void>()
let tray: readonly ComparedProduct[] | undefined

/** The selected products, kept up to date. */
export function useComparedProducts(): readonly ComparedProduct[] {
  return useSyncExternalStore(listen, comparedProducts)
}

/** Selects or deselects a product. Beyond `TRAY_MAX` the oldest is dropped. */
export function toggleComparedProduct(product: ComparedProduct): void {
  const rest = comparedProducts().filter(({ id }) => id !== product.id)
  storeCompared(rest.length < comparedProducts().length ? rest : [...rest, product].slice(-TRAY_MAX))
}

/** Deselects all products. */
export function clearComparedProducts(): void {
  storeCompared([])
}

function listen(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function comparedProducts(): readonly ComparedProduct[] {
  tray ??= readStored()
  return tray
}

function readStored(): ComparedProduct[] {
  try {
    const found: unknown = JSON.parse(window.localStorage.getItem(STORAGE_KEY) ?? '[]')
    return Array.isArray(found) ? found.filter(isComparedProduct).slice(0, TRAY_MAX) : []
  } catch {
    return []
  }
}

function isComparedProduct(value: unknown): value is ComparedProduct {
  const { id, name } = Object(value) as Partial<ComparedProduct>
  return typeof id === 'string' && /^\d+$/.test(id) && typeof name === 'string'
}

function storeCompared(laid: readonly ComparedProduct[]): void {
  tray = laid
  try {
    window.localStorage.setItem(STORAGE_KEY, JSON.stringify(laid))
  } catch {
    // Without local storage, the selection is lost when the page closes.
  }
  for (const listener of listeners) listener()
}
