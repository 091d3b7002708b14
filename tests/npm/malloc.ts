export { default } from "npm:malloc@^1";
