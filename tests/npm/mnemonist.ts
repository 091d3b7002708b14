export { LRUCache, LRUMap } from "npm:mnemonist@^0.40";
