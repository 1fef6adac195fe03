/** Commands to type, and a button that copies them. */
import { ActionIcon, CopyButton } from '@mantine/core'
import type { SystemView } from '@splitcart/data-management/http/routes/system-schema.ts'
import type { ReactNode } from 'react'
import style from './commands.module.css'
import { Icon } from './icon.tsx'

/** A full command line for the server's machine, which works on the data of this very server. */
export function serverCommand({ before, after }: SystemView['shell'], command: string): string {
  return `${before} ${command}${after}`
}

/** Lines for a shell. */
export function Commands({ lines }: Readonly<{ lines: readonly string[] }>): ReactNode {
  const text = lines.join('\n')
  return (
    <div className={style.block}>
      <pre className={style.lines}>
        <code>{text}</code>
      </pre>
      <CopyTextButton text={text} what="the commands" />
    </div>
  )
}

/** A button that copies a text and confirms it. */
export function CopyTextButton({ text, what }: Readonly<{ text: string; what: string }>): ReactNode {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <ActionIcon variant="subtle" color="gray" onClick={copy} aria-label={copied ? 'Copied' : `Copy ${what}`}>
          <Icon name={copied ? 'done' : 'copy'} size={16} />
        </ActionIcon>
      )}
    </CopyButton>
  )
}
