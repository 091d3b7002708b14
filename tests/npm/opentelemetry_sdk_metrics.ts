export * from "npm:@opentelemetry/sdk-metrics@^3";
