export { MemPool } from "npm:@thi.ng/malloc@^6";
