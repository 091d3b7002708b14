export { Mutex } from "npm:async-mutex@^0.5";
