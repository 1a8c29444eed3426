import assert from 'node:assert/strict';
import { closeSync, constants, openSync } from 'node:fs';
import { describe, it } from 'node:test';
import { cleanUp } from '../support/clean-up.ts';
import { assertServes, startTold } from './support/told-daemon.ts';

const NOHUP = ['bash', '-c', 'nohup "$@"', 'bash'];

describe('a daemon', () => {
  it('outlives its terminal under nohup', {
    skip: process.platform !== 'linux',
  }, async (context) => {
    // What nohup does to the standard input of a terminal.
    const unreadable = openSync('/dev/null', constants.O_WRONLY);
    cleanUp(context, () => closeSync(unreadable));
    for (const init of [{ wrapper: NOHUP }, { stdin: unreadable }]) {
      const daemon = await startTold(context, init);
      daemon.child.kill('SIGHUP');
      await assertServes(daemon);
      await daemon.assertStops();
      assert.doesNotMatch(await daemon.log, /"reason":"SIGHUP"/);
    }
  });
});
