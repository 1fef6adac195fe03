/** Creates the receivers of notices that the settings define. */
import { Problem } from '@splitcart/shared/problem.ts'
import type { Settings } from '@splitcart/shared/settings.ts'
import { appriseReceiver } from './receivers/apprise.ts'
import { emailReceiver } from './receivers/email.ts'
import { ntfyReceiver } from './receivers/ntfy.ts'
import type { NoticeReceiver } from './receivers/receiver.ts'
import { webhookReceiver } from './receivers/webhook.ts'

/** The settings of receivers. */
export type NoticeSettings = Pick<
  Settings,
  | 'NOTICE_NTFY_URL'
  | 'NOTICE_NTFY_TOKEN'
  | 'NOTICE_SMTP_URL'
  | 'NOTICE_MAIL_TO'
  | 'NOTICE_MAIL_FROM'
  | 'NOTICE_WEBHOOK_URL'
  | 'NOTICE_WEBHOOK_TEMPLATE'
  | 'NOTICE_APPRISE_URL'
  | 'ALARM_WEBHOOK_URL'
>

/** The receivers that the settings define. Throws `settings_invalid` if the settings of one are wrong or incomplete. */
export function receiversOf(settings: NoticeSettings): NoticeReceiver[] {
  const { NOTICE_NTFY_URL: ntfy, NOTICE_APPRISE_URL: apprise, NOTICE_WEBHOOK_TEMPLATE: template } = settings
  const webhook = settings.NOTICE_WEBHOOK_URL ?? settings.ALARM_WEBHOOK_URL
  return [
    ...(ntfy === undefined ? [] : [ntfyReceiver(ntfy, settings.NOTICE_NTFY_TOKEN)]),
    ...emailReceivers(settings),
    ...(webhook === undefined ? [] : [webhookReceiver(webhook, template)]),
    ...(apprise === undefined ? [] : [appriseReceiver(apprise)]),
  ]
}

function emailReceivers({ NOTICE_SMTP_URL: server, NOTICE_MAIL_TO: to, NOTICE_MAIL_FROM: from }: NoticeSettings) {
  if (server === undefined && to === undefined) return []
  if (server === undefined || to === undefined)
    throw new Problem('settings_invalid', '\n  NOTICE_SMTP_URL and NOTICE_MAIL_TO: one is of no use without the other')
  return [emailReceiver({ server, from: from?.[0] ?? to[0]!, to })]
}
