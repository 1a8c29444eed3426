import { serve } from '../support/crew.ts';
import { ATTACKS, type Target } from './attacks/index.ts';

/** One attack for so long. */
export interface Assault {
  readonly name: string;
  readonly target: Target;
  readonly ms: number;
}

process.on('unhandledRejection', () => {
  // The victim ends streams and connections as it likes.
});

const begun = Promise.withResolvers<void>();

serve(
  {
    attack: async ({ name, target, ms }: Assault) => {
      await ATTACKS[name]!(target, () => {
        begun.resolve();
        return AbortSignal.timeout(ms);
      });
    },
    begun: () => begun.promise,
  },
  async () => {},
);
