export * from "@ttm/core";
