import { peerIdFromString } from '@libp2p/peer-id';
import { z } from 'zod';
import type { PauseState } from '../../control-api.ts';
import { parses } from '../../parses.ts';
import { refuse, schemaOf } from '../define.ts';
import { peerText } from '../peers.ts';

const isPeerId = parses(peerIdFromString);

/** A pause of a mistyped peer would pause no peer. */
const peerId = peerText
  .superRefine((text, context) => {
    if (isPeerId(text)) return;
    const message = 'peerId: give a peer id such as 12D3KooW..., as /v1/peers shows it';
    refuse(context, 'INVALID_BODY', message);
  })
  .optional();

/** What to pause, and for how long. */
export interface PauseBody {
  /** @default all peers */
  readonly peerId?: string | undefined;
  /** Also after a restart. @default false */
  readonly keep?: boolean | undefined;
}

export const pauseBody: z.ZodType<PauseBody> = z.strictObject({
  peerId,
  keep: z.boolean().optional().describe('Also after a restart'),
});

/** The body that names the peer to resume with; without it, all. */
export const resumeBody: z.ZodType<{ peerId?: string | undefined }> = z.strictObject({ peerId });

const peers = z.array(z.string());

export const pauseState: z.ZodType<PauseState> = schemaOf<PauseState>('PauseState')(
  z.strictObject({
    all: z.boolean(),
    peers: peers.describe('Peers that were paused by their ids'),
    kept: z.strictObject({ all: z.boolean(), peers }).describe('The pauses that outlive a restart'),
  }),
);
