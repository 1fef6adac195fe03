/** The page of suggested pairs of listings: shown one at a time, each judged with a single key press. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { type ReactNode, useMemo } from 'react'
import { suggestionsQuery } from '../../api/queries.ts'
import { useIsAdmin } from '../../api/session.ts'
import { Empty, ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import { PairJudging } from './judge.tsx'

/** The page at /pairs. */
export function PairsPage(): ReactNode {
  const isAdmin = useIsAdmin()
  const asked = useInfiniteQuery(suggestionsQuery)
  const pairs = useMemo(() => asked.data?.pages.flatMap((page) => page.pairs) ?? [], [asked.data])
  return (
    <Page
      title="Pairs"
      lead="Articles of different shops that seem the same, or comparable. No pair is joined before a person says so."
    >
      {asked.error !== null && <ErrorNotice error={asked.error} retry={asked.refetch} />}
      {asked.isPending && <Loading />}
      {asked.data !== undefined && pairs.length === 0 && <NoPairs />}
      {pairs.length > 0 && <PairJudging pairs={pairs} mayJudge={isAdmin} more={asked} />}
    </Page>
  )
}

function NoPairs(): ReactNode {
  return (
    <Empty title="No pair waits for a judgement.">
      <p>update-db looks for pairs in the background when listings of several companies say something new.</p>
    </Empty>
  )
}
