import type { EntityType } from '../../core/entity-type.js';

/**
 * What a run does. `read`: new and changed entities; `resync`: all of them (JOB-3, JOB-4); `readPlan`, `resyncPlan`: the same, storing what it
 * would do and sending nothing (PLN-3); `apply`: what was approved of a plan (PLN-9); `simulate`: what a Resync would do, without touching
 * anything (JOB-7), `simulateCompare`: the same, asking the targets whom they have (JOB-9).
 */
export type RunKind = 'read' | 'resync' | 'readPlan' | 'resyncPlan' | 'apply' | 'simulate' | 'simulateCompare';

/** True for a run that leaves links, entities, marks and what waits as they are (JOB-8). */
export function isSimulation(kind: RunKind): boolean {
  return kind === 'simulate' || kind === 'simulateCompare';
}

/** SQL: the run `r` is a simulation. */
export const IS_SIMULATION = "r.kind in ('simulate', 'simulateCompare')";

/** True for a run that stores its changes in place of sending them. */
export function isPlanKind(kind: RunKind): boolean {
  return kind === 'readPlan' || kind === 'resyncPlan';
}

/** Property of a source whose changes are sent only when they are approved (PLN-13). */
export const PLAN_FIRST_PROPERTY = 'ips.plan.first';

/** True for a run that writes every entity it reads, whatever the hashes say (CHG-6). */
export function isResyncKind(kind: RunKind): boolean {
  return kind === 'resync' || kind === 'resyncPlan';
}

/** What an administrator has accepted for one job, by type: it is a full read, and these guards say nothing (DEL-21, UNK-4). */
export interface Acceptances {
  /** A read without any entity is believed. */
  readonly emptyRead: readonly EntityType[];
  /** A read of another size than usual is believed, and is what is usual from then on. */
  readonly readSize: readonly EntityType[];
}

/** `queued` → `starting` (row exists, workflow is to be started) → `running` → `finished`. */
export type RunState = 'queued' | 'starting' | 'running' | 'finished';

/** Final statuses and those of a job in progress (STA-1); `Queued` exists in our API only (JOB-13). */
export type JobStatus =
  | 'Queued'
  | 'Running'
  | 'Running with Error'
  | 'Pending Restart'
  | 'Success'
  | 'Finished with Error'
  | 'Manually Terminated';

/** STA-3. */
export type TriggerType = 'IMMEDIATE' | 'REPEAT';

/** The channel on which a run that can be started, stopped or closed is announced; payload: run key. A hint, never needed. */
export const RUN_CHANNEL = 'muster_run';
