/** The consistency checker of verification, scrub, quarantine and rebuild: faults and remedies as data. */

export { checkItems, headOf, idRecordFault, isWhole, remedyFor } from './item-check.ts';
export * from './record-pages.ts';
export { treeFiles } from './tree-files.ts';
