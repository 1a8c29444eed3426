import { hexToBytes, ID_BYTES } from '../../../store/index.ts';
import { idsBody, MAX_IDS } from '../../schemas/index.ts';
import { AdminError } from '../errors.ts';
import { parseBody, readInput } from '../input.ts';
import type { BodyChunks } from './body-chunks.ts';

/** An id in JSON: digits, quotes, a comma and a space. */
const JSON_ID_BYTES = 68;

/** Longest body of ids. */
export const MAX_IDS_BYTES: number = MAX_IDS * JSON_ID_BYTES + 64;

/** The ids of a body: as JSON, `{"ids": [...]}`, or their bytes one after the other. */
export async function readIds(body: BodyChunks, isJson: boolean): Promise<Uint8Array[]> {
  const bytes = await readAll(body, isJson ? MAX_IDS_BYTES : MAX_IDS * ID_BYTES);
  return isJson ? fromJson(bytes) : fromBytes(bytes);
}

async function readAll(body: BodyChunks, maxBytes: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let chunk = await body.next(); chunk !== null; chunk = await body.next()) {
    parts.push(chunk);
    length += chunk.length;
    if (length <= maxBytes) continue;
    const message = `a call takes at most ${MAX_IDS} ids: make several calls`;
    throw new AdminError('BODY_TOO_LARGE', message);
  }
  return Buffer.concat(parts);
}

function fromBytes(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length % ID_BYTES !== 0) {
    const message = `ids have ${ID_BYTES} bytes each, and the body has ${bytes.length}`;
    throw new AdminError('INVALID_BODY', message);
  }
  return Array.from({ length: bytes.length / ID_BYTES }, (_, at) =>
    bytes.subarray(at * ID_BYTES, (at + 1) * ID_BYTES),
  );
}

function fromJson(bytes: Buffer): Uint8Array[] {
  const { ids } = readInput(idsBody, parseBody(bytes.toString()), 'body');
  return ids.map((id) => hexToBytes(id.toLowerCase()));
}
