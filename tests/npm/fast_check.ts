export { default } from "npm:fast-check@^4";
export * from "npm:fast-check@^4";
