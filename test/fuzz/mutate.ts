import { concatBytes } from '../../src/store/index.ts';
import type { QuickRandom } from '../support/quick-random.ts';

/** Longest input of a decoder that may take long ones. */
export const MAX_INPUT_BYTES: number = 64 * 1024;

const EDGES = [0x00, 0x01, 0x02, 0x20, 0x7f, 0x80, 0xfe, 0xff];

/** Numbers in several encodings that decoders may trip over. */
const NUMBERS: readonly Uint8Array[] = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
  [0x80, 0x00],
  [0xff, 0xff, 0xff, 0xff],
  [0x7f, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0, 0, 0, 0, 0, 0, 0x20, 0],
].map((bytes) => Uint8Array.from(bytes));

export interface MutateInit {
  readonly dice: QuickRandom;
  /** Inputs to begin with, and to take pieces from. */
  readonly pool: readonly Uint8Array[];
  /** Pieces of the language of the decoder. */
  readonly tokens: readonly Uint8Array[];
  /** Longest input. */
  readonly maxBytes: number;
}

/** An input of the pool after one to five changes. */
export function mutated(init: MutateInit): Uint8Array {
  const { dice, pool } = init;
  let input: Uint8Array = dice.of(pool).slice();
  for (let left = 1 + dice.below(5); left > 0; left--) {
    const change = dice.below(400) === 0 ? repeated : dice.of(CHANGES);
    input = change(input, init);
  }
  return input.length > init.maxBytes ? input.slice(0, init.maxBytes) : input;
}

type Change = (input: Uint8Array, init: MutateInit) => Uint8Array;

const CHANGES: readonly Change[] = [
  flipped,
  flipped,
  edged,
  edged,
  numbered,
  cut,
  removed,
  doubled,
  spliced,
  withToken,
];

function flipped(input: Uint8Array, { dice }: MutateInit): Uint8Array {
  if (input.length > 0) input[dice.below(input.length)]! ^= 1 << dice.below(8);
  return input;
}

function edged(input: Uint8Array, { dice }: MutateInit): Uint8Array {
  if (input.length > 0) input[dice.below(input.length)] = dice.of(EDGES);
  return input;
}

/** Writes a number over the input, or into it. */
function numbered(input: Uint8Array, { dice }: MutateInit): Uint8Array {
  const number = dice.of(NUMBERS);
  const at = dice.below(input.length + 1);
  const rest = at + (dice.below(2) === 0 ? 1 : number.length);
  return concatBytes(input.subarray(0, at), number, input.subarray(rest));
}

function cut(input: Uint8Array, { dice }: MutateInit): Uint8Array {
  return input.slice(0, dice.below(input.length + 1));
}

function removed(input: Uint8Array, { dice }: MutateInit): Uint8Array {
  const [at, length] = pieceOf(input, dice);
  return concatBytes(input.subarray(0, at), input.subarray(at + length));
}

function doubled(input: Uint8Array, { dice }: MutateInit): Uint8Array {
  const [at, length] = pieceOf(input, dice);
  const end = at + length;
  return concatBytes(input.subarray(0, end), input.subarray(at, end), input.subarray(end));
}

/** The beginning of one input and the end of another. */
function spliced(input: Uint8Array, { dice, pool }: MutateInit): Uint8Array {
  const other = dice.of(pool);
  const [from, to] = [dice.below(input.length + 1), dice.below(other.length + 1)];
  return concatBytes(input.subarray(0, from), other.subarray(to));
}

function withToken(input: Uint8Array, { dice, tokens }: MutateInit): Uint8Array {
  if (tokens.length === 0) return input;
  const [at, length] = pieceOf(input, dice);
  const rest = dice.below(2) === 0 ? at : at + length;
  return concatBytes(input.subarray(0, at), dice.of(tokens), input.subarray(rest));
}

/** A short piece, many thousand times: depth and length, that is. */
function repeated(input: Uint8Array, { dice, tokens }: MutateInit): Uint8Array {
  const [at, length] = pieceOf(input, dice);
  const own = input.subarray(at, at + Math.min(length, 4));
  const piece = tokens.length > 0 && dice.below(2) === 0 ? dice.of(tokens) : own;
  if (piece.length === 0) return input;
  const many = new Uint8Array(piece.length * (1 + dice.below(MAX_INPUT_BYTES / 8)));
  for (let to = 0; to < many.length; to += piece.length) many.set(piece, to);
  return concatBytes(input.subarray(0, at), many, input.subarray(at));
}

function pieceOf(input: Uint8Array, dice: QuickRandom): [at: number, length: number] {
  const at = dice.below(input.length + 1);
  return [at, dice.below(Math.min(64, input.length - at) + 1)];
}
