import { setFlagsFromString } from 'node:v8';

/** What bin/rangemesh.js sets for the daemon; on the command line V8 would not heed it. */
setFlagsFromString('--semi-space-growth-factor=1');
