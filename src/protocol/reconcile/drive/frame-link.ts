import { ProtocolError, sameRole } from '../../errors.ts';
import type { Role } from '../dialect.ts';
import type { FrameChannel } from '../frame-pump.ts';

/** Frames between two sides that have told each other their roles. */
export interface FrameLink extends FrameChannel {
  /** Closes our side; what was sent still arrives. */
  end(): Promise<void>;
  /** Gives the port up once both sides have closed. */
  close(): void;
}

/** Throws unless the greeting of the peer is the other role. */
export function checkGreeting(ours: Role, greeting: unknown): void {
  if (greeting === (ours === 'initiator' ? 'responder' : 'initiator')) return;
  if (greeting === ours) {
    throw sameRole(ours);
  }
  throw new ProtocolError(
    'MALFORMED_FRAME',
    'the peer does not tell its role first: run drive on both sides',
  );
}
