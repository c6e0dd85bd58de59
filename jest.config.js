/** One runner for every level of test; `--selectProjects` or a path picks a part. */
const transform = { "^.+\\.(t|j)s$": ["@swc/jest", { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } }] };

module.exports = {
  testTimeout: 60_000,
  maxWorkers: 2,
  projects: ["unit", "conformance", "integration", "e2e", "crash"].map((level) => ({
    displayName: level,
    testEnvironment: "node",
    transform,
    testMatch: [`<rootDir>/tests/${level}/**/*.test.ts`],
    modulePathIgnorePatterns: ["<rootDir>/dist/"],
  })),
};
