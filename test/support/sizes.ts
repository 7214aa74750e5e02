/** True with `TEST_LARGE=1`: populations and repetitions are as large as they are meant to be, not as a short run of all suites has them. */
export const isLarge = process.env['TEST_LARGE'] === '1';

/** A size of a test; both show the same. */
export function sized(small: number, large: number): number {
  return isLarge ? large : small;
}
