/** The products that somebody has laid aside to compare, kept in this browser. */
import { useSyncExternalStore } from 'react'

/** A product that was laid aside. */
export type Laid = Readonly<{ id: string; name: string }>

/** So many are compared at once. */
export const TRAY_MAX = 8

const KEY = 'splitcart.compare'
const listeners = new Set<() => void>()
let tray: readonly Laid[] | undefined

/** The tray, as it changes. */
export function useTray(): readonly Laid[] {
  return useSyncExternalStore(listen, read)
}

/** Lays a product aside, or puts it back. The oldest makes room. */
export function toggleLaid(product: Laid): void {
  const rest = read().filter(({ id }) => id !== product.id)
  write(rest.length < read().length ? rest : [...rest, product].slice(-TRAY_MAX))
}

/** Puts all of them back. */
export function emptyTray(): void {
  write([])
}

function listen(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function read(): readonly Laid[] {
  tray ??= stored()
  return tray
}

function stored(): Laid[] {
  try {
    const found: unknown = JSON.parse(window.localStorage.getItem(KEY) ?? '[]')
    return Array.isArray(found) ? found.filter(isLaid).slice(0, TRAY_MAX) : []
  } catch {
    return []
  }
}

function isLaid(value: unknown): value is Laid {
  const { id, name } = Object(value) as Partial<Laid>
  return typeof id === 'string' && /^\d+$/.test(id) && typeof name === 'string'
}

function write(laid: readonly Laid[]): void {
  tray = laid
  try {
    window.localStorage.setItem(KEY, JSON.stringify(laid))
  } catch {
    // A browser that keeps nothing forgets them with the page.
  }
  for (const listener of listeners) listener()
}
