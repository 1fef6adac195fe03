/** The company of a file, in lower case, by its first row; '' if that does not name one. */
export function companyIn(bytes: Buffer | undefined): string {
  try {
    const row = JSON.parse(bytes!.toString('utf8', 0, bytes!.indexOf('\n')))
    return String(row.metadata?.company ?? row.metadata?.company_name ?? '').toLowerCase()
  } catch {
    return ''
  }
}
