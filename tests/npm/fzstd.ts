export { decompress } from "npm:fzstd@^0.1";
