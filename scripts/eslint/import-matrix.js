/**
 * Which top-level folder may import what. A folder that is not listed may import everything (`test`, `scripts`).
 *
 * - `folders`: folders whose modules may be imported; `a/b` allows only that module (or that folder).
 * - `types`: the same, for `import type` only.
 * - `packages`: npm packages; `@scope/*` stands for all of a scope, `node:*` for the modules of Node.
 * - `typePackages`: the same, for `import type` only.
 * - `why`: told with each violation.
 */
const TEMPORAL_TYPES = ['@temporalio/common'];
const ENTITY_TOOLS = ['typeorm', 'pg', 'reflect-metadata', 'zod', 'node:*'];
const CONNECTOR_SURFACE = ['connectors/contract', 'connectors/errors', 'connectors/registry'];

export const MATRIX = {
  core: {
    folders: ['core'],
    packages: ['zod'],
    why: 'core is pure: no I/O, no clock, no random numbers, so that a preview, an activity and a property test run the same code.',
  },
  workflows: {
    folders: ['core', 'workflows'],
    types: ['activities'],
    packages: ['@temporalio/workflow'],
    typePackages: TEMPORAL_TYPES,
    why: 'a value imported here is dragged into the workflow sandbox and breaks replay; of activities only types.',
  },
  connectors: {
    folders: ['core', 'connectors'],
    types: ['runtime'],
    packages: ['undici', 'ldapts', 'zod', 'node:*'],
    why: 'connectors know one protocol and nothing else: they run in the conformance kit without a worker.',
  },
  state: {
    folders: ['core', 'state', 'runtime'],
    packages: ENTITY_TOOLS,
    why: 'state is PostgreSQL and nothing else.',
  },
  migrations: {
    folders: ['core', 'state', 'migrations', 'runtime'],
    packages: ENTITY_TOOLS,
    why: 'migrations change the schema and nothing else.',
  },
  runtime: {
    folders: ['core', 'runtime'],
    types: ['connectors'],
    packages: [
      'pino',
      'pg',
      'undici',
      'zod',
      '@temporalio/*',
      'nodemailer',
      '@peculiar/x509',
      'reflect-metadata',
      'node:*',
    ],
    why: 'runtime is what every process needs; it knows no part of the product.',
  },
  activities: {
    folders: ['core', 'activities', 'state', 'runtime', ...CONNECTOR_SURFACE, 'connectors/retry'],
    types: ['connectors'],
    packages: ['@temporalio/activity', '@temporalio/common', 'zod', 'node:*'],
    why: 'activities join core, state and the contract of connectors; which connector it is, the registry knows.',
  },
  api: {
    folders: ['core', 'api', 'state', 'runtime', ...CONNECTOR_SURFACE, 'workflows/messages'],
    types: ['connectors', 'workflows'],
    packages: [
      '@nestjs/*',
      '@temporalio/client',
      '@temporalio/common',
      'typeorm',
      'reflect-metadata',
      'rxjs',
      'zod',
      'csv-parse/*',
      'yazl',
      'node:*',
    ],
    typePackages: ['express', 'pino'],
    why: 'the API starts workflows and never a piece of their work.',
  },
  worker: {
    folders: ['core', 'connectors', 'state', 'runtime', 'activities', 'worker'],
    types: ['workflows'],
    packages: ['@temporalio/*', '@nestjs/*', 'typeorm', 'reflect-metadata', 'zod', 'node:*'],
    typePackages: ['pino'],
    why: 'workflows are named by path, so that nothing of them loads outside the sandbox.',
  },
  cli: {
    folders: ['core', 'cli', 'state', 'runtime', ...CONNECTOR_SURFACE],
    types: ['api', 'worker', 'migrations'],
    packages: ['commander', 'cli-progress', 'cli-table3', 'undici', 'zod', 'node:*'],
    typePackages: ['pino'],
    why: 'the command line starts the API and the worker as processes and speaks with them over HTTP.',
  },
  simulators: {
    folders: ['core', 'simulators'],
    // Those of simulators/foreign: servers that nobody here wrote.
    packages: ['zod', 'express', 'express5', 'scimmy', 'scimmy-routers', 'better-auth', '@better-auth/*', 'node:*'],
    why: 'a simulator that shares code with a connector would share its mistakes.',
  },
  bench: {
    folders: ['core', 'bench', 'state', 'runtime', 'simulators', 'connectors'],
    packages: ['pg', 'undici', 'ldapts', 'zod', '@temporalio/*', 'node:*'],
    why: 'benchmarks measure the product from outside.',
  },
};

/** Single files that may import one thing more. */
export const EXCEPTIONS = [
  { from: 'api/main', to: 'worker/real-time' },
  // The way to edge workers is the same for everybody who opens connectors.
  { from: 'api/main', to: 'worker/central-edge' },
  // Descriptors: which properties there are and what is wrong with their values.
  { from: 'api/system-types', to: 'connectors/common-properties' },
  { from: 'api/systems', to: 'connectors/common-properties' },
  { from: 'cli/commands/api', to: 'api/main' },
  { from: 'cli/commands/worker', to: 'worker/main' },
  { from: 'cli/commands/edge', to: 'worker/edge/main' },
  { from: 'cli/commands/migrate', to: 'migrations/run' },
  { from: 'cli/stack', to: 'migrations/run' },
  { from: 'cli/conformance', to: 'connectors/conformance' },
  { from: 'cli/demo', to: 'simulators' },
  // The schema, and how the API starts a run: a job of the benchmark is a job like any other.
  { from: 'bench/engine', to: 'migrations/run' },
  { from: 'bench/engine', to: 'api/reconciler' },
  { from: 'cli/commands/demo', to: 'simulators' },
];
