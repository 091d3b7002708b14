export { BlockAllocator } from "npm:playcanvas@^2/build/playcanvas/src/core/block-allocator.js";
