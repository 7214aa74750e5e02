/**
 * Loads packages once for all suites of a process, by Node's own loader: reading, compiling and running those of TypeORM, Nest and
 * Temporal again takes longer than most suites do. The modules of the project are still new in each suite.
 */
const { createRequire } = require('node:module');
const { isAbsolute } = require('node:path');
const Runtime = require('jest-runtime').default;

module.exports = class SharedPackages extends Runtime {
  requireModuleOrMock(from, moduleName) {
    const isPackage = isAbsolute(moduleName) && moduleName.includes('/node_modules/');
    return isPackage ? createRequire(from)(moduleName) : super.requireModuleOrMock(from, moduleName);
  }
};
