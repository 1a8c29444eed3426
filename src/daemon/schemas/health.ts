import { z } from 'zod';
import type { SyncState } from '../node-api.ts';
import { hex64 } from './common.ts';
import { refuse, schemaOf } from './define.ts';
import { syncState } from './verdict.ts';

/** The answer of a probe. */
export interface ProbeAnswer {
  readonly status: 'live' | 'ready';
  readonly state: SyncState;
}

export const probeAnswer: z.ZodType<ProbeAnswer> = schemaOf<ProbeAnswer>('Probe')(
  z.strictObject({ status: z.enum(['live', 'ready']), state: syncState }),
);

export const challengeParams: z.ZodType<{ challenge: string }> = z.strictObject({
  challenge: z
    .string()
    .transform((text, context) => {
      if (/^[0-9a-f]{64}$/.test(text)) return text;
      return refuse(
        context,
        'INVALID_QUERY',
        'a challenge has 64 hexadecimal digits in lower case',
      );
    })
    .meta({ type: 'string', pattern: '^[0-9a-f]{64}$', description: 'Drawn by the client' }),
});

/** The proof that a client knows the daemon by. */
export interface ProofAnswer {
  readonly proof: string;
}

export const proofAnswer: z.ZodType<ProofAnswer> = schemaOf<ProofAnswer>('Proof')(
  z.strictObject({
    proof: hex64.describe('HMAC-SHA-256 of the challenge under the key in admin.json'),
  }),
);

/** The document that describes the endpoint, in OpenAPI 3.1. */
export type OpenApiDocument = Readonly<Record<string, unknown>>;

export const openApiDocument: z.ZodType<OpenApiDocument> = z.record(z.string(), z.unknown());
