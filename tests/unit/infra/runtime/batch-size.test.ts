import { BatchSize } from "../../../../src/infra/runtime/batch-size";

test("is halved as long as batches take too long, and never below what pays", () => {
  const batches = new BatchSize(2_000);
  batches.took(2_000, 4_000);
  expect(batches.most).toBe(1_000);
  batches.took(1_000, 2_000);
  expect(batches.most).toBe(500);
  for (let i = 0; i < 10; i++) batches.took(batches.most, 60_000);
  expect(batches.most).toBe(25);
});

test("a small batch that takes long says how many the database takes", () => {
  const batches = new BatchSize(2_000);
  batches.took(100, 3_000);
  expect(batches.most).toBe(50);
});

test("grows again while full batches are done quickly", () => {
  const batches = new BatchSize(200);
  batches.interrupted();
  expect(batches.most).toBe(100);
  batches.took(40, 10);
  expect(batches.most).toBe(100);
  batches.took(100, 1_000);
  expect(batches.most).toBe(100);
  batches.took(100, 10);
  expect(batches.most).toBe(200);
  batches.took(200, 10);
  expect(batches.most).toBe(200);
});
