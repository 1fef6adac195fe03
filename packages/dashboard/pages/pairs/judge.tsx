/** Shows one pair after the other with its possible verdicts; the latest verdict can be undone. */
import { Button } from '@mantine/core'
import type {
  SuggestionPage,
  VerdictBody,
  VerdictView,
} from '@splitcart/data-management/http/routes/verdicts-schema.ts'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react'
import { sendJson } from '../../api/request.ts'
import { count } from '../../parts/format.ts'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import { UntrustedText } from '../../parts/untrusted-text.tsx'
import style from './pairs.module.css'
import { PairSide } from './side.tsx'

type Pair = SuggestionPage['pairs'][number]
type VerdictWord = VerdictBody['verdict']
type VerdictChoice = Readonly<{ key: string; does: string; word: VerdictWord | null; said: string }>

/** The possible verdicts, each with its keyboard key. */
const CHOICES: readonly VerdictChoice[] = [
  { key: 's', does: 'Same', word: 'same', said: 'the same' },
  { key: 'c', does: 'Comparable', word: 'comparable', said: 'comparable' },
  { key: 'n', does: 'No', word: 'not_same', said: 'not the same' },
  { key: 'k', does: 'Skip', word: null, said: 'skipped' },
]
const UNDO_KEY = 'u'

/** The decision on one pair. `id`: that of the verdict; null: the pair was skipped. */
type PairDecision = Readonly<{ choice: VerdictChoice; pair: Pair; id: number | null }>

type PairPages = Readonly<{ hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }>
type Props = Readonly<{ pairs: readonly Pair[]; mayJudge: boolean; more: PairPages }>

// More pairs are fetched when fewer than this are left.
const PAIRS_AHEAD = 5

/** Shows the current pair and a button for each verdict. */
export function PairJudging({ pairs, mayJudge, more }: Props): ReactNode {
  const { done, isBusy, error, judge, undo } = useJudging()
  const pair = pairs[done.length]
  const last = done.at(-1)
  useFetchAhead(more, pairs.length - done.length)
  const mayChoose = ({ word }: VerdictChoice) => pair !== undefined && !isBusy && (mayJudge || word === null)
  const choose = (choice: VerdictChoice) => {
    if (pair !== undefined && mayChoose(choice)) judge({ choice, pair })
  }
  const takeBack = () => last !== undefined && !isBusy && undo(last)
  const place = useKeyPresses((key) => {
    const choice = CHOICES.find((each) => each.key === key)
    if (choice !== undefined) choose(choice)
    if (key === UNDO_KEY) takeBack()
  })
  return (
    <div ref={place}>
      {error && <ErrorNotice error={error} />}
      {pair !== undefined ? (
        <PairSides pair={pair} />
      ) : more.hasNextPage ? (
        <Loading />
      ) : (
        <LastPairNotice seen={done.length} />
      )}
      <div className={style.choices}>
        {CHOICES.map((choice) => (
          <Button
            key={choice.key}
            variant={choice.word === 'same' ? 'filled' : 'default'}
            disabled={!mayChoose(choice)}
            rightSection={<kbd>{choice.key}</kbd>}
            onClick={() => choose(choice)}
          >
            {choice.does}
          </Button>
        ))}
        <Button
          variant="subtle"
          disabled={last === undefined || isBusy}
          rightSection={<kbd>{UNDO_KEY}</kbd>}
          onClick={takeBack}
        >
          Undo
        </Button>
      </div>
      <JudgingStatus last={last} mayJudge={mayJudge} />
    </div>
  )
}

function JudgingStatus({ last, mayJudge }: Readonly<{ last: PairDecision | undefined; mayJudge: boolean }>): ReactNode {
  return (
    <p role="status" className={style.said}>
      {last !== undefined && (
        <>
          <UntrustedText text={`${last.pair.a.name} and ${last.pair.b.name}`} />: {last.choice.said}.
        </>
      )}
      {!mayJudge && ' To judge pairs, sign in with a key that has the scope admin.'}
    </p>
  )
}

/** The decisions so far, and functions to add one and to undo the last. */
function useJudging() {
  const [done, setDone] = useState<readonly PairDecision[]>([])
  const judging = useMutation({
    mutationFn: async ({ choice, pair }: Omit<PairDecision, 'id'>): Promise<PairDecision> => {
      return { choice, pair, id: choice.word === null ? null : await sendVerdict(pair, choice.word) }
    },
    onSuccess: (next) => setDone((before) => [...before, next]),
  })
  const undoing = useMutation({
    mutationFn: async ({ id }: PairDecision) => {
      if (id !== null) await sendJson('POST', `/api/verdicts/${id}/undo`)
    },
    onSuccess: () => setDone((before) => before.slice(0, -1)),
  })
  const isBusy = judging.isPending || undoing.isPending
  return { done, isBusy, error: judging.error ?? undoing.error, judge: judging.mutate, undo: undoing.mutate }
}

/** Fetches more pairs before the loaded ones run out. */
function useFetchAhead({ hasNextPage, isFetchingNextPage, fetchNextPage }: PairPages, left: number): void {
  const isShort = left < PAIRS_AHEAD && hasNextPage && !isFetchingNextPage
  useEffect(() => {
    if (isShort) fetchNextPage()
  }, [isShort, fetchNextPage])
}

async function sendVerdict({ a, b }: Pair, verdict: VerdictWord): Promise<number> {
  const [one, other] = [a, b].map(({ company, sku, key }) => (sku === null ? { company, key } : { company, sku }))
  return (await sendJson<VerdictView>('POST', '/api/verdicts', { a: one, b: other, verdict })).id
}

/** Reports keys pressed inside the returned element or without any focus, but not those meant for other elements. */
function useKeyPresses(pressed: (key: string) => void): RefObject<HTMLDivElement | null> {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const isMeant = event.target === document.body || place.current?.contains(event.target as Node) === true
      if (!isMeant || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return
      pressed(event.key.toLowerCase())
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  })
  return place
}

function PairSides({ pair }: Readonly<{ pair: Pair }>): ReactNode {
  const { a, b, level, score, reasons } = pair
  return (
    <section className={style.pair} aria-label="Pair">
      <div className={style.sides}>
        <PairSide listing={a} />
        <PairSide listing={b} />
      </div>
      <p className={style.why}>
        {level === 'identical' ? 'Seems the same' : 'Seems comparable'} ({score.toFixed(2)}):{' '}
        <UntrustedText text={reasons.join('; ')} />
      </p>
    </section>
  )
}

function LastPairNotice({ seen }: Readonly<{ seen: number }>): ReactNode {
  return <Empty title={`That was the last pair. You have seen ${count(seen, 'pair')}.`} />
}
