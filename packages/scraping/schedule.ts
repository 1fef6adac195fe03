/**
 * Builds the schedule that sends the outbox every 15 minutes: the files for the operating system's scheduler and the
 * commands that install and remove them. Nothing is executed here: the user sees the schedule before it is installed.
 */
import { posix, win32 } from 'node:path'

/** The scheduled program with its arguments, its working folder, and the user's home folder and uid. */
export type ScheduledProgram = Readonly<{ command: readonly string[]; folder: string; home: string; user: number }>

type File = Readonly<{ path: string; text: string }>
type Command = readonly [program: string, ...args: string[]]

/** Files to write, then commands to run, in order; `undo` commands run before the files are removed. */
export type Schedule = Readonly<{
  name: string
  files: readonly File[]
  install: readonly Command[]
  undo: readonly Command[]
  /** A note to show to the user. */
  remark?: string
}>

const MINUTES = 15
const NAME = 'splitcart-upload'
const LABEL = 'org.splitcart.upload'
const TASK = 'SplitCart upload'

/** The schedule for a platform; undefined for an unsupported one. */
export function scheduleFor(platform: string, scheduled: ScheduledProgram): Schedule | undefined {
  if (platform === 'linux') return systemdTimer(scheduled)
  if (platform === 'darwin') return launchAgent(scheduled)
  return platform === 'win32' ? windowsTask(scheduled) : undefined
}

function systemdTimer({ command, folder, home }: ScheduledProgram): Schedule {
  const units = posix.join(home, '.config', 'systemd', 'user')
  const service = `[Unit]
Description=Send what waits in the outbox of SplitCart

[Service]
Type=oneshot
WorkingDirectory=${folder.replaceAll('%', '%%')}
ExecStart=${command.map(quoteForSystemd).join(' ')}
# 5: the server is away. The files wait, and the next run sends them.
SuccessExitStatus=5
UMask=0077
NoNewPrivileges=yes
`
  const timer = `[Unit]
Description=Send what waits in the outbox of SplitCart, every ${MINUTES} minutes

[Timer]
OnBootSec=2min
OnActiveSec=0
OnUnitInactiveSec=${MINUTES}min

[Install]
WantedBy=timers.target
`
  return {
    name: `systemd timer ${NAME}.timer`,
    files: [
      { path: posix.join(units, `${NAME}.service`), text: service },
      { path: posix.join(units, `${NAME}.timer`), text: timer },
    ],
    install: [
      ['systemctl', '--user', 'daemon-reload'],
      ['systemctl', '--user', 'enable', '--now', `${NAME}.timer`],
    ],
    undo: [['systemctl', '--user', 'disable', '--now', `${NAME}.timer`]],
    remark: 'It runs while you are logged in; also afterwards, once you have run: loginctl enable-linger',
  }
}

/** Quotes a word of ExecStart, so that systemd expands nothing in it. */
function quoteForSystemd(word: string): string {
  return `"${word.replace(/["\\]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`
}

function launchAgent({ command, folder, home, user }: ScheduledProgram): Schedule {
  const path = posix.join(home, 'Library', 'LaunchAgents', `${LABEL}.plist`)
  const log = posix.join(home, 'Library', 'Logs', `${NAME}.log`)
  const words = command.map((word) => `    <string>${escapeXml(word)}</string>`).join('\n')
  const text = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>${LABEL}</string>
  <key>ProgramArguments</key>
  <array>
${words}
  </array>
  <key>WorkingDirectory</key><string>${escapeXml(folder)}</string>
  <key>StartInterval</key><integer>${MINUTES * 60}</integer>
  <key>RunAtLoad</key><true/>
  <key>StandardOutPath</key><string>${escapeXml(log)}</string>
  <key>StandardErrorPath</key><string>${escapeXml(log)}</string>
</dict>
</plist>
`
  return {
    name: `launch agent ${LABEL}`,
    files: [{ path, text }],
    install: [['launchctl', 'bootstrap', `gui/${user}`, path]],
    undo: [['launchctl', 'bootout', `gui/${user}/${LABEL}`]],
  }
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function windowsTask({ command, folder }: ScheduledProgram): Schedule {
  const [program = '', ...args] = command
  const script = [
    `$action = New-ScheduledTaskAction -Execute ${quoteForPowerShell(program)} -Argument ${quoteForPowerShell(args.map(quoteForWindows).join(' '))} -WorkingDirectory ${quoteForPowerShell(folder)}`,
    `$trigger = New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval (New-TimeSpan -Minutes ${MINUTES})`,
    '$settings = New-ScheduledTaskSettingsSet -StartWhenAvailable -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -MultipleInstances IgnoreNew',
    `Register-ScheduledTask -Force -TaskName '${TASK}' -Action $action -Trigger $trigger -Settings $settings | Out-Null`,
  ]
  const powerShell = (text: string): Command => ['powershell', '-NoProfile', '-NonInteractive', '-Command', text]
  return {
    name: `scheduled task ${TASK}`,
    files: [],
    install: [powerShell(script.join('; '))],
    undo: [powerShell(`Unregister-ScheduledTask -TaskName '${TASK}' -Confirm:$false`)],
  }
}

function quoteForPowerShell(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** Quotes a word for a Windows command line. */
function quoteForWindows(word: string): string {
  return /[\s"]/.test(word) ? `"${win32.normalize(word).replaceAll('"', '\\"')}"` : word
}
