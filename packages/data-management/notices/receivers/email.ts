/** Sends notices as e-mail over an SMTP server. */
import type { Message } from '../message.ts'
import { messageText } from '../message.ts'
import { ANSWER_MS_MAX, DeliveryUnknown, MessageRefused, type NoticeReceiver, SERVER_STOPPED } from './receiver.ts'

/** The SMTP server, the sender and the recipients. */
export type MailSettings = Readonly<{ server: URL; from: string; to: readonly string[] }>

const STEP_MS_MAX = 10_000
const LOCALHOST = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/** The receiver by e-mail. The connection must be encrypted unless the SMTP server is on this machine. */
export function emailReceiver({ server, from, to }: MailSettings): NoticeReceiver {
  const secrets = [server.password, decodeURIComponent(server.password)].filter((each) => each !== '')
  const send = async (message: Message, signal?: AbortSignal) => {
    // Imported only when mail is sent, so that the program starts sooner.
    const { createTransport } = await import('nodemailer')
    const transport = createTransport({
      host: server.hostname.replace(/^\[|\]$/g, ''),
      port: Number(server.port) || (server.protocol === 'smtps:' ? 465 : 587),
      secure: server.protocol === 'smtps:',
      requireTLS: !LOCALHOST.test(server.hostname),
      ...(server.username !== '' && {
        auth: { user: decodeURIComponent(server.username), pass: decodeURIComponent(server.password) },
      }),
      connectionTimeout: STEP_MS_MAX,
      greetingTimeout: STEP_MS_MAX,
      socketTimeout: STEP_MS_MAX,
    })
    try {
      await withDeadline(ANSWER_MS_MAX, transport.sendMail(mailOptions(message, from, to)), signal)
    } catch (error) {
      const said = errorText(error, secrets)
      throw isUnsure(error) ? new DeliveryUnknown(said) : isRefused(error) ? new MessageRefused(said) : new Error(said)
    } finally {
      transport.close()
    }
  }
  return { name: 'e-mail', where: `${to.join(', ')} over ${server.host}`, send }
}

function mailOptions(message: Message, from: string, to: readonly string[]) {
  const domain = from.split('@').at(-1)
  return {
    from: `SplitCart <${from}>`,
    to: [...to],
    subject: message.title,
    text: `${messageText(message)}\n`,
    // The same when the same notices are sent again, so that mail programs can show them once.
    messageId: `<splitcart-notice-${message.id}@${domain}>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

async function withDeadline<T>(ms: number, work: Promise<T>, signal?: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let stop: (() => void) | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeliveryUnknown(`nothing came within ${ms / 1000} s`)), ms)
    stop = () => reject(new DeliveryUnknown(SERVER_STOPPED))
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted) stop()
  })
  return await Promise.race([work, late]).finally(() => {
    clearTimeout(timer)
    if (stop !== undefined) signal?.removeEventListener('abort', stop)
  })
}

/** Whether the SMTP server refuses this text permanently. */
function isRefused(error: unknown): boolean {
  const { command, responseCode = 0 } = error as { command?: string; responseCode?: number }
  return command === 'DATA' && responseCode >= 500
}

/** Whether the mail may have been delivered: the connection failed after its text was sent. */
function isUnsure(error: unknown): boolean {
  if (error instanceof DeliveryUnknown) return true
  const { command, code } = error as { command?: string; code?: string }
  return command === 'DATA' && (code === 'ETIMEDOUT' || code === 'ECONNECTION' || code === 'ESOCKET')
}

function errorText(error: unknown, secrets: readonly string[]): string {
  const text = error instanceof Error ? error.message : String(error)
  return secrets.reduce((said, secret) => said.replaceAll(secret, '…'), text)
}
