import { lthashKernel, lthashReference } from '../src/store/index.ts';
import { blake3Kernel, blake3Reference, kernel } from '../src/store/kernel/testing.ts';

/** Nanoseconds. Medians, all taken in one run. */
export interface LthashFigures {
  readonly bench: 'lthash';
  /** The kernel: one id expanded and added to a state in its memory. */
  readonly kernelNs: number;
  /** The reference: one id expanded by @noble/hashes and added to a state. */
  readonly nobleNs: number;
  /** `combine` of one state with another, copies into and out of the kernel's memory included. */
  readonly combineNs: number;
  /** The digest of a state. */
  readonly checksumNs: number;
  /** An id of 4,096 in one call of `add`, copies included. */
  readonly sumManyNsPerId: number;
  /** One id in one call of `add`, copies included. */
  readonly addOneNs: number;
  /** A state of 64 in one call of `combineAll`, copies included. */
  readonly combineAllNsPerState: number;
  /** The hash of a payload of 200 bytes, by the kernel and by the reference. */
  readonly hash200KernelNs: number;
  readonly hash200NobleNs: number;
  /** The hash of a payload of 64 KiB. */
  readonly hash64KiBKernelNs: number;
  readonly hash64KiBNobleNs: number;
}

const MANY = 4096;
const STATES = 64;

/** Throws where the kernel does not run. */
export function benchLthash(): LthashFigures {
  const [scheme, blake3] = [lthashKernel, blake3Kernel];
  if (kernel === null || scheme === null || blake3 === null)
    throw new Error('this platform has no WebAssembly SIMD');
  const { add } = kernel;
  const id = pattern(32);
  const ids = pattern(32 * MANY);
  const [state, other] = [pattern(2048), pattern(2048)];
  const [small, large] = [pattern(200), pattern(65_536)];
  const states = Array.from({ length: STATES }, () => pattern(2048));
  const figures = measure({
    kernelNs: { calls: 100, call: () => add(1, 0) },
    nobleNs: { calls: 4, call: () => lthashReference.add(state, id) },
    combineNs: { calls: 400, call: () => scheme.combine(state, other) },
    checksumNs: { calls: 50, call: () => scheme.digest(state, 1) },
    sumManyNsPerId: { calls: 1, of: MANY, call: () => scheme.add(state, ids) },
    addOneNs: { calls: 100, call: () => scheme.add(state, id) },
    combineAllNsPerState: { calls: 20, of: STATES, call: () => scheme.combineAll!(state, states) },
    hash200KernelNs: { calls: 100, call: () => blake3.hash(small) },
    hash200NobleNs: { calls: 20, call: () => blake3Reference.hash(small) },
    hash64KiBKernelNs: { calls: 1, call: () => blake3.hash(large) },
    hash64KiBNobleNs: { calls: 1, call: () => blake3Reference.hash(large) },
  });
  return { bench: 'lthash', ...figures };
}

export function lthashTable(figures: LthashFigures): string {
  const line = (what: string, ns: number) => `${what.padEnd(44)}${ns.toFixed(0).padStart(8)} ns`;
  return [
    line('kernel, one id expanded and added', figures.kernelNs),
    line('@noble/hashes, the same', figures.nobleNs),
    `${'times faster'.padEnd(44)}${(figures.nobleNs / figures.kernelNs).toFixed(1).padStart(8)}`,
    line('add of one id, copies included', figures.addOneNs),
    line(`add of ${MANY} ids, each`, figures.sumManyNsPerId),
    line('combine of two states, copies included', figures.combineNs),
    line(`combineAll of ${STATES} states, each`, figures.combineAllNsPerState),
    line('checksum of a state', figures.checksumNs),
    line('BLAKE3 of a payload of 200 bytes, kernel', figures.hash200KernelNs),
    line('BLAKE3 of the same, @noble/hashes', figures.hash200NobleNs),
    line('BLAKE3 of 64 KiB, kernel', figures.hash64KiBKernelNs),
    line('BLAKE3 of the same, @noble/hashes', figures.hash64KiBNobleNs),
  ].join('\n');
}

/** What to time: `call`, `calls` times a batch, each doing the thing in question `of` times. */
interface Subject {
  readonly calls: number;
  readonly of?: number;
  readonly call: () => void;
}

const ROUNDS = 15;
const BATCHES_PER_ROUND = 30;

/**
 * Nanoseconds of each subject: the median over rounds of the best batch of a round. Batches are far
 * shorter than a time slice, so the best is one that nothing interrupted, and the median is not a
 * lucky one; every round takes all subjects in turn, so that a busy moment meets them alike.
 */
function measure<Name extends string>(subjects: Record<Name, Subject>): Record<Name, number> {
  const entries = Object.entries(subjects) as [Name, Subject][];
  const round = () => entries.map(([, subject]) => bestBatch(subject));
  for (let i = 0; i < ROUNDS; i++) round();
  const rounds = Array.from({ length: ROUNDS }, round);
  const medians = entries.map(([name], column) => {
    const sorted = rounds.map((bests) => bests[column]!).sort((a, b) => a - b);
    return [name, Math.round(sorted[ROUNDS >> 1]! * 10) / 10];
  });
  return Object.fromEntries(medians);
}

function bestBatch({ calls, of = 1, call }: Subject): number {
  let best = Number.POSITIVE_INFINITY;
  for (let batch = 0; batch < BATCHES_PER_ROUND; batch++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) call();
    best = Math.min(best, Number(process.hrtime.bigint() - start));
  }
  return best / (calls * of);
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (Math.imul(i + 7, 0x9e3779b1) >>> 11) & 0xff);
}
