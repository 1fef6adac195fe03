/** The receivers of notices, the latest answer of each, and a button that sends a test notice. */
import { Button } from '@mantine/core'
import type { ReceiverView, TestView } from '@splitcart/data-management/http/routes/notices-schema.ts'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { sendJson } from '../../api/request.ts'
import { Badge } from '../../parts/badge.tsx'
import { count } from '../../parts/format.ts'
import { Empty, ErrorNotice } from '../../parts/notice.tsx'
import list from '../../parts/notice-list.module.css'
import { Ago } from '../../parts/time.tsx'
import { UntrustedBlock } from '../../parts/untrusted-text.tsx'
import style from './notices.module.css'

const SETTINGS = [
  'NOTICE_NTFY_URL=https://ntfy.sh/a-name-nobody-guesses',
  'NOTICE_SMTP_URL=smtps://user:password@mail.example.org:465',
  'NOTICE_MAIL_TO=me@example.org',
  'NOTICE_WEBHOOK_URL=https://…',
  'NOTICE_APPRISE_URL=http://127.0.0.1:8000/notify/apprise',
]

/** The list of receivers; without any, the settings that add one. */
export function ReceiverList({ receivers }: Readonly<{ receivers: readonly ReceiverView[] }>): ReactNode {
  const client = useQueryClient()
  const testing = useMutation({
    mutationFn: () => sendJson<TestView>('POST', '/api/notices/test', {}),
    onSettled: () => client.invalidateQueries({ queryKey: ['notices'] }),
  })
  if (receivers.length === 0)
    return (
      <Empty title="Nobody is. Set some of these on the server, and start it again:" commands={SETTINGS}>
        <p>Then a telephone, a mailbox or a chat hears of what needs a person, once.</p>
      </Empty>
    )
  return (
    <>
      <ul className={list.list}>
        {receivers.map((receiver) => (
          <li key={receiver.name} className={list.item}>
            <Badge tone={receiver.failures > 0 ? 'bad' : receiver.told_at === null ? 'calm' : 'good'}>
              {receiver.name}
            </Badge>
            <span className={list.what}>
              <UntrustedBlock text={receiver.where} />
              {receiver.last_answer !== null && (
                <span className={style.muted}>
                  {' · '}
                  <UntrustedBlock text={receiver.last_answer} />
                </span>
              )}
            </span>
            <span className={list.when}>
              {receiver.last_at === null ? 'not asked yet' : <Ago at={receiver.last_at} />}
            </span>
            {receiver.waiting > 0 && (
              <p className={style.todo}>{count(receiver.waiting, 'notice')} waiting; it is tried again by itself.</p>
            )}
          </li>
        ))}
      </ul>
      <p className={style.answers}>
        <Button size="xs" variant="default" loading={testing.isPending} onClick={() => testing.mutate()}>
          Send a test
        </Button>
      </p>
      {testing.error && <ErrorNotice error={testing.error} />}
      {testing.data && <TestAnswers answers={testing.data.answers} />}
    </>
  )
}

function TestAnswers({ answers }: TestView): ReactNode {
  return (
    <ul className={list.list} role="status" aria-label="Answers to the test">
      {answers.map(({ name, taken, answer }) => (
        <li key={name} className={list.item}>
          <Badge tone={taken ? 'good' : 'bad'}>{name}</Badge>
          <span className={list.what}>
            {taken ? 'has taken the test' : <UntrustedBlock text={`has not taken the test: ${answer}`} />}
          </span>
        </li>
      ))}
    </ul>
  )
}
