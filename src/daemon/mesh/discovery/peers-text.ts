import { peerIdFromString } from '@libp2p/peer-id';
import { z } from 'zod';
import { parses } from '../../parses.ts';
import { parsePeerAddress } from '../../peer-address.ts';
import type { KnownPeer } from './known-peers.ts';

const FORMAT = 'rangemesh peers';
const VERSION = 1;
/** Far more than are ever kept. */
const MAX_PEERS = 16_384;

const time = z.int().min(0);

const schema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  network: z.string(),
  peers: z
    .array(
      z.strictObject({
        peer: z.string().refine(parses(peerIdFromString)),
        addresses: z
          .array(z.string().max(512).refine(parses(parsePeerAddress)))
          .min(1)
          .max(64),
        heardAt: time,
        reachedAt: time.nullable(),
      }),
    )
    .max(MAX_PEERS),
});

export interface SavedPeers {
  readonly network: string;
  /** The peers most worth keeping first. */
  readonly peers: readonly KnownPeer[];
}

/** The known peers as JSON, one peer a line. */
export function encodePeers({ network, peers }: SavedPeers): string {
  const lines = peers
    .filter(({ addresses }) => addresses.length > 0)
    .map((peer) => `  ${JSON.stringify(peer)}`);
  const head = JSON.stringify({ format: FORMAT, version: VERSION, network }).slice(0, -1);
  return `${head}, "peers": [\n${lines.join(',\n')}\n]}\n`;
}

/** Throws, with the reason, when the text is not what `encodePeers` writes. */
export function decodePeers(text: string): SavedPeers {
  const read = schema.safeParse(JSON.parse(text));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new Error(`${issue!.path.join('.') || 'it'}: ${issue!.message}`);
}
