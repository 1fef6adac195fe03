/** Sends a documented request from the page: a form for its parameters, with the server's answer below. */
import { Button, PasswordInput, Textarea, TextInput } from '@mantine/core'
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { Commands } from '../../parts/commands.tsx'
import form from '../../parts/form.module.css'
import { escapeInvisible } from '../../parts/format.ts'
import {
  type ApiRequest,
  buildRequest,
  curlCommand,
  type FormValues,
  fillableParameters,
  formKeyOf,
  initialValues,
} from './api-request.ts'
import style from './docs.module.css'
import type { Operation } from './operations.ts'

const CHARACTERS_MAX = 20_000
// Answers of other media types are binary and not shown.
const TEXT_MEDIA_TYPE = /json|text|xml|csv|x-ndjson/

type ShownResponse = Readonly<{ head: string; text: string; isWhole: boolean }>

/** The request as a curl command, and the form once it is opened. */
export function TryIt({ operation }: Readonly<{ operation: Operation }>): ReactNode {
  const [isOpen, setOpen] = useState(false)
  const [filled, setFilled] = useState(() => initialValues(operation))
  const attempt = buildRequest(operation, filled)
  const name = `Try it: ${operation.method} ${operation.path}`
  return (
    <>
      <h3 className={style.part}>Example</h3>
      <Commands lines={[curlCommand(attempt, window.location.origin)]} />
      {isOpen ? (
        <RequestForm attempt={attempt} name={name}>
          <Fields operation={operation} filled={filled} fill={(part) => setFilled((now) => ({ ...now, ...part }))} />
        </RequestForm>
      ) : (
        <Button size="compact-sm" variant="default" aria-label={name} onClick={() => setOpen(true)}>
          Try it
        </Button>
      )}
    </>
  )
}

type FieldsProps = Readonly<{ operation: Operation; filled: FormValues; fill: (part: Partial<FormValues>) => void }>

function Fields({ operation, filled: { values, body, key }, fill }: FieldsProps): ReactNode {
  return (
    <>
      {fillableParameters(operation).map((each) => (
        <TextInput
          key={formKeyOf(each)}
          label={each.name}
          required={each.isRequired}
          value={values[formKeyOf(each)] ?? ''}
          onChange={({ currentTarget: { value } }) => fill({ values: { ...values, [formKeyOf(each)]: value } })}
        />
      ))}
      {operation.body !== undefined && (
        <Textarea
          label="Body"
          rows={6}
          value={body}
          onChange={({ currentTarget }) => fill({ body: currentTarget.value })}
        />
      )}
      <PasswordInput
        label="Key (empty: as who is signed in)"
        autoComplete="off"
        value={key}
        onChange={({ currentTarget }) => fill({ key: currentTarget.value.trim() })}
      />
    </>
  )
}

type RequestFormProps = Readonly<{ attempt: ApiRequest; name: string; children: ReactNode }>

function RequestForm({ attempt, name, children }: RequestFormProps): ReactNode {
  const { answer, isGoing, go, stop } = useResponse()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    go(attempt)
  }
  return (
    <form className={form.form} aria-label={name} onSubmit={submit}>
      {children}
      <div className={form.buttons}>
        {isGoing && (
          <Button variant="default" onClick={stop}>
            Stop
          </Button>
        )}
        <Button type="submit">Send</Button>
      </div>
      {answer !== undefined && (
        <div role="status">
          <p>{answer.head}</p>
          {answer.text !== '' && (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: makes it scrollable by keyboard.
            <pre className={style.answer} tabIndex={0}>
              {answer.text.split('\n').map(escapeInvisible).join('\n')}
            </pre>
          )}
          {!answer.isWhole && <p className={style.muted}>These are its first characters; there is more.</p>}
        </div>
      )}
    </form>
  )
}

/** Sends one request at a time, and provides as much of its answer as has arrived so far. */
function useResponse() {
  const [answer, setAnswer] = useState<ShownResponse>()
  const [isGoing, setGoing] = useState(false)
  const going = useRef<AbortController>(null)
  const stop = () => going.current?.abort()
  useEffect(() => () => going.current?.abort(), [])
  const go = async (attempt: ApiRequest) => {
    stop()
    const controller = new AbortController()
    going.current = controller
    setAnswer(undefined)
    setGoing(true)
    try {
      await sendAndStream(attempt, controller.signal, setAnswer)
    } catch (error) {
      if (!controller.signal.aborted) setAnswer({ head: `No answer: ${String(error)}`, text: '', isWhole: true })
    }
    if (going.current === controller) setGoing(false)
  }
  return { answer, isGoing, go, stop }
}

async function sendAndStream(
  { method, path, headers, body }: ApiRequest,
  signal: AbortSignal,
  show: (answer: ShownResponse) => void,
): Promise<void> {
  const credentials = 'X-API-Key' in headers ? 'omit' : 'same-origin'
  const answer = await fetch(path, { method, headers, credentials, signal, ...(body !== undefined && { body }) })
  const kind = answer.headers.get('content-type') ?? ''
  const head = `${answer.status} ${answer.statusText} ${kind}`
  show({ head, text: '', isWhole: true })
  if (answer.body === null || !TEXT_MEDIA_TYPE.test(kind)) return await answer.body?.cancel()
  let text = ''
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += part.value
    const isWhole = text.length <= CHARACTERS_MAX
    show({ head, text: text.slice(0, CHARACTERS_MAX), isWhole })
    if (!isWhole) return await reader.cancel()
  }
  if (/json/.test(kind)) show({ head, text: prettyJson(text), isWhole: true })
}

function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
