import type { Session, Step } from './dialect.ts';

/**
 * The step with all its slices and frames: calls `proceed` until the session waits for the peer. For
 * callers that may block the event loop and have room for all frames.
 */
export function wholeStep(session: Session, first: Step): Step {
  let whole = first;
  while (whole.pending !== undefined) {
    const next = session.proceed!(true);
    whole = {
      ...next,
      frames: [...whole.frames, ...next.frames],
      missing: [...whole.missing, ...next.missing],
      ...((whole.have ?? next.have) && { have: [...(whole.have ?? []), ...(next.have ?? [])] }),
    };
  }
  return whole;
}
