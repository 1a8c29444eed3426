import assert from 'node:assert/strict';
import { lthashKernel } from '../../../src/store/fingerprint/index.ts';
import { lthashReference } from '../../../src/store/index.ts';
import { lthashSuite } from '../../conformance/lthash.ts';

lthashSuite('lthash reference', lthashReference);
assert(lthashKernel !== null, 'the supported runtimes all have WebAssembly SIMD');
lthashSuite('lthash kernel', lthashKernel);
