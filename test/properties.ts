/** fast-check, which tries the same values of a commit wherever it is tested. */
import fc from 'fast-check'
import { seedOf } from './effort.ts'

fc.configureGlobal({ seed: seedOf(2 ** 31) })

export default fc
