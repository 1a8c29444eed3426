import type { Session, Step } from '../../src/protocol/index.ts';
import type { Bytes } from '../../src/store/index.ts';

/** The whole answer of a session to a frame, whose work takes slices; `slice` hears of each. */
export function wholeAnswer(
  session: Session,
  frame: Uint8Array,
  slice: () => void = () => {},
): Step {
  const missing: Bytes[] = [];
  const have: Bytes[] = [];
  for (let step = session.receive(frame); ; step = session.proceed!(true)) {
    slice();
    for (const id of step.missing) missing.push(id);
    for (const id of step.have ?? []) have.push(id);
    if (step.pending !== 'work') return { ...step, missing, have };
  }
}
