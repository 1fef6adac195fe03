/** The dialog of the global search: a list of results, chosen with the arrow keys and Enter. */
import { Modal, TextInput } from '@mantine/core'
import { useRouter } from '@tanstack/react-router'
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { Icon } from '../../parts/icon.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import style from './palette.module.css'
import { type PaletteResult, usePaletteResults } from './results.ts'

/** The search dialog; Enter or a click opens the result. */
export function Palette({ close }: Readonly<{ close: () => void }>): ReactNode {
  const [typed, setTyped] = useState('')
  const { choices, isPending } = usePaletteResults(typed)
  const go = useGoTo(close)
  const { at, move, reset } = useSelectedIndex(choices.length)
  // Enter right after typing waits for the results of the whole text instead of taking an outdated first result.
  const [isEntered, enter] = useState(false)
  const first = choices[at]
  useEffect(() => {
    if (!isEntered || isPending) return
    enter(false)
    if (first !== undefined) go(first)
  })
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') move(1)
    else if (event.key === 'ArrowUp') move(-1)
    else if (event.key === 'Enter') enter(true)
    else return
    event.preventDefault()
  }
  return (
    <Modal opened onClose={close} title="Go to" size="lg" yOffset="8dvh" lockScroll={false} withCloseButton={false}>
      <TextInput
        data-autofocus
        aria-label="Products, stores, uploads, pages and actions"
        placeholder="milk 2 l, a store, a file, a page …"
        leftSection={<Icon name="search" size={16} />}
        maxLength={200}
        role="combobox"
        aria-expanded
        aria-controls="palette-found"
        aria-activedescendant={choices[at] === undefined ? undefined : `palette-${at}`}
        autoComplete="off"
        value={typed}
        onChange={({ currentTarget }) => {
          setTyped(currentTarget.value)
          reset()
        }}
        onKeyDown={onKeyDown}
      />
      <ResultList choices={choices} at={at} go={go} />
      <p role="status" className={style.none}>
        {choices.length === 0 && !isPending ? 'Nothing is called that.' : ''}
      </p>
    </Modal>
  )
}

function useGoTo(close: () => void): (choice: PaletteResult) => void {
  const router = useRouter()
  return ({ to }) => {
    close()
    router.history.push(to)
  }
}

function useSelectedIndex(count: number) {
  const [place, setPlace] = useState(0)
  const at = Math.min(place, Math.max(0, count - 1))
  return {
    at,
    move: (by: number) => setPlace(count === 0 ? 0 : (at + by + count) % count),
    reset: () => setPlace(0),
  }
}

type ResultListProps = Readonly<{ choices: readonly PaletteResult[]; at: number; go: (choice: PaletteResult) => void }>

function ResultList({ choices, at, go }: ResultListProps): ReactNode {
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    list.current?.querySelector(`#palette-${at}`)?.scrollIntoView({ block: 'nearest' })
  }, [at])
  return (
    <div id="palette-found" role="listbox" aria-label="Found" className={style.list} ref={list}>
      {choices.map((choice, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the input field handles the keys
        <div
          key={choice.id}
          id={`palette-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === at}
          className={style.choice}
          onClick={() => go(choice)}
        >
          <span className={style.group}>{choices[index - 1]?.group === choice.group ? '' : choice.group}</span>
          <span className={style.name}>
            <UntrustedText text={choice.name} />
          </span>
          <span className={style.about}>
            <UntrustedText text={choice.about} />
          </span>
        </div>
      ))}
    </div>
  )
}
