/** Tests that need more than Node: they are skipped where it is missing, but not on the build server, which has to have it. */

/** What to skip for: why a test cannot run here. On the build server (CI=true, on Linux) that is a failure instead. */
export function neededHere(missing: string | false): string | false {
  if (process.env.SPLITCART_TESTS === 'quick') return 'npm run test:quick runs what needs nothing but Node'
  if (missing !== false && process.env.CI === 'true' && process.platform === 'linux')
    throw new Error(`${missing}; .ci/run installs what the tests need`)
  return missing
}
