import { AllocationLog } from "./allocation_log.ts";
import { join, type Pieces } from "./bytes.ts";
import { type RdfChunk, readRdf } from "./rdf.ts";
import { RmtStream, type RmtToken } from "./rmt_tokens.ts";
import { SortedRanges } from "./sorted_ranges.ts";
import { type Fail, titleOf } from "./values.ts";
import { type Workload, WorkloadError } from "./workload.ts";
import type { ZstdDecoder } from "./zstd.ts";

/** Heaps by their number in tokens; allocations that prefer none are in host memory. */
const HEAPS = ["local", "invisible", "system", "system"] as const;
const WANTED: ReadonlySet<string> = new Set(["GpuMemSegment", "RmtData"]);
const HEAP_BYTES = 24;
const STREAM_HEADER_BYTES = 24;

/**
 * Reads a recording of the Radeon Memory Visualizer: an RDF file with RMT tokens. Buffers are the virtual allocations of
 * all processes, tagged with the heap that they prefer.
 *
 * @throws {WorkloadError} For a file that is cut, a compressed chunk that cannot be decompressed, an unknown token, a free, bind or destroy without its
 * allocation or resource, and a resource that is bound outside of its allocation: at that offset.
 */
export async function readRmv(
  file: string,
  pieces: Pieces,
  decoder?: ZstdDecoder,
): Promise<{ readonly workload: Workload; readonly facts: Readonly<Record<string, number>> }> {
  const failAt = (offset: number): Fail => (why) =>
    new WorkloadError(file, { offset }, `Cannot read the Radeon Memory Visualizer recording: ${why}`);
  const read: Uint8Array[] = [];
  for await (const piece of pieces) read.push(piece);
  const chunks = readRdf(join(read), WANTED, failAt, decoder);
  const facts: Record<string, number> = { allocations: 0, resources: 0, binds: 0 };
  for (const chunk of chunks) if (chunk.name === "GpuMemSegment") Object.assign(facts, heapsOf(chunk));
  const streams = chunks.filter(({ name }) => name === "RmtData").map(processOf);
  if (streams.length === 0) throw failAt(0)("it has no RMT tokens");
  const tokens = streams.flatMap((stream) => checked(stream, facts));
  const log = new AllocationLog(byteOf(streams.map(({ process }) => process)));
  for (const { us, address, token } of tokens.sort((a, b) => a.us - b.us)) {
    if (token.kind === "allocate") log.alloc(us, address, token.bytes, HEAPS[token.heap]);
    else log.free(us, address, 1);
  }
  return { workload: log.workload(titleOf(file), "us"), facts };
}

function heapsOf({ data, failAt }: RdfChunk): Record<string, number> {
  const heaps: Record<string, number> = {};
  for (let at = 0; at + HEAP_BYTES <= data.byteLength; at += HEAP_BYTES) {
    const name = ["localBytes", "invisibleBytes", "systemBytes"][data.getUint32(at, true)];
    if (name === undefined) throw failAt(at)(`a heap has the unknown type ${data.getUint32(at, true)}`);
    heaps[name] = Number(data.getBigUint64(at + 16, true));
  }
  return heaps;
}

/** Makes addresses of all processes differ: GPUs have 48 bits for each. */
function byteOf(processes: readonly number[]): (address: number | string) => number {
  const order = [...new Set(processes)];
  return (address) => {
    const [process, start] = String(address).split(":").map(Number) as [number, number];
    return order.indexOf(process) * 2 ** 48 + start;
  };
}

interface Process {
  readonly process: number;
  readonly stream: RmtStream;
  readonly failAt: RdfChunk["failAt"];
}

function processOf({ header, data, failAt }: RdfChunk): Process {
  if (header.byteLength < STREAM_HEADER_BYTES) throw failAt(0)("a stream of tokens has no header");
  const version = header.getUint16(20, true) * 10 + header.getUint16(22, true);
  return { process: header.getUint32(0, true), stream: new RmtStream(data, version, failAt), failAt };
}

/** The allocations and frees of a stream, in which everything refers to what was there before it. */
function checked({ process, stream, failAt }: Process, facts: Record<string, number>) {
  const found: { us: number; address: string; token: Extract<RmtToken, { kind: "allocate" | "free" }> }[] = [];
  const ranges = new SortedRanges();
  const resources = new Set<number>();
  const count = (what: string) => facts[what] = (facts[what] ?? 0) + 1;
  for (const token of stream.tokens()) {
    const fail = failAt(token.at);
    if (token.kind === "allocate" || token.kind === "free") {
      const start = token.address;
      if (token.kind === "allocate") {
        if (ranges.floor(start)?.start === start) throw fail(`0x${start.toString(16)} is allocated already`);
        ranges.add({ start, bytes: token.bytes });
        count("allocations");
      } else if (ranges.remove(start) === undefined) throw fail(`0x${start.toString(16)} was not allocated`);
      const us = microseconds(token.ticks, stream.frequency);
      if (us > Number.MAX_SAFE_INTEGER) throw fail("its time is too late");
      found.push({ us, address: `${process}:${start}`, token });
    } else if (token.kind === "create") {
      if (resources.has(token.resource)) throw fail(`resource ${token.resource} was created already`);
      resources.add(token.resource);
      count("resources");
    } else if (!resources.has(token.resource)) {
      throw fail(`resource ${token.resource} was not created`);
    } else if (token.kind === "destroy") {
      resources.delete(token.resource);
    } else if (token.address !== 0) {
      const range = ranges.floor(token.address);
      const end = range === undefined ? 0 : range.start + range.bytes;
      if (token.address + token.bytes > end) throw fail(`resource ${token.resource} lies outside of its allocation`);
      count("binds");
    }
  }
  return found;
}

/** Seconds and the rest apart, so that late times are not rounded. */
function microseconds(ticks: number, frequency: number): number {
  return Math.floor(ticks / frequency) * 1_000_000 + Math.floor((ticks % frequency) * 1_000_000 / frequency);
}
