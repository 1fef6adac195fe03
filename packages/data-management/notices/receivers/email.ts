/** E-mail, over the server that the settings name. */
import type { Message } from '../message.ts'
import { textOf } from '../message.ts'
import { ANSWER_MS_MAX, type NoticeReceiver, Refused, STOPPED, Unsure } from './receiver.ts'

/** Where mail is handed over, from whom and to whom it is. */
export type Mail = Readonly<{ server: URL; from: string; to: readonly string[] }>

const STEP_MS_MAX = 10_000
const THIS_MACHINE = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/** The receiver of mail. A password is sent over an encrypted line alone, but for a server on this machine. */
export function emailReceiver({ server, from, to }: Mail): NoticeReceiver {
  const secrets = [server.password, decodeURIComponent(server.password)].filter((each) => each !== '')
  const send = async (message: Message, signal?: AbortSignal) => {
    // Loaded only where it is needed: others need not wait for it.
    const { createTransport } = await import('nodemailer')
    const transport = createTransport({
      host: server.hostname.replace(/^\[|\]$/g, ''),
      port: Number(server.port) || (server.protocol === 'smtps:' ? 465 : 587),
      secure: server.protocol === 'smtps:',
      requireTLS: !THIS_MACHINE.test(server.hostname),
      ...(server.username !== '' && {
        auth: { user: decodeURIComponent(server.username), pass: decodeURIComponent(server.password) },
      }),
      connectionTimeout: STEP_MS_MAX,
      greetingTimeout: STEP_MS_MAX,
      socketTimeout: STEP_MS_MAX,
    })
    try {
      await within(ANSWER_MS_MAX, transport.sendMail(mailOf(message, from, to)), signal)
    } catch (error) {
      const said = errorText(error, secrets)
      throw unsure(error) ? new Unsure(said) : isRefused(error) ? new Refused(said) : new Error(said)
    } finally {
      transport.close()
    }
  }
  return { name: 'e-mail', where: `${to.join(', ')} over ${server.host}`, send }
}

function mailOf(message: Message, from: string, to: readonly string[]) {
  const domain = from.split('@').at(-1)
  return {
    from: `SplitCart <${from}>`,
    to: [...to],
    subject: message.title,
    text: `${textOf(message)}\n`,
    // The same when the same notices are sent again: mail programs show them once then.
    messageId: `<splitcart-notice-${message.id}@${domain}>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

async function within<T>(ms: number, work: Promise<T>, signal?: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let stop: (() => void) | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Unsure(`nothing came within ${ms / 1000} s`)), ms)
    stop = () => reject(new Unsure(STOPPED))
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted) stop()
  })
  return await Promise.race([work, late]).finally(() => {
    clearTimeout(timer)
    if (stop !== undefined) signal?.removeEventListener('abort', stop)
  })
}

/** It will not take this text, now or later. */
function isRefused(error: unknown): boolean {
  const { command, responseCode = 0 } = error as { command?: string; responseCode?: number }
  return command === 'DATA' && responseCode >= 500
}

/** After the text was handed over the answer may be lost on its way. */
function unsure(error: unknown): boolean {
  if (error instanceof Unsure) return true
  const { command, code } = error as { command?: string; code?: string }
  return command === 'DATA' && (code === 'ETIMEDOUT' || code === 'ECONNECTION' || code === 'ESOCKET')
}

function errorText(error: unknown, secrets: readonly string[]): string {
  const text = error instanceof Error ? error.message : String(error)
  return secrets.reduce((said, secret) => said.replaceAll(secret, '…'), text)
}
