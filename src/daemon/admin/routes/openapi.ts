import { openApiDocument } from '../../schemas/index.ts';
import { json, type Operation, operation } from '../operation.ts';

/** The document that describes the endpoint. */
export const openApiOperations: readonly Operation[] = [
  operation({
    id: 'getOpenApi',
    method: 'GET',
    path: '/openapi.json',
    tag: 'health',
    access: 'read',
    summary: 'This document',
    description: 'All calls of the endpoint, in OpenAPI 3.1.',
    answers: { 200: json(openApiDocument, 'The document') },
    errors: [],
    handle: (_call, { document }) => document(),
  }),
];
