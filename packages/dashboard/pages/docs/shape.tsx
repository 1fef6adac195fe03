/** Shows a JSON Schema: the type in words and, for an object, its fields. */
import type { ReactNode } from 'react'
import style from './docs.module.css'
import type { Schema } from './operations.ts'

const DEPTH_MAX = 6

/** A schema, as a nested list. */
export function SchemaShape({ schema, depth = 0 }: Readonly<{ schema: Schema; depth?: number }>): ReactNode {
  const fields = Object.entries(objectIn(schema)?.properties ?? {})
  return (
    <>
      <span className={style.kind}>{typeInWords(schema)}</span>
      {fields.length > 0 && depth < DEPTH_MAX && (
        <ul className={style.fields}>
          {fields.map(([name, field]) => (
            <li key={name}>
              <code>{name}</code>{' '}
              {!objectIn(schema)?.required?.includes(name) && <span className={style.muted}>may be left out, </span>}
              <SchemaShape schema={field} depth={depth + 1} />
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

/** The object schema in a schema: itself, one of its alternatives, or the items of its list. */
function objectIn(schema: Schema): Schema | undefined {
  if (schema.properties !== undefined) return schema
  if (schema.items !== undefined) return objectIn(schema.items)
  return schema.anyOf?.map(objectIn).find((each) => each !== undefined)
}

function typeInWords(schema: Schema): string {
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeInWords))].join(' or ')
  if (schema.enum !== undefined) return schema.enum.map((each) => JSON.stringify(each)).join(', ')
  const kind = [schema.type ?? 'any'].flat().join(' or ')
  if (schema.items !== undefined) return `list of ${typeInWords(schema.items)}`
  const { format, minimum, maximum } = schema
  const limits = [
    format === 'date-time' ? 'time' : format,
    minimum !== undefined && maximum !== undefined && `${minimum} to ${maximum}`,
    schema.default !== undefined && `else ${JSON.stringify(schema.default)}`,
  ].filter(Boolean)
  return limits.length === 0 ? kind : `${kind} (${limits.join(', ')})`
}
