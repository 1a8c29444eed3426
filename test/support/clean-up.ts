import type { TestContext } from 'node:test';

type Work = () => unknown;

const works = new WeakMap<TestContext, Work[]>();

/**
 * Has `work` done after the test, also when it fails. What was set up last goes first, so that a
 * directory is removed when nothing lies open in it; the hooks of `node:test` run the other way round.
 * All work is done, also where some of it fails; the first error is thrown then.
 */
export function cleanUp(t: TestContext, work: Work): void {
  const known = works.get(t);
  if (known !== undefined) {
    known.push(work);
    return;
  }
  const stack = [work];
  works.set(t, stack);
  t.after(() => unwind(stack));
}

/** Does all work on the stack, last first. */
export async function unwind(stack: Work[]): Promise<void> {
  const errors: unknown[] = [];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    try {
      await next();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
