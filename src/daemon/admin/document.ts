import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import {
  createJsonSchemaTransform,
  createJsonSchemaTransformObject,
} from 'fastify-type-provider-zod';
import { z } from 'zod';
import { errorAnswer, NAMED, type OpenApiDocument } from '../schemas/index.ts';
import { VERSION } from '../version.ts';
import { type ErrorCode, statusOf } from './errors.ts';
import { type Answer, type Content, isJsonSchema, type Operation } from './operation.ts';

const TAGS = [
  { name: 'health', description: 'Probes, and what the endpoint is' },
  { name: 'items', description: 'Payloads in and out' },
  { name: 'mesh', description: 'The node and its peers' },
  { name: 'store', description: 'Care of the database' },
  { name: 'control', description: 'The configuration, and pauses of replication' },
];

const INTRODUCTION =
  'Paths under /v1 speak of the one set of the node. / is a page for people. /livez, /readyz, /metrics and ' +
  '/openapi.json lie where monitors and generators look for them. /v1/sets is kept free for several sets. Later versions add calls, parameters that ' +
  'may be left out, fields of answers, types of events, and codes: pass over those you do not know. The schema of ' +
  'content in NDJSON is that of a line.';

/** Codes that any call can be refused with; one that is not `open` has `GUARDED` too. */
const GENERAL: readonly ErrorCode[] = [
  ...(['BAD_REQUEST', 'HOST_REFUSED', 'REQUEST_TIMEOUT', 'UNSUPPORTED_ENCODING'] as const),
  ...(['EXPECTATION_FAILED', 'HEADERS_TOO_LARGE', 'INTERNAL', 'SHUTTING_DOWN'] as const),
];
const GUARDED: readonly ErrorCode[] = ['UNAUTHORIZED', 'INVALID_QUERY', 'BUSY'];
const OF_JSON: readonly ErrorCode[] = ['INVALID_BODY', 'BODY_TOO_LARGE'];

/** All codes of an operation by HTTP status. */
export function codesOf({ access, method, body, errors }: Operation): Record<number, ErrorCode[]> {
  const codes = new Set([...errors, ...GENERAL, ...(access === 'open' ? [] : GUARDED)]);
  if (method !== 'GET') codes.add('UNSUPPORTED_MEDIA_TYPE');
  if (method !== 'GET' && (body === undefined || isJsonSchema(body)))
    for (const code of OF_JSON) codes.add(code);
  const byStatus: Record<number, ErrorCode[]> = {};
  for (const code of [...codes].sort()) {
    byStatus[statusOf(code)] ??= [];
    byStatus[statusOf(code)]!.push(code);
  }
  return byStatus;
}

/** Has the server collect its routes; call it before they are added. */
export function describeRoutes(
  app: FastifyInstance,
  operations: readonly Operation[],
  readsNeedToken: boolean,
): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'rangemesh admin endpoint',
        version: VERSION,
        description: INTRODUCTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags: TAGS,
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      },
    },
    transform: ({ schema, url, route, ...rest }) => {
      const { operation } = route.config ?? {};
      // A path's other methods have its operation too.
      if (operation === undefined || operation.method !== route.method)
        return { schema: { hide: true }, url };
      const shown = toJsonSchema({
        ...rest,
        route,
        url,
        schema: describe(operation, readsNeedToken) as FastifySchema,
      });
      return { ...shown, schema: completed(shown.schema, operation) };
    },
    transformObject: (document) => finish(document, operations),
  });
}

/** The document of a server that is ready, made when it is first asked for. */
export function documentOf(app: FastifyInstance): () => OpenApiDocument {
  return () => app.swagger() as unknown as OpenApiDocument;
}

/** Descriptions stand beside the schemas, names in a registry of our own: that of zod is the program's. */
const CONVERSION = {
  schemaRegistry: NAMED,
  zodToJsonConfig: {
    override: ({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: object }) => {
      Object.assign(jsonSchema, z.globalRegistry.get(zodSchema));
    },
  },
};
const toJsonSchema = createJsonSchemaTransform(CONVERSION);
const addNamed = createJsonSchemaTransformObject(CONVERSION);

