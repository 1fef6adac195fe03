/** Untrusted text: names, file names, lines, reasons. It is always shown as plain text, whatever it contains. */
import { UnstyledButton } from '@mantine/core'
import { type ReactNode, useId, useState } from 'react'
import { escapeInvisible } from './format.ts'
import { linesWithoutMarkup } from './marked-up.ts'
import style from './untrusted-text.module.css'

const SHORT_CHARACTERS_MAX = 400

/** Text on one line, truncated if there is no room; the tooltip has all of it. */
export function UntrustedText({ text, className }: Readonly<{ text: string; className?: string }>): ReactNode {
  if (text === '') return null
  const shown = escapeInvisible(text)
  return (
    <bdi className={`${style.line} ${className ?? ''}`} title={shown}>
      {shown}
    </bdi>
  )
}

/** Text on as many lines as needed; a very long one is truncated, with a button that shows all. */
export function UntrustedBlock({ text }: Readonly<{ text: string }>): ReactNode {
  return <ExpandableText shown={escapeInvisible(text)} />
}

/** A shop's text with HTML markup, shown as lines without the markup. */
export function UntrustedLines({ text }: Readonly<{ text: string }>): ReactNode {
  return <ExpandableText shown={linesWithoutMarkup(text).map(escapeInvisible).join('\n')} />
}

function ExpandableText({ shown }: Readonly<{ shown: string }>): ReactNode {
  const [isWhole, setWhole] = useState(false)
  const id = useId()
  const isLong = shown.length > SHORT_CHARACTERS_MAX
  return (
    <>
      <bdi id={id} className={style.whole}>
        {isLong && !isWhole ? `${[...shown.slice(0, SHORT_CHARACTERS_MAX)].join('')}…` : shown}
      </bdi>
      {isLong && (
        <UnstyledButton
          className={style.unfold}
          aria-expanded={isWhole}
          aria-controls={id}
          onClick={() => setWhole(!isWhole)}
        >
          {isWhole ? 'Show less' : `Show all ${shown.length.toLocaleString()} characters`}
        </UnstyledButton>
      )}
    </>
  )
}
