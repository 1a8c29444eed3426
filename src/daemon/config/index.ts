/**
 * The settings of an operator: one file, the environment and flags, checked as a whole. Begin with
 * `schema.ts` for the keys and with `loadConfig` in `load.ts` for the order of the layers.
 */

export { parseDuration, parseSize } from '../units/index.ts';
export { checkConfig, exposedMessage } from './checks.ts';
export { variableOf } from './layers.ts';
export { type LoadConfigInit, loadConfig, loadWithOrigins } from './load.ts';
export { configError } from './problems.ts';
export { configJsonSchema, LEAVES, leafAt } from './schema.ts';
export type {
  Config,
  ConfigOrigin,
  ConfigurationFiles,
  ConfiguredKey,
  LoadedConfig,
  Setting,
} from './types.ts';
export { configPaths, configuredKeys, valueAt, withValues } from './values.ts';
