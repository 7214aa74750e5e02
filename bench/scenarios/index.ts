import type { BenchOptions, ScenarioName } from '../options.js';
import type { ScenarioOutcome } from '../result.js';
import { confirmations } from './confirmations.js';
import { delta } from './delta.js';
import { kill, stop } from './faults.js';
import { isolation } from './isolation.js';
import { ldapRead } from './ldap-read.js';
import { largeGroup } from './large-group.js';
import { memory } from './memory.js';
import { planApply } from './plan-apply.js';
import { initialLoad, onePercent, unchanged } from './reads.js';
import type { ScenarioTools } from './tools.js';
import { transform } from './transform.js';

/** Measures one thing; what it starts through the tools is ended by its caller. */
export type Scenario = (tools: ScenarioTools, options: BenchOptions) => Promise<ScenarioOutcome>;

/** Every scenario by its name. */
export const SCENARIOS: Record<ScenarioName, Scenario> = {
  'initial-load': initialLoad,
  unchanged,
  'one-percent': onePercent,
  delta,
  stop,
  kill,
  'large-group': largeGroup,
  memory,
  isolation,
  confirmations,
  'plan-apply': planApply,
  transform,
  'ldap-read': ldapRead,
};
