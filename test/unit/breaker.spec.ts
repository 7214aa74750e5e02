import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ADVICE, ERROR_CLASSES } from '../../core/healing/error-class.js';
import { afterProbe, afterResults, CLOSED, probeDelayMs } from '../../core/healing/breaker.js';
import type { Breaker } from '../../core/healing/breaker.js';

const told = (letters: string, breaker: Breaker = CLOSED): Breaker => afterResults(breaker, letters);
const OPEN = told('uuuuu');

describe('the circuit breaker of a target', () => {
  it.each([
    ['uuuu', 'closed'],
    ['uuuuu', 'open'],
    ['aaaaa', 'open'],
    ['uuuuguuuug', 'closed'],
    ['uuuufuuuu', 'closed'],
    [`${'f'.repeat(20)}`, 'closed'],
    [`${'f'.repeat(21)}`, 'open'],
    ['fg'.repeat(30), 'closed'],
    [`${'fg'.repeat(19)}ff`, 'open'],
    ['uuuugg'.repeat(3), 'closed'],
  ])('HEA-6: after %s it is %s', (letters, state) => {
    expect(told(letters).state).toBe(state);
    // However the results come in, together or one by one.
    expect([...letters].reduce<Breaker>((breaker, letter) => told(letter, breaker), CLOSED).state).toBe(state);
  });

  it('HEA-6: probes come after 30 s, doubling to 15 min; only a good one lets requests through', () => {
    let breaker = OPEN;
    const delays: number[] = [];
    for (let probes = 0; probes < 7; probes += 1) {
      delays.push(probeDelayMs(breaker) / 1000);
      breaker = afterProbe(breaker, false);
    }
    expect(delays).toEqual([30, 60, 120, 240, 480, 900, 900]);
    expect(told('ggggg', breaker)).toBe(breaker);
    expect(afterProbe(breaker, true)).toMatchObject({ state: 'trial', stage: 1 });
  });

  it('HEA-6: a good probe lets 1, 4, then all through; a failure in between opens it again with a longer wait', () => {
    const first = afterProbe(OPEN, true);
    expect(first).toMatchObject({ state: 'trial', stage: 1 });
    const second = told('g', first);
    expect(second).toMatchObject({ state: 'trial', stage: 4 });
    expect(told('ggg', second)).toMatchObject({ state: 'trial', stage: 4 });
    expect(told('gggg', second)).toEqual(CLOSED);
    expect(told('gf', second)).toMatchObject({ state: 'open', failedProbes: 1 });
    expect(told('u', first)).toMatchObject({ state: 'open', failedProbes: 1 });
  });

  it('HEA-6: it remembers nothing while all goes well, and at most forty letters', () => {
    const letters = fc.string({ unit: fc.constantFrom('g', 'u', 'a', 'f'), maxLength: 200 });
    fc.assert(
      fc.property(letters, (text) => {
        const { state, recent } = told(text);
        expect(recent.length).toBeLessThanOrEqual(40);
        if (state === 'closed') expect(recent === '' || /[^g]/.test(recent)).toBe(true);
        else expect(/(u|a){5}/.test(text) || text.replaceAll('g', '').length > 20).toBe(true);
      }),
    );
  });
});

describe('docs/errors.md', () => {
  it.each(ERROR_CLASSES)('HEA-1: says of the class %s what the API says', (errorClass) => {
    const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8').replace(/ +/g, ' ');
    const { meaning, next, remedy } = ADVICE[errorClass];
    expect(page).toContain(`| \`${errorClass}\` | ${meaning} | ${next} | ${remedy} |`);
  });
});
