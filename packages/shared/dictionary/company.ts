/** Whose rows a file has, as its first line says; the same for all that do not say it. */
export function companyIn(bytes: Buffer | undefined): string {
  try {
    const row = JSON.parse(bytes!.toString('utf8', 0, bytes!.indexOf('\n')))
    return String(row.metadata?.company ?? row.metadata?.company_name ?? '').toLowerCase()
  } catch {
    return ''
  }
}
