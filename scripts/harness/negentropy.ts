import { serve } from './serve.ts';

/**
 * Negentropy on stdin and stdout, for the cross-language tests of other implementations:
 *
 *     item,<timestamp>,<64 hex>   adds an item
 *     seal                        ends that
 *     initiate                    prints msg,<hex>
 *     msg,<hex>                   at the initiator prints have,<hex> and need,<hex> lines, then msg,<hex>
 *                                 or done; at the responder msg,<hex>
 *
 * STORAGE is vector (the default), tree or level; FRAMESIZELIMIT is in bytes, empty or 0 for none.
 * Frames are cut as the reference cuts them, its defects included, so that traces can be compared.
 */

try {
  await serve({
    input: process.stdin,
    print: (text) => void process.stdout.write(text),
    env: process.env,
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
