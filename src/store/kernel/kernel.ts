import { KERNEL_WASM_BASE64 } from './kernel.generated.ts';

/** The exports of assembly/index.ts. Lengths are in bytes; `from` is an address in linear memory. */
interface KernelExports extends KernelFunctions, Record<KernelGlobal, { readonly value: number }> {
  readonly memory: { readonly buffer: ArrayBuffer };
}

type KernelGlobal =
  | ('STATE' | 'HASH' | 'SHORT' | 'BUCKETS' | 'SIP_KEY')
  | ('WINDOW' | 'WINDOW_BYTES' | 'CELLS' | 'CELLS_BYTES');

interface KernelFunctions {
  /** Sums the expansions of the first `ids` ids in the window; with `more` 1, onto the sum there is. */
  expand(ids: number, more: 0 | 1): void;
  /** `expand`, then adds the sum to the state. */
  add(ids: number, more: 0 | 1): void;
  /** `expand`, then takes the sum away from the state. */
  subtract(ids: number, more: 0 | 1): void;
  /** Adds the state in the window to the state. */
  combine(): void;
  /** Adds the first `states` states in the window to the state. */
  combineAll(states: number): void;
  /** Takes the state in the window away from the state. */
  difference(): void;
  /** Begins a BLAKE3 hash; `flags` as in assembly/blake3.ts. */
  begin(flags: number): void;
  /** Hashes whole chunks of 1024 bytes, after which more of the message follows. */
  absorb(from: number, bytes: number): void;
  /** Hashes the last bytes of the message and leaves the hash in `hash`. */
  finish(from: number, bytes: number): void;
  /** Hashes the first `bytes` bytes of the window, at most 55, by SHA-256 to `hash`. */
  sha256(bytes: number): void;
  /** Writes the short ids of the first `ids` ids in the window to `short`. */
  shortIds(ids: number): void;
  /** Toggles the first `shorts` short ids in their cells of blocks `first` to `last`. */
  toggle(shorts: number, first: number, last: number): void;
  /** Adds a sign for each of the first `shorts` short ids to its bucket. */
  weigh(shorts: number): void;
}

/** The functions of the kernel, and the places in its memory where operands and results lie. */
export interface Kernel extends KernelFunctions {
  /** The LtHash state in work, 2048 bytes. */
  readonly state: Uint8Array;
  /** 32 bytes: the key that `begin` takes, the hash that `finish` and `sha256` leave. */
  readonly hash: Uint8Array;
  /** Ids, states, or a piece of the message to hash. */
  readonly window: Uint8Array;
  readonly stateAddress: number;
  readonly windowAddress: number;
  /** 512 short ids of 8 bytes, each the low word, then the high one. */
  readonly short: Uint32Array;
  /** The estimator's 128 signed counts. */
  readonly buckets: Int32Array;
  /** 16 bytes: the key of short ids. */
  readonly sipKey: Uint8Array;
  /** 4096 coded symbols of 8 bytes. */
  readonly cells: Uint32Array;
}

/** The platform's, as far as it is used here: the standard library of the types has none without DOM. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: object };
  validate(bytes: Uint8Array): boolean;
};

/** LtHash, BLAKE3 and SHA-256 in WebAssembly SIMD (assembly/), or null on a platform without either. */
export const kernel: Kernel | null = instantiate();

function instantiate(): Kernel | null {
  if (typeof WebAssembly === 'undefined') return null;
  const wasm = Uint8Array.from(atob(KERNEL_WASM_BASE64), (char) => char.charCodeAt(0));
  if (!WebAssembly.validate(wasm)) return null;
  const instance = new WebAssembly.Instance(new WebAssembly.Module(wasm));
  return open(instance.exports as KernelExports);
}

function open(exports: KernelExports): Kernel {
  const { memory, STATE, HASH, WINDOW, WINDOW_BYTES, ...rest } = exports;
  const { SHORT, BUCKETS, SIP_KEY, CELLS, CELLS_BYTES, ...functions } = rest;
  return {
    ...functions,
    state: new Uint8Array(memory.buffer, STATE.value, 2048),
    hash: new Uint8Array(memory.buffer, HASH.value, 32),
    window: new Uint8Array(memory.buffer, WINDOW.value, WINDOW_BYTES.value),
    stateAddress: STATE.value,
    windowAddress: WINDOW.value,
    short: new Uint32Array(memory.buffer, SHORT.value, 1024),
    buckets: new Int32Array(memory.buffer, BUCKETS.value, 128),
    sipKey: new Uint8Array(memory.buffer, SIP_KEY.value, 16),
    cells: new Uint32Array(memory.buffer, CELLS.value, CELLS_BYTES.value / 4),
  };
}
