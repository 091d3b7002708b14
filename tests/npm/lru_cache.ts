export { LRUCache } from "npm:lru-cache@^11";
