import Type, { type Static, type TObject, type TOptional, type TProperties, type TSchema, type TUnsafe } from 'typebox';
import { DURATION_PATTERN, type Duration, POSITIVE_DURATION_PATTERN } from '../series/duration.ts';

/**
 * The part of JSON Schema our documents are described with; `read.ts` understands all of it and nothing else. The
 * `x-` keywords say what JSON Schema has no word for; editors ignore them.
 */
export interface SchemaNode {
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly items?: SchemaNode;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  /** `false` with `properties`; a schema for maps whose keys the user chooses. */
  readonly additionalProperties?: false | SchemaNode;
  readonly propertyNames?: SchemaNode;
  readonly minProperties?: number;
  /** Maps told apart by their key `type`; the variant whose `type` has a default is meant when it is not written. */
  readonly anyOf?: readonly SchemaNode[];
  /** What would be right, as the end of "must be …". */
  readonly 'x-what'?: string;
  readonly 'x-duration'?: true;
  /** Takes `.inf` and `-.inf`. */
  readonly 'x-infinite'?: true;
  /** The value never appears in a message. */
  readonly 'x-secret'?: true;
  /** A feature that is not there yet: anything but the default or an empty value is a problem. */
  readonly 'x-unavailable'?: string;
  /** Values of `enum` whose feature is not there yet. */
  readonly 'x-unavailable-values'?: readonly string[];
  /** Keys, or values, that people coming from other tools write, and what means the same here. */
  readonly 'x-meant'?: Readonly<Record<string, string>>;
}

/** `description` says what the value means and, where there is a default, why it is that. */
export interface FieldOptions<T> {
  readonly description: string;
  readonly default?: T;
}

type TextOptions = FieldOptions<string> & Pick<SchemaNode, 'pattern' | 'x-what' | 'x-secret' | 'x-unavailable'>;
type NumberOptions = FieldOptions<number> &
  Pick<SchemaNode, 'minimum' | 'maximum' | 'exclusiveMinimum' | 'exclusiveMaximum' | 'x-what' | 'x-infinite'>;

/** Text that is not empty. */
export function text(options: TextOptions): TUnsafe<string> {
  return Type.Unsafe<string>({ type: 'string', minLength: 1, ...options });
}

/** Text that may be empty. */
export function anyText(options: TextOptions): TUnsafe<string> {
  return Type.Unsafe<string>({ type: 'string', ...options });
}

export function flag(options: FieldOptions<boolean> & Pick<SchemaNode, 'x-unavailable'>): TUnsafe<boolean> {
  return Type.Unsafe<boolean>({ type: 'boolean', ...options });
}

export function number(options: NumberOptions): TUnsafe<number> {
  return Type.Unsafe<number>({ type: 'number', ...options });
}

export function whole(options: NumberOptions): TUnsafe<number> {
  return Type.Unsafe<number>({ type: 'integer', ...options });
}

/** A Prometheus duration; zero is allowed, also as the bare number 0. */
export function duration(options: FieldOptions<string>): TUnsafe<Duration> {
  return Type.Unsafe<Duration>({
    type: ['string', 'integer'],
    pattern: DURATION_PATTERN,
    minimum: 0,
    maximum: 0,
    'x-duration': true,
    ...options,
  });
}

/** A Prometheus duration above zero. */
export function positiveDuration(options: FieldOptions<string>): TUnsafe<Duration> {
  return Type.Unsafe<Duration>({ type: 'string', pattern: POSITIVE_DURATION_PATTERN, 'x-duration': true, ...options });
}

/** One of some words; those of `unavailable` are understood but not there yet. */
export function choice<const V extends string>(
  values: readonly V[],
  {
    unavailable,
    ...options
  }: FieldOptions<V> & Pick<SchemaNode, 'x-unavailable'> & { readonly unavailable?: readonly NoInfer<V>[] },
): TUnsafe<V> {
  return Type.Unsafe<V>({
    type: 'string',
    enum: values,
    ...(unavailable && { 'x-unavailable-values': unavailable }),
    ...options,
  });
}

export function list<S extends TSchema>(
  items: S,
  options: FieldOptions<readonly unknown[]> & Pick<SchemaNode, 'minItems' | 'maxItems' | 'x-what' | 'x-unavailable'>,
): TUnsafe<Static<S>[]> {
  return Type.Unsafe<Static<S>[]>({ type: 'array', items, ...options });
}

/** A map whose keys the user chooses. */
export function mapOf<S extends TSchema>(
  values: S,
  options: FieldOptions<Readonly<Record<string, unknown>>> &
    Pick<SchemaNode, 'propertyNames' | 'minProperties' | 'x-unavailable'>,
): TUnsafe<Record<string, Static<S>>> {
  return Type.Unsafe<Record<string, Static<S>>>({ type: 'object', additionalProperties: values, ...options });
}

/** A map that is handed on as it is. */
export function anything(options: FieldOptions<unknown>): TUnsafe<Record<string, unknown>> {
  return Type.Unsafe<Record<string, unknown>>({ type: 'object', ...options });
}

/**
 * A map with known keys; any other key is a problem. Keys with a default are filled in, so the static type has them
 * always, while the JSON Schema does not ask for them.
 */
export function section<P extends TProperties>(
  properties: P,
  options: FieldOptions<Readonly<Record<string, unknown>>> & Pick<SchemaNode, 'title' | 'x-meant' | 'x-unavailable'>,
): TUnsafe<Static<TObject<P>>> {
  const required = Object.entries(properties)
    .filter(([, schema]) => !Type.IsOptional(schema) && !('default' in schema))
    .map(([key]) => key);
  return Type.Unsafe<Static<TObject<P>>>({
    type: 'object',
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
    ...options,
  });
}

/** The one word a variant is known by. */
export function constant<const V extends string>(
  value: V,
  options: FieldOptions<V> & Pick<SchemaNode, 'x-meant'>,
): TUnsafe<V> {
  return Type.Unsafe<V>({ type: 'string', const: value, ...options });
}

export function optional<S extends TSchema>(schema: S): TOptional<S> {
  return Type.Optional(schema) as TOptional<S>;
}

/** Sections told apart by their key `type`. */
export function variants<const S extends readonly TSchema[]>(
  sections: S,
  options: FieldOptions<never>,
): TUnsafe<Static<S[number]>> {
  return Type.Unsafe<Static<S[number]>>({ anyOf: sections, ...options });
}

/** The schema as the plain data it is. */
export function nodeOf(schema: TSchema): SchemaNode {
  return schema as SchemaNode;
}

/** The JSON Schema as it is committed for editors. */
export function jsonSchema(schema: TSchema): string {
  const document = { $schema: 'http://json-schema.org/draft-07/schema#', ...schema };
  return `${JSON.stringify(document, null, 2)}\n`;
}
