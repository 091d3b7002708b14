export { Ajv2020 } from "npm:ajv@^8/dist/2020.js";
