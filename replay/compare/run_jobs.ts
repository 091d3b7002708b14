import { UsageError } from "../usage_error.ts";
import type { Job, Result } from "./job.ts";
import type { Answer } from "./worker.ts";

/**
 * Runs jobs on workers, one for each processor, and returns their results in the order of the jobs.
 *
 * @throws {UsageError} If a job has no valid workload; an `Error` if one fails otherwise.
 */
export async function runJobs(jobs: readonly Job[], onDone: (jobs: number) => void = () => {}): Promise<Result[]> {
  const results: (readonly Result[])[] = jobs.map(() => []);
  let [next, done] = [0, 0];
  const work = async () => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    try {
      while (next < jobs.length) {
        const at = next++;
        results[at] = await ask(worker, jobs[at] as Job);
        onDone(++done);
      }
    } finally {
      worker.terminate();
    }
  };
  const workers = Math.min(jobs.length, navigator.hardwareConcurrency);
  const outcomes = await Promise.allSettled(Array.from({ length: workers }, work));
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return results.flat();
}

function ask(worker: Worker, job: Job): Promise<readonly Result[]> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if ("results" in data) resolve(data.results);
      else reject(data.isUsage ? new UsageError(data.error) : new Error(data.error));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    worker.postMessage(job);
  });
}
