/** The layout of every page: its title, its actions and its panels. */
import { type ReactNode, useEffect } from 'react'
import style from './page.module.css'

type PageProps = Readonly<{
  title: string
  heading?: ReactNode
  lead?: ReactNode
  actions?: ReactNode
  children: ReactNode
}>

/** One page. `title` is the title of the browser tab, and by default also the heading. */
export function Page({ title, heading = title, lead, actions, children }: PageProps): ReactNode {
  usePageTitle(title)
  return (
    <>
      <header className={style.head}>
        <div className={style.words}>
          <h1 className={style.title}>{heading}</h1>
          {lead && <div className={style.lead}>{lead}</div>}
        </div>
        {actions && <div className={style.actions}>{actions}</div>}
      </header>
      {children}
    </>
  )
}

type PanelProps = Readonly<{ title: string; note?: ReactNode; children: ReactNode; plain?: boolean }>

/** A part of a page under a heading of its own. */
export function Panel({ title, note, children, plain = false }: PanelProps): ReactNode {
  return (
    <section className={plain ? style.plain : style.panel} aria-label={title}>
      <div className={style.panelHead}>
        <h2 className={style.panelTitle}>{title}</h2>
        {note && <div className={style.note}>{note}</div>}
      </div>
      {children}
    </section>
  )
}

/** A list of names and values, side by side. */
export function Facts({ facts }: Readonly<{ facts: readonly (readonly [string, ReactNode])[] }>): ReactNode {
  return (
    <dl className={style.facts}>
      {facts.map(([name, value]) => (
        <div key={name} className={style.fact}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

const TITLE_CHARACTERS_MAX = 60

let pageTitle = 'SplitCart'
let attention = 0

/** Sets the title of the browser tab. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    pageTitle = title.slice(0, TITLE_CHARACTERS_MAX)
    showTitle()
  }, [title])
}

/** Puts the number of things that need attention before the title. */
export function setAttentionCount(count: number): void {
  attention = count
  showTitle()
}

function showTitle(): void {
  document.title = `${attention > 0 ? `(${attention}) ` : ''}${pageTitle} · SplitCart`
}
