/** The verb `doctor`: finds troubles of a node, and says what to do about each. */

import { readFile } from 'node:fs/promises';
import { adminFile } from '../../admin-file.ts';
import type { Config } from '../../config/index.ts';
import { printAnswer, withClient } from '../ask.ts';
import { findPolicy } from '../control/index.ts';
import type { CliInit } from '../init.ts';
import { type TargetOptions, targetConfig } from '../locate.ts';
import { screenOf } from '../terminal/index.ts';
import { checkDaemon } from './daemon.ts';
import {
  type DoctorFinding,
  exitCodeOf,
  fail,
  formatFindings,
  ok,
  warn,
  withCode,
} from './finding.ts';
import { checkMachine } from './machine.ts';
import { checkReach } from './reach.ts';

export async function doctor(
  options: TargetOptions & { wide?: boolean },
  init: CliInit,
): Promise<number> {
  const isRemote = (options.url ?? init.env.RANGEMESH_URL) !== undefined;
  const findings = isRemote ? await remote(options, init) : await local(options, init);
  const exitCode = exitCodeOf(findings);
  await printAnswer(
    options,
    init,
    { findings, exitCode },
    formatFindings(findings, screenOf(init.stdout, init, options)),
  );
  return exitCode;
}

/** Of a daemon on another machine its status alone is known. */
async function remote(options: TargetOptions, init: CliInit): Promise<DoctorFinding[]> {
  const { findings } = await askDaemon(options, init, true);
  return findings;
}

async function local(options: TargetOptions, init: CliInit): Promise<DoctorFinding[]> {
  let config: Config;
  try {
    config = await targetConfig(options, init);
  } catch (error) {
    const advice = 'correct it; nothing else was checked';
    return [fail('configuration', 'config', withCode(error), advice)];
  }
  const pid = await runningPid(config.node.dataDir);
  const asked = await askDaemon(options, init, pid !== null);
  const { clock, random } = init;
  const machine = await checkMachine({ config, clock, random, pid: asked.runs ? pid : null });
  const reach = await checkReach(config, asked.runs);
  return [
    ok('configuration', 'valid'),
    ...(await checkPolicy(config, init)),
    ...machine,
    ...asked.findings,
    ...reach,
  ];
}

async function checkPolicy(config: Config, init: CliInit): Promise<DoctorFinding[]> {
  try {
    const policy = await findPolicy(config, init);
    return policy === null ? [] : [ok('policy', `${policy} is there`)];
  } catch (error) {
    return [fail('policy', 'config', withCode(error), 'correct it, and restart the daemon')];
  }
}

async function askDaemon(
  options: TargetOptions,
  init: CliInit,
  expected: boolean,
): Promise<{ runs: boolean; findings: DoctorFinding[] }> {
  try {
    const status = await withClient(options, init, (client) =>
      client.ask((daemon) => daemon.getStatus()),
    );
    return { runs: true, findings: checkDaemon(status) };
  } catch (error) {
    const finding = expected
      ? fail('daemon', 'unavailable', withCode(error), 'start it, or look at its log')
      : warn('daemon', 'no daemon runs here', 'start it with "rangemesh start" to check its peers');
    return { runs: false, findings: [finding] };
  }
}

/** Of the daemon that left its address in the directory; null if there is none. */
async function runningPid(dataDir: string): Promise<number | null> {
  try {
    const { pid } = JSON.parse(await readFile(adminFile(dataDir), 'utf8'));
    return Number.isInteger(pid) ? pid : null;
  } catch {
    return null;
  }
}
