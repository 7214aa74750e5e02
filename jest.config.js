import { availableParallelism } from 'node:os';

export default {
  testEnvironment: '<rootDir>/test/support/main-context.js',
  runtime: '<rootDir>/test/support/shared-packages.cjs',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  globalSetup: '<rootDir>/test/support/global-setup.js',
  globalTeardown: '<rootDir>/test/support/global-teardown.js',
  testSequencer: '<rootDir>/test/support/sequencer.js',
  reporters: ['default', '<rootDir>/test/support/test-report.js'],
  // Most suites wait for servers a good part of their time: more of them than there are processors, as far as PostgreSQL has connections.
  maxWorkers: Math.min(6, Math.ceil(availableParallelism() * 1.5)),
  // Servers start inside a hook of the first suite that needs them.
  testTimeout: 30_000,
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};
