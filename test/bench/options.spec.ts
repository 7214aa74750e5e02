import { describe, expect, it } from '@jest/globals';
import { parseOptions, SCENARIO_NAMES, UsageError } from '../../bench/options.js';
import { SCENARIOS } from '../../bench/scenarios/index.js';

describe('command line of the benchmark', () => {
  it('takes a scenario with its own defaults', () => {
    expect(parseOptions(['--scenario', 'large-group'])).toEqual({
      scenario: 'large-group',
      entities: 100_000,
      latencyMs: 0,
      targets: 1,
      pageSizeEntities: 100,
      json: false,
      profileFolder: undefined,
      isShort: false,
    });
  });

  it('takes numbers', () => {
    const given = ['--scenario', 'initial-load', '--entities', '500', '--latency', '7', '--targets', '2', '--json'];
    expect(parseOptions(given)).toMatchObject({ entities: 500, latencyMs: 7, targets: 2, json: true });
  });

  it.each([
    [[], '--scenario is missing; known are initial-load,'],
    [['--scenario', 'quick'], '--scenario "quick" is unknown; known are'],
    [['--scenario', 'stop', '--entities', '1e3'], '--entities must be a whole number from 100 to 10000000, not "1e3"'],
    [['--scenario', 'stop', '--latency', '10001'], '--latency must be a whole number from 0 to 10000'],
    [['--scenario', 'stop', '--speed', '3'], "Unknown option '--speed'"],
    [['--scenario', 'isolation', '--latency', '0'], 'isolation has two targets'],
    [['--scenario', 'isolation', '--targets', '3'], 'isolation has two targets'],
    [['--scenario', 'plan-apply', '--targets', '2'], 'plan-apply has one target'],
  ])('%j is refused with a message that says what may be', (args, message) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
    expect(() => parseOptions(args)).toThrow(message);
  });

  it('every named scenario can be run', () => {
    for (const name of SCENARIO_NAMES) expect(SCENARIOS[name]).toEqual(expect.any(Function));
  });
});
