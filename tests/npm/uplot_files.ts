export { default as style } from "npm:uplot@^1.6/dist/uPlot.min.css" with { type: "text" };
export { default as licence } from "npm:uplot@^1.6/LICENSE" with { type: "text" };
