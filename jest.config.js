/** One runner for every level of test; `--selectProjects` or a path picks a part. */
const transform = {
  "^.+\\.(t|j)s$": [
    "@swc/jest",
    { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
  ],
};

module.exports = {
  testTimeout: 60_000,
  maxWorkers: 2,
  // What test files leave behind in a worker makes its garbage collection slow; a new one is quickly there.
  workerIdleMemoryLimit: "1GB",
  // What is logged during a run is kept, and looked through for secrets at its end.
  globalSetup: "<rootDir>/tests/support/run-begins.ts",
  globalTeardown: "<rootDir>/tests/support/run-ends.ts",
  projects: ["unit", "conformance", "integration", "e2e", "crash"].map((level) => ({
    displayName: level,
    testEnvironment: "node",
    transform,
    // The driver's one dynamic import must become a require, and so must jose: the sandbox has neither import() nor ES modules.
    transformIgnorePatterns: [
      "/node_modules/(?!mongodb/lib/runtime_adapters|jose/|@opentelemetry/otlp-exporter-base/)",
    ],
    testMatch: [`<rootDir>/tests/${level}/**/*.test.ts`],
    modulePathIgnorePatterns: ["<rootDir>/dist/"],
  })),
};
