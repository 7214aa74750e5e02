/**
 * Mutants stand in the place of modules of the product.
 * @own-modules
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestEngine } from '../support/engine.js';
import { armMutants, removeMutants, setMutant } from './mutants/mutant-modules.js';
import { MUTANTS as WRITING } from './mutants/mutants.js';
import { REVIEW_MUTANTS } from './mutants/review-mutants.js';
import type { Scenario, ScenarioKit } from './mutants/scenario-kit.js';

const MUTANTS = [...WRITING, ...REVIEW_MUTANTS];

/** The checker is proved by engines that are broken on purpose (docs/faults.md): it finds nothing in the engine as it is. */
describe('the checker', () => {
  let engine: TestEngine;
  let scenarios: Readonly<Record<string, Scenario>>;
  let clockMs: number | undefined;
  let kit: ScenarioKit;

  beforeAll(async () => {
    await armMutants(MUTANTS);
    // Imported after the mutants are armed.
    const { TestEngine: Engine } = await import('../support/engine.js');
    const { installWitness } = await import('./checker/books.js');
    const { SCENARIOS } = await import('./mutants/scenarios.js');
    const { REVIEW_SCENARIOS } = await import('./mutants/review-scenarios.js');
    scenarios = { ...SCENARIOS, ...REVIEW_SCENARIOS };
    engine = await Engine.start({ clock: () => new Date(clockMs ?? Date.now()), timing: { idlePollMs: 10 } });
    await installWitness(engine.pool);
    kit = { engine, setClock: (ms) => (clockMs = ms) };
  }, 60_000);
  afterAll(async () => {
    setMutant(undefined);
    await engine?.stop();
    removeMutants();
  });

  async function rulesBroken(scenario: string): Promise<string[]> {
    const run = scenarios[scenario];
    if (run === undefined) throw new Error(`there is no scenario "${scenario}"`);
    await engine.pool.query('truncate fault_witness');
    return (await run(kit)).map(({ rule, message }) => `${rule}: ${message}`);
  }

  describe.each([...new Set(MUTANTS.map(({ scenario }) => scenario))])('%s', (scenario) => {
    it('finds nothing in the engine as it is', async () => {
      setMutant(undefined);
      expect(await rulesBroken(scenario)).toEqual([]);
    }, 60_000);

    it.each(MUTANTS.filter((one) => one.scenario === scenario).map((one) => [one.sentence, one] as const))(
      'catches an engine without: %s',
      async (_sentence, { name, caughtBy }) => {
        setMutant(name);
        const broken = await rulesBroken(scenario).finally(() => setMutant(undefined));
        expect(broken.filter((line) => caughtBy.some((rule) => line.startsWith(`${rule}: `)))).not.toEqual([]);
      },
      30_000,
    );
  });
});
