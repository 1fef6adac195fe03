/** What the compiler, and the rule that promises are awaited, say of a changed file: in a moment, where running tests takes a minute. */
import { join } from 'node:path'
import { API } from 'typescript/unstable/sync'
import { promiseFaultsOf } from '../check/promises.ts'

/** The compiler on a copy of the project whose files are not changed on the disk. */
export class Compiler {
  readonly #folder: string
  readonly #config: string
  readonly #changed = new Map<string, string>()
  readonly #api: API

  constructor(folder: string) {
    this.#folder = folder
    this.#config = join(folder, 'tsconfig.json')
    this.#api = new API({ cwd: folder, fs: { readFile: (path) => this.#changed.get(path) } })
    this.#api.updateSnapshot({ openProjects: [this.#config] })
  }

  /** Whether a file with another text has a fault by itself. Files that import it are not asked. */
  notices(path: string, text: string): boolean {
    const file = join(this.#folder, path)
    this.#changed.set(file, text)
    try {
      using snapshot = this.#api.updateSnapshot({ fileChanges: { changed: [file] } })
      const project = snapshot.getProject(this.#config)
      const root = project?.program.getSourceFile(file)
      if (project === undefined || root === undefined) throw new Error(`The compiler did not read ${path}.`)
      if (project.program.getSemanticDiagnostics(file).length > 0) return true
      return promiseFaultsOf({ path, text, root }, project.checker).length > 0
    } finally {
      this.#changed.delete(file)
      this.#api.updateSnapshot({ fileChanges: { changed: [file] } }).dispose()
    }
  }

  [Symbol.dispose](): void {
    this.#api.close()
  }
}
