import { type ArrivalEntry, type Item, StoreError } from '../../../store/index.ts';
import { originIn } from '../../guard/index.ts';
import { isoTime } from '../../system/index.ts';
import { LONG_BYTES } from '../payload-memory.ts';
import { idText } from '../streaming.ts';

/** Bytes of a long payload in one piece of text; a multiple of three has no padding in base64. */
const PIECE_BYTES = 48 * 1024;

/** How entries become text. */
export interface EntryFrame {
  /** Ahead of the JSON of an entry. */
  readonly before: (seq: number) => string;
  /** Behind the JSON. */
  readonly after: string;
}

export interface PayloadSource {
  get(id: Uint8Array): Promise<Item | undefined>;
  /** Waits for memory for a long payload; the returned function gives the memory back. */
  hold(bytes: number): Promise<() => void>;
}

/** Characters after which a piece of text goes out, lest the payloads of a whole page gather. */
const TEXT_CHARS = 64 * 1024;

/** The entries of a page as text, in pieces; with a source each has its payload, read when its turn comes. */
export async function* entryTexts(
  entries: readonly ArrivalEntry[],
  { before, after }: EntryFrame,
  source: PayloadSource | null,
): AsyncGenerator<string> {
  const fieldsOf = fieldWriter();
  let text = '';
  for (const entry of entries) {
    text += `${before(entry.seq)}{${fieldsOf(entry)}`;
    if (source === null) {
      text += `}${after}`;
    } else if (entry.bytes <= LONG_BYTES) {
      text += `,"payload":${shortPayload(await payloadOf(source, entry.id))}}${after}`;
    } else {
      yield `${text},"payload":`;
      yield* longPayload(source, entry);
      text = `}${after}`;
    }
    if (source === null || text.length < TEXT_CHARS) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

/** Entries of one commit share time and often the peer, so that their text is made once. */
function fieldWriter(): (entry: ArrivalEntry) => string {
  let [source, at]: [string | null | undefined, number] = [undefined, -1];
  let [from, time] = ['', ''];
  return (entry) => {
    if (entry.at !== at || entry.source !== source) {
      ({ source, at } = entry);
      from = at === 0 ? '"from":null,"publisher":null' : originText(source);
      time = at === 0 ? 'null' : `"${isoTime(at)}"`;
    }
    return `"seq":${entry.seq},"id":"${idText(entry.id)}","hint":"${entry.hint}","bytes":${entry.bytes},${from},"at":${time}`;
  };
}

/** `from` stays the peer alone, though the order of arrival keeps the publisher beside it. */
function originText(source: string | null): string {
  const { peer, publisher } = originIn(source);
  return `"from":${JSON.stringify(peer ?? 'local')},"publisher":${JSON.stringify(publisher)}`;
}

function shortPayload(payload: Buffer | null): string {
  return payload === null ? 'null' : `"${payload.toString('base64')}"`;
}

/** Null while the item is not here: it was damaged, and a peer may bring it back. */
async function payloadOf({ get }: PayloadSource, id: Uint8Array): Promise<Buffer | null> {
  const item = await get(id).catch((error) => {
    if (error instanceof StoreError && error.code === 'STORE_CORRUPT') return undefined;
    throw error;
  });
  if (item === undefined) return null;
  const { buffer, byteOffset, byteLength } = item.payload;
  return Buffer.from(buffer, byteOffset, byteLength);
}

async function* longPayload(source: PayloadSource, entry: ArrivalEntry): AsyncGenerator<string> {
  const release = await source.hold(entry.bytes);
  try {
    const payload = await payloadOf(source, entry.id);
    if (payload === null) {
      yield 'null';
      return;
    }
    yield '"';
    for (let at = 0; at < payload.length; at += PIECE_BYTES) {
      yield payload.toString('base64', at, at + PIECE_BYTES);
    }
    yield '"';
  } finally {
    release();
  }
}
