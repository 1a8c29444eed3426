import { type Bytes, equalBytes, readU64BE, writeU64BE } from '../../store/index.ts';
import { malformed } from '../errors.ts';
import { NONCE_BYTES } from './constants.ts';

const ANSWER_BYTES = NONCE_BYTES + 8;
/** The last moment that ECMAScript knows. */
const LAST_MS = 8_640_000_000_000_000n;

/** The answer to a question: its nonce, and the wall clock in milliseconds since the epoch. Throws `MALFORMED_FRAME`. */
export function encodeAnswer(question: Uint8Array, now: number): Bytes {
  if (question.length !== NONCE_BYTES) throw malformed(`a question has ${NONCE_BYTES} bytes`);
  const answer = new Uint8Array(ANSWER_BYTES);
  answer.set(question);
  writeU64BE(answer, NONCE_BYTES, BigInt(Math.max(0, Math.floor(now))));
  return answer;
}

/** The time in an answer to the question. Throws `MALFORMED_FRAME`. */
export function decodeAnswer(answer: Uint8Array, question: Uint8Array): number {
  const isAnswer = answer.length === ANSWER_BYTES;
  if (!isAnswer || !equalBytes(answer.subarray(0, NONCE_BYTES), question)) {
    throw malformed('an answer has 16 bytes, and begins with those of the question');
  }
  const time = readU64BE(answer, NONCE_BYTES);
  if (time > LAST_MS) throw malformed('the time of an answer is none');
  return Number(time);
}
