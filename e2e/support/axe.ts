/** Accessibility, by axe: nothing serious or critical may be found once what moves has come to rest. */
import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** A drawer that fades in is pale until it is there, and a person waits for it too. Returns when no frame starts or runs a transition. */
async function atRest(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const frame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));
    const moving = (): Animation[] => document.getAnimations().filter((animation) => animation.playState === "running" && animation.effect?.getComputedTiming().iterations !== Infinity);
    for (let still = 0; still < 3; still++) {
      await frame();
      const animations = moving();
      if (animations.length === 0) continue;
      still = -1;
      await Promise.allSettled(animations.map((animation) => animation.finished));
    }
  });
}

export async function expectAccessible(page: Page): Promise<void> {
  await atRest(page);
  // Without frames of other origins, which the page has none of, axe needs no second page to come to its end: half the time.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(serious.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`)).toEqual([]);
}
