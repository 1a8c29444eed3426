/** All decoders of what strangers, clients, operators and disks may hand in. */

import type { FuzzTarget } from '../target.ts';
import { DAEMON } from './daemon.ts';
import { DIALECTS } from './dialects.ts';
import { FILES } from './files.ts';
import { RECORDS } from './records.ts';
import { WIRE } from './wire.ts';

export const TARGETS: readonly FuzzTarget[] = [
  ...WIRE,
  ...DIALECTS,
  ...DAEMON,
  ...RECORDS,
  ...FILES,
];
