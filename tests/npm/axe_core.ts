export { default as axe } from "npm:axe-core@^4/axe.min.js" with { type: "text" };
