/** Asks again every few milliseconds. Whether the answer was yes before the deadline (a time in ms since the epoch). */
export async function pollUntil(answer: () => Promise<boolean>, deadline: number, everyMs = 5): Promise<boolean> {
  while (!(await answer())) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  return true;
}
