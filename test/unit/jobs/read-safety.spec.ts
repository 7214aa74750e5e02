import { describe, expect, it } from '@jest/globals';
import {
  CAUSE_MEANING,
  isSuspiciouslySmall,
  readSafety,
  readSafetyProblem,
  UNKNOWN_CAUSES,
  usualSize,
} from '../../../core/sync/read-safety.js';

describe('what stands against a read that is not to be trusted', () => {
  it('UNK-4: below 70 % of the median of the last five reads, from 20 entities on', () => {
    expect(usualSize([])).toBeUndefined();
    expect(usualSize([100])).toBe(100);
    expect(usualSize([10, 100, 101, 102, 5_000])).toBe(101);
    // Of two in the middle the lower one: the guard is for reads that are clearly too small.
    expect(usualSize([100, 40])).toBe(40);
    expect(isSuspiciouslySmall(69, 100, 70)).toBe(true);
    expect(isSuspiciouslySmall(70, 100, 70)).toBe(false);
    expect(isSuspiciouslySmall(13, 20, 70)).toBe(true);
    expect(isSuspiciouslySmall(0, 19, 70)).toBe(false);
    expect(isSuspiciouslySmall(0, undefined, 70)).toBe(false);
    expect(isSuspiciouslySmall(0, 1_000, undefined)).toBe(false);
  });

  it('DEL-21, DEL-23, DEL-24, UNK-4: on by default, the isolation of failures off, each switched by a property of the source', () => {
    expect(readSafety({})).toEqual({
      followsReference: false,
      confirmsAbsence: true,
      guardsEmptyReads: true,
      sizePercent: 70,
      guardsMembers: true,
      isolatesFailures: false,
    });
    expect(
      readSafety({
        'ips.delete.confirmation': 'disabled',
        'ips.read.guard.empty': 'disabled',
        'ips.read.guard.size': ' 50 ',
        'ips.read.guard.members': 'disabled',
        isolateFailedEntities: 'true',
      }),
    ).toMatchObject({
      confirmsAbsence: false,
      guardsEmptyReads: false,
      sizePercent: 50,
      guardsMembers: false,
      isolatesFailures: true,
    });
    expect(readSafety({ 'ips.read.guard.size': 'off' }).sizePercent).toBeUndefined();
  });

  it('GOV-10: a source that follows the reference has none of it', () => {
    expect(readSafety({ 'ips.reference.behavior': 'true', 'ips.read.guard.size': '50' })).toEqual({
      followsReference: true,
      confirmsAbsence: false,
      guardsEmptyReads: false,
      sizePercent: undefined,
      guardsMembers: false,
      isolatesFailures: false,
    });
  });

  it('UNK-4: a share that is none is refused and named', () => {
    const problem = (value: string): string | undefined => readSafetyProblem('ips.read.guard.size', value);
    for (const good of ['off', '1', '70', '100', '']) expect(problem(good)).toBeUndefined();
    for (const bad of ['0', '101', '-5', '70%', 'on']) expect(problem(bad)).toContain('from 1 to 100');
    expect(readSafetyProblem('ips.read.guard.empty', 'x')).toBeUndefined();
  });

  it('UNK-6: every cause is told in words', () => {
    expect(Object.keys(CAUSE_MEANING)).toEqual([...UNKNOWN_CAUSES]);
  });
});
