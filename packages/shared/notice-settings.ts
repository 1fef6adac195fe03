/** The settings of notices: where messages about conditions and watched products are sent. */
import { addresses, key, mailServer, NOTICE_KINDS, noticeKinds, template, topic, url } from './notice-readers.ts'

export const NOTICE_SETTINGS = {
  NOTICE_NTFY_URL: {
    machine: 'data-management',
    read: topic,
    fallback: undefined,
    secret: true,
    about: 'a topic of ntfy that gets notices, e.g. https://ntfy.sh/a-name-nobody-guesses',
  },
  NOTICE_NTFY_TOKEN: {
    machine: 'data-management',
    read: key,
    fallback: undefined,
    secret: true,
    about: 'the access token for that topic, where it needs one',
  },
  NOTICE_SMTP_URL: {
    machine: 'data-management',
    read: mailServer,
    fallback: undefined,
    secret: true,
    about:
      'the server that sends notices by e-mail: smtps://user:password@host:465, or smtp://…:587, encrypted beyond this machine',
  },
  NOTICE_MAIL_TO: {
    machine: 'data-management',
    read: addresses,
    fallback: undefined,
    about: 'the e-mail addresses that get notices, with commas between them',
  },
  NOTICE_MAIL_FROM: {
    machine: 'data-management',
    read: addresses,
    fallback: undefined,
    about: 'the address that these e-mails come from; the first of NOTICE_MAIL_TO where it is not set',
  },
  NOTICE_WEBHOOK_URL: {
    machine: 'data-management',
    read: url,
    fallback: undefined,
    secret: true,
    about: 'an address that gets notices by POST, such as the incoming webhook of a chat',
  },
  NOTICE_WEBHOOK_TEMPLATE: {
    machine: 'data-management',
    read: template,
    fallback: undefined,
    secret: true,
    about:
      'what is posted there, as JSON with {{title}}, {{text}}, {{link}} and {{count}} in its texts, e.g. {"content":"{{text}}"} for Discord; where it is not set, an object with text and all fields',
  },
  NOTICE_APPRISE_URL: {
    machine: 'data-management',
    read: url,
    fallback: undefined,
    secret: true,
    about: 'the address of an Apprise API that gets notices, e.g. http://127.0.0.1:8000/notify/apprise',
  },
  NOTICE_KINDS: {
    machine: 'data-management',
    read: noticeKinds,
    fallback: 'all',
    about: `what is told: all, or some of ${NOTICE_KINDS.slice(0, -1).join(', ')} and ${NOTICE_KINDS.at(-1)}, with commas between them`,
  },
  PAGE_URL: {
    machine: 'data-management',
    read: url,
    fallback: undefined,
    about: 'the address at which people open the page, e.g. https://data.example.org; notices link to it',
  },
  ALARM_WEBHOOK_URL: {
    machine: 'data-management',
    read: url,
    fallback: undefined,
    secret: true,
    about: 'the older name of NOTICE_WEBHOOK_URL',
  },
} as const
