/** The timeline of an upload: when it was durable, when its load began, and when it was committed. */
import type { UploadView } from '@splitcart/data-management/http/routes/uploads-schema.ts'
import type { ReactNode } from 'react'
import { duration } from '../../parts/format.ts'
import { DateAndTime } from '../../parts/time.tsx'
import style from './timeline.module.css'

type TimelineStep = Readonly<{ name: string; about: string; at: string | null; isNext?: boolean }>

/** The steps of an upload, with the time between them. */
export function Timeline({ upload }: Readonly<{ upload: UploadView }>): ReactNode {
  const steps = timelineSteps(upload)
  return (
    <ol className={style.steps}>
      {steps.map(({ name, about, at }, index) => {
        const before = steps[index - 1]?.at ?? null
        return (
          <li key={name} className={style.step} data-done={at !== null}>
            <span className={style.name}>{name}</span>
            <span className={style.about}>{about}</span>
            <span className={style.when}>
              {at === null ? 'not yet' : <DateAndTime at={at} />}
              {at !== null && before !== null && Date.parse(at) >= Date.parse(before) && (
                <span className={style.after}> +{duration(Date.parse(at) - Date.parse(before))}</span>
              )}
            </span>
          </li>
        )
      })}
    </ol>
  )
}

const LAST_STEPS: Readonly<Record<string, readonly [string, string]>> = {
  held: ['held', 'nothing is applied until a person decides'],
  failed: ['failed', 'nothing of it is in the catalogue'],
}

function timelineSteps({ received_at, state, load, details }: UploadView): TimelineStep[] {
  if (state === 'delivered')
    return [{ name: 'delivered', about: 'in the inbox of its kind, for its owner', at: received_at }]
  const [end, about] = LAST_STEPS[state] ?? ['committed', 'its rows are in the catalogue']
  const ended = load?.finished_at ?? null
  const began = details?.load_started_at ?? null
  const steps: TimelineStep[] = [{ name: 'accepted', about: 'durable on the disk of the server', at: received_at }]
  // After a person has requested another load, `began` may belong to that one and `ended` to the load before.
  const isOfThisLoad = began !== null && (ended === null || Date.parse(began) <= Date.parse(ended))
  if (ended === null || isOfThisLoad) steps.push({ name: 'load began', about: 'update-db reads the file', at: began })
  steps.push({ name: end, about, at: ended })
  return steps
}
