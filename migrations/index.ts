import { Configuration1795200000000 } from './1795200000000-configuration.js';
import { Engine1795200100000 } from './1795200100000-engine.js';
import { KeptOrigin1795200200000 } from './1795200200000-kept-origin.js';
import { Schedule1795200300000 } from './1795200300000-schedule.js';
import { PostponedDeletion1795201000000 } from './1795201000000-postponed-deletion.js';
import { ReleasedEntity1795201100000 } from './1795201100000-released-entity.js';
import { SkipReason1795201200000 } from './1795201200000-skip-reason.js';
import { GroupAssignment1795202000000 } from './1795202000000-group-assignment.js';
import { Healing1795203000000 } from './1795203000000-healing.js';
import { PausedJobs1795204000000 } from './1795204000000-paused-jobs.js';
import { TargetPause1795204100000 } from './1795204100000-target-pause.js';
import { JobDetails1795204200000 } from './1795204200000-job-details.js';
import { Plans1795205000000 } from './1795205000000-plans.js';
import { PlanRuns1795205001000 } from './1795205001000-plan-runs.js';
import { InterruptedReads1795206000000 } from './1795206000000-interrupted-reads.js';
import { ApprovalRules1795210000000 } from './1795210000000-approval-rules.js';
import { Simulation1795211000000 } from './1795211000000-simulation.js';
import { UnknownEntities1795212000000 } from './1795212000000-unknown-entities.js';
import { ReportedDeletions1795213000000 } from './1795213000000-reported-deletions.js';
import { WriteBack1795214000000 } from './1795214000000-write-back.js';
import { WorkersSeen1795214100000 } from './1795214100000-workers-seen.js';
import { LeaseHolders1795215000000 } from './1795215000000-lease-holders.js';
import { LinkTargetKey1795215001000 } from './1795215001000-link-target-key.js';
import { Notifications1795216000000 } from './1795216000000-notifications.js';
import { RunFailure1795216001000 } from './1795216001000-run-failure.js';
import { DeletionWeight1795219001000 } from './1795219001000-deletion-weight.js';
import { VacuumOfQueues1795220000000 } from './1795220000000-vacuum-of-queues.js';
import { ProbeHolders1795221001000 } from './1795221001000-probe-holders.js';
import { GoneAccounts1795221000000 } from './1795221000000-gone-accounts.js';
import { DriftedAccounts1795219000000 } from './1795219000000-drifted-accounts.js';
import { LinkParts1795222000000 } from './1795222000000-link-parts.js';
import { LogPartsIndex1795222001000 } from './1795222001000-log-parts-index.js';
import { Validation1795223000000 } from './1795223000000-validation.js';
import { ManagedIdentities1795223001000 } from './1795223001000-managed-identities.js';
import { OutboundCertificates1795224000000 } from './1795224000000-outbound-certificates.js';
import { JobLogs1795223002000 } from './1795223002000-job-logs.js';
import { TracedContent1795225000000 } from './1795225000000-traced-content.js';
import { EdgeLocations1795226000000 } from './1795226000000-edge-locations.js';
import { AssignedMembers1795227000000 } from './1795227000000-assigned-members.js';

/** All migrations in the order they run. A migration that has landed is never edited or removed. */
export const MIGRATIONS = [
  Configuration1795200000000,
  Engine1795200100000,
  KeptOrigin1795200200000,
  Schedule1795200300000,
  PostponedDeletion1795201000000,
  ReleasedEntity1795201100000,
  SkipReason1795201200000,
  GroupAssignment1795202000000,
  Healing1795203000000,
  PausedJobs1795204000000,
  TargetPause1795204100000,
  JobDetails1795204200000,
  Plans1795205000000,
  PlanRuns1795205001000,
  InterruptedReads1795206000000,
  ApprovalRules1795210000000,
  Simulation1795211000000,
  UnknownEntities1795212000000,
  ReportedDeletions1795213000000,
  WriteBack1795214000000,
  WorkersSeen1795214100000,
  LeaseHolders1795215000000,
  LinkTargetKey1795215001000,
  Notifications1795216000000,
  RunFailure1795216001000,
  DriftedAccounts1795219000000,
  DeletionWeight1795219001000,
  VacuumOfQueues1795220000000,
  GoneAccounts1795221000000,
  ProbeHolders1795221001000,
  LinkParts1795222000000,
  LogPartsIndex1795222001000,
  Validation1795223000000,
  ManagedIdentities1795223001000,
  OutboundCertificates1795224000000,
  JobLogs1795223002000,
  TracedContent1795225000000,
  EdgeLocations1795226000000,
  AssignedMembers1795227000000,
];
