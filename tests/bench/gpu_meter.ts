/** Counts what a program asks of a device, whoever asks. The methods of the device are replaced. */
export class GpuMeter {
  /** Bytes of `writeBuffer`. */
  bytesUp = 0;
  /** How often `mapAsync` or `onSubmittedWorkDone` was called. */
  waits = 0;
  /** The most bytes of buffers at a time; a destroyed one counts until the work submitted before has ended. */
  highestBytes = 0;
  #held = 0;

  constructor(gpu: GPUDevice) {
    const { queue } = gpu;
    const workDone = queue.onSubmittedWorkDone.bind(queue);
    const write = queue.writeBuffer.bind(queue);
    const create = gpu.createBuffer.bind(gpu);
    queue.onSubmittedWorkDone = () => {
      this.waits++;
      return workDone();
    };
    queue.writeBuffer = (buffer, at, data, ...range) => {
      this.bytesUp += bytesOf(data, ...range);
      write(buffer, at, data, ...range);
    };
    gpu.createBuffer = (descriptor) => this.#watch(create(descriptor), workDone);
  }

  #watch(buffer: GPUBuffer, workDone: () => Promise<unknown>): GPUBuffer {
    this.#held += buffer.size;
    this.highestBytes = Math.max(this.highestBytes, this.#held);
    const [destroy, map] = [buffer.destroy.bind(buffer), buffer.mapAsync.bind(buffer)];
    let isDestroyed = false;
    buffer.destroy = () => {
      destroy();
      if (isDestroyed) return;
      isDestroyed = true;
      workDone().then(() => this.#held -= buffer.size, () => {});
    };
    buffer.mapAsync = (...range) => {
      this.waits++;
      return map(...range);
    };
    return buffer;
  }
}

/** Offset and size of `writeBuffer` count elements of a typed array, else bytes. */
function bytesOf(data: AllowSharedBufferSource, offset?: number, size?: number): number {
  const unit = "BYTES_PER_ELEMENT" in data ? Number(data.BYTES_PER_ELEMENT) : 1;
  return size === undefined ? data.byteLength - (offset ?? 0) * unit : size * unit;
}
