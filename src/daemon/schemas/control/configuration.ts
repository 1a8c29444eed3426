import { z } from 'zod';
import type { ConfiguredKey } from '../../config/index.ts';
import type { ConfigurationAnswer, ReloadAnswer } from '../../control-api.ts';
import { LOG_LEVELS, type LogLevel } from '../../log/options.ts';
import { schemaOf } from '../define.ts';

const configuredKey = schemaOf<ConfiguredKey>('ConfiguredKey')(
  z.strictObject({
    value: z.unknown(),
    from: z
      .enum(['default', 'file', 'environment', 'flag', 'reload', 'call'])
      .describe('`reload`: a reload brought the value; `call`: a call of this endpoint did'),
    source: z
      .string()
      .nullable()
      .describe('The file, the variable or the flag; null for a default and for a call'),
    reloadable: z.boolean().describe('A reload takes a new value'),
  }),
);

const needsRestart = z.array(z.string());

export const configurationAnswer: z.ZodType<ConfigurationAnswer> = schemaOf<ConfigurationAnswer>(
  'Configuration',
)(
  z.strictObject({
    keys: z.record(z.string(), configuredKey).describe('Every key as `section.key`'),
    needsRestart: needsRestart.describe(
      'Keys whose new values in the files wait for a restart, as of the last reload',
    ),
  }),
);

export const reloadAnswer: z.ZodType<ReloadAnswer> = schemaOf<ReloadAnswer>('ReloadAnswer')(
  z.strictObject({
    changed: z.array(z.string()).describe('Keys whose new values count from now on'),
    needsRestart: needsRestart.describe('Keys whose new values need a restart'),
  }),
);

/** The level of the log. */
export interface LogLevelAnswer {
  readonly level: LogLevel;
}

const level = z.enum(LOG_LEVELS).describe('Least severe level that is logged');

/** The body that sets the level of the log. */
export const logLevelBody: z.ZodType<{ level: LogLevel }> = z.strictObject({ level });

export const logLevelAnswer: z.ZodType<LogLevelAnswer> = schemaOf<LogLevelAnswer>('LogLevel')(
  z.strictObject({ level }),
);
