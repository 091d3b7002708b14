export * from "npm:@opentelemetry/api@^1";
