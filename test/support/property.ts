import fc from 'fast-check';

/** Decides the cases, so that a test fails always or never. RANGEMESH_SEED draws others. */
const SEED = Number(process.env.RANGEMESH_SEED ?? 1);
/** Smaller cases that are tried once one has failed. */
const SHRINKS = 60;

export interface PropertyOptions<Case> extends fc.Parameters<Case> {
  /**
   * Most smaller cases to try once a case has failed. Raising it finds smaller ones and takes
   * longer, which counts where a case takes its time. fast-check alone goes on until no smaller case
   * fails, and its own bounds depend on the wall clock.
   * @default 60
   */
  shrinks?: number;
}

/**
 * `fc.assert`, for all property tests: throws for the first case that fails, or the smallest of those
 * tried after it, with the seed and the path that bring it back.
 */
export function assertProperty<Case>(
  property: fc.IAsyncProperty<Case>,
  options?: PropertyOptions<Case>,
): Promise<void>;
export function assertProperty<Case>(
  property: fc.IProperty<Case>,
  options?: PropertyOptions<Case>,
): void;
export function assertProperty<Case>(
  property: fc.IRawProperty<Case>,
  { shrinks = SHRINKS, ...parameters }: PropertyOptions<Case> = {},
): Promise<void> | void {
  return fc.assert(withShrinks(property, shrinks), { seed: SEED, ...parameters });
}

function withShrinks<Case>(
  property: fc.IRawProperty<Case>,
  shrinks: number,
): fc.IRawProperty<Case> {
  let left = shrinks;
  return {
    isAsync: () => property.isAsync(),
    generate: (random, runId) => property.generate(random, runId),
    shrink: (value) => property.shrink(value).takeWhile(() => left-- > 0),
    run: (value) => property.run(value),
    runBeforeEach: () => property.runBeforeEach(),
    runAfterEach: () => property.runAfterEach(),
  };
}
