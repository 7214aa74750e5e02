import { expect, it, jest } from '@jest/globals';

it('fake timers, which would change nothing here, are refused', () => {
  expect(() => jest.useFakeTimers()).toThrow('hand a clock to what is tested');
  expect(() => jest.useFakeTimers({ legacyFakeTimers: true })).toThrow('hand a clock to what is tested');
});
