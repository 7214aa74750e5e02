/** Finds, downloads or builds the Temporal program that the tests need, and says which way was taken. */
import { loadConfig } from '../dist/runtime/config.js';
import { findTemporalBinary } from '../dist/runtime/embedded/temporal-binary.js';

const { searchPath, cacheDir, temporal } = loadConfig();
const onProgress = (text) => console.log(text);
const { path, way, version } = await findTemporalBinary({
  cliPath: temporal.cliPath,
  searchPath,
  cacheDir,
  onProgress,
});
console.log(`${path} (${way}): ${version}`);
