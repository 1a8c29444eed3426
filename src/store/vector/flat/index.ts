/** The flat vector of Negentropy: filled, sealed, then two arrays and a sum for every 32nd item. */

export { FlatVector, type FlatVectorInit } from './flat-vector.ts';
export { orderOf } from './order.ts';
