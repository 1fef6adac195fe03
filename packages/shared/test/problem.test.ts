/** Problems: the table is sound, and a problem goes over HTTP unchanged. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PROBLEMS, Problem, type ProblemCode, problemDocumentIn, retryOfStatus, toProblemDocument } from '../problem.ts'

const CODES = Object.keys(PROBLEMS) as ProblemCode[]

test('every problem goes through its document unchanged', () => {
  for (const code of CODES) {
    const problem = new Problem(code, 'line 7: "…" \u2028 is odd')
    const { status, title, todo } = PROBLEMS[code]
    const text = JSON.stringify(toProblemDocument(problem))
    const document = problemDocumentIn({ status, contentType: 'application/problem+json', text })
    const type = `urn:splitcart:problem:${code}`
    assert.deepEqual(document, { type, status, code, title, detail: problem.detail, todo })
  }
})

test('a problem without more to say says its title', () => {
  const problem = new Problem('locked')
  assert.equal(problem.message, 'Another process is at work here')
  assert.equal(problem.detail, problem.message)
})

test('a problem keeps what caused it', () => {
  const cause = new Error('ENOSPC')
  assert.equal(new Problem('disk_full', 'no room', { cause }).cause, cause)
})

test('the codes, titles and advice of all problems are what people can read', () => {
  for (const code of CODES) {
    assert.match(code, /^[a-z]+(_[a-z]+)*$/)
    assert.match(PROBLEMS[code].title, /^[A-Z].*[^.]$/)
    assert.match(PROBLEMS[code].todo, /^[A-Z].*\.$/s)
  }
  assert.equal(new Set(CODES.map((code) => PROBLEMS[code].title)).size, CODES.length)
})

test('what a sender does about a problem is what it does about the bare status', () => {
  for (const code of CODES) {
    const { status, retry } = PROBLEMS[code]
    if (status !== 0 && !TOLD_BY_CODE.has(code)) assert.equal(retryOfStatus(status), retry, code)
  }
})

// In the protocol for resuming, 409 and 423 say that the sender is to look where the upload stands; from elsewhere they say nothing. A
// kind that is not taken is no address that is wrong.
const TOLD_BY_CODE = new Set<string>(['offset_conflict', 'upload_busy', 'kind_unknown'])

test('a status that is not ours is repeated when it may pass, and not otherwise', () => {
  for (const status of [408, 425, 429, 500, 502, 503, 504, 520, 599]) assert.equal(retryOfStatus(status), 'soon')
  for (const status of [301, 400, 404, 405, 409, 410, 411, 413, 415, 418, 422, 431, 501])
    assert.equal(retryOfStatus(status), 'never')
  for (const status of [401, 403]) assert.equal(retryOfStatus(status), 'stop')
  assert.equal(retryOfStatus(507), 'slowly')
})

test('only a document of SplitCart is a problem document: media type, status and type agree', () => {
  const problem = toProblemDocument(new Problem('body_damaged'))
  const good = JSON.stringify(problem)
  const seen = { status: 400, contentType: 'application/problem+json', text: good }
  assert.deepEqual(problemDocumentIn(seen), problem)
  assert.deepEqual(problemDocumentIn({ ...seen, contentType: 'Application/Problem+JSON; charset=utf-8' }), problem)
  const pages = ['', 'null', '5', '[]', '{}', '"locked"', '<html>502</html>', good.slice(0, -1)]
  const others = [
    { ...problem, type: 'about:blank' },
    { ...problem, type: 'urn:splitcart:problem:other' },
    { ...problem, status: '400' },
    { ...problem, code: undefined },
    { type: 'about:blank', status: 400, title: 'Bad Request', detail: 'no' },
  ]
  for (const text of [...pages, ...others.map((other) => JSON.stringify(other))])
    assert.equal(problemDocumentIn({ ...seen, text }), undefined, text)
  for (const contentType of [null, '', 'text/html', 'application/json', 'application/problem+xml'])
    assert.equal(problemDocumentIn({ ...seen, contentType }), undefined)
  for (const status of [200, 401, 403, 500]) assert.equal(problemDocumentIn({ ...seen, status }), undefined)
})
