/// <reference lib="deno.worker" />
import { type Job, type Result, runJob } from "./job.ts";

/** The answer to a job: its results, or the message of the error. */
export type Answer = { readonly results: readonly Result[] } | { readonly error: string; readonly isUsage: boolean };

async function answer(job: Job): Promise<Answer> {
  try {
    return { results: await runJob(job) };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return { error: message, isUsage: code !== undefined };
  }
}

self.onmessage = async ({ data }: MessageEvent<Job>) => self.postMessage(await answer(data));
