/** Builds the dashboard into `dist`, with content hashes in the file names and compressed copies of the files. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'
import { licencesOf } from './licences.ts'

const COMPRESSIBLE = /\.(js|css|svg|html|txt)$/
const BYTES_MIN = 1024

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), licencesPlugin(), compressionPlugin()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // Nothing inline: the Content-Security-Policy allows only files of the same host.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['chrome123', 'firefox124', 'safari17.5'],
    chunkSizeWarningLimit: 700,
    reportCompressedSize: false,
    // No warning that compression takes longer than bundling: that is expected.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
})

/** Adds the licences of all bundled packages, fonts included, as `assets/licences.txt`. */
function licencesPlugin(): Plugin {
  return {
    name: 'licensed',
    generateBundle(_, bundle) {
      const files = Object.values(bundle).flatMap((part) =>
        part.type === 'chunk' ? part.moduleIds : part.originalFileNames.map((name) => join(import.meta.dirname, name)),
      )
      this.emitFile({ type: 'asset', fileName: 'assets/licences.txt', source: licencesOf(files) })
    },
  }
}

/** Writes `x.br` and `x.gz` beside each compressible file, so that the server never compresses one. */
function compressionPlugin(): Plugin {
  return {
    name: 'compressed',
    writeBundle({ dir }) {
      for (const name of readdirSync(dir!, { recursive: true, encoding: 'utf8' })) {
        if (!COMPRESSIBLE.test(name)) continue
        const path = join(dir!, name)
        const bytes = readFileSync(path)
        if (bytes.length < BYTES_MIN) continue
        writeFileSync(`${path}.br`, brotliCompressSync(bytes))
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
      }
    },
  }
}
