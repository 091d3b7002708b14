/// <reference lib="dom" />
import type { Run } from "../run.ts";
import { h } from "./dom.ts";
import type { Answer, Question } from "./worker.ts";

/** Where recordings are dropped or chosen. They stay on this machine. */
export function dropZone(add: (runs: readonly Run[]) => void): HTMLElement {
  const script = new Blob([document.querySelector("script#script")?.textContent ?? ""], { type: "text/javascript" });
  const input = h("input", { type: "file", multiple: true });
  const assume = h("input", { type: "checkbox" });
  const device = h("input", { type: "number", min: "0", max: "1000", class: "short" });
  const status = h("p", { role: "status" });
  const read = async (files: readonly File[]) => {
    const runs: Run[] = [];
    const errors: string[] = [];
    for (const file of files) {
      status.textContent = `Reading ${file.name} …`;
      const uses = assume.checked ? "assumed" as const : "lifetimes" as const;
      const answer = await ask(script, { file, uses, device: device.value === "" ? null : Number(device.value) });
      if ("run" in answer) runs.push(answer.run);
      else errors.push(answer.error);
    }
    if (runs.length > 0) add(runs);
    status.textContent = errors.join("; ");
    document.body.dataset["read"] = `${runs.length} ${errors.length}`;
  };
  input.addEventListener("change", () => read([...input.files ?? []]));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    read([...event.dataTransfer?.files ?? []]);
  });
  return h(
    "section",
    { class: "drop", "aria-labelledby": "drop-title" },
    h("h2", { id: "drop-title" }, "Look at a recording"),
    h(
      "p",
      {},
      "Drop files anywhere on this page, or choose them: memory snapshots of PyTorch, gem_wsim workloads, RMM's logs, " +
        "ftrace text of amdgpu, Chrome traces with [memory] events, .rmv files, bo-traces, and records of @ttm, plain or " +
        "gzip'd. Several lie on one axis. Nothing leaves this machine.",
    ),
    h("p", {}, h("label", {}, "Files ", input)),
    h(
      "p",
      {},
      h("label", {}, assume, " assume that a buffer is used after its allocation and before its free"),
      " ",
      h("label", {}, "Device, of a recording of several ", device),
    ),
    status,
  );
}

/** Reads a file in a worker that runs the script of this page, so that the page does not stop. */
function ask(script: Blob, question: Question): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const address = URL.createObjectURL(script);
  // Not as a module: browsers refuse those in pages that are files.
  const worker = new Worker(address);
  worker.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data);
  worker.onerror = ({ message }) => resolve({ error: `Cannot read ${question.file.name}: ${message}` });
  worker.postMessage(question);
  return promise.finally(() => {
    worker.terminate();
    URL.revokeObjectURL(address);
  });
}
