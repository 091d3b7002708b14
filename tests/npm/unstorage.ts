export * from "npm:unstorage@^1";
