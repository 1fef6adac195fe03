/** The company of a file, in lower case, from its first row; '' if that row names none. */
export function companyOfFirstRow(bytes: Buffer | undefined): string {
  try {
    const row = JSON.parse(bytes!.toString('utf8', 0, bytes!.indexOf('\n')))
    return String(row.metadata?.company ?? row.metadata?.company_name ?? '').toLowerCase()
  } catch {
    return ''
  }
}
