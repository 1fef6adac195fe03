/** The API documentation for people, from the same description that programs get from /api/openapi.json. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { openApiQuery } from '../../api/queries.ts'
import { ErrorNotice, Loading } from '../../parts/notice.tsx'
import { Page } from '../../parts/page.tsx'
import skipLink from '../../parts/skip-link.module.css'
import style from './docs.module.css'
import { type Operation, operationsIn } from './operations.ts'
import { SchemaShape } from './shape.tsx'
import { TryIt } from './try-it.tsx'

/** The page at /docs. It requires no session. */
export function Docs(): ReactNode {
  const { data, error, refetch } = useQuery(openApiQuery)
  const operations = data === undefined ? [] : operationsIn(data)
  return (
    <div className={style.docs}>
      <a className={skipLink.skip} href="#main">
        Skip to the content
      </a>
      <header className={style.bar}>
        <Link to="/">SplitCart</Link>
      </header>
      <main id="main" className={style.main} tabIndex={-1}>
        <Page title="API" lead={<DocsLead />}>
          {error && <ErrorNotice error={error} retry={refetch} />}
          {data === undefined && error === null && <Loading />}
          <OperationIndex operations={operations} />
          {operations.map((operation) => (
            <OperationDetails key={operation.id} operation={operation} />
          ))}
        </Page>
      </main>
    </div>
  )
}

function DocsLead(): ReactNode {
  return (
    <>
      Send the key as <code>X-API-Key: …</code>, <code>X-Internal-API-Key: …</code> or{' '}
      <code>Authorization: Bearer …</code>. For programs: <a href="/api/openapi.json">openapi.json</a>. In sentences:
      docs/protocol.md.
    </>
  )
}

function OperationIndex({ operations }: Readonly<{ operations: readonly Operation[] }>): ReactNode {
  return (
    <nav aria-label="Requests" className={style.index}>
      <ul>
        {operations.map(({ id, method, path, summary }) => (
          <li key={id}>
            <a href={`#${id}`}>
              <MethodBadge name={method} /> <code>{path}</code>
            </a>
            <span className={style.muted}>{summary}</span>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function MethodBadge({ name }: Readonly<{ name: string }>): ReactNode {
  return (
    <span className={style.method} data-method={name}>
      {name}
    </span>
  )
}

function OperationDetails({ operation }: Readonly<{ operation: Operation }>): ReactNode {
  const { id, method, path, summary, description, parameters, body, responses } = operation
  return (
    <section id={id} aria-label={`${method} ${path}`} className={style.operation}>
      <h2 className={style.title}>
        <MethodBadge name={method} /> <code>{path}</code>
      </h2>
      <p className={style.muted}>{[summary, description].filter((text) => text !== '').join('. ')}</p>
      {parameters.length > 0 && (
        <>
          <h3 className={style.part}>Parameters</h3>
          <dl className={style.parameters}>
            {parameters.map(({ name, place, isRequired, schema, about }) => (
              <div key={`${place} ${name}`} className={style.parameter}>
                <dt>
                  <code>{name}</code> <span className={style.muted}>{isRequired ? `${place}, required` : place}</span>
                </dt>
                <dd>
                  <SchemaShape schema={schema} /> {about}
                </dd>
              </div>
            ))}
          </dl>
        </>
      )}
      {body !== undefined && (
        <>
          <h3 className={style.part}>Body</h3>
          <SchemaShape schema={body} />
        </>
      )}
      <TryIt operation={operation} />
      {responses.map(({ status, schema, about }) => (
        <div key={status}>
          <h3 className={style.part}>
            {status} <span className={style.muted}>{about}</span>
          </h3>
          {schema !== undefined && <SchemaShape schema={schema} />}
        </div>
      ))}
    </section>
  )
}
