/**
 * A record of what a device does and why.
 *
 * @module
 */
export * from "./record.ts";
