export * from "npm:webgpu@^0.6";
