// deno-lint-ignore no-explicit-any -- messages of the protocol
type Message = any;

/** A page in headless Chromium. */
export interface Visit extends AsyncDisposable {
  /** What the page has asked for so far. */
  readonly requests: readonly string[];
  /** Errors and warnings in its console so far, and exceptions that nobody caught. */
  readonly complaints: readonly string[];
  /** Sends a command of the protocol, and gives its result. */
  send(method: string, params?: object): Promise<Message>;
  /** The value of an expression in the page; a promise is awaited. */
  evaluate(expression: string): Promise<unknown>;
  /** Waits until an expression in the page is true or a text, and gives it; rejects after a minute. */
  until(expression: string): Promise<unknown>;
  /** A picture of the page, as PNG. */
  picture(): Promise<Uint8Array<ArrayBuffer>>;
}

const PATIENCE_MS = 60_000;
const PAUSE_MS = 50;

/** Opens an address in a Chromium with such flags, and watches it (https://chromedevtools.github.io/devtools-protocol). */
export async function visit(
  chromium: string,
  flags: readonly string[],
  folder: string,
  url: string,
  size = "1000,400",
): Promise<Visit> {
  await using owned = new AsyncDisposableStack();
  const process = owned.use(
    new Deno.Command(chromium, {
      args: [
        ...flags,
        "--remote-debugging-port=0",
        `--window-size=${size}`,
        `--user-data-dir=${folder}`,
        "about:blank",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      signal: AbortSignal.timeout(2 * PATIENCE_MS),
    }).spawn(),
  );
  const { host, rest } = await whereItListens(process.stderr);
  owned.defer(async () => {
    await process[Symbol.asyncDispose]();
    await rest;
  });
  const [tab] = await (await fetch(`http://${host}/json/list`)).json();
  const socket = new WebSocket(tab.webSocketDebuggerUrl);
  const closed = new Promise<void>((resolve) => socket.onclose = () => resolve());
  owned.defer(() => (socket.close(), closed));
  await Promise.race([closed, new Promise((resolve) => socket.onopen = resolve)]);

  const [requests, complaints]: [string[], string[]] = [[], []];
  const answers = new Map<number, PromiseWithResolvers<Message>>();
  const send = (method: string, params: object = {}): Promise<Message> => {
    const id = answers.size + 1;
    const answer = Promise.withResolvers<Message>();
    answers.set(id, answer);
    closed.then(() => answer.reject(new Error(`Cannot ${method}: Chromium is gone`)));
    socket.send(JSON.stringify({ id, method, params }));
    return answer.promise;
  };
  socket.onmessage = ({ data }) => {
    const { id, method, params, result, error } = JSON.parse(data);
    if (error !== undefined) answers.get(id)?.reject(new Error(error.message));
    else if (id !== undefined) answers.get(id)?.resolve(result);
    else if (method === "Network.requestWillBeSent") requests.push(params.request.url);
    else complaints.push(...complaintsOf(method, params));
  };

  for (const domain of ["Page", "Runtime", "Log", "Network"]) await send(`${domain}.enable`);
  await send("Page.navigate", { url });
  const all = owned.move();
  const evaluate = async (expression: string) => {
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await send("Runtime.evaluate", options);
    if (exceptionDetails !== undefined) throw new Error(textOf(exceptionDetails));
    return result.value;
  };
  return {
    requests,
    complaints,
    send,
    evaluate,
    async until(expression) {
      for (let tries = 0; tries < PATIENCE_MS / PAUSE_MS; tries++) {
        const value = await evaluate(expression);
        if (value) return value;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
      throw new Error(`${expression} is still ${await evaluate(expression)}: ${complaints.join("; ")}`);
    },
    async picture() {
      const { cssContentSize } = await send("Page.getLayoutMetrics");
      const clip = { ...cssContentSize, scale: 1 };
      const { data } = await send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true, clip });
      return Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function complaintsOf(method: string, params: Message): string[] {
  if (method === "Runtime.exceptionThrown") return [textOf(params.exceptionDetails)];
  if (method === "Log.entryAdded") return [`${params.entry.level}: ${params.entry.text} ${params.entry.url ?? ""}`];
  if (method !== "Runtime.consoleAPICalled" || !["error", "warning", "assert"].includes(params.type)) return [];
  return [`${params.type}: ${params.args.map((arg: Message) => arg.value ?? arg.description).join(" ")}`];
}

function textOf({ text, exception }: Message): string {
  return exception?.description ?? text;
}

/** Reads what Chromium says until it says where it listens, and the rest so that it never has to wait. */
async function whereItListens(output: ReadableStream<BufferSource>) {
  const reader = output.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`Cannot start Chromium: ${said}`);
    said += value;
    const host = /DevTools listening on ws:\/\/([^/]+)\//.exec(said)?.[1];
    if (host !== undefined) return { host, rest: readOut(reader) };
  }
}

async function readOut(reader: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await reader.read()).done);
}
