import { proxySinks } from '@temporalio/workflow';

/** What workflows tell their worker, beside the history: nothing of it changes what they do. */
export type RunSinks = {
  readonly run: {
    /** The history of a run is full: the workflow is about to go on in a new one. */
    continuingAsNew(runKey: string): void;
  };
};

/** The worker of this workflow; silent while a history is replayed. */
export const { run: tellWorker } = proxySinks<RunSinks>();
