import type { Matrix } from "./model.ts";

/** One thread for each row; the lengths are those of the bindings. */
const CODE = `
@group(0) @binding(0) var<storage, read> weights: array<vec4f>;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

fn product(row: u32) -> f32 {
  let columns = arrayLength(&input);
  var sum = vec4f();
  for (var i = 0u; i < columns; i++) {
    sum += weights[row * columns + i] * input[i];
  }
  return dot(sum, vec4f(1));
}

@compute @workgroup_size(64) fn up(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&output)) { output[id.x] = max(product(id.x), 0); }
}

@compute @workgroup_size(64) fn down(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&output)) { output[id.x] += product(id.x); }
}
`;

const COMPUTE = 4; // GPUShaderStage.COMPUTE

/** The products of matrices with vectors on a device: bindings 0 to 2 are the matrix, the vector, and the result. */
export class Kernel {
  readonly layout: GPUBindGroupLayout;
  #gpu: GPUDevice;
  #pipelines: Readonly<Record<"up" | "down", GPUComputePipeline>>;

  constructor(gpu: GPUDevice) {
    const types = ["read-only-storage", "read-only-storage", "storage"] as const;
    this.#gpu = gpu;
    this.layout = gpu.createBindGroupLayout({
      entries: types.map((type, binding) => ({ binding, visibility: COMPUTE, buffer: { type } })),
    });
    const layout = gpu.createPipelineLayout({ bindGroupLayouts: [this.layout] });
    const module = gpu.createShaderModule({ code: CODE });
    const pipeline = (entryPoint: string) => gpu.createComputePipeline({ layout, compute: { module, entryPoint } });
    this.#pipelines = { up: pipeline("up"), down: pipeline("down") };
  }

  /** Submits the product with one matrix. */
  run({ rows, columns }: Matrix, bindings: GPUBindGroup): void {
    const encoder = this.#gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(this.#pipelines[rows > columns ? "up" : "down"]);
    pass.setBindGroup(0, bindings);
    pass.dispatchWorkgroups(Math.ceil(rows / 64));
    pass.end();
    this.#gpu.queue.submit([encoder.finish()]);
  }
}
