/** Step of the build: leaves the workflow bundle beside the compiled worker, which then starts without bundling. */
import { writeWorkflowBundle } from '../dist/worker/build-bundle.js';

await writeWorkflowBundle();
