/** Threads that are handed tasks, one at a time each. */

/**
 * Runs tasks in `count` threads of the module at `url`, which answers each message with one of its own.
 *
 * @param onOutcome told of each answer, in the order in which they come. @returns whether its thread is to go on.
 * @returns settles when no thread has anything more to do, or rejects with the first failure of one.
 */
export async function runInWorkers<Task, Outcome>(
  url: URL,
  tasks: Iterator<Task>,
  count: number,
  onOutcome: (outcome: Outcome) => boolean,
): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => {
    const worker = new Worker(url, { type: "module" });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const next = () => {
      const { done, value } = tasks.next();
      if (done) resolve();
      else worker.postMessage(value);
    };
    worker.onmessage = ({ data }: MessageEvent<Outcome>) => onOutcome(data) ? next() : resolve();
    worker.onerror = (event) => reject(new Error(event.message));
    next();
    return promise.finally(() => worker.terminate());
  }));
}
