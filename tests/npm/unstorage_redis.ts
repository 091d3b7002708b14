export { default } from "npm:unstorage@^1/drivers/redis";