interface Document extends OpenApiDocument {
  readonly paths: Record<string, Record<string, { requestBody?: { required: boolean } }>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}

function finish(
  given: Parameters<typeof addNamed>[0],
  operations: readonly Operation[],
): OpenApiDocument {
  const document = addNamed(given) as unknown as Document;
  for (const { path, method, body } of operations) {
    const operation = document.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
    if (operation?.requestBody === undefined || body === undefined) continue;
    // Without a body the payload has no bytes.
    operation.requestBody.required = isJsonSchema(body)
      ? !body.safeParse({}).success
      : body !== 'bytes';
  }
  const { components } = document;
  // No request has a named schema.
  const schemas = Object.entries(components.schemas).filter(([name]) => !name.endsWith('Input'));
  return {
    ...document,
    components: { ...components, schemas: opened(Object.fromEntries(schemas)) },
  };
}

/** Later versions add fields to answers. */
function opened<T>(schemas: T): T {
  const text = JSON.stringify(schemas, (key, value) =>
    key === 'additionalProperties' && value === false ? undefined : value,
  );
  return JSON.parse(text);
}

function describe(operation: Operation, readsNeedToken: boolean) {
  const { id, tag, summary, description, access, params, query, body } = operation;
  const codes = codesOf(operation);
  const answers = Object.entries(operation.answers).map(([status, answer]) => [
    status,
    shown(answer),
  ]);
  const refusals = Object.entries(codes).map(([status, list]) => [status, refusal(list)]);
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    ...(params !== undefined && { params }),
    querystring: query,
    ...(body !== undefined && { body: isJsonSchema(body) ? body : SHAPES.bytes }),
    response: Object.fromEntries([...answers, ...refusals]),
    security: securityOf(access, readsNeedToken),
    'x-codes': codes,
  };
}

function securityOf(access: Operation['access'], readsNeedToken: boolean): object[] {
  if (access === 'open') return [];
  return access === 'write' || readsNeedToken ? [{ bearer: [] }] : [{}, { bearer: [] }];
}

/**
 * The conversion knows no media types of requests. It keeps no headers of answers, and no description of an answer
 * without a body.
 */
function completed(schema: FastifySchema, { answers, body }: Operation): FastifySchema {
  const response = { ...(schema.response as Record<string, object>) };
  for (const [status, { description, headers = {} }] of Object.entries(answers)) {
    const described = Object.entries(headers).map(([name, description]) => [
      name,
      { type: 'string', description },
    ]);
    const more = described.length > 0 && { headers: Object.fromEntries(described) };
    response[status] = { ...response[status], description, ...more };
  }
  return { ...schema, ...typesOf(body), response };
}

function typesOf(body: Operation['body']): object {
  if (body === 'bytes') return { consumes: ['application/octet-stream'] };
  if (body === undefined || isJsonSchema(body)) return {};
  const content = Object.entries(body.stream).map(([type, content]) => {
    const { $schema, ...schema } = z.toJSONSchema(schemaOf(content), { io: 'input' });
    return [type, { schema }];
  });
  return { body: { content: Object.fromEntries(content) } };
}

const SHAPES = { bytes: z.string().meta({ format: 'binary' }), text: z.string() };
const NOTHING = z.null();

function schemaOf(content: Content): z.ZodType {
  return typeof content === 'string' ? SHAPES[content] : content;
}

function shown({ type = 'application/json', content, empty, others = {} }: Answer<unknown>) {
  if (empty === true || content === undefined) return NOTHING;
  const all = Object.entries({ [type]: content, ...others });
  return {
    content: Object.fromEntries(
      all.map(([type, content]) => [type, { schema: schemaOf(content) }]),
    ),
  };
}

function refusal(codes: readonly ErrorCode[]) {
  return {
    description: codes.join(', '),
    content: { 'application/json': { schema: errorAnswer } },
  };
}
