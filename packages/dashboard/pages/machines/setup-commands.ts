/** The commands to type on a new scraping machine, for each operating system. Pure. */

/** The operating systems of scraping machines. */
export const SYSTEMS = ['Windows', 'macOS', 'Linux'] as const

export type System = (typeof SYSTEMS)[number]

/** Commands that connect a machine with a one-time code: `connect` writes its settings and sets up the schedule. */
export function connectCommands(address: string, code: string, version: string): string[] {
  return [
    `npm install --global ./splitcart-${version}.tgz`,
    `splitcart connect ${address} --code ${code} --schedule`,
    'splitcart upload-data --wait',
  ]
}

/** Commands for setting up by hand with a key: `.env` is UTF-8 without a byte order mark, readable only by the user. */
export function manualSetupCommands(system: System, address: string): string[] {
  const settings = [`API_SERVER_URL=${address}`, 'API_SECRET_KEY=splitcart_…']
  if (system === 'Windows')
    return [
      `$text = "${settings.join('`n')}\`n"`,
      '[IO.File]::WriteAllText("$PWD\\.env", $text, (New-Object Text.UTF8Encoding $false))',
      'icacls .env /inheritance:r /grant:r "$($env:USERNAME):F"',
      'splitcart doctor',
      '$action = New-ScheduledTaskAction -Execute "cmd.exe" -Argument "/c splitcart upload-data" -WorkingDirectory $PWD',
      '$trigger = New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval (New-TimeSpan -Minutes 15)',
      "Register-ScheduledTask -TaskName 'SplitCart upload' -Action $action -Trigger $trigger",
    ]
  const file = `(umask 077; printf '%s\\n' ${settings.map((each) => `'${each}'`).join(' ')} >> .env)`
  const cron = `(crontab -l 2>/dev/null; echo "*/15 * * * * cd '$PWD' && $(command -v splitcart) upload-data") | crontab -`
  return [file, 'splitcart doctor', cron]
}

/** The shell for these commands. */
export function shellOf(system: System): string {
  return system === 'Windows' ? 'PowerShell' : 'a terminal'
}
