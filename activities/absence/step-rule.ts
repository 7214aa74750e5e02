import type { StepRule } from '../../state/absence/left-by-steps.js';
import type { OpenSystem } from '../support/run-context.js';

/** What a target's properties say to the first steps of DEL-6, for entities of one source. */
export function stepRule(sourceNo: number, target: OpenSystem): StepRule {
  return { sourceNo, deletesExistedBefore: deletesExistedBefore(target), deletesShared: deletesShared(target) };
}

/** DEL-12: entities that existed before are deleted only where the administrator says so. */
export function deletesExistedBefore(target: OpenSystem): boolean {
  return target.snapshot.properties['ips.delete.existedbefore.entities']?.trim() === 'true';
}

/** DEL-20: the target entity of a leaver goes although another source has it too, where the administrator wants it so. */
export function deletesShared(target: OpenSystem): boolean {
  return target.snapshot.properties['ips.delete.shared.entities']?.trim() === 'true';
}
