import { z } from 'zod';
import { peerText } from './peers.ts';

/** The body that names the peer to run a session with; without it, all. */
export const syncBody: z.ZodType<{ peerId?: string | undefined }> = z.strictObject({
  peerId: peerText.optional(),
});
