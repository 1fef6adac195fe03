/** Text that others wrote: names, file names, lines, reasons. It is shown as text, whatever is in it. */
import { UnstyledButton } from '@mantine/core'
import { type ReactNode, useId, useState } from 'react'
import { visible } from './format.ts'
import { plainLines } from './marked-up.ts'
import style from './untrusted-text.module.css'

const SHORT_CHARACTERS_MAX = 400

/** On one line, cut off where there is no more room; the whole of it when it is pointed at. */
export function UntrustedText({ text, className }: Readonly<{ text: string; className?: string }>): ReactNode {
  if (text === '') return null
  const shown = visible(text)
  return (
    <bdi className={`${style.line} ${className ?? ''}`} title={shown}>
      {shown}
    </bdi>
  )
}

/** On as many lines as it takes; what is very long is unfolded by a button. */
export function UntrustedBlock({ text }: Readonly<{ text: string }>): ReactNode {
  return <Unfolding shown={visible(text)} />
}

/** What a shop has written with markup in it: its lines, without the markup. */
export function UntrustedLines({ text }: Readonly<{ text: string }>): ReactNode {
  return <Unfolding shown={plainLines(text).map(visible).join('\n')} />
}

function Unfolding({ shown }: Readonly<{ shown: string }>): ReactNode {
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
